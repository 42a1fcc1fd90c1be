package specs

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func TestAVerdictIsExplained(t *testing.T) {
	t.Parallel()
	golden(t, "fail.golden", explain(verdict.Verdict{
		Scenario: "demo.opt-out", Step: "anonymous", Clause: "demo.visitor-omitted", Outcome: verdict.Fail,
		Document: verdict.Source{Document: "demo", Sections: []string{"2", "4"}, Promise: "An anonymous request leaves the visitor out."},
		Subject:  "parameter vid (visitor-id)", Expected: "absent", Observed: "present",
		Request: &verdict.Excerpt{Text: "GET https://collect.vendor.test/hit\nvid=42", Marks: []verdict.Mark{{From: 40, To: 42}}},
		Where:   "demo/opt-out.yaml:18",
	})+"\n")
	golden(t, "unsupported.golden", explain(verdict.Verdict{
		Scenario: "demo.suppress", Step: "only", Clause: "demo.identified", Outcome: verdict.Unsupported,
		Document: verdict.Source{Document: "demo", Sections: []string{"1"}, Promise: "Visitors are identified by default."},
		Expected: "present", Reason: "the pixel does not declare suppressed-parameters", Where: "demo/suppress.yaml:8",
	})+"\n")
}

func TestAPlansClausesAreListedOnceInOrder(t *testing.T) {
	t.Parallel()
	plan := demo(t)
	want := []string{"demo.identified", "demo.choice-kept", "demo.flag-sent", "demo.visitor-omitted"}
	if diff := cmp.Diff(want, clauses(plan)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	plan.Only = map[string]bool{"demo.flag-sent": true}
	if diff := cmp.Diff([]string{"demo.flag-sent"}, clauses(plan)); diff != "" {
		t.Errorf("of a selection (-want +got):\n%s", diff)
	}
}
