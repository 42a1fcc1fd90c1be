package gateway

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

func TestARequestIsRecordedWhole(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, address string
		h2            bool
		protocol      string
	}{
		{"over HTTP/2", "https://www.shop.test/a%2Fb/%7E?q=%20x+y&empty=&flag", true, "h2"},
		{"over HTTP/1.1 in TLS", "https://www.shop.test/a%2Fb/%7E?q=%20x+y&empty=&flag", false, "http/1.1"},
		{"in absolute form, without TLS", "http://www.shop.test/a%2Fb/%7E?q=%20x+y&empty=&flag", false, "http/1.1"},
		{"to a port of its own", "https://www.shop.test:8443/", true, "h2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var reached string
			v := newVisitor(t, newGateway(t, Options{}), page(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				reached = string(body)
				w.WriteHeader(http.StatusTeapot)
			}))
			response, _ := send(t, client(t, v, test.h2), http.MethodPut, test.address, everyByte, "X-B", "second", "X-A", "one", "X-A", "two")
			if response.StatusCode != http.StatusTeapot {
				t.Errorf("the stage's answer did not come back: %s", response.Status)
			}
			if reached != everyByte {
				t.Errorf("the stage got %d bytes, want %d", len(reached), len(everyByte))
			}
			r := only(t, v)
			want := evidence.Request{
				Seq: 1, Step: "first", Protocol: test.protocol, Method: http.MethodPut, URL: test.address,
				Purpose: "page", Status: http.StatusTeapot, Body: []byte(everyByte), Header: r.Header, Arrived: r.Arrived,
			}
			if diff := cmp.Diff(want, r); diff != "" {
				t.Errorf("recorded (-want +got):\n%s", diff)
			}
			if got := r.HeaderValue("x-a"); got != "one, two" {
				t.Errorf("the header x-a is %q", got)
			}
			if got := r.HeaderValue("content-length"); got != "768" {
				t.Errorf("the header content-length is %q", got)
			}
			if !slices.IsSortedFunc(r.Header, func(a, b evidence.Field) int { return strings.Compare(a.Name, b.Name) }) {
				t.Errorf("the header fields are not sorted: %v", r.Header)
			}
			if got := r.HeaderValue("host"); !strings.HasPrefix(got, "www.shop.test") {
				t.Errorf("the header host is %q", got)
			}
		})
	}
}

// A browser sends each cookie as a header field of its own over HTTP/2.
func TestCookiesOverHTTP2AreJoined(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), nil)
	_, framer := speakHTTP2(t, v)
	request(t, framer, 1, "/crumbs", hpack.HeaderField{Name: "cookie", Value: "a=1"}, hpack.HeaderField{Name: "cookie", Value: "b=2"})
	await(t, v, "/crumbs")
	r := only(t, v)
	if got := r.HeaderValue("cookie"); got != "a=1; b=2" {
		t.Errorf("the header cookie is %q", got)
	}
}

// speakHTTP2 opens an HTTP/2 connection on which nothing was asked yet, and
// returns once the gateway has taken the settings.
func speakHTTP2(t *testing.T, v *Visitor) (io.Closer, *http2.Framer) {
	t.Helper()
	c := connectTLS(t, v, "www.shop.test", "h2")
	write(t, c, http2.ClientPreface)
	framer := http2.NewFramer(c, c)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := frame.(*http2.SettingsFrame); ok && s.IsAck() {
			return c, framer
		}
	}
}

func request(t *testing.T, framer *http2.Framer, stream uint32, path string, more ...hpack.HeaderField) {
	t.Helper()
	var block strings.Builder
	encoder := hpack.NewEncoder(&block)
	for _, f := range append([]hpack.HeaderField{
		{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "https"},
		{Name: ":authority", Value: "www.shop.test"}, {Name: ":path", Value: path},
	}, more...) {
		if err := encoder.WriteField(f); err != nil {
			t.Fatal(err)
		}
	}
	err := framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: stream, BlockFragment: []byte(block.String()), EndStream: true, EndHeaders: true,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAHeadlessBuildIsNotGivenAwayByItsHints(t *testing.T) {
	t.Parallel()
	var reached string
	v := newVisitor(t, newGateway(t, Options{}), page(func(_ http.ResponseWriter, r *http.Request) {
		reached = r.Header.Get("Sec-Ch-Ua")
	}))
	send(t, client(t, v, true), "GET", "https://www.shop.test/", "", "Sec-Ch-Ua", `"HeadlessChrome";v="156"`)
	r := only(t, v)
	for _, got := range []string{reached, r.HeaderValue("sec-ch-ua")} {
		if got != `"Google Chrome";v="156"` {
			t.Errorf("the header sec-ch-ua is %q", got)
		}
	}
}

func TestWhoAnswersAndAsWhat(t *testing.T) {
	t.Parallel()
	stage := Stage{}
	for _, name := range []string{"page", "collector"} {
		stage[name+".shop.test"] = Host{Purpose: name, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "from "+name)
		})}
	}
	for _, test := range []struct{ address, purpose, body string }{
		{"https://page.shop.test/x", "page", "from page"},
		{"https://PAGE.shop.test/x", "page", "from page"},
		{"https://collector.shop.test:8443/x", "collector", "from collector"},
		{"https://nobody.example/x", "sink", "{}"},
		{"https://sub.page.shop.test/x", "sink", "{}"},
		{"http://127.0.0.1:1/x", "sink", "{}"},
	} {
		t.Run(test.address, func(t *testing.T) {
			t.Parallel()
			v := newVisitor(t, newGateway(t, Options{}), stage)
			_, body := send(t, client(t, v, true), "GET", test.address, "")
			if got := only(t, v).Purpose; got != test.purpose || body != test.body {
				t.Errorf("answered %q as %q, want %q as %q", body, got, test.body, test.purpose)
			}
		})
	}
}

