// The reference tracker for Mapp Intelligence: what a page calls wtSmart.

import { count, flag, merge, numbered, oneOf, text, textOrNumber, texts } from "./core/options.js";
import { Outbox } from "./core/outbox.js";
import { takeOver } from "./core/queue.js";
import { transports } from "./core/transport.js";
import { build } from "./mapp/hit.js";
import { Visitor } from "./mapp/visitor.js";

const shapes = {
  init: { trackId: textOrNumber, trackDomain: text },
  advanced: {
    userIdentification: {
      enableAnonymousFunction: flag,
      anonymousCookieName: text,
      anonymousOptIn: flag,
      suppressParameter: texts,
    },
    transport: oneOf(transports),
    requestQueue: { activated: flag, ttl: count, resendInterval: count, size: count, retries: count },
    requestBatch: { activated: flag, interval: count, size: count },
  },
  customer: {
    id: textOrNumber,
    email: text,
    telephone: textOrNumber,
    firstName: text,
    lastName: text,
    category: numbered,
  },
  page: { name: text },
  action: { name: text },
};

const config = {
  init: { trackId: "", trackDomain: "" },
  advanced: {
    userIdentification: {
      enableAnonymousFunction: false,
      anonymousCookieName: "miCookieOptOut",
      anonymousOptIn: false,
      suppressParameter: [],
    },
    transport: "image",
    // Times are in milliseconds.
    requestQueue: { activated: true, ttl: 300000, resendInterval: 5000, size: 100, retries: 5 },
    requestBatch: { activated: false, interval: 5000, size: 20 },
  },
  customer: {},
  page: {},
  action: {},
};

const visitor = new Visitor(config.advanced.userIdentification);

// A hit leaves only while the visitor is what he was when it was made.
const outbox = new Outbox(config.advanced, (hit) => hit.anonymous === visitor.isAnonymous());

// early holds the hits that the page asks for while the queue runs; null
// afterwards. They are made once it has run: a choice that the visitor made
// before the tracker was there is still in the queue, and holds for them.
let early = [];

// section returns how a page sets one part of the configuration; what it does
// not name stays as it is.
function section(part, place) {
  const add = (given) => {
    merge(`wtSmart.${place}`, shapes[part], config[part], given);
    visitor.configured();
  };
  return { add, set: add };
}

// track sends a hit with what is known now; action is what a page reports
// beside its view.
function track(action) {
  const { trackId, trackDomain } = config.init;
  if (!/^\d{15}$/.test(trackId) || trackDomain === "") {
    console.error(`[wtSmart] nothing is sent: init.set wants a trackDomain and a trackId of 15 digits, got "${trackDomain}" and "${trackId}"`);
    return;
  }
  const address = `https://${trackDomain}/${trackId}/wt`;
  const told = JSON.parse(JSON.stringify({ customer: config.customer, page: config.page, action }));
  const make = () => outbox.add(build(address, told, config.advanced.userIdentification, visitor));
  if (early === null) {
    make();
  } else {
    early.push(make);
  }
}

function trackPage() {
  track({});
}

function trackAction() {
  if (!config.action.name) {
    console.error("[wtSmart] nothing is sent: trackAction wants action.data.add({name: …}) before it");
    return;
  }
  track(config.action);
  config.action = {};
}

// choose carries out a choice of the visitor's. What he did anonymously is sent
// before it; what may not be sent after it is thrown away.
function choose(choice) {
  if (visitor.isAnonymous()) {
    outbox.leave();
  }
  choice();
  outbox.sift();
}

const api = {
  init: section("init", "init"),
  advanced: section("advanced", "advanced"),
  customer: { data: section("customer", "customer.data") },
  page: { data: section("page", "page.data") },
  action: { data: section("action", "action.data") },
  utils: {
    optout: {
      setAnonymousCookie: (minutes) => choose(() => visitor.setChoice(minutes)),
      deleteAnonymousCookie: () => choose(() => visitor.removeChoice()),
    },
  },
  track: trackPage,
  trackPage,
  trackAction,
};

takeOver("wtSmart", api, () => {
  const waiting = early;
  early = null;
  waiting.forEach((make) => make());
});
