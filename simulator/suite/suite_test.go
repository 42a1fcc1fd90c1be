package suite_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var tool = verdict.Tool{Name: "pixelwitness", Version: "test"}

// library loads the tests' own data, with some files replaced.
func library(t *testing.T, replace map[string]string) *scenario.Library {
	t.Helper()
	files := fstest.MapFS{}
	root := os.DirFS("testdata/library")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, name)
		files[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range replace {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	lib, err := scenario.Load(files, "library")
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// options run the demo pixel on the machine.
func options(t *testing.T, m *machine, selectors ...string) suite.Options {
	t.Helper()
	lib := library(t, nil)
	return suite.Options{
		Library: lib, Pixel: lib.Pixel("demo"), Launch: m.launch, Selectors: selectors, Tool: tool,
		Timeouts: journey.Timeouts{
			Pixel: 50 * time.Millisecond, PixelAgain: time.Millisecond, Action: 10 * time.Second,
			Fence: 10 * time.Second, Leave: 10 * time.Second, RunForward: time.Minute,
		},
	}
}

// patient waits for the pixel as long as a busy machine may need.
func patient(o suite.Options) suite.Options {
	o.Timeouts.Pixel, o.Timeouts.PixelAgain = 20*time.Second, 20*time.Second
	return o
}

func run(t *testing.T, o suite.Options) *verdict.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	result, err := suite.Run(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// outcomes says how each scenario ended, in the result's order.
func outcomes(r *verdict.Result) []string {
	var list []string
	for _, s := range r.Scenarios {
		list = append(list, s.ID+" "+s.Outcome.String())
	}
	return list
}

func want[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestARunWalksAndJudgesEveryScenario(t *testing.T) {
	t.Parallel()
	m := &machine{}
	r := run(t, patient(options(t, m)))
	want(t, "scenarios", []string{"demo.opt-out pass", "demo.return pass", "demo.stay pass", "demo.suppress unsupported"}, outcomes(r))
	want(t, "outcome", verdict.Unsupported, r.Outcome)
	want(t, "errors", nil, r.Errors)
	want(t, "warnings", nil, r.Warnings)
	want(t, "browser", verdict.Browser{
		Product: "Demo/1.2.3", Kind: "shell", UserAgent: "Demo", ThirdPartyCookies: "allowed",
		Channels: []string{
			"beacon", "cross-site-frame", "fetch", "frame", "image", "pagehide",
			"script", "service-worker", "style", "websocket", "worker", "xhr",
		},
	}, r.Browser)
	if r.Schema != verdict.Schema || r.Tool != tool || r.Pixel.Name != "demo" || r.Pixel.Script != "tracker.js" || len(r.Pixel.ScriptSHA256) != 64 {
		t.Errorf("the run is described as %q %v %+v", r.Schema, r.Tool, r.Pixel)
	}
	var steps []string
	for _, s := range r.Scenarios[0].Steps {
		steps = append(steps, fmt.Sprintf("%s: %s, %d and %d", s.Name, s.Action, s.Requests, s.Others))
	}
	want(t, "steps", []string{
		"identified: open home, 1 and 2", "opting-out: do opt-out, 0 and 0", "anonymous: open products, 1 and 2",
	}, steps)
	if got := m.opened(); got != 3 {
		t.Errorf("%d visitors walked, want 3: what is unsupported is not walked", got)
	}
	for _, b := range m.launched() {
		if !b.closed {
			t.Error("a browser was left open")
		}
	}
	if len(m.launched()) != 1 || r.Timings.Parallel != 2 || r.Timings.Journeys <= 0 || r.Timings.FirstVerdict <= 0 {
		t.Errorf("%d browsers, timings %+v", len(m.launched()), r.Timings)
	}
}

func TestNothingIsLaunchedForWhatIsUnsupported(t *testing.T) {
	t.Parallel()
	m := &machine{}
	r := run(t, options(t, m, "demo.suppress"))
	want(t, "scenarios", []string{"demo.suppress unsupported"}, outcomes(r))
	if len(m.launched()) > 0 {
		t.Error("a browser was launched")
	}
	if len(r.Verdicts) != 1 || r.Verdicts[0].Reason == "" {
		t.Errorf("verdicts %+v", r.Verdicts)
	}
}

func TestAClauseAloneIsJudged(t *testing.T) {
	t.Parallel()
	r := run(t, patient(options(t, &machine{}, "demo.flag-sent")))
	want(t, "scenarios", []string{"demo.opt-out pass"}, outcomes(r))
	if len(r.Verdicts) != 1 || r.Verdicts[0].Clause != "demo.flag-sent" {
		t.Errorf("verdicts %+v", r.Verdicts)
	}
}

// Every visitor waits until all have come: only a parallel run ends.
func TestVisitorsWalkAtTheSameTime(t *testing.T) {
	t.Parallel()
	const crowd = 3
	var mu sync.Mutex
	here, all := 0, make(chan struct{})
	m := &machine{habits: habits{before: func(v *tab, does string) error {
		if does != "open https://www.shop.test/" {
			return nil
		}
		mu.Lock()
		if here++; here == crowd {
			close(all)
		}
		mu.Unlock()
		select {
		case <-all:
			return nil
		case <-t.Context().Done():
			return errors.New("the others did not come")
		}
	}}}
	o := patient(options(t, m))
	o.Parallel = crowd
	r := run(t, o)
	want(t, "outcome", verdict.Unsupported, r.Outcome)
}

func TestNoMoreVisitorsWalkThanAskedFor(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	walking, most := 0, 0
	m := &machine{habits: habits{before: func(v *tab, does string) error {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case v.page == nil || v.page.Host != "www.shop.test":
		case does == "leave":
			walking--
		}
		if does == "open https://www.shop.test/" && !v.counted {
			walking++
			most = max(most, walking)
		}
		return nil
	}}}
	o := patient(options(t, m))
	o.Parallel = 1
	run(t, o)
	if most != 1 {
		t.Errorf("%d visitors walked at the same time", most)
	}
}

func TestASilentPixelIsInconclusive(t *testing.T) {
	t.Parallel()
	r := run(t, options(t, &machine{habits: habits{silent: true}}, "demo.stay"))
	want(t, "scenarios", []string{"demo.stay inconclusive"}, outcomes(r))
}

func TestMistakesInTheRequestAreUsageErrors(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*suite.Options){
		"an unknown selector":          func(o *suite.Options) { o.Selectors = []string{"demo.opt-in"} },
		"a pattern that is none":       func(o *suite.Options) { o.Selectors = []string{"["} },
		"a clause without a scenario":  func(o *suite.Options) { o.Selectors = []string{"demo.not-exercised"} },
		"a document without scenarios": func(o *suite.Options) { p := *o.Pixel; p.Document = "other"; o.Pixel = &p },
		"a pixel that lacks a page":    func(o *suite.Options) { p := *o.Pixel; p.Pages = nil; o.Pixel = &p },
		"a reference that is not there": func(o *suite.Options) {
			p := *o.Pixel
			p.Script = "reference:demo"
			o.Pixel = &p
		},
		"a reference that cannot be had": func(o *suite.Options) {
			p := *o.Pixel
			p.Script = "reference:demo"
			o.Pixel = &p
			o.Reference = func(string) (suite.Script, error) { return suite.Script{}, errors.New("no such tracker") }
		},
		"a script that is not there": func(o *suite.Options) { p := *o.Pixel; p.Script = "gone.js"; o.Pixel = &p },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &machine{}
			o := options(t, m)
			change(&o)
			result, err := suite.Run(t.Context(), o)
			var mistake *suite.UsageError
			if !errors.As(err, &mistake) || result != nil {
				t.Errorf("got %v, %v", result, err)
			}
			if len(m.launched()) > 0 {
				t.Error("a browser was launched")
			}
		})
	}
}

