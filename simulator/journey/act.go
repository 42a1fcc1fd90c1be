package journey

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

const day = 24 * time.Hour

// close ends the device's visit, as by closing the browser: what its pages send
// at their end belongs to the step before.
func (j *walk) close(ctx context.Context, d *device) {
	if !d.opened {
		return
	}
	j.leave(ctx, d)
	ctx, cancel := j.bounded(ctx)
	defer cancel()
	if err := d.Reopen(ctx); err != nil {
		j.fault(fmt.Errorf("close the browser: %w", err))
	}
	d.opened, d.tab = false, ""
	clear(d.frozen)
}

// bounded bounds what a step does.
func (j *walk) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return boundedBy(ctx, j.options.Timeouts.Action)
}

func boundedBy(ctx context.Context, span time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, span, fmt.Errorf("nothing happened within %v", span))
}

// prepare makes the world what the step says that it is.
func (j *walk) prepare(ctx context.Context, d *device, s scenario.Step, tab string) error {
	ctx, cancel := j.bounded(ctx)
	defer cancel()
	if err := j.travel(ctx, d, s); err != nil {
		return err
	}
	if len(s.Forget) > 0 {
		if err := d.Forget(ctx, s.Forget); err != nil {
			return fmt.Errorf("forget %v: %w", s.Forget, err)
		}
	}
	if s.Collector != "" {
		d.collector = s.Collector
		d.wire.Collector(s.Collector)
	}
	if s.Script == scenario.ScriptHeld {
		d.scriptHeld = true
		d.wire.Script(true)
	}
	if offline := s.Network == scenario.NetworkOffline; s.Network != "" && offline != d.offline {
		if err := d.Offline(ctx, offline); err != nil {
			return fmt.Errorf("make the network %s: %w", s.Network, err)
		}
		d.offline = offline
	}
	if tab != d.tab {
		d.tab = tab
		return d.Tab(ctx, tab)
	}
	return nil
}

// travel brings the device to the step's moment. Another person's device may lag
// behind: its time has passed as well.
func (j *walk) travel(ctx context.Context, d *device, s scenario.Step) error {
	offset := j.offset + s.After.Span()
	if s.Day > 0 {
		offset = max(offset, time.Duration(s.Day-1)*day)
	}
	j.offset = offset
	span := offset - d.offset
	if span == 0 {
		return nil
	}
	d.offset = offset
	if d.opened {
		// Time does not pass between an answer and the page that it is for.
		if err := d.wire.AwaitQuiet(ctx); err != nil {
			return err
		}
	}
	// What timers send while the span passes is answered by the moved clock.
	j.move(d, span)
	if err := d.Travel(ctx, span); err != nil {
		return fmt.Errorf("let %v pass: %w", span, err)
	}
	return nil
}

// move tells the hosts what time it is by the device's pages, or will be once the
// span has passed. The collector's clock never goes back.
func (j *walk) move(d *device, span time.Duration) {
	offset := d.Clock().Sub(j.options.Now()) + span
	d.wire.Shift(offset)
	if offset > j.moved && j.options.Moved != nil {
		j.options.Moved(offset)
	}
	j.moved = max(j.moved, offset)
}

// act does what the step says. What was under way from a step that ended at once
// goes on only then; after opening a page the pixel is awaited.
func (j *walk) act(ctx context.Context, d *device, s scenario.Step, done *evidence.Step) error {
	leaves := (s.Open != "" || s.Go != "") && d.opened
	err := j.carryOut(ctx, d, s, done)
	done.Acted = j.options.Now().Sub(j.began)
	if d.pending {
		d.pending = false
		d.wire.Release()
	}
	delivered := d.scriptHeld && s.Script == scenario.ScriptDelivered
	if delivered {
		d.scriptHeld = false
		d.wire.Script(false)
	}
	if err != nil {
		return err
	}
	batched := j.plan.Scenario.Config.Delivery == scenario.DeliveryBatched
	opened := (s.Open != "" || s.Go != "" && !done.Restored) && j.awaitsPixel(d)
	// What a hasty visitor does has left the page before he goes on.
	reports := s.Do == scenario.ActionAct || s.Do != "" && s.Identifies()
	hasty := reports && s.Ends == scenario.EndsAtOnce && !batched
	if !opened && !delivered && !hasty || d.scriptHeld || d.offline {
		return nil
	}
	if batched {
		if s.Ends == scenario.EndsAtOnce {
			return j.load(ctx, d) // what was collected by then has not left
		}
		// What is collected leaves only as page time runs.
		if err := j.rested(ctx, d); err != nil {
			return err
		}
	}
	done.Awaited = true
	seen, err := j.awaitPixel(ctx, d, s.Name, leaves)
	done.Seen = seen
	return err
}

