package crowd

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/population"
)

func whole(t testing.TB, o Options) Options {
	t.Helper()
	o, err := o.Complete()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// lives makes the lives of browsers, each by a maker of its own when alone is true.
func lives(o Options, alone bool) []Life {
	m := newMaker(o)
	var all []Life
	for i := range o.Visitors {
		if alone {
			m = newMaker(o)
		}
		var l Life
		m.make(uint64(i), &l)
		all = append(all, l)
	}
	return all
}

func crowdOf(visitors int) Options {
	o := Defaults()
	o.Visitors = visitors
	o.Places = []Place{{Addresses: netip.MustParsePrefix("192.0.2.8/29")}, {Addresses: netip.MustParsePrefix("2001:db8:1:10:8000::/65")}}
	return o
}

func TestALifeIsMadeOfSeedAndNumberAlone(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	o := whole(t, crowdOf(200))
	once, again := lives(o, false), lives(o, true)
	same := cmp.Comparer(func(a, b Life) bool {
		return a.Index == b.Index && a.Site == b.Site && a.People == b.People && slices.Equal(a.Acts, b.Acts) && a.id(8) == b.id(8)
	})
	expect.Expect(cmp.Equal(once, again, same)).To(BeTrue())
	o.Seed++
	expect.Expect(cmp.Equal(once, lives(o, false), same)).To(BeFalse())
}

// Another start has the same people do the same under other identifiers.
func TestAnotherStartHasOtherIdentifiers(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	o := whole(t, crowdOf(50))
	later := o
	later.Start = o.Start.AddDate(0, 0, 1)
	a, b := lives(o, false), lives(later, false)
	for i := range a {
		expect.Expect(a[i].Acts).To(Equal(b[i].Acts))
		expect.Expect(a[i].id(8)).NotTo(Equal(b[i].id(8)))
	}
}

func TestLivesHaveAllThatMatters(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	o := whole(t, crowdOf(1500))
	seen := map[string]int{}
	for _, l := range lives(o, false) {
		for i, a := range l.Acts {
			if !o.Places[a.Place].Addresses.Contains(a.From) || a.At >= int64(o.Days+1)*day || int(a.Person) >= l.People {
				t.Fatalf("browser %d, act %d: %+v", l.Index, i, a)
			}
			seen[[]string{"views", "events", "agreements", "refusals"}[a.Kind]]++
			if i == 0 {
				continue
			}
			pause := a.At - l.Acts[i-1].At
			switch {
			case pause <= 0:
				t.Fatalf("browser %d, act %d is no later than the one before", l.Index, i)
			case slices.Contains(longPauses[:], pause):
				seen[time.Duration(pause*int64(time.Millisecond)).String()]++
			case pause > longPage && pause < 31*minute:
				seen["neither"]++
			}
			if a.Person != l.Acts[i-1].Person {
				seen["hands over"]++
			}
		}
	}
	for _, kind := range []string{"views", "events", "agreements", "refusals", "29m0s", "29m59.999s", "30m0.001s", "31m0s", "hands over"} {
		expect.Expect(seen[kind]).To(BeNumerically(">", 20), kind)
	}
	expect.Expect(seen["neither"]).To(BeZero(), "no session ends by chance")
}

// The rates are those that were asked for.
func TestPeopleDecideAsOftenAsTheRatesSay(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	o := crowdOf(8000)
	o.Agree, o.Disagree, o.ChangeMind, o.Share, o.Return = 0.3, 0.5, 0, 0.2, 0
	o = whole(t, o)
	count := map[Kind]float64{}
	shared := 0.0
	for _, l := range lives(o, false) {
		for _, a := range l.Acts {
			if a.Kind == Agrees || a.Kind == Disagrees {
				count[a.Kind]++
			}
		}
		if l.People > 1 {
			shared++
		}
	}
	n := float64(o.Visitors)
	expect.Expect(count[Agrees] / n).To(BeNumerically("~", 0.3, 0.02))
	expect.Expect(count[Disagrees] / n).To(BeNumerically("~", 0.5, 0.02))
	expect.Expect(shared / n).To(BeNumerically("~", 0.2, 0.02))
}

// taking is a collector that takes all and keeps nothing.
type taking struct{ bytes, requests atomic.Int64 }

func (k *taking) RoundTrip(r *http.Request) (*http.Response, error) {
	n, err := io.Copy(io.Discard, r.Body)
	k.bytes.Add(n)
	k.requests.Add(1)
	return &http.Response{StatusCode: http.StatusAccepted, Header: http.Header{}, Body: http.NoBody, Request: r}, err
}

// What is alive does not grow with the number of visitors: it is measured after a
// tenth of them and at the end.
func TestMemoryDoesNotGrowWithTheVisitors(t *testing.T) {
	expect := NewWithT(t) // alone: it looks at the whole heap
	o := whole(t, crowdOf(15_000))
	var early, late uint64
	alive := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	p := Player{Options: o, To: "http://127.0.0.1", Through: &taking{}, Parallel: 1}
	p.Progress = func(n int64) {
		switch {
		case early == 0 && n > 1500:
			early = alive()
		case late == 0 && n > 14_000:
			late = alive()
		}
	}
	played, err := p.Play(t.Context())
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(played.Browsers).To(Equal(int64(15_000)))
	expect.Expect(late).NotTo(BeZero())
	expect.Expect(int64(late) - int64(early)).To(BeNumerically("<", 1<<20))
}

// A bulk holds at most as many hits as a collector takes, and no more bytes.
func TestBulksAreOfASizeThatCollectorsTake(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	o := crowdOf(60)
	o.LongStays, o.Return, o.Pages, o.Days = 1, 0.95, 50, 300
	o = whole(t, o)
	var hits atomic.Int64
	p := Player{Options: o, To: "http://127.0.0.1", Parallel: 2, Through: roundTrips(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		n := strings.Count(string(body), "idsite=")
		hits.Add(int64(n))
		expect.Expect(n).To(BeNumerically("<=", Bulk))
		expect.Expect(len(body)).To(BeNumerically("<", 128<<10))
		return &http.Response{StatusCode: http.StatusAccepted, Header: http.Header{}, Body: http.NoBody, Request: r}, err
	})}
	played, err := p.Play(t.Context())
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(hits.Load()).To(Equal(played.Hits))
	expect.Expect(played.Hits).To(BeNumerically(">", 60*Bulk), "some lives take several bulks")
	expect.Expect(played.Browsers).To(Equal(int64(60)))
}

