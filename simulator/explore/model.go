// Package explore takes random walks: journeys over what a visitor can do and how
// a site can be set up. A model says of each step what the visitor should be to
// the pixel, and so what may be sent and kept; from that each walk becomes an
// ordinary scenario, which is walked and judged like any other. A walk that fails
// is shrunk to the shortest one that still does.
package explore

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// Mode is what the visitor should be to the pixel.
type Mode int

// The modes.
const (
	// Unknown: the document leaves it open, or it cannot be told.
	Unknown Mode = iota
	Anonymous
	Identifiable
)

// String returns the mode in one word.
func (m Mode) String() string {
	return [...]string{"unknown", "anonymous", "identifiable"}[m]
}

// Cause says what the visitor's mode comes from.
type Cause string

// The causes.
const (
	ByDefault   Cause = "by-default"   // no choice was made yet
	FunctionOff Cause = "function-off" // the site lets nobody switch
	Chosen      Cause = "chosen"       // the switch is set
	TakenBack   Cause = "taken-back"   // it was set, and was taken back
	Expired     Cause = "expired"      // it was set, and its time is over
	Forgotten   Cause = "forgotten"    // it was set, and the visitor emptied the jar
)

const (
	// margin is how near to its end a choice may or may not be over: page time is
	// run forward at the end of steps, the jar's is not.
	margin = 15 * time.Minute
	// kept is how long a browser surely keeps a cookie: Chrome caps at 400 days.
	kept = 390 * 24 * time.Hour
	// remembered is how long a visitor ID surely lasts from one hit to the next.
	remembered = 150 * 24 * time.Hour
)

// Moment is what the model says of one step.
type Moment struct {
	Step        scenario.Step
	Device, Tab string
	// Before is the mode when the act begins, Mode the one at the step's end.
	Before, Mode Mode
	Cause        Cause
	// Chosen tells that the visitor has made a choice in this journey that took effect,
	// and Took that he makes one in this step.
	Chosen, Took bool
	// SwitchSet tells that the switch cookie was set before the act: a choice that
	// takes it back removes something.
	SwitchSet bool
	// Settled tells that the step is brought to rest, so that it can be judged.
	Settled bool
	// Calm tells that nothing of earlier steps can still be under way, Hurried that
	// requests of the step before may come before the act of this one.
	Calm, Hurried bool
	// Loads tells that a page is loaded and the pixel runs on it, Acts that the site
	// reports an action to a pixel that runs, and Heard that the collector takes
	// what the pixel sends.
	Loads, Acts, Heard bool
	// Well tells that the collector answers at once.
	Well bool
	// Identified tells that an earlier settled step of this person sent an
	// identifiable page view. StoredID and StoredSession tell that the cookies of one
	// are in the jar before the act, as far as the visitor has not emptied it.
	Identified, StoredID, StoredSession bool
	// Fresh tells that a visitor ID of an earlier step must not be seen again: the
	// visitor was anonymous, or emptied the jar, since it was sent.
	Fresh bool
	// Wiped tells that the jar was emptied since the latest page view.
	Wiped bool
	// First tells that the person sends in this mode for the first time since it
	// began; Between that an anonymous step was seen since the person was identified.
	First, Between bool
	// Visit numbers the visits of this person, from 1. Returned tells that the visitor
	// came back in the step, and can be known again.
	Visit    int
	Returned bool
}

// Sends tells that the step brings requests of the pixel that can be judged.
func (m *Moment) Sends() bool { return m.Settled && m.Heard && (m.Loads || m.Acts) }

// page is one tab's page and its history.
type page struct {
	history        []string // the pages that are surely in it
	at             int      // which of them is shown, from 1; 0 before any is
	loaded         bool     // the pixel runs on it
	hidden, frozen bool
	waiting        []string // choices that wait for the pixel's code
}

