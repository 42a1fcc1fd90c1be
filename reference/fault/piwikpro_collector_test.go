package fault_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/reference/geo"
)

// visited is a collector that some visitors have come to.
type visited struct {
	t    *testing.T
	site *collector.Collector
	mu   sync.Mutex
	log  bytes.Buffer
	now  time.Time
}

// Write keeps what the collector logs.
func (v *visited) Write(line []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.log.Write(line)
}

// visitedBy returns a collector with the named fault, at the noon that the visits begin.
func visitedBy(t *testing.T, name string) *visited {
	t.Helper()
	v := &visited{t: t, now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)}
	places, err := geo.Example()
	if err != nil {
		t.Fatal(err)
	}
	o := collector.Options{Geo: places, Logger: slog.New(slog.NewTextHandler(v, nil)), Clock: func() time.Time { return v.now }}
	if name != "" {
		f, err := fault.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Change(&o)
	}
	if v.site, err = collector.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.site.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// at puts the clock to a time after the first noon.
func (v *visited) at(after time.Duration) *visited {
	v.now = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC).Add(after)
	return v
}

// client is where a hit comes from.
type client struct{ address, agent string }

// ask asks for a path as the client.
func (v *visited) ask(from client, path string, header ...string) *http.Response {
	v.t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.RemoteAddr = from.address
	r.Header.Set("User-Agent", from.agent)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	v.site.Handler().ServeHTTP(w, r)
	return w.Result()
}

// hit sends a hit of the dialect for a site, with what makes it what it is.
func (v *visited) hit(from client, site int, more string) {
	v.t.Helper()
	q, err := url.ParseQuery(more)
	if err != nil {
		v.t.Fatal(err)
	}
	q.Set("idsite", collector.ExampleSites()[site].ID)
	q.Set("rec", "1")
	q.Set("url", "https://www.shop.test/")
	q.Set("ts", strconv.FormatInt(v.now.UnixMilli(), 10))
	q.Set("pv_id", "aB3dE6")
	q.Set("rand", "123456")
	if answer := v.ask(from, "/ppms.php?"+q.Encode()); answer.StatusCode != http.StatusAccepted {
		v.t.Fatalf("%s: %s", more, answer.Status)
	}
}

// The visitors of the faults' visits, their IDs and temporary cookies.
var (
	anna = client{"192.0.2.10:4000", "one browser"}
	bert = client{"192.0.2.10:4000", "another browser"}
	cleo = client{"[2001:db8:1:10:8000::a]:4000", "one browser"}
)

const (
	view    = "action_name=Shoes"
	event   = "e_c=shop&e_a=basket"
	annasID = "0123456789abcdef"
)

func anonymously(temporary string) string {
	return "&uia=1&ses=" + strings.Repeat(temporary, 16)
}

// received lets the visits take place. Anna agrees in the middle of her first session,
// pauses for less than and for more than half an hour, and withdraws. Bert at the same
// address never decides, and comes back on the next day; Cleo comes once, by IPv6. The
// second site is one with the setting off.
func (v *visited) received() *visited {
	v.t.Helper()
	v.at(0).hit(anna, 0, view+anonymously("a"))
	v.at(30*time.Second).hit(anna, 0, view+anonymously("a"))
	v.at(90*time.Second).hit(anna, 0, event+anonymously("a"))
	v.at(2*time.Minute).hit(bert, 0, view+anonymously("b"))
	v.at(165500*time.Millisecond).hit(bert, 0, view+anonymously("b"))
	v.at(3*time.Minute).hit(anna, 0, "ping=4&_id="+annasID+"&ses="+strings.Repeat("a", 16))
	v.at(4*time.Minute).hit(anna, 0, view+"&_id="+annasID)
	v.at(20*time.Minute).hit(anna, 0, event+"&_id="+annasID)
	v.at(time.Hour).hit(anna, 0, view+"&_id="+annasID)
	v.at(61*time.Minute).hit(anna, 0, view+anonymously("c"))
	v.at(24*time.Hour).hit(bert, 0, view+anonymously("d"))
	v.at(25*time.Hour).hit(cleo, 0, view+anonymously("e"))
	v.at(25*time.Hour).hit(anna, 1, view+anonymously("f"))
	return v
}

