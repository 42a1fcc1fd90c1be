package suite_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

const keptScenario = `id: demo.kept
title: What the collector keeps
document: demo
requires: [kept-read-back]
config:
  origins: {berlin: {address: 192.0.2.10}, london: {address: 198.51.100.20}}
journey:
  - {step: first, open: home, from: berlin}
  - {step: second, open: products, from: london}
expect:
  - {at: first, kept: address, is: absent, clause: demo.identified}
`

// keeping are options for a pixel whose collector keeps things, and a scenario that
// looks at them.
func keeping(t *testing.T, m *machine) suite.Options {
	t.Helper()
	o := patient(options(t, m, "demo.kept"))
	pixel, err := os.ReadFile("testdata/library/pixels/demo/pixel.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o.Library = library(t, map[string]string{
		"demo/kept.yaml":         keptScenario,
		"pixels/demo/pixel.yaml": strings.Replace(string(pixel), "features: [", "features: [kept-read-back, ", 1),
	})
	o.Pixel = o.Library.Pixel("demo")
	o.Folder = t.TempDir()
	return o
}

// notary keeps in a file of its folder who has asked it for what.
type notary struct {
	mu      sync.Mutex
	folders []string
	closed  int
	err     error
}

func (n *notary) filed(folder string) suite.Collector {
	n.mu.Lock()
	n.folders = append(n.folders, folder)
	n.mu.Unlock()
	return func(func() time.Time) (http.Handler, func() error, error) {
		if n.err != nil {
			return nil, nil, n.err
		}
		file := filepath.Join(folder, "below", "book.txt")
		if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
			return nil, nil, err
		}
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n.mu.Lock()
			defer n.mu.Unlock()
			f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			if err == nil {
				_, err = fmt.Fprintln(f, r.URL.Path, gateway.AddressOf(r.Context()))
				err = errors.Join(err, f.Close())
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			gateway.Sink(w, r)
		})
		return handler, func() error { n.mu.Lock(); n.closed++; n.mu.Unlock(); return nil }, nil
	}
}

func (n *notary) check(t *testing.T) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.folders) == 0 {
		t.Error("no collector had a folder")
	}
	for _, folder := range n.folders {
		if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the folder %s is left behind: %v", folder, err)
		}
	}
}

func TestWhatACollectorKeepsIsInTheEvidence(t *testing.T) {
	t.Parallel()
	n := &notary{}
	o := keeping(t, &machine{})
	o.Collector, o.Filed = suite.Fixed(http.HandlerFunc(gateway.Sink)), n.filed
	r := run(t, o)
	want(t, "errors", nil, r.Errors)
	e := kept(t, o.Folder, "demo.kept")
	for step, book := range map[string]string{"first": "/hit 192.0.2.10\n", "second": "/hit 192.0.2.10\n/hit 198.51.100.20\n"} {
		files := e.Snapshot(step).Kept
		if len(files) != 1 || files[0].Name != "below/book.txt" || string(files[0].Data) != book {
			t.Errorf("step %s: %+v", step, files)
		}
	}
	n.check(t)
	if n.closed != 1 {
		t.Errorf("the collector was closed %d times", n.closed)
	}
}

// Plans that look at nothing that is kept have a collector without files.
func TestOnlyWhoLooksHasACollectorWithFiles(t *testing.T) {
	t.Parallel()
	n := &notary{}
	o := keeping(t, &machine{})
	o.Selectors, o.Collector, o.Filed = []string{"demo.stay"}, suite.Fixed(http.HandlerFunc(gateway.Sink)), n.filed
	run(t, o)
	if len(n.folders) > 0 {
		t.Errorf("folders: %v", n.folders)
	}
}

// A run that is broken off leaves no folder behind.
func TestABrokenOffRunLeavesNoFolder(t *testing.T) {
	t.Parallel()
	n := &notary{}
	ctx, cancel := context.WithCancel(t.Context())
	m := &machine{habits: habits{before: func(_ *tab, does string) error {
		if strings.HasPrefix(does, "open https://www.shop.test/products") {
			cancel()
		}
		return nil
	}}}
	o := keeping(t, m)
	o.Collector, o.Filed = suite.Fixed(http.HandlerFunc(gateway.Sink)), n.filed
	if _, err := suite.Run(ctx, o); err == nil {
		t.Error("the run ended well")
	}
	n.check(t)
}

