package tracker_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

const home = "https://www.shop.test/"

func TestRequestHasTheRealPixelsShape(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.run(`document.referrer = "https://search.test/?q=a,b"`)
	w.visit(home+"a,b?x=1", page("enableAnonymousFunction: true", "wtSmart.track();"))
	expect.Expect(w.requests()).To(HaveLen(1))
	eid := w.cookies()["wtstp_eid"]
	expect.Expect(w.requests()[0].URL).To(Equal("https://collect.vendor.test/111111111111111/wt" +
		"?p=600,www.shop.test%2Fa%2Cb,1,1920x1080,24,1,1750000000000,https%3A%2F%2Fsearch.test%2F%3Fq%3Da%2Cb,1280x720,0" +
		"&pf=64&eid=" + eid + "&one=1&fns=1&cd=user5684798169&uc5=User%20cat%205&uc7=User%20cat%207" +
		"&la=en&pu=https%3A%2F%2Fwww.shop.test%2Fa%2Cb%3Fx%3D1"))
	expect.Expect(w.writes()).To(Equal([]string{
		"wtstp_eid=" + eid + "; Max-Age=15552000; Path=/; Domain=shop.test; SameSite=Lax",
		"wtstp_sid=1; Path=/; Domain=shop.test; SameSite=Lax",
	}))
	expect.Expect(w.said()).To(BeEmpty())
}

func TestReturningVisitorKeepsTheEverIdAndItsLifetimeIsRenewed(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.visit(home, page("", "wtSmart.track();"))
	eid := w.last().Get("eid")
	w.run("world.now += 179 * 86400000")
	w.visit(home, page("", "wtSmart.track();"))
	w.run("world.now += 179 * 86400000")
	w.visit(home, page("", "wtSmart.track();"))
	expect.Expect(w.last().Get("eid")).To(Equal(eid))
	expect.Expect(w.last()).NotTo(Or(HaveKey("one"), HaveKey("fns")))
	w.run("world.now += 181 * 86400000")
	w.visit(home, page("", "wtSmart.track();"))
	expect.Expect(w.last().Get("eid")).NotTo(Equal(eid))
	expect.Expect(w.last().Get("one")).To(Equal("1"))
}

func TestMalformedEverIdIsReplaced(t *testing.T) {
	t.Parallel()
	w := open(t, tracker.Options{})
	w.visit(home, "document.cookie = 'wtstp_eid=12; Path=/; Domain=shop.test';"+page("", "wtSmart.track();"))
	NewWithT(t).Expect(w.last().Get("eid")).To(MatchRegexp(`^\d{19}$`))
}

func TestModes(t *testing.T) {
	t.Parallel()
	const set, del = "wtSmart.utils.optout.setAnonymousCookie();", "wtSmart.utils.optout.deleteAnonymousCookie();"
	for _, c := range []struct {
		name, identification, calls string
		anonymous                   bool
	}{
		{"function off", "", "", false},
		{"function off, opted out", "", set, false},
		{"function off, opt-in", "anonymousOptIn: true", "", false},
		{"opt-out mode", "enableAnonymousFunction: true", "", false},
		{"opt-out mode, opted out", "enableAnonymousFunction: true", set, true},
		{"opt-out mode, opted back in", "enableAnonymousFunction: true", set + del, false},
		{"opt-in mode", "enableAnonymousFunction: true, anonymousOptIn: true", "", true},
		{"opt-in mode, consented", "enableAnonymousFunction: true, anonymousOptIn: true", set, false},
		{"opt-in mode, withdrawn", "enableAnonymousFunction: true, anonymousOptIn: true", set + del, true},
		{"renamed cookie, the default one there", "enableAnonymousFunction: true, anonymousCookieName: 'mine'", "document.cookie = 'miCookieOptOut=1; Path=/';", false},
		{"renamed cookie", "enableAnonymousFunction: true, anonymousCookieName: 'mine'", set, true},
		{"the example's misspelling", "enableAnonymousFunction: true, anononymousOptIn: true", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := open(t, tracker.Options{})
			w.visit(home, page(c.identification, c.calls+"wtSmart.track();"))
			hit := w.last()
			if c.anonymous {
				expect.Expect(hit).To(HaveKeyWithValue("nc", []string{"1"}))
				expect.Expect(hit).NotTo(HaveKey("eid"))
				expect.Expect(w.cookies()).NotTo(Or(HaveKey("wtstp_eid"), HaveKey("wtstp_sid")))
			} else {
				expect.Expect(hit).NotTo(HaveKey("nc"))
				expect.Expect(hit.Get("eid")).To(Equal(w.cookies()["wtstp_eid"]))
				expect.Expect(w.cookies()).To(HaveKey("wtstp_sid"))
			}
			expect.Expect(hit.Get("cd")).To(Equal("user5684798169"), "nothing is suppressed by default")
		})
	}
}

