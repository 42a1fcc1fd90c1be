// Ways of sending hits: in a query, in a beacon's body of plain text. Several go in
// one body, as {"requests": ["?idsite=…", …]}.

import { beacon, onlyOnce, post } from "../core/transport.js";

// transports lists the ways, as setRequestMethod names them in small letters.
export const transports = ["get", "beacon"];

// maxQuery is the longest query that is sent as one, in characters; what is longer
// goes in a body.
const maxQuery = 8000;

// carrier is what the outbox sends by. No request needs a cookie of the
// collector's: who it is stands in the hit.
export const carrier = {
  send(transport, address, hits, done) {
    if (transport === "beacon" && beacon(address, body(hits))) {
      done(true);
    } else if (hits.length === 1 && hits[0].length <= maxQuery) {
      post(`${address}?${hits[0]}`, { method: "GET", credentials: "omit" }, onlyOnce(done));
    } else {
      post(address, request(hits), onlyOnce(done));
    }
  },
  leave(address, hits) {
    if (!beacon(address, body(hits))) {
      post(address, request(hits), () => {});
    }
    return true;
  },
};

// request is of plain text, so that a browser does not ask for leave before it.
function request(hits) {
  return { credentials: "omit", headers: { "Content-Type": "text/plain" }, body: body(hits) };
}

function body(hits) {
  return hits.length === 1 ? hits[0] : JSON.stringify({ requests: hits.map((hit) => `?${hit}`) });
}
