package collector

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/reference/geo"
)

// What the page shows and what the JSON says are the same numbers, of sessions that a
// collector has counted, over all days, over one, and over one without any.
func TestTheReportsPageShowsTheNumbersOfTheJSON(t *testing.T) {
	t.Parallel()
	places, err := geo.Example()
	if err != nil {
		t.Fatal(err)
	}
	c := begun(t, Options{Geo: places})
	site := sessionsOf(t, c, firstDay)
	for _, period := range []string{"", "&from=2026-03-02&to=2026-03-02", "&from=2026-03-01&to=2026-03-01", "&to=2026-02-01"} {
		page := get(c.Handler(), "/piwikpro/reports/?site="+site+period).Body.String()
		report := decoded[Report](t, get(c.Handler(), "/api/piwikpro/report?site="+site+period))
		days := decoded[map[string][]Day](t, get(c.Handler(), "/api/piwikpro/report/days?site="+site+period))["days"]
		sessions := decoded[VisitorSessionList](t, get(c.Handler(), "/api/piwikpro/sessions?site="+site))
		for id, want := range wantTables(report, days, sessions.Sessions) {
			if diff := cmp.Diff(want, tableOf(t, page, id)); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", period, id, diff)
			}
		}
		if diff := cmp.Diff(map[string]int64{"": 5, "&from=2026-03-02&to=2026-03-02": 3, "&from=2026-03-01&to=2026-03-01": 2, "&to=2026-02-01": 0}[period], report.Total.Sessions); diff != "" {
			t.Errorf("%s: sessions (-want +got):\n%s", period, diff)
		}
	}
	page := get(c.Handler(), "/piwikpro/reports/?site="+site).Body.String()
	want := [][]string{{"Germany", "Berlin"}, {"Germany", "Hamburg"}, {"Spain", "Madrid"}}
	var got [][]string
	for _, row := range tableOf(t, page, "places-table") {
		got = append(got, row[:2])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
	// Identified visitors' addresses are there, so that their absence means something.
	for text, shown := range map[string]bool{
		"192.0.2.10": true, "2001:db8:1:20:8000::a": true, "<code>0.0.0.0</code>": true, "<code>::</code>": true,
		"203.0.113": false, "2001:db8:1:10": false,
	} {
		if strings.Contains(page, text) != shown {
			t.Errorf("the page shows %s: %v", text, !shown)
		}
	}
}

func TestTheSettingOutlivesTheCollectorAndIsServed(t *testing.T) {
	t.Parallel()
	opts := Options{Store: filepath.Join(t.TempDir(), "sites.db")}
	sites := ExampleSites()
	path := "/piwikpro/administration/sites/" + sites[0].ID
	served := func(c *Collector, site string) bool {
		t.Helper()
		return decoded[struct {
			Tracking bool `json:"anonymous_tracking"`
		}](t, get(c.Handler(), "/consent/"+site+".json")).Tracking
	}
	first, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if !served(first, sites[0].ID) {
		t.Error("the example is off from the beginning")
	}
	old := tokenIn(t, get(first.Handler(), path+"/consent-manager").Body.String(), "consent-manager")
	if w := post(first.Handler(), path+"/consent-manager", url.Values{"token": {old}}); w.Code != http.StatusSeeOther {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	adding := tokenIn(t, get(first.Handler(), "/piwikpro/administration/sites/").Body.String(), "adding")
	added := post(first.Handler(), "/piwikpro/administration/sites/", url.Values{"token": {adding}, "name": {"App"}})
	if served(first, sites[0].ID) {
		t.Error("the setting is saved and not served")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second := begun(t, opts)
	got, err := second.Sites(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sites[0].AnonymousTracking = false
	app := strings.TrimPrefix(added.Header().Get("Location"), "/piwikpro/administration/sites/")
	want := map[string]Site{app: {ID: app, Name: "App"}}
	for _, s := range sites {
		want[s.ID] = s
	}
	held := map[string]Site{}
	for _, s := range got {
		held[s.ID] = s
		if on := served(second, s.ID); on != s.AnonymousTracking {
			t.Errorf("%s: %v is served", s.Name, on)
		}
	}
	if diff := cmp.Diff(want, held); diff != "" {
		t.Errorf("sites after the restart (-want +got):\n%s", diff)
	}
	if w := post(second.Handler(), path+"/consent-manager", url.Values{"token": {old}, "anonymous_tracking": {"on"}}); w.Code != http.StatusForbidden {
		t.Errorf("status %d: the form of an earlier collector is taken", w.Code)
	}
}

func TestTheConsoleIsForThoseWhoMay(t *testing.T) {
	t.Parallel()
	open, guarded := begun(t, Options{}), begun(t, Options{Token: "secret"})
	overTLS := func(r *http.Request) { r.TLS = &tls.ConnectionState{HandshakeComplete: true} }
	named := func(host string) func(*http.Request) { return func(r *http.Request) { r.Host = host } }
	password := func(r *http.Request) { r.SetBasicAuth("anybody", "secret") }
	for _, page := range consolePages() {
		status := http.StatusOK
		if strings.HasSuffix(page, "nowhere") {
			status = http.StatusNotFound
		}
		for _, tc := range []struct {
			what   string
			c      *Collector
			change []func(*http.Request)
			want   int
		}{
			{"here", open, nil, status},
			{"as app.vendor.test", open, []func(*http.Request){named("app.vendor.test"), overTLS}, status},
			{"as a name that a page has bent", open, []func(*http.Request){named("app.vendor.test")}, http.StatusForbidden},
			{"from elsewhere", open, []func(*http.Request){elsewhere}, http.StatusForbidden},
			{"under another name", open, []func(*http.Request){named("evil.example")}, http.StatusForbidden},
			{"through a proxy", open, []func(*http.Request){with("X-Forwarded-For", "127.0.0.1")}, http.StatusForbidden},
			{"without the token", guarded, nil, http.StatusUnauthorized},
			{"with the token", guarded, []func(*http.Request){elsewhere, password}, status},
		} {
			if w := get(tc.c.Handler(), page, tc.change...); w.Code != tc.want {
				t.Errorf("%s, %s: status %d, want %d", page, tc.what, w.Code, tc.want)
			}
		}
	}
	target := "/piwikpro/administration/sites/" + ExampleSites()[0].ID + "/consent-manager"
	token := tokenIn(t, get(open.Handler(), target).Body.String(), "consent-manager")
	if w := post(open.Handler(), target, url.Values{"token": {token}}, elsewhere); w.Code != http.StatusForbidden {
		t.Errorf("a form from elsewhere: status %d", w.Code)
	}
	if site, err := open.Site(t.Context(), ExampleSites()[0].ID); err != nil || !site.AnonymousTracking {
		t.Errorf("%+v, %v", site, err)
	}
}
