package tracker_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

// failing lists how a hit is not delivered, and mended undoes it.
var failing = map[string]string{"offline": "navigator.onLine = false", "status": "world.status = 503", "no network": "world.status = 0"}

const mended = "world.status = 200; navigator.onLine = true; world.requests.length = 0;"

// retry lets whatever waits have its next attempts.
func (w *window) retry() {
	w.run(`happen("online")`)
	w.pass(6 * time.Minute)
}

func TestAnUndeliveredHitOfEitherKindIsSentAgainAsItWas(t *testing.T) {
	t.Parallel()
	for way, fails := range failing {
		for _, calls := range []string{"", `ppms.cm.api("setComplianceSettings", {consents: {analytics: {status: 1}}});`} {
			t.Run(way+" "+calls, func(t *testing.T) {
				t.Parallel()
				expect := NewWithT(t)
				w := openWebsite(t, tracker.Options{})
				w.run(fails)
				w.visit(home, ofSite(shopOn, calls))
				first := w.requests()
				w.run(mended)
				w.retry()
				expect.Expect(w.requests()).To(HaveLen(1))
				if way != "offline" {
					expect.Expect(w.requests()[0].URL).To(Equal(first[0].URL))
				}
				expect.Expect(w.tracked()[0].Get("ts")).To(Equal("1750000000000"))
				w.retry()
				expect.Expect(w.requests()).To(HaveLen(1), "a delivered one is not")
			})
		}
	}
}

// TestNothingIdentifyingLeavesAfterAWithdrawal covers whatever state the tracker is in.
func TestNothingIdentifyingLeavesAfterAWithdrawal(t *testing.T) {
	t.Parallel()
	for way, fails := range failing {
		for name, after := range map[string]string{
			"click":        reopen + disagree,
			"changed mind": reopen + disagree + reopen + agree,
			"another tab":  put(choiceCookie(shopOn), saysNo) + drop(idCookie(shopOn)) + drop(sessionCookie(shopOn)),
			"and back there": put(choiceCookie(shopOn), saysYes) + put(idCookie(shopOn), strings.Repeat("b", 16)) +
				put(sessionCookie(shopOn), "*"),
			"choice alone":  put(choiceCookie(shopOn), saysNo),
			"page is left":  reopen + disagree + `happen("pagehide");`,
			"tab is hidden": reopen + disagree + `document.visibilityState = "hidden"; happen("visibilitychange");`,
		} {
			t.Run(way+", "+name, func(t *testing.T) {
				t.Parallel()
				expect := NewWithT(t)
				w := openWebsite(t, tracker.Options{})
				w.visit(home, ofSite(shopOn, `_paq.push(["setUserId", "user5684798169"]);`))
				anonymous := identities(w.tracked()[0])
				w.run(agree)
				identity := append(identities(w.tracked()[1]), anonymous...)
				w.run(fails)
				w.run(act + act)
				w.run(mended + after)
				w.retry()
				w.run(`happen("pagehide")`)
				for _, r := range w.requests() {
					for _, part := range identity {
						expect.Expect(r.URL + r.Body).NotTo(ContainSubstring(part))
					}
				}
				w.forgetRequests()
				w.run(act)
				expect.Expect(w.tracked()).To(HaveLen(1), "the next one is sent")
			})
		}
	}
}

// The collector knows by the ping whose the anonymous session was: what still waits
// of it identifies as well.
func TestNothingOfAnAnonymousSessionThatWasAgreedToLeavesAfterAWithdrawal(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.run("world.status = 503")
	w.visit(home, ofSite(shopOn, act))
	w.run(agree + reopen + disagree + mended)
	w.retry()
	expect.Expect(w.requests()).To(BeEmpty())
}

func TestWhatWaitsOfAnAnonymousSessionIsSentBeforeThePing(t *testing.T) {
	t.Parallel()
	for way, fails := range failing {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openWebsite(t, tracker.Options{})
			w.run(fails)
			w.visit(home, ofSite(shopOn, act))
			w.run(agree + act + mended)
			w.retry()
			expect.Expect(kinds(w.tracked())).To(Equal([]string{"anonymous view", "anonymous event", "ping", "identified event"}))
			expect.Expect(w.tracked()[1].Get("ses")).To(Equal(w.tracked()[2].Get("ses")))
		})
	}
}

func TestWhatWaitsOfAnAnonymousSessionIsDroppedWithItsCookie(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, setUp(shopOn, act))
	w.pass(29 * time.Minute)
	w.run("world.status = 503;" + act)
	w.pass(30 * time.Second)
	w.forgetRequests()
	w.pass(31 * time.Second)
	expect.Expect(len(w.requests())).To(BeNumerically("<=", 6), "there were attempts until the cookie went")
	w.run(mended)
	w.retry()
	expect.Expect(w.requests()).To(BeEmpty())
}

