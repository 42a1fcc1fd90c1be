package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	// maxFileSize is the most bytes that a file of data may have.
	maxFileSize = 64 << 10
	// maxDepth is the deepest that lists and maps may nest; the deepest form
	// needs four. The parser takes time squared in the depth.
	maxDepth = 16
)

// place is a position in a file, counted from 1.
type place struct{ line, column int }

// source is one file of data while it is read: where everything in it stands,
// and what is wrong with it. Paths are those of the keys, such as
// "expect[3].clause".
type source struct {
	// file is the path as shown in messages.
	file string
	// verbatim says that texts are quoted from elsewhere and may hold braces.
	verbatim bool
	values   map[string]place
	keys     map[string]place
	problems Problems
}

func newSource(file string) *source {
	return &source{file: file, values: map[string]place{}, keys: map[string]place{}}
}

// report notes a problem at a place.
func (s *source) report(at place, hint, format string, args ...any) {
	s.problems = append(s.problems, Problem{
		File: s.file, Line: at.line, Column: at.column,
		Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// reject notes a problem with the value at a path, or with what holds it when
// the value is not there.
func (s *source) reject(path, hint, format string, args ...any) {
	s.report(s.at(path), hint, format, args...)
}

// has tells whether the file has a value at the path, right or wrong.
func (s *source) has(path string) bool {
	_, ok := s.keys[path]
	return ok
}

func (s *source) at(path string) place {
	for {
		if p, ok := s.values[path]; ok {
			return p
		}
		if p, ok := s.keys[path]; ok {
			return p
		}
		if path == "" {
			return place{1, 1}
		}
		path = parentPath(path)
	}
}

// where returns the place of the value at a path as "file:line".
func (s *source) where(path string) string {
	return fmt.Sprintf("%s:%d", s.file, s.at(path).line)
}

func parentPath(path string) string {
	i := strings.LastIndexAny(path, ".[")
	if i < 0 {
		return ""
	}
	return path[:i]
}

// readFile returns a file's text, refusing what is too large or no text.
func (s *source) readFile(fsys fs.FS, name string) ([]byte, bool) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		s.report(place{}, "", "cannot be read: %v", cause(err))
		return nil, false
	}
	if info.Size() > maxFileSize {
		s.refuseSize(info.Size())
		return nil, false
	}
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		s.report(place{}, "", "cannot be read: %v", cause(err))
		return nil, false
	}
	return text, s.acceptText(text)
}

func (s *source) refuseSize(size int64) {
	s.report(place{}, "one journey, one pixel or one document's clauses make a file", "has %d bytes, more than %d", size, maxFileSize)
}

// cause returns what went wrong with a file without its path, which every
// problem names itself.
func cause(err error) error {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// acceptText refuses what no editor that speaks UTF-8 would have written.
func (s *source) acceptText(text []byte) bool {
	if len(text) > maxFileSize {
		s.refuseSize(int64(len(text)))
		return false
	}
	if bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) {
		s.report(place{1, 1}, "save the file as UTF-8 without it", "starts with a byte order mark")
		return false
	}
	for line, rest := 1, text; len(rest) > 0; line++ {
		var current []byte
		current, rest, _ = bytes.Cut(rest, []byte("\n"))
		column := 1
		for len(current) > 0 {
			r, size := utf8.DecodeRune(current)
			switch {
			case r == utf8.RuneError && size == 1:
				s.report(place{line, column}, "save the file as UTF-8", "the byte 0x%02x is not valid UTF-8", current[0])
				return false
			case r < ' ' && r != '\t' && (r != '\r' || len(current) > 1), r == 0x7f:
				s.report(place{line, column}, "", "the control character %U has no place here", r)
				return false
			}
			column++
			current = current[size:]
		}
	}
	return true
}

// parse returns the file's one YAML document, a map. What is no YAML, or more
// of it than a file of data needs, is reported and gives nil.
func (s *source) parse(text []byte) (top ast.Node) {
	if !s.acceptText(text) || !s.acceptDepth(text) {
		return nil
	}
	// The parser is not ours, and files may come from anyone.
	defer func() {
		if r := recover(); r != nil {
			top = nil
			s.report(place{1, 1}, "", "cannot be read as YAML")
		}
	}()
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		s.reportSyntax(err)
		return nil
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		switch doc.Body.(type) {
		case *ast.DirectiveNode:
			s.report(placeOf(doc.Body), "leave the line out", "directives are not part of the form")
			return nil
		case *ast.CommentGroupNode, *ast.CommentNode:
			continue
		}
		if top != nil {
			s.report(placeOf(doc.Body), "put it into a file of its own", "a second document in one file")
			return nil
		}
		top = doc.Body
	}
	if top == nil {
		s.report(place{1, 1}, "", "the file is empty")
	}
	return top
}

func (s *source) reportSyntax(err error) {
	var syntax yaml.Error
	if !errors.As(err, &syntax) || syntax.GetToken() == nil {
		s.report(place{1, 1}, "", "cannot be read as YAML: %v", err)
		return
	}
	s.report(tokenPlace(syntax.GetToken()), "", "cannot be read as YAML: %s", syntax.GetMessage())
}

// acceptDepth refuses text that nests deeper than any form of ours, without
// parsing it. Brackets in quoted text count as well; there are never so many.
func (s *source) acceptDepth(text []byte) bool {
	open, line, column := 0, 1, 0
	dashes, lineStart := 0, true
	for _, c := range text {
		column++
		switch c {
		case '\n':
			line, column, dashes, lineStart = line+1, 0, 0, true
			continue
		case '[', '{':
			open++
		case ']', '}':
			open = max(0, open-1)
		}
		switch {
		case lineStart && (c == '-' || c == '?'):
			dashes++
		case c != ' ' && c != '\t':
			lineStart = false
		}
		if open > maxDepth || (dashes > maxDepth && !isRule(c)) {
			s.report(place{line, column}, "", "nests deeper than %d lists and maps", maxDepth)
			return false
		}
	}
	return true
}

// isRule keeps a line of dashes, which nests nothing, from counting as depth
// before the line's end is known.
func isRule(c byte) bool { return c == '-' }

// placeOf returns where a node begins.
func placeOf(node ast.Node) place {
	switch n := node.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return placeOf(n.Values[0])
		}
	case *ast.MappingValueNode:
		return placeOf(n.Key)
	}
	return tokenPlace(node.GetToken())
}

func tokenPlace(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{max(1, t.Position.Line), max(1, t.Position.Column)}
}