func TestACollectorThatCannotBeMadeLeavesNoFolder(t *testing.T) {
	t.Parallel()
	n := &notary{err: errors.New("no room")}
	o := keeping(t, &machine{})
	o.Collector, o.Filed = suite.Fixed(http.HandlerFunc(gateway.Sink)), n.filed
	r := run(t, o)
	if r.Outcome != verdict.Error || !strings.Contains(r.Scenarios[0].Error, "make a collector: no room") {
		t.Errorf("%s, %q", r.Outcome, r.Scenarios[0].Error)
	}
	n.check(t)
}

// Where nobody can tell what is kept, nothing passes.
func TestWhatNobodyCanLookAtIsUnsupported(t *testing.T) {
	t.Parallel()
	o := keeping(t, &machine{})
	r := run(t, o)
	if len(r.Verdicts) != 1 || r.Verdicts[0].Outcome != verdict.Unsupported {
		t.Errorf("%+v", r.Verdicts)
	}
}

func TestFilesOfACollectorElsewhere(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, text := range map[string]string{"store/a.db": "rows", "store/deep/a.db-wal": "pages", "log.txt": "lines"} {
		file := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	o := keeping(t, &machine{})
	o.Collector = suite.Fixed(http.HandlerFunc(gateway.Sink))
	o.Kept = []string{filepath.Join(folder, "log.txt"), filepath.Join(folder, "store")}
	r := run(t, o)
	want(t, "errors", nil, r.Errors)
	var found []string
	for _, file := range kept(t, o.Folder, "demo.kept").Snapshot("first").Kept {
		found = append(found, file.Name+": "+string(file.Data))
	}
	want(t, "files", []string{"log.txt: lines", "a.db: rows", "deep/a.db-wal: pages"}, found)

	o.Kept = []string{filepath.Join(folder, "nothing")}
	if r := run(t, o); r.Outcome != verdict.Error || !strings.Contains(r.Scenarios[0].Error, "nothing: no such file") {
		t.Errorf("a file that is not there: %s, %q", r.Outcome, r.Scenarios[0].Error)
	}
	o.Kept = []string{t.TempDir()}
	if r := run(t, o); r.Outcome != verdict.Error || !strings.Contains(r.Scenarios[0].Error, "no file is there in which a collector could keep anything") {
		t.Errorf("an empty folder: %s, %q", r.Outcome, r.Scenarios[0].Error)
	}
}

// What a page says of where it comes from stands before what its proxy says.
func TestACollectorElsewhereLearnsFromWhereAVisitorComes(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var heard []string
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		heard = append(heard, r.URL.Path+" "+strings.Join(r.Header.Values("X-Forwarded-For"), ", "))
		mu.Unlock()
		gateway.Sink(w, r)
	}))
	t.Cleanup(backend.Close)
	remote, err := suite.Elsewhere(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	handler, closing, err := remote.Collector(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closing() })
	for _, address := range []string{"", "192.0.2.10"} {
		r := httptest.NewRequestWithContext(gateway.WithAddress(t.Context(), address), http.MethodGet, "https://collect.vendor.test/hit", nil)
		handler.ServeHTTP(httptest.NewRecorder(), r)
		r.Header["X-Forwarded-For"] = []string{"192.0.2.99", "127.0.0.1"} // a page that lies
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	want(t, "what was heard", []string{"/hit ", "/hit ", "/hit 192.0.2.10", "/hit 192.0.2.99, 127.0.0.1, 192.0.2.10"}, heard)
}

