package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// Collector says how the stage's collector answers from now on. Every request
// that reaches the gateway is recorded whole in every mode, and a CORS preflight,
// which carries nothing of the page's, is answered as ever: what it asks for
// would not be sent otherwise. The answers that were held are given when the mode
// changes. An unknown mode panics.
//
//   - "well": as its handler does.
//   - "slow": the handler's answer is held until Release.
//   - "failing": 503 without an image; the handler is not asked.
//   - "resetting": nothing is answered; the handler is not asked. Over HTTP/2 the
//     stream is reset (INTERNAL_ERROR), over HTTP/1.1 the connection is closed.
//   - "unreachable": a tunnel to the host is refused with 502, and open ones
//     without a request under way are closed. The attempt is recorded with the
//     purpose "unreachable" and, as URL, the authority that was asked for
//     ("collect.vendor.test:443"), which is all that left the browser and is no
//     hit. A request that needs no new tunnel (on a connection that was in use,
//     over http://, to a host that is not the collector's alone) did leave the
//     browser: it is recorded as ever, and reset. An open WebSocket stays open.
//
// Chrome, both the shell and the full one, was seen to make one attempt of each
// request in every mode: it does not send again by itself after INTERNAL_ERROR or
// a refused tunnel, nor give up the proxy. Over HTTP/1.1 it does send again, once,
// when a connection that it had used before is closed, also a POST; such a
// repetition is recorded like any other request.
//
//   - "late": the sink answers at once, and the request is kept whole. When the mode
//     changes the handler is asked for all that was kept, the last one first, by the
//     clock of that moment; what it says of a refusal is noted with the request, and
//     its answer goes nowhere.
//   - "twice": the handler is asked as ever, and once more when it has answered.
//
// A WebSocket is accepted in both as ever.
func (v *Visitor) Collector(mode string) {
	switch mode {
	case scenario.CollectorWell, scenario.CollectorSlow, scenario.CollectorFailing,
		scenario.CollectorResetting, scenario.CollectorUnreachable, scenario.CollectorLate, scenario.CollectorTwice:
	default:
		panic(fmt.Sprintf("gateway: no collector is %q", mode))
	}
	v.mu.Lock()
	if v.collector == mode {
		v.mu.Unlock()
		return
	}
	v.collector = mode
	v.give(collectorPurpose)
	var idle []*line
	if mode == scenario.CollectorUnreachable {
		for l := range v.lines {
			if v.stage.isCollector(l.host) && l.requests == 0 {
				idle = append(idle, l)
			}
		}
	}
	late := v.late
	v.late = nil
	v.notify()
	v.mu.Unlock()
	for _, l := range idle {
		l.hangUp()
	}
	v.handOver(late...)
}

// Script holds the tracker's code back, or delivers it, also to those who wait.
func (v *Visitor) Script(held bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.scriptHeld = held
	if !held {
		v.give(scriptPurpose)
	}
	v.notify()
}

// Release gives the answers that a slow collector has held so far: those to all
// requests that have come whole. They are under way then, and AwaitQuiet waits
// for them.
func (v *Visitor) Release() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.give(collectorPurpose)
	v.notify()
}

// treatment is what becomes of a request, decided at the moment at which it is
// there whole, so that whoever has awaited it can rely on it.
type treatment struct {
	// reset tells that there is no answer, failing that it is a refusal.
	reset, failing bool
	// late tells that the handler is asked only later, twice that it is once more.
	late, twice bool
	// hold is not nil when the answer is held.
	hold *hold
}

// hold is one answer that is held back. v.mu guards it.
type hold struct {
	purpose string
	given   chan struct{} // closed when the answer may be given
	// waiting tells that the answer is there and waits: the request does not
	// count as under way.
	waiting bool
}

// treat decides on a request. v.mu is held.
func (v *Visitor) treat(r *http.Request, purpose string) treatment {
	held := false
	switch {
	case isPreflight(r):
	case purpose == scriptPurpose:
		held = v.scriptHeld
	case purpose == collectorPurpose:
		switch v.collector {
		case scenario.CollectorFailing:
			return treatment{failing: true}
		case scenario.CollectorResetting, scenario.CollectorUnreachable:
			return treatment{reset: true}
		case scenario.CollectorLate:
			return treatment{late: !isWebSocket(r)}
		case scenario.CollectorTwice:
			return treatment{twice: !isWebSocket(r)}
		}
		held = v.collector == scenario.CollectorSlow
	}
	if !held {
		return treatment{}
	}
	h := &hold{purpose: purpose, given: make(chan struct{})}
	v.holds[h] = struct{}{}
	return treatment{hold: h}
}

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

// give lets the held answers of a purpose go. v.mu is held.
func (v *Visitor) give(purpose string) {
	for h := range v.holds {
		if h.purpose == purpose {
			v.unhold(h)
			close(h.given)
		}
	}
}

// unhold ends a hold: its request counts as under way again. v.mu is held.
func (v *Visitor) unhold(h *hold) {
	delete(v.holds, h)
	if h.waiting {
		h.waiting = false
		v.active++
	}
}

// awaitGiven waits until the held answer may be given. It tells whether there is
// still someone to give it to.
func (v *Visitor) awaitGiven(ctx context.Context, h *hold) bool {
	v.mu.Lock()
	if _, held := v.holds[h]; held {
		h.waiting = true
		v.active--
		v.notify()
	}
	v.mu.Unlock()
	select {
	case <-h.given:
		return ctx.Err() == nil
	case <-ctx.Done():
	}
	v.mu.Lock()
	v.unhold(h)
	v.mu.Unlock()
	return false
}

// unavailable is the answer of a failing collector. Cross-origin pages may see it.
func unavailable(w http.ResponseWriter, r *http.Request) {
	allow(w.Header(), r)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, "the collector is not available\n")
}

// admit takes up a tunnel, unless the collector that it is for is unreachable:
// the attempt is recorded then.
func (v *Visitor) admit(l *line, authority string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	l.host = authority
	if v.collector != scenario.CollectorUnreachable || !v.stage.isCollector(authority) {
		return true
	}
	v.append(&record{done: true, Request: evidence.Request{
		Protocol: "tunnel", Method: http.MethodConnect, URL: authority,
		Purpose: unreachablePurpose, Status: http.StatusBadGateway,
	}})
	v.notify()
	return false
}
