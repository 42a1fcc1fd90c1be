package explore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Visit walks and judges a plan, such as [suite.Session.Visit].
type Visit = func(ctx context.Context, plan *scenario.Plan) *suite.Visit

// Options says what is explored, and how far. Library, Pixel and Visit are
// required; the zero value of everything else is useful.
type Options struct {
	// Library holds the clauses that walks are judged by.
	Library *scenario.Library
	// Pixel is the pixel that is tried.
	Pixel *scenario.Pixel
	// Visit walks and judges.
	Visit Visit
	// Seed is where all randomness comes from.
	Seed uint64
	// First is the number of the first walk, Walks how many there are; 100 when
	// zero, and without end when For is given.
	First, Walks int
	// For ends the exploring after that time, when it is not zero.
	For time.Duration
	// Steps is the most steps of a walk; see [Space].
	Steps int
	// Parallel is how many walks are walked at the same time; 2 when zero.
	Parallel int
	// ShrinkRuns is how often a failing walk is walked again, at most, to make it
	// shorter; it is not shrunk when zero.
	ShrinkRuns int
	// Once ends the exploring with the first walk that fails.
	Once bool
	// Script says what was tried, and Command how: both stand in what is found.
	Script, Command string
	// Notify, when not nil, is told how far it is, one call at a time.
	Notify func(Progress)
	// Tool is the program that explores, for the record.
	Tool verdict.Tool
}

// Progress says how far the exploring is.
type Progress struct {
	// Walks is the number of walks done, Of how many there will be; 0 when nobody
	// knows. Failed counts those that failed.
	Walks, Of, Failed int
	// Verdicts is the number of all verdicts, Inconclusive of those that could not
	// tell.
	Verdicts, Inconclusive int
	// Shrinking is the clause whose failing walk is made shorter, Runs how often
	// it has been walked for that.
	Shrinking string
	Runs      int
}

// ErrDocument is the error of a pixel whose document nothing is known of.
var ErrDocument = errors.New("no model of the document")

// Explore takes walks, and shrinks those that fail. When the context is cancelled
// it begins nothing more, and returns what there is.
func Explore(ctx context.Context, o Options) (*Result, error) {
	if err := Check(o); err != nil {
		return nil, err
	}
	if o.Parallel <= 0 {
		o.Parallel = 2
	}
	if o.Walks <= 0 && o.For <= 0 {
		o.Walks = 100
	}
	e := &explorer{options: o, began: time.Now()}
	e.result = Result{
		Schema: Schema, Tool: o.Tool, Started: e.began.UTC(), Seed: o.Seed, Steps: o.Steps,
		Pixel: o.Pixel.Name, Document: o.Pixel.Document, Script: o.Script, Outcomes: map[string]int{},
	}
	e.walkAll(ctx)
	e.find(ctx)
	e.result.Interrupted = ctx.Err() != nil
	e.result.Milliseconds = float64(time.Since(e.began)) / float64(time.Millisecond)
	e.result.sort()
	return &e.result, nil
}

// Check tells whether the options' pixel can be explored; one of whose document
// nothing is known is an [ErrDocument].
func Check(o Options) error {
	if documents[o.Pixel.Document].rows == nil {
		return fmt.Errorf("%w %q\nhint: pixels of %s can be explored", ErrDocument, o.Pixel.Document, strings.Join(Documents(), ", "))
	}
	return nil
}

// explorer is one exploring.
type explorer struct {
	options Options
	began   time.Time

	mu      sync.Mutex
	next    int
	done    int // walks
	stopped bool
	failed  []failed
	result  Result
}

// failed is a walk that failed, twice.
type failed struct {
	walk     *Walk
	verdicts []verdict.Verdict // that failed both times
}

// clauses lists the clauses that failed, in the order of the steps.
func (f failed) clauses() []string {
	var list []string
	for _, v := range f.verdicts {
		if !slices.Contains(list, v.Clause) {
			list = append(list, v.Clause)
		}
	}
	return list
}

func (e *explorer) walkAll(ctx context.Context) {
	var workers sync.WaitGroup
	for range e.options.Parallel {
		workers.Go(func() {
			for {
				number, more := e.take(ctx)
				if !more {
					return
				}
				e.one(ctx, number)
			}
		})
	}
	workers.Wait()
	slices.SortFunc(e.failed, func(a, b failed) int { return a.walk.Number - b.walk.Number })
}

