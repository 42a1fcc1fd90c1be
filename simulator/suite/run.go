package suite

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// run is one run of a suite.
type run struct {
	options Options
	plans   []*scenario.Plan
	began   time.Time
	session *Session // nil when no plan can be walked
	// play, when not nil, takes the place of the session's visits.
	play func(ctx context.Context, plan *scenario.Plan) *Visit
	// warnings are those from before the first visit.
	warnings []string

	mu     sync.Mutex
	visits []*Visit      // one a plan, nil until it has ended
	first  time.Duration // when the first verdict was given
	done   int
}

// open opens a session, unless every plan is unsupported.
func (r *run) open(ctx context.Context) error {
	r.visits = make([]*Visit, len(r.plans))
	if !slices.ContainsFunc(r.plans, func(p *scenario.Plan) bool { return len(p.Unsupported) == 0 }) {
		return nil
	}
	r.notify(Event{Phase: "launch"})
	o := r.options
	o.Notify = r.notify
	var err error
	r.session, err = Open(ctx, o)
	return err
}

func (r *run) close() {
	if r.session != nil {
		_ = r.session.Close()
	}
}

// walkAll walks every plan, as many at once as asked for.
func (r *run) walkAll(ctx context.Context) {
	next := make(chan int)
	var walking sync.WaitGroup
	for range min(r.options.Parallel, len(r.plans)) {
		walking.Go(func() {
			for i := range next {
				// A visit that was broken off says nothing, not even that it failed.
				if v := r.one(ctx, r.plans[i]); ctx.Err() == nil {
					r.end(i, v)
				}
			}
		})
	}
	for i := range r.plans {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	walking.Wait()
}

// one walks and judges a plan. An unsupported one is only judged.
func (r *run) one(ctx context.Context, plan *scenario.Plan) *Visit {
	if len(plan.Unsupported) > 0 {
		return Unwalked(plan)
	}
	if r.play != nil {
		return r.play(ctx, plan)
	}
	return r.session.Visit(ctx, plan)
}

// end keeps the visit of the plan at the index.
func (r *run) end(i int, v *Visit) {
	r.mu.Lock()
	r.visits[i] = v
	r.done++
	if r.first == 0 {
		r.first = time.Since(r.began)
	}
	r.mu.Unlock()
	r.notify(Event{Scenario: v.Plan.Scenario, Ended: &v.Scenario})
}

func (r *run) notify(e Event) {
	if r.options.Notify == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Total, e.Done = len(r.plans), r.done
	r.options.Notify(e)
}

// result gathers what the run found.
func (r *run) result() *verdict.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	result := newResult(r.options.Tool, r.options.Pixel, r.began)
	t := &result.Timings
	if r.session != nil {
		r.session.describe(result)
	}
	t.Parallel, t.FirstVerdict = r.options.Parallel, ms(r.first)
	for _, v := range r.visits {
		if v == nil {
			continue
		}
		result.Scenarios = append(result.Scenarios, v.Scenario)
		result.Verdicts = append(result.Verdicts, v.Verdicts...)
		t.Journeys += v.Scenario.Milliseconds
		t.Judging += ms(v.judging)
	}
	result.Collector = (*verdict.Collector)(r.options.met)
	result.Warnings = append(result.Warnings, r.warnings...)
	result.Warnings = append(result.Warnings, mistakes(r.plans)...)
	result.Warnings = append(result.Warnings, doubts(r.visits, r.options.Elsewhere != nil)...)
	result.Warnings = append(result.Warnings, declaredAndPassed(result.Verdicts)...)
	t.Total = ms(time.Since(r.began))
	result.Tally()
	return result
}
