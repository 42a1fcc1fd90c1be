package collector

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"math"
	"slices"
	"time"
)

// addVisits keeps the hits and does what they mean, all or none. It returns when that is
// durable, with why hits were refused, by their places; or when the context ends: then it
// may be kept all the same.
func (s *store) addVisits(ctx context.Context, rules VisitorRules, now time.Time, arrivals []visitArrival) ([]string, error) {
	rows := make([][]any, len(arrivals))
	for i, a := range arrivals {
		if a.visit != nil && a.visit.Imported {
			continue
		}
		var err error
		if rows[i], err = rowOf(a.hit); err != nil {
			return nil, err
		}
	}
	var refused []string
	err := s.commits.do(ctx, func(w *work) error {
		if err := s.sweep(w, now); err != nil {
			return err
		}
		l, err := w.open(s.engine, rules, now, arrivals)
		if err != nil {
			return err
		}
		refused, err = l.keep(arrivals, rows)
		return err
	})
	if err != nil {
		return nil, err
	}
	return refused, nil
}

// keep takes the hits, one after another, and writes what has come of them.
func (l *ledger) keep(arrivals []visitArrival, rows [][]any) ([]string, error) {
	refused := make([]string, len(arrivals))
	for i, a := range arrivals {
		row := rows[i]
		var err error
		if refused[i], row, err = l.receive(a, row); err != nil {
			return nil, err
		}
		if row == nil {
			continue
		}
		if err := l.exec(insertHit, row...); err != nil {
			return nil, err
		}
	}
	return refused, l.write()
}

// receive takes a hit or refuses it. It returns why it does, and the row that is kept of it;
// nil when none is.
func (l *ledger) receive(a visitArrival, row []any) (refused string, kept []any, err error) {
	if a.visit == nil {
		// It may have been an anonymous one, and a site that takes none keeps nothing
		// of it.
		if _, nothing := l.takes(Visit{Site: a.hit.Track, Anonymous: true}); nothing {
			row = nil
		}
		return a.hit.Refused, row, nil
	}
	refused, nothing := l.takes(*a.visit)
	switch {
	case nothing:
		return refused, nil, nil
	case refused != "" && row != nil:
		row, err = rowOf(a.hit.refusedFor(refused))
		return refused, row, err
	case refused != "":
		return refused, nil, nil
	}
	again, err := l.again(a)
	if err == nil && !again {
		l.take(*a.visit)
	}
	return "", row, err
}

// refusedFor is a hit that was well formed, and is not taken for another reason.
func (hit Hit) refusedFor(reason string) Hit {
	hit.Refused, hit.Visitor = reason, ""
	hit.Parameters = keepable(hit.Parameters, hit)
	return hit
}

// write writes what has changed.
func (l *ledger) write() error {
	if err := l.number(); err != nil {
		return err
	}
	days := daySums{}
	for _, s := range l.sessions {
		if !s.touched {
			continue
		}
		if s.was != nil {
			days.add(s.site, *s.was, l.rules, -1)
		}
		if !s.gone {
			days.add(s.site, s.VisitorSession, l.rules, 1)
		}
		if err := l.save(s); err != nil {
			return err
		}
	}
	for _, hash := range slices.Sorted(maps.Keys(l.keys)) {
		k := l.keys[hash]
		if !k.touched {
			continue
		}
		session := sql.NullInt64{}
		if k.session != nil {
			session = sql.NullInt64{Int64: k.session.ID, Valid: true}
		}
		if err := l.exec(saveAnonymousKey, hash, session, nullable(k.visitor), k.drops.UnixMilli()); err != nil {
			return err
		}
	}
	return days.write(l.work)
}

// number gives the new sessions their IDs.
func (l *ledger) number() error {
	var fresh []*heldSession
	for _, s := range l.sessions {
		if s.was == nil && !s.gone {
			fresh = append(fresh, s)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	next := 0
	return l.rows(func(scan func(...any) error) error {
		err := scan(&fresh[next].ID)
		next++
		return err
	}, l.engine.visits.numbers, len(fresh))
}

// save writes a session.
func (l *ledger) save(s *heldSession) error {
	now, was := s.VisitorSession, s.was
	began, ended := now.Began.UnixMilli(), now.Ended.UnixMilli()
	switch {
	case was == nil && s.gone:
		return nil
	case s.gone:
		return l.exec(deleteVisitorSession, s.ID)
	case was == nil:
		return l.exec(insertVisitorSession, s.ID, s.site, nullable(now.Visitor), now.Anonymous, now.New, began, ended,
			now.PageViews, now.Events, now.Country, now.City, now.Address)
	case was.Visitor == now.Visitor && was.Anonymous == now.Anonymous && was.New == now.New && was.Began.Equal(now.Began) &&
		was.Country == now.Country && was.City == now.City && was.Address == now.Address:
		return l.exec(extendVisitorSession, s.ID, ended, now.PageViews, now.Events)
	}
	return l.exec(saveVisitorSession, s.ID, nullable(now.Visitor), now.Anonymous, now.New, began, ended,
		now.PageViews, now.Events, now.Country, now.City, now.Address)
}

// dayKey is what the sums of a report are kept by.
type dayKey struct {
	site, day     int64
	anonymous     bool
	country, city string
}

// daySums are what sessions come to, or what is to be added to that.
type daySums map[dayKey]*daySum

type daySum struct {
	Figures
	milliseconds int64
}

const millisecondsOfDay = 24 * 60 * 60 * 1000

// dayOf counts the days since 1970, also before.
func dayOf(t time.Time) int64 {
	milliseconds := t.UnixMilli()
	day := milliseconds / millisecondsOfDay
	if milliseconds < day*millisecondsOfDay {
		day--
	}
	return day
}

// add adds a session, or with sign -1 takes one away.
func (d daySums) add(site int64, s VisitorSession, rules VisitorRules, sign int64) {
	key := dayKey{site, dayOf(s.Began), s.Anonymous, s.Country, s.City}
	sum := d[key]
	if sum == nil {
		sum = &daySum{}
		d[key] = sum
	}
	f := rules.Count(s)
	sum.Sessions += sign * f.Sessions
	sum.PageViews += sign * f.PageViews
	sum.Events += sign * f.Events
	sum.milliseconds += sign * int64(math.Round(f.SessionTime*1000))
	sum.NewVisitors += sign * f.NewVisitors
	sum.ReturningVisitors += sign * f.ReturningVisitors
}

// write adds the sums to what is stored, in the same order each time.
func (d daySums) write(w *work) error {
	keys := slices.SortedFunc(maps.Keys(d), func(a, b dayKey) int {
		return cmp.Or(cmp.Compare(a.site, b.site), cmp.Compare(a.day, b.day), cmp.Compare(a.country, b.country), cmp.Compare(a.city, b.city))
	})
	for _, k := range keys {
		s := *d[k]
		if s == (daySum{}) {
			continue
		}
		err := w.exec(addSiteDay, k.site, k.day, k.anonymous, k.country, k.city,
			s.Sessions, s.PageViews, s.Events, s.milliseconds, s.NewVisitors, s.ReturningVisitors)
		if err != nil {
			return err
		}
	}
	return nil
}