// take gives out the number of the next walk.
func (e *explorer) take(ctx context.Context) (int, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	o := &e.options
	switch {
	case ctx.Err() != nil, e.stopped,
		o.Walks > 0 && e.next >= o.Walks,
		o.For > 0 && time.Since(e.began) >= o.For:
		return 0, false
	}
	e.next++
	return o.First + e.next - 1, true
}

// one takes one walk, and once more when it fails: what does not fail twice is
// no finding.
func (e *explorer) one(ctx context.Context, number int) {
	walk := Space{Pixel: e.options.Pixel, Steps: e.options.Steps}.Walk(e.options.Seed, number)
	visit, err := e.visit(ctx, walk)
	if ctx.Err() != nil {
		return
	}
	var again []verdict.Verdict
	if err == nil && slices.ContainsFunc(visit.Verdicts, failing) {
		second, repeated := e.visit(ctx, walk)
		if ctx.Err() != nil {
			return
		}
		if err = repeated; err == nil {
			again = both(visit.Verdicts, second.Verdicts)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.done++
	if err != nil {
		e.result.Errors = append(e.result.Errors, fmt.Sprintf("walk %d: %v", number, err))
		e.tell("", 0)
		return
	}
	e.result.count(walk, visit.Verdicts)
	e.result.Unsteady = append(e.result.Unsteady, unsteady(number, visit.Verdicts, again)...)
	if broken := brokenBy(again); broken != "" {
		e.result.Errors = append(e.result.Errors, fmt.Sprintf("walk %d: %s", number, broken))
	} else if len(again) > 0 {
		e.failed = append(e.failed, failed{walk, again})
		e.stopped = e.stopped || e.options.Once
	}
	e.tell("", 0)
}

// tell tells how far it is. The lock is held.
func (e *explorer) tell(shrinking string, runs int) {
	if e.options.Notify == nil {
		return
	}
	p := Progress{
		Walks: e.done, Of: e.options.Walks, Failed: len(e.failed), Shrinking: shrinking, Runs: runs,
		Inconclusive: e.result.Outcomes[verdict.Inconclusive.String()],
	}
	for _, n := range e.result.Outcomes {
		p.Verdicts += n
	}
	e.options.Notify(p)
}

func failing(v verdict.Verdict) bool { return v.Outcome >= verdict.Fail }

// brokenBy says what broke in the harness, or "".
func brokenBy(verdicts []verdict.Verdict) string {
	for _, v := range verdicts {
		if v.Outcome == verdict.Error {
			return v.Reason
		}
	}
	return ""
}

// unsteady lists what was bad in the first run of a walk and not in both.
func unsteady(number int, first, both []verdict.Verdict) []string {
	if broken := brokenBy(first); broken != "" {
		if brokenBy(both) != "" {
			return nil
		}
		return []string{fmt.Sprintf("walk %d: %s", number, broken)}
	}
	var list []string
	for _, v := range first {
		if failing(v) && !slices.ContainsFunc(both, func(again verdict.Verdict) bool { return again.Where == v.Where }) {
			list = append(list, fmt.Sprintf("walk %d: %s at step %s: %s", number, v.Clause, v.Step, v.Observed))
		}
	}
	return list
}

// both returns the verdicts that are bad in both runs of one scenario.
func both(first, second []verdict.Verdict) []verdict.Verdict {
	var list []verdict.Verdict
	for i, v := range second {
		if failing(v) && i < len(first) && v.Outcome == first[i].Outcome {
			list = append(list, v)
		}
	}
	return list
}

// visit walks a walk as the scenario that it is when it is written and read.
func (e *explorer) visit(ctx context.Context, walk *Walk) (*suite.Visit, error) {
	sc, err := walk.Scenario(e.options.Pixel)
	if err != nil {
		return nil, err
	}
	plan, err := Bind(e.options.Library, e.options.Pixel, sc)
	if err != nil {
		return nil, err
	}
	return e.options.Visit(ctx, plan), nil
}

// Bind writes a scenario, reads it as one of the library's files, and binds it to
// the pixel: what can be bound can also be added to the library as it is written.
func Bind(lib *scenario.Library, pixel *scenario.Pixel, sc *scenario.Scenario) (*scenario.Plan, error) {
	read, err := lib.ReadScenario(scenario.Format(sc), fileOf(sc.ID))
	if err != nil {
		return nil, err
	}
	return scenario.Bind(lib, read, pixel)
}

// fileOf is the path of a scenario's file in the library.
func fileOf(id string) string { return strings.Replace(id, ".", "/", 1) + ".yaml" }
