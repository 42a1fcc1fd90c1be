package suite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// described is the only step of a journey, as describe tells of it.
func described(t *testing.T, step evidence.Step, e evidence.Evidence) verdict.Step {
	t.Helper()
	step.Name = "home"
	e.Steps = []evidence.Step{step}
	plan := &scenario.Plan{
		Scenario: &scenario.Scenario{ID: "demo.stay"},
		Pixel:    &scenario.Pixel{Stage: scenario.Stage{Site: "www.shop.test", Scripts: "cdn.test", Collector: "collect.test"}},
	}
	return describe(plan, &e).Steps[0]
}

func request(seq int, method, url, purpose string) evidence.Request {
	return evidence.Request{Seq: seq, Step: "home", Method: method, URL: url, Purpose: purpose}
}

func TestDescribeNumbersThePixelsRequests(t *testing.T) {
	t.Parallel()
	later := request(9, "GET", "https://collect.test/hit", "collector")
	later.Step = "later"
	got := described(t, evidence.Step{Awaited: true, Seen: true, Fenced: true}, evidence.Evidence{Requests: []evidence.Request{
		request(1, "GET", "https://www.shop.test/", "page"), request(3, "GET", "https://collect.test/hit?a=1", "collector"),
		request(6, "POST", "https://collect.test/hit", "collector"), later,
	}})
	want := verdict.Step{Name: "home", Requests: 2, Others: 1, Numbers: []int{3, 6}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDescribeNotesWhatWentWrong(t *testing.T) {
	t.Parallel()
	const (
		nothing = "no request of the pixel came, and nothing left the browser but requests for pages and scripts; check that the script loads and runs"
		remedy  = "; if one of them is the pixel's, check stage.collector and requests.path in pixel.yaml"
	)
	awaited := evidence.Step{Awaited: true, Fenced: true}
	said := func(level, text, source string) evidence.Message {
		return evidence.Message{Step: "home", Level: level, Text: text, Source: source}
	}
	stage := []evidence.Request{
		request(1, "GET", "https://www.shop.test/", "page"), request(2, "GET", "https://cdn.test/demo.js", "script"),
	}
	var many []evidence.Message
	var strangers []evidence.Request
	var first []string
	for i := range 7 {
		many = append(many, said("error", fmt.Sprint("no. ", i), ""))
		strangers = append(strangers, request(i+1, "GET", fmt.Sprintf("https://x%d.test/", i), "sink"))
		if i < 5 {
			first = append(first, fmt.Sprintf("GET https://x%d.test/", i))
		}
	}
	for name, test := range map[string]struct {
		step evidence.Step
		seen evidence.Evidence
		want []string
	}{
		"nothing":         {step: evidence.Step{Awaited: true, Seen: true, Fenced: true}},
		"nothing awaited": {step: evidence.Step{Fenced: true}, seen: evidence.Evidence{Requests: stage}},
		"problem":         {step: evidence.Step{Fenced: true, Problem: "nothing to click"}, want: []string{"nothing to click"}},
		"restless":        {step: evidence.Step{}, want: []string{"the step did not come to rest"}},
		"messages": {
			step: evidence.Step{Fenced: true},
			seen: evidence.Evidence{Messages: []evidence.Message{
				said("log", "hello", ""), said("warning", "beware", ""), {Step: "later", Level: "error", Text: "later"},
				said("exception", "TypeError: t is undefined\n    at run", "https://cdn.test/demo.js:1:1"),
				said("error", "refused", ""),
				said("exception", "TypeError: t is undefined\n    at run", "https://cdn.test/demo.js:1:1"),
				said("exception", strings.Repeat("é", 201), ""),
			}},
			want: []string{
				"exception: TypeError: t is undefined at https://cdn.test/demo.js:1:1", "error: refused",
				"exception: " + strings.Repeat("é", 200) + "…",
			},
		},
		"many messages": {
			step: evidence.Step{Fenced: true}, seen: evidence.Evidence{Messages: many},
			want: []string{"error: no. 0", "error: no. 1", "error: no. 2", "error: no. 3", "error: no. 4", "and 2 more"},
		},
		"silent": {step: awaited, seen: evidence.Evidence{Requests: stage}, want: []string{nothing}},
		"another host": {
			step: awaited,
			seen: evidence.Evidence{Requests: append(stage[:2:2],
				request(3, "POST", "https://other.test/hit?eid=1#f", "sink"), request(4, "POST", "https://other.test/hit?eid=2", "sink"))},
			want: []string{"no request of the pixel came; 2 other requests left the browser: POST https://other.test/hit" + remedy},
		},
		"many others": {
			step: awaited, seen: evidence.Evidence{Requests: strangers},
			want: []string{"no request of the pixel came; 7 other requests left the browser: " + strings.Join(first, ", ") + ", and 2 more" + remedy},
		},
		"late": {
			step: awaited, seen: evidence.Evidence{Requests: []evidence.Request{request(1, "GET", "https://collect.test/hit", "collector")}},
			want: []string{"no request of the pixel came in time"},
		},
		"all at once": {
			step: evidence.Step{Awaited: true, Problem: "gone"}, seen: evidence.Evidence{Messages: many[:1]},
			want: []string{"gone", "error: no. 0", nothing, "the step did not come to rest"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, described(t, test.step, test.seen).Notes); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A step says whose browser it is, and who uses it where that is somebody else.
func TestDescribeSaysWhomTheSiteKnows(t *testing.T) {
	t.Parallel()
	journey := []scenario.Step{
		{Name: "own", Open: "home"},
		{Name: "lent", Open: "home", Person: scenario.PersonSecond},
		{Name: "acting", Do: scenario.ActionAct},
		{Name: "elsewhere", Open: "home", Device: scenario.DeviceSecond},
		{Name: "borrowed", Open: "home", Person: scenario.PersonFirst},
		{Name: "signing-in", Do: scenario.ActionSignIn},
	}
	plan := &scenario.Plan{Scenario: &scenario.Scenario{Journey: journey}, Pixel: &scenario.Pixel{}}
	e := &evidence.Evidence{}
	for i, s := range journey {
		device, _ := plan.Scenario.Place(i)
		e.Steps = append(e.Steps, evidence.Step{Name: s.Name, Action: s.Action(), Conditions: s.Conditions(), Device: device, Fenced: true})
	}
	var said []string
	for _, s := range describe(plan, e).Steps {
		said = append(said, s.Action)
	}
	want := []string{
		"open home", "open home, person second", "do act, second person",
		"open home, second device", "open home, person first, second device", "do sign-in, second device, first person",
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
