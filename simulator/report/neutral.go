package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// logCommands are what CI systems obey wherever it stands in a line of a log.
// A page under test must not be able to send them through its parameters.
var logCommands = []string{"##vso[", "##teamcity[", "##["}

// neutralAt returns what stands for the text at byte i, and how many bytes of
// the text it stands for. Line feeds are the caller's affair.
func neutralAt(text string, i int) (string, int) {
	r, n := utf8.DecodeRuneInString(text[i:])
	switch {
	case r == utf8.RuneError && n <= 1:
		return fmt.Sprintf(`\x%02x`, text[i]), 1
	case r == '#' && slices.ContainsFunc(logCommands, func(c string) bool { return strings.HasPrefix(text[i:], c) }):
		return `\x23`, 1
	case r == ':' && workflowCommand(text, i):
		return `\x3a`, 1
	case unicode.IsGraphic(r) || r == '\n':
		return text[i : i+n], n
	case r == '\t':
		return `\t`, n
	case r == '\r':
		return `\r`, n
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r), n
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r), n
	default:
		return fmt.Sprintf(`\u%04x`, r), n
	}
}

// workflowCommand tells whether "::name …::", which GitHub obeys when it stands
// first in a line of a log, stands at byte i where a line could be broken. An
// IPv6 address such as ::1 is none.
func workflowCommand(text string, i int) bool {
	rest, found := strings.CutPrefix(text[i:], "::")
	end := strings.Index(rest, "::")
	if !found || end < 0 || strings.Contains(rest[:end], "\n") {
		return false
	}
	if i == 0 {
		return true
	}
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	return !unicode.IsGraphic(before) || unicode.IsSpace(before)
}

// visibleLines escapes everything that is not plainly readable and keeps line feeds.
func visibleLines(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		s, n := neutralAt(text, i)
		b.WriteString(s)
		i += n
	}
	return b.String()
}

// visible is visibleLines for what must stay in one line: a line feed becomes \n.
func visible(text string) string {
	return strings.ReplaceAll(visibleLines(text), "\n", `\n`)
}

// inLine is visible for a reason: what to do about it follows the problem after a
// semicolon, where elsewhere it has a line of its own.
func inLine(reason string) string { return visible(hinted(reason)) }

// hinted puts the hint that has a line of its own behind what it belongs to.
func hinted(reason string) string { return strings.ReplaceAll(reason, "\nhint: ", "; hint: ") }

// neutral is visibleLines for an excerpt; its marks move with the text.
func neutral(e verdict.Excerpt) verdict.Excerpt { return rewrite(e, neutralAt) }

// rewrite replaces parts of an excerpt's text and moves its marks along.
func rewrite(e verdict.Excerpt, replace func(text string, i int) (string, int)) verdict.Excerpt {
	marks := tidy(e.Text, e.Marks)
	moved := make([]int, len(e.Text)+1)
	var b strings.Builder
	for i := 0; i < len(e.Text); {
		s, n := replace(e.Text, i)
		for k := range n {
			moved[i+k] = b.Len()
		}
		b.WriteString(s)
		i += n
	}
	moved[len(e.Text)] = b.Len()
	for i, m := range marks {
		marks[i] = verdict.Mark{From: moved[m.From], To: moved[m.To]}
	}
	return verdict.Excerpt{Text: b.String(), Marks: marks}
}

// tidy returns marks as an excerpt promises them: within the text, in order,
// without overlap, on whole characters, none empty. An empty mark says "here":
// it takes the character beside it.
func tidy(text string, marks []verdict.Mark) []verdict.Mark {
	var kept []verdict.Mark
	for _, m := range marks {
		from, to := whole(text, m)
		if from == to {
			from, to = beside(text, from)
		}
		if from < to {
			kept = append(kept, verdict.Mark{From: from, To: to})
		}
	}
	slices.SortFunc(kept, func(a, b verdict.Mark) int { return a.From - b.From })
	joined := kept[:0]
	for _, m := range kept {
		if n := len(joined); n > 0 && m.From <= joined[n-1].To {
			joined[n-1].To = max(joined[n-1].To, m.To)
			continue
		}
		joined = append(joined, m)
	}
	return joined
}

func whole(text string, m verdict.Mark) (from, to int) {
	from = min(max(m.From, 0), len(text))
	to = min(max(m.To, from), len(text))
	for back := 0; back < utf8.UTFMax && from > 0 && from < len(text) && !utf8.RuneStart(text[from]); back++ {
		from--
	}
	for on := 0; on < utf8.UTFMax && to < len(text) && !utf8.RuneStart(text[to]); on++ {
		to++
	}
	return from, to
}

func beside(text string, at int) (from, to int) {
	if at < len(text) && text[at] != '\n' {
		_, n := utf8.DecodeRuneInString(text[at:])
		return at, at + n
	}
	if at > 0 && text[at-1] != '\n' {
		_, n := utf8.DecodeLastRuneInString(text[:at])
		return at - n, at
	}
	return at, at
}

// piece is a part of a line of an excerpt that is wholly marked or not at all.
type piece struct {
	Text   string
	Marked bool
}

// pieces cuts an excerpt into lines and these at their marks; all text is made
// visible. A trailing line feed makes no line.
func pieces(e verdict.Excerpt) [][]piece {
	e = neutral(e)
	lines := [][]piece{nil}
	put := func(text string, marked bool) {
		for i, part := range strings.Split(text, "\n") {
			if i > 0 {
				lines = append(lines, nil)
			}
			if part != "" {
				last := len(lines) - 1
				lines[last] = append(lines[last], piece{part, marked})
			}
		}
	}
	at := 0
	for _, m := range e.Marks {
		put(e.Text[at:m.From], false)
		put(e.Text[m.From:m.To], true)
		at = m.To
	}
	put(e.Text[at:], false)
	for len(lines) > 1 && len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	return lines
}
