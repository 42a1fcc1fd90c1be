package check

import (
	"fmt"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// lasts: every write of the cookie in the step that does not delete it asks for
// that lifetime. It is judged on the write, because a browser keeps no cookie as
// long as it may be asked to (Chrome 400 days).
func (c cookie) lasts(want scenario.Lifetime) finding {
	live := c.live(c.view)
	if len(live) > 0 {
		// What a later page writes over it counts, until the visitor chooses again.
		for _, v := range c.views[c.view.index+1:] {
			if v.planned.Chooses() {
				break
			}
			live = append(live, c.live(v)...)
		}
	}
	if len(live) == 0 {
		f := inconclusive("the cookie was not written in the step %s", c.view.step.Name).seen("no write")
		if n := len(c.view.writes); n > 0 {
			f.observed = fmt.Sprintf("no write of it among %d", n)
		}
		return f
	}
	for _, w := range live {
		switch {
		case w.Session:
			return finding{outcome: verdict.Fail, observed: "written for the session only", cookie: writeExcerpt(w, "pair")}
		case !want.Contains(w.Lifetime):
			return finding{outcome: verdict.Fail, observed: "written to last " + span(w.Lifetime), cookie: writeExcerpt(w, "lifetime")}
		}
	}
	return finding{outcome: verdict.Pass, observed: "written to last " + span(live[0].Lifetime), cookie: writeExcerpt(live[0], "lifetime")}
}
