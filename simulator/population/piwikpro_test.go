package population_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/population"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

const shopSite = "0b2f8f6e-6f0a-4b53-9c1d-2f6a5f0e9a01"

var piwikproAccount = population.Account{Collector: "https://collect.vendor.test", Property: shopSite, Token: `se"cret`}

// viewed is a page view with everything that one may have.
func viewed() population.Hit {
	return population.Hit{
		Category: "pageview", Visitor: "0123456789abcdef", View: "a1b2c3", Random: "012345", Made: noon,
		Page:     population.Page{URL: "https://www.shop.test/?a=1&b=ü", Referrer: "https://a.test/", Title: "Shop & more"},
		Identity: &population.Identity{ID: "user 1"}, System: map[string]string{"res": "1280x720", "lang": "en-gb"},
	}
}

const viewedQuery = "idsite=" + shopSite + "&rec=1&url=https%3A%2F%2Fwww.shop.test%2F%3Fa%3D1%26b%3D%C3%BC&urlref=https%3A%2F%2Fa.test%2F" +
	"&action_name=Shop+%26+more&ts=1772452800000&pv_id=a1b2c3&rand=012345&res=1280x720&lang=en-gb&_id=0123456789abcdef&uid=user+1"

func TestAPiwikproHitTravelsInTheQueryOrInTheBody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		by           population.Transport
		method, kind string
		query, body  string
	}{
		{population.Image, http.MethodGet, "", viewedQuery, ""},
		{population.Beacon, http.MethodPost, "text/plain;charset=UTF-8", "", viewedQuery},
		{population.JSON, http.MethodPost, "application/json", "", `{"requests":["?` + viewedQuery + `"]}`},
	} {
		expect := NewWithT(t)
		r, err := population.Piwikpro{}.Request(t.Context(), piwikproAccount, test.by, viewed())
		expect.Expect(err).NotTo(HaveOccurred())
		body, err := io.ReadAll(r.Body)
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect([]string{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Content-Type"), string(body)}).To(
			Equal([]string{test.method, "/ppms.php", test.query, test.kind, test.body}))
	}
}

func TestThePiwikproKindsOfHits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		hit  population.Hit
		want string
	}{
		{"an anonymous event", population.Hit{Category: "shop", Action: "act", Name: "n", Value: "4.5", Anonymous: true, Session: "fedcba9876543210", Made: noon},
			"idsite=" + shopSite + "&rec=1&ts=1772452800000&uia=1&ses=fedcba9876543210&e_c=shop&e_a=act&e_n=n&e_v=4.5"},
		{"an agreement", population.Hit{Joins: true, Visitor: "0123456789abcdef", Session: "fedcba9876543210", Made: noon},
			"idsite=" + shopSite + "&rec=1&ts=1772452800000&_id=0123456789abcdef&ses=fedcba9876543210&ping=4"},
		{"an import", population.Hit{Category: "pageview", Site: "other", Made: noon, Arrived: noon.Add(time.Millisecond), From: netip.MustParseAddr("2001:db8::1")},
			"idsite=other&rec=1&ts=1772452800000&cip=2001%3Adb8%3A%3A1&cdt=1772452800001"},
	} {
		NewWithT(t).Expect(string(population.AppendPiwikpro(nil, piwikproAccount, test.hit))).To(Equal(test.want), test.name)
	}
}

func TestAPiwikproBulkShowsTheTokenOnlyWhereItImports(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	imported := viewed()
	imported.Arrived = noon
	for _, hits := range [][]population.Hit{{viewed(), viewed()}, {imported}, {viewed(), imported}} {
		r, err := population.Piwikpro{}.Request(t.Context(), piwikproAccount, population.JSON, hits...)
		expect.Expect(err).NotTo(HaveOccurred())
		var bulk struct {
			Requests []string `json:"requests"`
			Token    string   `json:"token_auth"`
		}
		expect.Expect(json.NewDecoder(r.Body).Decode(&bulk)).To(Succeed())
		expect.Expect(bulk.Requests).To(HaveLen(len(hits)))
		expect.Expect(bulk.Requests).To(HaveEach(HavePrefix("?" + viewedQuery)))
		expect.Expect(bulk.Token == `se"cret`).To(Equal(!hits[len(hits)-1].Arrived.IsZero()))
	}
}

func TestPiwikproRequestsThatCannotBeMade(t *testing.T) {
	t.Parallel()
	imported := viewed()
	imported.Arrived = noon
	for _, test := range []struct {
		to   population.Account
		by   population.Transport
		hits []population.Hit
		want string
	}{
		{piwikproAccount, population.Image, nil, "a request of no hits"},
		{piwikproAccount, "pigeon", []population.Hit{viewed()}, `a hit cannot travel by "pigeon"`},
		{piwikproAccount, population.Image, []population.Hit{viewed(), viewed()}, "an image carries one hit that is not imported, not 2"},
		{piwikproAccount, population.Image, []population.Hit{imported}, "an image carries one hit that is not imported, not 1"},
		{population.Account{}, population.JSON, []population.Hit{viewed()}, "is not an absolute URL"},
	} {
		_, err := population.Piwikpro{}.Request(t.Context(), test.to, test.by, test.hits...)
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(test.want)))
	}
}