// person is one person's browser, as the model sees it.
type person struct {
	switched      Mode // Identifiable: the switch is not set; Anonymous: set; Unknown
	cause         Cause
	since, until  time.Duration // of the switch
	chosen        bool
	tabs          map[string]*page
	collector     string
	offline, held bool

	pending, hurried        bool
	sentID                  bool // an ID was ever sent in a settled step
	storedID, storedSession bool
	sentAt                  time.Duration
	fresh, wiped, between   bool
	last                    Mode // of the latest step that sent
	visit, idVisit          int  // idVisit is the one in which the ID was sent last
}

// model follows a journey step by step.
type model struct {
	config  scenario.Config
	now     time.Duration
	persons map[string]*person
	device  string
	tabs    map[string]string // the current tab by device
}

func newModel(config scenario.Config) *model {
	return &model{config: config, persons: map[string]*person{}, tabs: map[string]string{}}
}

func (m *model) enabled() bool {
	a := m.config.Anonymity
	return a != nil && a.Enabled != nil && *a.Enabled
}

// optIn tells that visitors are anonymous until they agree.
func optIn(c scenario.Config) bool {
	a := c.Anonymity
	return a != nil && a.ByDefault != nil && *a.ByDefault
}

func (m *model) person(name string) *person {
	if m.persons[name] == nil {
		m.persons[name] = &person{
			switched: Identifiable, cause: ByDefault, tabs: map[string]*page{},
			collector: scenario.CollectorWell, visit: 1,
		}
	}
	return m.persons[name]
}

// mode is what the person is now, and why.
func (m *model) mode(p *person) (Mode, Cause) {
	switch {
	case !m.enabled() && optIn(m.config):
		// Anonymous by default, with the function off: the document does not say
		// which of the two wins.
		return Unknown, FunctionOff
	case !m.enabled():
		return Identifiable, FunctionOff
	case p.switched == Unknown:
		return Unknown, p.cause
	case optIn(m.config) != (p.switched == Anonymous):
		return Anonymous, p.cause
	}
	return Identifiable, p.cause
}

// Trace follows a journey and says of each step what the model knows. A step that
// nobody can walk where it stands, such as a tab shown that was not hidden, is an
// error.
func Trace(config scenario.Config, journey []scenario.Step) ([]Moment, error) {
	if len(journey) == 0 || journey[0].Open == "" {
		return nil, errors.New("a journey begins with a page")
	}
	m := newModel(config)
	var moments []Moment
	for _, step := range journey {
		moment, err := m.step(step)
		if err != nil {
			return nil, fmt.Errorf("step %s: %w", step.Name, err)
		}
		moments = append(moments, moment)
	}
	return moments, nil
}

// step walks one step.
func (m *model) step(s scenario.Step) (Moment, error) {
	m.place(s)
	p := m.person(m.device)
	if s.Day > 0 {
		p.tabs = map[string]*page{}
		p.storedSession = false
		p.visit++
		m.now = max(m.now, time.Duration(s.Day-1)*24*time.Hour)
	}
	m.now += s.After.Span()
	tab := p.tabs[m.tabs[m.device]]
	if tab == nil {
		tab = &page{}
		p.tabs[m.tabs[m.device]] = tab
	}
	if err := possible(s, p, tab); err != nil {
		return Moment{}, err
	}
	m.age(p)
	p.forget(s.Forget)
	p.conditions(s)
	moment := Moment{
		Step: s, Device: m.device, Tab: m.tabs[m.device], Calm: !p.pending, Hurried: p.hurried,
		SwitchSet: p.switched == Anonymous, Identified: p.sentID, StoredID: p.storedID, StoredSession: p.storedSession,
		Visit: p.visit,
	}
	moment.Before, _ = m.mode(p)
	m.act(s, p, tab, &moment)
	moment.Mode, moment.Cause = m.mode(p)
	moment.Chosen = p.chosen
	m.end(s, p, tab, &moment)
	return moment, nil
}

