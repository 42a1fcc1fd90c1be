package evidence

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// form is a text read in some encoding, with the place of each of its bytes in
// the text as sent. Further encodings (Base64, hex, …) are added in formsOf.
type form struct {
	text []byte
	// at[i] is where byte i began, at[len(text)] the end; nil means in place.
	at []int
}

func (f form) place(i int) int {
	if f.at == nil {
		return i
	}
	return f.at[i]
}

// formsOf returns the text as sent, and as it reads after percent-decoding once
// and twice, with a plus sign as a space, and with the escapes of JSON undone.
func formsOf(content string) []form {
	raw := form{text: []byte(content)}
	forms := []form{raw}
	for last := raw; len(forms) < 3; {
		decoded, changed := unescapePercent(last)
		if !changed {
			break
		}
		forms = append(forms, decoded)
		last = decoded
	}
	for _, f := range slices.Clone(forms) {
		if bytes.IndexByte(f.text, '+') >= 0 {
			forms = append(forms, form{bytes.ReplaceAll(f.text, []byte("+"), []byte(" ")), f.at})
		}
	}
	for _, f := range slices.Clone(forms) {
		if decoded, changed := unescapeJSON(f); changed {
			forms = append(forms, decoded)
		}
	}
	return forms
}

// spansOf returns where the value stands in the content in any form, in order
// and without overlap.
func spansOf(content, value string) [][2]int {
	if value == "" {
		return nil
	}
	return spansIn(formsOf(content), value)
}

func spansIn(forms []form, value string) [][2]int {
	var found [][2]int
	for _, f := range forms {
		for from := 0; ; {
			i := bytes.Index(f.text[from:], []byte(value))
			if i < 0 {
				break
			}
			from += i
			found = append(found, [2]int{f.place(from), f.place(from + len(value))})
			from += len(value)
		}
	}
	if len(found) < 2 {
		return found
	}
	slices.SortFunc(found, func(a, b [2]int) int { return a[0] - b[0] })
	merged := found[:1]
	for _, s := range found[1:] {
		if last := &merged[len(merged)-1]; s[0] < last[1] {
			last[1] = max(last[1], s[1])
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}

// unescapePercent undoes one level of percent-encoding; what is not a valid
// escape stays as it is.
func unescapePercent(f form) (decoded form, changed bool) {
	if !hasPercent(f.text) {
		return f, false
	}
	b := builder{from: f}
	for i := 0; i < len(f.text); {
		if c, ok := percentAt(f.text, i); ok {
			b.put(i, c)
			i += 3
			continue
		}
		b.put(i, f.text[i])
		i++
	}
	return b.form(), true
}

func hasPercent(text []byte) bool {
	for i := range text {
		if _, ok := percentAt(text, i); ok {
			return true
		}
	}
	return false
}

func percentAt[T []byte | string](text T, i int) (byte, bool) {
	if i+2 >= len(text) || text[i] != '%' {
		return 0, false
	}
	high, ok1 := hexDigit(text[i+1])
	low, ok2 := hexDigit(text[i+2])
	return high<<4 | low, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

var plainEscapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescapeJSON undoes the escapes of a JSON string (RFC 8259 §7) wherever they
// stand.
func unescapeJSON(f form) (decoded form, changed bool) {
	if bytes.IndexByte(f.text, '\\') < 0 {
		return f, false
	}
	b := builder{from: f}
	for i := 0; i < len(f.text); {
		if f.text[i] != '\\' || i+1 >= len(f.text) {
			b.put(i, f.text[i])
			i++
			continue
		}
		if c, ok := plainEscapes[f.text[i+1]]; ok {
			b.put(i, c)
			i += 2
			continue
		}
		if c, size := unicodeEscape(f.text[i:]); size > 0 {
			for _, part := range utf8.AppendRune(nil, c) {
				b.put(i, part)
			}
			i += size
			continue
		}
		b.put(i, f.text[i])
		i++
	}
	return b.form(), true
}

// unicodeEscape reads \uXXXX, or two of them that make one character.
func unicodeEscape(text []byte) (c rune, size int) {
	unit := func(at int) (rune, bool) {
		if len(text) < at+6 || text[at] != '\\' || text[at+1] != 'u' {
			return 0, false
		}
		n, err := strconv.ParseUint(string(text[at+2:at+6]), 16, 16)
		return rune(n), err == nil
	}
	first, ok := unit(0)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(first) {
		if second, ok := unit(6); ok {
			if c := utf16.DecodeRune(first, second); c != utf8.RuneError {
				return c, 12
			}
		}
	}
	return first, 6
}

// builder makes a form from another, byte by byte.
type builder struct {
	from form
	text []byte
	at   []int
}

// put appends a byte that was made from the one at position i.
func (b *builder) put(i int, c byte) {
	b.text = append(b.text, c)
	b.at = append(b.at, b.from.place(i))
}

func (b *builder) form() form {
	return form{b.text, append(b.at, b.from.place(len(b.from.text)))}
}

// unescapeQuery decodes a name or value of a query string; a bad escape stays as
// it is.
func unescapeQuery(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if c, ok := percentAt(s, i); ok {
			out = append(out, c)
			i += 3
			continue
		}
		c := s[i]
		if c == '+' {
			c = ' '
		}
		out = append(out, c)
		i++
	}
	return string(out)
}
