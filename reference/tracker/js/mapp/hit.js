// The form of a request: GET /<trackId>/wt?p=600,…&pf=…&eid=…

import { sha256 } from "../core/sha256.js";

// anonymousFunction is the feature bit of enableAnonymousFunction.
const anonymousFunction = 64;

// build returns a request's parameters as name=value&…, and whether it is
// anonymous. What identifies the visitor goes with the first anonymous request.
export function build(config, reported, visitor) {
  const options = config.advanced.userIdentification;
  const anonymous = visitor.isAnonymous();
  const fields = [["pf", options.enableAnonymousFunction ? anonymousFunction : 0]];
  if (anonymous) {
    visitor.forget();
  } else {
    fields.push(...visitor.identify());
  }
  fields.push(...customer(config.customer), ...action(reported), ...browser());
  const suppressed = anonymous ? options.suppressParameter : [];
  const sent = fields.filter(([name]) => !suppressed.includes(name));
  if (anonymous) {
    sent.push(["nc", "1"]);
  }
  const pairs = sent.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return { anonymous, query: [`p=${page(config.page)}`, ...pairs].join("&") };
}

// page returns the parameter p: version, page, JavaScript, screen, colours,
// cookies, time in ms, referrer, viewport, Java; its commas are not encoded.
function page(data) {
  return [
    600,
    data.name || location.host + location.pathname,
    1,
    `${screen.width}x${screen.height}`,
    screen.colorDepth,
    navigator.cookieEnabled ? 1 : 0,
    Date.now(),
    document.referrer || 0,
    `${window.innerWidth}x${window.innerHeight}`,
    0,
  ].map(encodeURIComponent).join(",");
}

function customer(data) {
  const fields = [];
  if (data.id !== undefined && data.id !== "") {
    fields.push(["cd", unreadable(String(data.id))]);
  }
  for (const number of Object.keys(data.category || {})) {
    fields.push([`uc${number}`, data.category[number]]);
  }
  return fields;
}

// unreadable hashes a customer ID that is an e-mail address.
function unreadable(id) {
  const plain = id.trim();
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(plain) ? sha256(plain.toLowerCase()) : id;
}

function action(data) {
  return data.name ? [["ct", data.name]] : [];
}

function browser() {
  return [
    ["la", navigator.language.split("-")[0]],
    ["pu", location.href],
  ];
}