func TestDurationOfTheChoice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, identification, minutes string
		seconds                       int
	}{
		{"five years", "", "", 5 * 365 * 24 * 60 * 60},
		{"an hour", "", "60", 3600},
		{"half a minute", "", "0.5", 30},
		{"opt-out for no time", "", "0", 5 * 365 * 24 * 60 * 60},
		{"opt-out for a word", "", "'long'", 5 * 365 * 24 * 60 * 60},
		{"consent for no time", "anonymousOptIn: true", "0", -1},
		{"consent without end", "anonymousOptIn: true", "Infinity", -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := open(t, tracker.Options{})
			w.visit(home, page("enableAnonymousFunction: true, "+c.identification, "wtSmart.utils.optout.setAnonymousCookie("+c.minutes+");"))
			if c.seconds < 0 {
				expect.Expect(w.writes()).To(BeEmpty())
				expect.Expect(w.said()).To(ContainSubstring("wants a number of minutes above 0"))
				return
			}
			expect.Expect(w.writes()).To(Equal([]string{
				"miCookieOptOut=1; Max-Age=" + strconv.Itoa(c.seconds) + "; Path=/; Domain=shop.test; SameSite=Lax",
			}))
		})
	}
}

func TestChoiceBeforeTheConfigurationWaitsForIt(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.visit(home, "")
	w.run("wtSmart.utils.optout.setAnonymousCookie()")
	expect.Expect(w.writes()).To(BeEmpty())
	w.run(page("enableAnonymousFunction: true, anonymousCookieName: 'mine'", "wtSmart.track();"))
	expect.Expect(w.cookies()).To(Equal(map[string]string{"mine": "1"}))
	expect.Expect(w.last()).To(HaveKeyWithValue("nc", []string{"1"}))
}

func TestTransportsCarryTheSameParameters(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"image", "beacon", "form"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := open(t, tracker.Options{})
			w.visit(home, page("enableAnonymousFunction: true, anonymousOptIn: true, suppressParameter: ['cd', 'pu']",
				"wtSmart.advanced.add({transport: '"+transport+"'}); wtSmart.track();"))
			expect.Expect(w.requests()).To(HaveLen(1))
			sent := w.requests()[0]
			expect.Expect(sent.By).To(Equal(transport))
			parameters := sent.parameters(t)
			expect.Expect(parameters.Get("p")).To(HavePrefix("600,www.shop.test/,1,"))
			expect.Expect(parameters.Get("uc5")).To(Equal("User cat 5"))
			expect.Expect(parameters).NotTo(Or(HaveKey("cd"), HaveKey("pu"), HaveKey("eid")))
			if transport != "image" {
				expect.Expect(sent.URL).To(Equal("https://collect.vendor.test/111111111111111/wt"))
			}
			if transport == "form" {
				expect.Expect(sent.Options.Method).To(Equal("POST"))
				expect.Expect(sent.Options.Keepalive).To(BeTrue())
				expect.Expect(sent.Options.Headers).To(HaveKeyWithValue("Content-Type", "application/x-www-form-urlencoded"))
			}
		})
	}
}

func TestPageAndActionAreReported(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.visit(home, page("", "wtSmart.page.data.add({name: 'start'}); wtSmart.action.data.add({name: 'buy, now'}); wtSmart.track();"))
	expect.Expect(w.last().Get("p")).To(HavePrefix("600,start,1,"))
	expect.Expect(w.last()).NotTo(HaveKey("ct"))
	w.run("wtSmart.trackAction()")
	expect.Expect(w.last().Get("ct")).To(Equal("buy, now"))
	w.run("wtSmart.trackAction()")
	expect.Expect(w.requests()).To(HaveLen(2))
	expect.Expect(w.said()).To(ContainSubstring("trackAction wants action.data.add"))
}

