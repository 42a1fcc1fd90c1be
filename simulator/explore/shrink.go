package explore

import (
	"maps"
	"slices"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// Shrink makes a walk shorter and plainer for as long as still says that it shows
// the same: first fewer steps, then fewer conditions, then less of a set-up. What
// nobody could walk is not tried. It ends when nothing more can be left out, or
// when still returns an error, which is what a spent budget is; the plainest walk
// so far is returned either way.
func Shrink(walk *Walk, still func(*Walk) (bool, error)) (*Walk, error) {
	s := &shrinking{best: walk, still: still, tried: map[string]bool{key(walk): true}}
	for {
		before := s.best
		s.steps()
		s.conditions()
		s.settings()
		if s.err != nil || s.best == before {
			return s.best, s.err
		}
	}
}

// shrinking is one attempt to shrink.
type shrinking struct {
	best  *Walk
	still func(*Walk) (bool, error)
	tried map[string]bool
	err   error
}

// key tells walks apart that are not the same.
func key(w *Walk) string {
	return string(scenario.Format(&scenario.Scenario{Config: w.Config, Journey: w.Journey}))
}

// try takes the smaller walk if it still shows the same.
func (s *shrinking) try(w *Walk) bool {
	if s.err != nil || len(w.Journey) == 0 {
		return false
	}
	w.Journey = tidy(w.Journey)
	name(w.Journey)
	k := key(w)
	if s.tried[k] || len(w.Journey) == 0 || !walkable(w.Config, w.Journey) {
		return false
	}
	s.tried[k] = true
	var same bool
	if same, s.err = s.still(w); !same || s.err != nil {
		return false
	}
	s.best = w
	return true
}

// walkable tells whether the journey can be walked to its end.
func walkable(config scenario.Config, journey []scenario.Step) bool {
	_, err := Trace(config, journey)
	return err == nil
}

// with returns the best walk with another journey and the same set-up.
func (s *shrinking) with(journey []scenario.Step) *Walk {
	w := *s.best
	w.Journey = journey
	return &w
}

// steps leaves out runs of steps, long ones first, the last ones first: what
// follows a failure is needed least.
func (s *shrinking) steps() {
	for size := len(s.best.Journey) / 2; size > 0; size /= 2 {
		for from := len(s.best.Journey) - size; from >= 0 && s.err == nil; {
			journey := slices.Clone(s.best.Journey)
			removed := slices.Clone(journey[from : from+size])
			journey = slices.Delete(journey, from, from+size)
			carry(removed, journey, from)
			s.try(s.with(journey))
			from = min(from-size, len(s.best.Journey)-size)
		}
	}
}

// carry hands what lasts of the steps that are left out on to the next one: its
// device and its tab are still meant.
func carry(removed, journey []scenario.Step, at int) {
	if at >= len(journey) {
		return
	}
	next := &journey[at]
	for _, s := range slices.Backward(removed) {
		if next.Device != "" {
			return
		}
		if next.In == "" {
			next.In = s.In
		}
		next.Device = s.Device
	}
}

// tidy takes out what changes nothing: conditions that hold already, and steps in
// which nothing happens.
func tidy(journey []scenario.Step) []scenario.Step {
	type world struct{ collector, network, script string }
	worlds, tabs, device := map[string]*world{}, map[string]string{}, scenario.DeviceFirst
	var kept []scenario.Step
	for _, s := range journey {
		if s.Device == device {
			s.Device = ""
		} else if s.Device != "" {
			device = s.Device
			tabs[device] = scenario.TabFirst
		}
		if worlds[device] == nil {
			worlds[device] = &world{scenario.CollectorWell, scenario.NetworkOnline, scenario.ScriptDelivered}
			tabs[device] = scenario.TabFirst
		}
		w := worlds[device]
		tab := tabs[device]
		drop(&s.Collector, &w.collector)
		drop(&s.Network, &w.network)
		drop(&s.Script, &w.script)
		drop(&s.In, &tab)
		tabs[device] = tab
		if s.Action() == "" && len(s.Conditions()) == 0 {
			continue
		}
		kept = append(kept, s)
	}
	return kept
}

// drop empties a word that holds already, or notes what holds from now on.
func drop(word, holds *string) {
	switch *word {
	case "":
	case *holds:
		*word = ""
	default:
		*holds = *word
	}
}

// simpler lists what can be left out of a step, plain things last.
var simpler = []func(*scenario.Step) bool{
	func(s *scenario.Step) bool { return clear(&s.Ends) },
	func(s *scenario.Step) bool { return clear(&s.Collector) },
	func(s *scenario.Step) bool { return clear(&s.Network) },
	func(s *scenario.Step) bool { return clear(&s.Script) },
	func(s *scenario.Step) bool {
		had := s.Forget != nil
		s.Forget = nil
		return had
	},
	func(s *scenario.Step) bool {
		had := s.After.Text != ""
		s.After = scenario.Lifetime{}
		return had
	},
	func(s *scenario.Step) bool {
		had := s.Day != 0
		s.Day = 0
		return had
	},
	func(s *scenario.Step) bool { return clear(&s.In) },
	func(s *scenario.Step) bool { return clear(&s.Device) },
}

// clear empties a word and tells whether there was one.
func clear(word *string) bool {
	had := *word != ""
	*word = ""
	return had
}

// conditions leaves single conditions out; of a list of stores, one after another.
func (s *shrinking) conditions() {
	for _, simplify := range simpler {
		for i := len(s.best.Journey) - 1; i >= 0; i-- {
			journey := slices.Clone(s.best.Journey)
			if simplify(&journey[i]) {
				s.try(s.with(journey))
			}
		}
	}
	for i := range s.best.Journey {
		for at := len(s.best.Journey[i].Forget) - 1; at >= 0; at-- {
			if len(s.best.Journey[i].Forget) < 2 {
				break
			}
			journey := slices.Clone(s.best.Journey)
			journey[i].Forget = slices.Delete(slices.Clone(journey[i].Forget), at, at+1)
			s.try(s.with(journey))
		}
	}
}

// settings leaves out what the walk does not need of the site's set-up.
func (s *shrinking) settings() {
	change := func(edit func(*scenario.Config)) {
		w := *s.best
		w.Config = copied(w.Config)
		w.Journey = slices.Clone(w.Journey)
		edit(&w.Config)
		s.try(&w)
	}
	change(func(c *scenario.Config) { c.Actions = nil })
	change(func(c *scenario.Config) { c.Delivery = "" })
	change(func(c *scenario.Config) { c.Literal = nil })
	change(func(c *scenario.Config) { c.Customer = nil; c.Suppress = nil })
	change(func(c *scenario.Config) { c.Suppress = nil })
	for _, role := range slices.Sorted(maps.Keys(s.best.Config.Customer)) {
		change(func(c *scenario.Config) {
			delete(c.Customer, role)
			c.Suppress = without(c.Suppress, role)
			if len(c.Customer) == 0 {
				c.Customer = nil
			}
		})
	}
	for _, role := range slices.Clone(s.best.Config.Suppress) {
		change(func(c *scenario.Config) { c.Suppress = without(c.Suppress, role) })
	}
	change(func(c *scenario.Config) { c.Anonymity = nil })
	for _, simplify := range []func(*scenario.Anonymity){
		func(a *scenario.Anonymity) { a.Cookie = "" },
		func(a *scenario.Anonymity) { a.Minutes = 0 },
		func(a *scenario.Anonymity) { a.ByDefault = nil },
		func(a *scenario.Anonymity) { a.Enabled = nil },
	} {
		change(func(c *scenario.Config) {
			if c.Anonymity != nil {
				simplify(c.Anonymity)
			}
		})
	}
}

func without(list []string, word string) []string {
	return slices.DeleteFunc(list, func(e string) bool { return e == word })
}

// copied copies a set-up, so that it can be changed.
func copied(c scenario.Config) scenario.Config {
	if c.Anonymity != nil {
		a := *c.Anonymity
		c.Anonymity = &a
	}
	if c.Actions != nil {
		a := *c.Actions
		c.Actions = &a
	}
	c.Suppress = slices.Clone(c.Suppress)
	c.Customer, c.Literal = maps.Clone(c.Customer), maps.Clone(c.Literal)
	return c
}
