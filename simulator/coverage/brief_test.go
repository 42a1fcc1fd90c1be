package coverage_test

import (
	"slices"
	"testing"

	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/coverage"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

func TestBriefKeepsEveryClauseAndTheFaultsOwnScenarios(t *testing.T) {
	t.Parallel()
	lib, err := scenario.Load(scenarios.FS, "scenarios")
	if err != nil {
		t.Fatal(err)
	}
	r := coverage.Reference{Document: "mapp", Pixel: "mapp", Ways: []string{"image"}}
	for _, s := range lib.ScenariosOf("mapp") {
		r.Scenarios = append(r.Scenarios, s.ID)
	}
	faults := []coverage.Fault{
		{Name: "one", Document: "mapp", Clauses: []string{"all.no-late-delivery"}},
		{Name: "none", Document: "mapp"},
	}
	whole := coverage.Jobs([]coverage.Reference{r}, faults, true)
	brief := coverage.Brief(whole, lib, faults)
	walked := map[string][]string{}
	for _, j := range brief {
		walked[j.Fault] = append(walked[j.Fault], j.Scenario)
	}
	if len(walked[""]) != len(r.Scenarios) {
		t.Errorf("the unbroken reference is walked through %d of %d scenarios", len(walked[""]), len(r.Scenarios))
	}
	for _, id := range lib.Exercising("all.no-late-delivery") {
		if !slices.Contains(walked["one"], id) {
			t.Errorf("%s exercises the clause of the fault, and is not walked", id)
		}
	}
	for _, c := range lib.Catalogues {
		for _, clause := range c.Clauses {
			if !slices.ContainsFunc(lib.Exercising(clause.ID), func(id string) bool { return slices.Contains(walked["none"], id) }) {
				t.Errorf("%s is exercised by none of %v", clause.ID, walked["none"])
			}
		}
	}
	if len(walked["none"]) >= len(r.Scenarios)/2 {
		t.Errorf("%d of %d scenarios are not brief", len(walked["none"]), len(r.Scenarios))
	}
}
