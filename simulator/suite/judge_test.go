package suite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// recorded runs the demo pixel and returns what was kept of it.
func recorded(t *testing.T, o suite.Options) (*verdict.Result, []suite.StoredEvidence) {
	t.Helper()
	o.Folder, o.Screenshots = t.TempDir(), true
	r := run(t, o)
	var stored []suite.StoredEvidence
	for _, s := range r.Scenarios {
		if s.Evidence != "" {
			stored = append(stored, suite.StoredEvidence{Path: filepath.Join(o.Folder, s.Evidence), Evidence: kept(t, o.Folder, s.ID)})
		}
	}
	return r, stored
}

func TestStoredEvidenceIsJudgedAsTheRunWas(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*suite.Options, *machine){
		"plain":    func(*suite.Options, *machine) {},
		"redacted": func(o *suite.Options, _ *machine) { o.Redact = true },
		"silent": func(o *suite.Options, m *machine) {
			m.silent = true
			o.Timeouts.Pixel, o.Timeouts.PixelAgain = 1, 1
		},
		"with a fault of the harness": func(_ *suite.Options, m *machine) { m.mute = "pagehide" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &machine{}
			o := patient(options(t, m, "demo.opt-out", "demo.return", "demo.stay"))
			change(&o, m)
			r, stored := recorded(t, o)
			if len(stored) != 3 {
				t.Fatalf("%d files of evidence", len(stored))
			}
			judged, err := suite.Judge(o.Library, o.Pixel, tool, stored)
			if err != nil {
				t.Fatal(err)
			}
			want(t, "verdicts", r.Verdicts, judged.Verdicts)
			want(t, "clauses", r.Clauses, judged.Clauses)
			want(t, "outcome", r.Outcome, judged.Outcome)
			want(t, "browser", r.Browser, judged.Browser)
			want(t, "pixel", r.Pixel, judged.Pixel)
			want(t, "warnings", r.Warnings, judged.Warnings)
			// Times of day and of work are those of the recording or the judging.
			timeless := cmpopts.IgnoreFields(verdict.Scenario{}, "Milliseconds", "Evidence")
			if diff := cmp.Diff(r.Scenarios, judged.Scenarios, timeless); diff != "" {
				t.Errorf("scenarios (-want +got):\n%s", diff)
			}
			if judged.Scenarios[0].Evidence != stored[0].Path || judged.Scenarios[0].Milliseconds <= 0 {
				t.Errorf("the scenario says %q, %v ms", judged.Scenarios[0].Evidence, judged.Scenarios[0].Milliseconds)
			}
		})
	}
}

func TestEvidenceThatDoesNotFitIsAMistake(t *testing.T) {
	t.Parallel()
	o := patient(options(t, &machine{}, "demo.stay"))
	_, stored := recorded(t, o)
	changed := func(change func(*suite.StoredEvidence)) suite.StoredEvidence {
		copied := stored[0]
		e := *stored[0].Evidence
		copied.Evidence, copied.Path = &e, "x.ndjson"
		change(&copied)
		return copied
	}
	for name, test := range map[string]struct {
		files []suite.StoredEvidence
		want  string
	}{
		"of an unknown scenario": {[]suite.StoredEvidence{changed(func(f *suite.StoredEvidence) { f.Evidence.Scenario = "demo.gone" })},
			`x.ndjson: evidence of the scenario "demo.gone", which is not known here`},
		"of another pixel": {[]suite.StoredEvidence{changed(func(f *suite.StoredEvidence) { f.Evidence.Pixel = "other" })},
			"x.ndjson: evidence of the pixel \"other\", not of \"demo\"\nhint: name the pixel with --pixel"},
		"twice": {[]suite.StoredEvidence{changed(func(f *suite.StoredEvidence) { f.Path = "a.ndjson" }), changed(func(*suite.StoredEvidence) {})},
			"a.ndjson and x.ndjson are both evidence of demo.stay\nhint: judge one of them at a time"},
	} {
		result, err := suite.Judge(o.Library, o.Pixel, tool, test.files)
		var mistake *suite.UsageError
		if !errors.As(err, &mistake) || result != nil {
			t.Errorf("%s: got %v, %v", name, result, err)
			continue
		}
		want(t, name, test.want, err.Error())
	}
	_, err := suite.Judge(o.Library, o.Pixel, tool, nil)
	if mistake := (*suite.UsageError)(nil); !errors.Is(err, suite.ErrNothingSelected) || !errors.As(err, &mistake) {
		t.Errorf("without evidence: %v", err)
	}
}

func TestJudgingByWhatHasChangedIsSaid(t *testing.T) {
	t.Parallel()
	o := patient(options(t, &machine{}, "demo.stay"))
	_, stored := recorded(t, o)
	replaced := map[string]string{}
	for _, name := range []string{"demo/stay.yaml", "pixels/demo/pixel.yaml"} {
		text, err := os.ReadFile(filepath.Join("testdata/library", name))
		if err != nil {
			t.Fatal(err)
		}
		replaced[name] = string(text) + "# changed\n"
	}
	lib := library(t, replaced)
	judged, err := suite.Judge(lib, lib.Pixel("demo"), tool, stored)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "warnings", []string{
		stored[0].Path + ": the scenario demo.stay has changed since this was recorded",
		stored[0].Path + ": the pixel demo has changed since this was recorded",
	}, judged.Warnings)
	if judged.Outcome != verdict.Pass || !strings.HasSuffix(judged.Scenarios[0].Evidence, "demo.stay.ndjson") {
		t.Errorf("judged %v, %+v", judged.Outcome, judged.Scenarios[0])
	}
}
