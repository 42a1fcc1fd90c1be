package collector

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/reference/geo"
)

// playing returns a collector of a store that places visitors.
func playing(b *testing.B, place string) *Collector {
	db, err := geo.Example()
	if err != nil {
		b.Fatal(err)
	}
	c, err := New(Options{Store: place, Geo: db})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := c.Close(); err != nil {
			b.Error(err)
		}
	})
	return c
}

// playedHit is the n-th hit of a population: sessions of 5 hits, three of four by visitors
// who have agreed, each of whom has four sessions, over a year.
func playedHit(n int) string {
	session, hit := n/5, n%5
	at := int64(1750000000000) + int64(session)*30_000 + int64(hit)*60_000
	q := fmt.Sprintf("?idsite=%s&rec=1&ts=%d&cdt=%[2]d&cip=192.0.2.%d&url=https%%3A%%2F%%2Fwww.shop.test%%2Fproducts%%2F%d&action_name=Products&res=1920x1080&lang=en",
		ExampleSites()[0].ID, at, 8+session%240, n)
	if session%4 == 0 {
		q += fmt.Sprintf("&uia=1&ses=%016x", session)
	} else {
		// So that a visitor comes again later, and not in the next session.
		q += fmt.Sprintf("&_id=%016x", session%4+4*(session/4%100_000))
	}
	if hit == 3 {
		q += "&e_c=cart&e_a=add"
	}
	return q
}

// bulkOf is a bulk of hits from the n-th on.
func bulkOf(n, hits int) string {
	var list []string
	for i := range hits {
		list = append(list, strconv.Quote(playedHit(n+i)))
	}
	return `{"requests":[` + strings.Join(list, ",") + "]}"
}

// BenchmarkImport measures hits a second that are imported in full bulks, over one
// connection, each bulk answered when it is durable.
func BenchmarkImport(b *testing.B) {
	for _, connections := range []int{1, 4} {
		for _, kind := range benchStores {
			b.Run(fmt.Sprintf("%s/%d", kind.name, connections), func(b *testing.B) {
				importTo(b, playing(b, kind.place(b)), connections)
			})
		}
	}
}

