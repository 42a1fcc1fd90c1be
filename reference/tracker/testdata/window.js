// A window as far as the tracker needs one: a cookie jar, the ways to send, a
// console. world holds what a test reads back.
globalThis.window = globalThis;

globalThis.world = { requests: [], writes: [], console: [], errors: [], now: 1750000000000, beacons: true, answer: true, status: 200 };

const jar = [];

// listeners holds what the page listens to, of window and document alike.
globalThis.listeners = [];
const addEventListener = (type, listener) => listeners.push({ type, listener });
window.addEventListener = addEventListener;
globalThis.happen = (type) => listeners.filter((l) => l.type === type).forEach((l) => l.listener({ type }));

// Timers run when a test moves the time on.
let timers = [];
let lastTimer = 0;
globalThis.setTimeout = (run, delay, ...given) => {
  timers.push({ id: ++lastTimer, due: world.now + delay, run: () => run(...given) });
  return lastTimer;
};
globalThis.clearTimeout = (id) => {
  timers = timers.filter((t) => t.id !== id);
};

// advance moves the time on, and runs what becomes due on the way. It returns
// after each timer, so that promises may be kept; call it until it says true.
globalThis.advance = (end) => {
  const due = timers.filter((t) => t.due <= end).sort((a, b) => a.due - b.due)[0];
  if (due === undefined) {
    world.now = end;
    return true;
  }
  world.now = Math.max(world.now, due.due);
  clearTimeout(due.id);
  due.run();
  return false;
};

function within(host, domain) {
  return host === domain || host.endsWith("." + domain);
}

function live(cookie) {
  const scope = cookie.domain ? within(location.hostname, cookie.domain) : location.hostname === cookie.host;
  return scope && cookie.expires > world.now;
}

globalThis.document = {
  referrer: "",
  title: "Shop",
  visibilityState: "visible",
  addEventListener,
  get cookie() {
    return jar.filter(live).map((c) => `${c.name}=${c.value}`).join("; ");
  },
  set cookie(raw) {
    world.writes.push(raw);
    const [pair, ...attributes] = raw.split("; ");
    const at = pair.indexOf("=");
    const cookie = { name: pair.slice(0, at), value: pair.slice(at + 1), domain: "", host: location.hostname, expires: Infinity };
    for (const attribute of attributes) {
      const [name, value] = attribute.split("=");
      if (name === "Domain") cookie.domain = value;
      if (name === "Max-Age") cookie.expires = world.now + 1000 * Number(value);
    }
    const suffix = ["test", "co.uk", "github.io"].includes(cookie.domain);
    if (cookie.domain && (suffix || !within(location.hostname, cookie.domain))) return;
    const same = jar.findIndex((c) => c.name === cookie.name && c.domain === cookie.domain && (c.domain || c.host === cookie.host));
    if (same >= 0) jar.splice(same, 1);
    if (cookie.expires > world.now) jar.push(cookie);
  },
};

globalThis.cookies = () => Object.fromEntries(jar.filter(live).map((c) => [c.name, c.value]));

Date.now = () => world.now;

globalThis.screen = { width: 1920, height: 1080, colorDepth: 24 };
window.innerWidth = 1280;
window.innerHeight = 720;
globalThis.Intl = { DateTimeFormat: () => ({ resolvedOptions: () => ({ timeZone: "Europe/Berlin" }) }) };

globalThis.console = {};
for (const level of ["log", "warn", "error"]) {
  console[level] = (...parts) => world.console.push({ level, text: parts.map(String).join(" ") });
}

let seed = 7;
globalThis.crypto = {
  getRandomValues(bytes) {
    for (let i = 0; i < bytes.length; i++) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      bytes[i] = seed >> 16;
    }
    return bytes;
  },
};

// The tracker uses nothing of what follows; trackers with a fault do.
class Storage {
  getItem(name) {
    return Object.prototype.hasOwnProperty.call(this, name) ? this[name] : null;
  }
  setItem(name, value) {
    this[name] = String(value);
  }
  removeItem(name) {
    delete this[name];
  }
}
globalThis.localStorage = new Storage();
globalThis.sessionStorage = new Storage();
globalThis.btoa = (text) => "base64:" + text;
globalThis.atob = (text) => text.slice("base64:".length);
// whatever takes any call, and returns itself.
const whatever = new Proxy(function () {}, { get: (_, name) => (name === Symbol.toPrimitive ? () => "whatever" : whatever), apply: () => whatever, construct: () => whatever, set: () => true });
crypto.subtle = whatever;
document.createElement = () => whatever;
document.documentElement = whatever;
for (const name of ["indexedDB", "caches", "Worker", "WebSocket", "FormData", "Blob", "URL", "CompressionStream", "Response", "TextEncoder"]) {
  globalThis[name] = whatever;
}

// pictures holds the images that wait for an answer; a test may answer late.
globalThis.pictures = [];

globalThis.Image = class {
  set src(url) {
    world.requests.push({ by: "image", url, body: "" });
    pictures.push(this);
    if (world.answer) settle(true);
  }
};

globalThis.settle = (loaded) => {
  for (const picture of pictures.splice(0)) {
    const answered = loaded ? picture.onload : picture.onerror;
    if (answered) answered();
  }
};

globalThis.navigator = {
  language: "en-GB",
  platform: "Linux x86_64",
  cookieEnabled: true,
  onLine: true,
  sendBeacon(url, body) {
    if (world.beacons) world.requests.push({ by: "beacon", url, body });
    return world.beacons;
  },
};

globalThis.fetch = (url, options = {}) => {
  world.requests.push({ by: "form", url, body: options.body, options });
  return world.status ? Promise.resolve({ ok: world.status === 200, text: () => Promise.resolve("") }) : Promise.reject(new Error("no network"));
};

// visit opens a page: the page's own script first, then the tracker's.
globalThis.visit = (url, page, tracker) => {
  const [, host, path] = /^https:\/\/([^/]+)(.*)$/.exec(url);
  globalThis.location = { href: url, host, hostname: host.replace(/:\d+$/, ""), pathname: path.split(/[?#]/)[0] };
  delete window.wtSmart;
  delete window.web_event;
  delete window._cdpEventFunction;
  listeners.length = 0;
  timers = [];
  pictures.length = 0;
  (0, eval)(page);
  (0, eval)(tracker);
};
