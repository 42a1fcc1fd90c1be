package collector_test

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/geo"
)

// The example sites, for short.
var shop, off, administered, other = collector.ExampleSites()[0].ID, collector.ExampleSites()[1].ID, collector.ExampleSites()[2].ID, collector.ExampleSites()[3].ID

// paged is a hit of the dialect piwikpro as a test writes it down.
type paged struct {
	// at is when it arrives, in minutes after noon; made is when it was made, if that
	// is another time.
	at   float64
	made *float64
	// site is shop when it is left out.
	site string
	// id is an identified visitor's, ses an anonymous one's; with both it is ping=4.
	id, ses string
	event   bool
	// from is the visitor's address, Berlin's when it is left out.
	from string
	// rand makes two hits the same.
	rand int
}

const berlin, hamburg = "192.0.2.10", "192.0.2.20"

// hex16 makes an ID of a word.
func hex16(word string) string { return fmt.Sprintf("%016x", word) }

func minute(n float64) time.Time {
	return noon.Truncate(time.Second).Add(time.Duration(n * float64(time.Minute)))
}

// sentFrom lets a request come from an address.
func sentFrom(address string) func(*http.Request) {
	return func(r *http.Request) { r.RemoteAddr = net.JoinHostPort(address, "4000") }
}

func early(n float64) *float64 { return &n }

func (p paged) query() url.Values {
	made := p.at
	if p.made != nil {
		made = *p.made
	}
	q := url.Values{"idsite": {p.site}, "rec": {"1"}, "ts": {strconv.FormatInt(minute(made).UnixMilli(), 10)}, "url": {"https://www.shop.test/"}}
	if p.site == "" {
		q.Set("idsite", shop)
	}
	switch {
	case p.id != "" && p.ses != "":
		q.Set("ping", "4")
		q.Set("_id", hex16(p.id))
		q.Set("ses", hex16(p.ses))
	case p.id != "":
		q.Set("_id", hex16(p.id))
	default:
		q.Set("uia", "1")
		q.Set("ses", hex16(p.ses))
	}
	if p.event {
		q.Set("e_c", "cart")
		q.Set("e_a", "add")
	}
	if p.rand != 0 {
		q.Set("pv_id", "aBc123")
		q.Set("rand", strconv.Itoa(p.rand))
	}
	return q
}

// browsed is a collector whose clock a test moves.
type browsed struct {
	*collector.Collector
	now time.Time
}

func browse(t testing.TB, on storeKind, opts collector.Options) *browsed {
	t.Helper()
	b := &browsed{now: noon}
	opts.Clock = func() time.Time { return b.now }
	if opts.Geo == nil {
		db, err := geo.Example()
		if err != nil {
			t.Fatal(err)
		}
		opts.Geo = db
	}
	b.Collector = on.start(t, opts)
	return b
}

// see lets hits arrive. None may be refused.
func (b *browsed) see(t testing.TB, hits ...paged) {
	t.Helper()
	for _, p := range hits {
		b.now = minute(p.at)
		from := p.from
		if from == "" {
			from = berlin
		}
		answer := ask(b.Collector, "GET", "/ppms.php?"+p.query().Encode(), sentFrom(from))
		if answer.Code != 202 || answer.Header().Get(collector.RefusedHeader) != "" || answer.Body.Len() != 0 {
			t.Fatalf("%+v: %d %v %s", p, answer.Code, answer.Header(), answer.Body)
		}
	}
}

