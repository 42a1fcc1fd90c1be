package population

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// pace is how much of a page's time a step takes: what is done first is older.
const pace = time.Second

// paced is how much time the steps of a stage have taken. All its devices share it, so
// that what one does after another is later by everybody's clock.
type paced struct {
	mu sync.Mutex
	by time.Duration
}

func (p *paced) add(span time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.by += span
}

func (p *paced) span() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.by
}

// visitor is a journey.Visitor without a browser: a tracker, and the pages that are
// open around it.
type visitor struct {
	stage   Stage
	wire    *wire
	player  Player
	tracker Tracker
	site    Site
	step    int           // its index in the journey
	ahead   time.Duration // of the page's clock, by travelling
	paced   *paced
	forward time.Duration // that this step has run forward
	tab     string
	pages   map[string]*page // the open ones, by tab
	waiting []Hit            // that are collected for a batch
}

// page is a tab with its history.
type page struct {
	names []string
	at    int
	// known is the plan of the person whom the site knows there.
	known *scenario.Plan
}

var _ journey.Visitor = (*visitor)(nil)

func (v *visitor) Begin(step string, _ time.Time) {
	v.step = slices.IndexFunc(v.stage.Plan.Scenario.Journey, func(s scenario.Step) bool { return s.Name == step })
	// Also after a step that was not brought to rest: its hits are told from the
	// next one's by when they were made.
	v.paced.add(max(0, pace-v.forward))
	v.forward = 0
}

func (v *visitor) Clock() time.Time { return v.stage.Now().Add(v.ahead + v.paced.span()) }

// Open loads the page of the step.
func (v *visitor) Open(ctx context.Context, url string) error {
	if err := v.flush(ctx); err != nil { // a page that ends sends what it has collected
		return err
	}
	name := v.stage.Plan.Scenario.Journey[v.step].Open
	if device, _ := v.stage.Plan.Scenario.Place(v.step); device == scenario.DeviceOffice {
		return nil // a page of the collector's own, on which there is no tracker
	}
	p := v.pages[v.tab]
	if p == nil {
		p = &page{at: -1}
		v.pages[v.tab] = p
	}
	p.names = append(p.names[:p.at+1], name)
	p.at++
	return v.load(ctx, p, url)
}

// load has the page tell what it tells, to the person of the step.
func (v *visitor) load(ctx context.Context, p *page, url string) error {
	p.known = v.stage.Plan.Person(v.stage.Plan.Scenario.PersonAt(v.step))
	name := p.names[p.at]
	return v.send(ctx, v.site.Open(v.tracker, name, Page{URL: url, Title: "Shop: " + name}, p.known))
}

// Go loads the page of the history anew: nothing keeps one.
func (v *visitor) Go(ctx context.Context, delta int) (bool, error) {
	p := v.pages[v.tab]
	if p == nil || p.at+delta < 0 || p.at+delta >= len(p.names) {
		return false, fmt.Errorf("there is no page to go to")
	}
	if err := v.flush(ctx); err != nil {
		return false, err
	}
	p.at += delta
	return false, v.load(ctx, p, v.url(p))
}

func (v *visitor) url(p *page) string { return v.stage.Plan.Pixel.PageURL(p.names[p.at]) }

// Click does what the step says; which element that takes is the page's affair.
func (v *visitor) Click(ctx context.Context, selector string) error {
	p := v.pages[v.tab]
	if p == nil {
		return &journey.ElementError{Selector: selector, Page: "about:blank", Problem: "not found"}
	}
	do := v.stage.Plan.Scenario.Journey[v.step].Do
	hits, err := v.site.Do(v.tracker, do, Page{URL: v.url(p), Title: "Shop: " + p.names[p.at]}, p.known)
	if err != nil {
		return err
	}
	return v.send(ctx, hits)
}

// ClickNext does nothing: the first click has done all that the step says.
func (v *visitor) ClickNext(context.Context, string) error { return nil }

// AwaitSight has nothing to look at.
func (v *visitor) AwaitSight(context.Context, string) error { return nil }

