// The visitor at one site: his ID while he is identified, and the temporary cookie
// of an anonymous session. Both live in cookies alone, and are looked up each time.

import { read, remove, siteDomain, write } from "../core/cookies.js";
import { hex } from "../core/identifiers.js";
import { sha256 } from "../core/sha256.js";

// readings lists the ways of understanding that the temporary cookie is deleted
// "30 minutes later": than it was set, or than the session's last event.
export const readings = ["after-it-was-set", "after-the-last-event"];

const sessionSeconds = 30 * 60;

// Thirteen months.
const visitorSeconds = 393 * 24 * 60 * 60;

// identifiedSession is what the session cookie of an identified visitor says: the
// ID is in the other one.
const identifiedSession = "*";

export class Visitor {
  // options holds anonymousSession, one of readings; it may still change.
  constructor(site, options) {
    const domain = siteDomain(location.hostname) || location.hostname;
    const hash = sha256(domain).slice(0, 4);
    this.idCookie = `_pk_id.${site}.${hash}`;
    this.sessionCookie = `_pk_ses.${site}.${hash}`;
    this.options = options;
  }

  // id returns the visitor ID, or "" where there is none that is one.
  id() {
    return known(this.idCookie);
  }

  // temporary returns the temporary cookie of the anonymous session that is
  // running, or "".
  temporary() {
    return known(this.sessionCookie);
  }

  // identify makes sure of ID and session. It returns {id, was}: was is the
  // anonymous session that becomes the visitor's, or "".
  identify() {
    const was = this.temporary();
    const id = this.id() || hex(16);
    if (this.id() === "") {
      write(this.idCookie, id, visitorSeconds);
    }
    write(this.sessionCookie, identifiedSession, sessionSeconds);
    return { id, was };
  }

  // anonymous makes sure of an anonymous session, and returns its temporary cookie.
  anonymous() {
    this.disown();
    const running = this.temporary();
    const session = running || hex(16);
    if (running === "" || this.options.anonymousSession === "after-the-last-event") {
      write(this.sessionCookie, session, sessionSeconds);
    }
    return session;
  }

  // disown removes what identifies, and leaves an anonymous session alone.
  disown() {
    remove(this.idCookie);
    if (this.temporary() === "") {
      remove(this.sessionCookie);
    }
  }

  // forget removes all.
  forget() {
    remove(this.idCookie);
    remove(this.sessionCookie);
  }
}

// known returns the 16 hexadecimal digits that a cookie holds, or "".
function known(cookie) {
  const value = read(cookie);
  return /^[0-9a-f]{16}$/.test(value) ? value : "";
}
