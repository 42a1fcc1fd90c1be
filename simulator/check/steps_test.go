package check

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// golden compares a text with a golden file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// planOf is a plan of the given steps, without expectations.
func planOf(t testing.TB, steps ...scenario.Step) *scenario.Plan {
	p := plan(t)
	p.Scenario.Journey, p.Scenario.Expect = steps, nil
	p.Pixel.Requests.Made = &scenario.Made{Parameter: "p", Separator: ",", Field: 7, Unit: "ms"}
	p.Pixel.Parameters["action-name"] = scenario.Name{Name: "ct"}
	p.Pixel.Parameters["session-id"] = scenario.Name{Name: "sid"}
	return p
}

func expecting(p *scenario.Plan, list ...scenario.Expectation) *scenario.Plan {
	for _, e := range list {
		e.Clause = "mapp.nc-sent"
		p.Scenario.Expect = append(p.Scenario.Expect, e)
	}
	return p
}

// began is the page's clock at the first step; each step begins a minute later.
var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// recordOf makes evidence of the plan's journey; what does the pixel's part of
// each step. A step that ends at once is neither fenced nor looked at.
func recordOf(p *scenario.Plan, what map[string]func(*recorder)) *evidence.Evidence {
	r := &recorder{Evidence: evidence.Evidence{Header: evidence.Header{Schema: evidence.Schema, Scenario: p.Scenario.ID, Pixel: "mapp"}}}
	jars := map[string][]evidence.Cookie{}
	page := "/"
	for i, s := range p.Scenario.Journey {
		device, tab := p.Scenario.Place(i)
		r.jar = jars[device]
		if s.Open != "" {
			page = p.Pixel.Pages[s.Open]
		}
		r.now = ""
		r.begin(s.Name, s.Action(), page)
		step := &r.Steps[len(r.Steps)-1]
		step.Conditions, step.Device, step.Tab = s.Conditions(), device, tab
		step.Clock = began.Add(time.Duration(i) * time.Minute)
		step.Fenced = s.Ends == ""
		if do := what[s.Name]; do != nil {
			do(r)
		}
		jars[device] = r.jar
		if step.Fenced {
			r.end()
		}
	}
	return &r.Evidence
}

// hitAt makes a hit at that moment of the page's clock.
func (r *recorder) hitAt(at time.Time, parameters ...string) {
	r.send("collector", fmt.Sprintf("%s?p=600,www.shop.test,1,800x600,24,1,%d,0,800x600,0&%s", address, at.UnixMilli(), strings.Join(parameters, "&")))
}

func sending(parameters ...string) func(*recorder) {
	return func(r *recorder) { r.hit("/", parameters...) }
}

func storing(name, value string, parameters ...string) func(*recorder) {
	return func(r *recorder) { r.write(name, value, halfYear); r.hit("/", parameters...) }
}

