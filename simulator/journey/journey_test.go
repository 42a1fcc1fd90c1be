package journey_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

var (
	hit  = evidence.Request{Method: "GET", URL: "https://collect.vendor.test/wt?p=1"}
	boom = errors.New("boom")
)

func TestAWalkAsksInOrder(t *testing.T) {
	t.Parallel()
	w := &world{requests: []evidence.Request{hit}}
	var told []string
	walked := w.walk(t.Context(), journey.Options{
		Screenshots: true,
		Step: func(i int, s scenario.Step) {
			told = append(told, s.Name)
			w.calls = append(w.calls, "told of "+s.Name)
		},
	}, opening("identified", "home"), doing("opting-out", "opt-out"), opening("anonymous", "products"))
	want := []string{
		"told of identified", "wire: begin identified at 11:00:00", "visitor: begin identified at 11:00:00",
		"open https://www.shop.test/", "await: GET https://collect.vendor.test/wt?p=1",
		"settle /fence/TOKEN-0-0 5m0s", "await fence TOKEN-0-0", "await quiet",
		"settle /fence/TOKEN-0-1 5m0s", "await fence TOKEN-0-1", "await quiet", "cookies", "screenshot",
		"told of opting-out", "wire: begin opting-out at 11:00:00", "visitor: begin opting-out at 11:00:00",
		"click #opt-out",
		"settle /fence/TOKEN-1-0 5m0s", "await fence TOKEN-1-0", "await quiet",
		"settle /fence/TOKEN-1-1 5m0s", "await fence TOKEN-1-1", "await quiet", "cookies", "screenshot",
		"told of anonymous", "wire: begin anonymous at 11:00:00", "visitor: begin anonymous at 11:00:00",
		"open https://www.shop.test/products", "await: GET https://collect.vendor.test/wt?p=1",
		"settle /fence/TOKEN-2-0 5m0s", "await fence TOKEN-2-0", "await quiet",
		"settle /fence/TOKEN-2-1 5m0s", "await fence TOKEN-2-1", "await quiet", "cookies", "screenshot",
		"release", "leave to https://www.shop.test/blank", "settle /fence/TOKEN-3-0 5m0s", "await fence TOKEN-3-0", "await quiet",
		"settle /fence/TOKEN-3-1 5m0s", "await fence TOKEN-3-1", "await quiet",
	}
	if diff := cmp.Diff(want, w.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"identified", "opting-out", "anonymous"}, told); diff != "" {
		t.Errorf("told of (-want +got):\n%s", diff)
	}
	e := walked.Evidence
	for i := range e.Steps {
		e.Steps[i].Began, e.Steps[i].Ended = 0, 0
	}
	step := func(name, action string, awaited bool) evidence.Step {
		return evidence.Step{
			Name: name, Action: action, Page: "https://www.shop.test/", RunForward: 2 * time.Minute, // of two rounds
			Awaited: awaited, Seen: awaited, Fenced: true, Clock: began.UTC(),
		}
	}
	snapshot := func(name string) evidence.Snapshot {
		return evidence.Snapshot{
			Step: name, Cookies: []evidence.Cookie{{Name: "eid", Value: "42"}},
			Storage: []evidence.Item{{Store: "localStorage", Name: "k", Value: "v"}},
		}
	}
	wanted := &evidence.Evidence{
		Header:    evidence.Header{Began: began.UTC()},
		Steps:     []evidence.Step{step("identified", "open home", true), step("opting-out", "do opt-out", false), step("anonymous", "open products", true)},
		Requests:  []evidence.Request{{Seq: 1, Step: "anonymous"}},
		Snapshots: []evidence.Snapshot{snapshot("identified"), snapshot("opting-out"), snapshot("anonymous")},
		Messages:  []evidence.Message{{Text: "hello"}},
		Writes: []evidence.CookieWrite{
			{By: "set-cookie", Name: "a", At: 1}, {By: "document.cookie", Name: "b", At: 2},
			{By: "set-cookie", Name: "c", At: 2}, {By: "document.cookie", Name: "d", At: 4},
		},
	}
	if diff := cmp.Diff(wanted, e); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	if e.Began.Location() != time.UTC {
		t.Errorf("the beginning is not in UTC: %v", e.Began)
	}
	if len(walked.Pictures) != 3 || string(walked.Pictures["identified"]) != "picture after 13 calls" {
		t.Errorf("pictures: %q", walked.Pictures)
	}
}

