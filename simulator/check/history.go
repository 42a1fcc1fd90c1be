package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// complete: the profile holds every event that any browser of the journey sent so
// far under its user IDs and that the backend took, each once, and no other; and
// its sessions are those of its user IDs.
func (p profile) complete(held *evidence.Profile) finding {
	if len(userIDs(held)) == 0 {
		return p.fail(held, "no user ID", "%s has no user ID", named(held))
	}
	if p.byCount(held) {
		return p.counted(held)
	}
	if f := p.superfluous(held); f != nil {
		return *f
	}
	if f := p.lacking(held, p.under(held)); f != nil {
		return *f
	}
	return p.consistent(held)
}

// consistent judges a profile that holds the right events: its sessions, and that
// each of its user IDs is its own alone.
func (p profile) consistent(held *evidence.Profile) finding {
	if f := p.sessions(held); f != nil {
		return *f
	}
	if f := p.shared(held); f != nil {
		return *f
	}
	if f := p.divided(held, held.UserIDs); f != nil {
		return *f
	}
	return p.whole(held)
}

// shared finds a user ID of a customer that belongs to another one as well.
func (p profile) shared(held *evidence.Profile) *finding {
	if held.By != scenario.ProfileCustomer {
		return nil
	}
	for _, id := range held.UserIDs {
		if other := p.holder(id, held); other != nil {
			f := p.fail(held, short(id), "the visitor %s is a user ID of two: of %s and of %s", short(id), named(held), named(other))
			return &f
		}
	}
	return nil
}

// holder returns a customer's profile that lists the visitor ID and is not that one,
// as the backend said at the end of the step; or nil.
func (p profile) holder(id string, but *evidence.Profile) *evidence.Profile {
	return profileOf(p.view, func(held *evidence.Profile) bool {
		return held.By == scenario.ProfileCustomer && held.Found && held.ID != but.ID && slices.Contains(held.UserIDs, id)
	})
}

// whole passes what nothing was found to be wrong with, if enough is known of it.
func (p profile) whole(held *evidence.Profile) finding {
	observed := fmt.Sprintf("%s of %s, each once", plural(len(held.Events), "event"), plural(len(userIDs(held)), "user ID"))
	switch {
	case p.sent.doubt != "":
		return inconclusive("%s", p.sent.doubt).seen("%s", observed)
	case p.sent.unnamed != "" && !p.byCount(held):
		return inconclusive("%s, so it cannot be looked for", p.sent.unnamed).seen("%s", observed)
	case !slices.ContainsFunc(p.under(held), func(e *event) bool { return e.fate == stored }):
		return inconclusive("no event of its user IDs is known to have been taken").seen("%s", plural(len(held.Events), "event"))
	}
	return p.pass(held, "%s", observed)
}

// userIDs returns the visitor IDs whose events belong to the profile.
func userIDs(held *evidence.Profile) []string {
	if held.By == scenario.ProfileVisitor && !slices.Contains(held.UserIDs, held.ID) {
		return append(slices.Clone(held.UserIDs), held.ID)
	}
	return held.UserIDs
}

// under returns the events that were sent under the profile's user IDs. What claims
// one of them for another customer belongs to nobody for certain.
func (p profile) under(held *evidence.Profile) []*event {
	return slices.DeleteFunc(slices.Clone(p.sent.events), func(e *event) bool {
		return !slices.Contains(userIDs(held), e.visitor) || p.disputed(e, held)
	})
}

// disputed tells that the event names another customer than the profile's.
func (p profile) disputed(e *event, held *evidence.Profile) bool {
	of := held.CustomerID
	if of == "" && held.By == scenario.ProfileCustomer {
		of = held.ID
	}
	return e.customer != "" && e.customer != of
}

// byCount tells that events can only be counted: the pixel gives them no message
// ID, or the backend does not tell it.
func (p profile) byCount(held *evidence.Profile) bool {
	return len(p.sent.byID) == 0 ||
		len(held.Events) > 0 && !slices.ContainsFunc(held.Events, func(e evidence.ProfileEvent) bool { return e.ID != "" })
}

// superfluous finds an event that the profile holds twice, or should not hold.
func (p profile) superfluous(held *evidence.Profile) *finding {
	seen := map[string]bool{}
	for _, e := range held.Events {
		if e.ID != "" && seen[e.ID] {
			f := p.fail(held, line(e), "%s is in it twice", labelOf(e))
			return &f
		}
		seen[e.ID] = true
	}
	for i, e := range held.Events {
		if f := p.strange(held, e); f != nil {
			return f
		}
		for _, other := range held.Events[:i] {
			if a, b := p.sent.byID[other.ID], p.sent.byID[e.ID]; a != nil && b != nil && b.echo(a) {
				f := p.fail(held, line(e), "%s is in it again as %s: the pixel sent it again under another message ID", labelOf(other), labelOf(e))
				return &f
			}
		}
	}
	return nil
}

