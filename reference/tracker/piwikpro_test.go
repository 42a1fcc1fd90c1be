package tracker_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

func TestAnUndecidedVisitorIsTrackedAnonymously(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.run(`document.referrer = "https://search.test/?q=a"`)
	w.visit(home+"products?x=1", ofSite(shopOn, `_paq.push(["setUserId", "user5684798169"]);`))
	expect.Expect(w.requests()).To(HaveLen(1))
	hit := w.tracked()[0]
	ses := w.cookies()[sessionCookie(shopOn)]
	expect.Expect(ses).To(MatchRegexp(someHex))
	expect.Expect(hit.Get("pv_id")).To(MatchRegexp(`^[0-9A-Za-z]{6}$`))
	expect.Expect(hit.Get("rand")).To(MatchRegexp(`^\d{6}$`))
	expect.Expect(w.requests()[0].URL).To(Equal("https://collect.vendor.test/ppms.php?idsite=" + shopOn + "&rec=1" +
		"&url=https%3A%2F%2Fwww.shop.test%2Fproducts%3Fx%3D1&urlref=https%3A%2F%2Fsearch.test%2F%3Fq%3Da&action_name=Shop" +
		"&ts=1750000000000&pv_id=" + hit.Get("pv_id") + "&rand=" + hit.Get("rand") + "&res=1920x1080&lang=en-GB&uia=1&ses=" + ses))
	expect.Expect(w.requests()[0].Options.Method).To(Equal("GET"))
	expect.Expect(w.requests()[0].Options.Credentials).To(Equal("omit"))
	expect.Expect(w.writes()).To(Equal([]string{
		sessionCookie(shopOn) + "=" + ses + "; Max-Age=1800; Path=/; Domain=shop.test; SameSite=Lax",
	}), "nothing but the temporary cookie")
	expect.Expect(read[[]request](w, "world.asked")).To(HaveLen(1))
	asked := read[[]request](w, "world.asked")[0]
	expect.Expect(asked.URL).To(Equal("https://cdn.vendor.test/consent/" + shopOn + ".json"))
	expect.Expect(asked.Options.Credentials).To(Equal("omit"))
	expect.Expect(w.said()).To(BeEmpty())
}

func TestAnAgreedVisitorIsIdentified(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, setUp(shopOn, `_paq.push(["setUserId", "user5684798169"]);`))
	w.run(agree)
	expect.Expect(w.requests()).To(BeEmpty())
	w.run(`_paq.push(["trackPageView", "A title"]); world.now += 1000; _paq.push(["trackEvent", "shop", "act", "shoes", 59.9]);`)
	jar := w.cookies()
	id := jar[idCookie(shopOn)]
	expect.Expect(id).To(MatchRegexp(someHex))
	expect.Expect(jar).To(HaveKeyWithValue(sessionCookie(shopOn), "*"))
	expect.Expect(w.writes()).To(ContainElement(idCookie(shopOn) + "=" + id + "; Max-Age=33955200; Path=/; Domain=shop.test; SameSite=Lax"))
	expect.Expect(kinds(w.tracked())).To(Equal([]string{"identified view", "identified event"}))
	view, event := w.tracked()[0], w.tracked()[1]
	expect.Expect(view.Get("action_name")).To(Equal("A title"))
	expect.Expect(event).NotTo(HaveKey("action_name"))
	expect.Expect([]string{event.Get("e_c"), event.Get("e_a"), event.Get("e_n"), event.Get("e_v")}).To(Equal([]string{"shop", "act", "shoes", "59.9"}))
	expect.Expect(event.Get("pv_id")).To(Equal(view.Get("pv_id")))
	for _, hit := range w.tracked() {
		expect.Expect(hit.Get("_id")).To(Equal(id))
		expect.Expect(hit.Get("uid")).To(Equal("user5684798169"))
		expect.Expect(hit).NotTo(Or(HaveKey("uia"), HaveKey("ses")))
	}
	w.run("_paq.push(['resetUserId']);" + act)
	expect.Expect(w.tracked()[2]).NotTo(HaveKey("uid"))
	w.run("world.now += 200 * 86400000")
	w.visit(home, ofSite(shopOn, ""))
	expect.Expect(w.tracked()[3].Get("_id")).To(Equal(id))
	expect.Expect(w.tracked()[3].Get("pv_id")).NotTo(Equal(view.Get("pv_id")))
	w.run("world.now += 194 * 86400000")
	w.run(`document.cookie = "` + choiceCookie(shopOn) + "=" + saysYes + `; Path=/; Domain=shop.test"`)
	w.visit(home, ofSite(shopOn, ""))
	expect.Expect(w.tracked()[4].Get("_id")).NotTo(Equal(id), "thirteen months are not prolonged")
}

