package collector

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestParametersAreStrict(t *testing.T) {
	t.Parallel()
	f := threeVisits()
	// The same customer ID in another portal.
	twin := f.profiles[4]
	twin.Portal = "554927"
	f.profiles = append(f.profiles, twin)
	handler, ada := pagesOf(t, f), "/api/antsomi/customers/"+hex32(900)
	for _, tc := range []struct {
		target string
		status int
		said   string
	}{
		{ada + "?portal_id=554926", 200, ""},
		{ada, 409, "several portals hold this ID\nhint: say which one with portal_id"},
		{ada + "?portal_id=1", 404, "no such profile"},
		{ada + "?portal_id=554926&portal_id=554927", 400, "parameter portal_id occurs 2 times"},
		{ada + "?portal_id=554926&limit=1", 400, `no such parameter: "limit" (portal_id)`},
		{ada + "/events?limits=1", 400, `no such parameter: "limits" (portal_id, limit, after)`},
		{ada + "/events?limit=0", 400, `limit must be 1 to 1000, got "0"`},
		{ada + "/events?limit=1001", 400, `limit must be 1 to 1000, got "1001"`},
		{ada + "/events?limit=", 400, `limit must be 1 to 1000, got ""`},
		{ada + "/events?after=-1", 400, `after must be the next of the list before, got "-1"`},
		{ada + "/events?after=first", 400, `after must be the next of the list before, got "first"`},
		{ada + "/sessions?limit=1", 400, `no such parameter: "limit" (portal_id)`},
		{ada + "/attributes?x", 400, `no such parameter: "x" (portal_id)`},
		{ada + "/merges?portal=1", 400, `no such parameter: "portal" (portal_id)`},
		{"/api/antsomi/profiles?kind=person", 400, `kind must be customer or anonymous, got "person"`},
		{"/api/antsomi/profiles?q=" + strings.Repeat("x", 257), 400, "q is longer than 256 bytes"},
		{"/api/antsomi/profiles?q=%00", 400, "parameter q is no text in UTF-8"},
		{"/api/antsomi/profiles?q=%ff", 400, "parameter q is no text in UTF-8"},
		{"/api/antsomi/profiles?q=%zz", 400, `the query is not well formed: invalid URL escape "%zz"`},
		{"/api/antsomi/conflicts?q=1", 400, `no such parameter: "q" (portal_id, limit, after)`},
		{"/api/antsomi/users/%ff", 400, "the path is no text in UTF-8"},
		{"/api/antsomi/users/nobody", 404, "no such profile"},
		{"/api/antsomi/users/nobody/events", 404, "no such profile"},
		{"/api/openapi.yaml?v=1", 400, `no such parameter: "v" (none is known here)`},
	} {
		w := get(handler, tc.target)
		var body struct{ Error string }
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Errorf("%s: %v: %s", tc.target, err, w.Body)
		}
		if w.Code != tc.status || body.Error != tc.said {
			t.Errorf("%s: status %d %q, want %d %q", tc.target, w.Code, body.Error, tc.status, tc.said)
		}
	}
}

func TestIDsAreDecodedOnce(t *testing.T) {
	t.Parallel()
	for _, cid := range []string{"ada@example.test", "a/b", "a%2Fb", "a b+c", "ä", "100%", "?x=1", "a;b"} {
		f := threeVisits()
		f.profiles[4].CID = cid
		w := get(pagesOf(t, f), "/api/antsomi/customers/"+url.PathEscape(cid))
		var body Profile
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != http.StatusOK || body.CID != cid {
			t.Errorf("%q: status %d, %v: %s", cid, w.Code, err, w.Body)
		}
	}
}

func TestListsAreReadToTheirEndByNext(t *testing.T) {
	t.Parallel()
	c := visited(t, Options{})
	want, err := c.Events(t.Context(), Owner{Portal: "33167", CID: hex32(900)}, Page{})
	if err != nil || len(want.Events) < 3 {
		t.Fatalf("%d events, %v", len(want.Events), err)
	}
	var events []int64
	next := "0"
	for range 10 {
		var list EventList
		w := get(c.Handler(), "/api/antsomi/customers/"+hex32(900)+"/events?portal_id=33167&limit=1&after="+next)
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || len(list.Events) != 1 {
			t.Fatalf("%v: %s", err, w.Body)
		}
		events = append(events, list.Events[0].ID)
		if list.Next == 0 {
			break
		}
		next = strconv.FormatInt(list.Next, 10)
	}
	for i, e := range want.Events {
		if i >= len(events) || events[i] != e.ID {
			t.Errorf("by pages: %v, want %d at %d", events, e.ID, i)
		}
	}
	var all, paged []string
	for after, limit := "", "100"; ; {
		var list ProfileList
		w := get(c.Handler(), "/api/antsomi/profiles?limit="+limit+"&after="+url.QueryEscape(after))
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%v: %s", err, w.Body)
		}
		for _, p := range list.Profiles {
			paged = append(paged, p.Portal+" "+p.CID+" "+p.UID)
		}
		if after = list.Next; after == "" {
			if limit == "1" {
				break
			}
			all, paged, limit = paged, nil, "1"
		}
	}
	if len(all) != 4 || !slices.Equal(all, paged) {
		t.Errorf("by pages: %q, want %q", paged, all)
	}
	if w := get(c.Handler(), "/api/antsomi/profiles?after=nowhere"); w.Code != http.StatusBadRequest {
		t.Errorf("a next that no list gave: status %d: %s", w.Code, w.Body)
	}
}