// strange judges one event of the profile against what was sent.
func (p profile) strange(held *evidence.Profile, e evidence.ProfileEvent) *finding {
	sent := p.sent.byID[e.ID]
	var f finding
	switch {
	case sent == nil && (p.sent.doubt != "" || p.sent.unnamed != ""):
		return nil // it may be one that is not known
	case sent == nil:
		f = p.fail(held, line(e), "%s is in it, which no browser sent by then", labelOf(e))
	case sent.fate == rejected:
		f = p.fail(held, line(e), "%s is in it, which was refused: %s", sent.label(), sent.refusal)
	case !slices.Contains(userIDs(held), sent.visitor):
		f = p.fail(held, line(e), "%s is in it, which the visitor %s sent, who is not among its user IDs", sent.label(), inStep(sent.visitor, p.view, sent.step))
	case e.VisitorID != "" && !slices.Contains(userIDs(held), e.VisitorID):
		f = p.fail(held, line(e), "%s is in it under the visitor %s, who is not among its user IDs", sent.label(), short(e.VisitorID))
	case e.Name != "" && sent.name != "" && e.Name != sent.name:
		f = p.fail(held, line(e), "%s is in it as %s", sent.label(), show(e.Name))
	default:
		return nil
	}
	return &f
}

// lacking finds one of the events that was taken, and that the profile lacks.
func (p profile) lacking(held *evidence.Profile, events []*event) *finding {
	for _, e := range events {
		if e.taken != nil && e.fate == stored && times(held, e.id) > 0 {
			f := p.fail(held, short(e.id), "%s of the step %s cannot be kept: it has the message ID of another event, %s", e.label(), e.step.step.Name, e.taken.name)
			return &f
		}
		if e.fate == stored && e.taken == nil && e.id != "" {
			if how := p.altered(held, e); how != "" {
				f := p.fail(held, short(e.id), "%s of the step %s %s", e.label(), e.step.step.Name, how)
				return &f
			}
		}
		if e.id == "" || e.fate != stored || slices.ContainsFunc(held.Events, func(h evidence.ProfileEvent) bool { return h.ID == e.id }) {
			continue
		}
		f := p.fail(held, eventCount(held), "%s is missing, which the visitor %s sent: %s", e.label(), inStep(e.visitor, p.view, e.step), p.kept(e, held))
		f.state = true
		return &f
	}
	return nil
}

// counted is complete where events have no message ID: of each name under each user
// ID there must be as many as were sent.
func (p profile) counted(held *evidence.Profile) finding {
	type bounds struct{ least, most int }
	want, got := map[string]bounds{}, map[string]int{}
	key := func(visitor, name string) string { return visitor + " " + name }
	for _, e := range p.sent.events {
		if !slices.Contains(userIDs(held), e.visitor) {
			continue
		}
		b := want[key(e.visitor, e.name)]
		if e.fate == stored && !p.disputed(e, held) {
			b.least++
		}
		if e.fate != rejected {
			b.most++
		}
		want[key(e.visitor, e.name)] = b
	}
	for _, e := range held.Events {
		got[key(e.VisitorID, e.Name)]++
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		visitor, name, _ := strings.Cut(k, " ")
		if got[k] < want[k].least {
			f := p.fail(held, eventCount(held), "%d of %d events %s that the visitor %s sent", got[k], want[k].least, show(name), short(visitor))
			f.state = true
			return f
		}
	}
	if p.sent.doubt == "" {
		for _, k := range slices.Sorted(maps.Keys(got)) {
			visitor, name, _ := strings.Cut(k, " ")
			if got[k] > want[k].most {
				return p.fail(held, eventCount(held), "%d events %s of the visitor %s, who sent %d", got[k], show(name), short(visitor), want[k].most)
			}
		}
	}
	return p.consistent(held)
}

// joined: the profile holds the visitor IDs of the step, each of its events once,
// and what was known of those visitors.
func (p profile) joined(held *evidence.Profile, with *view) finding {
	ids := p.visitorIDs(with, p.view)
	if len(ids) == 0 {
		return inconclusive("the pixel sent no visitor ID in the step %s", with.step.Name)
	}
	events := slices.DeleteFunc(p.sent.during(p.own(with, p.view)), func(e *event) bool { return p.disputed(e, held) })
	for _, id := range ids {
		if slices.Contains(userIDs(held), id) {
			continue
		}
		if slices.ContainsFunc(events, func(e *event) bool { return e.visitor == id && e.fate == stored }) {
			f := p.fail(held, idLine(held), "the visitor %s was not merged into %s: %s", inStep(id, p.view, with), named(held), p.whereabouts(id, held))
			f.state = true
			return f
		}
		return inconclusive("no hit of the visitor %s is known to have been taken", inStep(id, p.view, with))
	}
	if !p.byCount(held) {
		if f := p.lacking(held, events); f != nil {
			return *f
		}
		for _, e := range events {
			if n := times(held, e.id); n > 1 {
				return p.fail(held, e.id, "%s of the step %s is in it %d times", e.label(), with.step.Name, n)
			}
		}
	}
	taken := slices.DeleteFunc(slices.Clone(events), func(e *event) bool { return e.fate != stored })
	if len(taken) == 0 {
		return inconclusive("no event of the step %s is known to have been taken", with.step.Name)
	}
	if f := p.divided(held, ids); f != nil {
		return *f
	}
	for _, id := range ids {
		if f := p.inherits(held, id); f != nil {
			return *f
		}
		if f := p.lost(held, id); f != nil {
			return *f
		}
	}
	if n := under(held, ids); p.byCount(held) && n < len(taken) {
		return p.fail(held, "", "%s of %s, where the step %s alone had %d", plural(n, "event"), theVisitors(ids), with.step.Name, len(taken))
	}
	if reason := doubtful(p.own(with, p.view)); reason != "" {
		return inconclusive("%s", reason)
	}
	return p.pass(held, "%s of the step %s %s among its user IDs, with %s of the step", theVisitors(ids), with.step.Name, isOrAre(ids), plural(len(taken), "event"))
}

