package fault

import "github.com/pixelwitness/pixelwitness/reference/tracker"

// The sources of the tracker for Antsomi that are patched.
const (
	antsomiFacade  = "antsomi.js"
	antsomiEvent   = "antsomi/event.js"
	antsomiVisitor = "antsomi/visitor.js"
	antsomiCarrier = "antsomi/carrier.js"
)

// Places in the sources that several faults change.
const (
	// reporting is where an event is about to be made of what the page told:
	// category, action, told.
	reporting = `send(build(visitor, category, action, told));`
	// resetting is where a logout makes another visitor of this one, and flushing
	// where what waits goes before it.
	resetting = `visitor.reset();`
	flushing  = `outbox.leave();`
	// knownKeys is where the visitor's keys are looked up, and made if need be.
	knownKeys = `const ids = { uid: uid || hex(32), did: known(deviceCookie) || hex(32) };`
	// anotherVisitor is where a reset stores new keys.
	anotherVisitor = `this.store({ uid: hex(32), did: hex(32) }, "anonymous");`
)

// antsomiTracker returns a fault of the tracker for Antsomi with one patch.
func antsomiTracker(name, title, clause, file, find, replace string) Fault {
	return antsomiTrackerWith(name, title, clause, tracker.Patch{File: file, Find: find, Replace: replace})
}

// antsomiTrackerWith returns a fault of the tracker for Antsomi with several patches.
func antsomiTrackerWith(name, title, clause string, patches ...tracker.Patch) Fault {
	return Fault{Name: name, Title: title, Part: Tracker, Vendor: "antsomi", Clauses: []string{clause}, Patches: patches}
}

// retold returns a fault that tells an event otherwise than the page did; the
// code may change told, which is a copy, and use category and action.
func retold(name, title, clause, code string) Fault {
	return antsomiTracker(name, title, clause, antsomiFacade, reporting,
		"told = JSON.parse(JSON.stringify(told));\n  "+code+"\n  "+reporting)
}

// antsomiTrackers returns all faults of the tracker for Antsomi.
func antsomiTrackers() []Fault {
	var all []Fault
	for _, family := range []func() []Fault{
		antsomiVisits, antsomiLogouts, antsomiIdentities, antsomiTimes, antsomiData, antsomiDeliveries,
	} {
		all = append(all, family()...)
	}
	return all
}

// antsomiVisits returns faults in the keys of a visit and of a device.
func antsomiVisits() []Fault {
	const revisit = "antsomi.revisit-new-uid"
	const three = "antsomi.three-visits-one-profile"
	const merges = "antsomi.merges-anonymous"
	const visit = "const visitSeconds = 30 * 60;"
	const device = "const deviceSeconds = 2 * 365 * 24 * 60 * 60;"
	const user = "const uid = known(userCookie);"
	patch := func(find, replace string) tracker.Patch {
		return tracker.Patch{File: antsomiVisitor, Find: find, Replace: replace}
	}
	return []Fault{
		antsomiTracker("keeps-the-uid-for-years", "The UID lasts two years", revisit,
			antsomiVisitor, visit, "const visitSeconds = 2 * 365 * 24 * 60 * 60;"),
		antsomiTrackerWith("brings-the-uid-back-from-local-storage", "A UID that has run out comes back from localStorage", revisit,
			patch(user, `const uid = known(userCookie) || localStorage.asm_u || "";`),
			patch("store({ uid, did }, type) {", "store({ uid, did }, type) {\n    localStorage.asm_u = uid;")),
		antsomiTracker("sends-no-uid-on-load", "The first page view of a visit carries no UID, and none is stored", "antsomi.uid-on-load",
			antsomiVisitor, "this.store(ids, type);\n    return ids;", `if (uid === "" && !this.viewed) {
      this.viewed = true;
      return { uid: "", did: ids.did };
    }
    this.store(ids, type);
    return ids;`),
		retold("makes-a-customer-of-everybody", "A page view identifies its visitor by a hash of the device key", "antsomi.anonymous-profile",
			`if (category === "pageview") {
    told.extra = { identify_id: md5(visitor.identify().did), identify_time: Date.now(), identify_event: "user_identify", identify_type: "exact" };
  }`),
		antsomiTracker("new-device-key-each-visit", "The device key lasts no longer than the UID", three,
			antsomiVisitor, device, "const deviceSeconds = visitSeconds;"),
		antsomiTracker("device-key-lasts-three-days", "The device key is lost after three days without a visit", three,
			antsomiVisitor, device, "const deviceSeconds = 3 * 24 * 60 * 60;"),
		antsomiTracker("sends-no-device-key", "No event carries the device key", merges,
			antsomiEvent, "    did,\n", ""),
		antsomiTracker("new-device-key-each-event", "Each event carries a device key of its own", merges,
			antsomiVisitor, knownKeys, "const ids = { uid: uid || hex(32), did: hex(32) };"),
		antsomiTracker("new-visitor-at-sign-in", "Whoever signs in gets another UID and another device key first", "antsomi.history-attached",
			antsomiFacade, reporting, "if (told.extra && told.extra.identify_id) {\n    visitor.reset();\n  }\n  "+reporting),
		antsomiTrackerWith("device-key-by-fingerprint", "The device key is a hash of what the browser tells of itself", "antsomi.strangers-not-merged",
			patch(knownKeys, `const ids = { uid: uid || hex(32), did: md5([navigator.userAgent, screen.width, screen.height].join()) };`),
			patch(anotherVisitor, `this.store({ uid: hex(32), did: md5([navigator.userAgent, screen.width, screen.height].join()) }, "anonymous");`),
			patch(`import { hex } from "../core/identifiers.js";`, "import { hex } from \"../core/identifiers.js\";\nimport { md5 } from \"../core/md5.js\";")),
	}
}
