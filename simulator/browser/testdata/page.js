// A page's global scope without a browser: enough for the hook to stand on. Its
// clock is world.now, nothing fires by itself but what is ready at once.
var world = {
  now: Date.UTC(2026, 2, 1, 12), elapsed: 5, log: [], reports: [], fences: [], thrown: [],
  timers: new Map(), next: 1, jar: [], unloads: 0, answer: () => {}, pending: () => false, json: () => Promise.resolve(),
  stringify: JSON.stringify, parse: JSON.parse,
};
Date.now = () => world.now;

function arm(handler, delay, repeats) {
  const id = world.next++;
  if (!repeats && !delay) {
    Promise.resolve().then(() => { try { handler(); } catch (e) { world.thrown.push(String(e)); } });
  } else {
    world.timers.set(id, { handler, delay, repeats });
  }
  return id;
}
globalThis.setTimeout = (handler, delay) => arm(handler, delay, false);
globalThis.setInterval = (handler, delay) => arm(handler, delay, true);
globalThis.clearTimeout = globalThis.clearInterval = (id) => { world.timers.delete(id); };
// fire is the browser's own firing of a timer, by the order of its making.
function fire(id) {
  const timer = world.timers.get(id);
  world.now += timer.delay;
  if (!timer.repeats) world.timers.delete(id);
  timer.handler();
}

globalThis.performance = { now: () => world.elapsed };
globalThis.location = { href: 'https://www.shop.test/page' };
globalThis.origin = 'https://www.shop.test';
globalThis.addEventListener = (kind, listener) => {
  if (kind === 'unload') world.unloads++;
  if (kind === 'resume') world.resume = listener;
};
globalThis.MessageChannel = class {
  constructor() {
    this.port1 = { close() {} };
    this.port2 = { postMessage: () => Promise.resolve().then(() => this.port1.onmessage()) };
  }
};
globalThis.Response = class {
  json() { return world.json(); }
};
globalThis.fetch = (path) => {
  world.fences.push(path);
  world.answer(path);
  return world.pending(path) ? new Promise(() => {}) : Promise.resolve(new Response());
};
globalThis.Navigator = class {
  sendBeacon() { return true; }
};
globalThis.navigator = new Navigator();
globalThis.history = { state: null };
globalThis.top = globalThis;
// URL is as much of it as is needed here.
globalThis.URL = class {
  constructor(text, base) {
    const [path, hash = ''] = String(text).split('#');
    this.path = path;
    this.hash = hash;
    if (this.path.startsWith('/')) this.path = String(base).split('/').slice(0, 3).join('/') + this.path;
  }
  get href() { return this.path + (this.hash ? '#' + this.hash : ''); }
};
globalThis.Document = class {
  get cookie() { return world.jar.map((c) => c.split(';')[0]).join('; '); }
  set cookie(text) { world.jar.push(text); }
};
globalThis.document = new Document();
document.readyState = 'complete';
document.baseURI = location.href;
globalThis.CookieStore = class {
  set(...given) { world.jar.push(given); return Promise.resolve(); }
  delete(...given) { world.jar.push(['deleted', ...given]); return Promise.resolve(); }
};
globalThis.cookieStore = new CookieStore();
globalThis.requestIdleCallback = () => { throw new Error('the idle period of the browser itself'); };
globalThis.localStorage = { length: 1, key: () => 'k', getItem: (name) => 'v of ' + name };
globalThis.sessionStorage = { length: 0 };