func TestTheHarnessesOwnRequestsAreNotRecorded(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), page(func(http.ResponseWriter, *http.Request) {
		t.Error("the stage was asked")
	}))
	c := client(t, v, true)
	response, body := send(t, c, "GET", "https://www.shop.test"+v.BlankPath(), "")
	if kind := response.Header.Get("Content-Type"); kind != "text/html; charset=utf-8" || !strings.Contains(body, "<!doctype html>") {
		t.Errorf("the blank page is %s: %q", kind, body)
	}
	if strings.Contains(body, "src=") || strings.Contains(body, "http") {
		t.Errorf("the blank page asks for something: %q", body)
	}
	response, _ = send(t, c, "GET", "https://anywhere.example"+v.FencePath("token"), "")
	if response.StatusCode != http.StatusNoContent || response.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("the fence was answered with %s %v", response.Status, response.Header)
	}
	if err := v.AwaitFence(ended(), "token"); err != nil {
		t.Errorf("the fence was not noted: %v", err)
	}
	if err := v.AwaitFence(ended(), "other"); err == nil {
		t.Error("a fence was noted that nobody asked for")
	}
	if all := v.Requests(); len(all) != 0 {
		t.Errorf("recorded: %+v", all)
	}
}

func TestStepsAndTimesAreThoseOfTheArrival(t *testing.T) {
	t.Parallel()
	clock := newClock(launch)
	g := newGateway(t, Options{Clock: clock.now})
	v, err := g.Visitor(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, v, true)
	clock.move(time.Hour) // before the journey: it does not count
	began := clock.now()
	v.Begin("first", began)
	clock.move(time.Second)
	send(t, c, "GET", "https://a.test/1", "")
	v.Begin("second", began)
	clock.move(time.Second)
	response, _ := send(t, c, "GET", "https://a.test/2", "")
	if got, want := response.Header.Get("Date"), "Sun, 01 Mar 2026 13:00:02 GMT"; got != want {
		t.Errorf("the answer's date is %q, want the clock's %q", got, want)
	}
	send(t, c, "GET", "https://a.test/3", "")
	type brief struct {
		Seq     int
		Step    string
		Arrived time.Duration
	}
	var got []brief
	for _, r := range v.Requests() {
		got = append(got, brief{r.Seq, r.Step, r.Arrived})
	}
	want := []brief{{1, "first", time.Second}, {2, "second", 2 * time.Second}, {3, "second", 2 * time.Second}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCookiesAndRefusalsOfAnswersAreNoted(t *testing.T) {
	t.Parallel()
	clock := newClock(launch)
	v := newVisitor(t, newGateway(t, Options{Clock: clock.now}), page(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Add("Set-Cookie", "sid=1; Path=/; HttpOnly")
		h.Add("Set-Cookie", "eid=42; Max-Age=3600; Domain=shop.test; Secure; SameSite=None")
		h.Add("Set-Cookie", "old=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
		h.Add("Set-Cookie", "year=x; Expires=Mon, 01 Mar 2027 12:00:05 GMT")
		h.Set(RefusedHeader, "no track ID")
		w.WriteHeader(http.StatusBadRequest)
		w.WriteHeader(http.StatusOK) // a second one changes nothing
	}))
	begin(v, "second")
	clock.move(5 * time.Second)
	send(t, client(t, v, true), "GET", "https://www.shop.test/hit", "")
	r := only(t, v)
	if r.Status != http.StatusBadRequest || r.Refused != "no track ID" {
		t.Errorf("noted as %d, refused %q", r.Status, r.Refused)
	}
	var got []string
	for _, w := range v.Writes() {
		if w.By != "set-cookie" || w.Step != "second" || w.At != 5*time.Second || w.Frame != "https://www.shop.test/hit" {
			t.Errorf("noted as %+v", w)
		}
		life := w.Lifetime.String()
		switch {
		case w.Session:
			life = "session"
		case w.Deletes():
			life = "deletes"
		}
		got = append(got, w.Name+"="+w.Value+" "+life)
	}
	want := []string{"sid=1 session", "eid=42 1h0m0s", "old= deletes", "year=x 8760h0m0s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnAnswerWithoutAWordIsOne(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), page(func(http.ResponseWriter, *http.Request) {}))
	if response, _ := send(t, client(t, v, true), "GET", "https://www.shop.test/", ""); response.StatusCode != http.StatusOK {
		t.Errorf("answered %s", response.Status)
	}
	if got := only(t, v).Status; got != http.StatusOK {
		t.Errorf("noted as %d", got)
	}
}

func TestABodyThatIsTooLargeIsCutAndMarked(t *testing.T) {
	t.Parallel()
	g := newGateway(t, Options{}, func(g *Gateway) { g.maxBody = 8 })
	for body, incomplete := range map[string]string{
		"12345678":  "",
		"123456789": "the body is larger than the gateway keeps",
	} {
		v := newVisitor(t, g, nil)
		send(t, client(t, v, true), "POST", "https://www.shop.test/", body)
		r := only(t, v)
		if string(r.Body) != "12345678" || r.Incomplete != incomplete {
			t.Errorf("of %q were kept %q, marked %q", body, r.Body, r.Incomplete)
		}
	}
}

func TestABodyThatBreaksOffIsMarked(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), nil)
	c := dial(t, v)
	write(t, c, "POST http://www.shop.test/broken HTTP/1.1\r\nHost: www.shop.test\r\nContent-Length: 100\r\n\r\nonly this")
	until(t, v, "the request's beginning", func(all []*record) bool { return len(all) == 1 })
	if r := only(t, v); r.Incomplete != "still being received when the journey ended" {
		t.Errorf("while it comes in it is marked %q", r.Incomplete)
	}
	if isDrained(v) {
		t.Error("the gateway counts as drained while a body comes in")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := v.AwaitQuiet(within(t)); err != nil {
		t.Fatal(err)
	}
	r := only(t, v)
	if !strings.HasPrefix(r.Incomplete, "the connection broke while the body was sent: ") || string(r.Body) != "only this" {
		t.Errorf("kept %q, marked %q", r.Body, r.Incomplete)
	}
}

func TestSinkGivesEachSenderWhatItCanDigest(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), nil)
	c := client(t, v, true)
	gif := string(Pixel)
	for _, test := range []struct {
		dest, accept string
		status       int
		kind, body   string
	}{
		{"image", "", 200, "image/gif", gif},
		{"document", "", 200, "text/html; charset=utf-8", "<!doctype html><title>sink</title>"},
		{"iframe", "", 200, "text/html; charset=utf-8", "<!doctype html><title>sink</title>"},
		{"script", "", 200, "text/javascript", ""},
		{"serviceworker", "", 200, "text/javascript", ""},
		{"style", "", 200, "text/css", ""},
		{"font", "", 200, "application/octet-stream", ""},
		{"empty", "*/*", 200, "application/json", "{}"},
		{"empty", "text/event-stream", 204, "", ""},
		{"", "image/avif,image/webp", 200, "image/gif", gif},
		{"", "", 200, "application/json", "{}"},
	} {
		response, body := send(t, c, "GET", "https://far.example/"+test.dest, "", "Sec-Fetch-Dest", test.dest, "Accept", test.accept)
		kind := response.Header.Get("Content-Type")
		if response.StatusCode != test.status || kind != test.kind || body != test.body {
			t.Errorf("%q, accepting %q: got %d %s %q", test.dest, test.accept, response.StatusCode, kind, body)
		}
		if response.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%q: the answer may be cached", test.dest)
		}
	}
	response, _ := send(t, c, "OPTIONS", "https://far.example/", "", "Origin", "https://www.shop.test", "Access-Control-Request-Headers", "x-own")
	h := response.Header
	if response.StatusCode != 204 || h.Get("Access-Control-Allow-Origin") != "https://www.shop.test" ||
		h.Get("Access-Control-Allow-Credentials") != "true" || h.Get("Access-Control-Allow-Headers") != "x-own" {
		t.Errorf("the preflight was answered with %s %v", response.Status, h)
	}
}
