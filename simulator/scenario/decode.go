package scenario

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// decode fills into, a pointer to a struct, from YAML text. It is strict: what
// the struct's yaml tags do not name is refused, a key without omitempty is
// required, and nothing is converted from one type to another. It goes on after
// a problem, so that one reading shows them all. It reports false when there
// was no map to read at all.
func (s *source) decode(text []byte, into any) bool {
	top := s.parse(text)
	if top == nil {
		return false
	}
	s.fill(top, "", reflect.ValueOf(into).Elem())
	_, isMap := entries(top)
	return isMap
}

var (
	nameType   = reflect.TypeFor[Name]()
	amountType = reflect.TypeFor[Amount]()
)

// fill reads one node into one value.
func (s *source) fill(node ast.Node, path string, v reflect.Value) {
	s.values[path] = placeOf(node)
	if s.refuseReuse(node, path) {
		return
	}
	if v.Type() == amountType {
		s.fillAmount(node, path, v)
		return
	}
	if text, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if word, ok := s.text(node, path); ok {
			if err := text.UnmarshalText([]byte(word)); err != nil {
				s.reject(path, lifetimeHint, "%v", err)
			}
		}
		return
	}
	if s.fillWorded(node, path, v) {
		return
	}
	if v.Type() == nameType {
		if word, ok := plainText(node); ok {
			v.Set(reflect.ValueOf(Name{Name: word}))
			s.refuseTemplate(word, path)
			s.refuseEmpty(word, path)
			return
		}
		if _, ok := entries(node); !ok {
			s.reject(path, "such as eid, or {name: nc, set: \"1\"}", "want a name or a map of keys, found %s", describe(node))
			return
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		s.fill(node, path, v.Elem())
	case reflect.Struct:
		s.fillStruct(node, path, v)
	case reflect.Map:
		s.fillMap(node, path, v)
	case reflect.Slice:
		s.fillSlice(node, path, v)
	case reflect.Bool:
		if b, ok := node.(*ast.BoolNode); ok {
			v.SetBool(b.Value)
			return
		}
		s.reject(path, "", "want true or false, found %s", describe(node))
	case reflect.Int:
		s.fillNumber(node, path, v)
	case reflect.Float64:
		s.fillShare(node, path, v)
	case reflect.String:
		if word, ok := s.text(node, path); ok {
			v.SetString(word)
		}
	default:
		panic("no reading for " + v.Type().String())
	}
}

// largestNumber is more than any number of days, minutes or fields.
const largestNumber = 10_000_000

func (s *source) fillNumber(node ast.Node, path string, v reflect.Value) {
	n, ok := node.(*ast.IntegerNode)
	if !ok {
		s.reject(path, "", "want a whole number, found %s", describe(node))
		return
	}
	number, err := strconv.Atoi(n.GetToken().Value)
	if err != nil || number < 1 || number > largestNumber {
		s.reject(path, "", "want a whole number from 1 to %d, found %s", largestNumber, describe(node))
		return
	}
	v.SetInt(int64(number))
}

// fillAmount reads a whole number or a span.
func (s *source) fillAmount(node ast.Node, path string, v reflect.Value) {
	word, ok := plainText(node)
	if n, isNumber := node.(*ast.IntegerNode); isNumber {
		word, ok = n.GetToken().Value, true
	}
	amount, err := ParseAmount(word)
	if !ok || err != nil {
		s.reject(path, amountHint, "want a whole number or a span, found %s", describe(node))
		return
	}
	v.Set(reflect.ValueOf(amount))
}

const lifetimeHint = "a number and one of y, mo, d, h, m, s, such as 5y or 30m"

// text reads a node that must be a text, and not an empty one.
func (s *source) text(node ast.Node, path string) (string, bool) {
	word, ok := plainText(node)
	if !ok {
		hint := ""
		switch node.(type) {
		case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
			hint = fmt.Sprintf("put it in quotes: %q", node.GetToken().Value)
		case *ast.NullNode:
			hint = "leave the key out, or give it a value"
		}
		s.reject(path, hint, "want a text, found %s", describe(node))
		return "", false
	}
	if s.refuseEmpty(word, path) || s.refuseTemplate(word, path) {
		return "", false
	}
	return word, true
}

// refuseEmpty refuses an empty text but as the value of a free map, where a
// site may well know a customer by an empty category.
func (s *source) refuseEmpty(word, path string) bool {
	if strings.TrimSpace(word) != "" || strings.HasPrefix(path, "config.customer.") || strings.HasPrefix(path, "settings.") {
		return false
	}
	s.reject(path, "", "the value is empty")
	return true
}

