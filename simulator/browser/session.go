package browser

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// errGone is the cause of a call whose target went away before it answered.
var errGone = errors.New("the target is gone")

// pipe is the connection to the browser. It hands the messages of our own
// sessions to them and everything else to chromedp's Browser, which reads
// through it. A session of our own can send commands without awaiting each
// answer; chromedp's tab set-up would be twelve commands one after another.
type pipe struct {
	*chromedp.PipeConn
	next atomic.Int64
	// attached is told of every target that the browser attaches us to, before
	// any other message is read. It must not wait.
	attached func(parent *session, event target.EventAttachedToTarget)

	mu       sync.Mutex
	sessions map[target.SessionID]*session
}

// Read returns the next message that is not for a session of our own.
func (p *pipe) Read(ctx context.Context, msg *cdproto.Message) error {
	for {
		*msg = cdproto.Message{}
		if err := p.PipeConn.Read(ctx, msg); err != nil {
			p.dropAll()
			return err
		}
		if msg.Method == cdproto.MethodType(target.DetachedFromTarget.Method) {
			var gone target.EventDetachedFromTarget
			if jsonv2.Unmarshal(msg.Params, &gone, chromedp.DefaultUnmarshalOptions) == nil {
				p.drop(gone.SessionID)
			}
		}
		p.mu.Lock()
		s := p.sessions[msg.SessionID]
		p.mu.Unlock()
		if msg.Method == cdproto.MethodType(target.AttachedToTarget.Method) && p.attached != nil {
			if event, err := decode[target.EventAttachedToTarget](msg.Params); err == nil && event.TargetInfo != nil {
				p.attached(s, event)
			}
		}
		if s == nil {
			return nil
		}
		s.deliver(msg)
	}
}

// attach makes a session for a target that was attached through the parent, nil
// for the browser itself. Its handler is called for every event, in order, by the goroutine that reads from the browser: it must
// not block and must not await an answer.
func (p *pipe) attach(parent *session, id target.SessionID, handler func(method string, params jsonv2.Value)) *session {
	s := &session{pipe: p, parent: parent, id: id, handler: handler, waiting: map[int64]chan *cdproto.Message{}, gone: make(chan struct{})}
	p.mu.Lock()
	p.sessions[id] = s
	p.mu.Unlock()
	return s
}

// drop ends a session and those that were attached through it: the browser ends
// them without a word.
func (p *pipe) drop(id target.SessionID) {
	p.mu.Lock()
	var gone []*session
	if s := p.sessions[id]; s != nil {
		gone = append(gone, s)
	}
	for i := 0; i < len(gone); i++ {
		delete(p.sessions, gone[i].id)
		for _, s := range p.sessions {
			if s.parent == gone[i] {
				gone = append(gone, s)
			}
		}
	}
	p.mu.Unlock()
	for _, s := range gone {
		close(s.gone)
	}
}

func (p *pipe) dropAll() {
	p.mu.Lock()
	all := p.sessions
	p.sessions = map[target.SessionID]*session{}
	p.mu.Unlock()
	for _, s := range all {
		close(s.gone)
	}
}

// session is one attached target. It is a cdp.Session, so cdproto's typed
// commands work on it.
type session struct {
	pipe    *pipe
	parent  *session
	id      target.SessionID
	handler func(method string, params jsonv2.Value)
	gone    chan struct{} // closed when the target has gone away

	mu      sync.Mutex
	waiting map[int64]chan *cdproto.Message
}

// isGone tells whether the target has gone away.
func (s *session) isGone() bool {
	select {
	case <-s.gone:
		return true
	default:
		return false
	}
}

func (s *session) deliver(msg *cdproto.Message) {
	if msg.ID == 0 {
		if s.handler != nil {
			s.handler(string(msg.Method), msg.Params)
		}
		return
	}
	s.mu.Lock()
	reply := s.waiting[msg.ID]
	delete(s.waiting, msg.ID)
	s.mu.Unlock()
	if reply != nil {
		copied := *msg
		reply <- &copied
	}
}

// pending is a command that has been sent and not yet awaited.
type pending struct {
	session *session
	method  string
	reply   chan *cdproto.Message
	err     error
}

// send sends a command and does not wait for its answer.
func (s *session) send(method string, params any) *pending {
	p := &pending{session: s, method: method, reply: make(chan *cdproto.Message, 1)}
	var raw []byte
	if params != nil {
		if raw, p.err = jsonv2.Marshal(params, chromedp.DefaultMarshalOptions); p.err != nil {
			return p
		}
	}
	id := s.pipe.next.Add(1)
	s.mu.Lock()
	s.waiting[id] = p.reply
	s.mu.Unlock()
	p.err = s.pipe.Write(context.Background(), &cdproto.Message{
		ID: id, SessionID: s.id, Method: cdproto.MethodType(method), Params: raw,
	})
	return p
}

// wait awaits the answer and decodes it into result, which may be nil.
func (p *pending) wait(ctx context.Context, result any) error {
	if p.err != nil {
		return fmt.Errorf("%s: %w", p.method, p.err)
	}
	var msg *cdproto.Message
	select {
	case msg = <-p.reply:
	case <-p.session.gone:
		select {
		case msg = <-p.reply:
		default:
			return fmt.Errorf("%s: %w", p.method, errGone)
		}
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", p.method, context.Cause(ctx))
	}
	switch {
	case msg.Error != nil:
		return fmt.Errorf("%s: %w", p.method, msg.Error)
	case result != nil:
		return jsonv2.Unmarshal(msg.Result, result, chromedp.DefaultUnmarshalOptions)
	}
	return nil
}

// Call sends a command and awaits its answer. It satisfies cdp.Session.
func (s *session) Call(ctx context.Context, method string, params, result any) error {
	return s.send(method, params).wait(ctx, result)
}

// Subscribe satisfies cdp.Session; a session of our own takes its events
// through its handler, so the subscription is empty.
func (s *session) Subscribe(string) (<-chan jsonv2.Value, func()) {
	none := make(chan jsonv2.Value)
	close(none)
	return none, func() {}
}

// send is the typed form of session.send.
func send[P, R any](s *session, c cdp.Command[P, R], params P) *pending {
	return s.send(c.Method, params)
}

// decode reads the parameters of an event.
func decode[E any](params jsonv2.Value) (E, error) {
	var event E
	err := jsonv2.Unmarshal(params, &event, chromedp.DefaultUnmarshalOptions)
	return event, err
}
