package crowd

import (
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"
)

// Kind is the kind of an act.
type Kind uint8

// What people do: they open a page, do something there that the site reports, and
// say yes or no in the consent window, wherever they find it.
const (
	Views Kind = iota
	Does
	Agrees
	Disagrees
)

// Act is one thing that somebody does.
type Act struct {
	// At is when, in milliseconds since the crowd's start.
	At   int64
	Kind Kind
	// Person is who of those who share the browser.
	Person uint8
	// Page is the number of the page, of those that the site has, and Place that of
	// the place where the browser is.
	Page, Place uint8
	// From is the browser's address there.
	From netip.Addr
}

// Life is all that is done on one browser, in order of time.
type Life struct {
	// Index is the browser's number, Site that of the site that it visits.
	Index uint64
	Site  int
	// People is how many use it.
	People int
	Acts   []Act
	// ids is where the identifiers come from that its tracker makes.
	ids rand.PCG
}

// id makes an identifier of n bytes, in hex.
func (l *Life) id(n int) string {
	var raw [8]byte
	var digits [16]byte
	binary.BigEndian.PutUint64(raw[:], l.ids.Uint64())
	return string(digits[:hex.Encode(digits[:], raw[:min(n, len(raw))])])
}

// temper is how somebody takes the question.
type temper uint8

const (
	agreeing temper = iota
	disagreeing
	ignoring
)

// The spans of a visit. A pause is no longer than longPage but where it is one of the
// longPauses, so that no session ends by chance.
const (
	minute     = int64(time.Minute / time.Millisecond)
	hour       = 60 * minute
	day        = 24 * hour
	longPage   = 19 * minute
	pagesOfOne = 80 // a visit has no more
	sitePages  = 7
)

// longPauses are those that a session outlasts, and those that end it: a collector that
// ends sessions a little sooner or later than after half an hour is told by the two in
// the middle. What half an hour to the millisecond does, no document says.
var longPauses = [...]int64{29 * minute, silence - 1, silence + 1, 31 * minute}

// maker makes lives, one after another. It is not for concurrent use.
type maker struct {
	o      Options
	source rand.PCG
	rng    *rand.Rand
	// actSeed and idSeed are what a browser's number is joined with.
	actSeed, idSeed uint64
	life            *Life
	now             int64
	person          uint8
	// home is where the browser is, place where it is in this visit.
	home, place uint8
	from        netip.Addr
	// choice is what the browser's cookie says; ignoring when nothing.
	choice  temper
	tempers [3]temper
}

func newMaker(o Options) *maker {
	m := &maker{o: o}
	m.rng = rand.New(&m.source)
	m.actSeed, m.idSeed = o.seeds()
	return m
}

// seeds are those of what is done on the browsers, and of their identifiers, which are others for another start, so that two runs into one
// collector have no visitor in common.
func (o Options) seeds() (acts, ids uint64) {
	h := fnv.New64a()
	_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, o.Seed))
	acts = h.Sum64()
	_, _ = h.Write([]byte(o.Start.Format(time.DateOnly)))
	return acts, h.Sum64()
}

// make makes the life of the browser of that number, in the place of what l held.
func (m *maker) make(index uint64, l *Life) {
	m.source.Seed(m.actSeed, index)
	l.ids.Seed(m.idSeed, index)
	l.Index, l.Site, l.People, l.Acts = index, m.rng.IntN(len(m.o.Sites)), 1, l.Acts[:0]
	m.life, m.choice = l, ignoring
	if m.likely(m.o.Share) {
		l.People = 2 + m.rng.IntN(2)
	}
	for i := range m.tempers {
		m.tempers[i] = m.temper()
	}
	m.home = m.anywhere()
	m.now = m.rng.Int64N(int64(m.o.Days)) * day
	m.now += m.daytime()
	for end := int64(m.o.Days) * day; m.now < end; m.now += m.gap() {
		m.visit()
		if !m.likely(m.o.Return) {
			return
		}
	}
}

// temper draws how somebody takes the question.
func (m *maker) temper() temper {
	switch draw := m.rng.Float64(); {
	case draw < m.o.Agree:
		return agreeing
	case draw < m.o.Agree+m.o.Disagree:
		return disagreeing
	}
	return ignoring
}

func (m *maker) likely(rate float64) bool { return m.rng.Float64() < rate }

// between draws a span, both ends included.
func (m *maker) between(least, most int64) int64 { return least + m.rng.Int64N(most-least+1) }

