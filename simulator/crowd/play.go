package crowd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/population"
)

// Bulk is how many hits one request carries at most, Grace how long what follows may
// take once the crowd is told to stop, Answer how long a collector may take for a bulk,
// and MaxParallel how many requests may be under way.
const (
	Bulk        = 256
	Grace       = 15 * time.Second
	Answer      = 2 * time.Minute
	MaxParallel = 256
)

// Player plays a crowd into a collector.
type Player struct {
	Options Options
	// To is the base URL of the collector; Token what it wants of who imports and
	// reads, where it wants any. Through carries the requests; http.DefaultTransport
	// when nil.
	To, Token string
	Through   http.RoundTripper
	// Parallel is how many requests are under way at most, up to MaxParallel; as many as
	// the machine has processors when zero.
	Parallel int
	// Progress, when not nil, is told how many browsers have been played. It is called
	// concurrently.
	Progress func(browsers int64)

	// Hurry, when it is closed after the crowd was told to stop, ends the grace.
	Hurry <-chan struct{}

	// served are the sites' settings as pages learn them; those of the options when nil.
	served []bool
	// ending is what may still be done ends with, made of the context when nil.
	ending context.Context
}

// Played is what was played: all of it is acknowledged.
type Played struct {
	// Browsers, Requests and Hits count what the collector took, Refused the requests
	// of which it has refused something, and FirstRefusal is why.
	Browsers, Requests, Hits, Refused int64
	FirstRefusal                      string
	// Strays are the hits of pages that did not know that their site is off. Nobody may
	// count them, and that they are refused is counted nowhere.
	Strays int64
	// Took is how long it took.
	Took time.Duration
	// Stopped tells that the crowd was told to stop, and that others would have come.
	Stopped bool
	// Truth is what these browsers' people did.
	Truth *Tally
}

// Play plays the crowd. When the context ends it lets each life under way come to its
// end, and returns what was played by then; that is no error. A collector that fails
// is one: then nobody can tell what it has kept, and what is returned is only what it
// had acknowledged.
func (p Player) Play(ctx context.Context) (Played, error) {
	began := time.Now()
	if p.Parallel < 1 {
		p.Parallel = runtime.GOMAXPROCS(0)
	}
	p.Parallel = min(p.Parallel, MaxParallel, p.Options.Visitors)
	if p.Through == nil {
		p.Through = http.DefaultTransport
	}
	if p.ending == nil {
		var release func()
		p.ending, release = p.outlive(ctx)
		defer release()
	}
	sending, fail := context.WithCancelCause(p.ending)
	defer fail(nil)
	run := &running{player: p, told: ctx, sending: sending, fail: fail}
	lanes := make([]*lane, p.Parallel)
	var done sync.WaitGroup
	for i := range lanes {
		lanes[i] = newLane(run)
		done.Go(lanes[i].run)
	}
	done.Wait()
	played := Played{Truth: newTally(p.Options), Took: time.Since(began)}
	for _, l := range lanes {
		played.Truth.add(l.acknowledged)
		played.Browsers += l.browsers
		played.Requests += l.requests
		played.Hits += l.hits
		played.Strays += l.strayed
		played.Refused += l.refused
		if played.FirstRefusal == "" {
			played.FirstRefusal = l.refusal
		}
	}
	played.Stopped = played.Browsers < int64(p.Options.Visitors)
	return played, context.Cause(sending)
}

// outlive returns a context that outlives the one that tells the crowd to stop, by the
// grace at most: what was begun is to be known. Its end must be released.
func (p Player) outlive(told context.Context) (ending context.Context, release func()) {
	ending, end := context.WithCancelCause(context.WithoutCancel(told))
	stop := context.AfterFunc(told, func() {
		grace := time.NewTimer(Grace)
		defer grace.Stop()
		select {
		case <-grace.C:
			end(errors.New("the collector did not answer any more"))
		case <-p.Hurry:
			end(errors.New("it was not waited for the collector's answer"))
		case <-ending.Done():
		}
	})
	return ending, func() { stop(); end(nil) }
}

// running is what the lanes of a run share.
type running struct {
	player Player
	// told ends when the crowd is told to stop, sending when nothing may be sent any
	// more; fail ends it with a reason.
	told, sending context.Context
	fail          context.CancelCauseFunc
	next, played  atomic.Int64
}

