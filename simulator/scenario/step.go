package scenario

import (
	"fmt"
	"slices"
	"strings"
)

// Step is one thing that the visitor does, and what changes around him. At most
// one of Open, Do, Go and Tab is set; a step without any has a condition.
type Step struct {
	// Name is how expectations and reports speak of the step.
	Name string `yaml:"step" json:"step"`

	// Open names a page of the pixel's site.
	Open string `yaml:"open,omitempty" json:"open,omitempty"`
	// Do names an action of the pixel's page, such as opt-out.
	Do string `yaml:"do,omitempty" json:"do,omitempty"`
	// Go walks the history: "back" or "forward".
	Go string `yaml:"go,omitempty" json:"go,omitempty"`
	// Tab is what becomes of the tab: see Lifecycles.
	Tab string `yaml:"tab,omitempty" json:"tab,omitempty"`

	// Day is the day of the journey, counted from 1, on which the visitor comes
	// back; he had closed the browser.
	Day int `yaml:"day,omitempty" json:"day,omitempty"`
	// After is how much time passes on the open page before the step.
	After Lifetime `yaml:"after,omitempty" json:"after,omitzero"`
	// Forget lists the stores that the visitor empties before the step; see Stores.
	Forget []string `yaml:"forget,omitempty" json:"forget,omitempty"`
	// Ends is "at-once" for a step that is not brought to rest: the next one
	// begins while requests and answers of it are still under way.
	Ends string `yaml:"ends,omitempty" json:"ends,omitempty"`

	// Collector, Network and Script say how the world is from this step on; see
	// Collectors, Networks and Deliverables.
	Collector string `yaml:"collector,omitempty" json:"collector,omitempty"`
	Network   string `yaml:"network,omitempty" json:"network,omitempty"`
	Script    string `yaml:"script,omitempty" json:"script,omitempty"`
	// Device and In say, from this step on, whose browser it is and which tab.
	Device string `yaml:"device,omitempty" json:"device,omitempty"`
	In     string `yaml:"in,omitempty" json:"in,omitempty"`
	// Person says whom the site knows on the pages that are opened on the device
	// from this step on; see Persons.
	Person string `yaml:"person,omitempty" json:"person,omitempty"`

	// From names the config's origin from which the device's requests come, from this
	// step on.
	From string `yaml:"from,omitempty" json:"from,omitempty"`

	// Where is the step's place, "file:line".
	Where string `yaml:"-" json:"-"`
}

// Action says what the visitor does, in the words of the evidence, such as
// "open home" or "do opt-out"; empty when only the conditions change.
func (s Step) Action() string {
	for _, act := range s.acts() {
		if act.word != "" {
			return act.key + " " + act.word
		}
	}
	return ""
}

type act struct{ key, word string }

func (s Step) acts() []act {
	return []act{{"open", s.Open}, {"do", s.Do}, {"go", s.Go}, {"tab", s.Tab}}
}

// Chooses tells that the step is one in which the visitor makes or changes his
// choice.
func (s Step) Chooses() bool {
	return slices.Contains([]string{
		ActionOptOut, ActionOptBack, ActionOptIn, ActionWithdraw,
		ActionAgree, ActionDisagree, ActionAgreeLater, ActionDisagreeLater,
	}, s.Do)
}

// Conditions says what holds in the step beside its act, in the words of the
// evidence, such as "collector slow" or "day 3".
func (s Step) Conditions() []string {
	var list []string
	if s.Day > 0 {
		list = append(list, fmt.Sprintf("day %d", s.Day))
	}
	for _, c := range []act{
		{"after", s.After.Text}, {"forget", strings.Join(s.Forget, " ")}, {"collector", s.Collector},
		{"network", s.Network}, {"script", s.Script}, {"person", s.Person}, {"from", s.From}, {"ends", s.Ends},
	} {
		if c.word != "" {
			list = append(list, c.key+" "+c.word)
		}
	}
	return list
}

// Place returns the device and the tab in which the step at the index takes
// place: "" for the first, or the word of the vocabulary.
func (sc *Scenario) Place(index int) (device, tab string) {
	for i := range min(index+1, len(sc.Journey)) {
		s := sc.Journey[i]
		switch {
		case s.Device == DeviceFirst:
			device, tab = "", ""
		case s.Device != "":
			device, tab = s.Device, ""
		}
		switch {
		case s.In == TabFirst:
			tab = ""
		case s.In != "":
			tab = s.In
		}
	}
	return device, tab
}