// stageOf is a tracker with a clock that the test moves.
func stageOf(setting, refreshed bool) (*population.PiwikproTracker, *time.Time) {
	now := noon
	return population.NewPiwikproTracker(population.Means{
		Now: func() time.Time { return now }, ID: population.IDs(1), Setting: func() bool { return setting }, Refreshed: refreshed,
	}), &now
}

var home = population.Page{URL: "https://www.shop.test/"}

func TestATemporaryCookieLastsAsTheReadingSays(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	for _, refreshed := range []bool{false, true} {
		tracker, now := stageOf(true, refreshed)
		first := tracker.View(home)
		expect.Expect(first.Session).To(MatchRegexp("^[0-9a-f]{16}$"))
		expect.Expect(first.Anonymous).To(BeTrue())
		expect.Expect(first.Visitor).To(BeEmpty())
		expect.Expect(first.Random).To(MatchRegexp("^[0-9]{6}$"))
		*now = now.Add(30*time.Minute - time.Millisecond)
		second := tracker.Track(population.Event{Category: "shop", Action: "act", Page: home})
		expect.Expect(second.Session).To(Equal(first.Session))
		expect.Expect(second.View).To(Equal(first.View))
		*now = now.Add(time.Millisecond)
		third := tracker.Track(population.Event{Category: "shop", Action: "act", Page: home})
		expect.Expect(third.Session == first.Session).To(Equal(refreshed))
		expect.Expect(third.View == first.View).To(Equal(refreshed), "another session has another view")
		*now = now.Add(30 * time.Minute)
		expect.Expect(tracker.Device()).To(BeEmpty())
		expect.Expect(tracker.View(home).Session).NotTo(Equal(third.Session))
	}
}

func TestAgreeingMakesTheRunningSessionTheVisitors(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	tracker, now := stageOf(true, false)
	anonymous := tracker.View(home)
	agreed := tracker.Agree()
	expect.Expect(agreed).To(HaveLen(1))
	expect.Expect(agreed[0].Joins).To(BeTrue())
	expect.Expect(agreed[0].Session).To(Equal(anonymous.Session))
	expect.Expect(agreed[0].Anonymous).To(BeFalse())
	expect.Expect(tracker.Agree()).To(BeEmpty(), "nothing new")
	known := tracker.View(home)
	expect.Expect(known.Visitor).To(Equal(agreed[0].Visitor))
	expect.Expect(known.Session).To(BeEmpty())
	*now = now.Add(200 * 24 * time.Hour)
	expect.Expect(tracker.View(home).Visitor).To(Equal(known.Visitor))

	tracker.Disagree()
	expect.Expect(tracker.Visitor()).To(BeEmpty(), "at once")
	after := tracker.Track(population.Event{Category: "shop", Action: "act", Page: home})
	expect.Expect(after.Visitor).To(BeEmpty())
	expect.Expect(after.Anonymous).To(BeTrue())
	expect.Expect(after.Session).NotTo(Equal(anonymous.Session))
	again := tracker.Agree()
	expect.Expect(again[0].Visitor).NotTo(Equal(known.Visitor), "a new one")

	late, now := stageOf(true, false)
	late.View(home)
	*now = now.Add(30 * time.Minute)
	expect.Expect(late.Agree()).To(BeEmpty(), "the session's cookie has gone")
	expect.Expect(late.View(home).Visitor).NotTo(BeEmpty())
}

func TestWhereNobodyIsTrackedThePageHoldsBackWhatItHas(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	event := population.Event{Category: "shop", Action: "act", Page: home}
	tracker, now := stageOf(false, false)
	expect.Expect(tracker.View(home).None()).To(BeTrue())
	expect.Expect(tracker.View(home).None()).To(BeTrue(), "the first page has ended, and with it what it held")
	expect.Expect(tracker.Track(event).None()).To(BeTrue())
	*now = now.Add(time.Minute)
	sent := tracker.Agree()
	expect.Expect(sent).To(HaveLen(2))
	for _, h := range sent {
		expect.Expect(h.Visitor).NotTo(BeEmpty())
		expect.Expect(h.Made).To(Equal(*now))
		expect.Expect(h.Anonymous || h.Joins).To(BeFalse())
	}
	tracker.Disagree()
	expect.Expect(tracker.Track(event).None()).To(BeTrue())
	expect.Expect(tracker.Agree()).To(BeEmpty(), "what is done after a refusal is not held")

	refusing, _ := stageOf(false, false)
	refusing.View(home)
	refusing.Track(event)
	refusing.Disagree()
	expect.Expect(refusing.Agree()).To(HaveLen(1), "the page itself")
	refusing.Forget()
	expect.Expect(refusing.Choice()).To(Equal(population.Undecided))
	expect.Expect(refusing.View(home).None()).To(BeTrue())
}

// ppms notes the queries that reach it, with the address from which they come, and
// tells pages of its sites.
type ppms struct {
	on   bool
	hits []url.Values
	from []string
}

