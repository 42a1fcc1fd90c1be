package tracker_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

// put writes a cookie as another tab does.
func put(name, value string) string {
	return "document.cookie = '" + name + "=" + value + "; Path=/; Domain=shop.test';"
}

// drop deletes one.
func drop(name string) string {
	return "document.cookie = '" + name + "=; Max-Age=0; Path=/; Domain=shop.test';"
}

// identities returns what a hit says of who or which session it is.
func identities(hit map[string][]string) []string {
	var list []string
	for _, name := range []string{"_id", "uid", "ses"} {
		list = append(list, hit[name]...)
	}
	return list
}

func TestAgreeingInMidSessionMakesTheSessionTheVisitors(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, ofSite(shopOn, `_paq.push(["setUserId", "user5684798169"]);`))
	ses := w.cookies()[sessionCookie(shopOn)]
	w.pass(time.Minute)
	w.run(agree)
	expect.Expect(kinds(w.tracked())).To(Equal([]string{"anonymous view", "ping"}), "at once")
	id := w.cookies()[idCookie(shopOn)]
	ping := w.tracked()[1]
	expect.Expect(ping.Get("_id")).To(Equal(id))
	expect.Expect(ping.Get("ses")).To(Equal(ses))
	expect.Expect(ping.Get("uid")).To(Equal("user5684798169"))
	expect.Expect(ping.Get("pv_id")).To(Equal(w.tracked()[0].Get("pv_id")))
	expect.Expect(ping).NotTo(Or(HaveKey("uia"), HaveKey("e_c"), HaveKey("action_name")))
	expect.Expect(w.cookies()).To(HaveKeyWithValue(sessionCookie(shopOn), "*"))
	w.run(act)
	w.visit(home, ofSite(shopOn, ""))
	expect.Expect(kinds(w.tracked())[2:]).To(Equal([]string{"identified event", "identified view"}))
	for _, hit := range w.tracked()[2:] {
		expect.Expect(hit.Get("_id")).To(Equal(id))
		expect.Expect(hit).NotTo(HaveKey("ses"))
	}
	w.run(reopen + agree)
	expect.Expect(w.tracked()).To(HaveLen(4), "agreeing again tells nothing new")
}

func TestAgreeingAfterTheSessionTellsNothingOfIt(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, ofSite(shopOn, ""))
	w.pass(30 * time.Minute)
	w.run(agree)
	expect.Expect(w.tracked()).To(HaveLen(1))
	expect.Expect(w.cookies()).To(HaveLen(1), "nothing is made before there is something to report")
	w.run(act)
	expect.Expect(kinds(w.tracked())).To(Equal([]string{"anonymous view", "identified event"}))
	expect.Expect(w.tracked()[1].Get("pv_id")).NotTo(Equal(w.tracked()[0].Get("pv_id")))
}

func TestAgreeingWhereTrackingIsOffReportsThePage(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, ofSite(shopOff, act))
	w.visit(home+"products", ofSite(shopOff, act))
	w.pass(time.Minute)
	w.run(agree)
	expect.Expect(kinds(w.tracked())).To(Equal([]string{"identified view", "identified event"}), "nothing is known of the page before")
	for _, hit := range w.tracked() {
		expect.Expect(hit.Get("url")).To(Equal(home + "products"))
		expect.Expect(hit.Get("ts")).To(Equal("1750000060000"), "there was no hit until he agreed")
	}
	w.run(act)
	expect.Expect(w.tracked()).To(HaveLen(3))
}

func TestOfWhatARefuserDoesOnlyThePageIsReportedIfHeAgreesThere(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, ofSite(shopOff, act))
	w.run(disagree + act)
	w.run(reopen + disagree + act)
	expect.Expect(w.requests()).To(BeEmpty())
	w.run(reopen + agree)
	expect.Expect(kinds(w.tracked())).To(Equal([]string{"identified view"}))
}

