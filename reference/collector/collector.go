package collector

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/pixelwitness/pixelwitness/reference/geo"
)

// Options say how a collector works. The zero value keeps hits in memory, by
// the machine's clock, and says nothing.
type Options struct {
	// Store is where hits and profiles are kept: the path of an SQLite file, which
	// is made when it is not there, or the address of a PostgreSQL database
	// (postgres://…), which several collectors may share. Empty keeps them in
	// memory.
	Store string
	// Clock gives the time that hits are stamped with.
	Clock func() time.Time
	// SettableClock lets PUT /_/clock set that time. It is for a collector that
	// runs on its own.
	SettableClock bool
	// Logger is told of refused hits, of failures and of the server's start
	// and end; never of what a hit carries.
	Logger *slog.Logger
	// Recognise says whose a well-formed hit is: the ID of its visitor, or ""
	// when nothing may tell. Nil takes the ever-id that the hit itself carries,
	// as hit.Visitor holds it, and nothing else; any other rule is there to
	// show what a dishonest collector would do.
	Recognise func(r *http.Request, hit Hit) string
	// Token, where it is not empty, is what whoever reads back needs, this machine
	// too: as bearer token, or as password of whatever user. Without one only this
	// machine reads.
	Token string
	// Wrap puts a handler around the collector's own, to change its answers.
	// Nil leaves them as they are.
	Wrap func(http.Handler) http.Handler
	// Rules decide about identity. The zero value decides as the document asks.
	Rules Rules
	// TrustedProxies are the addresses of the proxies that may say, in the header
	// X-Forwarded-For, for whom they ask. From anybody else it is ignored.
	TrustedProxies []netip.Prefix
	// Geo tells country and city of an address. Nil knows no place.
	Geo *geo.DB
	// Visitors decide about visitors of the dialect piwikpro. The zero value decides as
	// the document asks.
	Visitors VisitorRules
}

// Collector takes hits and keeps them. Its methods may be called from any
// goroutine.
type Collector struct {
	clock     *clock
	rules     Rules
	recognise func(*http.Request, Hit) string
	token     string
	trusted   []netip.Prefix
	geo       *geo.DB
	visitors  VisitorRules
	log       *slog.Logger
	store     *store
	handler   http.Handler
	heard     heard
	// stop ends what runs beside the requests, which stopped awaits.
	stop    context.CancelFunc
	stopped sync.WaitGroup
}

// New returns a collector. The caller closes it. A store that cannot be opened
// is an error.
func New(opts Options) (*Collector, error) {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := openStore(opts.Store, opts.Rules)
	if err != nil {
		return nil, fmt.Errorf("open the collector's store: %w", err)
	}
	c := &Collector{
		clock: &clock{own: opts.Clock, settable: opts.SettableClock}, token: opts.Token,
		rules: s.rules, recognise: opts.Recognise, log: opts.Logger, store: s,
		trusted: opts.TrustedProxies, geo: opts.Geo, visitors: opts.Visitors.complete(),
	}
	if err := c.remember(context.Background()); err != nil {
		return nil, errors.Join(fmt.Errorf("open the collector's store: %w", err), s.close())
	}
	c.handler = c.routes()
	if opts.Wrap != nil {
		c.handler = opts.Wrap(c.handler)
	}
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	c.stopped.Go(func() {
		ticks := time.NewTicker(sweepEvery)
		defer ticks.Stop()
		c.forgetKeys(ctx, ticks.C)
	})
	return c, nil
}

// Handler returns the collector as an HTTP handler; see the package's
// documentation for what it answers.
func (c *Collector) Handler() http.Handler { return c.handler }

// Hits returns the hits that match the query, in order of arrival.
func (c *Collector) Hits(ctx context.Context, q Query) ([]Hit, error) { return c.store.hits(ctx, q) }

// Visits counts the visits that the hits make up; an empty track ID means all.
func (c *Collector) Visits(ctx context.Context, track string) (Visits, error) {
	return c.store.visits(ctx, track)
}

// Reset forgets every hit. Their ids are not used again. Profiles, sites and reports stay.
func (c *Collector) Reset(ctx context.Context) error { return c.store.reset(ctx) }

// ResetAll forgets every hit, profile, session and site, has the example sites again,
// and sets the clock back to its own time. No id is used again.
func (c *Collector) ResetAll(ctx context.Context) error {
	c.clock.reset()
	return c.store.resetAll(ctx)
}

// Close stores what is under way and closes the store. Later hits are answered
// with 503. Closing twice does nothing.
func (c *Collector) Close() error {
	c.stop()
	c.stopped.Wait()
	return c.store.close()
}

// The server's limits.
const (
	headerTimeout   = 5 * time.Second
	requestTimeout  = 15 * time.Second
	idleTimeout     = 60 * time.Second
	shutdownTimeout = 5 * time.Second
	maxHeader       = 64 << 10
)

// Serve answers requests on the listener until the context ends; then it lets
// the requests under way finish, for up to 5 s, and returns nil. It closes the
// listener, and leaves the collector open.
func (c *Collector) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           c.handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      requestTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(namelessLog{c.log}, "", 0),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	c.log.Info("collector serves", "address", listener.Addr().String())
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := server.Shutdown(ending)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	c.log.Info("collector ends", "address", listener.Addr().String())
	return err
}
