package tracker_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

const (
	batching              = "wtSmart.advanced.add({requestBatch: {activated: true}});"
	optOutNow, optBackNow = "wtSmart.utils.optout.setAnonymousCookie();", "wtSmart.utils.optout.deleteAnonymousCookie();"
)

// switchable is a page on which the visitor can be switched.
func switchable(calls string) string {
	return page("enableAnonymousFunction: true, suppressParameter: ['cd', 'uc5', 'uc7']", calls)
}

// undelivered opens a page whose hit is not delivered, in one of the ways in
// which that happens.
func undelivered(t *testing.T, way, script string) *window {
	t.Helper()
	w := open(t, tracker.Options{})
	switch way {
	case "offline":
		w.run("navigator.onLine = false")
		w.visit(home, script)
	case "image":
		w.run("world.answer = false")
		w.visit(home, script)
		w.run("settle(false)")
	case "unanswered image":
		w.run("world.answer = false")
		w.visit(home, script)
		w.pass(time.Minute)
	case "form":
		w.run("world.status = 503")
		w.visit(home, strings.Replace(script, "wtSmart.track()", "wtSmart.advanced.add({transport: 'form'}); wtSmart.track()", 1))
	case "form without a network":
		w.run("world.status = 0")
		w.visit(home, strings.Replace(script, "wtSmart.track()", "wtSmart.advanced.add({transport: 'form'}); wtSmart.track()", 1))
	}
	w.run("world.requests.length = 0; world.answer = true; world.status = 200; navigator.onLine = true")
	return w
}

var ways = []string{"offline", "image", "unanswered image", "form", "form without a network"}

func TestUndeliveredHitIsSentAgain(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := undelivered(t, way, switchable("wtSmart.track();"))
			if way == "offline" {
				w.run(`happen("online")`)
			} else {
				w.pass(4999 * time.Millisecond)
				expect.Expect(w.requests()).To(BeEmpty())
				w.pass(time.Millisecond)
			}
			expect.Expect(w.requests()).To(HaveLen(1))
			expect.Expect(w.last().Get("eid")).To(Equal(w.cookies()["wtstp_eid"]))
			w.pass(time.Hour)
			expect.Expect(w.requests()).To(HaveLen(1), "a delivered one is not")
		})
	}
}

func TestUndeliveredHitIsNotSentAgainAfterTheOptOut(t *testing.T) {
	t.Parallel()
	for i, way := range ways {
		for name, after := range map[string]string{
			"click":         optOutNow,
			"changed mind":  optOutNow + optBackNow,
			"another tab":   "document.cookie = 'miCookieOptOut=1; Path=/; Domain=shop.test';",
			"page is left":  optOutNow + `happen("pagehide");`,
			"tab is hidden": optOutNow + `document.visibilityState = "hidden"; happen("visibilitychange");`,
			"restored page": `document.cookie = 'miCookieOptOut=1; Path=/; Domain=shop.test'; happen("pageshow");`,
		} {
			if i > 1 && name != "click" {
				continue // what becomes of a hit does not depend on how it failed
			}
			t.Run(way+", "+name, func(t *testing.T) {
				t.Parallel()
				expect := NewWithT(t)
				w := undelivered(t, way, switchable("wtSmart.track();"))
				w.run(after)
				w.run(`happen("online")`)
				w.pass(time.Hour)
				expect.Expect(w.requests()).To(BeEmpty())
				w.run("wtSmart.track()")
				expect.Expect(w.requests()).To(HaveLen(1), "the next one is")
			})
		}
	}
}

func TestResendingIsBounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, options string
		requests      int
	}{
		{"by default", "", 6},
		{"by number", "requestQueue: {retries: 2}", 3},
		{"by none", "requestQueue: {retries: 0}", 1},
		{"switched off", "requestQueue: {activated: false}", 1},
		{"by age", "requestQueue: {retries: 1000, resendInterval: 60000}", 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := open(t, tracker.Options{})
			w.run("world.status = 503")
			w.visit(home, switchable("wtSmart.advanced.add({transport: 'form', "+c.options+"}); wtSmart.track();"))
			w.pass(time.Hour)
			NewWithT(t).Expect(w.requests()).To(HaveLen(c.requests))
		})
	}
}

func TestOldestHitsGoWhenTooManyWait(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.run("navigator.onLine = false")
	w.visit(home, switchable(`wtSmart.advanced.add({requestQueue: {size: 30}});
for (let i = 0; i < 50; i++) { wtSmart.action.data.add({name: "a" + i}); wtSmart.trackAction(); }`))
	w.run(`navigator.onLine = true; happen("online")`)
	expect.Expect(w.requests()).To(HaveLen(30))
	expect.Expect(w.requests()[0].parameters(t).Get("ct")).To(Equal("a20"))
	expect.Expect(w.last().Get("ct")).To(Equal("a49"))
}

func TestHitsAreSentOneAfterAnother(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.run("world.answer = false")
	w.visit(home, switchable("wtSmart.track(); wtSmart.track();"))
	expect.Expect(w.requests()).To(HaveLen(1))
	w.run("settle(true)")
	expect.Expect(w.requests()).To(HaveLen(2))
	w.run("settle(true)")
	w.pass(time.Hour)
	expect.Expect(w.requests()).To(HaveLen(2))
}

func TestWhatWaitsLeavesWithThePage(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.run("world.answer = false")
	w.visit(home, switchable("wtSmart.track(); wtSmart.track();"))
	w.run(`happen("pagehide")`)
	expect.Expect(w.requests()).To(HaveLen(2))
	expect.Expect(w.requests()[1].By).To(Equal("beacon"))
	w.run("settle(true)")
	expect.Expect(w.requests()).To(HaveLen(2))
}