// load waits until the page has loaded, without any of its time passing.
func (j *walk) load(ctx context.Context, d *device) error {
	ctx, cancel := j.bounded(ctx)
	defer cancel()
	token := fmt.Sprintf("%s-%d", j.token, j.fences)
	j.fences++
	if _, err := d.Settle(ctx, d.wire.FencePath(token), 0); err != nil {
		return err
	}
	return d.wire.AwaitFence(ctx, token)
}

// rested brings the page to rest before the step's own end.
func (j *walk) rested(ctx context.Context, d *device) error {
	ctx, cancel := context.WithTimeoutCause(ctx, j.options.Timeouts.Fence,
		fmt.Errorf("the page did not come to rest within %v", j.options.Timeouts.Fence))
	defer cancel()
	_, err := j.calm(ctx, d)
	return err
}

func (j *walk) carryOut(ctx context.Context, d *device, s scenario.Step, done *evidence.Step) error {
	if s.Do != "" {
		return j.do(ctx, d, s.Do)
	}
	ctx, cancel := j.bounded(ctx)
	defer cancel()
	switch {
	case s.Open != "" && d.name == scenario.DeviceOffice:
		return d.Open(ctx, j.plan.Pixel.ConsoleURL(s.Open))
	case s.Open != "":
		d.opened, d.frozen[d.tab] = true, false
		return d.Open(ctx, j.plan.Pixel.PageURL(s.Open))
	case s.Go != "":
		delta := 1
		if s.Go == scenario.GoBack {
			delta = -1
		}
		restored, err := d.Go(ctx, delta)
		done.Restored = restored
		return err
	case s.Tab != "":
		d.frozen[d.tab] = s.Tab == scenario.TabFrozen
		return d.Lifecycle(ctx, s.Tab)
	}
	return nil
}

// end brings the step to its end.
func (j *walk) end(ctx context.Context, d *device, s scenario.Step, done *evidence.Step) error {
	if s.Ends == scenario.EndsAtOnce {
		d.pending = true
		return nil
	}
	if d.scriptHeld {
		return nil // the page cannot have loaded, and nothing of the pixel is there
	}
	return j.settle(ctx, d, done)
}

// settle ends the step with its fence and looks at what the browser keeps. A page
// that does not come to rest is no fault of the harness: the step is not fenced,
// and nothing counts as absent from it.
func (j *walk) settle(ctx context.Context, d *device, done *evidence.Step) error {
	restless := fmt.Errorf("the page did not come to rest within %v", j.options.Timeouts.Fence)
	waiting, cancel := context.WithTimeoutCause(ctx, j.options.Timeouts.Fence, restless)
	defer cancel()
	settled, err := j.calm(waiting, d)
	j.move(d, 0)
	done.Page, done.RunForward = settled.Page, settled.Forward
	d.deferred = settled.Deferred
	switch {
	case err == nil:
		// What is missing from a step with a worker whose timers cannot be run
		// forward proves nothing, and neither does one in which the page could not
		// ask for its fence.
		done.Fenced = settled.Unwatched == 0 && !d.offline && !d.frozen[d.tab]
	case ctx.Err() == nil && errors.Is(err, restless) && settled.Page != "":
		done.Problem = restless.Error()
	default:
		return err
	}
	looking, stop := boundedBy(ctx, j.options.Timeouts.Action+j.hearing())
	defer stop()
	return j.look(looking, d, done, settled)
}

// calm brings the device to rest as far as the world lets it.
func (j *walk) calm(ctx context.Context, d *device) (Settled, error) {
	budget := j.options.Timeouts.RunForward
	switch {
	case d.frozen[d.tab] || d.offline:
		// It cannot ask for a fence.
		settled, err := d.Settle(ctx, d.wire.FencePath(j.token), budget)
		if err != nil {
			return settled, err
		}
		return settled, d.wire.AwaitQuiet(ctx)
	case d.collector == scenario.CollectorSlow:
		// Whatever a pixel does when it gets no answer, it does now; then the
		// answers come, and the page can load and rest.
		if err := d.Forward(ctx, budget); err != nil {
			return Settled{}, err
		}
		d.wire.Collector(scenario.CollectorWell)
		d.wire.Release()
		defer d.wire.Collector(scenario.CollectorSlow)
	}
	return j.rest(ctx, d)
}
