package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// What a collector elsewhere held before the journey, or cannot know, is not held
// against it.
func TestWhatACollectorElsewhereCannotKnow(t *testing.T) {
	t.Parallel()
	held := func(text string) func(ev *evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			alsoKept(ev, "anonymous", store, "\nclient "+berlin+"\n")
			ev.Collector = &evidence.Collector{URL: "http://c.test", Clock: evidence.ClockSet}
			before := evidence.Snapshot{Kept: []evidence.Kept{{Name: store, Data: evidence.Packed("SQLite format 3\x00" + text)}}}
			ev.Snapshots = slices.Insert(ev.Snapshots, 0, before)
		}
	}
	by := func(c evidence.Collector) func(ev *evidence.Evidence) {
		return func(ev *evidence.Evidence) { ev.Collector = &c }
	}
	kept := scenario.Expectation{At: "anonymous", Kept: "address", Is: "absent"}
	country := scenario.Expectation{At: "anonymous", Session: "country", Is: "given"}
	later := scenario.Expectation{At: "another", Record: "sessions", Is: "grown"}
	for name, test := range map[string]struct {
		of      scenario.Expectation
		edit    func(ev *evidence.Evidence)
		outcome verdict.Outcome
		text    string
	}{
		"kept before":            {kept, held("client " + berlin + "\n"), verdict.Inconclusive, "held it before the journey began"},
		"kept since":             {kept, held("client 198.51.100.7\n"), verdict.Fail, "collector.db holds the address"},
		"no word for addresses":  {kept, by(evidence.Collector{Clock: evidence.ClockSet, Proxy: evidence.ProxyUntrusted}), verdict.Unsupported, "--trusted-proxy 127.0.0.1"},
		"no word for places":     {country, by(evidence.Collector{Clock: evidence.ClockSet, Proxy: evidence.ProxyUntrusted}), verdict.Unsupported, "does not believe X-Forwarded-For"},
		"a day later, own clock": {later, by(evidence.Collector{Clock: evidence.ClockOwn}), verdict.Unsupported, "a clock of its own"},
		"a day later, set clock": {later, by(evidence.Collector{Clock: evidence.ClockSet}), verdict.Inconclusive, ""},
		"a day later, by hits":   {later, by(evidence.Collector{Clock: evidence.ClockOfHits}), verdict.Inconclusive, ""},
	} {
		course := anonymousCourse()
		if test.of.Record != "" {
			course[3].Day = 2
		}
		p := expecting(planOf(t, course...), test.of)
		v := Judge(p, keptOf(p, test.edit))[0]
		if v.Outcome != test.outcome || !strings.Contains(v.Observed+"; "+v.Reason, test.text) {
			t.Errorf("%s: want %s with %q, got %s", name, test.outcome, test.text, told([]verdict.Verdict{v}))
		}
	}
}
