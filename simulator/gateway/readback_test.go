package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

func recording(h http.HandlerFunc) Stage {
	return Stage{
		"a.shop.test":         {Purpose: "page", Handler: http.NotFoundHandler()},
		"collect.vendor.test": {Purpose: "collector", Handler: h},
	}
}

func TestTheCollectorsRecordIsReadWithoutATrace(t *testing.T) {
	t.Parallel()
	clock := newClock(launch)
	v := newVisitor(t, newGateway(t, Options{Clock: clock.now}), recording(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "read=1")
		_, _ = fmt.Fprint(w, r.Method, " ", r.Host, r.RequestURI, " ", r.URL.Query().Get("q"), " ", Now(r.Context()).Sub(launch), " ", r.TLS != nil)
	}))
	v.Shift(time.Hour)
	v.Collector(scenario.CollectorFailing) // it is the harness that asks
	got, err := v.Record(within(t), "/api/visits?q=x%20y")
	if want := "GET collect.vendor.test/api/visits?q=x%20y x y 1h0m0s true"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if len(v.Requests()) != 0 || len(v.Writes()) != 0 || v.Traffic() != 0 {
		t.Errorf("it is in the evidence: %v %v", v.Requests(), v.Writes())
	}
}

func TestARecordThatCannotBeRead(t *testing.T) {
	t.Parallel()
	const at = "read the collector's record at https://collect.vendor.test/api: "
	long := strings.Repeat("x", 1000)
	for _, test := range []struct {
		name, path, want string
		handler          http.HandlerFunc
	}{
		{"another status", "/api", at + `it answered 404: "404 page not found\n"`, http.NotFound},
		{"created is not read", "/api", at + `it answered 201: ""`, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201) }},
		{"a long word", "/api", at + `it answered 500: "` + long[:maxExcerpt] + `"`, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, long, 500) }},
		{"a panic", "/api", at + "the collector broke: no store", func(http.ResponseWriter, *http.Request) { panic("no store") }},
		{"no path", "api", "read the collector's record at \"api\": it is not a path\nhint: a path begins with /", http.NotFound},
		{"another host", "https://a.test/api", "read the collector's record at \"https://a.test/api\": it is not a path\nhint: a path begins with /", http.NotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := newVisitor(t, newGateway(t, Options{}), recording(test.handler))
			if got, err := v.Record(within(t), test.path); err == nil || err.Error() != test.want {
				t.Errorf("got %q,\n%v\nwant\n%v", got, err, test.want)
			}
		})
	}
}

func TestNoRecordWithoutACollector(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), Stage{"www.shop.test": {
		Purpose: "page", Handler: http.HandlerFunc(Sink),
		ByPath: func(path string) string {
			if path == "/api" {
				return "collector"
			}
			return ""
		},
	}})
	if got, err := v.Record(within(t), "/api"); err != nil || string(got) != "{}" {
		t.Errorf("a collector that shares its host is not found: %q, %v", got, err)
	}
	_, err := v.Record(within(t), "/other")
	if want := "read the collector's record at /other: no collector of the stage answers there"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestARecordIsReadWithinTheContext(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), recording(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := v.Record(ctx, "/api"); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

func TestWhatTheHarnessAsksIsToldFromWhatPagesAsk(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), recording(func(w http.ResponseWriter, r *http.Request) {
		if !ReadsBack(r.Context()) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	_, err := v.Record(within(t), "/api/users/1")
	var status *StatusError
	if !errors.As(err, &status) || status.HTTPStatus() != http.StatusNotFound || status.URL != "https://collect.vendor.test/api/users/1" {
		t.Errorf("got %v", err)
	}
	if response, _ := send(t, client(t, v, true), "GET", collectorURL+"/api/users/1", ""); response.StatusCode != http.StatusForbidden {
		t.Errorf("a page's own request is taken for the harness's: %s", response.Status)
	}
}
