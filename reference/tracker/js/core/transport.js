// Three ways of sending the same parameters: in an image's query, in a beacon's
// body as plain text, in a form's body. A hit is {address, query, mayRetry}:
// where to, the parameters as name=value&…, and a function that tells whether
// the hit may still be sent again.

// retries is how often an image that was not answered with a picture is sent
// again.
const retries = 2;

// unanswered keeps images alive until they are answered.
const unanswered = new Set();

// transports lists the names that send takes.
export const transports = ["image", "beacon", "form"];

// send sends a hit by the named transport; an image steps in where the browser
// lacks the other two or refuses to take more.
export function send(transport, hit) {
  if (transport === "beacon" && navigator.sendBeacon && navigator.sendBeacon(hit.address, hit.query)) {
    return;
  }
  if (transport === "form" && window.fetch) {
    form(hit);
    return;
  }
  image(hit, retries);
}

function image(hit, left) {
  const picture = new Image();
  unanswered.add(picture);
  picture.onload = () => unanswered.delete(picture);
  picture.onerror = () => {
    unanswered.delete(picture);
    if (left > 0 && hit.mayRetry()) {
      image(hit, left - 1);
    }
  };
  picture.src = `${hit.address}?${hit.query}`;
}

function form(hit) {
  const request = {
    method: "POST",
    mode: "no-cors",
    credentials: "include",
    keepalive: true,
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: hit.query,
  };
  fetch(hit.address, request).catch((problem) => {
    console.warn("[transport] a hit was not delivered:", String(problem));
  });
}
