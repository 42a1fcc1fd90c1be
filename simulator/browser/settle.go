package browser

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/runtime"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
)

// report is what the hook says of itself after running deferred work.
type report struct {
	Page    string  `json:"page"`
	Fired   int     `json:"fired"`
	Forward float64 `json:"forward"` // milliseconds
	Offset  float64 `json:"offset"`  // milliseconds
	// Next is when the next timer is due, on the page's clock in milliseconds
	// since 1970; zero when there is none.
	Next float64 `json:"next"`
	// Deferred lists the URLs of fetchLater requests that wait for the page's end.
	Deferred []string `json:"deferred"`
	Storage  []struct {
		Store  string `json:"store"`
		Origin string `json:"origin"`
		Name   string `json:"name"`
		Value  string `json:"value"`
	} `json:"storage"`
}

// ran is a context that ran deferred work, and what it reported.
type ran struct {
	realm *realm
	report
}

// workerPatience is how many rounds of a step are spent on a worker that does not
// come.
const workerPatience = 100

// forwardRounds bounds how often Forward goes around: what one frame or worker
// hands to another, that one may defer again.
const forwardRounds = 10

// horizon is until when the step's page time runs; its first round sets it.
func (v *Visitor) horizon(budget time.Duration) time.Time {
	if v.until.IsZero() {
		v.until = v.Clock().Add(budget)
	}
	return v.until
}

// Settle makes one round of a step's end; see journey.Visitor. Neither a frozen page
// nor one without a network can ask for a fence: a frozen one is only looked at, the
// other does all the rest.
func (v *Visitor) Settle(ctx context.Context, fencePath string, budget time.Duration) (journey.Settled, error) {
	until := v.horizon(budget)
	before := v.born()
	kinds := v.kindsInUse()
	main, frozen, offline := v.current()
	if offline {
		fencePath = ""
	}
	reports, ready, err := v.runAll(ctx, v.browser.hook.run(until, kinds), false)
	if err != nil {
		return journey.Settled{}, err
	}
	others := len(reports)
	own := ran{realm: main}
	expression := v.browser.hook.settle(fencePath, until, kinds)
	if frozen {
		expression = v.browser.hook.look()
	}
	if err := main.evaluate(ctx, expression, 0, &own.report); err != nil {
		return journey.Settled{}, fmt.Errorf("end the step: %w", err)
	}
	settled := journey.Settled{
		Page: own.Page, Others: others, Unwatched: v.unwatched(), Frozen: frozen,
		Busy: !ready || v.born() != before || v.awaitsWorker(),
	}
	if !frozen {
		reports = append(reports, own)
	}
	for _, r := range reports {
		settled.Busy = settled.Busy || r.Fired > 0
		settled.Forward = max(settled.Forward, milliseconds(r.Forward))
		settled.Deferred = append(settled.Deferred, r.Deferred...)
		settled.Storage = append(settled.Storage, r.items()...)
	}
	if frozen {
		settled.Storage = append(settled.Storage, own.items()...)
	}
	sortItems(&settled.Storage)
	v.mu.Lock()
	for _, item := range settled.Storage {
		if item.Store == "sessionStorage" {
			v.inSession[item.Origin] = true
		}
	}
	v.mu.Unlock()
	fired, err := v.keepUp(ctx, reports)
	settled.Busy = settled.Busy || fired > 0
	return settled, err
}

func (r *report) items() []evidence.Item {
	items := make([]evidence.Item, len(r.Storage))
	for i, item := range r.Storage {
		items[i] = evidence.Item(item)
	}
	return items
}

// Forward runs page time forward without awaiting load or fence; see
// journey.Visitor.
func (v *Visitor) Forward(ctx context.Context, budget time.Duration) error {
	until := v.horizon(budget)
	for range forwardRounds {
		before := v.born()
		all, ready, err := v.runAll(ctx, v.browser.hook.forward(until), true)
		if err != nil {
			return err
		}
		fired, err := v.keepUp(ctx, all)
		if err != nil {
			return err
		}
		for _, r := range all {
			fired += r.Fired
		}
		if fired == 0 && ready && v.born() == before {
			return nil
		}
	}
	return nil
}

// current is the page in the current tab, whether it is frozen, and whether the
// visitor is without a network.
func (v *Visitor) current() (main *realm, frozen, offline bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.main, v.main.frozen, v.offline
}

// unwatched counts the workers whose timers cannot be run forward: those without a
// hook, and service workers, which may be asleep.
func (v *Visitor) unwatched() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := 0
	for r := range v.realms {
		worker := strings.HasSuffix(r.kind, "worker") && !r.session.isGone() && !r.isFrozen()
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

// runAll evaluates an expression of the hook's in every frame and worker of every
// tab that is not frozen, in the current tab's own document only withMain. One that
// goes away meanwhile has nothing left to do; one that is not there yet is not ready.
func (v *Visitor) runAll(ctx context.Context, expression string, withMain bool) (all []ran, ready bool, err error) {
	type asked struct {
		*pending
		realm *realm
	}
	var sent []asked
	ready = true
	v.mu.Lock()
	for r := range v.realms {
		switch {
		case r.session.isGone():
			delete(v.realms, r)
			continue
		case r.isFrozen():
			continue
		case (r.kind == "worker" || r.kind == "shared_worker") && !r.hooked:
			// Its script has still to run; one that cannot is not awaited long.
			v.patience--
			ready = ready && v.patience <= 0
			continue
		}
		ids := r.others(r == v.main)
		if withMain && r == v.main {
			ids = append(ids, 0)
		}
		for _, id := range ids {
			sent = append(sent, asked{r.send(expression, id), r})
		}
	}
	v.mu.Unlock()
	for _, p := range sent {
		var r *report
		switch err := value(ctx, p.pending, &r); {
		case err == nil && r == nil:
			ready = false // its hook is not in place yet
		case err == nil:
			all = append(all, ran{p.realm, *r})
		case ctx.Err() != nil:
			return all, false, err
		case !p.session.isGone():
			ready = false
		}
	}
	return all, ready, nil
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