// TestOnlyTheSamePersonsStepsCount: another person's browser proves nothing and
// breaks nothing.
func TestOnlyTheSamePersonsStepsCount(t *testing.T) {
	t.Parallel()
	journey := []scenario.Step{
		{Name: "mine", Open: "home"}, {Name: "choosing", Do: "opt-out"}, {Name: "theirs", Open: "home", Device: "second"},
		{Name: "anonymous", Open: "home", Device: "first"},
	}
	eid := "eid=" + firstID
	tests := map[string]struct {
		expect  scenario.Expectation
		what    map[string]func(*recorder)
		outcome verdict.Outcome
		text    string
	}{
		"a contrast of one's own": {scenario.Expectation{Parameter: "visitor-id", Is: "absent"},
			map[string]func(*recorder){"mine": sending(eid), "theirs": sending("x=1"), "anonymous": sending("nc=1")}, verdict.Pass, "it was there in the step mine"},
		"a contrast of theirs": {scenario.Expectation{Parameter: "visitor-id", Is: "absent"},
			map[string]func(*recorder){"mine": sending("x=1"), "theirs": sending(eid), "anonymous": sending("nc=1")}, verdict.Inconclusive, "present in no other step"},
		"their value in my request": {scenario.Expectation{Parameter: "visitor-id", Is: "untraced"},
			map[string]func(*recorder){"mine": sending("eid=" + secondID), "theirs": sending(eid), "anonymous": sending("x=" + firstID)}, verdict.Pass, "it was there in the step mine"},
		"my cookie": {scenario.Expectation{Cookie: "visitor-id", Is: "gone"},
			map[string]func(*recorder){"mine": storing("wtstp_eid", firstID), "anonymous": storing("wtstp_eid", "")}, verdict.Pass, "in the jar in the step mine"},
		"their cookie": {scenario.Expectation{Cookie: "visitor-id", Is: "gone"},
			map[string]func(*recorder){"mine": sending(), "theirs": storing("wtstp_eid", firstID), "anonymous": sending()}, verdict.Inconclusive, "in the jar in no earlier step"},
		"what they were known by": {scenario.Expectation{Parameter: "visitor-id", Is: "fresh"},
			map[string]func(*recorder){"mine": sending("eid=" + secondID), "theirs": sending(eid), "anonymous": sending(eid)}, verdict.Pass, "in the step mine it was"},
		"resumed after theirs": {scenario.Expectation{Parameter: "visitor-id", Is: "resumed"},
			map[string]func(*recorder){"mine": sending(eid), "theirs": sending("nc=1"), "anonymous": sending(eid)}, verdict.Inconclusive, "no step after mine shows it absent"},
		"their awake pixel": {scenario.Expectation{Cookie: "visitor-id", Is: "absent"},
			map[string]func(*recorder){"mine": storing("wtstp_eid", firstID), "theirs": sending(), "anonymous": func(r *recorder) { r.jar = nil }}, verdict.Inconclusive, "the pixel sent nothing since the page was opened"},
	}
	for name, test := range tests {
		test.expect.At = "anonymous"
		p := expecting(planOf(t, journey...), test.expect)
		v := Judge(p, recordOf(p, test.what))[0]
		if v.Outcome != test.outcome || !strings.Contains(v.Observed+v.Reason, test.text) {
			t.Errorf("%s: %s", name, told([]verdict.Verdict{v}))
		}
	}
}

// TestAPixelIsAwakeOnItsOwnPage: on the page, in the tab and in the history.
func TestAPixelIsAwakeOnItsOwnPage(t *testing.T) {
	t.Parallel()
	home, products := scenario.Step{Open: "home"}, scenario.Step{Open: "products"}
	tests := map[string]struct {
		steps    []scenario.Step
		hits     []int // the steps in which the pixel sends, from 0
		restored bool  // what goes back is restored
		awake    bool
	}{
		"in the step":            {[]scenario.Step{home}, []int{0}, false, true},
		"since it was opened":    {[]scenario.Step{home, {Do: "opt-out"}}, []int{0}, false, true},
		"on the page before":     {[]scenario.Step{home, products}, []int{0}, false, false},
		"in another tab":         {[]scenario.Step{home, {Open: "home", In: "second-tab"}}, []int{0}, false, false},
		"back in the first tab":  {[]scenario.Step{home, {Open: "home", In: "second-tab"}, {Do: "opt-out", In: "first-tab"}}, []int{0}, false, true},
		"in the second tab only": {[]scenario.Step{home, {Open: "home", In: "second-tab"}, {Do: "opt-out", In: "first-tab"}}, []int{1}, false, false},
		"a restored page":        {[]scenario.Step{home, products, {Go: "back"}}, []int{0}, true, true},
		"a restored silent page": {[]scenario.Step{home, products, {Go: "back"}}, []int{1}, true, false},
		"a page loaded anew":     {[]scenario.Step{home, products, {Go: "back"}}, []int{0, 1}, false, false},
		"forward again":          {[]scenario.Step{home, products, {Go: "back"}, {Go: "forward"}}, []int{1}, true, true},
		"after the browser was closed": {[]scenario.Step{home, {Open: "home", In: "second-tab"}, {Open: "home", In: "first-tab", Day: 2}},
			[]int{0, 1}, false, false},
		"on another day in the old tab": {[]scenario.Step{home, {Day: 2, Forget: []string{"cookies"}}}, []int{0}, false, false},
	}
	for name, test := range tests {
		what := map[string]func(*recorder){}
		for i := range test.steps {
			test.steps[i].Name = fmt.Sprintf("step-%d", i)
			if slices.Contains(test.hits, i) {
				what[test.steps[i].Name] = sending()
			}
		}
		p := planOf(t, test.steps...)
		ev := recordOf(p, what)
		for i := range ev.Steps {
			ev.Steps[i].Restored = test.restored && test.steps[i].Go != ""
		}
		b := layOut(p, ev)
		if got := b.awake(b.views[len(b.views)-1]); got != test.awake {
			t.Errorf("%s: awake is %v", name, got)
		}
	}
}

