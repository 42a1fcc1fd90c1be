package collector

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// How much the page of reports shows; all is in the JSON.
const (
	sessionsShown = 20
	placesShown   = 50
	daysShown     = 400
)

// reportView is the page of reports.
type reportView struct {
	chrome
	Sites []Site
	// Marks tell sites of the same name apart, by ID.
	Marks  map[string]string
	Site   Site
	Report Report
	// Refused are the site's hits that were refused.
	Refused Refusals
	// Measures are the report's numbers by line.
	Measures []measure
	// Days are the newest, the newest first; MoreDays counts those that are left out.
	Days     []Day
	MoreDays int
	Chart    *chart
	// Places are the first; MorePlaces counts those that are left out.
	Places     []PlaceFigures
	MorePlaces int
	Sessions   VisitorSessionList
	// Before is the place in the list of sessions that it goes on from.
	Before string
	// From and To are the period's days as they were asked for, Periods ready ones.
	From, To string
	Periods  []period
}

// measure is one number of a report: in all, and its two shares.
type measure struct {
	Name string
	// Unit tells how it is written: "" a number, "s" a time.
	Unit                         string
	Total, Identified, Anonymous float64
}

// period is a span of days that may be picked.
type period struct {
	Name, Href string
	Current    bool
}

func (k console) report(w http.ResponseWriter, r *http.Request) {
	p := strict(r, "site", "from", "to", "before")
	q := ReportQuery{Site: p.text("site"), From: p.day("from"), To: p.day("to")}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		p.fail("to must not lie before from")
	}
	if p.err != nil {
		k.fail(w, r, http.StatusBadRequest, "The address is not right", p.err.Error())
		return
	}
	view := reportView{chrome: chrome{Title: "Reports", Section: reportsSection}, From: p.text("from"), To: p.text("to"), Before: p.text("before")}
	if err := k.fill(r, &view, q); err != nil {
		k.unreadable(w, r, err)
		return
	}
	k.show(w, http.StatusOK, "reports", view)
}

// fill reads what the page shows. Without a site it is the first one.
func (k console) fill(r *http.Request, v *reportView, q ReportQuery) (err error) {
	if v.Sites, err = k.of.Sites(r.Context()); err != nil {
		return err
	}
	if q.Site == "" {
		if len(v.Sites) == 0 {
			return nil
		}
		q.Site = v.Sites[0].ID
	}
	if v.Site, err = k.of.Site(r.Context(), q.Site); err != nil {
		return err
	}
	if v.Report, err = k.of.Report(r.Context(), q); err != nil {
		return err
	}
	if v.Refused, err = k.of.Refusals(r.Context(), q.Site); err != nil {
		return err
	}
	days, err := k.of.Days(r.Context(), q)
	if err != nil {
		return err
	}
	v.Sessions, err = k.of.VisitorSessions(r.Context(), SessionQuery{Site: q.Site, Before: v.Before, Limit: sessionsShown})
	if err != nil {
		return err
	}
	v.Title = "Reports of " + v.Site.Name
	v.Marks = marksOf(v.Sites)
	v.Measures = measures(v.Report)
	v.Chart = drawDays(days, q.From, q.To)
	v.MoreDays = max(len(days)-daysShown, 0)
	for i := len(days) - 1; i >= v.MoreDays; i-- {
		v.Days = append(v.Days, days[i])
	}
	v.MorePlaces = max(len(v.Report.Places)-placesShown, 0)
	v.Places = v.Report.Places[:len(v.Report.Places)-v.MorePlaces]
	v.Periods = periods(v.Site.ID, v.From, v.To, k.now())
	return nil
}

func measures(r Report) []measure {
	of := func(name, unit string, from func(Figures) float64) measure {
		return measure{name, unit, from(r.Total), from(r.Identified), from(r.Anonymous)}
	}
	return []measure{
		of("Sessions", "", func(f Figures) float64 { return float64(f.Sessions) }),
		of("Page views", "", func(f Figures) float64 { return float64(f.PageViews) }),
		of("Events", "", func(f Figures) float64 { return float64(f.Events) }),
		of("Session time", "s", func(f Figures) float64 { return f.SessionTime }),
		of("New visitors", "", func(f Figures) float64 { return float64(f.NewVisitors) }),
		of("Returning visitors", "", func(f Figures) float64 { return float64(f.ReturningVisitors) }),
	}
}

