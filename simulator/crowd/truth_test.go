package crowd

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// story is a life in short: what happens, each so many seconds after the one before.
type story []struct {
	kind   Kind
	after  int64
	person uint8
}

func (s story) life() *Life {
	l := &Life{People: 2}
	now := int64(0)
	for _, a := range s {
		now += a.after * 1000
		l.Acts = append(l.Acts, Act{At: now, Kind: a.kind, Person: a.person})
	}
	return l
}

// told are sessions as a reader of the story would count them.
func told(sessions, views, events, seconds, newOnes int64) Counts {
	return Counts{
		Sessions: sessions, PageViews: views, Events: events, Milliseconds: 1000 * seconds,
		New: newOnes, Returning: sessions - newOnes,
	}
}

const (
	anHour   = 3600
	tomorrow = 24 * 3600
)

func TestWhatPeopleDidIsCountedAsTheyWouldTellIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		off, refreshed bool
		story          story
		want           Truth
	}{
		{"looks at two pages and ignores the question", false, false,
			story{{Views, 0, 0}, {Does, 10, 0}, {Views, 20, 0}},
			Truth{Anonymous: told(1, 2, 1, 30, 1), NewPeople: 1}},
		{"comes again the next day", false, false,
			story{{Views, 0, 0}, {Views, tomorrow, 0}},
			Truth{Anonymous: told(2, 2, 0, 0, 1), AnonymousReturns: 1, NewPeople: 1, ReturningPeople: 1}},
		{"agrees, and comes again", false, false,
			story{{Views, 0, 0}, {Agrees, 5, 0}, {Views, 25, 0}, {Views, tomorrow, 0}},
			Truth{Identified: told(2, 3, 0, 30, 1), NewPeople: 1, ReturningPeople: 1}},
		{"agrees and leaves: the agreement is no event", false, false,
			story{{Views, 0, 0}, {Agrees, 5, 0}},
			Truth{Identified: told(1, 1, 0, 0, 1), NewPeople: 1}},
		{"agrees only the second time", false, false,
			story{{Views, 0, 0}, {Views, tomorrow, 0}, {Agrees, 5, 0}, {Views, tomorrow, 0}},
			Truth{Anonymous: told(1, 1, 0, 0, 1), Identified: told(2, 2, 0, 0, 0), NewIDReturns: 1, NewPeople: 1, ReturningPeople: 2}},
		{"agrees once the temporary cookie has gone", false, false,
			story{{Views, 0, 0}, {Agrees, 31 * 60, 0}, {Views, 60, 0}},
			Truth{Anonymous: told(1, 1, 0, 0, 1), Identified: told(1, 1, 0, 0, 0), NewIDReturns: 1, NewPeople: 1, ReturningPeople: 1}},
		{"withdraws, and goes on", false, false,
			story{{Views, 0, 0}, {Agrees, 5, 0}, {Views, 5, 0}, {Disagrees, 5, 0}, {Views, 5, 0}, {Views, 5, 0}},
			Truth{Identified: told(1, 2, 0, 10, 1), Anonymous: told(1, 2, 0, 5, 0), AnonymousReturns: 1, NewPeople: 1, ReturningPeople: 1}},
		{"withdraws, and agrees again", false, false,
			story{{Views, 0, 0}, {Agrees, 5, 0}, {Disagrees, 5, 0}, {Views, 5, 0}, {Agrees, 5, 0}, {Views, tomorrow, 0}},
			Truth{Identified: told(3, 3, 0, 0, 1), NewIDReturns: 1, NewPeople: 1, ReturningPeople: 2}},
		{"refuses, which changes nothing of an anonymous session", false, false,
			story{{Views, 0, 0}, {Disagrees, 5, 0}, {Views, 5, 0}},
			Truth{Anonymous: told(1, 2, 0, 10, 1), NewPeople: 1}},
		{"pauses for 29 minutes, anonymous and then identified", false, false,
			story{{Views, 0, 0}, {Views, 29 * 60, 0}, {Views, anHour, 0}, {Agrees, 5, 0}, {Views, 29 * 60, 0}},
			Truth{Anonymous: told(1, 2, 0, 29*60, 1), Identified: told(1, 2, 0, 29*60+5, 0), NewIDReturns: 1, NewPeople: 1, ReturningPeople: 1}},
		{"pauses for 31 minutes, identified", false, false,
			story{{Views, 0, 0}, {Agrees, 5, 0}, {Views, 31 * 60, 0}},
			Truth{Identified: told(2, 2, 0, 0, 1), NewPeople: 1, ReturningPeople: 1}},
		{"stays anonymous for 40 minutes: the cookie is gone 30 after it was set", false, false,
			story{{Views, 0, 0}, {Views, 20 * 60, 0}, {Views, 20 * 60, 0}},
			Truth{Anonymous: told(2, 3, 0, 20*60, 1), AnonymousReturns: 1, NewPeople: 1, ReturningPeople: 1}},
		{"… or 30 after the last event", false, true,
			story{{Views, 0, 0}, {Views, 20 * 60, 0}, {Views, 20 * 60, 0}},
			Truth{Anonymous: told(1, 3, 0, 40*60, 1), NewPeople: 1}},
		{"half an hour to the second ends a session", false, true,
			story{{Views, 0, 0}, {Views, 30 * 60, 0}},
			Truth{Anonymous: told(2, 2, 0, 0, 1), AnonymousReturns: 1, NewPeople: 1, ReturningPeople: 1}},
		{"somebody else uses the browser", false, false,
			story{{Views, 0, 0}, {Agrees, 5, 0}, {Views, tomorrow, 1}},
			Truth{Identified: told(2, 2, 0, 0, 1), NewPeople: 2}},
		{"ignores the question where nobody is counted then", true, false,
			story{{Views, 0, 0}, {Views, 10, 0}, {Does, 5, 0}, {Views, tomorrow, 0}},
			Truth{Unseen: told(2, 3, 1, 15, 1), NewPeople: 1, ReturningPeople: 1}},
		{"agrees there: what the page held back is counted from then on", true, false,
			story{{Views, 0, 0}, {Does, 5, 0}, {Agrees, 5, 0}, {Views, 20, 0}},
			Truth{Identified: told(1, 2, 1, 20, 1), NewPeople: 1}},
		{"agrees there on the second page: the first stays unseen, and is no visit of its own", true, false,
			story{{Views, 0, 0}, {Views, 60, 0}, {Agrees, 5, 0}, {Views, 20, 0}},
			Truth{Unseen: Counts{PageViews: 1, Milliseconds: 60_000}, Identified: told(1, 2, 0, 20, 1), NewPeople: 1}},
		{"agrees there after half an hour: the page that is open is another visit", true, false,
			story{{Views, 0, 0}, {Views, 60, 0}, {Agrees, anHour, 0}},
			Truth{Unseen: Counts{Sessions: 1, PageViews: 1, Milliseconds: 60_000, New: 1}, Identified: told(1, 1, 0, 0, 0), NewIDReturns: 1, NewPeople: 1, ReturningPeople: 1}},
		{"refuses there and agrees on the same page: only the page was held back", true, false,
			story{{Views, 0, 0}, {Does, 5, 0}, {Disagrees, 5, 0}, {Does, 5, 0}, {Agrees, 5, 0}},
			Truth{Unseen: Counts{Events: 2, Milliseconds: 15_000}, Identified: told(1, 1, 0, 0, 1), NewPeople: 1}},
		{"withdraws there, and goes on", true, false,
			story{{Views, 0, 0}, {Agrees, 5, 0}, {Views, 5, 0}, {Disagrees, 5, 0}, {Does, 5, 0}, {Views, 5, 0}},
			Truth{Identified: told(1, 2, 0, 5, 1), Unseen: told(1, 1, 1, 5, 0), NewPeople: 1, ReturningPeople: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := Options{Days: 4, Sites: []Site{{Name: "Shop", Anonymous: !test.off}}, Refreshed: test.refreshed}
			tally := newTally(o)
			tally.watch(o, test.story.life())
			var got Truth
			for _, d := range tally.Sites[0].Days {
				got.add(d)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A session belongs to the day on which it began.
func TestASessionThatCrossesMidnightBelongsToTheDayBefore(t *testing.T) {
	t.Parallel()
	o := Options{Days: 1, Sites: []Site{{Name: "Shop", Anonymous: true}}}
	tally := newTally(o)
	tally.watch(o, story{{Views, tomorrow - 60, 0}, {Views, 120, 0}, {Views, 31 * 60, 0}}.life())
	got := []Counts{tally.Sites[0].Days[0].Anonymous, tally.Sites[0].Days[1].Anonymous}
	if diff := cmp.Diff([]Counts{told(1, 2, 0, 120, 1), told(1, 1, 0, 0, 0)}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTalliesAddUpAndAreCleared(t *testing.T) {
	t.Parallel()
	o := Options{Days: 2, Sites: []Site{{Name: "Shop", Anonymous: true}}, Places: []Place{{}}}
	life := story{{Views, 0, 0}, {Views, anHour, 0}}.life()
	once, twice := newTally(o), newTally(o)
	once.watch(o, life)
	twice.add(once)
	twice.add(once)
	s := twice.Sites[0]
	if s.Days[0].Anonymous != told(4, 4, 0, 0, 2) || s.Places[0] != (Visits{4, 4}) || s.Browsers != 2 || s.People != 4 {
		t.Errorf("twice: %+v", s)
	}
	twice.clear()
	if diff := cmp.Diff(newTally(o), twice); diff != "" {
		t.Error(diff)
	}
}
