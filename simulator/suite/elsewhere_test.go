package suite_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
)

func TestACollectorElsewhereGetsWhatTheBrowserSent(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _, authorized := r.BasicAuth()
		w.Header().Set(gateway.RefusedHeader, "no")
		w.WriteHeader(http.StatusTeapot)
		_, _ = fmt.Fprint(w, r.Method, " ", r.Host != "collect.vendor.test", " ", r.RequestURI, " ", string(body), " ", r.Header.Get("X-Forwarded-For"), " ", authorized)
	}))
	t.Cleanup(backend.Close)
	target, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	target.User, target.Path = url.UserPassword("any", "token"), "/below/"
	remote, err := suite.Elsewhere(target.String())
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Reach(t.Context()); err != nil {
		t.Errorf("it is there: %v", err)
	}
	handler, closing, err := remote.Collector(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closing() })
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "https://collect.vendor.test/event?a=%20b&a", strings.NewReader("body")))
	if got, want := w.Body.String(), "POST true /below/event?a=%20b&a body  false"; got != want || w.Code != http.StatusTeapot || w.Header().Get(gateway.RefusedHeader) != "no" {
		t.Errorf("got %d %q %v, want %q", w.Code, got, w.Header(), want)
	}

	// What the harness asks carries the token.
	g, err := gateway.New(gateway.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	v, err := g.Visitor(gateway.Stage{"collect.vendor.test": {Purpose: "collector", Handler: handler}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	_, err = v.Record(t.Context(), "/api/users/u%2F1")
	var status *gateway.StatusError
	if !errors.As(err, &status) || status.HTTPStatus() != http.StatusTeapot || !strings.Contains(status.Excerpt, "/below/api/users/u%2F1") || !strings.HasSuffix(status.Excerpt, " true") {
		t.Errorf("read back: %v", err)
	}
}

// A page that is left takes no hit back.
func TestAHitReachesACollectorElsewhereThoughThePageIsGone(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, "taken") }))
	t.Cleanup(backend.Close)
	remote, err := suite.Elsewhere(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	handler, closing, err := remote.Collector(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closing() })
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(gone, http.MethodPost, "https://collect.vendor.test/event", strings.NewReader("body")))
	if w.Code != http.StatusOK || w.Body.String() != "taken" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestACollectorElsewhereThatIsDown(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.NotFoundHandler())
	address := backend.URL
	backend.Close()
	remote, err := suite.Elsewhere(address)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{}
	o := options(t, m, "demo.stay")
	o.Collector, o.Elsewhere = remote.Collector, remote
	_, err = suite.Run(t.Context(), o)
	var mistake *suite.UsageError
	if !errors.As(err, &mistake) || !strings.HasPrefix(err.Error(), "the collector at "+address+" cannot be reached: ") {
		t.Errorf("got %v", err)
	}
	if m.opened() != 0 {
		t.Error("a browser was opened all the same")
	}
	handler, _, err := remote.Collector(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, "https://collect.vendor.test/event", nil))
	if w.Code != http.StatusBadGateway || !strings.Contains(w.Body.String(), "cannot be reached") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestURLsThatAreNoCollectors(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://c.test/?q=1", "http://c.test/#x", "http://[", "/event", "http://any:hush@c.test/?q=1"} {
		_, err := suite.Elsewhere(address)
		var mistake *suite.UsageError
		if !errors.As(err, &mistake) || !strings.Contains(err.Error(), "\nhint: ") || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// A collector that outlives the journeys meets customers whom it has not met, and
// the evidence says how they were made, so that it can be judged again.
func TestJourneysWithCustomersOfTheirOwn(t *testing.T) {
	t.Parallel()
	const file = "demo/known.yaml"
	lib := library(t, map[string]string{file: `{id: demo.known, title: A visitor whom the site knows, document: demo,
  config: {customer: {customer-id: annette}}, journey: [{step: only, open: home}],
  expect: [{at: only, parameter: visitor-id, is: present, clause: demo.identified}]}`})
	o := patient(options(t, &machine{}, "demo.known"))
	o.Library, o.Pixel, o.Folder, o.OwnCustomers = lib, lib.Pixel("demo"), t.TempDir(), true
	ids := map[string]bool{"annette": true}
	for range 2 {
		plans, err := suite.Plan(o)
		if err != nil {
			t.Fatal(err)
		}
		ids[plans[0].CustomerID()] = true
		r := run(t, o)
		want(t, "scenarios", []string{"demo.known pass"}, outcomes(r))
		path := filepath.Join(o.Folder, r.Scenarios[0].Evidence)
		e, err := evidence.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		known := lib.Scenario("demo.known")
		plan, err := scenario.Bind(lib, known, lib.Pixel("demo"))
		if err != nil {
			t.Fatal(err)
		}
		ids[plan.Salted(e.Salt).CustomerID()] = true
		again, err := suite.Judge(lib, lib.Pixel("demo"), tool, []suite.StoredEvidence{{Path: path, Evidence: e}})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "judged again", []string{"demo.known pass"}, outcomes(again))
	}
	if len(ids) != 5 {
		t.Errorf("the customers were %v", ids)
	}
}
