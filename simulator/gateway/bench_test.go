package gateway

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds what a test waits for; it is reached only when a test fails.
const patience = 20 * time.Second

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// ended is a context that has ended already: whoever waits with it learns at once
// whether he would have to wait.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// newGateway opens a gateway that ends with the test; set changes it before any
// visitor comes.
func newGateway(t *testing.T, o Options, set ...func(*Gateway)) *Gateway {
	t.Helper()
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range set {
		f(g)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Errorf("close the gateway: %v", err)
		}
	})
	return g
}

// newVisitor opens a visitor with his first step begun.
func newVisitor(t *testing.T, g *Gateway, stage Stage) *Visitor {
	t.Helper()
	v, err := g.Visitor(stage)
	if err != nil {
		t.Fatal(err)
	}
	begin(v, "first")
	return v
}

// begin begins a step of the journey that began with the visitor.
func begin(v *Visitor, step string) {
	v.mu.Lock()
	began := v.began
	v.mu.Unlock()
	v.Begin(step, began)
}

// page is a stage whose only host answers with the handler.
func page(h http.HandlerFunc) Stage {
	return Stage{"www.shop.test": {Purpose: "page", Handler: h}}
}

// client is a browser's network stack as far as these tests need it: everything
// goes through the visitor's proxy, over HTTP/2 if h2 is set.
func client(t *testing.T, v *Visitor, h2 bool) *http.Client {
	t.Helper()
	transport := &http.Transport{
		Proxy:              http.ProxyURL(&url.URL{Scheme: "http", Host: v.Address()}),
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2:  h2,
		DisableCompression: true,
	}
	if !h2 {
		transport.TLSClientConfig.NextProtos = []string{"http/1.1"}
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// send sends a request and returns the answer with its whole body.
func send(t *testing.T, c *http.Client, method, address, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(within(t), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	response, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(got)
}

// dial opens a bare connection to the visitor's proxy address.
func dial(t *testing.T, v *Visitor) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", v.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// connect opens a tunnel to host:port.
func connect(t *testing.T, v *Visitor, authority string) net.Conn {
	t.Helper()
	c := dial(t, v)
	write(t, c, "CONNECT "+authority+" HTTP/1.1\r\nHost: "+authority+"\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(io.LimitReader(c, int64(len("HTTP/1.1 200 Connection established\r\n\r\n")))), nil)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("CONNECT was answered with %s", response.Status)
	}
	return c
}

// connectTLS opens a tunnel with TLS inside, offering the protocols by ALPN.
func connectTLS(t *testing.T, v *Visitor, host string, protocols ...string) *tls.Conn {
	t.Helper()
	c := tls.Client(connect(t, v, host+":443"), &tls.Config{ServerName: host, InsecureSkipVerify: true, NextProtos: protocols})
	if err := c.HandshakeContext(within(t)); err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// await waits until a request of the current step has the path.
func await(t *testing.T, v *Visitor, path string) {
	t.Helper()
	if err := v.Await(within(t), pathIs(path)); err != nil {
		t.Fatalf("await %s: %v", path, err)
	}
}

// isDrained tells whether nothing is under way at this moment.
func isDrained(v *Visitor) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.drained()
}

func pathIs(path string) func(*evidence.Request) bool {
	return func(r *evidence.Request) bool {
		u, err := url.Parse(r.URL)
		return err == nil && u.Path == path
	}
}

// until waits until what the visitor has recorded satisfies the condition.
func until(t *testing.T, v *Visitor, what string, condition func([]*record) bool) {
	t.Helper()
	if err := v.wait(within(t), func() bool { return condition(v.records) }); err != nil {
		t.Fatalf("await %s: %v", what, err)
	}
}

// only returns the one request that was recorded.
func only(t *testing.T, v *Visitor) evidence.Request {
	t.Helper()
	all := v.Requests()
	if len(all) != 1 {
		t.Fatalf("want one request, got %d: %+v", len(all), all)
	}
	return all[0]
}

// clockAt is a clock that stands still until it is moved.
type clockAt struct{ at chan time.Time }

func newClock(at time.Time) *clockAt {
	c := &clockAt{make(chan time.Time, 1)}
	c.at <- at
	return c
}

func (c *clockAt) now() time.Time { at := <-c.at; c.at <- at; return at }

func (c *clockAt) move(d time.Duration) { at := <-c.at; c.at <- at.Add(d) }

var launch = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// everyByte is a body that is no text.
var everyByte = func() string {
	var b bytes.Buffer
	for n := range 3 {
		for i := range 256 {
			b.WriteByte(byte(i + n))
		}
	}
	return b.String()
}()
