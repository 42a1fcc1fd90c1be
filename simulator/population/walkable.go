package population

import (
	"fmt"
	"slices"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// longestWait is the longest time that a scenario lets pass on an open page.
const longestWait = 24 * time.Hour

// Walkable is the history in the nearest form that a scenario can tell: each act is
// done on a page that knows the person whom it names; hits come late in runs of acts,
// the last first; hits come twice at once. It need not be the same history: whoever
// wants to know whether it still shows what the other showed has to try it. What no
// scenario can tell is an error.
func (h History) Walkable() (History, error) {
	w := walkability{devices: numbering{limit: 2}, people: numbering{limit: 2}, known: map[int]int{}}
	runs := h.lateRuns()
	var walked History
	for i, act := range h {
		plain, err := w.plain(i, act)
		if err != nil {
			return nil, err
		}
		if known, open := w.known[plain.Device]; plain.Kind != DoView && plain.Kind != DoForget &&
			(!open || plain.Kind.Identifies() && known != plain.Person) {
			page := Act{Kind: DoView, Device: plain.Device, Person: plain.Person, After: plain.After}
			if !plain.Kind.Identifies() {
				page.Person = plain.Device // whose browser it is
			}
			plain.After = time.Second
			walked, runs = append(walked, page), inserted(runs, len(walked))
			w.known[plain.Device] = page.Person
		}
		if plain.Kind == DoView {
			plain.Person = w.viewer(plain.Device)
			w.known[plain.Device] = plain.Person
		}
		walked = append(walked, plain)
	}
	for _, run := range runs {
		for i := run.from; i < run.to; i++ {
			walked[i].Late = run.to - i
		}
	}
	return walked, nil
}

// walkability is what a scenario's world has come to.
type walkability struct {
	devices, people numbering
	known           map[int]int // by device, whom its page knows; none when no page is open
}

// viewer is whom a page knows that is opened without need.
func (w *walkability) viewer(device int) int {
	if known, open := w.known[device]; open {
		return known
	}
	return device
}

// plain is an act in the words that a scenario has.
func (w *walkability) plain(i int, act Act) (Act, error) {
	cannot := func(what string) (Act, error) {
		return act, fmt.Errorf("act %d: no scenario can tell of %s", i+1, what)
	}
	plain := Act{Kind: act.Kind, After: max(act.After, time.Second).Round(time.Second), Value: act.Value}
	switch act.Kind {
	case BadRaw, BadPhone, BadTime, BadTwo:
		return cannot("a site that identifies by " + string(act.Kind))
	case DoTrack:
		plain.Value = 0 // the site gives one
	case DoSignUp, DoSignIn, DoIdentify:
		if plain.Value = min(act.Value, 2); plain.Value > 0 {
			plain.Kind = DoIdentify
		}
	default:
		plain.Value = 0
	}
	if act.After%time.Second != 0 {
		plain.After = act.After.Truncate(time.Second) + time.Second
	}
	switch {
	case act.Ago != 0:
		return cannot("an identification that is dated back")
	case act.As != 0:
		return cannot("the user ID of another visit")
	case act.Batched:
		return cannot("some hits that travel together")
	}
	if act.Again > 0 {
		plain.Again = 1
	}
	var ok bool
	if plain.Device, ok = w.devices.number(act.Device); !ok {
		return cannot("a third browser")
	}
	if !act.Kind.Identifies() {
		return plain, nil
	}
	if plain.Person, ok = w.people.number(act.Person); !ok {
		return cannot("a third person")
	}
	return plain, nil
}

// numbering gives numbers in order of appearance.
type numbering struct {
	limit int
	seen  []int
}

func (n *numbering) number(of int) (int, bool) {
	if i := slices.Index(n.seen, of); i >= 0 {
		return i, true
	}
	n.seen = append(n.seen, of)
	return len(n.seen) - 1, len(n.seen) <= n.limit
}

// run is a run of acts, both ends included.
type run struct{ from, to int }

// lateRuns are the runs of acts whose hits arrive out of order, among themselves
// only.
func (h History) lateRuns() []run {
	var runs []run
	for i := 0; i < len(h); i++ {
		// Whatever arrives after a later act reaches as far as that act.
		reach := i + max(h[i].Late, 0)
		for j := i; j <= min(reach, len(h)-1); j++ {
			reach = max(reach, j+max(h[j].Late, 0))
		}
		if to := min(reach, len(h)-1); to > i {
			runs = append(runs, run{i, to})
			i = to
		}
	}
	return runs
}

// inserted are the runs once an act has been inserted before the one at the index.
func inserted(runs []run, at int) []run {
	at-- // the index of what was inserted
	moved := slices.Clone(runs)
	for i := range moved {
		if moved[i].from >= at {
			moved[i].from++
		}
		if moved[i].to >= at {
			moved[i].to++
		}
	}
	return moved
}

// Fate is what became of an act's hit, by the end of a history.
type Fate struct {
	// Customer is the customer whose it is now, Anonymous that it is nobody's. What
	// is neither belongs to no profile, or is no hit.
	Customer  string
	Anonymous bool
}

// Scenario tells a walkable history as a scenario, with what must be true at its end
// as its expectations: of each browser's last person, that the profile holds the
// visits that became his, and no others.
func (h History) Scenario(id, title string, fates []Fate) *scenario.Scenario {
	t := &telling{history: h, fates: fates, site: map[int]int{0: 0, 1: 1}, sc: &scenario.Scenario{
		ID: id, Title: title, Document: "antsomi",
		Requires: []string{scenario.FeatureCustomerProfiles, scenario.FeatureProfileReadBack},
		Config: scenario.Config{
			Customer: map[string]string{
				scenario.RoleEmail: "sam.doe@shop.test", scenario.RoleName: "Sam Doe", scenario.RolePhone: "+442079460001",
			},
		},
	}}
	for i, act := range h {
		t.step(i, act)
	}
	t.finish()
	return t.sc
}
