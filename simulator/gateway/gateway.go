// Package gateway is the recording gateway and the stage behind it: an
// in-process forward proxy that every visitor's browser context is bound to by
// an address of its own. It ends TLS itself, speaks HTTP/1.1, HTTP/2 and
// WebSocket, answers the stage's hosts in-process and every other host from a
// sink, and keeps every byte of every request with the visitor who sent it.
// Nothing that passes it reaches a network.
package gateway

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"
)

// FencePath is the path, on every host, under which a page asks for a fence:
// FencePath + token. Fences belong to the harness and are not recorded.
const FencePath = "/.pixelwitness/fence/"

// BlankPath is the path, on every host, of a page with nothing in it. It belongs
// to the harness, as fences do.
const BlankPath = "/.pixelwitness/blank"

// maxBody bounds the body of one request, in bytes. A larger one is cut, and
// marked as incomplete.
const maxBody = 64 << 20

// Options configures a gateway. The zero value is ready for use.
type Options struct {
	// Clock gives the time; time.Now when nil.
	Clock func() time.Time
}

// Gateway is the proxy of a whole run. Its methods may be called concurrently.
type Gateway struct {
	clock   func() time.Time
	grace   time.Duration // see silenceGrace
	maxBody int64         // see maxBody
	spki    string
	tls     *tls.Config
	server  *http.Server
	queue   *queue
	serving sync.WaitGroup

	mu       sync.Mutex
	visitors map[*Visitor]struct{}
	closed   bool
}

// New starts a gateway with a fresh key. Close ends it.
func New(opts Options) (*Gateway, error) {
	cert, spki, err := newCertificate()
	if err != nil {
		return nil, fmt.Errorf("make the gateway's key: %w", err)
	}
	g := &Gateway{
		clock:   opts.Clock,
		grace:   silenceGrace,
		maxBody: maxBody,
		spki:    spki,
		tls: &tls.Config{
			Certificates:     []tls.Certificate{cert},
			CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256},
			NextProtos:       []string{"h2", "http/1.1"},
		},
		queue:    newQueue(),
		visitors: map[*Visitor]struct{}{},
	}
	if g.clock == nil {
		g.clock = time.Now
	}
	g.server = &http.Server{
		Handler:     http.HandlerFunc(serve),
		TLSConfig:   g.tls.Clone(), // the server changes its own
		ConnContext: withVisitor,
		ConnState:   noteState,
		ErrorLog:    log.New(io.Discard, "", 0), // a browser that hangs up is no news
	}
	g.serving.Go(func() { _ = g.server.Serve(g.queue) })
	return g, nil
}

// SPKI is the hash of the gateway's key as Chrome's flag
// --ignore-certificate-errors-spki-list wants it: SHA-256 in Base64.
func (g *Gateway) SPKI() string { return g.spki }

// Close ends the gateway and every visitor, and waits for them.
func (g *Gateway) Close() error {
	g.mu.Lock()
	g.closed = true
	var open []*Visitor
	for v := range g.visitors {
		open = append(open, v)
	}
	g.mu.Unlock()
	var errs []error
	for _, v := range open {
		errs = append(errs, v.Close())
	}
	errs = append(errs, g.server.Close())
	g.serving.Wait()
	return errors.Join(errs...)
}

// newCertificate makes a key and a self-signed certificate. The browser trusts
// it by its key alone, so one certificate serves every host.
func newCertificate() (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "pixelwitness recording gateway"},
		NotBefore:    now.Add(-24 * time.Hour),
		NotAfter:     now.Add(30 * 24 * time.Hour),
		DNSNames:     []string{"*.test"},
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return tls.Certificate{}, "", err
	}
	hash := sha256.Sum256(public)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, base64.StdEncoding.EncodeToString(hash[:]), nil
}

type visitorKey struct{}

// withVisitor binds a connection's requests to the visitor whose address it
// came in at.
func withVisitor(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, visitorKey{}, lineOf(c))
}

// lineOf returns the visitor's line beneath a connection, which may be wrapped
// in TLS.
func lineOf(c net.Conn) *line {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	l, _ := c.(*line)
	return l
}

// noteState settles a line that turns out to carry no request.
func noteState(c net.Conn, state http.ConnState) {
	l := lineOf(c)
	if l == nil {
		return
	}
	switch state {
	case http.StateClosed, http.StateHijacked:
		// Not when idle: HTTP/2 is so from its preface on, before the first request.
		l.settle()
	}
}
