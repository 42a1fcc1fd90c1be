package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// Visitor is one visitor's own way through the gateway: a proxy address, the
// stage behind it, and the record of all that passed. Its methods may be called
// concurrently.
type Visitor struct {
	gateway  *Gateway
	stage    Stage
	listener net.Listener
	serving  sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{} // closed and renewed whenever anything below changes
	began   time.Time
	step    string
	stepAt  int // the first record of the step
	records []*record
	writes  []evidence.CookieWrite
	fences  map[string]bool // those that were asked for, and the gateway had drained
	// announced, asked and blanks tell the harness's own requests from a page's.
	announced, asked map[string]bool
	blanks           int
	taken            map[string]bool // the far ends of all connections taken up
	lines            map[*line]struct{}
	fresh            map[*line]struct{} // lines that are not settled
	active           int                // requests that are being received or answered, and not held
	closed           bool

	person     string        // whom the site knows; see Person
	from       string        // where the visitor's hits come from; see From
	late       []lateHit     // what the collector is still to get
	collector  string        // how the collector answers; see Collector
	scriptHeld bool          // whether the tracker's code is held back
	offset     time.Duration // how far the stage's clock is ahead
	holds      map[*hold]struct{}
}

// record is one request while it may still grow.
type record struct {
	evidence.Request
	done bool // the body is complete
}

// Visitor opens a way for one visitor. The stage must not change afterwards.
func (g *Gateway) Visitor(stage Stage) (*Visitor, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open a proxy address for a visitor: %w", err)
	}
	v := &Visitor{
		gateway:  g,
		stage:    stage,
		listener: listener,
		changed:  make(chan struct{}),
		began:    g.clock(),
		fences:   map[string]bool{},

		announced: map[string]bool{},
		asked:     map[string]bool{},
		taken:     map[string]bool{},
		lines:     map[*line]struct{}{},
		fresh:     map[*line]struct{}{},
		collector: scenario.CollectorWell,
		holds:     map[*hold]struct{}{},
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, errors.Join(errors.New("open a proxy address for a visitor: the gateway is closed"), listener.Close())
	}
	g.visitors[v] = struct{}{}
	v.serving.Go(v.accept)
	return v, nil
}

// Address is the visitor's proxy address, "127.0.0.1:port".
func (v *Visitor) Address() string { return v.listener.Addr().String() }

func (v *Visitor) accept() {
	for {
		c, err := v.listener.Accept()
		if err != nil {
			return
		}
		l := newLine(v, c)
		v.mu.Lock()
		if v.closed {
			v.mu.Unlock()
			_ = c.Close()
			continue
		}
		v.taken[c.RemoteAddr().String()] = true
		v.lines[l] = struct{}{}
		v.fresh[l] = struct{}{}
		v.notify()
		v.mu.Unlock()
		go l.route(v.gateway)
	}
}

// Begin starts the named step: what arrives from now on belongs to it. began is
// when the journey began, from which the times of the evidence count.
func (v *Visitor) Begin(step string, began time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.began = began
	v.step = step
	v.stepAt = len(v.records)
	v.notify()
}

// Await waits until a whole request of the current step matches. It returns
// the context's error when that ends first.
func (v *Visitor) Await(ctx context.Context, match func(*evidence.Request) bool) error {
	return v.wait(ctx, func() bool {
		for _, r := range v.records[v.stepAt:] {
			if r.done && match(&r.Request) {
				return true
			}
		}
		return false
	})
}

// BlankPath is the path, on any host, of a page with nothing in it. It is good
// for one request.
func (v *Visitor) BlankPath() string {
	v.mu.Lock()
	v.blanks++
	v.mu.Unlock()
	return BlankPath
}

// FencePath announces a fence and returns the path, on any host, under which a
// page asks for it. It is good for one request.
func (v *Visitor) FencePath(token string) string {
	v.mu.Lock()
	v.announced[token] = true
	v.mu.Unlock()
	return FencePath + token
}

// AwaitFence waits until a page has asked for the fence.
func (v *Visitor) AwaitFence(ctx context.Context, token string) error {
	return v.wait(ctx, func() bool { return v.fences[token] })
}

