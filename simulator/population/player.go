package population

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"net/http"
	"sync"
	"sync/atomic"
)

// RefusedHeader is the header in which a collector says why it has refused a hit
// that it has answered.
const RefusedHeader = "X-Pixelwitness-Refused"

// Delivery is what one request carries: a hit, or a batch of hits of one browser.
type Delivery struct {
	Hits []Hit
	By   Transport
}

// Player sends hits to a collector. Its zero value lacks Dialect, To and Through;
// the rest may be left out.
type Player struct {
	Dialect Dialect
	// To is the collector and the account there.
	To Account
	// Through carries the requests: http.DefaultTransport, or [Handled].
	Through http.RoundTripper
	// Parallel is how many requests are under way at most; 1 when zero. Those of
	// one browser go one after another, in order, however many there are.
	Parallel int
	// Retries is how often a request is sent again that got no answer, or one of a
	// server's failures (5xx); 0 when left out, so that nothing is hidden.
	Retries int
	// Refused, when not nil, is told of each delivery that the collector has
	// refused, or a hit of it, with its reason. It is called concurrently.
	Refused func(d Delivery, reason string)
}

// Played counts what was sent.
type Played struct {
	// Requests and Hits are those that the collector took, Refused how many of the
	// requests it took with a refusal, Again how often a request was sent again.
	Requests, Hits, Refused, Again int64
}

// maxAnswer is how much of an answer is read, in bytes: only so that the
// connection can serve again.
const maxAnswer = 64 << 10

// Deliver sends one delivery and returns the collector's reason for refusing, if
// it does. Whatever is not an answer of the kinds 2xx and 3xx is an error that
// names the hit.
func (p Player) Deliver(ctx context.Context, d Delivery) (refused string, err error) {
	refused, _, err = p.deliver(ctx, d)
	return refused, err
}

func (p Player) deliver(ctx context.Context, d Delivery) (refused string, again int, err error) {
	for {
		refused, retry, err := p.once(ctx, d)
		switch {
		case err == nil:
			return refused, again, nil
		case !retry || again == p.Retries || ctx.Err() != nil:
			return "", again, fmt.Errorf("deliver %s: %w", d, err)
		}
		again++
	}
}

// once sends a delivery once. It tells whether another try may help.
func (p Player) once(ctx context.Context, d Delivery) (refused string, retry bool, err error) {
	r, err := p.Dialect.Request(ctx, p.To, d.By, d.Hits...)
	if err != nil {
		return "", false, err
	}
	response, err := p.Through.RoundTrip(r)
	if err != nil {
		return "", true, err
	}
	defer func() { _ = response.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case err != nil:
		return "", true, fmt.Errorf("read the answer: %w", err)
	case response.StatusCode >= http.StatusBadRequest:
		return "", response.StatusCode >= http.StatusInternalServerError,
			fmt.Errorf("the collector answered %d: %.200q", response.StatusCode, said)
	}
	return response.Header.Get(RefusedHeader), false, nil
}

// Play sends all deliveries, and holds only those under way. The first that fails
// ends it; what was sent by then is counted. A sequence without end is fine, as
// long as the context ends.
func (p Player) Play(ctx context.Context, deliveries iter.Seq[Delivery]) (Played, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var count counters
	var sending sync.WaitGroup
	lanes := make([]chan Delivery, max(p.Parallel, 1))
	for i := range lanes {
		lanes[i] = make(chan Delivery)
		sending.Go(func() {
			for d := range lanes[i] {
				if ctx.Err() == nil {
					if err := p.count(ctx, d, &count); err != nil {
						cancel(err)
					}
				}
			}
		})
	}
	seed := maphash.MakeSeed()
	for d := range deliveries {
		if len(d.Hits) == 0 {
			cancel(errors.New("a delivery of no hits"))
		}
		if ctx.Err() != nil {
			break
		}
		lane := lanes[maphash.String(seed, d.Hits[0].Device)%uint64(len(lanes))]
		select {
		case lane <- d:
		case <-ctx.Done():
		}
	}
	for _, lane := range lanes {
		close(lane)
	}
	sending.Wait()
	return count.played(), context.Cause(ctx)
}

type counters struct{ requests, hits, refused, again atomic.Int64 }

func (c *counters) played() Played {
	return Played{Requests: c.requests.Load(), Hits: c.hits.Load(), Refused: c.refused.Load(), Again: c.again.Load()}
}

func (p Player) count(ctx context.Context, d Delivery, c *counters) error {
	refused, again, err := p.deliver(ctx, d)
	c.again.Add(int64(again))
	if err != nil {
		return err
	}
	c.requests.Add(1)
	c.hits.Add(int64(len(d.Hits)))
	if refused != "" {
		c.refused.Add(1)
		if p.Refused != nil {
			p.Refused(d, refused)
		}
	}
	return nil
}

// String names the delivery's hit, such as "the hit 3f… (user sign_in) of the
// visitor 77…".
func (d Delivery) String() string {
	if len(d.Hits) == 0 {
		return "no hit"
	}
	h := d.Hits[0]
	name := fmt.Sprintf("the hit %s (%s %s) of the visitor %s", h.Message, h.Category, h.Action, h.Visitor)
	if more := len(d.Hits) - 1; more > 0 {
		name += fmt.Sprintf(" and %d more", more)
	}
	return name
}
