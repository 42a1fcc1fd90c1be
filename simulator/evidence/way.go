package evidence

import (
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
)

const arrow = " → "

// describe names the part of a request that a match stands in, and the way to it.
func describe(text Text, codings []string, m match) (part, way string) {
	part = text.Part
	if part == "url" {
		span := Span{From: m.from, To: m.to}
		if len(m.edges) > 0 {
			span.To = span.From + 1 // where packed content ends is not always known
		}
		part = partOfURL(text.Content, span)
	}
	w := &wayfinder{}
	w.add(part)
	if part == "body" {
		w.add(codings...)
	}
	for i := 0; ; {
		base, at := m.inner, m.innerFrom
		if i < len(m.edges) {
			base, at = m.edges[i].parent, m.edges[i].from
		}
		// Escapes are undone all over a text; what is named is the one value.
		var escapes []*layer
		for ; i < len(m.edges) && m.edges[i].layer.unescape != nil; i++ {
			escapes = append(escapes, m.edges[i].layer)
		}
		w.text, w.at, w.escapes = base, at, escapes
		if base == text.Content {
			w.enter(text.Part, part)
		}
		w.follow()
		if i == len(m.edges) {
			break
		}
		w.add(m.edges[i].layer.name)
		i++
	}
	stands := m.inner[m.innerFrom:m.innerTo]
	w.add(m.pattern.word)
	if m.innerTo-m.innerFrom < len(m.pattern.text) {
		w.add("cut short")
	}
	if m.pattern.word == "" || m.pattern.word == "reversed" || m.pattern.changed {
		w.add(caseWord(stands, m.pattern.text))
	}
	return part, strings.Join(w.words, arrow)
}

// caseWord says how a text differs from another in case.
func caseWord(stands, value string) string {
	switch stands {
	case value:
		return ""
	case swapCase(value):
		return "case swapped"
	case strings.ToLower(value):
		return "lower case"
	case strings.ToUpper(value):
		return "upper case"
	}
	return "other case"
}

// wayfinder names the values around a place, from the outside to the inside.
type wayfinder struct {
	words []string
	// text and at are the value that has been reached, and the place in it.
	text string
	at   int
	// escapes are those that are still to be undone on the way.
	escapes []*layer
}

func (w *wayfinder) add(words ...string) {
	for _, word := range words {
		if word != "" {
			w.words = append(w.words, word)
		}
	}
}

// narrow goes on with a range of the text.
func (w *wayfinder) narrow(from, to int) {
	w.text, w.at = w.text[from:to], w.at-from
}

// enter goes to the value of a query's pair, or of a header field and its pair.
func (w *wayfinder) enter(kind, part string) {
	switch {
	case strings.HasPrefix(part, "query "):
		from := strings.LastIndexAny(w.text[:w.at], "?&") + 1
		to := len(w.text)
		if i := strings.IndexByte(w.text[from:], '&'); i >= 0 {
			to = from + i
		}
		if i := strings.IndexByte(w.text[from:to], '='); i >= 0 && from+i < w.at {
			w.narrow(from+i+1, to)
		} else {
			w.add("name")
			w.narrow(w.at, to)
		}
	case part == "path":
		from, to := strings.LastIndexByte(w.text[:w.at], '/')+1, len(w.text)
		if i := strings.IndexAny(w.text[w.at:], "/?#"); i > 0 {
			to = w.at + i
		}
		w.narrow(from, to)
	case strings.HasPrefix(kind, "header "):
		i := strings.Index(w.text, ": ")
		if w.at < i {
			w.add("name")
			w.narrow(w.at, i)
			return
		}
		w.narrow(i+len(": "), len(w.text))
		if strings.Contains(w.text, "://") {
			part := partOfURL(w.text, Span{From: w.at, To: w.at + 1})
			w.add(part)
			w.enter("", part)
		}
	}
}

// follow goes into the innermost value, undoing escapes on the way.
func (w *wayfinder) follow() {
	const most = 16
	for range most {
		if !w.json() && !w.part() && !w.pair() && !w.unescape() {
			return
		}
	}
}

// jsonStart tells JSON from what begins with a bracket by chance.
var jsonStart = regexp.MustCompile(`^(\{\s*["}]|\[\s*["{\[\]0-9tfn-])`)

// json goes to the value of a JSON field.
func (w *wayfinder) json() bool {
	start := strings.TrimLeftFunc(w.text, func(r rune) bool { return r <= ' ' || r == '\ufeff' || r == '"' })
	if !jsonStart.MatchString(start) {
		return false
	}
	if before := len(w.text) - len(start); before <= w.at {
		w.narrow(before, len(w.text))
	}
	path, from, to := jsonPath(w.text, w.at)
	if from < 0 {
		return false
	}
	w.add(strings.TrimSpace("JSON " + path))
	w.narrow(from, to)
	if !w.undo(escapesLayer) {
		return true
	}
	if i := slices.Index(w.escapes, escapesLayer); i >= 0 {
		w.escapes = slices.Delete(slices.Clone(w.escapes), i, i+1)
	}
	return true
}

