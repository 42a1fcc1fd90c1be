package collector

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// proxies are what the tests trust: networks of both families, one of them written
// as IPv6 though it is of IPv4.
func proxies() []netip.Prefix {
	var list []netip.Prefix
	for _, text := range []string{"10.0.0.0/8", "127.0.0.1/32", "2001:db8:ffff::/48", "::ffff:172.16.0.0/108"} {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func requestFrom(sender string, forwarded ...string) *http.Request {
	r := &http.Request{RemoteAddr: sender, Header: http.Header{}}
	for _, line := range forwarded {
		r.Header.Add("X-Forwarded-For", line)
	}
	return r
}

func TestTheClientsAddress(t *testing.T) {
	t.Parallel()
	trusting := &Collector{trusted: proxies()}
	for _, tc := range []struct {
		name, sender string
		forwarded    []string
		want         string
	}{
		{"straight", "192.0.2.10:4711", nil, "192.0.2.10"},
		{"straight, IPv6", "[2001:db8::1]:4711", nil, "2001:db8::1"},
		{"IPv4 in IPv6 form", "[::ffff:192.0.2.10]:4711", nil, "192.0.2.10"},
		{"a zone", "[fe80::1%eth0]:4711", nil, "fe80::1"},
		{"without port", "192.0.2.10", nil, "192.0.2.10"},
		{"without port, IPv6", "2001:db8::1", nil, "2001:db8::1"},
		{"a socket without addresses", "@", nil, ""},
		{"nothing", "", nil, ""},
		{"a name", "localhost:80", nil, ""},

		{"forged", "192.0.2.10:4711", []string{"203.0.113.1"}, "192.0.2.10"},
		{"forged, as if by a proxy", "192.0.2.10:4711", []string{"203.0.113.1, 10.0.0.1"}, "192.0.2.10"},
		{"forged, from no address", "@", []string{"203.0.113.1"}, ""},
		{"nearly a proxy", "[2001:db8:fffe::1]:1", []string{"203.0.113.1"}, "2001:db8:fffe::1"},

		{"by a proxy", "10.0.0.1:1", []string{"203.0.113.1"}, "203.0.113.1"},
		{"by a proxy in IPv6 form", "[::ffff:10.0.0.1]:1", []string{"203.0.113.1"}, "203.0.113.1"},
		{"by a proxy whose range is in IPv6 form", "172.16.0.1:1", []string{"203.0.113.1"}, "203.0.113.1"},
		{"outside of that range", "172.32.0.1:1", []string{"203.0.113.1"}, "172.32.0.1"},
		{"by a proxy with a zone", "[2001:db8:ffff::1%eth0]:1", []string{"2001:db8::9"}, "2001:db8::9"},
		{"the visitor forged one more", "10.0.0.1:1", []string{"8.8.8.8, 203.0.113.1"}, "203.0.113.1"},
		{"the visitor forged a proxy", "10.0.0.1:1", []string{"8.8.8.8, 10.0.0.9, 203.0.113.1"}, "203.0.113.1"},
		{"by two proxies", "10.0.0.1:1", []string{"8.8.8.8, 203.0.113.1, 10.0.0.2"}, "203.0.113.1"},
		{"several lines", "10.0.0.1:1", []string{"8.8.8.8", "203.0.113.1", "10.0.0.2, 2001:db8:ffff::2"}, "203.0.113.1"},
		{"an empty last line", "10.0.0.1:1", []string{"203.0.113.1", ""}, "203.0.113.1"},
		{"empty elements", "10.0.0.1:1", []string{" , 203.0.113.1 ,\t,"}, "203.0.113.1"},
		{"proxies only", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"the proxy itself", "10.0.0.1:1", nil, "10.0.0.1"},
		{"the proxy itself, empty", "10.0.0.1:1", []string{"", " ,"}, "10.0.0.1"},
		{"a port", "10.0.0.1:1", []string{"203.0.113.1:50000"}, "203.0.113.1"},
		{"IPv6 with a port", "10.0.0.1:1", []string{"[2001:db8::9]:50000"}, "2001:db8::9"},
		{"IPv6 in brackets", "10.0.0.1:1", []string{"[2001:db8::9]"}, "2001:db8::9"},
		{"IPv4 in IPv6 form, forwarded", "10.0.0.1:1", []string{"::ffff:203.0.113.1"}, "203.0.113.1"},
		{"a proxy in IPv6 form, forwarded", "10.0.0.1:1", []string{"203.0.113.1, ::ffff:10.0.0.2"}, "203.0.113.1"},
		{"a zone, forwarded", "10.0.0.1:1", []string{"fe80::2%eth1"}, "fe80::2"},

		{"unknown", "10.0.0.1:1", []string{"unknown"}, ""},
		{"unknown behind a forged one", "10.0.0.1:1", []string{"203.0.113.1, unknown"}, ""},
		{"garbage behind a forged one", "10.0.0.1:1", []string{"203.0.113.1, \x00\xff"}, ""},
		{"garbage left of a good one", "10.0.0.1:1", []string{"<script>, 203.0.113.1"}, "203.0.113.1"},
		{"IPv4 in brackets", "10.0.0.1:1", []string{"[203.0.113.1]"}, ""},
		{"octal digits", "10.0.0.1:1", []string{"203.0.113.010"}, ""},
		{"a range", "10.0.0.1:1", []string{"203.0.113.0/24"}, ""},
		{"a quoted one", "10.0.0.1:1", []string{`"203.0.113.1"`}, ""},
	} {
		r := requestFrom(tc.sender, tc.forwarded...)
		// None of these says anything.
		r.Header.Set("Forwarded", "for=198.51.100.99")
		r.Header.Set("X-Real-Ip", "198.51.100.99")
		got := trusting.clientAddress(r)
		if text := got.String(); got.IsValid() && text != tc.want || got.IsValid() == (tc.want == "") {
			t.Errorf("%s: %s, want %q", tc.name, got, tc.want)
		}
		// Who trusts nobody asks the connection alone.
		if got, want := (&Collector{}).clientAddress(r), addressIn(tc.sender); got != want {
			t.Errorf("%s, nobody trusted: %s, want %s", tc.name, got, want)
		}
	}
}

// Whatever is in the header: from a sender that is not trusted it counts for nothing,
// what a trusted proxy has added at the right end counts, and no answer has a zone or
// is IPv4 in the form of IPv6.
func FuzzClientAddress(f *testing.F) {
	f.Add("203.0.113.1", "10.0.0.2")
	f.Add("unknown,,[::1]:5", "::ffff:10.0.0.1")
	f.Add("fe80::1%eth0", "\"_x\"")
	c := &Collector{trusted: proxies()}
	f.Fuzz(func(t *testing.T, first, second string) {
		forged := c.clientAddress(requestFrom("192.0.2.10:1", first, second))
		if forged != netip.MustParseAddr("192.0.2.10") {
			t.Errorf("forged: %s", forged)
		}
		added := c.clientAddress(requestFrom("10.0.0.1:1", first, second+", 198.51.100.7, 10.0.0.2"))
		if added != netip.MustParseAddr("198.51.100.7") {
			t.Errorf("added by a proxy: %s", added)
		}
		got := c.clientAddress(requestFrom("10.0.0.1:1", first, second))
		if got.Is4In6() || got.Zone() != "" {
			t.Errorf("%s is not plain", got)
		}
		if got.IsValid() && !strings.ContainsAny(first+second, "0123456789abcdefABCDEF:") && got != netip.MustParseAddr("10.0.0.1") {
			t.Errorf("%s is nowhere in %q, %q", got, first, second)
		}
	})
}
