// A site that the page belongs to: whether it has anonymous data tracking on, what
// its visitor has chosen, and so what may be collected of him.

import { onlyOnce } from "../core/transport.js";
import { agreed, choice, undecided } from "./consent.js";
import { Visitor } from "./visitor.js";

// The modes. They are decided anew each time: the choice may be another tab's.
export const identified = "identified";
export const anonymous = "anonymous";
export const nothing = "nothing";

// mostHeld bounds how many of a page's calls wait at one time.
const mostHeld = 100;

export class Site {
  // origin is where the site's setting is read: https://host, or "" where nobody
  // knows. changed is called with the site when it has been read.
  constructor(id, origin, options, changed) {
    this.id = id;
    this.origin = origin;
    this.changed = changed;
    this.visitor = new Visitor(id, options);
    this.held = [];
    // The page view that is being looked at, and whose it is.
    this.view = { id: "", of: "" };
    this.ask();
  }

  // ask reads the site's setting. What cannot be had counts as off.
  ask() {
    // setting tells whether anonymous data tracking is on; null until that is known.
    this.setting = null;
    const asked = {};
    this.asked = asked;
    const learn = onlyOnce((setting) => {
      if (this.asked === asked) {
        this.setting = setting;
        this.changed(this);
      }
    });
    if (this.origin === "" || !window.fetch) {
      learn(false);
      return;
    }
    fetch(`${this.origin}/consent/${this.id}.json`, { credentials: "omit", cache: "no-store" })
      .then((answer) => (answer.ok ? answer.json() : null))
      .then((told) => learn(told !== null && told.site === this.id && told.anonymous_tracking === true))
      .catch(() => learn(false));
  }

  // mode returns what may be collected now, or "" while the setting is not known.
  mode() {
    if (this.agreed()) {
      return identified;
    }
    if (this.setting === null) {
      return "";
    }
    return this.setting ? anonymous : nothing;
  }

  agreed() {
    return choice(this.id) === agreed;
  }

  // wait keeps a call of the page's until it can be said what becomes of it.
  wait(call) {
    this.held = this.held.concat(call).slice(-mostHeld);
  }

  // hold keeps a call for when the mode lets it be reported. Of what a visitor does
  // who has refused, only that he is on this page is kept.
  hold(call) {
    if (call.view || choice(this.id) === undecided) {
      this.wait(call);
    }
  }

  // refused forgets what is held and was done before a refusal.
  refused() {
    this.held = this.held.filter((call) => call.view);
  }

  // tidy removes the cookies that the mode does not let be.
  tidy() {
    const mode = this.mode();
    if (mode === nothing) {
      this.visitor.forget();
    } else if (mode !== identified) {
      this.visitor.disown();
    }
  }

  // stands tells whether a hit may still leave. An identified one may while it is
  // its visitor's wish and he is who he was; an anonymous one while its session is
  // the running one, or has become that of a visitor who agreed. A browser that
  // keeps no cookies is asked nothing.
  stands(hit) {
    if (this.agreed()) {
      return hit.anonymous || this.visitor.id() === hit.person;
    }
    return hit.anonymous && (!hit.kept || this.visitor.temporary() === hit.person);
  }
}