func TestResendingHitsIsBounded(t *testing.T) {
	t.Parallel()
	w := openWebsite(t, tracker.Options{})
	w.run("world.status = 503")
	w.visit(home, ofSite(shopOn, ""))
	w.pass(time.Hour)
	NewWithT(t).Expect(w.requests()).To(HaveLen(61))
}

func TestWhatWaitsLeavesWithThePageByBeacon(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.run("world.status = 503")
	w.visit(home, ofSite(shopOn, ""))
	w.forgetRequests()
	w.run(`happen("pagehide")`)
	expect.Expect(w.requests()).To(HaveLen(1))
	expect.Expect(w.requests()[0].By).To(Equal("beacon"))
	expect.Expect(w.requests()[0].URL).To(Equal("https://collect.vendor.test/ppms.php"))
	expect.Expect(kinds(w.tracked())).To(Equal([]string{"anonymous view"}))
	w.run("world.status = 200")
	w.retry()
	expect.Expect(w.requests()).To(HaveLen(1))
}

func TestAPageThatIsLeftBeforeTheSettingIsKnown(t *testing.T) {
	t.Parallel()
	for before, want := range map[string][]string{
		"": {}, put(choiceCookie(shopOn), saysNo): {}, put(choiceCookie(shopOn), saysYes): {"identified view"},
	} {
		t.Run(before, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openWebsite(t, tracker.Options{})
			w.run("world.holdSettings = true")
			w.visit(home, before+ofSite(shopOn, ""))
			w.run(`happen("pagehide")`)
			expect.Expect(kinds(w.tracked())).To(Equal(want))
			w.run("answerSettings()")
			expect.Expect(w.tracked()).To(HaveLen(1), "what could not be said as the page was left is said if it is still there")
		})
	}
}

func TestTheBeaconCarriesTheSame(t *testing.T) {
	t.Parallel()
	for name, method := range map[string]string{"beacon": "BEACON", "get": "GET"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openWebsite(t, tracker.Options{})
			w.visit(home+"ä?ö=ü&x=1", setUp(shopOn, "_paq.push(['setRequestMethod', '"+method+"'], ['trackPageView', 'Schuhe & mehr']);"))
			expect.Expect(w.requests()[0].By).To(Equal(map[string]string{"beacon": "beacon", "get": "form"}[name]))
			expect.Expect(strings.Contains(w.requests()[0].URL, "?")).To(Equal(name == "get"))
			expect.Expect(w.tracked()[0].Get("url")).To(Equal(home + "ä?ö=ü&x=1"))
			expect.Expect(w.tracked()[0].Get("action_name")).To(Equal("Schuhe & mehr"))
			w.run("world.beacons = false;" + act)
			expect.Expect(kinds(w.tracked())).To(Equal([]string{"anonymous view", "anonymous event"}), "what the browser refuses goes otherwise")
			w.run("_paq.push(['trackEvent', 'shop', 'x'.repeat(9000)])")
			last := w.requests()[2]
			expect.Expect(last.Options.Method + " " + last.Options.Credentials).To(Equal("POST omit"))
			expect.Expect(last.Options.Keepalive).To(BeTrue())
			expect.Expect(last.Options.Headers).To(HaveKeyWithValue("Content-Type", "text/plain"))
			expect.Expect(last.URL).NotTo(ContainSubstring("?"))
		})
	}
}

func TestHitsAreCollectedWhenAskedForAndNeverMixed(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, setUp(shopOn, "_paq.push(['setRequestQueueInterval', 3000], ['trackPageView']);")+act)
	w.run(agree + act)
	w.pass(2999 * time.Millisecond)
	expect.Expect(w.requests()).To(BeEmpty())
	w.pass(time.Millisecond)
	expect.Expect(w.requests()).To(HaveLen(2))
	expect.Expect(kinds(w.requests()[0].tracked(t))).To(Equal([]string{"anonymous view", "anonymous event"}))
	expect.Expect(kinds(w.requests()[1].tracked(t))).To(Equal([]string{"ping", "identified event"}))
	w.run(act + act + `document.visibilityState = "hidden"; happen("visibilitychange")`)
	expect.Expect(w.requests()).To(HaveLen(3))
	expect.Expect(w.requests()[2].By).To(Equal("beacon"))
	w.run("_paq.push(['setRequestQueueInterval', 0]);" + act)
	expect.Expect(w.requests()).To(HaveLen(4))
}

func TestTheTrackerKeepsNothingButCookies(t *testing.T) {
	t.Parallel()
	script, err := tracker.Bundle("piwikpro", tracker.Options{})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	for _, storage := range []string{"localStorage", "sessionStorage", "indexedDB", "caches", "window.name", "serviceWorker"} {
		NewWithT(t).Expect(string(script.Source)).NotTo(ContainSubstring(storage))
	}
}
