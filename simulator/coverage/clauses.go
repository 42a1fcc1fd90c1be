package coverage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// document makes a document's part, and notes what its clauses lack.
func (t *tabulation) document(catalogue *scenario.Catalogue) {
	d := Document{Name: catalogue.Document, Title: catalogue.Title, Clauses: []Clause{}}
	for i := range catalogue.Clauses {
		c := t.clause(&catalogue.Clauses[i])
		if t.Partial && len(c.Faults) == 0 {
			continue
		}
		d.Clauses = append(d.Clauses, c)
	}
	if len(d.Clauses) > 0 {
		t.table.Documents = append(t.table.Documents, d)
	}
}

func (t *tabulation) clause(of *scenario.Clause) Clause {
	c := Clause{ID: of.ID, Level: string(of.Level), Scenarios: []string{}, Faults: []Mark{}}
	for _, id := range t.Library.Exercising(of.ID) {
		if t.walkable(id) {
			c.Scenarios = append(c.Scenarios, id)
		}
	}
	declared := false
	for _, f := range t.table.Faults {
		if of.ID == ProvenBySilence && !slices.ContainsFunc(f.Clauses, func(m Mark) bool { return m.Declared }) {
			declared = true
			c.Faults = append(c.Faults, silence(f))
			continue
		}
		for _, m := range f.Clauses {
			if m.Clause == of.ID {
				m.Clause, m.Fault = "", f.Name
				declared = declared || m.Declared
				c.Faults = append(c.Faults, m)
			}
		}
	}
	slices.SortFunc(c.Faults, func(a, b Mark) int { return strings.Compare(a.Fault, b.Fault) })
	if t.Partial || of.Level == scenario.Unclear {
		return c
	}
	if len(c.Scenarios) == 0 {
		t.problem(Problem{Kind: NoScenario, Clause: c.ID}, "%s (%s) is exercised by no scenario%s", c.ID, c.Level, t.unwalkable(c.ID))
	}
	if !declared {
		t.problem(Problem{Kind: NoFault, Clause: c.ID}, "%s (%s) is broken by no fault", c.ID, c.Level)
	}
	return c
}

// silence is how a fault that leaves nothing to be seen meets ProvenBySilence.
func silence(f Measured) Mark {
	m := Mark{Fault: f.Name, Declared: true, Red: f.State == Caught}
	if m.Red {
		nothing := verdict.Inconclusive
		m.Outcome = &nothing
	}
	return m
}

// walkable tells whether some reference can walk the scenario; where none is
// held to it, nothing is known against it.
func (t *tabulation) walkable(id string) bool {
	held, can := false, false
	for _, r := range t.References {
		if slices.Contains(r.Scenarios, id) {
			held = true
			can = can || !slices.Contains(r.Unsupported, id)
		}
	}
	return can || !held
}

func (t *tabulation) unwalkable(clause string) string {
	if scenarios := t.Library.Exercising(clause); len(scenarios) > 0 {
		return fmt.Sprintf(" that a reference can walk, only by %s", few(scenarios))
	}
	return ""
}

// mostNamed is how many names a sentence lists.
const mostNamed = 3

// few lists names, not too many.
func few(names []string) string {
	if more := len(names) - mostNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNamed], ", "), more)
	}
	return strings.Join(names, ", ")
}
