package suite

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// Collector makes the collector that one journey's requests go to. It reads the
// time from now, which the journey's days move. Close is called when the journey's
// visitors are gone.
type Collector = func(now func() time.Time) (handler http.Handler, close func() error, err error)

// Fixed is a Collector for whom one handler answers for all journeys, by a clock
// of its own.
func Fixed(handler http.Handler) Collector {
	return func(func() time.Time) (http.Handler, func() error, error) {
		return handler, func() error { return nil }, nil
	}
}

// party is the people of one journey, each with a browser of his own, and the
// collector that they share.
type party struct {
	plan    *scenario.Plan
	gateway *gateway.Gateway
	browser journey.Browser
	script  Script
	*backend
	offset  atomic.Int64 // of the journey's time from the real one, in ns
	members []*member
}

// member is one person.
type member struct {
	visitor journey.Visitor
	wire    *gateway.Visitor
	judged  int // requests that are in the evidence
}

// party makes the collector of a plan. Nobody is there yet.
func (s *Session) party(plan *scenario.Plan, browser journey.Browser) (*party, error) {
	p := &party{plan: plan, gateway: s.gateway, browser: browser, script: s.script}
	var err error
	if p.backend, err = s.options.backend(plan, p.now); err != nil {
		return nil, fmt.Errorf("make a collector: %w", err)
	}
	return p, nil
}

// collector makes the collector that the options ask for; without one, the
// gateway's sink, which accepts everything.
func (o Options) collector(now func() time.Time) (http.Handler, func() error, error) {
	if o.Collector == nil {
		return http.HandlerFunc(gateway.Sink), func() error { return nil }, nil
	}
	return o.Collector(now)
}

// now is the journey's time.
func (p *party) now() time.Time { return time.Now().Add(time.Duration(p.offset.Load())) }

func (p *party) move(offset time.Duration) { p.offset.Store(int64(offset)) }

// open opens a browser, on pages that know whom the journey says that it is.
func (p *party) open(ctx context.Context, _ string) (journey.Visitor, journey.Wire, error) {
	hosts, err := stage(p.plan, p.script, p.handler)
	if err != nil {
		return nil, nil, err
	}
	wire, err := p.gateway.Visitor(hosts)
	if err != nil {
		return nil, nil, err
	}
	visitor, err := p.browser.Visitor(ctx, wire.Address())
	if err != nil {
		_ = wire.Close()
		return nil, nil, err
	}
	p.members = append(p.members, &member{visitor: visitor, wire: wire})
	return visitor, wire, nil
}

// count notes how much of what was sent the evidence holds.
func (p *party) count() {
	for _, m := range p.members {
		m.judged = len(m.wire.Requests())
	}
}
