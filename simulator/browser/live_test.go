package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
)

// site is the test's page host, far another site. Names below localhost are secure
// contexts without TLS, and reach the proxy of the visitor like all others.
const (
	site = "http://www.shop.localhost"
	far  = "http://far.localhost"
)

// TestInARealBrowser runs the tests in visitors of their own, side by side, in both
// browsers.
func TestInARealBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts browsers")
	}
	for _, kind := range []browser.Kind{browser.Shell, browser.Full} {
		t.Run(string(kind), func(t *testing.T) {
			path, err := browser.Find("", kind)
			if err != nil {
				t.Skip(err)
			}
			b, err := browser.Launch(t.Context(), browser.Options{Path: path, NoSandbox: os.Geteuid() == 0})
			if err != nil {
				t.Fatal(err)
			}
			t.Run("", func(t *testing.T) {
				for name, test := range liveTests {
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						test(newWalker(t, b, kind))
					})
				}
			})
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// liveTests are added by the files that hold them.
var liveTests = map[string]func(*walker){}

// walker is a visitor with a world of his own, and the test that he walks for.
type walker struct {
	*testing.T
	journey.Visitor
	browser *browser.Browser
	kind    browser.Kind
	ctx     context.Context
	world   *world
	fences  int
}

func newWalker(t *testing.T, b *browser.Browser, kind browser.Kind) *walker {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, fmt.Errorf("the time of a test is over"))
	w := &walker{T: t, browser: b, kind: kind, ctx: ctx, world: newWorld(t)}
	w.Visitor = w.another()
	t.Cleanup(cancel)
	w.Begin("first", time.Now())
	return w
}

// another is a further visitor of the same world.
func (w *walker) another() journey.Visitor {
	w.Helper()
	v, err := w.browser.Visitor(w.ctx, w.world.address)
	w.must(err)
	w.Cleanup(func() {
		select {
		case <-v.Dispose():
		case <-time.After(20 * time.Second):
			w.Error("the visitor was not disposed of")
		}
	})
	return v
}

func (w *walker) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("%v\nrequests: %s\nmessages: %+v", err, strings.Join(w.world.all(), "\n  "), w.Messages())
	}
}

// open opens a page of the site, as a step, and settles it.
func (w *walker) open(path string) journey.Settled {
	w.Helper()
	w.Begin("opening", time.Now())
	w.must(w.Open(w.ctx, site+path))
	return w.settle()
}

// settle makes rounds until one finds nothing to do.
func (w *walker) settle() journey.Settled {
	w.Helper()
	for {
		w.fences++
		s, err := w.Settle(w.ctx, fmt.Sprintf("/fence/%d", w.fences), 5*time.Minute)
		w.must(err)
		if !s.Busy {
			return s
		}
	}
}