// part goes to the content of a part of multipart/form-data.
func (w *wayfinder) part() bool {
	boundary := guessBoundary(w.text)
	if boundary == "" {
		return false
	}
	from := strings.LastIndex(w.text[:w.at], "--"+boundary)
	i := strings.Index(w.text[max(from, 0):], "\r\n\r\n")
	if from < 0 || i < 0 || from+i+4 > w.at {
		return false
	}
	name := "part"
	if _, rest, ok := strings.Cut(w.text[from:from+i], `name="`); ok {
		known, _, _ := strings.Cut(rest, `"`)
		name += " " + known
	}
	w.add(name)
	w.narrow(from+i+4, len(w.text))
	if i := strings.Index(w.text, "\r\n--"+boundary); i >= w.at {
		w.narrow(0, i)
	}
	return true
}

// pair goes to the value of a cookie or of a form's field.
func (w *wayfinder) pair() bool {
	const longest = 60
	kind, ends := "field ", "&;?\n "
	if len(w.words) > 0 && w.words[len(w.words)-1] == "header cookie" {
		kind, ends = "pair ", "; "
	}
	from := strings.LastIndexAny(w.text[:w.at], ends) + 1
	name, _, ok := strings.Cut(w.text[from:w.at], "=")
	if !ok || name == "" || len(name) > longest || strings.ContainsAny(name, "\"{}<>") || !isText(name) {
		return false
	}
	w.add(kind + unescapeQuery(name))
	to := len(w.text)
	if i := strings.IndexAny(w.text[w.at:], ends); i > 0 {
		to = w.at + i
	}
	w.narrow(from+len(name)+1, to)
	return true
}

// unescape undoes the next escapes, or percent escapes around JSON.
func (w *wayfinder) unescape() bool {
	for len(w.escapes) > 0 {
		next := w.escapes[0]
		w.escapes = w.escapes[1:]
		if w.undo(next) {
			w.add(next.name)
			return true
		}
	}
	decoded, changed := unescapePercent(form{text: []byte(w.text), placeless: true})
	if start := strings.TrimSpace(string(decoded.text)); changed && start != "" && (start[0] == '{' || start[0] == '[') {
		w.add(percentLayer.name)
		return w.undo(percentLayer)
	}
	return false
}

func (w *wayfinder) undo(l *layer) bool {
	decoded, changed := l.unescape(form{text: []byte(w.text)})
	if !changed {
		return false
	}
	// The last byte that was made from one at the place or before it.
	w.at = max(0, sort.SearchInts(decoded.at, w.at+1)-1)
	w.text = string(decoded.text)
	w.at = min(w.at, len(w.text))
	return true
}

// level is an object or array that a place in JSON is inside of.
type level struct {
	object bool
	key    string
	index  int
	// value tells that a key's value follows.
	value bool
}

// jsonPath returns the names that lead to a place in JSON, joined by dots, and
// the range of the value there: of a string what is between its quotes. Broken
// JSON is read as far as it goes. A place outside any value has no range; a key
// has the path of its object and "(name)".
func jsonPath(text string, at int) (path string, from, to int) {
	var levels []level
	for i := 0; i < len(text) && i <= at; {
		switch c := text[i]; c {
		case '{', '[':
			levels = append(levels, level{object: c == '{'})
			i++
		case '}', ']':
			levels = levels[:max(0, len(levels)-1)]
			i++
		case ',':
			if len(levels) > 0 {
				top := &levels[len(levels)-1]
				top.index, top.value = top.index+1, false
			}
			i++
		case ':':
			if len(levels) > 0 {
				levels[len(levels)-1].value = true
			}
			i++
		case '"':
			end := stringEnd(text, i+1)
			isKey := len(levels) > 0 && levels[len(levels)-1].object && !levels[len(levels)-1].value
			if at > i && at < end || at == i {
				return pathOf(levels, isKey), i + 1, end
			}
			if isKey {
				levels[len(levels)-1].key = text[i+1 : end]
			}
			i = end + 1
		case ' ', '\t', '\r', '\n':
			i++
		default:
			end := i + 1
			for end < len(text) && strings.IndexByte(",:]}\" \t\r\n", text[end]) < 0 {
				end++
			}
			if at < end {
				return pathOf(levels, false), i, end
			}
			i = end
		}
	}
	return "", -1, -1
}

// stringEnd returns where the closing quote stands, or the end.
func stringEnd(text string, i int) int {
	for ; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return min(i, len(text))
}

func pathOf(levels []level, key bool) string {
	var names []string
	for i, l := range levels {
		switch {
		case key && i == len(levels)-1:
			names = append(names, "(name)")
		case l.object:
			name, _ := unescapeJSON(form{text: []byte(l.key), placeless: true})
			names = append(names, string(name.text))
		default:
			names = append(names, strconv.Itoa(l.index))
		}
	}
	return strings.Join(names, ".")
}
