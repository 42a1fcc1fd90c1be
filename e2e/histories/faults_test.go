package histories_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/population"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Each fault of the collector turns its clause red, and no clause that it does not
// name, without a browser; a collector without a fault turns none.
func TestEachFaultOfTheCollectorTurnsItsClauseRed(t *testing.T) {
	t.Parallel()
	lib := library(t)
	faults := slices.DeleteFunc(fault.All(), func(f fault.Fault) bool { return f.Vendor != "antsomi" || f.Part != fault.Collector })
	if len(faults) < 14 {
		t.Errorf("there are %d faults", len(faults))
	}
	for _, f := range append(faults, fault.Fault{Name: "none"}) {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			selectors := []string{"antsomi.*"}
			if testing.Short() && len(f.Clauses) > 0 {
				selectors = f.Clauses[:1]
			}
			red := redClauses(t, lib, f.Change, selectors)
			if len(f.Clauses) > 0 && !slices.Contains(red, f.Clauses[0]) {
				t.Errorf("%s stays green; red are %v", f.Clauses[0], red)
			}
			for _, clause := range red {
				if !slices.Contains(f.Clauses, clause) {
					t.Errorf("%s is red as well", clause)
				}
			}
		})
	}
}

// redClauses plays scenarios against a collector with a fault and returns the clauses
// that fail.
func redClauses(t *testing.T, lib *scenario.Library, change func(*collector.Options), selectors []string) []string {
	t.Helper()
	result, err := suite.Play(t.Context(), suite.Options{
		Library: lib, Pixel: lib.Pixel("antsomi"), Selectors: selectors, Parallel: 1,
		Collector: func(now func() time.Time) (http.Handler, func() error, error) {
			o := collector.Options{Clock: now}
			if change != nil {
				change(&o)
			}
			c, err := collector.New(o)
			if err != nil {
				return nil, nil, err
			}
			return c.Handler(), c.Close, nil
		},
	}, suite.Driver{
		Browser: population.Browser(), Playable: population.Playable,
		Opener: func(plan *scenario.Plan, handler http.Handler) journey.Opener {
			return population.Stage{Plan: plan, Through: population.Handled(handler)}.Opener()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var red []string
	for _, v := range result.Verdicts {
		switch v.Outcome {
		case verdict.Fail:
			red = append(red, v.Clause)
		case verdict.Error:
			t.Errorf("%s in %s at %s: %s", v.Clause, v.Scenario, v.Step, v.Reason)
		}
	}
	slices.Sort(red)
	return slices.Compact(red)
}