func TestWhatIsWrongWithTheStoreIsNotTold(t *testing.T) {
	t.Parallel()
	f := &fakeProfiles{err: errors.New("dial tcp 10.0.0.7: password of ada")}
	for _, target := range []string{"/api/antsomi/profiles", "/api/antsomi/users/1/events", "/antsomi/", "/antsomi/users/1"} {
		w := get(pagesOf(t, f), target)
		if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "ada") {
			t.Errorf("%s: status %d: %s", target, w.Code, w.Body)
		}
	}
}

// guardedPlaces are places of all vendors that only those who may see.
func guardedPlaces() []string {
	site := "?site=" + ExampleSites()[0].ID
	return []string{
		"/api/antsomi/profiles", "/api/openapi.yaml", "/antsomi/", "/antsomi/style.css",
		"/api/piwikpro/sites", "/api/piwikpro/report" + site, "/api/piwikpro/report/days" + site, "/api/piwikpro/sessions" + site,
		"/piwikpro/", "/piwikpro/reports/", "/piwikpro/administration/sites/",
	}
}

func TestOnlyReadersRead(t *testing.T) {
	t.Parallel()
	basic := func(password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth("whoever", password) }
	}
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	sealed := func(r *http.Request) { r.TLS = &tls.ConnectionState{HandshakeComplete: true} }
	open, guarded := begun(t, Options{}), begun(t, Options{Token: "secret"})
	for _, tc := range []struct {
		what   string
		c      *Collector
		change []func(*http.Request)
		status int
	}{
		{"this machine", open, nil, 200},
		{"the stage", open, []func(*http.Request){sealed, host("track.shop.test:443")}, 200},
		{"the stage in other letters", open, []func(*http.Request){sealed, host("track.shop.TEST.")}, 200},
		{"this machine by another address", open, []func(*http.Request){host("[::1]:8080")}, 200},
		{"a name that a page has bent", open, []func(*http.Request){host("evil.example")}, 403},
		{"a name below .test that a page has bent", open, []func(*http.Request){host("evil.test")}, 403},
		{"and says it is the stage's", open, []func(*http.Request){host("app.vendor.test"), with("Referer", "https://app.vendor.test/")}, 403},
		{"a name below localhost", open, []func(*http.Request){host("evil.localhost:8080")}, 403},
		{"a name that only looks like this machine", open, []func(*http.Request){host("127.0.0.1.evil.example")}, 403},
		{"no name", open, []func(*http.Request){host("")}, 403},
		{"a name that only looks like .test", open, []func(*http.Request){sealed, host("evil.example.test.example")}, 403},
		{"a name that only ends so", open, []func(*http.Request){sealed, host("eviltest")}, 403},
		{"a proxy", open, []func(*http.Request){with("X-Forwarded-For", "192.0.2.7")}, 403},
		{"a proxy that names the client otherwise", open, []func(*http.Request){with("X-Real-IP", "192.0.2.7")}, 403},
		{"elsewhere", open, []func(*http.Request){elsewhere}, 403},
		{"an empty token where there is none", open, []func(*http.Request){elsewhere, with("Authorization", "Bearer ")}, 403},
		{"an empty password where there is none", open, []func(*http.Request){elsewhere, basic("")}, 403},
		{"this machine without the token", guarded, nil, 401},
		{"this machine with the token", guarded, []func(*http.Request){basic("secret")}, 200},
		{"no token", guarded, []func(*http.Request){elsewhere}, 401},
		{"a wrong token", guarded, []func(*http.Request){elsewhere, with("Authorization", "Bearer secre")}, 401},
		{"an empty token", guarded, []func(*http.Request){elsewhere, with("Authorization", "Bearer ")}, 401},
		{"another scheme", guarded, []func(*http.Request){elsewhere, with("Authorization", "Digest secret")}, 401},
		{"the token", guarded, []func(*http.Request){elsewhere, with("Authorization", "bearer secret")}, 200},
		{"the token as password", guarded, []func(*http.Request){elsewhere, basic("secret")}, 200},
		{"a wrong password", guarded, []func(*http.Request){elsewhere, basic("secret2")}, 401},
		{"the token through a proxy", guarded, []func(*http.Request){with("Forwarded", "for=192.0.2.7"), basic("secret")}, 200},
	} {
		for _, target := range guardedPlaces() {
			w := get(tc.c.Handler(), target, tc.change...)
			if w.Code != tc.status {
				t.Errorf("%s, %s: status %d, want %d", tc.what, target, w.Code, tc.status)
			}
			if asks := w.Header().Values("WWW-Authenticate"); (len(asks) == 2) != (tc.status == 401) {
				t.Errorf("%s, %s: asks for %q", tc.what, target, asks)
			}
		}
	}
}
