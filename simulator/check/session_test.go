package check

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// sessionsOf makes evidence of the journey, and of what a right collector shows as the
// newest session at the end of each step; edit is what it does wrong.
func sessionsOf(p *scenario.Plan, edit func(*evidence.Evidence)) *evidence.Evidence {
	p.Scenario.Config.Origins = comingFrom()
	ev := recordOf(p, map[string]func(*recorder){
		"identified": sending("eid=" + firstID), "anonymous": sending("nc=1"), "agreeing": sending("eid=" + secondID), "back": sending("nc=1"),
	})
	for i := range ev.Steps {
		ev.Steps[i].Began, ev.Steps[i].Ended = time.Duration(i)*time.Minute, time.Duration(i)*time.Minute+2*time.Second
		ev.Steps[i].Acting = ev.Steps[i].Began
		name, origin := p.Scenario.OriginAt(i)
		clock := ev.Steps[i].Clock.Add(time.Second)
		s := &evidence.Session{ID: name, Began: clock, Ended: clock, PageViews: 1,
			Values: map[string]string{"address": "0.0.0.0", "country": origin.Country, "city": origin.City}}
		switch ev.Steps[i].Name {
		case "identified":
			s.Values["address"], s.Values["visitor-id"] = origin.Address, firstID
		case "agreeing": // the session goes on, and what makes it identified is no event
			before := *ev.Snapshots[i-1].Session
			before.Values = maps.Clone(before.Values)
			before.Values["visitor-id"], before.Values["address"] = secondID, origin.Address
			s = &before
		}
		ev.Snapshots[i].Session = s
	}
	if edit != nil {
		edit(ev)
	}
	return ev
}

func sessionCourse() []scenario.Step {
	return []scenario.Step{
		{Name: "identified", Open: "home", From: "rome"}, {Name: "anonymous", Open: "home", Device: "second", From: "berlin"},
		{Name: "agreeing", Do: "agree-later"}, {Name: "back", Open: "home", Device: "first", From: "berlin6", Day: 2},
	}
}

