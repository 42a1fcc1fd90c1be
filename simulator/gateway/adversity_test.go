package gateway

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

const (
	collectorURL = "https://collect.vendor.test"
	siteURL      = "https://www.shop.test"
)

// theatre is a stage of a site, a host of scripts and a collector, which counts
// what it is asked.
type theatre struct {
	stage Stage
	hits  atomic.Int32
}

func newTheatre() *theatre {
	s := &theatre{}
	s.stage = Stage{
		"www.shop.test":   {Purpose: "page", Handler: http.HandlerFunc(Sink)},
		"cdn.vendor.test": {Purpose: "script", Handler: http.HandlerFunc(Sink)},
		"collect.vendor.test": {Purpose: "collector", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.hits.Add(1)
			w.Header().Set("Set-Cookie", "eid=42; Max-Age=3600")
			w.Header().Set("X-Own", "kept")
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.Copy(w, r.Body)
		})},
	}
	return s
}

// reply is how a request ended for its sender.
type reply struct {
	status int
	body   string
	header http.Header
	err    error
}

// sendAside sends a request without waiting for its end.
func sendAside(ctx context.Context, t *testing.T, c *http.Client, method, address, body string) <-chan reply {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan reply, 1)
	go func() {
		response, err := c.Do(r)
		if err != nil {
			done <- reply{err: err}
			return
		}
		defer func() { _ = response.Body.Close() }()
		got, err := io.ReadAll(response.Body)
		done <- reply{response.StatusCode, string(got), response.Header, err}
	}()
	return done
}

func unanswered(t *testing.T, done <-chan reply) {
	t.Helper()
	select {
	case r := <-done:
		t.Fatalf("it was answered: %+v", r)
	default:
	}
}

func quiet(t *testing.T, v *Visitor) {
	t.Helper()
	if err := v.AwaitQuiet(within(t)); err != nil {
		t.Fatalf("the gateway does not drain: %v", err)
	}
}

// fails sends a request that is to have no answer.
func fails(t *testing.T, c *http.Client, address string) error {
	t.Helper()
	r := <-sendAside(within(t), t, c, "POST", address, "body")
	if r.err == nil {
		t.Fatalf("%s was answered: %+v", address, r)
	}
	return r.err
}

// overEach runs the test over HTTP/2 and over HTTP/1.1.
func overEach(t *testing.T, test func(t *testing.T, h2 bool)) {
	t.Helper()
	t.Run("h2", func(t *testing.T) { t.Parallel(); test(t, true) })
	t.Run("http/1.1", func(t *testing.T) { t.Parallel(); test(t, false) })
}

func TestASlowCollectorHoldsItsAnswers(t *testing.T) {
	t.Parallel()
	overEach(t, func(t *testing.T, h2 bool) {
		s := newTheatre()
		v := newVisitor(t, newGateway(t, Options{}), s.stage)
		c := client(t, v, h2)
		v.Collector(scenario.CollectorSlow)
		done := sendAside(within(t), t, c, "POST", collectorURL+"/hit", everyByte)
		await(t, v, "/hit")
		quiet(t, v)
		send(t, c, "GET", siteURL+v.FencePath("held"), "") // a fence does not wait for it either
		unanswered(t, done)
		if s.hits.Load() != 1 {
			t.Error("the collector has not been asked")
		}
		r := only(t, v)
		if string(r.Body) != everyByte || r.Incomplete != "" || r.Status != 0 {
			t.Errorf("recorded with %d bytes, status %d, marked %q", len(r.Body), r.Status, r.Incomplete)
		}
		if len(v.Writes()) != 0 {
			t.Error("a cookie counts as written before the answer is given")
		}

		begin(v, "second")
		v.Release()
		quiet(t, v)
		if got := only(t, v); got.Status != http.StatusAccepted || got.Step != "first" {
			t.Errorf("once the gateway has drained, it is noted as answered with %d in step %s", got.Status, got.Step)
		}
		if got := <-done; got.status != http.StatusAccepted || got.body != everyByte || got.header.Get("X-Own") != "kept" {
			t.Errorf("answered with %d, %v, %d bytes, %v", got.status, got.header, len(got.body), got.err)
		}
		if w := v.Writes(); len(w) != 1 || w[0].Step != "second" || w[0].Lifetime != time.Hour {
			t.Errorf("the cookie is noted as %+v", w)
		}
	})
}

