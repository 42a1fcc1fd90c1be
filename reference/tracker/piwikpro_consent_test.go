package tracker_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

// dialog is what a test sees of the consent window.
type dialog struct {
	There, Open, Modal, First bool
	Role, Name, Text          string
	Buttons                   []string
	Focus                     string
}

// dialog looks at the window as a screen reader does: by its role, and by what the
// elements say that name and describe it.
func (w *window) dialog() dialog {
	w.t.Helper()
	return read[dialog](w, `(() => {
  const d = find("ppms_cm_consent");
  const focus = document.activeElement.attributes.id || document.activeElement.tag;
  if (d === null) return { There: false, Focus: focus };
  return {
    There: true, Open: d.attributes.open !== undefined, Modal: Boolean(d.modal), First: document.body.firstChild === d,
    Role: d.attributes.role, Name: find(d.attributes["aria-labelledby"]).textContent, Text: find(d.attributes["aria-describedby"]).textContent,
    Buttons: ["ppms_cm_agree-to-all", "ppms_cm_reject-all", "ppms_cm_close"].map((id) => find(id, d)).filter((b) => b.tag === "button" && b.attributes.type === "button").map((b) => b.textContent),
    Focus: focus,
  };
})()`)
}

func TestTheWindowShowsByItselfToWhoHasNotDecided(t *testing.T) {
	t.Parallel()
	for before, shows := range map[string]bool{"": true, put(choiceCookie(shopOn), saysYes): false, put(choiceCookie(shopOn), saysNo): false, put(choiceCookie(shopOff), saysYes): true} {
		for _, site := range []string{shopOn, shopOff} {
			expect := NewWithT(t)
			w := openWebsite(t, tracker.Options{})
			w.visit(home, before+ofSite(site, ""))
			seen := w.dialog()
			if site == shopOff && before != "" {
				shows = !strings.Contains(before, shopOff)
			}
			expect.Expect(seen.There).To(Equal(shows), before)
			expect.Expect(seen.Focus).To(Equal("body"), "it takes the focus from nobody")
			if shows {
				expect.Expect(seen).To(Equal(dialog{
					There: true, Open: true, First: true, Role: "dialog", Name: "May we recognise you?", Text: seen.Text, Focus: "body",
					Buttons: []string{"Agree", "Disagree", "Close without deciding"},
				}))
				expect.Expect(seen.Text).To(ContainSubstring("You have not decided yet. You can change your mind at any time."))
			}
		}
	}
}

func TestTheWindowWaitsForThePage(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, "window.later = document.body; document.body = null;"+ofSite(shopOn, ""))
	expect.Expect(w.tracked()).To(HaveLen(1), "hits do not")
	w.run(`document.body = later; happen("DOMContentLoaded")`)
	expect.Expect(w.dialog().Open).To(BeTrue())
	w.visit(home, "window.later = document.body; document.body = null;"+ofSite(shopOn, ""))
	w.run(put(choiceCookie(shopOn), saysNo) + `document.body = later; happen("DOMContentLoaded")`)
	expect.Expect(w.dialog().There).To(BeFalse(), "another tab has decided meanwhile")
}

func TestIgnoringTheWindowDecidesNothing(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]string{
		"closed": `press("ppms_cm_close")`, "escape": `find("ppms_cm_reject-all").dispatch("keydown", {key: "Escape"})`,
		"opened and closed": reopen + `press("ppms_cm_close")`, "opened, and escape": reopen + `find("ppms_cm_consent").dispatch("cancel")`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openWebsite(t, tracker.Options{})
			w.visit(home, ofSite(shopOn, ""))
			w.run(how)
			expect.Expect(w.dialog().There).To(BeFalse())
			expect.Expect(w.cookies()).NotTo(HaveKey(choiceCookie(shopOn)))
			w.run(act)
			expect.Expect(kinds(w.tracked())).To(Equal([]string{"anonymous view", "anonymous event"}))
			w.visit(home, ofSite(shopOn, ""))
			expect.Expect(w.dialog().There).To(BeTrue(), "the next page asks again")
		})
	}
}

