package evidence

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// maxEdges is how many layers are undone: the three that are promised, and
	// what a transport adds, such as the escapes of a query or of JSON.
	maxEdges = 6
	// maxSearched is how many bytes one request may decode to altogether,
	// maxAttempts how often something in it may be tried as packed content.
	maxSearched = 128 << 20
	maxAttempts = 20_000
	// leastPacked is the shortest packed content that can hold a needle.
	leastPacked = leastPattern + 2
)

// match is where a pattern stands in a text, or in what it holds.
type match struct {
	pattern *pattern
	// from and to are the place in the text; inner is the text in which the
	// pattern itself stands, at the place of innerFrom and innerTo.
	from, to           int
	inner              string
	innerFrom, innerTo int
	// edges lead from the text to the inner one.
	edges []edge
	// torn tells that an escape cuts through what holds it: without the escape
	// more is to be seen of the way.
	torn bool
}

// outward returns the matches of what an edge leads to as those of its parent.
func outward(matches []match, e edge, place func(from, to int) (int, int)) []match {
	out := make([]match, len(matches))
	for i, m := range matches {
		m.from, m.to = place(m.from, m.to)
		e.from, e.to = m.from, m.to
		m.edges = append([]edge{e}, m.edges...)
		out[i] = m
	}
	return out
}

// searcher searches the texts of one request.
type searcher struct {
	matcher *matcher
	// digits tells that a needle is a number, which may have separators.
	digits bool
	// budget is how many bytes may still be decoded, attempts how often packed
	// content may still be tried; reason says what was not searched.
	budget, attempts int
	reason           string
	// texts and runs hold what was found in what has been searched before, and
	// how many layers deep.
	texts, runs map[string]searched
	scratch     []byte
	hits        []hit
}

type searched struct {
	depth   int
	matches []match
}

func (s *searcher) unsearched(reason string) {
	if s.reason == "" {
		s.reason = reason
	}
}

// spend takes so many bytes from the budget, or tells that it is used up.
func (s *searcher) spend(n int) bool {
	if s.budget < n {
		s.budget = 0
		s.unsearched(fmt.Sprintf("it decodes to more than %d bytes", maxSearched))
		return false
	}
	s.budget -= n
	return true
}

// text searches a text and what it holds up to so many layers. Natural tells
// that the text begins where its sender let it begin.
func (s *searcher) text(text string, depth int, natural bool) []match {
	if done, ok := s.texts[text]; ok && done.depth >= depth {
		return done.matches
	}
	if !s.spend(len(text) + 64) {
		return nil
	}
	s.hits = scan(s.matcher, text, s.hits[:0])
	var found []match
	for _, h := range s.hits {
		if h.pattern.changed && text[h.from:h.to] == h.pattern.text {
			continue
		}
		found = append(found, match{pattern: h.pattern, from: h.from, to: h.to, inner: text, innerFrom: h.from, innerTo: h.to})
	}
	if depth > 0 {
		found = s.encoded(found, text, depth-1)
		found = s.escaped(found, text, depth-1, natural)
		found = s.wide(found, text, depth-1)
		found = s.packed(found, text, depth-1, natural)
	}
	s.texts[text] = searched{depth, found}
	return found
}

// encoded searches what stands in Base64 or hex, or as digits with separators.
func (s *searcher) encoded(found []match, text string, depth int) []match {
	for r, ok := nextRun(text, 0); ok; r, ok = nextRun(text, r.to) {
		part := text[r.from:r.to]
		r.path = text[r.from] == '/' || r.from > 0 && text[r.from-1] == '.'
		done, ok := s.runs[part]
		if !ok || r.path || done.depth < depth {
			done = searched{depth, s.run(part, r, depth)}
			s.runs[part] = done
		}
		for _, m := range done.matches {
			m.from, m.to = m.from+r.from, m.to+r.from
			m.edges = append([]edge{{m.edges[0].layer, text, m.from, m.to}}, m.edges[1:]...)
			m.torn = m.torn || r.from > 0 && (text[r.from-1] == '%' || text[r.from-1] == '\\')
			found = append(found, m)
		}
	}
	if !s.digits {
		return found
	}
	for from, to, ok := nextDigits(text, 0); ok; from, to, ok = nextDigits(text, to) {
		inner := strings.Map(onlyDigits, text[from:to])
		for _, h := range scan(s.matcher, inner, nil) {
			if len(h.pattern.text) < leastDigits {
				continue // a date and a time make as many digits
			}
			found = append(found, match{pattern: h.pattern, from: from, to: to, inner: inner, innerFrom: h.from, innerTo: h.to,
				edges: []edge{{spacedLayer, text, from, to}}})
		}
	}
	return found
}

var base64Kinds = []struct {
	layer  *layer
	values *[256]uint8
}{{base64Layer, &base64Values}, {swappedLayer, &swappedValues}}

