package browser

import (
	"context"
	"errors"
	"fmt"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"
)

// start opens the visitor's first tab.
func (v *Visitor) start(ctx context.Context) error {
	r, err := v.openTab(ctx, false)
	if err != nil {
		return err
	}
	v.mu.Lock()
	v.tabs, v.main = map[string]*realm{"": r}, r
	v.mu.Unlock()
	return nil
}

// openTab opens a blank tab. The browser shows it to adopt before the command is
// answered. Every tab is in a window of its own, by which it is hidden and shown.
func (v *Visitor) openTab(ctx context.Context, ownWindow bool) (*realm, error) {
	params := target.CreateTargetParams{URL: "about:blank", BrowserContextID: v.id}
	if ownWindow {
		params.NewWindow = new(true)
	}
	made, err := cdp.Call(ctx, v.browser.chrome, target.CreateTarget, params)
	if err != nil {
		return nil, fmt.Errorf("open a tab: %w", err)
	}
	var opened *realm
	v.mu.Lock()
	for r := range v.realms {
		if r.target == made.TargetID {
			opened = r
		}
	}
	v.mu.Unlock()
	if opened == nil {
		return nil, errors.New("open a tab: the browser did not show it")
	}
	return opened, opened.prepared(ctx)
}

// Tab makes the named tab the current one; see journey.Visitor. The visitor looks at
// one tab at a time: the one he leaves is hidden, the one he comes to is shown, and
// resumed if it was frozen.
func (v *Visitor) Tab(ctx context.Context, name string) error {
	v.mu.Lock()
	to, from := v.tabs[name], v.main
	v.mu.Unlock()
	switch {
	case to == from:
		return nil
	case to != nil && to.session.isGone():
		return fmt.Errorf("the tab %q has been closed by its page", name)
	}
	if !from.session.isGone() {
		if err := from.show(ctx, false); err != nil {
			return err
		}
	}
	if to == nil {
		var err error
		if to, err = v.openTab(ctx, true); err != nil {
			return err
		}
	}
	v.mu.Lock()
	v.tabs[name], v.main = to, to
	v.mu.Unlock()
	if err := to.thaw(ctx); err != nil {
		return err
	}
	return to.show(ctx, true)
}

// Open navigates to the URL and returns once the new document is there.
func (v *Visitor) Open(ctx context.Context, url string) error {
	main, frozen, _ := v.current()
	if frozen {
		// Nobody navigates in a tab without coming back to it first.
		if err := v.Lifecycle(ctx, "resumed"); err != nil {
			return err
		}
	}
	return main.open(ctx, url)
}

func (r *realm) open(ctx context.Context, url string) error {
	landed := r.awaitLanding()
	result, err := cdp.Call(ctx, r.session, page.Navigate, page.NavigateParams{URL: url})
	switch {
	case err != nil:
		return err
	case result.ErrorText == "":
		return nil
	case result.ErrorText != aborted:
		// The answer comes before the browser's own page that tells of the error, and
		// until that has come the page before is still alive.
		if _, err := r.landed(ctx, landed); err != nil {
			return err
		}
	}
	return fmt.Errorf("the page %s did not open: %s", url, result.ErrorText)
}

// aborted is the error of a navigation that leaves the page as it is.
const aborted = "net::ERR_ABORTED"

// landing is how a page's document came to be.
type landing struct {
	restored    bool   // out of the back/forward cache
	unreachable string // the URL, when the browser shows an error in its place
}

// land tells who awaits it that the document is there.
func (r *realm) land(at landing) {
	r.visitor.mu.Lock()
	defer r.visitor.mu.Unlock()
	if r.landing != nil {
		r.landing <- at
		r.landing = nil
	}
}

// awaitLanding makes ready for the next document of the page.
func (r *realm) awaitLanding() <-chan landing {
	landed := make(chan landing, 1)
	r.visitor.mu.Lock()
	r.landing = landed
	r.visitor.mu.Unlock()
	return landed
}

// landed waits for it.
func (r *realm) landed(ctx context.Context, landed <-chan landing) (landing, error) {
	select {
	case at := <-landed:
		return at, nil
	case <-r.session.gone:
		return landing{}, errGone
	case <-ctx.Done():
		return landing{}, context.Cause(ctx)
	}
}

