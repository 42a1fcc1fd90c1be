// Options are checked as they come in: an unknown name has no effect, and says
// so; a value of the wrong kind has none either.

// Rules: each returns "" for a value that fits, or what it wants instead.
export const host = (value) => (typeof value === "string" && /^[a-z0-9.-]+(:\d+)?$/i.test(value) ? "" : "a host name without https://");
export const flag = (value) => (typeof value === "boolean" ? "" : "true or false");
export const text = (value) => (typeof value === "string" && value !== "" ? "" : "a text that is not empty");
export const textOrNumber = (value) => (["string", "number"].includes(typeof value) ? "" : "a text");
export const texts = (value) => (Array.isArray(value) && value.every((v) => typeof v === "string") ? "" : "a list of names");
export const count = (value) => (Number.isInteger(value) && value >= 0 ? "" : "a whole number from 0");
export const oneOf = (names) => (value) => (names.includes(value) ? "" : `one of ${names.join(", ")}`);
export const numbered = (value) => (isGroup(value) && Object.keys(value).every((k) => /^\d+$/.test(k)) ? "" : "values by number, such as {5: …}");

// merge copies given into target as far as shape knows it. A shape maps a name
// to a rule, or to the shape of a group of options. The place, such as
// "wtSmart.advanced", is for messages.
export function merge(place, shape, target, given) {
  if (!isGroup(given)) {
    console.warn(`[${place}] wants an object with ${Object.keys(shape).join(", ")}`);
    return;
  }
  for (const name of Object.keys(given)) {
    const rule = Object.prototype.hasOwnProperty.call(shape, name) ? shape[name] : null;
    const value = given[name];
    if (rule === null) {
      console.warn(`[${place}] unknown option "${name}" has no effect${suggestion(name, Object.keys(shape))}`);
    } else if (isGroup(rule)) {
      target[name] = target[name] || {};
      merge(`${place}.${name}`, rule, target[name], value);
    } else if (value !== undefined) {
      const wanted = rule(value);
      if (wanted === "") {
        target[name] = value;
      } else {
        console.warn(`[${place}] option "${name}" wants ${wanted}; the value given has no effect`);
      }
    }
  }
}

// nearest returns the known word that is closest to the one given, or "" when
// none is close enough to be meant.
export function nearest(word, known) {
  let best = "";
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

// suggestion returns the end of a message about an unknown name: which of the
// known ones may be meant, or "".
export function suggestion(name, known) {
  const meant = nearest(name, known);
  return meant === "" ? "" : `; did you mean "${meant}"?`;
}

// distance counts the insertions, deletions and replacements between two words.
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}

// isGroup tells whether a value is an object that holds others by name.
export function isGroup(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
