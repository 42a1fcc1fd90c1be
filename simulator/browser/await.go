package browser

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/journey"
)

// changed resolves when the page has changed in a way that may bring an element into
// sight: its tree, what has loaded, or where a transition has ended. A page that is
// left never answers; its document's end does.
const changed = `new Promise(resolve => {
  const watcher = new MutationObserver(done);
  const events = ['DOMContentLoaded', 'load', 'transitionend', 'animationend', 'toggle', 'scrollend'];
  function done() {
    watcher.disconnect();
    for (const event of events) removeEventListener(event, done, true);
    resolve();
  }
  watcher.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  for (const event of events) addEventListener(event, done, true);
})`

// ClickNext waits until there is something to click, and clicks it; see
// journey.Visitor. Where that leads to another page, it is there afterwards.
func (v *Visitor) ClickNext(ctx context.Context, selector string) error {
	if err := v.awaited(ctx, selector, false, func() error { return v.Click(ctx, selector) }); err != nil {
		return err
	}
	main, _, _ := v.current()
	return main.arrived(ctx)
}

// AwaitSight waits until an element is in sight; see journey.Visitor.
func (v *Visitor) AwaitSight(ctx context.Context, selector string) error {
	return v.awaited(ctx, selector, true, func() error {
		_, err := v.find(ctx, selector, "null")
		return err
	})
}

// awaited tries until there is an element, each time that the page has changed or
// another has come. Without one, what was wrong last is the error.
func (v *Visitor) awaited(ctx context.Context, selector string, unseen bool, try func() error) error {
	main, _, _ := v.current()
	var last *journey.ElementError
	for {
		if err := main.arrived(ctx); err != nil {
			return v.gaveUp(ctx, selector, unseen, last, err)
		}
		landed := main.awaitLanding()
		// What changes from now on is seen; what is there already is found at once.
		change := main.send(changed, 0)
		err := try()
		switch {
		case err == nil:
			return nil
		case errors.As(err, &last):
			if last.Problem == invalidSelector {
				return err
			}
			err = nil
		case main.session.isGone():
			return err
		}
		// The page may have gone while it was looked at: then another comes.
		if err := main.next(ctx, change, landed, err); err != nil {
			return v.gaveUp(ctx, selector, unseen, last, err)
		}
	}
}

// next waits until the page has changed or another has come.
func (r *realm) next(ctx context.Context, change *pending, landed <-chan landing, failed error) error {
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	moved := make(chan error, 1)
	if failed == nil {
		go func() { moved <- value(waiting, change, nil) }()
	}
	for {
		select {
		case err := <-moved:
			if err == nil {
				return nil
			}
			moved = nil // the document is gone, and the next one is about to land
		case <-landed:
			return nil
		case <-r.session.gone:
			return errGone
		case <-ctx.Done():
			if failed != nil {
				return errors.Join(context.Cause(ctx), failed)
			}
			return context.Cause(ctx)
		}
	}
}

// arrived waits until a navigation that the page has begun has brought its document:
// what is looked for next is looked for there, and not on the page that is about to go.
func (r *realm) arrived(ctx context.Context) error {
	// What the page has begun is told before this is answered. A page that goes away
	// meanwhile does not answer it.
	if err := r.evaluate(ctx, "0", 0, nil); err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	v := r.visitor
	v.mu.Lock()
	leaving := r.leaving
	v.mu.Unlock()
	if leaving == nil {
		return nil
	}
	select {
	case <-leaving:
		return nil
	case <-r.session.gone:
		return errGone
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// leaves notes that the page has begun to navigate, stays that this has ended, with
// another document or without.
func (r *realm) leaves() {
	r.visitor.mu.Lock()
	defer r.visitor.mu.Unlock()
	if r.leaving == nil {
		r.leaving = make(chan struct{})
	}
}

func (r *realm) stays() {
	r.visitor.mu.Lock()
	defer r.visitor.mu.Unlock()
	if r.leaving != nil {
		close(r.leaving)
		r.leaving = nil
	}
}

// lastLook bounds the question where the page is, once nobody waits any longer.
const lastLook = time.Second

// gaveUp is the error of an element that has not come.
func (v *Visitor) gaveUp(ctx context.Context, selector string, unseen bool, last *journey.ElementError, err error) error {
	if ctx.Err() == nil {
		return err
	}
	found := &journey.ElementError{Selector: selector, Problem: "the page did not come", Unseen: unseen}
	if last != nil {
		found.Page, found.Problem = last.Page, last.Problem
	}
	if found.Page == "" {
		main, _, _ := v.current()
		looking, stop := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
		defer stop()
		_ = main.evaluate(looking, "location.href", 0, &found.Page)
	}
	return found
}

// found is where an element is, or what is wrong.
type found struct {
	X       float64 `json:"x"`
	Y       float64 `json:"y"`
	Problem string  `json:"problem"`
}

const invalidSelector = "not a valid selector"

// find looks for the first visible element that matches. That there is none is an
// *journey.ElementError. aim is the expression of a function that is told of the
// element; see hook.aim.
func (v *Visitor) find(ctx context.Context, selector, aim string) (found, error) {
	var at found
	if err := v.main.evaluate(ctx, fmt.Sprintf(locate, strconv.Quote(selector), aim), 0, &at); err != nil {
		return at, err
	}
	if at.Problem != "" {
		return at, v.elementError(ctx, selector, at.Problem)
	}
	return at, nil
}

func (v *Visitor) elementError(ctx context.Context, selector, problem string) error {
	var href string
	_ = v.main.evaluate(ctx, "location.href", 0, &href)
	return &journey.ElementError{Selector: selector, Page: href, Problem: problem}
}
