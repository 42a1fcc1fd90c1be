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
	// Clock is the clock of the page in the current tab: the real one, moved by
	// all travel and by what page time was run forward.
	Clock() time.Time
	// Open navigates to the URL and returns once the new document is there.
	Open(ctx context.Context, url string) error
	// Go walks the tab's history by delta entries (-1 is back) and returns once
	// the document is there; restored tells that the browser had kept the page
	// alive (back/forward cache). A page that is not there is an error.
	Go(ctx context.Context, delta int) (restored bool, err error)
	// Tab makes the named tab the current one ("" is the first), and opens it,
	// blank, when there is none of that name. The tabs share the jar.
	Tab(ctx context.Context, name string) error
	// Lifecycle makes the current tab "hidden", "shown", "frozen" or "resumed",
	// with the events that a page gets then. A frozen tab runs nothing.
	Lifecycle(ctx context.Context, state string) error
	// Offline takes the network away from all that the visitor runs, or gives it
	// back, with the events that a page gets then.
	Offline(ctx context.Context, offline bool) error
	// Travel lets the span pass: the timers of the open pages run as they become
	// due, the clock of every page, also of later ones, moves, and the jar ages by
	// as much, so that the browser itself expires what is due.
	Travel(ctx context.Context, span time.Duration) error
	// Reopen ends the browser session as by closing the browser and opening it
	// again later: tabs, session cookies and session storage are gone, everything
	// else stays, and a fresh tab is there.
	Reopen(ctx context.Context) error
	// Forget empties the stores, by their words in the vocabulary of scenarios
	// (see scenario.Stores).
	Forget(ctx context.Context, stores []string) error
	// Click clicks in the middle of the first visible element that matches the
	// CSS selector, with real mouse events. No such element is an *ElementError.
	Click(ctx context.Context, selector string) error
	// ClickNext waits until there is something to click for the selector, in the page
	// that is there or is only loading, and clicks it as Click does. Where the context
	// ends first, it is an *ElementError.
	ClickNext(ctx context.Context, selector string) error
	// AwaitSight waits in the same way until an element that matches is in sight, and
	// does not click it.
	AwaitSight(ctx context.Context, selector string) error
	// Forward runs page time forward by up to budget, counted from the step's
	// first round, as Settle does, but awaits neither load nor fence: an answer is
	// still outstanding.
	Forward(ctx context.Context, budget time.Duration) error
	// Settle makes one round of a step's end: it waits until the current tab's page
	// has loaded, runs the page time of all tabs forward by up to budget, counted
	// from the step's first round, and has the page ask for the fence at the path.
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

// Sender is a visitor that can tell of a request whose it is. Where a visitor cannot,
// each that arrives once a page has been opened is taken for that page's.
type Sender interface {
	// Sent tells whether the document in the current tab, or one of its frames, has
	// itself asked for the URL. Of what a worker or a form sends, it knows nothing.
	Sent(ctx context.Context, url string) (bool, error)
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
	// Frozen tells that the page is frozen: it ran nothing and asked for no fence.
	Frozen bool
	// Deferred lists the URLs of requests that the page has put off until its
	// end (fetchLater). They must arrive once it is left.
	Deferred []string
}

// Wire is the visitor's recorded way to the world.
type Wire interface {
	// Address is the proxy address for the visitor's browser.
	Address() string
	// Begin starts the named step; began is when the journey began, from which
	// the times of the evidence count.
	Begin(step string, began time.Time)
	// Collector says how the stage's collector host answers from now on: "well",
	// "slow" (an answer is held until Release), "failing" (503), "resetting" (the
	// connection is reset once the request is there), "unreachable" (no connection
	// comes about), "late" (as if all were well, but the hits reach the collector
	// only when the mode changes, the last one first), "twice" (each hit reaches the
	// collector twice). Whatever reaches the gateway is recorded all the same.
	Collector(mode string)
	// Script holds the tracker's code back, or delivers it, also to those who wait.
	Script(held bool)
	// Person says whom the site knows on the pages that it answers from now on: ""
	// is the first person, another a word of the scenario's vocabulary.
	Person(person string)
	// From says from which address the visitor's hits reach the collector from now on;
	// "" leaves it to the harness. It is a documentation address (RFC 5737, RFC 3849).
	From(address string)
	// Release gives the answers that a slow collector has held so far.
	Release()
	// Shift moves the clock by which hosts answer: Date, and expiry dates of
	// cookies and of caches, are those of a moment that much later than now.
	Shift(offset time.Duration)
	// Record asks the collector's host for the path, without a browser and
	// without a trace in the evidence, and returns the body of its answer. A
	// status other than 200 is an error with a method HTTPStatus() int.
	Record(ctx context.Context, path string) ([]byte, error)
	// Await waits for a request of the current step that matches.
	Await(ctx context.Context, match func(*evidence.Request) bool) error
	// BlankPath is the path, on any host, of a page with nothing in it.
	BlankPath() string
	// FencePath is the path under which a page asks for the fence.
	FencePath(token string) string
	// AwaitFence waits until a page has asked for the fence, and AwaitQuiet
	// until nothing is under way but what is held back.
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
	// Unseen tells that it was to be in sight, and not to be clicked.
	Unseen bool
}

// Error names the element, the page and what was wrong.
func (e *ElementError) Error() string {
	if e.Unseen {
		return "nothing in sight at " + e.Selector + " on " + e.Page + ": " + e.Problem
	}
	return "nothing to click at " + e.Selector + " on " + e.Page + ": " + e.Problem
}
