package suite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// mistakes says which options on the pages of the plans the pixel does not know:
// they have no effect, and nobody else tells the site's owner. A scenario that
// tries such a page on purpose judges it itself.
func mistakes(plans []*scenario.Plan) []string {
	var order []scenario.Mistaken
	pages := map[string][]string{} // by option
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
				if pages[m.Name] == nil {
					order = append(order, m)
				}
				if !slices.Contains(pages[m.Name], page) {
					pages[m.Name] = append(pages[m.Name], page)
				}
			}
		}
	}
	var found []string
	for _, m := range order {
		found = append(found, fmt.Sprintf("the pixel does not know the option %s, which the page sets: it has no effect (did you mean %s? pages: %s)",
			m.Name, m.Meant, strings.Join(pages[m.Name], ", ")))
	}
	return found
}
