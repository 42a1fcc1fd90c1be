package check

import (
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func TestWhatAnEventSaysIsKept(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kept    map[string]string
		outcome verdict.Outcome
		text    string
	}{
		"as it was said":       {map[string]string{"ec": "any", "dims.users.favourite": "shoes"}, verdict.Pass, ""},
		"a field is lost":      {map[string]string{"ec": "any"}, verdict.Fail, `lacks dims.users.favourite, which was "shoes"`},
		"another value":        {map[string]string{"ec": "other", "dims.users.favourite": "shoes"}, verdict.Fail, `says ec "other", which was "any"`},
		"something is made up": {map[string]string{"ec": "any", "dims.users.favourite": "shoes", "dims.users.x": "y"}, verdict.Fail, `says dims.users.x "y", which it did not say`},
		"nothing is kept":      {map[string]string{}, verdict.Fail, "lacks dims.users.favourite"},
	} {
		p := expecting(merging(t, signUpCourse()...), scenario.Expectation{At: "acting", Profile: scenario.ProfileVisitor, Is: scenario.StateComplete})
		p.Scenario.Expect[0].Clause = "antsomi.merges"
		p.Pixel.Profile.Event.Content = map[string]string{"ec": "$.category", "dims": "$.dims"}
		ev := walked(p, events())
		for i := range ev.Snapshots {
			for j := range ev.Snapshots[i].Profiles {
				for k := range ev.Snapshots[i].Profiles[j].Events {
					e := &ev.Snapshots[i].Profiles[j].Events[k]
					if e.Content = map[string]string{"ec": "any"}; e.ID == idOf("b2") {
						e.Content = test.kept
					}
				}
			}
		}
		v := Judge(p, ev)[0]
		if v.Outcome != test.outcome || !strings.Contains(v.Observed, test.text) {
			t.Errorf("%s: %s: %s %s", name, v.Outcome, v.Observed, v.Reason)
		}
	}
	if diff := said(hit{parameters: []evidence.Placed{{Parameter: evidence.Parameter{Name: "dims", Value: `{"a":""}`}}, {Parameter: evidence.Parameter{Name: "dims.a"}}}}, []string{"dims"}); len(diff) > 0 {
		t.Errorf("what is empty says %v", diff)
	}
}
