package suite

import (
	"fmt"
	"slices"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// mistakes says which options on the pages of the plans the pixel does not know:
// they have no effect, and nobody else tells the site's owner. A scenario that
// tries such a page on purpose judges it itself.
func mistakes(plans []*scenario.Plan) []string {
	var found []string
	for _, plan := range plans {
		if slices.ContainsFunc(plan.Scenario.Expect, func(e scenario.Expectation) bool { return e.Option != "" }) {
			continue
		}
		for _, page := range plan.Pixel.PageNames() {
			html, err := scenario.RenderPage(plan, page, scenario.PageData{})
			if err != nil {
				continue // the stage says so
			}
			for _, m := range plan.Pixel.UnknownOptions(html) {
				text := fmt.Sprintf("the page %s of pixel %s sets %s, an option that the pixel does not know: it has no effect (did you mean %s?)",
					page, plan.Pixel.Name, m.Name, m.Meant)
				if !slices.Contains(found, text) {
					found = append(found, text)
				}
			}
		}
	}
	return found
}
