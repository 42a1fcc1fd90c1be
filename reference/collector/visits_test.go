package collector_test

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
)

const (
	anna = "&eid=1234567890123456789"
	ben  = "&eid=9876543210987654321"
	nc   = "&nc=1"
)

func TestVisitsAreCounted(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		type sent struct {
			after time.Duration
			hit   string
		}
		for _, c := range []struct {
			name string
			sent []sent
			want collector.Visits
		}{
			{"nobody", nil, collector.Visits{}},
			{"one visit of two pages", []sent{{0, anna}, {30 * time.Minute, anna}}, collector.Visits{Visits: 1, Visitors: 1}},
			{"a pause ends the visit", []sent{{0, anna}, {30*time.Minute + time.Microsecond, anna}}, collector.Visits{Visits: 2, Visitors: 1, Returning: 1}},
			{"three visits of one, one of another", []sent{{0, anna}, {24 * time.Hour, anna}, {0, ben}, {time.Minute, anna}, {48 * time.Hour, anna}},
				collector.Visits{Visits: 4, Visitors: 2, Returning: 2}},
			{"anonymous pages are visits of their own", []sent{{0, nc}, {time.Second, nc}, {48 * time.Hour, nc}}, collector.Visits{Visits: 3, Anonymous: 3}},
			{"an anonymous action is none", []sent{{0, nc}, {0, nc + "&ct=buy"}}, collector.Visits{Visits: 1, Anonymous: 1}},
			{"who says nothing is anonymous", []sent{{0, ""}, {48 * time.Hour, ""}}, collector.Visits{Visits: 2, Anonymous: 2}},
			{"an anonymous visit between two others joins nothing", []sent{{0, anna}, {time.Hour, nc}, {time.Hour, ben}},
				collector.Visits{Visits: 3, Visitors: 2, Anonymous: 1}},
			{"a refused hit counts for nothing", []sent{{0, anna + nc}, {time.Hour, anna + "&nc=2"}, {time.Hour, anna}}, collector.Visits{Visits: 1, Visitors: 1}},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				expect := NewWithT(t)
				now := noon
				site := on.start(t, collector.Options{Clock: func() time.Time { return now }})
				for _, s := range c.sent {
					now = now.Add(s.after)
					ask(site, "GET", hitPath+s.hit)
				}
				expect.Expect(decode[collector.Visits](t, ask(site, "GET", "/api/mapp/visits"))).To(Equal(c.want))
				expect.Expect(decode[collector.Visits](t, ask(site, "GET", "/api/mapp/visits?track=222222222222222"))).To(BeZero())
				inGo, err := site.Visits(t.Context(), "111111111111111")
				expect.Expect(err).NotTo(HaveOccurred())
				expect.Expect(inGo).To(Equal(c.want))
			})
		}
	})
}

func TestVisitsOfTwoSitesAreApart(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		now := noon
		site := on.start(t, collector.Options{Clock: func() time.Time { return now }})
		ask(site, "GET", hitPath+anna)
		now = now.Add(time.Hour)
		ask(site, "GET", strings.Replace(hitPath, "111111111111111", "222222222222222", 1)+anna)
		NewWithT(t).Expect(decode[collector.Visits](t, ask(site, "GET", "/api/mapp/visits"))).To(Equal(collector.Visits{Visits: 2, Visitors: 2}))
	})
}

func TestVisitsAreReadOnThisMachineOnly(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		site := on.start(t, collector.Options{})
		for _, c := range []struct {
			name   string
			change func(*http.Request)
			status int
		}{
			{"under a name of the stage", func(r *http.Request) { r.Host, r.TLS = "collect.vendor.example", &tls.ConnectionState{} }, 200},
			{"a name that a page has bent", func(r *http.Request) { r.Host = "evil.test" }, 403},
			{"another machine", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1" }, 403},
			{"a proxy", header("X-Forwarded-For", "127.0.0.1"), 403},
			{"unknown parameter", func(r *http.Request) { r.URL.RawQuery = "trak=1" }, 400},
		} {
			NewWithT(t).Expect(ask(site, "GET", "/api/mapp/visits", c.change).Code).To(Equal(c.status), c.name)
		}
	})
}

