package suite

import (
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func TestACheckThatBreaksIsAnErrorOfTheHarness(t *testing.T) {
	t.Parallel()
	e := &evidence.Evidence{}
	var plan *scenario.Plan
	found := verdicts(plan, e, func(p *scenario.Plan, e *evidence.Evidence) []verdict.Verdict {
		if len(e.Faults) > 0 {
			return []verdict.Verdict{{Outcome: verdict.Error, Reason: e.Faults[0]}}
		}
		return []verdict.Verdict{{Scenario: p.Scenario.ID}}
	})
	if len(found) != 1 || found[0].Outcome != verdict.Error || !strings.Contains(found[0].Reason, "judging broke in ") || !strings.Contains(found[0].Reason, "TestACheckThatBreaks") {
		t.Errorf("found %+v", found)
	}
}