func importTo(b *testing.B, c *Collector, connections int) {
	site := httptest.NewServer(c.Handler())
	defer site.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for range connections {
		all.Go(func() {
			for n := next.Add(MaxHits) - MaxHits; n < int64(b.N); n = next.Add(MaxHits) - MaxHits {
				answer, err := client.Post(site.URL+"/ppms.php", "application/json", strings.NewReader(bulkOf(int(n), MaxHits)))
				if err != nil {
					b.Error(err)
					return
				}
				_ = answer.Body.Close()
				if answer.StatusCode != http.StatusAccepted || answer.Header.Get(RefusedHeader) != "" {
					b.Errorf("%s %s", answer.Status, answer.Header.Get(RefusedHeader))
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "hits/s")
	report, err := c.Report(b.Context(), ReportQuery{Site: ExampleSites()[0].ID})
	if err != nil || report.Total.PageViews+report.Total.Events < int64(b.N) || report.Total.Sessions < int64(b.N)/6 || report.Total.Sessions > int64(b.N)/5+MaxHits {
		b.Fatalf("%+v, %v", report.Total, err)
	}
}

// BenchmarkVisits measures single hits a second over HTTP, each answered when it is durable.
func BenchmarkVisits(b *testing.B) {
	for _, connections := range []int{1, 64} {
		for _, kind := range benchStores {
			b.Run(fmt.Sprintf("%s/%d", kind.name, connections), func(b *testing.B) {
				site := httptest.NewServer(playing(b, kind.place(b)).Handler())
				defer site.Close()
				transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}
				defer transport.CloseIdleConnections()
				client := &http.Client{Transport: transport}
				var next atomic.Int64
				var all sync.WaitGroup
				b.ResetTimer()
				for range connections {
					all.Go(func() {
						for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
							query := strings.NewReplacer("&cdt=", "&a=", "&cip=", "&b=").Replace(playedHit(int(n))) + fmt.Sprintf("&pv_id=aBc123&rand=%06d", n%1_000_000)
							answer, err := client.Get(site.URL + "/ppms.php" + query)
							if err != nil {
								b.Error(err)
								return
							}
							_ = answer.Body.Close()
							if answer.StatusCode != http.StatusAccepted || answer.Header.Get(RefusedHeader) != "" {
								b.Errorf("%s %s", answer.Status, answer.Header.Get(RefusedHeader))
								return
							}
						}
					})
				}
				all.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "hits/s")
			})
		}
	}
}

// BenchmarkReport measures the report of a year, of two million sessions or as many as
// PIXELWITNESS_BENCH_SESSIONS says, by the days that are kept and by adding all up.
func BenchmarkReport(b *testing.B) {
	sessions := sessionsToMeasure(b)
	for _, kind := range benchStores {
		b.Run(kind.name, func(b *testing.B) {
			c := playing(b, kind.place(b))
			began := time.Now()
			fillSessions(b, c.store, sessions)
			b.Logf("%d sessions stored in %s", sessions, time.Since(began).Round(time.Second))
			b.Run("kept", func(b *testing.B) {
				for b.Loop() {
					if r, err := c.Report(b.Context(), ReportQuery{Site: ExampleSites()[0].ID}); err != nil || r.Total.Sessions != int64(sessions) {
						b.Fatal(r.Total, err)
					}
				}
			})
			b.Run("kept by day", func(b *testing.B) {
				for b.Loop() {
					if d, err := c.Days(b.Context(), ReportQuery{Site: ExampleSites()[0].ID}); err != nil || len(d) < 365 {
						b.Fatal(len(d), err)
					}
				}
			})
			b.Run("added up", func(b *testing.B) {
				for b.Loop() {
					var n, ms int64
					if err := c.store.read.QueryRowContext(b.Context(), sumOfSessions).Scan(&n, &ms); err != nil || n != int64(sessions) {
						b.Fatal(n, err)
					}
				}
			})
			b.Run("newest sessions", func(b *testing.B) {
				for b.Loop() {
					if l, err := c.VisitorSessions(b.Context(), SessionQuery{Site: ExampleSites()[0].ID, Limit: 1}); err != nil || len(l.Sessions) != 1 {
						b.Fatal(err)
					}
				}
			})
			b.Run("one hit", func(b *testing.B) {
				for n := 0; b.Loop(); n++ {
					w := get(c.Handler(), fmt.Sprintf("/ppms.php?idsite=%s&rec=1&ts=%d&_id=%016x", ExampleSites()[0].ID, time.Now().UnixMilli(), n%1000))
					if w.Code != http.StatusAccepted || w.Header().Get(RefusedHeader) != "" {
						b.Fatal(w.Code, w.Header())
					}
				}
			})
		})
	}
}

const sumOfSessions = `SELECT sum(n), sum(ms) FROM (SELECT count(*) AS n, sum(ended - began) AS ms FROM visitor_sessions
	WHERE site = 1 AND began >= 0 GROUP BY began / 86400000, anonymous, country, city) AS d`

func sessionsToMeasure(b *testing.B) int {
	text := os.Getenv("PIXELWITNESS_BENCH_SESSIONS")
	if text == "" {
		return 2_000_000
	}
	sessions, err := strconv.Atoi(text)
	if err != nil || sessions < 10_000 {
		b.Fatalf("PIXELWITNESS_BENCH_SESSIONS must be a number from 10000, got %q", text)
	}
	return sessions
}

// fillSessions stores sessions over a year, from 16 cities.
func fillSessions(b *testing.B, s *store, sessions int) {
	err := s.commits.do(b.Context(), func(w *work) error {
		if err := w.exec(`INSERT INTO visitor_sessions (id, site, visitor, anonymous, fresh, began, ended, page_views, events, country, city, address)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < CAST($1 AS bigint))
			SELECT i, 1, CASE WHEN i % 4 = 0 THEN NULL ELSE CAST(i % 500000 AS text) END, i % 4 = 0, i < 500000 OR i % 4 = 0,
				1750000000000 + i * CAST($2 AS bigint), 1750000060000 + i * CAST($2 AS bigint), 3, 1, 'Germany', CAST(i % 16 AS text), '0.0.0.0' FROM n`,
			sessions, 365*millisecondsOfDay/sessions); err != nil {
			return err
		}
		return w.exec(`INSERT INTO site_days (site, day, anonymous, country, city, sessions, page_views, events, milliseconds, new_visitors, returning_visitors)
			SELECT site, began / 86400000, anonymous, country, city, count(*), sum(page_views), sum(events), sum(ended - began),
				sum(CASE WHEN fresh THEN 1 ELSE 0 END), sum(CASE WHEN fresh THEN 0 ELSE 1 END)
			FROM visitor_sessions GROUP BY site, began / 86400000, anonymous, country, city`)
	})
	if err != nil {
		b.Fatal(err)
	}
}
