package suite_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Two trackers with collectors of their own are walked side by side in one browser.
func TestSessionsShareABrowser(t *testing.T) {
	t.Parallel()
	m := &machine{}
	o := patient(options(t, m, "demo.stay"))
	plans, err := suite.Plan(o)
	if err != nil {
		t.Fatal(err)
	}
	first, err := suite.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	asked := map[string]int{}
	visits := map[string]*suite.Visit{}
	var walking sync.WaitGroup
	for _, name := range []string{"one.js", "other.js"} {
		changed := o
		changed.Script = &suite.Script{Name: name, Source: []byte("// " + name)}
		changed.Collector = suite.Fixed(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			asked[name]++
		}))
		session, err := first.With(changed)
		if err != nil {
			t.Fatal(err)
		}
		walking.Go(func() {
			v := session.Visit(t.Context(), plans[0])
			mu.Lock()
			defer mu.Unlock()
			visits[name] = v
		})
	}
	walking.Wait()
	visits["tracker.js"] = first.Visit(t.Context(), plans[0])
	for name, v := range visits {
		if v.Scenario.Outcome != verdict.Pass || v.Evidence.Script != name {
			t.Errorf("%s: %s, script %s", name, v.Scenario.Outcome, v.Evidence.Script)
		}
	}
	if visits["one.js"].Evidence.ScriptSHA256 == visits["other.js"].Evidence.ScriptSHA256 {
		t.Error("the two scripts are one")
	}
	want(t, "requests", map[string]int{"one.js": 1, "other.js": 1}, asked)
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	want(t, "errors", nil, first.Errors())
	if launched := m.launched(); len(launched) != 1 || !launched[0].closed {
		t.Errorf("%d browsers", len(launched))
	}
}

func TestASessionWithoutAScriptIsAMistake(t *testing.T) {
	t.Parallel()
	o := options(t, &machine{}, "demo.stay")
	first, err := suite.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	changed, pixel := o, *o.Pixel
	pixel.Script = "gone.js"
	changed.Pixel = &pixel
	var mistake *suite.UsageError
	if _, err := first.With(changed); !errors.As(err, &mistake) {
		t.Errorf("said %v", err)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
}

// What breaks under any of them is among the errors of the first.
func TestSessionsShareTheirErrors(t *testing.T) {
	t.Parallel()
	m := &machine{habits: habits{late: "https://collect.vendor.test/hit?late"}}
	o := patient(options(t, m, "demo.stay"))
	plans, err := suite.Plan(o)
	if err != nil {
		t.Fatal(err)
	}
	first, err := suite.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	second, err := first.With(o)
	if err != nil {
		t.Fatal(err)
	}
	second.Visit(t.Context(), plans[0])
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	if errs := first.Errors(); len(errs) != 1 {
		t.Errorf("%q", errs)
	}
}
