package check

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// newest judges what the collector's newest session says at the end of a step. It is
// the session of the step, or nothing is known.
type newest struct {
	*bench
	view *view
	// value is the scenario's word for what is looked at.
	value string
}

func (n newest) look(is string) finding {
	if reason := n.unknown(n.view); reason != "" {
		return inconclusive("%s", reason)
	}
	switch is {
	case scenario.StateGiven:
		return n.given()
	case scenario.StateMasked:
		return n.masked()
	case scenario.StatePresent:
		if n.said(n.view) == "" {
			return n.fail("none")
		}
		return n.pass(show(n.said(n.view)))
	case scenario.StateAbsent:
		return n.absent()
	}
	return *broken("no check for a session's %s that is %q", n.value, is)
}

// said is what the newest session at the end of a step says.
func (n newest) said(v *view) string { return v.snapshot.Session.Values[n.value] }

// given: it is that of the step's origin, to the letter.
func (n newest) given() finding {
	name, origin := n.plan.Scenario.OriginAt(n.view.place)
	want := map[string]string{scenario.SessionAddress: origin.Address, scenario.SessionCountry: origin.Country, scenario.SessionCity: origin.City}[n.value]
	if want == "" {
		return *broken("the scenario %s gives no %s for the step %s", n.plan.Scenario.ID, n.value, n.view.step.Name)
	}
	said := n.said(n.view)
	same := said == want
	if n.value == scenario.SessionAddress {
		same = sameAddress(said, want)
	}
	switch {
	case same:
		return n.pass(fmt.Sprintf("%s, as that of %s", show(said), name))
	case said == "":
		return n.fail(fmt.Sprintf("none, and not %q", want))
	}
	return n.fail(fmt.Sprintf("%s, and not %q", show(said), want))
}

func sameAddress(a, b string) bool {
	x, err := netip.ParseAddr(strings.TrimSpace(a))
	y, failed := netip.ParseAddr(b)
	return err == nil && failed == nil && x.Unmap() == y.Unmap()
}

// masked: it is an address of nothing but zeros.
func (n newest) masked() finding {
	said := n.said(n.view)
	if said == "" {
		return n.fail("none, where zeros should stand")
	}
	address, err := netip.ParseAddr(strings.TrimSpace(said))
	switch {
	case err == nil && address.Zone() == "" && address.Unmap().IsUnspecified():
		return n.pass(show(said))
	case err != nil:
		return n.fail(show(said) + ", no address of zeros")
	}
	if _, origin := n.plan.Scenario.OriginAt(n.view.place); sameAddress(said, origin.Address) {
		return n.fail(show(said) + ", the whole address")
	}
	return n.fail(show(said) + ", not nothing but zeros")
}

// absent: it says none, though it did at another step.
func (n newest) absent() finding {
	if said := n.said(n.view); said != "" {
		return n.fail(show(said))
	}
	for _, v := range n.all {
		if v != n.view && n.unknown(v) == "" && n.said(v) != "" {
			return n.pass("none; there was one in the step " + v.step.Name)
		}
	}
	return inconclusive("it was there at no other step, so its absence proves nothing").seen("none")
}

// unknown says why the newest session is not known, or need not be that of the
// step; "" when it is.
func (n newest) unknown(v *view) string {
	if v.snapshot == nil || v.snapshot.Session == nil {
		return fmt.Sprintf("the collector's sessions were not asked for at the end of the step %s", v.step.Name)
	}
	s := v.snapshot.Session
	switch {
	case len(v.hits) == 0:
		return fmt.Sprintf("the pixel sent nothing in the step %s, so the newest session need not be of it", v.step.Name)
	case s.ID == "":
		return fmt.Sprintf("the collector had no session at the end of the step %s", v.step.Name)
	case n.within(s.Ended, v), n.within(s.Began, v), n.goesOn(v):
		return ""
	}
	return fmt.Sprintf("the newest session, which began at %s and ended at %s, need not be that of the step %s, which began at %s",
		clock(s.Began), clock(s.Ended), v.step.Name, clock(v.step.Clock))
}

func clock(at time.Time) string {
	if at.IsZero() {
		return "an unknown time"
	}
	return at.UTC().Format("2006-01-02 15:04:05")
}

// within tells whether the time is one of the step, by the journey's clock.
func (n newest) within(at time.Time, v *view) bool {
	if at.IsZero() || v.step.Clock.IsZero() {
		return false
	}
	end := v.step.Clock.Add(v.step.Ended - v.step.Acting).Add(v.step.RunForward)
	return !at.Before(v.step.Clock.Add(-wholeSecond)) && !at.After(end.Add(wholeSecond))
}

// goesOn tells that the session is the one that was seen to be this visitor's at an
// earlier step, and nobody else has come since; where the step's hits are not counted
// as events, as when the visitor agrees, it stays the newest.
func (n newest) goesOn(v *view) bool {
	for i := v.place - 1; i >= 0; i-- {
		before := n.all[i]
		if before.step.Device != v.step.Device {
			if len(before.hits) > 0 {
				return false
			}
			continue
		}
		if before.snapshot == nil || before.snapshot.Session == nil || len(before.hits) == 0 {
			continue
		}
		s := before.snapshot.Session
		return s.ID == v.snapshot.Session.ID && (n.within(s.Ended, before) || n.within(s.Began, before) || n.goesOn(before))
	}
	return false
}

func (n newest) pass(observed string) finding {
	return finding{outcome: verdict.Pass, observed: "the newest session has " + observed, storage: n.excerpt()}
}

func (n newest) fail(observed string) finding {
	return finding{outcome: verdict.Fail, state: true, observed: "the newest session has " + observed, storage: n.excerpt()}
}

// excerpt shows the session.
func (n newest) excerpt() *verdict.Excerpt {
	return sessionExcerpt(n.view.snapshot.Session, n.view.step.Name, n.value)
}

func sessionExcerpt(s *evidence.Session, step, value string) *verdict.Excerpt {
	lines := []shownLine{{text: fmt.Sprintf("the newest session at the end of the step %s:", step)},
		{indent: "  ", text: "id: " + s.ID}, {indent: "  ", text: "began: " + clock(s.Began)}, {indent: "  ", text: "ended: " + clock(s.Ended)},
		{indent: "  ", text: fmt.Sprintf("page-views: %d", s.PageViews)}}
	for _, word := range scenario.SessionValues() {
		said, ok := s.Values[word.Name]
		line := shownLine{indent: "  ", text: word.Name + ": " + said}
		if word.Name == value {
			line.mark = line.text
		}
		if ok || word.Name == value {
			lines = append(lines, line)
		}
	}
	return linesExcerpt(lines...)
}
