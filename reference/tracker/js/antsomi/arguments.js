// What a page says to web_event.track is checked as it comes in: what cannot be
// meant is not sent; what is odd is sent as it is, and named on the console.

import { isGroup, suggestion } from "../core/options.js";

const parts = ["dims", "extra", "items"];
const known = {
  dims: ["customers", "users"],
  extra: ["identify_id", "identify_time", "identify_event", "identify_type"],
};
const identifyEvents = ["user_sign_up", "user_sign_in", "user_identify"];

// refusal returns why an event cannot be sent, or "".
export function refusal(category, action, told) {
  if (!isText(category) || !isText(action)) {
    return "track wants a category and an action, two texts that are not empty";
  }
  if (!isGroup(told)) {
    return "track wants an object such as {dims: {…}, extra: {…}, items: […]} as its third argument";
  }
  for (const part of parts) {
    const fits = part === "items" ? Array.isArray(told.items) : isGroup(told[part]);
    if (told[part] !== undefined && !fits) {
      return `${part} wants ${part === "items" ? "a list" : "an object"}`;
    }
  }
  const { extra = {} } = told;
  if (extra.identify_id !== undefined && !isText(extra.identify_id)) {
    return "extra.identify_id wants a text that is not empty: nobody is identified by it";
  }
  return "";
}

// remarks returns what is odd about an event that can be sent.
export function remarks(told) {
  const { dims = {}, extra = {} } = told;
  const odd = unknown("", told, parts, " and is not sent");
  // Other kinds of dimension, and whatever a site wants to add, are its own affair.
  odd.push(...unknown("dims.", dims, known.dims).filter(meant), ...unknown("extra.", extra, known.extra).filter(meant));
  if (extra.identify_id !== undefined) {
    odd.push(...identification(dims.customers || {}, extra));
  } else if (dims.customers !== undefined || extra.identify_event !== undefined) {
    odd.push("without extra.identify_id nobody is identified, and dims.customers belong to nobody");
  }
  return odd;
}

// identifies tells whether an event names a customer by what a collector takes.
export function identifies({ dims = {}, extra = {} }) {
  return extra.identify_id !== undefined && identification(dims.customers || {}, extra).length === 0;
}

function identification(customer, { identify_id: id, identify_time: time, identify_event: event, identify_type: type }) {
  const odd = [];
  if (raw(id)) {
    odd.push("extra.identify_id looks like an e-mail address or a telephone number: hash it with _cdpEventFunction.md5 or .sha256, or the collector refuses it");
  }
  if (!/^\d{13}$/.test(String(time))) {
    odd.push("extra.identify_time wants milliseconds since 1970, such as _cdpEventFunction._cdpGetLeadTime(); without it the collector refuses the event");
  }
  if (customer.customer_id !== undefined && customer.customer_id !== id) {
    odd.push("dims.customers.customer_id and extra.identify_id differ: the collector refuses the event");
  }
  if (!identifyEvents.includes(event)) {
    odd.push(`extra.identify_event wants one of ${identifyEvents.join(", ")}${suggestion(String(event), identifyEvents)}`);
  }
  if (type !== "exact") {
    odd.push('extra.identify_type wants "exact"');
  }
  return odd;
}

// raw tells whether a customer ID is an e-mail address or a telephone number.
function raw(id) {
  const digits = id.replace(/\D/g, "").length;
  return id.includes("@") || (/^\s*\+?[\d\s()./-]+$/.test(id) && digits >= 7 && digits <= 15);
}

function unknown(place, given, names, consequence = "") {
  return Object.keys(given)
    .filter((name) => !names.includes(name))
    .map((name) => `${place}${name} is unknown${consequence}${suggestion(name, names)}`);
}

// meant tells of a remark whether it suggests another name.
function meant(remark) {
  return remark.includes("did you mean");
}

function isText(value) {
  return typeof value === "string" && value.trim() !== "";
}
