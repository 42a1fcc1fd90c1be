package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// identifier looks for what tells the visitor from others, whatever it is called.
type identifier struct {
	*bench
	view *view
}

// unlinked: nothing that the browser keeps at the end of the step, or sends during
// it, is also there in another step of the same visitor, is in no step of another
// person, and tells enough to know somebody by. What all visitors have in common,
// such as the size of the screen, drops out by the other person; what changes with
// each request, by the other step.
func (i identifier) unlinked(with, unlike string) finding {
	w, u := i.step(with), i.step(unlike)
	for _, name := range []string{with, unlike} {
		v := i.step(name)
		if v == nil {
			return inconclusive("the journey did not reach the step %s", name)
		}
		if reason := i.derailed(v); reason != "" {
			return inconclusive("%s", reason)
		}
	}
	if w.step.Device != i.view.step.Device || u.step.Device == i.view.step.Device {
		return *broken("the step %s must be another of the same visitor, and %s one of another person", with, unlike)
	}
	l := i.likeness(w, u)
	found := l.links()
	reason := i.incomparable(w, u)
	if len(found) == 0 {
		if reason == "" {
			reason = i.unproven(w, u)
		}
		observed := fmt.Sprintf("nothing that the step %s has as well and the other person has not", with)
		if reason != "" {
			return inconclusive("%s", reason).seen("%s", observed)
		}
		return finding{outcome: verdict.Pass, observed: fmt.Sprintf("%s, among %d things kept or sent", observed, len(l.here.data))}
	}
	first := found[0]
	f := finding{outcome: verdict.Fail, observed: l.told(found), storage: l.excerpt(first)}
	if reason == "" && !slices.ContainsFunc(found, func(k link) bool { return !i.onlyHere(k, u) }) {
		reason = fmt.Sprintf("the other person never asked for %s a second time, so what belongs to the copy in the cache cannot be told from what belongs to the visitor", first.revalidates)
	}
	if reason != "" {
		f.outcome, f.reason = verdict.Inconclusive, reason
	}
	return f
}

// onlyHere tells whether the link is what goes with a copy in the cache of which the
// other person was never asked.
func (i identifier) onlyHere(k link, u *view) bool {
	if k.revalidates == "" {
		return false
	}
	for _, v := range i.person(u.step.Device) {
		for _, s := range v.sent {
			address, _, _ := strings.Cut(s.URL, "?")
			if address == k.revalidates && slices.ContainsFunc(conditionalHeaders, func(name string) bool { return s.HeaderValue(name) != "" }) {
				return false
			}
		}
	}
	return true
}

func (i identifier) likeness(w, u *view) *likeness {
	l := &likeness{at: i.view, with: w, others: i.person(u.step.Device)}
	l.here = portray(i.data(i.view, false), nil)
	l.there = portray(i.data(w, true), nil)
	var theirs []datum
	other := i.of(u)
	for _, v := range l.others {
		theirs = append(theirs, other.data(v, true)...)
	}
	l.other = portray(theirs, vocabulary(i.plan))
	for _, s := range i.view.sent {
		l.sentAt = append(l.sentAt, i.withoutOldCookies(i.view, s))
	}
	l.sentWith = w.sent
	return l
}

// incomparable says why a difference between the two persons need not be one of
// persons, or a likeness of the two steps not one of visits; "" when it must be.
func (i identifier) incomparable(w, u *view) string {
	v, other := i.view, i.of(u)
	switch {
	case v.document == w.document && v.document != 0:
		return fmt.Sprintf("the page of the step %s was still open, and what a page knows of itself may stay as long", w.step.Name)
	case !u.step.Fenced:
		return fmt.Sprintf("the step %s was not seen to come to rest, so the other person may have it as well", u.step.Name)
	case u.snapshot == nil:
		return fmt.Sprintf("what the other person's browser kept at the end of the step %s was not recorded", u.step.Name)
	case !other.awake(u):
		return fmt.Sprintf("the pixel sent nothing of the other person in the step %s", u.step.Name)
	}
	for _, mine := range []*view{v, w} {
		page := i.opened(mine)
		if page != "" && !slices.ContainsFunc(other.views, func(o *view) bool { return other.opened(o) == page && other.awake(o) }) {
			return fmt.Sprintf("the other person was not on the page %s, so what differs may be the page's", page)
		}
	}
	if mine := i.chose(v); mine == i.chose(w) && !slices.ContainsFunc(other.views, func(o *view) bool { return other.chose(o) == mine && other.awake(o) }) {
		return fmt.Sprintf("the other person was never in the state of this visitor (%s), so what differs may be the state's", chosen(mine))
	}
	day := v.step.Clock.Format("2006-01-02")
	if !v.step.Clock.IsZero() && day == w.step.Clock.Format("2006-01-02") &&
		!slices.ContainsFunc(other.views, func(o *view) bool { return o.step.Clock.Format("2006-01-02") == day }) {
		return "the two steps are of one day, on which the other person was not there, so what differs may be the day's"
	}
	return ""
}

func chosen(do string) string {
	if do == "" {
		return "no choice made"
	}
	return "after " + do
}

// unproven says why something that links the steps may have been missed.
func (i identifier) unproven(w, u *view) string {
	for _, v := range []*view{i.view, w} {
		switch {
		case !v.step.Fenced:
			return fmt.Sprintf("the step %s was not seen to come to rest, so more may have followed", v.step.Name)
		case v.snapshot == nil:
			return fmt.Sprintf("what the browser kept at the end of the step %s was not recorded", v.step.Name)
		case len(v.hits) == 0:
			return fmt.Sprintf("the pixel sent nothing in the step %s", v.step.Name)
		}
		for _, s := range v.sent {
			if doubt := s.doubt(); doubt != "" {
				return fmt.Sprintf("request %d is not known whole: %s", s.Seq, doubt)
			}
		}
	}
	return ""
}

// chose returns the visitor's latest choice up to the step, such as "opt-out".
func (b *bench) chose(v *view) string {
	if c := b.chosen(v); c != nil {
		return c.planned.Do
	}
	return ""
}

// told words what was found.
func (l *likeness) told(found []link) string {
	k := found[0]
	if len(k.slots) > 0 {
		const most = 6
		list := k.slots[:min(most, len(k.slots))]
		text := strings.Join(list, ", ")
		if more := len(k.slots) - most; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		return fmt.Sprintf("%s: together they tell the visitor from the other person (about %.0f bits), and stay as they were in the step %s", text, k.bits, l.with.step.Name)
	}
	text := fmt.Sprintf("%s (about %.0f bits), in the step %s in %s and in the step %s in %s", show(k.value), k.bits, l.with.step.Name, k.there.place, l.at.step.Name, k.here.place)
	if len(found) > 1 {
		text += fmt.Sprintf("; and %d more", len(found)-1)
	}
	return text
}

// excerpt shows both places.
func (l *likeness) excerpt(k link) *verdict.Excerpt {
	return linesExcerpt(
		shownLine{text: fmt.Sprintf("in the step %s, %s:", l.with.step.Name, k.there.place)}, shownLine{"  ", k.there.line, k.there.mark},
		shownLine{text: fmt.Sprintf("in the step %s, %s:", l.at.step.Name, k.here.place)}, shownLine{"  ", k.here.line, k.here.mark},
	)
}
