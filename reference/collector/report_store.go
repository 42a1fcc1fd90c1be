package collector

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sumOfDays are the sums of site_days, as the figures of a report. A database may give
// sums another type than what they are sums of.
const sumOfDays = `CAST(sum(d.sessions) AS bigint), CAST(sum(d.page_views) AS bigint), CAST(sum(d.events) AS bigint),
	CAST(sum(d.milliseconds) AS bigint), CAST(sum(d.new_visitors) AS bigint), CAST(sum(d.returning_visitors) AS bigint)
	FROM site_days d JOIN sites t ON t.number = d.site`

const (
	selectPlaces = "SELECT d.country, d.city, d.anonymous, " + sumOfDays
	selectDays   = "SELECT d.day, d.anonymous, " + sumOfDays
)

// rowFigures reads the columns of sumOfDays.
type rowFigures struct {
	Figures
	milliseconds int64
}

func (f *rowFigures) columns() []any {
	return []any{&f.Sessions, &f.PageViews, &f.Events, &f.milliseconds, &f.NewVisitors, &f.ReturningVisitors}
}

func (f *rowFigures) add(other rowFigures) {
	f.Sessions += other.Sessions
	f.PageViews += other.PageViews
	f.Events += other.Events
	f.milliseconds += other.milliseconds
	f.NewVisitors += other.NewVisitors
	f.ReturningVisitors += other.ReturningVisitors
}

func (f *rowFigures) whole() Figures {
	f.SessionTime = float64(f.milliseconds) / 1000
	return f.Figures
}

// shares are the sums of identified sessions and of anonymous ones.
type shares struct{ identified, anonymous rowFigures }

func (s *shares) add(anonymous bool, f rowFigures) {
	if anonymous {
		s.anonymous.add(f)
	} else {
		s.identified.add(f)
	}
}

// figures are all sessions, those of identified visitors, and the anonymous ones.
func (s *shares) figures() (total, identified, anonymous Figures) {
	both := s.identified
	both.add(s.anonymous)
	return both.whole(), s.identified.whole(), s.anonymous.whole()
}

// within keeps to a site and its days.
func (q ReportQuery) within(a *ask) *ask {
	a.where("t.id = ", q.Site)
	if !q.From.IsZero() {
		a.where("d.day >= ", dayOf(q.From))
	}
	if !q.To.IsZero() {
		a.where("d.day <= ", dayOf(q.To))
	}
	return a
}

// report sums up a site's sessions.
func (s *store) report(ctx context.Context, q ReportQuery) (Report, error) {
	site, err := s.site(ctx, q.Site)
	if err != nil {
		return Report{}, err
	}
	r := Report{Site: site.ID, Name: site.Name, From: dayText(q.From), To: dayText(q.To), Places: []PlaceFigures{}}
	var sum shares
	_, err = all(ctx, s.read, "a report", q.within(asking(selectPlaces)).group("d.country, d.city, d.anonymous"), func(scan func(...any) error) (struct{}, error) {
		var p PlaceFigures
		var anonymous bool
		var f rowFigures
		err := scan(append([]any{&p.Country, &p.City, &anonymous}, f.columns()...)...)
		sum.add(anonymous, f)
		if p.Sessions = f.Sessions; anonymous {
			p.Anonymous = f.Sessions
		}
		r.Places = append(r.Places, p)
		return struct{}{}, err
	})
	if err != nil {
		return Report{}, err
	}
	r.Total, r.Identified, r.Anonymous = sum.figures()
	r.Places = places(r.Places)
	return r, nil
}

// places puts the sessions of each place together, most first.
func places(list []PlaceFigures) []PlaceFigures {
	type place struct{ country, city string }
	sums := map[place]PlaceFigures{}
	for _, p := range list {
		sum := sums[place{p.Country, p.City}]
		p.Sessions += sum.Sessions
		p.Anonymous += sum.Anonymous
		sums[place{p.Country, p.City}] = p
	}
	whole := []PlaceFigures{}
	for _, p := range sums {
		if p.Sessions != 0 {
			whole = append(whole, p)
		}
	}
	slices.SortFunc(whole, func(a, b PlaceFigures) int {
		return cmp.Or(cmp.Compare(b.Sessions, a.Sessions), cmp.Compare(a.Country, b.Country), cmp.Compare(a.City, b.City))
	})
	return whole
}

// days sums up a site's sessions day by day.
func (s *store) days(ctx context.Context, q ReportQuery) ([]Day, error) {
	if _, err := s.site(ctx, q.Site); err != nil {
		return nil, err
	}
	sums := map[int64]*shares{}
	var order []int64
	ask := q.within(asking(selectDays)).group("d.day, d.anonymous").order("d.day, d.anonymous", 0)
	_, err := all(ctx, s.read, "a report", ask, func(scan func(...any) error) (struct{}, error) {
		var day int64
		var anonymous bool
		var f rowFigures
		err := scan(append([]any{&day, &anonymous}, f.columns()...)...)
		if sums[day] == nil {
			sums[day] = &shares{}
			order = append(order, day)
		}
		sums[day].add(anonymous, f)
		return struct{}{}, err
	})
	if err != nil {
		return nil, err
	}
	days := []Day{}
	for _, n := range order {
		d := Day{Day: dayText(time.UnixMilli(n * millisecondsOfDay).UTC())}
		if d.Total, d.Identified, d.Anonymous = sums[n].figures(); d.Total != (Figures{}) {
			days = append(days, d)
		}
	}
	return days, nil
}

// dayText is a day as a report names it; empty for the zero time.
func dayText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

const selectVisitorSessions = "SELECT " + sessionColumns + " FROM visitor_sessions s JOIN sites t ON t.number = s.site"

// visitorSessions lists a site's sessions, newest first.
func (s *store) visitorSessions(ctx context.Context, q SessionQuery) (VisitorSessionList, error) {
	if _, err := s.site(ctx, q.Site); err != nil {
		return VisitorSessionList{}, err
	}
	limit := cmp.Or(q.Limit, defaultLimit)
	ask := asking(selectVisitorSessions).where("t.id = ", q.Site)
	if q.Before != "" {
		began, id, err := placeIn(q.Before)
		if err != nil {
			return VisitorSessionList{}, err
		}
		ask.where("(s.began, s.id) < (", began, ", ", id, ")")
	}
	found, err := all(ctx, s.read, "sessions", ask.order("s.began DESC, s.id DESC", limit+1), func(scan func(...any) error) (VisitorSession, error) {
		var row sessionRow
		err := scan(row.columns()...)
		return row.session(), err
	})
	if err != nil {
		return VisitorSessionList{}, err
	}
	list := VisitorSessionList{Sessions: found}
	if len(found) > limit {
		list.Sessions = found[:limit]
		last := found[limit-1]
		list.Next = fmt.Sprintf("%d-%d", last.Began.UnixMilli(), last.ID)
	}
	return list, nil
}

// placeIn reads the place that a list goes on from: the beginning of its last session, in
// milliseconds since 1970, and its ID.
func placeIn(text string) (began, id int64, err error) {
	before, after, _ := strings.Cut(text, "-")
	began, badBegan := strconv.ParseInt(before, 10, 64)
	id, badID := strconv.ParseInt(after, 10, 64)
	if badBegan != nil || badID != nil {
		return 0, 0, errBadBefore
	}
	return began, id, nil
}
