package collector

import (
	"cmp"
	"database/sql"
	"slices"
	"time"
)

// heldSession is a session that a change looks at.
type heldSession struct {
	VisitorSession
	// site is the site's number.
	site int64
	// was is the session as it is stored; nil when it is new.
	was *VisitorSession
	// touched tells that it may be another than was, gone that it is a part of another
	// one now.
	touched, gone bool
}

// distance is how long nothing happened between two sessions; 0 when they overlap.
func distance(a, b *heldSession) time.Duration {
	return max(a.Began.Sub(b.Ended), b.Began.Sub(a.Ended), 0)
}

// take makes another session a part of this one.
func (s *heldSession) take(other *heldSession) {
	if other.Began.Before(s.Began) {
		s.Began = other.Began
	}
	if other.Ended.After(s.Ended) {
		s.Ended = other.Ended
	}
	s.PageViews += other.PageViews
	s.Events += other.Events
	s.touched, other.touched, other.gone = true, true, true
}

// joined adds a session to those of its visitor, which are at least a pause apart, and
// returns them as they are then. Those that it is near to are one with it; of several the
// one that was stored first goes on, with its place.
func joined(sessions []*heldSession, added *heldSession, pause time.Duration) []*heldSession {
	near := []*heldSession{added}
	rest := sessions[:0:0]
	for _, s := range sessions {
		if s == added {
			continue
		}
		if distance(s, added) < pause {
			near = append(near, s)
		} else {
			rest = append(rest, s)
		}
	}
	slices.SortStableFunc(near, func(a, b *heldSession) int {
		return cmp.Or(cmp.Compare(a.order(), b.order()), a.Began.Compare(b.Began))
	})
	for _, other := range near[1:] {
		near[0].take(other)
	}
	near[0].touched = true
	return inOrder(append(rest, near[0]))
}

// inOrder sorts sessions by their beginnings.
func inOrder(sessions []*heldSession) []*heldSession {
	slices.SortStableFunc(sessions, func(a, b *heldSession) int { return a.Began.Compare(b.Began) })
	return sessions
}

// order is smaller for a session that was stored earlier; those that were not come last.
func (s *heldSession) order() int64 {
	if s.was == nil {
		return 1<<63 - 1
	}
	return s.ID
}

// renew says of each session of a visitor, by their beginnings, whether it is a new
// visitor's.
func renew(sessions []*heldSession, rules VisitorRules) {
	for i, s := range sessions {
		if fresh := rules.New(s.VisitorSession, i > 0); fresh != s.New {
			s.New, s.touched = fresh, true
		}
	}
}

// sessionRow is a row of visitor_sessions in which each column may be missing.
type sessionRow struct {
	id, began, ended, pageViews, events sql.NullInt64
	anonymous, fresh                    sql.NullBool
	visitor, country, city, address     sql.NullString
}

// columns are where sessionColumns are read to.
func (r *sessionRow) columns() []any {
	return []any{&r.id, &r.visitor, &r.anonymous, &r.fresh, &r.began, &r.ended, &r.pageViews, &r.events, &r.country, &r.city, &r.address}
}

func (r *sessionRow) session() VisitorSession {
	s := VisitorSession{
		ID: r.id.Int64, Began: fromMilli(r.began.Int64), Ended: fromMilli(r.ended.Int64), Anonymous: r.anonymous.Bool,
		Visitor: r.visitor.String, New: r.fresh.Bool, PageViews: r.pageViews.Int64, Events: r.events.Int64,
		Country: r.country.String, City: r.city.String, Address: r.address.String,
	}
	s.Seconds = s.Ended.Sub(s.Began).Seconds()
	return s
}

// held is the session as a change looks at it.
func (r *sessionRow) held(site int64) *heldSession {
	s := r.session()
	return &heldSession{VisitorSession: s, site: site, was: &s}
}
