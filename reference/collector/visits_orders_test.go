package collector_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
)

// people is a population whose hits a test plays in, and what the reports must say of it.
type people struct {
	hits []paged
	days map[string]*collector.Day
}

// populate makes visits of 40 people over four days: of ones who have agreed, who have not,
// and who agree while they are there.
func populate(random *rand.Rand) *people {
	p := &people{days: map[string]*collector.Day{}}
	for person := range 40 {
		agreed, been := person%3 == 0, false
		at := float64(random.IntN(3 * 1440))
		for visit := range 1 + random.IntN(4) {
			ses, id := fmt.Sprintf("%d.%d", person, visit), fmt.Sprint(person)
			from := at
			agrees := !agreed && random.IntN(3) == 0
			pages, events := 0, 0
			for n := range 1 + random.IntN(5) {
				if n > 0 {
					at += float64(1+random.IntN(300)) / 60 // at most 25 minutes in all
				}
				one := paged{at: at, event: random.IntN(3) == 0}
				if one.event {
					events++
				} else {
					pages++
				}
				if agrees && (n == 1 || n == 2 && random.IntN(2) == 0) {
					p.hits = append(p.hits, paged{at: at, ses: ses, id: id})
					agreed = true
				}
				if one.ses = ses; agreed {
					one.id, one.ses = id, ""
				}
				p.hits = append(p.hits, one)
			}
			p.expect(from, at, pages, events, agreed, !agreed || !been)
			been = been || agreed
			at += 30 + float64(random.IntN(1000))
		}
	}
	return p
}

// expect adds a session to what the reports must say.
func (p *people) expect(from, to float64, pages, events int, agreed, fresh bool) {
	day := minute(from).Format(time.DateOnly)
	if p.days[day] == nil {
		p.days[day] = &collector.Day{Day: day}
	}
	share := &p.days[day].Anonymous
	if agreed {
		share = &p.days[day].Identified
	}
	for _, f := range []*collector.Figures{&p.days[day].Total, share} {
		f.Sessions++
		f.PageViews += int64(pages)
		f.Events += int64(events)
		f.SessionTime += float64(minute(to).UnixMilli()-minute(from).UnixMilli()) / 1000
		if fresh {
			f.NewVisitors++
		} else {
			f.ReturningVisitors++
		}
	}
}

// imported sends hits as one bulk that says when they arrived.
func imported(t testing.TB, c *collector.Collector, hits []paged, change ...func(*http.Request)) (status int, refused string) {
	t.Helper()
	var list []string
	for _, p := range hits {
		q := p.query()
		q.Set("cdt", strconv.FormatInt(minute(p.at).UnixMilli(), 10))
		q.Set("cip", berlin)
		list = append(list, "?"+q.Encode())
	}
	body, err := json.Marshal(map[string]any{"requests": list})
	if err != nil {
		t.Fatal(err)
	}
	answer := ask(c, "POST", "/ppms.php", append(change, withBody("application/json", string(body)))...)
	return answer.Code, answer.Header().Get(collector.RefusedHeader)
}

// Whatever the order in which hits arrive, the reports say the truth.
func TestReportsSayTheTruthInAnyOrder(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		site := browse(t, on, collector.Options{})
		rounds := 30
		if on.name == "postgres" {
			rounds = 10
		}
		for seed := range rounds {
			random := rand.New(rand.NewPCG(uint64(seed), 7))
			p := populate(random)
			random.Shuffle(len(p.hits), func(i, j int) { p.hits[i], p.hits[j] = p.hits[j], p.hits[i] })
			expect.Expect(site.ResetAll(t.Context())).To(Succeed())
			for rest := p.hits; len(rest) > 0; {
				n := min(1+random.IntN(100), len(rest))
				if status, refused := imported(t, site.Collector, rest[:n]); status != 202 || refused != "" {
					t.Fatal(status, refused)
				}
				rest = rest[n:]
			}
			var want []collector.Day
			for _, d := range p.days {
				for _, f := range []*collector.Figures{&d.Total, &d.Identified, &d.Anonymous} {
					f.SessionTime = float64(int64(f.SessionTime*1000+0.5)) / 1000
				}
				want = append(want, *d)
			}
			slices.SortFunc(want, func(a, b collector.Day) int { return strings.Compare(a.Day, b.Day) })
			days, err := site.Days(t.Context(), collector.ReportQuery{Site: shop})
			expect.Expect(err).NotTo(HaveOccurred())
			expect.Expect(days).To(Equal(want), "seed %d", seed)
			var total collector.Figures
			for _, d := range want {
				total.Sessions += d.Total.Sessions
			}
			report, err := site.Report(t.Context(), collector.ReportQuery{Site: shop})
			expect.Expect(err).NotTo(HaveOccurred())
			expect.Expect(report.Total.Sessions).To(Equal(total.Sessions))
			expect.Expect(report.Places[0].Sessions).To(Equal(total.Sessions))
			hits, err := site.Hits(t.Context(), collector.Query{})
			expect.Expect(err).NotTo(HaveOccurred())
			expect.Expect(hits).To(BeEmpty(), "an import leaves no hits")
		}
	})
}

