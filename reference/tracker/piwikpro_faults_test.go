package tracker_test

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

// sight is what became of one step of a walk: the hits that were sent in it, how
// many requests there were, and what the browser holds at its end.
type sight struct {
	hits     []url.Values
	requests int
	jar      map[string]string
	stored   int // entries of the storages
}

// consentWalk is the journey of one who changes his mind.
type consentWalk struct {
	w *window
	// Day 1, undecided: a page, an event after 10 minutes, another page; the jar
	// after 29 and 30 minutes; an event on the open page after 31.
	arriving, acting, browsing, minute29, minute30, minute31 sight
	// Days 2 and 3: undecided; disagreed, and an event on the page.
	day2, disagreeing, day3 sight
	// Agreed on that page; an event; another page; days 5 and 60.
	agreeing, identified, next, day5, day60 sight
	// Withdrawn on the page; an event there; another page; agreed once more.
	withdrawing, after, later, again sight
	// An event that waited as he withdrew, then two that wait as the page is left.
	waited, left sight
	// Chosen in another tab, both ways.
	tabAgreed, tabDisagreed sight
	// At a site with tracking off: before the setting is known, undecided,
	// disagreed, agreed.
	unknown, off, offDisagreed, offAgreed sight
	// Another site, whose setting is on; then one whose setting changes.
	other, switchedOn, switchedOff sight
}

const walkUser = `_paq.push(["setUserId", "user5684798169"]);`

func (c *consentWalk) open(path, site string) sight {
	return c.see(func() { c.w.visit(home+path, walkPage(site)) })
}

func walkPage(site string) string { return setUp(site, walkUser+`_paq.push(["trackPageView"]);`) }

func (c *consentWalk) do(script string) sight { return c.see(func() { c.w.run(script) }) }

func (c *consentWalk) wait(d time.Duration) sight { return c.see(func() { c.w.pass(d) }) }

func (c *consentWalk) see(step func()) sight {
	from := len(c.w.requests())
	step()
	s := sight{jar: c.w.cookies(), requests: len(c.w.requests()) - from}
	s.stored = read[int](c.w, "Object.keys(localStorage).length + Object.keys(sessionStorage).length")
	for _, r := range c.w.requests()[from:] {
		s.hits = append(s.hits, r.tracked(c.w.t)...)
	}
	return s
}

func (c *consentWalk) days(n int) {
	c.w.run(leave + fmt.Sprintf("; world.now += %d * 86400000", n))
}

// walkSites walks it.
func walkSites(w *window) *consentWalk {
	c := &consentWalk{w: w}
	c.arriving = c.open("", shopOn)
	w.pass(10 * time.Minute)
	c.acting = c.do(act)
	c.browsing = c.open("products", shopOn)
	c.minute29 = c.wait(19 * time.Minute)
	c.minute30 = c.wait(time.Minute)
	w.pass(time.Minute)
	c.minute31 = c.do(act)
	c.days(1)
	c.day2 = c.open("", shopOn)
	c.disagreeing = c.do(reopen + disagree + act)
	c.days(1)
	c.day3 = c.open("", shopOn)
	c.agreeing = c.do(reopen + agree)
	c.identified = c.do(act)
	c.next = c.open("products", shopOn)
	c.days(2)
	c.day5 = c.open("", shopOn)
	c.days(55)
	c.day60 = c.open("", shopOn)
	c.withdrawing = c.do(reopen + disagree)
	c.after = c.do(act)
	c.later = c.open("products", shopOn)
	c.days(1)
	w.visit(home, walkPage(shopOn))
	c.again = c.do(reopen + agree + act)
	c.waited = c.see(func() {
		w.run("navigator.onLine = false;" + act + reopen + disagree + "navigator.onLine = true")
		w.retry()
	})
	c.left = c.see(func() {
		w.run(`world.status = 503;` + act + act)
		w.run(`world.status = 200;` + leave)
	})
	w.pass(time.Hour)
	w.visit(home, walkPage(shopOn))
	c.tabAgreed = c.do(put(choiceCookie(shopOn), saysYes) + drop(sessionCookie(shopOn)) + act)
	c.tabDisagreed = c.do(put(choiceCookie(shopOn), saysNo) + act)
	w.run(leave)
	c.unknown = c.see(func() {
		w.run("world.holdSettings = true")
		w.visit(home, walkPage(shopOff))
	})
	w.run("answerSettings(); world.holdSettings = false")
	c.off = c.open("", shopOff)
	c.offDisagreed = c.do(reopen + disagree + act + leave)
	c.offAgreed = c.do(reopen + agree)
	c.other = c.open("other-shop", another)
	w.run("world.settings['" + another + "'] = false")
	c.switchedOff = c.open("other-shop", another)
	w.run("world.settings['" + another + "'] = true")
	c.switchedOn = c.open("other-shop", another)
	return c
}

