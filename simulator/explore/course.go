package explore

import (
	"slices"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// fiveYears is how long a choice lasts that nothing is said of.
const fiveYears = 5 * 365 * 24 * time.Hour

// act does what the step says.
func (m *model) act(s scenario.Step, p *person, tab *page, now *Moment) {
	switch {
	case s.Open != "":
		if len(tab.waiting) > 0 { // a choice that its page took along
			p.lose()
		}
		tab.open(s.Open)
		tab.loaded, tab.waiting = !p.held, nil
		now.Loads = tab.loaded
	case s.Go != "":
		if len(tab.waiting) > 0 {
			p.lose()
		}
		tab.at++
		if s.Go == scenario.GoBack {
			tab.at -= 2
		}
		// Loads stays false: the page may come out of the back/forward cache.
		tab.loaded, tab.waiting = true, nil
	case s.Do == scenario.ActionAct:
		now.Acts = tab.loaded
		tab.click()
	case s.Do != "" && tab.loaded:
		tab.click()
		m.choose(p, s.Do)
		now.Took = true
	case s.Do != "":
		tab.click()
		tab.waiting = append(tab.waiting, s.Do)
	case s.Tab != "":
		tab.hidden = s.Tab != scenario.TabShown
		tab.frozen = s.Tab == scenario.TabFrozen
	}
	if s.Script == scenario.ScriptDelivered {
		p.held = false
		for _, tab := range p.tabs {
			if tab.at == 0 || tab.loaded {
				continue
			}
			tab.loaded = true
			now.Loads = true
			for _, choice := range tab.waiting {
				m.choose(p, choice)
				now.Took = true
			}
			tab.waiting = nil
		}
	}
}

// open puts a page into the history. One that is there already only takes its
// place anew.
func (t *page) open(name string) {
	if t.at > 0 && t.history[t.at-1] == name {
		t.history = t.history[:t.at]
		return
	}
	t.history = append(slices.Clone(t.history[:t.at]), name)
	t.at++
}

// click notes that a link was clicked, which may have led elsewhere on the page:
// then there is nothing to go forward to any more.
func (t *page) click() { t.history = t.history[:t.at] }

// lose notes that nobody knows what became of a choice.
func (p *person) lose() {
	if p.switched == Anonymous || p.switched == Identifiable {
		p.switched = Unknown
	}
}

// choose carries a choice out.
func (m *model) choose(p *person, action string) {
	if !m.enabled() {
		return // nobody can be switched
	}
	p.chosen = true
	switch action {
	case scenario.ActionOptOut, scenario.ActionOptIn:
		lasts := fiveYears
		if a := m.config.Anonymity; a.Minutes > 0 {
			lasts = time.Duration(a.Minutes) * time.Minute
		}
		p.switched, p.cause = Anonymous, Chosen
		p.since, p.until = m.now, m.now+lasts
	default:
		if p.switched != Identifiable {
			p.cause = TakenBack
		}
		p.switched = Identifiable
	}
}

// end brings the step to its end, and remembers what later steps build on.
func (m *model) end(s scenario.Step, p *person, tab *page, now *Moment) {
	atOnce := s.Ends == scenario.EndsAtOnce
	now.Well = p.collector == scenario.CollectorWell
	now.Settled = !atOnce && !p.offline && !p.held && !tab.frozen
	now.Heard = !p.offline && p.collector != scenario.CollectorUnreachable
	now.Fresh = p.fresh && p.sentID
	now.Wiped = p.wiped
	now.First = now.Mode != p.last
	now.Between = p.between
	if now.Sends() {
		m.remember(p, now)
	}
	if sent := now.Loads || s.Action() != "" && !now.Took; sent && now.Mode != Anonymous {
		p.fresh, p.wiped = false, false // from here on there may be a new ID
	}
	asleep := slices.ContainsFunc(p.all(), func(t *page) bool { return t.hidden || t.frozen || t.at > 0 && !t.loaded })
	if !now.Settled || !now.Well || asleep {
		p.pending = true
	} else {
		p.pending = false
	}
	// A page's first request is awaited even so, and a slow answer keeps the others
	// back; what is collected waits as well. Any other request may come late.
	awaited := p.collector == scenario.CollectorSlow && s.Open != "" || m.config.Delivery != ""
	p.hurried = atOnce && !awaited
}

func (p *person) all() []*page {
	var list []*page
	for _, t := range p.tabs {
		list = append(list, t)
	}
	return list
}

// remember notes what a step that can be judged has sent.
func (m *model) remember(p *person, now *Moment) {
	switch now.Mode {
	case Identifiable:
		if now.Before != Identifiable {
			break // the hit may have been made on either side of the choice
		}
		if now.Loads {
			now.Returned = now.StoredID && p.idVisit < p.visit
			p.sentID, p.storedID, p.storedSession = true, true, true
			p.idVisit = p.visit
			p.between = false
			p.sentAt = m.now
		}
	case Anonymous:
		if now.Before == Anonymous {
			p.storedID, p.storedSession = false, false
			p.fresh = p.sentID
			p.between = p.between || now.Step.Open != "" && p.sentID
		}
	default:
		p.fresh, p.between, p.storedID, p.storedSession = false, false, false, false
	}
	p.last = now.Mode
}
