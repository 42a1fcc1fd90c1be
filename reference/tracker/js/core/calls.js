// The loader is asynchronous: before the tracker is there, a page calls a stub
// window[name] that keeps the arguments of each call in its queue. What stands
// there is a method's name with its arguments, or a function to be called.

import { suggestion } from "./options.js";

// takeOver turns the stub into the tracker: the methods of api stand on it in
// place of its own, and what is put into its queue from now on runs at once, so
// that a page may keep the stub. It returns what waits, in order, and run, which
// makes one of those calls. A tracker that is already there keeps the place, so
// that a page that loads twice counts once: then it returns null. A stub whose name
// has dots, such as "ppms.cm.api", stands on the object that is its home.
export function takeOver(name, api, home = window) {
  const key = name.split(".").pop();
  const stub = typeof home[key] === "function" ? home[key] : function () { stub.queue.push(arguments); };
  if (stub.queue && !Array.isArray(stub.queue)) {
    console.warn(`[${name}] the tracker is loaded twice; the first one stays`);
    return null;
  }
  const waiting = stub.queue || [];
  const run = (call) => make(name, api, Array.from(call));
  home[key] = Object.assign(stub, api, { queue: { push: run } });
  return { waiting, run };
}

// takeOverList does the same where the queue window[name] is a list itself, and a
// call in it is a list too: ["method", argument, …].
export function takeOverList(name, api) {
  const waiting = window[name] || [];
  if (!Array.isArray(waiting)) {
    console.warn(`[${name}] the tracker is loaded twice; the first one stays`);
    return null;
  }
  const run = (call) => make(name, api, typeof call === "function" ? [call] : Array.from(call));
  window[name] = { push: (...calls) => calls.forEach(run) };
  return { waiting, run };
}

// make makes one call. What it throws is told on the console and stops nothing
// else.
function make(name, api, [called, ...given]) {
  try {
    if (typeof called === "function") {
      called();
    } else if (Object.prototype.hasOwnProperty.call(api, called)) {
      api[called](...given);
    } else {
      console.error(`[${name}] there is no ${name}.${String(called)}${suggestion(String(called), Object.keys(api))}`);
    }
  } catch (problem) {
    console.error(`[${name}] a call from the queue failed:`, problem);
  }
}
