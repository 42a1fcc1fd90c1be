package check

import (
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// bench is the evidence of one journey, laid out for judging.
type bench struct {
	plan  *scenario.Plan
	views []*view
	// redacted tells that values were replaced in the evidence.
	redacted bool
}

// view is what was seen of one step.
type view struct {
	step *evidence.Step
	// index is the step's position in the journey.
	index int
	// sent lists everything that left the browser during the step, the page's
	// own requests too.
	sent []*sent
	// writes lists the attempts to write or delete a cookie.
	writes   []*evidence.CookieWrite
	snapshot *evidence.Snapshot
	// hits lists the pixel's hits, without preflights.
	hits []hit
}

// sent is a request, or the part of a WebSocket's traffic that fell into a step.
type sent struct {
	*evidence.Request
	reading *evidence.Reading
	// pixel tells that it is the pixel's; preflight that the browser only asked
	// whether it may be sent.
	pixel, preflight bool
}

// doubt says why something may be missing from what is known of the request.
func (s *sent) doubt() string {
	if s.Incomplete != "" {
		return s.Incomplete
	}
	return s.reading.Unread
}

// hit is one hit: a request of the pixel, or one of several within it.
type hit struct {
	*sent
	number     int
	parameters []evidence.Placed
}

// step returns what was seen of the named step, or nil.
func (b *bench) step(name string) *view {
	i := slices.IndexFunc(b.views, func(v *view) bool { return v.step.Name == name })
	if i < 0 {
		return nil
	}
	return b.views[i]
}

// layOut sorts the evidence by steps.
func layOut(plan *scenario.Plan, ev *evidence.Evidence) *bench {
	b := &bench{plan: plan, redacted: ev.Redacted}
	for i := range ev.Steps {
		b.views = append(b.views, &view{step: &ev.Steps[i], index: i, snapshot: ev.Snapshot(ev.Steps[i].Name)})
	}
	pixels := pixelRequests(plan.Pixel)
	for i := range ev.Requests {
		for _, part := range byStep(&ev.Requests[i]) {
			v := b.step(part.Step)
			if v == nil {
				continue
			}
			s := &sent{Request: part, reading: part.Read(), pixel: pixels(part), preflight: part.Method == "OPTIONS"}
			v.sent = append(v.sent, s)
			if s.pixel && !s.preflight {
				v.hits = append(v.hits, s.hits()...)
			}
		}
	}
	for i := range ev.Writes {
		if v := b.step(ev.Writes[i].Step); v != nil {
			v.writes = append(v.writes, &ev.Writes[i])
		}
	}
	return b
}

// byStep takes a WebSocket that stayed open over several steps apart: what was
// sent in a later step is that step's, without the query and header that went
// out when the connection was opened.
func byStep(r *evidence.Request) []*evidence.Request {
	spans := false
	for _, f := range r.Frames {
		spans = spans || f.Step != "" && f.Step != r.Step
	}
	if !spans {
		return []*evidence.Request{r}
	}
	first := *r
	first.Frames = nil
	parts := []*evidence.Request{&first}
	for _, f := range r.Frames {
		step := f.Step
		if step == "" {
			step = r.Step
		}
		i := slices.IndexFunc(parts, func(p *evidence.Request) bool { return p.Step == step })
		if i < 0 && !f.FromPage {
			continue // the page sent nothing then
		}
		if i < 0 {
			later := *r
			later.Step, later.Header, later.Body, later.Frames = step, nil, nil, nil
			later.URL, _, _ = strings.Cut(r.URL, "?")
			parts = append(parts, &later)
			i = len(parts) - 1
		}
		parts[i].Frames = append(parts[i].Frames, f)
	}
	return parts
}

// pixelRequests tells the pixel's requests from all others.
func pixelRequests(p *scenario.Pixel) func(*evidence.Request) bool {
	isHit := p.Hits()
	return func(r *evidence.Request) bool { return isHit(r.URL) }
}

func (s *sent) hits() []hit {
	hits := make([]hit, s.reading.Hits)
	for i := range hits {
		hits[i] = hit{s, i, s.reading.Hit(i)}
	}
	return hits
}

// before returns the latest snapshot before the step at that position.
func (b *bench) before(index int) *view {
	for i := index - 1; i >= 0; i-- {
		if b.views[i].snapshot != nil {
			return b.views[i]
		}
	}
	return nil
}

// choice returns the position of the latest step, this one included, in which
// the visitor did something rather than opened a page; without one, this step's.
func (b *bench) choice(v *view) int {
	for i := v.index; i >= 0; i-- {
		if i < len(b.plan.Scenario.Journey) && b.plan.Scenario.Journey[i].Do != "" {
			return i
		}
	}
	return v.index
}

// awake tells whether the pixel was seen to send since the page was opened that
// the step ended on.
func (b *bench) awake(v *view) bool {
	for i := v.index; i >= 0; i-- {
		if len(b.views[i].hits) > 0 {
			return true
		}
		if i < len(b.plan.Scenario.Journey) && b.plan.Scenario.Journey[i].Open != "" {
			return false
		}
	}
	return false
}
