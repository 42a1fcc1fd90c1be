package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/report"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// judged judges evidence and returns the result that programs read.
func judged(t *testing.T, code int, files ...string) *verdict.Result {
	t.Helper()
	e := do(t, onDemo(append([]string{"judge", "--json", "-"}, files...)...)...).want(t, code)
	r, err := report.ReadJSON(strings.NewReader(e.out))
	if err != nil {
		t.Fatalf("%v\n%s%s", err, e.out, e.err)
	}
	return r
}

// altered writes the recorded opt-out with something changed, as if it had been
// recorded so.
func altered(t *testing.T, change func(*evidence.Evidence)) string {
	t.Helper()
	e, err := evidence.ReadFile(recorded + "/demo.opt-out.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	change(e)
	path := filepath.Join(t.TempDir(), "altered.ndjson")
	if err := evidence.WriteFile(path, e); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRecordedEvidenceIsJudged(t *testing.T) {
	t.Parallel()
	r := judged(t, exitConformant, recorded)
	if r.Outcome != verdict.Pass || len(r.Scenarios) != 2 || len(r.Verdicts) != 8 || len(r.Warnings) > 0 {
		t.Errorf("the result is %v: %d scenarios, %d verdicts, warnings %q", r.Outcome, len(r.Scenarios), len(r.Verdicts), r.Warnings)
	}
	// The pixel is the evidence's own when none is named.
	do(t, "judge", recorded+"/demo.stay.ndjson", "--scenarios", library).want(t, exitConformant)
}

func TestABreachInRecordedEvidenceIsFound(t *testing.T) {
	t.Parallel()
	r := judged(t, exitBreach, altered(t, func(e *evidence.Evidence) {
		last := &e.Requests[len(e.Requests)-1]
		last.URL += "&vid=" + e.Snapshots[0].Cookies[0].Value
	}))
	var failed []string
	for _, v := range r.Verdicts {
		if v.Outcome == verdict.Fail {
			failed = append(failed, v.Clause+" at "+v.Step)
		}
	}
	if len(failed) != 1 || failed[0] != "demo.visitor-omitted at anonymous" {
		t.Errorf("failed: %q", failed)
	}
}

func TestEvidenceIsJudgedInTheOrderOfTheScenarios(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"demo.visit.ndjson", "demo.visit-again.ndjson", "demo.arrive.ndjson", "demo.visit.png"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := evidenceFiles(folder)
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	if want := []string{"demo.arrive.ndjson", "demo.visit.ndjson", "demo.visit-again.ndjson"}; !slices.Equal(files, want) {
		t.Errorf("found %q, want %q", files, want)
	}
}

// kept makes the folder of a run of the recorded scenarios and one that was never
// walked, and returns the folder of its evidence.
func kept(t *testing.T, change func(*verdict.Result)) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(filepath.Join(folder, "evidence"), os.DirFS(recorded)); err != nil {
		t.Fatal(err)
	}
	r := judged(t, exitConformant, recorded)
	r.Scenarios = append(r.Scenarios, verdict.Scenario{ID: "demo.batched", Document: "demo"})
	r.Verdicts = append(r.Verdicts, verdict.Verdict{Scenario: "demo.batched", Clause: "demo.stays", Outcome: verdict.Unsupported, Reason: "lacks batching"})
	change(r)
	r.Tally()
	if err := toFile(filepath.Join(folder, "result.json"), r, report.JSON); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, "evidence")
}

