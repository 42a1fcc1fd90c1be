// The visitor: a user ID that lasts one visit, and a device key beside it that
// lasts, by which the backend knows the visits of one browser. Both live in
// cookies alone, and are looked up each time: another tab may have reset them.

import { read, write } from "../core/cookies.js";
import { hex } from "../core/identifiers.js";

const userCookie = "_asm_uid";
const deviceCookie = "_asm_did";
const typeCookie = "_asm_visitor_type";

// A visit ends 30 minutes after its last event.
const visitSeconds = 30 * 60;
const deviceSeconds = 2 * 365 * 24 * 60 * 60;

export class Visitor {
  // identify returns {uid, did}, made anew where there is none, and lets both
  // live on.
  identify() {
    const uid = known(userCookie);
    const type = uid !== "" && read(typeCookie) === "customer" ? "customer" : "anonymous";
    const ids = { uid: uid || hex(32), did: known(deviceCookie) || hex(32) };
    this.store(ids, type);
    return ids;
  }

  // recognised notes that the site has named its customer. Who he is stays with
  // the site.
  recognised() {
    write(typeCookie, "customer", visitSeconds);
  }

  // reset makes another visitor on another device of this one: neither key may
  // lead back to the customer.
  reset() {
    this.store({ uid: hex(32), did: hex(32) }, "anonymous");
  }

  store({ uid, did }, type) {
    write(userCookie, uid, visitSeconds);
    write(deviceCookie, did, deviceSeconds);
    write(typeCookie, type, visitSeconds);
  }
}

// known returns the key that a cookie holds, or "" where it holds none.
function known(cookie) {
  const key = read(cookie);
  return /^[0-9a-f]{32}$/.test(key) ? key : "";
}
