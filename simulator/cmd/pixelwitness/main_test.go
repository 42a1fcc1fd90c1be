package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/report"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

var update = flag.Bool("update", false, "rewrite the goldens")

func TestMain(m *testing.M) {
	version = "test"
	_ = os.Unsetenv(browser.EnvPath) // what is installed here decides nothing
	goleak.VerifyTestMain(m)
}

// library is the data that these tests judge by: the suite's own.
const library = "../../suite/testdata/library"

// recorded is evidence of the demo pixel, as a run kept it in a real browser. It is
// recorded anew with
//
//	pixelwitness run --scenarios simulator/suite/testdata/library --pixel demo --no-screenshots --out DIR
const recorded = "testdata/evidence"

// end is how a command line ended.
type end struct {
	code     int
	out, err string
}

// do runs a command line as the program does.
func do(t *testing.T, args ...string) end {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, err bytes.Buffer
	code := run(ctx, args, streams{strings.NewReader(""), &out, &err})
	return end{code, out.String(), err.String()}
}

// want complains when the command line did not end with the code.
func (e end) want(t *testing.T, code int) end {
	t.Helper()
	if e.code != code {
		t.Errorf("exit code %d, want %d\n%s%s", e.code, code, e.out, e.err)
	}
	return e
}

// onDemo adds the flags for the tests' own data.
func onDemo(args ...string) []string {
	return append(args, "--scenarios", library, "--pixel", "demo")
}

