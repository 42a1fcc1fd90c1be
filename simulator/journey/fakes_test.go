package journey_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

var began = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.FixedZone("CET", 3600))

// world is a browser and a wire that do nothing but say what was asked of them.
type world struct {
	// calls lists what was called, with what counts of it, in order.
	calls []string
	// on decides how a call ends; nil is well.
	on func(ctx context.Context, call string) error
	// requests is what the wire shows to whoever awaits a request.
	requests []evidence.Request
	pictures bool
	// restores tells that the back/forward cache holds what is gone back to.
	restores bool
	shifted  time.Duration
	person   string
	from     string
	// records holds what the collector answers, by path; the rest is visits.
	records map[string]string
}

func (w *world) call(ctx context.Context, format string, args ...any) error {
	call := fmt.Sprintf(format, args...)
	w.calls = append(w.calls, call)
	if w.on == nil {
		return nil
	}
	return w.on(ctx, call)
}

// walk walks the journey.
func (w *world) walk(ctx context.Context, o journey.Options, steps ...scenario.Step) journey.Walked {
	return journey.Walk(ctx, plan(steps...), w.opener(), w.options(o))
}

// opener opens everybody's half of the one world.
func (w *world) opener() journey.Opener {
	return func(context.Context, string) (journey.Visitor, journey.Wire, error) {
		return &visitor{world: w}, &wire{w, ""}, nil
	}
}

func opener(v journey.Visitor, w journey.Wire) journey.Opener {
	return func(context.Context, string) (journey.Visitor, journey.Wire, error) { return v, w, nil }
}

// options are those of a world whose journeys begin at the same time.
func (w *world) options(o journey.Options) journey.Options {
	o.Now = func() time.Time { return began }
	return o
}

// fails ends the calls that begin so with the error.
func fails(prefix string, err error) func(context.Context, string) error {
	return func(_ context.Context, call string) error {
		if strings.HasPrefix(call, prefix) {
			return err
		}
		return nil
	}
}

// hangs never ends the calls that begin so by itself.
func hangs(prefix string) func(context.Context, string) error {
	return func(ctx context.Context, call string) error {
		if !strings.HasPrefix(call, prefix) {
			return nil
		}
		<-ctx.Done()
		return context.Cause(ctx)
	}
}

func opening(name, page string) scenario.Step { return scenario.Step{Name: name, Open: page} }
func doing(name, action string) scenario.Step { return scenario.Step{Name: name, Do: action} }

func plan(steps ...scenario.Step) *scenario.Plan {
	return &scenario.Plan{
		Scenario: &scenario.Scenario{ID: "demo.journey", Journey: steps},
		Pixel: &scenario.Pixel{
			Stage:    scenario.Stage{Site: "www.shop.test", Collector: "collect.vendor.test"},
			Pages:    map[string]string{"home": "/", "products": "/products"},
			Actions:  map[string]scenario.Action{"opt-out": {Click: "#opt-out"}},
			Requests: scenario.Requests{Path: "^/wt$"},
		},
	}
}

// visitor is the browser's half of the world.
type visitor struct {
	*world
	travelled time.Duration
}

func (v *visitor) Begin(step string, at time.Time) {
	_ = v.call(context.Background(), "visitor: begin %s at %s", step, at.UTC().Format(time.TimeOnly))
}

func (v *visitor) Open(ctx context.Context, url string) error { return v.call(ctx, "open %s", url) }

func (v *visitor) Click(ctx context.Context, selector string) error {
	return v.call(ctx, "click %s", selector)
}

func (v *visitor) ClickNext(ctx context.Context, selector string) error {
	return v.call(ctx, "click next %s", selector)
}

func (v *visitor) AwaitSight(ctx context.Context, selector string) error {
	return v.call(ctx, "await sight %s", selector)
}

func (v *visitor) Clock() time.Time { return began.Add(v.travelled) }

func (v *visitor) Go(ctx context.Context, delta int) (bool, error) {
	return v.restores, v.call(ctx, "go %d", delta)
}

func (v *visitor) Tab(ctx context.Context, name string) error { return v.call(ctx, "tab %q", name) }

func (v *visitor) Lifecycle(ctx context.Context, state string) error {
	return v.call(ctx, "lifecycle %s", state)
}

func (v *visitor) Offline(ctx context.Context, offline bool) error {
	return v.call(ctx, "offline %v", offline)
}

func (v *visitor) Travel(ctx context.Context, span time.Duration) error {
	v.travelled += span
	return v.call(ctx, "travel %v", span)
}

func (v *visitor) Reopen(ctx context.Context) error { return v.call(ctx, "reopen") }