func TestOtherKeysDoNotCloseTheWindow(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, ofSite(shopOn, ""))
	expect.Expect(read[bool](w, `find("ppms_cm_consent").dispatch("keydown", {key: "Tab"})`)).To(BeFalse())
	expect.Expect(w.dialog().Open).To(BeTrue())
	expect.Expect(read[bool](w, `find("ppms_cm_consent").dispatch("keydown", {key: "Escape"})`)).To(BeTrue())
	expect.Expect(w.dialog().There).To(BeFalse())
}

func TestReopeningLeadsInAndBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ before, how, says string }{
		{"", agree, "You have not decided yet."},
		{agree, disagree, "So far you agree."},
		{disagree, agree, "So far you disagree."},
		{agree, `press("ppms_cm_close");`, "So far you agree."},
		{agree, `find("ppms_cm_consent").dispatch("keydown", {key: "Escape"});`, "So far you agree."},
	} {
		expect := NewWithT(t)
		w := openWebsite(t, tracker.Options{})
		w.visit(home, ofSite(shopOn, ""))
		w.run(c.before + `find("privacy-settings").focus();` + reopen)
		seen := w.dialog()
		expect.Expect(seen.Open && seen.Modal && seen.First).To(BeTrue())
		expect.Expect(seen.Text).To(ContainSubstring(c.says))
		expect.Expect(seen.Focus).To(Equal("ppms_cm_consent_title"))
		w.run(reopen)
		expect.Expect(read[int](w, `document.body.children.filter((c) => c.tag === "dialog").length`)).To(Equal(1), "opened twice, it is one")
		w.run(c.how)
		expect.Expect(w.dialog().There).To(BeFalse())
		expect.Expect(w.dialog().Focus).To(Equal("privacy-settings"))
	}
}

// told is what came of a call of ppms.cm.api.
type told struct {
	OK, Err []any
}

// ask makes a call with these arguments, and the two functions after them.
func (w *window) ask(arguments string) told {
	w.t.Helper()
	w.run(`window.answer = {OK: [], Err: []}; ppms.cm.api(` + arguments + `, (a) => answer.OK.push(a === undefined ? null : a), (e) => answer.Err.push(e.message))`)
	return read[told](w, "answer")
}

func status(n float64) []any {
	return []any{map[string]any{"consents": map[string]any{"analytics": map[string]any{"status": n}}}}
}

func TestComplianceAPI(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, ofSite(shopOn, ""))
	expect.Expect(w.ask(`"getComplianceTypes"`).OK).To(Equal([]any{[]any{"analytics"}}))
	expect.Expect(w.ask(`"getComplianceSettings"`).OK).To(Equal(status(-1)))
	for _, n := range []float64{1, 0, 1, -1} {
		call := `"setComplianceSettings", {consents: {analytics: {status: ` + map[float64]string{1: "1", 0: "0", -1: "-1"}[n] + `}}}`
		expect.Expect(w.ask(call).OK).To(Equal(status(n)))
		expect.Expect(w.ask(`"getComplianceSettings"`).OK).To(Equal(status(n)))
	}
	expect.Expect(w.cookies()).NotTo(Or(HaveKey(choiceCookie(shopOn)), HaveKey(idCookie(shopOn))))
	expect.Expect(w.ask(`"openConsentForm"`).OK).To(HaveLen(1))
	expect.Expect(w.dialog().Modal).To(BeTrue())
	w.run(agree + `document.cookie = "` + choiceCookie(shopOn) + "=" + saysNo + `; Path=/; Domain=shop.test";`)
	expect.Expect(w.ask(`"getComplianceSettings"`).OK).To(Equal(status(0)), "what holds now")
	w.run(`ppms.cm.api.setComplianceSettings({consents: {analytics: {status: 1}}}); window.kept = ppms.cm.api; kept.queue.push(["openConsentForm"])`)
	expect.Expect(w.cookies()).To(HaveKeyWithValue(choiceCookie(shopOn), saysYes))
	expect.Expect(w.said()).To(BeEmpty())
}

