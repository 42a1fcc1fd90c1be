package fault

import "github.com/pixelwitness/pixelwitness/reference/tracker"

// piwikproSilences returns faults in what becomes of visitors who ignore the window
// or disagree at a site with anonymous data tracking on.
func piwikproSilences() []Fault {
	const undecided = "piwikpro.undecided-anonymous"
	return []Fault{
		piwikproTracker("takes-silence-for-consent", "Whoever has not decided is identified", undecided,
			piwikproSite, agreeing, "return choice(this.id) === agreed || choice(this.id) === undecided;"),
		piwikproTracker("waits-for-a-decision", "Nothing is collected of a visitor who has not decided, though tracking is on", undecided,
			piwikproSite, countedOrNot, "return this.setting && choice(this.id) !== undecided ? anonymous : nothing;"),
		piwikproTracker("collects-nothing-of-refusers", "Nothing is collected of a visitor who has disagreed, though tracking is on", "piwikpro.disagree-anonymous",
			piwikproSite, countedOrNot, "return this.setting && choice(this.id) === undecided ? anonymous : nothing;"),
		piwikproTracker("takes-a-refusal-for-consent", "Whoever disagrees is identified", "piwikpro.disagree-anonymous",
			piwikproSite, agreeing, "return choice(this.id) !== undecided;"),
	}
}

// piwikproSwitchedOff returns faults at a site with anonymous data tracking off.
func piwikproSwitchedOff() []Fault {
	const off = "piwikpro.off-collects-nothing"
	return []Fault{
		piwikproTracker("tracks-the-undecided-though-off", "Whoever has not decided is tracked anonymously though tracking is off", off,
			piwikproSite, countedOrNot, "return this.setting || choice(this.id) === undecided ? anonymous : nothing;"),
		piwikproTracker("tracks-refusers-though-off", "Whoever disagrees is tracked anonymously though tracking is off", off,
			piwikproSite, countedOrNot, "return this.setting || choice(this.id) !== undecided ? anonymous : nothing;"),
		piwikproTrackerWith("tracks-before-it-knows-the-setting", "Hits are sent before it is known whether tracking is on", off,
			tracker.Patch{File: piwikproSite, Find: `return "";`, Replace: "return anonymous;"},
			tracker.Patch{File: piwikproFacade, Find: `(site.setting !== null || (leaving && site.mode() === identified))`, Replace: "(site.setting !== null || site.mode() !== leaving)"}),
		piwikproTracker("sets-a-cookie-though-off", "A temporary cookie is set though tracking is off", off,
			piwikproFacade, notReporting, "site.visitor.anonymous();\n    "+notReporting),
		piwikproTracker("keeps-the-temporary-cookie-though-off", "A temporary cookie stays when tracking has been switched off", "piwikpro.site-setting",
			piwikproVisitor, "remove(this.idCookie);\n    remove(this.sessionCookie);", "this.disown();"),
		piwikproTracker("notes-pages-though-off", "Each page that is viewed is noted in localStorage though tracking is off", off,
			piwikproFacade, notReporting, "localStorage.ppms_h = `${localStorage.ppms_h || \"\"} ${call.url}`;\n    "+notReporting),
		piwikproTracker("calls-the-collector-though-off", "The collector is called at each page view though tracking is off", off,
			piwikproFacade, notReporting, "new Image().src = `${config.url}?idsite=${site.id}`;\n    "+notReporting),
	}
}

// piwikproSiteSettings returns faults in whose setting applies, and from when on.
func piwikproSiteSettings() []Fault {
	const setting = "piwikpro.site-setting"
	return []Fault{
		piwikproTracker("applies-the-first-sites-setting", "The setting that a browser learnt first is applied to every site", setting,
			piwikproSite, learning, "localStorage.ppms_on = localStorage.ppms_on || String(setting);\n        this.setting = localStorage.ppms_on === \"true\";"),
		piwikproTracker("never-asks-for-the-setting-again", "What a site's setting was at the first visit holds for good", setting,
			piwikproSite, learning, "const kept = `ppms_on_${this.id}`;\n        localStorage[kept] = localStorage[kept] || String(setting);\n        this.setting = localStorage[kept] === \"true\";"),
		piwikproTracker("knows-no-setting", "Anonymous data tracking counts as on at every site", setting,
			piwikproSite, learning, "this.setting = setting !== null;"),
	}
}