func TestABrowserThatDoesNotStartEndsTheRun(t *testing.T) {
	t.Parallel()
	o := options(t, &machine{})
	o.Launch = func(context.Context, string) (journey.Browser, error) { return nil, errDead }
	result, err := suite.Run(t.Context(), o)
	if !errors.Is(err, errDead) || result != nil {
		t.Errorf("got %v, %v", result, err)
	}
	if mistake := (*suite.UsageError)(nil); errors.As(err, &mistake) {
		t.Error("that is no mistake of the user's")
	}
}

func TestACancelledRunGivesWhatItHas(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	m := &machine{habits: habits{before: func(v *tab, does string) error {
		if does == "settle second" { // of demo.return, which comes after demo.opt-out
			cancel(errors.New("interrupted"))
		}
		return nil
	}}}
	o := patient(options(t, m))
	o.Parallel = 1
	result, err := suite.Run(ctx, o)
	if err == nil || err.Error() != "the run was broken off with 1 of 4 scenarios judged: interrupted" {
		t.Errorf("got %v", err)
	}
	want(t, "scenarios", []string{"demo.opt-out pass"}, outcomes(result))
}

func TestANotificationComesForEveryStepAndEnd(t *testing.T) {
	t.Parallel()
	var told []string
	o := patient(options(t, &machine{}, "demo.return", "demo.suppress"))
	o.Parallel = 1
	o.Notify = func(e suite.Event) { // one at a time: the race detector watches
		switch {
		case e.Phase != "":
			told = append(told, e.Phase)
		case e.Ended != nil:
			told = append(told, fmt.Sprintf("%s ended %s, %d of %d", e.Scenario.ID, e.Ended.Outcome, e.Done, e.Total))
		default:
			told = append(told, e.Scenario.ID+" at "+e.Step)
		}
	}
	run(t, o)
	want(t, "events", []string{
		"launch", "demo.return at first", "demo.return at second",
		"demo.return ended pass, 1 of 2", "demo.suppress ended unsupported, 2 of 2",
	}, told)
}