func TestTheCourseOfTheJourneyIsTheScenarios(t *testing.T) {
	t.Parallel()
	journey := []scenario.Step{
		{Name: "first", Open: "home"}, {Name: "slow", Collector: "slow"}, {Name: "act", Do: "act", In: "second-tab"},
		{Name: "theirs", Open: "home", Device: "second"}, {Name: "last", Open: "home", Device: "first", Day: 3},
	}
	p := expecting(planOf(t, journey...), scenario.Expectation{At: "last", Parameter: "visitor-id", Is: "present"})
	for name, test := range map[string]struct {
		edit   func([]evidence.Step)
		reason string
	}{
		"as planned":         {func([]evidence.Step) {}, ""},
		"another action":     {func(s []evidence.Step) { s[2].Action = "do opt-out" }, `"do opt-out, in second-tab", now "do act, in second-tab"`},
		"an action too many": {func(s []evidence.Step) { s[1].Action = "do act" }, `"do act, collector slow", now "collector slow"`},
		"other conditions":   {func(s []evidence.Step) { s[1].Conditions = nil }, `"", now "collector slow"`},
		"another day":        {func(s []evidence.Step) { s[4].Conditions = []string{"day 4"} }, `"open home, day 4", now "open home, day 3"`},
		"another person":     {func(s []evidence.Step) { s[3].Device = "" }, `"open home", now "open home, device second"`},
		"another tab":        {func(s []evidence.Step) { s[2].Tab = "" }, `"do act", now "do act, in second-tab"`},
		"another's problem":  {func(s []evidence.Step) { s[3].Problem = "no such page" }, "the step theirs went wrong: no such page"},
	} {
		ev := recordOf(p, map[string]func(*recorder){"first": sending("eid=1"), "last": sending("eid=1")})
		test.edit(ev.Steps)
		v := Judge(p, ev)[0]
		if test.reason == "" && v.Outcome != verdict.Pass || test.reason != "" && v.Outcome != verdict.Inconclusive || !strings.Contains(v.Reason, test.reason) {
			t.Errorf("%s: %s: %s", name, v.Outcome, v.Reason)
		}
	}
}

