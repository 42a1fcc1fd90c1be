package fault

import "github.com/pixelwitness/pixelwitness/reference/tracker"

// mappModes returns faults in who is anonymous, and from when on.
func mappModes() []Fault {
	const enabled = "if (!this.options.enableAnonymousFunction) {\n      return false;\n    }"
	const removing = `remove(this.options.anonymousCookieName)`
	const person = `return this.person().concat(this.session());`
	return []Fault{
		mapp("function-on-by-default", "enableAnonymousFunction is true by default",
			"mapp.function-off-by-default",
			facade, `enableAnonymousFunction: false`, `enableAnonymousFunction: true`),
		mappWith("switches-without-the-function", "The visitor can be switched though the function is off",
			"mapp.function-off-by-default",
			tracker.Patch{File: visitor, Find: enabled, Replace: ``},
			tracker.Patch{File: visitor, Find: "if (this.options.enableAnonymousFunction) {\n      choice();", Replace: "if (true) {\n      choice();"}),
		mapp("opt-in-by-default", "anonymousOptIn is true by default",
			"mapp.opt-in-off-by-default",
			facade, `anonymousOptIn: false`, `anonymousOptIn: true`),
		mapp("never-identifies", "No ever-id is made, stored or sent",
			"mapp.opt-in-off-by-default",
			visitor, person, `return this.session();`),
		mapp("identifies-from-the-second-page-on", "The first page of a visitor carries no ever-id",
			"mapp.opt-in-off-by-default",
			visitor, person, `const first = localStorage.getItem("wt_f") === null;
    localStorage.setItem("wt_f", "1");
    return first ? this.session() : this.person().concat(this.session());`),
		mapp("ignores-opt-in-mode", "The visitor is identified in opt-in mode before he consents",
			"mapp.anonymous-until-opt-in",
			visitor, decides, `return this.options.anonymousOptIn ? false : chosen;`),
		mapp("makes-an-ever-id-before-consent", "In opt-in mode the ever-id is stored before the consent",
			"mapp.anonymous-until-opt-in",
			visitor, "forget() {", `forget() {
    if (this.options.anonymousOptIn) {
      this.person();
      remove(sessionCookie);
      return;
    }`),
		mapp("ignores-the-consent", "A consent is stored and has no effect",
			"mapp.consent-starts-identifying",
			visitor, decides, `return this.options.anonymousOptIn ? true : chosen;`),
		mapp("stores-no-consent", "A consent is not stored",
			"mapp.consent-starts-identifying",
			visitor, `if (usable || !this.options.anonymousOptIn) {`, `if (!this.options.anonymousOptIn) {`),
		mapp("ignores-the-withdrawal", "A withdrawal leaves the consent where it is",
			"mapp.withdrawal-ends-identifying",
			visitor, removing, `this.options.anonymousOptIn || `+removing),
		mapp("keeps-the-ever-id-after-the-withdrawal", "The ever-id stays in the jar after a withdrawal",
			"mapp.withdrawal-ends-identifying",
			visitor, `remove(everIdCookie);`, `if (!this.options.anonymousOptIn) { remove(everIdCookie); }`),
		mappWith("opts-out-one-request-late", "The request after the opt-out still identifies; the one after it does not",
			"mapp.opt-out-takes-effect",
			tracker.Patch{File: hit, Find: `const anonymous = visitor.isAnonymous();`,
				Replace: `const chosen = visitor.isAnonymous();
  const anonymous = chosen && sessionStorage.getItem("wt_l") !== null;
  if (chosen) { sessionStorage.setItem("wt_l", "1"); }`},
			tracker.Patch{File: facade, Find: mayLeave, Replace: `() => true`}),
		mapp("ignores-the-opt-out", "An opt-out is stored and has no effect",
			"mapp.opt-out-takes-effect",
			visitor, decides, `return this.options.anonymousOptIn ? !chosen : false;`),
		mapp("delete-does-nothing", "Deleting the switch cookie leaves it where it is",
			"mapp.opt-back-in",
			visitor, removing, `{}`),
		mapp("ignores-the-opt-back", "In opt-out mode the switch cookie cannot be deleted",
			"mapp.opt-back-in",
			visitor, removing, `this.options.anonymousOptIn && `+removing),
	}
}
