package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Every form of a result names the collector that was judged, where it runs elsewhere,
// and what was searched; and no reason shows its line feed.
func TestEveryReportNamesTheCollector(t *testing.T) {
	t.Parallel()
	r := &verdict.Result{
		Schema: verdict.Schema, Pixel: verdict.Pixel{Name: "demo", Document: "demo"},
		Collector: &verdict.Collector{URL: "http://c.test:8080/x", Clock: "own", Proxy: "untrusted", Kept: []string{"hits.db", "c.log"}},
		Scenarios: []verdict.Scenario{{ID: "demo.stay", Document: "demo", Where: "stay.yaml:1", Steps: []verdict.Step{{Name: "only"}}}},
		Verdicts: []verdict.Verdict{
			{Scenario: "demo.stay", Step: "only", Clause: "demo.a", Outcome: verdict.Unsupported, Observed: "not looked at", Reason: "not read\nhint: name its files"},
			{Scenario: "demo.stay", Step: "only", Clause: "demo.b", Outcome: verdict.Pass, Observed: "well"},
		},
	}
	r.Tally()
	var text, asJSON, junit, html bytes.Buffer
	for _, err := range []error{Text(&text, r, TextOptions{}), JSON(&asJSON, r), JUnit(&junit, r), HTML(&html, r)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const line, kept = "http://c.test:8080/x, by a clock of its own, X-Forwarded-For not believed", "hits.db, c.log"
	for form, test := range map[string]struct {
		got   string
		wants []string
	}{
		"text":  {text.String(), []string{"collector  " + line + "\n", "kept       " + kept + "\n", "not read; hint: name its files"}},
		"JSON":  {asJSON.String(), []string{`"url": "http://c.test:8080/x"`, `"clock": "own"`, `"hits.db"`}},
		"JUnit": {junit.String(), []string{`<property name="collector" value="` + line + `">`, `<property name="kept" value="` + kept + `">`, "not read; hint: name its files"}},
		"HTML":  {html.String(), []string{line, kept}},
	} {
		for _, want := range test.wants {
			if !strings.Contains(test.got, want) {
				t.Errorf("%s does not say %q:\n%s", form, want, test.got)
			}
		}
		if form != "JSON" && strings.Contains(test.got, `\nhint`) {
			t.Errorf("%s shows a line feed of a reason:\n%s", form, test.got)
		}
	}
}