// What a run did not walk has no evidence, and must not pass for that.
func TestScenariosWithoutEvidenceAreNamed(t *testing.T) {
	t.Parallel()
	const unwalked = "1 scenario of the run was not walked, so there is no evidence to judge: demo.batched"
	for name, test := range map[string]struct {
		change  func(*verdict.Result)
		prepare func(t *testing.T, evidence string) (named string)
		outcome verdict.Outcome
		want    []string
	}{
		"never walked":             {outcome: verdict.Unsupported, want: []string{unwalked}},
		"the report's own folder":  {prepare: func(_ *testing.T, e string) string { return filepath.Dir(e) }, outcome: verdict.Unsupported, want: []string{unwalked}},
		"a file that was chosen":   {prepare: func(_ *testing.T, e string) string { return filepath.Join(e, "demo.stay.ndjson") }},
		"the run of another pixel": {change: func(r *verdict.Result) { r.Pixel.Name = "other" }},
		"all was walked": {change: func(r *verdict.Result) {
			r.Scenarios, r.Verdicts = r.Scenarios[:2], r.Verdicts[:8]
		}},
		"lost": {
			change:  func(r *verdict.Result) { r.Scenarios[2].Evidence = "evidence/demo.batched.ndjson" },
			outcome: verdict.Skipped,
			want:    []string{"1 scenario of the run was not judged, for want of evidence in EVIDENCE: demo.batched"},
		},
		"an unreadable result": {
			prepare: func(t *testing.T, e string) string {
				if err := os.WriteFile(filepath.Join(filepath.Dir(e), "result.json"), []byte("{"), 0o600); err != nil {
					t.Fatal(err)
				}
				return e
			},
			want: []string{"nothing is known of scenarios without evidence: "},
		},
		"judged before into the same folder": {
			prepare: func(t *testing.T, e string) string {
				do(t, onDemo("judge", e, "--out", filepath.Dir(e))...).want(t, exitConformant)
				return e
			},
			outcome: verdict.Unsupported,
			want:    []string{"the evidence was judged as partial before"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := test.change
			if change == nil {
				change = func(*verdict.Result) {}
			}
			folder := kept(t, change)
			named := folder
			if test.prepare != nil {
				named = test.prepare(t, folder)
			}
			r := judged(t, exitConformant, named)
			if r.Outcome != test.outcome || (r.Conformance == "conformant") != (test.outcome == verdict.Pass) {
				t.Errorf("the result is %v, %s; want %v", r.Outcome, r.Conformance, test.outcome)
			}
			if len(r.Warnings) != len(test.want) {
				t.Fatalf("warnings %q, want %q", r.Warnings, test.want)
			}
			for i, want := range test.want {
				if want = strings.ReplaceAll(want, "EVIDENCE", named); !strings.HasPrefix(r.Warnings[i], want) {
					t.Errorf("warned %q, want %q", r.Warnings[i], want)
				}
			}
			strict := exitConformant
			if test.outcome > verdict.Pass {
				strict = exitBreach
			}
			do(t, onDemo("judge", named, "--strict")...).want(t, strict)
		})
	}
}

func TestEvidenceThatProvesNothingIsInconclusive(t *testing.T) {
	t.Parallel()
	r := judged(t, exitBreach, altered(t, func(e *evidence.Evidence) { e.Requests = nil }))
	if r.Outcome != verdict.Inconclusive {
		t.Errorf("the result is %v", r.Outcome)
	}
}

func TestAFaultInRecordedEvidenceIsTheHarnesss(t *testing.T) {
	t.Parallel()
	r := judged(t, exitHarness, altered(t, func(e *evidence.Evidence) { e.Faults = []string{"step anonymous: boom"} }))
	if r.Outcome != verdict.Error || r.Scenarios[0].Error != "step anonymous: boom" {
		t.Errorf("the result is %v: %q", r.Outcome, r.Scenarios[0].Error)
	}
}

// However little is missing or changed, the file is refused.
func TestEvidenceThatIsNotWholeIsRefused(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(recorded + "/demo.stay.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	for name, test := range map[string]struct {
		content []byte
		want    string
	}{
		"without its last byte": {whole[:len(whole)-1], "the file is truncated: its footer is missing"},
		"without its footer":    {bytes.Join(lines[:len(lines)-2], nil), "the file is truncated: its footer is missing"},
		"without a record":      {append(bytes.Clone(lines[0]), bytes.Join(lines[2:], nil)...), "the footer counts"},
		"with a changed value":  {bytes.Replace(whole, []byte(`"status":200`), []byte(`"status":201`), 1), "the content's hash is not the footer's"},
		"of another version":    {bytes.Replace(whole, []byte("evidence/1"), []byte("evidence/9"), 1), `schema "pixelwitness/evidence/9"`},
		"empty":                 {nil, "the file is empty"},
	} {
		path := filepath.Join(t.TempDir(), "stay.ndjson")
		if err := os.WriteFile(path, test.content, 0o644); err != nil {
			t.Fatal(err)
		}
		e := do(t, onDemo("judge", path)...).want(t, exitUsage)
		if !strings.HasPrefix(e.err, "pixelwitness: "+path+":") || !strings.Contains(e.err, test.want) || !strings.Contains(e.err, "\nhint: ") {
			t.Errorf("%s: said %q", name, e.err)
		}
	}
}

// What is kept with the tests says nothing of the machine that recorded it.
func TestTheRecordingIsNeutral(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(recorded + "/*.ndjson")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, sign := range []string{"file:", "127.0.0.1", "localhost", "/home/", "/root/", "/tmp/"} {
			if bytes.Contains(text, []byte(sign)) {
				t.Errorf("%s holds %s", file, sign)
			}
		}
		if !bytes.Contains(text, []byte(`"tool":"pixelwitness recorded"`)) {
			t.Errorf("%s names another tool", file)
		}
	}
}
