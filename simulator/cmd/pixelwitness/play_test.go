package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// onAntsomi adds the flags for a run without a browser, on the program's own data.
func onAntsomi(args ...string) []string {
	return append([]string{"run", "--pixel", "antsomi", "--without-browser"}, args...)
}

// verdicts reads what a run has written as JSON.
func verdicts(t *testing.T, file string) []verdict.Verdict {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var result verdict.Result
	if err := json.Unmarshal(text, &result); err != nil {
		t.Fatal(err)
	}
	if result.Browser.Kind != "none" {
		t.Errorf("the browser's kind is %q", result.Browser.Kind)
	}
	return result.Verdicts
}

func TestRunWithoutABrowserJudgesTheCollectorAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "result.json")
	do(t, onAntsomi("antsomi.three-visits", "antsomi.queue-before-load", "--json", file, "--out", filepath.Join(dir, "out"))...).want(t, exitConformant)
	count := map[verdict.Outcome]int{}
	for _, v := range verdicts(t, file) {
		count[v.Outcome]++
		judged := strings.HasPrefix(v.Subject, "profile") || strings.HasPrefix(v.Subject, "attribute") || strings.HasPrefix(v.Subject, "record")
		switch {
		case v.Scenario == "antsomi.queue-before-load" && v.Outcome != verdict.Unsupported:
			t.Errorf("what needs a browser: %s is %s", v.Subject, v.Outcome)
		case v.Scenario == "antsomi.three-visits" && judged != (v.Outcome == verdict.Pass):
			t.Errorf("%s at %s is %s: %s", v.Subject, v.Step, v.Outcome, v.Reason)
		}
	}
	if count[verdict.Pass] == 0 || count[verdict.Unsupported] == 0 {
		t.Errorf("%v", count)
	}
	do(t, onAntsomi("antsomi.three-visits", "--strict")...).want(t, exitBreach)
	// Kept evidence is judged as it was.
	judged := do(t, "judge", filepath.Join(dir, "out", "evidence", "antsomi.three-visits.ndjson"), "--pixel", "antsomi").want(t, exitConformant)
	if !strings.Contains(judged.out, "played without a browser") {
		t.Error(judged.out)
	}
}

// With a token whoever reads back needs it; hits need none, and get none.
func TestRunWithoutABrowserSendsTheCollectorsToken(t *testing.T) {
	t.Parallel()
	c, err := collector.New(collector.Options{Token: "s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	var hitsWithToken atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/event" && r.Header.Get("Authorization") != "" {
			hitsWithToken.Add(1)
		}
		c.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		server.Close()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	address := strings.TrimPrefix(server.URL, "http://")
	do(t, onAntsomi("antsomi.three-visits", "--collector", "http://harness:s3cret@"+address)...).want(t, exitConformant)
	do(t, onAntsomi("antsomi.three-visits", "--collector", "http://"+address)...).want(t, exitHarness)
	if n := hitsWithToken.Load(); n > 0 {
		t.Errorf("%d hits carried the token", n)
	}
}

func TestRunWithoutABrowserFindsAFaultOfTheCollector(t *testing.T) {
	t.Parallel()
	got := do(t, onAntsomi("antsomi.three-visits", "--fault", "joins-the-first-visit-only")...).want(t, exitBreach)
	if !strings.Contains(got.out, "FAIL  antsomi.three-visits-one-profile") {
		t.Error(got.out)
	}
}

func TestWhatHasNoEffectWithoutABrowserIsRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--browser", "shell"}, {"--headed"}, {"--chrome", "chrome"}, {"--script", "x.js"}, {"--fault", "reset-keeps-the-uid"},
	} {
		got := do(t, onAntsomi(args...)...).want(t, exitUsage)
		if !strings.Contains(got.err, "without-browser") && !strings.Contains(got.err, "without a browser") {
			t.Error(got.err)
		}
	}
}
