package gateway

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// ledger is a collector that writes down what reaches it, and refuses what says so.
type ledger struct {
	mu   sync.Mutex
	list []string
}

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	l.mu.Lock()
	l.list = append(l.list, fmt.Sprintf("%s %s %s at %s, %v", r.Method, r.RequestURI, body, Now(r.Context()).Sub(launch), err))
	l.mu.Unlock()
	w.Header().Set("Set-Cookie", "seen=1")
	switch {
	case strings.Contains(r.RequestURI, "refused"):
		w.Header().Set(RefusedHeader, "a raw e-mail address")
	case strings.Contains(r.RequestURI, "broken"):
		panic("no store")
	case strings.Contains(r.RequestURI, "busy"):
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (l *ledger) reached() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.list...)
}

func TestALateCollectorGetsTheLastHitFirst(t *testing.T) {
	t.Parallel()
	overEach(t, func(t *testing.T, h2 bool) {
		l, clock := &ledger{}, newClock(launch)
		v := newVisitor(t, newGateway(t, Options{Clock: clock.now}), recording(l.ServeHTTP))
		c := client(t, v, h2)
		send(t, c, "GET", collectorURL+"/hit?before", "")
		v.Collector(scenario.CollectorLate)
		for _, path := range []string{"/hit?first", "/hit?refused", "/hit?busy", "/hit?broken"} {
			if response, got := send(t, c, "POST", collectorURL+path, everyByte); response.StatusCode != http.StatusOK || response.Header.Get("Set-Cookie") != "" || got != "{}" {
				t.Errorf("%s is answered with %s %v %q", path, response.Status, response.Header, got)
			}
		}
		quiet(t, v)
		if got := l.reached(); len(got) != 1 {
			t.Errorf("too early the collector has got %q", got)
		}
		for _, r := range v.Requests()[1:] {
			if r.Refused != "" || r.Status != http.StatusOK || string(r.Body) != everyByte {
				t.Errorf("before the collector has got it, it is noted as %d %q with %d bytes", r.Status, r.Refused, len(r.Body))
			}
		}
		v.Shift(time.Hour)
		v.Collector(scenario.CollectorLate) // is no other mode
		if got := l.reached(); len(got) != 1 {
			t.Errorf("without another mode the collector has got %q", got)
		}
		v.Collector(scenario.CollectorWell)
		send(t, c, "GET", collectorURL+"/hit?after", "")
		want := []string{
			"GET /hit?before  at 0s, <nil>",
			"POST /hit?broken " + everyByte + " at 1h0m0s, <nil>", "POST /hit?busy " + everyByte + " at 1h0m0s, <nil>",
			"POST /hit?refused " + everyByte + " at 1h0m0s, <nil>", "POST /hit?first " + everyByte + " at 1h0m0s, <nil>",
			"GET /hit?after  at 1h0m0s, <nil>",
		}
		if diff := cmp.Diff(want, l.reached()); diff != "" {
			t.Errorf("the collector got (-want +got):\n%s", diff)
		}
		var refused []string
		for _, r := range v.Requests() {
			refused = append(refused, r.Refused)
		}
		if diff := cmp.Diff([]string{"", "", "a raw e-mail address", "it answered 503", "the collector broke: no store", ""}, refused); diff != "" {
			t.Errorf("noted as refused (-want +got):\n%s", diff)
		}
		if w := v.Writes(); len(w) != 2 {
			t.Errorf("cookies that no browser got are noted: %+v", w)
		}
	})
}

func TestAPreflightReachesALateCollectorAtOnce(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	v := newVisitor(t, newGateway(t, Options{}), recording(l.ServeHTTP))
	v.Collector(scenario.CollectorLate)
	response, _ := send(t, client(t, v, true), "OPTIONS", collectorURL+"/hit", "", "Origin", siteURL, "Access-Control-Request-Method", "POST")
	if response.StatusCode != http.StatusAccepted || len(l.reached()) != 1 {
		t.Errorf("answered with %s after %q", response.Status, l.reached())
	}
}