// said is what the collector says of the visits, aspect by aspect.
func (v *visited) said() map[string]string {
	v.t.Helper()
	said := map[string]string{}
	report := func(site int) collector.Report {
		r, err := v.site.Report(v.t.Context(), collector.ReportQuery{Site: collector.ExampleSites()[site].ID})
		if err != nil {
			v.t.Fatal(err)
		}
		return r
	}
	r := report(0)
	said["sessions"] = fmt.Sprint(r.Identified.Sessions, " and ", r.Anonymous.Sessions)
	said["page views"] = fmt.Sprint(r.Identified.PageViews, " and ", r.Anonymous.PageViews)
	said["time"] = fmt.Sprint(r.Identified.SessionTime, " and ", r.Anonymous.SessionTime)
	said["new"] = fmt.Sprint(r.Identified.NewVisitors, " and ", r.Anonymous.NewVisitors)
	said["off"] = fmt.Sprint(report(1).Total.Sessions)
	list, err := v.site.VisitorSessions(v.t.Context(), collector.SessionQuery{Site: collector.ExampleSites()[0].ID})
	if err != nil {
		v.t.Fatal(err)
	}
	var addresses, places, visitors []string
	for _, s := range list.Sessions { // the newest first
		addresses = append(addresses, s.Address)
		places = append(places, s.Country+"/"+s.City)
		if s.Visitor != "" {
			visitors = append(visitors, s.Visitor)
		}
	}
	said["addresses"], said["places"] = strings.Join(addresses, " "), strings.Join(places, " ")
	said["visitors"] = fmt.Sprint(len(visitors))
	v.mu.Lock()
	said["log"] = fmt.Sprint("192.0.2.10 is ", strings.Contains(v.log.String(), "192.0.2.10"))
	v.mu.Unlock()
	hits, err := v.site.Hits(v.t.Context(), collector.Query{Limit: 1})
	if err != nil || len(hits) == 0 {
		said["record"] = "none"
	} else {
		said["record"] = hits[0].Parameters["cip"]
	}
	return said
}

