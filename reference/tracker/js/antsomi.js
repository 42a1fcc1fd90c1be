// The reference tracker for Antsomi CDP 365: what a page calls web_event and
// _cdpEventFunction.

import { identifies, refusal, remarks } from "./antsomi/arguments.js";
import { carry, transports } from "./antsomi/carrier.js";
import { build } from "./antsomi/event.js";
import { Visitor } from "./antsomi/visitor.js";
import { takeOver } from "./core/calls.js";
import { md5 } from "./core/md5.js";
import { flag, host, merge, oneOf, textOrNumber } from "./core/options.js";
import { Outbox } from "./core/outbox.js";
import { sha256 } from "./core/sha256.js";

const shape = { portal_id: textOrNumber, prop_id: textOrNumber, domain: host, transport: oneOf(transports), batch: flag };

// whereTo are the options that say who gets the events; they are set once.
const whereTo = ["portal_id", "prop_id", "domain"];

const site = { portal_id: "", prop_id: "", domain: "", transport: "image", batch: false };

// delivery holds what the outbox goes by. Times are in milliseconds. An event
// that comes late or twice does no harm, because it says when it was made and
// which one it is: so it is tried for long.
const delivery = {
  transport: "image",
  requestQueue: { activated: true, ttl: 3600000, resendInterval: 5000, size: 100, retries: 60 },
  requestBatch: { activated: false, interval: 5000, size: 20 },
};

const visitor = new Visitor();

// An event belongs to the visitor who he was when it was made, whoever he is now.
const outbox = new Outbox(delivery, () => true, carry(site));

// unaddressed holds the first events until the page has said where they go.
let unaddressed = [];

function config(given) {
  const before = Object.assign({}, site);
  merge("web_event.config", shape, site, given);
  if (unaddressed === null && whereTo.some((name) => site[name] !== before[name])) {
    console.warn(`[web_event.config] ${whereTo.join(", ")} stay as they were set first`);
    whereTo.forEach((name) => { site[name] = before[name]; });
  }
  delivery.transport = site.transport;
  delivery.requestBatch.activated = site.batch;
  if (unaddressed !== null && addressed()) {
    const waiting = unaddressed;
    unaddressed = null;
    waiting.forEach(send);
  }
}

function addressed() {
  return whereTo.every((name) => site[name] !== "");
}

function send(hit) {
  if (unaddressed === null) {
    outbox.add(Object.assign({ address: `https://${site.domain}/event` }, hit));
  } else {
    unaddressed = unaddressed.concat(hit).slice(-delivery.requestQueue.size);
  }
}

// track reports an event: web_event.track("user", "sign_in", {dims, extra, items}).
function track(category, action, told = {}) {
  const wrong = refusal(category, action, told);
  if (wrong !== "") {
    console.error(`[web_event.track] nothing is sent: ${wrong}`);
    return;
  }
  remarks(told).forEach((remark) => console.warn(`[web_event.track] ${category} ${action}: ${remark}`));
  send(build(visitor, category, action, told));
  if (identifies(told)) {
    visitor.recognised();
  }
}

// resetAnonymousUId ends what ties the visitor to a customer. What waits goes
// before it, as what it was.
function resetAnonymousUId() {
  outbox.leave();
  visitor.reset();
}

// hashed returns a function for a page that makes customer IDs. It takes the text
// as it is: what two sites would trim or lower differently, neither gets. What
// is missing has no hash, or all who lack it would be one customer.
function hashed(name, hash) {
  return (given) => {
    if ((typeof given !== "string" && typeof given !== "number") || given === "") {
      console.error(`[_cdpEventFunction.${name}] wants a text that is not empty; what it got has no hash`);
      return "";
    }
    return hash(String(given));
  };
}

const functions = {
  md5: hashed("md5", md5),
  sha256: hashed("sha256", sha256),
  // The page's time in milliseconds since 1970.
  _cdpGetLeadTime: () => Date.now(),
};

const calls = takeOver("web_event", { config, track, resetAnonymousUId });
if (calls !== null) {
  const { waiting, run } = calls;
  window._cdpEventFunction = Object.assign(window._cdpEventFunction || {}, functions);
  // The view comes first, but after a logout that was clicked before the tracker
  // had loaded: whatever is made from now on belongs to the next visitor.
  const loggedOut = waiting.map((call) => call[0]).lastIndexOf("resetAnonymousUId");
  waiting.slice(0, loggedOut + 1).forEach(run);
  track("pageview", "view");
  waiting.slice(loggedOut + 1).forEach(run);
  if (!addressed()) {
    console.error(`[web_event] nothing is sent until web_event.config is called with ${whereTo.join(", ")}`);
  }
}