func TestTheCookieOfTheChoiceSaysNothingElse(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for i, clicks := range []string{agree, disagree, disagree + reopen + agree, agree + reopen + disagree} {
		expect := NewWithT(t)
		w := openWebsite(t, tracker.Options{})
		w.run(fmt.Sprintf("world.now += %d; crypto.getRandomValues(new Uint8Array(%d))", i*1000, i))
		w.visit(home, ofSite(shopOn, ""))
		w.run(clicks)
		want := map[bool]string{true: saysYes, false: saysNo}[strings.HasSuffix(clicks, agree) && clicks != disagree]
		expect.Expect(w.cookies()).To(HaveKeyWithValue(choiceCookie(shopOn), want))
		expect.Expect(w.writes()).To(ContainElement(choiceCookie(shopOn) + "=" + want + "; Max-Age=31536000; Path=/; Domain=shop.test; SameSite=Lax"))
		seen[w.cookies()[choiceCookie(shopOn)]] = true
	}
	NewWithT(t).Expect(slices.Sorted(maps.Keys(seen))).To(Equal([]string{saysNo, saysYes}))
}

// TestEachChoiceUnderEachSetting holds each choice against each setting.
func TestEachChoiceUnderEachSetting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, site, before string
		want               string // of both the view and an event; none where nothing may be collected
	}{
		{"undecided, on", shopOn, "", "anonymous"},
		{"disagreed, on", shopOn, saysNo, "anonymous"},
		{"agreed, on", shopOn, saysYes, "identified"},
		{"no choice, on", shopOn, "1", "anonymous"},
		{"a choice with a time in it, on", shopOn, "%7B%22v%22%3A1%2C%22analytics%22%3A1%2C%22t%22%3A1750000000000%7D", "anonymous"},
		{"undecided, off", shopOff, "", ""},
		{"disagreed, off", shopOff, saysNo, ""},
		{"agreed, off", shopOff, saysYes, "identified"},
		{"no choice, off", shopOff, "%7B%22v%22%3A1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openWebsite(t, tracker.Options{})
			before := map[string]string{}
			if c.before != "" {
				before[choiceCookie(c.site)] = c.before
			}
			w.visit(home, "document.cookie = '"+choiceCookie(c.site)+"="+c.before+"; Path=/; Domain=shop.test"+map[bool]string{true: "; Max-Age=0"}[c.before == ""]+"';"+
				ofSite(c.site, `_paq.push(["setUserId", "user5684798169"]);`))
			w.run(act)
			w.run(`happen("pagehide")`)
			w.pass(time.Hour)
			if c.want == "" {
				expect.Expect(w.requests()).To(BeEmpty())
				expect.Expect(w.cookies()).To(Equal(before))
				expect.Expect(w.writes()).To(HaveLen(1), "none but the test's own")
				expect.Expect(read[[]string](w, "Object.keys(localStorage).concat(Object.keys(sessionStorage))")).To(BeEmpty())
				return
			}
			expect.Expect(kinds(w.tracked())).To(Equal([]string{c.want + " view", c.want + " event"}))
			for _, hit := range w.tracked() {
				if c.want == "anonymous" {
					expect.Expect(hit).NotTo(Or(HaveKey("_id"), HaveKey("uid")))
					expect.Expect(hit.Get("ses")).To(MatchRegexp(someHex))
				} else {
					expect.Expect(hit.Get("_id")).To(MatchRegexp(someHex))
					expect.Expect(hit.Get("uid")).To(Equal("user5684798169"))
				}
			}
			expect.Expect(w.said()).To(BeEmpty())
		})
	}
}

