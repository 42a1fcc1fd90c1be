package collector

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

func TestConsolePagesLookAsTheyDid(t *testing.T) {
	t.Parallel()
	shops, _ := consoleOf(t, reported())
	none, _ := consoleOf(t, &fakeSites{})
	quiet, _ := consoleOf(t, &fakeSites{sites: ExampleSites()})
	first := ExampleSites()[0].ID
	changed := reported()
	changed.saved = map[string]time.Time{first: firstDay}
	changed.refused = Refusals{Hits: 1203, Last: firstDay, Reason: "parameter ts is missing"}
	changed.sites = append(changed.sites, Site{ID: "5d2f8f6e-6f0a-4b53-9c1d-2f6a5f0e0b77", Name: "Shop"})
	saved, _ := consoleOf(t, changed)
	for _, tc := range []struct {
		name    string
		handler http.Handler
		target  string
		status  int
	}{
		{"menu.html", shops, "/piwikpro/", http.StatusOK},
		{"administration.html", shops, "/piwikpro/administration/", http.StatusOK},
		{"sites.html", shops, "/piwikpro/administration/sites/", http.StatusOK},
		{"sites-none.html", none, "/piwikpro/administration/sites/", http.StatusOK},
		{"site.html", shops, "/piwikpro/administration/sites/" + ExampleSites()[1].ID, http.StatusOK},
		{"site-saved.html", saved, "/piwikpro/administration/sites/" + first, http.StatusOK},
		{"reports-refused.html", saved, "/piwikpro/reports/?site=" + ExampleSites()[1].ID, http.StatusOK},
		{"consent-manager.html", shops, "/piwikpro/administration/sites/" + first + "/consent-manager", http.StatusOK},
		{"reports.html", shops, "/piwikpro/reports/?site=" + first, http.StatusOK},
		{"reports-period.html", shops, "/piwikpro/reports/?site=" + first + "&from=2026-03-01&to=2026-03-31&before=40", http.StatusOK},
		{"reports-quiet.html", quiet, "/piwikpro/reports/", http.StatusOK},
		{"reports-none.html", none, "/piwikpro/reports/", http.StatusOK},
		{"site-unknown.html", shops, "/piwikpro/administration/sites/nowhere", http.StatusNotFound},
		{"console-nowhere.html", shops, "/piwikpro/nowhere", http.StatusNotFound},
	} {
		got := get(tc.handler, tc.target)
		if got.Code != tc.status {
			t.Errorf("%s: status %d, want %d: %s", tc.name, got.Code, tc.status, got.Body)
		}
		golden(t, tc.name, got.Body.String())
	}
}

func TestConsoleAddressesThatAreNotRightHaveAPageOfTheirOwn(t *testing.T) {
	t.Parallel()
	handler, _ := consoleOf(t, reported())
	broken, _ := consoleOf(t, &fakeSites{err: errors.New("disk /var/secret is full")})
	site := "/piwikpro/administration/sites/" + ExampleSites()[0].ID
	for _, tc := range []struct {
		handler http.Handler
		target  string
		status  int
		said    string
	}{
		{handler, "/piwikpro", http.StatusMovedPermanently, `<a href="/piwikpro/">`},
		{handler, "/piwikpro/?x=1", http.StatusBadRequest, "No such parameter"},
		{handler, site + "?saved=1", http.StatusBadRequest, "No such parameter: &#34;saved&#34; (none is known here)."},
		{handler, "/piwikpro/reports/?site=a&site=b", http.StatusBadRequest, "Parameter site occurs 2 times."},
		{handler, site + "/consent-manager?x=1", http.StatusBadRequest, "No such parameter"},
		{handler, "/piwikpro/administration/sites/nobody/consent-manager", http.StatusNotFound, "There is no such website or app"},
		{handler, "/piwikpro/reports/?site=nobody", http.StatusNotFound, "There is no such website or app"},
		{handler, "/piwikpro/reports/?from=yesterday", http.StatusBadRequest, "From must be a day like 2026-01-02, got &#34;yesterday&#34;."},
		{handler, "/piwikpro/reports/?from=2026-03-02&to=2026-03-01", http.StatusBadRequest, "To must not lie before from."},
		{handler, "/piwikpro/reports/?before=x", http.StatusBadRequest, "Before must be the next of the list before"},
		{handler, "/piwikpro/reports/?from=&to=", http.StatusOK, "<h1>Reports</h1>"},
		{broken, "/piwikpro/administration/sites/", http.StatusServiceUnavailable, "The store does not answer"},
		{broken, "/piwikpro/reports/", http.StatusServiceUnavailable, "The store does not answer"},
	} {
		w := get(tc.handler, tc.target)
		if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.said) || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: status %d, want %d and %q: %s", tc.target, w.Code, tc.status, tc.said, w.Body)
		}
	}
}