func times(held *evidence.Profile, id string) int {
	n := 0
	for _, e := range held.Events {
		if e.ID == id && id != "" {
			n++
		}
	}
	return n
}

// under counts the profile's events that came under one of the visitor IDs.
func under(held *evidence.Profile, ids []string) int {
	n := 0
	for _, e := range held.Events {
		if slices.Contains(ids, e.VisitorID) {
			n++
		}
	}
	return n
}

// inherits finds something that the backend knows of a user ID, and that the
// customer to whom it belongs lacks.
func (p profile) inherits(held *evidence.Profile, id string) *finding {
	of := visitorProfile(p.view, id)
	if of == nil || !of.Found || held.By == scenario.ProfileVisitor {
		return nil
	}
	values := p.plan.Pixel.Profile.Values
	for _, kind := range []struct {
		name, path string
		of, held   map[string]string
	}{
		{"system", values.SystemAttributes, of.SystemAttributes, held.SystemAttributes},
		{"custom", values.CustomAttributes, of.CustomAttributes, held.CustomAttributes},
	} {
		for _, name := range slices.Sorted(maps.Keys(kind.of)) {
			if _, there := kind.held[name]; !there && kind.path != "" {
				f := p.fail(held, "", "the %s attribute %s of the visitor %s is not among those of %s", kind.name, show(name), short(id), named(held))
				return &f
			}
		}
	}
	if values.Sessions != "" && held.Sessions < of.Sessions {
		f := p.fail(held, plural(held.Sessions, "session"), "%s, where the visitor %s alone has %d", plural(held.Sessions, "session"), short(id), of.Sessions)
		return &f
	}
	return nil
}

// apart: the profile holds no visitor ID and no event of the step, though the
// backend has both the profile and them.
func (p profile) apart(held *evidence.Profile, with *view) finding {
	ids, events := p.visitorIDs(with, p.view), p.sent.during(p.own(with, p.view))
	if len(ids) == 0 {
		return inconclusive("the pixel sent no visitor ID in the step %s", with.step.Name)
	}
	for _, id := range ids {
		if slices.Contains(userIDs(held), id) {
			return p.fail(held, short(id), "the visitor %s was merged into %s: he is among its user IDs%s", inStep(id, p.view, with), named(held), p.contradiction(id, held))
		}
	}
	for _, e := range events {
		if times(held, e.id) > 0 {
			return p.fail(held, short(e.id), "%s is in it, which the visitor %s sent", e.label(), inStep(e.visitor, p.view, with))
		}
	}
	for _, e := range held.Events {
		if slices.Contains(ids, e.VisitorID) {
			return p.fail(held, line(e), "%s is in it under the visitor %s", labelOf(e), inStep(e.VisitorID, p.view, with))
		}
	}
	for _, id := range ids {
		other := visitorProfile(p.view, id)
		switch {
		case other == nil || !other.Found:
			return inconclusive("the backend has no profile of the visitor %s that could have been merged", inStep(id, p.view, with))
		case other.CustomerID != "" && (other.CustomerID == held.ID || other.CustomerID == held.CustomerID):
			return p.fail(other, short(other.CustomerID), "the visitor %s was merged into the customer %s: it is what the backend says of him", inStep(id, p.view, with), short(other.CustomerID))
		}
	}
	switch doubt := doubtful(p.own(with, p.view)); {
	case doubt != "":
		return inconclusive("%s", doubt)
	case len(held.Events) == 0:
		return inconclusive("the profile holds no event at all")
	case !p.recognised(held):
		return inconclusive("the profile holds no user ID and event that a browser of the journey is known to have sent, so that it holds none of the step's proves nothing")
	}
	for _, id := range ids {
		if f := p.foreign(visitorProfile(p.view, id)); f != nil {
			return *f
		}
	}
	return p.pass(held, "nothing of %s of the step %s", theVisitors(ids), with.step.Name)
}
