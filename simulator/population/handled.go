package population

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
)

// from is the context's key of the address that a request comes from.
type from struct{}

// From marks the context of a request that comes from the address: what [Handled]
// has a handler see. An empty one is this machine's.
func From(ctx context.Context, address string) context.Context {
	if address == "" {
		return ctx
	}
	return context.WithValue(ctx, from{}, address)
}

// Handled returns a transport that has the handler answer, without a connection.
// The handler sees what it would see of a client on this machine, or at the address
// that [From] gave.
func Handled(h http.Handler) http.RoundTripper { return handled{h} }

type handled struct{ http.Handler }

// RoundTrip implements [http.RoundTripper]. A handler that panics is an error, as
// it would be to a client.
func (h handled) RoundTrip(r *http.Request) (response *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:0"
	if address, ok := r.Context().Value(from{}).(string); ok {
		in.RemoteAddr = net.JoinHostPort(address, "0")
	}
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if r.URL.Scheme == "https" {
		in.TLS = &tls.ConnectionState{ServerName: r.URL.Hostname(), HandshakeComplete: true}
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer func() { _ = in.Body.Close() }()
	w := &answer{header: http.Header{}}
	defer func() {
		if p := recover(); p != nil {
			response, err = nil, fmt.Errorf("the collector broke: %v", p)
		}
	}()
	h.ServeHTTP(w, in)
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: in.Proto, ProtoMajor: 1, ProtoMinor: 1, Header: w.sent,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// answer collects what a handler answers.
type answer struct {
	header, sent http.Header
	status       int
	body         bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

// WriteHeader fixes status and header; only the first final one counts.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status, a.sent = status, a.header.Clone()
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}
