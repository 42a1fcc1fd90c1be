package fault

import "github.com/pixelwitness/pixelwitness/reference/tracker"

// antsomiLogouts returns faults in what a logout ends, and in what waits to be
// sent at that moment.
func antsomiLogouts() []Fault {
	const reset = "antsomi.reset-on-logout"
	const view = `track("pageview", "view");`
	return []Fault{
		antsomiTracker("reset-keeps-the-uid", "resetAnonymousUId() changes the device key alone", reset,
			antsomiVisitor, anotherVisitor, `this.store({ uid: known(userCookie) || hex(32), did: hex(32) }, "anonymous");`),
		antsomiTracker("reset-keeps-the-device-key", "resetAnonymousUId() changes the UID alone", reset,
			antsomiVisitor, anotherVisitor, `this.store({ uid: hex(32), did: known(deviceCookie) || hex(32) }, "anonymous");`),
		antsomiTracker("brings-the-device-key-back", "The device key from before the logout comes back from localStorage", reset,
			antsomiVisitor, knownKeys, `const ids = { uid: uid || hex(32), did: localStorage.asm_d || known(deviceCookie) || hex(32) };
    localStorage.asm_d = ids.did;`),
		antsomiTrackerWith("resets-one-page-late", "A logout takes effect after the next page view", reset,
			tracker.Patch{File: antsomiFacade, Find: resetting, Replace: `localStorage.asm_o = "1";`},
			tracker.Patch{File: antsomiFacade, Find: view, Replace: view + `
  if (localStorage.asm_o) {
    localStorage.removeItem("asm_o");
    visitor.reset();
  }`}),
		antsomiTracker("views-the-page-before-a-waiting-logout", "A page view overtakes a logout that was clicked before the tracker had loaded", reset,
			antsomiFacade, `const loggedOut = waiting.map((call) => call[0]).lastIndexOf("resetAnonymousUId");`, "const loggedOut = -1;"),
		retold("sends-the-customers-data-after-the-logout", "Each later event carries the data of the last customer", reset,
			`if (told.dims && told.dims.customers) {
    localStorage.asm_c = JSON.stringify(told.dims.customers);
  } else if (localStorage.asm_c) {
    told.dims = Object.assign({ customers: JSON.parse(localStorage.asm_c) }, told.dims);
  }`),
		retold("identifies-by-itself-after-the-logout", "Each later event identifies its visitor as the last customer", reset,
			`if (told.extra && told.extra.identify_id) {
    localStorage.asm_e = JSON.stringify(told.extra);
  } else if (localStorage.asm_e) {
    told.extra = Object.assign(JSON.parse(localStorage.asm_e), told.extra, { identify_time: Date.now() });
  }`),
		antsomiTracker("sends-what-waits-as-the-next-visitor", "What waits at a logout is sent under the UID that comes after it", reset,
			antsomiFacade, flushing+"\n  "+resetting, `visitor.reset();
  outbox.waiting.forEach(({ hit }) => {
    hit.query = JSON.stringify(Object.assign(JSON.parse(hit.query), visitor.identify()));
  });
  outbox.leave();`),
	}
}

// antsomiDeliveries returns faults that lose events on their way.
func antsomiDeliveries() []Fault {
	const known = "antsomi.cid-when-known"
	return []Fault{
		antsomiTracker("drops-the-last-of-the-calls", "The last call of the page before the tracker has loaded is not made", known,
			antsomiFacade, "waiting.slice(loggedOut + 1).forEach(run);", "waiting.slice(loggedOut + 1, Math.max(loggedOut + 2, waiting.length - 1)).forEach(run);"),
		antsomiTracker("batch-loses-its-last-event", "Of several events that are sent together, the last one is left out", known,
			antsomiCarrier, `events.join(",")`, `events.slice(0, -1).join(",")`),
		antsomiTracker("one-message-id-for-a-page", "All events of a page have one message ID", "antsomi.cid-at-signin",
			antsomiEvent, "    mid: hex(32),\n", "    mid: (visitor.mid = visitor.mid || hex(32)),\n"),
	}
}
