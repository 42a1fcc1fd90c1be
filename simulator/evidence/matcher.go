package evidence

// matcher finds many patterns in a text at once, whatever the case of ASCII
// letters. It is that of Wu and Manber (1994): a window of the shortest pattern's
// length moves over the text, and the last three bytes in it tell how far it may
// jump. No pattern is shorter than the window, so most bytes are never looked at.
type matcher struct {
	patterns []pattern
	// folded are the patterns' texts in lower case.
	folded []string
	// shift is how far the window may jump, by the hash of its last three bytes;
	// where it may not, head and next list the patterns that end so.
	shift []uint8
	head  []int32
	next  []int32
	mask  uint32
}

const (
	window = leastPattern
	block  = 3
)

var folded = func() (table [256]byte) {
	for i := range table {
		table[i] = byte(i)
		if i >= 'A' && i <= 'Z' {
			table[i] = byte(i) + 'a' - 'A'
		}
	}
	return table
}()

func blockHash(a, b, c byte) uint32 {
	return (uint32(folded[a])<<16 | uint32(folded[b])<<8 | uint32(folded[c])) * 0x9E3779B1 >> 8
}

func newMatcher(patterns []pattern) *matcher {
	size := 1 << 12
	for size < len(patterns)*(window-block+1)*8 && size < 1<<20 {
		size <<= 1
	}
	m := &matcher{
		patterns: patterns, folded: make([]string, len(patterns)), next: make([]int32, len(patterns)),
		shift: make([]uint8, size), head: make([]int32, size), mask: uint32(size - 1),
	}
	for i := range m.shift {
		m.shift[i], m.head[i] = window-block+1, -1
	}
	for i, p := range patterns {
		text := []byte(p.text)
		for j, c := range text {
			text[j] = folded[c]
		}
		m.folded[i] = string(text)
		for end := block; end <= window; end++ {
			h := blockHash(text[end-3], text[end-2], text[end-1]) & m.mask
			m.shift[h] = min(m.shift[h], uint8(window-end))
			if end == window {
				m.next[i], m.head[h] = m.head[h], int32(i)
			}
		}
	}
	return m
}

// hit is where a pattern stands in a text.
type hit struct {
	pattern  *pattern
	from, to int
}

// scan appends to hits where the patterns stand in the text.
func scan[T string | []byte](m *matcher, text T, hits []hit) []hit {
	if len(m.patterns) == 0 {
		return hits
	}
	for end := window; end <= len(text); {
		h := blockHash(text[end-3], text[end-2], text[end-1]) & m.mask
		if jump := m.shift[h]; jump > 0 {
			end += int(jump)
			continue
		}
		from := end - window
		for i := m.head[h]; i >= 0; i = m.next[i] {
			if n := agree(text, from, m.folded[i]); n >= m.patterns[i].least {
				hits = append(hits, hit{&m.patterns[i], from, from + n})
			}
		}
		end++
	}
	return hits
}

// agree returns how much of the pattern stands in the text at the position.
func agree[T string | []byte](text T, from int, pattern string) int {
	n := 0
	for n < len(pattern) && from+n < len(text) && folded[text[from+n]] == pattern[n] {
		n++
	}
	return n
}
