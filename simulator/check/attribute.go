package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// trait judges what a profile says of somebody.
type trait struct {
	profile
	role string
}

// lookAtAttribute judges an expectation of an attribute.
func (b *bench) lookAtAttribute(e *scenario.Expectation, v *view) finding {
	by := scenario.ProfileCustomer
	if e.Attribute == scenario.AttributesSystem || e.Attribute == scenario.AttributesCustom {
		by = scenario.ProfileVisitor
	}
	p, stop := b.profile(by, v)
	if stop != nil {
		return *stop
	}
	a := trait{p, e.Attribute}
	list, unknown := a.asked()
	if unknown != nil {
		return *unknown
	}
	var worst *finding
	for _, held := range list {
		f := inconclusive("there is no %s that could have it", a.whose())
		if held.Found {
			f = a.judge(held, e.Is)
		}
		if worst == nil || f.outcome > worst.outcome {
			worst = &f
		}
	}
	return *worst
}

func (a trait) judge(held *evidence.Profile, is string) finding {
	switch a.role {
	case scenario.AttributesSystem:
		return a.several(held, held.SystemAttributes, nil, is)
	case scenario.AttributesCustom:
		return a.several(held, held.CustomAttributes, a.plan.Person(a.view.who).Scenario.Config.Attributes, is)
	}
	name := a.plan.Pixel.Profile.Attributes[a.role]
	if name == "" {
		return *broken("the pixel %s names no attribute for %s\nhint: name it under profile, attributes in its pixel.yaml", a.plan.Pixel.Name, a.role)
	}
	value := held.CustomerAttributes[name]
	switch is {
	case scenario.StatePresent:
		if value == "" {
			return a.failing(held, name, "it has no %s", name)
		}
		return a.pass(held, "%s", show(value))
	case scenario.StateGiven:
		return a.equal(held, name, a.plan.Person(a.view.who).Scenario.Config.Customer[a.role])
	case scenario.StateNewest:
		return a.newest(held, name)
	}
	return *broken("no check for an attribute that is %q", is)
}

// equal: the attribute has the value.
func (a trait) equal(held *evidence.Profile, name, want string) finding {
	value := held.CustomerAttributes[name]
	switch {
	case want == "":
		return *broken("the scenario %s gives no value for %s", a.plan.Scenario.ID, a.role)
	case a.redacted:
		return inconclusive("the evidence is redacted, so the value cannot be compared with what the site gave")
	case value == want:
		return a.pass(held, "%s", show(value))
	case value == "":
		return a.failing(held, name, "it has no %s", name)
	}
	return a.failing(held, name, "%s, and not %s", show(value), show(want))
}

// failing fails on a value of the profile, if what should have brought the right one
// is known to have been taken.
func (a trait) failing(held *evidence.Profile, mark, observed string, args ...any) finding {
	steps := a.identifying(a.view.who)
	if a.by == scenario.ProfileCustomer && len(steps) > 0 && !a.took(steps[len(steps)-1]) {
		return inconclusive("what the site told in the step %s is not known to have been taken", steps[len(steps)-1].step.Name).seen(observed, args...)
	}
	f := a.fail(held, mark, observed, args...)
	f.state = true
	return f
}

// took tells that the backend took an identification of the step.
func (a trait) took(v *view) bool {
	return slices.ContainsFunc(a.sent.during(a.own(v, a.view)), func(e *event) bool { return e.customer != "" && e.fate == stored })
}

// newest: the attribute has the value that the site gave last, though the backend
// took another one as well.
func (a trait) newest(held *evidence.Profile, name string) finding {
	want := a.plan.GivenLast(a.role, a.view.place)
	f := a.equal(held, name, want)
	if f.outcome != verdict.Pass {
		if older := a.given(held.CustomerAttributes[name], want); older != nil && f.outcome == verdict.Fail {
			f.observed += fmt.Sprintf("; that was given in the step %s, before", older.step.Name)
		}
		return f
	}
	for _, v := range a.identifying(a.view.who) {
		if value := a.plan.GivenLast(a.role, v.place); value != "" && value != want && a.took(v) {
			f.observed += fmt.Sprintf("; in the step %s it was %s", v.step.Name, show(value))
			return f
		}
	}
	return inconclusive("no other value is known to have been taken that could have stood in its way").seen("%s", f.observed)
}

// given returns the step in which the site gave the value, which is not the last.
func (a trait) given(value, last string) *view {
	if value == "" || value == last {
		return nil
	}
	for _, v := range a.identifying(a.view.who) {
		if a.plan.GivenLast(a.role, v.place) == value {
			return v
		}
	}
	return nil
}

// several judges attributes that have no roles: there must be some, with a value;
// and, where the site gave them, all of those with their values.
func (a trait) several(held *evidence.Profile, got, given map[string]string, is string) finding {
	taken := slices.ContainsFunc(a.sent.during(a.own(a.view, a.view)), func(e *event) bool { return e.visitor == held.ID && e.fate == stored })
	fail := func(observed string, args ...any) finding {
		if !taken {
			return inconclusive("no hit of the step %s is known to have been taken", a.view.step.Name).seen(observed, args...)
		}
		f := a.fail(held, "", observed, args...)
		f.state = true
		return f
	}
	filled := slices.DeleteFunc(slices.Sorted(maps.Keys(got)), func(name string) bool { return got[name] == "" })
	switch is {
	case scenario.StatePresent:
		if len(filled) == 0 {
			return fail("the visitor %s has none", short(held.ID))
		}
		return a.pass(held, "%s of the visitor %s", list(filled), short(held.ID))
	case scenario.StateGiven:
		switch {
		case len(given) == 0:
			return *broken("the scenario %s gives no attributes", a.plan.Scenario.ID)
		case a.redacted:
			return inconclusive("the evidence is redacted, so the values cannot be compared with what the site gave")
		}
		for _, name := range slices.Sorted(maps.Keys(given)) {
			if got[name] != given[name] {
				return fail("%s of the visitor %s is %s, and not %s", name, short(held.ID), show(got[name]), show(given[name]))
			}
		}
		return a.pass(held, "%s of the visitor %s", list(slices.Sorted(maps.Keys(given))), short(held.ID))
	}
	return *broken("no check for attributes that are %q", is)
}