func TestNoPictureIsTakenUnasked(t *testing.T) {
	t.Parallel()
	w := &world{requests: []evidence.Request{hit}}
	walked := w.walk(t.Context(), journey.Options{}, opening("home", "home"))
	if slices.Contains(w.calls, "screenshot") || len(walked.Pictures) > 0 {
		t.Errorf("calls %q, pictures %q", w.calls, walked.Pictures)
	}
}

func TestEachWalkHasFencesOfItsOwn(t *testing.T) {
	t.Parallel()
	tokens := map[string]bool{}
	for range 2 {
		_ = journey.Walk(t.Context(), plan(opening("home", "home"), opening("again", "home")), opener(&visitor{world: &world{}}, &keepsTokens{wire{&world{requests: []evidence.Request{hit}}, ""}, tokens}), journey.Options{})
	}
	if len(tokens) != 12 {
		t.Errorf("six fences of two rounds each have the tokens %v", tokens)
	}
}

type keepsTokens struct {
	wire
	seen map[string]bool
}

func (k *keepsTokens) AwaitFence(_ context.Context, token string) error {
	k.seen[token] = true
	return nil
}

func TestOnlyARequestOfThePixelIsAwaited(t *testing.T) {
	t.Parallel()
	w := &world{requests: []evidence.Request{
		{Method: "GET", URL: "https://www.shop.test/"},
		{Method: "OPTIONS", URL: "https://collect.vendor.test/wt"}, // the browser asks whether it may
		{Method: "POST", URL: "https://elsewhere.test/wt"},
	}}
	w.walk(t.Context(), journey.Options{}, opening("home", "home"))
	if !slices.Contains(w.calls, "await: POST https://elsewhere.test/wt") {
		t.Errorf("calls: %q", w.calls)
	}
}

func TestASilentPixelIsEvidence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{on: hangs("await: nothing")}
		var at []time.Duration
		start := time.Now()
		walked := w.walk(t.Context(), journey.Options{Step: func(int, scenario.Step) { at = append(at, time.Since(start)) }},
			opening("one", "home"), opening("two", "home"), doing("three", "opt-out"), opening("four", "home"))
		// The first is waited for ten seconds, the others one.
		want := []time.Duration{0, 10 * time.Second, 11 * time.Second, 11 * time.Second}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Errorf("the steps began at (-want +got):\n%s", diff)
		}
		for _, s := range walked.Evidence.Steps {
			if s.Awaited == (s.Name == "three") || s.Seen || !s.Fenced || s.Problem != "" {
				t.Errorf("step %+v", s)
			}
		}
		if len(walked.Evidence.Steps) != 4 || len(walked.Evidence.Faults) != 0 {
			t.Errorf("%d steps, faults %q", len(walked.Evidence.Steps), walked.Evidence.Faults)
		}
	})
}

func TestAMissingElementIsEvidenceAndTheJourneyGoesOn(t *testing.T) {
	t.Parallel()
	missing := &journey.ElementError{Selector: "#opt-out", Page: "https://www.shop.test/", Problem: "not found"}
	w := &world{requests: []evidence.Request{hit}, on: fails("click", missing)}
	e := w.walk(t.Context(), journey.Options{}, opening("home", "home"), doing("opting-out", "opt-out"), opening("after", "home")).Evidence
	if len(e.Faults) > 0 || len(e.Steps) != 3 || len(e.Snapshots) != 3 {
		t.Fatalf("faults %q, steps %+v, %d snapshots", e.Faults, e.Steps, len(e.Snapshots))
	}
	s := e.Steps[1]
	if s.Problem != "nothing to click at #opt-out on https://www.shop.test/: not found" || !s.Fenced {
		t.Errorf("the step is %+v", s)
	}
}

