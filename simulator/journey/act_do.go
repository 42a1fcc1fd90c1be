package journey

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// do clicks what the action says, one after the other. What is clicked later may
// stand on a page that has still to load, or come only with a script: it is awaited.
func (j *walk) do(ctx context.Context, d *device, name string) error {
	action := j.plan.Action(name)
	if err := j.click(ctx, d, action.Click); err != nil {
		return err
	}
	for _, selector := range action.Then {
		if err := j.awaited(ctx, selector, d.ClickNext); err != nil {
			return err
		}
	}
	if action.Until == "" {
		return nil
	}
	return j.awaited(ctx, action.Until, d.AwaitSight)
}

func (j *walk) click(ctx context.Context, d *device, selector string) error {
	ctx, cancel := j.bounded(ctx)
	defer cancel()
	return d.Click(ctx, selector)
}

// awaited bounds the wait for one element, and says how long it was.
func (j *walk) awaited(ctx context.Context, selector string, wait func(context.Context, string) error) error {
	patience := j.options.Timeouts.Element
	if patience == 0 {
		patience = j.options.Timeouts.Action
	}
	never := fmt.Errorf("%s was not there within %v", selector, patience)
	waiting, cancel := context.WithTimeoutCause(ctx, patience, never)
	defer cancel()
	err := wait(waiting, selector)
	var element *ElementError
	if errors.As(err, &element) && context.Cause(waiting) == never && ctx.Err() == nil {
		named := *element
		named.Problem += " within " + patience.String()
		return &named
	}
	return err
}

// patience is how long the step waits for a request of the pixel. A page on which it
// is to send nothing is left to the step's fence sooner: what comes until then counts
// as ever.
func (j *walk) patience(d *device, step string) time.Duration {
	if d.silent || j.plan.Scenario.Silent(step) {
		return j.options.Timeouts.PixelAgain
	}
	return j.options.Timeouts.Pixel
}

// awaitsPixel tells whether the step brings the pixel to a page: the collector's own
// pages have none.
func (j *walk) awaitsPixel(d *device) bool { return d.name != scenario.DeviceOffice }
