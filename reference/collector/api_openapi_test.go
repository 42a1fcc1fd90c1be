package collector

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/go-chi/chi/v5"
)

// described loads the document, and fails when it is no valid OpenAPI.
func described(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context(), openapi3.EnableMultiError()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// begun returns a collector whose clock stands at firstDay until it is set.
func begun(t *testing.T, opts Options) *Collector {
	t.Helper()
	opts.Clock = func() time.Time { return firstDay }
	c, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// send lets a browser send an event; more holds further parameters.
func send(t *testing.T, c *Collector, portal, uid, device string, made time.Time, action string, more map[string]string) {
	t.Helper()
	q := url.Values{
		"portal_id": {portal}, "prop_id": {"565"}, "ec": {"user"}, "ea": {action}, "uid": {uid},
		"t": {strconv.FormatInt(made.UnixMilli(), 10)}, "url": {"https://www.shop.test/"}, "title": {"Home"}, "sys": {`{"language":"en"}`},
	}
	if device != "" {
		q.Set("did", device)
	}
	for name, value := range more {
		q.Set(name, value)
	}
	w := get(c.Handler(), "/event?"+q.Encode())
	if refused := w.Header().Get(RefusedHeader); w.Code != http.StatusOK || refused != "" {
		t.Fatalf("status %d, refused: %q", w.Code, refused)
	}
}

// identify is what an event holds that says who the visitor is.
func identify(cid string, at time.Time) map[string]string {
	return map[string]string{
		"extra": fmt.Sprintf(`{"identify_id":%q,"identify_time":%d,"identify_event":"user_sign_in","identify_type":"exact"}`, cid, at.UnixMilli()),
		"dims":  fmt.Sprintf(`{"customers":{"customer_id":%q,"name":"Ada","phone":"+44 20 7946 0000"},"users":{"favourite":"shoes"}}`, cid),
		"items": `[{"id":"shoe","price":12.5}]`,
	}
}

// visited returns a collector that has seen a customer with two user IDs on one
// device, a conflict, an anonymous visitor, a refused hit, a Mapp hit, and the
// same customer and user ID in another portal.
func visited(t *testing.T, opts Options) *Collector {
	t.Helper()
	c := begun(t, opts)
	cid, device := hex32(900), hex32(500)
	send(t, c, "33167", hex32(1), device, firstDay, "view", map[string]string{"mid": hex32(1001)})
	send(t, c, "33167", hex32(2), device, firstDay.Add(2*days), "view", nil)
	send(t, c, "33167", hex32(2), device, firstDay.Add(2*days+time.Minute), "sign_in", identify(cid, firstDay.Add(2*days+time.Minute)))
	send(t, c, "33167", hex32(2), device, firstDay.Add(3*days), "sign_in", identify(hex32(901), firstDay.Add(3*days)))
	send(t, c, "33167", hex32(4), hex32(501), firstDay.Add(3*days), "sign_in", identify(hex32(901), firstDay.Add(3*days)))
	send(t, c, "33167", hex32(4), hex32(501), firstDay.Add(4*days), "sign_in", identify(cid, firstDay.Add(4*days)))
	send(t, c, "33167", hex32(3), "", firstDay, "view", nil)
	send(t, c, "33168", hex32(1), device, firstDay, "sign_in", identify(cid, firstDay))
	for _, target := range []string{"/event?portal_id=33167", "/111111111111111/wt?p=600,home,1,1920x1080,24,1,1750000000123,0,1280x720,0"} {
		if w := get(c.Handler(), target); w.Code != http.StatusOK {
			t.Fatalf("%s: status %d", target, w.Code)
		}
	}
	return c
}

func TestEveryRouteIsDocumentedAndTheReverse(t *testing.T) {
	t.Parallel()
	doc, documented, served := described(t), map[string]bool{}, map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			documented[method+" "+path] = true
		}
	}
	err := chi.Walk(begun(t, Options{}).Handler().(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if strings.HasPrefix(route, "/api/") || strings.HasPrefix(route, "/_/") || strings.HasPrefix(route, "/consent/") && method == http.MethodGet {
			served[method+" "+route] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(served) < 15 {
		t.Errorf("only %d routes are found: the walk does not work", len(served))
	}
	for _, one := range slices.Sorted(maps.Keys(served)) {
		if !documented[one] {
			t.Errorf("%s is served and not documented", one)
		}
	}
	for _, one := range slices.Sorted(maps.Keys(documented)) {
		if !served[one] {
			t.Errorf("%s is documented and not served", one)
		}
	}
}

// answers holds every answer of a collector to the document.
type answers struct {
	doc *openapi3.T
	// seen are the answers that came, as "operation status".
	seen map[string]bool
}

// holds asks, and fails unless the answer has that status and is as documented.
func (a answers) holds(t *testing.T, c *Collector, method, target string, status int, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	change = append(change, func(r *http.Request) { r.Method = method })
	w := get(c.Handler(), target, change...)
	if w.Code != status {
		t.Errorf("%s %s: status %d, want %d: %s", method, target, w.Code, status, w.Body)
		return w
	}
	operation, input := a.input(t, c, method, target, w.Body.Bytes(), change...)
	input.Status, input.Header = w.Code, w.Header()
	if err := openapi3filter.ValidateResponse(t.Context(), input); err != nil {
		t.Errorf("%s %s: %v", method, target, err)
	}
	if status < 300 {
		if err := openapi3filter.ValidateRequest(t.Context(), input.RequestValidationInput); err != nil {
			t.Errorf("%s %s: %v", method, target, err)
		}
	}
	a.seen[operation+" "+strconv.Itoa(status)] = true
	return w
}

// input finds the operation that the collector's own router matches.
func (a answers) input(t *testing.T, c *Collector, method, target string, body []byte, change ...func(*http.Request)) (string, *openapi3filter.ResponseValidationInput) {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for _, f := range change {
		f(r)
	}
	match := chi.NewRouteContext()
	c.Handler().(chi.Routes).Match(match, method, r.URL.EscapedPath())
	item := a.doc.Paths.Value(match.RoutePattern())
	if item == nil || item.GetOperation(method) == nil {
		t.Fatalf("%s %s (%s) is not documented", method, target, match.RoutePattern())
	}
	params := map[string]string{}
	for i, key := range match.URLParams.Keys {
		params[key] = match.URLParams.Values[i]
	}
	operation := item.GetOperation(method)
	options := &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	return operation.OperationID, &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: r, PathParams: params, Options: options,
			Route: &routers.Route{Spec: a.doc, Path: match.RoutePattern(), PathItem: item, Method: method, Operation: operation},
		},
		Body: io.NopCloser(bytes.NewReader(body)), Options: options,
	}
}

func with(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func elsewhere(r *http.Request) { r.RemoteAddr = "192.0.2.7:4000" }

func sending(body string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", "application/json")
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
}

// readable are the places of the API that can be read without changing anything.
func readable() []string {
	places := []string{"/api/openapi.yaml", "/api/antsomi/profiles", "/api/antsomi/conflicts", "/api/antsomi/counts", "/api/mapp/visits", "/_/hits", "/_/hits/1"}
	for _, part := range []string{"", "/events", "/sessions", "/attributes", "/merges"} {
		places = append(places, "/api/antsomi/customers/"+hex32(900)+part+"?portal_id=33167", "/api/antsomi/users/"+hex32(1)+part+"?portal_id=33167")
	}
	return places
}

func TestEveryAnswerIsAsDocumented(t *testing.T) {
	t.Parallel()
	a := answers{doc: described(t), seen: map[string]bool{}}
	open, guarded := visited(t, Options{SettableClock: true}), visited(t, Options{Token: "secret"})
	closed := visited(t, Options{})
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for _, place := range readable() {
		bare, _, _ := strings.Cut(place, "?")
		a.holds(t, open, "GET", place, http.StatusOK)
		a.holds(t, open, "GET", place, http.StatusForbidden, elsewhere)
		a.holds(t, guarded, "GET", place, http.StatusUnauthorized)
		a.holds(t, guarded, "GET", place, http.StatusUnauthorized, elsewhere)
		a.holds(t, guarded, "GET", place, http.StatusOK, elsewhere, with("Authorization", "Bearer secret"))
		if !strings.Contains(place, "openapi") {
			a.holds(t, closed, "GET", place, http.StatusServiceUnavailable)
		}
		if strings.Contains(place, "hits/1") {
			continue
		}
		a.holds(t, open, "GET", bare+"?nonsense=1", http.StatusBadRequest)
		if strings.Contains(place, hex32(900)) || strings.Contains(place, hex32(1)) {
			a.holds(t, open, "GET", bare, http.StatusConflict)
			a.holds(t, open, "GET", place+"9", http.StatusNotFound)
		}
	}
	a.holds(t, open, "GET", "/_/hits/x", http.StatusBadRequest)
	a.holds(t, open, "GET", "/_/hits/999", http.StatusNotFound)
	a.holds(t, open, "GET", "/_/hits?dialect=antsomi&limit=2&after=1", http.StatusOK)
	a.holds(t, open, "GET", "/api/antsomi/users/"+hex32(3), http.StatusOK)
	a.holds(t, open, "GET", "/_/health", http.StatusOK)
	a.holds(t, closed, "GET", "/_/health", http.StatusServiceUnavailable)
	a.holds(t, open, "GET", "/_/clock", http.StatusOK)
	a.holds(t, open, "PUT", "/_/clock", http.StatusOK, sending(`{"now":"2026-05-06T07:08:09Z"}`))
	a.holds(t, open, "PUT", "/_/clock", http.StatusOK, sending(`{"now":null}`))
	a.holds(t, open, "PUT", "/_/clock", http.StatusBadRequest, sending(`{"now":"noon"}`))
	a.holds(t, guarded, "PUT", "/_/clock", http.StatusForbidden, with("Authorization", "Bearer secret"), sending(`{"now":"2026-05-06T07:08:09Z"}`))
	a.holds(t, guarded, "PUT", "/_/clock", http.StatusUnauthorized, elsewhere)
	a.holdsSites(t, open, guarded, closed)
	for _, place := range []string{"/_/hits", "/_/all"} {
		a.holds(t, open, "DELETE", place, http.StatusForbidden, elsewhere)
		a.holds(t, guarded, "DELETE", place, http.StatusUnauthorized, elsewhere)
		a.holds(t, closed, "DELETE", place, http.StatusServiceUnavailable)
		a.holds(t, open, "DELETE", place, http.StatusNoContent)
	}
	for path, item := range a.doc.Paths.Map() {
		for method, operation := range item.Operations() {
			for status := range operation.Responses.Map() {
				if !a.seen[operation.OperationID+" "+status] {
					t.Errorf("%s %s: the documented answer %s never came", method, path, status)
				}
			}
		}
	}
}

func TestTheDocumentRefusesWrongAnswers(t *testing.T) {
	t.Parallel()
	c := visited(t, Options{})
	a := answers{doc: described(t), seen: map[string]bool{}}
	customer, user := "/api/antsomi/customers/"+hex32(900)+"?portal_id=33167", "/api/antsomi/users/"+hex32(3)
	site := sessionsOf(t, c, firstDay)
	session, report := "/api/piwikpro/sessions?limit=1&site="+site, "/api/piwikpro/report?site="+site
	ofFirst := func(list string, change func(map[string]any)) func(map[string]any) {
		return func(body map[string]any) { change(body[list].([]any)[0].(map[string]any)) }
	}
	for _, tc := range []struct {
		name, target string
		status       int
		change       func(map[string]any)
	}{
		{"a customer without the mark", customer, 200, func(body map[string]any) { body["customer"] = false }},
		{"a customer without ID", customer, 200, func(body map[string]any) { delete(body, "cid") }},
		{"a customer with something more", customer, 200, func(body map[string]any) { body["email"] = "x" }},
		{"an anonymous user ID with the mark", user, 200, func(body map[string]any) { body["customer"] = true }},
		{"a user ID with two", user, 200, func(body map[string]any) { body["user_ids"] = []string{"a", "b"} }},
		{"a local time", user, 200, func(body map[string]any) { body["created"] = "2026-03-02T10:04:00+01:00" }},
		{"null for a list", user, 200, func(body map[string]any) { body["devices"] = nil }},
		{"events as text", user, 200, func(body map[string]any) { body["events"] = "1" }},
		{"a status that is not documented", user, 418, func(map[string]any) {}},
		{"an anonymous session with a visitor", session, 200, ofFirst("sessions", func(s map[string]any) { s["anonymous"], s["new"], s["address"] = true, true, "::" })},
		{"an anonymous session with an address", session, 200, ofFirst("sessions", func(s map[string]any) { s["anonymous"], s["new"] = true, true; delete(s, "visitor") })},
		{"an anonymous session that returns", session, 200, ofFirst("sessions", func(s map[string]any) {
			s["anonymous"], s["new"], s["address"] = true, false, "::"
			delete(s, "visitor")
		})},
		{"an identified session without visitor", session, 200, ofFirst("sessions", func(s map[string]any) { delete(s, "visitor") })},
		{"a report without its share", report, 200, func(body map[string]any) { delete(body, "anonymous") }},
		{"a report with something more", report, 200, func(body map[string]any) { body["bounce_rate"] = 0.5 }},
	} {
		var body map[string]any
		w := get(c.Handler(), tc.target)
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		tc.change(body)
		changed, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		_, input := a.input(t, c, "GET", tc.target, changed)
		input.Status, input.Header = tc.status, w.Header()
		if openapi3filter.ValidateResponse(context.Background(), input) == nil {
			t.Errorf("%s is taken for right", tc.name)
		}
	}
}