// Go walks the tab's history; see journey.Visitor. The headless shell keeps no page
// alive: there each is loaded anew.
//
// A page that comes back runs its handlers of resume and pageshow before anything
// can be evaluated in it. So the clock is told to it beforehand, in the name of a
// binding: the browser puts bindings into a restored page before it resumes it.
func (v *Visitor) Go(ctx context.Context, delta int) (restored bool, err error) {
	main, frozen, _ := v.current()
	if frozen {
		if err := v.Lifecycle(ctx, "resumed"); err != nil {
			return false, err
		}
	}
	history, err := cdp.Call(ctx, main.session, page.GetNavigationHistory, cdp.Empty{})
	if err != nil {
		return false, err
	}
	to := int(history.CurrentIndex) + delta
	if to < 0 || to >= len(history.Entries) || history.Entries[to].URL == "about:blank" {
		return false, fmt.Errorf("the tab's history has no page at %+d", delta)
	}
	// The page's own coming may still have to be told: it is not what is awaited.
	if err := main.evaluate(ctx, "0", 0, nil); err != nil {
		return false, err
	}
	landed := main.awaitLanding()
	binding := v.browser.hook.clock(v.ahead())
	told := send(main.session, runtime.AddBinding, runtime.AddBindingParams{Name: binding})
	walked := send(main.session, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: history.Entries[to].ID})
	if err := errors.Join(told.wait(ctx, nil), walked.wait(ctx, nil)); err != nil {
		return false, err
	}
	at, err := main.landed(ctx, landed)
	if err != nil {
		return false, fmt.Errorf("walk the tab's history by %+d: %w", delta, err)
	}
	removed := send(main.session, runtime.RemoveBinding, runtime.RemoveBindingParams{Name: binding})
	if err := removed.wait(ctx, nil); err != nil {
		return false, err
	}
	if at.unreachable != "" {
		return false, fmt.Errorf("the page %s did not open", at.unreachable)
	}
	if !at.restored {
		return false, nil
	}
	// Its workers are shown again only when they are asked for.
	if err := send(main.session, target.SetAutoAttach, attachToChildren).wait(ctx, nil); err != nil {
		return true, err
	}
	_, _, err = v.bringUp(ctx, false)
	return true, err
}

// Leave ends the visitor's pages; see journey.Visitor. The pages are not closed but
// left for a blank one: the headless shell drops what a closing page sends or has
// deferred with fetchLater. A visitor who leaves comes back to a frozen tab first,
// and to the network.
func (v *Visitor) Leave(ctx context.Context, blank string) error {
	if err := v.Offline(ctx, false); err != nil {
		return err
	}
	var others []*realm
	v.mu.Lock()
	main := v.main
	for r := range v.realms {
		if r.kind == "page" && r != main && !r.session.isGone() {
			others = append(others, r)
		}
	}
	v.mu.Unlock()
	for _, r := range append(others, main) {
		if err := r.thaw(ctx); err != nil {
			return err
		}
	}
	for _, r := range others {
		if err := r.leave(ctx, "about:blank"); err != nil && !r.session.isGone() {
			return err
		}
	}
	if err := main.leave(ctx, blank); err != nil {
		return err
	}
	return v.closeTabs(ctx, others)
}

// leave leaves the page for another, for good.
func (r *realm) leave(ctx context.Context, url string) error {
	if err := r.evaluate(ctx, r.visitor.browser.hook.leave(), 0, nil); err != nil {
		return err
	}
	return r.open(ctx, url)
}

// closeTabs closes the tabs and waits until they are gone. Each is shown first, and asked
// for a sign of life: the headless shell does not close a hidden tab, and loses the wish
// while a document is only coming to be.
func (v *Visitor) closeTabs(ctx context.Context, tabs []*realm) error {
	for _, r := range tabs {
		if err := r.show(ctx, true); err != nil && !r.session.isGone() {
			return err
		}
		if err := r.evaluate(ctx, "0", 0, nil); err != nil && !r.session.isGone() {
			return err
		}
		_, err := cdp.Call(ctx, v.browser.chrome, target.CloseTarget, target.CloseTargetParams{TargetID: r.target})
		if err != nil && !r.session.isGone() {
			return fmt.Errorf("close a tab: %w", err)
		}
	}
	for _, r := range tabs {
		select {
		case <-r.session.gone:
		case <-ctx.Done():
			return fmt.Errorf("close a tab: %w", context.Cause(ctx))
		}
	}
	return nil
}

// Reopen ends the browser session; see journey.Visitor. The new tab comes first:
// a context whose last window closes could go with it.
func (v *Visitor) Reopen(ctx context.Context) error {
	var old []*realm
	sleeping := false
	v.mu.Lock()
	clear(v.inSession) // it goes with the tabs
	for r := range v.realms {
		if r.session.isGone() {
			continue
		}
		if r.kind == "page" {
			old = append(old, r)
		}
		sleeping = sleeping || r.kind == "service_worker"
	}
	v.mu.Unlock()
	if err := v.start(ctx); err != nil {
		return err
	}
	if err := v.closeTabs(ctx, old); err != nil {
		return err
	}
	if sleeping {
		// What a service worker has in its memory ends with the browser, too.
		s := v.main.session
		enabled := send(s, serviceworker.Enable, cdp.Empty{})
		stopped := send(s, serviceworker.StopAllWorkers, cdp.Empty{})
		disabled := send(s, serviceworker.Disable, cdp.Empty{})
		if err := errors.Join(enabled.wait(ctx, nil), stopped.wait(ctx, nil), disabled.wait(ctx, nil)); err != nil {
			return fmt.Errorf("stop the service workers: %w", err)
		}
	}
	return v.endSession(ctx)
}
