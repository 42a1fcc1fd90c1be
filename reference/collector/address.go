package collector

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientAddress is the address that a request comes from, IPv4 as such also where it
// was written as IPv6, without a zone. It is the sender's, unless that is a trusted
// proxy: then the rightmost of X-Forwarded-For that is none. What stands left of that
// one, and all that anybody else says in the header, may be forged and counts for
// nothing. It is the zero address where nobody can tell: at a socket without
// addresses, and where a trusted proxy writes "unknown" or no address.
//
// Of a request that has come through trusted proxies only, it is the first of them,
// and their own requests come from themselves. The header Forwarded is not read: of
// two headers that say the same thing one would be the visitor's to forge.
func (c *Collector) clientAddress(r *http.Request) netip.Addr {
	sender := addressIn(r.RemoteAddr)
	if !trusts(c.trusted, sender) {
		return sender
	}
	lines := r.Header.Values("X-Forwarded-For")
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			var one string
			one, rest, more = cutLast(rest)
			if one = strings.Trim(one, " \t"); one == "" {
				continue // an empty element of a list is to be ignored (RFC 9110, section 5.6.1)
			}
			if sender = addressIn(one); !trusts(c.trusted, sender) {
				return sender
			}
		}
	}
	return sender
}

// cutLast takes the last element of a list off it.
func cutLast(list string) (last, rest string, more bool) {
	at := strings.LastIndexByte(list, ',')
	if at < 0 {
		return list, "", false
	}
	return list[at+1:], list[:at], true
}

// trusts tells whether an address is one of a trusted proxy.
func trusts(proxies []netip.Prefix, address netip.Addr) bool {
	for _, p := range proxies {
		if plain(p).Contains(address) {
			return true
		}
	}
	return false
}

// mappedBits is how much of an IPv4 address in IPv6 form only says that it is one.
const mappedBits = 96

// plain is a range of IPv4 addresses as such also where it is written as IPv6.
func plain(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= mappedBits {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mappedBits)
	}
	return p
}

// addressIn reads an address, with or without port, IPv6 with or without brackets;
// the zero address is for everything else.
func addressIn(text string) netip.Addr {
	if with, err := netip.ParseAddrPort(text); err == nil {
		return bare(with.Addr())
	}
	if n := len(text); n > 2 && text[0] == '[' && text[n-1] == ']' {
		text = text[1 : n-1]
		if !strings.Contains(text, ":") {
			return netip.Addr{}
		}
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return bare(address)
}

func bare(address netip.Addr) netip.Addr { return address.WithZone("").Unmap() }
