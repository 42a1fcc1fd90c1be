package scenario

import (
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Strict is a file of YAML that is read as strictly as the data: what the keys of a
// struct do not name is refused, with its place and the nearest word.
type Strict struct{ source *source }

// ReadStrict reads the file into what the pointer leads to: structs, slices and maps
// of texts, whole numbers, shares (a float64, as 40% or 0.4) and truth values, with
// yaml tags; a key without omitempty is required. What the file does not say stays as
// it was. What is wrong with it comes back as [Problems], all of it at once.
func ReadStrict(file string, into any) (*Strict, error) {
	s := &Strict{newSource(file)}
	text, err := os.ReadFile(file)
	if err != nil {
		s.source.report(place{}, "", "cannot be read: %v", cause(err))
		return s, s.Err()
	}
	s.source.decode(text, into)
	return s, s.Err()
}

// Has tells whether the file has a value at the path of keys, such as "sites[0].name".
func (s *Strict) Has(path string) bool { return s.source.has(path) }

// Reject notes a problem with the value at the path, or with what holds it. The hint
// may be empty.
func (s *Strict) Reject(path, hint, format string, args ...any) {
	s.source.reject(path, hint, format, args...)
}

// Err is what is wrong with the file, as [Problems]; nil when nothing is.
func (s *Strict) Err() error { return s.source.problems.orNil() }

// Suggest turns what a word may have meant into a hint; it may be empty.
func Suggest(word string, candidates []string) string { return suggest(word, candidates) }

// Worded is a struct that stands for one word as well as for a map of keys.
type Worded interface {
	// FromWord reads the word, and WordHint is shown where it cannot be read, or where
	// something else stands.
	FromWord(word string) error
	WordHint() string
}

// fillWorded reads what may stand as one word. It tells whether there is nothing left to
// read.
func (s *source) fillWorded(node ast.Node, path string, v reflect.Value) bool {
	worded, ok := v.Addr().Interface().(Worded)
	if !ok {
		return false
	}
	if _, isMap := entries(node); isMap {
		return false
	}
	word, ok := plainText(node)
	if !ok {
		s.reject(path, worded.WordHint(), "want a word or a map of keys, found %s", describe(node))
	} else if s.refuseEmpty(word, path) {
		return true
	} else if err := worded.FromWord(word); err != nil {
		s.reject(path, worded.WordHint(), "%v", err)
	}
	return true
}

// listHint shows what a list of such values looks like; it may be empty.
func listHint(list reflect.Value) string {
	if worded, ok := reflect.New(list.Type().Elem()).Interface().(Worded); ok {
		return worded.WordHint()
	}
	return ""
}

const shareHint = "such as 40% or 0.4"

// fillShare reads a number that need not be whole. With a % it is divided by 100.
func (s *source) fillShare(node ast.Node, path string, v reflect.Value) {
	word, ok := plainText(node)
	if !ok {
		switch node.(type) {
		case *ast.IntegerNode, *ast.FloatNode:
			word = node.GetToken().Value
		default:
			s.reject(path, shareHint, "want a number, found %s", describe(node))
			return
		}
	}
	number, err := ParseShare(word)
	if err != nil {
		s.reject(path, shareHint, "%v", err)
		return
	}
	v.SetFloat(number)
}

// ParseShare reads a number that need not be whole, such as 0.4 or 40%.
func ParseShare(word string) (float64, error) {
	digits, percent := strings.CutSuffix(strings.TrimSpace(word), "%")
	number, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if err != nil || number != number || number < 0 || number > 1e6 {
		return 0, fmt.Errorf("want a number from 0 on, found %s", shown(word))
	}
	if percent {
		number /= 100
	}
	return number, nil
}
