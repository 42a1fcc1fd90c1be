package histories_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/e2e/histories"
	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/check"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/population"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// liars are collectors that are wrong in one way each, with how many acts it takes to
// show it.
var liars = []struct {
	name  string
	rules collector.Rules
	acts  int
}{
	{"over-merge", collector.Rules{AfterMerge: func(tx collector.Tx, portal string, m collector.Merge) error {
		if err := tx.Exec(`INSERT INTO merges (portal, uid, cid, kind, received, event, mid, did, at, name)
			SELECT portal, uid, $1, 'device', 0, 0, '', '', 0, '' FROM users WHERE portal = $2 AND cid IS NULL`, m.CID, portal); err != nil {
			return err
		}
		return tx.Exec("UPDATE users SET cid = $1, claimed = 0 WHERE portal = $2 AND cid IS NULL", m.CID, portal)
	}}, 2},
	{"lost-event", collector.Rules{AfterMerge: func(tx collector.Tx, portal string, m collector.Merge) error {
		if m.Kind == collector.MergeDirect {
			return nil
		}
		return tx.Exec("DELETE FROM events WHERE portal = $1 AND uid = $2", portal, m.UID)
	}}, 2},
	{"double-count", collector.Rules{CountAgain: func(collector.Incoming) bool { return true }}, 1},
	{"cid-overwritten", collector.Rules{Claim: func(collector.Incoming, collector.User) collector.Claim { return collector.Takes }}, 2},
	{"late-identify-undoes", collector.Rules{Newer: func(held, given collector.Statement) bool { return given.Event > held.Event }}, 2},
}

// Each is found out, and what it does wrong is told in a few acts, by a scenario that
// fails against it and passes against a collector that is right.
func TestALyingCollectorIsFoundOut(t *testing.T) {
	t.Parallel()
	lib := library(t)
	for _, liar := range liars {
		t.Run(liar.name, func(t *testing.T) {
			t.Parallel()
			f := histories.New(start(t, liar.rules).Handler()).Search(t, 1000)
			if f == nil {
				t.Fatal("nothing was found")
			}
			t.Logf("%s\n%s", f.Said, f)
			if n := len(f.History); n > liar.acts {
				t.Errorf("it took %d acts to show, not %d", n, liar.acts)
			}
			if f.Scenario == nil {
				t.Fatalf("no scenario tells of it: %s", f.Untold)
			}
			plan := bind(t, lib, scenario.Format(f.Scenario))
			if got := play(t, plan, start(t, liar.rules).Handler()); got != verdict.Fail {
				t.Errorf("the scenario's outcome against the liar: %s", got)
			}
			if got := play(t, plan, start(t, collector.Rules{}).Handler()); got != verdict.Pass {
				t.Errorf("the scenario's outcome against a collector that is right: %s", got)
			}
		})
	}
}

func library(t *testing.T) *scenario.Library {
	t.Helper()
	lib, err := scenario.Load(scenarios.FS, "scenarios")
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// bind reads a scenario as if it stood in its folder, and binds it to the reference.
func bind(t *testing.T, lib *scenario.Library, text []byte) *scenario.Plan {
	t.Helper()
	sc, err := lib.ReadScenario(text, "scenarios/antsomi/found.yaml")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	plan, err := scenario.Bind(lib, sc, lib.Pixel("antsomi"))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return plan
}

// play plays a plan without a browser and returns its worst outcome.
func play(t *testing.T, plan *scenario.Plan, handler http.Handler) verdict.Outcome {
	t.Helper()
	stage := population.Stage{Plan: plan, Through: population.Handled(handler), ID: population.IDs(3)}
	now := histories.Began
	stage.Now = func() time.Time { // it stands still for nobody
		now = now.Add(time.Millisecond)
		return now
	}
	walked := journey.Walk(t.Context(), plan, stage.Opener(), journey.Options{Now: stage.Now})
	walked.Evidence.Browser = population.Browser()
	worst := verdict.Pass
	for _, v := range check.Judge(plan, walked.Evidence) {
		if v.Outcome != verdict.Pass {
			t.Logf("%s %s at %s: %s %s: %s; %s", plan.Scenario.ID, v.Clause, v.Step, v.Subject, v.Outcome, v.Observed, v.Reason)
		}
		worst = max(worst, v.Outcome)
	}
	return worst
}
