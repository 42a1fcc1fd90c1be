package main

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// addressOf is where a collector that listens there is found on this machine, and whether
// it is found at all at a loopback address. One that listens everywhere is.
func addressOf(listens net.Addr) (url string, here bool) {
	listening, err := netip.ParseAddrPort(listens.String())
	if err != nil {
		return "http://" + listens.String(), false
	}
	address := listening.Addr().Unmap()
	switch {
	case address == netip.IPv4Unspecified() || address == netip.IPv6Unspecified():
		address = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case address.IsLoopback():
	default:
		return "http://" + netip.AddrPortFrom(address, listening.Port()).String(), false
	}
	return "http://" + netip.AddrPortFrom(address, listening.Port()).String(), true
}

// said is what serve says once it listens: where all is, and who may read it.
func said(listens net.Addr, token bool) string {
	url, here := addressOf(listens)
	var b strings.Builder
	fmt.Fprintf(&b, "collecting at %s, hits at %[1]s/_/hits\n", url)
	fmt.Fprintf(&b, "profiles at %s/antsomi/\n", url)
	fmt.Fprintf(&b, "reports and settings at %s/piwikpro/\n", url)
	switch {
	case token:
		b.WriteString("whoever has the token reads all this, nobody else\n")
	case here:
		b.WriteString("only this machine reads all this, as there is no token\n")
	default:
		b.WriteString("nobody reads all this, as there is no token and this is no loopback address\n" +
			"hint: listen at 127.0.0.1 or everywhere, or give a token with --token-env\n")
	}
	return b.String()
}