// place notes whose step it is and in which tab.
func (m *model) place(s scenario.Step) {
	switch {
	case s.Device == scenario.DeviceFirst:
		m.device = ""
		m.tabs[""] = ""
	case s.Device != "":
		m.device = s.Device
		m.tabs[m.device] = ""
	}
	switch {
	case s.In == scenario.TabFirst:
		m.tabs[m.device] = ""
	case s.In != "":
		m.tabs[m.device] = s.In
	}
}

// possible refuses what no visitor could do.
func possible(s scenario.Step, p *person, tab *page) error {
	offline := p.offline && s.Network != scenario.NetworkOnline || s.Network == scenario.NetworkOffline
	visible := !tab.hidden && !tab.frozen
	switch {
	case s.Open != "" && (!visible || offline):
		return fmt.Errorf("a page is opened in a tab that is hidden, or without a network")
	case s.Do != "" && (tab.at == 0 || !visible):
		return fmt.Errorf("a click where no page is in sight")
	case s.Go == scenario.GoBack && (tab.at < 2 || !visible || offline || p.held):
		return fmt.Errorf("there is nothing to go back to")
	case s.Go == scenario.GoForward && (tab.at >= len(tab.history) || !visible || offline || p.held):
		return fmt.Errorf("there is nothing to go forward to")
	case s.Tab == scenario.TabHidden && (tab.at == 0 || !visible),
		s.Tab == scenario.TabFrozen && (!tab.hidden || tab.frozen),
		s.Tab == scenario.TabResumed && !tab.frozen,
		s.Tab == scenario.TabShown && (!tab.hidden || tab.frozen):
		return fmt.Errorf("the tab cannot become %s", s.Tab)
	case s.Script == scenario.ScriptHeld && (p.held || s.Open == ""):
		return fmt.Errorf("the script is held where no page asks for it")
	case s.Script == scenario.ScriptDelivered && (!p.held || offline):
		return fmt.Errorf("the script is delivered that was not held")
	case tab.frozen && s.Tab == "" && s.Action() == "":
		return fmt.Errorf("nothing changes in a frozen tab")
	case s.Network == scenario.NetworkOnline && !p.offline, s.Network == scenario.NetworkOffline && p.offline:
		return fmt.Errorf("the network is %s already", s.Network)
	case s.Collector != "" && s.Collector == p.collector:
		return fmt.Errorf("the collector is %s already", s.Collector)
	case s.Day > 0 && (p.held || p.offline || p.collector != scenario.CollectorWell):
		// A closed browser sends what it still has, in a world that is well.
		return fmt.Errorf("the browser is closed while something is wrong")
	case s.After.Text != "" && (p.held || offline):
		return fmt.Errorf("time passes before the page is there")
	}
	return nil
}

// age ends what has expired.
func (m *model) age(p *person) {
	if p.switched == Anonymous {
		switch left := p.until - m.now; {
		case left < -margin && p.until-p.since <= kept:
			p.switched, p.cause = Identifiable, Expired
		case left < margin || m.now-p.since > kept:
			p.switched = Unknown
		}
	}
	if m.now-p.sentAt > remembered {
		p.storedID = false
	}
}

func (p *person) forget(stores []string) {
	if !slices.Contains(stores, scenario.StoreCookies) && !slices.Contains(stores, scenario.StoreEverything) {
		return
	}
	if p.switched != Identifiable {
		p.switched, p.cause = Identifiable, Forgotten
	}
	p.storedID, p.storedSession = false, false
	p.wiped = true
	p.fresh = p.fresh || p.sentID
}

func (p *person) conditions(s scenario.Step) {
	if s.Collector != "" {
		p.collector = s.Collector
	}
	if s.Network != "" {
		p.offline = s.Network == scenario.NetworkOffline
	}
	if s.Script == scenario.ScriptHeld {
		p.held = true
	}
}