// post sends a form as a browser does from the page itself.
func post(handler http.Handler, target string, form url.Values, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.RemoteAddr, r.Host = "127.0.0.1:4000", "localhost:8080"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "http://localhost:8080")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// tokenIn is the token of the form with that ID.
func tokenIn(t *testing.T, page, form string) string {
	t.Helper()
	found := regexp.MustCompile(`(?s)<form [^>]*id="` + form + `".*?name="token" value="([0-9a-f]{64})"`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("there is no form %s with a token in: %s", form, page)
	}
	return found[1]
}

func TestAFormIsTakenFromItsOwnPageOnly(t *testing.T) {
	t.Parallel()
	sites := ExampleSites()
	target := "/piwikpro/administration/sites/" + sites[0].ID + "/consent-manager"
	other := "/piwikpro/administration/sites/" + sites[1].ID + "/consent-manager"
	without := func(name string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(name) } }
	for _, tc := range []struct {
		name   string
		form   func(own, others string) url.Values
		change []func(*http.Request)
		status int
		said   string
	}{
		{"as the page sends it", nil, nil, http.StatusSeeOther, ""},
		{"from a program that knows the token", nil, []func(*http.Request){without("Origin"), without("Sec-Fetch-Site")}, http.StatusSeeOther, ""},
		{"from a page elsewhere", nil, []func(*http.Request){with("Sec-Fetch-Site", "cross-site"), with("Origin", "https://evil.example")}, http.StatusForbidden, "another site"},
		{"from a neighbour", nil, []func(*http.Request){with("Sec-Fetch-Site", "same-site"), with("Origin", "http://app.localhost:8080")}, http.StatusForbidden, "another site"},
		{"from elsewhere by an old browser", nil, []func(*http.Request){without("Sec-Fetch-Site"), with("Origin", "https://evil.example")}, http.StatusForbidden, "another site"},
		{"from nowhere", nil, []func(*http.Request){without("Sec-Fetch-Site"), with("Origin", "null")}, http.StatusForbidden, "another site"},
		{"without a token", func(string, string) url.Values { return url.Values{} }, nil, http.StatusForbidden, "Its token is missing or wrong"},
		{"with an empty one", func(string, string) url.Values { return url.Values{"token": {""}} }, nil, http.StatusForbidden, "Its token"},
		{"with a wrong one", func(own, _ string) url.Values { return url.Values{"token": {strings.Repeat("0", len(own))}} }, nil, http.StatusForbidden, "Its token"},
		{"with a shorter one", func(own, _ string) url.Values { return url.Values{"token": {own[1:]}} }, nil, http.StatusForbidden, "Its token"},
		{"with that of another site's form", func(_, others string) url.Values { return url.Values{"token": {others}} }, nil, http.StatusForbidden, "Its token"},
		{"with two", func(own, others string) url.Values { return url.Values{"token": {own, others}} }, nil, http.StatusForbidden, "Its token"},
		{"with a checkbox of its own", func(own, _ string) url.Values { return url.Values{"token": {own}, "anonymous_tracking": {"maybe"}} }, nil, http.StatusBadRequest, "Anonymous_tracking must be on"},
		{"too large", func(own, _ string) url.Values {
			return url.Values{"token": {own}, "more": {strings.Repeat("x", maxForm)}}
		}, nil, http.StatusBadRequest, "too large"},
		{"as JSON", nil, []func(*http.Request){with("Content-Type", "application/json")}, http.StatusForbidden, "Its token"},
	} {
		f := reported()
		handler, _ := consoleOf(t, f)
		own := tokenIn(t, get(handler, target).Body.String(), "consent-manager")
		others := tokenIn(t, get(handler, other).Body.String(), "consent-manager")
		form := url.Values{"token": {own}}
		if tc.form != nil {
			form = tc.form(own, others)
		}
		w := post(handler, target, form, tc.change...)
		if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.said) {
			t.Errorf("%s: status %d, want %d and %q: %s", tc.name, w.Code, tc.status, tc.said, w.Body)
		}
		// The box was not checked: who is taken switches the first site off.
		want := ExampleSites()
		want[0].AnonymousTracking = tc.status != http.StatusSeeOther
		if diff := cmp.Diff(want, f.sites); diff != "" {
			t.Errorf("%s: sites (-want +got):\n%s", tc.name, diff)
		}
	}
	t.Run("in the address", func(t *testing.T) {
		f := reported()
		handler, k := consoleOf(t, f)
		w := post(handler, target+"?token="+k.token(target), url.Values{})
		if w.Code != http.StatusForbidden || !f.sites[0].AnonymousTracking {
			t.Errorf("status %d: a token in the address, where others may read it, is taken", w.Code)
		}
	})
	t.Run("of another collector", func(t *testing.T) {
		f := reported()
		handler, _ := consoleOf(t, f)
		foreign := console{seal: sealOf("", [32]byte{2})}
		if w := post(handler, target, url.Values{"token": {foreign.token(target)}}); w.Code != http.StatusForbidden {
			t.Errorf("status %d", w.Code)
		}
		if a, b := sealOf("secret", [32]byte{1}), sealOf("secret", [32]byte{2}); !slices.Equal(a, b) {
			t.Error("two collectors with one token do not take each other's forms")
		}
	})
}