// want compares lists of lines.
func (w *walker) want(what string, got []string, want ...string) {
	w.Helper()
	if !slices.Equal(got, want) {
		w.Errorf("%s: got\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// ask waits for what the page says by a request for the path.
func (w *walker) ask(path string, into any) {
	w.Helper()
	body := w.world.await(w, path)
	if err := json.Unmarshal([]byte(body), into); err != nil {
		w.Fatalf("%s said %q: %v", path, body, err)
	}
}

// jar lists the cookies, with the minutes of life that are left.
func (w *walker) jar(v journey.Visitor) []string {
	w.Helper()
	cookies, err := v.Cookies(w.ctx)
	w.must(err)
	return lines(cookies, func(c evidence.Cookie) string {
		life := "session"
		if !c.Expires.IsZero() {
			life = c.Expires.Sub(v.Clock()).Round(time.Minute).String()
		}
		return strings.Join([]string{c.Name, c.Domain, c.Path, life, fmt.Sprint(c.HTTPOnly, c.Secure), c.SameSite, c.Partition}, " ")
	})
}

func lines[T any](values []T, line func(T) string) []string {
	var list []string
	for _, v := range values {
		list = append(list, line(v))
	}
	slices.Sort(list)
	return list
}

// names lists the cookies' names.
func (w *walker) names() []string {
	w.Helper()
	cookies, err := w.Cookies(w.ctx)
	w.must(err)
	return lines(cookies, func(c evidence.Cookie) string { return c.Name })
}

// world is a proxy that answers every host by its pages, and notes what was asked.
type world struct {
	address string
	pages   map[string]http.HandlerFunc // by path, or "host/path"

	mu      sync.Mutex
	changed chan struct{}
	seen    []request
	held    chan struct{} // closed when what is held may be answered
}

type request struct{ line, path, body string }

func newWorld(t *testing.T) *world {
	t.Helper()
	out := &world{pages: map[string]http.HandlerFunc{}, changed: make(chan struct{}), held: make(chan struct{})}
	server := httptest.NewUnstartedServer(out)
	server.Start()
	out.address = server.Listener.Addr().String()
	t.Cleanup(func() {
		out.release()
		server.CloseClientConnections()
		server.Close()
	})
	return out
}

func (o *world) release() {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case <-o.held:
	default:
		close(o.held)
	}
}

// ServeHTTP answers as a proxy and as the site behind it.
func (o *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	line := r.Method + " " + r.URL.Path
	if r.URL.RawQuery != "" {
		line += "?" + r.URL.RawQuery
	}
	if tag := r.Header.Get("If-None-Match"); tag != "" {
		line += " unless " + tag
	}
	o.mu.Lock()
	o.seen = append(o.seen, request{line, r.URL.Path, string(body)})
	close(o.changed)
	o.changed = make(chan struct{})
	o.mu.Unlock()
	handler := o.pages[r.Host+r.URL.Path]
	if handler == nil {
		handler = o.pages[r.URL.Path]
	}
	if handler != nil {
		handler(rw, r)
		return
	}
	rw.Header().Set("Cache-Control", "no-store")
	rw.Header().Set("Access-Control-Allow-Origin", "*")
	rw.WriteHeader(http.StatusNoContent)
}

// all lists the requests, fences and icons aside.
func (o *world) all() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []string
	for _, r := range o.seen {
		if !strings.HasPrefix(r.path, "/fence/") && r.path != "/favicon.ico" {
			list = append(list, r.line)
		}
	}
	return list
}

// sent lists the bodies, in order, of the requests for a path.
func (o *world) sent(path string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []string
	for _, r := range o.seen {
		if r.path == path {
			list = append(list, r.body)
		}
	}
	return list
}

// await waits for a request for the path and returns the body of the last.
func (o *world) await(w *walker, path string) string {
	w.Helper()
	return o.awaitMany(w, path, 1)
}

func (o *world) awaitMany(w *walker, path string, n int) string {
	w.Helper()
	for {
		o.mu.Lock()
		changed := o.changed
		o.mu.Unlock()
		if bodies := o.sent(path); len(bodies) >= n {
			return bodies[len(bodies)-1]
		}
		select {
		case <-changed:
		case <-w.ctx.Done():
			w.Fatalf("%s was not asked for %d times; requests:\n  %s\nmessages: %+v", path, n, strings.Join(o.all(), "\n  "), w.Messages())
		}
	}
}

// page answers with a page that runs the script and has the markup.
func page(script, markup string) http.HandlerFunc {
	return content("text/html; charset=utf-8", "<!doctype html><html lang=en><title>page</title><link rel=icon href=data:,><body><script>"+script+"</script>"+markup)
}

func script(source string) http.HandlerFunc { return content("text/javascript", source) }

func content(kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = io.WriteString(w, body)
	}
}

// saying is a script's function that says a word to the world, with the page's time.
const saying = `
const began = Date.now();
const say = (path, more) => navigator.sendBeacon('/' + path, JSON.stringify(Object.assign({ now: Date.now(), cookie: globalThis.document ? document.cookie : '' }, more)));
const post = (path, more) => fetch('/' + path, { method: 'POST', keepalive: true, body: JSON.stringify(Object.assign({ now: Date.now() }, more)) });
`

// said is what it says.
type said struct {
	Now    int64    `json:"now"`
	Cookie string   `json:"cookie"`
	Log    []string `json:"log"`
	Text   string   `json:"text"`
	Value  float64  `json:"value"`
}

func (s said) at() time.Time { return time.UnixMilli(s.Now) }

// near tells whether two times are as near as a loaded machine keeps them.
func near(a, b time.Time) bool { return a.Sub(b).Abs() < 20*time.Second }
