package collector

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// eachPlace runs a test once for each kind of store.
func eachPlace(t *testing.T, test func(t *testing.T, place string)) {
	t.Helper()
	for name, place := range map[string]func(testing.TB) string{
		"memory": func(testing.TB) string { return "" }, "postgres": NewDatabase,
		"sqlite": func(t testing.TB) string { return filepath.Join(t.TempDir(), "hits.db") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, place(t))
		})
	}
}

// came is a hit as the store gets it; who is a visitor's ID, or a temporary cookie's value
// when it begins with a "~".
func came(who string, at time.Time) visitArrival {
	v := &Visit{Site: ExampleSites()[0].ID, At: at, Received: at, Visitor: who}
	same := timePrefix(at) + fmt.Sprintf("%x", who)
	if rest, anonymous := strings.CutPrefix(who, "~"); anonymous {
		v.Visitor, v.Temporary, v.Anonymous = "", rest, true
	}
	return visitArrival{hit: Hit{Dialect: "piwikpro", Track: v.Site, Received: at, Visitor: v.Visitor, Anonymous: v.Anonymous}, visit: v, made: at, same: same}
}

func take(t *testing.T, s *store, arrivals ...visitArrival) {
	t.Helper()
	refused, err := s.addVisits(t.Context(), VisitorRules{}.complete(), arrivals[0].visit.Received, arrivals)
	if err != nil || strings.Join(refused, "") != "" {
		t.Fatal(refused, err)
	}
}

