package collector

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// guard keeps to requests that may read hits back and change things: those of
// this machine, or with a token those that send it, wherever they come from. This
// machine's are those from a loopback address, without a sign of a proxy, to a name
// that named accepts, so that no page can bend a name of its own to this address.
func (c *Collector) guard(named func(r *http.Request) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			here := loopback(r.RemoteAddr) && named(r) && !proxied(r)
			switch {
			// A proxy on this machine may say nothing, so that with a token nobody
			// is let in by where he seems to be.
			case c.token == "" && here, c.token != "" && sameToken(sentToken(r), c.token):
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

// byLoopback tells whether a request names this machine by its loopback address.
func byLoopback(r *http.Request) bool { return loopback(r.Host) }

// byOwnName tells whether a request names this machine in a way that no page can bend to
// it: by its loopback address, or by a name below .test over TLS, as the test stage asks.
// Nobody can register such a name, but whoever answers a browser's questions for names,
// in a strange network, can send one to 127.0.0.1. What comes over TLS was asked of
// somebody whose certificate for that name the browser trusts, and Serve has none.
func byOwnName(r *http.Request) bool { return byLoopback(r) || r.TLS != nil && underTest(r.Host) }

// fromNoOtherPage refuses what would change something and comes from a page of another
// origin, on this machine too.
func fromNoOtherPage(next http.Handler) http.Handler {
	crossing := http.NewCrossOriginProtection()
	crossing.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusForbidden, "it was sent by a page of another site")
	}))
	return crossing.Handler(next)
}

// byAnyName is for what tells of nobody in particular: the stage's hosts may have other
// names than those below .test.
func byAnyName(r *http.Request) bool { return byLoopback(r) || r.TLS != nil }

// proxied tells that something shows that a proxy has passed the request on: a field
// that only proxies write, be it empty, or HTTP/1.0, which nginx speaks to what is
// behind it unless it is told otherwise.
func proxied(r *http.Request) bool {
	for name := range r.Header {
		if name = strings.ToLower(name); proxyFields[name] || strings.HasPrefix(name, "x-forwarded") {
			return true
		}
	}
	return !r.ProtoAtLeast(1, 1)
}

// proxyFields are fields with which proxies and delivery networks say that they have
// passed a request on, and for whom, beside those that begin with X-Forwarded.
var proxyFields = map[string]bool{
	"forwarded": true, "via": true, "x-real-ip": true, "x-original-forwarded-for": true, "x-original-host": true,
	"x-client-ip": true, "x-cluster-client-ip": true, "client-ip": true, "true-client-ip": true, "x-envoy-external-address": true,
	"cf-connecting-ip": true, "cf-connecting-ipv6": true, "cf-ray": true, "cdn-loop": true, "fastly-client-ip": true,
	"x-azure-clientip": true, "x-appengine-user-ip": true, "fly-client-ip": true, "x-proxyuser-ip": true,
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