func TestDisagreeingEndsIdentificationAtOnce(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]string{
		"in the window": reopen + disagree,
		"by the page":   `ppms.cm.api("setComplianceSettings", {consents: {analytics: {status: 0}}});`,
		"taken back":    `ppms.cm.api("setComplianceSettings", {consents: {analytics: {status: -1}}});`,
	} {
		for _, site := range []string{shopOn, shopOff} {
			t.Run(name+" "+site, func(t *testing.T) {
				t.Parallel()
				expect := NewWithT(t)
				w := openWebsite(t, tracker.Options{})
				w.visit(home, ofSite(site, `_paq.push(["setUserId", "user5684798169"]);`))
				w.run(agree + act)
				before := w.tracked()[len(w.tracked())-1]
				w.forgetRequests()
				w.run(refuse)
				want := map[string]string{choiceCookie(site): saysNo}
				if name == "taken back" {
					want = map[string]string{}
				}
				expect.Expect(w.cookies()).To(Equal(want))
				expect.Expect(w.requests()).To(BeEmpty())
				w.run(act)
				w.visit(home, ofSite(site, `_paq.push(["setUserId", "user5684798169"]);`))
				if site == shopOff {
					expect.Expect(w.requests()).To(BeEmpty())
					expect.Expect(w.cookies()).To(Equal(want))
				} else {
					expect.Expect(kinds(w.tracked())).To(Equal([]string{"anonymous event", "anonymous view"}))
					for _, part := range append(identities(before), before.Get("pv_id")) {
						for _, r := range w.requests() {
							expect.Expect(r.URL+r.Body).NotTo(ContainSubstring(part), "both halves would be joined")
						}
					}
				}
				w.forgetRequests()
				w.run(reopen + agree + act)
				last := w.tracked()[len(w.tracked())-1]
				expect.Expect(last.Get("_id")).To(MatchRegexp(someHex))
				expect.Expect(last.Get("_id")).NotTo(Equal(before.Get("_id")), "who comes back is another")
			})
		}
	}
}

func TestDisagreeingLeavesAnAnonymousSessionAlone(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, ofSite(shopOn, ""))
	ses := w.cookies()[sessionCookie(shopOn)]
	w.run(disagree + act)
	w.visit(home, ofSite(shopOn, ""))
	expect.Expect(kinds(w.tracked())).To(Equal([]string{"anonymous view", "anonymous event", "anonymous view"}))
	for _, hit := range w.tracked() {
		expect.Expect(hit.Get("ses")).To(Equal(ses))
	}
}

func TestTheChoiceInAnotherTabHolds(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("a", 16)
	yes := put(choiceCookie(shopOn), saysYes) + put(idCookie(shopOn), id) + put(sessionCookie(shopOn), "*")
	t.Run("agreed", func(t *testing.T) {
		t.Parallel()
		expect := NewWithT(t)
		w := openWebsite(t, tracker.Options{})
		w.visit(home, ofSite(shopOn, ""))
		w.run(yes + act)
		expect.Expect(kinds(w.tracked())).To(Equal([]string{"anonymous view", "identified event"}))
		expect.Expect(w.tracked()[1].Get("_id")).To(Equal(id))
		expect.Expect(w.tracked()[1].Get("pv_id")).NotTo(Equal(w.tracked()[0].Get("pv_id")))
	})
	t.Run("agreed, and nothing else was done", func(t *testing.T) {
		t.Parallel()
		expect := NewWithT(t)
		w := openWebsite(t, tracker.Options{})
		w.visit(home, ofSite(shopOn, ""))
		ses := w.cookies()[sessionCookie(shopOn)]
		w.run(put(choiceCookie(shopOn), saysYes) + act)
		expect.Expect(kinds(w.tracked())).To(Equal([]string{"anonymous view", "ping", "identified event"}))
		expect.Expect(w.tracked()[1].Get("ses")).To(Equal(ses))
		expect.Expect(w.tracked()[1].Get("_id")).To(Equal(w.tracked()[2].Get("_id")))
	})
	t.Run("disagreed", func(t *testing.T) {
		t.Parallel()
		expect := NewWithT(t)
		w := openWebsite(t, tracker.Options{})
		w.visit(home, yes+ofSite(shopOn, ""))
		w.run(put(choiceCookie(shopOn), saysNo) + act)
		expect.Expect(kinds(w.tracked())).To(Equal([]string{"identified view", "anonymous event"}))
		expect.Expect(w.cookies()).NotTo(HaveKey(idCookie(shopOn)), "what that tab has left is removed")
		expect.Expect(w.cookies()[sessionCookie(shopOn)]).To(MatchRegexp(someHex))
		expect.Expect(w.tracked()[1].Get("pv_id")).NotTo(Equal(w.tracked()[0].Get("pv_id")))
	})
	t.Run("seen on coming back", func(t *testing.T) {
		t.Parallel()
		expect := NewWithT(t)
		w := openWebsite(t, tracker.Options{})
		w.visit(home, ofSite(shopOff, act))
		expect.Expect(read[bool](w, `find("ppms_cm_consent") !== null`)).To(BeTrue())
		w.run(put(choiceCookie(shopOff), saysYes) + `document.visibilityState = "visible"; happen("visibilitychange")`)
		expect.Expect(kinds(w.tracked())).To(Equal([]string{"identified view", "identified event"}))
		expect.Expect(read[bool](w, `find("ppms_cm_consent") === null`)).To(BeTrue(), "there is nothing to ask any more")
	})
}