func TestWhoMayImport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, token string
		change      []func(*http.Request)
		may         bool
	}{
		{"this machine", "", nil, true},
		{"another machine", "", []func(*http.Request){sentFrom(berlin)}, false},
		{"a proxy", "", []func(*http.Request){header("Via", "1.1 proxy")}, false},
		{"a page", "", []func(*http.Request){header("Origin", "https://www.shop.test")}, false},
		{"this machine without its token", "s3cret", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			site := start(t, collector.Options{Token: c.token})
			status, refused := imported(t, site, []paged{{id: "a"}, {ses: "x"}}, c.change...)
			expect.Expect(status).To(Equal(202))
			expect.Expect(refused == "").To(Equal(c.may), refused)
			report, err := site.Report(t.Context(), collector.ReportQuery{Site: shop})
			expect.Expect(err).NotTo(HaveOccurred())
			expect.Expect(report.Total.Sessions > 0).To(Equal(c.may))
			hits, err := site.Hits(t.Context(), collector.Query{})
			expect.Expect(err).NotTo(HaveOccurred())
			for _, h := range hits {
				expect.Expect(h.Refused).To(HavePrefix("parameters cip and cdt are for imports"))
				expect.Expect(h.Visitor).To(BeEmpty())
				expect.Expect(h.Parameters).NotTo(Or(HaveKey("cip"), HaveKey("_id"), HaveKey("ses")))
			}
		})
	}
	for token, may := range map[string]bool{"s3cret": true, "S3cret": false, "": false} {
		expect := NewWithT(t)
		site := start(t, collector.Options{Token: "s3cret"})
		q := paged{id: "a"}.query().Encode() + "&cip=192.0.2.10"
		answer := ask(site, "POST", "/ppms.php", sentFrom(hamburg), withBody("text/plain", fmt.Sprintf(`{"requests":[%q],"token_auth":%q}`, q, token)))
		expect.Expect(answer.Header().Get(collector.RefusedHeader) == "").To(Equal(may))
		sessions, err := site.VisitorSessions(t.Context(), collector.SessionQuery{Site: shop})
		expect.Expect(err).NotTo(HaveOccurred())
		if may {
			expect.Expect(sessions.Sessions[0].Address).To(Equal(berlin))
		}
	}
}

// Hits of many at once are all counted, and each once.
func TestManyVisitorsAtOnce(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		site := on.start(t, collector.Options{})
		done := make(chan int)
		for visitor := range 16 {
			go func() {
				code := 0
				for n := range 10 {
					p := paged{id: fmt.Sprint(visitor), rand: 100000 + visitor*10 + n/2}
					if visitor%2 == 0 {
						p.id, p.ses = "", fmt.Sprint(visitor)
					}
					code = max(code, ask(site, "GET", "/ppms.php?"+p.query().Encode()).Code)
				}
				done <- code
			}()
		}
		for range 16 {
			expect.Expect(<-done).To(Equal(202))
		}
		report, err := site.Report(t.Context(), collector.ReportQuery{Site: shop})
		expect.Expect(err).NotTo(HaveOccurred())
		share := collector.Figures{Sessions: 8, PageViews: 40, NewVisitors: 8}
		expect.Expect(report.Anonymous).To(Equal(share))
		expect.Expect(report.Identified).To(Equal(share))
		hits, err := site.Hits(t.Context(), collector.Query{})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(hits).To(HaveLen(160), "what was sent again is kept, and not counted")
	})
}
