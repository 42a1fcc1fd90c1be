// Ways of sending hits: in an image's query, in a beacon's body as plain text,
// in a form's body. Several hits at once go in a body of plain text, one a line.

// patience is how long an answer is awaited, in ms.
const patience = 60000;

// unanswered keeps images alive until they are answered.
const unanswered = new Set();

// transports lists the names that send takes.
export const transports = ["image", "beacon", "form"];

// send sends hits, each as name=value&…, to an address. It calls done once,
// with whether they were delivered, as far as a page can know. Where the browser
// lacks beacon or form, or refuses to take more, another transport steps in.
export function send(transport, address, hits, done) {
  if (transport === "beacon" && beacon(address, hits)) {
    done(true);
  } else if (window.fetch && (transport === "form" || hits.length > 1)) {
    post(address, hits, onlyOnce(done));
  } else {
    image(address, hits[0], onlyOnce(done));
  }
}

// leave sends hits from a page that is being left. It tells whether the browser
// has taken them over.
export function leave(address, hits) {
  if (beacon(address, hits)) {
    return true;
  }
  if (window.fetch) {
    post(address, hits, () => {});
  }
  return Boolean(window.fetch);
}

function beacon(address, hits) {
  return Boolean(navigator.sendBeacon) && navigator.sendBeacon(address, hits.join("\n"));
}

function image(address, hit, done) {
  const picture = new Image();
  const answered = (delivered) => {
    unanswered.delete(picture);
    done(delivered);
  };
  unanswered.add(picture);
  picture.onload = () => answered(true);
  picture.onerror = () => answered(false);
  picture.src = `${address}?${hit}`;
}

function post(address, hits, done) {
  const type = hits.length > 1 ? "text/plain" : "application/x-www-form-urlencoded";
  const request = {
    method: "POST",
    credentials: "include",
    keepalive: true,
    headers: { "Content-Type": type },
    body: hits.join("\n"),
  };
  fetch(address, request).then((answer) => done(answer.ok), () => done(false));
}

// onlyOnce returns a function that passes its first call on to done. An answer
// that does not come in time counts as none.
function onlyOnce(done) {
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
