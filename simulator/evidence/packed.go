package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// packed searches what is compressed: where the mark of gzip or zstd stands, and
// where binary content begins that may be of a kind without a mark.
func (s *searcher) packed(found []match, text string, depth int, natural bool) []match {
	if len(text) < leastPacked || isText(text) {
		return found
	}
	content := []byte(text)
	for at := 0; at < len(content); at++ {
		i := bytes.IndexAny(content[at:], "\x1f(x")
		if i < 0 {
			break
		}
		at += i
		switch {
		case isZlibHeader(content[at:]):
			found = s.unpack(found, content, text, at, depth, zlibLayer, unpackBareZlib)
		case isGzipHeader(content[at:]):
			found = s.unpack(found, content, text, at, depth, gzipLayer, unpackGzip)
		case bytes.HasPrefix(content[at:], zstdMagic):
			found = s.unpack(found, content, text, at, depth, zstdLayer, unpackZstd)
		}
	}
	for _, at := range beginnings(text, natural) {
		if len(content)-at < leastPacked {
			continue
		}
		found = s.unpack(found, content, text, at, depth, deflateLayer, unpackDeflate)
		if mayBeBrotli(content[at:]) {
			found = s.unpack(found, content, text, at, depth, brotliLayer, unpackBrotli)
		}
	}
	return found
}

var zstdMagic = []byte{0x28, 0xB5, 0x2F, 0xFD}

// isGzipHeader is stricter than isGzip: inside other binary content its three
// bytes may stand by chance (RFC 1952 §2.3.1).
func isGzipHeader(b []byte) bool {
	return isGzip(b) && len(b) > 9 && b[3] < 0x20 && (b[8] == 0 || b[8] == 2 || b[8] == 4) && (b[9] < 14 || b[9] == 255)
}

// isZlibHeader knows the two bytes that every sender begins with (RFC 1950 §2.2):
// a window of 32 KB, no dictionary, one of four levels.
func isZlibHeader(b []byte) bool {
	return len(b) > leastPacked && b[0] == 'x' && (b[1] == 0x01 || b[1] == 0x5E || b[1] == 0x9C || b[1] == 0xDA)
}

func hasMagic(content []byte) bool {
	for i, c := range content {
		switch {
		case c == 0x1f && isGzip(content[i:]), c == 'x' && isZlibHeader(content[i:]), c == zstdMagic[0] && bytes.HasPrefix(content[i:], zstdMagic):
			return true
		}
	}
	return false
}

// isText tells whether nothing in the text is binary.
func isText(text string) bool {
	for i := range len(text) {
		if isControl(text[i]) {
			return false
		}
	}
	return utf8.ValidString(text)
}

// beginnings returns where a value may begin in binary content: at its start,
// after a name, in a header field and in JSON too, after a slash of a path, after
// the head of a part.
func beginnings(text string, natural bool) []int {
	const most = 24
	var list []int
	if natural {
		list = append(list, 0)
	}
	for at := 0; at < len(text) && len(list) < most; {
		i := strings.IndexAny(text[at:], "=/ \n\"")
		if i < 0 {
			break
		}
		at += i + 1
		before := text[:at]
		if natural && (text[at-1] == '=' || text[at-1] == '/') || strings.HasSuffix(before, ": ") || strings.HasSuffix(before, `:"`) || strings.HasSuffix(before, "\r\n\r\n") {
			list = append(list, at)
		}
	}
	return list
}

// unpack searches what the text, here as bytes too, unpacks to from a position on.
func (s *searcher) unpack(found []match, packed []byte, text string, at, depth int, l *layer, unpack func([]byte, int) ([]byte, error)) []match {
	if s.attempts--; s.attempts < 0 {
		s.unsearched(fmt.Sprintf("it holds more than %d things that may be packed", maxAttempts))
		return found
	}
	content, err := unpack(packed[at:], min(MaxUnpacked, s.budget))
	if errors.Is(err, errBomb) {
		s.unsearched(fmt.Sprintf("%s in it unpacks to more than %d bytes", l.name, len(content)))
	}
	if len(content) < leastPattern {
		return found
	}
	return append(found, outward(s.text(string(content), depth, true), edge{layer: l, parent: text}, func(int, int) (int, int) {
		return at, len(text)
	})...)
}
