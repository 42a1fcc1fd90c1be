package gateway

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// openSocket opens a WebSocket as a browser does: through a tunnel, also without TLS.
func openSocket(t *testing.T, v *Visitor, address string) *websocket.Conn {
	t.Helper()
	tunnel := &http.Transport{
		DialContext: func(_ context.Context, _, authority string) (net.Conn, error) {
			return connect(t, v, authority), nil
		},
		DialTLSContext: dialTunnel(t, v),
	}
	t.Cleanup(tunnel.CloseIdleConnections)
	c, _, err := websocket.Dial(within(t), address, &websocket.DialOptions{HTTPClient: &http.Client{Transport: tunnel}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	return c
}

// dialTunnel opens tunnels with TLS inside.
func dialTunnel(t *testing.T, v *Visitor) func(context.Context, string, string) (net.Conn, error) {
	return func(_ context.Context, _, authority string) (net.Conn, error) {
		return connectTLS(t, v, strings.TrimSuffix(authority, ":443"), "http/1.1"), nil
	}
}

func say(t *testing.T, c *websocket.Conn, kind websocket.MessageType, text string) {
	t.Helper()
	if err := c.Write(within(t), kind, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func frames(n int) func([]*record) bool {
	return func(all []*record) bool { return len(all) == 1 && len(all[0].Frames) == n }
}

func TestAWebSocketIsRecordedWithItsMessages(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"wss://live.test/socket?v=1", "ws://live.test/socket?v=1"} {
		t.Run(address[:3], func(t *testing.T) {
			t.Parallel()
			v := newVisitor(t, newGateway(t, Options{}), nil)
			c := openSocket(t, v, address)
			say(t, c, websocket.MessageText, "hällo")
			until(t, v, "a message", frames(1))
			if err := v.AwaitQuiet(within(t)); err != nil {
				t.Errorf("an open WebSocket keeps the gateway from draining: %v", err)
			}
			begin(v, "second")
			say(t, c, websocket.MessageBinary, everyByte)
			until(t, v, "two messages", frames(2))
			if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
				t.Fatal(err)
			}
			r := only(t, v)
			r.Header = nil
			want := evidence.Request{
				Seq: 1, Step: "first", Arrived: r.Arrived, Protocol: "websocket", Method: "GET", URL: address,
				Purpose: "sink", Status: http.StatusSwitchingProtocols, Body: []byte{},
				Frames: []evidence.Frame{
					{Step: "first", Arrived: r.Frames[0].Arrived, FromPage: true, Text: true, Payload: []byte("hällo")},
					{Step: "second", Arrived: r.Frames[1].Arrived, FromPage: true, Payload: []byte(everyByte)},
				},
			}
			if diff := cmp.Diff(want, r); diff != "" {
				t.Errorf("recorded (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMessageThatIsTooLargeIsMarked(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}, func(g *Gateway) { g.maxBody = 8 }), nil)
	c := openSocket(t, v, "ws://live.test/socket")
	say(t, c, websocket.MessageText, "12345678")
	say(t, c, websocket.MessageText, "123456789")
	until(t, v, "the mark", func(all []*record) bool { return len(all) == 1 && all[0].Incomplete != "" })
	r := only(t, v)
	if string(r.Frames[0].Payload) != "12345678" || !strings.HasPrefix(r.Incomplete, "the last WebSocket message is not whole: ") {
		t.Errorf("recorded as %+v", r)
	}
}

func TestAWebSocketThatCannotBeAcceptedIsMarked(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), nil)
	c := connect(t, v, "live.test:80")
	write(t, c, "GET /socket HTTP/1.1\r\nHost: live.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 1\r\n\r\n")
	until(t, v, "the mark", func(all []*record) bool { return len(all) == 1 && all[0].Incomplete != "" })
	if r := only(t, v); !strings.HasPrefix(r.Incomplete, "the WebSocket could not be accepted: ") {
		t.Errorf("marked %q", r.Incomplete)
	}
	if err := v.AwaitQuiet(within(t)); err != nil {
		t.Error(err)
	}
}

func TestATunnelThatCarriesNoHTTPIsRecordedAsItIs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, url string
		open      func(*testing.T, *Visitor) net.Conn
	}{
		{"plain", "tcp://turn.test:3478", func(t *testing.T, v *Visitor) net.Conn { return connect(t, v, "turn.test:3478") }},
		{"in TLS", "tls://turn.test:443", func(t *testing.T, v *Visitor) net.Conn { return connectTLS(t, v, "turn.test") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := newVisitor(t, newGateway(t, Options{}), nil)
			c := test.open(t, v)
			write(t, c, everyByte)
			until(t, v, "the bytes", func(all []*record) bool { return len(all) == 1 && len(all[0].Body) == len(everyByte) })
			if err := v.AwaitQuiet(within(t)); err != nil {
				t.Errorf("an open tunnel keeps the gateway from draining: %v", err)
			}
			r := only(t, v)
			want := evidence.Request{
				Seq: 1, Step: "first", Arrived: r.Arrived, Protocol: "tunnel", Method: "CONNECT",
				URL: test.url, Purpose: "sink", Body: []byte(everyByte),
			}
			if diff := cmp.Diff(want, r); diff != "" {
				t.Errorf("recorded (-want +got):\n%s", diff)
			}
		})
	}
}

func TestATunnelIsKeptUpToABound(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), nil)
	c := connect(t, v, "turn.test:3478")
	write(t, c, strings.Repeat("\x00", maxTunnel))
	until(t, v, "what is kept", func(all []*record) bool { return len(all) == 1 && len(all[0].Body) == maxTunnel })
	if r := only(t, v); r.Incomplete != "" {
		t.Errorf("marked %q though it is whole", r.Incomplete)
	}
	write(t, c, "\x00")
	until(t, v, "the mark", func(all []*record) bool { return len(all) == 1 && all[0].Incomplete != "" })
	if r := only(t, v); len(r.Body) != maxTunnel || r.Incomplete != "the tunnel carried more than the gateway keeps" {
		t.Errorf("kept %d bytes, marked %q", len(r.Body), r.Incomplete)
	}
}

// What is no proxy's business is hung up on, recorded as nothing, and keeps
// nobody waiting.
func TestNonsenseIsHungUpOn(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"short", "CONNECT nonsense", "CONNECT a.test:443 HTTP/9\r\n\r\n",
		"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n\x16\x03\x01\x00\x02no",
	} {
		v := newVisitor(t, newGateway(t, Options{}), nil)
		c := dial(t, v)
		write(t, c, text)
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if err := v.AwaitQuiet(within(t)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if all := v.Requests(); len(all) != 0 {
			t.Errorf("%q was recorded as %+v", text, all)
		}
	}
}
