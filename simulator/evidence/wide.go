package evidence

import (
	"bytes"
	"slices"
	"strings"
)

// stretch is a part of a text that may be UTF-16; zero is the position of the
// byte in each pair that is always zero.
type stretch struct{ from, to, zero int }

// wide searches what stands in UTF-16 of characters up to U+00FF.
func (s *searcher) wide(found []match, text string, depth int) []match {
	if strings.IndexByte(text, 0) < 0 {
		return found
	}
	content := []byte(text)
	var list []stretch
	for zero := range 2 { // big endian, little endian
		for at := 0; ; {
			from, to := nextWide(content, at, zero)
			if from < 0 {
				break
			}
			list = append(list, stretch{from, to, zero})
			at = to
		}
	}
	// Of the two ways to pair the bytes, the wrong one begins in the middle, or
	// takes what stands before for a part.
	begins := func(w stretch) int {
		if strings.IndexByte("=/ \"\n", content[w.from+1-w.zero]) >= 0 {
			return w.from + 2
		}
		return w.from
	}
	slices.SortStableFunc(list, func(a, b stretch) int { return begins(a) - begins(b) })
	for _, w := range list {
		narrow := make([]byte, 0, (w.to-w.from)/2)
		for i := w.from + 1 - w.zero; i < w.to; i += 2 {
			narrow = append(narrow, content[i])
		}
		found = append(found, outward(s.text(string(narrow), depth, true), edge{layer: wideLayer, parent: text}, func(a, b int) (int, int) {
			return w.from + 2*a, w.from + 2*b
		})...)
	}
	return found
}

// nextWide returns the next stretch of pairs whose first (zero 0) or second (1)
// byte is zero; from is negative when there is none.
func nextWide(content []byte, at, zero int) (from, to int) {
	for at+1 < len(content) {
		i := bytes.IndexByte(content[at:], 0)
		if i < 0 {
			break
		}
		from = max(0, at+i-zero)
		to = from
		for to+1 < len(content) && content[to+zero] == 0 {
			to += 2
		}
		if to-from >= 2*leastPattern {
			return from, to
		}
		at += i + 1
	}
	return -1, -1
}