// run searches one run, as Base64 from each of four characters on, in its own
// case and swapped, and as hex from each of two.
func (s *searcher) run(text string, r run, depth int) []match {
	if !s.spend(len(text) * 6) {
		return nil
	}
	found := s.segments(text, r, depth)
	for _, kind := range base64Kinds {
		if r.plain || kind.layer == swappedLayer && !r.mixed {
			break
		}
		for first := range 4 {
			s.scratch = appendBase64(s.scratch[:0], text[first:], kind.values)
			found = append(found, s.piece(edge{layer: kind.layer, parent: text}, depth, first == 0 && r.mixed, placeBase64(text, first, r.broken))...)
		}
	}
	if !r.hex {
		return found
	}
	for from := 0; from < len(text); from++ {
		to := from
		for to < len(text) && classOf[text[to]]&inHex != 0 {
			to++
		}
		if to-from >= leastHex {
			for first := from; first < from+2; first++ {
				s.scratch = appendHex(s.scratch[:0], text[first:to])
				found = append(found, s.piece(edge{layer: hexLayer, parent: text}, depth, first == from && !isDigits(text[from:to]), func(a, b int) (int, int) {
					return first + 2*a, first + 2*b
				})...)
			}
		}
		from = to
	}
	return found
}

// placeBase64 returns the place of decoded bytes in a run that was decoded from
// some character on.
func placeBase64(text string, first int, broken bool) func(from, to int) (int, int) {
	return func(from, to int) (int, int) {
		from, to = from/3*4+from%3, (to*8+5)/6
		if broken {
			from, to = unbroken(text[first:], from), unbroken(text[first:], to)
		}
		return first + from, min(len(text), first+to)
	}
}

// unbroken returns where the n-th character that is no line break stands.
func unbroken(text string, n int) int {
	for i := range len(text) {
		if classOf[text[i]] != inBreak {
			if n == 0 {
				return i
			}
			n--
		}
	}
	return len(text)
}

// segments searches what stands in Base64 after a slash of a path, as far as it
// must be known where it begins.
func (s *searcher) segments(text string, r run, depth int) []match {
	const most = 8
	if !r.path || strings.Count(text, "/") > most {
		return nil
	}
	var found []match
	for first := range len(text) {
		if text[first] != '/' {
			continue
		}
		first++
		// A slash may be part of the Base64, too.
		rest := text[first:]
		if part, ok := nextRun(rest, 0); !ok || !part.mixed {
			continue
		}
		for _, kind := range base64Kinds {
			s.scratch = appendBase64(s.scratch[:0], rest, kind.values)
			found = append(found, s.piece(edge{layer: kind.layer, parent: text}, depth, true, placeBase64(text, first, r.broken))...)
		}
	}
	return found
}

// piece searches what was decoded into scratch. Most of it is none, so it is
// looked at in place unless it may hold something in turn.
func (s *searcher) piece(e edge, depth int, natural bool, place func(from, to int) (int, int)) []match {
	if natural && len(s.scratch) >= leastPacked || promising(s.scratch) {
		return outward(s.text(string(s.scratch), depth, natural), e, place)
	}
	s.hits = scan(s.matcher, s.scratch, s.hits[:0])
	if len(s.hits) == 0 {
		return nil
	}
	return outward(s.text(string(s.scratch), 0, false), e, place)
}

// promising tells whether decoded content may hold a layer in turn.
func promising(content []byte) bool {
	length, feature := 0, false
	for _, c := range content {
		if classOf[c] != 0 {
			if length++; length >= leastBase64 {
				return true
			}
			continue
		}
		length = 0
		feature = feature || c == '%' || c == '\\' || c == '&' || c == 0
	}
	if hasMagic(content) {
		return true
	}
	if !feature {
		return false
	}
	if _, changed := unescapeHTML(form{text: content, placeless: true}); changed {
		return true
	}
	from, _ := nextWide(content, 0, 0)
	return from >= 0 || hasPercent(content) || bytes.Contains(content, []byte(`\u`)) || bytes.Contains(content, []byte(`\x`))
}

// escaped searches the text with each kind of escapes undone; of binary content
// only what is text in it, since elsewhere it would find escapes by chance.
func (s *searcher) escaped(found []match, text string, depth int, natural bool) []match {
	if utf8.ValidString(text) {
		return s.unescaped(found, text, depth, natural)
	}
	for at := 0; at < len(text); at++ {
		from := at
		for at < len(text) {
			c, size := utf8.DecodeRuneInString(text[at:])
			if c == utf8.RuneError && size <= 1 {
				break
			}
			at += size
		}
		if at-from < leastPattern+len(`%4A`)-1 {
			continue
		}
		for _, m := range s.unescaped(nil, text[from:at], depth, natural) {
			m.from, m.to = m.from+from, m.to+from
			found = append(found, m)
		}
	}
	return found
}

func (s *searcher) unescaped(found []match, text string, depth int, natural bool) []match {
	if strings.IndexByte(text, '%') < 0 && strings.IndexByte(text, '\\') < 0 && strings.IndexByte(text, '&') < 0 && isASCII(text) {
		return found
	}
	whole := form{text: []byte(text), placeless: true}
	for _, l := range escaping {
		decoded, changed := l.unescape(whole)
		if !changed || len(decoded.text) >= len(text) {
			continue // what looked like an escape was none
		}
		inner := s.text(string(decoded.text), depth, natural)
		if len(inner) == 0 {
			continue
		}
		placed, _ := l.unescape(form{text: []byte(text)})
		found = append(found, outward(inner, edge{layer: l, parent: text}, func(from, to int) (int, int) {
			return placed.place(from), placed.place(to)
		})...)
	}
	return found
}
