package gateway

import (
	"context"
	"errors"
	"fmt"
	"github.com/google/go-cmp/cmp"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

func TestAwaitLooksAtTheCurrentStepAlone(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), nil)
	c := client(t, v, true)
	send(t, c, "GET", "https://a.test/hit", "")
	await(t, v, "/hit") // what came before counts, within the step
	begin(v, "second")
	if err := v.Await(ended(), pathIs("/hit")); !errors.Is(err, context.Canceled) {
		t.Errorf("the first step's request is taken for the second's: %v", err)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- v.Await(within(t), pathIs("/later")) }()
	send(t, c, "GET", "https://a.test/other", "")
	send(t, c, "GET", "https://a.test/later", "")
	if err := <-waiting; err != nil {
		t.Error(err)
	}
}

func TestAwaitGivesTheContextsCause(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), nil)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if err := v.Await(ctx, pathIs("/hit")); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

// A request that never ends hides none that came whole.
func TestAwaitSeesPastARequestThatIsStillComingIn(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), nil)
	write(t, dial(t, v), "POST http://a.test/upload HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\npart")
	until(t, v, "the upload's beginning", func(all []*record) bool { return len(all) == 1 })
	if err := v.Await(ended(), pathIs("/upload")); err == nil {
		t.Error("a request that is not whole is shown")
	}
	send(t, client(t, v, true), "GET", "https://a.test/hit", "")
	if err := v.Await(ended(), pathIs("/hit")); err != nil {
		t.Errorf("the request behind it is hidden: %v", err)
	}
}

func TestWhoWaitsIsToldThatTheWayIsClosed(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), nil)
	waiting := make(chan error, 2)
	go func() { waiting <- v.Await(within(t), pathIs("/never")) }()
	go func() { waiting <- v.AwaitFence(within(t), "never") }()
	for range 2 {
		if err := v.Close(); err != nil { // a second time changes nothing
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := <-waiting; err == nil || err.Error() != "the visitor's way through the gateway is closed" {
			t.Errorf("got %v", err)
		}
	}
}

func TestAFenceComesAfterAllThatCameBefore(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	v := newVisitor(t, newGateway(t, Options{}), page(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(arrived)
			<-release
		}
	}))
	c := client(t, v, true)
	var slow sync.WaitGroup
	slow.Go(func() { send(t, c, "GET", "https://www.shop.test/slow", "") })
	<-arrived
	fenced := make(chan struct{})
	slow.Go(func() {
		defer close(fenced)
		send(t, c, "GET", "https://www.shop.test"+v.FencePath("step-0"), "")
	})
	// What comes meanwhile is answered; only the fence is held.
	for n := range 3 {
		send(t, c, "GET", fmt.Sprintf("https://www.shop.test/between/%d", n), "")
	}
	select {
	case <-fenced:
		t.Error("the fence was answered while a request was under way")
	default:
	}
	if err := v.AwaitFence(ended(), "step-0"); err == nil {
		t.Error("the fence was noted while a request was under way")
	}
	close(release)
	if err := v.AwaitFence(within(t), "step-0"); err != nil {
		t.Error(err)
	}
	slow.Wait()
}

func never(g *Gateway) { g.grace = time.Hour }
func soon(g *Gateway)  { g.grace = time.Millisecond }

func TestASocketThatWasOpenedAheadOfNeed(t *testing.T) {
	t.Parallel()
	opened := func(t *testing.T, v *Visitor) {
		t.Helper()
		err := v.wait(within(t), func() bool { return len(v.fresh) > 0 })
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Run("is waited for, for a while", func(t *testing.T) {
		t.Parallel()
		v := newVisitor(t, newGateway(t, Options{}, never), nil)
		c := dial(t, v)
		write(t, c, "CONN") // no more than a beginning
		opened(t, v)
		if isDrained(v) {
			t.Error("the gateway counts as drained at once")
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := v.AwaitQuiet(within(t)); err != nil {
			t.Errorf("a socket that was closed is still waited for: %v", err)
		}
	})
	t.Run("is not waited for without end, and still serves", func(t *testing.T) {
		t.Parallel()
		v := newVisitor(t, newGateway(t, Options{}, soon), nil)
		c := dial(t, v)
		opened(t, v)
		if err := v.AwaitQuiet(within(t)); err != nil {
			t.Fatal(err)
		}
		write(t, c, "GET http://a.test/late HTTP/1.1\r\nHost: a.test\r\n\r\n")
		await(t, v, "/late")
	})
	t.Run("is waited for in a tunnel, too", func(t *testing.T) {
		t.Parallel()
		v := newVisitor(t, newGateway(t, Options{}, never), nil)
		connectTLS(t, v, "a.test", "http/1.1")
		if isDrained(v) {
			t.Error("the gateway counts as drained before the tunnel's first request")
		}
	})
}

// An HTTP/2 connection is idle from its preface on; its first request may be on
// the way all the same.
func TestAnHTTP2ConnectionIsWaitedForUntilItsFirstRequest(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}, never), nil)
	_, framer := speakHTTP2(t, v)
	if isDrained(v) {
		t.Error("the gateway counts as drained before the connection's first request")
	}
	request(t, framer, 1, "/first")
	await(t, v, "/first")
	if err := v.AwaitQuiet(within(t)); err != nil {
		t.Error(err)
	}
}

