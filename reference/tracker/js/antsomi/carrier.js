// Ways of sending events, each given as JSON: in an image's query, as JSON in a
// body, as the same in a beacon's body of plain text. Several go in one body.

import { beacon, image, onlyOnce, post } from "../core/transport.js";

// transports lists the names of the option "transport".
export const transports = ["image", "json", "beacon"];

// maxQuery is the longest query that is left to an image, in characters; what is
// longer goes in a body.
const maxQuery = 8000;

// carry returns the carrier for an outbox. site holds portal_id and prop_id.
export function carry(site) {
  return {
    together: "json",
    send(transport, address, events, done) {
      const query = parameters(site, JSON.parse(events[0]));
      if (transport === "beacon" && beacon(address, body(site, events))) {
        done(true);
      } else if (transport === "image" && events.length === 1 && query.length <= maxQuery) {
        image(address, query, onlyOnce(done));
      } else {
        post(address, request(site, events), onlyOnce(done));
      }
    },
    leave(address, events) {
      if (!beacon(address, body(site, events))) {
        post(address, request(site, events), () => {});
      }
      return true;
    },
  };
}

// request needs no cookie of the collector's: who it is stands in the event.
function request(site, events) {
  return {
    credentials: "omit",
    headers: { "Content-Type": "application/json" },
    body: body(site, events),
  };
}

// body returns one event as {portal_id, prop_id, ec, …}, and several as
// {portal_id, prop_id, events: [{ec, …}, …]}.
function body(site, events) {
  const head = JSON.stringify({ portal_id: String(site.portal_id), prop_id: String(site.prop_id) }).slice(0, -1);
  return events.length === 1 ? `${head},${events[0].slice(1)}` : `${head},"events":[${events.join(",")}]}`;
}

// parameters returns an event as name=value&…; what is no text is written as JSON.
function parameters(site, event) {
  const all = Object.assign({ portal_id: site.portal_id, prop_id: site.prop_id }, event);
  const value = (name) => (typeof all[name] === "object" ? JSON.stringify(all[name]) : all[name]);
  return Object.keys(all).map((name) => `${name}=${encodeURIComponent(value(name))}`).join("&");
}
