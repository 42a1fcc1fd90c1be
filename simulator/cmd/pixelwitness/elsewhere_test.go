package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// elsewhere runs a collector of the reference on loopback, as another machine would. It
// keeps all in files of the folder.
func elsewhere(t *testing.T, folder string, change func(*collector.Options)) (address string, c *collector.Collector) {
	t.Helper()
	told, err := os.Create(filepath.Join(folder, logFile))
	if err != nil {
		t.Fatal(err)
	}
	geo, err := places()
	if err != nil {
		t.Fatal(err)
	}
	options := collector.Options{
		Store: filepath.Join(folder, storeFile), SettableClock: true, Geo: geo,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Logger:         slog.New(slog.NewTextHandler(told, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&options)
	}
	if c, err = collector.New(options); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(c.Handler())
	t.Cleanup(func() {
		server.Close()
		_ = c.Close()
		_ = told.Close()
	})
	return server.URL, c
}

// played runs all that can be played of the document against the collector elsewhere.
func played(t *testing.T, address, kept string, more ...string) (*verdict.Result, end) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "result.json")
	args := append([]string{"run", "--pixel", "piwikpro", "--without-browser", "--collector", address, "--json", file}, more...)
	if kept != "" {
		args = append(args, "--kept", kept)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute) // one visitor after the other
	defer cancel()
	var out, failed bytes.Buffer
	code := run(ctx, args, streams{strings.NewReader(""), &out, &failed})
	ran := end{code, out.String(), failed.String()}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, ran.err)
	}
	var result verdict.Result
	if err := json.Unmarshal(text, &result); err != nil {
		t.Fatal(err)
	}
	return &result, ran
}

// outcomesOf counts the outcomes, and reports what accuses an honest collector.
func outcomesOf(t *testing.T, r *verdict.Result, judged func(v *verdict.Verdict) bool) map[verdict.Outcome]int {
	t.Helper()
	found := map[verdict.Outcome]int{}
	for i := range r.Verdicts {
		v := &r.Verdicts[i]
		if v.Outcome >= verdict.Fail {
			t.Errorf("%s at %s: %s is %s: %s %s", v.Scenario, v.Step, v.Subject, v.Outcome, v.Observed, v.Reason)
		}
		if judged(v) {
			found[v.Outcome]++
		}
	}
	if len(r.Errors) > 0 {
		t.Errorf("errors: %v", r.Errors)
	}
	return found
}

func about(words ...string) func(v *verdict.Verdict) bool {
	return func(v *verdict.Verdict) bool {
		for _, word := range words {
			if strings.Contains(v.Subject, word) {
				return true
			}
		}
		return false
	}
}

func TestAnHonestCollectorElsewhereIsNotAccused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	address, c := elsewhere(t, folder, nil)
	signed := strings.Replace(address, "http://", "http://any:hush@", 1)
	r, ran := played(t, signed, folder)
	all := outcomesOf(t, r, func(*verdict.Verdict) bool { return true })
	if all[verdict.Pass] < 250 {
		t.Errorf("%v", all)
	}
	want := verdict.Collector{URL: address, Clock: "set", Proxy: "trusted", Kept: []string{folder}}
	if got := r.Collector; got == nil || got.URL != want.URL || got.Clock != want.Clock || got.Proxy != want.Proxy || len(got.Kept) != 1 || got.Kept[0] != folder {
		t.Errorf("the collector is %+v, want %+v", got, want)
	}
	if line := "collector  " + address + ", its clock set to the journeys'\nkept       " + folder; !strings.Contains(ran.out, line) || strings.Contains(ran.out+ran.err, "hush") {
		t.Errorf("the report's head does not say %q, or gives the password away:\n%.600s", line, ran.out)
	}
	// Its clock is its own again.
	list, err := c.VisitorSessions(t.Context(), collector.SessionQuery{Site: collector.ExampleSites()[0].ID, Limit: 1})
	if err != nil || len(list.Sessions) == 0 || !list.Sessions[0].Began.After(time.Now().Add(24*time.Hour)) {
		t.Errorf("no day of the journeys reached it: %v %v", list, err)
	}
	if now := clockOf(t, address); time.Until(now).Abs() > time.Minute {
		t.Errorf("its clock was left at %s", now)
	}
	// A second run finds what the first has left.
	again, _ := played(t, address, folder, "piwikpro.no-address-kept", "piwikpro.geography")
	if of := outcomesOf(t, again, about("session's city")); of[verdict.Pass] == 0 {
		t.Errorf("a second run: %v", of)
	}
}

// clockOf reads the collector's clock.
func clockOf(t *testing.T, address string) time.Time {
	t.Helper()
	answer, err := http.Get(address + "/_/clock")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var said struct {
		Now time.Time `json:"now"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		t.Fatal(err)
	}
	return said.Now
}

func TestACollectorElsewhereByAClockOfItsOwn(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	address, _ := elsewhere(t, folder, func(o *collector.Options) { o.SettableClock = false })
	r, _ := played(t, address, "")
	of := outcomesOf(t, r, about("record", "session"))
	if of[verdict.Pass] == 0 || of[verdict.Unsupported] == 0 || r.Collector.Clock != "own" {
		t.Errorf("%v, clock %q", of, r.Collector.Clock)
	}
	for _, v := range r.Verdicts {
		if v.Scenario == "piwikpro.returns-are-new-visitors" && v.Step == "second-day" && about("newest session")(&v) &&
			(v.Outcome != verdict.Unsupported || !strings.Contains(v.Reason, "a clock of its own")) {
			t.Errorf("%s at %s is %s: %s", v.Subject, v.Step, v.Outcome, v.Reason)
		}
	}
	if len(r.Warnings) == 0 || !strings.Contains(strings.Join(r.Warnings, "\n"), "clock cannot be set (it answered 403 to PUT /_/clock)") {
		t.Errorf("warnings: %q", r.Warnings)
	}
}

func TestACollectorElsewhereThatBelievesNoProxy(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	address, _ := elsewhere(t, folder, func(o *collector.Options) { o.TrustedProxies = nil })
	r, _ := played(t, address, folder, "piwikpro.geography", "piwikpro.no-address-kept")
	of := outcomesOf(t, r, about("session's country", "session's city", "session's address"))
	if of[verdict.Unsupported] == 0 || of[verdict.Pass] != 0 || r.Collector.Proxy != "untrusted" {
		t.Errorf("%v, %+v", of, r.Collector)
	}
	if !strings.Contains(strings.Join(r.Warnings, "\n"), "hint: start it with --trusted-proxy 127.0.0.1") {
		t.Errorf("warnings: %q", r.Warnings)
	}
}
