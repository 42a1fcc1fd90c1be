package verdict_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func judged(scenario, clause string, o verdict.Outcome) verdict.Verdict {
	return verdict.Verdict{Scenario: scenario, Clause: clause, Level: "must", Outcome: o}
}

func TestTally(t *testing.T) {
	t.Parallel()
	const a, b = "mapp.opt-out", "mapp.opt-in"
	ran := func(ids ...string) []verdict.Scenario {
		var all []verdict.Scenario
		for _, id := range ids {
			all = append(all, verdict.Scenario{ID: id})
		}
		return all
	}
	for _, c := range []struct {
		name        string
		give        verdict.Result
		outcome     verdict.Outcome
		conformance string
		scenarios   []verdict.Outcome
	}{
		{"nothing ran", verdict.Result{}, verdict.Inconclusive, "not-conformant", nil},
		{"ran without a verdict", verdict.Result{Scenarios: ran(a)}, verdict.Inconclusive, "not-conformant",
			[]verdict.Outcome{verdict.Inconclusive}},
		{"all passed", verdict.Result{Scenarios: ran(a), Verdicts: []verdict.Verdict{judged(a, "x", verdict.Pass), judged(a, "y", verdict.Pass)}},
			verdict.Pass, "conformant", []verdict.Outcome{verdict.Pass}},
		{"one of two scenarios says nothing", verdict.Result{Scenarios: ran(a, b), Verdicts: []verdict.Verdict{judged(a, "x", verdict.Pass)}},
			verdict.Inconclusive, "not-conformant", []verdict.Outcome{verdict.Pass, verdict.Inconclusive}},
		{"one skipped", verdict.Result{Scenarios: ran(a), Verdicts: []verdict.Verdict{judged(a, "x", verdict.Pass), judged(a, "y", verdict.Skipped)}},
			verdict.Skipped, "partial", []verdict.Outcome{verdict.Skipped}},
		{"one unsupported", verdict.Result{Scenarios: ran(a, b), Verdicts: []verdict.Verdict{judged(a, "x", verdict.Pass), judged(b, "y", verdict.Unsupported)}},
			verdict.Unsupported, "partial", []verdict.Outcome{verdict.Pass, verdict.Unsupported}},
		{"a declared deviation", verdict.Result{Scenarios: ran(a), Verdicts: []verdict.Verdict{judged(a, "x", verdict.Deviation), judged(a, "y", verdict.Pass)}},
			verdict.Deviation, "partial", []verdict.Outcome{verdict.Deviation}},
		{"one cannot be told", verdict.Result{Scenarios: ran(a), Verdicts: []verdict.Verdict{judged(a, "x", verdict.Inconclusive), judged(a, "y", verdict.Deviation)}},
			verdict.Inconclusive, "not-conformant", []verdict.Outcome{verdict.Inconclusive}},
		{"one failed", verdict.Result{Scenarios: ran(a, b), Verdicts: []verdict.Verdict{judged(a, "x", verdict.Fail), judged(b, "x", verdict.Pass)}},
			verdict.Fail, "not-conformant", []verdict.Outcome{verdict.Fail, verdict.Pass}},
		{"a journey broke after it passed", verdict.Result{
			Scenarios: []verdict.Scenario{{ID: a, Error: "the browser was lost"}}, Verdicts: []verdict.Verdict{judged(a, "x", verdict.Pass)}},
			verdict.Error, "not-conformant", []verdict.Outcome{verdict.Error}},
		{"an error outweighs a fail", verdict.Result{Scenarios: ran(a), Verdicts: []verdict.Verdict{judged(a, "x", verdict.Fail)}, Errors: []string{"unwitnessed request"}},
			verdict.Error, "not-conformant", []verdict.Outcome{verdict.Fail}},
		{"a verdict of no listed scenario counts", verdict.Result{Verdicts: []verdict.Verdict{judged(a, "x", verdict.Fail)}},
			verdict.Fail, "not-conformant", nil},
		{"warnings change nothing", verdict.Result{Scenarios: ran(a), Verdicts: []verdict.Verdict{judged(a, "x", verdict.Pass)}, Warnings: []string{"the sandbox was off"}},
			verdict.Pass, "conformant", []verdict.Outcome{verdict.Pass}},
		{"a stale outcome does not stay", verdict.Result{Outcome: verdict.Error, Conformance: "not-conformant",
			Scenarios: []verdict.Scenario{{ID: a, Outcome: verdict.Fail}}, Verdicts: []verdict.Verdict{judged(a, "x", verdict.Pass)}},
			verdict.Pass, "conformant", []verdict.Outcome{verdict.Pass}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := c.give
			for range 2 { // once more changes nothing
				r.Tally()
				if r.Outcome != c.outcome || r.Conformance != c.conformance {
					t.Errorf("got %s (%s), want %s (%s)", r.Outcome, r.Conformance, c.outcome, c.conformance)
				}
				var scenarios []verdict.Outcome
				for _, s := range r.Scenarios {
					scenarios = append(scenarios, s.Outcome)
				}
				if !slices.Equal(scenarios, c.scenarios) {
					t.Errorf("scenarios: got %v, want %v", scenarios, c.scenarios)
				}
			}
		})
	}
}

func TestTallyOfClauses(t *testing.T) {
	t.Parallel()
	r := verdict.Result{Verdicts: []verdict.Verdict{
		judged("s.two", "c.b", verdict.Pass), judged("s.one", "c.b", verdict.Fail), judged("s.one", "c.b", verdict.Pass),
		judged("s.one", "c.a", verdict.Pass),
	}}
	r.Clauses = []verdict.Clause{{ID: "c.stale"}}
	r.Tally()
	want := []verdict.Clause{
		{ID: "c.a", Level: "must", Outcome: verdict.Pass, Scenarios: []string{"s.one"}},
		{ID: "c.b", Level: "must", Outcome: verdict.Fail, Scenarios: []string{"s.one", "s.two"}},
	}
	if diff := cmp.Diff(want, r.Clauses); diff != "" {
		t.Error(diff)
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	r := verdict.Result{Verdicts: []verdict.Verdict{
		judged("s", "a", verdict.Pass), judged("s", "b", verdict.Fail), judged("s", "c", verdict.Pass),
	}}
	if got := r.Counts(); !maps.Equal(got, map[verdict.Outcome]int{verdict.Pass: 2, verdict.Fail: 1}) {
		t.Errorf("got %v", got)
	}
	if got := (&verdict.Result{}).Counts(); len(got) != 0 {
		t.Errorf("of none: got %v", got)
	}
}

func TestVerdictAsJSON(t *testing.T) {
	t.Parallel()
	give := judged("mapp.opt-out", "mapp.nc-sent", verdict.Inconclusive)
	give.Request = &verdict.Excerpt{Text: "nc=1", Marks: []verdict.Mark{{From: 0, To: 4}}}
	data, err := json.Marshal(give)
	if err != nil {
		t.Fatal(err)
	}
	var back verdict.Verdict
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(give, back); diff != "" {
		t.Error(diff)
	}
	if err := json.Unmarshal([]byte(`{"outcome":"green"}`), &back); err == nil {
		t.Error("an unknown outcome was taken")
	}
}
