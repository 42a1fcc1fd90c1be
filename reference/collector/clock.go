package collector

import (
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
)

// clock is the time that hits are stamped with: its own, or one that has been
// set and goes on from there.
type clock struct {
	own      func() time.Time
	settable bool
	// ahead is how far it is ahead of its own time, in nanoseconds.
	ahead atomic.Int64
}

func (c *clock) now() time.Time { return c.own().Add(time.Duration(c.ahead.Load())).UTC() }

func (c *clock) set(now time.Time) { c.ahead.Store(int64(now.Sub(c.own()))) }

func (c *clock) reset() { c.ahead.Store(0) }

// now answers with the clock's time.
func (c *Collector) now(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, map[string]time.Time{"now": c.clock.now()})
}

// setClock sets the clock to {"now": "2026-01-02T03:04:05Z"}; null sets it back to
// its own time.
func (c *Collector) setClock(w http.ResponseWriter, r *http.Request) {
	if !c.clock.settable {
		problem(w, http.StatusForbidden, "this collector's clock cannot be set")
		return
	}
	var wanted struct {
		Now *time.Time `json:"now"`
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxLimit))
	if err == nil {
		err = json.Unmarshal(body, &wanted, json.RejectUnknownMembers(true))
	}
	if err != nil {
		problem(w, http.StatusBadRequest, `the time must be like {"now": "2026-01-02T03:04:05Z"}`)
		return
	}
	if wanted.Now == nil {
		c.clock.reset()
	} else {
		c.clock.set(*wanted.Now)
	}
	c.now(w, r)
}
