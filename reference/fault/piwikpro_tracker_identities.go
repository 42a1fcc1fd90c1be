package fault

import "github.com/pixelwitness/pixelwitness/reference/tracker"

// piwikproAnonymousHits returns faults in what an anonymous hit says.
func piwikproAnonymousHits() []Fault {
	const quiet = "piwikpro.disagree-anonymous"
	// beside returns a fault that adds a parameter to anonymous hits.
	beside := func(name, title, value string) Fault {
		return piwikproTracker(name, title, quiet, piwikproFacade, reportingAnonymously,
			"const hit = anonymise(site, call);\n    hit.query += "+value+";\n    send(hit);")
	}
	hashed := beside("sends-a-hash-of-the-user-id", "Anonymous hits carry a SHA-256 of the user ID", "config.userId === \"\" ? \"\" : `&cid=${sha256(config.userId)}`")
	hashed.Patches = append(hashed.Patches, tracker.Patch{File: piwikproFacade, Find: `import { Outbox }`, Replace: "import { sha256 } from \"./core/sha256.js\";\nimport { Outbox }"})
	return []Fault{
		piwikproTracker("says-of-no-hit-that-it-is-anonymous", "No anonymous hit carries uia=1", quiet,
			piwikproHit, anonymousOnly, `[["ses", session]]`),
		piwikproTrackerWith("sends-the-visitor-id-anonymously", "Anonymous visitors have a visitor ID, which their hits carry", quiet,
			tracker.Patch{File: piwikproHit, Find: anonymousOnly, Replace: `[["uia", "1"], ["_id", site.visitor.id()], ["ses", session]]`},
			tracker.Patch{File: piwikproVisitor, Find: "this.disown();", Replace: "write(this.idCookie, this.id() || hex(16), visitorSeconds);"},
			tracker.Patch{File: piwikproSite, Find: "this.visitor.disown();", Replace: "this.visitor.id();"}),
		beside("sends-the-user-id-anonymously", "Anonymous hits carry the user ID", "config.userId === \"\" ? \"\" : `&uid=${encodeURIComponent(config.userId)}`"),
		hashed,
		beside("names-anonymous-visitors-by-a-user-id", "Anonymous hits carry a visitor ID out of localStorage as user ID",
			"`&uid=${localStorage.ppms_u = localStorage.ppms_u || Array.from(crypto.getRandomValues(new Uint8Array(8))).join(\"\")}`"),
	}
}

// piwikproIdentified returns faults in what is known of a visitor who has agreed.
func piwikproIdentified() []Fault {
	const identifies = "piwikpro.agree-identifies"
	const lasting = "const visitorSeconds = 393 * 24 * 60 * 60;"
	return []Fault{
		piwikproTracker("sends-no-visitor-id", "No hit of a visitor who has agreed carries a visitor ID", identifies,
			piwikproHit, identity, `const who = [["uid", userId]];`),
		piwikproTracker("sends-no-user-id", "No hit of a visitor who has agreed carries the user ID", identifies,
			piwikproHit, identity, `const who = [["_id", id]];`),
		piwikproTracker("says-of-every-hit-that-it-is-anonymous", "Hits of a visitor who has agreed carry uia=1 too", identifies,
			piwikproHit, identity, `const who = [["_id", id], ["uid", userId], ["uia", "1"]];`),
		piwikproTracker("visitor-id-lasts-a-month", "The visitor ID lasts one month", identifies,
			piwikproVisitor, lasting, "const visitorSeconds = 30 * 24 * 60 * 60;"),
		piwikproTracker("new-visitor-id-each-visit", "A visitor who has agreed has another visitor ID at each visit", identifies,
			piwikproVisitor, lasting, "const visitorSeconds = sessionSeconds;"),
		piwikproTracker("new-visitor-id-each-hit", "Each hit of a visitor who has agreed has another visitor ID", identifies,
			piwikproVisitor, "const id = this.id() || hex(16);\n    if (this.id() === \"\") {", "const id = hex(16);\n    if (id !== \"\") {"),
	}
}