// knownNames are the parameters that an anonymous hit may have.
var knownNames = []string{"idsite", "rec", "url", "urlref", "action_name", "ts", "pv_id", "rand", "res", "lang", "uia", "ses", "e_c", "e_a", "e_n", "e_v"}

// anonymously tells that a step sent hits of these kinds, which tell nobody's identity.
func anonymously(s sight, want ...string) bool {
	for _, hit := range s.hits {
		for name := range hit {
			if !slices.Contains(knownNames, name) {
				return false
			}
		}
	}
	return slices.Equal(kinds(s.hits), want)
}

// identifiedAs tells that a step sent hits, all of that visitor and user.
func identifiedAs(id string, s sight) bool {
	return id != "" && len(s.hits) > 0 && !slices.ContainsFunc(s.hits, func(hit url.Values) bool {
		return hit.Get("_id") != id || hit.Get("uid") != "user5684798169" || hit.Has("uia")
	})
}

func session(s sight) string {
	if len(s.hits) == 0 {
		return ""
	}
	return s.hits[len(s.hits)-1].Get("ses")
}

// holdsOnly tells that the jar holds no cookies but these, and the storages nothing.
func (s sight) holdsOnly(names ...string) bool {
	for name := range s.jar {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return s.stored == 0
}

// kept tells of each clause whether the walk keeps it, as far as the tracker decides.
// stranger is the beginning of the same walk in another browser.
func (c *consentWalk) kept(stranger *consentWalk) map[string]bool {
	temporary := sessionCookie(shopOn)
	id := c.next.jar[idCookie(shopOn)]
	const view, event = "anonymous view", "anonymous event"
	silent := func(s sight) bool {
		return s.requests == 0 && s.jar[idCookie(shopOff)]+s.jar[sessionCookie(shopOff)] == "" && s.stored == c.tabDisagreed.stored
	}
	joined := func(a, b sight) bool { return session(a) == session(b) }
	ours := []string{temporary, choiceCookie(shopOn)}
	// apart tells that nothing in a step leads back to whom the visitor was.
	apart := func(s sight) bool {
		return !slices.ContainsFunc(s.hits, func(hit url.Values) bool {
			return hit.Get("ses") == id || hit.Get("pv_id") == c.day60.hits[0].Get("pv_id")
		})
	}
	return map[string]bool{
		"piwikpro.undecided-anonymous": anonymously(c.arriving, view) && anonymously(c.acting, event) && anonymously(c.day2, view),
		"piwikpro.disagree-anonymous":  anonymously(c.disagreeing, event) && anonymously(c.day3, view) && c.day3.jar[idCookie(shopOn)] == "",
		"piwikpro.temporary-cookie": c.arriving.jar[temporary] != "" && c.arriving.jar[temporary] == session(c.arriving) &&
			c.minute31.jar[temporary] != "" && c.minute31.jar[temporary] == session(c.minute31),
		"piwikpro.temporary-cookie-gone": c.minute29.jar[temporary] != "" && c.minute30.jar[temporary] == "",
		"piwikpro.off-collects-nothing": silent(c.unknown) && silent(c.off) && silent(c.offDisagreed) &&
			c.switchedOff.requests == 0 && c.switchedOff.jar[sessionCookie(another)] == "",
		"piwikpro.site-setting": silent(c.off) && len(c.other.hits) == 1 && c.switchedOff.requests == 0 &&
			c.switchedOff.jar[sessionCookie(another)] == "" && len(c.switchedOn.hits) == 1,
		"piwikpro.agree-identifies": identifiedAs(id, c.identified) && identifiedAs(id, c.next) && identifiedAs(id, c.day5) && identifiedAs(id, c.day60) &&
			identifiedAs(c.offAgreed.jar[idCookie(shopOff)], c.offAgreed),
		"piwikpro.change-of-mind": len(c.agreeing.hits) == 1 && identifiedAs(id, c.identified) &&
			c.withdrawing.holdsOnly(choiceCookie(shopOn)) && anonymously(c.after, event) && apart(c.after) && anonymously(c.later, view) && apart(c.later) &&
			identifiedAs(c.tabAgreed.jar[idCookie(shopOn)], c.tabAgreed) && anonymously(c.tabDisagreed, event),
		"all.no-late-delivery": len(c.waited.hits) == 0,
		"all.no-respawn":       id == "" || c.again.jar[idCookie(shopOn)] != id,
		"all.no-hiding-place": c.arriving.holdsOnly(temporary) && c.minute31.holdsOnly(temporary) && c.disagreeing.holdsOnly(ours...) && c.after.holdsOnly(ours...) &&
			!joined(c.arriving, c.minute31) && !joined(c.minute31, c.day2) &&
			c.disagreeing.jar[choiceCookie(shopOn)] == stranger.disagreeing.jar[choiceCookie(shopOn)],
		"piwikpro.sessions-accurate": joined(c.arriving, c.acting) && joined(c.acting, c.browsing) && joined(c.day2, c.disagreeing) &&
			slices.Equal(kinds(c.agreeing.hits), []string{"ping"}) && joined(c.agreeing, c.day3) && !joined(c.arriving, stranger.arriving),
		"piwikpro.pageviews-accurate": len(c.arriving.hits) == 1 && slices.Equal(kinds(c.browsing.hits), []string{view}) && len(c.next.hits) == 1 &&
			slices.Equal(kinds(c.acting.hits), []string{event}) && len(c.left.hits) == 3,
		"piwikpro.session-time-accurate": c.arriving.hits == nil || c.acting.hits == nil || c.acting.hits[0].Get("ts") == "1750000600000",
	}
}

func (c *consentWalk) broken(stranger *consentWalk) []string {
	kept := c.kept(stranger)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(kept)), func(clause string) bool { return kept[clause] })
}

