package check

import (
	"net/url"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// bench is the evidence of one journey, laid out for judging.
type bench struct {
	plan *scenario.Plan
	// views are the steps of one person, in order: what another person's browser
	// does or keeps is neither a contrast nor a breach. All are those of everybody.
	views, all []*view
	// redacted tells that values were replaced in the evidence.
	redacted bool
	// collector is the one that runs elsewhere; nil for the run's own. beforehand is what
	// it kept before the journey; nil where nobody has looked.
	collector  *evidence.Collector
	beforehand *view
	// canaries keeps what looks for values, by the values.
	canaries map[string]*evidence.Canary
	// hoards keeps what was found in what the collector keeps.
	hoards hoards
}

// view is what was seen of one step.
type view struct {
	step *evidence.Step
	// planned is the step as the scenario has it; the zero Step beyond its end.
	planned scenario.Step
	// who is the person whom the site knows in the step: "" for the first.
	who string
	// index is the step's position among those of the same person, place its
	// position in the journey.
	index, place int
	// document numbers the page that the step ended on: of two steps with the same
	// number, the page of the one is still alive in the other. 0 is no page.
	document int
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
	// looked keeps what was found in it.
	looked map[*evidence.Canary]looked
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
	i := slices.IndexFunc(b.all, func(v *view) bool { return v.step.Name == name })
	if i < 0 {
		return nil
	}
	return b.all[i]
}

// of returns the bench of the person whose step it is.
func (b *bench) of(v *view) *bench {
	own := *b
	own.views = b.person(v.step.Device)
	return &own
}

// person returns the steps of the person with that device.
func (b *bench) person(device string) []*view {
	return slices.DeleteFunc(slices.Clone(b.all), func(v *view) bool { return v.step.Device != device })
}

// layOut sorts the evidence by steps.
func layOut(plan *scenario.Plan, ev *evidence.Evidence) *bench {
	b := &bench{plan: plan, redacted: ev.Redacted, hoards: hoards{map[string][]*trove{}, map[string]spotted{}}}
	b.collector = ev.Collector
	if before := ev.Snapshot(""); before != nil {
		b.beforehand = &view{step: &evidence.Step{}, snapshot: before}
	}
	own := map[string]int{}
	for i := range ev.Steps {
		step := &ev.Steps[i]
		v := &view{step: step, index: own[step.Device], place: i, snapshot: ev.Snapshot(step.Name)}
		if i < len(plan.Scenario.Journey) {
			v.planned, v.who = plan.Scenario.Journey[i], plan.Scenario.PersonAt(i)
		}
		own[step.Device]++
		b.all = append(b.all, v)
	}
	b.views = b.all
	numberDocuments(b.all)
	pixels := pixelRequests(plan.Pixel)
	for i := range ev.Requests {
		for _, part := range byStep(&ev.Requests[i]) {
			v := b.step(part.Step)
			if v == nil {
				continue
			}
			s := &sent{Request: part, reading: part.ReadBatch(plan.Pixel.Requests.Batch), pixel: pixels(part), preflight: part.Method == "OPTIONS"}
			if part.Purpose == unreachable {
				s = refused(part)
			}
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

// unreachable is the purpose of a connection that was refused: nothing has left
// the browser but the name of the host.
const unreachable = "unreachable"

// refused is a connection that was refused. It is no hit, and nothing of it is
// missing.
func refused(r *evidence.Request) *sent {
	whole := *r
	whole.Incomplete = ""
	s := &sent{Request: &whole, reading: whole.Read()}
	s.reading.Unread = ""
	return s
}

// before returns the latest snapshot before the step at that position. Where the
// steps between were not brought to rest, what they wrote belongs to it.
func (b *bench) before(index int) *view {
	var hasty []*view
	for i := index - 1; i >= 0; i-- {
		v := b.views[i]
		if v.snapshot != nil {
			return v.with(hasty)
		}
		if v.planned.Ends == scenario.EndsAtOnce {
			hasty = append([]*view{v}, hasty...)
		}
	}
	if len(hasty) == index && index > 0 { // the jar was empty when the journey began
		return hasty[0].with(hasty)
	}
	return nil
}

// with returns the view with a snapshot to which the cookies are added that later
// steps wrote.
func (v *view) with(later []*view) *view {
	if len(later) == 0 {
		return v
	}
	sum, jar := *v, evidence.Snapshot{}
	if v.snapshot != nil {
		jar = *v.snapshot
	}
	jar.Cookies = slices.Clone(jar.Cookies)
	for _, l := range later {
		for _, w := range l.writes {
			if w.Deletes() {
				continue
			}
			c := evidence.Cookie{Name: w.Name, Value: w.Value, Domain: "." + strings.TrimPrefix(w.Domain, "."), Path: w.Path}
			if frame, err := url.Parse(w.Frame); w.Domain == "" && err == nil {
				c.Domain = frame.Hostname()
			}
			if c.Path == "" {
				c.Path = "/"
			}
			jar.Cookies = append(jar.Cookies, c)
		}
	}
	sum.snapshot, sum.step = &jar, later[len(later)-1].step
	return &sum
}

// choice returns the position of the latest step, this one included, in which
// the visitor made or changed his choice; without one, this step's.
func (b *bench) choice(v *view) int {
	if c := b.chosen(v); c != nil {
		return c.index
	}
	return v.index
}

// chosen returns the step of the visitor's latest choice, this one included, or nil.
func (b *bench) chosen(v *view) *view {
	for i := v.index; i >= 0; i-- {
		if b.views[i].planned.Chooses() {
			return b.views[i]
		}
	}
	return nil
}

// past returns the steps of the same browser in which the visitor may have been known
// by what he is no longer known by: those before the step, or, where he has signed
// out since, those before the latest sign-out, which makes him another visitor.
func (b *bench) past(v *view) []*view {
	for i := v.index; i >= 0; i-- {
		if b.views[i].planned.Do == scenario.ActionSignOut {
			return b.views[:i]
		}
	}
	return b.views[:v.index]
}

// awake tells whether the pixel was seen to send since the page was opened that
// the step ended on.
func (b *bench) awake(v *view) bool {
	return slices.ContainsFunc(b.views[:v.index+1], func(earlier *view) bool {
		return len(earlier.hits) > 0 && earlier.document == v.document
	})
}

// opened returns the name of the page that the step ended on, or "".
func (b *bench) opened(v *view) string {
	for i := v.index; i >= 0; i-- {
		if b.views[i].planned.Open != "" && b.views[i].document == v.document {
			return b.views[i].planned.Open
		}
	}
	return ""
}

// numberDocuments walks the history of every tab.
func numberDocuments(views []*view) {
	type tab struct {
		history []int
		at      int
	}
	tabs := map[[2]string]*tab{}
	last := 0
	for _, v := range views {
		if v.planned.Day > 0 { // the browser was closed
			for key := range tabs {
				if key[0] == v.step.Device {
					delete(tabs, key)
				}
			}
		}
		key := [2]string{v.step.Device, v.step.Tab}
		t := tabs[key]
		if t == nil {
			t = &tab{at: -1}
			tabs[key] = t
		}
		fresh := func() int { last++; return last }
		switch direction := map[string]int{scenario.GoBack: -1, scenario.GoForward: 1}[v.planned.Go]; {
		case v.planned.Open != "":
			t.history = append(t.history[:t.at+1], fresh())
			t.at++
		case direction != 0 && t.at+direction >= 0 && t.at+direction < len(t.history):
			t.at += direction
			if !v.step.Restored {
				t.history[t.at] = fresh()
			}
		}
		if t.at >= 0 {
			v.document = t.history[t.at]
		}
	}
}
