package explore_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/explore"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// long is a walk with everything in it that a shrinker must get rid of.
func long(t *testing.T) *explore.Walk {
	t.Helper()
	return &explore.Walk{
		Config: scenario.Config{
			Anonymity: &scenario.Anonymity{Enabled: &yes, ByDefault: &no, Cookie: "own", Minutes: 1440},
			Suppress:  []string{"category-5", "customer-id"},
			Customer:  map[string]string{"customer-id": "user5684798169", "category-5": "User cat 5"},
			Actions:   &scenario.Reported{Queued: []string{"first", "second"}}, Delivery: scenario.DeliveryBatched,
		},
		Journey: journey(t, "open home collector=slow | open products day=002 collector=well | do act ends=at-once | open home in=second-tab | "+
			"network=offline | network=online | open products in=first-tab forget=cookies,cache | do opt-out after=10m | "+
			"open home script=held | do act | script=delivered | tab hidden | tab shown | open products | go back | open home device=second | do opt-out"),
	}
}

func does(w *explore.Walk, action string) bool {
	return slices.ContainsFunc(w.Journey, func(s scenario.Step) bool { return s.Action() == action })
}

func TestAWalkIsShrunkToWhatItShows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		shows  func(*explore.Walk) bool
		want   string
		config scenario.Config
	}{
		{"a choice", func(w *explore.Walk) bool { return does(w, "do opt-out") }, "open home | do opt-out", scenario.Config{}},
		{"back in the history", func(w *explore.Walk) bool { return does(w, "go back") }, "open home | open products | go back", scenario.Config{}},
		{"a hidden tab after a choice", func(w *explore.Walk) bool {
			at := slices.IndexFunc(w.Journey, func(s scenario.Step) bool { return s.Do == "opt-out" })
			return at >= 0 && slices.ContainsFunc(w.Journey[at:], func(s scenario.Step) bool { return s.Tab == "hidden" })
		}, "open home | do opt-out | tab hidden", scenario.Config{}},
		{"something forgotten", func(w *explore.Walk) bool {
			return slices.ContainsFunc(w.Journey, func(s scenario.Step) bool { return slices.Contains(s.Forget, "cache") })
		}, "open products forget=cache", scenario.Config{}},
		{"the network and back", func(w *explore.Walk) bool {
			return slices.ContainsFunc(w.Journey, func(s scenario.Step) bool { return s.Network == "online" })
		}, "open home | network=offline | network=online", scenario.Config{}},
		{"a stranger", func(w *explore.Walk) bool {
			return slices.ContainsFunc(w.Journey, func(s scenario.Step) bool { return s.Device == "second" })
		}, "open home device=second", scenario.Config{}},
		{"an act, and a suppressed category of a customer", func(w *explore.Walk) bool {
			return does(w, "do act") && slices.Contains(w.Config.Suppress, "category-5") && w.Config.Customer["category-5"] != ""
		}, "open home | do act", scenario.Config{Suppress: []string{"category-5"}, Customer: map[string]string{"category-5": "User cat 5"}}},
		{"a renamed cookie", func(w *explore.Walk) bool { return w.Config.Anonymity != nil && w.Config.Anonymity.Cookie != "" },
			"open home", scenario.Config{Anonymity: &scenario.Anonymity{Cookie: "own"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			runs := 0
			shrunk, err := explore.Shrink(long(t), func(w *explore.Walk) (bool, error) {
				runs++
				if _, err := explore.Trace(w.Config, w.Journey); err != nil {
					t.Fatalf("tried what nobody can walk: %v", err)
				}
				return test.shows(w), nil
			})
			if err != nil {
				t.Fatal(err)
			}
			want := explore.Walk{Journey: journey(t, test.want)}
			if diff := cmp.Diff(want.String(), shrunk.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.config, shrunk.Config); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
			if runs > 120 {
				t.Errorf("it took %d runs", runs)
			}
		})
	}
}

func TestShrinkingEndsWithItsBudget(t *testing.T) {
	t.Parallel()
	spent := errors.New("spent")
	runs := 0
	shrunk, err := explore.Shrink(long(t), func(w *explore.Walk) (bool, error) {
		if runs++; runs > 4 {
			return false, spent
		}
		return does(w, "do opt-out"), nil
	})
	if !errors.Is(err, spent) || runs != 5 {
		t.Fatalf("%v after %d runs", err, runs)
	}
	if len(shrunk.Journey) >= len(long(t).Journey) || !does(shrunk, "do opt-out") {
		t.Errorf("shrunk to %s", shrunk)
	}
	if diff := cmp.Diff(long(t).String(), long(t).String()); diff != "" {
		t.Error(diff)
	}
}

func TestAWalkThatCannotBeShrunkStays(t *testing.T) {
	t.Parallel()
	before := long(t)
	shrunk, err := explore.Shrink(before, func(*explore.Walk) (bool, error) { return false, nil })
	if err != nil || shrunk != before {
		t.Fatalf("%v, %s", err, shrunk)
	}
	if diff := cmp.Diff(long(t), before); diff != "" {
		t.Errorf("the walk itself was changed:\n%s", diff)
	}
}