func rowsIn(t *testing.T, s *store, table string) (n int) {
	t.Helper()
	if err := s.read.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// What joins the hits of an anonymous session goes when that can live no longer: with the
// next hit of anybody, and without one.
func TestKeysGoWithTheirSessions(t *testing.T) {
	t.Parallel()
	eachPlace(t, func(t *testing.T, place string) {
		expect := NewWithT(t)
		s := closing(t, place)
		take(t, s, came("~x", firstDay))
		take(t, s, came("~y", firstDay.Add(20*time.Minute)))
		expect.Expect(rowsIn(t, s, "anonymous_keys")).To(Equal(2))
		expect.Expect(s.dropKeys(t.Context(), firstDay.Add(30*time.Minute-time.Millisecond))).To(Succeed())
		expect.Expect(rowsIn(t, s, "anonymous_keys")).To(Equal(2))
		take(t, s, came("a", firstDay.Add(31*time.Minute)))
		expect.Expect(rowsIn(t, s, "anonymous_keys")).To(Equal(1), "one hit of anybody")
		expect.Expect(s.dropKeys(t.Context(), firstDay.Add(50*time.Minute))).To(Succeed())
		expect.Expect(rowsIn(t, s, "anonymous_keys")).To(BeZero())
		expect.Expect(rowsIn(t, s, "counted_hits")).To(Equal(3))
		expect.Expect(s.dropKeys(t.Context(), firstDay.Add(81*time.Minute))).To(Succeed())
		expect.Expect(rowsIn(t, s, "counted_hits")).To(Equal(1))

		var many []visitArrival
		for n := range 2500 {
			many = append(many, came(fmt.Sprint("~", n), firstDay.Add(time.Hour)))
		}
		take(t, s, many...)
		expect.Expect(rowsIn(t, s, "anonymous_keys")).To(Equal(2500))
		expect.Expect(s.dropKeys(t.Context(), firstDay.Add(24*time.Hour))).To(Succeed())
		expect.Expect(rowsIn(t, s, "anonymous_keys")+rowsIn(t, s, "counted_hits")).To(BeZero(), "however many there are")
	})
}

// A collector drops keys though nothing happens any more.
func TestKeysGoByThemselves(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	place := filepath.Join(t.TempDir(), "hits.db")
	c := begun(t, Options{Store: place})
	take(t, c.store, came("~x", firstDay))
	take(t, c.store, came("~y", firstDay.Add(time.Minute)))
	ticks := make(chan time.Time)
	c.stopped.Go(func() { c.forgetKeys(t.Context(), ticks) })
	tick := func() {
		ticks <- firstDay
		ticks <- firstDay // the one before has been dealt with
	}
	tick()
	expect.Expect(rowsIn(t, c.store, "anonymous_keys")).To(Equal(2), "nobody has told the time")
	c.heard.hear(firstDay.Add(29 * time.Minute))
	tick()
	expect.Expect(rowsIn(t, c.store, "anonymous_keys")).To(Equal(2))
	c.heard.hear(firstDay.Add(30 * time.Minute))
	tick()
	expect.Expect(rowsIn(t, c.store, "anonymous_keys")).To(Equal(1))
	c.heard.mu.Lock()
	c.heard.since = c.heard.since.Add(-time.Minute) // a minute passes
	c.heard.mu.Unlock()
	tick()
	expect.Expect(rowsIn(t, c.store, "anonymous_keys")).To(BeZero())

	take(t, c.store, came("~x", firstDay))
	after, err := New(Options{Store: place, Clock: func() time.Time { return firstDay.Add(time.Hour) }})
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Eventually(func() int { return rowsIn(t, after.store, "anonymous_keys") }).Should(BeZero(), "a collector that is started again")
	expect.Expect(after.Close()).To(Succeed())
}

// What is looked up for hits, reports and lists is found by an index.
func TestLookUpsOfVisitorsAreIndexed(t *testing.T) {
	t.Parallel()
	s := closing(t, "")
	q := ReportQuery{Site: "x", From: firstDay, To: firstDay}
	statements := map[string][]any{
		sqliteVisits.sites: {"[]"}, sqliteVisits.keys: {"[]", 1}, sqliteVisits.sessions: {"[]", 1, 2}, sqliteVisits.counted: {"[]"},
		saveVisitorSession: make([]any, 11), extendVisitorSession: make([]any, 4), deleteVisitorSession: {1}, dropAnonymousKeys: {1}, dropCountedHits: {"x"}, anyDue: {1, "x"},
	}
	for _, a := range []*ask{
		q.within(asking(selectPlaces)).group("d.country, d.city, d.anonymous"), q.within(asking(selectDays)).group("d.day, d.anonymous").order("d.day, d.anonymous", 0),
		asking(selectVisitorSessions).where("t.id = ", "x").where("(s.began, s.id) < (", 1, ", ", 2, ")").order("s.began DESC, s.id DESC", 10),
	} {
		statements[a.text()] = a.arguments
	}
	for statement, arguments := range statements {
		rows, err := s.read.Query("EXPLAIN QUERY PLAN "+statement, arguments...)
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(strings.Join(plan, "; "), "SCAN json_each", "")
		text = strings.ReplaceAll(text, "SCAN CONSTANT ROW", "")
		if strings.Contains(text, "SCAN") || !strings.Contains(text, "SEARCH") ||
			strings.Contains(text, "visitor_sessions") && strings.Contains(text, "TEMP B-TREE FOR ORDER BY") {
			t.Errorf("%s:\n%s", statement, strings.Join(plan, "\n"))
		}
	}
}

// A hit of a visitor with many sessions reads no more than those of one with few.
func TestAHitReadsTheNearSessionsAlone(t *testing.T) {
	t.Parallel()
	eachPlace(t, func(t *testing.T, place string) {
		expect := NewWithT(t)
		s := closing(t, place)
		var many []visitArrival
		for n := range 200 {
			many = append(many, came("a", firstDay.Add(time.Duration(n)*time.Hour)))
		}
		take(t, s, many...)
		read := func(hours float64) (n int) {
			at := firstDay.Add(time.Duration(hours * float64(time.Hour)))
			expect.Expect(s.commits.do(t.Context(), func(w *work) error {
				l, err := w.open(s.engine, VisitorRules{}.complete(), at, []visitArrival{came("a", at)})
				n = len(l.sessions)
				return err
			})).To(Succeed())
			return n
		}
		expect.Expect(read(500)).To(Equal(2), "the first and the last")
		expect.Expect(read(100.2)).To(Equal(2), "the first and the one before")
		expect.Expect(read(100.7)).To(Equal(3), "the first, the one before and the one after")
		expect.Expect(read(-5)).To(Equal(1), "the first")
	})
}

// Two collectors that share a database count each session once, and each follows what the
// other has set.
func TestTwoCollectorsShareSites(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	place := NewDatabase(t)
	one, two := begun(t, Options{Store: place}), begun(t, Options{Store: place})
	shop := ExampleSites()[0]
	var all sync.WaitGroup
	for _, c := range []*Collector{one, two} {
		all.Go(func() {
			for n := range 20 {
				take(t, c.store, came(fmt.Sprint(n%5), firstDay.Add(time.Duration(n)*time.Second)), came(fmt.Sprint("~", n%5), firstDay.Add(time.Duration(n)*time.Second)))
			}
		})
	}
	all.Wait()
	for _, c := range []*Collector{one, two} {
		r, err := c.Report(t.Context(), ReportQuery{Site: shop.ID})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(r.Total).To(Equal(Figures{Sessions: 10, PageViews: 40, SessionTime: 150, NewVisitors: 10}))
	}
	shop.AnonymousTracking = false
	expect.Expect(one.SetSite(t.Context(), shop)).To(Succeed())
	q := url.Values{"idsite": {shop.ID}, "rec": {"1"}, "ts": {strconv.FormatInt(firstDay.UnixMilli(), 10)}, "uia": {"1"}, "ses": {aSes}}
	expect.Expect(get(two.Handler(), "/ppms.php?"+q.Encode()).Header().Get(RefusedHeader)).To(Equal("anonymous data tracking is off at this site"))
	expect.Expect(get(two.Handler(), "/consent/"+shop.ID+".json").Body.String()).To(ContainSubstring(`"anonymous_tracking":false`))
}

func TestSites(t *testing.T) {
	t.Parallel()
	eachPlace(t, func(t *testing.T, place string) {
		expect := NewWithT(t)
		c := begun(t, Options{Store: place})
		sites, err := c.Sites(t.Context())
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(sites).To(ConsistOf(ExampleSites()))
		more := Site{ID: "0b2f8f6e-6f0a-4b53-9c1d-2f6a5f0e9aff", Name: " Another ", AnonymousTracking: true}
		expect.Expect(c.SetSite(t.Context(), more)).To(Succeed())
		more.Name = "Another"
		expect.Expect(c.Site(t.Context(), more.ID)).To(Equal(more))
		more.AnonymousTracking = false
		expect.Expect(c.SetSite(t.Context(), more)).To(Succeed())
		expect.Expect(c.Site(t.Context(), more.ID)).To(Equal(more))
		for _, bad := range []Site{{ID: "x", Name: "x"}, {ID: more.ID, Name: " "}, {ID: more.ID, Name: strings.Repeat("x", 257)}, {ID: more.ID, Name: "a\nb"}} {
			expect.Expect(c.SetSite(t.Context(), bad)).To(MatchError(ErrBadSite))
		}
		_, err = c.Site(t.Context(), "x")
		expect.Expect(err).To(MatchError(ErrNoSite))
		_, err = c.Report(t.Context(), ReportQuery{Site: "x"})
		expect.Expect(err).To(MatchError(ErrNoSite))
		_, err = c.Days(t.Context(), ReportQuery{Site: "x"})
		expect.Expect(err).To(MatchError(ErrNoSite))
		_, err = c.VisitorSessions(t.Context(), SessionQuery{Site: "x"})
		expect.Expect(err).To(MatchError(ErrNoSite))
		_, err = c.VisitorSessions(t.Context(), SessionQuery{Site: more.ID, Before: "1-x"})
		expect.Expect(err).To(MatchError(errBadBefore))
		expect.Expect(c.ResetAll(t.Context())).To(Succeed())
		sites, err = c.Sites(t.Context())
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(sites).To(ConsistOf(ExampleSites()))
	})
}

// A store that is opened again has the sites that it had, and no others.
func TestSitesOutliveTheCollector(t *testing.T) {
	t.Parallel()
	eachPlace(t, func(t *testing.T, place string) {
		if place == "" {
			return // what is in memory ends with its collector
		}
		expect := NewWithT(t)
		c := begun(t, Options{Store: place})
		renamed := ExampleSites()[1]
		renamed.Name, renamed.AnonymousTracking = "Renamed", true
		expect.Expect(c.SetSite(t.Context(), renamed)).To(Succeed())
		take(t, c.store, came("~x", firstDay))
		expect.Expect(c.Close()).To(Succeed())
		again := begun(t, Options{Store: place})
		expect.Expect(again.Site(t.Context(), renamed.ID)).To(Equal(renamed))
		sites, err := again.Sites(t.Context())
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(sites).To(HaveLen(len(ExampleSites())))
		take(t, again.store, came("~x", firstDay.Add(time.Minute)))
		r, err := again.Report(t.Context(), ReportQuery{Site: ExampleSites()[0].ID})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(r.Total).To(Equal(Figures{Sessions: 1, PageViews: 2, SessionTime: 60, NewVisitors: 1}))
	})
}
