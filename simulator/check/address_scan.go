package check

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// sight is a place where an address stands in a form that has many spellings, found by
// reading what stands there instead of by looking for a text.
type sight struct {
	from, to int
	// way says what the form is, as that of a writing.
	way string
	// rest tells that it is what a mask has left, and not the whole address.
	rest bool
	// persons tells that it may stand there by chance, so that it counts only where
	// another visitor's address stands there in the same way.
	persons bool
	// half tells that it is one half of an IPv6 address, which others may share.
	half bool
}

// numeral is a run of letters and digits in a text, read as numbers.
type numeral struct {
	from, to int
	text     string
	// decimal, octal and hex are what it is to these bases; hex without 0x.
	decimal, octal, hex value64
	// minus tells that it has a sign.
	minus bool
	// gap is what stands between it and the numeral before, without a sign; "" where
	// that is too much for a list.
	gap string
}

// maxGap is how much may stand between two numbers of a list, in bytes, such as `", "`
// in quotes; maxNumeral is the longest numeral, that of 128 bits in octal.
const (
	maxGap     = 4
	maxNumeral = 44
)

// base36 is the base of letters and digits.
const base36 = 36

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z'
}

// numerals reads a text, whose letters are small, for runs of letters and digits which
// may be numbers.
func numerals(text string) []numeral {
	var list []numeral
	end := -1
	for from := 0; from < len(text); from++ {
		if !isAlphanumeric(text[from]) {
			continue
		}
		to := from + 1
		for to < len(text) && isAlphanumeric(text[to]) {
			to++
		}
		if n := numeralOf(text[from:to]); to-from <= maxNumeral && n.numeric() {
			n.from, n.to = from, to
			n.minus = from > 0 && text[from-1] == '-' && from-1 != end
			until := from
			if n.minus {
				until--
			}
			if end >= 0 && until-end <= maxGap {
				n.gap = text[end:until]
			}
			list = append(list, n)
			end = to
		} else {
			end = -1
		}
		from = to
	}
	return list
}

func numeralOf(text string) numeral {
	digits, prefixed := strings.CutPrefix(text, "0x")
	n := numeral{text: text, hex: valueOf(digits, 16)}
	if !prefixed {
		n.decimal, n.octal = valueOf(text, 10), valueOf(text, 8)
	}
	return n
}

// numeric tells that the run is worth to be kept: letters alone are a word.
func (n numeral) numeric() bool { return n.hex.ok || strings.ContainsAny(n.text, decimalDigits) }

// is tells that the numeral is the number: in decimal, with 0x in hex, with a zero
// before it in octal.
func (n numeral) is(number uint64) bool {
	if n.minus {
		return false
	}
	wanted := value64{number, true}
	return n.decimal == wanted || n.text[0] == '0' && (n.octal == wanted || n.hex == wanted && strings.HasPrefix(n.text, "0x"))
}

// word tells that the numeral is the number of so many bits: as is says, as a number
// with a sign, or in as many hex digits as it has.
func (n numeral) word(number uint64, size int) bool {
	if n.minus {
		sign := uint64(1) << (size - 1)
		return number >= sign && n.decimal == value64{-number & (sign | sign - 1), true}
	}
	return n.is(number) || len(n.text) == size/4 && n.hex == value64{number, true}
}

// group tells that the numeral is the number of 16 bits, perhaps in hex digits.
func (n numeral) group(number uint64) bool {
	return n.is(number) || !n.minus && len(n.text) <= 4 && n.hex == value64{number, true}
}

// part tells that the numeral is the number of so many bits.
func (n numeral) part(number uint64, size int) bool {
	switch {
	case size <= 8:
		return n.is(number)
	case size <= 16:
		return n.group(number)
	}
	return n.word(number, size)
}

// value64 is a number of at most 64 bits, if it is one.
type value64 struct {
	number uint64
	ok     bool
}

func valueOf(digits string, base int) value64 {
	number, err := strconv.ParseUint(digits, base, 64)
	if err != nil {
		return value64{}
	}
	return value64{number, true}
}

// inList tells that numerals from i on are the numbers of so many bits each, parted by
// the same gap, and what that is.
func inList(list []numeral, i int, numbers []uint64, size int) (gap string, ok bool) {
	if i+len(numbers) > len(list) {
		return "", false
	}
	for k, number := range numbers {
		n := list[i+k]
		if k == 1 {
			gap = n.gap
		}
		if !n.part(number, size) || k > 0 && (n.gap == "" || n.gap != gap) {
			return "", false
		}
	}
	return gap, true
}

// sights returns where the address stands in the file in a form that is read there,
// the surest first.
func (t *trove) sights(a netip.Addr) []sight {
	if !t.scanned {
		t.scanned = true
		t.numerals, t.located = numerals(string(t.small)), located(string(t.small))
	}
	a = a.Unmap()
	s := &scan{trove: t, address: a}
	s.spellings()
	if a.Is4() {
		s.ofFour()
	} else {
		s.ofSixteen()
	}
	slices.SortStableFunc(s.found, func(x, y sight) int { return byDoubt(x) - byDoubt(y) })
	return s.found
}

// byDoubt orders sights: those that prove something come first.
func byDoubt(s sight) int {
	switch {
	case s.persons:
		return 2
	case s.half:
		return 1
	}
	return 0
}

// scan looks for one address in one file.
type scan struct {
	*trove
	address netip.Addr
	found   []sight
}

// see adds what was found from one numeral to another.
func (s *scan) see(i, count int, found sight) {
	found.from, found.to = s.numerals[i].from, s.numerals[i+count-1].to
	s.found = append(s.found, found)
}

