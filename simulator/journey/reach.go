package journey

import (
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
	// key is that of pixel.yaml under which it stands, and want what it must lead to.
	key, want string
	// holder leads to the list of which the path selects every element; nil when it
	// does not end so.
	holder jp.Expr
}

func newReach(source string) (*reach, error) {
	path, err := scenario.ParseJSONPath(source)
	if err != nil {
		return nil, fmt.Errorf("%q is not a JSON path: %w", source, err)
	}
	r := &reach{source: source, path: path}
	if before, every := strings.CutSuffix(source, "[*]"); every {
		if r.holder, err = scenario.ParseJSONPath(before); err != nil {
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
		return nil, false, a.misses(r, in, fmt.Sprintf("selects %d values", len(nodes)), "name a path that selects one")
	}
}

func (r *reach) required(a *answer, in any) (any, error) {
	value, ok, err := r.one(a, in)
	if err == nil && !ok {
		err = a.nothing(r, in, "")
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
		return "", a.another(r, in, value)
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
		return "", a.another(r, in, value)
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
		return false, a.another(r, a.value, value)
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
	text, _ := word(value)
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, a.another(r, a.value, value)
	}
	return n, nil
}

// list returns all that the path selects. That it is nothing is well only where
// there is a list, and it is empty.
func (r *reach) list(a *answer, beside string) ([]any, error) {
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
	return nil, a.nothing(r, a.value, beside)
}

// objects is list, of objects alone.
func (r *reach) objects(a *answer, beside string) ([]any, error) {
	nodes, err := r.list(a, beside)
	for _, node := range nodes {
		if _, ok := node.(map[string]any); !ok {
			return nil, a.another(r, a.value, node)
		}
	}
	return nodes, err
}

func (r *reach) texts(a *answer) ([]string, error) {
	nodes, err := r.list(a, "")
	var list []string
	for _, node := range nodes {
		text, ok := word(node)
		if !ok || text == "" {
			return nil, a.another(r, a.value, node)
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
		return nil, a.another(r, a.value, value)
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
				return nil, a.wrong(r.key, "name a path that leads to "+r.want, "the field %s of %s cannot be written: %v", name, r, err)
			}
			found[name] = string(text)
		}
	}
	return found, nil
}