func TestPiwikproCollectorsAreWrongWhereTheySay(t *testing.T) {
	t.Parallel()
	const (
		kept    = ":: 0.0.0.0 0.0.0.0 192.0.2.10 0.0.0.0 192.0.2.10"
		places  = "Germany/Berlin Germany/Berlin Germany/Berlin Germany/Berlin Germany/Berlin Germany/Berlin"
		nowhere = "/ / / Germany/Berlin / /"
	)
	clean := map[string]string{
		"sessions": "2 and 4", "page views": "4 and 5", "time": "1200 and 45.5", "new": "1 and 4", "off": "0",
		"addresses": kept, "places": places, "visitors": "2", "log": "192.0.2.10 is false", "record": "",
	}
	for name, wrong := range map[string]map[string]string{
		"":                                        {},
		"logs-each-address":                       {"log": "192.0.2.10 is true"},
		"names-the-address-in-a-warning":          {"log": "192.0.2.10 is true"},
		"stores-the-address-with-the-hit":         {"record": "192.0.2.10"},
		"stores-the-address-hashed":               {"record": "6d99cbd08fc6c99cdb2d942a4cbb097c6b54496bbbc3ffd6351b145508dd2935"},
		"stores-the-address-as-a-number":          {"record": "3221225994"},
		"leaves-one-octet":                        {"addresses": "2001:: 192.0.0.0 192.0.0.0 192.0.2.10 192.0.0.0 192.0.2.10"},
		"masks-the-last-octet-only":               {"addresses": "2001:db8:1:10:: 192.0.2.0 192.0.2.0 192.0.2.10 192.0.2.0 192.0.2.10"},
		"leaves-ipv6-whole":                       {"addresses": "2001:db8:1:10:8000::a 0.0.0.0 0.0.0.0 192.0.2.10 0.0.0.0 192.0.2.10"},
		"leaves-mapped-addresses-whole":           {"addresses": ":: ::ffff:192.0.2.10 ::ffff:192.0.2.10 192.0.2.10 ::ffff:192.0.2.10 192.0.2.10"},
		"masks-from-the-second-hit-on":            {"addresses": "2001:db8:1:10:8000::a 0.0.0.0 0.0.0.0 192.0.2.10 0.0.0.0 192.0.2.10"},
		"finds-the-place-by-the-masked-address":   {"places": nowhere},
		"finds-the-place-by-part-of-the-address":  {"places": "/ Iceland/Reykjavik Iceland/Reykjavik Iceland/Reykjavik Iceland/Reykjavik Iceland/Reykjavik"},
		"knows-the-country-alone":                 {"places": "Germany/ Germany/ Germany/ Germany/Berlin Germany/ Germany/"},
		"takes-every-site-for-on":                 {"off": "1"},
		"stores-what-comes-though-it-is-off":      {"off": "1"},
		"applies-the-setting-of-the-first-site":   {"off": "1"},
		"counts-a-session-twice":                  {"sessions": "4 and 8"},
		"counts-no-anonymous-session":             {"sessions": "2 and 0"},
		"counts-a-page-view-twice":                {"page views": "8 and 10"},
		"counts-events-as-page-views":             {"page views": "6 and 5"},
		"counts-one-page-view-a-session":          {"page views": "2 and 4"},
		"knows-no-time-of-anonymous-sessions":     {"time": "1200 and 0"},
		"rounds-session-time-up":                  {"time": "1200 and 60"},
		"counts-the-pause-as-session-time":        {"time": "4800 and 7245.5"},
		"hides-who-has-agreed":                    {"sessions": "0 and 4", "page views": "0 and 5", "time": "0 and 45.5", "new": "0 and 4"},
		"counts-returning-visitors-as-new":        {"new": "2 and 4"},
		"counts-anonymous-visitors-as-returning":  {"new": "1 and 0"},
		"ends-sessions-after-ten-minutes":         {"sessions": "3 and 4", "time": "240 and 45.5"},
		"ends-sessions-after-a-day":               {"sessions": "1 and 4", "time": "3600 and 45.5"},
		"drops-who-has-disagreed":                 {"sessions": "2 and 0", "page views": "2 and 0"},
		"drops-who-has-agreed":                    {"sessions": "0 and 5"},
		"joins-anonymous-sessions-by-address":     {"new": "1 and 2"},
		"joins-anonymous-sessions-by-screen":      {"new": "1 and 1"},
		"makes-a-visitor-id-of-the-address":       {"visitors": "7"},
		"takes-everybody-for-agreed":              {"sessions": "7 and 0"},
		"stays-anonymous-after-the-agreement":     {"sessions": "2 and 5"},
		"drops-page-views-at-the-agreement":       {"page views": "2 and 5"},
		"counts-a-session-again-at-the-agreement": {"sessions": "3 and 4"},
		"identifies-all-at-that-address":          {"sessions": "2 and 3", "page views": "6 and 3"},
		"goes-on-after-the-withdrawal":            {"sessions": "2 and 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := visitedBy(t, name).received().said()
			if name == "" {
				NewWithT(t).Expect(said).To(Equal(clean))
			}
			for aspect, want := range wrong {
				NewWithT(t).Expect(said).To(HaveKeyWithValue(aspect, want))
				NewWithT(t).Expect(clean).NotTo(HaveKeyWithValue(aspect, want))
			}
		})
	}
}

func TestPiwikproCollectorsThatKeepASettingBadly(t *testing.T) {
	t.Parallel()
	const clean = "on off on on, on off off on, on off on on"
	for name, want := range map[string]string{
		"":                                      clean,
		"takes-every-site-for-on":               "on on on on, on on on on, on on on on",
		"applies-the-setting-of-the-first-site": "on on on on, on on on on, on on on on",
		"can-only-be-switched-off":              "on off on on, on off off on, on off off on",
		"saves-nothing":                         "on off on on, on off on on, on off on on",
		"can-only-be-switched-on":               "on off on on, on off on on, on off on on",
		"serves-the-setting-of-before":          "on off on on, on off on on, on off on on",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect, v := NewWithT(t), visitedBy(t, name)
			told := func() string {
				var words []string
				for _, s := range collector.ExampleSites() {
					answer := v.ask(anna, "/consent/"+s.ID+".json")
					expect.Expect(answer.StatusCode).To(Equal(http.StatusOK))
					var body bytes.Buffer
					_, err := body.ReadFrom(answer.Body)
					expect.Expect(err).NotTo(HaveOccurred())
					word := "off"
					if strings.Contains(strings.ReplaceAll(body.String(), " ", ""), `"anonymous_tracking":true`) {
						word = "on"
					}
					words = append(words, word)
				}
				return strings.Join(words, " ")
			}
			set := func(on bool) {
				s := collector.ExampleSites()[2]
				s.AnonymousTracking = on
				expect.Expect(v.site.SetSite(t.Context(), s)).To(Succeed())
			}
			said := []string{told()}
			set(false)
			said = append(said, told())
			set(true)
			said = append(said, told())
			expect.Expect(strings.Join(said, ", ")).To(Equal(want))
		})
	}
}

