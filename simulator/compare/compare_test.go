package compare_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/compare"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// plan is a journey of two steps.
func plan() *scenario.Plan {
	return &scenario.Plan{
		Scenario: &scenario.Scenario{ID: "demo.opt-out", Title: "A visitor opts out", Journey: []scenario.Step{{Name: "identified", Open: "home"}, {Name: "anonymous", Open: "home"}}},
		Pixel: &scenario.Pixel{
			Name: "demo", Stage: scenario.Stage{Site: "www.shop.test", Collector: "collect.vendor.test", Scripts: "cdn.vendor.test"},
			Requests:   scenario.Requests{Path: "^/hit$"},
			Parameters: map[string]scenario.Name{"visitor-id": {Name: "vid"}},
			Cookies:    map[string]scenario.Name{"visitor-id": {Name: "_vid"}, "choice": {Name: "out", Set: "1"}},
		},
	}
}

// walk is a walk, with what a run makes of its own: an ID and the time.
func walk(id string, minute int, change func(*evidence.Evidence)) compare.Walk {
	began := time.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC)
	e := &evidence.Evidence{
		Header: evidence.Header{Began: began, Script: "script.js"},
		Steps:  []evidence.Step{{Name: "identified", Fenced: true}, {Name: "anonymous", Fenced: true}},
		Requests: []evidence.Request{
			{Seq: 1, Step: "identified", Method: "GET", URL: "https://www.shop.test/", Purpose: "page"},
			{Seq: 2, Step: "identified", Method: "GET", URL: "https://collect.vendor.test/hit?vid=" + id + "&at=" + millis(began) + "&page=home", Purpose: "collector"},
			{Seq: 3, Step: "anonymous", Method: "GET", URL: "https://collect.vendor.test/hit?page=home&at=" + millis(began) + "&nc=1", Purpose: "collector"},
		},
		Writes: []evidence.CookieWrite{
			{Step: "identified", Name: "_vid", Value: id, Lifetime: 180*24*time.Hour - 400*time.Millisecond},
			{Step: "anonymous", Name: "_vid", Lifetime: -time.Hour},
		},
		Snapshots: []evidence.Snapshot{
			{Step: "identified", Cookies: []evidence.Cookie{{Name: "_vid", Value: id, Domain: ".shop.test", Path: "/", SameSite: "Lax"}}},
			{Step: "anonymous", Storage: []evidence.Item{{Store: "localStorage", Name: "seen", Value: millis(began)}}},
		},
	}
	if change != nil {
		change(e)
	}
	return compare.Walk{Evidence: e, Verdicts: []verdict.Verdict{
		{Scenario: "demo.opt-out", Step: "anonymous", Clause: "demo.flag-sent", Level: "must", Outcome: verdict.Pass, Subject: "parameter nc", Observed: `"1" in request 3`},
	}}
}

func millis(t time.Time) string {
	text, _ := json.Marshal(t.UnixMilli())
	return string(text)
}

// twice is one script, walked twice.
func twice(ids [2]string, minute int, change func(*evidence.Evidence)) []compare.Walk {
	return []compare.Walk{walk(ids[0], minute, change), walk(ids[1], minute+1, change)}
}

var (
	idsA = [2]string{"2179530393113008926", "2179530393237094422"}
	idsB = [2]string{"2179530777733008926", "2179530766637094422"}
)

func compared(a, b []compare.Walk) *compare.Comparison {
	c := compare.Compare([]compare.Pair{{Plan: plan(), A: a, B: b}})
	c.Pixel, c.Repetitions = "demo", 2
	c.A, c.B = compare.Script{Name: "reference:demo"}, compare.Script{Name: "dist/pixel.js"}
	return c
}

func TestAScriptDoesNotDifferFromItself(t *testing.T) {
	t.Parallel()
	c := compared(twice(idsA, 0, nil), twice(idsB, 7, func(e *evidence.Evidence) {
		// The order of hits and of parameters is chance, too.
		e.Requests[1].URL = strings.Replace(e.Requests[1].URL, "&page=home", "", 1) + "&page=home"
	}))
	if len(c.Differences) > 0 || len(c.Clauses) > 0 || !c.Same() || c.Judged != 1 {
		t.Errorf("%+v", c)
	}
	golden(t, "same.golden", text(t, c, compare.TextOptions{}))
}

// everyDifference changes one thing of every kind.
func everyDifference(e *evidence.Evidence) {
	e.Requests[1].URL += "&one=1"                                         // a parameter more
	e.Requests[2].URL = strings.Replace(e.Requests[2].URL, "home", "", 1) // an empty value
	e.Requests[2].URL = strings.Replace(e.Requests[2].URL, "&nc=1", "", 1)
	e.Requests[2].Method, e.Requests[2].Body = "POST", evidence.Bytes("nc=1&cd=user5684798169")
	e.Requests = append(e.Requests,
		evidence.Request{Seq: 4, Step: "anonymous", Method: "GET", URL: "https://spy.other.test/x", Purpose: "sink"},
		evidence.Request{Seq: 5, Step: "anonymous", Method: "GET", URL: "https://collect.vendor.test/hit?page=&tb=1&at=" + millis(e.Began), Purpose: "collector"})
	e.Writes[0].Lifetime = 400 * 24 * time.Hour
	e.Writes = append(e.Writes, evidence.CookieWrite{Step: "anonymous", Name: "out", Value: "1", Session: true})
	e.Snapshots[0].Cookies[0].SameSite, e.Snapshots[0].Cookies[0].Secure = "None", true
	e.Snapshots[1].Cookies = []evidence.Cookie{{Name: "out", Value: "1", Domain: ".shop.test", Path: "/"}}
	e.Snapshots[1].Storage = []evidence.Item{{Store: "sessionStorage", Name: "queue", Value: "vid=" + e.Snapshots[0].Cookies[0].Value}}
	e.Messages = []evidence.Message{{Step: "identified", Level: "exception", Text: "TypeError: x is undefined\n    at y"}, {Step: "identified", Level: "log", Text: "not shown"}}
}

