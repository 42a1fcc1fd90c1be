package coverage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Input is what a table is computed from. Library is required.
type Input struct {
	Tool       verdict.Tool
	Browser    string
	Library    *scenario.Library
	References []Reference
	// Faults lists every fault that is declared.
	Faults []Fault
	// Jobs lists what was to be walked, none for a table of what is declared;
	// Visits what was walked.
	Jobs   []Job
	Visits []Visit
	// Partial tells that only some of the faults were asked for.
	Partial bool
	// Lacking lists the IDs of scenarios that Library lacks of the suite that the
	// faults' clauses are declared on.
	Lacking []string
	// Errors lists what broke apart from any journey.
	Errors  []string
	Timings *Timings
}

// Owed lists the clauses that must turn red with the fault for it to be caught:
// all that it declares. Where scenarios are lacking that its reference is held to, it
// is the main clause alone: what else breaks may be shown only by one of those.
func (in *Input) Owed(f Fault) []string {
	if slices.ContainsFunc(in.Lacking, func(id string) bool {
		document, _, _ := strings.Cut(id, ".")
		return document == f.Document || document == scenario.AllDocument
	}) {
		return f.Clauses[:min(1, len(f.Clauses))]
	}
	return f.Clauses
}

// Tabulate computes the table. It depends on nothing but the input; visits may
// come in any order.
func Tabulate(in Input) *Table {
	t := &tabulation{Input: in, table: &Table{
		Schema: Form, Tool: in.Tool, Browser: in.Browser, Measured: len(in.Jobs) > 0, Partial: in.Partial, Lacking: in.Lacking,
		Documents: []Document{}, References: []Unbroken{}, Faults: []Measured{}, Problems: []Problem{},
		Timings: in.Timings,
	}}
	for _, e := range in.Errors {
		t.table.Errors = append(t.table.Errors, visible(e))
	}
	for _, r := range in.References {
		for _, way := range r.Ways {
			t.unbroken(r, way)
		}
	}
	for _, f := range in.Faults {
		t.fault(f)
	}
	if len(t.never) > 0 {
		t.problem(Problem{Kind: NotWalked}, "no journey was walked with the faults %s", few(t.never))
	}
	var found []Problem // those of the clauses come first, as they do in the table
	found, t.table.Problems = t.table.Problems, []Problem{}
	for _, name := range in.Library.Documents() {
		t.document(in.Library.Catalogue(name))
	}
	t.table.Problems = append(t.table.Problems, found...)
	t.table.Complete = len(t.table.Problems) == 0 && len(in.Errors) == 0
	return t.table
}

// tabulation is one table under way.
type tabulation struct {
	Input
	table *Table
	never []string // faults that no journey was walked with
}

func (t *tabulation) problem(p Problem, format string, args ...any) {
	p.Text = fmt.Sprintf(format, args...)
	t.table.Problems = append(t.table.Problems, p)
}

// walked sums up what was walked for jobs like the one given.
func (t *tabulation) walked(like Job) (Walked, []Visit) {
	var w Walked
	var visits []Visit
	for _, job := range t.Jobs {
		if job.of(like) {
			w.Planned++
		}
	}
	for _, v := range t.Visits {
		if v.of(like) {
			visits = append(visits, v)
		}
	}
	slices.SortFunc(visits, func(a, b Visit) int { return strings.Compare(a.Scenario, b.Scenario) })
	t.discount(like, visits)
	w.Journeys = len(visits)
	for _, v := range visits {
		w.Milliseconds += v.Milliseconds
		for _, clause := range slices.Sorted(maps.Keys(v.Outcomes)) {
			if o := v.Outcomes[clause]; o != verdict.Pass {
				w.Cells = append(w.Cells, Cell{Scenario: v.Scenario, Clause: clause, Outcome: o})
			}
		}
	}
	return w, visits
}

// discount takes a fault's reds that the unbroken reference has, too, for what
// they are: they tell nothing of the fault.
func (t *tabulation) discount(like Job, visits []Visit) {
	if like.Fault == "" {
		return
	}
	for i, v := range visits {
		clean := v.Job
		clean.Fault = ""
		at := slices.IndexFunc(t.Visits, func(other Visit) bool { return other.Job == clean })
		if at < 0 {
			continue
		}
		visits[i].Outcomes = maps.Clone(v.Outcomes)
		for clause, o := range v.Outcomes {
			if t.red(clause, o) && t.red(clause, t.Visits[at].Outcomes[clause]) {
				visits[i].Outcomes[clause] = verdict.Inconclusive
			}
		}
	}
}