func TestAMissingElementOnAPageThatDoesNotSettle(t *testing.T) {
	t.Parallel()
	missing := &journey.ElementError{Selector: "#opt-out", Page: "p", Problem: "not found"}
	w := &world{requests: []evidence.Request{hit}, on: func(_ context.Context, call string) error {
		switch {
		case strings.HasPrefix(call, "click"):
			return missing
		case strings.HasPrefix(call, "settle /fence/TOKEN-1"):
			return boom
		}
		return nil
	}}
	e := w.walk(t.Context(), journey.Options{}, opening("home", "home"), doing("opting-out", "opt-out"), opening("after", "home")).Evidence
	if diff := cmp.Diff([]string{"step opting-out: boom"}, e.Faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if len(e.Steps) != 2 || e.Steps[1].Problem != missing.Error() || e.Steps[1].Fenced {
		t.Errorf("steps %+v", e.Steps)
	}
}

// Whatever breaks, the walk ends, the visitor leaves, and what was recorded is kept.
func TestAFaultEndsTheWalkAndLosesNothing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		breaks string
		on     func(context.Context, string) error
		fault  string
		fenced bool
	}{
		{"opening", fails("open", boom), "step home: boom", false},
		{"awaiting the pixel", fails("await: ", boom), "step home: boom", false},
		{"settling", fails("settle /fence/TOKEN-0", boom), "step home: boom", false},
		{"the fence", fails("await fence TOKEN-0", boom), "step home: boom", false},
		{"draining", fails("await quiet", boom), "step home: boom", false},
		{"the jar", fails("cookies", boom), "step home: boom", true},
		{"the picture", fails("screenshot", boom), "step home: take a picture: boom", true},
	} {
		t.Run(test.breaks, func(t *testing.T) {
			t.Parallel()
			w := &world{requests: []evidence.Request{hit}, on: test.on}
			e := w.walk(t.Context(), journey.Options{Screenshots: true}, opening("home", "home"), opening("after", "home")).Evidence
			if diff := cmp.Diff([]string{test.fault}, e.Faults); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if len(e.Steps) != 1 || e.Steps[0].Problem == "" || e.Steps[0].Fenced != test.fenced {
				t.Errorf("steps %+v", e.Steps)
			}
			if !slices.Contains(w.calls, "leave to https://www.shop.test/blank") {
				t.Error("the visitor did not leave")
			}
			if len(e.Requests) != 1 || len(e.Writes) != 4 || len(e.Messages) != 1 {
				t.Errorf("kept: %d requests, %d writes, %d messages", len(e.Requests), len(e.Writes), len(e.Messages))
			}
		})
	}
}

func TestALeaveThatFailsIsAFault(t *testing.T) {
	t.Parallel()
	for _, breaks := range []string{"leave", "settle /fence/TOKEN-1", "await fence TOKEN-1"} {
		w := &world{requests: []evidence.Request{hit}, on: fails(breaks, boom)}
		e := w.walk(t.Context(), journey.Options{}, opening("home", "home")).Evidence
		if diff := cmp.Diff([]string{"leave the site: boom"}, e.Faults); diff != "" {
			t.Errorf("%s (-want +got):\n%s", breaks, diff)
		}
		if len(e.Steps) != 1 || !e.Steps[0].Fenced {
			t.Errorf("%s: steps %+v", breaks, e.Steps)
		}
	}
	w := &world{requests: []evidence.Request{hit}, on: fails("", boom)}
	e := w.walk(t.Context(), journey.Options{}, opening("home", "home")).Evidence
	if diff := cmp.Diff([]string{"step home: boom"}, e.Faults); diff != "" {
		t.Errorf("the leave's fault hides nothing and adds nothing (-want +got):\n%s", diff)
	}
}

