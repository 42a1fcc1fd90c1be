package explore

import (
	"maps"
	"slices"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// wander adds so many steps, the first of which opens a page.
func (d *draw) wander(steps int) {
	first := scenario.Step{Open: d.page()}
	if d.chance(25) {
		d.worsen(&first)
	}
	d.add(first)
	for tries := 0; len(d.journey) < steps && tries < 20*steps; tries++ {
		if d.chance(20) {
			for _, s := range d.trouble() {
				d.add(s)
			}
			continue
		}
		d.add(d.next())
	}
}

// trouble draws a choice at a moment that pixels get wrong, which single steps would
// seldom make.
func (d *draw) trouble() []scenario.Step {
	choice := scenario.Step{Do: d.choice()}
	kind := d.IntN(7)
	if d.model.config.Delivery != "" && d.chance(50) {
		kind = 1
	}
	switch kind {
	case 0: // while a hit is under way, or waits to be sent again
		s := scenario.Step{Open: d.page(), Ends: scenario.EndsAtOnce}
		s.Collector = one(d, scenario.CollectorSlow, scenario.CollectorFailing, scenario.CollectorResetting, scenario.CollectorUnreachable)
		if d.chance(50) {
			choice.Collector = scenario.CollectorWell
		}
		return []scenario.Step{s, choice}
	case 1: // while hits are collected
		return []scenario.Step{{Do: scenario.ActionAct, Ends: scenario.EndsAtOnce}, choice, {Do: scenario.ActionAct}}
	case 2: // before the pixel has loaded
		if d.chance(50) {
			choice.Script = scenario.ScriptDelivered
			return []scenario.Step{{Open: d.page(), Script: scenario.ScriptHeld}, choice}
		}
		return []scenario.Step{{Open: d.page(), Script: scenario.ScriptHeld}, choice, {Script: scenario.ScriptDelivered}}
	case 3: // without a network
		return []scenario.Step{{Do: scenario.ActionAct, Network: scenario.NetworkOffline}, choice, {Network: scenario.NetworkOnline}}
	case 4: // in another tab, while this one is in sight
		return []scenario.Step{{Open: d.page(), In: scenario.TabSecond}, choice, {In: scenario.TabFirst, Do: scenario.ActionAct}}
	case 5: // in another tab, while this one is hidden or frozen
		steps := []scenario.Step{{Tab: scenario.TabHidden}, {Tab: scenario.TabFrozen}, {Open: d.page(), In: scenario.TabSecond}, choice,
			{In: scenario.TabFirst, Tab: scenario.TabResumed}, {Tab: scenario.TabShown}, {Do: scenario.ActionAct}}
		if d.chance(50) {
			steps[4] = scenario.Step{In: scenario.TabFirst, Tab: scenario.TabShown}
			return slices.Delete(slices.Delete(steps, 5, 6), 1, 2)
		}
		return steps
	}
	// between a page and its return out of the history
	last := one(d, scenario.Step{Do: scenario.ActionAct}, scenario.Step{Go: scenario.GoForward})
	return []scenario.Step{{Open: d.page()}, {Open: d.page()}, choice, {Go: scenario.GoBack}, last}
}

func (d *draw) page() string {
	pages := slices.Sorted(maps.Keys(d.pixel.Pages))
	return one(d, slices.DeleteFunc(pages, func(page string) bool {
		return slices.Contains(documents[d.pixel.Document].avoid, page)
	})...)
}

// here returns the person and the tab that the next step is about.
func (d *draw) here() (*person, *page) {
	p := d.model.person(d.model.device)
	tab := p.tabs[d.model.tabs[d.model.device]]
	if tab == nil {
		tab = &page{}
	}
	return p, tab
}

// next draws a step that may fit where the walk is.
func (d *draw) next() scenario.Step {
	p, tab := d.here()
	switch {
	case tab.frozen:
		return scenario.Step{Tab: scenario.TabResumed}
	case tab.hidden && d.chance(70):
		return scenario.Step{Tab: one(d, scenario.TabShown, scenario.TabShown, scenario.TabFrozen)}
	case p.held && d.chance(50):
		return scenario.Step{Script: scenario.ScriptDelivered}
	case p.offline && d.chance(50):
		return scenario.Step{Network: scenario.NetworkOnline}
	}
	s := d.act()
	if tab.at < len(tab.history) && d.chance(25) {
		s = scenario.Step{Go: scenario.GoForward}
	}
	if d.chance(25) {
		d.worsen(&s)
	}
	return s
}

// act draws what the visitor does next.
func (d *draw) act() scenario.Step {
	p, _ := d.here()
	switch n := d.IntN(100); {
	case n < 30:
		return scenario.Step{Open: d.page()}
	case n < 52:
		return scenario.Step{Do: d.choice()}
	case n < 62:
		if d.can(scenario.ActionAct) {
			return scenario.Step{Do: scenario.ActionAct}
		}
		return scenario.Step{Open: d.page()}
	case n < 68:
		return scenario.Step{Go: one(d, scenario.GoBack, scenario.GoBack, scenario.GoForward)}
	case n < 72:
		return scenario.Step{Tab: scenario.TabHidden}
	case n < 81:
		return d.comeBack()
	case n < 85:
		s := scenario.Step{After: lifetime(one(d, "10m", "2h", "20h"))}
		if d.chance(50) {
			s.Open = d.page()
		}
		return s
	case n < 90:
		s := scenario.Step{Forget: d.stores()}
		if d.chance(70) {
			s.Open = d.page()
		}
		return s
	case n < 95:
		if d.model.tabs[d.model.device] == "" {
			return scenario.Step{In: scenario.TabSecond, Open: d.page()}
		}
		return scenario.Step{In: scenario.TabFirst, Open: d.page()}
	case n < 98 && p.collector != scenario.CollectorWell:
		return scenario.Step{Collector: scenario.CollectorWell}
	}
	return scenario.Step{Network: one(d, scenario.NetworkOffline, scenario.NetworkOnline)}
}

// comeBack lets the visitor come back on a later day.
func (d *draw) comeBack() scenario.Step {
	day := 1 + int(d.model.now/(24*time.Hour))
	s := scenario.Step{Day: day + one(d, 1, 1, 2, 7, 40), Open: d.page()}
	if d.model.tabs[d.model.device] != "" {
		s.In = scenario.TabFirst
	}
	return s
}

// choice draws one of the choices that the site's mode offers, mostly the one that
// changes something.
func (d *draw) choice() string {
	p, _ := d.here()
	set, unset := scenario.ActionOptOut, scenario.ActionOptBack
	if optIn(d.model.config) {
		set, unset = scenario.ActionOptIn, scenario.ActionWithdraw
	}
	if (p.switched == Anonymous) != d.chance(15) {
		return unset
	}
	return set
}

func (d *draw) stores() []string {
	if d.chance(40) {
		return []string{scenario.StoreCookies}
	}
	if d.chance(30) {
		return []string{scenario.StoreEverything}
	}
	var all []string
	for _, store := range scenario.Stores() {
		if store.Name != scenario.StoreEverything {
			all = append(all, store.Name)
		}
	}
	if part := some(d, 35, all); len(part) > 0 {
		return part
	}
	return []string{scenario.StoreCookies}
}

// worsen adds a condition to a step.
func (d *draw) worsen(s *scenario.Step) {
	p, _ := d.here()
	switch n := d.IntN(100); {
	case n < 40:
		if p.collector != scenario.CollectorWell {
			s.Collector = scenario.CollectorWell
			return
		}
		s.Collector = one(d, scenario.CollectorSlow, scenario.CollectorFailing, scenario.CollectorResetting, scenario.CollectorUnreachable)
		if s.Collector == scenario.CollectorSlow && d.chance(60) {
			s.Ends = scenario.EndsAtOnce
		}
	case n < 75:
		s.Ends = scenario.EndsAtOnce
	case n < 90 && s.Open != "":
		s.Script = scenario.ScriptHeld
	case s.Open != "":
		s.Forget = d.stores()
	}
}

// finish brings the walk to its end: the world is well again, and the visitor is
// seen in both modes, since what is missing means something only beside what is
// there.
func (d *draw) finish() {
	d.mend()
	if !d.model.enabled() {
		return
	}
	for _, mode := range []Mode{Identifiable, Anonymous} {
		if d.seen(mode) {
			continue
		}
		if now, _ := d.model.mode(d.model.person("")); now != mode {
			d.add(scenario.Step{Do: d.towards(mode)})
		}
		d.add(scenario.Step{Open: d.page()})
	}
	if d.chance(15) {
		d.stranger()
	} else if d.chance(60) && len(d.model.config.Customer) == 0 {
		d.newcomer()
	}
}

// towards returns the choice that leads to the mode.
func (d *draw) towards(mode Mode) string {
	switch {
	case optIn(d.model.config) && mode == Identifiable:
		return scenario.ActionOptIn
	case optIn(d.model.config):
		return scenario.ActionWithdraw
	case mode == Anonymous:
		return scenario.ActionOptOut
	}
	return scenario.ActionOptBack
}

// seen tells whether a page view in the mode can be judged by now.
func (d *draw) seen(mode Mode) bool {
	moments, err := Trace(d.model.config, d.journey)
	return err == nil && slices.ContainsFunc(moments, func(m Moment) bool {
		return m.Sends() && m.Loads && m.Before == mode && m.Mode == mode
	})
}

// mend makes the world well, step by step, and opens a page in it.
func (d *draw) mend() {
	p, tab := d.here()
	if tab.frozen {
		d.add(scenario.Step{Tab: scenario.TabResumed})
	}
	if tab.hidden {
		d.add(scenario.Step{Tab: scenario.TabShown})
	}
	if p.offline {
		d.add(scenario.Step{Network: scenario.NetworkOnline})
	}
	if p.held {
		d.add(scenario.Step{Script: scenario.ScriptDelivered})
	}
	if p.collector != scenario.CollectorWell {
		d.add(scenario.Step{Collector: scenario.CollectorWell})
	}
	if p.pending {
		d.add(scenario.Step{Open: d.page()})
	}
}

// stranger lets the visitor come back anonymously, and another person see the same
// page, so that it can be told what is known of him alone.
func (d *draw) stranger() {
	page := d.page()
	if now, _ := d.model.mode(d.model.person("")); now != Anonymous {
		d.add(scenario.Step{Do: d.towards(Anonymous)})
	}
	d.add(scenario.Step{Open: page})
	again := d.comeBack()
	again.Open = page
	d.add(again)
	d.add(scenario.Step{Device: scenario.DeviceSecond, Open: page})
	switch _, cause := d.model.mode(d.model.person("")); {
	case cause == TakenBack: // he had agreed before he withdrew, and so must the other
		d.add(scenario.Step{Do: scenario.ActionOptIn})
		d.add(scenario.Step{Open: page})
		d.add(scenario.Step{Do: scenario.ActionWithdraw})
	case !optIn(d.model.config):
		d.add(scenario.Step{Do: scenario.ActionOptOut})
	default:
		return
	}
	d.add(scenario.Step{Open: page})
}

// newcomer lets the visitor come back with an emptied jar, and another person see the
// same page, so that it can be told what was brought back.
func (d *draw) newcomer() {
	page := d.page()
	identified := func(first scenario.Step) {
		d.add(first)
		if now, _ := d.model.mode(d.model.person(d.model.device)); now != Identifiable {
			d.add(scenario.Step{Do: d.towards(Identifiable)})
			d.add(scenario.Step{Open: page})
		}
	}
	identified(scenario.Step{Open: page})
	again := d.comeBack()
	again.Open, again.Forget = page, d.stores()
	if !slices.Contains(again.Forget, scenario.StoreCookies) && !slices.Contains(again.Forget, scenario.StoreEverything) {
		again.Forget = append([]string{scenario.StoreCookies}, again.Forget...)
	}
	identified(again)
	identified(scenario.Step{Device: scenario.DeviceSecond, Open: page})
}

// lifetime reads a span that this package has written.
func lifetime(text string) scenario.Lifetime {
	l, err := scenario.ParseLifetime(text)
	if err != nil {
		panic(err)
	}
	return l
}
