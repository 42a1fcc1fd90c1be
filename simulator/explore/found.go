package explore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// errSpent ends a shrinking whose runs are used up.
var errSpent = errors.New("no run is left")

// find makes one finding of each clause that failed, out of the shortest walk that
// failed it. A clause that also fails in the shrunk walk of another needs none of
// its own.
func (e *explorer) find(ctx context.Context) {
	covered := map[string]bool{}
	for _, f := range e.failed {
		for _, clause := range f.clauses() {
			if covered[clause] {
				continue
			}
			finding := e.finding(ctx, e.shortest(clause), clause)
			covered[clause] = true
			for _, also := range finding.Also {
				covered[also] = true
			}
			for _, f := range e.failed {
				if slices.Contains(f.clauses(), clause) {
					finding.Walks = append(finding.Walks, f.walk.Number)
				}
			}
			e.result.Findings = append(e.result.Findings, finding)
		}
	}
}

// shortest returns the shortest walk that failed the clause.
func (e *explorer) shortest(clause string) failed {
	var best failed
	for _, f := range e.failed {
		if slices.Contains(f.clauses(), clause) && (best.walk == nil || len(f.walk.Journey) < len(best.walk.Journey)) {
			best = f
		}
	}
	return best
}

// finding shrinks a walk that fails the clause, and writes it down.
func (e *explorer) finding(ctx context.Context, f failed, clause string) Finding {
	verdicts, runs := f.verdicts, 0
	shrunk, err := Shrink(f.walk, func(w *Walk) (bool, error) {
		if runs >= e.options.ShrinkRuns || ctx.Err() != nil {
			return false, errSpent
		}
		runs++
		e.mu.Lock()
		e.tell(clause, runs)
		e.mu.Unlock()
		visit, err := e.visit(ctx, w)
		if err != nil || ctx.Err() != nil {
			return false, nil
		}
		fails := slices.DeleteFunc(slices.Clone(visit.Verdicts), func(v verdict.Verdict) bool { return v.Outcome != verdict.Fail })
		if !slices.ContainsFunc(fails, func(v verdict.Verdict) bool { return v.Clause == clause }) {
			return false, nil
		}
		verdicts = fails
		return true, nil
	})
	found := Finding{
		Clause: clause, Walk: f.walk.Number, Runs: runs, Steps: len(f.walk.Journey), Shortest: err == nil && e.options.ShrinkRuns > 0,
	}
	for _, v := range verdicts {
		switch {
		case v.Clause != clause:
			if !slices.Contains(found.Also, v.Clause) {
				found.Also = append(found.Also, v.Clause)
			}
		case found.Subject == "":
			found.Level, found.Subject, found.Step = v.Level, v.Subject, v.Step
			found.Expected, found.Observed = v.Expected, v.Observed
			_, found.Excerpt = v.Excerpt()
		}
	}
	slices.Sort(found.Also)
	e.write(&found, shrunk, verdicts)
	return found
}

// write makes the finding a scenario that can be added as it is.
func (e *explorer) write(found *Finding, shrunk *Walk, verdicts []verdict.Verdict) {
	sc, err := shrunk.Scenario(e.options.Pixel)
	if err != nil {
		return // it was walked a moment ago
	}
	sc.Title = title(sc)
	fails := func(x scenario.Expectation) bool {
		return x.Clause == found.Clause && x.At == found.Step && slices.ContainsFunc(verdicts, func(v verdict.Verdict) bool {
			return v.Clause == x.Clause && v.Step == x.At && v.Subject == found.Subject && v.Outcome == verdict.Fail && about(x, v)
		})
	}
	kept := slices.DeleteFunc(slices.Clone(sc.Expect), func(x scenario.Expectation) bool { return !fails(x) })
	if len(kept) > 0 {
		sc.Expect = kept
	}
	sc.Requires = requires(sc)
	sc.ID = e.free(found, sc)
	found.ID, found.File = sc.ID, fileOf(sc.ID)
	found.Journey = shrunk.String()
	found.Text = string(scenario.Format(sc,
		fmt.Sprintf("Found by %s %s: walk %d of seed %d, shrunk from %d steps to %d.",
			e.options.Tool.Name+" explore", e.options.Tool.Version, found.Walk, e.options.Seed, found.Steps, len(shrunk.Journey)),
		fmt.Sprintf("Expected of %s: %s.", found.Subject, found.Expected),
		fmt.Sprintf("Observed of %s: %s.", e.options.Script, found.Observed),
		"Again: "+e.again(found.Walk)))
}

// about tells whether a verdict is that of the expectation, as far as its subject
// shows.
func about(x scenario.Expectation, v verdict.Verdict) bool {
	_, word := x.Subject()
	return word == scenario.IdentityAny || strings.Contains(v.Subject, word)
}

// again is the command that takes the walk again.
func (e *explorer) again(walk int) string {
	command := fmt.Sprintf("%s --seed %d --walk %d", e.options.Command, e.options.Seed, walk)
	if e.options.Steps > 0 {
		command += fmt.Sprintf(" --steps %d", e.options.Steps)
	}
	return command
}

// free returns an ID that says clause and step, and that nobody has yet.
func (e *explorer) free(found *Finding, sc *scenario.Scenario) string {
	_, clause, _ := strings.Cut(found.Clause, ".")
	step := slices.IndexFunc(sc.Journey, func(s scenario.Step) bool { return s.Name == found.Step })
	id := fmt.Sprintf("%s.found-%s", sc.Document, clause)
	if step >= 0 {
		id += "-" + called(&sc.Journey[step])
	}
	taken := func(id string) bool {
		return e.options.Library.Scenario(id) != nil ||
			slices.ContainsFunc(e.result.Findings, func(f Finding) bool { return f.ID == id })
	}
	free := id
	for n := 2; taken(free); n++ {
		free = fmt.Sprintf("%s-%d", id, n)
	}
	return free
}

// phrases say what a visitor does.
var phrases = map[string]string{
	"do opt-out": "opts out", "do opt-back": "takes the opt-out back", "do opt-in": "opts in",
	"do withdraw": "withdraws", "do act": "acts", "go back": "goes back", "go forward": "goes forward",
	"tab hidden": "leaves the tab", "tab shown": "returns to the tab", "tab frozen": "has the tab frozen",
	"tab resumed": "has the tab resumed", "": "waits",
}

// title tells the journey as a fact, in as many characters as a title may have.
func title(sc *scenario.Scenario) string {
	const most = 80
	var parts []string
	for _, s := range sc.Journey {
		part, ok := phrases[s.Action()]
		if !ok {
			part = "opens " + s.Open
		}
		if s.Day > 0 {
			part = fmt.Sprintf("on day %d %s", s.Day, part)
		}
		parts = append(parts, part)
	}
	whole := func() string {
		last := len(parts) - 1
		if last == 0 {
			return "A visitor " + parts[0]
		}
		return "A visitor " + strings.Join(parts[:last], ", ") + " and " + parts[last]
	}
	text := whole()
	for utf8.RuneCountInString(text) > most && len(parts) > 2 {
		middle := len(parts) / 2
		parts = slices.Delete(parts, middle, middle+1)
		parts[middle-1] = strings.TrimSuffix(parts[middle-1], " …") + " …"
		text = whole()
	}
	return text
}