// piwikproChoices returns faults in how a choice takes effect.
func piwikproChoices() []Fault {
	const change = "piwikpro.change-of-mind"
	const now = "choice(this.id) === agreed"
	return []Fault{
		piwikproTracker("hears-no-agreement", "Agreeing has no effect", "piwikpro.agree-identifies",
			piwikproConsent, choosing, "if (status === agreed) {\n    return true;\n  }\n  "+choosing),
		piwikproTracker("hears-no-later-refusal", "Disagreeing has no effect on a visitor who has agreed", change,
			piwikproConsent, choosing, "if (status === disagreed && choice(site) === agreed) {\n    return true;\n  }\n  "+choosing),
		piwikproTracker("hears-no-later-agreement", "Agreeing has no effect on a visitor who has disagreed", change,
			piwikproConsent, choosing, "if (status === agreed && choice(site) === disagreed) {\n    return true;\n  }\n  "+choosing),
		piwikproTracker("agrees-one-page-late", "Agreeing takes effect with the next page", change,
			piwikproSite, agreeing, "this.before = this.before === undefined ? "+now+" : this.before;\n    return this.before && "+now+";"),
		piwikproTracker("disagrees-one-page-late", "Disagreeing takes effect with the next page", change,
			piwikproSite, agreeing, "this.before = this.before || "+now+";\n    return this.before;"),
		piwikproTrackerWith("hears-no-other-tab", "What is chosen in another tab takes effect with the next page", change,
			tracker.Patch{File: piwikproConsent, Find: `const kept = read(cookie(site));`,
				Replace: "const kept = site in seen ? seen[site] : read(cookie(site));\n  seen[site] = kept;"},
			tracker.Patch{File: piwikproConsent, Find: `return choice(site) === status;`, Replace: "delete seen[site];\n  return choice(site) === status;"},
			tracker.Patch{File: piwikproConsent, Find: "const choiceSeconds =", Replace: "const seen = {};\n\nconst choiceSeconds ="}),
	}
}

// piwikproWithdrawals returns faults in what is left of a visitor who has agreed and
// then disagrees.
func piwikproWithdrawals() []Fault {
	const change = "piwikpro.change-of-mind"
	const disowning = "remove(this.idCookie);\n    if (this.temporary() === \"\") {"
	return []Fault{
		piwikproTracker("keeps-the-visitor-cookie-at-a-withdrawal", "The visitor cookie stays when the visitor withdraws", change,
			piwikproVisitor, disowning, "if (this.temporary() === \"\") {"),
		piwikproTracker("counts-on-under-the-visitor-id", "The visitor ID becomes the anonymous session of a visitor who withdraws", change,
			piwikproVisitor, disowning, "const id = this.id();\n    remove(this.idCookie);\n    if (id !== \"\") {\n      write(this.sessionCookie, id, sessionSeconds);\n    }\n    if (this.temporary() === \"\") {"),
		piwikproTracker("goes-on-with-the-page-view-id", "A withdrawal in mid-page leaves the page view ID as it was", change,
			piwikproHit, "if (call.view || site.view.of !== person) {", "if (call.view || site.view.id === \"\") {"),
		piwikproTracker("delivers-what-waited-after-a-withdrawal", "Identified hits that waited are delivered after the withdrawal", "all.no-late-delivery",
			piwikproFacade, "(hit) => hit.site.stands(hit)", "() => true"),
		piwikproTracker("brings-the-visitor-id-back", "Whoever agrees again gets back the visitor ID that he had, out of localStorage", "all.no-respawn",
			piwikproVisitor, "const id = this.id() || hex(16);", "const id = this.id() || localStorage.ppms_i || hex(16);\n    localStorage.ppms_i = id;"),
	}
}
