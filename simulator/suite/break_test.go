package suite_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// dying is a machine whose browsers up to the number die when a visitor does
// something, but not before the preflight is over.
func dying(browsers int, does string) *machine {
	proved := make(chan struct{})
	var once sync.Once
	return &machine{habits: habits{before: func(v *tab, now string) error {
		if now == "dispose" && v.step == "preflight" {
			once.Do(func() { close(proved) })
		}
		if now == does && v.browser.number <= browsers {
			<-proved
			v.browser.die()
		}
		return nil
	}}}
}

func TestAVisitorIsWalkedOnceMoreWhenTheBrowserDies(t *testing.T) {
	t.Parallel()
	for _, does := range []string{"open https://www.shop.test/products", "settle second", "cookies"} {
		t.Run(does, func(t *testing.T) {
			t.Parallel()
			m := dying(1, does)
			o := patient(options(t, m, "demo.return"))
			o.Folder = t.TempDir()
			r := run(t, o)
			want(t, "scenarios", []string{"demo.return pass"}, outcomes(r))
			want(t, "warnings", []string{"the browser died during demo.return; the visitor was run once more on a new browser"}, r.Warnings)
			want(t, "errors", nil, r.Errors)
			want(t, "attempts", 2, r.Scenarios[0].Attempts)
			want(t, "attempt in the evidence", 2, kept(t, o.Folder, "demo.return").Attempt)
			browsers := m.launched()
			if len(browsers) != 2 || !browsers[0].closed || !browsers[1].closed {
				t.Errorf("%d browsers were launched, or one was left open", len(browsers))
			}
			lost, err := evidence.ReadFile(filepath.Join(o.Folder, "lost", "demo.return.ndjson"))
			if err != nil {
				t.Fatal(err)
			}
			if lost.Attempt != 1 || len(lost.Faults) == 0 {
				t.Errorf("the lost evidence is of attempt %d, with faults %q", lost.Attempt, lost.Faults)
			}
		})
	}
}

func TestAVisitorThatCannotBeOpenedIsAnError(t *testing.T) {
	t.Parallel()
	m := &machine{habits: habits{before: func(_ *tab, does string) error {
		if does == "visitor" {
			return errors.New("no memory")
		}
		return nil
	}}}
	o := patient(options(t, m, "demo.stay"))
	o.Folder = t.TempDir()
	r := run(t, o)
	want(t, "scenarios", []string{"demo.stay error"}, outcomes(r))
	if s := r.Scenarios[0]; s.Error != "step only: open a visitor: no memory" || s.Evidence != "" || s.Attempts != 1 {
		t.Errorf("the scenario is %+v", s)
	}
}

func TestTwoDeadBrowsersAreAnErrorOfThatScenarioAlone(t *testing.T) {
	t.Parallel()
	m := dying(2, "settle second")
	o := patient(options(t, m, "demo.return", "demo.stay"))
	o.Parallel = 1
	r := run(t, o)
	want(t, "scenarios", []string{"demo.return error", "demo.stay pass"}, outcomes(r))
	want(t, "attempts", 2, r.Scenarios[0].Attempts)
	want(t, "error", "step second: the browser is dead", r.Scenarios[0].Error)
	if got := len(m.launched()); got != 3 {
		t.Errorf("%d browsers were launched", got)
	}
}

func TestABrowserThatCannotBeReplacedIsAnError(t *testing.T) {
	t.Parallel()
	m := dying(1, "settle second")
	o := patient(options(t, m, "demo.return"))
	o.Launch = func(ctx context.Context, spki string) (journey.Browser, error) {
		if len(m.launched()) > 0 {
			return nil, errors.New("no memory")
		}
		return m.launch(ctx, spki)
	}
	r := run(t, o)
	want(t, "scenarios", []string{"demo.return error"}, outcomes(r))
	e := r.Scenarios[0]
	if e.Attempts != 1 || e.Error != "step second: the browser is dead" {
		t.Errorf("attempts %d, error %q", e.Attempts, e.Error)
	}
}

// Two visitors on the browser that dies share the new one.
func TestADeadBrowserIsReplacedOnce(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	here, both := 0, make(chan struct{})
	inner := dying(1, "settle second")
	m := &machine{habits: habits{before: func(v *tab, does string) error {
		if v.browser.number == 1 && (does == "settle second" || does == "settle only") {
			mu.Lock()
			if here++; here == 2 {
				close(both)
			}
			mu.Unlock()
			<-both
			if does == "settle only" {
				<-v.browser.lost
			}
		}
		return inner.before(v, does)
	}}}
	r := run(t, patient(options(t, m, "demo.return", "demo.stay")))
	want(t, "scenarios", []string{"demo.return pass", "demo.stay pass"}, outcomes(r))
	if got := len(m.launched()); got != 2 {
		t.Errorf("%d browsers were launched", got)
	}
	if len(r.Warnings) != 2 {
		t.Errorf("warnings %q", r.Warnings)
	}
}

