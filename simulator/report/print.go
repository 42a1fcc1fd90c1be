package report

import (
	"io"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Printer writes text as [Text] does, for reports of another kind: foreign
// content is made visible, lines are no wider than asked for, and colours are
// written only when they are welcome.
type Printer struct{ lines *lines }

// Part is a piece of a line in one style.
type Part struct {
	text  string
	style style
}

// NewPrinter returns a printer; of the options, Verbose is its user's affair.
func NewPrinter(o TextOptions) *Printer { return &Printer{newLines(o.Width, o.Color)} }

// Plain is a part as it comes, like its fellows in a style of their own. The
// text may be foreign.
func Plain(text string) Part { return Part{visible(text), plain} }

// Strong is a part that stands out; see [Plain].
func Strong(text string) Part { return Part{visible(text), strong} }

// Dim is a part that steps back; see [Plain].
func Dim(text string) Part { return Part{visible(text), dim} }

// Good is a part in the colour of what passed; see [Plain].
func Good(text string) Part { return Part{visible(text), good} }

// Warned is a part in the colour of a warning; see [Plain].
func Warned(text string) Part { return Part{visible(text), warned} }

// Bad is a part in the colour of what failed; see [Plain].
func Bad(text string) Part { return Part{visible(text), bad} }

// Outcome is an outcome as all reports show it: what stops a release is in capitals.
func Outcome(o verdict.Outcome) Part {
	s := outcome(o)
	return Part{s.text, s.style}
}

// Cell is the part padded to a column of that width and a gap.
func (p Part) Cell(width int) Part { return Part{cell(p.text, width), p.style} }

// Column is the width of a column that holds the parts, but no more than limit.
func Column(limit int, parts ...Part) int {
	var texts []string
	for _, p := range parts {
		texts = append(texts, p.text)
	}
	return widest(limit, texts...)
}

// Line writes a paragraph: its first line begins at the column indent, the
// others at hang.
func (p *Printer) Line(indent, hang int, parts ...Part) {
	spans := make([]span, len(parts))
	for i, part := range parts {
		spans[i] = span(part)
	}
	p.lines.flow(indent, hang, spans...)
}

// Blank writes an empty line.
func (p *Printer) Blank() { p.lines.blank() }

// WriteTo writes all of it. The error is the writer's.
func (p *Printer) WriteTo(w io.Writer) (int64, error) { return p.lines.b.WriteTo(w) }