// account says what sessions there are, the oldest first, and fails when the report says
// anything else.
func (b *browsed) account(t testing.TB, site string) string {
	t.Helper()
	sessions, err := b.VisitorSessions(t.Context(), collector.SessionQuery{Site: site, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	var want collector.Figures
	for _, s := range sessions.Sessions {
		who, seen := "anonymous", "returning"
		if !s.Anonymous {
			who = shortOf(s.Visitor)
		}
		want.Sessions++
		want.PageViews += s.PageViews
		want.Events += s.Events
		want.SessionTime += s.Seconds
		want.ReturningVisitors++
		if s.New {
			seen = "new"
			want.NewVisitors++
			want.ReturningVisitors--
		}
		all = append([]string{fmt.Sprintf("%s %s %d+%d %v-%v", who, seen, s.PageViews, s.Events, s.Began.Sub(minute(0)).Minutes(), s.Ended.Sub(minute(0)).Minutes())}, all...)
	}
	report, err := b.Report(t.Context(), collector.ReportQuery{Site: site})
	if err != nil {
		t.Fatal(err)
	}
	if report.Total != want {
		t.Errorf("%v\nthe report says %+v\nthe sessions   %+v", all, report.Total, want)
	}
	return strings.Join(all, ", ")
}

func shortOf(id string) string { return word(id) }

func TestSessions(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		hits []paged
		want string
	}{
		{"one page", []paged{{id: "a"}}, "a new 1+0 0-0"},
		{"pages and events", []paged{{id: "a"}, {at: 2, id: "a", event: true}, {at: 29.5, id: "a"}}, "a new 2+1 0-29.5"},
		{"an event alone", []paged{{id: "a", event: true}}, "a new 0+1 0-0"},
		{"twenty-nine minutes of silence", []paged{{id: "a"}, {at: 29, id: "a"}}, "a new 2+0 0-29"},
		{"a millisecond less than thirty", []paged{{id: "a"}, {at: 30 - 1.0/60000, id: "a"}}, "a new 2+0 0-29.999983333333333"},
		{"thirty", []paged{{id: "a"}, {at: 30, id: "a"}}, "a new 1+0 0-0, a returning 1+0 30-30"},
		{"thirty-one", []paged{{id: "a"}, {at: 31, id: "a"}}, "a new 1+0 0-0, a returning 1+0 31-31"},
		{"the silence counts from the last event", []paged{{id: "a"}, {at: 20, id: "a"}, {at: 40, id: "a"}, {at: 60, id: "a"}}, "a new 4+0 0-60"},
		{"two visitors", []paged{{id: "a"}, {id: "b"}, {at: 1, id: "a"}}, "a new 2+0 0-1, b new 1+0 0-0"},
		{"two anonymous ones from one address", []paged{{ses: "x"}, {ses: "y"}, {at: 1, ses: "x"}}, "anonymous new 2+0 0-1, anonymous new 1+0 0-0"},
		{"two tabs", []paged{{ses: "x"}, {at: 1, ses: "x"}, {at: 2, ses: "x", event: true}}, "anonymous new 2+1 0-2"},
		{"an anonymous visitor's return", []paged{{ses: "x"}, {at: 1440, ses: "y"}}, "anonymous new 1+0 0-0, anonymous new 1+0 1440-1440"},
		{"a temporary cookie that lives too long", []paged{{ses: "x"}, {at: 30, ses: "x"}, {at: 59, ses: "x"}}, "anonymous new 1+0 0-0, anonymous new 2+0 30-59"},
		{"a temporary cookie that is refreshed", []paged{{ses: "x"}, {at: 29, ses: "x"}, {at: 58, ses: "x"}}, "anonymous new 3+0 0-58"},

		{"agreeing", []paged{{ses: "x"}, {at: 5, ses: "x", id: "a"}, {at: 6, id: "a"}}, "a new 2+0 0-6"},
		{"agreeing and leaving", []paged{{ses: "x"}, {at: 5, ses: "x", id: "a"}}, "a new 1+0 0-0"},
		{"agreeing twice", []paged{{ses: "x"}, {at: 5, ses: "x", id: "a"}, {at: 6, ses: "x", id: "a"}, {at: 7, id: "a"}}, "a new 2+0 0-7"},
		{"agreeing as two", []paged{{ses: "x"}, {at: 5, ses: "x", id: "a"}, {at: 6, ses: "x", id: "b"}, {at: 7, id: "b"}}, "a new 1+0 0-0, b new 1+0 7-7"},
		{"a hit that was sent before he agreed, and comes later", []paged{{ses: "x"}, {at: 5, ses: "x", id: "a"}, {at: 6, made: early(1), ses: "x"}}, "a new 2+0 0-1"},
		{"all that was sent before he agreed comes later", []paged{{at: 5, ses: "x", id: "a"}, {at: 6, id: "a"}, {at: 7, made: early(4), ses: "x"}}, "a new 2+0 4-6"},
		{"he agrees, and nothing else comes", []paged{{at: 5, ses: "x", id: "a"}}, ""},
		{"the identified hit comes first", []paged{{ses: "x"}, {at: 6, id: "a"}, {at: 7, made: early(5), ses: "x", id: "a"}}, "a new 2+0 0-6"},
		{"agreeing after the session has ended", []paged{{ses: "x"}, {at: 30, ses: "x", id: "a"}, {at: 31, id: "a"}}, "anonymous new 1+0 0-0, a new 1+0 31-31"},
		{"agreeing at another site", []paged{{ses: "x"}, {at: 5, site: other, ses: "x", id: "a"}, {at: 6, ses: "x"}}, "anonymous new 2+0 0-6"},
		{"one of two agrees", []paged{{ses: "x"}, {ses: "y"}, {at: 5, ses: "x", id: "a"}, {at: 6, ses: "y"}}, "a new 1+0 0-0, anonymous new 2+0 0-6"},
		{"withdrawing", []paged{{id: "a"}, {at: 5, ses: "x"}, {at: 6, ses: "x"}}, "a new 1+0 0-0, anonymous new 2+0 5-6"},
		{"withdrawing what was agreed to in the session", []paged{{ses: "x"}, {at: 5, ses: "x", id: "a"}, {at: 6, id: "a"}, {at: 7, ses: "y"}}, "a new 2+0 0-6, anonymous new 1+0 7-7"},
		{"agreeing, withdrawing, agreeing", []paged{{ses: "x"}, {at: 1, ses: "x", id: "a"}, {at: 2, ses: "y"}, {at: 3, ses: "y", id: "b"}, {at: 4, id: "b"}}, "a new 1+0 0-0, b new 2+0 2-4"},
		{"agreeing as somebody who has been there", []paged{{id: "a"}, {at: 100, ses: "x"}, {at: 101, ses: "x", id: "a"}}, "a new 1+0 0-0, a returning 1+0 100-100"},

		{"a hit that comes late", []paged{{id: "a"}, {at: 90, made: early(20), id: "a"}}, "a new 2+0 0-20"},
		{"… and joins two sessions", []paged{{id: "a"}, {at: 50, id: "a", event: true}, {at: 90, made: early(25), id: "a"}}, "a new 2+1 0-50"},
		{"… between two that it joins to neither", []paged{{id: "a"}, {at: 100, id: "a"}, {at: 101, made: early(50), id: "a"}}, "a new 1+0 0-0, a returning 1+0 50-50, a returning 1+0 100-100"},
		{"… and was the first", []paged{{at: 100, id: "a"}, {at: 101, made: early(0), id: "a"}}, "a new 1+0 0-0, a returning 1+0 100-100"},
		{"… and makes the first session one that began before", []paged{{at: 50, id: "a"}, {at: 51, made: early(25), id: "a"}}, "a new 2+0 25-50"},
		{"… a day late", []paged{{at: 1440, made: early(0), id: "a"}}, "a new 1+0 0-0"},
		{"… more than a day late", []paged{{at: 1441, made: early(0), id: "a"}}, "a new 1+0 1441-1441"},
		{"a browser's clock is ahead", []paged{{at: 0, made: early(600), id: "a"}, {at: 10, made: early(610), id: "a"}}, "a new 2+0 0-10"},
		{"anonymous hits out of order", []paged{{at: 5, ses: "x"}, {at: 6, made: early(0), ses: "x"}}, "anonymous new 2+0 0-5"},
		{"a hit twice", []paged{{id: "a", rand: 123456}, {at: 1, made: early(0), id: "a", rand: 123456}, {at: 2, id: "a", rand: 123456}}, "a new 2+0 0-2"},
		{"an anonymous hit twice", []paged{{ses: "x", rand: 123456}, {at: 1, made: early(0), ses: "x", rand: 123456}}, "anonymous new 1+0 0-0"},
		{"the same at another site", []paged{{site: other, id: "a", rand: 123456}, {id: "a", rand: 123456}}, "a new 1+0 0-0"},
	}
	onEachStore(t, func(t *testing.T, on storeKind) {
		site := browse(t, on, collector.Options{})
		for _, c := range cases {
			NewWithT(t).Expect(site.ResetAll(t.Context())).To(Succeed())
			site.see(t, c.hits...)
			NewWithT(t).Expect(site.account(t, shop)).To(Equal(c.want), c.name)
		}
	})
}

// A clock that goes back, or leaps, harms nothing.
func TestTheClockLeaps(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		site := browse(t, on, collector.Options{})
		site.see(t, paged{at: 1e6, id: "a"}, paged{at: 0, id: "a"}, paged{at: 1, ses: "x"}, paged{at: 2e6, ses: "x"})
		expect.Expect(site.account(t, shop)).To(Equal("a new 1+0 0-0, anonymous new 1+0 1-1, a returning 1+0 1e+06-1e+06, anonymous new 1+0 2e+06-2e+06"))
	})
}

