package collector

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
)

// fakeSites is a backend that holds what it is given: what the console makes of
// sites and sessions is tested apart from how they come to be.
type fakeSites struct {
	mu       sync.Mutex
	sites    []Site
	report   Report
	days     []Day
	sessions []VisitorSession
	refused  Refusals
	// saved are the times when sites were saved, by ID.
	saved map[string]time.Time
	// asked are the reports that were asked for.
	asked []ReportQuery
	// err is what everything answers with when it is set.
	err error
}

func (f *fakeSites) Sites(context.Context) ([]Site, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Site(nil), f.sites...), f.err
}

func (f *fakeSites) Site(_ context.Context, id string) (Site, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.sites {
		if s.ID == id {
			return s, f.err
		}
	}
	return Site{}, ErrNoSite
}

func (f *fakeSites) SetSite(_ context.Context, site Site) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil || len(site.Name) > 256 {
		return fmt.Errorf("%w: its name is too long", ErrBadSite)
	}
	if f.saved == nil {
		f.saved = map[string]time.Time{}
	}
	f.saved[site.ID] = firstDay
	for i, s := range f.sites {
		if s.ID == site.ID {
			f.sites[i] = site
			return nil
		}
	}
	f.sites = append(f.sites, site)
	return nil
}

func (f *fakeSites) Report(_ context.Context, q ReportQuery) (Report, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, q)
	return f.report, f.err
}

func (f *fakeSites) Days(context.Context, ReportQuery) ([]Day, error) { return f.days, f.err }

func (f *fakeSites) VisitorSessions(_ context.Context, q SessionQuery) (VisitorSessionList, error) {
	first := 0
	if q.Before != "" {
		if _, err := fmt.Sscanf(q.Before, "%d", &first); err != nil {
			return VisitorSessionList{}, errBadBefore
		}
	}
	list := VisitorSessionList{Sessions: f.sessions[first:]}
	if len(list.Sessions) > q.Limit {
		list.Sessions, list.Next = list.Sessions[:q.Limit], fmt.Sprint(first+q.Limit)
	}
	return list, f.err
}

func (f *fakeSites) Refusals(context.Context, string) (Refusals, error) { return f.refused, f.err }

func (f *fakeSites) Saved(_ context.Context, id string) (time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.saved[id], f.err
}

// figures are numbers that differ from one another.
func figures(sessions int64) Figures {
	return Figures{
		Sessions: sessions, PageViews: sessions * 3, Events: sessions / 2, SessionTime: float64(sessions)*61.5 + 0.125,
		NewVisitors: sessions - sessions/3, ReturningVisitors: sessions / 3,
	}
}

func plus(a, b Figures) Figures {
	return Figures{
		a.Sessions + b.Sessions, a.PageViews + b.PageViews, a.Events + b.Events, a.SessionTime + b.SessionTime,
		a.NewVisitors + b.NewVisitors, a.ReturningVisitors + b.ReturningVisitors,
	}
}

// reported is a backend with a shop that had visitors on three days, with a day
// without any between them.
func reported() *fakeSites {
	f := &fakeSites{sites: ExampleSites()}
	site := f.sites[0]
	f.report = Report{Site: site.ID, Name: site.Name, Places: []PlaceFigures{
		{"Germany", "Berlin", 1200, 400}, {"Poland", "Wrocław", 31, 31}, {"Germany", "", 2, 0}, {"", "", 1, 1},
	}}
	for i, day := range []string{"2026-03-02", "2026-03-03", "2026-03-05"} {
		identified, anonymous := figures(int64(400+100*i)), figures(int64(150*i))
		if i == 0 {
			anonymous = Figures{}
		}
		f.days = append(f.days, Day{Day: day, Total: plus(identified, anonymous), Identified: identified, Anonymous: anonymous})
		f.report.Identified, f.report.Anonymous = plus(f.report.Identified, identified), plus(f.report.Anonymous, anonymous)
	}
	f.report.Total = plus(f.report.Identified, f.report.Anonymous)
	for i := range 45 {
		began := firstDay.Add(-time.Duration(i) * 7 * time.Hour)
		s := VisitorSession{
			ID: int64(100 - i), Began: began, Ended: began.Add(time.Duration(i) * 61500 * time.Millisecond), Seconds: float64(i) * 61.5,
			PageViews: int64(i + 1), Events: int64(i % 3), Country: "Germany", City: "Berlin", New: true,
			Anonymous: i%2 == 1, Address: "0.0.0.0",
		}
		switch {
		case i%4 == 0:
			s.Visitor, s.Address, s.New = fmt.Sprintf("%016x", i+1), "192.0.2.10", false
		case i%4 == 2:
			s.Visitor, s.Address, s.Country, s.City = fmt.Sprintf("%016x", i+1), "2001:db8:1:10:8000::a", "", ""
		case i%4 == 3:
			s.Address = "::"
		}
		f.sessions = append(f.sessions, s)
	}
	return f
}

// consoleOf serves the console of a backend, without a guard.
func consoleOf(t testing.TB, of siteKeeper) (http.Handler, console) {
	t.Helper()
	k := console{
		of: of, log: slog.New(slog.DiscardHandler), now: func() time.Time { return firstDay }, ids: rand.Reader,
		seal: sealOf("", [32]byte{1}), crossing: http.NewCrossOriginProtection(),
	}
	r := chi.NewRouter()
	k.routes(r)
	return r, k
}