func TestACollectorThatMarksBrowsersByTheSetting(t *testing.T) {
	t.Parallel()
	path := "/consent/" + collector.ExampleSites()[0].ID + ".json"
	expect, clean, wrong := NewWithT(t), visitedBy(t, ""), visitedBy(t, "marks-browsers-by-the-setting")
	expect.Expect(clean.ask(anna, path).Header.Get("ETag")).To(BeEmpty())
	first, other := wrong.ask(anna, path).Header.Get("ETag"), wrong.ask(bert, path).Header.Get("ETag")
	expect.Expect(first).NotTo(BeEmpty())
	expect.Expect(other).NotTo(Equal(first))
	again := wrong.ask(anna, path, "If-None-Match", first)
	expect.Expect(again.StatusCode).To(Equal(http.StatusOK))
	expect.Expect(again.Header.Get("ETag")).To(Equal(first))
	expect.Expect(again.Header.Get("Cache-Control")).NotTo(ContainSubstring("no-store"))
}

func TestACollectorThatShowsEachAddressToWhoAsks(t *testing.T) {
	t.Parallel()
	paths := []string{"/_/hits?limit=1000", "/piwikpro/reports/?site=" + collector.ExampleSites()[0].ID}
	for name, want := range map[string]bool{"": false, "shows-each-address-to-who-asks": true} {
		expect, v := NewWithT(t), visitedBy(t, name).received()
		for _, path := range paths {
			answer := v.ask(client{"127.0.0.1:4000", "one browser"}, "http://127.0.0.1"+path)
			expect.Expect(answer.StatusCode).To(Equal(http.StatusOK), path)
			var body bytes.Buffer
			_, err := body.ReadFrom(answer.Body)
			expect.Expect(err).NotTo(HaveOccurred())
			// Cleo, who comes by IPv6, never agrees.
			expect.Expect(strings.Contains(body.String(), "2001:db8:1:10:8000::a")).To(Equal(want), path)
			if strings.HasPrefix(path, "/_/") {
				expect.Expect(json.Valid(body.Bytes())).To(BeTrue(), path)
			}
		}
		said := v.said()
		expect.Expect(said).To(HaveKeyWithValue("log", "192.0.2.10 is false"))
		expect.Expect(said).To(HaveKeyWithValue("record", ""))
		expect.Expect(said).To(HaveKeyWithValue("addresses", ":: 0.0.0.0 0.0.0.0 192.0.2.10 0.0.0.0 192.0.2.10"))
	}
}

// TestFaultsOfVisitorsAreSpreadOverTheirClauses wants a way of breaking each clause of
// Piwik PRO's that a collector alone can break.
func TestFaultsOfVisitorsAreSpreadOverTheirClauses(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	about := map[string]int{}
	for _, f := range fault.All() {
		if f.Vendor == "piwikpro" && f.Part == fault.Collector {
			about[f.Clauses[0]]++
		}
	}
	for _, clause := range []string{
		"all.no-hiding-place",
		"piwikpro.agree-identifies", "piwikpro.anonymous-counts-as-new", "piwikpro.change-of-mind", "piwikpro.disagree-anonymous",
		"piwikpro.geo-before-mask", "piwikpro.ip-masked", "piwikpro.new-overstated", "piwikpro.no-ip-stored",
		"piwikpro.off-collects-nothing", "piwikpro.pageviews-accurate", "piwikpro.session-time-accurate",
		"piwikpro.sessions-accurate", "piwikpro.site-setting", "piwikpro.undecided-anonymous",
	} {
		expect.Expect(about[clause]).To(BeNumerically(">=", 1), clause)
		delete(about, clause)
	}
	expect.Expect(about).To(BeEmpty(), "clauses that only the tracker breaks")
}
