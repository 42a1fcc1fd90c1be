package coverage_test

import (
	"slices"
	"testing"

	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/coverage"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

func builtIn(t *testing.T) *scenario.Library {
	t.Helper()
	lib, err := scenario.Load(scenarios.FS, "scenarios")
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func TestBriefKeepsEveryClauseAndTheFaultsOwnScenarios(t *testing.T) {
	t.Parallel()
	lib := builtIn(t)
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
		if slices.Contains(r.Scenarios, id) && !slices.Contains(walked["one"], id) {
			t.Errorf("%s exercises the clause of the fault, and is not walked", id)
		}
	}
	for _, document := range []string{"mapp", scenario.AllDocument} {
		for _, clause := range lib.Catalogue(document).Clauses {
			// Some that hold for every pixel are exercised for another document alone.
			exercising := slices.DeleteFunc(lib.Exercising(clause.ID), func(id string) bool { return !slices.Contains(r.Scenarios, id) })
			if len(exercising) > 0 && !slices.ContainsFunc(exercising, func(id string) bool { return slices.Contains(walked["none"], id) }) {
				t.Errorf("%s is exercised by none of %v", clause.ID, walked["none"])
			}
		}
	}
	if len(walked["none"]) >= len(r.Scenarios)/2 {
		t.Errorf("%d of %d scenarios are not brief", len(walked["none"]), len(r.Scenarios))
	}
}

// What one document's pixel walks covers nothing for another's, and what a reference
// lacks the means for covers nothing at all.
func TestBriefCoversEachDocumentByItsOwnScenarios(t *testing.T) {
	t.Parallel()
	lib := builtIn(t)
	const shared = "all.canary"
	reference := func(document string, lacking func(string) bool) coverage.Reference {
		r := coverage.Reference{Document: document, Pixel: document, Ways: []string{"image"}}
		for _, s := range lib.Scenarios {
			r.Scenarios = append(r.Scenarios, s.ID)
			if lacking(s.ID) {
				r.Unsupported = append(r.Unsupported, s.ID)
			}
		}
		return r
	}
	exercising := lib.Exercising(shared)
	if len(exercising) < 2 {
		t.Fatalf("%s is exercised by %v alone", shared, exercising)
	}
	first, last := exercising[0], exercising[len(exercising)-1]
	references := []coverage.Reference{
		reference("one", func(id string) bool { return slices.Contains(exercising, id) && id != first }),
		reference("other", func(id string) bool { return slices.Contains(exercising, id) && id != last }),
	}
	faults := []coverage.Fault{{Name: "of-one", Document: "one"}, {Name: "of-other", Document: "other"}}
	walked := map[string][]string{}
	for _, j := range coverage.Brief(coverage.Jobs(references, faults, false), lib, faults) {
		walked[j.Fault] = append(walked[j.Fault], j.Scenario)
	}
	if !slices.Contains(walked["of-one"], first) || !slices.Contains(walked["of-other"], last) {
		t.Errorf("%s is not exercised by %v, or not by %v", shared, walked["of-one"], walked["of-other"])
	}
}
