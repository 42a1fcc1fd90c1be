package fault

import "github.com/pixelwitness/pixelwitness/reference/tracker"

// mappDeliveries returns faults that show in adversity: with a collector or a
// network that fails, in another tab, in a page that is hidden or restored.
func mappDeliveries() []Fault {
	const holds = "all.opt-out-holds"
	const late = "all.no-late-delivery"
	const sifting = "this.waiting = this.waiting.filter(({ hit }) => this.mayLeave(hit) && hit.made >= oldest);"
	const mode = "if (!this.options.enableAnonymousFunction) {\n      return false;\n    }"
	const made = "return { address, query: "
	patch := func(file, find, replace string) tracker.Patch {
		return tracker.Patch{File: file, Find: find, Replace: replace}
	}
	return []Fault{
		mappWith("remembers-the-mode-of-the-page", "A page does not see a choice that is made in another tab", holds,
			patch(visitor, decides, `if (this.remembered === undefined) { this.remembered = this.options.anonymousOptIn ? !chosen : chosen; }
    return this.remembered;`),
			patch(visitor, "decide(choice) {", "decide(choice) {\n    this.remembered = undefined;")),
		mapp("reports-a-hidden-tab-with-its-customer", "A tab that has been hidden for a second tells whose it is", holds,
			facade, "let early = [];", `let early = [];
document.addEventListener("visibilitychange", () => setTimeout(() => {
  if (document.visibilityState === "hidden" && config.customer.id) {
    new Image().src = "https://" + config.init.trackDomain + "/" + config.init.trackId + "/px?hidden=" + config.customer.id;
  }
}, 1000));`),
		mappWith("resumed-tab-identifies", "A tab that was frozen identifies its visitor when it is resumed", holds,
			patch(facade, "let early = [];", `let early = [];
const seen = [];
document.addEventListener("resume", () => seen.forEach((id) => {
  new Image().src = "https://" + config.init.trackDomain + "/" + config.init.trackId + "/px?v=" + id;
}));`),
			patch(facade, "function trackPage() {\n", "function trackPage() {\n  setTimeout(() => seen.push(visitor.everId()), 0);\n")),
		mappWith("makes-hits-while-the-queue-runs", "A hit is made before a choice that stands behind it in the queue", holds,
			patch(facade, "if (early === null) {\n    make();", "if (true) {\n    make();")),
		mappWith("forgets-clicks-before-load", "A choice that is made before the tracker has loaded is lost", holds,
			patch(facade, "setAnonymousCookie: (minutes) => choose(", "setAnonymousCookie: (minutes) => early === null && choose("),
			patch(facade, "deleteAnonymousCookie: () => choose(", "deleteAnonymousCookie: () => early === null && choose(")),
		mapp("loses-a-choice-made-offline", "A choice that is made offline is lost", holds,
			visitor, "decide(choice) {", "decide(choice) {\n    if (navigator.onLine === false) {\n      return;\n    }"),
		mappWith("identifies-with-the-second-attempt", "A hit that is sent again carries what was suppressed",
			"all.opt-out-holds",
			patch(hit, made, "return { whole: `p=${page(told.page, made)}&` + fields.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join(\"&\") + (anonymous ? \"&nc=1\" : \"\"), address, query: "),
			patch(outbox, "this.waiting.unshift(...again);", "again.forEach(({ hit }) => { hit.query = hit.whole; });\n    this.waiting.unshift(...again);")),
		mappWith("identifies-in-batches", "Hits that are sent together carry what was suppressed",
			"all.opt-out-holds",
			patch(hit, made, "return { whole: `p=${page(told.page, made)}&` + fields.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join(\"&\") + (anonymous ? \"&nc=1\" : \"\"), address, query: "),
			patch(outbox, "this.waiting.push({ hit, failures: 0 });", "if (requestBatch.activated) { hit.query = hit.whole; }\n    this.waiting.push({ hit, failures: 0 });")),

		mappWith("resends-what-failed", "Hits that failed are sent again whatever the visitor has chosen since", late,
			patch(outbox, "filter(({ hit }) => this.mayLeave(hit)", "filter(({ hit, failures }) => (failures > 0 || this.mayLeave(hit))")),
		mappWith("resends-when-online-again", "Hits that waited for a network are sent whatever the visitor has chosen since", late,
			patch(outbox, sifting, "const waited = this.waiting.slice();\n    "+sifting+`
    if (navigator.onLine === false) { this.offline = (this.offline || []).concat(waited); }`),
			patch(outbox, `window.addEventListener("online", () => this.next());`, `window.addEventListener("online", () => {
      (this.offline || []).forEach(({ hit }) => { new Image().src = `+"`${hit.address}?${hit.query}`"+`; });
      this.offline = [];
    });`)),
		mappWith("sends-all-as-the-page-is-left", "What waits is sent when the page is left, whatever the visitor has chosen since", late,
			patch(outbox, "leave() {\n    this.sift();", "leave() {\n    this.waiting.unshift(...(this.aside || []));"),
			patch(outbox, sifting, "this.aside = this.waiting.filter(({ hit }) => !this.mayLeave(hit)).concat(this.aside || []);\n    "+sifting)),
		mappWith("batch-ignores-the-choice", "Hits that are collected are sent whatever the visitor has chosen since", late,
			patch(outbox, "filter(({ hit }) => this.mayLeave(hit)", "filter(({ hit }) => (this.options.requestBatch.activated || this.mayLeave(hit))")),
		mappWith("keeps-undelivered-hits-for-the-next-page", "A hit that was not delivered waits in localStorage for the next page", late,
			patch(outbox, "putBack(parcel) {", "putBack(parcel) {\n    localStorage.wt_q = `${parcel[0].hit.address}?${parcel[0].hit.query}`;"),
			patch(outbox, "this.timer = null;\n    window", "this.timer = null;\n    if (localStorage.wt_q) { setTimeout((url) => { new Image().src = url; }, 1000, localStorage.wt_q); localStorage.removeItem(\"wt_q\"); }\n    window")),
	}
}
