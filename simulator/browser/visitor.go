package browser

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
)

// Visitor is one visitor: a browser context, the page in it, and every frame
// and worker that the page starts.
type Visitor struct {
	browser *Browser
	id      cdp.BrowserContextID

	offset time.Duration // of the clock of new documents
	until  time.Time     // how far the step's page time runs; set by its first round
	script page.ScriptIdentifier

	disposing sync.Once
	disposed  chan struct{}

	mu     sync.Mutex
	main   *realm
	realms map[*realm]struct{}
	began  time.Time
	step   string
	births int // frames' contexts and workers so far
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
	return &Visitor{browser: b, id: id, realms: map[*realm]struct{}{}, touched: map[string]bool{}, shared: map[string]bool{}, disposed: make(chan struct{})}
}

// start opens the visitor's page. The browser shows it to adopt before the
// command is answered.
func (v *Visitor) start(ctx context.Context) error {
	made, err := cdp.Call(ctx, v.browser.chrome, target.CreateTarget, target.CreateTargetParams{
		URL: "about:blank", BrowserContextID: v.id,
	})
	if err != nil {
		return fmt.Errorf("open a page: %w", err)
	}
	v.mu.Lock()
	for r := range v.realms {
		if r.target == made.TargetID {
			v.main = r
		}
	}
	v.mu.Unlock()
	if v.main == nil {
		return errors.New("open a page: the browser did not show it")
	}
	return v.main.prepared(ctx)
}

// Begin starts the named step.
func (v *Visitor) Begin(step string, began time.Time) {
	v.mu.Lock()
	v.step, v.began, v.until = step, began, time.Time{}
	v.patience = workerPatience
	v.mu.Unlock()
}

// Open navigates to the URL and returns once the new document is there.
func (v *Visitor) Open(ctx context.Context, url string) error {
	result, err := cdp.Call(ctx, v.main.session, page.Navigate, page.NavigateParams{URL: url})
	if err != nil {
		return err
	}
	if result.ErrorText != "" {
		return fmt.Errorf("the page %s did not open: %s", url, result.ErrorText)
	}
	return nil
}

// report is what the hook says of itself after running deferred work.
type report struct {
	Page    string  `json:"page"`
	Fired   int     `json:"fired"`
	Forward float64 `json:"forward"` // milliseconds
	Offset  float64 `json:"offset"`  // milliseconds
	// Deferred lists the URLs of fetchLater requests that wait for the page's end.
	Deferred []string `json:"deferred"`
	Storage  []struct {
		Store  string `json:"store"`
		Origin string `json:"origin"`
		Name   string `json:"name"`
		Value  string `json:"value"`
	} `json:"storage"`
}

// workerPatience is how many rounds of a step are spent on a worker that does not
// come.
const workerPatience = 100

// Settle makes one round of a step's end; see journey.Visitor.
func (v *Visitor) Settle(ctx context.Context, fencePath string, budget time.Duration) (journey.Settled, error) {
	if v.until.IsZero() {
		v.until = time.Now().Add(v.offset + budget)
	}
	before := v.born()
	reports, ready := v.runOthers(ctx, v.until)
	var own report
	if err := v.main.evaluate(ctx, v.browser.hook.settle(fencePath, v.until, v.kindsInUse()), 0, &own); err != nil {
		return journey.Settled{}, fmt.Errorf("end the step: %w", err)
	}
	settled := journey.Settled{Page: own.Page, Others: len(reports), Unwatched: v.unwatched(), Busy: !ready || v.born() != before || v.awaitsWorker()}
	offset := v.offset
	for _, r := range append(reports, own) {
		settled.Busy = settled.Busy || r.Fired > 0
		offset = max(offset, milliseconds(r.Offset))
		settled.Forward = max(settled.Forward, milliseconds(r.Forward))
		settled.Deferred = append(settled.Deferred, r.Deferred...)
		for _, item := range r.Storage {
			settled.Storage = append(settled.Storage, evidence.Item(item))
		}
	}
	sortItems(&settled.Storage)
	return settled, v.setClock(ctx, offset)
}

// unwatched counts the workers whose timers cannot be run forward: those without a
// hook, and service workers, which may be asleep.
func (v *Visitor) unwatched() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := 0
	for r := range v.realms {
		worker := strings.HasSuffix(r.kind, "worker") && !r.session.isGone()
		if worker && (!r.hooked || r.kind == "service_worker") {
			n++
		}
	}
	return n
}

// awaitsWorker tells whether a worker that a script has made has still to come.
// One that never does, because its script cannot be loaded, is not awaited long.
func (v *Visitor) awaitsWorker() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.arrived >= v.expected {
		return false
	}
	if v.patience--; v.patience <= 0 {
		v.arrived = v.expected
		return false
	}
	return true
}

// born counts the frames and workers that have come to be.
func (v *Visitor) born() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.births
}

// stores are the kinds of stores that are read once a script has reached for one.
var stores = []string{"indexedDB", "cache", "serviceWorker", "fileSystem"}