// periods are the spans of days that end today, and all days.
func periods(site, from, to string, now time.Time) []period {
	today := now.UTC()
	list := []period{{Name: "All days", Href: reportPath(site, "", ""), Current: from == "" && to == ""}}
	for _, days := range []int{7, 30, 90} {
		first, last := today.AddDate(0, 0, 1-days).Format(time.DateOnly), today.Format(time.DateOnly)
		list = append(list, period{Name: fmt.Sprintf("Last %d days", days), Href: reportPath(site, first, last), Current: from == first && to == last})
	}
	return list
}

// reportPath is the address of a site's report over days; either may be empty.
func reportPath(site, from, to string) string { return reportsPath + reportQuery(site, from, to) }

// olderPath is the address of the page with the sessions that follow.
func olderPath(site, from, to, before string) string {
	return reportPath(site, from, to) + "&" + url.Values{"before": {before}}.Encode()
}

// reportQuery asks for a site's report over days, of the page as of the JSON.
func reportQuery(site, from, to string) string {
	values := url.Values{"site": {site}}
	for name, value := range map[string]string{"from": from, "to": to} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return "?" + values.Encode()
}

// hitsPath is where the records of a site's hits are read.
func hitsPath(site string) string {
	return "/_/hits?" + url.Values{"dialect": {"piwikpro"}, "track": {site}}.Encode()
}

// sitePath is where a site's settings are.
func sitePath(id string) string { return sitesPath + url.PathEscape(id) }

// written is a number of a report as it is read.
func (m measure) written(value float64) string {
	if m.Unit == "s" {
		return duration(value)
	}
	return number(int(value))
}

// Columns are the measure's cells: what they say, and the exact value.
func (m measure) Columns() []cell {
	var cells []cell
	for i, value := range []float64{m.Total, m.Identified, m.Anonymous} {
		cells = append(cells, cell{Name: []string{"All", "Identified", "Anonymous"}[i], Text: m.written(value), Value: exact(value)})
	}
	return cells
}

// Share is how much of it is anonymous.
func (m measure) Share() string { return share(m.Anonymous, m.Total) }

// cell is a number in a table.
type cell struct{ Name, Text, Value string }

// exact is a number as the JSON has it.
func exact(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

// share is a part of a whole in percent, to a tenth; – where there is no whole.
func share(part, whole float64) string {
	if whole <= 0 {
		return "–"
	}
	// A small share is not none, and nearly all is not all.
	percent := math.Round(part/whole*1000) / 10
	if part > 0 {
		percent = max(percent, 0.1)
	}
	if part < whole {
		percent = min(percent, 99.9)
	}
	return exact(percent) + "\u202f%"
}

// duration is a time in seconds as it is read: "2 h 03 min 04 s".
func duration(seconds float64) string {
	whole := int(math.Round(seconds))
	switch {
	case seconds > 0 && seconds < 1:
		return "< 1 s"
	case whole < 60:
		return fmt.Sprintf("%d s", whole)
	case whole < hourSeconds:
		return fmt.Sprintf("%d min %02d s", whole/60, whole%60)
	default:
		return fmt.Sprintf("%s h %02d min %02d s", number(whole/hourSeconds), whole%hourSeconds/60, whole%60)
	}
}

// placeName is where a session comes from, in one line.
func placeName(country, city string) string {
	if country == "" && city == "" {
		return "Unknown"
	}
	return strings.Trim(city+", "+country, ", ")
}

// day reads a day, 2006-01-02 in UTC; the zero time where it is left out or empty.
func (p *asked) day(name string) time.Time {
	value := p.text(name)
	if value == "" {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, value)
	if err != nil {
		p.fail("%s must be a day like 2026-01-02, got %q", name, value)
	}
	return day
}

// namedDay is a day of a report as it is read: "Mon, 2 Mar 2026".
func namedDay(d Day) string { return beginningOf(d).Format("Mon, 2 Jan 2006") }
