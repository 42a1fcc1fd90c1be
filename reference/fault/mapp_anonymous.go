package fault

import "github.com/pixelwitness/pixelwitness/reference/tracker"

// mappAnonymous returns faults in what marks a hit as anonymous.
func mappAnonymous() []Fault {
	const sent = "mapp.nc-sent"
	const only = "mapp.nc-only-when-anonymous"
	return []Fault{
		mapp("never-sends-nc", "No request carries nc=1, an anonymous one neither", sent,
			hit, anonymousHit, ``),
		mapp("sends-nc-of-zero", "An anonymous request carries nc=0", sent,
			hit, anonymousHit, `sent.push(["nc", "0"]);`),
		mapp("sends-nc-on-the-first-page-only", "Only the first anonymous page of a tab is marked with nc=1", sent,
			hit, anonymousHit, `if (!sessionStorage.getItem("wt_n")) { `+anonymousHit+` }
    sessionStorage.setItem("wt_n", "1");`),
		mapp("forgets-nc-in-actions", "An anonymous action carries no nc=1, a page view does", sent,
			hit, anonymousHit, `if (!told.action.name) { `+anonymousHit+` }`),
		mapp("forgets-nc-in-batches", "Hits that are sent together lose nc=1", sent,
			outbox, `this.underWay = true;`, `this.underWay = true;
    if (this.options.requestBatch.activated) { parcel.forEach(({ hit }) => { hit.query = hit.query.replace("&nc=1", ""); }); }`),
		mapp("always-sends-nc", "Every request carries nc=1, an identifiable one too", only,
			hit, "if (anonymous) {\n    sent.push", "if (true) {\n    sent.push"),
		mapp("sends-nc-in-every-action", "An action carries nc=1, an identifiable one too", only,
			hit, "if (anonymous) {\n    sent.push", "if (anonymous || told.action.name) {\n    sent.push"),
		mappWith("silent", "Nothing is ever sent", "",
			tracker.Patch{File: facade, Find: `outbox.add(build(`, Replace: `void (build(`}),
	}
}

// mappSuppressed returns faults in what is left out of an anonymous hit.
func mappSuppressed() []Fault {
	const omitted = "mapp.suppressed-omitted"
	const empty = "mapp.suppress-default-empty"
	const list = `anonymous ? options.suppressParameter : []`
	const filter = `fields.filter(([name]) => !suppressed.includes(name))`
	return []Fault{
		mapp("never-suppresses", "An anonymous request carries the parameters that are to be suppressed", omitted,
			hit, list, `[]`),
		mapp("suppresses-in-page-views-only", "An anonymous action carries the parameters that are to be suppressed", omitted,
			hit, list, `anonymous && !told.action.name ? options.suppressParameter : []`),
		mapp("hashes-what-is-suppressed", "A suppressed parameter is sent as its SHA-256", omitted,
			hit, filter, `fields.map(([name, value]) => [name, suppressed.includes(name) ? sha256(String(value)) : value])`),
		mapp("renames-what-is-suppressed", "A suppressed parameter is sent under another name", omitted,
			hit, filter, `fields.map(([name, value]) => [suppressed.includes(name) ? "x" + name : name, value])`),
		mapp("always-suppresses", "An identifiable request lacks the listed parameters too",
			"mapp.suppressed-only-when-anonymous",
			hit, list, `options.suppressParameter`),
		mapp("suppresses-after-the-opt-back", "What was suppressed once in a tab stays so after the opt-back",
			"mapp.suppressed-only-when-anonymous",
			hit, `const suppressed = anonymous ?`, `if (anonymous) { sessionStorage.setItem("wt_s", "1"); }
  const suppressed = sessionStorage.getItem("wt_s") ?`),
		mapp("suppresses-by-default", "The list of suppressed parameters holds cd, uc5 and uc7 by default", empty,
			facade, `suppressParameter: [],`, `suppressParameter: ["cd", "uc5", "uc7"],`),
	}
}
