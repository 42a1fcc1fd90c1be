package coverage

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// Text writes the table for people: each document's clauses with their scenarios
// and faults, each fault with the clauses that it turned red, the unbroken
// references, and last what is wrong and how much is covered. The error is the
// writer's.
func Text(w io.Writer, t *Table) error {
	p := &page{table: t}
	for _, d := range t.Documents {
		p.document(d)
	}
	if t.Measured {
		p.faults()
		p.references()
	}
	p.problems()
	p.summary()
	_, err := io.WriteString(w, p.b.String())
	return err
}

// page is a text under way.
type page struct {
	table *Table
	b     strings.Builder
}

// grid writes rows with their columns aligned; empty cells at a row's end leave
// no space behind.
func (p *page) grid(rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			fmt.Fprintf(&line, "%-*s  ", widths[i], cell)
		}
		p.b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	p.b.WriteString("\n")
}

func (p *page) document(d Document) {
	fmt.Fprintf(&p.b, "%s: %s\n", visible(d.Name), visible(d.Title))
	rows := [][]string{{"CLAUSE", "LEVEL", "SCENARIOS", "FAULTS"}}
	if p.table.Measured {
		rows[0] = append(rows[0], "FOUND")
	}
	for _, c := range d.Clauses {
		row := []string{c.ID, c.Level}
		for i := range max(1, len(c.Scenarios), len(c.Faults)) {
			row = append(row, at(c.Scenarios, i, absent(c.Level)))
			name, found := "", ""
			switch {
			case i < len(c.Faults):
				name, found = c.Faults[i].Fault, c.Faults[i].words()
			case i == 0:
				name = absent(c.Level)
			}
			row = append(row, name)
			if p.table.Measured {
				row = append(row, found)
			}
			rows = append(rows, row)
			row = []string{"", ""}
		}
	}
	p.grid(rows)
}

// absent is what stands where a clause has nothing: an unclear one needs nothing.
func absent(level string) string {
	if level == "unclear" {
		return "-"
	}
	return "NONE"
}

// at is the list's element, or what stands for an empty list.
func at(list []string, i int, empty string) string {
	switch {
	case i < len(list):
		return list[i]
	case i == 0:
		return empty
	}
	return ""
}

// words says what was found of a clause with a fault. What is wrong is in capitals.
func (m Mark) words() string {
	switch {
	case m.Excused && m.Outcome == nil:
		return "not judged"
	case m.Excused:
		return m.Outcome.String() + " (excused)"
	case m.Declared && m.Outcome == nil:
		return "NOT CAUGHT"
	case m.Declared && m.Red:
		return m.Outcome.String()
	case m.Declared:
		return strings.ToUpper(m.Outcome.String())
	}
	return strings.ToUpper(m.Outcome.String()) + " UNDECLARED"
}

func (p *page) faults() {
	rows := [][]string{{"FAULT", "", "JOURNEYS", "TIME", "CLAUSE", "FOUND", "IN"}}
	for _, f := range p.table.Faults {
		row := []string{f.Name, f.State.words(), "", ""}
		if f.Planned > 0 {
			row[2], row[3] = journeys(f.Walked), seconds(f.Milliseconds)
		}
		if f.State == Untried {
			rows = append(rows, row)
			continue
		}
		for _, m := range f.Clauses {
			rows = append(rows, append(row, m.Clause, m.words(), few(m.Scenarios)))
			row = make([]string, 4)
		}
		if len(f.Clauses) == 0 {
			rows = append(rows, append(row, "(none)", "", ""))
		}
	}
	if len(rows) > 1 {
		p.grid(rows)
	}
}

// words is the state; what is wrong is in capitals.
func (s State) words() string {
	if s == Caught || s == Untried {
		return string(s)
	}
	return strings.ToUpper(string(s))
}

func journeys(w Walked) string {
	if w.Journeys < w.Planned {
		return fmt.Sprintf("%d of %d", w.Journeys, w.Planned)
	}
	return fmt.Sprint(w.Journeys)
}

func seconds(ms float64) string { return fmt.Sprintf("%.1f s", ms/1000) }

func (p *page) references() {
	rows := [][]string{{"UNBROKEN", "BY", "", "JOURNEYS", "TIME"}}
	for _, u := range p.table.References {
		state := "green"
		if !u.Green {
			state = "NOT GREEN"
		}
		rows = append(rows, []string{u.Document, u.Way, state, journeys(u.Walked), seconds(u.Milliseconds)})
	}
	if len(rows) > 1 {
		p.grid(rows)
	}
}

func (p *page) problems() {
	if n := len(p.table.Lacking); n > 0 && p.table.Measured && len(p.table.Faults) > 0 {
		fmt.Fprintf(&p.b, "note: %s of the suite that the faults are declared on %s not there (%s): of a fault that they may show only the main clause has to fail\n\n",
			count(n, "scenario"), map[bool]string{true: "is", false: "are"}[n == 1], few(p.table.Lacking))
	}
	for _, e := range p.table.Errors {
		fmt.Fprintf(&p.b, "error: %s\n", e)
	}
	for _, problem := range p.table.Problems {
		fmt.Fprintf(&p.b, "problem: %s\n", problem.Text)
	}
	if len(p.table.Errors)+len(p.table.Problems) > 0 {
		p.b.WriteString("\n")
	}
}

// summary is the last line.
func (p *page) summary() {
	t := p.table
	var parts []string
	if !t.Partial {
		parts = append(parts, t.covered())
	}
	if t.Measured {
		parts = append(parts, t.caught()...)
	}
	if t.Timings != nil {
		parts = append(parts, fmt.Sprintf("%s in %s", count(t.Timings.Journeys, "journey"), seconds(t.Timings.Total)))
	}
	what := "coverage"
	if t.Partial {
		what = "part of the matrix"
	}
	fmt.Fprintf(&p.b, "%s: %s - %s\n", what, strings.Join(parts, ", "), t.conclusion())
}

func (t *Table) conclusion() string {
	switch n := len(t.Problems); {
	case t.Broke():
		return "error"
	case n > 0:
		return count(n, "problem")
	case t.Partial:
		return "no problem"
	case !t.Measured:
		return "complete as declared, not measured"
	}
	return "complete"
}

// covered says how many of the clauses that need it have a scenario and a fault.
func (t *Table) covered() string {
	needed, has := 0, 0
	for _, d := range t.Documents {
		for _, c := range d.Clauses {
			if c.Level == "unclear" {
				continue
			}
			needed++
			if len(c.Scenarios) > 0 && slices.ContainsFunc(c.Faults, func(m Mark) bool { return m.Declared }) {
				has++
			}
		}
	}
	return fmt.Sprintf("%d of %d must and derived clauses with a scenario and a fault", has, needed)
}

// caught says how many of the faults that were tried were caught, and how many
// ways of delivery are green.
func (t *Table) caught() []string {
	var parts []string
	tried, caught := 0, 0
	for _, f := range t.Faults {
		if f.State != Untried {
			tried++
		}
		if f.State == Caught {
			caught++
		}
	}
	if tried > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d faults caught by their clauses alone", caught, tried))
	}
	green := 0
	for _, u := range t.References {
		if u.Green {
			green++
		}
	}
	if n := len(t.References); n > 0 {
		parts = append(parts, fmt.Sprintf("unbroken reference green in %d of %d ways", green, n))
	}
	return parts
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// visible shows a text in one line, without what a terminal would obey.
func visible(text string) string {
	var b strings.Builder
	for _, r := range strings.TrimSpace(text) {
		switch {
		case r == '\n':
			b.WriteString("; ")
		case unicode.IsGraphic(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
