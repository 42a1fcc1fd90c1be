package main

import (
	"bytes"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// A scenario for another reading of the document is walked by the reference that reads
// it so, and the reference itself stays as it is.
func TestTheReferenceReadsADocumentAsEachScenarioDoes(t *testing.T) {
	t.Parallel()
	m := bound(t)
	part, read := m.parts["piwikpro"], map[string]int{}
	for _, plans := range part.plans {
		for id, plan := range plans {
			want := scenario.AfterItWasSet
			if other := m.lib.Scenario(id).Reading[scenario.ReadingTemporaryCookie]; other != "" {
				want = other
			}
			if got := plan.Pixel.Reading(scenario.ReadingTemporaryCookie); got != want {
				t.Errorf("%s is walked by a pixel of the reading %s, want %s", id, got, want)
			}
			read[want]++
			page, err := scenario.RenderPage(plan, "home", scenario.PageData{})
			if err != nil {
				t.Fatal(err)
			}
			if said := bytes.Contains(page, []byte(`"setAnonymousSession", "after-the-last-event"`)); said != (want == scenario.AfterTheLastEvent) {
				t.Errorf("%s: that the reading is said on the page is %v", id, said)
			}
		}
	}
	if read[scenario.AfterItWasSet] == 0 || read[scenario.AfterTheLastEvent] == 0 {
		t.Errorf("not each reading is walked: %v", read)
	}
	if got := part.pixel.Reading(scenario.ReadingTemporaryCookie); got != scenario.AfterItWasSet {
		t.Errorf("the library's pixel was changed: %s", got)
	}
}
