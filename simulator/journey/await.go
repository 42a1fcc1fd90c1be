package journey

import (
	"context"
	"errors"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// ownPatience is how many times PixelAgain a hit of the opened page is awaited once
// one has come that may be of the page before.
const ownPatience = 3

// awaitPixel waits for a request of the pixel in this step. That none comes is
// no error: the step's evidence says so. Where a page has been left for the one that
// the step opens, it waits for a request of the new one: the other may send as it is
// left, and arrive at any time.
func (j *walk) awaitPixel(ctx context.Context, d *device, step string, leaves bool) (bool, error) {
	waiting, cancel := context.WithTimeout(ctx, j.patience(d, step))
	defer cancel()
	hit, err := j.nextHit(waiting, d, 0)
	if err == nil && leaves && !hit.unreachable {
		err = j.awaitOwn(waiting, d, hit)
	}
	switch {
	case err == nil:
		return true, nil
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		d.silent = d.silent || !j.plan.Scenario.Silent(step)
		return false, nil
	}
	return false, err
}

// arrival is a hit, and its number among the visitor's requests.
type arrival struct {
	seq int
	url string
	// unreachable tells that it has not come further than to an attempt to connect.
	unreachable bool
}

// nextHit waits for a hit of this step that has come after the one of that number.
func (j *walk) nextHit(ctx context.Context, d *device, after int) (arrival, error) {
	var hit arrival
	err := d.wire.Await(ctx, func(r *evidence.Request) bool {
		if r.Seq <= after && after > 0 {
			return false
		}
		if r.Purpose != "unreachable" && (r.Method == "OPTIONS" || !j.hit(r.URL)) {
			return false
		}
		hit = arrival{r.Seq, r.URL, r.Purpose == "unreachable"}
		return true
	})
	return hit, err
}

// awaitOwn waits until a hit is one of the page that was opened. A page may send by
// ways of which it cannot tell, such as a worker: then, after a while, what has come
// counts.
func (j *walk) awaitOwn(ctx context.Context, d *device, hit arrival) error {
	sender, tells := d.Visitor.(Sender)
	if !tells {
		return nil
	}
	patient, cancel := context.WithTimeout(ctx, ownPatience*max(j.options.Timeouts.PixelAgain, time.Millisecond))
	defer cancel()
	for {
		own, err := sender.Sent(ctx, hit.url)
		if err != nil || own || hit.unreachable {
			return err
		}
		if next, err := j.nextHit(patient, d, hit.seq); err == nil {
			hit = next
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
}
