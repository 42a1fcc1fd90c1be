package check

import (
	"slices"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// sessions judges that a customer's sessions are those of the user IDs, as the
// backend itself tells of each.
func (p profile) sessions(held *evidence.Profile) *finding {
	if p.plan.Pixel.Profile.Values.Sessions == "" {
		return nil
	}
	if held.Sessions == 0 && len(held.Events) > 0 {
		f := p.fail(held, "0 sessions", "it has no session, though it has %s", plural(len(held.Events), "event"))
		return &f
	}
	if f := p.tooMany(held, userIDs(held)); f != nil || held.By == scenario.ProfileVisitor {
		return f
	}
	sum := 0
	for _, id := range held.UserIDs {
		of := visitorProfile(p.view, id)
		if of == nil || !of.Found {
			return nil
		}
		sum += of.Sessions
	}
	if sum == held.Sessions {
		return nil
	}
	f := p.fail(held, plural(held.Sessions, "session"), "%s, where its user IDs have %d together", plural(held.Sessions, "session"), sum)
	return &f
}

// oneSession is a time in which a visitor has one session and no more, whatever a
// backend takes for one: a document need not say.
const oneSession = time.Minute

// mostSessions is how many sessions the events of the visitors can be; known is
// false where it cannot be told. A new one may begin after a pause, when the clock
// strikes a quarter (somewhere it may be midnight), and when the visitor is named.
func (p profile) mostSessions(ids []string) (most int, known bool) {
	if p.sent.doubt != "" || p.sent.unnamed != "" {
		return 0, false
	}
	for _, id := range ids {
		var times []time.Time
		for _, e := range p.sent.events {
			if e.visitor != id || e.fate == rejected {
				continue
			}
			if e.customer != "" {
				most++ // before, or after
			}
			for _, h := range e.hits {
				at, ok := p.made(h)
				if !ok {
					return 0, false
				}
				times = append(times, at)
			}
		}
		slices.SortFunc(times, time.Time.Compare)
		for i, at := range times {
			const quarter = 15 * time.Minute
			if i == 0 || at.Sub(times[i-1]) > oneSession || !at.Truncate(quarter).Equal(times[i-1].Truncate(quarter)) {
				most++
			}
		}
	}
	return most, true
}

// tooMany finds more sessions than the visitors' events can be.
func (p profile) tooMany(held *evidence.Profile, ids []string) *finding {
	most, known := p.mostSessions(ids)
	if !known || held.Sessions <= most {
		return nil
	}
	f := p.fail(held, plural(held.Sessions, "session"), "%s of %s, whose events by the times at which they were made are %d at most",
		plural(held.Sessions, "session"), theVisitors(ids), most)
	return &f
}