func TestNothingIsSentUntilTheSettingIsKnown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		site, click string
		want        []string
	}{
		{shopOn, "", []string{"anonymous view", "anonymous event"}},
		{shopOn, agree, []string{"identified view", "identified event"}},
		{shopOn, disagree, []string{"anonymous view"}},
		{shopOff, "", []string{}},
		{shopOff, agree, []string{"identified view", "identified event"}},
	} {
		t.Run(c.site+" "+c.click, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openWebsite(t, tracker.Options{})
			w.run("world.holdSettings = true")
			w.visit(home, ofSite(c.site, act))
			w.pass(5 * time.Second)
			w.run(c.click)
			expect.Expect(w.requests()).To(BeEmpty())
			delete(w.cookies(), choiceCookie(c.site))
			for name := range w.cookies() {
				expect.Expect(name).To(Equal(choiceCookie(c.site)))
			}
			w.run("answerSettings()")
			expect.Expect(kinds(w.tracked())).To(Equal(c.want))
			expect.Expect(w.said()).To(BeEmpty())
		})
	}
}

func TestASettingThatCannotBeHadCountsAsOff(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{`"404"`, `"fails"`, `"no JSON"`, "null", `"on"`, "{}", `{site: "` + shopOn + `"}`, `{site: "` + shopOn + `", anonymous_tracking: 1}`,
		`{site: "` + another + `", anonymous_tracking: true}`} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openWebsite(t, tracker.Options{})
			w.run("world.settings['" + shopOn + "'] = " + setting)
			w.visit(home, ofSite(shopOn, act))
			w.pass(time.Minute)
			expect.Expect(w.requests()).To(BeEmpty())
			expect.Expect(w.writes()).To(BeEmpty())
			w.run(agree)
			expect.Expect(kinds(w.tracked())).To(Equal([]string{"identified view", "identified event"}))
		})
	}
	t.Run("no answer within a minute", func(t *testing.T) {
		t.Parallel()
		expect := NewWithT(t)
		w := openWebsite(t, tracker.Options{})
		w.run("world.holdSettings = true")
		w.visit(home, setUp(shopOn, ""))
		w.pass(59 * time.Second)
		w.run(agree + act)
		expect.Expect(w.requests()).To(BeEmpty())
		w.pass(2 * time.Second)
		expect.Expect(kinds(w.tracked())).To(Equal([]string{"identified event"}))
		w.run(reopen + disagree + "answerSettings();" + act)
		expect.Expect(w.tracked()).To(HaveLen(1), "what comes later than that is not listened to")
	})
	t.Run("a tracker that nobody has loaded from anywhere", func(t *testing.T) {
		t.Parallel()
		w := openWebsite(t, tracker.Options{})
		w.run("world.script = null")
		w.visit(home, ofSite(shopOn, act))
		NewWithT(t).Expect(w.requests()).To(BeEmpty())
		NewWithT(t).Expect(read[[]request](w, "world.asked")).To(BeEmpty())
	})
}