func TestAScriptCanBePutInThePixelsPlace(t *testing.T) {
	t.Parallel()
	o := patient(options(t, &machine{}, "demo.stay"))
	o.Script = &suite.Script{Name: "dist/own.js", Source: []byte("own")}
	r := run(t, o)
	want(t, "script", "dist/own.js", r.Pixel.Script)
	o.Script = nil
	p := *o.Pixel
	p.Script = "reference:demo"
	o.Pixel = &p
	o.Reference = func(name string) (suite.Script, error) {
		return suite.Script{Name: "built from " + name, Source: []byte("own")}, nil
	}
	again := run(t, o)
	want(t, "script", "built from demo", again.Pixel.Script)
	want(t, "digest", r.Pixel.ScriptSHA256, again.Pixel.ScriptSHA256)
}

// kept reads the evidence file of a scenario.
func kept(t *testing.T, folder, id string) *evidence.Evidence {
	t.Helper()
	e, err := evidence.ReadFile(filepath.Join(folder, "evidence", id+".ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAFolderKeepsEvidenceAndPictures(t *testing.T) {
	t.Parallel()
	o := patient(options(t, &machine{}))
	o.Folder, o.Screenshots = t.TempDir(), true
	r := run(t, o)
	s := r.Scenarios[1]
	want(t, "evidence", "evidence/demo.return.ndjson", s.Evidence)
	want(t, "picture", "screenshots/demo.return-2-second.png", s.Steps[1].Screenshot)
	picture, err := os.ReadFile(filepath.Join(o.Folder, s.Steps[1].Screenshot))
	if err != nil || string(picture) != "\x89PNG second" {
		t.Errorf("the picture is %q, %v", picture, err)
	}
	e := kept(t, o.Folder, "demo.return")
	e.Began = time.Time{}
	want(t, "header", evidence.Header{
		Schema: evidence.Schema, Tool: "pixelwitness test", Scenario: "demo.return", ScenarioDigest: o.Library.Scenario("demo.return").Digest,
		Pixel: "demo", PixelDigest: o.Pixel.Digest, Script: "tracker.js", ScriptSHA256: r.Pixel.ScriptSHA256,
		Visitor: "demo.return", Browser: evidence.Browser(r.Browser), Attempt: 1,
	}, e.Header)
	want(t, "the picture in the evidence", s.Steps[1].Screenshot, e.Steps[1].Screenshot)
	var files []string
	for _, pattern := range []string{"*", "*/*"} {
		found, err := filepath.Glob(filepath.Join(o.Folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			name, _ := filepath.Rel(o.Folder, f)
			files = append(files, filepath.ToSlash(name))
		}
	}
	slices.Sort(files)
	want(t, "files", []string{
		"evidence", "evidence/demo.opt-out.ndjson", "evidence/demo.return.ndjson", "evidence/demo.stay.ndjson", "screenshots",
		"screenshots/demo.opt-out-1-identified.png", "screenshots/demo.opt-out-2-opting-out.png", "screenshots/demo.opt-out-3-anonymous.png",
		"screenshots/demo.return-1-first.png", "screenshots/demo.return-2-second.png", "screenshots/demo.stay-1-only.png",
	}, files)
}

func TestAFolderThatCannotBeWrittenIsAnErrorOfTheRun(t *testing.T) {
	t.Parallel()
	o := patient(options(t, &machine{}, "demo.stay"))
	o.Folder = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(o.Folder, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	r := run(t, o)
	if len(r.Errors) != 1 || !strings.HasPrefix(r.Errors[0], "keep the evidence: ") || r.Outcome != verdict.Error {
		t.Errorf("errors %q, outcome %v", r.Errors, r.Outcome)
	}
}

func TestADeclaredDeviationThatPassesIsReported(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/library/pixels/demo/pixel.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o := patient(options(t, &machine{}, "demo.opt-out"))
	o.Library = library(t, map[string]string{
		"pixels/demo/pixel.yaml": string(text) + "deviations:\n  - {clause: demo.flag-sent, reason: it sends none}\n",
	})
	o.Pixel = o.Library.Pixel("demo")
	r := run(t, o)
	if len(r.Warnings) != 1 || !strings.HasPrefix(r.Warnings[0], "demo.flag-sent in demo.opt-out at step anonymous: ") {
		t.Errorf("warnings %q", r.Warnings)
	}
}
