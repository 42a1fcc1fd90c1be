package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// fate is what is known of an event at the end of a step: whether the collector
// has it.
type fate int

const (
	// maybe: it was sent, and the evidence cannot tell. The answer was an error or
	// did not come, the hit was not whole, or it had not arrived for certain. A
	// backend may hold such an event or not.
	maybe fate = iota
	// stored: the collector took it and said so. A backend must hold it.
	stored
	// rejected: the collector refused it with a reason. A backend must not hold it.
	rejected
)

// event is something that the pixel reported: one hit, or several that carry the
// same message ID, of which all but one are repetitions.
type event struct {
	// id is the message ID, or "".
	id string
	// visitor is the visitor ID that it was sent under, name what it is called, and
	// customer the customer whom it names, each "" where the hits do not say.
	visitor, name, customer string
	// step is that of its first hit.
	step *view
	hits []hit
	fate fate
	// refusal is the collector's reason.
	refusal string
	// taken is another event that has its message ID, so that only one of the two can
	// be kept.
	taken *event
	// content is all that it says but for its message ID.
	content string
}

// label names the event, such as "view 1a2b3c4d…".
func (e *event) label() string {
	name := e.name
	if name == "" {
		name = "event"
	}
	if e.id == "" {
		return fmt.Sprintf("%s of request %d", name, e.hits[0].Seq)
	}
	return name + " " + short(e.id)
}

// ledger is what was sent by the end of a step, by all browsers of the journey.
type ledger struct {
	events []*event
	byID   map[string]*event
	// named tells that the pixel names a parameter for the message ID; unnamed
	// says which hit carries none all the same.
	named   bool
	unnamed string
	// doubt says why an event may be missing from the list.
	doubt string
}

// sentBy lists the events that were sent by the end of the step, with what has
// become of them.
func (b *bench) sentBy(v *view) *ledger {
	l := &ledger{byID: map[string]*event{}, named: b.plan.ParameterName(scenario.RoleMessageID).Name != ""}
	for _, from := range b.all {
		for _, h := range from.hits {
			if reach, known := b.reached(h, from, v); known {
				l.add(b, h, from, reach)
			}
		}
		if from.place <= v.place && l.doubt == "" {
			l.doubt = doubtful(from.hits)
		}
	}
	return l
}

// add enters a hit.
func (l *ledger) add(b *bench, h hit, from *view, f fate) {
	e := &event{
		id: b.says(h, scenario.RoleMessageID), visitor: b.says(h, scenario.RoleVisitorID),
		name: b.says(h, scenario.RoleEventName), customer: b.says(h, scenario.RoleCustomerID),
		step: b.makingOf(h, from), hits: []hit{h}, fate: f, refusal: h.Refused,
	}
	named := b.plan.ParameterName(scenario.RoleEventName).Name != ""
	switch {
	case e.visitor == "" && h.doubt() == "":
		return // an event of nobody
	case e.id == "" && e.name == "" && l.named && named && h.doubt() == "":
		return // no event: the pixel asks its host for something else
	}
	if e.id == "" {
		if l.named && l.unnamed == "" {
			l.unnamed = fmt.Sprintf("request %d carries no message ID", h.Seq)
		}
		l.events = append(l.events, e)
		return
	}
	first := l.byID[e.id]
	if first == nil {
		e.content = content(h, b.plan.ParameterName(scenario.RoleMessageID).Name)
		l.byID[e.id] = e
		l.events = append(l.events, e)
		return
	}
	if first.visitor != e.visitor || first.name != e.name || first.customer != e.customer {
		e.taken = first
		l.events = append(l.events, e)
		return
	}
	first.hits = append(first.hits, h)
	switch {
	case f == stored || first.fate == stored:
		first.fate = stored
	case f != first.fate:
		first.fate = maybe
	}
}

// content is all that the hit says but for one parameter, the same whether JSON
// stands in a parameter or is the body.
func content(h hit, but string) string {
	var parts []string
	for _, p := range h.parameters {
		if p.Name != but && p.Value != "" && !strings.ContainsAny(p.Value[:1], "{[") {
			parts = append(parts, fmt.Sprintf("%q %q", p.Name, p.Value))
		}
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), "\n")
}

// echo tells that the two are one event: the second came in another request, and says
// all that the first does, the time of making too, under another message ID.
func (e *event) echo(of *event) bool {
	return e != of && e.id != of.id && e.content != "" && e.content == of.content && e.hits[0].Seq != of.hits[0].Seq
}

