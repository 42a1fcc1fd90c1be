package crowd_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/pixelwitness/pixelwitness/simulator/crowd"
	"github.com/pixelwitness/pixelwitness/simulator/population"
)

// somewhere are two cities in one /24, a country, and a place of IPv6.
func somewhere() []crowd.Place {
	return []crowd.Place{
		{Addresses: netip.MustParsePrefix("192.0.2.8/29"), Country: "Germany", City: "Berlin"},
		{Addresses: netip.MustParsePrefix("192.0.2.16/28"), Country: "Germany", City: "Hamburg"},
		{Addresses: netip.MustParsePrefix("198.51.100.32/27"), Country: "Italy"},
		{Addresses: netip.MustParsePrefix("2001:db8:1:10:8000::/65"), Country: "Germany", City: "Berlin"},
	}
}

// small is a crowd that does everything that a crowd does.
func small() crowd.Options {
	o := crowd.Defaults()
	o.Visitors, o.Days, o.ChangeMind, o.Share, o.LongPauses, o.LongStays = 250, 9, 0.15, 0.2, 0.1, 0.25
	o.Places = somewhere()
	o.Sites = []crowd.Site{{Name: "Shop", Anonymous: true}, {Name: "Old shop"}}
	return o
}

// into is a player of the crowd into the handler.
func into(h http.Handler, o crowd.Options) crowd.Player {
	return crowd.Player{Options: o, To: "http://127.0.0.1", Through: population.Handled(h), Parallel: 3}
}

func run(t testing.TB, h http.Handler, o crowd.Options) *crowd.Result {
	t.Helper()
	r, err := crowd.Run(t.Context(), into(h, o))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return r
}

func TestARightCollectorsReportsEqualTheTruth(t *testing.T) {
	t.Parallel()
	for _, refreshed := range []bool{false, true} {
		expect := NewWithT(t)
		o := small()
		o.Refreshed = refreshed
		r := run(t, newOracle(o.Places...), o)
		expect.Expect(r.Breaches).To(BeEmpty())
		// Nothing of it is empty: what is equal was there.
		on, off := r.Sites[0].Truth, r.Sites[1].Truth
		expect.Expect(on.AnonymousReturns).To(BeNumerically(">", 10))
		expect.Expect(on.NewIDReturns).To(BeNumerically(">", 3))
		expect.Expect(on.Identified.Returning - on.NewIDReturns).To(BeNumerically(">", 10))
		expect.Expect(on.Unseen).To(BeZero())
		expect.Expect(off.Unseen.Sessions).To(BeNumerically(">", 10))
		expect.Expect(off.Anonymous).To(BeZero())
		expect.Expect(off.Identified.Sessions).To(BeNumerically(">", 10))
		expect.Expect(on.Counted().New + on.Unrecognised()).To(Equal(r.Sites[0].Report.Total.New))
		expect.Expect(on.Counted().Returning - on.Unrecognised()).To(Equal(r.Sites[0].Report.Total.Returning))
		expect.Expect(r.Sites[0].Places).To(HaveLen(3))
		expect.Expect(r.Played.Browsers).To(Equal(int64(o.Visitors)))
		expect.Expect(r.Sites[0].Sample.Anonymous).To(BeNumerically(">", 10))
	}
}

// Whatever the rates are, the equalities hold: the truth, which knows no hit, and the
// oracle, which knows nothing else, agree.
func TestTheTruthIsThatOfTheHitsWhateverTheRates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		share := rapid.Float64Range(0, 1)
		o := crowd.Defaults()
		o.Visitors, o.Days = rapid.IntRange(1, 40).Draw(t, "visitors"), rapid.IntRange(1, 12).Draw(t, "days")
		o.Seed = rapid.Uint64().Draw(t, "seed")
		o.Agree = share.Draw(t, "agree")
		o.Return, o.Share, o.ChangeMind = 0.9*share.Draw(t, "return"), share.Draw(t, "share"), share.Draw(t, "change")
		o.LongStays, o.LongPauses = share.Draw(t, "stays"), share.Draw(t, "pauses")
		o.Pages = rapid.Float64Range(1, 12).Draw(t, "pages")
		o.Events = rapid.Float64Range(0, 3).Draw(t, "events")
		o.Refreshed = rapid.Bool().Draw(t, "refreshed")
		o.Sites = []crowd.Site{{Name: "A", Anonymous: rapid.Bool().Draw(t, "tracking")}, {Name: "B", Anonymous: true}}
		o.Places = somewhere()
		r, err := crowd.Run(context.Background(), into(newOracle(o.Places...), o))
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Breaches) > 0 || r.Equalities < 100 {
			t.Fatalf("of %d equalities do not hold: %v", r.Equalities, r.Breaches[:min(5, len(r.Breaches))])
		}
	})
}

