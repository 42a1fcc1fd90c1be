package check

import (
	"fmt"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// option judges an option of the page's set-up.
type option struct {
	*bench
	view *view
	role string
}

// unknown: the page on which the step ended sets an option that the pixel does
// not know, and that looks like this one. What its visitor gets is told from the
// evidence.
func (o option) unknown() finding {
	known := o.plan.Pixel.Options[o.role]
	if known == "" {
		return *broken("the pixel %s names no option for %s\nhint: name it under options in its pixel.yaml", o.plan.Pixel.Name, o.role)
	}
	page := o.opened(o.view)
	if page == "" {
		return inconclusive("no page was open in the step %s", o.view.step.Name)
	}
	text, err := scenario.RenderPage(o.plan, page, scenario.PageData{})
	if err != nil {
		return *broken("the page %s cannot be looked at: %v", page, err)
	}
	for _, m := range o.plan.Pixel.UnknownOptions(text) {
		if m.Meant == known {
			return finding{
				outcome:  verdict.Pass,
				observed: fmt.Sprintf("line %d of the page %s sets %s, which the pixel does not know; %s was probably meant; %s", m.Line, page, m.Name, known, o.visitors()),
				storage:  lineExcerpt(page, string(text), m),
			}
		}
	}
	if strings.Contains(string(text), known) {
		return finding{outcome: verdict.Fail, observed: fmt.Sprintf("the page %s spells it as the pixel does", page)}
	}
	return finding{outcome: verdict.Fail, observed: fmt.Sprintf("the page %s sets nothing that looks like it", page)}
}

// visitors says how the visitors of the page are tracked, as the step shows.
func (o option) visitors() string {
	name := o.plan.ParameterName(scenario.RoleVisitorID).Name
	switch {
	case len(o.view.hits) == 0:
		return "how its visitors are tracked was not seen, for the pixel sent nothing"
	case name == "":
		return "how its visitors are tracked cannot be told: the pixel names no visitor ID"
	}
	for _, h := range o.view.hits {
		if carries(h, name).presence == evidence.Present {
			return fmt.Sprintf("its visitors are tracked identifiably: %s in %s", name, place(h, o.view.hits))
		}
	}
	return fmt.Sprintf("its visitors are tracked without %s in %s", name, count(o.view.hits))
}

// lineExcerpt shows the line of the page on which the option stands.
func lineExcerpt(page, text string, m scenario.Mistaken) *verdict.Excerpt {
	lines := strings.Split(text, "\n")
	if m.Line < 1 || m.Line > len(lines) {
		return nil
	}
	line := strings.TrimSpace(lines[m.Line-1])
	return linesExcerpt(shownLine{text: fmt.Sprintf("line %d of the page %s:", m.Line, page)}, shownLine{"  ", line, m.Name})
}
