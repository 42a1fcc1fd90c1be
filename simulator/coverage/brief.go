package coverage

import (
	"slices"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// Brief returns the jobs of a shorter matrix: the unbroken references through
// every scenario, and each fault through those that exercise a clause which it
// declares, and through a few that together exercise every clause. It proves that
// each fault is caught, and that it is not caught by others there; that no other
// scenario turns red is left to the whole matrix.
func Brief(jobs []Job, lib *scenario.Library, faults []Fault) []Job {
	declared := map[string][]string{}
	for _, f := range faults {
		declared[f.Name] = f.Clauses
	}
	walked := map[string]map[string]bool{} // the scenarios that are walked, by document
	for _, j := range jobs {
		if walked[j.Document] == nil {
			walked[j.Document] = map[string]bool{}
		}
		walked[j.Document][j.Scenario] = true
	}
	touching := map[string][]string{}
	for document, scenarios := range walked {
		touching[document] = cover(lib, scenarios)
	}
	return slices.DeleteFunc(slices.Clone(jobs), func(j Job) bool {
		own := slices.ContainsFunc(declared[j.Fault], func(clause string) bool { return slices.Contains(lib.Exercising(clause), j.Scenario) })
		return j.Fault != "" && !own && !slices.Contains(touching[j.Document], j.Scenario)
	})
}

// cover chooses among the scenarios given until every clause is exercised that any
// of them does, each time the one that adds most for its length.
func cover(lib *scenario.Library, among map[string]bool) []string {
	open := map[string]bool{}
	for _, s := range lib.Scenarios {
		for _, e := range s.Expect {
			open[e.Clause] = open[e.Clause] || among[s.ID]
		}
	}
	var chosen []string
	for {
		var best *scenario.Scenario
		worth := 0.0
		for _, s := range lib.Scenarios {
			if !among[s.ID] {
				continue
			}
			adds := map[string]bool{}
			for _, e := range s.Expect {
				if open[e.Clause] {
					adds[e.Clause] = true
				}
			}
			if w := float64(len(adds)) / float64(len(s.Journey)); w > worth {
				best, worth = s, w
			}
		}
		if best == nil {
			return chosen
		}
		chosen = append(chosen, best.ID)
		for _, e := range best.Expect {
			open[e.Clause] = false
		}
	}
}
