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
// the text as sent. What needs more than a look at the characters (Base64, hex,
// packing) is decoded by [Canary].
type form struct {
	text []byte
	// at[i] is where byte i began, at[len(text)] the end; nil means in place.
	at []int
	// placeless saves the work of keeping places, where nobody asks for them.
	placeless bool
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
			forms = append(forms, form{text: bytes.ReplaceAll(f.text, []byte("+"), []byte(" ")), at: f.at})
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

// unescapePercent undoes one level of percent-encoding, that of JavaScript's
// escape() too (%uXXXX); what is not a valid escape stays as it is.
func unescapePercent(f form) (decoded form, changed bool) {
	if !hasPercent(f.text) {
		return f, false
	}
	b := newBuilder(f)
	for i := 0; i < len(f.text); {
		if c, ok := percentAt(f.text, i); ok {
			b.put(i, c)
			i += 3
			continue
		}
		if c, size := unicodeEscape(f.text[i:], '%'); size > 0 {
			b.putRune(i, c)
			i += size
			continue
		}
		i = b.copy(i, '%')
	}
	return b.form(), true
}

func hasPercent[T []byte | string](text T) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			continue
		}
		if _, ok := percentAt(text, i); ok {
			return true
		}
		if _, size := unicodeEscape([]byte(text[i:min(len(text), i+12)]), '%'); size > 0 {
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

// plainEscapes are those of one character; capital letters occur where a text has
// changed its case.
var plainEscapes = map[byte]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
	'B': '\b', 'F': '\f', 'N': '\n', 'R': '\r', 'T': '\t',
}

// unescapeJSON undoes the escapes of a JSON string (RFC 8259 §7), and \xXX of
// JavaScript, wherever they stand.
func unescapeJSON(f form) (decoded form, changed bool) {
	if bytes.IndexByte(f.text, '\\') < 0 {
		return f, false
	}
	b := newBuilder(f)
	for i := 0; i < len(f.text); {
		if f.text[i] != '\\' || i+1 >= len(f.text) {
			i = b.copy(i, '\\')
			continue
		}
		if c, ok := plainEscapes[f.text[i+1]]; ok {
			b.put(i, c)
			i += 2
			continue
		}
		if c, size := unicodeEscape(f.text[i:], '\\'); size > 0 {
			b.putRune(i, c)
			i += size
			continue
		}
		if c, ok := byteEscape(f.text, i); ok {
			b.putRune(i, rune(c))
			i += len(`\xXX`)
			continue
		}
		i = b.copy(i, '\\')
	}
	return b.form(), true
}

// unicodeEscape reads \uXXXX, or two of them that make one character; mark is the
// backslash, or the percent sign of JavaScript's escape().
func unicodeEscape(text []byte, mark byte) (c rune, size int) {
	unit := func(at int) (rune, bool) {
		if len(text) < at+6 || text[at] != mark || text[at+1]|0x20 != 'u' {
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

// byteEscape reads \xXX.
func byteEscape(text []byte, i int) (byte, bool) {
	if i+3 >= len(text) || text[i] != '\\' || text[i+1]|0x20 != 'x' {
		return 0, false
	}
	high, ok1 := hexDigit(text[i+2])
	low, ok2 := hexDigit(text[i+3])
	return high<<4 | low, ok1 && ok2
}

// builder makes a form from another, byte by byte.
type builder struct {
	from form
	text []byte
	at   []int
}

func newBuilder(f form) *builder { return &builder{from: f, text: make([]byte, 0, len(f.text))} }

// put appends a byte that was made from the one at position i.
func (b *builder) put(i int, c byte) {
	b.text = append(b.text, c)
	if !b.from.placeless {
		b.at = append(b.at, b.from.place(i))
	}
}

// copy appends the byte at position i and what follows it up to the next mark,
// and returns where that is.
func (b *builder) copy(i int, mark byte) int {
	text := b.from.text
	end := len(text)
	if j := bytes.IndexByte(text[i+1:], mark); j >= 0 {
		end = i + 1 + j
	}
	b.text = append(b.text, text[i:end]...)
	if !b.from.placeless {
		for ; i < end; i++ {
			b.at = append(b.at, b.from.place(i))
		}
	}
	return end
}

func (b *builder) putRune(i int, c rune) {
	var parts [utf8.UTFMax]byte
	for _, part := range utf8.AppendRune(parts[:0], c) {
		b.put(i, part)
	}
}

func (b *builder) form() form {
	if b.from.placeless {
		return form{text: b.text, placeless: true}
	}
	return form{text: b.text, at: append(b.at, b.from.place(len(b.from.text)))}
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
