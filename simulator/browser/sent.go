package browser

import (
	"context"

	"github.com/pixelwitness/pixelwitness/simulator/journey"
)

var _ journey.Sender = (*Visitor)(nil)

// Sent tells whether the page in the current tab has asked for the URL; see
// journey.Sender. A document that has gone meanwhile is not of that page any more.
func (v *Visitor) Sent(ctx context.Context, url string) (bool, error) {
	main, frozen, _ := v.current()
	if frozen {
		return false, nil
	}
	expression := v.browser.hook.sent(url)
	asked := []*pending{main.send(expression, 0)}
	v.mu.Lock()
	for r := range v.realms {
		if r.root() != main || r.kind != "page" && r.kind != "iframe" || r.session.isGone() {
			continue
		}
		for _, id := range r.others(r == main) {
			asked = append(asked, r.send(expression, id))
		}
	}
	v.mu.Unlock()
	for _, p := range asked {
		var sent bool
		if err := value(ctx, p, &sent); err != nil && ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		if sent {
			return true, nil
		}
	}
	return false, nil
}