func different(t *testing.T) *compare.Comparison {
	t.Helper()
	b := twice(idsB, 7, everyDifference)
	for i := range b {
		b[i].Verdicts[0].Outcome, b[i].Verdicts[0].Observed = verdict.Fail, "absent from request 5 (one of 2)"
	}
	b[1].Verdicts = append(b[1].Verdicts, verdict.Verdict{Clause: "demo.unsteady", Level: "derived", Outcome: verdict.Inconclusive, Step: "anonymous", Subject: "cookie _vid", Reason: "the step was not seen to come to rest"})
	b[0].Verdicts = append(b[0].Verdicts, verdict.Verdict{Clause: "demo.unsteady", Level: "derived", Outcome: verdict.Pass, Step: "anonymous"})
	a := twice(idsA, 0, nil)
	for i := range a {
		a[i].Verdicts = append(a[i].Verdicts, verdict.Verdict{Clause: "demo.unsteady", Level: "derived", Outcome: verdict.Pass, Step: "anonymous"})
	}
	return compared(a, b)
}

func TestEveryKindOfDifferenceIsShown(t *testing.T) {
	t.Parallel()
	c := different(t)
	if c.Same() {
		t.Error("the same")
	}
	seen := map[string]bool{}
	for _, d := range c.Differences {
		seen[d.Kind] = true
	}
	for _, kind := range compare.Kinds() {
		if !seen[kind] {
			t.Errorf("no difference of kind %s", kind)
		}
	}
	c.Errors = nil
	golden(t, "different.golden", text(t, c, compare.TextOptions{}))
	golden(t, "different-narrow.golden", text(t, c, compare.TextOptions{Width: 60, Verbose: true}))
	var b bytes.Buffer
	if err := compare.JSON(&b, c); err != nil {
		t.Fatal(err)
	}
	golden(t, "different.json.golden", b.String())
	var back compare.Comparison
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, &back); diff != "" {
		t.Error(diff)
	}
}

func TestColoursAreOnlyForTerminals(t *testing.T) {
	t.Parallel()
	c := different(t)
	if strings.Contains(text(t, c, compare.TextOptions{}), "\x1b") {
		t.Error("escape codes in a pipe")
	}
	if !strings.Contains(text(t, c, compare.TextOptions{Color: true}), "\x1b") {
		t.Error("no colours in a terminal")
	}
}

func TestWhatAScriptSendsIsShownNotObeyed(t *testing.T) {
	t.Parallel()
	c := compared(twice(idsA, 0, nil), twice(idsB, 7, func(e *evidence.Evidence) {
		e.Requests[1].URL += "&x=%1b%5b31m%0a::error::y"
	}))
	if said := text(t, c, compare.TextOptions{}); strings.Contains(said, "\x1b") || strings.Contains(said, "\n::error") {
		t.Errorf("%q", said)
	}
}

func TestWhatOneWalkShowsAloneIsChance(t *testing.T) {
	t.Parallel()
	b := twice(idsB, 7, nil)
	b[1].Evidence.Snapshots[1].Cookies = []evidence.Cookie{{Name: "sometimes", Value: "1"}}
	c := compared(twice(idsA, 0, nil), b)
	if len(c.Differences) > 0 || c.Chance == 0 {
		t.Errorf("%d set aside, and %+v", c.Chance, c.Differences)
	}
}

func TestSilenceIsNotSameness(t *testing.T) {
	t.Parallel()
	silent := func(e *evidence.Evidence) { e.Requests = e.Requests[:1] }
	c := compared(twice(idsA, 0, silent), twice(idsB, 7, silent))
	if len(c.Differences) > 0 {
		t.Errorf("%+v", c.Differences)
	}
	if c.Same() || !strings.Contains(text(t, c, compare.TextOptions{}), "neither script was seen to send") {
		t.Error(text(t, c, compare.TextOptions{}))
	}
	// Where one is silent, that is said, and not of every parameter again.
	c = compared(twice(idsA, 0, nil), twice(idsB, 7, silent))
	for _, d := range c.Differences {
		if d.Kind == compare.KindParameter {
			t.Errorf("%+v", d)
		}
	}
	if len(c.Differences) == 0 || c.Differences[0].Kind != compare.KindHits || c.Differences[0].B != "0" {
		t.Errorf("%+v", c.Differences)
	}
}

func TestABrokenWalkIsNotCompared(t *testing.T) {
	t.Parallel()
	b := twice(idsB, 7, everyDifference)
	b[1].Evidence.Faults = []string{"the browser died"}
	for _, c := range []*compare.Comparison{compared(twice(idsA, 0, nil), b), compared(twice(idsA, 0, nil), nil)} {
		if len(c.Errors) != 1 || len(c.Differences) > 0 || len(c.Clauses) > 0 || c.Same() {
			t.Errorf("%+v", c)
		}
	}
}

func TestAnUnsupportedJourneyIsNamed(t *testing.T) {
	t.Parallel()
	p := plan()
	p.Unsupported = []string{"batching"}
	c := compare.Compare([]compare.Pair{{Plan: p}, {Plan: plan(), A: twice(idsA, 0, nil), B: twice(idsB, 7, nil)}})
	if len(c.Errors) > 0 || !c.Same() || !strings.Contains(text(t, c, compare.TextOptions{}), "not walked: the pixel lacks batching") {
		t.Errorf("%+v", c)
	}
}

func text(t *testing.T, c *compare.Comparison, o compare.TextOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := compare.Text(&b, c, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