func TestASessionBelongsToTheDayItBeganOn(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		site := browse(t, on, collector.Options{})
		const midnight = 12 * 60
		site.see(t, paged{at: midnight - 10, id: "a"}, paged{at: midnight + 5, id: "a"}, paged{at: midnight, ses: "x"}, paged{at: midnight + 20, ses: "x"},
			// Comes late, and takes a session to the day before.
			paged{at: midnight + 21, made: early(midnight - 1), ses: "x"}, paged{at: midnight + 1440, id: "b", from: hamburg})
		days, err := site.Days(t.Context(), collector.ReportQuery{Site: shop})
		expect.Expect(err).NotTo(HaveOccurred())
		one := collector.Figures{Sessions: 1, PageViews: 2, SessionTime: 15 * 60, NewVisitors: 1}
		two := collector.Figures{Sessions: 1, PageViews: 3, SessionTime: 21 * 60, NewVisitors: 1}
		three := collector.Figures{Sessions: 1, PageViews: 1, NewVisitors: 1}
		both := collector.Figures{Sessions: 2, PageViews: 5, SessionTime: 36 * 60, NewVisitors: 2}
		expect.Expect(days).To(Equal([]collector.Day{
			{Day: "2026-03-04", Total: both, Identified: one, Anonymous: two},
			{Day: "2026-03-06", Total: three, Identified: three},
		}))
		report, err := site.Report(t.Context(), collector.ReportQuery{Site: shop, From: minute(0), To: minute(midnight)})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(report).To(Equal(collector.Report{
			Site: shop, Name: "Shop", From: "2026-03-04", To: "2026-03-05", Total: both, Identified: one, Anonymous: two,
			Places: []collector.PlaceFigures{{Country: "Germany", City: "Berlin", Sessions: 2, Anonymous: 1}},
		}))
		for from, sessions := range map[float64]int64{0: 3, midnight: 1, midnight + 1440: 1, midnight + 2880: 0} {
			report, err := site.Report(t.Context(), collector.ReportQuery{Site: shop, From: minute(from)})
			expect.Expect(err).NotTo(HaveOccurred())
			expect.Expect(report.Total.Sessions).To(Equal(sessions))
		}
	})
}

