package collector

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"pgregory.net/rapid"
)

// tableOf is what a table of a page says: of each row its heading, then its cells;
// a number is exact where the page holds an exact one.
func tableOf(t *testing.T, page, id string) [][]string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for table := range root.Descendants() {
		if attribute(table, "id") != id {
			continue
		}
		for row := range table.Descendants() {
			if row.Data != "tr" || row.Parent.Data != "tbody" {
				continue
			}
			var cells []string
			for cell := range row.ChildNodes() {
				if cell.Type == html.ElementNode {
					cells = append(cells, said(cell))
				}
			}
			rows = append(rows, cells)
		}
	}
	return rows
}

// said is a cell's exact value, or its text with spaces as one sees them.
func said(cell *html.Node) string {
	for n := range cell.Descendants() {
		switch {
		case n.Data == "data":
			return attribute(n, "value")
		case n.Data == "time" && len(attribute(n, "datetime")) == len(time.DateOnly):
			return attribute(n, "datetime")
		}
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(wordsOf(cell), "\u202f", "")), " ")
}

// wantTables are the tables of a page that shows these numbers.
func wantTables(report Report, days []Day, sessions []VisitorSession) map[string][][]string {
	n := func(of int64) string { return strconv.FormatInt(of, 10) }
	f := func(of float64) string { return strconv.FormatFloat(of, 'f', -1, 64) }
	want := map[string][][]string{}
	all, known, masked := report.Total, report.Identified, report.Anonymous
	for _, line := range []struct {
		name    string
		a, b, c string
		x, y    float64
	}{
		{"Sessions", n(all.Sessions), n(known.Sessions), n(masked.Sessions), float64(masked.Sessions), float64(all.Sessions)},
		{"Page views", n(all.PageViews), n(known.PageViews), n(masked.PageViews), float64(masked.PageViews), float64(all.PageViews)},
		{"Events", n(all.Events), n(known.Events), n(masked.Events), float64(masked.Events), float64(all.Events)},
		{"Session time", f(all.SessionTime), f(known.SessionTime), f(masked.SessionTime), masked.SessionTime, all.SessionTime},
		{"New visitors", n(all.NewVisitors), n(known.NewVisitors), n(masked.NewVisitors), float64(masked.NewVisitors), float64(all.NewVisitors)},
		{"Returning visitors", n(all.ReturningVisitors), n(known.ReturningVisitors), n(masked.ReturningVisitors), float64(masked.ReturningVisitors), float64(all.ReturningVisitors)},
	} {
		want["totals-table"] = append(want["totals-table"], []string{line.name, line.a, line.b, line.c, strings.ReplaceAll(share(line.x, line.y), "\u202f", "")})
	}
	for i := len(days) - 1; i >= 0; i-- {
		d := days[i]
		want["days-table"] = append(want["days-table"], []string{
			d.Day, n(d.Total.Sessions), n(d.Identified.Sessions), n(d.Anonymous.Sessions), n(d.Total.PageViews), f(d.Total.SessionTime),
			n(d.Total.NewVisitors), n(d.Total.ReturningVisitors),
		})
	}
	or := func(text, none string) string {
		if text == "" {
			return none
		}
		return text
	}
	for _, p := range report.Places {
		part := strings.ReplaceAll(share(float64(p.Anonymous), float64(p.Sessions)), "\u202f", "")
		want["places-table"] = append(want["places-table"], []string{or(p.Country, "Unknown"), or(p.City, "–"), n(p.Sessions), n(p.Anonymous), part})
	}
	for _, s := range sessions {
		who, time := "Anonymous", "returning"
		if !s.Anonymous {
			who = short(s.Visitor) + " Identified"
		}
		if s.New {
			time = "new"
		}
		want["sessions-table"] = append(want["sessions-table"], []string{
			s.Began.UTC().Format("2 Jan 2006, 15:04"), who + " " + time, f(s.Seconds), n(s.PageViews), n(s.Events),
			or(strings.Trim(s.City+", "+s.Country, ", "), "Unknown"), or(s.Address, "–"),
		})
	}
	return want
}

