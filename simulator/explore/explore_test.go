package explore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/explore"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// judge stands for browser and checks: everything passes but what bad says.
type judge struct {
	bad func(*scenario.Plan, scenario.Expectation) (verdict.Outcome, bool)

	mu     sync.Mutex
	visits []string // journeys, in order
}

func (j *judge) visit(_ context.Context, plan *scenario.Plan) *suite.Visit {
	v := &suite.Visit{Plan: plan, Scenario: verdict.Scenario{ID: plan.Scenario.ID}}
	for _, e := range plan.Scenario.Expect {
		kind, word := e.Subject()
		one := verdict.Verdict{
			Scenario: plan.Scenario.ID, Step: e.At, Clause: e.Clause, Level: string(plan.Clauses[e.Clause].Level),
			Subject: kind + " " + word, Expected: e.Is, Observed: "as expected", Where: e.Where,
		}
		if outcome, bad := j.bad(plan, e); bad {
			one.Outcome, one.Observed, one.Reason = outcome, "something else", "for the sake of the test"
			one.Request = &verdict.Excerpt{Text: "GET /wt\neid=1", Marks: []verdict.Mark{{From: 8, To: 13}}}
		}
		v.Verdicts = append(v.Verdicts, one)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.visits = append(j.visits, (&explore.Walk{Journey: plan.Scenario.Journey}).String())
	return v
}

func options(t *testing.T, j *judge) explore.Options {
	t.Helper()
	lib, pixel := library(t)
	return explore.Options{
		Library: lib, Pixel: pixel, Visit: j.visit, Seed: 7, First: 1, Walks: 40, Steps: 10, ShrinkRuns: 200,
		Script: "reference:mapp", Command: "pixelwitness explore", Tool: verdict.Tool{Name: "pixelwitness", Version: "test"},
	}
}

func run(t *testing.T, o explore.Options) *explore.Result {
	t.Helper()
	result, err := explore.Explore(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// keepsID breaks one clause: after a tab was hidden, an opt-out is not honoured.
func keepsID(plan *scenario.Plan, e scenario.Expectation) (verdict.Outcome, bool) {
	hidden := -1
	for i, s := range plan.Scenario.Journey {
		if s.Tab == scenario.TabHidden && hidden < 0 {
			hidden = i
		}
		if s.Name == e.At {
			return verdict.Fail, hidden >= 0 && i > hidden && e.Clause == "mapp.eid-omitted" && e.Is == scenario.StateAbsent
		}
	}
	return 0, false
}

func TestNothingIsFoundWhereNothingFails(t *testing.T) {
	t.Parallel()
	j := &judge{bad: func(*scenario.Plan, scenario.Expectation) (verdict.Outcome, bool) { return 0, false }}
	r := run(t, options(t, j))
	if r.Walks != 40 || len(j.visits) != 40 || len(r.Findings)+len(r.Errors)+len(r.Unsteady)+len(r.Weaknesses) > 0 || r.Outcomes["pass"] < 400 {
		t.Errorf("%+v", r)
	}
}

func TestWhatFailsIsShrunkAndWrittenAsAScenario(t *testing.T) {
	t.Parallel()
	j := &judge{bad: keepsID}
	o := options(t, j)
	r := run(t, o)
	if len(r.Findings) != 1 {
		t.Fatalf("%d findings", len(r.Findings))
	}
	f := r.Findings[0]
	if f.Clause != "mapp.eid-omitted" || !f.Shortest || len(f.Walks) < 2 || !slices.Contains(f.Walks, f.Walk) || f.Level != "must" {
		t.Errorf("%+v", f)
	}
	golden(t, "found.golden", f.Text)
	// It can be added as it is: it loads among the others, binds, and fails again.
	files := fstest.MapFS{f.File: {Data: []byte(f.Text)}}
	err := fs.WalkDir(scenarios.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := scenarios.FS.ReadFile(name)
		files[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	lib, err := scenario.Load(files, "scenarios")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := scenario.Bind(lib, lib.Scenario(f.ID), lib.Pixel("mapp"))
	if err != nil {
		t.Fatal(err)
	}
	again := j.visit(t.Context(), plan)
	if len(again.Verdicts) != 1 || again.Verdicts[0].Outcome != verdict.Fail || again.Verdicts[0].Clause != f.Clause {
		t.Errorf("walked again: %+v", again.Verdicts)
	}
	// The walk can be taken again alone.
	o.First, o.Walks = f.Walk, 1
	alone := run(t, o)
	if len(alone.Findings) != 1 || alone.Findings[0].Text != f.Text {
		t.Errorf("walk %d alone: %+v", f.Walk, alone.Findings)
	}
}

func TestTwoRunsFindTheSame(t *testing.T) {
	t.Parallel()
	texts := map[string]bool{}
	for _, parallel := range []int{1, 2, 5} {
		o := options(t, &judge{bad: keepsID})
		o.Parallel = parallel
		r := run(t, o)
		text, err := json.Marshal(r.Findings)
		if err != nil {
			t.Fatal(err)
		}
		texts[string(text)] = true
	}
	if len(texts) != 1 {
		t.Errorf("%d different results", len(texts))
	}
}

func TestTheReportTellsEverything(t *testing.T) {
	t.Parallel()
	calls := map[string]int{}
	j := &judge{}
	j.bad = func(plan *scenario.Plan, e scenario.Expectation) (verdict.Outcome, bool) {
		j.mu.Lock()
		defer j.mu.Unlock()
		calls[plan.Scenario.ID]++
		switch {
		case strings.HasSuffix(plan.Scenario.ID, "-3"): // broken, always
			return verdict.Error, true
		case strings.HasSuffix(plan.Scenario.ID, "-5") && calls[plan.Scenario.ID] == 1: // fails once
			return verdict.Fail, true
		case e.Clause == "mapp.nc-sent" && e.Among == "":
			return verdict.Inconclusive, true
		}
		return keepsID(plan, e)
	}
	o := options(t, j)
	o.Parallel = 1
	r := run(t, o)
	if len(r.Errors) != 1 || len(r.Unsteady) != 1 || len(r.Findings) != 1 || len(r.Weaknesses) == 0 {
		t.Fatalf("%+v", r)
	}
	r.Milliseconds = 1234
	var out bytes.Buffer
	if err := r.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.golden", out.String())
}

// A pixel that nobody hears is not one that nothing was found of.
func TestWalksThatTellNothingAreNoProof(t *testing.T) {
	t.Parallel()
	r := run(t, options(t, &judge{bad: func(*scenario.Plan, scenario.Expectation) (verdict.Outcome, bool) { return verdict.Inconclusive, true }}))
	var out bytes.Buffer
	if err := r.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	if r.Judged() || r.Blind != 40 || !strings.Contains(out.String(), "nothing could be judged") {
		t.Errorf("%d of %d walks are blind\n%s", r.Blind, r.Walks, out.String())
	}
}

func TestExploringEnds(t *testing.T) {
	t.Parallel()
	fails := func(_ *scenario.Plan, e scenario.Expectation) (verdict.Outcome, bool) {
		return verdict.Fail, e.Clause == "mapp.opt-in-off-by-default"
	}
	t.Run("with the first that fails", func(t *testing.T) {
		t.Parallel()
		o := options(t, &judge{bad: fails})
		o.Once, o.Parallel, o.Walks = true, 1, 1000
		if r := run(t, o); r.Walks > 20 || len(r.Findings) != 1 {
			t.Errorf("%d walks, %d findings", r.Walks, len(r.Findings))
		}
	})
	t.Run("with its time", func(t *testing.T) {
		t.Parallel()
		o := options(t, &judge{bad: fails})
		o.Walks, o.For = 0, 1
		if r := run(t, o); r.Walks > 2 || r.Interrupted {
			t.Errorf("%d walks", r.Walks)
		}
	})
	t.Run("when it is broken off", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		j := &judge{bad: fails}
		o := options(t, j)
		o.Notify = func(p explore.Progress) {
			if p.Failed == 2 {
				cancel()
			}
		}
		r, err := explore.Explore(ctx, o)
		if err != nil || !r.Interrupted || len(r.Findings) != 1 || r.Findings[0].Runs != 0 || r.Findings[0].Text == "" {
			t.Errorf("%v, %+v", err, r)
		}
	})
	t.Run("before it begins, without a model", func(t *testing.T) {
		t.Parallel()
		o := options(t, &judge{})
		pixel := *o.Pixel
		pixel.Document = "unheard-of"
		o.Pixel = &pixel
		if _, err := explore.Explore(t.Context(), o); !errors.Is(err, explore.ErrDocument) {
			t.Error(err)
		}
	})
}

func TestProgressIsTold(t *testing.T) {
	t.Parallel()
	var seen []explore.Progress
	o := options(t, &judge{bad: keepsID})
	o.Notify = func(p explore.Progress) { seen = append(seen, p) }
	run(t, o)
	walks, shrinking := 0, 0
	for _, p := range seen {
		if p.Shrinking == "" {
			walks++
		} else {
			shrinking++
		}
	}
	last := seen[walks-1]
	if walks != 40 || shrinking == 0 || last.Walks != 40 || last.Of != 40 || last.Failed == 0 || last.Verdicts < 400 {
		t.Errorf("%d walks, %d runs, %+v", walks, shrinking, last)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