// Whoever has awaited a hit can have its answer given, or the mode changed, and
// no answer is left behind or slips through.
func TestAnAwaitedHitIsHeldAlready(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), newTheatre().stage)
	c := client(t, v, true)
	for range 100 {
		v.Collector(scenario.CollectorSlow)
		begin(v, "next")
		done := sendAside(within(t), t, c, "GET", collectorURL+"/hit", "")
		await(t, v, "/hit")
		v.Release()
		if got := <-done; got.status != http.StatusAccepted {
			t.Fatalf("answered with %+v", got)
		}
		begin(v, "next")
		done = sendAside(within(t), t, c, "GET", collectorURL+"/held", "")
		await(t, v, "/held")
		unanswered(t, done)
		v.Collector(scenario.CollectorWell)
		if got := <-done; got.status != http.StatusAccepted {
			t.Fatalf("answered with %+v", got)
		}
	}
}

func TestOnlyWhatIsHeldIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s := newTheatre()
	arrived, release := make(chan struct{}), make(chan struct{})
	s.stage["www.shop.test"] = Host{Purpose: "page", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	})}
	v := newVisitor(t, newGateway(t, Options{}), s.stage)
	c := client(t, v, true)
	v.Collector(scenario.CollectorSlow)
	held := sendAside(within(t), t, c, "GET", collectorURL+"/hit", "")
	await(t, v, "/hit")
	quiet(t, v)
	busy := sendAside(within(t), t, c, "GET", siteURL+"/", "")
	<-arrived
	if isDrained(v) {
		t.Error("the gateway counts as drained while the site answers")
	}
	close(release)
	<-busy
	quiet(t, v)
	unanswered(t, held)
	// What comes after a release is held until the next.
	v.Release()
	<-held
	again := sendAside(within(t), t, c, "GET", collectorURL+"/again", "")
	await(t, v, "/again")
	quiet(t, v)
	unanswered(t, again)
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	<-again // answered or cut off, but over
}

func TestAHeldAnswerThatNobodyAwaitsAnyMore(t *testing.T) {
	t.Parallel()
	overEach(t, func(t *testing.T, h2 bool) {
		v := newVisitor(t, newGateway(t, Options{}), newTheatre().stage)
		v.Collector(scenario.CollectorSlow)
		ctx, leave := context.WithCancel(within(t))
		done := sendAside(ctx, t, client(t, v, h2), "POST", collectorURL+"/hit", everyByte)
		await(t, v, "/hit")
		leave()
		if got := <-done; !errors.Is(got.err, context.Canceled) {
			t.Errorf("got %+v", got)
		}
		none := func() bool { return len(v.holds) == 0 }
		if err := v.wait(within(t), none); err != nil {
			t.Errorf("its answer is still held: %v", err)
		}
		quiet(t, v)
		v.Release()
		r := only(t, v)
		if string(r.Body) != everyByte || r.Incomplete != "" || r.Status != 0 || len(v.Writes()) != 0 {
			t.Errorf("noted as %d bytes, marked %q, answered with %d, writing %v", len(r.Body), r.Incomplete, r.Status, v.Writes())
		}
	})
}

func TestASlowHandlerThatPanicsHoldsNothing(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), Stage{"collect.vendor.test": {Purpose: "collector", Handler: http.HandlerFunc(
		func(http.ResponseWriter, *http.Request) { panic("broken stage") })}})
	v.Collector(scenario.CollectorSlow)
	_ = fails(t, client(t, v, true), collectorURL+"/hit")
	quiet(t, v)
	v.Release()
	if !isDrained(v) || len(v.holds) != 0 {
		t.Error("it is still held")
	}
}

func TestAFailingCollector(t *testing.T) {
	t.Parallel()
	s := newTheatre()
	v := newVisitor(t, newGateway(t, Options{}), s.stage)
	c := client(t, v, true)
	v.Collector(scenario.CollectorFailing)
	response, body := send(t, c, "POST", collectorURL+"/hit", "eid=42", "Origin", siteURL)
	h := response.Header
	if response.StatusCode != http.StatusServiceUnavailable || !strings.HasPrefix(h.Get("Content-Type"), "text/plain") || strings.Contains(body, "GIF") {
		t.Errorf("answered with %s %s %q", response.Status, h.Get("Content-Type"), body)
	}
	if h.Get("Access-Control-Allow-Origin") != siteURL || h.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("the page cannot see the failure: %v", h)
	}
	if r := only(t, v); r.Status != http.StatusServiceUnavailable || string(r.Body) != "eid=42" || r.Purpose != "collector" {
		t.Errorf("recorded as %+v", r)
	}
	if s.hits.Load() != 0 {
		t.Error("the collector was asked")
	}
	if response, _ := send(t, c, "GET", siteURL+"/", ""); response.StatusCode != http.StatusOK {
		t.Errorf("the site fails, too: %s", response.Status)
	}
	v.Collector(scenario.CollectorWell)
	if response, _ := send(t, c, "GET", collectorURL+"/hit", ""); response.StatusCode != http.StatusAccepted {
		t.Errorf("it still fails: %s", response.Status)
	}
}

