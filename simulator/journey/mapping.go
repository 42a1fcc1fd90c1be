package journey

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/ohler55/ojg/jp"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// Keys of pixel.yaml: what stands below eventKey leads into an event, but for eachKey.
const (
	eventKey = "profile.event."
	eachKey  = eventKey + "each"
)

// mappingError says that the collector does not answer as the pixel's description
// says: where that stands, what was wanted, and what came instead.
type mappingError struct {
	error
	// problem is what is wrong, without what came.
	problem string
}

// problemOf says what went wrong with a step, in brief where the fault shows more.
func problemOf(err error) string {
	if m := (*mappingError)(nil); errors.As(err, &m) && m.problem != "" {
		return m.problem
	}
	return err.Error()
}

func (e *mappingError) Unwrap() error { return e.error }

// answer is a JSON document with where it came from.
type answer struct {
	pixel *scenario.Pixel
	path  string
	body  []byte
	value any
}

// longestExcerpt is how much of a document an error shows, in characters.
const longestExcerpt = 200

// wrong says what is wrong with the answer at a key of pixel.yaml, and shows how the
// answer begins.
func (a *answer) wrong(key, hint, format string, args ...any) error {
	return a.shows(a.body, "answered", key, hint, fmt.Sprintf(format, args...))
}

func (a *answer) shows(part []byte, as, key, hint, problem string) error {
	said := excerpt(part)
	if said == "" {
		said = "nothing"
	}
	problem = fmt.Sprintf("%s: %s: %s", a.pixel.At(key), key, problem)
	return &mappingError{fmt.Errorf("%s; GET %s %s %s\nhint: %s", problem, a.path, as, said, hint), problem}
}

// misses says that a path does not lead to what it should; in is where it begins.
func (a *answer) misses(r *reach, in any, how, hint string) error {
	problem := fmt.Sprintf("%s %s, where %s is wanted", r, how, r.want)
	if part, err := json.Marshal(in); r.inEvent() && err == nil {
		return a.shows(part, "answered events such as", r.key, hint, problem)
	}
	return a.wrong(r.key, hint, "%s", problem)
}

// inEvent tells that the path begins at an event and not at the answer.
func (r *reach) inEvent() bool {
	return strings.HasPrefix(r.key, eventKey) && r.key != eachKey
}

// nothing says that a path selects nothing; beside is more to know of where it looks.
func (a *answer) nothing(r *reach, in any, beside string) error {
	hint := r.instead(in)
	if beside != "" {
		hint = beside + "; " + hint
	}
	return a.misses(r, in, "selects nothing", hint)
}

// another says that a path selects a value of another kind.
func (a *answer) another(r *reach, in, value any) error {
	hint := "name a path that leads to " + r.want
	if _, several := value.([]any); several && r.holder == nil {
		hint = fmt.Sprintf("%s[*] selects what is in the list", r)
	}
	return a.misses(r, in, "selects "+kind(value), hint)
}

// mostNames is how many names a hint lists.
const mostNames = 12

// instead says what stands where the path has lost its way: the names there, and the
// nearest of them.
func (r *reach) instead(in any) string {
	every := ""
	source := r.source
	if before, ok := strings.CutSuffix(source, "[*]"); ok {
		source, every = before, "[*]"
	}
	for {
		i := strings.LastIndexAny(source, ".[")
		if i < 1 {
			return "name a path that leads to " + r.want
		}
		holder, word := source[:i], strings.Trim(source[i:], `.[]'"`)
		path, err := jp.ParseString(holder)
		if err != nil {
			return "name a path that leads to " + r.want
		}
		if nodes := path.Get(in); len(nodes) == 1 {
			return r.among(nodes[0], holder, word, every)
		}
		source, every = holder, ""
	}
}

// among says what an object has under other names than the word; or what it is, if
// none.
func (r *reach) among(value any, holder, word, every string) string {
	owner := holder
	switch {
	case holder == "$" && r.inEvent():
		owner = "an event"
	case holder == "$":
		owner = "the answer"
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return fmt.Sprintf("%s is %s", owner, kind(value))
	}
	names := slices.Sorted(maps.Keys(fields))
	if found, there := fields[word]; there {
		return fmt.Sprintf("%s.%s is %s", holder, word, kind(found))
	}
	if len(names) == 0 {
		return owner + " is an empty object"
	}
	near := scenario.Nearest(word, names)
	more := ""
	if n := len(names) - mostNames; n > 0 {
		names, more = names[:mostNames], fmt.Sprintf(" and %d more", n)
	}
	hint := fmt.Sprintf("%s has %s%s", owner, excerpt([]byte(strings.Join(names, ", "))), more)
	if near != "" {
		hint += fmt.Sprintf("; did you mean %s.%s%s?", holder, near, every)
	}
	return hint
}

// excerpt is how a text begins, on one line.
func excerpt(text []byte) string {
	var short strings.Builder
	n, space := 0, false
	for _, c := range strings.TrimSpace(string(text)) {
		switch {
		case n == longestExcerpt:
			return short.String() + "…"
		case unicode.IsSpace(c):
			if space {
				continue
			}
			c, space = ' ', true
		default:
			space = false
			if !unicode.IsPrint(c) {
				c = unicode.ReplacementChar
			}
		}
		short.WriteRune(c)
		n++
	}
	return short.String()
}

// kind names a JSON value for a message.
func kind(value any) string {
	const most = 40
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	case string:
		if v == "" {
			return "an empty text"
		}
		if letters := []rune(v); len(letters) > most {
			return fmt.Sprintf("the text %q…", string(letters[:most]))
		}
		return fmt.Sprintf("the text %q", v)
	case []any:
		return "a list"
	}
	return "an object"
}
