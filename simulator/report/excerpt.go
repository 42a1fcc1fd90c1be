package report

import (
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

const (
	// gutter stands before every line of an excerpt. It also keeps foreign
	// content from standing first in a line of a log.
	gutter = "| "
	// around is how many columns beside a mark are kept when a line is shortened.
	around   = 16
	ellipsis = "..."
)

// glyph is one character of an excerpt's line, as wide as it is shown.
type glyph struct {
	text   string
	width  int
	marked bool
}

// excerpt writes an excerpt at column hang, after the label that stands there
// already. Marked parts are inverted in colour, and underlined with ^^^^ on a
// line of their own without. Unless whole is set, a line that is too long is
// shortened where it is not marked; what is marked is never cut.
func (l *lines) excerpt(hang int, e verdict.Excerpt, whole bool) {
	room := 0
	if l.width > 0 {
		room = max(l.width-hang-len(gutter), 2)
	}
	first := true
	put := func(glyphs []glyph) {
		if !first {
			l.b.WriteString(strings.Repeat(" ", hang))
		}
		first = false
		l.glyphs(glyphs)
		if !l.color {
			l.carets(hang, glyphs)
		}
	}
	for _, line := range pieces(e) {
		glyphs := spell(line)
		if room > 0 && !whole {
			glyphs = shorten(glyphs, room)
		}
		for {
			n := fit(glyphs, room)
			put(glyphs[:n])
			glyphs = glyphs[n:]
			if len(glyphs) == 0 {
				break
			}
		}
	}
}

func (l *lines) glyphs(glyphs []glyph) {
	if len(glyphs) == 0 {
		l.b.WriteString(strings.TrimSpace(gutter))
		l.blank()
		return
	}
	l.b.WriteString(gutter)
	for len(glyphs) > 0 {
		n := 1
		for n < len(glyphs) && glyphs[n].marked == glyphs[0].marked {
			n++
		}
		var text strings.Builder
		for _, g := range glyphs[:n] {
			text.WriteString(g.text)
		}
		s := span{text.String(), plain}
		if glyphs[0].marked {
			s.style = marked
		}
		if n == len(glyphs) && !l.color {
			s.text = strings.TrimRight(s.text, " ")
		}
		l.paint(s)
		glyphs = glyphs[n:]
	}
	l.blank()
}

func (l *lines) carets(hang int, glyphs []glyph) {
	var under strings.Builder
	for _, g := range glyphs {
		mark := " "
		if g.marked {
			mark = "^"
		}
		under.WriteString(strings.Repeat(mark, g.width))
	}
	if carets := strings.TrimRight(under.String(), " "); carets != "" {
		l.b.WriteString(strings.Repeat(" ", hang) + gutter + carets + "\n")
	}
}

func spell(line []piece) []glyph {
	var glyphs []glyph
	for _, p := range line {
		g := uniseg.NewGraphemes(p.Text)
		for g.Next() {
			glyphs = append(glyphs, glyph{g.Str(), g.Width(), p.Marked})
		}
	}
	return glyphs
}

func breadth(glyphs []glyph) int {
	width := 0
	for _, g := range glyphs {
		width += g.width
	}
	return width
}

// fit returns how many glyphs a line of room columns takes, at least one.
func fit(glyphs []glyph, room int) int {
	if room <= 0 {
		return len(glyphs)
	}
	width := 0
	for i, g := range glyphs {
		width += g.width
		if i > 0 && width > room {
			return i
		}
	}
	return len(glyphs)
}

// shorten replaces what is far from any mark by an ellipsis, if the line does
// not fit. A line without marks keeps its beginning.
func shorten(glyphs []glyph, room int) []glyph {
	if breadth(glyphs) <= room {
		return glyphs
	}
	keep := make([]bool, len(glyphs))
	some := false
	for i, g := range glyphs {
		if !g.marked {
			continue
		}
		some = true
		for k := max(0, i-around); k <= min(len(glyphs)-1, i+around); k++ {
			keep[k] = true
		}
	}
	if !some {
		n := fit(glyphs, max(room-len(ellipsis), 1))
		return append(slices.Clone(glyphs[:n]), glyph{text: ellipsis, width: len(ellipsis)})
	}
	var short []glyph
	for i := 0; i < len(glyphs); {
		n := i
		for n < len(glyphs) && !keep[n] {
			n++
		}
		switch {
		case n == i:
			short = append(short, glyphs[i])
			i++
		case n-i <= len(ellipsis):
			short = append(short, glyphs[i:n]...)
			i = n
		default:
			short = append(short, glyph{text: ellipsis, width: len(ellipsis)})
			i = n
		}
	}
	return short
}
