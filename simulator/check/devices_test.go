package check

import (
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// The step in which a person should have been identified may be one of another
// device than the step that is judged.
func TestAnIdentificationThatIsMissingOnAnotherDevice(t *testing.T) {
	t.Parallel()
	steps := []scenario.Step{
		{Name: "elsewhere", Open: "home", Device: "second", Person: "first"},
		{Name: "browsing-there", Open: "products"},
		{Name: "signing-in", Do: "sign-in"},
		{Name: "at-home", Open: "home", Device: "first"},
	}
	sent := map[string][]reported{
		"elsewhere":      {{uid: userA, did: deviceD, mid: idOf("a1"), name: "view"}},
		"browsing-there": {{uid: userA, did: deviceD, mid: idOf("a2"), name: "view"}},
		"at-home":        {{uid: userB, did: deviceE, mid: idOf("b1"), name: "view"}},
	}
	p := expecting(merging(t, steps...), scenario.Expectation{At: "at-home", Profile: scenario.ProfileCustomer, Is: scenario.StatePresent})
	p.Scenario.Expect[0].Clause = "antsomi.merges"
	if v := Judge(p, walked(p, sent))[0]; v.Outcome != verdict.Fail {
		t.Errorf("%s: %s %s", v.Outcome, v.Observed, v.Reason)
	}
}
