package check

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// writing is one way in which an address may have been written down.
type writing struct {
	// text is what is looked for; letters are in lower case where case means nothing.
	text string
	// way says what it is, such as "in hex"; empty for the address as it is.
	way string
	// anyCase tells that it counts in capital letters as well.
	anyCase bool
	// apart lists the characters that must not stand right beside it: with them it
	// would be another address or number.
	apart string
	// chance tells that it is so short that it may stand in binary data by chance.
	chance bool
	// rest tells that it is what a mask has left, and not the whole address.
	rest bool
}

const (
	decimalDigits = "0123456789"
	hexDigits     = decimalDigits + "abcdefABCDEF"
	// leastHash is how much of a hash must be there, in bytes or characters: some cut
	// theirs short.
	leastHash = 16
)

// writings lists the ways of an address, the plainest first: what it is in text, what
// a mask that takes little of it leaves, numbers, bytes, and hashes of all these.
func writings(address netip.Addr) []writing {
	address = address.Unmap()
	w := &writer{seen: map[string]bool{}}
	w.texts(address, "", false)
	for _, masked := range leftOver(address) {
		w.texts(masked.address, masked.way, true)
	}
	if address.Is4() {
		w.leftOfText(address)
	}
	w.numbers(address)
	w.bytes(address)
	for _, text := range slices.Clone(w.list) {
		if !text.rest && !text.chance {
			w.hashes(text)
		}
	}
	return w.list
}

// writer collects the ways of one address.
type writer struct {
	list []writing
	seen map[string]bool
}

func (w *writer) add(text, way, apart string, anyCase, rest bool) {
	if anyCase {
		text = strings.ToLower(text)
	}
	if text != "" && !w.seen[text] {
		w.seen[text] = true
		w.list = append(w.list, writing{text: text, way: way, anyCase: anyCase, apart: apart, rest: rest})
	}
}

// texts adds what people and programs read as an address.
func (w *writer) texts(a netip.Addr, way string, rest bool) {
	if a.Is4() {
		b := a.As4()
		octets := []string{strconv.Itoa(int(b[0])), strconv.Itoa(int(b[1])), strconv.Itoa(int(b[2])), strconv.Itoa(int(b[3]))}
		w.add(a.String(), way, decimalDigits, false, rest)
		w.add(fmt.Sprintf("%03d.%03d.%03d.%03d", b[0], b[1], b[2], b[3]), also("with leading zeros", way), decimalDigits, false, rest)
		for _, between := range []string{"-", "_"} {
			w.add(strings.Join(octets, between), also("with other separators", way), decimalDigits, false, rest)
		}
		if !rest {
			slices.Reverse(octets)
			w.add(strings.Join(octets, "."), "reversed, as in in-addr.arpa", decimalDigits, false, rest)
			w.add(fromTheEnd(a.String()), "backwards", decimalDigits, false, rest)
		}
		// IPv4-mapped, 6to4 and NAT64 addresses hold it as two groups of hex digits.
		high, low := uint16(b[0])<<8|uint16(b[1]), uint16(b[2])<<8|uint16(b[3])
		w.add(fmt.Sprintf("%x:%x", high, low), also("inside an IPv6 address", way), hexDigits, true, rest)
		w.add(fmt.Sprintf("%04x:%04x", high, low), also("inside an IPv6 address", way), hexDigits, true, rest)
		return
	}
	b := a.As16()
	groups := make([]string, 8)
	for i := range groups {
		groups[i] = strconv.FormatUint(uint64(b[2*i])<<8|uint64(b[2*i+1]), 16)
	}
	w.add(a.String(), way, hexDigits, true, rest)
	w.add(a.StringExpanded(), also("written out", way), hexDigits, true, rest)
	w.add(strings.Join(groups, ":"), also("written out", way), hexDigits, true, rest)
	w.add(strings.ReplaceAll(a.String(), ":", "-"), also("with other separators", way), hexDigits, true, rest)
	w.add(strings.ReplaceAll(a.StringExpanded(), ":", "-"), also("with other separators", way), hexDigits, true, rest)
	w.add(strings.ReplaceAll(a.String(), ":", "_"), also("with other separators", way), hexDigits, true, rest)
	if rest {
		return
	}
	digits := hex.EncodeToString(b[:])
	nibbles := strings.Split(fromTheEnd(digits), "")
	w.add(strings.Join(nibbles, "."), "reversed, as in ip6.arpa", "", true, rest)
	w.add(strings.Join(nibbles, ""), "backwards in hex", "", true, rest)
}