// walkBoth walks it, and begins it in another browser.
func walkBoth(t *testing.T, options tracker.Options) (ours, stranger *consentWalk) {
	t.Helper()
	w := openWebsite(t, options)
	other := openWebsite(t, options)
	other.run("crypto.getRandomValues(new Uint8Array(1000))")
	stranger = &consentWalk{w: other}
	stranger.arriving = stranger.open("", shopOn)
	stranger.disagreeing = stranger.do(disagree)
	return walkSites(w), stranger
}

func TestTheCleanTrackerKeepsEveryClauseOfConsent(t *testing.T) {
	t.Parallel()
	for _, minify := range []bool{false, true} {
		expect := NewWithT(t)
		ours, stranger := walkBoth(t, tracker.Options{Minify: minify})
		expect.Expect(ours.broken(stranger)).To(BeEmpty())
		expect.Expect(ours.w.said()).To(BeEmpty())
	}
}

// TestEachFaultOfTheConsentManagerShows wants each to break the clause that it is
// about, and to go on with the rest of its work.
func TestEachFaultOfTheConsentManagerShows(t *testing.T) {
	t.Parallel()
	n := 0
	for _, f := range fault.All() {
		if f.Vendor != "piwikpro" || f.Part != fault.Tracker {
			continue
		}
		n++
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			ours, stranger := walkBoth(t, tracker.Options{Patches: f.Patches})
			broken := ours.broken(stranger)
			NewWithT(t).Expect(broken).To(ContainElement(f.Clauses[0]))
			t.Log(strings.Join(broken, " "))
			NewWithT(t).Expect(ours.w.said()).To(BeEmpty())
		})
	}
	NewWithT(t).Expect(n).To(BeNumerically(">=", 50))
}