func TestAddressesAreMaskedAndPlacesAreNot(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		site := browse(t, on, collector.Options{})
		site.see(t, paged{ses: "1", from: berlin}, paged{at: 1, ses: "2", from: "::ffff:192.0.2.20"}, paged{at: 2, ses: "3", from: "2001:db8:1:10:8000::a"},
			paged{at: 3, id: "4", from: berlin}, paged{at: 4, id: "5", from: "::ffff:192.0.2.20"}, paged{at: 5, id: "6", from: "2001:db8:1:10:8000::a"},
			paged{at: 6, ses: "7", from: hamburg}, paged{at: 7, id: "7", ses: "7", from: hamburg}, paged{at: 8, ses: "8", from: "127.0.0.1"})
		sessions, err := site.VisitorSessions(t.Context(), collector.SessionQuery{Site: shop})
		expect.Expect(err).NotTo(HaveOccurred())
		var got []string
		for _, s := range sessions.Sessions {
			got = append(got, fmt.Sprint(s.Anonymous, " ", s.Address, " ", s.City, ", ", s.Country))
		}
		expect.Expect(got).To(Equal([]string{
			"true 0.0.0.0 , ", "false 192.0.2.20 Hamburg, Germany", "false 2001:db8:1:10:8000::a Berlin, Germany", "false 192.0.2.20 Hamburg, Germany",
			"false 192.0.2.10 Berlin, Germany", "true :: Berlin, Germany", "true 0.0.0.0 Hamburg, Germany", "true 0.0.0.0 Berlin, Germany",
		}))
		report, err := site.Report(t.Context(), collector.ReportQuery{Site: shop})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(report.Places).To(Equal([]collector.PlaceFigures{
			{Country: "Germany", City: "Berlin", Sessions: 4, Anonymous: 2}, {Country: "Germany", City: "Hamburg", Sessions: 3, Anonymous: 1},
			{Sessions: 1, Anonymous: 1},
		}))
	})
}

