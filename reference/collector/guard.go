package collector

import (
	"net"
	"net/http"
	"net/netip"
)

// guard keeps to requests that may read hits back and change things: those of
// this machine, and with a token whoever sends it. This machine's are those from
// a loopback address, not passed on by a proxy that says so, to a name that named
// accepts, so that no page can bend a name of its own to this address.
func (c *Collector) guard(named func(host string) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			here := loopback(r.RemoteAddr) && named(r.Host) && !proxied(r)
			switch {
			case here, c.token != "" && sameToken(sentToken(r), c.token):
				next.ServeHTTP(w, r)
			case c.token != "":
				w.Header().Add("WWW-Authenticate", "Bearer")
				// For the pages: a browser asks its user for the password.
				w.Header().Add("WWW-Authenticate", `Basic realm="pixelwitness collector", charset="UTF-8"`)
				problem(w, http.StatusUnauthorized, "the token is missing or wrong")
			default:
				problem(w, http.StatusForbidden, "hits are read back from the collector's own machine only")
			}
		})
	}
}

// anyName is for what tells of nobody in particular.
func anyName(string) bool { return true }

func proxied(r *http.Request) bool {
	return r.Header.Get("Forwarded")+r.Header.Get("X-Forwarded-For") != ""
}

// loopback tells whether an address, with or without port, is this machine.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	if host == "localhost" {
		return true
	}
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