func TestTheSettingIsSavedForOneSite(t *testing.T) {
	t.Parallel()
	f := reported()
	handler, _ := consoleOf(t, f)
	site := f.sites[1]
	path := "/piwikpro/administration/sites/" + site.ID
	set := func(checked bool) *httptest.ResponseRecorder {
		form := url.Values{"token": {tokenIn(t, get(handler, path+"/consent-manager").Body.String(), "consent-manager")}}
		if checked {
			form.Set("anonymous_tracking", "on")
		}
		return post(handler, path+"/consent-manager", form)
	}
	for _, on := range []bool{true, true, false, true} {
		w := set(on)
		if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || to != path {
			t.Fatalf("status %d to %q: %s", w.Code, to, w.Body)
		}
		want := ExampleSites()
		want[1].AnonymousTracking = on
		if diff := cmp.Diff(want, f.sites); diff != "" {
			t.Errorf("sites (-want +got):\n%s", diff)
		}
		word := map[bool]string{true: "on", false: "off"}[on]
		if page := get(handler, path).Body.String(); !strings.Contains(page, `id="saved" role="status">Last saved: `+string(secondElement(firstDay))+" UTC. Anonymous data tracking is "+word+".") {
			t.Errorf("the page does not say that it is %s: %s", word, page)
		}
		if page := get(handler, path+"/consent-manager").Body.String(); strings.Contains(page, " checked") != on {
			t.Errorf("the box is checked: %v", !on)
		}
	}
	if page := get(handler, "/piwikpro/administration/sites/"+f.sites[0].ID).Body.String(); strings.Contains(page, `id="saved"`) {
		t.Error("the page of a site that was never saved says that it was")
	}
}

