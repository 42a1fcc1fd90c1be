package browser

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"go.uber.org/goleak"
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

// command is what was sent to the browser.
type command struct {
	ID        int64           `json:"id"`
	Method    string          `json:"method"`
	SessionID string          `json:"sessionId"`
	Params    json.RawMessage `json:"params"`
}

// remote is the browser's end of a pipe.
type remote struct {
	t        *testing.T
	pipe     *pipe
	commands *bufio.Reader
	messages io.WriteCloser

	reading sync.WaitGroup
	mu      sync.Mutex
	rest    []string // what the pipe handed on to chromedp, "session method"
	handed  chan struct{}
}

// newRemote opens a pipe that is being read from. It ends with the test.
func newRemote(t *testing.T, attached func(*session, target.EventAttachedToTarget)) *remote {
	t.Helper()
	fromBrowser, messages := io.Pipe()
	commands, toBrowser := io.Pipe()
	r := &remote{
		t: t, commands: bufio.NewReader(commands), messages: messages, handed: make(chan struct{}, 100),
		pipe: &pipe{PipeConn: chromedp.NewPipeConn(fromBrowser, toBrowser), sessions: map[target.SessionID]*session{}, attached: attached},
	}
	r.reading.Go(func() {
		for {
			var msg cdproto.Message
			if err := r.pipe.Read(context.Background(), &msg); err != nil {
				return
			}
			r.mu.Lock()
			r.rest = append(r.rest, fmt.Sprintf("%s %s", msg.SessionID, msg.Method))
			r.mu.Unlock()
			r.handed <- struct{}{}
		}
	})
	t.Cleanup(func() {
		_ = messages.Close()
		_ = commands.Close()
		r.reading.Wait()
	})
	return r
}

// next is the next command that the browser gets.
func (r *remote) next() command {
	r.t.Helper()
	text, err := r.commands.ReadBytes(0)
	if err != nil {
		r.t.Fatal(err)
	}
	var c command
	if err := json.Unmarshal(bytes.TrimSuffix(text, []byte{0}), &c); err != nil {
		r.t.Fatalf("%v in %s", err, text)
	}
	return c
}

// say sends a message of the browser's.
func (r *remote) say(format string, args ...any) {
	r.t.Helper()
	if _, err := fmt.Fprintf(r.messages, format+"\x00", args...); err != nil {
		r.t.Fatal(err)
	}
}

// answer answers a command with a result.
func (r *remote) answer(c command, result string) {
	r.t.Helper()
	r.say(`{"id":%d,"sessionId":%q,"result":%s}`, c.ID, c.SessionID, result)
}

// async calls f while the test plays the browser.
func async[T any](f func() T) <-chan T {
	out := make(chan T, 1)
	go func() { out <- f() }()
	return out
}

// awaitGone waits until the session knows that its target has gone.
func awaitGone(t *testing.T, s *session) {
	t.Helper()
	select {
	case <-s.gone:
	case <-within(t).Done():
		t.Fatalf("the session %s is still there", s.id)
	}
}

func TestCommandsAreSentTogetherAndAwaitedInAnyOrder(t *testing.T) {
	t.Parallel()
	r := newRemote(t, nil)
	s := r.pipe.attach(nil, "S1", nil)
	sending := async(func() []*pending {
		return []*pending{
			send(s, page.Navigate, page.NavigateParams{URL: "https://a.test/"}),
			send(s, runtime.Evaluate, runtime.EvaluateParams{Expression: "1"}),
		}
	})
	first, second := r.next(), r.next()
	if first.Method != "Page.navigate" || first.SessionID != "S1" || !bytes.Contains(first.Params, []byte(`"https://a.test/"`)) {
		t.Errorf("sent %+v %s", first, first.Params)
	}
	if second.Method != "Runtime.evaluate" || first.ID == second.ID {
		t.Errorf("sent %+v after %+v", second, first)
	}
	sent := <-sending
	r.answer(second, `{"result":{"type":"number","value":1}}`)
	r.answer(first, `{"frameId":"F"}`)
	var evaluated runtime.EvaluateResult
	if err := sent[1].wait(within(t), &evaluated); err != nil || string(evaluated.Result.Value) != "1" {
		t.Errorf("the second gave %+v, %v", evaluated.Result, err)
	}
	var navigated page.NavigateResult
	if err := sent[0].wait(within(t), &navigated); err != nil || navigated.FrameID != "F" {
		t.Errorf("the first gave %+v, %v", navigated, err)
	}
}

