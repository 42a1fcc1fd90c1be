// Package journey walks a visitor through a plan: it opens pages, clicks, ends
// every step with a fence, and brings back evidence. It knows browsers and the
// wire only through the small interfaces below.
package journey

import (
	"context"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// Browser is a running browser in which visitors walk apart from each other.
type Browser interface {
	// Visitor opens a fresh visitor, whose every request goes through the
	// proxy at the address "host:port".
	Visitor(ctx context.Context, proxy string) (Visitor, error)
	// Describe says what browser it is.
	Describe() evidence.Browser
	// Lost is closed when the browser has died.
	Lost() <-chan struct{}
	// Close ends the browser and waits for it.
	Close() error
}

// Visitor is one visitor's tab in a browser context of his own. Its methods are
// called one after another.
type Visitor interface {
	// Begin starts the named step: what the page says and writes from now on
	// belongs to it. began is the journey's beginning.
	Begin(step string, began time.Time)
	// Open navigates to the URL and returns once the new document is there.
	Open(ctx context.Context, url string) error
	// Click clicks in the middle of the first visible element that matches the
	// CSS selector, with real mouse events. No such element is an *ElementError.
	Click(ctx context.Context, selector string) error
	// Settle makes one round of a step's end: it waits until the page has loaded,
	// runs page time forward by up to budget, counted from the step's first
	// round, and has the page ask for the fence at the path.
	Settle(ctx context.Context, fencePath string, budget time.Duration) (Settled, error)
	// Cookies returns the whole jar.
	Cookies(ctx context.Context) ([]evidence.Cookie, error)
	// Screenshot returns a PNG of what the visitor sees.
	Screenshot(ctx context.Context) ([]byte, error)
	// Leave ends the visitor's pages for good, as by closing the tab, and opens
	// the blank page at the URL, which can be settled.
	Leave(ctx context.Context, blank string) error
	// Messages and Writes return what was recorded so far.
	Messages() []evidence.Message
	Writes() []evidence.CookieWrite
	// Dispose drops the visitor with all that the browser kept of him. It does
	// not wait; the channel is closed when it is done.
	Dispose() <-chan struct{}
}

// Settled is what a page said of itself at the end of a step.
type Settled struct {
	// Page is the page's URL.
	Page string
	// Storage is what the stores other than the cookie jar held.
	Storage []evidence.Item
	// Forward is how far page time was run forward.
	Forward time.Duration
	// Others is how many frames and workers there are beside the page's own
	// document.
	Others int
	// Unwatched is how many workers are alive whose timers cannot be run forward.
	Unwatched int
	// Busy tells that the round found work, or frames or workers that had only
	// just come: another round is due.
	Busy bool
	// Deferred lists the URLs of requests that the page has put off until its
	// end (fetchLater). They must arrive once it is left.
	Deferred []string
}

// Wire is the visitor's recorded way to the world.
type Wire interface {
	// Address is the proxy address for the visitor's browser.
	Address() string
	// Begin starts the named step; the first starts the journey's clock.
	Begin(step string)
	// Began is when the first step began.
	Began() time.Time
	// Await waits for a request of the current step that matches.
	Await(ctx context.Context, match func(*evidence.Request) bool) error
	// BlankPath is the path, on any host, of a page with nothing in it.
	BlankPath() string
	// FencePath is the path under which a page asks for the fence.
	FencePath(token string) string
	// AwaitFence waits until a page has asked for the fence, and AwaitQuiet
	// until nothing is under way.
	AwaitFence(ctx context.Context, token string) error
	AwaitQuiet(ctx context.Context) error
	// Traffic counts the requests and messages so far.
	Traffic() int
	// Requests and Writes return what was recorded so far.
	Requests() []evidence.Request
	Writes() []evidence.CookieWrite
}

// ElementError says that a page had nothing to click.
type ElementError struct {
	// Selector is the CSS selector, Page the page's URL, Problem what was
	// wrong: "not found", "not visible", "not a valid selector".
	Selector, Page, Problem string
}

// Error names the element, the page and what was wrong.
func (e *ElementError) Error() string {
	return "nothing to click at " + e.Selector + " on " + e.Page + ": " + e.Problem
}
