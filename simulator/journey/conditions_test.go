package journey_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// brief lists the calls of a walk without the rounds of rest, which are another
// test's matter, and without the way out.
func brief(w *world) []string {
	var list []string
	for _, call := range w.calls {
		if strings.HasPrefix(call, "leave ") {
			break
		}
		switch word, _, _ := strings.Cut(call, " "); word {
		case "await", "await:", "cookies", "visitor:":
		case "settle":
			if n := len(list); n == 0 || list[n-1] != "rest" {
				list = append(list, "rest")
			}
		default:
			list = append(list, call)
		}
	}
	return list
}

func minutes(n int) scenario.Lifetime {
	l, err := scenario.ParseLifetime(fmt.Sprintf("%dm", n))
	if err != nil {
		panic(err)
	}
	return l
}

func TestConditions(t *testing.T) {
	t.Parallel()
	const home, products = "open https://www.shop.test/", "open https://www.shop.test/products"
	for name, test := range map[string]struct {
		steps []scenario.Step
		want  []string
	}{
		"a slow collector answers after the page's time has run, and is slow again": {
			[]scenario.Step{{Name: "a", Open: "home", Collector: "slow"}, {Name: "b", Do: "opt-out", Collector: "well"}},
			[]string{
				"wire: begin a at 11:00:00", "collector slow", home, "forward 5m0s", "collector well", "release", "rest", "collector slow",
				"wire: begin b at 11:00:00", "collector well", "click #opt-out", "rest", "collector well", "release",
			},
		},
		"what was under way from a step that ended at once goes on after the next act": {
			[]scenario.Step{{Name: "a", Open: "home", Collector: "slow", Ends: "at-once"}, {Name: "b", Do: "opt-out", Collector: "well"}},
			[]string{
				"wire: begin a at 11:00:00", "collector slow", home,
				"wire: begin b at 11:00:00", "collector well", "click #opt-out", "release", "rest", "collector well", "release",
			},
		},
		"a script that was held comes after the act": {
			[]scenario.Step{{Name: "a", Open: "home", Script: "held"}, {Name: "b", Do: "opt-out", Script: "delivered"}},
			[]string{
				"wire: begin a at 11:00:00", "script held true", home,
				"wire: begin b at 11:00:00", "click #opt-out", "script held false", "rest", "release",
			},
		},
		"another day is another visit": {
			[]scenario.Step{{Name: "a", Open: "home"}, {Name: "b", Open: "products", Day: 3}},
			[]string{"wire: begin a at 11:00:00", home, "rest", "release"}, // the way out ends the list
		},
		"time passes on the open page": {
			[]scenario.Step{{Name: "a", Open: "home"}, {Name: "b", After: minutes(30)}},
			[]string{
				"wire: begin a at 11:00:00", home, "rest",
				"wire: begin b at 11:00:00", "shift 30m0s", "travel 30m0s", "rest", "release",
			},
		},
		"stores are emptied before the act": {
			[]scenario.Step{{Name: "a", Open: "home"}, {Name: "b", Open: "products", Forget: []string{"cookies", "cache"}}},
			[]string{"wire: begin a at 11:00:00", home, "rest", "wire: begin b at 11:00:00", "forget cookies cache", products, "rest", "release"},
		},
		"offline no fence is asked, and online it is": {
			[]scenario.Step{{Name: "a", Open: "home"}, {Name: "b", Do: "opt-out", Network: "offline"}, {Name: "c", Network: "online"}},
			[]string{
				"wire: begin a at 11:00:00", home, "rest",
				"wire: begin b at 11:00:00", "offline true", "click #opt-out", "rest",
				"wire: begin c at 11:00:00", "offline false", "rest", "release",
			},
		},
		"a frozen tab is left alone": {
			[]scenario.Step{{Name: "a", Open: "home"}, {Name: "b", Tab: "frozen"}, {Name: "c", Tab: "resumed"}},
			[]string{
				"wire: begin a at 11:00:00", home, "rest", "wire: begin b at 11:00:00", "lifecycle frozen", "rest",
				"wire: begin c at 11:00:00", "lifecycle resumed", "rest", "release",
			},
		},
		"a second tab and back": {
			[]scenario.Step{{Name: "a", Open: "home"}, {Name: "b", Open: "products", In: "second-tab"}, {Name: "c", Do: "opt-out", In: "first-tab"}, {Name: "d", Go: "back"}},
			[]string{
				"wire: begin a at 11:00:00", home, "rest", "wire: begin b at 11:00:00", `tab "second-tab"`, products, "rest",
				"wire: begin c at 11:00:00", `tab ""`, "click #opt-out", "rest", "wire: begin d at 11:00:00", "go -1", "rest", "release",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{requests: []evidence.Request{hit}, restores: true}
			walked := w.walk(t.Context(), journey.Options{}, test.steps...)
			if len(walked.Evidence.Faults) > 0 {
				t.Errorf("faults %q", walked.Evidence.Faults)
			}
			if diff := cmp.Diff(test.want, brief(w)); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

// What a step could not be brought to rest in proves no absence.
func TestOnlyAStepAtRestIsFenced(t *testing.T) {
	t.Parallel()
	w := &world{requests: []evidence.Request{hit}}
	e := w.walk(t.Context(), journey.Options{},
		scenario.Step{Name: "rested", Open: "home"},
		scenario.Step{Name: "hasty", Open: "home", Ends: "at-once"},
		scenario.Step{Name: "offline", Do: "opt-out", Network: "offline"},
		scenario.Step{Name: "online", Network: "online"},
		scenario.Step{Name: "frozen", Tab: "frozen"},
		scenario.Step{Name: "resumed", Tab: "resumed"},
		scenario.Step{Name: "held", Open: "home", Script: "held"},
		scenario.Step{Name: "delivered", Script: "delivered"},
	).Evidence
	fenced := map[string]bool{}
	for _, s := range e.Steps {
		fenced[s.Name] = s.Fenced
	}
	want := map[string]bool{
		"rested": true, "hasty": false, "offline": false, "online": true,
		"frozen": false, "resumed": true, "held": false, "delivered": true,
	}
	if diff := cmp.Diff(want, fenced); diff != "" {
		t.Errorf("fenced (-want +got):\n%s", diff)
	}
	if s := e.Step("offline"); s.Action != "do opt-out" || !cmp.Equal(s.Conditions, []string{"network offline"}) {
		t.Errorf("step %+v", s)
	}
	if s := e.Step("delivered"); !s.Awaited || !s.Seen {
		t.Errorf("the pixel was not awaited once its code came: %+v", s)
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	w := &world{requests: []evidence.Request{hit}}
	var moved []time.Duration
	e := w.walk(t.Context(), journey.Options{Moved: func(d time.Duration) { moved = append(moved, d) }},
		scenario.Step{Name: "first", Open: "home"},
		scenario.Step{Name: "later", After: minutes(30)},
		scenario.Step{Name: "third-day", Open: "home", Day: 3},
		scenario.Step{Name: "stranger", Open: "home", Device: "second"},
	).Evidence
	if diff := cmp.Diff([]time.Duration{30 * time.Minute, 48 * time.Hour}, moved); diff != "" {
		t.Errorf("moved (-want +got):\n%s", diff)
	}
	var travelled []string
	for _, call := range w.calls {
		if strings.HasPrefix(call, "travel") || call == "reopen" {
			travelled = append(travelled, call)
		}
	}
	// The other person has lived through the same days.
	if diff := cmp.Diff([]string{"travel 30m0s", "reopen", "travel 47h30m0s", "travel 48h0m0s"}, travelled); diff != "" {
		t.Errorf("travelled (-want +got):\n%s", diff)
	}
	if s := e.Step("third-day"); !s.Clock.Equal(began.Add(48 * time.Hour)) {
		t.Errorf("the third day began at %v", s.Clock)
	}
	if s := e.Step("stranger"); s.Device != "second" {
		t.Errorf("step %+v", s)
	}
	if len(e.Requests) != 2 || e.Requests[0].Seq != 1 || e.Requests[1].Seq != 2 {
		t.Errorf("the requests of two devices: %+v", e.Requests)
	}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	p := plan(opening("home", "home"))
	p.Scenario.Expect = []scenario.Expectation{{At: "home", Record: "returning-visitors", Is: "grown", Clause: "demo.x"}}
	for value, want := range map[string]string{
		"visits.returning": "", "visits.note": "no number stands at visits.note, where one is wanted", "visits.returning.x": "nothing stands at visits.returning.x, where a number is wanted", "hits": "no number stands at hits, where one is wanted",
	} {
		p.Pixel.Records = map[string]scenario.Record{"returning-visitors": {Path: "/api/visits", Value: value}}
		w := &world{requests: []evidence.Request{hit}}
		e := journey.Walk(t.Context(), p, w.opener(), w.options(journey.Options{})).Evidence
		if want == "" {
			if diff := cmp.Diff(map[string]string{"returning-visitors": "3"}, e.Snapshots[0].Records); diff != "" || len(e.Faults) > 0 {
				t.Errorf("records (-want +got):\n%s\n%q", diff, e.Faults)
			}
			continue
		}
		if len(e.Faults) != 1 || !strings.HasPrefix(e.Faults[0], "step home: pixel.yaml: records.returning-visitors.value: "+want+"; GET /api/visits answered {") {
			t.Errorf("%s: faults %q", value, e.Faults)
		}
		if problem := "pixel.yaml: records.returning-visitors.value: " + want; e.Steps[0].Problem != problem {
			t.Errorf("%s: the step says %q, want %q", value, e.Steps[0].Problem, problem)
		}
	}
}