func TestEachKindOfBrokenCollectorIsFound(t *testing.T) {
	t.Parallel()
	masked := func(a netip.Addr) netip.Addr { p, _ := a.Prefix(24); return p.Addr() }
	byAddress := func(h *hit) {
		if h.anonymous {
			h.anonymous, h.visitor = false, h.from.String()
		}
	}
	joined := map[string]bool{}
	for _, test := range []struct {
		name  string
		wrong func(o *oracle)
		want  string // in the first breach of the whole span, or of the sample
	}{
		{"counts sessions twice", func(o *oracle) { o.count = func(_ session, f *figures) { f.Sessions *= 2 } }, "sessions in total"},
		{"counts anonymous sessions not at all", func(o *oracle) {
			o.count = func(s session, f *figures) {
				if s.anonymous {
					f.Sessions = 0
				}
			}
		}, "sessions in total"},
		{"loses one page view", func(o *oracle) {
			lost := false
			o.change = func(h *hit) bool { was := lost; lost = lost || !h.event && !h.joins; return lost && !was }
		}, "page views"},
		{"takes events for page views", func(o *oracle) { o.change = func(h *hit) bool { h.event = false; return false } }, "page views in total"},
		{"knows no time of anonymous sessions", func(o *oracle) {
			o.count = func(s session, f *figures) {
				if s.anonymous {
					f.SessionTime = 0
				}
			}
		}, "session time in total"},
		{"rounds session time", func(o *oracle) {
			o.count = func(_ session, f *figures) { f.SessionTime = float64(int64(f.SessionTime)) }
		}, "session time in total"},
		{"knows anonymous visitors by their address", func(o *oracle) { o.change = func(h *hit) bool { byAddress(h); return false } }, "visitors"},
		{"counts returning visitors as new", func(o *oracle) {
			o.count = func(s session, f *figures) { f.New, f.Returning = f.Sessions, 0 }
		}, "new visitors in total"},
		{"ignores an agreement", func(o *oracle) { o.change = func(h *hit) bool { return h.joins } }, "sessions in total"},
		{"drops what was before an agreement", func(o *oracle) {
			o.change = func(h *hit) bool {
				if h.joins {
					joined[h.ses] = true
				}
				return joined[h.ses] && !h.joins
			}
			o.count = func(s session, f *figures) {
				if !s.anonymous && s.fresh {
					f.PageViews--
				}
			}
		}, "page views in total"},
		{"counts a session for the day of its end", func(o *oracle) { o.onDay = func(s session) time.Time { return s.last } }, "2026-"},
		{"finds the place by the masked address", func(o *oracle) {
			o.locate = func(a netip.Addr, _ bool) crowd.Place { return o.at(masked(a)) }
		}, "sessions from Berlin"},
		{"knows no place of anonymous visitors", func(o *oracle) {
			o.locate = func(a netip.Addr, anonymous bool) crowd.Place {
				if anonymous {
					return crowd.Place{}
				}
				return o.at(a)
			}
		}, "sessions from Berlin"},
		{"takes every site for on", func(o *oracle) {
			o.serve = func(string, bool) bool { return true }
			o.answer = func(http.ResponseWriter, *http.Request, int) bool {
				for id, s := range o.sites {
					s.Anonymous = true
					o.sites[id] = s
				}
				return false
			}
		}, "Old shop: sessions in total"},
		{"tells pages that every site is off", func(o *oracle) { o.serve = func(string, bool) bool { return false } }, "Shop: sessions in total"},
		{"shows addresses", func(o *oracle) { o.show = func(l *listed) { l.Address = "192.0.2.0" } }, "show more of an address than zeros"},
		{"keeps visitor IDs of anonymous visitors", func(o *oracle) { o.show = func(l *listed) { l.Visitor = "0123456789abcdef" } }, "have a visitor ID"},
		{"keeps no visitor IDs", func(o *oracle) { o.show = func(l *listed) { l.Visitor = "" } }, "identified ones have no visitor ID"},
		{"ends sessions 45 seconds too early", func(o *oracle) { o.pause = 29*time.Minute + 15*time.Second }, "sessions in total"},
		{"ends sessions 50 seconds too late", func(o *oracle) { o.pause = 30*time.Minute + 50*time.Second }, "sessions in total"},
		{"keeps what comes though it is off", func(o *oracle) { o.keepsAll = true }, "Old shop: sessions of anonymous visitors: the report says"},
		{"has sessions on other days besides", func(o *oracle) { o.besides = 1 }, "in the report without first and last day, Shop: sessions in total"},
		{"refuses who has not agreed", func(o *oracle) { o.change = func(h *hit) bool { return h.anonymous } }, "sessions in total"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := small()
			broken := newOracle(o.Places...)
			test.wrong(broken)
			r := run(t, broken, o)
			var said []string
			for _, b := range r.Breaches {
				said = append(said, b.String())
			}
			NewWithT(t).Expect(strings.Join(said, "\n")).To(ContainSubstring(test.want))
		})
	}
}

