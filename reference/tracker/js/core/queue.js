// The loader is asynchronous: a page pushes functions on window[name] before
// the tracker is there. Taking over runs them in order; from then on push runs
// at once, and window[name] is the tracker itself.

// takeOver puts api in the place of the queue window[name]. A tracker that is
// already there keeps the place, so that a page that loads twice counts once.
// Once the queue has run, drained is called.
export function takeOver(name, api, drained) {
  const waiting = window[name] || [];
  if (!Array.isArray(waiting)) {
    console.warn(`[${name}] the tracker is loaded twice; the first one stays`);
    return;
  }
  let draining = true;
  api.push = (...functions) => {
    if (draining) {
      waiting.push(...functions);
    } else {
      functions.forEach((f) => run(name, api, f));
    }
  };
  window[name] = api;
  while (waiting.length > 0) {
    run(name, api, waiting.shift());
  }
  draining = false;
  drained();
}

// run calls one pushed function. What it throws is told on the console and
// stops nothing else.
function run(name, api, pushed) {
  try {
    pushed(api);
  } catch (problem) {
    console.error(`[${name}] a pushed function failed:`, problem);
  }
}