// says returns what the hit says under the role, or "".
func (b *bench) says(h hit, role string) string {
	name := b.plan.ParameterName(role).Name
	if name == "" {
		return ""
	}
	for _, value := range carries(h, name).values {
		if value != "" && !slices.Contains(nothings, value) {
			return value
		}
	}
	return ""
}

// reached tells what has become of a hit of the step from by the end of the step
// v. It is not known of at all when it was sent later.
func (b *bench) reached(h hit, from, v *view) (f fate, known bool) {
	switch {
	case from.place > v.place, h.Arrived > v.step.Ended:
		return maybe, false
	case h.doubt() != "", !b.answered(h, from, v), b.route(from, v) == scenario.CollectorLate:
		return maybe, true
	case h.Refused != "" && h.reading.Hits > 1:
		return maybe, true // one of the batch was
	case h.Refused != "":
		return rejected, true
	case h.Status >= 200 && h.Status < 400:
		return stored, true
	}
	return maybe, true
}

// answered tells that the collector had dealt with the hit by the end of the step
// v: its own browser was seen to come to rest after it, by then. Another browser's
// page goes on by itself meanwhile.
func (b *bench) answered(h hit, from, v *view) bool {
	return slices.ContainsFunc(b.all[:v.place+1], func(w *view) bool {
		return w.place >= from.place && w.step.Device == from.step.Device && w.step.Fenced &&
			w.step.Ended >= h.Arrived && h.Arrived <= v.read()
	})
}

// read returns when the collector was asked for its profiles at the step's end,
// since the journey began.
func (v *view) read() time.Duration {
	if v.snapshot != nil && v.snapshot.ProfilesRead > 0 {
		return v.snapshot.ProfilesRead
	}
	return v.step.Ended
}

// route returns how hits of the step from got to the collector by the end of the
// step v, in the words of the vocabulary: a late one's have come once a later step
// of the same browser has said otherwise.
func (b *bench) route(from, v *view) string {
	mode := ""
	for _, w := range b.all[:v.place+1] {
		if w.step.Device != from.step.Device || w.planned.Collector == "" {
			continue
		}
		if w.place > from.place {
			if mode == scenario.CollectorLate && w.planned.Collector != scenario.CollectorLate {
				return scenario.CollectorWell
			}
			continue
		}
		mode = w.planned.Collector
	}
	return mode
}

// own returns the hits that the pixel made in the step, by its own account, and that
// had come by the end of the step until: a hit may wait, and come with a later step.
// What does not say when it was made was made when it came.
func (b *bench) own(v, until *view) []hit {
	var own []hit
	for _, came := range b.all[:until.place+1] {
		if came.step.Device != v.step.Device {
			continue
		}
		for _, h := range came.hits {
			if h.Arrived <= until.read() && b.makingOf(h, came) == v {
				own = append(own, h)
			}
		}
	}
	return own
}

// makingOf returns the step in which a hit was made that came in the step.
func (b *bench) makingOf(h hit, came *view) *view {
	at, ok := b.made(h)
	if !ok {
		return came
	}
	for i := came.place; i >= 0; i-- {
		v := b.all[i]
		if v.step.Device != came.step.Device {
			continue
		}
		if v.step.Clock.IsZero() {
			return came
		}
		if at.Add(b.unit()).After(v.step.Clock) {
			return v
		}
	}
	return came
}

// visitorIDs returns the visitor IDs that the step's own hits carry, each once, in
// order, as far as they had come by the end of the step until.
func (b *bench) visitorIDs(v, until *view) []string {
	var ids []string
	for _, h := range b.own(v, until) {
		if id := b.says(h, scenario.RoleVisitorID); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// during returns the events that the hits report.
func (l *ledger) during(hits []hit) []*event {
	return slices.DeleteFunc(slices.Clone(l.events), func(e *event) bool {
		return !slices.ContainsFunc(e.hits, func(h hit) bool {
			return slices.ContainsFunc(hits, func(o hit) bool { return o.Seq == h.Seq && o.number == h.number })
		})
	})
}

// profileOf returns what the collector said of a profile at the end of the step, or
// nil when it was not asked.
func profileOf(v *view, fits func(*evidence.Profile) bool) *evidence.Profile {
	if v == nil || v.snapshot == nil {
		return nil
	}
	for i := range v.snapshot.Profiles {
		if p := &v.snapshot.Profiles[i]; fits(p) {
			return p
		}
	}
	return nil
}

// visitorProfile is that of a visitor ID.
func visitorProfile(v *view, id string) *evidence.Profile {
	return profileOf(v, func(p *evidence.Profile) bool { return p.By == scenario.ProfileVisitor && p.ID == id })
}
