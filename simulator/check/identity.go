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

// untraced: nothing that the visitor was known by before the step (or before the
// latest sign-out, which makes him another visitor), and nothing
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
		if reason := i.unsearched(i.view, s, values); reason != "" {
			return inconclusive("%s", reason)
		}
	}
	if i.blindToGiven(i.view, i.roles(), values) {
		return inconclusive("the evidence is redacted, so what the site gave cannot be looked for")
	}
	was := i.known()
	switch {
	case was == "":
		return inconclusive("the pixel was seen to send none of it, so its absence proves nothing").seen("no trace")
	case !i.awake(i.view) && !i.works(i.view):
		return inconclusive("the pixel sent nothing since the page of the step %s was opened", i.view.step.Name).seen("no trace")
	}
	return finding{outcome: verdict.Pass, observed: fmt.Sprintf("no trace in the requests of the step (%d); %s", len(sent), was)}
}

// roles lists what is looked for.
func (i identity) roles() []string {
	if i.role != scenario.IdentityAny {
		return []string{i.role}
	}
	roles := []string{scenario.RoleVisitorID, scenario.RoleDeviceKey}
	if i.plan.Scenario.CustomerID() != "" && i.plan.Scenario.Config.Customer[scenario.RoleCustomerID] == "" {
		roles = append(roles, scenario.RoleCustomerID)
	}
	given := slices.Sorted(maps.Keys(i.plan.Scenario.Config.Customer))
	if i.view.who == scenario.PersonSecond { // what both have in common is his own as well
		given = slices.DeleteFunc(given, func(role string) bool { return slices.Contains(i.plan.Scenario.Config.Shares, role) })
	}
	return append(roles, given...)
}

// values returns what the visitor was known by before the step, each once. What the
// site gave is the same in every step; where it was redacted, only the pixel's
// requests show what stands for it.
func (i identity) values() []known {
	var values []known
	for _, role := range i.roles() {
		views := i.past(i.view)
		if i.redacted && i.plan.Scenario.Config.Customer[role] != "" {
			views = i.views
		}
		for _, k := range i.knownValues(role, views) {
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

// counts tells which traces in a request count: not those that the site lets the
// pixel send; and, where hits that were made before and after the choice came
// together, those in what was made at the time that is asked for. What stands
// outside every hit, as in a header, counts as made with the request: later.
func (i identity) counts(s *sent) func(evidence.Trace) bool {
	mixed := false
	if i.among != "" {
		earlier, later := i.groups(i.view, s)
		mixed = earlier && later
	}
	hits := s.hits()
	return func(t evidence.Trace) bool {
		if i.permitted(s, t) {
			return false
		}
		if !mixed {
			return true
		}
		for _, h := range hits {
			if slices.ContainsFunc(h.parameters, func(p evidence.Placed) bool { return within(t.Span, p.Span) }) {
				return i.belongs(i.view, h, i.among)
			}
		}
		return i.among == scenario.AmongMadeLater
	}
}

// permitted tells that the trace is what the site lets the pixel send of an
// anonymous visitor: a value that it gave for a role which it does not list among
// the suppressed, in the parameter of such a role and nothing else.
func (i identity) permitted(s *sent, t evidence.Trace) bool {
	if !s.pixel || !i.mayLeave(t.Needle.Value) {
		return false
	}
	own := false
	for _, p := range s.reading.Parameters {
		if !within(t.Span, p.Span) {
			continue
		}
		if !slices.ContainsFunc(i.unsuppressed(), func(role string) bool { return i.plan.ParameterName(role).Name == p.Name }) {
			return false
		}
		own = true
	}
	return own
}

// mayLeave tells that the value is one that the site gave for a role which it does
// not suppress, or what the pixel makes of it for that role.
func (i identity) mayLeave(value string) bool {
	if slices.ContainsFunc(i.knownValues(scenario.RoleVisitorID, i.views), func(k known) bool { return k.value == value }) {
		return false
	}
	return slices.ContainsFunc(i.unsuppressed(), func(role string) bool {
		return slices.ContainsFunc(i.knownValues(role, i.views), func(k known) bool { return k.value == value })
	})
}

// unsuppressed lists the roles that the site gives and lets an anonymous visitor's
// requests carry, of a pixel that can suppress them.
func (i identity) unsuppressed() []string {
	if !slices.Contains(i.plan.Pixel.Features, scenario.FeatureSuppressedParameters) {
		return nil
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(i.plan.Scenario.Config.Customer)), func(role string) bool {
		return slices.Contains(i.plan.Scenario.Config.Suppress, role) || i.plan.ParameterName(role).Name == ""
	})
}

func within(a, b evidence.Span) bool {
	return a.Text == b.Text && a.From < b.To && b.From < a.To
}

// known says what shows that there was something to find: an earlier step in which
// the pixel was seen to send who the visitor is; another one in which it was seen
// to send what the site gives; or that the site gives it on the page that the pixel
// runs on, which takes it by that role. It is empty when nothing does.
func (i identity) known() string {
	for _, v := range i.past(i.view) {
		if slices.ContainsFunc(i.roles(), func(role string) bool { return i.sends(v, role) }) {
			return "it was there in the step " + v.step.Name
		}
	}
	given := slices.DeleteFunc(i.roles(), func(role string) bool { return i.plan.Scenario.Config.Customer[role] == "" })
	for _, v := range i.views[i.view.index+1:] {
		if slices.ContainsFunc(given, func(role string) bool { return i.sends(v, role) }) {
			return "it was there in the step " + v.step.Name
		}
	}
	if slices.ContainsFunc(given, func(role string) bool { return i.plan.ParameterName(role).Name != "" }) {
		return "the site gave it to the pixel"
	}
	return ""
}

func (i identity) sends(v *view, role string) bool {
	name := i.plan.ParameterName(role)
	return name.Name != "" && (parameter{bench: i.bench, name: name}).seenIn(v)
}