// idle is a browser that is found, and could not start.
func idle(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chrome")
	if err := os.WriteFile(path, []byte("#!/bin/sh\ncase $1 in --version) echo Chrome 1.2.3.4; exit;; esac\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMistakesAreNamedWithARemedy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"plain": "no program", "empty.js": "", "empty-folder/.keep": "", "cut.ndjson": `{"header":{"schema":"pixelwitness/evidence/1"}}`} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const optOut = recorded + "/demo.opt-out.ndjson"
	var b strings.Builder
	for _, args := range [][]string{
		{"rnu"}, {"--hlep"}, {"nothing-like-it"}, {"version", "twice"},
		{"run", "--paralel", "3"}, {"run", "-x"}, {"run", "--parallel", "0"}, {"run", "--parallel", "many"},
		onDemo("run", "demo.opt-uot"), onDemo("run", "demo.no-such-clause-at-all"), onDemo("run", "["), onDemo("run", "demo.not-exercised"),
		{"run", "--pixel", "dmeo", "--scenarios", library}, {"run", "--pixel", "DIR/empty-folder"}, {"run", "--scenarios", "DIR/gone"},
		{"run", "--fault", "keeps-eid-parametre"}, {"run", "--fault", "silent", "--script", "DIR/empty.js"},
		{"run", "--script", "DIR/gone.js"}, {"run", "--script", "DIR/empty.js"},
		{"run", "--collector", "127.0.0.1:8080", "--chrome", "CHROME"}, {"run", "--collector", "http://127.0.0.1:1", "--fault", "silent"},
		{"run", "--browser", "shel"}, {"run", "--chrome", "DIR/gone"}, {"run", "--chrome", "DIR/plain"},
		{"run", "--chrome", "CHROME", "--json", "DIR/gone/x.json"}, {"run", "--chrome", "CHROME", "--junit", "DIR"},
		{"run", "--chrome", "CHROME", "--out", "DIR/plain"},
		{"list"}, {"list", "scenario"}, {"list", "everything"}, {"list", "pixels", "maqp"}, {"list", "pixels", "--jsn"},
		{"lint", "DIR/gone"}, {"lint", "DIR/empty-folder"}, {"lint", "one", "two"}, {"lint", library, "--documents", "DIR/empty-folder"},
		{"judge"}, {"judge", "DIR/gone"}, {"judge", "DIR/empty-folder"}, {"judge", "DIR/cut.ndjson"},
		onDemo("judge", optOut, optOut), {"judge", optOut, "--scenarios", library, "--pixel", "mapp"},
		{"serve", "--listen", "nowhere"}, {"serve", "--lsten", "x"},
		{"completion"}, {"completion", "bahs"}, {"completion", "bash", "more"}, {"help", "rnu"}, {"help", "list", "pixel"},
	} {
		shown := strings.Join(args, " ")
		for i := range args {
			args[i] = strings.NewReplacer("DIR", dir, "CHROME", idle(t)).Replace(args[i])
		}
		e := do(t, args...)
		if e.code != exitUsage || e.out != "" || !strings.HasPrefix(e.err, "pixelwitness: ") {
			t.Errorf("%s: exit code %d, said %q and %q", shown, e.code, e.out, e.err)
		}
		fmt.Fprintf(&b, "$ pixelwitness %s\n%s\n", shown, strings.ReplaceAll(e.err, dir, "DIR"))
	}
	golden(t, "mistakes.golden", b.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\nhint: go test ./simulator/cmd/pixelwitness -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s\nhint: go test ./simulator/cmd/pixelwitness -update", file, diff)
	}
}

func TestVersionAndHelp(t *testing.T) {
	t.Parallel()
	if e := do(t, "version").want(t, 0); !strings.HasPrefix(e.out, "pixelwitness test (go") || strings.Count(e.out, "\n") != 1 {
		t.Errorf("said %q", e.out)
	}
	for _, args := range [][]string{{}, {"--help"}, {"help"}, {"help", "run"}, {"run", "--help"}} {
		if e := do(t, args...).want(t, 0); !strings.Contains(e.out, "Usage:\n  pixelwitness") || e.err != "" {
			t.Errorf("%q said %q and %q", args, e.out, e.err)
		}
	}
}

func TestListsAreReadByPeopleAndPrograms(t *testing.T) {
	t.Parallel()
	for what, line := range map[string]string{
		"scenarios": "demo.stay      A visitor opens one page\n",
		"clauses":   "demo.flag-sent        must     1 scenario   An anonymous request says so.\n",
		"pixels":    "demo  demo  Demo pixel\n",
	} {
		e := do(t, "list", what, "--scenarios", library).want(t, 0)
		if !strings.Contains(e.out, line) || strings.Contains(e.out, "\x1b") {
			t.Errorf("list %s said %q", what, e.out)
		}
		for _, from := range [][]string{nil, {"--scenarios", library}} {
			e := do(t, append([]string{"list", what, "--json"}, from...)...).want(t, 0)
			var rows []struct{ ID, Name string }
			if err := json.Unmarshal([]byte(e.out), &rows); err != nil || len(rows) == 0 || rows[0].ID+rows[0].Name == "" {
				t.Errorf("list %s --json: %v in %s", what, err, e.out)
			}
		}
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if e := do(t, "completion", shell).want(t, 0); !strings.Contains(e.out, "pixelwitness") {
			t.Errorf("%s: %q", shell, e.out)
		}
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"__complete", "run", "--scenarios", library, "--pixel", ""}, "demo\tDemo pixel\n"},
		{[]string{"__complete", "run", "--scenarios", library, "demo.o"}, "demo.opt-out\tA visitor opts out and browses on\n"},
		{[]string{"__complete", "run", "--scenarios", library, "demo.f"}, "demo.flag-sent\tAn anonymous request says so.\n"},
		{[]string{"__complete", "run", "--browser", ""}, "shell\nfull\n"},
		{[]string{"__complete", "list", ""}, "clauses\t"},
	} {
		if e := do(t, test.args...).want(t, 0); !strings.Contains(e.out, test.want) {
			t.Errorf("%q: %q", test.args, e.out)
		}
	}
}

