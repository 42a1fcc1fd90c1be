package browser

import (
	"context"
	"errors"

	"github.com/chromedp/cdproto/input"
)

// locate finds the first visible element for a selector, once the document has
// been read and its style sheets have come (they move what is to be clicked), brings
// it into view and says where its middle is, or what is wrong. Where it is to be
// clicked, the page's hook is told.
const locate = `(async (selector, aim) => {
  if (document.readyState === 'loading') await new Promise(read => document.addEventListener('DOMContentLoaded', read, { once: true }));
  if (document.readyState !== 'complete') {
    const heard = (target, names) => new Promise(done => names.forEach(name => target.addEventListener(name, done, { once: true })));
    const sheets = [...document.querySelectorAll('link[rel~="stylesheet"]')].filter(link => !link.sheet).map(link => heard(link, ['load', 'error']));
    await Promise.race([Promise.all(sheets), heard(window, ['load'])]); // one that has failed already is not heard of
  }
  let all;
  try { all = document.querySelectorAll(selector); } catch { return { problem: 'not a valid selector' }; }
  if (!all.length) return { problem: 'not found' };
  for (const element of all) {
    element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    const box = [...element.getClientRects()].find(b => b.width > 0 && b.height > 0);
    if (!box || getComputedStyle(element).visibility !== 'visible') continue;
    const x = box.x + box.width / 2, y = box.y + box.height / 2;
    const hit = document.elementFromPoint(x, y);
    if (!hit || !(element.contains(hit) || hit.contains(element))) return { problem: 'covered by another element' };
    if (aim) aim(element, hit);
    return { x, y };
  }
  return { problem: 'not visible' };
})(%s, %s)`

// still waits until the page has been painted twice, so that what moves has moved on. A
// hidden page is not painted.
const still = `document.hidden || new Promise(painted => requestAnimationFrame(() => requestAnimationFrame(painted))).then(() => true)`

// attempts bounds how often a click is tried at an element that moves away.
const attempts = 10

// Click clicks in the middle of the first visible element that matches. A click that
// would hit another one, because that one has moved there meanwhile, does not take
// place: the element is looked for anew.
func (v *Visitor) Click(ctx context.Context, selector string) error {
	if _, frozen, _ := v.current(); frozen {
		return errors.New("a frozen tab cannot be clicked in\nhint: make it resumed in a step before")
	}
	for range attempts {
		at, err := v.find(ctx, selector, v.browser.hook.aim())
		if err != nil {
			return err
		}
		if err := v.press(ctx, at); err != nil {
			return err
		}
		var missed bool
		// A page that has gone by the click was hit.
		if err := v.main.evaluate(ctx, v.browser.hook.missed(), 0, &missed); err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !missed {
			return nil
		}
		if err := v.main.evaluate(ctx, still, 0, nil); err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return v.elementError(ctx, selector, "it moves away from each click")
}

// press presses and releases the left button.
func (v *Visitor) press(ctx context.Context, at found) error {
	mouse := func(kind input.DispatchMouseEventType, buttons int64) *pending {
		return send(v.main.session, input.DispatchMouseEvent, input.DispatchMouseEventParams{
			Type: kind, X: at.X, Y: at.Y, Button: "left", Buttons: buttons, ClickCount: 1,
		})
	}
	pressed, released := mouse(input.DispatchMouseEventTypeMousePressed, 1), mouse(input.DispatchMouseEventTypeMouseReleased, 0)
	if err := pressed.wait(ctx, nil); err != nil {
		return err
	}
	return released.wait(ctx, nil)
}
