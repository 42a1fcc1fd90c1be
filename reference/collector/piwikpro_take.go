package collector

import (
	"io"
	"net/http"
	"net/netip"
	"time"
)

// takePiwikPro takes one or more hits of the dialect piwikpro.
func (c *Collector) takePiwikPro(w http.ResponseWriter, r *http.Request) {
	raw := rawVisit{Query: r.URL.RawQuery, Post: r.Method == http.MethodPost, ContentType: r.Header.Get("Content-Type")}
	received := c.clock.now()
	c.heard.hear(received)
	if raw.Post {
		body, err := io.ReadAll(io.LimitReader(r.Body, MaxBulk+1))
		raw.Body, raw.Broken = body, err != nil
	}
	arrivals, token := piwikpro(raw)
	imports := c.mayImport(r, token)
	address := c.visitors.Address(r, c.clientAddress(r))
	for i := range arrivals {
		c.settle(r, &arrivals[i], received, address, imports)
	}
	refused, err := c.store.addVisits(r.Context(), c.visitors, received, arrivals)
	if err == nil {
		for i, reason := range refused {
			arrivals[i].hit.Refused = reason
		}
	}
	list := make([]arrival, len(arrivals))
	for i, a := range arrivals {
		list[i] = arrival{hit: a.hit}
	}
	if c.answerFor(w, list, err) {
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusAccepted)
	}
}

// settle completes a hit with what is known of its sender. Afterwards there is no address
// any more but what is kept of it.
func (c *Collector) settle(r *http.Request, a *visitArrival, received time.Time, address netip.Addr, imports bool) {
	a.hit.Received = received
	if a.played != nil && !imports && a.hit.Refused == "" {
		a.refuse("parameters cip and cdt are for imports: token_auth must be the collector's token, or where it has none, the sender this machine")
	}
	v := a.visit
	if v == nil {
		return
	}
	v.Received = received
	if a.played != nil {
		v.Imported = true
		if a.played.address.IsValid() {
			address = a.played.address
		}
		if !a.played.arrived.IsZero() {
			v.Received = a.played.arrived
		}
	}
	v.At, v.Address = happened(a.made, v.Received), address
	c.visitors.Rewrite(r, v)
	v.Kept = c.visitors.Mask(v.Address, v.Anonymous)
	v.Place = c.visitors.Locate(c.geo, v.Address, v.Kept)
	c.visitors.Keep(*v, &a.hit)
	v.Address = netip.Addr{}
}

// refuse refuses a hit that was well formed.
func (a *visitArrival) refuse(reason string) {
	a.hit, a.visit = a.hit.refusedFor(reason), nil
}

// mayImport tells whether a request may say when hits arrived and from where: with the
// token, or where there is none from this machine, though from no page there.
func (c *Collector) mayImport(r *http.Request, token string) bool {
	if c.token != "" {
		return sameToken(token, c.token)
	}
	return loopback(r.RemoteAddr) && !proxied(r) && r.Header.Get("Origin") == ""
}
