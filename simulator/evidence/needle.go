package evidence

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Needle is one identity that is to be looked for.
type Needle struct {
	Value string
	// From says where it comes from, such as "of the step identified".
	From string
}

// MinHashed is the shortest value whose hashes are looked for, in bytes. A hash
// never occurs by chance, but one of a shorter value tells next to nothing.
const MinHashed = 4

// pattern is one way in which a needle may stand in a text.
type pattern struct {
	needle int
	text   string
	// least is how many bytes of it must be there to tell; less than all for a
	// hash, which some cut short.
	least int
	// word names the way; empty for the value itself.
	word string
	// changed tells that the pattern in its own case is to be passed over: it is
	// found by decoding, which tells more.
	changed bool
}

const (
	// leastPattern is the shortest pattern, in bytes: the matcher's window.
	leastPattern = 8
	// leastDigits is how many digits a number must have to be looked for
	// written to another base, or with separators.
	leastDigits = 12
	// leastDigest is how much of a hash must be there, in bytes or characters.
	leastDigest = 16
	// shortDigest ends what stands for a hash of a short value in redacted
	// evidence; see [Redact].
	shortDigest = "-digest"
)

// patternsOf lists the ways of one needle. Everything that is reached by
// decoding a text is left to the decoding.
func patternsOf(i int, value string) []pattern {
	c := &compiler{needle: i, seen: map[string]bool{}}
	if strings.HasPrefix(value, tokenPrefix) {
		if !Traceable(value) {
			value += shortDigest
		}
		c.add(value, "")
		return c.patterns
	}
	if Traceable(value) {
		c.plain(value)
		c.number(value)
		c.lossyBase64(value)
	}
	if len(value) >= MinHashed {
		for _, n := range normalised(value) {
			c.digests(n)
		}
	}
	return c.patterns
}

// compiler collects the patterns of a needle.
type compiler struct {
	needle   int
	patterns []pattern
	seen     map[string]bool
}

func (c *compiler) add(text, word string) {
	if len(text) >= leastPattern && !c.seen[text] {
		c.seen[text] = true
		c.patterns = append(c.patterns, pattern{needle: c.needle, text: text, least: len(text), word: word})
	}
}

// plain adds the value itself, with a plus sign for each space, in other
// character sets, and backwards. The case of ASCII letters is left to the matcher.
func (c *compiler) plain(value string) {
	variants := []string{value, strings.TrimSpace(value), strings.ReplaceAll(value, " ", "+")}
	if !isASCII(value) {
		variants = append(variants, strings.ToLower(value), strings.ToUpper(value), swapCase(value))
	}
	if digits, ok := phone(value); ok {
		variants = append(variants, digits)
	}
	for _, v := range variants {
		c.add(v, "")
		if isASCII(v) {
			continue // UTF-16 of ASCII is decoded
		}
		units := utf16.Encode([]rune(v))
		var little, big []byte
		for _, u := range units {
			little, big = binary.LittleEndian.AppendUint16(little, u), binary.BigEndian.AppendUint16(big, u)
		}
		c.add(string(little), "UTF-16")
		c.add(string(big), "UTF-16")
		if latin, ok := latin1(v); ok {
			c.add(latin, "ISO-8859-1")
		}
	}
	backwards := []rune(value)
	slices.Reverse(backwards)
	c.add(string(backwards), "reversed")
}

// number adds a number in other bases, also rounded the way JavaScript does.
func (c *compiler) number(value string) {
	if len(value) < leastDigits || len(value) > 40 || !isDigits(value) {
		return
	}
	n, ok := new(big.Int).SetString(value, 10)
	if !ok {
		return
	}
	c.add(n.Text(16), "hexadecimal number")
	c.add(n.Text(36), "base-36 number")
	if n.IsUint64() && len(value) >= 17 {
		c.add(string(binary.BigEndian.AppendUint64(nil, n.Uint64())), "64-bit number")
		c.add(string(binary.LittleEndian.AppendUint64(nil, n.Uint64())), "64-bit number")
	}
	const exact = 1 << 53
	f, _ := n.Float64()
	if f <= exact {
		return
	}
	c.add(strconv.FormatFloat(f, 'f', -1, 64), "rounded by JavaScript")
	c.add(scriptNumber(f, 16), "hexadecimal number rounded by JavaScript")
	c.add(scriptNumber(f, 36), "base-36 number rounded by JavaScript")
}