func TestLint(t *testing.T) {
	t.Parallel()
	if e := do(t, "lint").want(t, 0); !strings.HasPrefix(e.out, "scenarios: ") || !strings.HasSuffix(e.out, ": no problem\n") {
		t.Errorf("the built-in data: %q", e.out)
	}
	if e := do(t, "lint", library).want(t, 0); e.out != library+": 5 clauses, 4 scenarios, 1 pixel: no problem\n" {
		t.Errorf("a folder: %q", e.out)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(library)); err != nil {
		t.Fatal(err)
	}
	stay := filepath.Join(dir, "demo", "stay.yaml")
	text, err := os.ReadFile(stay)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stay, bytes.Replace(text, []byte("is: present"), []byte("is: presnet"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"lint", dir}, {"list", "scenarios", "--scenarios", dir}, {"run", "--scenarios", dir}} {
		e := do(t, args...).want(t, exitUsage)
		if !strings.HasPrefix(e.err, "pixelwitness: "+stay+":7:") || !strings.Contains(e.err, `hint: did you mean "present"?`) {
			t.Errorf("%q said %q", args, e.err)
		}
	}
}

func TestLintOfAPixelsFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "my-pixel")
	if err := os.CopyFS(dir, os.DirFS("../../../scenarios/pixels/_template")); err != nil {
		t.Fatal(err)
	}
	if e := do(t, "lint", dir).want(t, 0); e.out != dir+": pixel my-pixel, held to the document mapp: no problem\n" {
		t.Errorf("said %q", e.out)
	}
	if err := os.Remove(filepath.Join(dir, "tracker.js")); err != nil {
		t.Fatal(err)
	}
	if e := do(t, "lint", dir).want(t, exitUsage); !strings.Contains(e.err, filepath.Join(dir, "pixel.yaml")+":") {
		t.Errorf("said %q", e.err)
	}
}

