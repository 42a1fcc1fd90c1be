package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/reference/tracker"
	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/coverage"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

func TestEveryClauseHasAScenarioAndAFault(t *testing.T) {
	t.Parallel()
	e := do(t, "coverage", "--static").want(t, exitConformant)
	if !strings.HasSuffix(e.out, " - complete as declared, not measured\n") || e.err != "" {
		t.Errorf("said %q and %q", e.out, e.err)
	}
	e = do(t, "coverage", "--static", "--json", "-").want(t, exitConformant)
	var table coverage.Table
	if err := json.Unmarshal([]byte(e.out), &table); err != nil || !table.Complete || table.Schema != coverage.Form || table.Tool.Version != "test" {
		t.Errorf("%v in %s", err, e.out)
	}
	if !strings.HasPrefix(e.err, "all: ") {
		t.Errorf("people are told %q", e.err)
	}
}

func TestDataWithoutFaultsIsNotCovered(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "coverage.json")
	e := do(t, "coverage", "--static", "--scenarios", library, "--json", file).want(t, exitBreach)
	for _, part := range []string{
		"problem: demo.identified (must) is broken by no fault\n",
		"problem: the fault silent is one of mapp, and no pixel of that document has a reference for its script\n",
	} {
		if !strings.Contains(e.out, part) {
			t.Errorf("said %s\nwithout %s", e.out, part)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Size() == 0 {
		t.Error(err)
	}
}

func TestMistakesAboutCoverageAreNamedWithARemedy(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`no fault is called "silence", and none breaks a clause that is` + "\nhint: did you mean \"silent\"?": {"silence"},
		`did you mean "mapp.nc-sent"?`:                 {"mapp.nc-snt"},
		`pixelwitness run --fault list names all`:      {"nothing-at-all-like-a-fault"},
		`"[" is not a pattern`:                         {"["},
		`--parallel 0: at least one visitor must walk`: {"--parallel", "0"},
		`--static shows all that is declared`:          {"--static", "silent"},
		`there is no folder`:                           {"--static", "--json", filepath.Join(t.TempDir(), "gone", "x.json")},
		`nothing to walk: no pixel has a reference`:    {"--scenarios", library},
		`--browser "shel": want shell or full`:         {"--browser", "shel"},
		`did you mean "--static"?`:                     {"--statc"},
		filepath.Join(library, "gone"):                 {"--scenarios", filepath.Join(library, "gone")},
		"no-such-browser":                              {"--chrome", "no-such-browser"},
	} {
		e := do(t, append([]string{"coverage"}, args...)...).want(t, exitUsage)
		if e.out != "" || !strings.HasPrefix(e.err, "pixelwitness: ") || !strings.Contains(e.err, want) {
			t.Errorf("%q said %q and %q", args, e.out, e.err)
		}
	}
}

func TestABrowserThatDoesNotStartLeavesNoTable(t *testing.T) {
	t.Parallel()
	e := do(t, "coverage", "silent", "--chrome", idle(t)).want(t, exitHarness)
	if !strings.Contains(e.err, "pixelwitness: the browser ") || e.out != "" {
		t.Errorf("said %q and %q", e.out, e.err)
	}
}

// bound is the matrix of the built-in data.
func bound(t *testing.T) *matrix {
	t.Helper()
	lib, err := scenario.Load(scenarios.FS, "scenarios")
	if err != nil {
		t.Fatal(err)
	}
	m := &matrix{lib: lib, parts: map[string]*part{}}
	if err := m.bind(); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTheReferenceIsTriedInEveryWayThatItOffers(t *testing.T) {
	t.Parallel()
	m := bound(t)
	references := m.references()
	at := slices.IndexFunc(references, func(r coverage.Reference) bool { return r.Document == "mapp" })
	if at < 0 || references[at].Pixel != "mapp" || len(references[at].Unsupported) > 0 {
		t.Fatalf("%+v", references)
	}
	mapp := references[at]
	if diff := cmp.Diff([]string{"image", "beacon", "form", "batched"}, mapp.Ways); diff != "" {
		t.Error(diff)
	}
	const optOut = "mapp.opt-out"
	for way, plans := range m.parts["mapp"].plans {
		if len(plans) != len(mapp.Scenarios) {
			t.Errorf("%s: %d plans", way, len(plans))
		}
		page, err := scenario.RenderPage(plans[optOut], "home", scenario.PageData{})
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]bool{
			"beacon":  bytes.Contains(page, []byte(`transport: "beacon"`)),
			"form":    bytes.Contains(page, []byte(`transport: "form"`)),
			"batched": plans[optOut].Scenario.Config.Delivery == scenario.DeliveryBatched,
		}
		for other, is := range said {
			if is != (way == other) {
				t.Errorf("%s: %s is %v in\n%s", way, other, is, page)
			}
		}
	}
	if m.lib.Scenario(optOut).Config.Delivery != "" || m.lib.Pixel("mapp").Settings["transport"] != "image" {
		t.Error("the library was changed")
	}
}

