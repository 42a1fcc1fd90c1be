package collector

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func labels(ticks []tick) []string {
	var all []string
	for _, t := range ticks {
		all = append(all, t.Label)
	}
	return all
}

func TestAnAxisIsMarkedByHoursDaysOrYears(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	for _, tc := range []struct {
		first, last string
		want        []string
	}{
		{"2026-03-02T10:04:00Z", "2026-03-02T10:04:00Z", []string{"2 Mar, 10:00", "10:10", "10:20", "10:30", "10:40", "10:50"}},
		{"2026-03-02T10:04:00Z", "2026-03-02T15:04:00Z", []string{"2 Mar 2026", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"}},
		{"2026-03-02T23:59:00Z", "2026-03-03T00:01:00Z", []string{"2 Mar 2026", "06:00", "12:00", "18:00", "3 Mar", "06:00", "12:00", "18:00"}},
		{"2025-12-30T10:00:00Z", "2026-01-02T10:00:00Z", []string{"30 Dec 2025", "31 Dec", "1 Jan 2026", "2 Jan"}},
		{"2026-03-02T10:00:00Z", "2026-04-20T10:00:00Z", []string{"2 Mar 2026", "9 Mar", "16 Mar", "23 Mar", "30 Mar", "6 Apr", "13 Apr", "20 Apr"}},
		{"1969-12-31T10:00:00Z", "1970-01-01T10:00:00Z", []string{"31 Dec 1969", "06:00", "12:00", "18:00", "1 Jan 1970", "06:00", "12:00", "18:00"}},
	} {
		a := newAxis(at(tc.first), at(tc.last), 100, 900)
		if got := labels(a.ticks()); !slices.Equal(got, tc.want) {
			t.Errorf("%s to %s: %q, want %q", tc.first, tc.last, got, tc.want)
		}
	}
}

func TestAnAxisBearsEverySpan(t *testing.T) {
	t.Parallel()
	for _, span := range []time.Duration{0, time.Hour, 25 * time.Hour, 400 * days, 292 * 365 * days} {
		first := time.UnixMilli(0)
		a := newAxis(first, first.Add(span), 100, 900)
		ticks := a.ticks()
		if len(ticks) == 0 || len(ticks) > mostTicks+1 {
			t.Errorf("%s: %d ticks", span, len(ticks))
		}
		if a.x(first) < 100 || a.x(first.Add(span)) > 900 || a.x(first.Add(-days)) != 100 || a.x(first.Add(span+2*days)) != 900 {
			t.Errorf("%s: from %d to %d", span, a.x(first), a.x(first.Add(span)))
		}
	}
	// A visitor's clock may be off by more than a Duration holds.
	a := newAxis(time.UnixMilli(0), time.UnixMilli(253402300799000), 100, 900)
	if n := len(a.ticks()); n == 0 || n > mostTicks+1 {
		t.Errorf("ten thousand years: %d ticks", n)
	}
}

// drawn is the picture of threeVisits' customer.
func drawn(t *testing.T) *picture {
	t.Helper()
	f := threeVisits()
	p := draw(hex32(900), historiesOf(material{
		profile: f.profiles[4], sessions: f.sessions, merges: f.merges, conflicts: ConflictList{Conflicts: f.conflicts},
	}, f.conflicts))
	if p == nil {
		t.Fatal("nothing is drawn")
	}
	return p
}

func TestLanesJoinTheCustomerWhereTheyWereIdentified(t *testing.T) {
	t.Parallel()
	p := drawn(t)
	if len(p.Lanes) != 4 || p.Customer == nil || p.Dense || p.Hidden != 0 || !p.HasConflicts {
		t.Fatalf("%+v", p)
	}
	var kinds []string
	for i, l := range p.Lanes {
		kinds = append(kinds, l.Join.Kind)
		if i > 0 && l.Y <= p.Lanes[i-1].Y {
			t.Errorf("lane %d is not below the one before", i)
		}
		if l.Join.Top != p.Customer.Y || l.Join.X < p.Customer.From || l.Join.X > p.Customer.To {
			t.Errorf("lane %d joins at %d,%d, which is not the customer's lane", i, l.Join.X, l.Join.Top)
		}
		if !strings.HasSuffix(l.Join.Path, "V"+number(p.Customer.Y)) {
			t.Errorf("lane %d: the line %q does not end at the customer's lane", i, l.Join.Path)
		}
	}
	if want := []string{"by device", "by device", "moved", "direct"}; !slices.Equal(kinds, want) {
		t.Errorf("kinds %q, want %q, by the first visit", kinds, want)
	}
	first, second, moved, direct := p.Lanes[0], p.Lanes[1], p.Lanes[2], p.Lanes[3]
	if first.Join.X != direct.Join.X || second.Join.X != direct.Join.X || moved.Join.X <= direct.Join.X {
		t.Errorf("joins at %d, %d, %d, %d", first.Join.X, second.Join.X, moved.Join.X, direct.Join.X)
	}
	if p.Customer.From != direct.Join.X {
		t.Errorf("the customer begins at %d, not at the first identification, %d", p.Customer.From, direct.Join.X)
	}
	if first.Bars[0].Known || !direct.Bars[1].Known {
		t.Errorf("visits before and behind the join: %+v, %+v", first.Bars, direct.Bars)
	}
	if len(direct.Crosses) != 1 || len(first.Crosses) != 0 {
		t.Errorf("conflicts are drawn at %v and %v", direct.Crosses, first.Crosses)
	}
}

func TestThePictureIsToldInWords(t *testing.T) {
	t.Parallel()
	p := drawn(t)
	if want := "How 4 user IDs came to customer " + short(hex32(900)); p.Title != want {
		t.Errorf("title %q, want %q", p.Title, want)
	}
	for _, want := range []string{
		"User ID " + short(hex32(1)) + ": 1 visit since 2 Mar 2026, 10:04; joined by device on 8 Mar 2026, 09:06.",
		"joined by its own identification on 8 Mar 2026, 09:06; 1 conflict.", "moved from another customer on 10 Mar 2026, 10:04.",
	} {
		if !strings.Contains(p.Desc, want) {
			t.Errorf("description %q does not hold %q", p.Desc, want)
		}
	}
}

func TestOneWrongClockDoesNotPressThePicture(t *testing.T) {
	t.Parallel()
	f := threeVisits()
	f.merges[0].Evidence.IdentifyTime = firstDay.Add(200 * 365 * days)
	p := draw(hex32(900), historiesOf(material{profile: f.profiles[4], sessions: f.sessions, merges: f.merges}, nil))
	if len(p.Ticks) < 9 || p.Ticks[1].Label != "3 Mar" {
		t.Errorf("ticks %q", labels(p.Ticks))
	}
	if got := p.Lanes[3].Join.X; got != rightEdge {
		t.Errorf("what lies outside stands at %d, want the edge", got)
	}
}

func TestVisitsThatTouchBecomeOneBar(t *testing.T) {
	t.Parallel()
	h := history{UID: hex32(1)}
	for i := range 20_000 {
		at := firstDay.Add(time.Duration(i) * time.Hour)
		h.Visits = append(h.Visits, Session{UID: h.UID, Began: at, Ended: at, Events: 1})
	}
	p := draw("", []history{h})
	if n := len(p.Lanes[0].Bars); n == 0 || n > (rightEdge-gutter)/minVisit+1 {
		t.Errorf("%d bars", n)
	}
	if p.Customer != nil || p.Lanes[0].Join != nil {
		t.Error("an anonymous ID is joined to somebody")
	}
}

func TestNothingIsDrawnOfNothing(t *testing.T) {
	t.Parallel()
	if p := draw(hex32(900), []history{{UID: hex32(1)}}); p != nil {
		t.Errorf("%+v", p)
	}
}

func TestATimelineHasEveryEventInItsVisit(t *testing.T) {
	t.Parallel()
	f := threeVisits()
	of := historiesOf(material{profile: f.profiles[4], sessions: f.sessions, merges: f.merges}, nil)
	shuffled := slices.Clone(f.events[:12])
	slices.Reverse(shuffled)
	got := ""
	for _, d := range timeline(shuffled, of) {
		got += d.Date.Format("2 Jan") + ":"
		for _, v := range d.Visits {
			if v.Cut {
				got += " cut"
			}
			if v.Known {
				got += " known"
			}
			for _, e := range v.Shown {
				got += " " + e.Action
			}
			got += ";"
		}
		got += "\n"
	}
	want := "2 Mar: view view;\n4 Mar: view search view;\n6 Mar: view view;\n8 Mar: view sign_up view; known view;\n10 Mar: known sign_in;\n"
	if got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	if part := timeline(f.events[:1], of); !part[0].Visits[0].Cut {
		t.Error("a visit of which a part is shown does not say so")
	}
}

func TestNumbersAndIDsAreReadable(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1\u202f000", 1234567: "1\u202f234\u202f567", -1000: "-1\u202f000", -100: "-100"} {
		if got := number(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	for id, want := range map[string]string{
		"": "", "short": "short", "exactly14chars": "exactly14chars", "0123456789abcdef": "0123456…cdef",
		"a\u202eb": "a�b", "\x00": "�", strings.Repeat("漢", 20): "漢漢漢漢漢漢漢…漢漢漢漢",
	} {
		if got := short(id); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}