type roundTrips func(*http.Request) (*http.Response, error)

func (f roundTrips) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// No more lanes are made than there are browsers, nor than are useful: each costs memory.
func TestThereAreNoMoreRequestsUnderWayThanBrowsers(t *testing.T) {
	expect := NewWithT(t) // alone: it looks at what is allocated
	o := whole(t, crowdOf(50))
	o.LongStays, o.Pages = 0, 1
	before := allocated()
	played, err := Player{Options: o, To: "http://127.0.0.1", Through: &taking{}, Parallel: 3000}.Play(t.Context())
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(played.Browsers).To(Equal(int64(50)))
	expect.Expect(allocated()-before).To(BeNumerically("<", 64<<20), "3000 lanes would take ten times as much")
}

// allocated is what has been allocated so far, in bytes.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// A site that is off gets what pages send that do not know it, in requests of their own.
func TestPagesThatDoNotKnowThatASiteIsOffSendWhatNobodyMayCount(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	o := crowdOf(400)
	o.Sites = []Site{{Name: "Shop", Anonymous: true}, {Name: "Old shop"}}
	o = whole(t, o)
	var strays atomic.Int64
	p := Player{Options: o, To: "http://127.0.0.1", Parallel: 2, Through: roundTrips(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		header := http.Header{}
		off := strings.Count(string(body), "idsite="+o.Sites[1].ID)
		if anonymous := strings.Count(string(body), "&uia=1&"); anonymous > 0 && !strings.Contains(string(body), o.Sites[0].ID) {
			expect.Expect(anonymous).To(Equal(off), "nothing else is in the bulk")
			strays.Add(int64(anonymous))
			header.Set(population.RefusedHeader, "off")
		}
		return &http.Response{StatusCode: http.StatusAccepted, Header: header, Body: http.NoBody, Request: r}, err
	})}
	played, err := p.Play(t.Context())
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(played.Strays).To(And(BeNumerically(">", 30), Equal(strays.Load())))
	expect.Expect(played.Refused).To(BeZero(), "that these are refused is as it should be")
}

// The token is shown to the collector with what is imported.
func TestTheTokenGoesWithTheBulk(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	o := whole(t, crowdOf(3))
	p := Player{Options: o, To: "http://127.0.0.1", Token: `se"cret`, Through: roundTrips(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		expect.Expect(string(body)).To(HaveSuffix(`],"token_auth":"se\"cret"}`))
		return &http.Response{StatusCode: http.StatusAccepted, Header: http.Header{}, Body: http.NoBody, Request: r}, err
	})}
	_, err := p.Play(t.Context())
	expect.Expect(err).NotTo(HaveOccurred())
}

func BenchmarkPlay(b *testing.B) {
	o := whole(b, crowdOf(MaxVisitors))
	o.Visitors = b.N
	p := Player{Options: o, To: "http://127.0.0.1", Through: &taking{}}
	began := time.Now()
	played, err := p.Play(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(played.Browsers)/time.Since(began).Seconds(), "browsers/s")
	b.ReportMetric(float64(played.Hits)/time.Since(began).Seconds(), "hits/s")
}

func BenchmarkLives(b *testing.B) {
	o := whole(b, crowdOf(MaxVisitors))
	m, tally := newMaker(o), newTally(o)
	w := newWalk(o, nil)
	var l Life
	var hits []population.Hit
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.make(uint64(i), &l)
		hits = w.hits(&l, hits[:0])
		tally.watch(o, &l)
	}
}
