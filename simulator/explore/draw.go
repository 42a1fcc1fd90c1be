package explore

import (
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// draw draws one walk. What it draws depends on nothing but its source of
// randomness and the pixel's description.
type draw struct {
	*rand.Rand
	pixel   *scenario.Pixel
	model   *model
	journey []scenario.Step
}

// one draws one of the list.
func one[T any](d *draw, list ...T) T { return list[d.IntN(len(list))] }

// chance is true in so many of a hundred cases.
func (d *draw) chance(percent int) bool { return d.IntN(100) < percent }

// some draws a part of the list, each with the chance, in order.
func some[T any](d *draw, percent int, list []T) []T {
	part := []T{}
	for _, e := range list {
		if d.chance(percent) {
			part = append(part, e)
		}
	}
	return part
}

func (d *draw) has(feature string) bool { return slices.Contains(d.pixel.Features, feature) }

func (d *draw) can(action string) bool {
	_, ok := d.pixel.Actions[action]
	return ok && (action != scenario.ActionAct || d.has(scenario.FeatureReportedActions))
}

// values are what a site may know of a visitor: long enough to be searched for,
// and none a part of another.
var values = map[string][]string{
	scenario.RoleCustomerID: {"user5684798169", "K-2041/77 ü", "ada.known@customers.test"},
	scenario.RoleEmail:      {"Grace.Hopper@navy.test", "linus+shop@kernel.test"},
	scenario.RolePhone:      {"+49 30 901820", "0043-1-5331234"},
	scenario.RoleFirstName:  {"Wilhelmina", "Jean-Baptiste"},
	scenario.RoleLastName:   {"Featherstonehaugh", "O'Shaughnessy & Söhne"},
	"category-5":            {"User cat 5", "gold, since=2019"},
	"category-7":            {"User cat 7", "newsletter 100%"},
}

// config draws a site's set-up.
func (d *draw) config() scenario.Config {
	yes, no := true, false
	var c scenario.Config
	if d.has(scenario.FeatureSwitchableAnonymity) {
		a := &scenario.Anonymity{}
		switch n := d.IntN(20); {
		case n < 17:
			a.Enabled = &yes
		case n < 18:
			a.Enabled = &no
		}
		optIn := d.can(scenario.ActionOptIn) && d.can(scenario.ActionWithdraw)
		switch n := d.IntN(20); {
		case n < 7 && optIn && a.Enabled == &yes:
			a.ByDefault = &yes
		case n < 13:
			a.ByDefault = &no
		}
		if d.chance(30) && d.pixel.Cookies[scenario.RoleChoice].Setting != "" {
			a.Cookie = one(d, "shopChoice", "optout_2")
		}
		if d.chance(40) {
			a.Minutes = one(d, 30, 1440, 43200)
		}
		if *a != (scenario.Anonymity{}) {
			c.Anonymity = a
		}
	}
	d.customer(&c)
	if d.has(scenario.FeatureReportedActions) && d.chance(30) {
		c.Actions = &scenario.Reported{}
		if d.chance(80) {
			c.Actions.Queued = []string{"first", "second", "third"}[:2+d.IntN(2)]
		}
		if c.Actions.Queued == nil || d.chance(50) {
			c.Actions.Clicked = "clicked"
		}
	}
	if d.has(scenario.FeatureBatching) && d.chance(25) {
		c.Delivery = scenario.DeliveryBatched
	}
	return c
}

// customer draws what the site knows, and what of it is suppressed.
func (d *draw) customer(c *scenario.Config) {
	var roles []string
	for _, role := range slices.Sorted(maps.Keys(values)) {
		if _, ok := d.pixel.Parameters[role]; ok {
			roles = append(roles, role)
		}
	}
	if known := some(d, 55, roles); len(known) > 0 && d.chance(85) {
		c.Customer = map[string]string{}
		for _, role := range known {
			c.Customer[role] = one(d, values[role]...)
		}
	}
	if !d.has(scenario.FeatureSuppressedParameters) {
		return
	}
	switch n := d.IntN(20); {
	case n < 3:
	case n < 5:
		c.Suppress = []string{}
	case n < 12: // all that is known
		c.Suppress = slices.Sorted(maps.Keys(c.Customer))
	default:
		c.Suppress = some(d, 60, roles)
	}
}

// add adds the step if somebody can do that now.
func (d *draw) add(s scenario.Step) {
	s.Name = "next"
	if s.Do != "" && !d.can(s.Do) {
		return
	}
	if _, err := d.model.clone().step(s); err != nil {
		return
	}
	_, _ = d.model.step(s)
	d.journey = append(d.journey, s)
	name(d.journey)
}

// clone copies the model, so that a step can be tried.
func (m *model) clone() *model {
	c := &model{config: m.config, now: m.now, device: m.device, persons: map[string]*person{}, tabs: maps.Clone(m.tabs)}
	for name, p := range m.persons {
		q := *p
		q.tabs = map[string]*page{}
		for tab, t := range p.tabs {
			u := *t
			u.waiting, u.history = slices.Clone(t.waiting), slices.Clone(t.history)
			q.tabs[tab] = &u
		}
		c.persons[name] = &q
	}
	return c
}