func TestAPreflightThatFailsMakesEveryVerdictAnError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		habits habits
		want   string
	}{
		"a channel that is not seen": {habits{mute: "pagehide"}, `preflight: the gateway did not see the channel "pagehide"`},
		"a header that shows automation": {habits{headless: true},
			"preflight: the header user-agent of https://www.preflight.test/ shows automation: HeadlessDemo"},
		"navigator.webdriver": {habits{webdriver: true},
			`preflight: the browser shows automation: navigator.webdriver is true, the user agent "Demo"`},
		"a page that does not open": {habits{before: func(v *tab, does string) error {
			if does == "open https://www.preflight.test/" {
				return errors.New("boom")
			}
			return nil
		}}, "preflight: boom; seen were none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := patient(options(t, &machine{habits: test.habits}))
			o.Folder = t.TempDir()
			r := run(t, o)
			want(t, "scenarios", []string{"demo.opt-out error", "demo.return error", "demo.stay error", "demo.suppress unsupported"}, outcomes(r))
			want(t, "error", test.want, r.Scenarios[0].Error)
			for _, v := range r.Verdicts {
				if v.Scenario != "demo.suppress" && v.Outcome != verdict.Error {
					t.Errorf("%s of %s is %v", v.Clause, v.Scenario, v.Outcome)
				}
			}
			if e := kept(t, o.Folder, "demo.stay"); len(e.Faults) != 1 || len(e.Requests) == 0 {
				t.Errorf("kept %d requests, faults %q", len(e.Requests), e.Faults)
			}
		})
	}
}

func TestAPreflightIsRunOnceMoreWhenTheBrowserDies(t *testing.T) {
	t.Parallel()
	m := &machine{habits: habits{before: func(v *tab, does string) error {
		if does == "open https://www.preflight.test/" && v.browser.number == 1 {
			v.browser.die()
		}
		return nil
	}}}
	r := run(t, patient(options(t, m, "demo.stay")))
	want(t, "scenarios", []string{"demo.stay pass"}, outcomes(r))
	if len(m.launched()) != 2 || len(r.Warnings) == 0 || r.Browser.ThirdPartyCookies != "allowed" {
		t.Errorf("%d browsers, warnings %q, browser %+v", len(m.launched()), r.Warnings, r.Browser)
	}
}

const late = "https://www.shop.test/late?vid=visitor-0815-0815"

func TestARequestAfterTheVisitIsAnError(t *testing.T) {
	t.Parallel()
	r := run(t, patient(options(t, &machine{habits: habits{late: late}}, "demo.stay")))
	want(t, "scenarios", []string{"demo.stay pass"}, outcomes(r))
	want(t, "outcome", verdict.Error, r.Outcome)
	want(t, "errors", []string{
		"a request left the browser after the visit of demo.stay had ended, and was not judged: GET " + late,
	}, r.Errors)
}

func TestRedactionLeavesNothingPersonal(t *testing.T) {
	t.Parallel()
	m := dying(1, "settle anonymous")
	m.late = late
	o := patient(options(t, m, "demo.opt-out"))
	o.Folder, o.Screenshots, o.Redact = t.TempDir(), true, true
	r := run(t, o)
	want(t, "scenarios", []string{"demo.opt-out pass"}, outcomes(r))
	if len(r.Errors) == 0 {
		t.Error("nothing is said of the late request")
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"the result": text}
	err = fs.WalkDir(os.DirFS(o.Folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[name], err = os.ReadFile(filepath.Join(o.Folder, name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"evidence/demo.opt-out.ndjson", "lost/demo.opt-out.ndjson"} {
		if !bytes.Contains(files[name], []byte("redacted-")) {
			t.Errorf("%s holds no token: it proves nothing", name)
		}
	}
	for name, text := range files {
		for _, personal := range []string{"visitor-0815-0815", "customer-4711"} {
			if i := bytes.Index(text, []byte(personal)); i >= 0 {
				t.Errorf("%s holds %s: …%s…", name, personal, text[max(0, i-80):min(len(text), i+80)])
			}
		}
	}
	if !kept(t, o.Folder, "demo.opt-out").Redacted {
		t.Error("the evidence does not say that it is redacted")
	}
}

// A fault that is told by a session, which has no run around it.
func TestASessionTellsItsErrors(t *testing.T) {
	t.Parallel()
	o := patient(options(t, &machine{habits: habits{late: late}}, "demo.stay"))
	plans, err := suite.Plan(o)
	if err != nil {
		t.Fatal(err)
	}
	s, err := suite.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	visit := s.Visit(t.Context(), plans[0])
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, "outcome", verdict.Pass, visit.Scenario.Outcome)
	if errs := s.Errors(); len(errs) != 1 || !strings.Contains(errs[0], late) {
		t.Errorf("errors %q", errs)
	}
}
