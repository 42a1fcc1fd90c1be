// The form of an event: ec, ea, uid, did, mid, t, url, ref, title, sys, dims,
// extra, items. What is empty is left out.

import { hex } from "../core/identifiers.js";

// build makes a hit for the outbox of what a page reports now. Its query is the
// event as JSON, in ASCII, so that its length is what it weighs; a value that is
// no JSON, such as a ring of objects, throws.
export function build(visitor, category, action, told) {
  const { uid, did } = visitor.identify();
  const made = Date.now();
  const event = {
    ec: category,
    ea: action,
    uid,
    did,
    mid: hex(32),
    t: made,
    url: location.href,
    ref: document.referrer,
    title: document.title,
    sys: system(),
    dims: told.dims,
    extra: told.extra,
    items: told.items,
  };
  return { query: ascii(JSON.stringify(event, filled)), person: `${uid} ${did}`, anonymous: false, made };
}

// system returns the visitor's attributes that the browser tells.
function system() {
  return {
    language: navigator.language,
    screen: `${screen.width}x${screen.height}`,
    viewport: `${window.innerWidth}x${window.innerHeight}`,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    platform: navigator.platform,
  };
}

// filled leaves out what is empty; in a list, that would move the others.
function filled(name, value) {
  const empty = value === "" || value === null || (typeof value === "object" && Object.keys(value).length === 0);
  return empty && name !== "" && !Array.isArray(this) ? undefined : value;
}

function ascii(json) {
  return json.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