// What has come in and is not dealt with yet is no silence.
func TestALineIsSilentOnlyWhileTheGatewayWaitsForIt(t *testing.T) {
	t.Parallel()
	l := newLine(nil, nil)
	if got := l.silence(); got != 0 {
		t.Errorf("a line that nobody reads from is silent for %v", got)
	}
	l.waiting.Store(time.Now().Add(-time.Hour).UnixNano())
	if got := l.silence(); got < time.Hour {
		t.Errorf("a line that was waited for an hour is silent for %v", got)
	}
}

func TestAHandlerThatPanicsKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), page(func(http.ResponseWriter, *http.Request) { panic("broken stage") }))
	r, err := http.NewRequestWithContext(within(t), "GET", "https://www.shop.test/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := client(t, v, true).Do(r); err == nil {
		_ = response.Body.Close()
		t.Errorf("answered %s", response.Status)
	}
	if err := v.AwaitQuiet(within(t)); err != nil {
		t.Error(err)
	}
	if got := only(t, v).Status; got != 0 {
		t.Errorf("noted as answered with %d", got)
	}
}

func TestVisitorsAreKeptApart(t *testing.T) {
	t.Parallel()
	g := newGateway(t, Options{})
	var crowd sync.WaitGroup
	for n := range 8 {
		own := fmt.Sprint(n)
		v := newVisitor(t, g, page(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Set-Cookie", "own="+own) }))
		c, plain := client(t, v, true), client(t, v, false)
		crowd.Go(func() {
			for i := range 20 {
				send(t, c, "POST", fmt.Sprintf("https://www.shop.test/%s/%d", own, i), own)
				send(t, plain, "POST", fmt.Sprintf("http://far.example/%s/%d", own, i), own)
			}
			all := v.Requests()
			if len(all) != 40 || len(v.Writes()) != 20 {
				t.Errorf("visitor %s: %d requests, %d writes", own, len(all), len(v.Writes()))
			}
			for _, r := range all {
				if string(r.Body) != own || !strings.Contains(r.URL, "/"+own+"/") {
					t.Errorf("visitor %s has %s %q", own, r.URL, r.Body)
				}
			}
			for _, w := range v.Writes() {
				if w.Value != own {
					t.Errorf("visitor %s has the cookie %q", own, w.Value)
				}
			}
		})
	}
	crowd.Wait()
}

func TestWhatIsReturnedIsACopy(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), page(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Set-Cookie", "a=b") }))
	send(t, client(t, v, true), "GET", "https://www.shop.test/", "")
	v.Requests()[0] = evidence.Request{}
	v.Writes()[0] = evidence.CookieWrite{}
	if only(t, v).URL == "" || v.Writes()[0].Name == "" {
		t.Error("a caller can change the record")
	}
}

// No t.Parallel: other tests' goroutines are not this one's leaks.
func TestCloseLeavesNothingBehind(t *testing.T) {
	before := goleak.IgnoreCurrent()
	g, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	arrived := make(chan struct{})
	var address string
	for n := range 2 {
		v := newVisitor(t, g, page(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/hangs" {
				close(arrived)
				<-r.Context().Done()
			}
		}))
		address = v.Address()
		c := client(t, v, true)
		send(t, c, "GET", "https://www.shop.test/", "")
		dial(t, v)
		connectTLS(t, v, "www.shop.test", "http/1.1")
		write(t, connect(t, v, "turn.test:3478"), "\x00\x01")
		say(t, openSocket(t, v, "wss://live.test/"), websocket.MessageText, "hello")
		if n == 1 {
			go func() {
				r, _ := http.NewRequest("GET", "https://www.shop.test/hangs", nil)
				if response, err := c.Do(r); err == nil {
					_ = response.Body.Close()
				}
			}()
			<-arrived
		}
		t.Cleanup(c.CloseIdleConnections)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if c, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get("http://" + address); err == nil {
		_ = c.Body.Close()
		t.Error("a visitor's address still answers")
	}
	if _, err := g.Visitor(nil); err == nil {
		t.Error("a closed gateway takes visitors")
	}
	goleak.VerifyNone(t, before)
}

// A pixel must find no path under which its requests go unseen.
func TestOnlyAnnouncedRequestsOfTheHarnessAreLeftOut(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), page(func(http.ResponseWriter, *http.Request) {}))
	c := client(t, v, true)
	const site = "https://www.shop.test"
	fence := site + v.FencePath("step-0")
	blank := site + v.BlankPath()
	left := []string{fence + "-0", fence, blank}
	recorded := []string{
		fence + "-0", fence, blank, // a second time
		fence + "-20", fence + "-x", site + FencePath + "2135817235100012345", site + FencePath,
		site + v.FencePath("step-1") + "?eid=2135817235100012345", blank + "?eid=2135817235100012345", blank + "/more",
	}
	for _, url := range append(left, recorded...) {
		send(t, c, "GET", url, "")
	}
	send(t, c, "POST", site+v.FencePath("step-2"), "eid=2135817235100012345")
	recorded = append(recorded, site+FencePath+"step-2")
	var got []string
	for _, r := range v.Requests() {
		got = append(got, r.URL)
	}
	if diff := cmp.Diff(recorded, got); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
}
