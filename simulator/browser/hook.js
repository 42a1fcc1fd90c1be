// The harness's foot in every document and worker. It runs before any script of
// the page, records each write of a cookie as it was asked for, keeps the page's
// clock so that deferred work can be made to happen now, and asks for fences.
// NAME, BINDING and OFFSET are filled in by the driver.
(() => {
  'use strict';
  const scope = globalThis;
  if (Object.prototype.hasOwnProperty.call(scope, NAME)) {
    delete scope[BINDING]; // put in again: a frame or worker came out of the back/forward cache
    return;
  }

  // What the harness uses is taken before a page can replace it.
  const native = {
    setTimeout: scope.setTimeout.bind(scope),
    clearTimeout: scope.clearTimeout.bind(scope),
    setInterval: scope.setInterval.bind(scope),
    clearInterval: scope.clearInterval.bind(scope),
    fetch: scope.fetch ? scope.fetch.bind(scope) : undefined,
    beacon: scope.navigator && scope.navigator.sendBeacon ? scope.navigator.sendBeacon.bind(scope.navigator) : undefined,
    report: typeof scope[BINDING] === 'function' ? scope[BINDING] : () => {},
    eval: scope.eval, // called through native it is the indirect one: in the global scope
    stringify: JSON.stringify,
    Date: scope.Date,
    now: scope.Date.now,
    MessageChannel: scope.MessageChannel,
    Promise: scope.Promise,
    names: Object.getOwnPropertyNames,
    location: scope.location,
    URL: scope.URL,
    history: scope.history,
    WeakMap: scope.WeakMap,
    Map: scope.Map,
    Set: scope.Set,
    ArrayBuffer: scope.ArrayBuffer,
    Uint8Array: scope.Uint8Array,
  };
  delete scope[BINDING];

  // ---- the page's clock: the real one, moved forward by offset ----
  let offset = OFFSET;
  const now = () => native.now() + offset;
  const PageDate = new Proxy(native.Date, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget === PageDate ? target : newTarget),
    apply: () => new native.Date(now()).toString(),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  });
  native.Date.prototype.constructor = PageDate;
  scope.Date = PageDate;
  const started = offset;
  if (scope.performance) {
    const since = scope.performance.now.bind(scope.performance);
    scope.performance.now = () => since() + (offset - started);
  }
  if (started && scope.Performance) {
    // The moments that count from 1970. What counts from the page's beginning is right.
    const shift = (prototype, key) => {
      const { get, enumerable } = Object.getOwnPropertyDescriptor(prototype, key) || {};
      if (!get) return;
      Object.defineProperty(prototype, key, { configurable: true, enumerable, get() { const at = get.call(this); return at ? at + started : at; } });
    };
    shift(scope.Performance.prototype, 'timeOrigin');
    if (scope.PerformanceTiming) native.names(scope.PerformanceTiming.prototype).forEach((key) => shift(scope.PerformanceTiming.prototype, key));
  }
  if (scope.Temporal) {
    const clock = scope.Temporal.Now;
    const { Instant } = scope.Temporal;
    const zone = clock.timeZoneId;
    const instant = () => Instant.fromEpochMilliseconds(now());
    const zoned = (id) => instant().toZonedDateTimeISO(id === undefined ? zone() : id);
    Object.assign(clock, {
      instant,
      zonedDateTimeISO: zoned,
      plainDateTimeISO: (id) => zoned(id).toPlainDateTime(),
      plainDateISO: (id) => zoned(id).toPlainDate(),
      plainTimeISO: (id) => zoned(id).toPlainTime(),
    });
  }
  // A page that comes out of the back/forward cache is told the visitor's clock in the
  // name of a binding, before its own handlers run. No page is to see such a name.
  const told = () => {
    for (const key of native.names(scope)) {
      if (!key.startsWith(BINDING)) continue;
      offset = Math.max(offset, Number(key.slice(BINDING.length + 1)) || 0);
      delete scope[key];
    }
  };
  if (scope.document) {
    told();
    scope.addEventListener('resume', told, true);
    scope.addEventListener('pageshow', told, true);
  }

  // ---- timers: they run by themselves, and can be run ahead of time ----
  const timers = new Map(); // id -> {due, period, run, left}
  const track = (set, clear, repeats) => [
    (handler, delay, ...args) => {
      // A text is a script, and waits like any other work.
      const run = typeof handler === 'function' ? () => handler.apply(scope, args) : () => native.eval(String(handler));
      const wait = Math.max(0, Number(delay) || 0);
      const timer = { due: now() + Math.max(1, wait), period: repeats ? Math.max(1, wait) : 0, runs: 0 };
      const id = set(() => {
        if (repeats) timer.due = now() + timer.period;
        else timers.delete(id);
        run();
      }, delay);
      timer.run = run;
      timer.stop = () => clear(id);
      timers.set(id, timer);
      return id;
    },
    (id) => { timers.delete(Number(id)); clear(id); },
  ];
  const [setTimeout, clearTimeout] = track(native.setTimeout, native.clearTimeout, false);
  const [setInterval, clearInterval] = track(native.setInterval, native.clearInterval, true);
  Object.assign(scope, { setTimeout, clearTimeout, setInterval, clearInterval });

  if (scope.requestIdleCallback) {
    // An idle period is a matter of the machine's load: here it comes at once.
    scope.requestIdleCallback = (handler) =>
      setTimeout(() => handler({ didTimeout: false, timeRemaining: () => 50 }), 0);
    scope.cancelIdleCallback = clearTimeout;
  }
  if (scope.Scheduler && scope.Scheduler.prototype.postTask) {
    const postTask = scope.Scheduler.prototype.postTask;
    scope.Scheduler.prototype.postTask = function (task, options) {
      const delay = options && Number(options.delay);
      if (!delay) return postTask.call(this, task, options);
      return new native.Promise((resolve, reject) => {
        const rest = Object.assign({}, options, { delay: 0 });
        setTimeout(() => postTask.call(this, task, rest).then(resolve, reject), delay);
      });
    };
  }

  const sockets = new Set();
  if (scope.WebSocket) {
    const Socket = new Proxy(scope.WebSocket, {
      construct: (target, args, newTarget) => {
        const socket = Reflect.construct(target, args, newTarget === Socket ? target : newTarget);
        sockets.add(socket);
        address(args[0]);
        return socket;
      },
    });
    scope.WebSocket.prototype.constructor = Socket;
    scope.WebSocket = Socket;
  }

  // A worker comes to be on its own time: the driver is told to expect it.
  for (const kind of ['Worker', 'SharedWorker']) {
    if (!scope[kind]) continue;
    const Native = scope[kind];
    const Told = new Proxy(Native, {
      construct: (target, args, newTarget) => {
        const worker = Reflect.construct(target, args, newTarget === Told ? target : newTarget);
        const options = args[1];
        const name = String((options && options.name) || (typeof options === 'string' ? options : ''));
        native.report(native.stringify({ worker: kind === 'Worker' ? '' : `${new URL(args[0], scope.location.href)} ${name}`, dedicated: kind === 'Worker' }));
        return worker;
      },
    });
    Native.prototype.constructor = Told;
    scope[kind] = Told;
  }

  // ---- requests that a page puts off until its end ----
  const later = [];
  if (scope.fetchLater) {
    const fetchLater = scope.fetchLater.bind(scope);
    scope.fetchLater = (input, init) => {
      const result = fetchLater(input, init);
      const signal = (init && init.signal) || input.signal;
      later.push({ url: String(new URL(input.url || input, scope.location.href)), result, signal });
      return result;
    };
  }
  const deferred = () => later.filter((l) => !l.result.activated && !(l.signal && l.signal.aborted)).map((l) => l.url);

  // turn lets everything that is ready run: microtasks, messages, finished loads.
  const turn = () => new native.Promise((resolve) => {
    if (!native.MessageChannel) return native.setTimeout(resolve, 0);
    const channel = new native.MessageChannel();
    channel.port1.onmessage = () => { channel.port1.close(); resolve(); };
    channel.port2.postMessage(0);
  });

  // ---- requests of this document, and answers that are under way ----
  // sent tells what the document has asked for, so that a hit of it can be told from
  // one that the page before has sent as it was left.
  const MOSTSENT = 10000;
  const sent = new Set();
  const address = (input) => {
    try {
      const url = new native.URL(String((input && input.url) || input), scope.document ? scope.document.baseURI : native.location.href);
      url.hash = '';
      if (sent.size < MOSTSENT) sent.add(url.href);
    } catch { /* no address: nothing leaves for it */ }
  };
  // Page time stands still until the answers are there, read and dealt with.
  // Otherwise a script that gives an answer a minute's time would find that it has
  // not come, though it was there within a millisecond.
  const underWay = new Set();
  const late = new Set(); // awaited for long enough in this step
  let waiting = [];
  const begun = () => {
    const answer = {};
    underWay.add(answer);
    return () => {
      late.delete(answer);
      if (!underWay.delete(answer)) return;
      for (const proceed of waiting) proceed();
      waiting = [];
    };
  };
  const during = (promise) => {
    const ended = begun();
    promise.then(ended, ended);
    return promise;
  };
  if (scope.fetch) {
    scope.fetch = new Proxy(scope.fetch, {
      apply: (target, self, args) => {
        address(args[0]);
        return during(Reflect.apply(target, self, args));
      },
    });
  }
  // An answer's head is not yet what the page waits for.
  for (const read of ['json', 'text', 'arrayBuffer', 'blob', 'bytes', 'formData']) {
    const prototype = scope.Response && scope.Response.prototype;
    if (!prototype || !prototype[read]) continue;
    prototype[read] = new Proxy(prototype[read], {
      apply: (target, self, args) => during(Reflect.apply(target, self, args)),
    });
  }
  if (scope.XMLHttpRequest) {
    const prototype = scope.XMLHttpRequest.prototype;
    const to = new native.WeakMap();
    prototype.open = new Proxy(prototype.open, {
      apply: (target, self, args) => {
        to.set(self, args[1]);
        return Reflect.apply(target, self, args);
      },
    });
    prototype.send = new Proxy(prototype.send, {
      apply: (target, self, args) => {
        address(to.get(self));
        const ended = begun();
        self.addEventListener('loadend', ended, { once: true });
        try {
          return Reflect.apply(target, self, args);
        } catch (error) {
          ended();
          throw error;
        }
      },
    });
  }
  if (scope.HTMLImageElement) {
    const prototype = scope.HTMLImageElement.prototype;
    const src = Object.getOwnPropertyDescriptor(prototype, 'src');
    Object.defineProperty(prototype, 'src', Object.assign({}, src, {
      set(value) {
        address(value);
        if (this.loading !== 'lazy') { // such an image may wait to be scrolled to
          const ended = begun();
          this.addEventListener('load', ended, { once: true });
          this.addEventListener('error', ended, { once: true });
        }
        src.set.call(this, value);
      },
    }));
  }
  if (scope.Navigator && scope.Navigator.prototype.sendBeacon) {
    const prototype = scope.Navigator.prototype;
    prototype.sendBeacon = new Proxy(prototype.sendBeacon, {
      apply: (target, self, args) => {
        address(args[0]);
        return Reflect.apply(target, self, args);
      },
    });
  }
  // PATIENCE is how long page time stands still for the next answer, in real ms. On
  // a machine with much to do an answer may take longer: so before one is given up,
  // drained, where there is such, awaits that the gateway has answered all that it
  // does not hold back, and LONGER is for its way to the page. MOSTANSWERS ends the
  // wait for a page that asks again upon each answer. An answer that was given up is
  // not awaited again in the same step.
  const PATIENCE = 1000;
  const LONGER = 3000;
  const MOSTANSWERS = 200;
  const nextAnswer = () => new native.Promise((resolve) => { waiting.push(resolve); });
  const within = async (patience) => {
    for (let answers = 0; underWay.size; answers++) {
      if (answers >= MOSTANSWERS) return false;
      let bound;
      const over = new native.Promise((resolve) => { bound = native.setTimeout(() => resolve(true), patience); });
      const stop = await native.Promise.race([nextAnswer(), over]);
      native.clearTimeout(bound);
      if (stop) return false;
      await turn(); // the page's own handlers come first, and may ask for more
    }
    return true;
  };
  const answered = async (drained) => {
    if (!underWay.size || await within(PATIENCE)) return true;
    if (drained) {
      await drained();
      if (await within(LONGER)) return true;
    }
    for (const answer of underWay) late.add(answer);
    underWay.clear();
    return false;
  };
  // anew awaits in a new step also what was given up in the one before.
  let step = 0;
  const anew = (until) => {
    if (until === step) return;
    step = until;
    for (const answer of late) underWay.add(answer);
    late.clear();
  };

  // forward runs what is due until then, in order, moving the page's clock to
  // each. A repeating timer runs at most LIMIT times a step; see rested.
  const LIMIT = 1000;
  // A chain of timers that arms itself anew for ever is followed for MOST timers.
  const MOST = 20000;
  let spent = 0;
  let horizon = 0;
  const rested = (until) => {
    if (until === horizon) return;
    horizon = until; // a new step
    spent = 0;
    for (const timer of timers.values()) timer.runs = 0;
  };
  const forward = async (until, patient, drained) => {
    let fired = 0;
    let patience = patient && await answered(drained);
    for (; spent < MOST; spent++) {
      let next, nextID;
      for (const [id, timer] of timers) {
        if (timer.due > until || timer.runs >= LIMIT) continue;
        if (!next || timer.due < next.due) { next = timer; nextID = id; }
      }
      if (!next) return fired;
      offset += Math.max(0, Math.ceil(next.due - now()));
      if (next.period) { next.runs++; next.due += next.period; } else { timers.delete(nextID); next.stop(); }
      fired++;
      try { next.run(); } catch (error) { native.setTimeout(() => { throw error; }, 0); }
      await turn();
      if (patience) patience = await answered(drained);
    }
    return fired;
  };

  // arrive moves the clock to be ahead by target, once what is due by then has run. Of
  // a repeating timer the ticks that were left out do not come.
  const arrive = (target) => {
    offset = Math.max(offset, target);
    for (const timer of timers.values()) {
      if (timer.period && timer.due < now()) timer.due = now() + timer.period;
    }
  };
  const next = () => {
    let due = 0;
    for (const timer of timers.values()) if (!due || timer.due < due) due = timer.due;
    return due;
  };

  // ---- writes of cookies, as they were asked for ----
  const wrote = (by, raw, extra) => {
    native.report(native.stringify({ by, raw: String(raw), extra, at: now(), frame: String(scope.location && scope.location.href) }));
  };
  if (scope.Document) {
    const jar = Object.getOwnPropertyDescriptor(scope.Document.prototype, 'cookie');
    Object.defineProperty(scope.Document.prototype, 'cookie', {
      configurable: true,
      enumerable: true,
      get() { return jar.get.call(this); },
      set(value) { wrote('document.cookie', value); jar.set.call(this, unshifted(String(value))); },
    });
  }
  if (scope.CookieStore) {
    const store = scope.CookieStore.prototype;
    const { set, delete: remove } = store;
    store.set = function (first, value) {
      const o = first && typeof first === 'object' ? first : { name: first, value };
      wrote('cookieStore', `${o.name}=${o.value}`, { expires: o.expires === undefined ? null : Number(o.expires), domain: o.domain, path: o.path, sameSite: o.sameSite });
      if (offset && o.expires) return set.call(this, Object.assign({}, o, { expires: Number(o.expires) - offset }));
      return set.apply(this, arguments);
    };
    for (const read of ['get', 'getAll']) {
      const original = store[read];
      if (!original) continue;
      // Where the browser tells an expiry, it is to be one on the page's clock.
      store[read] = async function () {
        const found = await original.apply(this, arguments);
        for (const item of [].concat(found || [])) if (offset && item.expires) item.expires += offset;
        return found;
      };
    }
    store.delete = function (first) {
      const o = first && typeof first === 'object' ? first : { name: first };
      wrote('cookieStore', `${o.name}=`, { expires: 0, domain: o.domain, path: o.path });
      return remove.apply(this, arguments);
    };
  }
  // unshifted brings an absolute expiry back by the clock's offset, so that the
  // browser, whose clock was not moved, keeps the cookie for the span asked for.
  const unshifted = (value) => {
    if (!offset) return value;
    return value.replace(/(;\s*expires\s*=\s*)([^;]*)/i, (whole, key, date) => {
      const at = native.Date.parse(date);
      return Number.isNaN(at) || at <= 0 ? whole : key + new native.Date(at - offset).toUTCString();
    });
  };

  // ---- what did not load: no console tells of a script that is not there ----
  if (scope.document) {
    scope.addEventListener('error', ({ target }) => {
      const url = target && target !== scope && (target.src || target.href);
      if (url) native.report(native.stringify({ failed: `${target.localName} ${url}`, frame: String(scope.location.href) }));
    }, true);
  }

  // ---- what the page keeps, besides cookies ----
  // Opening a store costs the browser more than a page load; so a store is read
  // only once a script has reached for it. The driver is told, because what one
  // page has written, the next one keeps.
  const touched = new Set();
  const touching = (kind, prototype, method) => {
    const original = prototype && prototype[method];
    if (!original) return;
    prototype[method] = function () {
      if (!touched.has(kind)) {
        touched.add(kind);
        native.report(native.stringify({ touched: kind }));
      }
      return original.apply(this, arguments);
    };
  };
  touching('indexedDB', scope.IDBFactory && scope.IDBFactory.prototype, 'open');
  touching('cache', scope.CacheStorage && scope.CacheStorage.prototype, 'open');
  touching('serviceWorker', scope.ServiceWorkerContainer && scope.ServiceWorkerContainer.prototype, 'register');
  touching('fileSystem', scope.StorageManager && scope.StorageManager.prototype, 'getDirectory');

  const into = (found) => {
    const origin = String(scope.origin);
    return (store, name, value) => found.push({ store, origin, name: String(name), value: String(value) });
  };
  const web = () => {
    const found = [];
    const add = into(found);
    for (const name of ['localStorage', 'sessionStorage']) {
      try {
        const store = scope[name];
        for (let i = 0; i < store.length; i++) add(name, store.key(i), store.getItem(store.key(i)));
      } catch { /* an opaque origin has no stores */ }
    }
    tab(add);
    return found;
  };
  // A tab's name goes with it from site to site, and what a page keeps with its entry
  // in the tab's history comes back with it. The name of a frame is its page's.
  const tab = (add) => {
    if (!scope.document || scope.top !== scope) return;
    if (scope.name) add('windowName', 'window.name', scope.name);
    const { state } = native.history;
    if (state === null || state === undefined || state === '') return;
    const text = written(state);
    if (text !== '{}' && text !== '[]') add('historyState', native.location.href, text);
  };
  // written is a value that was cloned, also where JSON would leave it empty.
  const written = (value) => {
    const plain = (_, part) => {
      if (typeof part === 'bigint') return String(part);
      if (part instanceof native.Map || part instanceof native.Set) return [...part];
      if (part instanceof native.ArrayBuffer) return [...new native.Uint8Array(part)];
      return part;
    };
    try {
      return native.stringify(value, plain) || String(value);
    } catch {
      return `unreadable: ${value}`;
    }
  };
  const stores = async (kinds) => {
    const found = web();
    const add = into(found);
    const attempt = async (read) => { try { await read(); } catch { /* as above */ } };
    const when = (kind, read) => (touched.has(kind) || kinds.includes(kind) ? attempt(read) : undefined);
    await when('indexedDB', async () => {
      for (const { name } of await scope.indexedDB.databases()) await database(name, add);
    });
    await when('cache', async () => {
      for (const name of await scope.caches.keys()) {
        const cache = await scope.caches.open(name);
        for (const request of await cache.keys()) {
          const response = await cache.match(request);
          add('cache', `${name}/${request.url}`, await response.clone().text());
        }
      }
    });
    await when('serviceWorker', async () => {
      for (const registration of await scope.navigator.serviceWorker.getRegistrations()) {
        const worker = registration.active || registration.waiting || registration.installing;
        add('serviceWorker', registration.scope, worker ? worker.scriptURL : '');
      }
    });
    await when('fileSystem', async () => {
      const walk = async (folder, path) => {
        for await (const [name, handle] of folder.entries()) {
          if (handle.kind === 'directory') await walk(handle, `${path}${name}/`);
          else add('fileSystem', path + name, await (await handle.getFile()).text());
        }
      };
      await walk(await scope.navigator.storage.getDirectory(), '');
    });
    return found;
  };
  const settled = (request) => new native.Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('blocked'));
  });
  const database = async (name, add) => {
    const db = await settled(scope.indexedDB.open(name));
    try {
      for (const store of db.objectStoreNames) {
        const table = db.transaction(store).objectStore(store);
        const [keys, values] = await native.Promise.all([settled(table.getAllKeys()), settled(table.getAll())]);
        keys.forEach((key, i) => add('indexedDB', `${name}/${store}/${native.stringify(key)}`, native.stringify(values[i]) || String(values[i])));
      }
    } finally {
      db.close();
    }
  };

  // ---- a click hits what it is meant for ----
  // What is to be clicked may move between being found and being pressed. A press that
  // would hit something else is kept from the page, for which nothing has happened;
  // and the driver tries again.
  let aimed = null;
  if (scope.document) {
    for (const kind of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']) {
      scope.addEventListener(kind, (event) => {
        if (!aimed || !event.isTrusted) return;
        const { element, hit } = aimed;
        const well = event.composedPath().includes(element) || (!element.contains(hit) && event.target === hit);
        if (!well || aimed.missed) {
          aimed.missed = true; // what has begun elsewhere does not end here
          event.stopImmediatePropagation();
          event.preventDefault();
        } else if (kind === 'click') {
          aimed = null; // what a label passes on is another click
        }
      }, true);
    }
  }

  // ---- the end of a step ----
  const loaded = () => new native.Promise((resolve) => {
    if (!scope.document || scope.document.readyState === 'complete') resolve();
    else scope.addEventListener('load', () => native.setTimeout(resolve, 0), { once: true });
  });
  // flushed waits until what was given to WebSockets has left the page.
  const flushed = async () => {
    for (let i = 0; i < 5000 && [...sockets].some((s) => s.readyState === 1 && s.bufferedAmount > 0); i++) await turn();
  };
  const fence = (path) => native.fetch(path, { cache: 'no-store', credentials: 'omit' });
  const page = () => String(native.location.href);

  const api = {
    // run makes deferred work happen; frames and workers other than the page's
    // own do only this.
    run: async (until, kinds) => {
      await loaded();
      anew(until);
      rested(until);
      const before = offset;
      const fired = await forward(until, true);
      const storage = await stores(kinds);
      await flushed();
      return { fired, forward: offset - before, offset, storage, deferred: deferred() };
    },
    // settle ends a step: the page has loaded, what it deferred has happened,
    // and its fence comes after all that it sent.
    settle: async (path, until, kinds) => {
      await loaded();
      anew(until);
      rested(until);
      const before = offset;
      let fired = 0;
      let fences = 0;
      const drained = path && (() => fence(`${path}-${fences++}`));
      for (let round = 0; round < 10; round++) {
        const more = await forward(until, true, drained);
        if (!more) break;
        fired += more;
        if (path) await drained(); // answers may set further timers
      }
      const storage = await stores(kinds);
      await flushed();
      if (path) await fence(path);
      return { page: page(), storage, fired, forward: offset - before, offset, deferred: deferred() };
    },
    // forward runs timers while the page may still be loading or awaiting answers.
    forward: async (until) => {
      rested(until);
      const before = offset;
      const fired = await forward(until);
      return { fired, forward: offset - before, offset };
    },
    // travel moves the clock to be ahead by target. A journey's travel lets repeating
    // timers run anew; to bring up a frame that is behind others does not.
    travel: async (target, anew) => {
      if (anew) rested(native.now() + target);
      const fired = await forward(native.now() + target, true);
      arrive(target);
      return { fired, offset, next: next() };
    },
    // set, look and wipe work in a frozen page: they await nothing.
    set: arrive,
    look: () => ({ page: page(), storage: web(), offset, deferred: deferred() }),
    wipe: (name) => { try { scope[name].clear(); } catch { /* an opaque origin has no stores */ } },
    seen: (state) => new native.Promise((resolve) => {
      const check = () => { if (scope.document.visibilityState === state) resolve(); };
      scope.document.addEventListener('visibilitychange', check);
      check();
    }),
    heard: (on, event) => new native.Promise((resolve) => {
      (on === 'window' ? scope : scope.document).addEventListener(event, () => resolve(), { once: true });
    }),
    sent: (url) => sent.has(url),
    // aim says what the next click is meant for, and what it is to be dispatched to;
    // missed takes that back, and tells whether the click went elsewhere.
    aim: (element, hit) => { aimed = { element, hit, missed: false }; },
    missed: () => {
      const missed = aimed !== null && aimed.missed;
      aimed = null;
      return missed;
    },
    // leave prepares the page's end: a page with a listener for unload ends for
    // good, as by a closed tab, and is not kept for the back button.
    leave: () => scope.addEventListener('unload', () => {}),
  };
  Object.defineProperty(scope, NAME, { value: Object.freeze(api) });
})();
