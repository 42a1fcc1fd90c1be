// Ways of sending hits: in an image's query, in a beacon's body as plain text,
// in a form's body. Several hits at once go in a body of plain text, one a line.

// patience is how long an answer is awaited, in ms.
const patience = 60000;

// unanswered keeps images alive until they are answered.
const unanswered = new Set();

// transports lists the names that send takes.
export const transports = ["image", "beacon", "form"];

// lines is the carrier of hits that are name=value&…: see Outbox.
export const lines = { send, leave, together: "form" };

// send sends hits, each as name=value&…, to an address. It calls done once,
// with whether they were delivered, as far as a page can know. Where the browser
// lacks beacon or form, or refuses to take more, another transport steps in.
function send(transport, address, hits, done) {
  if (transport === "beacon" && beacon(address, hits.join("\n"))) {
    done(true);
  } else if (window.fetch && (transport === "form" || hits.length > 1)) {
    post(address, request(hits), onlyOnce(done));
  } else {
    image(address, hits[0], onlyOnce(done));
  }
}

// leave sends hits from a page that is being left. It tells whether the browser
// has taken them over.
function leave(address, hits) {
  if (beacon(address, hits.join("\n"))) {
    return true;
  }
  if (window.fetch) {
    post(address, request(hits), () => {});
  }
  return Boolean(window.fetch);
}

function request(hits) {
  return {
    credentials: "include",
    headers: { "Content-Type": hits.length > 1 ? "text/plain" : "application/x-www-form-urlencoded" },
    body: hits.join("\n"),
  };
}

// beacon hands a body of plain text to the browser. It tells whether the browser
// has taken it over.
export function beacon(address, body) {
  return Boolean(navigator.sendBeacon) && navigator.sendBeacon(address, body);
}

// image sends a query. It calls done with whether a picture came back.
export function image(address, query, done) {
  const picture = new Image();
  const answered = (delivered) => {
    unanswered.delete(picture);
    done(delivered);
  };
  unanswered.add(picture);
  picture.onload = () => answered(true);
  picture.onerror = () => answered(false);
  picture.src = `${address}?${query}`;
}

// post sends a body as the request says: {credentials, headers, body}. It calls
// done with whether the answer's status was a good one.
export function post(address, request, done) {
  const options = Object.assign({ method: "POST", keepalive: true }, request);
  fetch(address, options).then((answer) => done(answer.ok), () => done(false));
}

// onlyOnce returns a function that passes its first call on to done. An answer
// that does not come in time counts as none.
export function onlyOnce(done) {
  let waiting = true;
  const finish = (delivered) => {
    if (waiting) {
      waiting = false;
      clearTimeout(late);
      done(delivered);
    }
  };
  const late = setTimeout(finish, patience, false);
  return finish;
}
