package suite

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/check"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Driver plays journeys without a browser: it takes the tracker's part.
type Driver struct {
	// Browser is what evidence and result say of the browser that was not there.
	Browser evidence.Browser
	// Playable says why a plan cannot be played; nil when it can.
	Playable func(plan *scenario.Plan) error
	// Opener opens the people of a plan, whose requests go to the collector.
	Opener func(plan *scenario.Plan, collector http.Handler) journey.Opener
}

// Play plays the selected scenarios without a browser and returns what was found,
// in the order of the scenarios. Only what the collector decides is judged; the rest
// is unsupported, and so is a plan that the driver cannot play. Options and errors
// are those of [Run]; Launch, Reference, Script and Screenshots mean nothing here.
// Without a collector there is nothing to judge, which is a *UsageError.
func Play(ctx context.Context, o Options, d Driver) (*verdict.Result, error) {
	began := time.Now()
	if o.Collector == nil {
		return nil, &UsageError{fmt.Errorf("without a browser only a collector is judged, and there is none")}
	}
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
	p := player{Driver: d, session: &Session{options: o, engine: &engine{}}}
	r := &run{options: o, plans: plans, began: began, visits: make([]*Visit, len(plans)), play: p.play, warnings: warnings}
	ahead := func(ctx context.Context, plan *scenario.Plan) *evidence.Evidence {
		if p.Playable(plan) != nil {
			return nil
		}
		return p.walk(ctx, plan)
	}
	r.warnings = append(r.warnings, o.sendAhead(ctx, plans, ahead)...)
	p.session.options.Notify = r.notify
	r.walkAll(ctx)
	result := r.result()
	result.Browser = verdict.Browser(d.Browser)
	result.Pixel.Script = "none"
	result.Warnings = slices.Concat(p.session.warnings, result.Warnings)
	result.Errors = slices.Concat(p.session.errors, result.Errors)
	result.Tally()
	if ctx.Err() != nil {
		return result, fmt.Errorf("the run was broken off with %d of %d scenarios judged: %w", r.done, len(plans), context.Cause(ctx))
	}
	return result, nil
}

// player plays plans. Its session has neither gateway nor browser.
type player struct {
	Driver
	session *Session
}

// play plays and judges a plan.
func (p player) play(ctx context.Context, plan *scenario.Plan) *Visit {
	if err := p.Playable(plan); err != nil {
		v := &Visit{
			Plan: plan, Evidence: &evidence.Evidence{}, Verdicts: check.Unplayed(plan, err.Error()),
			Scenario: describe(plan, &evidence.Evidence{}),
		}
		v.tally()
		return v
	}
	s, began := p.session, time.Now()
	e := p.walk(ctx, plan)
	e.Header = s.header(plan, e, 1)
	e.Script, e.ScriptSHA256, e.Browser = "none", "", p.Browser
	if s.options.Redact {
		e = redact(plan, e)
	}
	v := judge(plan, e)
	v.Scenario.Attempts = 1
	if err := s.keep(v, nil); err != nil {
		s.note(nil, []string{err.Error()})
	}
	v.Scenario.Milliseconds = ms(time.Since(began))
	return v
}

// walk walks the plan against a collector of its own.
func (p player) walk(ctx context.Context, plan *scenario.Plan) *evidence.Evidence {
	var offset atomic.Int64
	o := p.session.options
	backend, err := o.backend(plan, func() time.Time { return time.Now().Add(time.Duration(offset.Load())) })
	if err != nil {
		return &evidence.Evidence{Faults: []string{fmt.Sprintf("make a collector: %v", err)}}
	}
	clock := o.clock(ctx)
	walked := journey.Walk(ctx, plan, p.Opener(plan, backend.handler), journey.Options{
		Timeouts: o.Timeouts,
		Step: func(_ int, step scenario.Step) {
			p.session.notify(Event{Scenario: plan.Scenario, Step: step.Name})
		},
		Moved: func(span time.Duration) { offset.Store(int64(span)); clock.move(span) },
		Kept:  backend.kept, Before: o.Elsewhere != nil,
	})
	walked.Evidence.Faults = append(walked.Evidence.Faults, clock.end()...)
	if err := backend.close(); err != nil {
		p.session.note(nil, []string{fmt.Sprintf("close the collector of %s: %v", plan.Scenario.ID, err)})
	}
	return walked.Evidence
}

// tally gives the visit the outcome of its verdicts.
func (v *Visit) tally() {
	one := verdict.Result{Scenarios: []verdict.Scenario{v.Scenario}, Verdicts: v.Verdicts}
	one.Tally()
	v.Scenario.Outcome = one.Scenarios[0].Outcome
}
