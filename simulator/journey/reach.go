package journey

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/ohler55/ojg/jp"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// reach is a JSON path, and how it is read. A nil one reads nothing.
type reach struct {
	source string
	path   jp.Expr
	// holder leads to the list of which the path selects every element; nil when it
	// does not end so.
	holder jp.Expr
}

func newReach(source string) (*reach, error) {
	if err := scenario.CheckJSONPath(source); err != nil {
		return nil, fmt.Errorf("%q is not a JSON path: %w", source, err)
	}
	path, err := jp.ParseString(source)
	if err != nil {
		return nil, fmt.Errorf("%q is not a JSON path: %w", source, err)
	}
	r := &reach{source: source, path: path}
	if before, every := strings.CutSuffix(source, "[*]"); every {
		if r.holder, err = jp.ParseString(before); err != nil {
			return nil, fmt.Errorf("%q is not a JSON path: %w", before, err)
		}
	}
	return r, nil
}

// String returns the path as written.
func (r *reach) String() string { return r.source }

// one returns the one value that the path selects; ok is false when it selects none.
func (r *reach) one(a *answer, in any) (value any, ok bool, err error) {
	switch nodes := r.path.Get(in); len(nodes) {
	case 0:
		return nil, false, nil
	case 1:
		return nodes[0], true, nil
	default:
		return nil, false, a.wrong("the path %s selects %d values and not one", r, len(nodes))
	}
}

func (r *reach) required(a *answer, in any) (any, error) {
	value, ok, err := r.one(a, in)
	if err == nil && !ok {
		err = a.wrong("the path %s selects nothing", r)
	}
	return value, err
}

// text returns a text, or a number as it is written; neither is empty.
func (r *reach) text(a *answer, in any) (string, error) {
	value, err := r.required(a, in)
	if err != nil {
		return "", err
	}
	text, ok := word(value)
	if !ok || text == "" {
		return "", a.wrong("the path %s selects %s and not a text", r, kind(value))
	}
	return text, nil
}

// textOrNothing is text, or "" where there is nothing, null or an empty text.
func (r *reach) textOrNothing(a *answer, in any) (string, error) {
	value, _, err := r.one(a, in)
	if err != nil || value == nil {
		return "", err
	}
	text, ok := word(value)
	if !ok {
		return "", a.wrong("the path %s selects %s and not a text", r, kind(value))
	}
	return text, nil
}

// word is the text of an identifier or a name.
func word(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

func (r *reach) truth(a *answer) (bool, error) {
	value, err := r.required(a, a.value)
	if err != nil {
		return false, err
	}
	is, ok := value.(bool)
	if !ok {
		return false, a.wrong("the path %s selects %s and not true or false", r, kind(value))
	}
	return is, nil
}

func (r *reach) number(a *answer) (int, error) {
	if r == nil {
		return 0, nil
	}
	value, err := r.required(a, a.value)
	if err != nil {
		return 0, err
	}
	number, _ := value.(json.Number)
	n, err := strconv.Atoi(number.String())
	if err != nil || n < 0 {
		return 0, a.wrong("the path %s selects %s and not a count", r, kind(value))
	}
	return n, nil
}

// list returns all that the path selects. That it is nothing is well only where
// there is a list, and it is empty.
func (r *reach) list(a *answer) ([]any, error) {
	nodes := r.path.Get(a.value)
	if len(nodes) > 0 {
		return nodes, nil
	}
	if r.holder != nil {
		if holders := r.holder.Get(a.value); len(holders) == 1 {
			if empty, ok := holders[0].([]any); ok && len(empty) == 0 {
				return nil, nil
			}
		}
	}
	return nil, a.wrong("the path %s selects nothing", r)
}

func (r *reach) texts(a *answer) ([]string, error) {
	nodes, err := r.list(a)
	var list []string
	for _, node := range nodes {
		text, ok := word(node)
		if !ok || text == "" {
			return nil, a.wrong("the path %s selects %s and not texts", r, kind(node))
		}
		list = append(list, text)
	}
	return list, err
}

// object returns the fields of an object: a text as it is, anything else as JSON,
// and nothing for null.
func (r *reach) object(a *answer) (map[string]string, error) {
	if r == nil {
		return nil, nil
	}
	value, err := r.required(a, a.value)
	if err != nil || value == nil {
		return nil, err
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return nil, a.wrong("the path %s selects %s and not an object", r, kind(value))
	}
	found := make(map[string]string, len(fields))
	for name, field := range fields {
		switch f := field.(type) {
		case nil:
		case string:
			found[name] = f
		default:
			text, err := json.Marshal(f)
			if err != nil {
				return nil, a.wrong("the field %s of %s cannot be written: %v", name, r, err)
			}
			found[name] = string(text)
		}
	}
	return found, nil
}

// kind names a JSON value for a message.
func kind(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	case string:
		return cmp.Or(v, "an empty text")
	case []any:
		return "a list"
	}
	return "an object"
}
