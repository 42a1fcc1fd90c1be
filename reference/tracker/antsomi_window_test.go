package tracker_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

// stub is what a page loads before the tracker: it keeps all calls.
const stub = `window.web_event = window.web_event || function () { (web_event.queue = web_event.queue || []).push(arguments); };
["config", "track", "resetAnonymousUId"].forEach(function (name) {
  web_event[name] = function () { web_event.apply(null, [name].concat([].slice.call(arguments))); };
});
`

// site is a page that is set up with more options, and the calls that follow.
func site(options, calls string) string {
	return stub + "web_event.config({portal_id: '33167', prop_id: '556301', domain: 'collect.vendor.test'" + options + "});\n" + calls
}

// signIn is the document's own example; it runs once the tracker is there.
const signIn = `web_event.track("user", "sign_in", {
  dims: {customers: {customer_id: window._cdpEventFunction.md5("anna@shop.test"), name: "Anna Ünal", email: "anna@shop.test"}},
  extra: {
    identify_id: window._cdpEventFunction.md5("anna@shop.test"),
    identify_time: window._cdpEventFunction._cdpGetLeadTime(),
    identify_event: "user_sign_in",
    identify_type: "exact"
  }
});`

// annasID is the customer ID in it: echo -n anna@shop.test | md5sum.
const annasID = "4e5f18bcdc4c6cab3d2eb59da1db9719"

// event is what the tracker for Antsomi reports.
type event struct {
	Portal   string            `json:"portal_id"`
	Prop     string            `json:"prop_id"`
	Category string            `json:"ec"`
	Action   string            `json:"ea"`
	UID      string            `json:"uid"`
	Device   string            `json:"did"`
	Message  string            `json:"mid"`
	Made     int64             `json:"t"`
	URL      string            `json:"url"`
	Referrer string            `json:"ref"`
	Title    string            `json:"title"`
	System   map[string]string `json:"sys"`
	Dims     map[string]map[string]any
	Extra    map[string]any
	Items    []any
}

// openShop returns a window with the tracker for Antsomi.
func openShop(t *testing.T, options tracker.Options) *window { return openFor(t, "antsomi", options) }

// events returns what was sent, in order, wherever it stood.
func (w *window) events() []event {
	w.t.Helper()
	var all []event
	for _, r := range w.requests() {
		all = append(all, r.events(w.t)...)
	}
	return all
}

// events returns the events that a request carries.
func (r request) events(t *testing.T) []event {
	t.Helper()
	body := r.Body
	if r.By == "image" {
		body = queryAsJSON(t, r.URL)
	}
	var batch struct {
		event
		Events []event
	}
	decode(t, body, &batch)
	if batch.Events == nil {
		return []event{batch.event}
	}
	for i := range batch.Events {
		batch.Events[i].Portal, batch.Events[i].Prop = batch.Portal, batch.Prop
	}
	return batch.Events
}

// queryAsJSON puts a query's parameters into the form of a body.
func queryAsJSON(t *testing.T, address string) string {
	t.Helper()
	_, query, _ := strings.Cut(address, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]any{}
	for name, value := range values {
		members[name] = value[0]
		if name == "t" || strings.HasPrefix(value[0], "{") || strings.HasPrefix(value[0], "[") {
			members[name] = json.RawMessage(value[0])
		}
	}
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

// names returns the events' actions, in order.
func names(events []event) []string {
	var list []string
	for _, e := range events {
		list = append(list, e.Action)
	}
	return list
}