func also(what, way string) string {
	if way == "" {
		return what
	}
	return way + ", " + what
}

func fromTheEnd(text string) string {
	b := []byte(text)
	slices.Reverse(b)
	return string(b)
}

// masked is an address of which a mask has taken a part.
type masked struct {
	address netip.Addr
	way     string
}

// leftOver returns the addresses that masks leave which take so little that what is
// left is nearly the address: the last of four octets, or of an IPv6 address what
// follows the part that a household or a site has for itself.
func leftOver(a netip.Addr) []masked {
	lengths := []int{120, 112, 96, 80, 64, 56, 48}
	if a.Is4() {
		lengths = []int{24}
	}
	var list []masked
	for _, bits := range lengths {
		prefix, err := a.Prefix(bits)
		if err == nil && prefix.Addr() != a && !slices.ContainsFunc(list, func(m masked) bool { return m.address == prefix.Addr() }) {
			list = append(list, masked{prefix.Addr(), fmt.Sprintf("but for its last %d bits", a.BitLen()-bits)})
		}
	}
	return list
}

// leftOfText adds what is left of an IPv4 address where one of its four numbers was
// replaced by something else than a zero, or the first was.
func (w *writer) leftOfText(a netip.Addr) {
	b := a.As4()
	first, last := fmt.Sprintf("%d.%d.%d.", b[0], b[1], b[2]), fmt.Sprintf(".%d.%d.%d", b[1], b[2], b[3])
	for _, blank := range []string{"x", "*", "000"} {
		w.add(first+blank, "but for its last 8 bits", decimalDigits, true, true)
		w.add(blank+last, "but for its first 8 bits", decimalDigits, true, true)
	}
	w.add("0"+last, "but for its first 8 bits", decimalDigits+".", false, true)
	for _, blank := range []string{"x", "xxx", "*", "***"} {
		w.add(fmt.Sprintf("%d.%s.%d.%d", b[0], blank, b[2], b[3]), "but for one of its octets", decimalDigits, true, true)
		w.add(fmt.Sprintf("%d.%d.%s.%d", b[0], b[1], blank, b[3]), "but for one of its octets", decimalDigits, true, true)
	}
}

// numbers adds what the address is as a number.
func (w *writer) numbers(a netip.Addr) {
	raw := a.AsSlice()
	n := new(big.Int).SetBytes(raw)
	w.add(n.String(), "as a number", decimalDigits, false, false)
	w.add(hex.EncodeToString(raw), "in hex", "", true, false)
	for _, between := range []string{":", ".", "-", " ", `\x`, "%"} {
		pairs := make([]string, len(raw))
		for i, b := range raw {
			pairs[i] = fmt.Sprintf("%02x", b)
		}
		w.add(strings.Join(pairs, between), "in hex", hexDigits, true, false)
	}
	backwards := slices.Clone(raw)
	slices.Reverse(backwards)
	w.add(hex.EncodeToString(backwards), "in hex, last byte first", "", true, false)
	if a.Is4() {
		w.add(strconv.FormatInt(int64(int32(uint32(n.Uint64()))), 10), "as a number with a sign", decimalDigits, false, false)
		w.add(new(big.Int).SetBytes(backwards).String(), "as a number, last byte first", decimalDigits, false, false)
	}
}