func TestComplianceAPIRefuses(t *testing.T) {
	t.Parallel()
	const form = "setComplianceSettings wants {consents: {analytics: {status: …}}}"
	for _, c := range []struct{ given, says string }{
		{"undefined", form}, {"null", form}, {"1", form}, {"{}", form}, {"{consents: []}", form}, {"{consents: {}}", form}, {"{consents: {analytics: 1}}", form},
		{"{consents: {analytics: {}}}", "a status is one of -1, 0, 1"},
		{"{consents: {analytics: {status: '1'}}}", "a status is one of -1, 0, 1"},
		{"{consents: {analytics: {status: true}}}", "a status is one of -1, 0, 1"},
		{"{consents: {analytics: {status: 2}}}", "a status is one of -1, 0, 1"},
		{"{consents: {analitics: {status: 1}}}", `visitors are not asked for analitics; did you mean "analytics"?`},
		{"{consents: {analytics: {status: 1}, marketing: {status: 1}}}", "visitors are not asked for marketing"},
	} {
		t.Run(c.given, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openWebsite(t, tracker.Options{})
			w.visit(home, ofSite(shopOn, ""))
			expect.Expect(w.ask(`"setComplianceSettings", ` + c.given)).To(Equal(told{OK: []any{}, Err: []any{c.says}}))
			expect.Expect(w.said()).To(BeEmpty())
			w.run(`ppms.cm.api("setComplianceSettings", ` + c.given + `)`)
			expect.Expect(w.said()).To(Equal("error: [ppms.cm.api] nothing is done: " + c.says))
			expect.Expect(w.cookies()).NotTo(HaveKey(choiceCookie(shopOn)))
			expect.Expect(w.dialog().There).To(BeTrue())
		})
	}
	for call, says := range map[string]string{
		`"getComplianceSettings"`:                       "nothing is done: wants a function that takes the answer",
		`"getComplianceTypes", undefined, function(){}`: "",
		`"getComplianceTypes", 1`:                       "nothing is done: wants functions that take the answer and what is wrong",
		`"openConsentForm", function(){}, 1`:            "nothing is done: wants functions that take",
		`"getCompliance"`:                               `there is no ppms.cm.api.getCompliance`,
		`"openConsentFrom"`:                             `there is no ppms.cm.api.openConsentFrom; did you mean "openConsentForm"?`,
		``:                                              "there is no ppms.cm.api.undefined",
	} {
		w := openWebsite(t, tracker.Options{})
		w.visit(home, ofSite(shopOn, ""))
		w.run("ppms.cm.api(" + call + ")")
		NewWithT(t).Expect(w.said()).To(ContainSubstring(says), call)
		NewWithT(t).Expect(w.said() == "").To(Equal(says == ""), call)
	}
}

func TestComplianceAPIWithoutASiteOrCookies(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	const yes = `"setComplianceSettings", {consents: {analytics: {status: 1}}}`
	w := openWebsite(t, tracker.Options{})
	w.visit(home, "")
	for _, call := range []string{`"getComplianceSettings"`, yes, `"openConsentForm"`} {
		expect.Expect(w.ask(call)).To(Equal(told{OK: []any{}, Err: []any{"the page has not called setSiteId"}}), call)
	}
	expect.Expect(w.ask(`"getComplianceTypes"`).OK).To(HaveLen(1))
	w = openWebsite(t, tracker.Options{})
	w.run("Object.defineProperty(document, 'cookie', {get: () => '', set: () => {}})")
	w.visit(home, ofSite(shopOn, ""))
	expect.Expect(w.ask(yes)).To(Equal(told{OK: []any{}, Err: []any{"the browser does not keep the choice"}}))
	expect.Expect(w.ask(`"getComplianceSettings"`).OK).To(Equal(status(-1)))
}