// scriptNumber writes a number as browsers do for Number.toString(base): digits
// beyond the number's precision are zeros.
func scriptNumber(f float64, base int) string {
	zeros := ""
	for ; f >= 1<<53; f /= float64(base) {
		zeros += "0"
	}
	return strconv.FormatUint(uint64(f), base) + zeros
}

// lossyBase64 adds the value in Base64, whatever follows and precedes it there,
// for texts in which the case was lost, such as host names.
func (c *compiler) lossyBase64(value string) {
	for before := range 3 {
		padded := append(make([]byte, before), value...)
		encoded := base64.RawStdEncoding.EncodeToString(padded)
		encoded = encoded[(before*8+5)/6 : len(padded)*8/6]
		for _, text := range []string{encoded, toURLAlphabet(encoded)} {
			before := len(c.patterns)
			if c.add(text, "Base64"); len(c.patterns) > before {
				c.patterns[before].changed = true
			}
		}
	}
}

func toURLAlphabet(s string) string { return strings.NewReplacer("+", "-", "/", "_").Replace(s) }

// variant is a value as it may have been made before it was hashed.
type variant struct{ value, word string }

// normalised returns the value as given, and in the usual normal forms.
func normalised(value string) []variant {
	trimmed := strings.TrimSpace(value)
	list := []variant{
		{value, ""}, {trimmed, "trimmed"},
		{strings.ToLower(value), "lower case"}, {strings.ToUpper(value), "upper case"},
		{strings.ToLower(trimmed), "trimmed, lower case"}, {strings.ToUpper(trimmed), "trimmed, upper case"},
	}
	if digits, ok := phone(value); ok {
		list = append(list, variant{digits, "digits only"}, variant{"+" + digits, "plus and digits only"})
	}
	seen := map[string]bool{"": true}
	return slices.DeleteFunc(list, func(v variant) bool {
		twice := seen[v.value]
		seen[v.value] = true
		return twice
	})
}

var hashes = []struct {
	name string
	sum  func(string) []byte
}{
	{"MD5", func(s string) []byte { h := md5.Sum([]byte(s)); return h[:] }},
	{"SHA-1", func(s string) []byte { h := sha1.Sum([]byte(s)); return h[:] }},
	{"SHA-256", func(s string) []byte { h := sha256.Sum256([]byte(s)); return h[:] }},
	{"SHA-384", func(s string) []byte { h := sha512.Sum384([]byte(s)); return h[:] }},
	{"SHA-512", func(s string) []byte { h := sha512.Sum512([]byte(s)); return h[:] }},
}

// digests adds the hashes in hex, in Base64 and as bytes.
func (c *compiler) digests(v variant) {
	for _, h := range hashes {
		sum, name := h.sum(v.value), h.name
		if v.word != "" {
			name += " (" + v.word + ")"
		}
		first := len(c.patterns)
		c.add(hex.EncodeToString(sum), name+" hex")
		c.add(base64.RawStdEncoding.EncodeToString(sum), name+" Base64")
		c.add(base64.RawURLEncoding.EncodeToString(sum), name+" Base64")
		c.add(string(sum), name)
		for i := first; i < len(c.patterns); i++ {
			c.patterns[i].least = leastDigest
		}
	}
}

// phone returns the digits of what looks like a telephone number.
func phone(value string) (digits string, ok bool) {
	digits = strings.Map(onlyDigits, value)
	if len(digits) < 7 || digits == value {
		return "", false
	}
	return digits, strings.Trim(value, "+0123456789 ()-/.") == ""
}

func onlyDigits(r rune) rune {
	if r >= '0' && r <= '9' {
		return r
	}
	return -1
}

func isDigits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] > unicode.MaxASCII {
			return false
		}
	}
	return true
}

// latin1 returns the text in ISO-8859-1, if it can be written so.
func latin1(s string) (string, bool) {
	var out []byte
	for _, r := range s {
		if r > unicode.MaxLatin1 {
			return "", false
		}
		out = append(out, byte(r))
	}
	return string(out), true
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}
