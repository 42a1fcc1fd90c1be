package evidence

import (
	"bytes"
	"strings"
)

// layer is one kind of encoding that a text may be wrapped in.
type layer struct {
	// name is the layer's word in a way, such as "Base64".
	name string
	// unescape undoes a layer that leaves most characters as they are, all over a
	// text; nil for one that packs a stretch of it.
	unescape func(form) (form, bool)
}

var (
	percentLayer  = &layer{"percent", unescapePercent}
	formLayer     = &layer{"percent", unescapeForm}
	escapesLayer  = &layer{"escapes", unescapeJSON}
	entitiesLayer = &layer{"HTML entities", unescapeHTML}
	latin1Layer   = &layer{"UTF-8", unescapeUTF8}

	base64Layer  = &layer{name: "Base64"}
	swappedLayer = &layer{name: "case swapped → Base64"}
	hexLayer     = &layer{name: "hex"}
	spacedLayer  = &layer{name: "separators"}
	wideLayer    = &layer{name: "UTF-16"}

	gzipLayer    = &layer{name: "gzip"}
	zstdLayer    = &layer{name: "zstd"}
	zlibLayer    = &layer{name: "deflate"}
	deflateLayer = &layer{name: "raw deflate"}
	brotliLayer  = &layer{name: "brotli"}
)

// escaping lists the layers that are undone all over a text.
var escaping = []*layer{percentLayer, formLayer, escapesLayer, entitiesLayer, latin1Layer}

// edge is a step from a text into what a layer of it holds.
type edge struct {
	layer *layer
	// parent is the text; the range is that of what was decoded, or, for an
	// escaping layer, of what was found.
	parent   string
	from, to int
}

// unescapeForm undoes percent escapes with a plus sign for a space, as forms write
// them; without plus signs it is percentLayer's.
func unescapeForm(f form) (decoded form, changed bool) {
	if bytes.IndexByte(f.text, '+') < 0 || !hasPercent(f.text) {
		return f, false
	}
	f.text = bytes.ReplaceAll(f.text, []byte("+"), []byte(" "))
	return unescapePercent(f)
}

var htmlNames = map[string]byte{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\''}

// unescapeHTML undoes numeric character references and the five names that XML
// knows.
func unescapeHTML(f form) (decoded form, changed bool) {
	if bytes.IndexByte(f.text, '&') < 0 || bytes.IndexByte(f.text, ';') < 0 {
		return f, false
	}
	b := newBuilder(f)
	for i := 0; i < len(f.text); {
		if c, size := entityAt(f.text[i:]); size > 0 {
			b.putRune(i, c)
			i += size
			changed = true
			continue
		}
		i = b.copy(i, '&')
	}
	return b.form(), changed
}

// entityAt reads "&#106;", "&#x6a;" or "&quot;".
func entityAt(text []byte) (c rune, size int) {
	const longest = len("&#1114111;")
	if text[0] != '&' {
		return 0, 0
	}
	end := bytes.IndexByte(text[:min(len(text), longest)], ';')
	if end < 3 {
		return 0, 0
	}
	name := text[1:end]
	if name[0] != '#' {
		known, ok := htmlNames[strings.ToLower(string(name))]
		if !ok {
			return 0, 0
		}
		return rune(known), end + 1
	}
	number, base := name[1:], rune(10)
	if number[0]|0x20 == 'x' {
		number, base = number[1:], 16
	}
	for _, d := range number {
		digit, ok := hexDigit(d)
		if !ok || rune(digit) >= base {
			return 0, 0
		}
		c = c*base + rune(digit)
	}
	return c, end + 1
}

// unescapeUTF8 turns characters up to U+00FF back into bytes, as when a browser
// has taken binary content for characters; a text without control characters is
// none.
func unescapeUTF8(f form) (decoded form, changed bool) {
	if bytes.IndexByte(f.text, 0xC2) < 0 && bytes.IndexByte(f.text, 0xC3) < 0 {
		return f, false
	}
	b := newBuilder(f)
	binary := false
	for i := 0; i < len(f.text); {
		c, size := f.text[i], 1
		if c&0xFE == 0xC2 && i+1 < len(f.text) && f.text[i+1]&0xC0 == 0x80 {
			c, size = c<<6|f.text[i+1]&0x3F, 2
			changed = true
			binary = binary || c < 0xA0
		}
		binary = binary || isControl(c)
		b.put(i, c)
		i += size
	}
	return b.form(), changed && binary
}

// isControl tells whether text never holds the byte.
func isControl(c byte) bool { return c < ' ' && c != '\t' && c != '\n' && c != '\r' }
