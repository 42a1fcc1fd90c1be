package collector

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// benchStores are the stores that are measured.
var benchStores = []struct {
	name  string
	place func(b testing.TB) string
}{
	{"sqlite", func(b testing.TB) string { return filepath.Join(b.TempDir(), "hits.db") }},
	{"postgres", NewDatabase},
}

// BenchmarkIngest measures events a second over HTTP, each answered when it is
// durable, beside a handler that reads them and stores nothing.
func BenchmarkIngest(b *testing.B) {
	for _, connections := range []int{1, 64} {
		b.Run(fmt.Sprintf("nothing/%d", connections), func(b *testing.B) {
			ingest(b, connections, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(http.StatusNoContent)
			}))
		})
		for _, kind := range benchStores {
			b.Run(fmt.Sprintf("%s/%d", kind.name, connections), func(b *testing.B) {
				c, err := New(Options{Store: kind.place(b)})
				if err != nil {
					b.Fatal(err)
				}
				defer c.Close()
				ingest(b, connections, c.Handler())
			})
		}
	}
}

// ingest sends b.N events, 20 of each user ID, over that many connections.
func ingest(b *testing.B, connections int, handler http.Handler) {
	site := httptest.NewServer(handler)
	defer site.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var next atomic.Int64
	var all sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range connections {
		all.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				body := fmt.Sprintf(`{"portal_id":"33167","prop_id":"1","ec":"pageview","ea":"view","uid":"%032x","did":"%032x","mid":"%032x","t":%d,`+
					`"url":"https://www.shop.test/products/%d","title":"Products","sys":{"language":"en","screen":"1920x1080","viewport":"1280x720","timezone":"UTC","platform":"Linux"},`+
					`"dims":{"users":{"favourite":"shoes"}}}`, n/20, n/60, n, 1750000000000+n, n)
				answer, err := client.Post(site.URL+"/event", "application/json", strings.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				_ = answer.Body.Close()
				if answer.StatusCode != http.StatusNoContent || answer.Header.Get(RefusedHeader) != "" {
					b.Errorf("%s %s", answer.Status, answer.Header.Get(RefusedHeader))
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "hits/s")
}

// fill stores events of user IDs, so many of each, on a device for each group of them.
func fill(b *testing.B, s *store, users, events, group int) {
	for u := range users {
		batch := make([]arrival, events)
		for e := range batch {
			batch[e] = seen(fmt.Sprintf("u%d", u), fmt.Sprintf("%d-%d", u, e), "", e)
			batch[e].event.Device = fmt.Sprintf("d%d", u/group)
		}
		if err := s.add(b.Context(), batch...); err != nil {
			b.Fatal(err)
		}
	}
}

func opened(b *testing.B, place string) *store {
	s, err := openStore(place, Rules{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// BenchmarkMerge measures an identification that joins so many anonymous
// profiles of 1,000 events each.
func BenchmarkMerge(b *testing.B) {
	for _, kind := range benchStores {
		for _, users := range []int{2, 20, 200} {
			b.Run(fmt.Sprintf("%s/%d", kind.name, users), func(b *testing.B) {
				s := opened(b, kind.place(b))
				fill(b, s, users-1, 1000, users)
				b.ResetTimer()
				for n := 0; b.Loop(); n++ {
					a := seen("new", fmt.Sprintf("new-%d", n), "anna", 1001)
					a.event.Device = "d0"
					if err := s.add(b.Context(), a); err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					apart(b, s, users)
					b.StartTimer()
				}
			})
		}
	}
}

// apart undoes a merge, and makes sure that it had been one.
func apart(b *testing.B, s *store, users int) {
	p, err := s.profile(b.Context(), Owner{CID: "anna"})
	if err != nil || len(p.UserIDs) != users || p.Events != (users-1)*1000+1 {
		b.Fatalf("%d user IDs of %d, %d events, %v", len(p.UserIDs), users, p.Events, err)
	}
	err = s.commits.do(b.Context(), func(w *work) error {
		for _, statement := range []string{
			"DELETE FROM users WHERE uid = 'new'", "DELETE FROM presence WHERE uid = 'new'", "DELETE FROM sessions WHERE uid = 'new'",
			"DELETE FROM customers", "DELETE FROM identifications", "DELETE FROM merges", "UPDATE users SET cid = NULL, claimed = NULL",
		} {
			if err := w.exec(statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkLookUp measures reading a profile with 10,000 events stored, or with as
// many as PIXELWITNESS_BENCH_EVENTS says. A customer has two user IDs of 10
// events each.
func BenchmarkLookUp(b *testing.B) {
	events := 10_000
	if text := os.Getenv("PIXELWITNESS_BENCH_EVENTS"); text != "" {
		var err error
		if events, err = strconv.Atoi(text); err != nil || events < 10_000 {
			b.Fatalf("PIXELWITNESS_BENCH_EVENTS must be a number from 10000, got %q", text)
		}
	}
	for _, kind := range benchStores {
		b.Run(fmt.Sprintf("%s/%d", kind.name, events), func(b *testing.B) {
			s := opened(b, kind.place(b))
			began := time.Now()
			users := events / 10
			fillCustomers(b, s, min(users/2, 500))
			multiply(b, s, users/2/500)
			b.Logf("%d events stored in %s", events, time.Since(began).Round(time.Second))
			for name, owner := range map[string]func(n int) Owner{
				"cid": func(n int) Owner { return Owner{Portal: "1", CID: fmt.Sprintf("c%d", n%500) + copyOf(n, users/2/500)} },
				"uid": func(n int) Owner {
					return Owner{Portal: "1", UID: fmt.Sprintf("u%d-%d", n%500, n%2) + copyOf(n, users/2/500)}
				},
			} {
				b.Run(name, func(b *testing.B) {
					for n := 0; b.Loop(); n += 7919 {
						p, err := s.profile(b.Context(), owner(n))
						if err != nil || p.Events != 10*len(p.UserIDs) {
							b.Fatalf("%d events of %d user IDs, %v", p.Events, len(p.UserIDs), err)
						}
					}
				})
			}
		})
	}
}

// fillCustomers stores customers with two user IDs of 10 events each; 100
// customers share a transaction.
func fillCustomers(b *testing.B, s *store, customers int) {
	var batch []arrival
	for c := range customers {
		for e := range 20 {
			a := seen(fmt.Sprintf("u%d-%d", c, e/10), fmt.Sprintf("%d-%d", c, e), "", e)
			a.event.Device = fmt.Sprintf("d%d", c)
			if e == 19 {
				a.event.Identify = &Identity{CID: fmt.Sprintf("c%d", c), Time: a.event.Made}
			}
			batch = append(batch, a)
		}
		if len(batch) >= 2000 || c == customers-1 {
			if err := s.add(b.Context(), batch...); err != nil {
				b.Fatal(err)
			}
			batch = nil
		}
	}
}

// multiply copies what is stored so often under other IDs, the original among them.
func multiply(b *testing.B, s *store, times int) {
	statements := []string{
		`INSERT INTO users (portal, uid, cid, direct, claimed, created, first, last, events, customer, system, custom)
			SELECT portal, uid || $1, cid || $1, direct, claimed, created, first, last, events, customer, system, custom FROM users WHERE uid NOT LIKE '%x%'`,
		`INSERT INTO customers (portal, cid, created) SELECT portal, cid || $1, created FROM customers WHERE cid NOT LIKE '%x%'`,
		`INSERT INTO sessions (portal, uid, began, ended, events) SELECT portal, uid || $1, began, ended, events FROM sessions WHERE id <= 10000`,
		`INSERT INTO presence (portal, uid, did, first) SELECT portal, uid || $1, did || $1, first FROM presence WHERE uid NOT LIKE '%x%'`,
		`INSERT INTO events (portal, mid, uid, did, category, action, made, received, url, ref, title, sys, dims, extra, items, identified)
			SELECT portal, mid || $1, uid || $1, did || $1, category, action, made, received, url, ref, title, sys, dims, extra, items, identified FROM events WHERE id <= 10000`,
	}
	for n := 1; n < times; n++ {
		err := s.commits.do(b.Context(), func(w *work) error {
			for _, statement := range statements {
				if err := w.exec(statement, copyOf(n, times)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for _, table := range []string{"users", "events"} {
		if err := s.commits.do(b.Context(), func(w *work) error { return w.exec("ANALYZE " + table) }); err != nil {
			b.Fatal(err)
		}
	}
}

// copyOf is what the IDs of one of so many copies end with.
func copyOf(n, times int) string {
	if n %= times; n == 0 {
		return ""
	}
	return fmt.Sprintf("x%d", n)
}
