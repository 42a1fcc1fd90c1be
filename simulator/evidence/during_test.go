package evidence

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func message(step, text string, at time.Duration) Frame {
	return Frame{Step: step, Arrived: at, FromPage: true, Text: true, Payload: Bytes(text)}
}

// socket was opened in the first step and carried messages in the first and third.
func socket() Request {
	return Request{
		Seq: 2, Step: "first", Arrived: time.Second, Protocol: "websocket", Method: "GET",
		URL: "wss://live.test/socket?eid=42", Header: []Field{{"cookie", "eid=42"}},
		Purpose: "sink", Status: 101,
		Frames: []Frame{message("first", "a", 2*time.Second), message("third", "b", 5*time.Second), message("third", "c", 6*time.Second)},
	}
}

func TestDuringDividesAWebSocketAmongItsSteps(t *testing.T) {
	t.Parallel()
	e := &Evidence{Requests: []Request{
		{Seq: 1, Step: "first", URL: "https://a.test/1"}, socket(), {Seq: 3, Step: "second", URL: "https://a.test/3"},
	}}
	whole := socket()
	whole.Frames = whole.Frames[:1]
	// The URL's query and the header were sent in the first step, not again.
	rest := socket()
	rest.Step, rest.Arrived, rest.URL, rest.Header, rest.Frames = "third", 5*time.Second, "wss://live.test/socket", nil, rest.Frames[1:]
	for step, want := range map[string][]*Request{
		"first":  {&e.Requests[0], &whole},
		"second": {&e.Requests[2]},
		"third":  {&rest},
		"fourth": nil,
	} {
		if diff := cmp.Diff(want, e.During(step)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
	}
	if diff := cmp.Diff(socket(), e.Requests[1]); diff != "" {
		t.Errorf("the evidence itself was changed (-was +is):\n%s", diff)
	}
}

// A WebSocket that was opened in a step counts there even when all its messages
// came later.
func TestDuringKeepsTheOpeningOfAWebSocket(t *testing.T) {
	t.Parallel()
	opened := socket()
	opened.Frames = opened.Frames[1:]
	e := &Evidence{Requests: []Request{opened}}
	want := opened
	want.Frames = nil
	if diff := cmp.Diff([]*Request{&want}, e.During("first")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := e.During("third"); len(got) != 1 || len(got[0].Frames) != 2 {
		t.Errorf("the third step has %+v", got)
	}
}

func TestDuringOfARequestIsTheRequestItself(t *testing.T) {
	t.Parallel()
	e := &Evidence{Requests: []Request{{Seq: 1, Step: "first"}}}
	if got := e.During("first"); len(got) != 1 || got[0] != &e.Requests[0] {
		t.Errorf("got %+v", got)
	}
}
