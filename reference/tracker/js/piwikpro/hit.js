// The form of a hit: idsite=…&rec=1&url=…. What is empty is left out.

import { digits } from "../core/identifiers.js";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

// A call is what a page reports: {view, fields, url, referrer}. view tells that it
// is the view of a page; fields are the parameters that say what it is.

// told returns a call with what the page tells at this moment.
export function told(view, fields) {
  return { view, fields, url: location.href, referrer: document.referrer };
}

// identify makes the hits of a call for a visitor who may be identified. The first
// tells of an anonymous session that becomes his, if there is one.
export function identify(site, call, userId) {
  const { id, was } = site.visitor.identify();
  const who = [["_id", id], ["uid", userId]];
  const hits = [];
  if (was !== "") {
    const same = site.view.of === was;
    site.view = same ? { id: site.view.id, of: id } : site.view;
    hits.push(hit(site, told(false, [["ping", "4"]]), who.concat([["ses", was]]), { anonymous: false, person: id }));
  }
  if (call !== null) {
    hits.push(hit(site, call, who, { anonymous: false, person: id }));
  }
  return hits;
}

// anonymise makes the hit of a call for a visitor who may not.
export function anonymise(site, call) {
  const session = site.visitor.anonymous();
  const kept = site.visitor.temporary() === session;
  return hit(site, call, [["uia", "1"], ["ses", session]], { anonymous: true, person: session, kept });
}

function hit(site, call, who, whose) {
  const made = Date.now();
  const fields = [
    ["idsite", site.id],
    ["rec", "1"],
    ["url", call.url],
    ["urlref", call.referrer],
    ...call.fields,
    ["ts", made],
    ["pv_id", pageView(site, call, whose.person)],
    ["rand", digits(6)],
    ["res", `${screen.width}x${screen.height}`],
    ["lang", navigator.language],
    ...who,
  ];
  const query = fields.filter(([, value]) => value !== "" && value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  return Object.assign({ site, query, made }, whose);
}

// pageView returns the ID of the page view that a call belongs to. It is another
// one for another visitor or session: the same would join the two.
function pageView(site, call, person) {
  if (call.view || site.view.of !== person) {
    site.view = { id: word(6), of: person };
  }
  return site.view.id;
}

// word returns n random letters and digits.
function word(n) {
  let text = "";
  while (text.length < n) {
    for (const byte of crypto.getRandomValues(new Uint8Array(n))) {
      // 248 and above would make the first letters likelier.
      if (byte < 4 * letters.length && text.length < n) {
        text += letters[byte % letters.length];
      }
    }
  }
  return text;
}