// lane plays browsers one after another.
type lane struct {
	*running
	maker   *maker
	life    Life
	walk    walk
	deliver population.Player
	waiting []population.Hit
	// pending is the truth of the browsers whose hits wait, acknowledged of those whose
	// hits were taken.
	pending, acknowledged *Tally
	waitingBrowsers       int64

	browsers, requests, hits, refused, strayed int64
	refusal                                    string
}

func newLane(r *running) *lane {
	p := r.player
	return &lane{
		running: r, maker: newMaker(p.Options), walk: newWalk(p.Options, p.served),
		deliver: population.Player{
			Dialect: population.Piwikpro{}, Through: p.Through, To: population.Account{Collector: p.To, Token: p.Token},
		},
		waiting: make([]population.Hit, 0, 2*Bulk), pending: newTally(p.Options), acknowledged: newTally(p.Options),
	}
}

// run plays browsers until there are no more.
func (l *lane) run() {
	for l.told.Err() == nil && l.sending.Err() == nil {
		index := l.next.Add(1) - 1
		if index >= int64(l.player.Options.Visitors) {
			break
		}
		l.maker.make(uint64(index), &l.life)
		// A life's hits go together, so that what is acknowledged are whole lives.
		if before := len(l.waiting); !l.add() {
			l.cut(before)
		}
	}
	if l.flush(len(l.waiting)) {
		l.stray()
	}
}

// add adds the life's hits to those that wait. It tells whether all fit into a bulk.
func (l *lane) add() bool {
	l.waiting = l.walk.hits(&l.life, l.waiting)
	if len(l.waiting) > Bulk {
		return false
	}
	l.count()
	return true
}

// count counts the life among those that wait.
func (l *lane) count() {
	l.pending.watch(l.player.Options, &l.life)
	l.waitingBrowsers++
}

// cut sends what waited before the life, and then so much of the life that the rest
// fits into a bulk.
func (l *lane) cut(before int) {
	if before > 0 && !l.flush(before) {
		return
	}
	for len(l.waiting) > Bulk {
		if !l.send(l.waiting[:Bulk]) {
			return
		}
		l.waiting = l.waiting[:copy(l.waiting, l.waiting[Bulk:])]
	}
	l.count()
}

// flush sends the first hits that wait, the last of whole lives; once they are taken,
// so is the truth of those lives. It tells whether they were.
func (l *lane) flush(n int) bool {
	if n > 0 && !l.send(l.waiting[:n]) {
		l.waiting, l.waitingBrowsers = l.waiting[:0], 0
		l.pending.clear()
		return false
	}
	l.waiting = l.waiting[:copy(l.waiting, l.waiting[n:])]
	l.acknowledged.add(l.pending)
	l.pending.clear()
	l.browsers += l.waitingBrowsers
	played := l.played.Add(l.waitingBrowsers)
	l.waitingBrowsers = 0
	if l.player.Progress != nil {
		l.player.Progress(played)
	}
	return len(l.walk.strays) < enoughStrays || l.stray()
}

// enoughStrays are sent together: with those of one more bulk's lives they fit into one.
const enoughStrays = Bulk / 2

// stray sends what pages send that do not know that their site is off, in bulks of their
// own, so that a refusal of it hides no other.
func (l *lane) stray() bool {
	for strays := l.walk.strays; len(strays) > 0; {
		n := min(len(strays), Bulk)
		if _, sent := l.deliverBulk(strays[:n]); !sent {
			return false
		}
		l.strayed += int64(n)
		strays = strays[n:]
	}
	l.walk.strays = l.walk.strays[:0]
	return true
}

// send sends a bulk.
func (l *lane) send(hits []population.Hit) bool {
	refused, sent := l.deliverBulk(hits)
	if !sent {
		return false
	}
	l.requests++
	l.hits += int64(len(hits))
	if refused != "" {
		l.refused++
		if l.refusal == "" {
			l.refusal = refused
		}
	}
	return true
}