func TestASettingThatWasSwitchedOffMeanwhile(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, ofSite(shopOn, ""))
	expect.Expect(w.cookies()).To(HaveKey(sessionCookie(shopOn)))
	w.run("world.settings['" + shopOn + "'] = false")
	w.visit(home, setUp(shopOn, ""))
	expect.Expect(w.cookies()).To(BeEmpty(), "nothing is left of the session")
	w.run("_paq.push(['trackPageView'])")
	expect.Expect(w.tracked()).To(HaveLen(1))
	w.run("world.settings['" + shopOn + "'] = true; for (const l of ['pageshow']) listeners.filter((x) => x.type === l).forEach((x) => x.listener({type: l, persisted: false}))")
	expect.Expect(w.tracked()).To(HaveLen(1))
	w.run("listeners.filter((x) => x.type === 'pageshow').forEach((x) => x.listener({type: 'pageshow', persisted: true}))")
	expect.Expect(kinds(w.tracked())).To(Equal([]string{"anonymous view", "anonymous view"}), "a page from the cache asks again")
}

func TestAChoiceMadeBeforeTheTrackerHasLoadedHoldsForThePage(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	const set = `ppms.cm.api("setComplianceSettings", {consents: {analytics: {status: %}}}, function () { window.told = (window.told || 0) + 1; });`
	w := openWebsite(t, tracker.Options{})
	w.visit(home, ofSite(shopOn, strings.Replace(set, "%", "1", 1)))
	expect.Expect(kinds(w.tracked())).To(Equal([]string{"identified view"}))
	expect.Expect(read[bool](w, `find("ppms_cm_consent") === null`)).To(BeTrue())
	w.visit(home, ofSite(shopOn, strings.Replace(set, "%", "0", 1)))
	expect.Expect(kinds(w.tracked())[1:]).To(Equal([]string{"anonymous view"}))
	expect.Expect(read[int](w, "told")).To(Equal(2))
	expect.Expect(w.said()).To(BeEmpty())
}

func TestMalformedIdentitiesAreNone(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, put(choiceCookie(shopOn), saysYes)+put(idCookie(shopOn), "anna@shop.test")+put(sessionCookie(shopOn), "x")+ofSite(shopOn, ""))
	expect.Expect(w.tracked()).To(HaveLen(1))
	expect.Expect(w.tracked()[0].Get("_id")).To(MatchRegexp(someHex))
	w.run(drop(choiceCookie(shopOn)) + put(sessionCookie(shopOn), "ABCDEFABCDEFABCD") + act)
	expect.Expect(w.tracked()[1].Get("ses")).To(MatchRegexp(someHex))
}
