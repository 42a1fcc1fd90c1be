package evidence

// What a byte may be part of.
const (
	inBase64 = 1 << iota
	inHex
	inBreak
	isLower
	isUpper
	isSign
	isSeparator
	isNumber
)

var classOf = func() (table [256]uint8) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_" {
		table[c] |= inBase64
	}
	for _, c := range "0123456789abcdefABCDEF" {
		table[c] |= inHex
	}
	for c := 'a'; c <= 'z'; c++ {
		table[c] |= isLower
		table[c^0x20] |= isUpper
	}
	for _, c := range "+/_" {
		table[c] |= isSign
	}
	for c := '0'; c <= '9'; c++ {
		table[c] |= isNumber
	}
	for _, c := range separators {
		table[c] |= isSeparator
	}
	table['\r'], table['\n'] = inBreak, inBreak
	return table
}()

const (
	// leastBase64 is the shortest Base64 that can hold a needle, leastHex the
	// shortest hex; in characters.
	leastBase64 = (leastPattern*8 + 5) / 6
	leastHex    = leastPattern * 2
)

// run is a stretch of a text that may be Base64, in lines or not; hex tells that
// enough of it may be hex, plain that it is a number or a UUID, mixed that it has
// letters of either case, as packed content in Base64 has.
type run struct {
	from, to          int
	hex, plain, mixed bool
	// broken tells that it goes over several lines, path that it may be the path
	// of a URL.
	broken, path bool
}

// nextRun returns the first run from the position on.
func nextRun[T string | []byte](text T, at int) (r run, ok bool) {
	for at < len(text) {
		for at < len(text) && classOf[text[at]]&inBase64 == 0 {
			at++
		}
		r = run{from: at}
		breaks, last, hex := 0, at, 0
		any, all := uint8(0), uint8(inHex)
		for ; at < len(text); at++ {
			class := classOf[text[at]]
			if class&inHex != 0 {
				if hex++; hex >= leastHex {
					r.hex = true
				}
				any |= class
				last = at + 1
				continue
			}
			hex = 0
			if class == inBreak {
				breaks++
				continue
			}
			if class&inBase64 == 0 {
				break
			}
			any |= class
			if text[at] != '-' {
				all = 0
			}
			last = at + 1
		}
		r.to, r.broken = last, breaks > 0
		r.mixed = any&isLower != 0 && any&isUpper != 0
		r.plain = all != 0 && !r.mixed
		if last-r.from-breaks >= leastBase64 {
			return r, true
		}
	}
	return run{}, false
}

const (
	skipByte = 0xFE
	notByte  = 0xFF
)

// base64Values gives each character's value, in either alphabet; swappedValues
// for a text whose letters have changed case.
var base64Values, swappedValues = func() (plain, swapped [256]uint8) {
	for i := range plain {
		plain[i], swapped[i] = notByte, notByte
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for i, c := range letters {
		plain[c], swapped[c] = uint8(i), uint8(i)
		if i < 52 {
			swapped[c] = uint8((i + 26) % 52)
		}
	}
	for _, table := range []*[256]uint8{&plain, &swapped} {
		table['+'], table['-'], table['/'], table['_'] = 62, 62, 63, 63
		table['\r'], table['\n'] = skipByte, skipByte
	}
	return plain, swapped
}()

// appendBase64 decodes a run from some character on; bits that do not fill a
// byte at its end are dropped.
func appendBase64(out []byte, text string, values *[256]uint8) []byte {
	for len(text) >= 4 {
		a, b, c, d := values[text[0]], values[text[1]], values[text[2]], values[text[3]]
		if a|b|c|d >= 64 {
			break
		}
		out = append(out, a<<2|b>>4, b<<4|c>>2, c<<6|d)
		text = text[4:]
	}
	bits, n := uint32(0), 0
	for i := range len(text) {
		v := values[text[i]]
		if v >= 64 {
			continue
		}
		bits, n = bits<<6|uint32(v), n+6
		if n >= 8 {
			n -= 8
			out = append(out, byte(bits>>n))
		}
	}
	return out
}

// appendHex decodes pairs of hex digits.
func appendHex(out []byte, text string) []byte {
	for ; len(text) >= 2; text = text[2:] {
		high, _ := hexDigit(text[0])
		low, _ := hexDigit(text[1])
		out = append(out, high<<4|low)
	}
	return out
}

// separators are what digits may be parted by; no more than two together.
const separators = "-._:,|/ +"

// nextDigits returns the next stretch of digits with separators between some of
// them that has enough digits for a needle.
func nextDigits(text string, at int) (from, to int, ok bool) {
	for at < len(text) {
		for at < len(text) && classOf[text[at]]&isNumber == 0 {
			at++
		}
		from, to = at, at
		digits, gap, parted := 0, 0, false
		for ; at < len(text) && gap <= 2; at++ {
			class := classOf[text[at]]
			if class&isNumber != 0 {
				parted = parted || gap > 0
				digits, gap, to = digits+1, 0, at+1
				continue
			}
			if class&isSeparator == 0 {
				break
			}
			gap++
		}
		if parted && digits >= leastDigits {
			return from, to, true
		}
	}
	return 0, 0, false
}
