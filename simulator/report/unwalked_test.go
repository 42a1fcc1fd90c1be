package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func TestWhatWasNeverWalkedComesLastAndTogether(t *testing.T) {
	t.Parallel()
	r := samples()["unwalked"]
	for _, verbose := range []bool{false, true} {
		out := textOf(t, r, TextOptions{Verbose: verbose})
		section, before := strings.Index(out, "unsupported  4 scenarios were not walked, 11 verdicts\n"), strings.Index(out, "FAIL  mapp.opt-out\n")
		if before < 0 || section < before {
			t.Fatalf("verbose %v: what was walked stands at %d, what was not at %d:\n%s", verbose, before, section, out)
		}
		if !strings.HasSuffix(out, ": 1 fail, 11 unsupported, 5 pass - fail\n") {
			t.Errorf("the counts changed:\n%s", out)
		}

		for _, reason := range []string{"for suppressed-parameters, switchable-anonymity\n", "for switchable-anonymity\n"} {
			if n := strings.Count(out, reason); n != 1 {
				t.Errorf("verbose %v: %q is said %d times:\n%s", verbose, reason, n, out)
			}
		}
		for _, s := range r.Scenarios[:4] {
			if n := strings.Count(out, s.ID); n != 1 {
				t.Errorf("verbose %v: %s is named %d times", verbose, s.ID, n)
			}
		}
	}
	page := htmlOf(t, r)
	details := strings.Index(page, `<details class="unwalked">`)
	if details < strings.LastIndex(page, "</section>") || strings.Count(page, `<section class="journey"`) != 1 {
		t.Error("the page does not show what was never walked apart and last")
	}
	if !strings.Contains(page, "</span> 4 scenarios were not walked, 11 verdicts</summary>") {
		t.Error("the summary does not count them")
	}
}

// Only what was left out as a whole is condensed: a journey of which there is
// anything else to tell is shown.
func TestWhatIsNeverWalked(t *testing.T) {
	t.Parallel()
	unsupported := verdict.Verdict{Scenario: "a.b", Clause: "a.c", Outcome: verdict.Unsupported, Reason: "lacks x"}
	for name, test := range map[string]struct {
		change func(*verdict.Result)
		want   []string
	}{
		"left out":             {func(*verdict.Result) {}, []string{"lacks x"}},
		"not listed":           {func(r *verdict.Result) { r.Scenarios = nil }, []string{"lacks x"}},
		"without a reason":     {func(r *verdict.Result) { r.Verdicts[0].Reason = "" }, []string{"no reason is given"}},
		"for two reasons":      {func(r *verdict.Result) { r.Verdicts = append(r.Verdicts, again(unsupported, "lacks y")) }, []string{"lacks x; lacks y"}},
		"with a step":          {func(r *verdict.Result) { r.Scenarios[0].Steps = []verdict.Step{{Name: "s"}} }, nil},
		"with evidence":        {func(r *verdict.Result) { r.Scenarios[0].Evidence = "evidence/a.b.ndjson" }, nil},
		"with a harness error": {func(r *verdict.Result) { r.Scenarios[0].Error = "broke" }, nil},
		"with another outcome": {func(r *verdict.Result) { r.Verdicts = append(r.Verdicts, verdict.Verdict{Scenario: "a.b"}) }, nil},
		"stated as worse":      {func(r *verdict.Result) { r.Scenarios[0].Outcome = verdict.Fail }, nil},
		"without any verdict":  {func(r *verdict.Result) { r.Verdicts = nil }, nil},
		"of which some is skipped": {func(r *verdict.Result) {
			r.Verdicts = append(r.Verdicts, verdict.Verdict{Scenario: "a.b", Clause: "a.c", Outcome: verdict.Skipped})
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &verdict.Result{Scenarios: []verdict.Scenario{{ID: "a.b"}}, Verdicts: []verdict.Verdict{unsupported}}
			test.change(r)
			shown, left := parted(journeys(settled(r)))
			var got []string
			for _, u := range left {
				got = append(got, u.Reason)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if len(shown)+len(left) != 1 {
				t.Errorf("%d journeys are shown and %d left out", len(shown), len(left))
			}
		})
	}
}

func again(v verdict.Verdict, reason string) verdict.Verdict {
	v.Reason = reason
	return v
}
