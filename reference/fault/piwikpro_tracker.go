package fault

import "github.com/pixelwitness/pixelwitness/reference/tracker"

// The sources of the tracker for Piwik PRO that are patched.
const (
	piwikproFacade  = "piwikpro.js"
	piwikproSite    = "piwikpro/site.js"
	piwikproVisitor = "piwikpro/visitor.js"
	piwikproConsent = "piwikpro/consent.js"
	piwikproHit     = "piwikpro/hit.js"
	piwikproCarrier = "piwikpro/carrier.js"
)

// Places in the sources that several faults change.
const (
	// countingOne is where an anonymous session is looked up, and made if need be;
	// markingIt is where its temporary cookie is set.
	countingOne = `const session = running || hex(16);`
	markingIt   = `write(this.sessionCookie, session, sessionSeconds);`
	// whetherToMark decides when.
	whetherToMark = `if (running === "" || this.options.anonymousSession === "after-the-last-event") {`
	// anonymousOnly says of an anonymous hit which session it is of.
	anonymousOnly = `[["uia", "1"], ["ses", session]]`
	// identity is what an identified hit says of the visitor.
	identity = `const who = [["_id", id], ["uid", userId]];`
	// agreeing tells whether the visitor has agreed, and countedOrNot what is done
	// where he has not.
	agreeing     = `return choice(this.id) === agreed;`
	countedOrNot = `return this.setting ? anonymous : nothing;`
	// choosing is where a choice is about to be kept: site, status.
	choosing = `if (status === undecided) {`
	// reportingAnonymously is where an anonymous hit is sent.
	reportingAnonymously = `send(anonymise(site, call));`
	// notReporting is where what may not be reported is kept in memory.
	notReporting = `site.hold(call);`
	// learning is where a site's setting has been read.
	learning = `this.setting = setting;`
)

// piwikproTracker returns a fault of the tracker for Piwik PRO with one patch.
func piwikproTracker(name, title, clause, file, find, replace string) Fault {
	return piwikproTrackerWith(name, title, clause, tracker.Patch{File: file, Find: find, Replace: replace})
}

// piwikproTrackerWith returns a fault of the tracker for Piwik PRO with several patches.
func piwikproTrackerWith(name, title, clause string, patches ...tracker.Patch) Fault {
	return Fault{Name: name, Title: title, Part: Tracker, Vendor: "piwikpro", Clauses: []string{clause}, Patches: patches}
}

// piwikproTrackers returns all faults of the tracker and Consent Manager for Piwik PRO.
func piwikproTrackers() []Fault {
	var all []Fault
	for _, family := range []func() []Fault{
		piwikproTemporaryCookies, piwikproJoinedSessions, piwikproAnonymousHits, piwikproSilences, piwikproSwitchedOff,
		piwikproSiteSettings, piwikproChoices, piwikproWithdrawals, piwikproIdentified, piwikproCounts,
	} {
		all = append(all, family()...)
	}
	return all
}

// piwikproTemporaryCookies returns faults in when the temporary cookie is set and goes.
func piwikproTemporaryCookies() []Fault {
	const sets = "piwikpro.temporary-cookie"
	const gone = "piwikpro.temporary-cookie-gone"
	lasts := func(name, title, seconds string) Fault {
		return piwikproTracker(name, title, gone, piwikproVisitor, markingIt, "write(this.sessionCookie, session, "+seconds+");")
	}
	return []Fault{
		piwikproTracker("sets-no-temporary-cookie", "An anonymous session sets no temporary cookie", sets,
			piwikproVisitor, markingIt, ""),
		piwikproTracker("sets-the-temporary-cookie-late", "The temporary cookie is set with the second hit of a page, not the first", sets,
			piwikproVisitor, markingIt, "if (this.late) {\n        "+markingIt+"\n      }\n      this.late = true;"),
		piwikproTrackerWith("renews-no-temporary-cookie", "A temporary cookie that has gone is not set again while the page stays open", sets,
			tracker.Patch{File: piwikproVisitor, Find: countingOne, Replace: `const session = running || this.begun || hex(16);
    const over = running === "" && this.begun !== undefined;
    this.begun = session;`},
			tracker.Patch{File: piwikproVisitor, Find: whetherToMark, Replace: `if ((running === "" && !over) || this.options.anonymousSession === "after-the-last-event") {`}),
		lasts("temporary-cookie-lasts-an-hour", "The temporary cookie lasts an hour", "60 * 60"),
		lasts("temporary-cookie-lasts-29-minutes", "The temporary cookie lasts 29 minutes", "29 * 60"),
		lasts("temporary-cookie-lasts-31-minutes", "The temporary cookie lasts 31 minutes", "31 * 60"),
		lasts("temporary-cookie-lasts-until-the-browser-closes", "The temporary cookie lasts until the browser closes", "null"),
		piwikproTracker("refreshes-the-temporary-cookie", "Each anonymous hit sets the temporary cookie for another 30 minutes", gone,
			piwikproVisitor, whetherToMark, "if (session !== \"\") {"),
	}
}

