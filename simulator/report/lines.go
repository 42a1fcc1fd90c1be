package report

import (
	"bytes"
	"strings"

	"github.com/rivo/uniseg"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// style is how a piece of text looks in a terminal; this file is the one place
// that knows the codes.
type style string

const (
	plain  style = ""
	strong style = "\x1b[1m"
	dim    style = "\x1b[2m"
	good   style = "\x1b[32m"
	warned style = "\x1b[33m"
	bad    style = "\x1b[1;31m"
	marked style = "\x1b[7;31m"
	reset        = "\x1b[0m"
)

// span is text in one style. Its text is visible already.
type span struct {
	text  string
	style style
}

// word is what no line is broken within, with the spaces before it.
type word struct {
	gap   int
	spans []span
	width int
}

// lines writes lines no wider than width columns, if width is not 0.
type lines struct {
	b     bytes.Buffer
	width int
	color bool
}

// narrowest is the least width that a report is laid out for.
const narrowest = 40

func newLines(width int, color bool) *lines {
	if width > 0 {
		width = max(width, narrowest)
	}
	return &lines{width: width, color: color}
}

func (l *lines) blank() { l.b.WriteByte('\n') }

func (l *lines) paint(s span) {
	if !l.color || s.style == plain || s.text == "" {
		l.b.WriteString(s.text)
		return
	}
	l.b.WriteString(string(s.style) + s.text + reset)
}

// flow writes the spans as one paragraph: the first line starts at column
// indent, the others at hang. Spaces within a line are kept, a line feed starts
// a new line, and a word too long for a line is cut.
func (l *lines) flow(indent, hang int, spans ...span) {
	for _, paragraph := range paragraphs(spans) {
		l.paragraph(indent, hang, words(paragraph))
		indent = hang
	}
}

func (l *lines) paragraph(indent, hang int, words []word) {
	column := 0
	space := func(n int) {
		l.b.WriteString(strings.Repeat(" ", n))
		column += n
	}
	for i, w := range words {
		if i == 0 {
			space(indent)
		}
		full := l.width > 0 && column+w.gap+w.width > l.width
		if full && i > 0 && column+w.gap > hang {
			l.blank()
			column = 0
			space(hang)
		} else {
			space(w.gap)
		}
		if l.width > 0 && column+w.width > l.width {
			column = l.cut(column, hang, w.spans)
			continue
		}
		for _, s := range w.spans {
			l.paint(s)
		}
		column += w.width
	}
	l.blank()
}

// cut writes a word that no line can hold, breaking it wherever a line is full.
func (l *lines) cut(column, hang int, spans []span) int {
	for _, s := range spans {
		from := 0
		g := uniseg.NewGraphemes(s.text)
		for g.Next() {
			if column+g.Width() > l.width {
				at, _ := g.Positions()
				l.paint(span{s.text[from:at], s.style})
				l.b.WriteString("\n" + strings.Repeat(" ", hang))
				from, column = at, hang
			}
			column += g.Width()
		}
		l.paint(span{s.text[from:], s.style})
	}
	return column
}

// paragraphs splits spans at their line feeds.
func paragraphs(spans []span) [][]span {
	all := [][]span{nil}
	for _, s := range spans {
		for i, part := range strings.Split(s.text, "\n") {
			if i > 0 {
				all = append(all, nil)
			}
			all[len(all)-1] = append(all[len(all)-1], span{part, s.style})
		}
	}
	return all
}

// words splits spans at their spaces. Spans that touch make one word.
func words(spans []span) []word {
	var all []word
	gap := 0
	open := false
	for _, s := range spans {
		for i, part := range strings.Split(s.text, " ") {
			if i > 0 {
				gap++
				open = false
			}
			if part == "" {
				continue
			}
			if !open {
				all = append(all, word{gap: gap})
				gap = 0
				open = true
			}
			w := &all[len(all)-1]
			w.spans = append(w.spans, span{part, s.style})
			w.width += uniseg.StringWidth(part)
		}
	}
	return all
}

// cell pads text to a column's width and two more.
func cell(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-uniseg.StringWidth(text))+2)
}

// widest returns the width of the widest text, but no more than limit.
func widest(limit int, texts ...string) int {
	width := 0
	for _, t := range texts {
		width = max(width, uniseg.StringWidth(t))
	}
	return min(width, limit)
}

// outcome is an outcome as a word and in its colour; what stops a release is in capitals.
func outcome(o verdict.Outcome) span {
	switch {
	case o == verdict.Pass:
		return span{o.String(), good}
	case needsProof(o):
		return span{strings.ToUpper(o.String()), bad}
	default:
		return span{o.String(), warned}
	}
}
