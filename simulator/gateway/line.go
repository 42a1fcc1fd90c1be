package gateway

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// firstByteGrace is how long a connection that has not sent one byte is waited
// for when the gateway drains: a browser may open a socket ahead of need.
const firstByteGrace = 100 * time.Millisecond

// line is one connection of a visitor. Until it has carried a request, or
// turned out to carry none, it is unsettled, and the gateway is not drained.
type line struct {
	net.Conn
	visitor *Visitor
	// reader holds what was read while telling what the connection is for.
	reader   *bufio.Reader
	accepted time.Time
	once     sync.Once
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

// route tells what a fresh connection is for and hands it to the right server:
// a CONNECT tunnel with TLS inside, one with plain HTTP inside (ws://), or
// plain requests in absolute form.
func (l *line) route(g *Gateway) {
	start, err := l.reader.Peek(8)
	if err != nil {
		_ = l.Close()
		return
	}
	if string(start) != "CONNECT " {
		g.toPlain.put(l)
		return
	}
	if _, err := http.ReadRequest(l.reader); err != nil {
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
	if first[0] == tlsHandshake {
		g.toSecure.put(l)
	} else {
		g.toPlain.put(l)
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