// An unsupported scenario is judged without a browser; so it shows the way from
// the flags to the reports.
func TestARunWritesItsReports(t *testing.T) {
	t.Parallel()
	chrome, dir := idle(t), filepath.Join(t.TempDir(), "report")
	junit, whole := filepath.Join(t.TempDir(), "junit.xml"), filepath.Join(t.TempDir(), "result.json")
	e := do(t, onDemo("run", "demo.suppress", "--chrome", chrome, "--out", dir, "--junit", junit, "--json", whole)...).want(t, exitBreach) // nothing was judged
	if !strings.Contains(e.out, "demo.suppress") || !strings.HasSuffix(e.out, "report: "+filepath.Join(dir, "index.html")+"\n") {
		t.Errorf("said %q", e.out)
	}
	if e.err != "1 scenario not walked: not for this pixel\n" {
		t.Errorf("the progress is %q", e.err)
	}
	for _, file := range []string{junit, filepath.Join(dir, "index.html"), filepath.Join(dir, "result.json")} {
		if info, err := os.Stat(file); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
	f, err := os.Open(whole)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if r, err := report.ReadJSON(f); err != nil || r.Outcome != verdict.Unsupported || r.Tool.Version != "test" {
		t.Errorf("the result is %+v, %v", r, err)
	}
	strict := do(t, onDemo("run", "demo.suppress", "--chrome", chrome, "--strict", "--json", "-")...).want(t, exitBreach)
	if _, err := report.ReadJSON(strings.NewReader(strict.out)); err != nil {
		t.Errorf("the standard output is not the result alone: %v", err)
	}
	if !strings.Contains(strict.err, "demo.suppress") {
		t.Errorf("people are told %q", strict.err)
	}
}

func TestABrowserThatDoesNotStartIsTheHarnesssFault(t *testing.T) {
	t.Parallel()
	e := do(t, onDemo("run", "demo.stay", "--chrome", idle(t))...).want(t, exitHarness)
	if !strings.Contains(e.err, "pixelwitness: the browser ") || e.out != "" {
		t.Errorf("said %q and %q", e.out, e.err)
	}
}

func TestEveryOutcomeHasItsExitCode(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[verdict.Outcome][2]int{
		verdict.Pass:         {exitConformant, exitConformant},
		verdict.Skipped:      {exitConformant, exitBreach},
		verdict.Unsupported:  {exitConformant, exitBreach},
		verdict.Deviation:    {exitConformant, exitBreach},
		verdict.Inconclusive: {exitBreach, exitBreach},
		verdict.Fail:         {exitBreach, exitBreach},
		verdict.Error:        {exitHarness, exitHarness},
	} {
		for i, strict := range []bool{false, true} {
			got := exitConformant
			if err := code(&verdict.Result{Outcome: outcome, Verdicts: []verdict.Verdict{{Outcome: verdict.Pass}, {Outcome: outcome}}}, strict); err != nil {
				got = int(err.(exitCode))
			}
			if got != want[i] {
				t.Errorf("%v, strict %v: exit code %d, want %d", outcome, strict, got, want[i])
			}
		}
	}
	unjudged := &verdict.Result{Outcome: verdict.Unsupported, Verdicts: []verdict.Verdict{{Outcome: verdict.Unsupported}, {Outcome: verdict.Skipped}}}
	if code(unjudged, false) != exitCode(exitBreach) {
		t.Error("a run that judged nothing is a success")
	}
	if len(verdict.Outcomes()) != 7 {
		t.Error("an outcome has no exit code in this test")
	}
}

func TestFaultsAreListed(t *testing.T) {
	t.Parallel()
	if e := do(t, "run", "--fault", "list").want(t, 0); !strings.Contains(e.out, "silent ") {
		t.Errorf("said %q", e.out)
	}
}

func TestAScriptIsReadFromAFileOrAURL(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/own.js":
			_, _ = io.WriteString(w, "own")
		case "/large.js":
			_, _ = w.Write(make([]byte, maxScript+1))
		case "/gone.js":
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "own.js")
	if err := os.WriteFile(file, []byte("own"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{file, server.URL + "/own.js"} {
		if s, err := readScript(t.Context(), from); err != nil || s.Name != from || string(s.Source) != "own" {
			t.Errorf("%s: %+v, %v", from, s, err)
		}
	}
	for path, want := range map[string]string{"/gone.js": "answered 404", "/large.js": "larger than 16 MiB", "/empty.js": "is empty"} {
		if _, err := readScript(t.Context(), server.URL+path); err == nil || !strings.Contains(err.Error(), want) || !isUsage(err) {
			t.Errorf("%s: %v", path, err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// A pixel of another dialect is not told that its hits went nowhere.
func TestWhatTheCollectorDoesNotKnowIsTakenAllTheSame(t *testing.T) {
	t.Parallel()
	c, err := collector.New(collector.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	handler := orSink(c.Handler())
	for _, test := range []struct {
		address, kind, refused string
		status                 int
	}{
		{"https://collect.vendor.test/hit?vid=1", "image/gif", "", http.StatusOK},
		{"https://collect.vendor.test/1/wt?p=600", "image/gif", "known", http.StatusOK},
	} {
		r := httptest.NewRequest(http.MethodGet, test.address, nil)
		r.Header.Set("Sec-Fetch-Dest", "image")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		refused := w.Header().Get(collector.RefusedHeader) != ""
		if w.Code != test.status || w.Header().Get("Content-Type") != test.kind || refused != (test.refused != "") {
			t.Errorf("%s: %d %v %q", test.address, w.Code, w.Header(), w.Body)
		}
	}
}

// That nothing was found is an answer where something is read back.
func TestWhatIsReadBackIsNeverTheSinks(t *testing.T) {
	t.Parallel()
	handler := orSink(http.NotFoundHandler())
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://collect.vendor.test/api/antsomi/users/u1", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("a profile that is not there is answered with %d", w.Code)
	}
	g, err := gateway.New(gateway.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	v, err := g.Visitor(gateway.Stage{"collect.vendor.test": {Purpose: "collector", Handler: handler}})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var status *gateway.StatusError
	if _, err := v.Record(t.Context(), "/profiles/u1"); !errors.As(err, &status) || status.Status != http.StatusNotFound {
		t.Errorf("what the harness asks is answered with %v", err)
	}
}

func TestTheSelectorsSayWhichPixelIsMeant(t *testing.T) {
	t.Parallel()
	mapp, other, another := &scenario.Pixel{Name: "mapp", Document: "first"}, &scenario.Pixel{Name: "a", Document: "first"}, &scenario.Pixel{Name: "b", Document: "second"}
	lib := &scenario.Library{
		Catalogues: []*scenario.Catalogue{{Document: "all"}, {Document: "first"}, {Document: "second"}, {Document: "third"}},
		Pixels:     []*scenario.Pixel{other, another, mapp},
	}
	for _, test := range []struct {
		selectors string
		want      *scenario.Pixel
	}{
		{"", nil}, {"all.canary", nil}, {"first.opt-out", mapp}, {"second.three-visits", another}, {"second", another}, {"second.*", another},
		{"second.a all.canary", another}, {"first.a second.b", nil}, {"third.a", nil}, {"*.a", nil}, {"nothing.a", nil},
	} {
		if got := pixelOf(lib, strings.Fields(test.selectors)); got != test.want {
			t.Errorf("%q: got %+v", test.selectors, got)
		}
	}
	e := do(t, "run", "demo.stay", "--scenarios", library, "--chrome", "nowhere").want(t, exitUsage)
	if strings.Contains(e.err, "no pixel") {
		t.Errorf("the pixel was not found by the selector: %s", e.err)
	}
}

func TestServeCollectsUntilItIsStopped(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	out, in := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--listen", "127.0.0.1:0"}, streams{strings.NewReader(""), in, io.Discard})
		_ = in.Close()
	}()
	var address string
	if _, err := fmt.Fscanf(out, "collecting at %s", &address); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(strings.TrimSuffix(address, ",") + "/_/hits")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("the hits were answered with %s", response.Status)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestProgressIsALineForEachScenario(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(&out)
	p.notify(suite.Event{Total: 2, Phase: "launch"})
	s := &scenario.Scenario{ID: "demo.stay"}
	p.notify(suite.Event{Total: 2, Scenario: s, Step: "only"})
	p.notify(suite.Event{Total: 2, Done: 1, Scenario: s, Ended: &verdict.Scenario{Outcome: verdict.Fail, Milliseconds: 1234}})
	p.end()
	if want := "starting the browser\n1/2 demo.stay: fail (1.2 s)\n"; out.String() != want {
		t.Errorf("said %q, want %q", out.String(), want)
	}
}

func TestAListIsNarrowedByPatterns(t *testing.T) {
	t.Parallel()
	whole := do(t, "list", "scenarios").want(t, 0).out
	some := do(t, "list", "scenarios", "piwikpro.off-*", "mapp.opt-out").want(t, 0).out
	for line := range strings.Lines(some) {
		if id, _, _ := strings.Cut(line, " "); id != "mapp.opt-out" && !strings.HasPrefix(id, "piwikpro.off-") {
			t.Errorf("lists %q", id)
		}
	}
	if !strings.Contains(some, "piwikpro.off-undecided") || !strings.Contains(some, "mapp.opt-out") || len(some) >= len(whole) {
		t.Errorf("lists %s", some)
	}
	if e := do(t, "list", "scenarios", "mapp.optout").want(t, exitUsage); !strings.Contains(e.err, `did you mean "mapp.opt-out"?`) {
		t.Errorf("said %q", e.err)
	}
	do(t, "list", "clauses", "piwikpro.[").want(t, exitUsage)
}

func TestAScenarioThatIsLeftOutForItsReadingIsNamed(t *testing.T) {
	t.Parallel()
	const wants = "piwikpro.temporary-cookie-prolonged was left out: it is for another reading; --reading temporary-cookie=after-the-last-event takes it"
	e := do(t, "run", "--without-browser", "--pixel", "piwikpro", "piwikpro.temporary-cookie", "piwikpro.temporary-cookie-prolonged")
	if !strings.Contains(e.out, wants) {
		t.Errorf("said %q", e.out)
	}
	e = do(t, "run", "--without-browser", "--pixel", "piwikpro", "--reading", "temporary-cookie=after-the-last-event", "piwikpro.temporary-cookie-is-not-prolonged").want(t, exitUsage)
	if !strings.Contains(e.err, "--reading temporary-cookie=after-it-was-set") {
		t.Errorf("said %q", e.err)
	}
}
