package browser

import (
	"context"
	"errors"
	"time"

	"github.com/chromedp/cdproto/page"
)

// A visitor has one clock: the real one, ahead by what he has travelled and by what
// page time was run forward. It never goes back, in whatever tab: a hit that is made
// after a choice must not look older than it, and a pixel that counts from a time it
// has stored must not find it in the future. So page time that a step has run
// forward is kept by all later documents, and whatever is behind is brought up.
//
// The jar ages by travel alone. Steps run page time forward so that deferred work
// happens now, by up to minutes each; were the jar to age with it, an opt-out for
// thirty minutes would end in the middle of a journey that says nothing of time. An
// expiry that is written under the moved clock is brought back by all of the offset,
// so each cookie lives as long as was asked for, in travelled and real time.

// Clock is the clock of the page in the current tab.
func (v *Visitor) Clock() time.Time { return time.Now().Add(v.ahead()) }

// ahead is by how much the visitor's clock is ahead of the real one.
func (v *Visitor) ahead() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.offset
}

// slicesOfTravel bounds in how many pieces a span is travelled. A timer runs with a jar that
// is at most a slice older than the timer.
const slicesOfTravel = 100

// Travel lets the span pass; see journey.Visitor. It goes from one due timer to the
// next and ages the jar in between, so that a timer finds the cookies that are still
// there when it is due, and what it writes lives from then on. Timers of frozen pages
// and of pages in the back/forward cache wait until those come back.
func (v *Visitor) Travel(ctx context.Context, span time.Duration) error {
	span = span.Truncate(time.Millisecond) // a page's clock knows nothing finer
	if span <= 0 {
		return nil
	}
	if !v.until.IsZero() {
		v.until = v.until.Add(span)
	}
	for left := span; ; {
		_, next, err := v.bringUp(ctx, true)
		if err != nil {
			return err
		}
		if left <= 0 {
			break
		}
		slice := left
		if !next.IsZero() {
			slice = min(left, max(next.Sub(v.Clock()), span/slicesOfTravel).Truncate(time.Millisecond)+time.Millisecond)
		}
		if err := v.age(ctx, slice); err != nil {
			return err
		}
		v.mu.Lock()
		v.offset += slice
		v.mu.Unlock()
		left -= slice
	}
	if err := v.setClock(ctx); err != nil {
		return err
	}
	// What came to be on the way has begun with a clock that was set before.
	_, _, err := v.bringUp(ctx, false)
	return err
}

// bringUp brings every context that runs to the visitor's clock, and runs what is
// due by then. It returns how much that was, and when the next timer is due; zero when
// there is none.
func (v *Visitor) bringUp(ctx context.Context, anew bool) (fired int, next time.Time, err error) {
	target := v.ahead()
	v.mu.Lock()
	for r := range v.realms {
		if r.kind == "service_worker" && r.hooked && !r.session.isGone() {
			r.send(v.browser.hook.travel(target, anew), 0) // not awaited: it may be asleep
		}
	}
	v.mu.Unlock()
	all, _, err := v.runAll(ctx, v.browser.hook.travel(target, anew), true)
	for _, r := range all {
		fired += r.Fired
		if r.Next == 0 {
			continue
		}
		if due := time.UnixMilli(int64(r.Next)); next.IsZero() || due.Before(next) {
			next = due
		}
	}
	return fired, next, err
}

// keepUp takes over the largest offset that a context has reached, and brings up
// those that are behind: otherwise the next act could be done in a page whose clock
// is behind that of its frames. It returns how much that made run.
func (v *Visitor) keepUp(ctx context.Context, ran []ran) (fired int, err error) {
	offset := v.ahead()
	behind := false
	for _, r := range ran {
		offset = max(offset, milliseconds(r.Offset))
	}
	for _, r := range ran {
		behind = behind || milliseconds(r.Offset) < offset
	}
	v.mu.Lock()
	v.offset = offset
	v.mu.Unlock()
	if behind {
		if fired, _, err = v.bringUp(ctx, false); err != nil {
			return fired, err
		}
	}
	return fired, v.setClock(ctx)
}

// setClock lets the documents to come begin with the visitor's clock.
func (v *Visitor) setClock(ctx context.Context) error {
	var late []*realm
	v.mu.Lock()
	offset := v.offset
	for r := range v.realms {
		if r.hook != nil && r.start != offset && !r.session.isGone() {
			late = append(late, r)
		}
	}
	v.mu.Unlock()
	source := v.browser.hook.source(offset)
	var failed error
	for _, r := range late {
		if err := r.replaceHook(ctx, source); err == nil {
			r.start = offset
		} else if !r.session.isGone() {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// replaceHook puts another script in the place of the hook for new documents.
func (r *realm) replaceHook(ctx context.Context, source string) error {
	if err := r.takeScript(ctx); err != nil {
		return err
	}
	removed := send(r.session, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: r.script})
	r.hook = send(r.session, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: source})
	r.script = ""
	return errors.Join(removed.wait(ctx, nil), r.takeScript(ctx))
}

// takeScript awaits the identifier of the hook for new documents.
func (r *realm) takeScript(ctx context.Context) error {
	if r.script != "" {
		return nil
	}
	var added page.AddScriptToEvaluateOnNewDocumentResult
	err := r.hook.wait(ctx, &added)
	r.script = added.Identifier
	return err
}