func (s *source) checkJourney(sc *Scenario) {
	if len(sc.Journey) == 0 && s.has("journey") {
		s.reject("journey", "", "the journey has no steps")
	}
	first := map[string]string{}
	day := 1
	for i := range sc.Journey {
		step, path := &sc.Journey[i], fmt.Sprintf("journey[%d]", i)
		step.Where = s.where(path)
		s.checkName(join(path, "step"), "a step", step.Name)
		if where, twice := first[step.Name]; twice && step.Name != "" {
			s.reject(join(path, "step"), "", "the step %s stands twice; first at %s", shown(step.Name), where)
		}
		first[step.Name] = step.Where
		s.checkStepWords(step, path)
		s.checkFrom(sc, *step, path)
		s.checkActs(step, path)
		if s.has(join(path, "day")) {
			if step.Day > 0 && step.Day <= day {
				s.reject(join(path, "day"), "the journey begins on day 1, and days only grow", "day %d does not come after day %d", step.Day, day)
			}
			day = max(day, step.Day)
		}
	}
	s.checkCourse(sc)
}

// checkActs wants at most one act, and a condition where there is none.
func (s *source) checkActs(step *Step, path string) {
	var given []string
	for _, a := range step.acts() {
		if s.has(join(path, a.key)) {
			given = append(given, a.key)
		}
	}
	if len(given) > 1 {
		s.reject(path, "make two steps of it", `a step has only one of "open", "do", "go" and "tab"; this one has %s`, strings.Join(given, " and "))
	}
	if s.has(join(path, "person")) && !s.has(join(path, "open")) {
		s.reject(join(path, "person"), `say it in the step with "open"`, "a page knows a person from its opening on, and the step opens none")
	}
	conditions := []string{"day", "after", "forget", "collector", "network", "script", "from", "ends"}
	if len(given) == 0 && !slices.ContainsFunc(conditions, func(key string) bool { return s.has(join(path, key)) }) {
		s.reject(path, `"open", "do", "go" or "tab", or a condition such as "collector"`, "nothing happens in the step")
	}
}

func (s *source) checkStepWords(step *Step, path string) {
	s.checkName(join(path, "open"), "a page", step.Open)
	for _, w := range []struct {
		key, what, word string
		list            []Word
	}{
		{"do", "action", step.Do, Actions()},
		{"go", "direction", step.Go, Directions()},
		{"tab", "state of a tab", step.Tab, Lifecycles()},
		{"collector", "state of the collector", step.Collector, Collectors()},
		{"network", "state of the network", step.Network, Networks()},
		{"script", "state of the script", step.Script, Deliverables()},
		{"ends", "end of a step", step.Ends, Endings()},
		{"device", "device", step.Device, Devices()},
		{"in", "tab", step.In, Tabs()},
		{"person", "person", step.Person, Persons()},
	} {
		s.checkWord(join(path, w.key), w.what, w.word, w.list)
	}
	s.checkWords(join(path, "forget"), "store", step.Forget, Stores())
	if after := step.After.Span(); after > maxAfter {
		s.reject(join(path, "after"), `say "day" for more`, "more than a day passes on the open page")
	}
	if s.has(join(path, "day")) && s.has(join(path, "after")) {
		s.reject(join(path, "after"), "make two steps of it", "a step has only one of \"day\" and \"after\"")
	}
}

// maxAfter is the most time that passes on an open page: longer, and the
// visitor comes back on another day.
const maxAfter = 24 * 60 * 60 * 1e9

// checkCourse refuses steps that cannot be walked where they stand: without a
// page there is nothing to click, to go back from, or to hide.
func (s *source) checkCourse(sc *Scenario) {
	opened := map[[2]string]int{} // pages by device and tab
	for i, step := range sc.Journey {
		path := fmt.Sprintf("journey[%d]", i)
		device, tab := sc.Place(i)
		here := [2]string{device, tab}
		if step.Day > 0 { // the browser was closed
			delete(opened, [2]string{device, ""})
			delete(opened, [2]string{device, TabSecond})
		}
		switch {
		case s.has(join(path, "open")):
			opened[here]++
		case opened[here] == 0 && (i == 0 || step.Action() != ""):
			s.reject(path, `let a step with "open" come first`, "no page is open yet")
			opened[here]++ // once is enough
		case step.Go != "" && opened[here] == 1:
			s.reject(join(path, "go"), "open two pages in the tab before it", "there is no page to go to")
		}
	}
	s.checkChanges(sc)
	s.checkShared(sc)
	s.checkOffice(sc)
	held := slices.IndexFunc(sc.Journey, func(s Step) bool { return s.Script == ScriptHeld })
	if held >= 0 && !slices.ContainsFunc(sc.Journey[held:], func(s Step) bool { return s.Script == ScriptDelivered }) {
		s.reject(fmt.Sprintf("journey[%d].script", held), `add "script: delivered" to a later step`, "the pixel's code never comes")
	}
}