func TestPersonalDataHasParametersOfItsOwn(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.visit(home, page("enableAnonymousFunction: true, suppressParameter: ['uc700', 'uc705']", `wtSmart.customer.data.add({
  email: 'Anna@shop.test', telephone: '+49 30 123', firstName: 'Anna', lastName: 'Ünal'}); wtSmart.track();`))
	for name, value := range map[string]string{"uc700": "Anna@shop.test", "uc703": "Anna", "uc704": "Ünal", "uc705": "+49 30 123"} {
		expect.Expect(w.last().Get(name)).To(Equal(value), name)
	}
	w.run("wtSmart.utils.optout.setAnonymousCookie(); wtSmart.track()")
	expect.Expect(w.last()).To(And(HaveKey("uc703"), HaveKey("uc704")))
	expect.Expect(w.last()).NotTo(Or(HaveKey("uc700"), HaveKey("uc705")))
}

func TestCustomerIdThatIsAnAddressIsHashed(t *testing.T) {
	t.Parallel()
	hashed := func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }
	for given, want := range map[string]string{
		"Anna.Müller@Example.ORG":         hashed("anna.müller@example.org"),
		"  a@b.test ":                     hashed("a@b.test"),
		"user5684798169":                  "user5684798169",
		"@handle":                         "@handle",
		strings.Repeat("x", 55) + "@b.de": hashed(strings.Repeat("x", 55) + "@b.de"),
		strings.Repeat("x", 59) + "@b.de": hashed(strings.Repeat("x", 59) + "@b.de"),
		strings.Repeat("é", 90) + "@b.de": hashed(strings.Repeat("é", 90) + "@b.de"),
	} {
		w := open(t, tracker.Options{})
		w.visit(home, page("", "wtSmart.customer.data.add({id: "+strconv.Quote(given)+"}); wtSmart.track();"))
		NewWithT(t).Expect(w.last().Get("cd")).To(Equal(want), given)
	}
}

func TestQueueRunsInOrderAndSurvivesMistakes(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.visit(home, `window.order = [];
wtSmart = [];
wtSmart.push(function (api) { order.push("first", api === window.wtSmart); wtSmart.push(function () { order.push("third"); }); });
wtSmart.push(function () { throw new Error("broken"); });
wtSmart.push("not a function");
wtSmart.push(function () { order.push("second"); });`)
	w.run(`wtSmart.push(function () { wtSmart.push(function () { order.push("inner"); }); order.push("outer"); })`)
	expect.Expect(read[[]any](w, "order")).To(Equal([]any{"first", true, "second", "third", "inner", "outer"}))
	expect.Expect(w.said()).To(ContainSubstring("error: [wtSmart] a pushed function failed: Error: broken"))
	expect.Expect(strings.Count(w.said(), "a pushed function failed")).To(Equal(2))
}

func TestActionsOfTheQueueAreSentInOrderWithWhatWasKnownThen(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.visit(home, page("", "wtSmart.track();")+`
wtSmart.push(function (w) { w.action.data.add({name: "first"}); w.trackAction(); w.customer.data.add({id: "someone"}); });
wtSmart.push(function (w) { w.action.data.add({name: "second"}); w.trackAction(); });`)
	var actions, customers []string
	for _, r := range w.requests() {
		actions = append(actions, r.parameters(t).Get("ct"))
		customers = append(customers, r.parameters(t).Get("cd"))
	}
	expect.Expect(actions).To(Equal([]string{"", "first", "second"}))
	expect.Expect(customers).To(Equal([]string{"user5684798169", "user5684798169", "someone"}))
}

func TestChoiceClickedBeforeTheTrackerHasLoadedHolds(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.visit(home, page("enableAnonymousFunction: true, suppressParameter: ['cd']", "wtSmart.track();")+`
wtSmart.push(function (w) { w.utils.optout.setAnonymousCookie(); });`)
	expect.Expect(w.requests()).To(HaveLen(1))
	expect.Expect(w.last()).To(HaveKeyWithValue("nc", []string{"1"}))
	expect.Expect(w.last()).NotTo(Or(HaveKey("eid"), HaveKey("cd")))
	expect.Expect(w.writes()).To(HaveLen(1), "the choice alone")
}

func TestLoadingTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.visit(home, page("", "wtSmart.track();"))
	w.run(w.script)
	expect.Expect(w.said()).To(ContainSubstring("loaded twice"))
	w.run("wtSmart.track()")
	expect.Expect(w.requests()).To(HaveLen(2))
}

func TestTheConsoleNamesMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, calls, said string }{
		{"misspelt option", "wtSmart.advanced.add({userIdentification: {anononymousOptIn: true}});",
			`warn: [wtSmart.advanced.userIdentification] unknown option "anononymousOptIn" has no effect; did you mean "anonymousOptIn"?`},
		{"far-off option", "wtSmart.advanced.add({zebra: 1});", `unknown option "zebra" has no effect`},
		{"inherited name", "wtSmart.advanced.add({toString: 1});", `unknown option "toString" has no effect`},
		{"wrong case", "wtSmart.init.set({trackID: '1'});", `unknown option "trackID" has no effect; did you mean "trackId"?`},
		{"unknown customer data", "wtSmart.customer.data.add({categories: {5: 'x'}});", `unknown option "categories" has no effect; did you mean "category"?`},
		{"wrong kind", "wtSmart.advanced.add({userIdentification: {anonymousOptIn: 'false'}});", `option "anonymousOptIn" wants true or false; the value given has no effect`},
		{"wrong list", "wtSmart.advanced.add({userIdentification: {suppressParameter: 'cd'}});", `option "suppressParameter" wants a list of names`},
		{"wrong transport", "wtSmart.advanced.add({transport: 'pigeon'});", `option "transport" wants one of image, beacon, form`},
		{"wrong number", "wtSmart.advanced.add({requestQueue: {retries: -1}});", `option "retries" wants a whole number from 0`},
		{"misspelt group", "wtSmart.advanced.add({requestBach: {}});", `unknown option "requestBach" has no effect; did you mean "requestBatch"?`},
		{"wrong category", "wtSmart.customer.data.add({category: {five: 'x'}});", `option "category" wants values by number`},
		{"no object", "wtSmart.init.set('111111111111111');", "[wtSmart.init] wants an object with trackId, trackDomain"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := open(t, tracker.Options{})
			w.visit(home, page("", c.calls))
			NewWithT(t).Expect(w.said()).To(ContainSubstring(c.said))
		})
	}
}

func TestNothingIsSentWithoutTrackIdAndDomain(t *testing.T) {
	t.Parallel()
	for _, set := range []string{
		"{trackId: '###your TrackID###', trackDomain: '###your TrackDomain###'}",
		"{trackId: '11111111111111', trackDomain: 'c.test'}",
		"{trackId: '1111111111111111', trackDomain: 'c.test'}",
		"{trackId: '111111111111111'}",
		"{}",
	} {
		expect := NewWithT(t)
		w := open(t, tracker.Options{})
		w.visit(home, "wtSmart = [function (w) { w.init.set("+set+"); w.track(); }];")
		expect.Expect(w.requests()).To(BeEmpty())
		expect.Expect(w.writes()).To(BeEmpty())
		expect.Expect(w.said()).To(ContainSubstring("error: [wtSmart] nothing is sent"))
	}
}

func TestCookieDomain(t *testing.T) {
	t.Parallel()
	for host, scope := range map[string]string{
		"www.shop.test":      "; Domain=shop.test",
		"shop.test":          "; Domain=shop.test",
		"a.b.shop.test:8443": "; Domain=shop.test",
		"www.shop.co.uk":     "; Domain=shop.co.uk",
		"someone.github.io":  "",
		"localhost":          "",
		"127.0.0.1:8080":     "",
	} {
		expect := NewWithT(t)
		w := open(t, tracker.Options{})
		w.visit("https://"+host+"/", page("enableAnonymousFunction: true", "wtSmart.track();"))
		expect.Expect(w.cookies()).To(And(HaveKey("wtstp_eid"), HaveKey("wtstp_sid")), host)
		expect.Expect(w.writes()[len(w.writes())-1]).To(Equal("wtstp_sid=1; Path=/"+scope+"; SameSite=Lax"), host)
		w.run("wtSmart.utils.optout.setAnonymousCookie(); wtSmart.track()")
		expect.Expect(w.cookies()).To(Equal(map[string]string{"miCookieOptOut": "1"}), host)
	}
}

func TestOptOutRemovesTheEverIdOfTheHostToo(t *testing.T) {
	t.Parallel()
	w := open(t, tracker.Options{})
	w.visit(home, "document.cookie = 'wtstp_eid=1234567890123456789; Path=/';"+
		"document.cookie = 'wtstp_eid=1234567890123456780; Path=/; Domain=shop.test';"+
		page("enableAnonymousFunction: true, anonymousOptIn: true", "wtSmart.track();"))
	NewWithT(t).Expect(w.cookies()).To(BeEmpty())
}
