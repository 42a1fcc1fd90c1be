package check

import (
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// withoutBrowser is the reason why evidence that was made without a browser tells
// nothing of a tracker.
const withoutBrowser = "played without a browser: the driver plays the tracker's part"

// played is the finding for an expectation of what a tracker does, in evidence that
// was made without a browser; nil for what the collector alone decides.
func played(ev *evidence.Evidence, e *scenario.Expectation) *finding {
	if ev == nil || !ev.Played() {
		return nil
	}
	switch kind, _ := e.Subject(); kind {
	case "profile", "attribute", "record", "session", "kept":
		return nil
	}
	return &finding{outcome: verdict.Unsupported, observed: "not judged", reason: withoutBrowser}
}

// Unplayed returns the verdicts on a plan that cannot be played without a browser,
// for the reason given: all are unsupported.
func Unplayed(plan *scenario.Plan, reason string) []verdict.Verdict {
	verdicts := []verdict.Verdict{}
	for i := range plan.Scenario.Expect {
		e := &plan.Scenario.Expect[i]
		if !plan.Judged(e) {
			continue
		}
		v := blank(plan, e)
		v.Outcome, v.Observed, v.Reason = verdict.Unsupported, "not run", "not played without a browser: "+reason
		verdicts = append(verdicts, v)
	}
	return verdicts
}
