package explore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// Walk is one random walk: how the site is set up, and what the visitor does.
type Walk struct {
	// Seed and Number say where its randomness came from: together they make the
	// walk again.
	Seed   uint64
	Number int

	Config  scenario.Config
	Journey []scenario.Step
}

// ID is the ID of the walk as a scenario, such as "mapp.walk-7-12".
func (w *Walk) ID(document string) string {
	return fmt.Sprintf("%s.walk-%d-%d", document, w.Seed, w.Number)
}

// Scenario makes the walk a scenario that any pixel of the document can be held
// to. What the model expects of it must bear out at least once; a walk of which
// nothing can be expected, or that nobody can walk, is an error.
func (w *Walk) Scenario(pixel *scenario.Pixel) (*scenario.Scenario, error) {
	moments, err := Trace(w.Config, w.Journey)
	if err != nil {
		return nil, err
	}
	sc := &scenario.Scenario{
		ID: w.ID(pixel.Document), Title: fmt.Sprintf("Random walk %d of seed %d", w.Number, w.Seed), Document: pixel.Document,
		Config: w.Config, Journey: w.Journey, Expect: Expectations(pixel, w, moments),
	}
	if len(sc.Expect) == 0 {
		return nil, fmt.Errorf("nothing can be expected of the walk %s", sc.ID)
	}
	sc.Requires = requires(sc)
	return sc, nil
}

// requires returns the features that a pixel needs for the scenario, in the
// vocabulary's order.
func requires(sc *scenario.Scenario) []string {
	does := func(action string) bool {
		return slices.ContainsFunc(sc.Journey, func(s scenario.Step) bool { return s.Do == action })
	}
	c := sc.Config
	needs := map[string]bool{
		scenario.FeatureSwitchableAnonymity:  c.Anonymity != nil || slices.ContainsFunc(sc.Journey, scenario.Step.Chooses),
		scenario.FeatureSuppressedParameters: c.Suppress != nil,
		scenario.FeatureReportedActions:      c.Actions != nil || does(scenario.ActionAct),
		scenario.FeatureBatching:             c.Delivery != "",
		scenario.FeatureReadBack:             slices.ContainsFunc(sc.Expect, func(e scenario.Expectation) bool { return e.Record != "" }),
	}
	var list []string
	for _, feature := range scenario.Features() {
		if needs[feature.Name] {
			list = append(list, feature.Name)
		}
	}
	return list
}

// Space is what walks are drawn from: what a pixel can do, and how long they are.
type Space struct {
	Pixel *scenario.Pixel
	// Steps is the most steps of a walk, those not counted that bring it to its
	// end; 12 when zero.
	Steps int
}

// Walk draws the numbered walk of a seed. The same seed and number give the same
// walk, as long as the pixel is described alike. A walk of which nothing can be
// expected is never drawn.
func (s Space) Walk(seed uint64, number int) *Walk {
	if s.Steps <= 0 {
		s.Steps = 12
	}
	d := &draw{Rand: rand.New(rand.NewPCG(seed, uint64(number))), pixel: s.Pixel}
	for {
		w := &Walk{Seed: seed, Number: number, Config: d.config()}
		d.model, d.journey = newModel(w.Config), nil
		d.wander(2 + d.IntN(max(1, s.Steps-1)))
		d.finish()
		w.Journey = d.journey
		if _, err := w.Scenario(s.Pixel); err == nil {
			return w
		}
	}
}

// name gives the steps names that say what happens, each once.
func name(journey []scenario.Step) {
	seen := map[string]int{}
	for i := range journey {
		base := called(&journey[i])
		seen[base]++
		journey[i].Name = base
		if n := seen[base]; n > 1 {
			journey[i].Name = fmt.Sprintf("%s-%d", base, n)
		}
	}
}

func called(s *scenario.Step) string {
	words := map[string]string{
		scenario.ActionOptOut: "opting-out", scenario.ActionOptBack: "opting-back",
		scenario.ActionOptIn: "opting-in", scenario.ActionWithdraw: "withdrawing", scenario.ActionAct: "acting",
	}
	switch {
	case s.Open != "":
		return s.Open
	case s.Do != "":
		return words[s.Do]
	case s.Go != "":
		return "going-" + s.Go
	case s.Tab != "":
		return "tab-" + s.Tab
	case s.Collector != "":
		return "collector-" + s.Collector
	case s.Network != "":
		return s.Network
	case s.Script != "":
		return "script-" + s.Script
	case s.After.Text != "":
		return "waiting"
	}
	return "forgetting"
}

// String tells the walk in one line.
func (w *Walk) String() string {
	var steps []string
	for _, s := range w.Journey {
		words := append([]string{s.Action()}, s.Conditions()...)
		if s.Device != "" {
			words = append(words, s.Device+" device")
		}
		if s.In != "" {
			words = append(words, s.In)
		}
		steps = append(steps, strings.TrimSpace(strings.Join(words, " ")))
	}
	return strings.Join(steps, ", ")
}
