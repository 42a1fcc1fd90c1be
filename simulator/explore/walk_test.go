package explore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/explore"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

func library(t testing.TB) (*scenario.Library, *scenario.Pixel) {
	t.Helper()
	lib, err := scenario.Load(scenarios.FS, "scenarios")
	if err != nil {
		t.Fatal(err)
	}
	// Walks depend on what the pixel has; these do not change when it gets more.
	pixel := *lib.Pixel("mapp")
	pixel.Pages = only(pixel.Pages, "home", "products")
	pixel.Parameters = only(pixel.Parameters, scenario.RoleVisitorID, scenario.RoleAnonymousFlag, scenario.RoleCustomerID,
		"category-5", "category-7", scenario.RoleEmail, scenario.RoleActionName)
	pixel.Features = []string{
		scenario.FeatureSwitchableAnonymity, scenario.FeatureSuppressedParameters, scenario.FeatureReportedActions,
		scenario.FeatureBatching, scenario.FeatureReadBack,
	}
	return lib, &pixel
}

func only[V any](all map[string]V, names ...string) map[string]V {
	part := map[string]V{}
	for _, name := range names {
		if v, ok := all[name]; ok {
			part[name] = v
		}
	}
	return part
}

func TestEveryWalkIsAScenarioThatBinds(t *testing.T) {
	t.Parallel()
	lib, pixel := library(t)
	space := explore.Space{Pixel: pixel}
	clauses, words := map[string]bool{}, map[string]int{}
	for number := range 1000 {
		walk := space.Walk(4, number)
		sc, err := walk.Scenario(pixel)
		if err != nil {
			t.Fatalf("walk %d: %v", number, err)
		}
		plan, err := explore.Bind(lib, pixel, sc)
		if err != nil {
			t.Fatalf("walk %d: %v\n%s", number, err, scenario.Format(sc))
		}
		if len(plan.Unsupported) > 0 {
			t.Fatalf("walk %d wants %v", number, plan.Unsupported)
		}
		for _, e := range sc.Expect {
			clauses[e.Clause] = true
		}
		for _, s := range sc.Journey {
			for _, word := range append(s.Conditions(), s.Action(), "device "+s.Device, "in "+s.In) {
				kind, rest, _ := strings.Cut(word, " ")
				if kind == "day" || kind == "forget" {
					rest = ""
				}
				words[kind+" "+rest]++
			}
		}
	}
	// What a walk can be like, and be judged by.
	for _, word := range []string{
		"open home", "open products", "do opt-out", "do opt-back", "do opt-in", "do withdraw", "do act", "go back", "go forward",
		"tab hidden", "tab shown", "tab frozen", "tab resumed", "day ", "forget ", "after 10m", "after 2h", "ends at-once",
		"collector slow", "collector failing", "collector resetting", "collector unreachable", "collector well",
		"network offline", "network online", "script held", "script delivered", "device second", "in second-tab", "in first-tab",
	} {
		if words[word] < 10 {
			t.Errorf("%q comes %d times in 1000 walks", word, words[word])
		}
	}
	for _, catalogue := range []string{"mapp", "all"} {
		for _, c := range lib.Catalogue(catalogue).Clauses {
			if c.Level != scenario.Unclear && !clauses[c.ID] && c.ID != "all.no-vacuous-pass" {
				t.Errorf("no walk of 1000 is judged by %s", c.ID)
			}
		}
	}
}

func TestTheSameSeedGivesTheSameWalk(t *testing.T) {
	t.Parallel()
	_, pixel := library(t)
	space := explore.Space{Pixel: pixel, Steps: 9}
	seen := map[string]bool{}
	for number := range 200 {
		walk := space.Walk(12, number)
		if diff := cmp.Diff(walk, space.Walk(12, number)); diff != "" {
			t.Fatalf("walk %d, drawn twice:\n%s", number, diff)
		}
		seen[walk.String()] = true
		if other := space.Walk(13, number); cmp.Equal(walk.Journey, other.Journey) && cmp.Equal(walk.Config, other.Config) {
			t.Errorf("walk %d is the same with another seed", number)
		}
	}
	if len(seen) < 195 {
		t.Errorf("only %d of 200 journeys differ", len(seen))
	}
}

// A walk shows the visitor in both modes where he can be switched: else nothing that
// is missing would prove anything.
func TestAWalkShowsBothModes(t *testing.T) {
	t.Parallel()
	_, pixel := library(t)
	lacking := 0
	for number := range 500 {
		walk := explore.Space{Pixel: pixel}.Walk(5, number)
		a := walk.Config.Anonymity
		if a == nil || a.Enabled == nil || !*a.Enabled {
			continue
		}
		moments, err := explore.Trace(walk.Config, walk.Journey)
		if err != nil {
			t.Fatal(err)
		}
		for _, mode := range []explore.Mode{explore.Anonymous, explore.Identifiable} {
			if !slices.ContainsFunc(moments, func(m explore.Moment) bool { return m.Sends() && m.Loads && m.Before == mode && m.Mode == mode }) {
				lacking++
			}
		}
	}
	if lacking > 5 {
		t.Errorf("%d of 500 walks lack a mode", lacking)
	}
}

func TestAWalkEndsNotLongAfterItsSteps(t *testing.T) {
	t.Parallel()
	_, pixel := library(t)
	for number := range 300 {
		if n := len((explore.Space{Pixel: pixel, Steps: 5}).Walk(6, number).Journey); n > 5+14 || n < 2 {
			t.Errorf("walk %d has %d steps", number, n)
		}
	}
}