// What a site does not collect leaves nothing at all.
func TestASiteThatIsOffKeepsNothing(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		site := browse(t, on, collector.Options{})
		anonymous := func() string {
			return ask(site.Collector, "GET", "/ppms.php?"+paged{site: off, ses: "x"}.query().Encode(), sentFrom(berlin)).Header().Get(collector.RefusedHeader)
		}
		expect.Expect(anonymous()).To(Equal("anonymous data tracking is off at this site"))
		ask(site.Collector, "GET", "/ppms.php?uia=1&idsite="+off) // not even well formed
		hits, err := site.Hits(t.Context(), collector.Query{})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(hits).To(BeEmpty())
		site.see(t, paged{site: off, id: "a"})
		expect.Expect(site.account(t, off)).To(Equal("a new 1+0 0-0"))
		expect.Expect(site.SetSite(t.Context(), collector.Site{ID: off, Name: "On now", AnonymousTracking: true})).To(Succeed())
		expect.Expect(anonymous()).To(BeEmpty())
		expect.Expect(site.SetSite(t.Context(), collector.Site{ID: shop, Name: "Off now"})).To(Succeed())
		expect.Expect(anonymous()).To(BeEmpty(), "each site has its own setting")
		hits, err = site.Hits(t.Context(), collector.Query{})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(hits).To(HaveLen(3))
	})
}

func TestPagesOfSessions(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		site := browse(t, on, collector.Options{})
		for n := range 7 {
			site.see(t, paged{at: float64(n / 2), ses: fmt.Sprint(n)}, paged{at: float64(n / 2), site: other, ses: fmt.Sprint(n)})
		}
		seen := map[int64]bool{}
		last := minute(100)
		q := collector.SessionQuery{Site: shop, Limit: 2}
		for pages := 1; ; pages++ {
			list, err := site.VisitorSessions(t.Context(), q)
			expect.Expect(err).NotTo(HaveOccurred())
			for _, s := range list.Sessions {
				expect.Expect(s.Began.After(last)).To(BeFalse())
				seen[s.ID], last = true, s.Began
			}
			if q.Before = list.Next; q.Before == "" {
				expect.Expect(pages).To(Equal(4))
				break
			}
		}
		expect.Expect(seen).To(HaveLen(7))
	})
}
