package scenario

import (
	"maps"
	"strings"
)

// Person returns the plan as it is for the person at a device ("" is the first).
// Another person is set up as the first one, but the site knows him by other
// values, of the same length and kind: what is made of them tells the two apart.
func (p *Plan) Person(device string) *Plan {
	if device == "" || len(p.Scenario.Config.Customer) == 0 {
		return p
	}
	sc, plan := *p.Scenario, *p
	sc.Config.Customer = maps.Clone(sc.Config.Customer)
	for role, value := range sc.Config.Customer {
		sc.Config.Customer[role] = strings.Map(another, value)
	}
	plan.Scenario = &sc
	return &plan
}

// another turns a letter or a digit into the next one.
func another(r rune) rune {
	switch {
	case r == 'z' || r == 'Z':
		return r - 25
	case r == '9':
		return '0'
	case r >= 'a' && r < 'z', r >= 'A' && r < 'Z', r >= '0' && r < '9':
		return r + 1
	}
	return r
}
