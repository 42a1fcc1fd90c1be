package compare

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/report"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// TextOptions says how Text writes; see [report.TextOptions]. Verbose lists every
// step where the scripts differ, and shortens no value.
type TextOptions = report.TextOptions

const (
	// mostPlaces is how many steps are listed with a difference, longestValue how
	// many characters of what a script did, unless all is asked for.
	mostPlaces   = 3
	longestValue = 160
)

// Text writes the comparison for a person to read. The error is the writer's.
func Text(w io.Writer, c *Comparison, o TextOptions) error {
	t := &text{report.NewPrinter(o), o.Verbose}
	t.head(c)
	t.clauses(c.Clauses)
	for _, kind := range Kinds() {
		t.differences(kind, c.Differences)
	}
	for _, warning := range c.Warnings {
		t.Line(0, 9, report.Warned("warning: "), report.Plain(warning))
	}
	for _, problem := range c.Errors {
		t.Line(0, 7, report.Bad("error: "), report.Plain(problem))
	}
	t.Line(0, 2, c.summary())
	_, err := t.WriteTo(w)
	return err
}

// JSON writes the comparison as JSON. The error is the writer's.
func JSON(w io.Writer, c *Comparison) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(c)
}

type text struct {
	*report.Printer
	verbose bool
}

func (t *text) head(c *Comparison) {
	t.Line(0, 9, report.Dim("pixel    "), report.Plain(c.Pixel))
	if c.Browser.Product != "" {
		t.Line(0, 9, report.Dim("browser  "), report.Plain(c.Browser.Product+" ("+c.Browser.Kind+")"))
	}
	t.Line(0, 9, report.Dim("a        "), report.Plain(c.A.Name))
	t.Line(0, 9, report.Dim("b        "), report.Plain(c.B.Name))
	t.Blank()
	ids := make([]report.Part, len(c.Journeys))
	for i, j := range c.Journeys {
		ids[i] = report.Plain(j.ID)
	}
	width := report.Column(44, ids...)
	t.Line(0, 0, report.Dim(fmt.Sprintf("journeys, each walked %s with each script", times(c.Repetitions))))
	for i, j := range c.Journeys {
		said := fmt.Sprintf("a %s, b %s", count(j.A, "hit"), count(j.B, "hit"))
		if len(j.Unsupported) > 0 {
			said = "not walked: the pixel lacks " + strings.Join(j.Unsupported, ", ")
		}
		t.Line(2, 4, ids[i].Cell(width), report.Plain(said))
	}
	t.Blank()
}

func (t *text) clauses(clauses []Clause) {
	if len(clauses) == 0 {
		return
	}
	t.Line(0, 0, report.Dim("clauses"))
	for _, c := range clauses {
		t.Line(2, 4, report.Strong(c.ID), report.Plain(" ("+c.Level+") in "+c.Scenario))
		t.outcome("a  ", c.A, c.ShownA)
		t.outcome("b  ", c.B, c.ShownB)
	}
	t.Blank()
}

// outcome writes what one script came to.
func (t *text) outcome(name string, outcomes []verdict.Outcome, shown *Shown) {
	line := []report.Part{report.Dim(name)}
	for i, o := range outcomes {
		if i > 0 {
			line = append(line, report.Plain(" or "))
		}
		line = append(line, report.Outcome(o))
	}
	switch {
	case shown == nil:
		line = append(line, report.Plain("not judged"))
	case len(outcomes) > 0 && outcomes[len(outcomes)-1] != verdict.Pass:
		said := cmp.Or(shown.Observed, shown.Reason)
		if shown.Observed != "" && shown.Reason != "" {
			said += "; " + shown.Reason
		}
		line = append(line, report.Plain(fmt.Sprintf("  at %s, %s: %s", shown.Step, shown.Subject, t.short(said))))
	}
	t.Line(4, 9, line...)
}

func (t *text) differences(kind string, all []Difference) {
	headed := false
	for _, d := range all {
		if d.Kind != kind {
			continue
		}
		if !headed {
			headed = true
			t.Line(0, 0, report.Dim(map[string]string{
				KindHits: "hits", KindParameter: "parameters of the hits", KindCookie: "cookies", KindStorage: "other storage",
				KindHost: "hosts that were asked", KindPage: "what the page said",
			}[kind]))
		}
		name := []report.Part{report.Strong(d.Name)}
		if d.Role != "" {
			name = append(name, report.Plain(" ("+d.Role+")"))
		}
		word := aspectWords[d.Aspect]
		if d.Name != "" && word != "" {
			word = " " + word
		}
		name = append(name, report.Plain(word), report.Dim("  "+t.places(d.Places)))
		t.Line(2, 4, name...)
		t.Line(4, 7, report.Dim("a  "), report.Plain(t.short(d.A)))
		t.Line(4, 7, report.Dim("b  "), report.Plain(t.short(d.B)))
	}
	if headed {
		t.Blank()
	}
}

// aspectWords says what of a thing differs.
var aspectWords = map[string]string{
	aspectSent: "sent", aspectTo: "sent to", aspectKept: "kept", aspectWritten: "written",
	aspectAttributes: "kept with", aspectValue: "has the value", aspectAsked: "", aspectSays: "says",
}

// places lists where a difference was seen.
func (t *text) places(places []Place) string {
	var said []string
	last := ""
	for i, p := range places {
		if i == mostPlaces && !t.verbose {
			said = append(said, fmt.Sprintf("and %d more", len(places)-i))
			break
		}
		if p.Scenario != last {
			said = append(said, p.Scenario+": "+p.Step)
		} else {
			said = append(said, p.Step)
		}
		last = p.Scenario
	}
	return "in " + strings.Join(said, ", ")
}

// short cuts a text that is long, unless all is asked for.
func (t *text) short(said string) string {
	runes := []rune(said)
	if t.verbose || len(runes) <= longestValue {
		return said
	}
	return string(runes[:longestValue]) + "…"
}

// summary is the last line.
func (c *Comparison) summary() report.Part {
	said := fmt.Sprintf("%s, %s judged: %d with another outcome, %s",
		count(len(c.Journeys), "journey"), count(c.Judged, "clause"), c.differing(), count(len(c.Differences), "other difference"))
	if c.Chance > 0 {
		said += fmt.Sprintf(", %d set aside as chance", c.Chance)
	}
	switch {
	case len(c.Errors) > 0:
		return report.Bad(said + " - the harness broke")
	case !c.Sent():
		return report.Bad(said + " - nothing was compared: neither script was seen to send")
	case c.Same():
		return report.Good(said + " - same")
	}
	return report.Warned(said + " - different")
}

// differing counts the clauses, each once, whose outcomes differ.
func (c *Comparison) differing() int {
	ids := map[string]bool{}
	for _, clause := range c.Clauses {
		ids[clause.ID] = true
	}
	return len(ids)
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
