package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Problem is one mistake in a file of data: where it stands, what is wrong
// and, where it can be told, what would be right.
type Problem struct {
	// File is the path as the loader was told to show it.
	File string
	// Line and Column count from 1; 0 means the file as a whole.
	Line, Column int
	// Message says what is wrong: no capital, no full stop.
	Message string
	// Hint says what to do; it may be empty.
	Hint string
}

// Error returns "file:line:column: message", with the hint on a line of its own.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": " + p.Message)
	if p.Hint != "" {
		b.WriteString("\nhint: " + p.Hint)
	}
	return b.String()
}

// Problems is all that is wrong with a set of files, in the order of the files
// and their lines. It is an error whose parts errors.As and errors.Is find.
type Problems []Problem

// Error returns every problem, one after another, each from a new line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the single problems to package errors.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// orNil returns the problems as an error in their order, or nil when there are none.
func (ps Problems) orNil() error {
	if len(ps) == 0 {
		return nil
	}
	return ps.sorted()
}

func (ps Problems) sorted() Problems {
	sorted := slices.Clone(ps)
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(sorted)
}

// longestWord is the length in bytes beyond which a word is no misspelling of
// anything, and is cut short where it is shown.
const longestWord = 60

// nearest returns the candidate that is spelt most like the word, or begins
// with it, or "" when none is near. Of two equally near the first in the
// alphabet wins.
func nearest(word string, candidates []string) string {
	if word == "" || len(word) > longestWord {
		return ""
	}
	best, bestDistance := "", max(2, len(word)/3)+1
	sorted := slices.Clone(candidates)
	slices.Sort(sorted)
	for _, c := range sorted {
		d := levenshtein.ComputeDistance(word, c)
		if len(word) > 2 && strings.HasPrefix(c, word+"-") {
			d = 1
		}
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// suggest turns the candidates into a hint: the nearest word, or all of them
// where they are few.
func suggest(word string, candidates []string) string {
	const few = 12
	if near := nearest(word, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(candidates) == 0 || len(candidates) > few {
		return ""
	}
	return oneOf(candidates)
}

// shown returns the word in quotes, cut short when it is long.
func shown(word string) string {
	if len(word) > longestWord {
		return fmt.Sprintf("%q…", strings.ToValidUTF8(word[:longestWord], ""))
	}
	return fmt.Sprintf("%q", word)
}
