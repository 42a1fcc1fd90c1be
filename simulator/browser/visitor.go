package browser

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
)

// Visitor is one visitor: a browser context, the tabs in it, and every frame
// and worker that their pages start.
type Visitor struct {
	browser *Browser
	id      cdp.BrowserContextID

	until time.Time // how far the step's page time runs; set by its first round

	disposing sync.Once
	disposed  chan struct{}

	mu      sync.Mutex
	offset  time.Duration // of the visitor's clock; see Clock
	offline bool
	tabs    map[string]*realm // by name; the first is ""
	main    *realm            // the current tab
	realms  map[*realm]struct{}
	places  map[place]struct{} // where documents have been, and so may have kept something
	// inSession are the origins that were seen to keep something in session storage.
	inSession map[string]bool
	began     time.Time
	step      string
	births    int // frames' contexts and workers so far
	// expected and arrived count workers: those that scripts made, and those that
	// the browser has shown. A shared one is made once.
	expected, arrived int
	shared            map[string]bool
	patience          int // rounds of the step that may still be spent on workers that do not come
	touched           map[string]bool
	messages          []evidence.Message
	writes            []evidence.CookieWrite
}

var _ journey.Visitor = (*Visitor)(nil)

func newVisitor(b *Browser, id cdp.BrowserContextID) *Visitor {
	return &Visitor{
		browser: b, id: id, tabs: map[string]*realm{}, realms: map[*realm]struct{}{}, places: map[place]struct{}{}, inSession: map[string]bool{},
		touched: map[string]bool{}, shared: map[string]bool{}, disposed: make(chan struct{}),
	}
}

// Begin starts the named step.
func (v *Visitor) Begin(step string, began time.Time) {
	v.mu.Lock()
	v.step, v.began, v.until = step, began, time.Time{}
	v.patience = workerPatience
	v.mu.Unlock()
}

// Screenshot returns a PNG of what the visitor sees. Of a hidden tab he sees nothing,
// and there is no picture: full Chromium would not answer.
func (v *Visitor) Screenshot(ctx context.Context) ([]byte, error) {
	main, _, _ := v.current()
	if main.isHidden() {
		return nil, nil
	}
	shot, err := cdp.Call(ctx, main.session, page.CaptureScreenshot, page.CaptureScreenshotParams{OptimizeForSpeed: new(true)})
	return shot.Data, err
}

// Messages returns what the pages said so far.
func (v *Visitor) Messages() []evidence.Message {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.messages)
}

// Writes returns the cookie writes of pages and workers so far.
func (v *Visitor) Writes() []evidence.CookieWrite {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.writes)
}

// Dispose drops the visitor's browser context, in the background; the browser's
// Close waits for it. The channel is closed when it is done.
func (v *Visitor) Dispose() <-chan struct{} {
	v.disposing.Do(func() {
		v.browser.disposals.Go(func() {
			defer close(v.disposed)
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			_, _ = cdp.Call(ctx, v.browser.chrome, target.DisposeBrowserContext, target.DisposeBrowserContextParams{BrowserContextID: v.id})
			v.browser.mu.Lock()
			delete(v.browser.visitors, v.id)
			v.browser.mu.Unlock()
		})
	})
	return v.disposed
}
