// Package suite runs a selection of scenarios against one pixel: it launches
// the browser, opens the gateway and the stage, walks the journeys in parallel,
// judges their evidence and collects the result.
package suite

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Options says what is run, with what, and how. Library, Pixel and Launch are
// required; the zero value of everything else is useful.
type Options struct {
	// Library holds the clauses, scenarios and pixels.
	Library *scenario.Library
	// Pixel is the pixel that is tried.
	Pixel *scenario.Pixel
	// Selectors choose scenarios; none means all of the pixel's document. See
	// scenario.Select.
	Selectors []string
	// Launch starts a browser that trusts the key with the SPKI hash.
	Launch Launch
	// Reference gives the code of a reference tracker, for a pixel whose script
	// is "reference:NAME".
	Reference func(name string) (Script, error)
	// Script stands in place of the pixel's own script on the stage, when not nil.
	Script *Script
	// Collector makes what answers the pixel's collector host; the gateway's sink,
	// which accepts everything, when nil.
	Collector Collector
	// Filed, when not nil, makes the collector of the plans that search all that a
	// collector keeps: one that keeps it in files. Kept names the files and folders in
	// which a collector that lives elsewhere keeps it. Without either nobody can tell
	// what is kept, and what is expected of that is unsupported.
	Filed FiledCollector
	Kept  []string
	// Elsewhere, when not nil, is the collector, which runs somewhere else; Collector is
	// to be its. Before anything is opened it is asked whether it is there, which else
	// ends the run, and whether its clock can be set.
	Elsewhere *Remote
	// OwnCustomers gives each journey customers of its own, for a collector that
	// keeps what it has met; see scenario.Plan.Salted. Where a scenario judges what
	// the collector counts, one visitor walks after the other.
	OwnCustomers bool
	// Parallel is how many visitors walk at the same time; 2 when zero.
	Parallel int
	// Folder keeps evidence files and screenshots, in place of those of a former
	// run; nothing is kept when empty.
	Folder string
	// Screenshots asks for a picture at each step's end; it needs a Folder.
	Screenshots bool
	// Redact replaces personal values before anything is written or judged.
	Redact bool
	// Timeouts bounds the journeys' waits; journey.DefaultTimeouts when zero.
	Timeouts journey.Timeouts
	// Notify, when not nil, is told how the run goes, one call at a time.
	Notify func(Event)
	// Tool is the program that runs the suite, for the record.
	Tool verdict.Tool

	// met is what the run has found of the collector elsewhere, for the record.
	met *evidence.Collector
}

// Launch starts a browser that trusts the key with the SPKI hash; see
// browser.Launcher.
type Launch = func(ctx context.Context, spki string) (journey.Browser, error)

// Script is a tracker's code.
type Script struct {
	// Name says where it came from, as reports show it.
	Name   string
	Source []byte
}

// Event tells how a run goes.
type Event struct {
	// Total is the number of scenarios, Done how many have ended.
	Total, Done int
	// Scenario is the scenario that it is about; Step, when not empty, the step
	// that begins. Ended is set when the scenario has ended.
	Scenario *scenario.Scenario
	Step     string
	Ended    *verdict.Scenario
	// Phase is what the run does before its first scenario: "launch".
	Phase string
}

// ErrNothingSelected is the cause when a run has nothing to do.
var ErrNothingSelected = errors.New("nothing selected")

// UsageError is a mistake in what the user asked for, as opposed to a failure of
// the run.
type UsageError struct{ Err error }

// Error is the mistake's own message.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the mistake.
func (e *UsageError) Unwrap() error { return e.Err }

// Plan selects and binds: it returns the plans of a run, in order, or a
// *UsageError.
func Plan(o Options) ([]*scenario.Plan, error) {
	selected, err := scenario.Select(o.Library, o.Pixel.Document, o.Selectors)
	if err != nil {
		return nil, &UsageError{err}
	}
	var plans []*scenario.Plan
	var others []string // scenarios for another reading of the document
	reading := ""       // and that of the first
	for _, s := range selected {
		if wants, ok := s.Scenario.ReadAs(o.Pixel); !ok {
			others = append(others, s.Scenario.ID+" ("+wants+")")
			reading = cmp.Or(reading, wants)
			continue
		}
		plan, err := scenario.Bind(o.Library, s.Scenario, o.Pixel)
		if err != nil {
			return nil, &UsageError{err}
		}
		plan.Only = s.Only
		if o.Collector == nil && reads(plan) && len(plan.Unsupported) == 0 {
			plan.Unsupported = []string{scenario.FeatureReadBack} // nothing keeps records here
		}
		if o.OwnCustomers {
			plan = plan.Salted(rand.Text())
		}
		plans = append(plans, plan)
	}
	if len(plans) == 0 {
		if len(others) > 0 {
			return nil, &UsageError{fmt.Errorf("%w: for another reading of the document: %s\nhint: choose it with --reading %s",
				ErrNothingSelected, strings.Join(others, ", "), reading)}
		}
		return nil, &UsageError{ErrNothingSelected}
	}
	return plans, nil
}

// abreast is how many visitors walk at the same time: one, where what a collector
// counts would count another's as well.
func (o Options) abreast(plans []*scenario.Plan) int {
	counted := func(p *scenario.Plan) bool {
		return slices.ContainsFunc(p.Scenario.Expect, func(e scenario.Expectation) bool {
			return (e.Record != "" || e.Session != "" || e.Kept != "") && p.Judged(&e)
		})
	}
	switch {
	case o.OwnCustomers && slices.ContainsFunc(plans, counted):
		return 1
	case o.met != nil && o.met.Clock == evidence.ClockSet:
		return 1 // it has one clock for all
	case o.Parallel <= 0:
		return 2
	}
	return o.Parallel
}

// reads tells whether a plan judges what the collector says of itself.
func reads(plan *scenario.Plan) bool {
	return slices.ContainsFunc(plan.Scenario.Expect, func(e scenario.Expectation) bool {
		return (e.Record != "" || e.Profile != "" || e.Attribute != "" || e.Session != "") && plan.Judged(&e) && plan.Lacks(&e) == ""
	})
}

// Run runs the selected scenarios and returns what was found, in the order of
// the scenarios. A mistake in the request is a *UsageError; a browser that does
// not start, or a cancelled context, is an error, with the result so far. All
// that goes wrong with a single journey is in the result.
func Run(ctx context.Context, o Options) (*verdict.Result, error) {
	began := time.Now()
	plans, err := Plan(o)
	if err != nil {
		return nil, err
	}
	warnings, err := o.meet(ctx, plans)
	if err != nil {
		return nil, err
	}
	o.Parallel = o.abreast(plans)
	if o.Folder != "" {
		if err := clearFolder(o.Folder); err != nil {
			return nil, err
		}
	}
	r := &run{options: o, plans: plans, began: began, warnings: warnings}
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	defer r.close()
	if s := r.session; s != nil {
		r.warnings = append(r.warnings, o.sendAhead(ctx, plans, func(ctx context.Context, plan *scenario.Plan) *evidence.Evidence {
			return s.walk(ctx, plan, s.browserNow()).Evidence
		})...)
	}
	r.walkAll(ctx)
	result := r.result()
	if ctx.Err() != nil {
		return result, fmt.Errorf("the run was broken off with %d of %d scenarios judged: %w", r.done, len(plans), context.Cause(ctx))
	}
	return result, nil
}
