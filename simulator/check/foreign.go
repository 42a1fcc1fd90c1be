package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// shortestTelling is the length from which on a value of a person is taken to be his
// wherever it stands: what is shorter may stand there by chance.
const shortestTelling = 6

// tellingRoles are those whose values belong to one person alone.
var tellingRoles = []string{scenario.RoleEmail, scenario.RolePhone, scenario.RoleName}

// pure adds to a finding that the profile holds what the site told of somebody else:
// events and user IDs may be right, and the attributes of strangers mixed.
func (p profile) pure(held *evidence.Profile, f finding) finding {
	if f.outcome == verdict.Fail {
		return f
	}
	if foreign := p.foreign(held); foreign != nil {
		return *foreign
	}
	return f
}

// foreign finds an attribute that holds what the site told of a person whose profile
// it is not: of any person, in that of a visitor who is nobody's. What the pixel itself
// said there is not the backend's doing.
func (p profile) foreign(held *evidence.Profile) *finding {
	if p.redacted || !held.Found {
		return nil
	}
	persons := p.plan.Scenario.Persons()
	own, whom := func(string) []string { return nil }, "a customer, and the visitor is nobody's"
	if owner, known := p.owner(held, persons); known {
		whom = "another customer"
		persons = slices.DeleteFunc(slices.Clone(persons), func(person string) bool { return person == owner })
		own = func(role string) []string { return p.told(owner, role) }
	} else if held.CustomerID != "" || held.Marked {
		return nil
	}
	for _, person := range persons {
		for _, role := range slices.Sorted(maps.Keys(p.plan.Person(person).Scenario.Config.Customer)) {
			for _, value := range p.told(person, role) {
				if value == "" || slices.Contains(own(role), value) {
					continue
				}
				name, got := p.holds(held, role, value)
				if name == "" || p.said(held, value) {
					continue
				}
				f := p.fail(held, name, "%s of %s is %s: the site told that of %s", name, named(held), show(got), whom)
				return &f
			}
		}
	}
	return nil
}

// owner is the person whose the profile is, as far as it says so.
func (p profile) owner(held *evidence.Profile, persons []string) (person string, known bool) {
	if held.By == scenario.ProfileCustomer {
		return held.Person, true
	}
	for _, person := range persons {
		if id := p.plan.Person(person).CustomerID(); id != "" && id == held.CustomerID {
			return person, true
		}
	}
	return "", false
}

// told lists what the site knows of the person under the role, with all changes.
func (p profile) told(person, role string) []string {
	config := p.plan.Person(person).Scenario.Config
	values := []string{config.Customer[role]}
	for _, change := range config.Changes {
		values = append(values, change[role])
	}
	return slices.DeleteFunc(values, func(value string) bool { return value == "" })
}

// holds names an attribute of the profile that holds the value: the role's own, or
// any one at all where the value is telling.
func (p profile) holds(held *evidence.Profile, role, value string) (name, got string) {
	if held.By == scenario.ProfileCustomer {
		if name := p.plan.Pixel.Profile.Attributes[role]; name != "" && held.CustomerAttributes[name] == value {
			return name, value
		}
	}
	if !telling(role, value) {
		return "", ""
	}
	for _, values := range []map[string]string{held.CustomerAttributes, held.SystemAttributes, held.CustomAttributes} {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if holdsText(values[name], value) {
				return name, values[name]
			}
		}
	}
	return "", ""
}

// said tells that the pixel said the value of that profile's own: in an event that
// names its customer, or that came under one of its user IDs and names no other.
func (p profile) said(held *evidence.Profile, value string) bool {
	return slices.ContainsFunc(p.sent.events, func(e *event) bool {
		owns := slices.Contains(userIDs(held), e.visitor) && !p.disputed(e, held)
		if held.By == scenario.ProfileVisitor && held.CustomerID == "" {
			owns = e.visitor == held.ID
		}
		return owns && e.fate != rejected && slices.ContainsFunc(e.hits, func(h hit) bool {
			return slices.ContainsFunc(h.parameters, func(q evidence.Placed) bool {
				return q.Value == value || len(value) >= shortestTelling && holdsText(q.Value, value)
			})
		})
	})
}

func telling(role, value string) bool {
	return slices.Contains(tellingRoles, role) && len(value) >= shortestTelling
}

func holdsText(text, value string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(value))
}

// recognised tells that the profile speaks of visitors and events by the IDs that the
// pixel sends: by others nobody could be found in it.
func (p profile) recognised(held *evidence.Profile) bool {
	ids := userIDs(held)
	of := func(e *event) bool { return slices.Contains(ids, e.visitor) }
	if !slices.ContainsFunc(p.sent.events, of) {
		return false
	}
	return slices.ContainsFunc(held.Events, func(h evidence.ProfileEvent) bool {
		if p.byCount(held) {
			return slices.ContainsFunc(p.sent.events, func(e *event) bool { return of(e) && e.visitor == h.VisitorID })
		}
		e := p.sent.byID[h.ID]
		return e != nil && of(e)
	})
}