func TestTheNewestSession(t *testing.T) {
	t.Parallel()
	says := func(step, value, text string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) { ev.Snapshot(step).Session.Values[value] = text }
	}
	old := func(ev *evidence.Evidence) { ev.Snapshot("anonymous").Session = ev.Snapshot("identified").Session }
	for name, test := range map[string]struct {
		at, value, is string
		edit          func(*evidence.Evidence)
		outcome       verdict.Outcome
		text          string
	}{
		"country":                   {"anonymous", "country", "given", nil, verdict.Pass, `"Germany", as that of berlin`},
		"city":                      {"anonymous", "city", "given", nil, verdict.Pass, `"Berlin"`},
		"another city":              {"anonymous", "city", "given", says("anonymous", "city", "Reykjavik"), verdict.Fail, `"Reykjavik", and not "Berlin"`},
		"a city in other letters":   {"anonymous", "city", "given", says("anonymous", "city", "berlin"), verdict.Fail, `"berlin", and not "Berlin"`},
		"no city":                   {"anonymous", "city", "given", says("anonymous", "city", ""), verdict.Fail, `none, and not "Berlin"`},
		"the other's country":       {"anonymous", "country", "given", says("anonymous", "country", "Italy"), verdict.Fail, `"Italy", and not "Germany"`},
		"whole address, identified": {"identified", "address", "given", nil, verdict.Pass, `"198.51.100.40", as that of rome`},
		"mapped, identified":        {"identified", "address", "given", says("identified", "address", "::ffff:198.51.100.40"), verdict.Pass, "as that of rome"},
		"masked, identified":        {"identified", "address", "given", says("identified", "address", "0.0.0.0"), verdict.Fail, `"0.0.0.0", and not "198.51.100.40"`},
		"masked":                    {"anonymous", "address", "masked", nil, verdict.Pass, `"0.0.0.0"`},
		"masked IPv6":               {"back", "address", "masked", says("back", "address", "::"), verdict.Pass, `"::"`},
		"masked, written out":       {"back", "address", "masked", says("back", "address", "0:0:0:0:0:0:0:0"), verdict.Pass, `"0:0:0:0:0:0:0:0"`},
		"masked, mapped":            {"anonymous", "address", "masked", says("anonymous", "address", "::ffff:0.0.0.0"), verdict.Pass, "0.0.0.0"},
		"not masked":                {"anonymous", "address", "masked", says("anonymous", "address", berlin), verdict.Fail, `"192.0.2.10", the whole address`},
		"not masked, mapped":        {"anonymous", "address", "masked", says("anonymous", "address", "::ffff:192.0.2.10"), verdict.Fail, "the whole address"},
		"one octet masked":          {"anonymous", "address", "masked", says("anonymous", "address", "192.0.2.0"), verdict.Fail, `"192.0.2.0", not nothing but zeros`},
		"three octets masked":       {"anonymous", "address", "masked", says("anonymous", "address", "0.0.0.10"), verdict.Fail, "not nothing but zeros"},
		"IPv6, to the half":         {"back", "address", "masked", says("back", "address", "2001:db8:1:10::"), verdict.Fail, "not nothing but zeros"},
		"starred out":               {"anonymous", "address", "masked", says("anonymous", "address", "192.0.2.x"), verdict.Fail, "no address of zeros"},
		"hashed":                    {"anonymous", "address", "masked", says("anonymous", "address", "9a0364b9e99bb480dd25e1f0284c8555"), verdict.Fail, "no address of zeros"},
		"no address":                {"anonymous", "address", "masked", says("anonymous", "address", ""), verdict.Fail, "none, where zeros should stand"},
		"a zone":                    {"back", "address", "masked", says("back", "address", "::%eth0"), verdict.Fail, "not nothing but zeros"},
		"a visitor ID":              {"identified", "visitor-id", "present", nil, verdict.Pass, "the newest session has"},
		"no visitor ID":             {"identified", "visitor-id", "present", says("identified", "visitor-id", ""), verdict.Fail, "the newest session has none"},
		"none of an anonymous":      {"anonymous", "visitor-id", "absent", nil, verdict.Pass, "none; there was one in the step identified"},
		"one of an anonymous":       {"anonymous", "visitor-id", "absent", says("anonymous", "visitor-id", secondID), verdict.Fail, secondID},
		"none of anybody": {"anonymous", "visitor-id", "absent", func(ev *evidence.Evidence) {
			says("identified", "visitor-id", "")(ev)
			says("agreeing", "visitor-id", "")(ev)
		}, verdict.Inconclusive, "it was there at no other step"},
		"agreed in mid-session": {"agreeing", "visitor-id", "present", nil, verdict.Pass, secondID},

		"an old session": {"anonymous", "visitor-id", "present", old, verdict.Inconclusive,
			"the newest session, which began at 2026-03-01 12:00:01 and ended at 2026-03-01 12:00:01, need not be that of the step anonymous, which began at 2026-03-01 12:01:00"},
		"an old session, masked": {"anonymous", "address", "masked", func(ev *evidence.Evidence) {
			old(ev)
			says("identified", "address", "0.0.0.0")(ev)
		}, verdict.Inconclusive, "need not be that of the step"},
		"one that goes on": {"anonymous", "city", "given", func(ev *evidence.Evidence) {
			ev.Snapshot("anonymous").Session.Began = began.Add(-time.Hour)
		}, verdict.Pass, "Berlin"},
		"one that began now and ends later": {"anonymous", "city", "given", func(ev *evidence.Evidence) {
			ev.Snapshot("anonymous").Session.Ended = began.Add(time.Hour)
		}, verdict.Pass, "Berlin"},
		"another's since he was there": {"agreeing", "visitor-id", "present", func(ev *evidence.Evidence) {
			ev.Snapshot("agreeing").Session = ev.Snapshot("identified").Session
		}, verdict.Inconclusive, "need not be that of the step agreeing"},
		"not asked":         {"anonymous", "city", "given", func(ev *evidence.Evidence) { ev.Snapshot("anonymous").Session = nil }, verdict.Inconclusive, "were not asked for"},
		"no session at all": {"anonymous", "city", "given", func(ev *evidence.Evidence) { ev.Snapshot("anonymous").Session = &evidence.Session{} }, verdict.Inconclusive, "had no session"},
		"nothing was sent": {"anonymous", "city", "given", func(ev *evidence.Evidence) {
			hits(ev, "anonymous", func(r *evidence.Request) { r.Step = "identified" })
		}, verdict.Inconclusive, "the pixel sent nothing in the step anonymous"},
		"no clock":    {"anonymous", "city", "given", func(ev *evidence.Evidence) { ev.Step("anonymous").Clock = time.Time{} }, verdict.Inconclusive, "at an unknown time"},
		"not at rest": {"anonymous", "city", "given", func(ev *evidence.Evidence) { ev.Step("anonymous").Fenced = false }, verdict.Inconclusive, "come to rest"},
	} {
		p := expecting(planOf(t, sessionCourse()...), scenario.Expectation{At: test.at, Session: test.value, Is: test.is})
		if v := Judge(p, sessionsOf(p, test.edit))[0]; v.Outcome != test.outcome || !strings.Contains(v.Observed+"; "+v.Reason, test.text) {
			t.Errorf("%s: want %s, got %s", name, test.outcome, told([]verdict.Verdict{v}))
		}
	}
}

