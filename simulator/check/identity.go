package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// identity judges what the visitor is known by in everything that is sent.
type identity struct {
	*bench
	view        *view
	role, among string
}

// untraced: nothing that the visitor was known by before the step, and nothing
// that the site knows of him, stands in anything that left the browser, whatever
// it is wrapped in, as far as it was made at the time that is asked for. That
// nothing was sent at all passes too, where the pixel was seen to send on the
// page: what is promised is that it is not sent.
func (i identity) untraced() finding {
	values := i.values()
	if len(values) == 0 {
		return inconclusive("the visitor was known by nothing before the step, so there is nothing to look for")
	}
	sent := i.judged()
	for _, s := range sent {
		if f := i.traced(i.view, s, values, i.counts(s)); f != nil {
			return *f
		}
	}
	for _, s := range sent {
		if reason := i.unsearched(s, values); reason != "" {
			return inconclusive("%s", reason)
		}
	}
	for _, role := range i.roles() {
		if i.blindToGiven(role, values) {
			return inconclusive("the evidence is redacted, so what the site gave cannot be looked for")
		}
	}
	was := i.known()
	switch {
	case was == nil:
		return inconclusive("the pixel was seen to send none of it in any other step, so its absence proves nothing").seen("no trace")
	case !i.awake(i.view) && !i.works(i.view):
		return inconclusive("the pixel sent nothing since the page of the step %s was opened", i.view.step.Name).seen("no trace")
	}
	return finding{
		outcome:  verdict.Pass,
		observed: fmt.Sprintf("no trace in the requests of the step (%d); it was there in the step %s", len(sent), was.step.Name),
	}
}

// roles lists what is looked for.
func (i identity) roles() []string {
	if i.role != scenario.IdentityAny {
		return []string{i.role}
	}
	return append([]string{scenario.RoleVisitorID}, slices.Sorted(maps.Keys(i.plan.Scenario.Config.Customer))...)
}

// values returns what the visitor was known by before the step, each once.
func (i identity) values() []known {
	var values []known
	for _, role := range i.roles() {
		for _, k := range i.knownValues(role, i.views[:i.view.index]) {
			if !slices.ContainsFunc(values, func(other known) bool { return other.value == k.value }) {
				values = append(values, k)
			}
		}
	}
	return values
}

// judged returns the requests that may hold something that was made at the time
// that is asked for.
func (i identity) judged() []*sent {
	if i.among == "" {
		return i.view.sent
	}
	return slices.DeleteFunc(slices.Clone(i.view.sent), func(s *sent) bool {
		earlier, later := i.groups(i.view, s)
		return i.among == scenario.AmongMadeEarlier && !earlier || i.among == scenario.AmongMadeLater && !later
	})
}

// counts tells which places of a request belong to what was made at the time that
// is asked for, where hits that were made before and after the choice came
// together. What stands outside every hit, as in a header, counts as made with the
// request: later.
func (i identity) counts(s *sent) func(evidence.Span) bool {
	if earlier, later := i.groups(i.view, s); i.among == "" || !earlier || !later {
		return nil
	}
	hits := s.hits()
	return func(at evidence.Span) bool {
		for _, h := range hits {
			if slices.ContainsFunc(h.parameters, func(p evidence.Placed) bool { return within(at, p.Span) }) {
				return i.belongs(i.view, h, i.among)
			}
		}
		return i.among == scenario.AmongMadeLater
	}
}

func within(a, b evidence.Span) bool {
	return a.Text == b.Text && a.From < b.To && b.From < a.To
}

// known returns another step in which the pixel was seen to send who the visitor
// is, by one of the roles. It may be a later one: what the site gave was there to
// be sent all the time.
func (i identity) known() *view {
	for _, v := range i.views {
		for _, role := range i.roles() {
			name := i.plan.ParameterName(role)
			if v != i.view && name.Name != "" && (parameter{bench: i.bench, name: name}).seenIn(v) {
				return v
			}
		}
	}
	return nil
}

// works tells whether the pixel was seen to run on the page that the step ended
// on, though nothing of it arrived: it tried to reach its collector, or wrote a
// cookie of its own.
func (b *bench) works(v *view) bool {
	own := map[string]bool{}
	for role := range b.plan.Pixel.Cookies {
		own[b.plan.CookieName(role).Name] = true
	}
	for _, other := range b.views[:v.index+1] {
		if other.document != v.document {
			continue
		}
		if slices.ContainsFunc(other.sent, func(s *sent) bool { return s.Purpose == "unreachable" }) ||
			slices.ContainsFunc(other.writes, func(w *evidence.CookieWrite) bool { return own[w.Name] && !w.Deletes() }) {
			return true
		}
	}
	return false
}
