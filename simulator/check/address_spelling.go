package check

import (
	"net/netip"
	"strings"
)

// placed is an address that stands in a text.
type placed struct {
	from, to int
	address  netip.Addr
}

// maxRun is the longest run that is read as an address: one with a zone's colon and a
// port, and words of hex digits before it, is shorter.
const maxRun = 64

// located reads a text, whose letters are small, for addresses in any spelling: of
// IPv6 there are many, with other zeros left out, or with an IPv4 address at the end.
func located(text string) []placed {
	var list []placed
	ofAddress := func(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c == ':' || c == '.' }
	for from := 0; from < len(text); from++ {
		if !ofAddress(text[from]) {
			continue
		}
		to, colons := from, 0
		for to < len(text) && ofAddress(text[to]) {
			if text[to] == ':' {
				colons++
			}
			to++
		}
		if colons > 1 && to-from <= maxRun {
			list = append(list, inRun(text[from:to], from)...)
		}
		from = to
	}
	return list
}

// inRun returns the addresses that a run of hex digits, colons and dots may be: all
// of it, or without a word before its first colons or a port behind its last.
func inRun(run string, at int) []placed {
	if a, err := netip.ParseAddr(run); err == nil {
		return []placed{{at, at + len(run), a}}
	}
	var list []placed
	starts, ends := []int{0}, []int{len(run)}
	for i := range run {
		if run[i] == ':' && i > 0 && len(starts) < 4 {
			starts = append(starts, i+1)
		}
	}
	if run[0] == ':' {
		starts = append(starts, 1)
	}
	for i := len(run) - 1; i >= 0 && len(ends) < 4; i-- {
		if run[i] == ':' || run[i] == '.' {
			ends = append(ends, i)
		}
	}
	for _, from := range starts {
		for _, to := range ends {
			if from >= to {
				continue
			}
			if a, err := netip.ParseAddr(run[from:to]); err == nil && a.Is6() {
				list = append(list, placed{at + from, at + to, a})
			}
		}
	}
	return list
}

// spellings looks for the address among those that stand in the text.
func (s *scan) spellings() {
	for _, p := range s.located {
		way, found := s.within(p.address)
		if found.way = way; way != "" {
			found.from, found.to = p.from, p.to
			s.found = append(s.found, found)
		}
	}
}

// within says how an IPv6 address that stands somewhere holds the one looked for; "" for
// not at all.
func (s *scan) within(p netip.Addr) (way string, found sight) {
	raw := p.As16()
	if s.address.Is4() {
		four := s.address.As4()
		outer := strings.HasPrefix(p.StringExpanded(), "0064:ff9b:0000:0000:0000:0000:") ||
			strings.HasPrefix(p.StringExpanded(), "0000:0000:0000:0000:0000:")
		if outer && [4]byte(raw[12:]) == four || raw[0] == 0x20 && raw[1] == 0x02 && [4]byte(raw[2:6]) == four {
			return "inside an IPv6 address", found
		}
		return "", found
	}
	if p == s.address {
		return "in another spelling", found
	}
	high, low := halves(p)
	if _, own := halves(s.address); high == 0 && low == own && unlikely(low) {
		return lowerHalf, sight{half: true}
	}
	for _, m := range leftOver(s.address) {
		if p == m.address {
			return m.way, sight{rest: true}
		}
	}
	return "", found
}