func TestBatchIsTakenLineByLine(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		_, p, _ := strings.Cut(hitPath, "?")
		for _, c := range []struct {
			name, target, contentType, body, refused string
			visitors                                 []string
		}{
			{"two", "/wt", "text/plain;charset=UTF-8", p + anna + "\n" + p + ben, "", []string{anna, ben}},
			{"with line ends of other systems, and empty lines", "/wt", "", "?" + p + anna + "\r\n\n?" + p + ben + "\n", "", []string{anna, ben}},
			{"the place of the pixel's own beacons", "/batch", "text/plain;charset=UTF-8", "?" + p + anna, "", []string{anna}},
			{"one bad line harms no other", "/wt", "text/plain", p + "&eid=1\n" + p + ben + "\nx=1", "hit 1: parameter eid must be 19 digits; hit 3: parameter p is missing", []string{"", ben, ""}},
			{"one query for all", "/wt?" + p, "text/plain", "cd=1" + anna + "\ncd=2" + ben, "", []string{anna, ben}},
			{"a form has one line", "/wt", "application/x-www-form-urlencoded", p + anna + "\n" + p + ben, "a parameter occurs twice", []string{""}},
			{"empty lines alone", "/wt", "text/plain", "\n\n", "parameter p is missing", []string{""}},
			{"too many", "/wt", "text/plain", p + anna + strings.Repeat("\nx=1", collector.MaxHits), "more than 256 hits", []string{""}},
			{"too long", "/wt", "text/plain", strings.Repeat(p+"\n", collector.MaxBody/len(p)+1), "body is longer than 65536 bytes", []string{""}},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				expect := NewWithT(t)
				site := on.start(t, collector.Options{})
				answer := ask(site, "POST", "/111111111111111"+c.target, withBody(c.contentType, c.body))
				expect.Expect(answer.Code).To(Equal(200))
				expect.Expect(answer.Header().Get("Content-Type")).To(Equal("image/gif"))
				expect.Expect(answer.Header().Get(collector.RefusedHeader)).To(Equal(c.refused))
				hits, err := site.Hits(t.Context(), collector.Query{})
				expect.Expect(err).NotTo(HaveOccurred())
				var visitors []string
				for _, hit := range hits {
					if hit.Visitor != "" {
						hit.Visitor = "&eid=" + hit.Visitor
					}
					visitors = append(visitors, hit.Visitor)
				}
				expect.Expect(visitors).To(Equal(c.visitors))
			})
		}
	})
}

func TestReasonsOfABatchAreBounded(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		site := on.start(t, collector.Options{})
		answer := ask(site, "POST", "/111111111111111/wt", withBody("text/plain", strings.Repeat("x=1\n", 200)))
		NewWithT(t).Expect(strings.Count(answer.Header().Get(collector.RefusedHeader), "hit ")).To(Equal(10))
	})
}

func TestAnotherRuleOfRecognitionJoinsWhatTheOwnOneKeepsApart(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		now := noon
		site := on.start(t, collector.Options{
			Clock: func() time.Time { return now },
			Recognise: func(r *http.Request, hit collector.Hit) string {
				host, _, _ := strings.Cut(r.RemoteAddr, ":")
				return host + hit.Visitor
			},
			Wrap: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("X-Wrapped", "yes")
					next.ServeHTTP(w, r)
				})
			},
		})
		expect.Expect(ask(site, "GET", hitPath+nc).Header().Get("X-Wrapped")).To(Equal("yes"))
		now = now.Add(time.Hour)
		ask(site, "GET", hitPath+nc)
		ask(site, "GET", hitPath+nc+"&nc=2")
		visits, err := site.Visits(t.Context(), "")
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(visits).To(Equal(collector.Visits{Visits: 2, Visitors: 1, Returning: 1}))
	})
}