func wide(numbers []byte) []uint64 {
	list := make([]uint64, len(numbers))
	for i, b := range numbers {
		list[i] = uint64(b)
	}
	return list
}

// ofFour looks for an IPv4 address in numbers.
func (s *scan) ofFour() {
	raw := s.address.AsSlice()
	octets := wide(raw)
	backwards := slices.Clone(octets)
	slices.Reverse(backwards)
	number := uint64(binary.BigEndian.Uint32(raw))
	high, low := number>>16, number&0xffff
	b36 := strconv.FormatUint(number, base36)
	for i, n := range s.numerals {
		if n.is(octets[0]) {
			if _, ok := inList(s.numerals, i, octets, 8); ok {
				s.see(i, 4, sight{way: "as a list of its octets"})
			}
			if gap, ok := inList(s.numerals, i, []uint64{octets[0], octets[1], low}, 8); ok && gap == "." {
				s.see(i, 3, sight{way: "as inet_aton reads it"})
			}
			if gap, ok := inList(s.numerals, i, []uint64{octets[0], number & 0xffffff}, 8); ok && gap == "." {
				s.see(i, 2, sight{way: "as inet_aton reads it", persons: true})
			}
			s.left(i, octets)
		}
		if _, ok := inList(s.numerals, i, backwards, 8); ok {
			s.see(i, 4, sight{way: "as a list of its octets, last first"})
		}
		if _, ok := inList(s.numerals, i, []uint64{high, low}, 16); ok {
			s.see(i, 2, sight{way: "as two numbers of 16 bits", persons: true})
		}
		switch {
		case n.is(number):
			s.see(i, 1, sight{way: "as a number"})
		case n.octal == value64{number, true}:
			s.see(i, 1, sight{way: "as a number in octal", persons: true})
		case n.text == b36:
			s.see(i, 1, sight{way: "as a number to the base 36", persons: true})
		}
	}
}

// left looks for what a mask has left of an IPv4 address that is written with dots.
func (s *scan) left(i int, octets []uint64) {
	for zeroed := 1; zeroed < 3; zeroed++ {
		masked := slices.Clone(octets)
		masked[zeroed] = 0
		if gap, ok := inList(s.numerals, i, masked, 8); ok && gap == "." && octets[zeroed] != 0 {
			s.see(i, 4, sight{way: "but for one of its octets", rest: true, persons: true})
		}
	}
	gap, ok := inList(s.numerals, i, octets[:3], 8)
	if !ok || gap != "." {
		return
	}
	last := i + 3
	if last < len(s.numerals) && s.numerals[last].gap == "." {
		if end := s.numerals[last]; (end.is(1) || end.is(255)) && !end.is(octets[3]) {
			s.see(i, 4, sight{way: "as one end of its network", rest: true, persons: true})
		}
		return
	}
	if !s.versioned(s.numerals[i].from) {
		s.see(i, 3, sight{way: "but for its last 8 bits", rest: true, persons: true})
	}
}

// versioned tells that a number at the place is that of a version, as in Chrome/1.2.3,
// v1.2.3 or version=1.2.3, or has others before it.
func (t *trove) versioned(at int) bool {
	before := string(t.small[max(0, at-12):at])
	trimmed := strings.TrimRight(before, `"': =`)
	return strings.HasSuffix(before, "/") || strings.HasSuffix(before, ".") || strings.HasSuffix(before, "@") || strings.HasSuffix(before, "-") ||
		strings.HasSuffix(trimmed, "version") || strings.HasSuffix(trimmed, "rv") || strings.HasSuffix(trimmed, "release")
}

// ofSixteen looks for an IPv6 address in numbers.
func (s *scan) ofSixteen() {
	raw := s.address.AsSlice()
	octets := wide(raw)
	backwards := slices.Clone(octets)
	slices.Reverse(backwards)
	var groups, words []uint64
	for i := 0; i < 16; i += 2 {
		groups = append(groups, uint64(binary.BigEndian.Uint16(raw[i:])))
	}
	for i := 0; i < 16; i += 4 {
		words = append(words, uint64(binary.BigEndian.Uint32(raw[i:])))
	}
	high, low := halves(s.address)
	for i, n := range s.numerals {
		for _, form := range []struct {
			numbers []uint64
			size    int
			way     string
		}{
			{octets, 8, "as a list of its octets"},
			{backwards, 8, "as a list of its octets, last first"},
			{groups, 16, "as a list of its groups"},
			{words, 32, "as four numbers of 32 bits"},
			{[]uint64{high, low}, 64, "as two numbers of 64 bits"},
			{[]uint64{low, high}, 64, "as two numbers of 64 bits"},
		} {
			if _, ok := inList(s.numerals, i, form.numbers, form.size); ok {
				s.see(i, len(form.numbers), sight{way: form.way})
			}
		}
		if unlikely(low) && n.word(low, 64) {
			s.see(i, 1, sight{way: lowerHalf, half: true})
		}
		if unlikely(high) && n.word(high, 64) {
			s.see(i, 1, sight{way: upperHalf, rest: true, half: true})
		}
	}
}

const (
	lowerHalf = "as its last 64 bits"
	upperHalf = "but for its last 64 bits, as a number"
)

// halves returns the two halves of an IPv6 address as numbers.
func halves(a netip.Addr) (high, low uint64) {
	raw := a.As16()
	return binary.BigEndian.Uint64(raw[:8]), binary.BigEndian.Uint64(raw[8:])
}

// unlikely tells that a number is so long that it does not stand somewhere by chance:
// the last half of an address such as 2001:db8::1 is not.
func unlikely(number uint64) bool { return number>>40 != 0 }