// daytime is a time of the day: more people come in the evening than at night.
func (m *maker) daytime() int64 {
	t := 19*hour + int64(m.rng.NormFloat64()*float64(5*hour))
	return ((t % day) + day) % day
}

// gap is the time until the next visit: later that day, that week, or that month.
func (m *maker) gap() int64 {
	switch draw := m.rng.Float64(); {
	case draw < 0.25:
		return m.between(45*minute, 10*hour)
	case draw < 0.75:
		return m.between(18*hour, 7*day)
	}
	return m.between(7*day, 30*day)
}

// anywhere draws a place.
func (m *maker) anywhere() uint8 {
	if len(m.o.Places) == 0 {
		return 0
	}
	return uint8(m.rng.IntN(len(m.o.Places)))
}

// visit makes a visit that begins now.
func (m *maker) visit() {
	m.person = uint8(m.rng.IntN(m.life.People))
	m.place = m.home
	if m.likely(0.1) {
		m.place = m.anywhere()
	}
	m.from = m.address()
	pages, long := 1, m.likely(m.o.LongStays)
	if long {
		pages = 12 + m.rng.IntN(20)
	} else if m.o.Pages > 1 {
		pages = 1 + int(math.Log(1-m.rng.Float64())/math.Log(1-1/m.o.Pages))
	}
	pages = min(pages, pagesOfOne)
	for page, deciding := 0, m.deciding(pages); page < pages; page++ {
		m.do(Views)
		for range 5 {
			if !m.likely(m.o.Events / (1 + m.o.Events)) {
				break
			}
			m.now += m.between(3*1000, minute)
			m.do(Does)
		}
		if page == deciding {
			m.decide()
			if m.likely(m.o.ChangeMind) { // … and thinks better of it
				deciding = page + m.rng.IntN(3)
				if deciding == page {
					m.decide()
				}
			}
		}
		if page+1 < pages {
			m.now += m.pause(long)
		}
	}
}

// pause is the time until the next page.
func (m *maker) pause(long bool) int64 {
	switch {
	case m.likely(m.o.LongPauses):
		return longPauses[m.rng.IntN(len(longPauses))]
	case long:
		return m.between(2*minute, 6*minute)
	}
	return min(1000+int64(m.rng.ExpFloat64()*float64(45*1000)), longPage)
}

// deciding is the page of the visit on which the person says something; -1 for none.
func (m *maker) deciding(pages int) int {
	switch {
	case m.choice == ignoring && m.tempers[m.person] != ignoring:
		if m.likely(0.8) {
			return 0 // as soon as asked
		}
	case !m.likely(m.o.ChangeMind):
		return -1
	}
	return m.rng.IntN(pages)
}

// decide says something: what the person thinks, or else the opposite of what stands.
func (m *maker) decide() {
	wait := m.between(2*1000, 15*1000)
	if m.likely(0.02) {
		wait = m.between(31*minute, 40*minute) // the page was left open
	}
	m.now += wait
	switch {
	case m.choice == agreeing:
		m.choice = disagreeing
	case m.choice == disagreeing, m.tempers[m.person] == agreeing:
		m.choice = agreeing
	case m.tempers[m.person] == disagreeing:
		m.choice = disagreeing
	default: // who has ignored the question so far
		m.choice = []temper{agreeing, disagreeing}[m.rng.IntN(2)]
	}
	if m.choice == agreeing {
		m.do(Agrees)
	} else {
		m.do(Disagrees)
	}
}

func (m *maker) do(k Kind) {
	page := uint8(0)
	if k == Views {
		page = uint8(m.rng.IntN(sitePages))
	} else if n := len(m.life.Acts); n > 0 {
		page = m.life.Acts[n-1].Page
	}
	m.life.Acts = append(m.life.Acts, Act{At: m.now, Kind: k, Person: m.person, Page: page, Place: m.place, From: m.from})
}

// address draws one of the place's addresses; its last 24 bits, at most, are drawn.
func (m *maker) address() netip.Addr {
	if len(m.o.Places) == 0 {
		return netip.Addr{}
	}
	prefix := m.o.Places[m.place].Addresses
	raw := prefix.Masked().Addr().AsSlice()
	free := min(len(raw)*8-prefix.Bits(), 24)
	drawn := m.rng.Uint32() & (1<<free - 1)
	for i := len(raw) - 1; i >= len(raw)-3; i-- {
		raw[i] |= byte(drawn)
		drawn >>= 8
	}
	a, _ := netip.AddrFromSlice(raw)
	return a
}