// AwaitQuiet waits until the gateway has drained: no connection whose purpose
// is unknown, no request that is being received or answered. An answer that is
// held back is not waited for.
func (v *Visitor) AwaitQuiet(ctx context.Context) error {
	if err := v.barrier(ctx); err != nil {
		return err
	}
	return v.wait(ctx, v.drained)
}

// barrier waits until every connection that was made before it has been taken
// up: connections are taken up in the order in which they were made, so it makes
// one itself and waits for its turn.
func (v *Visitor) barrier(ctx context.Context) error {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp4", v.Address())
	if err != nil {
		return fmt.Errorf("reach the visitor's own proxy address: %w", err)
	}
	defer func() { _ = c.Close() }()
	own := c.LocalAddr().String()
	return v.wait(ctx, func() bool {
		done := v.taken[own]
		if done {
			delete(v.taken, own)
		}
		return done
	})
}

// drained tells whether nothing is under way. A line without a request that has
// been silent for longer than the grace is taken for a socket opened ahead of
// need. v.mu is held.
func (v *Visitor) drained() bool {
	if v.active > 0 {
		return false
	}
	for l := range v.fresh {
		if silence := l.silence(); silence < v.gateway.grace {
			time.AfterFunc(max(v.gateway.grace-silence, time.Millisecond), v.wake)
			return false
		}
	}
	return true
}

func (v *Visitor) wake() {
	v.mu.Lock()
	v.notify()
	v.mu.Unlock()
}

// wait blocks until the condition, which is evaluated with v.mu held, is true.
func (v *Visitor) wait(ctx context.Context, condition func() bool) error {
	for {
		v.mu.Lock()
		ok, closed, changed := condition(), v.closed, v.changed
		v.mu.Unlock()
		if ok {
			return nil
		}
		if closed {
			return errors.New("the visitor's way through the gateway is closed")
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// notify wakes all who wait. v.mu is held.
func (v *Visitor) notify() {
	close(v.changed)
	v.changed = make(chan struct{})
}

func (v *Visitor) settled(l *line) {
	v.mu.Lock()
	delete(v.fresh, l)
	v.notify()
	v.mu.Unlock()
}

func (v *Visitor) forget(l *line) {
	v.mu.Lock()
	delete(v.lines, l)
	v.notify()
	v.mu.Unlock()
}

// Traffic counts the requests and WebSocket messages that have come so far.
func (v *Visitor) Traffic() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := len(v.records)
	for _, r := range v.records {
		n += len(r.Frames)
	}
	return n
}

// Requests returns a copy of all that was recorded, in order of arrival. A
// request whose body has not been received whole is marked as incomplete.
func (v *Visitor) Requests() []evidence.Request {
	v.mu.Lock()
	defer v.mu.Unlock()
	found := make([]evidence.Request, 0, len(v.records))
	for _, r := range v.records {
		copied := r.Request
		copied.Frames = append([]evidence.Frame(nil), r.Frames...)
		if !r.done && copied.Incomplete == "" {
			copied.Incomplete = "still being received when the journey ended"
		}
		found = append(found, copied)
	}
	return found
}

// Writes returns a copy of the cookie writes that answers asked for.
func (v *Visitor) Writes() []evidence.CookieWrite {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]evidence.CookieWrite(nil), v.writes...)
}

// Close closes the visitor's address and every connection.
func (v *Visitor) Close() error {
	v.mu.Lock()
	if v.closed {
		v.mu.Unlock()
		return nil
	}
	v.closed = true
	v.give(collectorPurpose)
	v.give(scriptPurpose)
	open := make([]*line, 0, len(v.lines))
	for l := range v.lines {
		open = append(open, l)
	}
	v.notify()
	v.mu.Unlock()
	err := v.listener.Close()
	for _, l := range open {
		_ = l.Close()
	}
	v.serving.Wait()
	v.gateway.mu.Lock()
	delete(v.gateway.visitors, v)
	v.gateway.mu.Unlock()
	return err
}