func TestACallEndsInManyWays(t *testing.T) {
	t.Parallel()
	call := func(s *session, ctx context.Context) <-chan error {
		return async(func() error { return s.Call(ctx, "Page.enable", nil, nil) })
	}
	t.Run("with an error of the browser's", func(t *testing.T) {
		t.Parallel()
		r := newRemote(t, nil)
		s := r.pipe.attach(nil, "S1", nil)
		called := call(s, within(t))
		c := r.next()
		r.say(`{"id":%d,"sessionId":"S1","error":{"code":-32000,"message":"no such page"}}`, c.ID)
		if err := <-called; err == nil || err.Error() != "Page.enable: no such page (-32000)" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("with its target", func(t *testing.T) {
		t.Parallel()
		r := newRemote(t, nil)
		s := r.pipe.attach(nil, "S1", nil)
		called := call(s, within(t))
		r.next()
		r.say(`{"method":"Target.detachedFromTarget","params":{"sessionId":"S1"}}`)
		if err := <-called; !errors.Is(err, errGone) {
			t.Errorf("got %v", err)
		}
		if !s.isGone() {
			t.Error("the session does not know that it is gone")
		}
	})
	t.Run("with the browser", func(t *testing.T) {
		t.Parallel()
		r := newRemote(t, nil)
		called := call(r.pipe.attach(nil, "S1", nil), within(t))
		r.next()
		if err := r.messages.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-called; !errors.Is(err, errGone) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("with the context", func(t *testing.T) {
		t.Parallel()
		r := newRemote(t, nil)
		ctx, cancel := context.WithCancelCause(t.Context())
		called := call(r.pipe.attach(nil, "S1", nil), ctx)
		c := r.next()
		enough := errors.New("enough")
		cancel(enough)
		if err := <-called; !errors.Is(err, enough) {
			t.Errorf("got %v", err)
		}
		r.answer(c, `{}`) // it comes too late, and disturbs nobody
	})
	t.Run("before it is sent", func(t *testing.T) {
		t.Parallel()
		r := newRemote(t, nil)
		s := r.pipe.attach(nil, "S1", nil)
		if err := s.Call(within(t), "Page.enable", make(chan int), nil); err == nil {
			t.Error("what cannot be written as JSON was sent")
		}
		if err := r.pipe.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Call(within(t), "Page.enable", nil, nil); err == nil {
			t.Error("a closed pipe takes commands")
		}
	})
}

// An answer that came before its target went away is not lost.
func TestAnAnswerIsKeptWhenTheTargetGoes(t *testing.T) {
	t.Parallel()
	r := newRemote(t, nil)
	s := r.pipe.attach(nil, "S1", nil)
	sending := async(func() *pending { return s.send("Page.enable", nil) })
	r.answer(r.next(), `{}`)
	p := <-sending
	r.say(`{"method":"Target.detachedFromTarget","params":{"sessionId":"S1"}}`)
	awaitGone(t, s)
	for range 50 { // the choice between the two is not left to chance
		reply := p.reply
		if err := p.wait(within(t), nil); err != nil {
			t.Fatal(err)
		}
		reply <- &cdproto.Message{}
	}
}

func TestEventsComeInOrderAndTheRestIsHandedOn(t *testing.T) {
	t.Parallel()
	r := newRemote(t, nil)
	got := make(chan string, 10)
	s := r.pipe.attach(nil, "S1", func(method string, params jsonv2.Value) { got <- method + " " + string(params) })
	r.say(`{"method":"A.one","sessionId":"S1","params":{"n":1}}`)
	r.say(`{"method":"B.other","sessionId":"S2","params":{}}`)
	r.say(`{"method":"A.two","sessionId":"S1","params":{"n":2}}`)
	r.say(`{"method":"B.own","params":{}}`)
	for _, want := range []string{`A.one {"n":1}`, `A.two {"n":2}`} {
		if is := <-got; is != want {
			t.Errorf("got %s, want %s", is, want)
		}
	}
	<-r.handed
	<-r.handed
	r.mu.Lock()
	if want := []string{"S2 B.other", " B.own"}; !slices.Equal(r.rest, want) {
		t.Errorf("handed on: %q, want %q", r.rest, want)
	}
	r.mu.Unlock()
	if events, cancel := s.Subscribe("A.one"); true {
		cancel()
		if _, open := <-events; open {
			t.Error("a subscription of a session of our own brings events")
		}
	}
}

// What goes away takes what was attached through it along: the browser does not
// say so for each.
func TestChildrenGoWithTheirParent(t *testing.T) {
	t.Parallel()
	r := newRemote(t, nil)
	parent := r.pipe.attach(nil, "page", nil)
	child := r.pipe.attach(parent, "frame", nil)
	grandchild := r.pipe.attach(child, "worker", nil)
	other := r.pipe.attach(nil, "other", nil)
	r.say(`{"method":"Target.detachedFromTarget","params":{"sessionId":"page"}}`)
	for _, s := range []*session{parent, child, grandchild} {
		awaitGone(t, s)
	}
	if other.isGone() {
		t.Error("a stranger went, too")
	}
	r.say(`{"method":"Target.detachedFromTarget","params":{"sessionId":"page"}}`) // twice disturbs nobody
	r.say(`{"method":"Target.detachedFromTarget","params":{"sessionId":"other"}}`)
	awaitGone(t, other)
}

func TestATargetIsToldOfBeforeItsFirstMessage(t *testing.T) {
	t.Parallel()
	var r *remote
	seen := make(chan string, 10)
	made := make(chan struct{})
	attached := func(parent *session, event target.EventAttachedToTarget) {
		<-made
		through := "the browser"
		if parent != nil {
			through = string(parent.id)
		}
		seen <- fmt.Sprintf("%s %s through %s", event.TargetInfo.Type, event.SessionID, through)
		r.pipe.attach(parent, event.SessionID, func(method string, _ jsonv2.Value) { seen <- string(event.SessionID) + " " + method })
	}
	r = newRemote(t, attached)
	close(made)
	info := `"targetInfo":{"targetId":"T","type":%q,"title":"","url":"","attached":true,"canAccessOpener":false},"waitingForDebugger":true`
	r.say(`{"method":"Target.attachedToTarget","params":{"sessionId":"S1",`+info+`}}`, "page")
	r.say(`{"method":"A.one","sessionId":"S1","params":{}}`)
	r.say(`{"method":"Target.attachedToTarget","sessionId":"S1","params":{"sessionId":"S2",`+info+`}}`, "iframe")
	r.say(`{"method":"A.two","sessionId":"S2","params":{}}`)
	for _, want := range []string{
		"page S1 through the browser", "S1 A.one",
		"iframe S2 through S1", "S1 Target.attachedToTarget", "S2 A.two",
	} {
		if got := <-seen; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
