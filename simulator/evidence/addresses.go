package evidence

import (
	"net/netip"
	"regexp"
	"slices"
)

// addressPattern finds what may be an address of either family in a text: with colons
// and dots, with dots, or with at least two colons.
var addressPattern = regexp.MustCompile(`[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){1,6}:[0-9]{1,3}(\.[0-9]{1,3}){3}` +
	`|[0-9]{1,3}(\.[0-9]{1,3}){3}` +
	`|[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){2,7}`)

// nobodys lists the ranges of addresses that tell nothing of anybody: those kept for
// documentation, from which the visitors of scenarios come, this machine's own, and
// what is left of an address that was masked.
var nobodys = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"),
	netip.MustParsePrefix("0.0.0.0/32"), netip.MustParsePrefix("::/128"),
}

// withoutAddresses puts tokens for the addresses in a text that are somebody's: a
// collector that runs elsewhere keeps those of people whom no scenario knows.
func (r *redactor) withoutAddresses(text string) string {
	return addressPattern.ReplaceAllStringFunc(text, func(found string) string {
		address, err := netip.ParseAddr(found)
		if err != nil {
			return found
		}
		if slices.ContainsFunc(nobodys, func(p netip.Prefix) bool { return p.Contains(address.Unmap()) }) {
			return found
		}
		return r.token(address.Unmap().String())
	})
}
