package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Every form of a result says how its document was read, where there was a choice.
func TestEveryReportNamesTheReadings(t *testing.T) {
	t.Parallel()
	r := &verdict.Result{
		Schema: verdict.Schema,
		Pixel: verdict.Pixel{Name: "demo", Document: "demo", Readings: map[string]string{
			"temporary-cookie": "after-the-last-event", "another": "in-another-way",
		}},
		Scenarios: []verdict.Scenario{{ID: "demo.stay", Document: "demo", Where: "stay.yaml:1"}},
	}
	r.Tally()
	var text, asJSON, junit, html bytes.Buffer
	for _, err := range []error{Text(&text, r, TextOptions{}), JSON(&asJSON, r), JUnit(&junit, r), HTML(&html, r)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const both = "another: in-another-way, temporary-cookie: after-the-last-event"
	for form, test := range map[string]struct{ got, want string }{
		"text":  {text.String(), "reading  " + both + "\n"},
		"JSON":  {asJSON.String(), `"temporary-cookie": "after-the-last-event"`},
		"JUnit": {junit.String(), `<property name="readings" value="` + both + `">`},
		"HTML":  {html.String(), both},
	} {
		if !strings.Contains(test.got, test.want) {
			t.Errorf("%s does not say %q:\n%s", form, test.want, test.got)
		}
	}
	r.Pixel.Readings = nil
	text.Reset()
	if err := Text(&text, r, TextOptions{}); err != nil || strings.Contains(text.String(), "reading") {
		t.Errorf("%v: without a choice nothing is said of one:\n%s", err, text.String())
	}
}