func TestEveryWaitIsBounded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		hangs string
		steps []scenario.Step
		fault string
		after time.Duration
	}{
		{"open", nil, "step home: nothing happened within 20s", 20 * time.Second},
		{"click", []scenario.Step{doing("home", "opt-out")}, "step home: nothing happened within 20s", 20 * time.Second},
		{"settle /fence/TOKEN-0", nil, "step home: the page did not come to rest within 20s", 20 * time.Second},
		{"cookies", nil, "step home: nothing happened within 20s", 20 * time.Second},
		{"leave", nil, "leave the site: the visit did not end within 20s", 20 * time.Second},
		{"await fence TOKEN-1", nil, "leave the site: the visit did not end within 20s", 20 * time.Second},
	} {
		t.Run(test.hangs, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if test.steps == nil {
					test.steps = []scenario.Step{opening("home", "home")}
				}
				w := &world{requests: []evidence.Request{hit}, on: hangs(test.hangs)}
				start := time.Now()
				e := w.walk(t.Context(), journey.Options{}, test.steps...).Evidence
				if diff := cmp.Diff([]string{test.fault}, e.Faults); diff != "" {
					t.Errorf("faults (-want +got):\n%s", diff)
				}
				if took := time.Since(start); took != test.after {
					t.Errorf("it took %v, want %v", took, test.after)
				}
			})
		})
	}
}

// A page without rest is the pixel's doing, not the harness's: what is there is
// kept, and nothing counts as absent.
func TestAPageThatDoesNotRestIsNoFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{requests: []evidence.Request{hit}, on: hangs("await fence TOKEN-0-1")}
		e := w.walk(t.Context(), journey.Options{}, opening("home", "home")).Evidence
		if len(e.Faults) > 0 {
			t.Errorf("faults %q", e.Faults)
		}
		if s := e.Steps[0]; s.Fenced || s.Problem != "the page did not come to rest within 20s" {
			t.Errorf("step %+v", s)
		}
		if len(e.Snapshots) != 1 {
			t.Errorf("%d snapshots", len(e.Snapshots))
		}
	})
}

func TestAPageThatOpensSlowlyLeavesThePixelItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{on: func(ctx context.Context, call string) error {
			if strings.HasPrefix(call, "open") {
				time.Sleep(19 * time.Second)
			}
			return hangs("await: nothing")(ctx, call)
		}}
		start := time.Now()
		e := w.walk(t.Context(), journey.Options{}, opening("home", "home")).Evidence
		if len(e.Faults) > 0 || !e.Steps[0].Awaited || time.Since(start) != 29*time.Second {
			t.Errorf("after %v: faults %q, steps %+v", time.Since(start), e.Faults, e.Steps)
		}
	})
}

func TestACancelledWalkEndsAtOnceWithWhatItHas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		w := &world{requests: []evidence.Request{hit}, on: func(ctx context.Context, call string) error {
			if call == "click #opt-out" {
				cancel(errors.New("interrupted"))
			}
			return context.Cause(ctx) // as every call on a browser
		}}
		start := time.Now()
		e := w.walk(ctx, journey.Options{}, opening("home", "home"), doing("opting-out", "opt-out"), opening("after", "home")).Evidence
		if diff := cmp.Diff([]string{"step opting-out: interrupted"}, e.Faults); diff != "" {
			t.Errorf("faults (-want +got):\n%s", diff)
		}
		// That the step did not end is nothing against the page.
		if len(e.Steps) != 2 || e.Steps[1].Problem != "" || e.Steps[1].Fenced {
			t.Errorf("steps %+v", e.Steps)
		}
		if len(e.Requests) != 1 || time.Since(start) != 0 {
			t.Errorf("%d requests after %v", len(e.Requests), time.Since(start))
		}
	})
}

func TestATimeLimitOfTheCallerIsNoSilenceOfThePixel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		w := &world{on: hangs("await: nothing")}
		e := w.walk(ctx, journey.Options{}, opening("home", "home"), opening("after", "home")).Evidence
		if diff := cmp.Diff([]string{"step home: context deadline exceeded"}, e.Faults); diff != "" {
			t.Errorf("faults (-want +got):\n%s", diff)
		}
	})
}
