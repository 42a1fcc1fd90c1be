package gateway

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

const day = 24 * time.Hour

func TestTheStagesClockIsShifted(t *testing.T) {
	t.Parallel()
	clock := newClock(launch)
	var seen time.Time
	v := newVisitor(t, newGateway(t, Options{Clock: clock.now}), page(func(_ http.ResponseWriter, r *http.Request) { seen = Now(r.Context()) }))
	c := client(t, v, true)
	v.Shift(7 * day)
	v.Shift(400 * day) // from the real clock, not from the last
	clock.move(time.Second)
	moved := launch.Add(400*day + time.Second)
	for name, address := range map[string]string{
		"page": siteURL, "sink": "https://far.example/", "blank page": siteURL + v.BlankPath(), "fence": siteURL + v.FencePath("now"),
	} {
		response, _ := send(t, c, "GET", address, "")
		if got, want := response.Header.Get("Date"), moved.Format(http.TimeFormat); got != want {
			t.Errorf("the %s is dated %q, want %q", name, got, want)
		}
	}
	if !seen.Equal(moved) {
		t.Errorf("the handler's clock shows %v, want %v", seen, moved)
	}
	for _, r := range v.Requests() {
		if r.Arrived != time.Second {
			t.Errorf("%s arrived after %v: the evidence's clock has moved, too", r.URL, r.Arrived)
		}
	}
	if got := Now(context.Background()); time.Since(got) > time.Minute {
		t.Errorf("outside of a gateway it is %v", got)
	}
}

// Chrome reads dates relative to Date, so they leave as they were written; the
// record says what was asked for by the moved clock.
func TestDatesLeaveAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	clock := newClock(launch)
	v := newVisitor(t, newGateway(t, Options{Clock: clock.now}), page(func(w http.ResponseWriter, r *http.Request) {
		now, h := Now(r.Context()), w.Header()
		h.Add("Set-Cookie", "year=1; Expires="+now.Add(365*day).Format(http.TimeFormat))
		h.Add("Set-Cookie", "gone=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
		h.Add("Set-Cookie", "hour=1; Max-Age=3600")
		h.Set("Expires", now.Add(time.Hour).Format(http.TimeFormat))
		h.Set("Last-Modified", now.Add(-time.Hour).Format(http.TimeFormat))
	}))
	v.Shift(400 * day)
	clock.move(5 * time.Second)
	response, _ := send(t, client(t, v, true), "GET", siteURL, "")
	now := launch.Add(400*day + 5*time.Second)
	got := []string{response.Header.Get("Expires"), response.Header.Get("Last-Modified"), response.Header.Get("Date"), response.Header.Get("Set-Cookie")}
	want := []string{now.Add(time.Hour).Format(http.TimeFormat), now.Add(-time.Hour).Format(http.TimeFormat), now.Format(http.TimeFormat),
		"year=1; Expires=" + now.Add(365*day).Format(http.TimeFormat)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	lives := map[string]time.Duration{}
	for _, w := range v.Writes() {
		if w.At != 5*time.Second || w.Session {
			t.Errorf("noted as %+v", w)
		}
		lives[w.Name] = max(w.Lifetime, 0)
	}
	if diff := cmp.Diff(map[string]time.Duration{"year": 365 * day, "gone": 0, "hour": time.Hour}, lives); diff != "" {
		t.Errorf("lifetimes (-want +got):\n%s", diff)
	}
}

// An answer that is held keeps the date of its making: its cookies were worked
// out by that clock.
func TestAHeldAnswerIsDatedWhenItWasMade(t *testing.T) {
	t.Parallel()
	clock := newClock(launch)
	v := newVisitor(t, newGateway(t, Options{Clock: clock.now}), Stage{"collect.vendor.test": {Purpose: "collector", Handler: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Set-Cookie", "eid=1; Expires="+Now(r.Context()).Add(time.Hour).Format(http.TimeFormat))
		})}})
	v.Collector(scenario.CollectorSlow)
	done := sendAside(within(t), t, client(t, v, true), "GET", collectorURL+"/hit", "")
	await(t, v, "/hit")
	quiet(t, v)
	v.Shift(30 * time.Minute)
	v.Release()
	got := <-done
	if want := launch.Format(http.TimeFormat); got.header.Get("Date") != want {
		t.Errorf("it is dated %q, want %q", got.header.Get("Date"), want)
	}
	if w := v.Writes(); len(w) != 1 || w[0].Lifetime != time.Hour {
		t.Errorf("the cookie is noted as %+v", w)
	}
}

// etagged answers with a validator, and by the book.
func etagged(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"visitor-42"`)
	w.Header().Set("Last-Modified", "Sun, 01 Mar 2026 11:00:00 GMT")
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader("content"))
}

func TestRevalidationIsInTheRecord(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), page(etagged))
	c := client(t, v, true)
	v.Shift(3 * day)
	first, body := send(t, c, "GET", siteURL+"/kept", "")
	if body != "content" {
		t.Errorf("got %q", body)
	}
	second, body := send(t, c, "GET", siteURL+"/kept", "",
		"If-None-Match", first.Header.Get("ETag"), "If-Modified-Since", first.Header.Get("Last-Modified"))
	if second.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("answered with %s %q", second.Status, body)
	}
	r := v.Requests()[1]
	got := []string{r.HeaderValue("if-none-match"), r.HeaderValue("if-modified-since"), http.StatusText(r.Status)}
	if diff := cmp.Diff([]string{`"visitor-42"`, "Sun, 01 Mar 2026 11:00:00 GMT", "Not Modified"}, got); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
}

func TestAnInformationalAnswerIsNotTheAnswer(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), page(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Set-Cookie", "a=b")
		w.WriteHeader(http.StatusTeapot)
	}))
	send(t, client(t, v, true), "GET", siteURL, "")
	if r := only(t, v); r.Status != http.StatusTeapot || len(v.Writes()) != 1 {
		t.Errorf("noted as answered with %d, writing %v", r.Status, v.Writes())
	}
}
