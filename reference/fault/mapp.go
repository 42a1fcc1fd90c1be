package fault

import "github.com/pixelwitness/pixelwitness/reference/tracker"

// mapp returns the faults of the tracker for Mapp.
func mapp() []Fault {
	const hit, visitor, facade = "mapp/hit.js", "mapp/visitor.js", "mapp.js"
	one := func(name, title, clause, file, find, replace string) Fault {
		return Fault{
			Name: name, Title: title, Part: Tracker, Vendor: "mapp", Clause: clause,
			Patches: []tracker.Patch{{File: file, Find: find, Replace: replace}},
		}
	}
	return []Fault{
		one("never-sends-nc", "No request carries nc=1, an anonymous one neither",
			"mapp.nc-sent", hit,
			`sent.push(["nc", "1"]);`, ``),
		one("always-sends-nc", "Every request carries nc=1, an identifiable one too",
			"mapp.nc-only-when-anonymous", hit,
			"if (anonymous) {\n    sent.push", "if (true) {\n    sent.push"),
		// The old cookie is still there when the first anonymous request is made.
		one("keeps-eid-parameter", "The first anonymous request carries the ever-id that it removes from the jar",
			"mapp.eid-omitted", hit,
			`visitor.forget();`,
			`const kept = visitor.everId(); visitor.forget(); if (kept) fields.push(["eid", kept]);`),
		one("keeps-eid-cookie", "The ever-id stays in the jar after the opt-out",
			"mapp.opt-out-removes-eid", visitor,
			`remove(everIdCookie);`, ``),
		one("never-suppresses", "An anonymous request carries the parameters that are to be suppressed",
			"mapp.suppressed-omitted", hit,
			`anonymous ? options.suppressParameter : []`, `[]`),
		one("one-year-choice", "The opt-out is stored for one year",
			"mapp.opt-out-lasts-five-years", visitor,
			`60 * 24 * 365 * 5`, `60 * 24 * 365`),
		one("delete-does-nothing", "Deleting the switch cookie leaves it where it is",
			"mapp.opt-back-in", visitor,
			`remove(this.options.anonymousCookieName)`, `{}`),
		one("never-identifies", "No ever-id is made, stored or sent",
			"mapp.opt-in-off-by-default", visitor,
			`this.person().concat(this.session())`, `this.session()`),
		one("silent", "Nothing is ever sent",
			"", facade,
			`send(config.advanced.transport, {`, `void ({`),
	}
}