// kindsInUse lists the kinds of stores that the visitor's scripts have reached
// for so far. A service or shared worker may do so unseen by the page at any
// time, so with one all kinds count.
func (v *Visitor) kindsInUse() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	for r := range v.realms {
		if r.kind == "service_worker" || r.kind == "shared_worker" {
			return stores
		}
	}
	var used []string
	for _, kind := range stores {
		if v.touched[kind] {
			used = append(used, kind)
		}
	}
	return used
}

// runOthers makes every frame and worker but the page's own document do the work
// that it defers until some time on the page's clock. One that goes away meanwhile
// has nothing left to do; one that is not there yet is not ready.
func (v *Visitor) runOthers(ctx context.Context, until time.Time) (reports []report, ready bool) {
	var sent []*pending
	kinds := v.kindsInUse()
	ready = true
	v.mu.Lock()
	for r := range v.realms {
		if r.session.isGone() {
			delete(v.realms, r)
			continue
		}
		if (r.kind == "worker" || r.kind == "shared_worker") && !r.hooked {
			// Its script has still to run; one that cannot is not awaited long.
			v.patience--
			ready = ready && v.patience <= 0
			continue
		}
		for _, id := range r.others(r == v.main) {
			sent = append(sent, r.send(v.browser.hook.run(until, kinds), id))
		}
	}
	v.mu.Unlock()
	for _, p := range sent {
		var r *report
		switch err := value(ctx, p, &r); {
		case err == nil && r == nil:
			ready = false // its hook is not in place yet
		case err == nil:
			reports = append(reports, *r)
		case !p.session.isGone():
			ready = false
		}
	}
	return reports, ready
}

// setClock lets the documents to come start with a clock that is ahead by offset.
func (v *Visitor) setClock(ctx context.Context, offset time.Duration) error {
	if offset == v.offset {
		return nil
	}
	v.offset = offset
	s := v.main.session
	removed := send(s, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: v.script})
	added := send(s, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: v.browser.hook.source(offset)})
	var result page.AddScriptToEvaluateOnNewDocumentResult
	err := errors.Join(removed.wait(ctx, nil), added.wait(ctx, &result))
	v.script = result.Identifier
	return err
}

// Cookies returns the whole jar, sorted.
func (v *Visitor) Cookies(ctx context.Context) ([]evidence.Cookie, error) {
	jar, err := cdp.Call(ctx, v.browser.chrome, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: v.id})
	if err != nil {
		return nil, fmt.Errorf("read the cookies: %w", err)
	}
	found := make([]evidence.Cookie, 0, len(jar.Cookies))
	for _, c := range jar.Cookies {
		found = append(found, cookie(c))
	}
	slices.SortFunc(found, func(a, b evidence.Cookie) int {
		return strings.Compare(a.Name+"\x00"+a.Domain+"\x00"+a.Path+"\x00"+a.Partition, b.Name+"\x00"+b.Domain+"\x00"+b.Path+"\x00"+b.Partition)
	})
	return found, nil
}

func cookie(c *network.Cookie) evidence.Cookie {
	kept := evidence.Cookie{
		Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path,
		HTTPOnly: c.HTTPOnly, Secure: c.Secure, SameSite: string(c.SameSite),
	}
	if !c.Session {
		kept.Expires = time.UnixMilli(int64(c.Expires * 1000)).UTC()
	}
	if c.PartitionKey != nil {
		kept.Partition = c.PartitionKey.TopLevelSite
	}
	return kept
}

// Screenshot returns a PNG of what the visitor sees.
func (v *Visitor) Screenshot(ctx context.Context) ([]byte, error) {
	shot, err := cdp.Call(ctx, v.main.session, page.CaptureScreenshot, page.CaptureScreenshotParams{OptimizeForSpeed: new(true)})
	return shot.Data, err
}

// Leave ends the visitor's pages; see journey.Visitor. The page is not closed but
// left for the blank one: the headless shell drops what a closing page defers
// with fetchLater.
func (v *Visitor) Leave(ctx context.Context, blank string) error {
	v.mu.Lock()
	var popups []target.ID
	for r := range v.realms {
		if r.kind == "page" && r != v.main && !r.session.isGone() {
			popups = append(popups, r.target)
		}
	}
	v.mu.Unlock()
	for _, id := range popups {
		if _, err := cdp.Call(ctx, v.browser.chrome, target.CloseTarget, target.CloseTargetParams{TargetID: id}); err != nil {
			return err
		}
	}
	if err := v.main.evaluate(ctx, v.browser.hook.leave(), 0, nil); err != nil {
		return err
	}
	return v.Open(ctx, blank)
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

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

func sortItems(items *[]evidence.Item) {
	slices.SortStableFunc(*items, func(a, b evidence.Item) int {
		return strings.Compare(a.Store+"\x00"+a.Origin+"\x00"+a.Name, b.Store+"\x00"+b.Origin+"\x00"+b.Name)
	})
	*items = slices.Compact(*items)
}

// evaluateParams is the expression as it is sent; the result comes back by value.
func evaluateParams(expression string, id runtime.ExecutionContextID) runtime.EvaluateParams {
	return runtime.EvaluateParams{
		Expression: expression, ContextID: id, AwaitPromise: new(true), ReturnByValue: new(true), Silent: new(true),
	}
}
