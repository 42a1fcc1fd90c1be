package collector

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"
	"golang.org/x/net/html"
)

// textOfID is what the element with that ID says; empty where there is none.
func textOfID(t *testing.T, page, id string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if attribute(n, "id") == id {
			return strings.Join(strings.Fields(wordsOf(n)), " ")
		}
	}
	return ""
}

// When a site was last saved is the site's, not the address's: reading its page again says
// the same, and so does a collector that opens the store later.
func TestAPageSaysWhenItsSiteWasSaved(t *testing.T) {
	t.Parallel()
	eachPlace(t, func(t *testing.T, place string) {
		now := firstDay
		clock := func() time.Time { return now }
		open := func() *Collector {
			c, err := New(Options{Store: place, Clock: clock})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		expect := NewWithT(t)
		c := open()
		sites := ExampleSites()
		path := func(s Site) string { return "/piwikpro/administration/sites/" + s.ID }
		said := func(s Site) string { return textOfID(t, get(c.Handler(), path(s)).Body.String(), "saved") }
		expect.Expect(said(sites[0])).To(BeEmpty(), "as it was planted")

		form := url.Values{"token": {tokenIn(t, get(c.Handler(), path(sites[0])+"/consent-manager").Body.String(), "consent-manager")}}
		w := post(c.Handler(), path(sites[0])+"/consent-manager", form)
		expect.Expect(w.Header().Get("Location")).To(Equal(path(sites[0])), "nothing in the address that says it again")
		want := "Last saved: " + firstDay.UTC().Format("2 Jan 2006, 15:04:05") + " UTC. Anonymous data tracking is off."
		expect.Expect(said(sites[0])).To(Equal(want))
		now = now.Add(time.Hour)
		expect.Expect(said(sites[0])).To(Equal(want), "an hour later")
		expect.Expect(said(sites[1])).To(BeEmpty(), "another site")

		// Whoever saves it otherwise, the page says how it is.
		expect.Expect(putting(c, sites[0].ID, `{"anonymous_tracking":true}`).Code).To(Equal(http.StatusOK))
		want = "Last saved: " + now.UTC().Format("2 Jan 2006, 15:04:05") + " UTC. Anonymous data tracking is on."
		expect.Expect(said(sites[0])).To(Equal(want))
		_, err := c.Saved(t.Context(), "nowhere")
		expect.Expect(err).To(MatchError(ErrNoSite))
		expect.Expect(c.Close()).To(Succeed())
		c = open()
		defer func() { expect.Expect(c.Close()).To(Succeed()) }()
		if place != "" {
			expect.Expect(said(sites[0])).To(Equal(want), "after a restart")
		}
		expect.Expect(c.ResetAll(t.Context())).To(Succeed())
		expect.Expect(said(sites[0])).To(BeEmpty(), "planted again")
	})
}

// Who sends wrong hits sees it on the page, with why; of what a site that is off refuses,
// nothing is counted.
func TestRefusedHitsAreSeenOnTheReports(t *testing.T) {
	t.Parallel()
	eachPlace(t, func(t *testing.T, place string) {
		expect := NewWithT(t)
		c := begun(t, Options{Store: place})
		sites := ExampleSites()
		send := func(s Site, query string) string {
			return get(c.Handler(), "/ppms.php?idsite="+s.ID+"&rec=1"+query).Header().Get(RefusedHeader)
		}
		note := func(s Site) string {
			return textOfID(t, get(c.Handler(), "/piwikpro/reports/?site="+s.ID).Body.String(), "refused")
		}
		const made, known, nobody = "&ts=1767225600000", "&_id=0123456789abcdef", "&uia=1&ses=0123456789abcdef"
		expect.Expect(send(sites[0], made+known)).To(BeEmpty())
		expect.Expect(note(sites[0])).To(BeEmpty(), "nothing is refused")

		expect.Expect(send(sites[0], known)).To(Equal("parameter ts is missing"))
		expect.Expect(send(sites[0], made)).To(Equal("parameters uia and _id are both missing: nobody says who it is"))
		expect.Expect(send(sites[1], made+nobody)).NotTo(BeEmpty(), "a site that is off")
		expect.Expect(get(c.Handler(), "/"+sites[0].ID+"/wt").Header().Get(RefusedHeader)).NotTo(BeEmpty(), "another dialect, with the site's ID as its track")
		expect.Expect(note(sites[0])).To(Equal("2 hits refused; the last on " + firstDay.UTC().Format("2 Jan 2006, 15:04:05") +
			" UTC: parameters uia and _id are both missing: nobody says who it is. They count nowhere below. Hits as JSON"))
		expect.Expect(note(sites[1])).To(BeEmpty(), "nothing is kept of it")
		expect.Expect(textOfID(t, get(c.Handler(), "/piwikpro/reports/?site="+sites[1].ID).Body.String(), "off")).To(ContainSubstring("is off"))
		listed := decoded[struct{ Hits []Hit }](t, get(c.Handler(), hitsPath(sites[0].ID))).Hits
		expect.Expect(listed).To(HaveLen(3))
		expect.Expect(c.Reset(t.Context())).To(Succeed())
		expect.Expect(note(sites[0])).To(BeEmpty(), "forgotten")
	})
}

func TestSitesOfOneNameAreToldApart(t *testing.T) {
	t.Parallel()
	id := func(end string) string { return strings.Repeat("0", 36-len(end)) + end }
	for _, tc := range []struct {
		name  string
		sites []Site
		want  map[string]string
	}{
		{"names of their own", []Site{{ID: id("1"), Name: "A"}, {ID: id("2"), Name: "B"}}, map[string]string{}},
		{"one name", []Site{{ID: id("9a01"), Name: "A"}, {ID: id("9a02"), Name: "A"}, {ID: id("1"), Name: "B"}}, map[string]string{id("9a01"): "…9a01", id("9a02"): "…9a02"}},
		{"one end", []Site{{ID: id("19a01"), Name: "A"}, {ID: id("29a01"), Name: "A"}}, map[string]string{id("19a01"): "…00019a01", id("29a01"): "…00029a01"}},
		{"the whole ID", []Site{{ID: "a" + id("")[1:], Name: "A"}, {ID: "b" + id("")[1:], Name: "A"}}, map[string]string{"a" + id("")[1:]: "…a" + id("")[1:], "b" + id("")[1:]: "…b" + id("")[1:]}},
		{"what cannot be seen", []Site{{ID: id("1"), Name: "A\u200b"}, {ID: id("2"), Name: "A\u200e"}}, map[string]string{id("1"): "…0001", id("2"): "…0002"}},
	} {
		if diff := cmp.Diff(tc.want, marksOf(tc.sites)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
	twins := &fakeSites{sites: []Site{{ID: id("9a01"), Name: "Twin"}, {ID: id("9a02"), Name: "Twin"}, {ID: id("9a03"), Name: "Alone"}}}
	handler, _ := consoleOf(t, twins)
	for _, page := range []string{"/piwikpro/reports/", "/piwikpro/administration/sites/"} {
		body := get(handler, page).Body.String()
		for end, there := range map[string]bool{"…9a01": true, "…9a02": true, "…9a03": false} {
			if strings.Contains(body, end) != there {
				t.Errorf("%s shows %s: %v", page, end, !there)
			}
		}
	}
}

// Every page that says what is wrong leads on, and says it as the other pages do.
func TestPagesThatSayWhatIsWrongLeadOn(t *testing.T) {
	t.Parallel()
	c := begun(t, Options{Store: filepath.Join(t.TempDir(), "hits.db")})
	const list = "/piwikpro/administration/sites/"
	consent := list + ExampleSites()[0].ID + "/consent-manager"
	adding := tokenIn(t, get(c.Handler(), list).Body.String(), "adding")
	for _, tc := range []struct {
		target, back string
		form         url.Values
	}{
		{"/piwikpro/nowhere", "/piwikpro/", nil},
		{"/piwikpro/?x=1", "/piwikpro/", nil},
		{"/piwikpro/administration/?x=1", "/piwikpro/administration/", nil},
		{"/piwikpro/reports/?site=nobody", "/piwikpro/reports/", nil},
		{"/piwikpro/reports/?to=noon", "/piwikpro/reports/", nil},
		{list + "nobody", list, nil},
		{list + "nobody/consent-manager", list, nil},
		{consent, consent, url.Values{}},
		{list, list, url.Values{"token": {adding}}},
		{"/antsomi/users/nobody", "/antsomi/", nil},
		{"/antsomi/?kind=person", "/antsomi/", nil},
	} {
		w := get(c.Handler(), tc.target)
		if tc.form != nil {
			w = post(c.Handler(), tc.target, tc.form)
		}
		page := w.Body.String()
		if w.Code < 400 || !strings.Contains(page, `<a id="back" href="`+tc.back+`">`) {
			t.Errorf("%s: status %d, leads nowhere: %s", tc.target, w.Code, page)
			continue
		}
		if next := get(c.Handler(), tc.back); next.Code != http.StatusOK {
			t.Errorf("%s leads to %s: status %d", tc.target, tc.back, next.Code)
		}
		for _, line := range strings.Split(page, "\n") {
			if said, ok := strings.CutPrefix(line, "<p>"); ok && strings.ToUpper(said[:1]) != said[:1] {
				t.Errorf("%s: begins small: %s", tc.target, line)
			}
		}
	}
}

func TestABrowserIsLedToThePages(t *testing.T) {
	t.Parallel()
	c := begun(t, Options{})
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
	w := get(c.Handler(), "/", with("Accept", browser))
	if w.Code != http.StatusFound || w.Header().Get("Location") != "/piwikpro/" {
		t.Errorf("status %d to %q", w.Code, w.Header().Get("Location"))
	}
	menu := get(c.Handler(), "/piwikpro/").Body.String()
	for _, place := range []string{"/antsomi/", "/piwikpro/reports/", "/piwikpro/administration/", "/api/openapi.yaml"} {
		if !strings.Contains(menu, `href="`+place+`"`) || get(c.Handler(), place).Code != http.StatusOK {
			t.Errorf("the menu does not lead to %s", place)
		}
	}
	for _, tc := range []struct{ method, target, accept string }{
		{"GET", "/", ""}, {"GET", "/", "*/*"}, {"GET", "/", "application/json"}, {"GET", "/", "text/html2"},
		{"GET", "/nowhere", browser}, {"POST", "/", browser}, {"GET", "//", browser},
	} {
		w := get(c.Handler(), tc.target, with("Accept", tc.accept), func(r *http.Request) { r.Method = tc.method })
		if w.Code != http.StatusNotFound || !strings.HasPrefix(w.Body.String(), `{"error":"nothing is here`) {
			t.Errorf("%+v: status %d: %s", tc, w.Code, w.Body)
		}
	}
}