// piwikproJoinedSessions returns faults by which two anonymous sessions of one person
// can be told from those of others, or those of two people cannot be told apart.
func piwikproJoinedSessions() []Fault {
	const joined = "all.no-hiding-place"
	counting := func(name, title, replace string) Fault {
		return piwikproTracker(name, title, joined, piwikproVisitor, countingOne, replace)
	}
	return []Fault{
		counting("keeps-the-temporary-cookie-in-local-storage", "The temporary cookie has the same value in each session, out of localStorage",
			`const session = running || localStorage.ppms_s || hex(16);
    localStorage.ppms_s = session;`),
		piwikproTracker("temporary-cookie-by-fingerprint", "The temporary cookie is a hash of what the browser tells of itself", "piwikpro.sessions-accurate",
			piwikproVisitor, countingOne, `const session = running || sha256([navigator.userAgent, navigator.language, screen.width, screen.height].join()).slice(0, 16);`),
		counting("numbers-anonymous-visitors-by-cookie", "A second cookie numbers anonymous visitors for two years",
			countingOne+`
    if (read("_pk_hist") === null) {
      write("_pk_hist", hex(16), 2 * 365 * 24 * 60 * 60);
    }`),
		piwikproTrackerWith("numbers-anonymous-visitors-in-their-hits", "Anonymous hits carry a number of the visitor that lives in localStorage", joined,
			tracker.Patch{File: piwikproHit, Find: anonymousOnly,
				Replace: `[["uia", "1"], ["ses", session], ["cvar", localStorage.ppms_n = localStorage.ppms_n || hex(16)]]`},
			tracker.Patch{File: piwikproHit, Find: `import { digits }`, Replace: `import { digits, hex }`}),
		piwikproTrackerWith("writes-a-number-into-the-choice", "The cookie of the choice holds a number that only this visitor has", joined,
			tracker.Patch{File: piwikproConsent, Find: `kept === text(status)`, Replace: `(kept || "").startsWith(text(status).slice(0, -1))`},
			tracker.Patch{File: piwikproConsent, Find: `write(cookie(site), text(status), choiceSeconds);`,
				Replace: "write(cookie(site), `${text(status).slice(0, -1)},\"id\":\"${hex(16)}\"}`, choiceSeconds);"},
			tracker.Patch{File: piwikproConsent, Find: `import { read, remove, write } from "../core/cookies.js";`,
				Replace: "import { read, remove, write } from \"../core/cookies.js\";\nimport { hex } from \"../core/identifiers.js\";"}),
	}
}

// piwikproCounts returns faults by which a report is wrong.
func piwikproCounts() []Fault {
	const sessions = "piwikpro.sessions-accurate"
	const views = "piwikpro.pageviews-accurate"
	const viewing = `track(true, [["action_name", title || document.title]]);`
	const joining = `who.concat([["ses", was]])`
	return []Fault{
		piwikproTracker("begins-an-anonymous-session-on-each-page", "Each page begins another anonymous session", sessions,
			piwikproVisitor, `const running = this.temporary();`, "const running = this.begun ? this.temporary() : \"\";\n    this.begun = true;"),
		piwikproTracker("begins-an-anonymous-session-with-each-hit", "Each anonymous hit begins another session", sessions,
			piwikproVisitor, `const running = this.temporary();`, `const running = "";`),
		piwikproTracker("agrees-without-a-ping", "Agreeing begins another session: nothing says that it is the anonymous one", sessions,
			piwikproHit, `if (was !== "") {`, `if (was === null) {`),
		piwikproTracker("pings-without-the-session", "Agreeing does not say which anonymous session becomes the visitor's", sessions,
			piwikproHit, joining, "who"),
		piwikproTracker("views-each-page-twice", "Each page view is reported twice", views,
			piwikproFacade, viewing, viewing+"\n      "+viewing),
		piwikproTracker("views-one-page-of-an-anonymous-session", "Of an anonymous session only the first page view is reported", views,
			piwikproFacade, reportingAnonymously, "if (!call.view || site.visitor.temporary() === \"\") {\n      "+reportingAnonymously+"\n    }"),
		piwikproTracker("views-a-page-at-each-event", "An event is reported as the view of a page", views,
			piwikproFacade, `track(false, [["e_c", category], ["e_a", action], ["e_n", name], ["e_v", value]]);`, `track(true, [["action_name", action]]);`),
		piwikproTracker("loses-what-waits-as-a-page-is-left", "What waits as a page is left is lost", views,
			piwikproCarrier, "    if (!beacon(address, body(hits))) {\n      post(address, request(hits), () => {});\n    }\n", ""),
		piwikproTrackerWith("tells-when-the-page-was-loaded", "The time of a hit is that of loading its page", "piwikpro.session-time-accurate",
			tracker.Patch{File: piwikproHit, Find: `["ts", made],`, Replace: `["ts", loaded],`},
			tracker.Patch{File: piwikproHit, Find: `const letters =`, Replace: "const loaded = Date.now();\n\nconst letters ="}),
	}
}
