package gateway

import (
	"context"
	"net"
	"net/http"
)

// From says from which address the visitor's hits come from now on: a handler of the
// collector finds it as the far end of the connection (RemoteAddr), as it would of a
// visitor out there, and [AddressOf] gives it to one that hands requests on. "" leaves
// the real one, which is this machine's. What else a request says of where it comes
// from, such as X-Forwarded-For, stays as its page sent it: whoever believes that
// believes a visitor.
func (v *Visitor) From(address string) {
	v.mu.Lock()
	v.from = address
	v.mu.Unlock()
}

type addressKey struct{}

// AddressOf returns, to a handler of the stage, the address from which the visitor's
// request comes, from its context; see Visitor.From. It is "" where nobody has said
// one, and for what the harness itself asks.
func AddressOf(ctx context.Context) string {
	address, _ := ctx.Value(addressKey{}).(string)
	return address
}

// placed is the request as it comes from the visitor's address, where it goes to the
// collector: the pages of the stage, and the collector's own pages, have no visitors
// from elsewhere.
func (v *Visitor) placed(r *http.Request, purpose string) *http.Request {
	if purpose != collectorPurpose && purpose != settingsPurpose {
		return r
	}
	v.mu.Lock()
	from := v.from
	v.mu.Unlock()
	if from == "" {
		return r
	}
	r = r.WithContext(WithAddress(r.Context(), from))
	// The port is the connection's own, where there is one.
	_, port, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		port = "0"
	}
	r.RemoteAddr = net.JoinHostPort(from, port)
	return r
}

// WithAddress marks the context of a request with the address from which it comes,
// for AddressOf, where there is no visitor of a gateway's to say it.
func WithAddress(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey{}, address)
}
