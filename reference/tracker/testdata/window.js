// A window as far as the tracker needs one: a cookie jar, the ways to send, a
// console. world holds what a test reads back.
globalThis.window = globalThis;

globalThis.world = { requests: [], writes: [], console: [], errors: [], now: 1750000000000, beacons: true, answer: true };

const jar = [];

function within(host, domain) {
  return host === domain || host.endsWith("." + domain);
}

function live(cookie) {
  const scope = cookie.domain ? within(location.hostname, cookie.domain) : location.hostname === cookie.host;
  return scope && cookie.expires > world.now;
}

globalThis.document = {
  referrer: "",
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
    (loaded ? picture.onload : picture.onerror)();
  }
};

globalThis.navigator = {
  language: "en-GB",
  cookieEnabled: true,
  sendBeacon(url, body) {
    if (world.beacons) world.requests.push({ by: "beacon", url, body });
    return world.beacons;
  },
};

globalThis.fetch = (url, options) => {
  world.requests.push({ by: "form", url, body: options.body, options });
  return Promise.resolve({});
};

// visit opens a page: the page's own script first, then the tracker's.
globalThis.visit = (url, page, tracker) => {
  const [, host, path] = /^https:\/\/([^/]+)(.*)$/.exec(url);
  globalThis.location = { href: url, host, hostname: host.replace(/:\d+$/, ""), pathname: path.split(/[?#]/)[0] };
  delete window.wtSmart;
  (0, eval)(page);
  (0, eval)(tracker);
};