// setting is what a page can learn of its site's setting: whether visitors are tracked
// who have not agreed. Where nobody tells, they are not.
func (v *visitor) setting() bool {
	site, ok := v.stage.Plan.Setting(settingSite)
	if !ok {
		return false
	}
	body, err := v.wire.read(context.Background(), v.stage.Plan.Pixel.Stage.Scripts, "/consent/"+site+".json")
	if err != nil {
		return false
	}
	var said struct {
		Anonymous bool `json:"anonymous_tracking"`
	}
	return json.Unmarshal(body, &said) == nil && said.Anonymous
}

// send sends hits, or collects them where the scenario wants batches.
func (v *visitor) send(ctx context.Context, hits []Hit) error {
	batched := v.stage.Plan.Scenario.Config.Delivery == scenario.DeliveryBatched
	for _, h := range hits {
		// What was collected under other identifiers does not go with this.
		if len(v.waiting) > 0 && (v.waiting[0].Device != h.Device || !batched) {
			if err := v.flush(ctx); err != nil {
				return err
			}
		}
		v.waiting = append(v.waiting, h)
		if !batched {
			if err := v.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush sends what waits.
func (v *visitor) flush(ctx context.Context) error {
	if len(v.waiting) == 0 {
		return nil
	}
	d := Delivery{Hits: v.waiting, By: Transport(v.stage.Plan.Pixel.Settings["transport"])}
	if d.By == "" || d.By == "get" { // which some call it that ask by fetch, not by image
		d.By = Image
	}
	if len(d.Hits) > 1 && d.By == Image {
		d.By = JSON // an image carries one
	}
	v.waiting = nil
	_, err := v.player.Deliver(ctx, d)
	return err
}

// Tab changes to a tab; it is made by what is opened in it.
func (v *visitor) Tab(_ context.Context, name string) error {
	v.tab = name
	return nil
}

// Lifecycle hides the tab, or shows it. A hidden one sends what it has collected.
func (v *visitor) Lifecycle(ctx context.Context, _ string) error { return v.flush(ctx) }

// Offline does nothing: a journey that needs it is not playable.
func (v *visitor) Offline(context.Context, bool) error { return nil }

// Travel lets the span pass. What waits for its time to be sent is sent then.
func (v *visitor) Travel(ctx context.Context, span time.Duration) error {
	err := v.flush(ctx)
	v.ahead += span
	return err
}

// Reopen closes the pages.
func (v *visitor) Reopen(ctx context.Context) error {
	clear(v.pages)
	v.tab = ""
	return v.flush(ctx)
}

// Forget empties the jar, which is where a tracker keeps what it keeps.
func (v *visitor) Forget(_ context.Context, stores []string) error {
	if slices.Contains(stores, scenario.StoreCookies) || slices.Contains(stores, scenario.StoreEverything) {
		v.tracker.Forget()
	}
	return nil
}

// Forward runs page time forward.
func (v *visitor) Forward(ctx context.Context, _ time.Duration) error { return v.flush(ctx) }

// Settle sends what waits, and asks for the fence.
func (v *visitor) Settle(ctx context.Context, fencePath string, budget time.Duration) (journey.Settled, error) {
	if budget > 0 {
		if err := v.flush(ctx); err != nil {
			return journey.Settled{}, err
		}
	}
	s := journey.Settled{Page: "about:blank"}
	if p := v.pages[v.tab]; p != nil {
		s.Page = v.url(p)
	}
	if v.forward < min(pace, budget) {
		s.Forward = min(pace, budget) - v.forward
		v.paced.add(s.Forward)
		v.forward += s.Forward
	}
	v.wire.fence(fencePath)
	return s, nil
}

// Leave closes the pages.
func (v *visitor) Leave(ctx context.Context, _ string) error { return v.Reopen(ctx) }

// Nothing is kept that could be looked at, and nothing said.
func (v *visitor) Cookies(context.Context) ([]evidence.Cookie, error) { return nil, nil }
func (v *visitor) Screenshot(context.Context) ([]byte, error)         { return nil, nil }
func (v *visitor) Messages() []evidence.Message                       { return nil }
func (v *visitor) Writes() []evidence.CookieWrite                     { return nil }

// Dispose has nothing to drop.
func (v *visitor) Dispose() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}
