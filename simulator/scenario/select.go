package scenario

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Selection is one scenario that is to be run.
type Selection struct {
	Scenario *Scenario
	// Only holds the clauses that are to be judged; nil means all of them. It
	// becomes the plan's Only.
	Only map[string]bool
}

// Select returns the scenarios that the selectors mean, out of those that a
// pixel of the document is held to, sorted by ID. A selector is a scenario ID,
// a clause ID, or a glob over either, in which * also spans dots. Without one,
// all scenarios are selected.
//
// A scenario that is selected itself is judged whole. One that is selected by
// a clause is judged only on the clauses that were selected. Each selector must
// select something: what does not is an error, with the nearest ID as a hint.
func Select(lib *Library, document string, selectors []string) ([]Selection, error) {
	scenarios := lib.ScenariosOf(document)
	if len(scenarios) == 0 {
		return nil, fmt.Errorf("no scenario of the document %s is there to be run", shown(document))
	}
	whole, clauses := map[string]bool{}, map[string]bool{}
	exercised := exercisedBy(scenarios)
	for _, selector := range selectors {
		if selector == document {
			selector += ".*" // the whole document
		}
		matched, err := matchIDs(selector, scenarios, exercised, whole, clauses)
		if err != nil {
			return nil, err
		}
		if !matched {
			return nil, lib.nothingSelected(document, selector, scenarios, exercised)
		}
	}
	var selected []Selection
	for _, sc := range scenarios {
		if len(selectors) == 0 || whole[sc.ID] {
			selected = append(selected, Selection{Scenario: sc})
			continue
		}
		only := map[string]bool{}
		for _, e := range sc.Expect {
			if clauses[e.Clause] {
				only[e.Clause] = true
			}
		}
		if len(only) > 0 {
			selected = append(selected, Selection{Scenario: sc, Only: only})
		}
	}
	return selected, nil
}

// matchIDs notes the scenarios and clauses that a selector means.
func matchIDs(selector string, scenarios []*Scenario, exercised, whole, clauses map[string]bool) (bool, error) {
	matched := false
	for _, sc := range scenarios {
		ok, err := path.Match(selector, sc.ID)
		if err != nil {
			return false, fmt.Errorf("selector %s is not a pattern\nhint: * stands for any characters, ? for one, [a-c] for one of a range", shown(selector))
		}
		if ok {
			whole[sc.ID], matched = true, true
		}
	}
	for id := range exercised {
		if ok, _ := path.Match(selector, id); ok {
			clauses[id], matched = true, true
		}
	}
	return matched, nil
}

func exercisedBy(scenarios []*Scenario) map[string]bool {
	ids := map[string]bool{}
	for _, sc := range scenarios {
		for _, e := range sc.Expect {
			ids[e.Clause] = true
		}
	}
	return ids
}

func (l *Library) nothingSelected(document, selector string, scenarios []*Scenario, exercised map[string]bool) error {
	if l.Clause(selector) != nil && strings.HasPrefix(selector, document+".") {
		return fmt.Errorf("no scenario exercises the clause %s yet", shown(selector))
	}
	if of, _, _ := strings.Cut(selector, "."); of != document && l.Catalogue(of) != nil {
		return fmt.Errorf("selector %s means the document %s, the pixel is held to %s\nhint: choose a pixel of that document", shown(selector), of, document)
	}
	candidates := append(scenarioIDs(scenarios), sortedKeys(exercised)...)
	slices.Sort(candidates)
	err := fmt.Errorf("nothing is selected by %s", shown(selector))
	if hint := suggest(selector, candidates); hint != "" {
		return fmt.Errorf("%w\nhint: %s", err, hint)
	}
	return fmt.Errorf("%w\nhint: a selector is the ID of a scenario or a clause, or a pattern such as %s.*", err, document)
}
