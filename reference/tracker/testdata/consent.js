// What the tracker for Piwik PRO needs of a window beside: a document with
// elements, the setting of each site, and the script that it came from.

// settings holds the sites' settings, or how asking for one goes wrong: "404",
// "fails", "held", or any other value as what is answered. asked lists the questions.
world.settings = {};
world.asked = [];
world.heldAnswers = [];

const sendIt = globalThis.fetch;
globalThis.fetch = (url, options = {}) => {
  const [, site] = /\/consent\/(.*)\.json$/.exec(url) || [];
  if (site === undefined) {
    return sendIt(url, options);
  }
  world.asked.push({ url, options });
  const setting = world.settings[site];
  const answer = () => {
    switch (setting) {
      case "fails": return Promise.reject(new Error("no network"));
      case "404": case undefined: return Promise.resolve({ ok: false, json: () => Promise.reject(new Error("no JSON")) });
      case "no JSON": return Promise.resolve({ ok: true, json: () => Promise.reject(new Error("no JSON")) });
      default: return Promise.resolve({ ok: true, json: () => Promise.resolve(typeof setting === "boolean" ? { site, anonymous_tracking: setting } : setting) });
    }
  };
  if (!world.holdSettings) return answer();
  return new Promise((resolve, reject) => world.heldAnswers.push(() => answer().then(resolve, reject)));
};
globalThis.answerSettings = () => world.heldAnswers.splice(0).forEach((answer) => answer());

// Element is as much of one as the window makes use of.
class Element {
  constructor(tag) {
    Object.assign(this, { tag, attributes: {}, children: [], parent: null, listeners: {} });
  }
  setAttribute(name, value) {
    this.attributes[name] = String(value);
  }
  appendChild(child) {
    return this.insertBefore(child, null);
  }
  insertBefore(child, before) {
    const at = before === null || before === undefined ? this.children.length : this.children.indexOf(before);
    this.children.splice(at, 0, child);
    child.parent = this;
    return child;
  }
  get firstChild() {
    return this.children[0];
  }
  get textContent() {
    return this.children.map((child) => child.textContent).join(" ");
  }
  remove() {
    this.parent.children = this.parent.children.filter((child) => child !== this);
    if (document.activeElement !== document.body && this.contains(document.activeElement)) document.activeElement = document.body;
    this.parent = null;
  }
  contains(other) {
    return other === this || this.children.some((child) => child.contains && child.contains(other));
  }
  addEventListener(type, listener) {
    (this.listeners[type] = this.listeners[type] || []).push(listener);
  }
  dispatch(type, given = {}) {
    const event = Object.assign({ type, prevented: false, preventDefault() { event.prevented = true; } }, given);
    for (let at = this; at !== null; at = at.parent) {
      (at.listeners[type] || []).forEach((listener) => listener(event));
    }
    return event.prevented;
  }
  showModal() {
    if (this.attributes.open !== undefined) throw new Error("it is open already");
    this.attributes.open = "";
    this.modal = true;
  }
  focus() {
    if (this.tag === "button" || this.tag === "a" || this.attributes.tabindex !== undefined) document.activeElement = this;
  }
}

document.createElement = (tag) => new Element(tag);
document.createTextNode = (text) => ({ textContent: text });

// find returns the element of that ID, or null.
globalThis.find = (id, within = document.body) => {
  for (const child of within.children || []) {
    const found = child.attributes && child.attributes.id === id ? child : child.tag ? find(id, child) : null;
    if (found !== null) return found;
  }
  return null;
};
// press clicks on a button as a visitor does, who has to see it.
globalThis.press = (id) => {
  find(id).focus();
  find(id).dispatch("click");
};

const visitPage = globalThis.visit;
globalThis.visit = (url, page, tracker) => {
  delete window._paq;
  delete window.ppms;
  document.body = new Element("body");
  document.activeElement = document.body;
  const link = new Element("a");
  link.setAttribute("id", "privacy-settings");
  document.body.appendChild(link);
  document.currentScript = world.script === null ? null : { src: world.script };
  visitPage(url, page, tracker);
  document.currentScript = null;
};
world.script = "https://cdn.vendor.test/js/ppms.js";