// Hosts of the stage beside those of every pixel: the collector's own pages, and what
// a site's owner has set, at the host of the tracker's code.
func TestTheConsoleAndTheSettingsAreTheCollectors(t *testing.T) {
	t.Parallel()
	o := options(t, &machine{}, "demo.stay")
	p := *o.Pixel
	p.Stage.Console, p.Stage.Settings = "app.test", "/consent/"
	p.Requests.Path = "/hit$"
	o.Pixel = &p
	o.Collector = suite.Fixed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "collector "+r.URL.Path) }))
	plans, err := suite.Plan(o)
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := suite.Stage(plans[0], o)
	if err != nil {
		t.Fatal(err)
	}
	for address, wanted := range map[string][2]string{
		"https://app.test/admin/":                    {"console", "collector /admin/"},
		"https://app.test/hit":                       {"collector", "collector /hit"},
		"https://cdn.vendor.test/consent/1.json":     {"settings", "collector /consent/1.json"},
		"https://cdn.vendor.test/consent/hit":        {"collector", "collector /consent/hit"},
		"https://cdn.vendor.test/demo.js":            {"script", "// The demo pixel."},
		"https://cdn.vendor.test/elsewhere":          {"script", ""},
		"https://collect.vendor.test/consent/1.json": {"collector", "collector /consent/1.json"},
	} {
		host, path, _ := strings.Cut(strings.TrimPrefix(address, "https://"), "/")
		purpose := hosts[host].Purpose
		if by := hosts[host].ByPath; by != nil && by("/"+path) != "" {
			purpose = by("/" + path)
		}
		if got := ask(t, hosts, address); purpose != wanted[0] || !strings.Contains(got, wanted[1]) || wanted[1] == "" && strings.Contains(got, "collector") {
			t.Errorf("%s: %s %q, want %v", address, purpose, got, wanted)
		}
	}
}

// reading are options for a pixel that reads its document in one of two ways, with a
// scenario for the other.
func reading(t *testing.T, selectors ...string) suite.Options {
	t.Helper()
	o := patient(options(t, &machine{}, selectors...))
	pixel, err := os.ReadFile("testdata/library/pixels/demo/pixel.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o.Library = library(t, map[string]string{
		"demo/other.yaml": `id: demo.other
title: Another reading
document: demo
requires: [anonymous-sessions]
reading: {temporary-cookie: after-the-last-event}
journey: [{step: only, open: home}]
expect: [{at: only, parameter: visitor-id, is: present, clause: demo.identified}]
`,
		"pixels/demo/pixel.yaml": strings.Replace(string(pixel), "features: [", "readings: {temporary-cookie: after-it-was-set}\nfeatures: [anonymous-sessions, ", 1),
	})
	o.Pixel = o.Library.Pixel("demo")
	return o
}

func TestOnlyScenariosOfThePixelsReadingAreRun(t *testing.T) {
	t.Parallel()
	ids := func(o suite.Options) []string {
		plans, err := suite.Plan(o)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, p := range plans {
			list = append(list, p.Scenario.ID)
		}
		return list
	}
	o := reading(t)
	if list := ids(o); slices.Contains(list, "demo.other") || !slices.Contains(list, "demo.stay") {
		t.Errorf("planned are %v", list)
	}
	o = reading(t, "demo.other")
	_, err := suite.Plan(o)
	var mistake *suite.UsageError
	if !errors.As(err, &mistake) || !errors.Is(err, suite.ErrNothingSelected) ||
		!strings.Contains(err.Error(), "for another reading of the document: demo.other (temporary-cookie=after-the-last-event)\nhint: choose it with --reading") {
		t.Errorf("got %v", err)
	}
	if o.Pixel, err = o.Pixel.WithReadings([]string{"temporary-cookie=after-the-last-event"}); err != nil {
		t.Fatal(err)
	}
	want(t, "planned", []string{"demo.other"}, ids(o))
}

// Evidence is judged by the reading for which it was recorded, and says so.
func TestEvidenceKnowsItsReading(t *testing.T) {
	t.Parallel()
	o := reading(t, "demo.other")
	usual := o.Pixel
	var err error
	if o.Pixel, err = o.Pixel.WithReadings([]string{"temporary-cookie=after-the-last-event"}); err != nil {
		t.Fatal(err)
	}
	r, stored := recorded(t, o)
	readings := map[string]string{scenario.ReadingTemporaryCookie: scenario.AfterTheLastEvent}
	want(t, "the run's readings", readings, r.Pixel.Readings)
	want(t, "the evidence's readings", readings, stored[0].Evidence.Readings)
	judged, err := suite.Judge(o.Library, usual, tool, stored)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "the judged readings", readings, judged.Pixel.Readings)

	second := *stored[0].Evidence
	second.Scenario, second.Readings = "demo.stay", nil
	_, err = suite.Judge(o.Library, usual, tool, append(stored, suite.StoredEvidence{Path: "other.ndjson", Evidence: &second}))
	if err == nil || !strings.Contains(err.Error(), "were recorded for other readings of the document\nhint: judge them apart") {
		t.Errorf("got %v", err)
	}
}