// mark joins what the visits say of a clause.
func (t *tabulation) mark(clause string, declared bool, visits []Visit) Mark {
	m := Mark{Clause: clause, Declared: declared}
	for _, v := range visits {
		o, judged := v.Outcomes[clause]
		switch {
		case !judged || m.Outcome != nil && o < *m.Outcome:
			continue
		case m.Outcome == nil || o > *m.Outcome:
			m.Outcome, m.Scenarios = &o, nil
		}
		m.Scenarios = append(m.Scenarios, v.Scenario)
	}
	m.Red = m.Outcome != nil && t.red(clause, *m.Outcome)
	return m
}

// red tells whether the outcome says that the clause was broken. An unclear
// clause is never failed: its breach is a deviation.
func (t *tabulation) red(clause string, o verdict.Outcome) bool {
	return o == verdict.Fail || o == verdict.Deviation && t.unclear(clause)
}

func (t *tabulation) unclear(clause string) bool {
	c := t.Library.Clause(clause)
	return c != nil && c.Level == scenario.Unclear
}

// fault makes the row of a fault.
func (t *tabulation) fault(f Fault) {
	way, there := "", false
	for _, r := range t.References {
		if r.Document == f.Document && len(r.Ways) > 0 {
			way, there = r.Ways[0], true
		}
	}
	for _, clause := range f.Clauses {
		if t.Library.Clause(clause) == nil {
			t.problem(Problem{Kind: UnknownClause, Fault: f.Name, Clause: clause}, "the fault %s declares %s, and there is no such clause", f.Name, clause)
		}
	}
	m := Measured{Name: f.Name, Title: f.Title, Part: f.Part, Document: f.Document, State: Untried, Clauses: []Mark{}}
	var visits []Visit
	m.Walked, visits = t.walked(Job{Document: f.Document, Way: way, Fault: f.Name})
	owed := t.Owed(f)
	for _, clause := range f.Clauses {
		mark := t.mark(clause, true, visits)
		mark.Excused = m.Planned > 0 && !mark.Red && !slices.Contains(owed, clause)
		m.Clauses = append(m.Clauses, mark)
	}
	switch {
	case !there && !t.Partial:
		t.problem(Problem{Kind: NoReference, Fault: f.Name}, "the fault %s is one of %s, and no pixel of that document has a reference for its script", f.Name, f.Document)
	case m.Planned > 0:
		t.others(&m, visits)
		m.State = t.judge(&m, visits)
	}
	if !t.Partial || m.Planned > 0 {
		t.table.Faults = append(t.table.Faults, m)
	}
}

// others adds the marks of the clauses that turned red undeclared.
func (t *tabulation) others(m *Measured, visits []Visit) {
	red := map[string]bool{}
	for _, c := range m.Cells {
		red[c.Clause] = red[c.Clause] || t.red(c.Clause, c.Outcome) && !t.unclear(c.Clause)
	}
	for _, declared := range m.Clauses {
		delete(red, declared.Clause)
	}
	for _, clause := range slices.Sorted(maps.Keys(red)) {
		if red[clause] {
			m.Clauses = append(m.Clauses, t.mark(clause, false, visits))
		}
	}
}

// judge says what became of a fault that was tried, and notes what is wrong.
func (t *tabulation) judge(m *Measured, visits []Visit) State {
	var missed, caught, astray []string
	for _, c := range m.Clauses {
		switch {
		case !c.Declared:
			astray = append(astray, c.Clause)
		case c.Red:
			caught = append(caught, c.Clause)
		case c.Excused:
		default:
			missed = append(missed, c.Clause)
		}
	}
	declared := slices.ContainsFunc(m.Clauses, func(c Mark) bool { return c.Declared })
	broke := t.broke(Problem{Fault: m.Name}, "the fault "+m.Name, visits)
	unfinished := t.unfinished(Problem{Fault: m.Name}, "the fault "+m.Name, m.Walked)
	if !unfinished {
		t.missed(m)
	}
	for _, c := range m.Clauses {
		if !c.Declared {
			t.problem(Problem{Kind: Undeclared, Fault: m.Name, Clause: c.Clause},
				"the fault %s turns %s red, which it does not declare, in %s", m.Name, c.Clause, few(c.Scenarios))
		}
	}
	said := !declared && !unfinished && t.saysSomething(m, visits)
	switch {
	case broke:
		return Errored
	case unfinished:
		return Unfinished
	case declared && len(caught) == 0 && len(astray) > 0:
		return Elsewhere
	case len(missed) > 0 || said:
		return Missed
	case len(astray) > 0:
		return Astray
	}
	return Caught
}

