// Package report turns a result into what people and machines read: text for a
// terminal or a CI log, JSON as the versioned machine form, JUnit for CI
// dashboards, one HTML page, or a folder with all of them. It needs nothing but
// the result: a verdict carries the excerpt that proves it.
//
// Every form shows content that the judged page or its server chose. Control
// characters, terminal escapes, direction overrides and the commands that CI
// systems read out of logs are shown as escapes such as \x1b, never passed on.
package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// journey is one scenario of a result together with what was judged in it.
type journey struct {
	verdict.Scenario
	Clauses []judgement
}

// judgement is one clause of one scenario: one line, or one case, of a report.
type judgement struct {
	ID       string
	Level    string
	Outcome  verdict.Outcome
	Verdicts []verdict.Verdict
}

// settled returns a copy of the result whose outcomes follow from its verdicts.
// Outcome's zero value is pass, so a result that nobody tallied would otherwise
// be reported as passed. An outcome that is stated as worse than the verdicts
// say is kept; one that is stated as better is not.
func settled(r *verdict.Result) *verdict.Result {
	out := *r
	out.Scenarios = slices.Clone(r.Scenarios)
	out.Clauses = nil
	out.Tally()
	for i := range out.Scenarios {
		out.Scenarios[i].Outcome = verdict.Worst(out.Scenarios[i].Outcome, r.Scenarios[i].Outcome)
	}
	for _, stated := range r.Clauses {
		i := slices.IndexFunc(out.Clauses, func(c verdict.Clause) bool { return c.ID == stated.ID })
		if i < 0 {
			out.Clauses = append(out.Clauses, stated)
			continue
		}
		out.Clauses[i].Outcome = verdict.Worst(out.Clauses[i].Outcome, stated.Outcome)
	}
	slices.SortStableFunc(out.Clauses, func(a, b verdict.Clause) int { return strings.Compare(a.ID, b.ID) })
	if r.Outcome > out.Outcome {
		out.Outcome = r.Outcome
		out.Conformance = "not-conformant"
		if out.Outcome <= verdict.Deviation {
			out.Conformance = "partial"
		}
	}
	return &out
}

// journeys groups the verdicts by scenario and clause, in the result's order. A
// verdict whose scenario the result does not list gets a journey of its own, so
// that no report can lose it.
func journeys(r *verdict.Result) []journey {
	var all []journey
	index := map[string]int{}
	for _, s := range r.Scenarios {
		if _, twice := index[s.ID]; !twice {
			index[s.ID] = len(all)
		}
		all = append(all, journey{Scenario: s})
	}
	for _, v := range r.Verdicts {
		i, ok := index[v.Scenario]
		if !ok {
			i = len(all)
			index[v.Scenario] = i
			all = append(all, journey{Scenario: verdict.Scenario{ID: v.Scenario, Document: v.Document.Document}})
		}
		all[i].Outcome = verdict.Worst(all[i].Outcome, v.Outcome)
		all[i].add(v)
	}
	return all
}

func (j *journey) add(v verdict.Verdict) {
	i := slices.IndexFunc(j.Clauses, func(c judgement) bool { return c.ID == v.Clause })
	if i < 0 {
		i = len(j.Clauses)
		j.Clauses = append(j.Clauses, judgement{ID: v.Clause, Level: v.Level, Outcome: v.Outcome})
	}
	c := &j.Clauses[i]
	c.Outcome = verdict.Worst(c.Outcome, v.Outcome)
	c.Verdicts = append(c.Verdicts, v)
}

// reasons returns the distinct reasons of the verdicts with that outcome.
func (c *judgement) reasons(of verdict.Outcome) []string {
	var found []string
	for _, v := range c.Verdicts {
		if v.Outcome == of && v.Reason != "" && !slices.Contains(found, v.Reason) {
			found = append(found, v.Reason)
		}
	}
	return found
}

// reasoned is what verdicts have in common that one reason keeps from telling.
type reasoned struct {
	outcome verdict.Outcome
	reason  string
}

