package check

import (
	"fmt"
	"strconv"
	"strings"
	"time"

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

// during tells whether the text is a time of the step in seconds, milliseconds or
// microseconds since 1970, by the page's clock.
func (v *view) during(text string) bool {
	clock := v.step.Clock
	if clock.IsZero() {
		return false
	}
	digits := strings.TrimLeft(text, "tT")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return false
	}
	var when time.Time
	slack := 100 * time.Millisecond
	switch len(digits) {
	case 10:
		when, slack = time.Unix(n, 0), time.Second
	case 13:
		when = time.UnixMilli(n)
	case 16:
		when = time.UnixMicro(n)
	default:
		return false
	}
	return !when.Before(clock.Add(-slack)) && !when.After(clock.Add(v.step.Ended-v.step.Began+v.step.RunForward+slack))
}
