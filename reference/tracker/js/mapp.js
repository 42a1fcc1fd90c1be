// The reference tracker for Mapp Intelligence: what a page calls wtSmart.

import { flag, merge, numbered, oneOf, text, textOrNumber, texts } from "./core/options.js";
import { takeOver } from "./core/queue.js";
import { send, transports } from "./core/transport.js";
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
  },
  customer: { id: textOrNumber, category: numbered },
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
  },
  customer: {},
  page: {},
  action: {},
};

const visitor = new Visitor(config.advanced.userIdentification);

// section returns how a page sets one part of the configuration; what it does
// not name stays as it is.
function section(part, place) {
  const add = (given) => {
    merge(`wtSmart.${place}`, shapes[part], config[part], given);
    visitor.configured();
  };
  return { add, set: add };
}

// hit sends one request; action is what a page reports beside its view.
function hit(action) {
  const { trackId, trackDomain } = config.init;
  if (!/^\d{15}$/.test(trackId) || trackDomain === "") {
    console.error(`[wtSmart] nothing is sent: init.set wants a trackDomain and a trackId of 15 digits, got "${trackDomain}" and "${trackId}"`);
    return;
  }
  const { anonymous, query } = build(config, action, visitor);
  send(config.advanced.transport, {
    address: `https://${trackDomain}/${trackId}/wt`,
    query,
    // A hit that identifies is not sent again once the visitor has opted out.
    mayRetry: () => anonymous || !visitor.isAnonymous(),
  });
}

function trackPage() {
  hit({});
}

function trackAction() {
  if (!config.action.name) {
    console.error("[wtSmart] nothing is sent: trackAction wants action.data.add({name: …}) before it");
    return;
  }
  hit(config.action);
  config.action = {};
}

takeOver("wtSmart", {
  init: section("init", "init"),
  advanced: section("advanced", "advanced"),
  customer: { data: section("customer", "customer.data") },
  page: { data: section("page", "page.data") },
  action: { data: section("action", "action.data") },
  utils: {
    optout: {
      setAnonymousCookie: (minutes) => visitor.setChoice(minutes),
      deleteAnonymousCookie: () => visitor.removeChoice(),
    },
  },
  track: trackPage,
  trackPage,
  trackAction,
});
