package population

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// fencePath is where a page would ask for its fence.
const fencePath = "/fence/"

// wire is a journey.Wire without a gateway: it records what goes through it to the
// collector, and lets it come late or twice.
type wire struct {
	host    string
	through http.RoundTripper
	now     func() time.Time
	reading func(context.Context) context.Context // marks what reads back, or nil
	placing func(ctx context.Context, address string) context.Context

	mu     sync.Mutex
	step   string
	began  time.Time
	mode   string
	from   string // the visitor's address; "" is this machine's
	sent   []evidence.Request
	late   []func(ctx context.Context) error // deliveries that are held back
	failed error                             // of one that was held back
	asked  map[string]bool                   // fences
}

var _ journey.Wire = (*wire)(nil)

func newWire(host string, through http.RoundTripper, now func() time.Time) *wire {
	return &wire{host: host, through: through, now: now, mode: scenario.CollectorWell, asked: map[string]bool{}}
}

// RoundTrip records the request, and delivers it as the collector's mode says.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	mode, from, at := w.record(r, body)
	again := func(ctx context.Context) (*http.Response, error) {
		ctx = From(ctx, from)
		if w.placing != nil && from != "" {
			ctx = w.placing(ctx, from)
		}
		copied := r.Clone(ctx)
		copied.Body = io.NopCloser(bytes.NewReader(body))
		return w.through.RoundTrip(copied)
	}
	if mode == scenario.CollectorLate {
		w.hold(func(ctx context.Context) error {
			refused, err := read(again(ctx))
			if err == nil {
				w.answered(at, http.StatusOK, refused)
			}
			return err
		})
		w.answered(at, http.StatusOK, "")
		return &http.Response{
			Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: http.NoBody, Request: r,
		}, nil
	}
	response, err := again(r.Context())
	if err != nil {
		return nil, err
	}
	refused := response.Header.Get(RefusedHeader)
	if mode == scenario.CollectorTwice && response.StatusCode < http.StatusBadRequest {
		// What was taken once stays taken, whatever the collector says to the copy.
		said, err := read(again(r.Context()))
		if err != nil {
			_ = response.Body.Close()
			return nil, err
		}
		if said == "" {
			refused = ""
		}
	}
	w.answered(at, response.StatusCode, refused)
	return response, nil
}

// read reads an answer that nobody awaits: why the collector does not take what it
// was given, or "". That it fails is an error.
func read(response *http.Response, err error) (refused string, failed error) {
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer))
	switch said := response.Header.Get(RefusedHeader); {
	case response.StatusCode >= http.StatusInternalServerError:
		return "", fmt.Errorf("the collector answered %d", response.StatusCode)
	case said != "":
		return said, nil
	case response.StatusCode >= http.StatusBadRequest:
		return fmt.Sprintf("it answered %d", response.StatusCode), nil
	}
	return "", nil
}

// record notes that a request was sent, and returns its place, and how it is to reach
// the collector.
func (w *wire) record(r *http.Request, body []byte) (mode, from string, at int) {
	header := []evidence.Field{{Name: "host", Value: r.URL.Host}}
	for name, values := range r.Header {
		for _, value := range values {
			header = append(header, evidence.Field{Name: strings.ToLower(name), Value: value})
		}
	}
	slices.SortStableFunc(header, func(a, b evidence.Field) int { return strings.Compare(a.Name, b.Name) })
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, evidence.Request{
		Seq: len(w.sent) + 1, Step: w.step, Arrived: w.now().Sub(w.began), Protocol: "http/1.1",
		Method: r.Method, URL: r.URL.String(), Header: header, Body: body, Purpose: "collector",
	})
	return w.mode, w.from, len(w.sent) - 1
}

func (w *wire) answered(at, status int, refused string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent[at].Status, w.sent[at].Refused = status, refused
}

func (w *wire) hold(deliver func(context.Context) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.late = append(w.late, deliver)
}

func (w *wire) Begin(step string, began time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.step, w.began = step, began
}

// Collector changes how hits reach the collector. What was held back reaches it
// now, the last one first; that it fails shows when the wire is to be quiet.
func (w *wire) Collector(mode string) {
	w.mu.Lock()
	w.mode = mode
	var due []func(context.Context) error
	if mode != scenario.CollectorLate {
		due, w.late = w.late, nil
	}
	w.mu.Unlock()
	for _, deliver := range slices.Backward(due) {
		if err := deliver(context.Background()); err != nil {
			w.mu.Lock()
			w.failed = errors.Join(w.failed, fmt.Errorf("deliver a hit that came late: %w", err))
			w.mu.Unlock()
		}
	}
}

// From implements journey.Wire.
func (w *wire) From(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.from = address
}

// Record implements journey.Wire.
func (w *wire) Record(ctx context.Context, path string) ([]byte, error) {
	return w.read(ctx, w.host, path)
}

// read reads what stands at the path of a host that the collector answers for.
func (w *wire) read(ctx context.Context, host, path string) ([]byte, error) {
	target, err := url.Parse("https://" + host + path)
	if err != nil {
		return nil, err
	}
	if w.reading != nil {
		ctx = w.reading(ctx)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := w.through.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", target, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", target, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, &statusError{fmt.Sprintf("read %s: it answered %d: %.200q", target, response.StatusCode, body), response.StatusCode}
	}
	return body, nil
}

// statusError is an answer with another status than 200.
type statusError struct {
	text   string
	status int
}

// Error says what was asked for, and how the answer begins.
func (e *statusError) Error() string { return e.text }

// HTTPStatus is the answer's status.
func (e *statusError) HTTPStatus() int { return e.status }

// Await looks for a request of the current step. What has not been sent by now
// never will be, so it does not wait.
func (w *wire) Await(_ context.Context, match func(*evidence.Request) bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.sent {
		if w.sent[i].Step == w.step && match(&w.sent[i]) {
			return nil
		}
	}
	return context.DeadlineExceeded
}

// FencePath implements journey.Wire.
func (w *wire) FencePath(token string) string { return fencePath + token }

// fence notes that the page has asked for the fence.
func (w *wire) fence(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[strings.TrimPrefix(path, fencePath)] = true
}

// AwaitFence tells whether the page has asked.
func (w *wire) AwaitFence(_ context.Context, token string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.asked[token] {
		return fmt.Errorf("nobody asked for the fence %s", token)
	}
	return nil
}

// AwaitQuiet tells what became of what was held back: all else has its answer.
func (w *wire) AwaitQuiet(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed
}

// Traffic implements journey.Wire.
func (w *wire) Traffic() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sent)
}

// Requests implements journey.Wire.
func (w *wire) Requests() []evidence.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sent)
}

// The rest of journey.Wire is about a browser and its hosts. Whom the site knows,
// the visitor reads in the plan.
func (w *wire) Person(string)                  {}
func (w *wire) Address() string                { return "" }
func (w *wire) Script(bool)                    {}
func (w *wire) Release()                       {}
func (w *wire) Shift(time.Duration)            {}
func (w *wire) BlankPath() string              { return "/blank" }
func (w *wire) Writes() []evidence.CookieWrite { return nil }
