package gateway

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// silenceGrace is how long a connection without a request must have sent nothing
// before the gateway counts as drained: a browser may open a socket ahead of need.
const silenceGrace = 100 * time.Millisecond

// line is one connection of a visitor. Until it has carried a request, or
// turned out to carry none, it is unsettled, and the gateway is not drained.
type line struct {
	net.Conn
	visitor *Visitor
	// reader holds what was read while telling what the connection is for.
	reader *bufio.Reader
	// waiting is when the gateway began to wait for the next byte, in
	// nanoseconds since 1970; 0 while it deals with what has come.
	waiting atomic.Int64
	once    sync.Once
	// host is the authority that a tunnel leads to, requests how many are under
	// way. visitor.mu guards both.
	host     string
	requests int
}

// newLine wraps a connection that was just accepted.
func newLine(v *Visitor, c net.Conn) *line {
	l := &line{Conn: c, visitor: v}
	l.reader = bufio.NewReaderSize(incoming{l}, 4096)
	return l
}

// incoming reads from the connection itself, and notes when it waits.
type incoming struct{ line *line }

func (i incoming) Read(p []byte) (int, error) {
	i.line.waiting.Store(time.Now().UnixNano())
	defer i.line.waiting.Store(0)
	return i.line.Conn.Read(p)
}

// silence is how long the gateway has waited for the connection to send
// something; zero while it is busy with what was sent.
func (l *line) silence() time.Duration {
	since := l.waiting.Load()
	if since == 0 {
		return 0
	}
	return time.Since(time.Unix(0, since))
}

// Read reads from the connection, from what was peeked first.
func (l *line) Read(p []byte) (int, error) { return l.reader.Read(p) }

// settle marks the line as understood. Later calls do nothing.
func (l *line) settle() {
	l.once.Do(func() { l.visitor.settled(l) })
}

// Close closes the connection and settles it.
func (l *line) Close() error {
	l.settle()
	l.visitor.forget(l)
	return l.Conn.Close()
}

// hangUp ends the connection from the gateway's side alone: what the browser has
// sent until it notices is still read, and recorded.
func (l *line) hangUp() {
	if half, ok := l.Conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		return
	}
	_ = l.Close()
}

// route tells what a fresh connection is for and hands it to the server: a
// CONNECT tunnel with TLS inside, one with plain HTTP inside (ws://), or plain
// requests in absolute form. A tunnel that carries anything else is recorded as
// it is.
func (l *line) route(g *Gateway) {
	start, err := l.reader.Peek(len("CONNECT "))
	if err != nil {
		_ = l.Close()
		return
	}
	if string(start) != "CONNECT " {
		g.queue.put(l)
		return
	}
	request, err := http.ReadRequest(l.reader)
	if err != nil {
		_ = l.Close()
		return
	}
	if !l.visitor.admit(l, request.Host) {
		_, _ = l.Conn.Write([]byte("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
		_ = l.Close()
		return
	}
	if _, err := l.Conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		_ = l.Close()
		return
	}
	first, err := l.reader.Peek(1)
	if err != nil {
		_ = l.Close()
		return
	}
	const tlsHandshake = 0x16
	switch {
	case first[0] == tlsHandshake:
		l.secure(g, request.Host)
	case 'A' <= first[0] && first[0] <= 'Z':
		g.queue.put(l)
	default:
		l.visitor.tunnel(l, l, "tcp://"+request.Host)
	}
}

// secure ends the tunnel's TLS. What speaks HTTP says so by ALPN.
func (l *line) secure(g *Gateway, host string) {
	conn := tls.Server(l, g.tls)
	if err := conn.Handshake(); err != nil {
		_ = conn.Close()
		return
	}
	switch conn.ConnectionState().NegotiatedProtocol {
	case "h2", "http/1.1":
		g.queue.put(conn)
	default:
		l.visitor.tunnel(l, conn, "tls://"+host)
	}
}

// maxTunnel bounds what is kept of a tunnel that is not HTTP, in bytes.
const maxTunnel = 1 << 20

// tunnel records what comes through a tunnel that does not carry HTTP, such as a
// TURN client's, and answers nothing.
func (v *Visitor) tunnel(l *line, from io.ReadCloser, url string) {
	rec := &record{done: true, Request: evidence.Request{
		Protocol: "tunnel", Method: http.MethodConnect, URL: url, Purpose: sinkPurpose,
	}}
	v.update(func() { v.append(rec) }) // a tunnel has no end to wait for
	l.settle()
	defer func() { _ = from.Close() }()
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		v.update(func() {
			rec.Body = append(rec.Body, buffer[:n]...)
			if len(rec.Body) > maxTunnel {
				rec.Body, rec.Incomplete = rec.Body[:maxTunnel], "the tunnel carried more than the gateway keeps"
			}
		})
		if err != nil || rec.Incomplete != "" {
			return
		}
	}
}

// queue is a net.Listener that is fed by hand.
type queue struct {
	lines chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newQueue() *queue {
	return &queue{lines: make(chan net.Conn), done: make(chan struct{})}
}

func (q *queue) put(c net.Conn) {
	select {
	case q.lines <- c:
	case <-q.done:
		_ = c.Close()
	}
}

// Accept returns the next connection that was put.
func (q *queue) Accept() (net.Conn, error) {
	select {
	case c := <-q.lines:
		return c, nil
	case <-q.done:
		return nil, errors.New("the gateway is closed")
	}
}

// Close ends the queue.
func (q *queue) Close() error {
	q.once.Do(func() { close(q.done) })
	return nil
}

// Addr returns a placeholder; the queue has no address.
func (q *queue) Addr() net.Addr { return &net.UnixAddr{Name: "gateway", Net: "unix"} }
