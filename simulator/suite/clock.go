package suite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// meet asks the collector that runs elsewhere whether it is there, and whether its clock
// can be set, and keeps what it has found in the options. Its error ends the run.
func (o *Options) meet(ctx context.Context, plans []*scenario.Plan) (warnings []string, err error) {
	e := o.Elsewhere
	if e == nil {
		return nil, nil
	}
	if err := e.Reach(ctx); err != nil {
		return nil, err
	}
	o.met = &evidence.Collector{URL: e.URL(), Clock: evidence.ClockOwn, Kept: o.Kept}
	if o.Pixel.GoesByHits() {
		o.met.Clock = evidence.ClockOfHits
		return nil, nil
	}
	path := o.Pixel.SetsClock()
	if path == "" || !slices.ContainsFunc(plans, walked) {
		return nil, nil
	}
	// A run that was killed may have left it anywhere.
	err = e.setClock(ctx, path, nil)
	var refused *statusError
	switch {
	case err == nil:
		o.met.Clock = evidence.ClockSet
		return nil, nil
	case !errors.As(err, &refused):
		return nil, &UsageError{fmt.Errorf("%w\nhint: is clock.path of pixel.yaml right? it stands at %s", err, o.Pixel.At("clock.path"))}
	case !slices.ContainsFunc(plans, timely):
		return nil, nil
	}
	why := "does not know " + path
	if refused.status != http.StatusNotFound {
		why = fmt.Sprintf("answered %d to PUT %s", refused.status, path)
	}
	return []string{fmt.Sprintf("the collector's clock cannot be set (it %s), so what it counts once days or waits have passed is not judged\nhint: start it so that its clock can be set, or correct clock in pixel.yaml", why)}, nil
}

// walked tells that a plan is no mere list of what is unsupported.
func walked(p *scenario.Plan) bool { return len(p.Unsupported) == 0 }

// timely tells that something is judged in a plan that goes by the collector's clock.
func timely(p *scenario.Plan) bool {
	return walked(p) && slices.ContainsFunc(p.Scenario.Expect, func(e scenario.Expectation) bool {
		at := slices.IndexFunc(p.Scenario.Journey, func(s scenario.Step) bool { return s.Name == e.At })
		return (e.Record != "" || e.Session != "") && p.Judged(&e) && at >= 0 && p.Scenario.Moves(at)
	})
}

// remoteClock is the clock of the collector elsewhere during one journey; nil where it is
// not set.
type remoteClock struct {
	ctx    context.Context
	remote *Remote
	path   string
	faults []string
}

// clock takes hold of the clock of the collector elsewhere, where it can be set: it
// shows the time at which the journey begins.
func (o *Options) clock(ctx context.Context) *remoteClock {
	if o.met == nil || o.met.Clock != evidence.ClockSet {
		return nil
	}
	c := &remoteClock{ctx: ctx, remote: o.Elsewhere, path: o.Pixel.SetsClock()}
	c.move(0)
	return c
}

// move sets the clock to a moment that much later than now.
func (c *remoteClock) move(span time.Duration) {
	if c == nil || len(c.faults) > 0 {
		return
	}
	now := time.Now().Add(span).UTC()
	c.set(c.ctx, &now)
}

// end sets the clock back, even where the run was broken off, and returns what went
// wrong: a journey whose days did not reach the collector says nothing of it.
func (c *remoteClock) end() []string {
	if c == nil {
		return nil
	}
	c.set(context.WithoutCancel(c.ctx), nil)
	return c.faults
}

func (c *remoteClock) set(ctx context.Context, now *time.Time) {
	if err := c.remote.setClock(ctx, c.path, now); err != nil {
		c.faults = append(c.faults, err.Error())
	}
}