// TestAStepThatEndsAtOnceProvesNoAbsence, and is no error.
func TestAStepThatEndsAtOnceProvesNoAbsence(t *testing.T) {
	t.Parallel()
	journey := []scenario.Step{
		{Name: "first", Open: "home"}, {Name: "hasty", Open: "home", Ends: "at-once"}, {Name: "choosing", Do: "opt-out"}, {Name: "last", Open: "home"},
	}
	what := map[string]func(*recorder){
		"first":    storing("wtstp_eid", firstID, "eid="+firstID),
		"hasty":    storing("wtstp_sid", "1"),
		"choosing": func(r *recorder) { r.write("miCookieOptOut", "1", fiveYear) },
		"last":     func(r *recorder) { r.write("wtstp_eid", "", -1); r.hit("/", "nc=1") },
	}
	five, err := scenario.ParseLifetime("5y")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		expect  scenario.Expectation
		outcome verdict.Outcome
	}{
		{scenario.Expectation{At: "hasty", Parameter: "visitor-id", Is: "absent"}, verdict.Inconclusive},
		{scenario.Expectation{At: "hasty", Parameter: "visitor-id", Is: "untraced"}, verdict.Inconclusive},
		{scenario.Expectation{At: "hasty", Parameter: "visitor-id", Is: "fresh"}, verdict.Fail}, // there is no visitor ID in a hit that was sent
		{scenario.Expectation{At: "hasty", Cookie: "visitor-id", Is: "present"}, verdict.Inconclusive},
		{scenario.Expectation{At: "hasty", Cookie: "visitor-id", Is: "absent"}, verdict.Inconclusive},
		{scenario.Expectation{At: "hasty", Cookie: "visitor-id", Is: "gone"}, verdict.Inconclusive},
		{scenario.Expectation{At: "hasty", Cookie: "visitor-id", Is: "not-stored"}, verdict.Inconclusive},
		{scenario.Expectation{At: "choosing", Cookie: "choice", Lasts: five}, verdict.Pass},
		{scenario.Expectation{At: "hasty", Record: "returning-visitors", Is: "grown"}, verdict.Inconclusive},
		// What the hasty step wrote was there before the choice, though nobody looked.
		{scenario.Expectation{At: "last", Cookie: "session-id", Is: "not-stored"}, verdict.Pass},
		{scenario.Expectation{At: "last", Cookie: "visitor-id", Is: "gone"}, verdict.Pass},
	} {
		p := expecting(planOf(t, journey...), test.expect)
		if v := Judge(p, recordOf(p, what))[0]; v.Outcome != test.outcome {
			t.Errorf("want %s, got %s", test.outcome, told([]verdict.Verdict{v}))
		}
	}
}

// TestARefusedConnectionIsNoHit, and what it lacks is not missing.
func TestARefusedConnectionIsNoHit(t *testing.T) {
	t.Parallel()
	journey := []scenario.Step{{Name: "first", Open: "home"}, {Name: "unreached", Do: "act", Collector: "unreachable"}, {Name: "last", Open: "home"}}
	refuse := func(r *recorder) {
		r.send("unreachable", "collect.vendor.test:443")
		last := &r.Requests[len(r.Requests)-1]
		last.Method, last.Header, last.Status, last.Incomplete = "CONNECT", nil, 502, "refused"
	}
	p := expecting(planOf(t, journey...),
		scenario.Expectation{At: "unreached", Parameter: "visitor-id", Is: "untraced"},
		scenario.Expectation{At: "last", Parameter: "visitor-id", Is: "absent"},
		scenario.Expectation{At: "unreached", Parameter: "anonymous-flag", Is: "set"})
	verdicts := Judge(p, recordOf(p, map[string]func(*recorder){
		"first": sending("eid=" + firstID), "unreached": refuse, "last": func(r *recorder) { refuse(r); r.hit("/", "nc=1") },
	}))
	for i, want := range []verdict.Outcome{verdict.Pass, verdict.Pass, verdict.Inconclusive} {
		if verdicts[i].Outcome != want {
			t.Errorf("want %s, got %s", want, told(verdicts[i:i+1]))
		}
	}
	if !strings.Contains(verdicts[2].Reason, "the pixel sent nothing in the step unreached") {
		t.Errorf("got %s", verdicts[2].Reason)
	}
}

// TestActingIsNoChoice: what the visitor does on the page changes nothing of his choice.
func TestActingIsNoChoice(t *testing.T) {
	t.Parallel()
	p := planOf(t, scenario.Step{Name: "first", Open: "home"}, scenario.Step{Name: "choosing", Do: "opt-out"}, scenario.Step{Name: "acting", Do: "act"})
	b := layOut(p, recordOf(p, nil))
	if got := b.choice(b.views[2]); got != 1 {
		t.Errorf("the choice is at %d", got)
	}
	if got := b.choice(b.views[0]); got != 0 {
		t.Errorf("without a choice it is at %d", got)
	}
}
