// The form of a request: GET /<trackId>/wt?p=600,…&pf=…&eid=…

import { sha256 } from "../core/sha256.js";

// anonymousFunction is the feature bit of enableAnonymousFunction.
const anonymousFunction = 64;

// personal lists customer data with a parameter of their own. The pixel sends
// them as they are.
const personal = [["email", "uc700"], ["firstName", "uc703"], ["lastName", "uc704"], ["telephone", "uc705"]];

// build makes a hit for that address of what the page has told: {customer,
// page, action}. What identifies the visitor goes with the first anonymous one.
export function build(address, told, options, visitor) {
  const anonymous = visitor.isAnonymous();
  const made = Date.now();
  const fields = [["pf", options.enableAnonymousFunction ? anonymousFunction : 0]];
  if (anonymous) {
    visitor.forget();
  } else {
    fields.push(...visitor.identify());
  }
  fields.push(...customer(told.customer), ...action(told.action), ...browser());
  const suppressed = anonymous ? options.suppressParameter : [];
  const sent = fields.filter(([name]) => !suppressed.includes(name));
  if (anonymous) {
    sent.push(["nc", "1"]);
  }
  const pairs = sent.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return { address, query: [`p=${page(told.page, made)}`, ...pairs].join("&"), anonymous, made };
}

// page returns the parameter p: version, page, JavaScript, screen, colours,
// cookies, time in ms, referrer, viewport, Java; its commas are not encoded.
function page(data, made) {
  return [
    600,
    data.name || location.host + location.pathname,
    1,
    `${screen.width}x${screen.height}`,
    screen.colorDepth,
    navigator.cookieEnabled ? 1 : 0,
    made,
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
  for (const [option, name] of personal) {
    if (data[option] !== undefined) {
      fields.push([name, data[option]]);
    }
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