func TestAResettingCollector(t *testing.T) {
	t.Parallel()
	overEach(t, func(t *testing.T, h2 bool) {
		s := newTheatre()
		v := newVisitor(t, newGateway(t, Options{}), s.stage)
		c := client(t, v, h2)
		v.Collector(scenario.CollectorResetting)
		if err := fails(t, c, collectorURL+"/hit"); h2 && !strings.Contains(err.Error(), "INTERNAL_ERROR") {
			t.Errorf("the stream is not reset: %v", err)
		}
		quiet(t, v)
		if r := only(t, v); r.Status != 0 || string(r.Body) != "body" || r.Incomplete != "" || s.hits.Load() != 0 {
			t.Errorf("recorded as %+v, the collector was asked %d times", r, s.hits.Load())
		}
	})
}

// A preflight carries nothing, and without its answer a hit is never sent.
func TestPreflightsAreAnsweredInEveryMode(t *testing.T) {
	t.Parallel()
	s := newTheatre()
	v := newVisitor(t, newGateway(t, Options{}), s.stage)
	c := client(t, v, true)
	for _, mode := range []string{scenario.CollectorSlow, scenario.CollectorFailing, scenario.CollectorResetting} {
		v.Collector(mode)
		response, _ := send(t, c, "OPTIONS", collectorURL+"/hit", "", "Origin", siteURL, "Access-Control-Request-Method", "POST")
		if response.StatusCode != http.StatusAccepted {
			t.Errorf("%s: %s", mode, response.Status)
		}
	}
	_ = fails(t, c, collectorURL+"/hit")
}

func TestAnUnreachableCollector(t *testing.T) {
	t.Parallel()
	overEach(t, func(t *testing.T, h2 bool) {
		s := newTheatre()
		v := newVisitor(t, newGateway(t, Options{}, soon), s.stage)
		c := client(t, v, h2)
		send(t, c, "POST", collectorURL+"/before", "") // opens a connection
		quiet(t, v)
		v.Collector(scenario.CollectorSlow)
		held := sendAside(within(t), t, client(t, v, h2), "GET", collectorURL+"/held", "")
		await(t, v, "/held")

		v.Collector(scenario.CollectorUnreachable)
		if got := <-held; got.status != http.StatusAccepted {
			t.Errorf("the answer that was held is lost: %+v", got)
		}
		if err := v.wait(within(t), func() bool { return len(v.lines) == 0 }); err != nil {
			t.Fatalf("connections to the collector stay open: %v", err)
		}
		begin(v, "unreachable")
		for range 2 {
			if err := fails(t, c, collectorURL+"/hit?eid=42"); !strings.Contains(err.Error(), "Bad Gateway") {
				t.Errorf("got %v", err)
			}
		}
		_ = fails(t, c, "http://collect.vendor.test/plain") // needs no tunnel: it did leave
		if response, _ := send(t, c, "GET", siteURL+"/", ""); response.StatusCode != http.StatusOK {
			t.Errorf("the site is away, too: %s", response.Status)
		}
		if response, _ := send(t, c, "GET", "https://sub.collect.vendor.test/", ""); response.StatusCode != http.StatusOK {
			t.Errorf("another host is away, too: %s", response.Status)
		}
		quiet(t, v)

		v.Collector(scenario.CollectorWell)
		send(t, c, "GET", collectorURL+"/after", "")
		refused := evidence.Request{
			Step: "unreachable", Protocol: "tunnel", Method: "CONNECT", URL: "collect.vendor.test:443",
			Purpose: "unreachable", Status: http.StatusBadGateway,
		}
		all := v.Requests()
		for _, r := range all[2:4] {
			r.Seq, r.Arrived = 0, 0
			if diff := cmp.Diff(refused, r); diff != "" {
				t.Errorf("the attempt is recorded as (-want +got):\n%s", diff)
			}
		}
		var rest []string
		for _, r := range append(all[:2:2], all[4:]...) {
			rest = append(rest, r.Purpose+" "+r.URL+" "+http.StatusText(r.Status)+r.Incomplete)
		}
		want := []string{
			"collector " + collectorURL + "/before Accepted", "collector " + collectorURL + "/held Accepted",
			"collector http://collect.vendor.test/plain ", "page " + siteURL + "/ OK",
			"sink https://sub.collect.vendor.test/ OK", "collector " + collectorURL + "/after Accepted",
		}
		if diff := cmp.Diff(want, rest); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// What a browser has sent before it learns that the connection is closed is not
// lost to the record.
func TestWhatIsSentIntoAClosingConnectionIsRecorded(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), newTheatre().stage)
	c := connectTLS(t, v, "collect.vendor.test", "http/1.1")
	write(t, c, "GET /first HTTP/1.1\r\nHost: collect.vendor.test\r\n\r\n")
	if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
		t.Fatal(err)
	}
	quiet(t, v)
	v.Collector(scenario.CollectorUnreachable)
	write(t, c, "GET /second?eid=42 HTTP/1.1\r\nHost: collect.vendor.test\r\n\r\n")
	await(t, v, "/second")
	quiet(t, v)
	if r := v.Requests()[1]; r.URL != collectorURL+"/second?eid=42" || r.Status != 0 || r.Purpose != "collector" {
		t.Errorf("recorded as %+v", r)
	}
}

