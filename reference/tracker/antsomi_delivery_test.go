package tracker_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

const batch = ", batch: true"

func TestAnUndeliveredEventIsSentAgainAsTheSameOne(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ way, options, fails, mends string }{
		{"offline", "", "navigator.onLine = false", "navigator.onLine = true; happen('online')"},
		{"image", "", "world.answer = false", "settle(false); world.answer = true"},
		{"unanswered", "", "world.answer = false", "world.answer = true"},
		{"status", ", transport: 'json'", "world.status = 503", "world.status = 200"},
		{"no network", ", transport: 'json'", "world.status = 0", "world.status = 200"},
		{"batch", batch, "world.status = 503", "world.status = 200"},
	} {
		t.Run(c.way, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openShop(t, tracker.Options{})
			w.run(c.fails)
			w.visit(home, site(c.options, ""))
			if c.way == "batch" {
				w.pass(5 * time.Second)
			}
			w.run(c.mends)
			w.pass(70 * time.Second)
			sent := w.events()
			expect.Expect(sent).To(HaveLen(map[bool]int{true: 1, false: 2}[c.way == "offline"]))
			for _, e := range sent {
				expect.Expect(e).To(Equal(sent[0]), "time of making and message ID included")
			}
			w.pass(time.Hour)
			expect.Expect(w.events()).To(HaveLen(len(sent)), "a delivered one is not")
			w.run("web_event.track('a', 'b')")
			w.pass(5 * time.Second)
			expect.Expect(w.events()[len(sent)].Message).NotTo(Equal(sent[0].Message))
		})
	}
}

func TestResendingAnEventIsBounded(t *testing.T) {
	t.Parallel()
	w := openShop(t, tracker.Options{})
	w.run("world.status = 503")
	w.visit(home, site(", transport: 'json'", ""))
	w.pass(time.Hour)
	NewWithT(t).Expect(w.requests()).To(HaveLen(61))
}

func TestWhatWaitsAtAResetIsSentAsWhatItWas(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]string{"batch": batch, "line": ", transport: 'json'"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openShop(t, tracker.Options{})
			w.run("world.status = 503")
			w.visit(home, site(options, ""))
			before := w.cookies()["_asm_uid"]
			w.run(signIn)
			w.run("world.requests.length = 0; web_event.resetAnonymousUId()")
			for _, r := range w.requests() {
				expect.Expect(r.By).To(Equal("beacon"))
			}
			expect.Expect(names(w.events())).To(Equal([]string{"view", "sign_in"}))
			for _, e := range w.events() {
				expect.Expect(e.UID).To(Equal(before))
			}
			expect.Expect(w.cookies()["_asm_uid"]).NotTo(Equal(before))
			w.run("world.requests.length = 0; world.status = 200")
			w.pass(time.Hour)
			expect.Expect(w.events()).To(BeEmpty())
		})
	}
}

// What cannot go before a reset goes after it, still as what it was, and never in
// one body with the next visitor's: that would tell that both are one browser.
func TestEventsOfTwoVisitorsNeverTravelTogether(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, site(batch, ""))
	before := w.cookies()["_asm_uid"]
	w.run("navigator.onLine = false;" + signIn + "web_event.resetAnonymousUId(); web_event.track('a', 'after');")
	expect.Expect(w.requests()).To(BeEmpty())
	w.run("navigator.onLine = true; happen('online')")
	w.pass(time.Minute)
	expect.Expect(w.requests()).To(HaveLen(2))
	expect.Expect(names(w.requests()[0].events(t))).To(Equal([]string{"view", "sign_in"}))
	expect.Expect(w.requests()[0].events(t)[1].UID).To(Equal(before))
	expect.Expect(w.requests()[0].Body).NotTo(ContainSubstring(w.cookies()["_asm_uid"]))
	expect.Expect(w.requests()[1].Body).NotTo(Or(ContainSubstring(before), ContainSubstring(annasID)))
	expect.Expect(names(w.requests()[1].events(t))).To(Equal([]string{"after"}))
}

func TestEventsAreCollectedForSomeSecondsWhenAskedFor(t *testing.T) {
	t.Parallel()
	for _, transport := range tracker.Transports("antsomi") {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openShop(t, tracker.Options{})
			w.visit(home, site(batch+", transport: '"+transport+"'", ""))
			w.pass(3 * time.Second)
			w.run(signIn)
			w.pass(1999 * time.Millisecond)
			expect.Expect(w.requests()).To(BeEmpty())
			w.pass(time.Millisecond)
			expect.Expect(w.requests()).To(HaveLen(1))
			sent := w.events()
			expect.Expect(names(sent)).To(Equal([]string{"view", "sign_in"}))
			expect.Expect(sent[1].Made - sent[0].Made).To(BeEquivalentTo(3000))
			expect.Expect(sent[1].Portal + sent[1].Prop).To(Equal("33167556301"))
			expect.Expect(w.requests()[0].URL).To(Equal("https://collect.vendor.test/event"))
			expect.Expect(w.requests()[0].By).To(Equal(map[bool]string{true: "beacon", false: "form"}[transport == "beacon"]))
		})
	}
}

func TestABatchOfTwentyIsSentAtOnce(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.visit(home, site(batch, strings.Repeat("web_event.track('a', 'b');", 18)))
	expect.Expect(w.requests()).To(BeEmpty())
	w.run("web_event.track('a', 'last'); web_event.track('a', 'next')")
	expect.Expect(w.requests()).To(HaveLen(2), "the next one goes on as soon as the first twenty have arrived")
	expect.Expect(w.requests()[0].events(t)).To(HaveLen(20))
	expect.Expect(names(w.requests()[1].events(t))).To(Equal([]string{"next"}))
}

func TestABatchIsSentWhenThePageIsLeftOrHidden(t *testing.T) {
	t.Parallel()
	for _, leaving := range []string{`happen("pagehide")`, `document.visibilityState = "hidden"; happen("visibilitychange")`} {
		t.Run(leaving, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openShop(t, tracker.Options{})
			w.visit(home, site(batch, "web_event.track('a', 'b');"))
			w.run(leaving)
			expect.Expect(w.requests()).To(HaveLen(1))
			expect.Expect(w.requests()[0].By).To(Equal("beacon"))
			expect.Expect(names(w.events())).To(Equal([]string{"view", "b"}))
			w.pass(time.Hour)
			expect.Expect(w.requests()).To(HaveLen(1))
		})
	}
}

func TestABrowserThatTakesNoBeaconIsAskedToKeepTheRequestAlive(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openShop(t, tracker.Options{})
	w.run("world.beacons = false")
	w.visit(home, site(batch, ""))
	w.run(`happen("pagehide")`)
	expect.Expect(w.requests()).To(HaveLen(1))
	expect.Expect(w.requests()[0].Options.Keepalive).To(BeTrue())
	expect.Expect(names(w.events())).To(Equal([]string{"view"}))
}

func TestNothingButCookiesIsKept(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	script, err := tracker.Bundle("antsomi", tracker.Options{})
	expect.Expect(err).NotTo(HaveOccurred())
	for _, storage := range []string{"localStorage", "sessionStorage", "indexedDB", "caches", "window.name", "serviceWorker"} {
		expect.Expect(string(script.Source)).NotTo(ContainSubstring(storage))
	}
}
