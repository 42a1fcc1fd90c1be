package population

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// telling makes a scenario of a history.
type telling struct {
	history History
	fates   []Fate
	sc      *scenario.Scenario
	names   []string    // of the steps, by act
	site    map[int]int // whom the site knows, by device
	device  int
	mode    string // of the collector
	count   int
}

// step tells an act.
func (t *telling) step(i int, act Act) {
	for ; act.After > longestWait; act.After -= longestWait {
		t.add(scenario.Step{Name: t.name("later"), After: after(longestWait)})
	}
	mode := t.collector(i)
	s := scenario.Step{Name: t.name(string(act.Kind)), Device: t.on(act.Device)}
	if act.After > time.Second {
		s.After = after(act.After)
	}
	if mode != cmp.Or(t.mode, scenario.CollectorWell) {
		s.Collector, t.mode = mode, mode
	}
	switch act.Kind {
	case DoView:
		s.Open = "home"
		if act.Person != t.site[act.Device] {
			s.Person, t.site[act.Device] = persons[act.Person], act.Person
		}
	case DoTrack:
		s.Do = scenario.ActionAct
		t.sc.Config.Attributes = map[string]string{"favourite": "shoes"}
	case DoReset:
		s.Do = scenario.ActionSignOut
	case DoForget:
		s.Forget = []string{scenario.StoreCookies}
	case DoSignUp:
		s.Do = scenario.ActionSignUp
	case DoSignIn:
		s.Do = scenario.ActionSignIn
	case DoIdentify:
		s.Do = []string{scenario.ActionIdentify, scenario.ActionChange, scenario.ActionChangeAgain}[act.Value]
		for n := len(t.sc.Config.Changes); n < act.Value; n++ {
			t.sc.Config.Changes = append(t.sc.Config.Changes, map[string]string{scenario.RolePhone: fmt.Sprintf("+44207946000%d", n+2)})
		}
	}
	t.add(s)
	t.names = append(t.names, s.Name)
	if fate := t.fates[i]; mode != scenario.CollectorLate && (fate.Customer != "" || fate.Anonymous) {
		t.sc.Expect = append(t.sc.Expect, scenario.Expectation{
			At: s.Name, Profile: scenario.ProfileVisitor, Is: scenario.StateComplete, Clause: "antsomi.profile-holds-behaviour",
		})
	}
}

var (
	persons = []string{scenario.PersonFirst, scenario.PersonSecond}
	devices = []string{scenario.DeviceFirst, scenario.DeviceSecond}
)

// late tells whether the act's hit is one of a run that comes late, and whether the
// run begins with it.
func (t *telling) late(i int) (late, first bool) {
	for j, act := range t.history[:i] {
		if j+act.Late >= i && act.Late > 0 {
			return true, false
		}
	}
	return t.history[i].Late > 0, true
}

// collector is how the hit of the act reaches the collector. Between two runs that
// come late it is well for a moment, in which the first of them comes.
func (t *telling) collector(i int) string {
	late, first := t.late(i)
	switch {
	case late && first && t.mode == scenario.CollectorLate:
		t.add(scenario.Step{Name: t.name("well"), Collector: scenario.CollectorWell})
		t.mode = scenario.CollectorWell
		return scenario.CollectorLate
	case late:
		return scenario.CollectorLate
	case t.history[i].Again > 0:
		return scenario.CollectorTwice
	}
	return scenario.CollectorWell
}

// on says on which device a step is, where it changes.
func (t *telling) on(device int) string {
	if device == t.device {
		return ""
	}
	t.device = device
	return devices[device]
}

func (t *telling) add(s scenario.Step) { t.sc.Journey = append(t.sc.Journey, s) }

// name gives a step a name that no other has.
func (t *telling) name(kind string) string {
	t.count++
	return fmt.Sprintf("%s-%d", strings.ReplaceAll(kind, "_", "-"), t.count)
}

func after(span time.Duration) scenario.Lifetime {
	text := fmt.Sprintf("%ds", int(span/time.Second))
	for _, unit := range []struct {
		span time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}} {
		if span%unit.span == 0 {
			text = fmt.Sprintf("%d%s", span/unit.span, unit.name)
			break
		}
	}
	l, err := scenario.ParseLifetime(text)
	if err != nil {
		panic(err) // a span of whole seconds, within a day
	}
	return l
}

// finish adds, for each browser, a step at the end, and what its person's profile
// must be then.
func (t *telling) finish() {
	seen := []int{t.device}
	for _, act := range t.history {
		if !slices.Contains(seen, act.Device) {
			seen = append(seen, act.Device)
		}
	}
	for _, device := range seen {
		end := scenario.Step{Name: t.name("end"), Device: t.on(device), Collector: scenario.CollectorWell}
		t.add(end)
		t.expect(end.Name, Customer(t.site[device]))
	}
}

// expect says what the customer's profile must be at the step.
func (t *telling) expect(at, customer string) {
	add := func(e scenario.Expectation) {
		e.At = at
		t.sc.Expect = append(t.sc.Expect, e)
	}
	const profile = scenario.ProfileCustomer
	if !slices.ContainsFunc(t.fates, func(f Fate) bool { return f.Customer == customer }) {
		// That nothing is there means something of one of whom there could be.
		if slices.ContainsFunc(t.history, func(a Act) bool { return a.Kind.Identifies() && Customer(a.Person) == customer }) {
			add(scenario.Expectation{Profile: profile, Is: scenario.StateAbsent, Clause: "antsomi.cid-immutable"})
		}
		return
	}
	add(scenario.Expectation{Profile: profile, Is: scenario.StateMarked, Clause: "antsomi.marked-customer"})
	add(scenario.Expectation{Profile: profile, Is: scenario.StateComplete, Clause: "antsomi.merges-anonymous"})
	newest := false
	for i, f := range t.fates {
		switch {
		case f.Customer == customer:
			add(scenario.Expectation{Profile: profile, Is: scenario.StateJoined, With: t.names[i], Clause: "antsomi.merges-anonymous"})
			newest = newest || t.history[i].Value > 0
		case f.Customer != "" || f.Anonymous:
			add(scenario.Expectation{Profile: profile, Is: scenario.StateApart, With: t.names[i], Clause: "antsomi.strangers-not-merged"})
		}
	}
	if newest {
		add(scenario.Expectation{Attribute: scenario.RolePhone, Is: scenario.StateNewest, Clause: "antsomi.identify-time"})
	}
}
