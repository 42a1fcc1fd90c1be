package browser

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
)

// Lifecycle changes the state of the current tab; see journey.Visitor. The events
// are the browser's own: the tab's window is minimised and restored, and the page is
// frozen as the browser does with a tab that was long in the background. A shown tab
// is hidden before it is frozen, and shown again when it is resumed.
func (v *Visitor) Lifecycle(ctx context.Context, state string) error {
	main, _, _ := v.current()
	switch state {
	case "hidden":
		return main.show(ctx, false)
	case "shown":
		if err := main.thaw(ctx); err != nil {
			return err
		}
		return main.show(ctx, true)
	case "frozen":
		return main.freeze(ctx)
	case "resumed":
		return main.thaw(ctx)
	}
	return fmt.Errorf("a tab is not %q, only hidden, shown, frozen or resumed", state)
}

// show restores the tab's window, or minimises it, and waits until the page knows.
func (r *realm) show(ctx context.Context, shown bool) error {
	if r.isHidden() != shown {
		return nil
	}
	window, err := cdp.Call(ctx, r.visitor.browser.chrome, browser.GetWindowForTarget, browser.GetWindowForTargetParams{TargetID: r.target})
	if err != nil {
		return fmt.Errorf("find the tab's window: %w", err)
	}
	state, to := browser.WindowStateMinimized, "hidden"
	if shown {
		state, to = browser.WindowStateNormal, "visible"
	}
	seen := r.send(r.visitor.browser.hook.seen(to), 0)
	_, err = cdp.Call(ctx, r.visitor.browser.chrome, browser.SetWindowBounds, browser.SetWindowBoundsParams{
		WindowID: window.WindowID, Bounds: &browser.Bounds{WindowState: state},
	})
	if err == nil {
		err = value(ctx, seen, nil)
	}
	if err != nil {
		return fmt.Errorf("make the tab %s: %w", to, err)
	}
	r.visitor.mu.Lock()
	r.hidden = !shown
	r.visitor.mu.Unlock()
	return nil
}

// freeze hides the tab, if it is not hidden, and freezes it.
func (r *realm) freeze(ctx context.Context) error {
	v := r.visitor
	v.mu.Lock()
	frozen, hidden := r.frozen, r.hidden
	v.mu.Unlock()
	if frozen {
		return nil
	}
	if err := r.show(ctx, false); err != nil {
		return err
	}
	if err := r.lifecycle(ctx, page.SetWebLifecycleStateStateFrozen, "freeze"); err != nil {
		return err
	}
	v.mu.Lock()
	r.frozen, r.showAgain = true, !hidden
	v.mu.Unlock()
	return nil
}

// thaw resumes a frozen tab, with the visitor's clock, and shows it again if it was
// shown.
func (r *realm) thaw(ctx context.Context) error {
	v := r.visitor
	v.mu.Lock()
	frozen := r.frozen
	var clocks []*pending
	for other := range v.realms {
		// A worker that is frozen takes the clock when it runs on.
		if frozen && other.root() == r && !other.session.isGone() {
			for _, id := range other.others(false) {
				p := other.send(v.browser.hook.set(v.offset), id)
				if other.hook != nil {
					clocks = append(clocks, p)
				}
			}
		}
	}
	v.mu.Unlock()
	if !frozen {
		return nil
	}
	for _, p := range clocks {
		if err := value(ctx, p, nil); err != nil && ctx.Err() != nil {
			return err
		}
	}
	if err := r.lifecycle(ctx, page.SetWebLifecycleStateStateActive, "resume"); err != nil {
		return err
	}
	v.mu.Lock()
	again := r.showAgain
	r.frozen, r.showAgain = false, false
	v.mu.Unlock()
	if _, _, err := v.bringUp(ctx, false); err != nil {
		return err
	}
	if again {
		return r.show(ctx, true)
	}
	return nil
}

// lifecycle freezes or resumes the page, and waits until it knows.
func (r *realm) lifecycle(ctx context.Context, state page.SetWebLifecycleStateState, event string) error {
	heard, err := r.listen(ctx, "document", event)
	if err != nil {
		return err
	}
	err = send(r.session, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state}).wait(ctx, nil)
	if err == nil {
		err = value(ctx, heard, nil)
	}
	if err != nil {
		return fmt.Errorf("make the tab %s: %w", state, err)
	}
	return nil
}

// listen makes the page listen for an event, once; the answer comes with the event.
// The page listens when listen returns: what brings the event about takes another
// way, and could overtake.
func (r *realm) listen(ctx context.Context, on, event string) (*pending, error) {
	heard := r.send(r.visitor.browser.hook.heard(on, event), 0)
	return heard, r.evaluate(ctx, "0", 0, nil)
}

// Offline takes the network away, or gives it back; see journey.Visitor. The network
// domain is enabled only while there is none: it costs a tenth of a page load.
func (v *Visitor) Offline(ctx context.Context, offline bool) error {
	event := "online"
	if offline {
		event = "offline"
	}
	failed := func(err error) error { return fmt.Errorf("make the visitor %s: %w", event, err) }
	var pages, all []*realm
	v.mu.Lock()
	changes := v.offline != offline
	v.offline = offline
	for r := range v.realms {
		if r.session.isGone() {
			continue
		}
		all = append(all, r)
		if r.kind == "page" && !r.frozen {
			pages = append(pages, r)
		}
	}
	v.mu.Unlock()
	if !changes {
		return nil
	}
	var waiting []*pending
	for _, r := range pages {
		heard, err := r.listen(ctx, "window", event)
		if err != nil && !r.session.isGone() {
			return failed(err)
		}
		waiting = append(waiting, heard)
	}
	// First nothing leaves from anywhere, then the pages are told: one page's handler
	// may well send by another's worker.
	for _, change := range []func(*realm, bool) []*pending{cutOff, tellNetwork} {
		for _, r := range all {
			sent := change(r, offline)
			if r.kind == "service_worker" || r.hook == nil && r.root().frozen {
				continue // it may be asleep
			}
			for _, p := range sent {
				if err := p.wait(ctx, nil); err != nil && !p.session.isGone() {
					return failed(err)
				}
			}
		}
	}
	for _, p := range waiting {
		if err := value(ctx, p, nil); err != nil && !p.session.isGone() {
			return failed(err)
		}
	}
	return nil
}

// cutOff takes the network from a target, or gives it back.
func cutOff(r *realm, offline bool) []*pending {
	rules := network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{}}
	if !offline {
		return []*pending{
			send(r.session, network.EmulateNetworkConditionsByRule, rules),
			send(r.session, network.Disable, cdp.Empty{}),
		}
	}
	rules.EmulateOfflineServiceWorker = new(true)
	rules.MatchedNetworkConditions = append(rules.MatchedNetworkConditions, &network.Conditions{
		Offline: true, DownloadThroughput: -1, UploadThroughput: -1,
	})
	return []*pending{
		send(r.session, network.Enable, network.EnableParams{MaxTotalBufferSize: new(int64(0))}),
		send(r.session, network.EmulateNetworkConditionsByRule, rules),
	}
}

// tellNetwork tells documents whether they are offline. Workers have no state of
// their own, but share that of the process.
func tellNetwork(r *realm, offline bool) []*pending {
	if r.kind != "page" && r.kind != "iframe" {
		return nil
	}
	return []*pending{send(r.session, network.OverrideNetworkState, network.OverrideNetworkStateParams{
		Offline: offline, DownloadThroughput: -1, UploadThroughput: -1,
	})}
}