// alike groups the verdicts of a journey that could not be told for one and the
// same reason: said once, it is read; said with every verdict, it hides the rest.
// There is no group of one.
func alike(j *journey) map[reasoned][]*verdict.Verdict {
	groups := map[reasoned][]*verdict.Verdict{}
	for _, c := range j.Clauses {
		for i := range c.Verdicts {
			v := &c.Verdicts[i]
			if v.Reason != "" && (v.Outcome == verdict.Inconclusive || v.Outcome == verdict.Error) {
				key := reasoned{v.Outcome, v.Reason}
				groups[key] = append(groups[key], v)
			}
		}
	}
	maps.DeleteFunc(groups, func(_ reasoned, group []*verdict.Verdict) bool { return len(group) < 2 })
	return groups
}

// needsProof tells whether an outcome is shown with everything that led to it.
func needsProof(o verdict.Outcome) bool { return o >= verdict.Inconclusive }

// brokenHarness counts what broke, whether in a journey or apart from any.
func brokenHarness(r *verdict.Result) int {
	n := len(r.Errors)
	for _, s := range r.Scenarios {
		if s.Error != "" {
			n++
		}
	}
	return n
}

// summary is the last line of a text report and the first of a page, such as
// "mapp: 1 scenario, 14 clauses, 21 verdicts: 1 fail, 20 pass - fail".
func summary(r *verdict.Result) string {
	var b strings.Builder
	name := visible(r.Pixel.Name)
	if name == "" {
		name = "result"
	}
	fmt.Fprintf(&b, "%s: %s, %s, %s", name, count(len(r.Scenarios), "scenario"),
		count(len(r.Clauses), "clause"), count(len(r.Verdicts), "verdict"))
	counts := r.Counts()
	sep := ": "
	for _, o := range slices.Backward(verdict.Outcomes()) {
		if counts[o] > 0 {
			fmt.Fprintf(&b, "%s%d %s", sep, counts[o], o)
			sep = ", "
		}
	}
	if n := brokenHarness(r); n > 0 {
		fmt.Fprintf(&b, ", %s", count(n, "harness error"))
	}
	b.WriteString(" - " + conclusion(r))
	return b.String()
}

// conclusion is the result's outcome in words; partial is never called a pass.
func conclusion(r *verdict.Result) string {
	if r.Conformance == "partial" {
		return fmt.Sprintf("partial (%s)", r.Outcome)
	}
	return r.Outcome.String()
}

// count writes a number with its noun, such as "1 step" or "3 steps".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// sent says what left the browser in a step: "1 request (no. 6), 2 others".
func sent(s *verdict.Step) string {
	said := count(s.Requests, "request") + numbered(s.Numbers)
	if s.Others > 0 {
		said += ", " + count(s.Others, "other")
	}
	return said
}

// numbered writes requests' numbers, those in a row as a range: " (no. 6, 8-12)".
func numbered(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		last := i
		for last+1 < len(numbers) && numbers[last+1] == numbers[last]+1 {
			last++
		}
		part := strconv.Itoa(numbers[i])
		if last > i {
			part += "-" + strconv.Itoa(numbers[last])
		}
		parts = append(parts, part)
		i = last + 1
	}
	if len(parts) == 0 {
		return ""
	}
	return " (no. " + strings.Join(parts, ", ") + ")"
}

// duration writes a span in milliseconds as a reader wants it: "340 ms", "1.24 s", "2 min 5 s".
func duration(ms float64) string {
	switch {
	case ms < 999.5:
		return fmt.Sprintf("%.0f ms", ms)
	case ms < 59_995:
		return fmt.Sprintf("%.2f s", ms/1000)
	default:
		s := int(math.Round(ms / 1000))
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	}
}

// sections writes where in the document a promise stands: "mapp, sections 1, 4".
func sections(s verdict.Source) string {
	switch len(s.Sections) {
	case 0:
		return s.Document
	case 1:
		return s.Document + ", section " + s.Sections[0]
	default:
		return s.Document + ", sections " + strings.Join(s.Sections, ", ")
	}
}

// headline is a verdict in one line.
func headline(v *verdict.Verdict) string {
	if v.Expected == "" && v.Observed == "" {
		return inLine(v.Reason)
	}
	return "expected " + visible(v.Expected) + ", observed " + visible(v.Observed)
}