// Some collectors cannot be asked at all, or do not say what a report must say.
func TestACollectorThatCannotBePlayedInto(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"wants a token", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, "hint: --token-env or --token-file"},
		{"is none", http.NotFound, "make the site Shop: PUT /api/piwikpro/sites/"},
		{"says nothing", func(http.ResponseWriter, *http.Request) {}, "the answer is no report"},
		{"says too little", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"total":{"sessions":0}}`) }, "total: page_views is missing"},
	} {
		_, err := crowd.Run(t.Context(), into(test.answer, small()))
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(test.want)), test.name)
	}
}

func TestACrowdIsNotPlayedTwiceIntoOneCollector(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	o, to := small(), newOracle(somewhere()...)
	run(t, to, o)
	_, err := crowd.Run(t.Context(), into(to, o))
	var option *crowd.OptionError
	expect.Expect(errors.As(err, &option)).To(BeTrue())
	expect.Expect(err).To(MatchError(MatchRegexp(`^seed: the collector has [0-9,]+ sessions of the site Shop in these days already\nhint: another --seed or --start `)))
	o.Start = o.Start.AddDate(0, 0, 1)
	expect.Expect(run(t, to, o).Breaches).To(BeEmpty(), "of another start nobody is the same")
}

func TestACrowdThatIsToldToStopIsHeldToWhatWasPlayed(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	o := small()
	o.Visitors = 3000
	ctx, stop := context.WithCancel(t.Context())
	p := into(newOracle(o.Places...), o)
	p.Progress = func(n int64) {
		if n > 100 {
			stop()
		}
	}
	r, err := crowd.Run(ctx, p)
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(r.Played.Stopped).To(BeTrue())
	expect.Expect(r.Played.Browsers).To(And(BeNumerically(">", 100), BeNumerically("<", 1000)))
	expect.Expect(r.Sites[0].Browsers + r.Sites[1].Browsers).To(Equal(r.Played.Browsers))
	expect.Expect(r.Equalities).To(BeNumerically(">", 100))
	expect.Expect(r.Breaches).To(BeEmpty())
}

// A site whose ID is made here is named with seed and start: another may have its name. A
// site that the user names by its ID keeps the name.
func TestSitesAreNamedWithTheSeed(t *testing.T) {
	t.Parallel()
	o := small()
	o.Visitors = 5
	o.Sites[1].ID = "0b2f8f6e-6f0a-4b53-9c1d-2f6a5f0e9a02"
	o.Sites = append(o.Sites, crowd.Site{Name: strings.Repeat("é", 128)})
	to := newOracle(o.Places...)
	run(t, to, o)
	var names []string
	for _, s := range to.sites {
		names = append(names, s.Name)
	}
	NewWithT(t).Expect(names).To(ConsistOf("Shop, seed 1 from 2026-03-02", "Old shop", strings.Repeat("é", 100)+", seed 1 from 2026-03-02"))
}

func TestACollectorThatIsNotThereIsAHint(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := crowd.Run(t.Context(), crowd.Player{Options: small(), To: server.URL})
	NewWithT(t).Expect(err).To(MatchError(MatchRegexp(`connection refused\nhint: no collector answers there; is the address right`)))
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Of a collector that fails nobody can tell what it has kept: nothing is held.
func TestACollectorThatFailsEndsTheCrowd(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	o := small()
	to := newOracle(o.Places...)
	to.answer = func(w http.ResponseWriter, _ *http.Request, n int) bool {
		if n > 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return n > 3
	}
	r, err := crowd.Run(t.Context(), into(to, o))
	expect.Expect(err).To(MatchError(And(ContainSubstring("the bulk that begins with"), ContainSubstring("the collector answered 503"))))
	expect.Expect(r.Played.Requests).To(Equal(int64(3)))
	expect.Expect(r.Equalities).To(BeZero())
}

func TestRefusalsAreCountedAndTheFirstIsShown(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	o := small()
	to := newOracle(o.Places...)
	to.serve = func(string, bool) bool { return true } // pages send what the collector refuses
	r := run(t, to, o)
	expect.Expect(r.Played.Refused).To(BeNumerically(">", 1))
	expect.Expect(r.Played.FirstRefusal).To(Equal("anonymous data tracking is off"))
}

func TestTheSweepShowsLessOverstatementTheMoreAgree(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	o := small()
	o.Visitors, o.ChangeMind, o.Sites = 300, 0, o.Sites[:1]
	p := into(newOracle(o.Places...), o)
	r, err := crowd.Run(t.Context(), p)
	expect.Expect(err).NotTo(HaveOccurred())
	before := r.Equalities
	var done []int
	expect.Expect(r.AddSweep(t.Context(), p, []float64{0, 0.5, 1}, func(n int) { done = append(done, n) })).To(Succeed())
	expect.Expect(done).To(Equal([]int{1, 2, 3}))
	expect.Expect(r.Equalities).To(BeNumerically(">", before))
	expect.Expect(r.Breaches).To(BeEmpty())
	expect.Expect(r.Sweep).To(HaveLen(3))
	expect.Expect(r.Sweep[0].Understated()).To(Equal(1.0), "nobody agrees: nobody is known again")
	expect.Expect(r.Sweep[1].Overstated()).To(And(BeNumerically("<", r.Sweep[0].Overstated()), BeNumerically(">", r.Sweep[2].Overstated())))
	stopped, stop := context.WithCancel(t.Context())
	stop()
	expect.Expect(r.AddSweep(stopped, p, []float64{0.2}, nil)).To(Succeed())
	expect.Expect(r.Sweep).To(HaveLen(3))
}