// The trackers know the transports that they are tried in, and no others.
func TestTheTransportsAreTheTrackers(t *testing.T) {
	t.Parallel()
	for _, vendor := range tracker.Vendors() {
		s, err := tracker.Bundle(vendor, tracker.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if want := `["` + strings.Join(tracker.Transports(vendor), `", "`) + `"]`; !bytes.Contains(s.Source, []byte(want)) {
			t.Errorf("the tracker %s does not list %s", vendor, want)
		}
	}
}

func TestEachFaultIsPutOnTheStage(t *testing.T) {
	t.Parallel()
	m := bound(t)
	for _, f := range fault.All() {
		p := m.parts[m.documentOf(f.Vendor)]
		clean, err := m.options(p, "")
		if err != nil {
			t.Fatal(err)
		}
		o, err := m.options(p, f.Name)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		if changed := !bytes.Equal(o.Script.Source, clean.Script.Source); changed != (len(f.Patches) > 0) || o.Script.Name != p.pixel.Script+" with fault "+f.Name {
			t.Errorf("%s: %s, changed %v", f.Name, o.Script.Name, changed)
		}
	}
	if _, err := m.options(m.parts["mapp"], "no-such-fault"); err == nil {
		t.Error("an unknown fault was taken")
	}
	if i := slices.IndexFunc(m.faults(), func(f coverage.Fault) bool { return f.Name == "silent" }); i < 0 ||
		m.faults()[i].Document != "mapp" || len(m.faults()[i].Clauses) > 0 {
		t.Error("silent is no fault of mapp's that declares nothing")
	}
}

// Each journey gets a collector of its own, wrong as the fault says, by the
// journey's clock.
func TestACollectorIsBrokenForEachJourney(t *testing.T) {
	t.Parallel()
	made := 0
	make := collectorWith(func(o *collector.Options) {
		made++
		if year := o.Clock().Year(); year != 2031 {
			t.Errorf("the year is %d", year)
		}
		o.Clock = func() time.Time { return time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC) }
	})
	for n := 1; n <= 2; n++ {
		handler, closing, err := make(func() time.Time { return time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC) })
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/111111111111111/wt?p=600,www.shop.test,1,1280x800,24,1,1795296596718,0,1280x800,0", "/_/hits"} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "https://127.0.0.1"+path, nil)
			r.RemoteAddr = "127.0.0.1:4711" // the hits are given back to nobody else
			handler.ServeHTTP(w, r)
			if path == "/_/hits" && strings.Count(w.Body.String(), "1999-01-01") != 1 {
				t.Errorf("collector %d has %s", n, w.Body)
			}
		}
		if err := closing(); err != nil || made != n {
			t.Errorf("made %d, %v", made, err)
		}
	}
}

func TestTheMatrixTellsOfEachFaultThatEnded(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	clauses := []string{"a.b", "a.c"}
	r := &rows{
		to:       newProgress(&out),
		declared: map[string][]string{"leaks": clauses, "excused": clauses},
		owed:     map[string][]string{"leaks": clauses, "excused": clauses[:1]},
	}
	for _, p := range []coverage.Progress{
		{Name: "leaks", Journeys: 36, Walking: 12300 * time.Millisecond, Red: []string{"a.b", "a.c"}, Left: 90 * time.Second},
		{Name: "silent", Journeys: 1},
		{Name: "leaks", Red: []string{"a.c", "a.d"}},
		{Name: "leaks"},
		{Name: "silent", Red: []string{"a.b"}},
		{Name: "excused", Red: []string{"a.b"}},
		{Name: "excused", Red: []string{"a.b", "a.c"}},
		{Name: "excused", Red: []string{"a.c"}},
	} {
		p.Done, p.Total = 1, 3
		r.notify(p) // a journey among others says nothing
		p.Ended = true
		r.notify(p)
	}
	const want = "1/3 leaks: red as declared (36 journeys, 12.3 s); 1m30s left\n" +
		"1/3 silent: nothing red (1 journey, 0.0 s); 0s left\n" +
		"1/3 leaks: NOT RED a.b, RED UNDECLARED a.d (0 journeys, 0.0 s); 0s left\n" +
		"1/3 leaks: NOT RED a.b, a.c (0 journeys, 0.0 s); 0s left\n" +
		"1/3 silent: RED UNDECLARED a.b (0 journeys, 0.0 s); 0s left\n" +
		"1/3 excused: red as declared (0 journeys, 0.0 s); 0s left\n" +
		"1/3 excused: red as declared (0 journeys, 0.0 s); 0s left\n" +
		"1/3 excused: NOT RED a.b (0 journeys, 0.0 s); 0s left\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestABuiltInScenarioThatTheDataLacksIsKnown(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(folder, scenarios.FS); err != nil {
		t.Fatal(err)
	}
	tell := func(want ...string) {
		t.Helper()
		e := do(t, "coverage", "--static", "--scenarios", folder, "--json", "-")
		var table coverage.Table
		if err := json.Unmarshal([]byte(e.out), &table); err != nil {
			t.Fatal(err, e.out, e.err)
		}
		if !slices.Equal(table.Lacking, want) {
			t.Errorf("said that %q are lacking, want %q", table.Lacking, want)
		}
	}
	tell()
	if err := os.Remove(filepath.Join(folder, "mapp", "opt-out.yaml")); err != nil {
		t.Fatal(err)
	}
	tell("mapp.opt-out")
}

func TestTheTableDecidesTheExitCode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		table coverage.Table
		want  int
	}{
		"complete":                  {coverage.Table{Complete: true}, exitConformant},
		"a problem":                 {coverage.Table{Problems: []coverage.Problem{{Kind: coverage.NotCaught}}}, exitBreach},
		"an error":                  {coverage.Table{Errors: []string{"broke"}}, exitHarness},
		"a journey that broke":      {coverage.Table{Problems: []coverage.Problem{{Kind: coverage.NotCaught}, {Kind: coverage.Broke}}}, exitHarness},
		"a journey that is missing": {coverage.Table{Problems: []coverage.Problem{{Kind: coverage.NotWalked}}}, exitHarness},
	} {
		var out bytes.Buffer
		got := exitConformant
		if err := (&coverageFlags{}).write(streams{nil, &out, &out}, &c.table); err != nil {
			got = int(err.(exitCode))
		}
		if got != c.want {
			t.Errorf("%s: exit code %d, want %d", name, got, c.want)
		}
	}
}