func TestTheTemporaryCookieByBothReadings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		reading string
		same    []bool // of each event after 29, 29, 1, 30 more minutes: is it in the session before?
	}{
		{"after-it-was-set", []bool{true, false, false, false}},
		{"after-the-last-event", []bool{true, true, true, false}},
	} {
		t.Run(c.reading, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openWebsite(t, tracker.Options{})
			w.visit(home, setUp(shopOn, "_paq.push(['setAnonymousSession', '"+c.reading+"'], ['trackPageView']);"))
			for _, minutes := range []int{29, 29, 1, 30} {
				w.pass(time.Duration(minutes) * time.Minute)
				w.run(act)
			}
			hits := w.tracked()
			if c.reading == "after-it-was-set" {
				// 0:00 and 0:29; 0:58, 0:59; 1:29.
				expect.Expect(hits[0].Get("ses")).To(Equal(hits[1].Get("ses")))
				expect.Expect(hits[1].Get("ses")).NotTo(Equal(hits[2].Get("ses")))
				expect.Expect(hits[2].Get("ses")).To(Equal(hits[3].Get("ses")))
				expect.Expect(hits[3].Get("ses")).NotTo(Equal(hits[4].Get("ses")))
				expect.Expect(w.writes()).To(HaveLen(3))
			} else {
				for i := range 3 {
					expect.Expect(hits[i].Get("ses")).To(Equal(hits[i+1].Get("ses")))
				}
				expect.Expect(hits[3].Get("ses")).NotTo(Equal(hits[4].Get("ses")))
				expect.Expect(w.writes()).To(HaveLen(5))
			}
			for i := range 4 {
				same := hits[i].Get("ses") == hits[i+1].Get("ses")
				expect.Expect(hits[i].Get("pv_id") == hits[i+1].Get("pv_id")).To(Equal(same), "one page view is in one session")
			}
			w.pass(30 * time.Minute)
			expect.Expect(w.cookies()).To(BeEmpty(), "nothing lives on")
		})
	}
}

func TestAnonymousSessionsHaveNothingInCommon(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	seen := map[string]bool{}
	for range 20 {
		w.visit(home, ofSite(shopOn, ""))
		w.run("world.now += 30 * 60000")
	}
	for _, hit := range w.tracked() {
		for _, name := range []string{"ses", "pv_id", "rand"} {
			seen[name+hit.Get(name)] = true
		}
	}
	expect.Expect(seen).To(HaveLen(60))
}

func TestEachSiteHasItsOwnSettingAndCookies(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, ofSite(shopOff, "_paq.push(['setSiteId', '"+another+"'], ['trackPageView'], ['setSiteId', '"+strings.ToUpper(shopOn)+"'], ['trackPageView']);"))
	expect.Expect(w.tracked()).To(HaveLen(2))
	expect.Expect(w.tracked()[0].Get("idsite")).To(Equal(another))
	expect.Expect(w.tracked()[1].Get("idsite")).To(Equal(shopOn))
	expect.Expect(w.tracked()[0].Get("ses")).NotTo(Equal(w.tracked()[1].Get("ses")))
	expect.Expect(w.cookies()).To(HaveLen(2))
	w.run(agree)
	for _, site := range []string{shopOn, shopOff, another} {
		expect.Expect(w.cookies()).To(HaveKeyWithValue(choiceCookie(site), saysYes), "the choice is for the page")
	}
	w.visit(home, ofSite(another, ""))
	hits := w.tracked()
	expect.Expect(hits[len(hits)-1].Get("_id")).To(Equal(w.cookies()[idCookie(another)]))
	expect.Expect(w.cookies()[idCookie(another)]).NotTo(Equal(w.cookies()[idCookie(shopOn)]))
}

func TestABrowserThatKeepsNoCookiesIsCountedHitByHit(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.run("Object.defineProperty(document, 'cookie', {get: () => '', set: () => {}})")
	w.visit(home, ofSite(shopOn, act))
	expect.Expect(kinds(w.tracked())).To(Equal([]string{"anonymous view", "anonymous event"}))
	expect.Expect(w.tracked()[0].Get("ses")).NotTo(Equal(w.tracked()[1].Get("ses")))
	w.run(agree + act)
	expect.Expect(kinds(w.tracked())).To(HaveEach(HavePrefix("anonymous")), "a choice that is not kept is none")
}