func (p *ppms) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/consent/") {
		_ = json.NewEncoder(w).Encode(map[string]any{"site": shopSite, "anonymous_tracking": p.on && r.URL.Path == "/consent/"+shopSite+".json"})
		return
	}
	p.hits, p.from = append(p.hits, r.URL.Query()), append(p.from, r.RemoteAddr)
	w.WriteHeader(http.StatusAccepted)
}

// kinds are what the hits are, in order.
func (p *ppms) kinds() string {
	var kinds []string
	for _, q := range p.hits {
		switch {
		case q.Get("ping") == "4":
			kinds = append(kinds, "agreement")
		case q.Get("uia") == "1":
			kinds = append(kinds, "anonymous")
		default:
			kinds = append(kinds, "known")
		}
	}
	return strings.Join(kinds, " ")
}

func consentPlan(steps ...scenario.Step) *scenario.Plan {
	return &scenario.Plan{
		Scenario: &scenario.Scenario{
			ID: "piwikpro.made-up", Document: "piwikpro", Journey: steps,
			Config: scenario.Config{Origins: map[string]scenario.Origin{"berlin": {Address: "192.0.2.10", Country: "Germany", City: "Berlin"}}},
		},
		Pixel: &scenario.Pixel{
			Name: "piwikpro", Document: "piwikpro", Settings: map[string]string{"site": shopSite, "site.off": "elsewhere"},
			Stage: scenario.Stage{Site: "www.shop.test", Collector: "collect.vendor.test", Scripts: "cdn.vendor.test"},
			Pages: map[string]string{"home": "/", "products": "/products"},
			Actions: map[string]scenario.Action{
				"agree": {Click: "#a"}, "disagree": {Click: "#d"}, "agree-later": {Click: "#p", Then: []string{"#a"}},
				"disagree-later": {Click: "#p", Then: []string{"#d"}}, "act": {Click: "#act"},
			},
			Requests: scenario.Requests{Path: `^/ppms\.php$`},
		},
	}
}

func playConsent(t *testing.T, p *ppms, plan *scenario.Plan) {
	t.Helper()
	now := noon
	clock := func() time.Time {
		now = now.Add(time.Millisecond)
		return now
	}
	expect := NewWithT(t)
	expect.Expect(population.Playable(plan)).To(Succeed())
	stage := population.Stage{Plan: plan, Through: population.Handled(p), Now: clock, ID: population.IDs(1)}
	walked := journey.Walk(t.Context(), plan, stage.Opener(), journey.Options{Now: clock})
	expect.Expect(walked.Evidence.Faults).To(BeEmpty())
	for _, s := range walked.Evidence.Steps {
		expect.Expect(s.Problem).To(BeEmpty(), s.Name)
	}
}

func TestAJourneyThroughTheConsentWindowIsPlayed(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	p := &ppms{on: true}
	playConsent(t, p, consentPlan(
		scenario.Step{Name: "before", Device: scenario.DeviceOffice, Open: "administration"},
		scenario.Step{Name: "home", Device: scenario.DeviceFirst, Open: "home", From: "berlin"},
		scenario.Step{Name: "agrees", Do: "agree"},
		scenario.Step{Name: "acts", Do: "act"},
		scenario.Step{Name: "withdraws", Do: "disagree-later"},
		scenario.Step{Name: "on", Open: "products"},
		scenario.Step{Name: "later", Open: "home", After: lifetime(t, "31m")},
		scenario.Step{Name: "agrees again", Do: "agree-later"},
	))
	expect.Expect(p.kinds()).To(Equal("anonymous agreement known anonymous anonymous agreement"))
	expect.Expect(p.from).To(HaveEach("192.0.2.10:0"))
	expect.Expect(p.hits[3].Get("ses")).NotTo(Equal(p.hits[4].Get("ses")), "31 minutes later")
	expect.Expect(p.hits[5].Get("ses")).To(Equal(p.hits[4].Get("ses")))
	expect.Expect(p.hits[5].Get("_id")).NotTo(Equal(p.hits[1].Get("_id")))
	expect.Expect(p.hits[0].Get("idsite")).To(Equal(shopSite))
}

func TestAJourneyAtASiteThatIsOffIsPlayed(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	p := &ppms{on: true}
	plan := consentPlan(
		scenario.Step{Name: "home", Open: "home"},
		scenario.Step{Name: "acts", Do: "act"},
		scenario.Step{Name: "agrees", Do: "agree"},
	)
	plan.Scenario.Config.Site = "off"
	playConsent(t, p, plan)
	expect.Expect(p.kinds()).To(Equal("known known"))
	expect.Expect(p.hits[0].Get("idsite")).To(Equal("elsewhere"))
}

func TestWhatOfConsentNeedsABrowserIsNotPlayed(t *testing.T) {
	t.Parallel()
	for want, step := range map[string]scenario.Step{
		"administrator": {Device: scenario.DeviceOffice, Do: scenario.ActionSwitchOff},
		"second site":   {Open: "other-shop"},
	} {
		step.Name = "odd"
		NewWithT(t).Expect(population.Playable(consentPlan(step))).To(MatchError(And(
			ContainSubstring("the step odd needs a browser"), ContainSubstring(want))))
	}
}