func (v *visitor) Forget(ctx context.Context, stores []string) error {
	return v.call(ctx, "forget %s", strings.Join(stores, " "))
}

func (v *visitor) Forward(ctx context.Context, budget time.Duration) error {
	return v.call(ctx, "forward %v", budget)
}

func (v *visitor) Settle(ctx context.Context, fence string, budget time.Duration) (journey.Settled, error) {
	err := v.call(ctx, "settle %s %v", anonymous(fence), budget)
	return journey.Settled{
		Page: "https://www.shop.test/", Forward: time.Minute,
		Storage: []evidence.Item{{Store: "localStorage", Name: "k", Value: "v"}},
	}, err
}

func (v *visitor) Cookies(ctx context.Context) ([]evidence.Cookie, error) {
	return []evidence.Cookie{{Name: "eid", Value: "42"}}, v.call(ctx, "cookies")
}

func (v *visitor) Screenshot(ctx context.Context) ([]byte, error) {
	err := v.call(ctx, "screenshot")
	return fmt.Appendf(nil, "picture after %d calls", len(v.calls)), err
}

func (v *visitor) Leave(ctx context.Context, blank string) error {
	return v.call(ctx, "leave to %s", blank)
}

func (v *visitor) Messages() []evidence.Message { return []evidence.Message{{Text: "hello"}} }

func (v *visitor) Writes() []evidence.CookieWrite {
	return []evidence.CookieWrite{{By: "document.cookie", Name: "b", At: 2}, {By: "document.cookie", Name: "d", At: 4}}
}

func (v *visitor) Dispose() <-chan struct{} { panic("the visitor is not the walk's to drop") }

// wire is the gateway's half of the world.
type wire struct {
	*world
	step string
}

func (w *wire) Address() string { return "127.0.0.1:1" }

func (w *wire) Begin(step string, at time.Time) {
	w.step = step
	_ = w.call(context.Background(), "wire: begin %s at %s", step, at.UTC().Format(time.TimeOnly))
}

func (w *wire) Collector(mode string) { _ = w.call(context.Background(), "collector %s", mode) }

func (w *wire) Script(held bool) { _ = w.call(context.Background(), "script held %v", held) }

func (w *wire) Person(person string) {
	if person != w.person {
		w.person = person
		_ = w.call(context.Background(), "person %q", person)
	}
}

func (w *wire) From(address string) {
	if address != w.from {
		w.from = address
		_ = w.call(context.Background(), "from %q", address)
	}
}

func (w *wire) Release() { _ = w.call(context.Background(), "release") }

func (w *wire) Shift(offset time.Duration) {
	if offset != w.shifted {
		w.shifted = offset
		_ = w.call(context.Background(), "shift %v", offset)
	}
}

func (w *wire) Record(ctx context.Context, path string) ([]byte, error) {
	err := w.call(ctx, "record %s", path)
	body, known := w.records[path]
	switch {
	case err != nil:
		return nil, err
	case known:
		return []byte(body), nil
	case w.records != nil:
		return nil, missing{}
	}
	return []byte(`{"visits": {"returning": 3, "note": "three"}}`), nil
}

// missing is the error of a path that the collector does not know.
type missing struct{}

func (missing) Error() string   { return "it answered 404" }
func (missing) HTTPStatus() int { return 404 }

func (w *wire) Await(ctx context.Context, match func(*evidence.Request) bool) error {
	for i := range w.requests {
		if match(&w.requests[i]) {
			return w.call(ctx, "await: %s %s", w.requests[i].Method, w.requests[i].URL)
		}
	}
	return w.call(ctx, "await: nothing")
}

func (w *wire) Traffic() int { return len(w.requests) }

func (w *wire) BlankPath() string { return "/blank" }

func (w *wire) FencePath(token string) string { return "/fence/" + token }

func (w *wire) AwaitFence(ctx context.Context, token string) error {
	return w.call(ctx, "await fence %s", anonymous(token))
}

func (w *wire) AwaitQuiet(ctx context.Context) error { return w.call(ctx, "await quiet") }

func (w *wire) Requests() []evidence.Request { return []evidence.Request{{Seq: 1, Step: w.step}} }

func (w *wire) Writes() []evidence.CookieWrite {
	return []evidence.CookieWrite{{By: "set-cookie", Name: "a", At: 1}, {By: "set-cookie", Name: "c", At: 2}}
}

// anonymous takes the walk's own token out of a fence's name.
func anonymous(token string) string {
	path := ""
	if i := strings.LastIndexByte(token, '/'); i >= 0 {
		path, token = token[:i+1], token[i+1:]
	}
	if _, rest, ok := strings.Cut(token, "-"); ok {
		return path + "TOKEN-" + rest
	}
	return path + token
}
