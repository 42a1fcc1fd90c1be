package collector

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// putting sends a site as a program does.
func putting(c *Collector, id, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPut, "/api/piwikpro/sites/"+id, strings.NewReader(body))
	r.RemoteAddr, r.Host = "127.0.0.1:4000", "localhost:8080"
	r.Header.Set("Content-Type", "application/json")
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	c.Handler().ServeHTTP(w, r)
	return w
}

// What does not say the setting, or says it otherwise than as JSON of a program, changes
// nothing, and the answer names what is wrong.
func TestASettingIsTakenOnlyWhereItIsSaid(t *testing.T) {
	t.Parallel()
	site := ExampleSites()[0]
	const good, form = `{"name":"Renamed","anonymous_tracking":false}`, "the site must be a JSON object without a name twice"
	for _, tc := range []struct {
		name, body string
		change     []func(*http.Request)
		status     int
		said       string
	}{
		{"empty", `{}`, nil, 400, "anonymous_tracking is missing\nhint: say true or false"},
		{"the name alone", `{"name":"Renamed"}`, nil, 400, "anonymous_tracking is missing"},
		{"null", `{"anonymous_tracking":null}`, nil, 400, "anonymous_tracking must be true or false, got null"},
		{"a text", `{"anonymous_tracking":"false"}`, nil, 400, `anonymous_tracking must be true or false, got "false"`},
		{"a number", `{"anonymous_tracking":0}`, nil, 400, "anonymous_tracking must be true or false, got 0"},
		{"misspelt", `{"anonymous_traking":false}`, nil, 400, "a site has no \"anonymous_traking\"\nhint: did you mean \"anonymous_tracking\"?"},
		{"in capitals", `{"Anonymous_Tracking":false}`, nil, 400, `did you mean "anonymous_tracking"?`},
		{"as in another language", `{"anonymousTracking":false}`, nil, 400, `did you mean "anonymous_tracking"?`},
		{"one member too many", `{"anonymous_tracking":false,"retention":"P25M"}`, nil, 400, "a site has no \"retention\"\nhint: it has anonymous_tracking, id, name"},
		{"twice", `{"anonymous_tracking":false,"anonymous_tracking":true}`, nil, 400, form},
		{"null instead of a site", `null`, nil, 400, form},
		{"a list", `[]`, nil, 400, form},
		{"nothing", ``, nil, 400, form},
		{"half of it", good[:20], nil, 400, form},
		{"more than one", good + good, nil, 400, form},
		{"too long", `{"name":"` + strings.Repeat("x", MaxQuery) + `","anonymous_tracking":false}`, nil, 400, form},
		{"no name", `{"name":null,"anonymous_tracking":false}`, nil, 400, "name must be text, got null"},
		{"another's ID", `{"id":"` + ExampleSites()[1].ID + `","anonymous_tracking":false}`, nil, 400, "id must be that of the path"},
		{"no ID", `{"id":null,"anonymous_tracking":false}`, nil, 400, "id must be that of the path"},
		{"text", good, []func(*http.Request){with("Content-Type", "text/plain;charset=UTF-8")}, 415, "hint: send the header Content-Type: application/json"},
		{"a form", good, []func(*http.Request){with("Content-Type", "application/x-www-form-urlencoded")}, 415, "application/json"},
		{"of no kind", good, []func(*http.Request){func(r *http.Request) { r.Header.Del("Content-Type") }}, 415, "application/json"},
		{"from a page elsewhere", good, []func(*http.Request){with("Sec-Fetch-Site", "cross-site"), with("Origin", "https://evil.example")}, 403, "a page of another site"},
		{"from a neighbour", good, []func(*http.Request){with("Sec-Fetch-Site", "same-site"), with("Origin", "http://localhost:3000")}, 403, "a page of another site"},
		{"from elsewhere by an old browser", good, []func(*http.Request){with("Origin", "https://evil.example")}, 403, "a page of another site"},
		{"from nowhere", good, []func(*http.Request){with("Origin", "null")}, 403, "a page of another site"},
		{"said", good, nil, 200, ""},
		{"said with an ID", `{"id":"` + site.ID + `","name":"Renamed","anonymous_tracking":false}`, nil, 200, ""},
		{"said with its alphabet", good, []func(*http.Request){with("Content-Type", "application/json; charset=utf-8")}, 200, ""},
	} {
		c := begun(t, Options{})
		w := putting(c, site.ID, tc.body, tc.change...)
		var answer struct{ Error string }
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		if w.Code != tc.status || !strings.Contains(answer.Error, tc.said) {
			t.Errorf("%s: status %d %q, want %d %q", tc.name, w.Code, answer.Error, tc.status, tc.said)
		}
		want := site
		if tc.status == http.StatusOK {
			want.Name, want.AnonymousTracking = "Renamed", false
		}
		got, err := c.Site(t.Context(), site.ID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", tc.name, err, diff)
		}
	}
}

// The name may be left out; the setting of what is there is all that changes then.
func TestASettingIsChangedWithoutTheName(t *testing.T) {
	t.Parallel()
	c := begun(t, Options{})
	site := ExampleSites()[0]
	for _, on := range []string{"false", "true"} {
		if w := putting(c, site.ID, `{"anonymous_tracking":`+on+`}`); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"anonymous_tracking":`+on) || !strings.Contains(w.Body.String(), `"name":"Shop"`) {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
	}
}

// What would change something is taken from no page of another origin, the collector's
// whole memory least of all.
func TestOtherPagesForgetNothing(t *testing.T) {
	t.Parallel()
	c := begun(t, Options{SettableClock: true})
	for _, tc := range []struct{ method, target string }{{"DELETE", "/_/hits"}, {"DELETE", "/_/all"}, {"PUT", "/_/clock"}} {
		w := get(c.Handler(), tc.target, with("Origin", "http://localhost:3000"), with("Sec-Fetch-Site", "same-site"), func(r *http.Request) { r.Method = tc.method })
		if w.Code != http.StatusForbidden {
			t.Errorf("%s %s: status %d", tc.method, tc.target, w.Code)
		}
	}
}