// A site may be its own collector, and serve its own scripts.
func TestAHostWithSeveralPurposes(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), Stage{"www.shop.test": {
		Purpose: "page", Handler: http.HandlerFunc(Sink),
		ByPath: func(path string) string {
			switch path {
			case "/hit":
				return "collector"
			case "/pixel.js":
				return "script"
			}
			return ""
		},
	}})
	c := client(t, v, true)
	v.Script(true)
	script := sendAside(within(t), t, c, "GET", siteURL+"/pixel.js", "")
	await(t, v, "/pixel.js")
	for _, mode := range []string{scenario.CollectorFailing, scenario.CollectorResetting, scenario.CollectorUnreachable} {
		v.Collector(mode)
		if response, _ := send(t, client(t, v, true), "GET", siteURL+"/", ""); response.StatusCode != http.StatusOK {
			t.Errorf("%s: the page was answered with %s", mode, response.Status)
		}
		if mode != scenario.CollectorFailing {
			_ = fails(t, c, siteURL+"/hit?mode="+mode)
		} else if response, _ := send(t, c, "GET", siteURL+"/hit", ""); response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: the hit was answered with %s", mode, response.Status)
		}
	}
	unanswered(t, script)
	v.Script(false)
	if got := <-script; got.status != http.StatusOK {
		t.Errorf("the script was answered with %+v", got)
	}
	count := map[string]int{}
	for _, r := range v.Requests() {
		count[r.Purpose]++
	}
	if diff := cmp.Diff(map[string]int{"page": 3, "collector": 3, "script": 1}, count); diff != "" {
		t.Errorf("recorded as (-want +got):\n%s", diff)
	}
}

func TestAScriptIsHeldByItsOwnWord(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), newTheatre().stage)
	c := client(t, v, true)
	v.Script(true)
	done := sendAside(within(t), t, c, "GET", "https://cdn.vendor.test/pixel.js", "")
	await(t, v, "/pixel.js")
	quiet(t, v)
	send(t, c, "GET", collectorURL+"/hit", "") // the collector is not concerned
	v.Collector(scenario.CollectorSlow)
	v.Release()
	v.Collector(scenario.CollectorWell)
	v.Script(true)
	quiet(t, v)
	unanswered(t, done)
	v.Script(false)
	if got := <-done; got.status != http.StatusOK {
		t.Errorf("answered with %+v", got)
	}
	send(t, c, "GET", "https://cdn.vendor.test/more.js", "")
}

func TestAWebSocketToACollectorThatIsNotWell(t *testing.T) {
	t.Parallel()
	open := func(v *Visitor) error {
		tunnel := &http.Transport{DialTLSContext: dialTunnel(t, v), DisableKeepAlives: true}
		t.Cleanup(tunnel.CloseIdleConnections)
		c, _, err := websocket.Dial(within(t), "wss://collect.vendor.test/live", &websocket.DialOptions{HTTPClient: &http.Client{Transport: tunnel}})
		if err == nil {
			_ = c.CloseNow()
		}
		return err
	}
	for mode, status := range map[string]int{scenario.CollectorFailing: http.StatusServiceUnavailable, scenario.CollectorResetting: 0} {
		v := newVisitor(t, newGateway(t, Options{}), newTheatre().stage)
		v.Collector(mode)
		if open(v) == nil {
			t.Errorf("%s: it was accepted", mode)
		}
		if r := only(t, v); r.Status != status || r.Protocol != "websocket" {
			t.Errorf("%s: recorded as %+v", mode, r)
		}
	}
	v := newVisitor(t, newGateway(t, Options{}), newTheatre().stage)
	v.Collector(scenario.CollectorSlow)
	opened := make(chan error, 1)
	go func() { opened <- open(v) }()
	await(t, v, "/live")
	quiet(t, v)
	if got := only(t, v).Status; got != 0 {
		t.Errorf("it was answered with %d", got)
	}
	v.Release()
	if err := <-opened; err != nil {
		t.Error(err)
	}
	quiet(t, v)
}

func TestAnUnknownModeIsNoMode(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), nil)
	defer func() {
		if said := recover(); said != `gateway: no collector is "lazy"` {
			t.Errorf("got %v", said)
		}
	}()
	v.Collector("lazy")
}