func TestQueue(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, `window._paq = [["trackPageView"], ["trackEvent", "shop", "first"]];
var kept = _paq;
_paq.push(["trackEvent", "shop", "second"], function () { _paq.push(["trackEvent", "shop", "third"]); }, ["trackPagView"], [function () { throw new Error("broken"); }], []);
_paq.push(["setTrackerUrl", "https://collect.vendor.test/ppms.php"], ["setSiteId", "`+shopOn+`"]);`)
	actions := func() (list []string) {
		for _, hit := range w.tracked() {
			list = append(list, hit.Get("e_a"))
		}
		return list
	}
	expect.Expect(actions()).To(Equal([]string{"", "first", "second", "third"}))
	expect.Expect(w.said()).To(Equal(`error: [_paq] there is no _paq.trackPagView; did you mean "trackPageView"?
error: [_paq] a call from the queue failed: Error: broken
error: [_paq] there is no _paq.undefined`))
	w.run(`_paq.push(["trackEvent", "shop", "later"], ["trackEvent", "shop", "and this"])`)
	expect.Expect(actions()[4:]).To(Equal([]string{"later", "and this"}))
	w.run("document.currentScript = {src: world.script};" + w.script)
	expect.Expect(w.said()).To(ContainSubstring("loaded twice"))
	w.run(act)
	expect.Expect(actions()).To(HaveLen(7))
}

func TestMistakesOfThePageAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		calls, said string
		hits        int // beside the view
	}{
		{`["setTrackerUrl", "collect.vendor.test"]`, "setTrackerUrl has no effect: it wants an address such as https://", 0},
		{`["setTrackerUrl", "https://collect.vendor.test/ppms.php?a=b"]`, "setTrackerUrl has no effect", 0},
		{`["setSiteId", "1"]`, "setSiteId has no effect: it wants a site's ID, such as 0b2f", 0},
		{`["setSiteId"]`, "setSiteId has no effect", 0},
		{`["setUserId", {}]`, "setUserId has no effect: it wants a text", 0},
		{`["setAnonymousSession", "later"]`, "setAnonymousSession has no effect: it wants one of after-it-was-set, after-the-last-event", 0},
		{`["setRequestMethod", "PUT"]`, "setRequestMethod has no effect: it wants one of get, beacon", 0},
		{`["setRequestQueueInterval", "1"]`, "setRequestQueueInterval has no effect: it wants a whole number", 0},
		{`["trackPageView", 7]`, "trackPageView has no effect: it wants a text", 0},
		{`["trackEvent", "shop"]`, "trackEvent has no effect: it wants a text that is not empty", 0},
		{`["trackEvent", "shop", "act", 7]`, "trackEvent has no effect: it wants a text", 0},
		{`["trackEvent", "shop", "act", "name", "7"]`, "trackEvent has no effect: it wants a number as the value", 0},
		{`["trackEvent", "shop", "act", "", 0]`, "", 1},
	} {
		t.Run(c.calls, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openWebsite(t, tracker.Options{})
			w.visit(home, ofSite(shopOn, "_paq.push("+c.calls+");"))
			if c.said == "" {
				expect.Expect(w.said()).To(BeEmpty())
				expect.Expect(w.tracked()[1].Get("e_v")).To(Equal("0"))
				expect.Expect(w.tracked()[1]).NotTo(HaveKey("e_n"))
			} else {
				expect.Expect(w.said()).To(HavePrefix("error: [_paq] " + c.said))
				expect.Expect(strings.Count(w.said(), "\n")).To(BeZero())
			}
			expect.Expect(w.tracked()).To(HaveLen(1 + c.hits))
		})
	}
	for _, page := range []string{"", `window._paq = [["setSiteId", "` + shopOn + `"], ["trackPageView"]]`, `window._paq = [["setTrackerUrl", "https://collect.vendor.test/ppms.php"]]`} {
		w := openWebsite(t, tracker.Options{})
		w.visit(home, page)
		NewWithT(t).Expect(w.requests()).To(BeEmpty())
		NewWithT(t).Expect(w.writes()).To(BeEmpty())
		NewWithT(t).Expect(w.said()).To(Equal("error: [_paq] nothing is sent until setTrackerUrl and setSiteId are called"))
	}
}