func TestTheReportsPageShowsItsNumbers(t *testing.T) {
	t.Parallel()
	f := reported()
	handler, _ := consoleOf(t, f)
	site := f.sites[0].ID
	page := get(handler, "/piwikpro/reports/?site="+site+"&from=2026-03-01&to=2026-03-31").Body.String()
	for id, want := range wantTables(f.report, f.days, f.sessions[:sessionsShown]) {
		if diff := cmp.Diff(want, tableOf(t, page, id)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	if diff := cmp.Diff([]ReportQuery{{Site: site, From: day(1), To: day(31)}}, f.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestSessionsAreReadToTheirEndByTheLinks(t *testing.T) {
	t.Parallel()
	f := reported()
	handler, _ := consoleOf(t, f)
	seen := 0
	for target := "/piwikpro/reports/"; target != ""; {
		page := get(handler, target).Body.String()
		for i, row := range tableOf(t, page, "sessions-table") {
			if want := strconv.FormatInt(f.sessions[seen+i].PageViews, 10); row[3] != want {
				t.Errorf("session %d has %s page views, want %s", seen+i, row[3], want)
			}
		}
		seen += len(tableOf(t, page, "sessions-table"))
		_, after, more := strings.Cut(page, "rel=\"next\"")
		before, _, _ := strings.Cut(page, "\" rel=\"next\"")
		if target = ""; more && after != "" {
			target, _, _ = strings.Cut(html.UnescapeString(before[strings.LastIndex(before, `href="`)+len(`href="`):]), "#")
		}
	}
	if seen != len(f.sessions) {
		t.Errorf("%d sessions are shown, want %d", seen, len(f.sessions))
	}
}

func TestLongReportsAreCutAndSaySo(t *testing.T) {
	t.Parallel()
	f := reported()
	f.days, f.report.Places = nil, nil
	for i := range daysShown + 3 {
		f.days = append(f.days, Day{Day: firstDay.AddDate(0, 0, i).Format(time.DateOnly), Total: figures(1), Identified: figures(1)})
	}
	for i := range placesShown + 1 {
		f.report.Places = append(f.report.Places, PlaceFigures{Country: fmt.Sprint("Country ", i), Sessions: 1})
	}
	handler, _ := consoleOf(t, f)
	page := get(handler, "/piwikpro/reports/").Body.String()
	days, places := tableOf(t, page, "days-table"), tableOf(t, page, "places-table")
	if len(days) != daysShown || days[0][0] != f.days[len(f.days)-1].Day || len(places) != placesShown {
		t.Errorf("%d days from %s, %d places", len(days), days[0][0], len(places))
	}
	for _, said := range []string{"3 earlier days more", "1 place more", "Each bar stands for 4 days."} {
		if !strings.Contains(page, said) {
			t.Errorf("the page does not say %q", said)
		}
	}
}

func TestHowNumbersAreWritten(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[float64]string{
		0: "0 s", 0.2: "< 1 s", 0.999: "< 1 s", 1: "1 s", 59.4: "59 s", 59.6: "1 min 00 s", 61.5: "1 min 02 s", 3600: "1 h 00 min 00 s",
		3599.7: "1 h 00 min 00 s", 4_503_723: "1\u202f251 h 02 min 03 s",
	} {
		if got := duration(seconds); got != want {
			t.Errorf("%v s: %q, want %q", seconds, got, want)
		}
	}
	for _, tc := range []struct {
		part, whole float64
		want        string
	}{{0, 0, "–"}, {0, 10, "0\u202f%"}, {4, 10, "40\u202f%"}, {10, 10, "100\u202f%"}, {1, 3, "33.3\u202f%"}, {1, 1e6, "0.1\u202f%"}, {1e6 - 1, 1e6, "99.9\u202f%"}} {
		if got := share(tc.part, tc.whole); got != tc.want {
			t.Errorf("%v of %v: %q, want %q", tc.part, tc.whole, got, tc.want)
		}
	}
	for _, tc := range [][3]string{{"", "", "Unknown"}, {"Germany", "", "Germany"}, {"Germany", "Berlin", "Berlin, Germany"}} {
		if got := placeName(tc[0], tc[1]); got != tc[2] {
			t.Errorf("%q", got)
		}
	}
}

// Whatever the days are: every bar keeps to the chart, bars do not lie upon one another,
// what they show together is what there is, and the axis reaches beyond the highest.
func TestTheChartHoldsAllDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var days []Day
		at, sum := firstDay, int64(0)
		for range rapid.IntRange(1, 300).Draw(t, "days") {
			known, masked := rapid.Int64Range(0, 100_000).Draw(t, "identified"), rapid.Int64Range(0, 100_000).Draw(t, "anonymous")
			days = append(days, Day{Day: at.Format(time.DateOnly), Identified: Figures{Sessions: known}, Anonymous: Figures{Sessions: masked}})
			at, sum = at.AddDate(0, 0, rapid.IntRange(1, 40).Draw(t, "pause")), sum+known+masked
		}
		c := drawDays(days, time.Time{}, time.Time{})
		if len(c.Bars) > mostBars || len(c.Ticks) > mostTicks || len(c.Levels) < 2 || len(c.Levels) > 2*levelsMeant {
			t.Fatalf("%d bars, %d ticks, %d levels", len(c.Bars), len(c.Ticks), len(c.Levels))
		}
		top, err := strconv.ParseInt(strings.ReplaceAll(c.Levels[len(c.Levels)-1].Label, "\u202f", ""), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		end, drawn := chartLeft, 0.0
		for _, b := range c.Bars {
			if b.X < end || b.X+b.Width > chartRight || b.MaskedY < chartTop || b.KnownY != b.MaskedY+b.MaskedHeight || b.KnownY+b.KnownHeight != chartBottom {
				t.Fatalf("a bar is not in its place: %+v after %d", b, end)
			}
			end = b.X + b.Width
			drawn += float64(b.KnownHeight+b.MaskedHeight) / (chartBottom - chartTop) * float64(top)
		}
		if off := math.Abs(drawn - float64(sum)); off > float64(len(c.Bars))*float64(top)/(chartBottom-chartTop) {
			t.Fatalf("the bars show %.0f sessions of %d", drawn, sum)
		}
		for i := 1; i < len(c.Levels); i++ {
			if c.Levels[i-1].Y-c.Levels[i].Y < 14 {
				t.Fatalf("levels run into one another: %+v", c.Levels)
			}
		}
		for i := 1; i < len(c.Ticks); i++ {
			if c.Ticks[i].X-c.Ticks[i-1].X < 80 {
				t.Fatalf("ticks run into one another: %+v", c.Ticks)
			}
		}
		if want := fmt.Sprintf(": %s, ", plural(int(sum), "session")); !strings.Contains(c.Desc, want) {
			t.Fatalf("%q does not say %q", c.Desc, want)
		}
	})
}

func TestAChartKeepsToItsPeriod(t *testing.T) {
	t.Parallel()
	day := func(d int) time.Time { return time.Date(2025, 12, d, 0, 0, 0, 0, time.UTC) }
	one := []Day{{Day: "2025-12-24", Identified: Figures{Sessions: 3}, Anonymous: Figures{Sessions: 1}}}
	if drawDays(nil, day(1), day(2)) != nil {
		t.Error("no days are drawn")
	}
	alone := drawDays(one, time.Time{}, time.Time{})
	if len(alone.Ticks) != 1 || alone.Ticks[0].Label != "24 Dec 2025" || len(alone.Bars) != 1 || alone.Bars[0].Width != widestBar {
		t.Errorf("one day: %+v", alone)
	}
	month := drawDays(one, day(20), day(40))
	if len(month.Bars) != 1 || month.Bars[0].Title != "24 December 2025: 4 sessions, 3 identified, 1 anonymous" {
		t.Errorf("bars %+v", month.Bars)
	}
	var labels []string
	for _, tick := range month.Ticks {
		labels = append(labels, tick.Label)
	}
	if diff := cmp.Diff([]string{"20 Dec 2025", "23 Dec", "26 Dec", "29 Dec", "1 Jan 2026", "4 Jan", "7 Jan"}, labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if wide := drawDays(one, time.Time{}.AddDate(0, 0, 1), day(40).AddDate(5000, 0, 0)); len(wide.Bars) != 1 || wide.Each < 1000 {
		t.Errorf("millennia: %+v", wide)
	}
}
