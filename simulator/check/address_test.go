package check

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

const berlin, berlin6 = "192.0.2.10", "2001:db8:1:10:8000::a"

// foundIn returns the ways in which the address stands in the text, the first first.
func foundIn(address, text string) []writing {
	hoard := newTrove(evidence.Kept{Name: "f", Data: evidence.Packed(text)})
	var found []writing
	for _, w := range writings(netip.MustParseAddr(address)) {
		if len(hoard.places(w, 1)) > 0 {
			found = append(found, w)
		}
	}
	return found
}

func TestEveryFormOfAnAddressIsFound(t *testing.T) {
	t.Parallel()
	raw4, raw6 := netip.MustParseAddr(berlin).AsSlice(), netip.MustParseAddr(berlin6).AsSlice()
	sum := func(s string) string { h := sha256.Sum256([]byte(s)); return hex.EncodeToString(h[:]) }
	md, sha, long := md5.Sum([]byte(berlin)), sha1.Sum([]byte(berlin)), sha512.Sum512([]byte(berlin6))
	for _, c := range []struct {
		address, text, way string
		rest, chance       bool
	}{
		{berlin, "client=192.0.2.10 ", "", false, false},
		{berlin, `"192.0.2.10"`, "", false, false},
		{berlin, "192.0.2.10:443", "", false, false},
		{berlin, "IP 192.0.2.10.443 > ", "", false, false},
		{berlin, "::ffff:192.0.2.10", "", false, false},
		{berlin, "::FFFF:C000:20A", "inside an IPv6 address", false, false},
		{berlin, "0000:0000:0000:0000:0000:ffff:c000:020a", "inside an IPv6 address", false, false},
		{berlin, "2002:c000:20a::1", "inside an IPv6 address", false, false},
		{berlin, "192.000.002.010", "with leading zeros", false, false},
		{berlin, "ip-192-0-2-10.test", "with other separators", false, false},
		{berlin, "10.2.0.192.in-addr.arpa", "reversed, as in in-addr.arpa", false, false},
		{berlin, "01.2.0.291", "backwards", false, false},
		{berlin, "c000020a", "in hex", false, false},
		{berlin, "0xC000020A", "in hex", false, false},
		{berlin, "c0:00:02:0a", "in hex", false, false},
		{berlin, "0a0200c0", "in hex, last byte first", false, false},
		{berlin, "n=3221225994;", "as a number", false, false},
		{berlin, "n=-1073741302;", "as a number with a sign", false, false},
		{berlin, "n=167903424;", "as a number, last byte first", false, false},
		{berlin, "x" + string(raw4) + "y", "as its 4 bytes", false, true},
		{berlin, "x\x0a\x02\x00\xc0y", "as its 4 bytes", false, true},
		{berlin, "\xff\xff" + string(raw4), "as the bytes of an IPv4-mapped address", false, false},
		{berlin, "k=" + base64.RawStdEncoding.EncodeToString(raw4) + "==", "in Base64, as its bytes", false, false},
		{berlin, sum(berlin), "SHA-256", false, false},
		{berlin, strings.ToUpper(sum(berlin)), "SHA-256", false, false},
		{berlin, sum(berlin)[:20], "SHA-256", false, false},
		{berlin, hex.EncodeToString(md[:]), "MD5", false, false},
		{berlin, "x" + string(md[:]) + "y", "MD5", false, false},
		{berlin, base64.RawURLEncoding.EncodeToString(sha[:]), "SHA-1", false, false},
		{berlin, sum("::ffff:c000:20a"), "", false, false}, // a hash of a form that nobody writes
		{berlin, sum("3221225994"), "SHA-256 (as a number)", false, false},
		{berlin, sum("c000020a"), "SHA-256 (in hex)", false, false},
		{berlin, sum("192.0.2.0"), "", false, false}, // of what a mask has left: many share it
		{berlin, "192.0.2.0", "but for its last 8 bits", true, false},
		{berlin, "192.0.2.x", "but for its last 8 bits", true, false},
		{berlin, "192.0.2.XXX", "but for its last 8 bits", true, false},
		{berlin, "192.0.2.***", "but for its last 8 bits", true, false},
		{berlin, "192.0.2.0/24", "but for its last 8 bits", true, false},
		{berlin, "0.0.2.10", "but for its first 8 bits", true, false},
		{berlin, "x.0.2.10", "but for its first 8 bits", true, false},

		{berlin6, "2001:db8:1:10:8000::a", "", false, false},
		{berlin6, "[2001:DB8:1:10:8000::A]:443", "", false, false},
		{berlin6, "client:2001:db8:1:10:8000::a", "", false, false},
		{berlin6, "2001:0db8:0001:0010:8000:0000:0000:000a", "written out", false, false},
		{berlin6, "2001:db8:1:10:8000:0:0:a", "written out", false, false},
		{berlin6, "2001-db8-1-10-8000--a.ipv6-literal.net", "with other separators", false, false},
		{berlin6, "20010db80001001080000000000000" + "0a", "in hex", false, false},
		{berlin6, "a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.0.1.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "reversed, as in ip6.arpa", false, false},
		{berlin6, new(big.Int).SetBytes(raw6).String(), "as a number", false, false},
		{berlin6, "x" + string(raw6) + "y", "as its 16 bytes", false, false},
		{berlin6, base64.StdEncoding.EncodeToString(raw6), "in Base64, as its bytes", false, false},
		{berlin6, sum(berlin6), "SHA-256", false, false},
		{berlin6, sum("2001:DB8:1:10:8000::A"), "SHA-256", false, false},
		{berlin6, sum("2001:0db8:0001:0010:8000:0000:0000:000a"), "SHA-256 (written out)", false, false},
		{berlin6, sum(string(raw6)), "SHA-256 (as its 16 bytes)", false, false},
		{berlin6, hex.EncodeToString(long[:]), "SHA-512", false, false},
		{berlin6, "2001:db8:1:10::", "but for its last 64 bits", true, false},
		{berlin6, "2001:0db8:0001:0010:0000:0000:0000:0000", "but for its last 64 bits, written out", true, false},
		{berlin6, "2001:db8:1:10:8000::", "but for its last 8 bits", true, false},
		{berlin6, "2001:db8:1::", "but for its last 72 bits", true, false},
	} {
		found := foundIn(c.address, c.text)
		if c.way == "" && strings.Contains(c.text, "SHA") || len(c.text) == 64 && c.way == "" {
			if len(found) > 0 {
				t.Errorf("%q: found %+v", c.text, found)
			}
			continue
		}
		ok := false
		for _, w := range found {
			ok = ok || w.way == c.way && w.rest == c.rest && w.chance == c.chance
		}
		if !ok {
			t.Errorf("%q: not found %q, but %+v", c.text, c.way, found)
		}
	}
}

func TestAnotherAddressIsNotTaken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ address, text string }{
		{berlin, ""},
		{berlin, "192.0.2.100"},
		{berlin, "192.0.2.1"},
		{berlin, "1192.0.2.10"},
		{berlin, "192.0.2.20 198.51.100.10 0.0.0.0 ::"},
		{berlin, "10.0.2.10"},
		{berlin, "32212259940"},
		{berlin, "c000:20ab"},
		{berlin, "192.0.0.0 0.0.0.10 192.0.x.x"}, // two of four octets are not the address
		{berlin6, "2001:db8:1:10:8000::ab"},
		{berlin6, "2001:db8:1:10::5"},
		{berlin6, "2001:db8:1:20:8000::a"},
		{berlin6, "2001:db8:: ::"},
		{"192.0.2.1", "192.0.2.10"},
	} {
		for _, w := range foundIn(c.address, c.text) {
			t.Errorf("%s in %q: found %+v", c.address, c.text, w)
		}
	}
}

func TestPlacesAreCountedAndBounded(t *testing.T) {
	t.Parallel()
	hoard := newTrove(evidence.Kept{Data: evidence.Packed("192.0.2.100 192.0.2.10 192.0.2.10 192.0.2.10")})
	w := writings(netip.MustParseAddr(berlin))[0]
	if got := fmt.Sprint(hoard.places(w, 2)); got != "[12 23]" {
		t.Errorf("got %s", got)
	}
	if got := len(hoard.places(w, 9)); got != 3 {
		t.Errorf("got %d", got)
	}
	if string(hoard.data) != "192.0.2.100 192.0.2.10 192.0.2.10 192.0.2.10" {
		t.Error("the data was changed")
	}
}
