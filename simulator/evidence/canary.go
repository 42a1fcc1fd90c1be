package evidence

import (
	"cmp"
	"slices"
	"strings"
)

// Canary looks for identities in what left the browser, however they are wrapped:
//
//   - plain, whatever the case of letters, backwards, as a number to another base,
//     digits parted by separators;
//   - in percent escapes, those of JSON and HTML, Base64 (either alphabet, padded
//     or not, in lines, anywhere inside a longer text), hex, UTF-16, gzip,
//     deflate, brotli, zstd, in any combination up to three layers deep and those
//     of the transport;
//   - hashed with MD5, SHA-1, SHA-256, SHA-384 or SHA-512, as given, trimmed, in
//     lower or upper case, the hash in hex, in Base64 or as bytes, and wrapped as
//     above.
//
// A value that is not [Traceable] may stand somewhere by chance; only its hashes
// are looked for, and those of values shorter than MinHashed neither. A Canary
// may be used by several goroutines at once.
type Canary struct {
	needles []Needle
	matcher *matcher
	digits  bool
}

// NewCanary makes a Canary of the needles; of those with the same value the first
// counts.
func NewCanary(needles []Needle) *Canary {
	c := &Canary{}
	seen := map[string]bool{}
	var patterns []pattern
	for _, n := range needles {
		if seen[n.Value] {
			continue
		}
		seen[n.Value] = true
		patterns = append(patterns, patternsOf(len(c.needles), n.Value)...)
		c.needles = append(c.needles, n)
		c.digits = c.digits || len(n.Value) >= leastDigits && isDigits(n.Value)
	}
	c.matcher = newMatcher(patterns)
	return c
}

// Trace is a place where an identity was found.
type Trace struct {
	Needle Needle
	// Part says where, as that of a [Finding], such as "query x" or "body".
	Part string
	// Way leads to the identity, outermost first, such as
	// "body → gzip → JSON user.ref → Base64".
	Way string
	// Span is the place in the request's texts: the identity itself, or what
	// holds it.
	Span
}

// Search returns the traces of the needles in the request, in order of place.
// Unsearched says why the request could not be searched whole, and is empty when
// it was: then what is not found is not there in any of the forms.
func (c *Canary) Search(r *Reading) (found []Trace, unsearched string) {
	s := c.searcher()
	for i, text := range r.Texts {
		for _, m := range unique(s.text(text.Content, maxEdges, true)) {
			span := Span{i, m.from, m.to}
			part, way := describe(text, r.packing.codings, m)
			found = append(found, Trace{c.needles[m.pattern.needle], part, way, span})
		}
	}
	return found, cmp.Or(r.packing.problem, s.reason)
}

// SearchText is Search for a single text, such as the value of a cookie. Way is
// empty for an identity that stands there as it is.
func (c *Canary) SearchText(text string) (found []Trace, unsearched string) {
	return c.Search(&Reading{Texts: []Text{{Content: text}}})
}

func (c *Canary) searcher() *searcher {
	return &searcher{
		matcher: c.matcher, digits: c.digits, budget: maxSearched, attempts: maxAttempts,
		texts: map[string]searched{}, runs: map[string]searched{},
	}
}

// unique leaves out what is found at the same place by a longer way, and sorts by
// place.
func unique(matches []match) []match {
	length := func(m match) int {
		if m.pattern.changed || m.torn {
			return len(m.edges) + maxEdges // unless nothing tells more
		}
		return len(m.edges)
	}
	inCase := func(m match) int {
		if strings.HasPrefix(m.pattern.text, m.inner[m.innerFrom:m.innerTo]) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(matches, func(a, b match) int {
		return cmp.Or(cmp.Compare(length(a), length(b)), cmp.Compare(inCase(a), inCase(b)))
	})
	var kept []match
	for _, m := range matches {
		if !slices.ContainsFunc(kept, func(k match) bool {
			return k.pattern.needle == m.pattern.needle && k.from < m.to && m.from < k.to
		}) {
			kept = append(kept, m)
		}
	}
	slices.SortStableFunc(kept, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), cmp.Compare(a.pattern.needle, b.pattern.needle))
	})
	return kept
}
