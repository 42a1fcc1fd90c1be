package compare

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pattern is what a script's values have in common from run to run: its tokens,
// of which each is either the same text every time or of a kind.
type pattern []token

// token is a word, or what stands between two words.
type token struct {
	text string // the same in every run; empty when it varies
	kind kind
}

// kind says what varying tokens are alike in. The zero kind is none.
type kind struct {
	class class
	// length is how many characters they have, 0 when that varies too.
	length int
}

type class int

const (
	literal class = iota
	milliseconds
	seconds
	digits
	hex
	alphanumeric
	uuid
	other
)

// String says the kind in words, such as "number of 19 digits".
func (k kind) String() string {
	switch k.class {
	case milliseconds:
		return "time in ms"
	case seconds:
		return "time in s"
	case uuid:
		return "UUID"
	case digits:
		switch k.length {
		case 0:
			return "number"
		case 1:
			return "digit"
		}
		return fmt.Sprintf("number of %d digits", k.length)
	case hex:
		if k.length > 0 {
			return fmt.Sprintf("%d hex digits", k.length)
		}
		return "hex digits"
	case alphanumeric:
		if k.length > 0 {
			return fmt.Sprintf("%d letters and digits", k.length)
		}
		return "letters and digits"
	}
	return "varying text"
}

// identifies tells that two values of the kind are not the same by chance, so
// that one which is the same in every run is of another making.
func (k kind) identifies() bool {
	return k.class == uuid || k.length >= 10 && (k.class == digits || k.class == hex || k.class == alphanumeric)
}

// words are the tokens that are compared each by itself. A percent escape is one,
// so that what it parts is not taken for one word.
var words = regexp.MustCompile(`%[0-9a-fA-F]{2}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9A-Za-z]+`)

// clocks is how far from the run a number may lie that is taken for a time: no
// journey moves further.
const clocks = 6 * 365 * 24 * time.Hour

// read takes a value apart. What is a time near now is one wherever it stands:
// no two runs have the same.
func read(value string, now time.Time) pattern {
	var p pattern
	at := 0
	for _, m := range words.FindAllStringIndex(value, -1) {
		if m[0] > at {
			p = append(p, token{text: value[at:m[0]]})
		}
		word := value[m[0]:m[1]]
		if c := clockOf(word, now); c != literal {
			p = append(p, token{kind: kind{class: c}})
		} else {
			p = append(p, token{text: word})
		}
		at = m[1]
	}
	if at < len(value) {
		p = append(p, token{text: value[at:]})
	}
	return p
}

func clockOf(word string, now time.Time) class {
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return literal
	}
	near := func(t time.Time) bool { return t.Sub(now).Abs() < clocks }
	switch {
	case len(word) == 13 && near(time.UnixMilli(n)):
		return milliseconds
	case len(word) == 10 && near(time.Unix(n, 0)):
		return seconds
	}
	return literal
}

// String writes the pattern with what varies in angle brackets.
func (p pattern) String() string {
	var b strings.Builder
	for _, t := range p {
		if t.kind.class == literal {
			b.WriteString(t.text)
		} else {
			b.WriteString("<" + t.kind.String() + ">")
		}
	}
	return b.String()
}

// join is what two runs of one script have in common.
func join(a, b pattern) pattern {
	if len(a) != len(b) {
		return pattern{{kind: kind{class: other}}}
	}
	joined := slices.Clone(a)
	for i := range a {
		if a[i] != b[i] {
			joined[i] = token{kind: joinKinds(a[i].kindOf(), b[i].kindOf())}
		}
	}
	return joined
}

func joinKinds(a, b kind) kind {
	k := kind{class: max(a.class, b.class)}
	if a.class == uuid || b.class == uuid {
		k.class = other
		if a.class == b.class {
			k.class = uuid
		}
	}
	if a.length == b.length {
		k.length = a.length
	}
	return k
}

// kindOf is the token's kind, or the narrowest that its text is of.
func (t token) kindOf() kind {
	if t.kind.class != literal {
		return t.kind
	}
	k := kind{class: digits, length: len(t.text)}
	if strings.ContainsRune(t.text, '-') && words.FindString(t.text) == t.text {
		return kind{class: uuid, length: len(t.text)}
	}
	for _, c := range t.text {
		switch {
		case c >= '0' && c <= '9':
		case c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F':
			k.class = max(k.class, hex)
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			k.class = max(k.class, alphanumeric)
		default:
			return kind{class: other}
		}
	}
	return k
}

// alike tells that two scripts' patterns do not differ but by chance.
func alike(a, b pattern) bool {
	return a.any() || b.any() || len(a) == len(b) && !slices.ContainsFunc(pairs(a, b), func(p [2]token) bool { return !alikeTokens(p[0], p[1]) })
}

// any tells that nothing is known of the value but that it varies.
func (p pattern) any() bool { return len(p) == 1 && p[0].kind.class == other }

func pairs(a, b pattern) [][2]token {
	list := make([][2]token, len(a))
	for i := range a {
		list[i] = [2]token{a[i], b[i]}
	}
	return list
}

func alikeTokens(a, b token) bool {
	switch {
	case a.kind.class == literal && b.kind.class == literal:
		return a.text == b.text
	case a.kind.class == literal:
		return !b.kind.identifies() && fits(a.kindOf(), b.kind)
	case b.kind.class == literal:
		return !a.kind.identifies() && fits(b.kindOf(), a.kind)
	case a.kind.identifies() && b.kind.identifies():
		return a.kind == b.kind
	}
	return fits(a.kind, b.kind) || fits(b.kind, a.kind)
}

// fits tells that what is of the one kind may be of the other, too. A length
// that varies fits any.
func fits(narrow, wide kind) bool {
	if narrow.length > 0 && wide.length > 0 && narrow.length != wide.length {
		return false
	}
	switch wide.class {
	case digits, hex, alphanumeric:
		return narrow.class >= digits && narrow.class <= wide.class
	case other:
		return true
	}
	return narrow.class == wide.class
}
