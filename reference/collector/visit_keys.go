package collector

import (
	"context"
	"sync"
	"time"
)

// sweepEvery is how often keys whose time has come are looked for: so much longer than its
// session can live one may be kept.
const sweepEvery = time.Minute

// resent is how long after it was made a hit may be sent again without being counted again.
const resent = time.Hour

// sweep drops keys whose time has come, as a part of a change that comes by.
func (s *store) sweep(w *work, now time.Time) error {
	if since := now.Sub(s.swept); since >= 0 && since < sweepEvery {
		return nil
	}
	s.swept = now
	return w.drop(now)
}

// drop drops some of what is not kept for long.
func (w *work) drop(now time.Time) error {
	if err := w.exec(dropAnonymousKeys, now.UnixMilli()); err != nil {
		return err
	}
	return w.exec(dropCountedHits, timePrefix(now.Add(-resent)))
}

// dropKeys drops all keys whose time has come, some at a time, so that hits do not have to
// wait long.
func (s *store) dropKeys(ctx context.Context, now time.Time) error {
	for {
		var due bool
		if err := s.read.QueryRowContext(ctx, anyDue, now.UnixMilli(), timePrefix(now.Add(-resent))).Scan(&due); err != nil || !due {
			return err
		}
		err := s.commits.do(ctx, func(w *work) error { return w.drop(now) })
		if err != nil {
			return err
		}
	}
}

// heard is the collector's time as it was when it was last asked for, so that what runs
// beside the requests need not ask: a clock that a test has made is not for it.
type heard struct {
	mu sync.Mutex
	// at is the zero time when it was never asked for, since the machine's time then.
	at, since time.Time
}

func (h *heard) hear(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at, h.since = now, time.Now()
}

// now goes on from what was heard last.
func (h *heard) now() (now time.Time, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at.Add(time.Since(h.since)), !h.at.IsZero()
}

// remember looks whether a store that was there before holds keys: then it is known from
// the beginning what time it is.
func (c *Collector) remember(ctx context.Context) error {
	var some bool
	err := c.store.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM anonymous_keys) OR EXISTS (SELECT 1 FROM counted_hits)").Scan(&some)
	if err == nil && some {
		c.heard.hear(c.clock.now())
	}
	return err
}

// forgetKeys drops keys each time that some time has passed, until the context ends.
func (c *Collector) forgetKeys(ctx context.Context, ticks <-chan time.Time) {
	for {
		if now, known := c.heard.now(); known {
			if err := c.store.dropKeys(ctx, now); err != nil && ctx.Err() == nil {
				c.log.Error("keys of anonymous sessions are kept too long", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
	}
}
