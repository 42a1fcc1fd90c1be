// The visitor: who he is while he may be identified, and his choice whether he
// may. Sections refer to Mapp's document on anonymous tracking.

import { read, remove, write } from "../core/cookies.js";
import { digits } from "../core/identifiers.js";

const everIdCookie = "wtstp_eid";
const sessionCookie = "wtstp_sid";
const everIdSeconds = 180 * 24 * 60 * 60;

// Five years (3.1), in minutes.
const choiceMinutes = 60 * 24 * 365 * 5;

export class Visitor {
  // options is advanced.userIdentification; it may still change.
  constructor(options) {
    this.options = options;
    this.held = null;
  }

  // isAnonymous tells whether the visitor is anonymous now (2). It reads the
  // jar each time: another tab may have changed the choice.
  isAnonymous() {
    if (!this.options.enableAnonymousFunction) {
      return false;
    }
    const chosen = read(this.options.anonymousCookieName) !== null;
    return this.options.anonymousOptIn ? !chosen : chosen;
  }

  // everId returns the stored ever-id, or "" where there is none that is one.
  everId() {
    const id = read(everIdCookie);
    return /^\d{19}$/.test(id) ? id : "";
  }

  // identify makes sure of ever-id and session, and returns the parameters that
  // tell of them.
  identify() {
    return this.person().concat(this.session());
  }

  person() {
    const known = this.everId();
    const id = known || digits(19);
    write(everIdCookie, id, everIdSeconds);
    return known ? [["eid", id]] : [["eid", id], ["one", "1"]];
  }

  session() {
    if (read(sessionCookie) !== null) {
      return [];
    }
    write(sessionCookie, "1", null);
    return [["fns", "1"]];
  }

  // forget removes what identifies (1, 4).
  forget() {
    remove(everIdCookie);
    remove(sessionCookie);
  }

  // setChoice stores the switch cookie (3.1, 3.2) for that many minutes. A
  // duration that is none errs on the side of anonymity: an opt-out lasts the
  // usual time, a consent is not stored.
  setChoice(minutes = choiceMinutes) {
    this.decide(() => {
      const usable = typeof minutes === "number" && minutes > 0 && minutes < Infinity;
      if (!usable) {
        console.warn(`[wtSmart] setAnonymousCookie wants a number of minutes above 0, got ${String(minutes)}`);
      }
      if (usable || !this.options.anonymousOptIn) {
        write(this.options.anonymousCookieName, "1", 60 * (usable ? minutes : choiceMinutes));
      }
    });
  }

  // removeChoice deletes the switch cookie (3.1, 3.2).
  removeChoice() {
    this.decide(() => remove(this.options.anonymousCookieName));
  }

  // decide carries a choice out. With the function off the visitor cannot be
  // switched (2): then the choice waits for the page to turn it on.
  decide(choice) {
    if (this.options.enableAnonymousFunction) {
      choice();
      return;
    }
    console.warn("[wtSmart] the choice waits: enableAnonymousFunction is not true");
    this.held = choice;
  }

  // configured carries out the choice that was waiting, if it can be now.
  configured() {
    const choice = this.held;
    if (choice !== null && this.options.enableAnonymousFunction) {
      this.held = null;
      choice();
    }
  }
}