// A hit that is under way while the mode changes reaches the collector, and once.
func TestNoHitIsLostBetweenTwoModes(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	v := newVisitor(t, newGateway(t, Options{}), recording(l.ServeHTTP))
	c := client(t, v, true)
	for i := range 100 {
		v.Collector(scenario.CollectorLate)
		begin(v, "next")
		done := sendAside(within(t), t, c, "GET", fmt.Sprintf("%s/hit-%d", collectorURL, i), "")
		await(t, v, fmt.Sprintf("/hit-%d", i))
		v.Collector(scenario.CollectorWell)
		if got := <-done; got.err != nil {
			t.Fatal(got.err)
		}
	}
	seen := map[string]int{}
	for _, line := range l.reached() {
		seen[line]++
	}
	if len(seen) != 100 || len(l.reached()) != 100 {
		t.Errorf("%d hits have reached the collector %d times", len(seen), len(l.reached()))
	}
}

func TestACollectorGetsEachHitTwice(t *testing.T) {
	t.Parallel()
	overEach(t, func(t *testing.T, h2 bool) {
		l := &ledger{}
		clock := newClock(launch)
		v := newVisitor(t, newGateway(t, Options{Clock: clock.now}), recording(l.ServeHTTP))
		c := client(t, v, h2)
		v.Collector(scenario.CollectorTwice)
		response, _ := send(t, c, "POST", collectorURL+"/hit?refused", everyByte)
		quiet(t, v)
		once := "POST /hit?refused " + everyByte + " at 0s, <nil>"
		if diff := cmp.Diff([]string{once, once}, l.reached()); diff != "" {
			t.Errorf("the collector got (-want +got):\n%s", diff)
		}
		if r := only(t, v); response.StatusCode != http.StatusAccepted || r.Status != http.StatusAccepted || r.Refused == "" {
			t.Errorf("answered with %s, noted as %d %q", response.Status, r.Status, r.Refused)
		}
		if w := v.Writes(); len(w) != 1 {
			t.Errorf("the browser got one answer, and the cookies %+v", w)
		}
		send(t, c, "GET", siteURL+"/", "") // what is no hit is asked for once
		v.Collector(scenario.CollectorWell)
		send(t, c, "GET", collectorURL+"/hit", "")
		if got := l.reached(); len(got) != 3 {
			t.Errorf("well again, the collector has got %q", got)
		}
	})
}

// A collector that knows the hit already may say so: the hit was taken all the same.
func TestACopyThatIsRefusedLeavesTheHitTaken(t *testing.T) {
	t.Parallel()
	const reason = "known already"
	refusing := func(w http.ResponseWriter) { w.Header().Set(RefusedHeader, reason) }
	conflict := func(w http.ResponseWriter) { w.WriteHeader(http.StatusConflict) }
	taking := func(w http.ResponseWriter) { w.WriteHeader(http.StatusAccepted) }
	for _, c := range []struct {
		name    string
		answers []func(http.ResponseWriter)
		status  int
		refused string
	}{
		{"the copy by its header", []func(http.ResponseWriter){taking, refusing}, http.StatusAccepted, ""},
		{"the copy by its status", []func(http.ResponseWriter){taking, conflict}, http.StatusAccepted, ""},
		{"the first only", []func(http.ResponseWriter){refusing, taking}, http.StatusOK, ""},
		{"both", []func(http.ResponseWriter){refusing, conflict}, http.StatusOK, reason},
	} {
		var asked atomic.Int32
		v := newVisitor(t, newGateway(t, Options{}), recording(func(w http.ResponseWriter, _ *http.Request) {
			if n := int(asked.Add(1)); n <= len(c.answers) {
				c.answers[n-1](w)
			}
		}))
		v.Collector(scenario.CollectorTwice)
		send(t, client(t, v, true), "GET", collectorURL+"/hit", "")
		quiet(t, v)
		if r := only(t, v); r.Status != c.status || r.Refused != c.refused || asked.Load() != 2 {
			t.Errorf("%s: noted as %d %q after %d", c.name, r.Status, r.Refused, asked.Load())
		}
	}
}

func TestTheSiteKnowsThePerson(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), page(func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprintf(w, "%q", PersonOf(r.Context())) }))
	c := client(t, v, true)
	for _, person := range []string{"", scenario.PersonSecond, ""} {
		v.Person(person)
		if _, got := send(t, c, "GET", siteURL+"/", ""); got != fmt.Sprintf("%q", person) {
			t.Errorf("want %q, got %s", person, got)
		}
	}
	if PersonOf(t.Context()) != "" || ReadsBack(t.Context()) {
		t.Error("there is somebody outside of a gateway")
	}
}
