package fault

import "github.com/pixelwitness/pixelwitness/reference/tracker"

// mappChoices returns faults in how a choice is stored: name, value, duration.
func mappChoices() []Fault {
	const reading = `read(this.options.anonymousCookieName) !== null`
	const writing = `write(this.options.anonymousCookieName, "1", 60 * (usable ? minutes : choiceMinutes));`
	const removing = `remove(this.options.anonymousCookieName)`
	const custom = "mapp.cookie-name-custom"
	const duration = "mapp.opt-out-duration"
	patch := func(find, replace string) tracker.Patch {
		return tracker.Patch{File: visitor, Find: find, Replace: replace}
	}
	return []Fault{
		mapp("another-default-name", "The switch cookie is called miOptOut by default",
			"mapp.cookie-name-default",
			facade, `"miCookieOptOut"`, `"miOptOut"`),
		mapp("default-name-in-small-letters", "The switch cookie is called micookieoptout by default",
			"mapp.cookie-name-default",
			facade, `"miCookieOptOut"`, `"micookieoptout"`),
		mappWith("ignores-the-custom-name", "The switch cookie keeps its default name, whatever the page says", custom,
			patch(reading, `read("miCookieOptOut") !== null`),
			patch(writing, `write("miCookieOptOut", "1", 60 * (usable ? minutes : choiceMinutes));`),
			patch(removing, `remove("miCookieOptOut")`)),
		mapp("writes-the-default-name", "The default name is written, and the custom name read", custom,
			visitor, writing, `write("miCookieOptOut", "1", 60 * (usable ? minutes : choiceMinutes));`),
		mapp("honours-the-default-name-too", "A cookie of the default name counts beside the custom one", custom,
			visitor, reading, `(read(this.options.anonymousCookieName) || read("miCookieOptOut")) !== null`),
		mapp("stores-the-choice-as-true", "The switch cookie has the value true in place of 1",
			"mapp.opt-out-sets-cookie",
			visitor, writing, `write(this.options.anonymousCookieName, "true", 60 * (usable ? minutes : choiceMinutes));`),
		mapp("session-choice", "The opt-out ends with the browser session unless a duration is given",
			"mapp.opt-out-lasts-five-years",
			visitor, writing, `write(this.options.anonymousCookieName, "1", minutes === choiceMinutes ? null : 60 * minutes);`),
		mapp("one-year-choice", "The opt-out is stored for one year",
			"mapp.opt-out-lasts-five-years",
			visitor, `60 * 24 * 365 * 5`, `60 * 24 * 365`),
		mapp("minutes-as-seconds", "The duration of the choice is taken as seconds", duration,
			visitor, `60 * (usable ? minutes : choiceMinutes)`, `usable && minutes !== choiceMinutes ? minutes : 60 * choiceMinutes`),
		mapp("ignores-the-duration", "Every choice lasts five years, whatever the argument says",
			"mapp.opt-out-duration",
			visitor, `60 * (usable ? minutes : choiceMinutes)`, `60 * choiceMinutes`),
		mappWith("ignores-expiry", "An opt-out lives on in localStorage when its cookie has expired",
			"mapp.opt-out-expires",
			patch(reading, `(read(this.options.anonymousCookieName) || (this.options.anonymousOptIn ? null : localStorage.getItem("wt_c"))) !== null`),
			patch(writing, writing+"\n        "+`localStorage.setItem("wt_c", "1");`),
			patch(removing, `{ localStorage.removeItem("wt_c"); `+removing+`; }`)),
		mapp("renews-the-choice", "Each anonymous request stores the choice for five years more",
			"mapp.opt-out-expires",
			visitor, "forget() {", `forget() {
    if (read(this.options.anonymousCookieName) !== null) {
      write(this.options.anonymousCookieName, "1", 60 * choiceMinutes);
    }`),
	}
}

// mappPages returns faults in what a page says to the tracker.
func mappPages() []Fault {
	const loaded = "mapp.queue-before-load"
	const customer = "mapp.customer-data-sent"
	const running = `run(name, api, waiting.shift());`
	const category = "fields.push([`uc${number}`, data.category[number]]);"
	return []Fault{
		mapp("runs-the-queue-backwards", "Functions pushed before loading run in reverse order, after the first", loaded,
			queue, `while (waiting.length > 0) {`, `waiting.push(...waiting.splice(1).reverse());
  while (waiting.length > 0) {`),
		mapp("drops-the-last-of-the-queue", "The last function pushed before loading is not run", loaded,
			queue, `while (waiting.length > 0) {`, `waiting.splice(Math.max(1, waiting.length - 1));
  while (waiting.length > 0) {`),
		mapp("swaps-categories", "Categories 5 and 7 change places", customer,
			hit, category, "fields.push([`uc${{ 5: 7, 7: 5 }[number] || number}`, data.category[number]]);"),
	}
}