// TestAnotherVisitorsSessionDoesNotGoOn: where somebody else has come since, the
// newest session is no longer known to be the visitor's.
func TestAnotherVisitorsSessionDoesNotGoOn(t *testing.T) {
	t.Parallel()
	course := []scenario.Step{
		{Name: "anonymous", Open: "home", From: "berlin"}, {Name: "identified", Open: "home", Device: "second", From: "rome"},
		{Name: "agreeing", Do: "agree-later", Device: "first"},
	}
	p := expecting(planOf(t, course...), scenario.Expectation{At: "agreeing", Session: "visitor-id", Is: "present"})
	ev := sessionsOf(p, nil)
	ev.Snapshot("agreeing").Session = ev.Snapshot("anonymous").Session
	if v := Judge(p, ev)[0]; v.Outcome != verdict.Inconclusive {
		t.Errorf("got %s", told([]verdict.Verdict{v}))
	}
}

// TestWhatIsShownOfSessions compares with the golden files.
func TestWhatIsShownOfSessions(t *testing.T) {
	t.Parallel()
	p := planOf(t, sessionCourse()...)
	list := []scenario.Expectation{
		{At: "anonymous", Session: "address", Is: "masked"}, {At: "anonymous", Session: "city", Is: "given"}, {At: "anonymous", Session: "country", Is: "present"},
		{At: "anonymous", Session: "visitor-id", Is: "absent"}, {At: "identified", Session: "address", Is: "given"},
	}
	expecting(p, list...)
	ev := sessionsOf(p, func(ev *evidence.Evidence) {
		ev.Snapshot("anonymous").Session.Values = map[string]string{"address": "192.0.2.0", "city": "Reykjavik", "visitor-id": secondID}
		ev.Snapshot("identified").Session.Values["address"] = ""
	})
	golden(t, "sessions", told(Judge(p, ev)))

	var out strings.Builder
	list = append(list, scenario.Expectation{Request: "any", Is: "absent"}, scenario.Expectation{Request: "any", Is: "present"}, scenario.Expectation{Cookie: "any", Is: "absent"},
		scenario.Expectation{Kept: "address", Is: "absent"}, scenario.Expectation{Kept: "customer-id", Is: "absent"},
		scenario.Expectation{Record: "sessions", Is: "untouched"}, scenario.Expectation{Record: "sessions", Is: "grown", By: scenario.Amount{Text: "2", Count: 2}},
		scenario.Expectation{Record: "session-time", Is: "grown", By: scenario.Amount{Text: "10m", Span: 10 * time.Minute}})
	for i := range list {
		fmt.Fprintf(&out, "%s: %s\n", subject(p, &list[i]), expected(p, &list[i]))
	}
	golden(t, "session-words", out.String())
}