func (s *source) refuseTemplate(word, path string) bool {
	if s.verbatim || (!strings.Contains(word, "{{") && !strings.Contains(word, "${")) {
		return false
	}
	s.reject(path, "write the value out", "templates are not part of the form: %s", shown(word))
	return true
}

// refuseReuse refuses what YAML offers for saying a thing once and meaning it
// twice: it hides where a value comes from.
func (s *source) refuseReuse(node ast.Node, path string) bool {
	what := ""
	switch node.(type) {
	case *ast.AnchorNode:
		what = "anchors"
	case *ast.AliasNode:
		what = "aliases"
	case *ast.TagNode:
		what = "tags"
	case *ast.MergeKeyNode:
		what = "merge keys"
	default:
		return false
	}
	s.reject(path, "write the value out", "%s are not part of the form", what)
	return true
}

func (s *source) fillStruct(node ast.Node, path string, v reflect.Value) {
	list, ok := entries(node)
	if !ok {
		s.reject(path, "", "want a map of keys, found %s", describe(node))
		return
	}
	fields, order, required := structKeys(v.Type())
	for key, value := range s.keyed(list, path) {
		index, known := fields[key]
		if !known {
			s.reject(join(path, key), suggest(key, order), "unknown key %s", shown(key))
			continue
		}
		s.fill(value, join(path, key), v.Field(index))
	}
	for _, key := range order {
		if required[key] && !s.has(join(path, key)) {
			s.reject(path, "", "the key %q is missing", key)
		}
	}
}

func (s *source) fillMap(node ast.Node, path string, v reflect.Value) {
	list, ok := entries(node)
	if !ok {
		s.reject(path, "", "want a map of keys, found %s", describe(node))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for key, value := range s.keyed(list, path) {
		element := reflect.New(v.Type().Elem()).Elem()
		s.fill(value, join(path, key), element)
		v.SetMapIndex(reflect.ValueOf(key), element)
	}
}

func (s *source) fillSlice(node ast.Node, path string, v reflect.Value) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		s.reject(path, listHint(v), "want a list, found %s", describe(node))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
	for i, value := range list.Values {
		s.fill(value, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
	}
}

// keyed yields the entries of a map with their keys as text, and notes the
// keys' places. A key that is no text or stands twice is refused.
func (s *source) keyed(list []*ast.MappingValueNode, path string) func(func(string, ast.Node) bool) {
	return func(yield func(string, ast.Node) bool) {
		for _, entry := range list {
			at := placeOf(entry.Key)
			if entry.Key.IsMergeKey() {
				s.report(at, "write the keys out", "merge keys are not part of the form")
				continue
			}
			keyNode, ok := entry.Key.(ast.Node)
			key, isText := plainText(keyNode)
			if !ok || !isText {
				s.report(at, "", "want a key, found %s", describe(keyNode))
				continue
			}
			if first, twice := s.keys[join(path, key)]; twice {
				s.report(at, "", "the key %s stands twice; first on line %d", shown(key), first.line)
				continue
			}
			s.keys[join(path, key)] = at
			if !yield(key, entry.Value) {
				return
			}
		}
	}
}

// entries returns the entries of a map node.
func entries(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// structKeys returns a struct's fields by their yaml keys, the keys in the
// struct's order, and which of them are required.
func structKeys(t reflect.Type) (fields map[string]int, order []string, required map[string]bool) {
	fields, required = map[string]int{}, map[string]bool{}
	for i := range t.NumField() {
		tag, tagged := t.Field(i).Tag.Lookup("yaml")
		if !tagged || tag == "-" {
			continue
		}
		key, options, _ := strings.Cut(tag, ",")
		fields[key] = i
		order = append(order, key)
		required[key] = options != "omitempty"
	}
	return fields, order, required
}

// plainText returns the text of a node that is one in YAML's own eyes.
func plainText(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimSuffix(n.Value.Value, "\n"), true
	}
	return "", false
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// describe says what a node is, for a message.
func describe(node ast.Node) string {
	switch n := node.(type) {
	case *ast.StringNode:
		return "the text " + shown(n.Value)
	case *ast.LiteralNode:
		return "a block of text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "the number " + cut(node.GetToken().Value)
	case *ast.BoolNode:
		return fmt.Sprint(n.Value)
	case *ast.NullNode, nil:
		return "nothing"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a map"
	}
	return "something else"
}

func cut(word string) string {
	if len(word) > longestWord {
		return word[:longestWord] + "…"
	}
	return word
}
