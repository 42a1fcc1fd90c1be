package check

import (
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// token is a stretch of a datum that could be an identifier.
type token struct {
	// key is the token without separators and in lower case, so that one identifier
	// has one key however it is written; text is as it stands there.
	key, text string
	// parts are its runs of letters and digits, in lower case.
	parts []string
	datum datum
	// plain tells that it stands in the datum as it is, and not inside something
	// encoded.
	plain bool
}

// portrait is all that a browser kept and sent in some steps.
type portrait struct {
	data []datum
	// tokens holds the first token of each key.
	tokens map[string]token
	// runs holds every run of letters and digits in lower case, text all of them
	// and all keys, so that a part of one is found as well.
	runs map[string]bool
	text string
	// slots holds the runs that stood under a name, by the name and the run's place,
	// each with a datum that shows it.
	slots map[string]map[string]datum
}

// portray makes a portrait of data, and of texts that belong to it.
func portray(data []datum, texts []string) *portrait {
	p := &portrait{data: data, tokens: map[string]token{}, runs: map[string]bool{}, slots: map[string]map[string]datum{}}
	var all strings.Builder
	add := func(t token) {
		for _, part := range t.parts {
			p.runs[part] = true
		}
		if _, ok := p.tokens[t.key]; !ok {
			p.tokens[t.key] = t
			all.WriteString(t.key + "\n")
		}
	}
	seen := map[string]bool{}
	for _, d := range data {
		d.value = shortAgain(d.value)
		if d.slot != "" {
			for i, run := range runsOf(unescaped(d.value)) {
				p.slot(fmt.Sprintf("%s #%d", d.slot, i), run, d)
			}
		}
		if id := d.value + "\x00" + d.revalidates; !seen[id] {
			seen[id] = true
			tokens(d.value, d, maxNested, add)
		}
	}
	for _, text := range texts {
		tokens(text, datum{}, 0, add)
	}
	p.text = all.String()
	return p
}

// redactedShort is what redaction puts in the place of a value of less than eight
// characters.
var redactedShort = regexp.MustCompile(`redacted-([0-9a-f]{5})[0-9a-f]{7}-short`)

// shortAgain makes such values as short as they were, so that they tell no more.
func shortAgain(value string) string { return redactedShort.ReplaceAllString(value, "$1") }

func (p *portrait) slot(name, run string, d datum) {
	if p.slots[name] == nil {
		p.slots[name] = map[string]datum{}
	}
	if _, ok := p.slots[name][run]; !ok {
		p.slots[name][run] = d
	}
}

// has tells whether the token, or something that it is part of, is there.
func (p *portrait) has(key string) bool { return strings.Contains(p.text, key) }

// keys returns the keys of the tokens, sorted.
func (p *portrait) keys() []string { return slices.Sorted(maps.Keys(p.tokens)) }

const (
	// maxNested is how many encodings inside each other are undone here; the canary
	// goes further, once it is known what to look for.
	maxNested = 3
	// leastEncoded is the shortest Base64 that is undone, maxJoined the longest text
	// that is one identifier with separators.
	leastEncoded = 12
	maxJoined    = 128
)

// tokens calls add for every token of the text: its runs of letters and digits,
// those that separators of identifiers join, and what stands in it in percent
// escapes or Base64.
func tokens(text string, d datum, depth int, add func(token)) {
	for _, run := range runsOf(text) {
		lower := strings.ToLower(run)
		add(token{key: lower, text: run, parts: []string{lower}, datum: d, plain: depth == maxNested})
	}
	for _, joined := range strings.FieldsFunc(text, func(c rune) bool {
		return c < 0x80 && !isWordByte(byte(c)) && !strings.ContainsRune("-_.:~", c)
	}) {
		if parts := runsOf(strings.ToLower(joined)); len(parts) > 1 && len(joined) <= maxJoined {
			add(token{key: strings.Join(parts, ""), text: joined, parts: parts, datum: d, plain: depth == maxNested})
		}
	}
	if depth == 0 {
		return
	}
	if plain := unescaped(text); plain != text {
		tokens(plain, d, depth-1, add)
	}
	for _, packed := range strings.FieldsFunc(text, func(c rune) bool {
		return !(c < 0x80 && isWordByte(byte(c)) || strings.ContainsRune("+/-_", c))
	}) {
		if inner := fromBase64(packed); inner != "" {
			tokens(inner, d, depth-1, add)
		}
	}
}

// fromBase64 returns the text that stands in Base64, in either alphabet, or "".
func fromBase64(packed string) string {
	if len(packed) < leastEncoded || wordy(packed) {
		return ""
	}
	content, err := base64.RawStdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(packed))
	if err != nil || !utf8.Valid(content) {
		return ""
	}
	for _, c := range content {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			return ""
		}
	}
	return string(content)
}