// missed notes each declared clause that did not turn red.
func (t *tabulation) missed(m *Measured) {
	var others []string
	caught := false
	for _, c := range m.Clauses {
		caught = caught || c.Declared && c.Red
		if !c.Declared {
			others = append(others, c.Clause)
		}
	}
	for _, c := range m.Clauses {
		about := Problem{Kind: NotCaught, Fault: m.Name, Clause: c.Clause}
		switch {
		case !c.Declared || c.Red || c.Excused:
		case c.Outcome == nil:
			t.problem(about, "the fault %s is not caught by %s: no journey gave a verdict", m.Name, c.Clause)
		case !caught && len(others) > 0:
			about.Kind = CaughtElsewhere
			t.problem(about, "the fault %s is caught only by %s, and not by %s, which is %s in %s",
				m.Name, few(others), c.Clause, c.Outcome, few(c.Scenarios))
		default:
			t.problem(about, "the fault %s is not caught by %s: it is %s in %s", m.Name, c.Clause, c.Outcome, few(c.Scenarios))
		}
	}
}

// saysSomething notes the verdicts on a fault that leaves nothing to be seen:
// each must be inconclusive.
func (t *tabulation) saysSomething(m *Measured, visits []Visit) bool {
	said := map[string][]string{}
	for _, v := range visits {
		for clause, o := range v.Outcomes {
			if o != verdict.Inconclusive && !t.unclear(clause) {
				said[clause] = append(said[clause], fmt.Sprintf("%s in %s", o, v.Scenario))
			}
		}
	}
	for _, clause := range slices.Sorted(maps.Keys(said)) {
		t.problem(Problem{Kind: SaysSomething, Fault: m.Name, Clause: clause},
			"the fault %s leaves nothing to be seen, and yet %s is %s", m.Name, clause, few(said[clause]))
	}
	return len(said) > 0
}

func (t *tabulation) unfinished(about Problem, what string, w Walked) bool {
	if w.Journeys >= w.Planned {
		return false
	}
	if w.Journeys == 0 && about.Fault != "" {
		t.never = append(t.never, about.Fault)
		return true
	}
	about.Kind = NotWalked
	t.problem(about, "%s was not tried to the end: %d of %d journeys were walked", what, w.Journeys, w.Planned)
	return true
}

// broke notes the journeys in which the harness broke.
func (t *tabulation) broke(about Problem, what string, visits []Visit) bool {
	about.Kind = Broke
	broke := false
	for _, v := range visits {
		text := v.Err
		if text == "" && slices.Contains(slices.Collect(maps.Values(v.Outcomes)), verdict.Error) {
			text = "a verdict is an error"
		}
		if text != "" {
			broke = true
			t.problem(about, "the harness broke with %s in %s: %s", what, v.Scenario, visible(text))
		}
	}
	return broke
}

// unbroken makes the row of one way of an unbroken reference.
func (t *tabulation) unbroken(r Reference, way string) {
	u := Unbroken{Document: r.Document, Pixel: r.Pixel, Way: way}
	var visits []Visit
	u.Walked, visits = t.walked(Job{Document: r.Document, Way: way})
	if u.Planned == 0 {
		return
	}
	before := len(t.table.Problems)
	about := Problem{Way: way}
	what := fmt.Sprintf("the unbroken reference of %s by %s", r.Document, way)
	t.broke(about, what, visits)
	t.unfinished(about, what, u.Walked)
	for _, v := range visits {
		if len(v.Outcomes) == 0 && v.Err == "" {
			t.problem(Problem{Kind: NotGreen, Way: way}, "%s is not green: %s gave no verdict", what, v.Scenario)
		}
	}
	t.notGreen(way, what, u.Cells, visits)
	u.Green = len(t.table.Problems) == before
	t.table.References = append(t.table.References, u)
}

// notGreen notes the clauses that did not pass. What a browser cannot show in one
// scenario is enough if it passes in another.
func (t *tabulation) notGreen(way, what string, cells []Cell, visits []Visit) {
	passes := func(clause string) bool {
		return slices.ContainsFunc(visits, func(v Visit) bool { o, judged := v.Outcomes[clause]; return judged && o == verdict.Pass })
	}
	type fate struct {
		clause  string
		outcome verdict.Outcome
	}
	scenarios := map[fate][]string{}
	for _, c := range cells {
		shown := c.Outcome == verdict.Unsupported && passes(c.Clause)
		if c.Outcome != verdict.Error && !t.unclear(c.Clause) && !shown {
			scenarios[fate{c.Clause, c.Outcome}] = append(scenarios[fate{c.Clause, c.Outcome}], c.Scenario)
		}
	}
	for _, f := range slices.SortedFunc(maps.Keys(scenarios), func(a, b fate) int {
		return cmp.Or(cmp.Compare(b.outcome, a.outcome), strings.Compare(a.clause, b.clause))
	}) {
		t.problem(Problem{Kind: NotGreen, Way: way, Clause: f.clause}, "%s is not green: %s is %s in %s", what, f.clause, f.outcome, few(scenarios[f]))
	}
}