func TestASiteIsAdded(t *testing.T) {
	t.Parallel()
	f := &fakeSites{}
	handler, _ := consoleOf(t, f)
	list := "/piwikpro/administration/sites/"
	token := tokenIn(t, get(handler, list).Body.String(), "adding")
	for _, name := range []string{"", "  ", "a\x00b", strings.Repeat("x", 300)} {
		if w := post(handler, list, url.Values{"token": {token}, "name": {name}}); w.Code != http.StatusBadRequest || len(f.sites) > 0 {
			t.Errorf("%q: status %d: %s", name, w.Code, w.Body)
		}
	}
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for i, form := range []url.Values{{"name": {" Shop "}}, {"name": {"Shop"}, "anonymous_tracking": {"on"}}} {
		form.Set("token", token)
		w := post(handler, list, form)
		if w.Code != http.StatusSeeOther || len(f.sites) != i+1 {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		added := f.sites[i]
		if !uuid.MatchString(added.ID) || added.Name != "Shop" || added.AnonymousTracking != (i == 1) || w.Header().Get("Location") != list+added.ID {
			t.Errorf("added %+v, then to %s", added, w.Header().Get("Location"))
		}
	}
	if f.sites[0].ID == f.sites[1].ID {
		t.Error("two sites have one ID")
	}
}

// consolePages are the addresses of all pages.
func consolePages() []string {
	site := "/piwikpro/administration/sites/" + ExampleSites()[0].ID
	return []string{
		"/piwikpro/", "/piwikpro/administration/", "/piwikpro/administration/sites/", site, site + "/consent-manager",
		"/piwikpro/reports/", "/piwikpro/nowhere",
	}
}

func TestHostileNamesDoNotBreakTheConsole(t *testing.T) {
	t.Parallel()
	named := func(name string) *fakeSites {
		f := reported()
		for i := range f.sites {
			f.sites[i].Name = name
		}
		f.report.Name = name
		for i := range f.report.Places {
			f.report.Places[i].Country, f.report.Places[i].City = name, name
		}
		for i := range f.sessions {
			s := &f.sessions[i]
			s.Country, s.City, s.Address = name, name, name
			if !s.Anonymous {
				s.Visitor = name
			}
		}
		return f
	}
	for what, name := range hostile {
		good, _ := consoleOf(t, named("harmless"))
		bad, _ := consoleOf(t, named(name))
		for _, page := range consolePages() {
			want, got := get(good, page), get(bad, page)
			if diff := cmp.Diff(skeleton(t, want.Body.String()), skeleton(t, got.Body.String())); diff != "" {
				t.Errorf("%s, %s: the page has another form than with a harmless name (-want +got):\n%s", what, page, diff)
			}
		}
	}
}

// Every page keeps to the policy, needs no script and no style of its own, and whoever
// does not see it finds a name for everything that he can reach.
func TestConsolePagesKeepToThePolicyAndCanBeUsedByAll(t *testing.T) {
	t.Parallel()
	handler, _ := consoleOf(t, reported())
	for _, page := range consolePages() {
		w := get(handler, page)
		h := w.Header()
		if h.Get("Content-Security-Policy") != policy || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" || len(h.Values("Set-Cookie")) > 0 {
			t.Errorf("%s: header %v", page, h)
		}
		root, err := html.Parse(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range unusable(root) {
			t.Errorf("%s: %s", page, wrong)
		}
	}
}

// unusable lists what keeps somebody from using a page.
func unusable(root *html.Node) (wrong []string) {
	ids, labels, counts := map[string]int{}, map[string]bool{}, map[string]int{}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			counts[n.Data]++
			if id := attribute(n, "id"); id != "" {
				ids[id]++
			}
			if n.Data == "label" {
				labels[attribute(n, "for")] = true
			}
		}
	}
	for id, n := range ids {
		if n > 1 {
			wrong = append(wrong, "ID "+id+" occurs twice")
		}
	}
	for name, want := range map[string]int{"h1": 1, "main": 1, "script": 0, "style": 0} {
		if counts[name] != want {
			wrong = append(wrong, "another number of elements "+name+" than is right")
		}
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		hidden := n.Data == "input" && attribute(n, "type") == "hidden"
		switch named := attribute(n, "aria-label") != "" || ids[attribute(n, "aria-labelledby")] == 1; {
		case attribute(n, "style") != "" || strings.Contains(attribute(n, "href"), "javascript:"):
			wrong = append(wrong, n.Data+" has a style or a script of its own")
		case (n.Data == "input" || n.Data == "select") && !hidden && !labels[attribute(n, "id")] && !named:
			wrong = append(wrong, n.Data+" "+attribute(n, "id")+" has no label")
		case (n.Data == "a" || n.Data == "button") && strings.TrimSpace(wordsOf(n)) == "":
			wrong = append(wrong, n.Data+" without a text")
		case attribute(n, "tabindex") != "" && !named, n.Data == "nav" && !named:
			wrong = append(wrong, n.Data+" without a name")
		case n.Data == "th" && attribute(n, "scope") == "":
			wrong = append(wrong, "th without a scope")
		case n.Data == "form" && attribute(n, "method") == "post" && !strings.HasPrefix(attribute(n, "action"), "/piwikpro/"):
			wrong = append(wrong, "form to "+attribute(n, "action"))
		}
		for _, of := range strings.Fields(attribute(n, "aria-describedby") + " " + attribute(n, "aria-labelledby")) {
			if ids[of] != 1 {
				wrong = append(wrong, "nothing has the ID "+of)
			}
		}
	}
	return wrong
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func wordsOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for child := range n.ChildNodes() {
		b.WriteString(wordsOf(child))
	}
	return b.String()
}
