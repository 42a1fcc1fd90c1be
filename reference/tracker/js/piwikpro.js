// The reference tracker and Consent Manager for Piwik PRO: what a page calls _paq
// and ppms.cm.api.

import { takeOver, takeOverList } from "./core/calls.js";
import { count, oneOf, text, textOrNumber } from "./core/options.js";
import { Outbox } from "./core/outbox.js";
import { carrier, transports } from "./piwikpro/carrier.js";
import { compliance } from "./piwikpro/compliance.js";
import { agreed, choice, choose, undecided } from "./piwikpro/consent.js";
import { anonymise, identify, told } from "./piwikpro/hit.js";
import { anonymous, identified, Site } from "./piwikpro/site.js";
import { readings } from "./piwikpro/visitor.js";
import { ConsentWindow } from "./piwikpro/window.js";

const config = { url: "", userId: "", anonymousSession: readings[0] };

// delivery holds what the outbox goes by. Times are in milliseconds. A hit that
// comes twice is known by its time, page view and random number.
const delivery = {
  transport: transports[0],
  requestQueue: { activated: true, ttl: 300000, resendInterval: 5000, size: 100, retries: 60 },
  requestBatch: { activated: false, interval: 5000, size: 20 },
};

// origin is where the tracker came from; that host knows the sites' settings.
const source = document.currentScript ? document.currentScript.src : "";
const origin = (/^https?:\/\/[^/?#]+/.exec(source) || [""])[0];

// sites holds the sites that the page belongs to, by ID; current is the one that
// calls are reported to, null until the page has named one.
const sites = new Map();
let current = null;

// homeless holds the first calls until the page has named its site.
let homeless = [];

// What is held has to be with the outbox before the outbox empties itself.
window.addEventListener("pagehide", () => sites.forEach((site) => flush(site, true)));
window.addEventListener("pageshow", (event) => revive(event));
document.addEventListener("visibilitychange", () => catchUp());

const outbox = new Outbox(delivery, (hit) => hit.site.stands(hit), carrier);

const consentWindow = new ConsentWindow(decide);

// speaks tells whether a site's calls can be reported, be it that nothing may be. A
// visitor who has agreed could be reported before the setting is known; but only
// when the page is being left, nothing is lost by not waiting for it.
function speaks(site, leaving) {
  return config.url !== "" && (site.setting !== null || (leaving && site.mode() === identified));
}

// report makes hits of a call, as the mode lets it now, or keeps it.
function report(site, call) {
  const mode = site.mode();
  if (mode === identified) {
    identify(site, call, config.userId).forEach(send);
  } else if (mode === anonymous) {
    send(anonymise(site, call));
  } else {
    site.hold(call);
  }
}

// flush reports what waits at a site. The anonymous session of a visitor who has
// agreed becomes his, even if nothing waits.
function flush(site, leaving = false) {
  if (!speaks(site, leaving)) {
    return;
  }
  const waiting = site.held;
  site.held = [];
  waiting.forEach((call) => report(site, call));
  if (site.mode() === identified && site.visitor.temporary() !== "") {
    identify(site, null, config.userId).forEach(send);
  }
}

function send(hit) {
  outbox.add(Object.assign({ address: config.url }, hit));
}

// track reports to the page's site what it tells now.
function track(view, fields) {
  const call = told(view, fields);
  if (current === null) {
    homeless = homeless.concat(call).slice(-delivery.requestQueue.size);
  } else {
    current.wait(call);
    flush(current);
  }
}

// decide carries out a choice of the visitor's, at all sites of the page. It tells
// whether the browser keeps it.
function decide(status) {
  let kept = true;
  sites.forEach((site) => {
    kept = choose(site.id, status) && kept;
    if (status !== agreed) {
      site.refused();
    }
    site.tidy();
    flush(site);
  });
  outbox.sift();
  if (status !== undecided) {
    consentWindow.withdraw();
  }
  return kept;
}

// asks tells whether there is a choice to ask for.
function asks() {
  return Array.from(sites.keys()).some((id) => choice(id) === undecided);
}

// learnt goes on with a site whose setting has been read.
function learnt(site) {
  site.tidy();
  flush(site);
}

// catchUp follows what another tab has chosen meanwhile.
function catchUp() {
  if (document.visibilityState !== "hidden") {
    sites.forEach(learnt);
    if (!asks()) {
      consentWindow.withdraw();
    }
  }
}

// revive asks again on a page that comes back from the cache after any length of time.
function revive(event) {
  if (event.persisted) {
    sites.forEach((site) => site.ask());
    catchUp();
  }
}

// fits tells whether what a page gives a method is what the method wants.
function fits(method, rule, value) {
  const wanted = rule(value);
  if (wanted !== "") {
    console.error(`[_paq] ${method} has no effect: it wants ${wanted}`);
  }
  return wanted === "";
}

const absolute = (value) => (/^https?:\/\/[^?#\s]+$/.test(value) ? "" : "an address such as https://collect.vendor.test/ppms.php");
const uuid = (value) => (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value) ? "" : "a site's ID, such as 0b2f8f6e-6f0a-4b53-9c1d-2f6a5f0e9a01");
const numeric = (value) => (typeof value === "number" && Number.isFinite(value) ? "" : "a number as the value");
const unless = (rule) => (value) => (value === undefined || value === "" ? "" : rule(value));

const methods = {
  setTrackerUrl(url) {
    if (fits("setTrackerUrl", absolute, url)) {
      config.url = url;
      sites.forEach((site) => flush(site));
    }
  },
  setSiteId(id) {
    if (!fits("setSiteId", uuid, id)) {
      return;
    }
    const name = id.toLowerCase();
    current = sites.get(name) || new Site(name, origin, config, learnt);
    sites.set(name, current);
    homeless.forEach((call) => current.wait(call));
    homeless = [];
    flush(current);
    consentWindow.offer(asks);
  },
  setUserId(id) {
    if (fits("setUserId", textOrNumber, id)) {
      config.userId = String(id);
    }
  },
  resetUserId() {
    config.userId = "";
  },
  setAnonymousSession(reading) {
    if (fits("setAnonymousSession", oneOf(readings), reading)) {
      config.anonymousSession = reading;
    }
  },
  setRequestMethod(method) {
    const name = String(method).toLowerCase();
    if (fits("setRequestMethod", oneOf(transports), name)) {
      delivery.transport = name;
    }
  },
  // Hits of that many milliseconds are sent together; 0 sends each at once.
  setRequestQueueInterval(milliseconds) {
    if (fits("setRequestQueueInterval", count, milliseconds)) {
      Object.assign(delivery.requestBatch, { activated: milliseconds > 0, interval: milliseconds });
    }
  },
  trackPageView(title) {
    if (fits("trackPageView", unless(text), title)) {
      track(true, [["action_name", title || document.title]]);
    }
  },
  trackEvent(category, action, name, value) {
    const given = [[text, category], [text, action], [unless(text), name], [unless(numeric), value]];
    if (given.every(([rule, part]) => fits("trackEvent", rule, part))) {
      track(false, [["e_c", category], ["e_a", action], ["e_n", name], ["e_v", value]]);
    }
  },
};

const consent = {
  status: () => (current === null ? null : choice(current.id)),
  decide,
  open: () => consentWindow.open(choice(current.id)),
};

const queue = takeOverList("_paq", methods);
if (queue !== null) {
  window.ppms = window.ppms || {};
  window.ppms.cm = window.ppms.cm || {};
  const calls = takeOver("ppms.cm.api", compliance(consent), window.ppms.cm);
  queue.waiting.forEach(queue.run);
  calls.waiting.forEach(calls.run);
  if (current === null || config.url === "") {
    console.error("[_paq] nothing is sent until setTrackerUrl and setSiteId are called");
  }
}