// deliverBulk sends hits, and returns why the collector has refused some. It tells whether
// they were taken; otherwise the crowd is at its end.
func (l *lane) deliverBulk(hits []population.Hit) (refused string, sent bool) {
	if l.sending.Err() != nil {
		return "", false
	}
	waiting, cancel := context.WithTimeoutCause(l.sending, Answer, fmt.Errorf("the collector did not answer within %s", Answer))
	defer cancel()
	refused, err := l.deliver.Deliver(waiting, population.Delivery{Hits: hits, By: population.JSON})
	if err != nil && waiting.Err() != nil {
		err = context.Cause(waiting)
	}
	if err != nil {
		l.fail(fmt.Errorf("the bulk that begins with browser %d or before: %w", l.life.Index, hinted(err)))
		return "", false
	}
	return refused, true
}

// walk makes a life's hits: it has the tracker do what the page would have it do.
type walk struct {
	options Options
	// served are the settings of the sites as their pages learn them.
	served []bool
	life   *Life
	now    time.Time
	// strays are what old pages send, until somebody takes them away.
	strays []population.Hit
}

func newWalk(o Options, served []bool) walk {
	if served == nil {
		for _, s := range o.Sites {
			served = append(served, s.Anonymous)
		}
	}
	return walk{options: o, served: served}
}

// pages are the pages of a site.
var pages = [sitePages]population.Page{
	{URL: "https://www.shop.test/", Title: "Home"},
	{URL: "https://www.shop.test/products", Title: "Products", Referrer: "https://www.shop.test/"},
	{URL: "https://www.shop.test/products/shoes", Title: "Shoes", Referrer: "https://www.shop.test/products"},
	{URL: "https://www.shop.test/products/coats", Title: "Coats", Referrer: "https://www.shop.test/products"},
	{URL: "https://www.shop.test/basket", Title: "Basket", Referrer: "https://www.shop.test/products/shoes"},
	{URL: "https://www.shop.test/help", Title: "Help", Referrer: "https://www.shop.test/"},
	{URL: "https://www.shop.test/search?q=shoes", Title: "Search", Referrer: "https://www.shop.test/"},
}

// hits appends the hits of the life, as they are to be imported.
func (w *walk) hits(l *Life, to []population.Hit) []population.Hit {
	w.life = l
	site := w.options.Sites[l.Site]
	tracker := population.NewPiwikproTracker(population.Means{
		Now: func() time.Time { return w.now }, ID: l.id,
		Setting: func() bool { return w.served[l.Site] }, Refreshed: w.options.Refreshed,
	})
	first := len(to)
	old := w.old(l)
	for _, act := range l.Acts {
		w.now = w.options.Start.Add(time.Duration(act.At) * time.Millisecond)
		from := len(to)
		switch act.Kind {
		case Views:
			to = append(to, tracker.View(pages[act.Page]))
			if old != nil && tracker.Choice() != population.Agreed {
				w.stray(old.View(pages[act.Page]), site.ID, act)
			}
		case Does:
			to = append(to, tracker.Track(population.Event{Category: "shop", Action: "click", Page: pages[act.Page]}))
		case Agrees:
			to = append(to, tracker.Agree()...)
		case Disagrees:
			tracker.Disagree()
		}
		for i := from; i < len(to); i++ {
			to[i].Site, to[i].Arrived, to[i].From = site.ID, w.now, act.From
		}
		if n := len(to); n > first && to[n-1].None() {
			to = to[:n-1]
		}
	}
	return to
}

// oldPages is of how many browsers at a site that is off one has pages open that do not
// know it: a script from a cache, or one that learnt of the setting before.
const oldPages = 4

// old returns the tracker of such pages; nil where the browser has none.
func (w *walk) old(l *Life) *population.PiwikproTracker {
	if w.options.Sites[l.Site].Anonymous || l.Index%oldPages != 0 {
		return nil
	}
	return population.NewPiwikproTracker(population.Means{
		Now: func() time.Time { return w.now }, ID: l.id, Setting: func() bool { return true }, Refreshed: w.options.Refreshed,
	})
}

// stray keeps a hit of such a page.
func (w *walk) stray(h population.Hit, site string, at Act) {
	h.Site, h.Arrived, h.From = site, w.now, at.From
	w.strays = append(w.strays, h)
}
