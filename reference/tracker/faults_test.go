package tracker_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

// seen is what one visitor left behind on the opt-out journey: the parameters
// of each page's request and the jar after each step.
type seen struct {
	hits                                             []url.Values
	identified, optingOut, anonymous, back, identity map[string]string
	choice                                           string
	whileAnonymous                                   []string
}

// optOut walks the journey: identified, opting out, anonymous, opting back,
// identified again.
func optOut(w *window) seen {
	script := page("enableAnonymousFunction: true, suppressParameter: ['cd', 'uc5', 'uc7']", "wtSmart.track();")
	var s seen
	w.visit("https://www.shop.test/", script)
	s.identified = w.cookies()
	before := len(w.writes())
	w.run("wtSmart.utils.optout.setAnonymousCookie()")
	s.choice = strings.Join(w.writes()[before:], "\n")
	s.optingOut = w.cookies()
	before = len(w.writes())
	w.visit("https://www.shop.test/products", script)
	s.anonymous, s.whileAnonymous = w.cookies(), w.writes()[before:]
	w.run("wtSmart.utils.optout.deleteAnonymousCookie()")
	s.back = w.cookies()
	w.visit("https://www.shop.test/", script)
	s.identity = w.cookies()
	for _, r := range w.requests() {
		s.hits = append(s.hits, r.parameters(w.t))
	}
	return s
}

// broken returns the clauses that the journey shows to be broken. A clause on
// identifiable requests is judged on those that carry the ever-id.
func broken(s seen) []string {
	if len(s.hits) != 3 {
		return nil
	}
	first, anonymous, again := s.hits[0], s.hits[1], s.hits[2]
	carriesCustomer := func(v url.Values) bool { return v.Has("cd") && v.Has("uc5") && v.Has("uc7") }
	writesAlive := func(name string) bool {
		return slices.ContainsFunc(s.whileAnonymous, func(w string) bool {
			return strings.HasPrefix(w, name+"=") && !strings.Contains(w, "Max-Age=0")
		})
	}
	identifiedFirst := first.Has("eid")
	clauses := map[string]bool{
		"mapp.opt-in-off-by-default":          identifiedFirst && s.identified["wtstp_eid"] == first.Get("eid"),
		"mapp.nc-only-when-anonymous":         !(identifiedFirst && first.Has("nc")) && !(again.Has("eid") && again.Has("nc")),
		"mapp.suppressed-only-when-anonymous": carriesCustomer(first) && (!again.Has("eid") || carriesCustomer(again)),
		"mapp.opt-out-sets-cookie":            s.optingOut["miCookieOptOut"] == "1",
		"mapp.opt-out-lasts-five-years":       strings.Contains(s.choice, "; Max-Age=157680000;"),
		"mapp.nc-sent":                        anonymous.Get("nc") == "1",
		"mapp.eid-omitted":                    !anonymous.Has("eid"),
		"mapp.suppressed-omitted":             !anonymous.Has("cd") && !anonymous.Has("uc5") && !anonymous.Has("uc7"),
		"mapp.opt-out-removes-eid":            s.anonymous["wtstp_eid"] == "" || s.anonymous["wtstp_eid"] != s.identified["wtstp_eid"],
		"mapp.no-identifying-cookie":          !writesAlive("wtstp_eid") && !writesAlive("wtstp_sid"),
		"mapp.opt-back-in":                    s.back["miCookieOptOut"] == "" && (!identifiedFirst || again.Has("eid")),
	}
	var red []string
	for clause, kept := range clauses {
		if !kept {
			red = append(red, clause)
		}
	}
	slices.Sort(red)
	return red
}

func TestTheCleanTrackerKeepsEveryClauseOfTheOptOut(t *testing.T) {
	t.Parallel()
	for _, minify := range []bool{false, true} {
		expect := NewWithT(t)
		s := optOut(open(t, tracker.Options{Minify: minify}))
		expect.Expect(s.hits).To(HaveLen(3))
		expect.Expect(broken(s)).To(BeEmpty())
		expect.Expect(s.optingOut).To(HaveKeyWithValue("wtstp_eid", s.identified["wtstp_eid"]), "the click changes no cookie but its own")
		expect.Expect(s.anonymous).To(Equal(map[string]string{"miCookieOptOut": "1"}))
		expect.Expect(s.back).To(BeEmpty())
		expect.Expect(s.identity["wtstp_eid"]).To(MatchRegexp(`^[1-9]\d{18}$`))
		expect.Expect(s.identity["wtstp_eid"]).NotTo(Equal(s.identified["wtstp_eid"]), "an earlier identity never comes back")
		expect.Expect(s.hits[0]).To(HaveKeyWithValue("one", []string{"1"}))
		expect.Expect(s.hits[0]).To(HaveKeyWithValue("fns", []string{"1"}))
		expect.Expect(s.hits[1]).NotTo(Or(HaveKey("one"), HaveKey("fns")))
		expect.Expect(s.hits[1]).To(HaveKeyWithValue("pf", []string{"64"}))
	}
}

// simple are faults that this journey alone tells from each other; the others
// want a browser.
var simple = []string{
	"never-sends-nc", "sends-nc-of-zero", "always-sends-nc", "keeps-eid-parameter", "keeps-eid-cookie", "never-suppresses",
	"always-suppresses", "one-year-choice", "stores-the-choice-as-true", "delete-does-nothing", "never-identifies", "silent",
}

func TestEachSimpleFaultBreaksTheClauseThatItIsAbout(t *testing.T) {
	t.Parallel()
	for _, name := range simple {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			f, err := fault.Lookup(name)
			expect.Expect(err).NotTo(HaveOccurred())
			s := optOut(open(t, tracker.Options{Patches: f.Patches}))
			if len(f.Clauses) == 0 {
				expect.Expect(s.hits).To(BeEmpty())
				return
			}
			expect.Expect(s.hits).To(HaveLen(3))
			expect.Expect(broken(s)).To(Equal(f.Clauses[:1]))
		})
	}
}

// TestEveryFaultIsAFaultyTrackerAndNoBrokenOne wants a tracker that still does
// its work: one that fails on the way would prove nothing.
func TestEveryFaultIsAFaultyTrackerAndNoBrokenOne(t *testing.T) {
	t.Parallel()
	for _, f := range fault.All() {
		if f.Vendor != "mapp" || len(f.Patches) == 0 || len(f.Clauses) == 0 {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := open(t, tracker.Options{Patches: f.Patches})
			w.visit(home, switchable("wtSmart.track();"))
			w.run(`wtSmart.utils.optout.setAnonymousCookie(); wtSmart.track();
wtSmart.action.data.add({name: "act"}); wtSmart.trackAction(); happen("pagehide")`)
			w.pass(time.Minute)
			expect.Expect(len(w.requests())).To(BeNumerically(">=", 3))
			expect.Expect(w.said()).To(BeEmpty())
		})
	}
}