// bytes adds what the address is in binary data, and in Base64 of it.
func (w *writer) bytes(a netip.Addr) {
	raw := a.AsSlice()
	backwards := slices.Clone(raw)
	slices.Reverse(backwards)
	for _, b := range [][]byte{raw, backwards} {
		w.add(string(b), fmt.Sprintf("as its %d bytes", len(b)), "", false, false)
		w.list[len(w.list)-1].chance = len(b) == 4
	}
	mapped := netip.AddrFrom16(a.As16()).AsSlice()
	if a.Is4() {
		w.add(string(mapped[10:]), "as the bytes of an IPv4-mapped address", "", false, false)
	}
	for _, b := range [][]byte{raw, mapped} {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			w.add(encoding.EncodeToString(b), "in Base64, as its bytes", base64Characters, false, false)
		}
		w.add(unpadded32.EncodeToString(b), "in Base32, as its bytes", alphanumeric, true, false)
	}
	for _, text := range []string{a.String(), a.StringExpanded()} {
		w.add(unpadded32.EncodeToString([]byte(text)), "in Base32", alphanumeric, true, false)
	}
	if a.Is6() && unlikely(binary.BigEndian.Uint64(raw[8:])) {
		w.add(string(raw[8:]), lowerHalf+", as bytes", "", false, false)
		w.list[len(w.list)-1].chance = true
	}
}

// unpadded32 is the Base32 that programs write, without what fills it up.
var unpadded32 = base32.StdEncoding.WithPadding(base32.NoPadding)

const (
	alphanumeric     = decimalDigits + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	base64Characters = alphanumeric + "+/-_"
)

// hashes adds the hashes of a writing, in small letters and, where case means
// nothing, in capital ones.
func (w *writer) hashes(of writing) {
	texts := []string{of.text}
	if of.anyCase {
		texts = append(texts, strings.ToUpper(of.text))
	}
	for _, text := range texts {
		for _, h := range digests {
			sum, way := h.sum([]byte(text)), h.name
			if of.way != "" {
				way += " (" + of.way + ")"
			}
			w.add(hex.EncodeToString(sum)[:leastHash], way, "", true, false)
			w.add(base64.StdEncoding.EncodeToString(sum)[:leastHash], way, "", false, false)
			w.add(base64.URLEncoding.EncodeToString(sum)[:leastHash], way, "", false, false)
			w.add(string(sum[:leastHash]), way, "", false, false)
		}
	}
}

var digests = []struct {
	name string
	sum  func([]byte) []byte
}{
	{"MD5", func(b []byte) []byte { s := md5.Sum(b); return s[:] }},
	{"SHA-1", func(b []byte) []byte { s := sha1.Sum(b); return s[:] }},
	{"SHA-256", func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }},
	{"SHA-384", func(b []byte) []byte { s := sha512.Sum384(b); return s[:] }},
	{"SHA-512", func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }},
}

// trove is a file that is searched: as it is, and with capital letters made small.
type trove struct {
	name        string
	data, small []byte
	// numerals and located are what stands in it that may be part of an address, once
	// it is scanned.
	scanned  bool
	numerals []numeral
	located  []placed
}

// given tells that it is no file, but what the collector gave back.
func (t *trove) given() bool { return strings.HasPrefix(t.name, evidence.KeptAnswer) }

func newTrove(file evidence.Kept) *trove {
	small := slices.Clone([]byte(file.Data))
	for i, c := range small { // bytes.ToLower would take binary data for broken text
		if c >= 'A' && c <= 'Z' {
			small[i] = c + 'a' - 'A'
		}
	}
	return &trove{name: file.Name, data: file.Data, small: small}
}

// places returns where the writing stands, at most so many.
func (t *trove) places(w writing, most int) []int {
	in, text := t.data, []byte(w.text)
	if w.anyCase {
		in = t.small
	}
	var found []int
	for from := 0; len(found) < most; {
		at := bytes.Index(in[from:], text)
		if at < 0 {
			return found
		}
		at += from
		from = at + 1
		beside := at > 0 && strings.IndexByte(w.apart, t.data[at-1]) >= 0 ||
			at+len(text) < len(in) && strings.IndexByte(w.apart, t.data[at+len(text)]) >= 0
		if !beside {
			found = append(found, at)
		}
	}
	return found
}