func TestWhatWaitsStaysWithThePageWhileItIsOffline(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.run("navigator.onLine = false")
	w.visit(home, switchable("wtSmart.track();"))
	w.run(`happen("pagehide")`)
	expect.Expect(w.requests()).To(BeEmpty())
	w.run(`navigator.onLine = true; happen("online")`)
	expect.Expect(w.requests()).To(HaveLen(1), "it came back from the cache")
}

func TestOtherTransportsStepIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, setup, calls, by string }{
		{"beacon refused", "world.beacons = false", "wtSmart.advanced.add({transport: 'beacon'}); wtSmart.track();", "image"},
		{"no beacon", "navigator.sendBeacon = undefined", "wtSmart.advanced.add({transport: 'beacon'}); wtSmart.track();", "image"},
		{"no fetch", "window.fetch = undefined", "wtSmart.advanced.add({transport: 'form'}); wtSmart.track();", "image"},
		{"beacon refused at the end", "world.beacons = false", batching + "wtSmart.track();", "form"},
		{"one collected hit in no image", "", batching + "wtSmart.track();", "form"},
		{"several in no image", "", batching + "wtSmart.track(); wtSmart.track();", "form"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := open(t, tracker.Options{})
			w.run(c.setup)
			w.visit(home, page("", c.calls))
			if strings.Contains(c.name, "at the end") {
				w.run(`happen("pagehide")`)
			}
			w.pass(5 * time.Second)
			expect.Expect(w.requests()).To(HaveLen(1))
			expect.Expect(w.requests()[0].By).To(Equal(c.by))
		})
	}
}

func TestBatchIsCollectedAndSentTogether(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, act, by string
		after         time.Duration
	}{
		{"after five seconds", "", "form", 5 * time.Second},
		{"when the page is left", `happen("pagehide")`, "beacon", 0},
		{"when the tab is hidden", `document.visibilityState = "hidden"; happen("visibilitychange")`, "beacon", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := open(t, tracker.Options{})
			w.visit(home, switchable(batching+"wtSmart.track(); wtSmart.action.data.add({name: 'buy'}); wtSmart.trackAction();"))
			expect.Expect(w.requests()).To(BeEmpty())
			w.run(c.act)
			w.pass(c.after)
			expect.Expect(w.requests()).To(HaveLen(1))
			sent := w.requests()[0]
			expect.Expect(sent.By).To(Equal(c.by))
			hits := sent.hits(t)
			expect.Expect(hits).To(HaveLen(2))
			expect.Expect(hits[0].Get("ct") + "," + hits[1].Get("ct")).To(Equal(",buy"))
			expect.Expect(sent.URL).NotTo(ContainSubstring("?"))
			w.run(`happen("pagehide")`)
			w.pass(time.Hour)
			expect.Expect(w.requests()).To(HaveLen(1))
		})
	}
}

func TestBatchIsSentWhenItIsFull(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.visit(home, switchable("wtSmart.advanced.add({requestBatch: {activated: true, size: 2}}); wtSmart.track(); wtSmart.track(); wtSmart.track();"))
	expect.Expect(w.requests()).To(HaveLen(2), "the third goes on as soon as the first two have arrived")
	expect.Expect(w.requests()[0].hits(t)).To(HaveLen(2))
}

func TestBatchIsCutWhereABrowserTakesNoMore(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.visit(home, switchable(batching+`wtSmart.page.data.add({name: "x".repeat(25000)}); wtSmart.track(); wtSmart.track(); wtSmart.track();`))
	w.run(`happen("pagehide")`)
	expect.Expect(w.requests()).To(HaveLen(2))
	for _, sent := range w.requests() {
		expect.Expect(len(sent.Body)).To(BeNumerically("<=", 60000))
	}
}

func TestBatchForgetsWhatMayNotLeaveAnyMore(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.visit(home, switchable(batching+"wtSmart.track();"))
	w.run(optOutNow + "wtSmart.track();")
	w.pass(5 * time.Second)
	expect.Expect(w.requests()).To(HaveLen(1))
	hits := w.requests()[0].hits(t)
	expect.Expect(hits).To(HaveLen(1))
	expect.Expect(hits[0].Get("nc")).To(Equal("1"))
	expect.Expect(w.requests()[0].Body).NotTo(ContainSubstring("user5684798169"))
}

func TestAnonymousHitsLeaveBeforeTheConsentAndApartFromOthers(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := open(t, tracker.Options{})
	w.visit(home, page("enableAnonymousFunction: true, anonymousOptIn: true", batching+"wtSmart.track();"))
	w.run("wtSmart.utils.optout.setAnonymousCookie()")
	expect.Expect(w.requests()).To(HaveLen(1))
	expect.Expect(w.last().Get("nc")).To(Equal("1"))
	w.run("wtSmart.track()")
	w.pass(5 * time.Second)
	expect.Expect(w.requests()).To(HaveLen(2))
	expect.Expect(w.last()).To(HaveKey("eid"))
}

func TestNothingIsStoredButCookies(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	script, err := tracker.Bundle("mapp", tracker.Options{})
	expect.Expect(err).NotTo(HaveOccurred())
	for _, storage := range []string{"localStorage", "sessionStorage", "indexedDB", "caches", "window.name", "serviceWorker"} {
		expect.Expect(string(script.Source)).NotTo(ContainSubstring(storage))
	}
}
