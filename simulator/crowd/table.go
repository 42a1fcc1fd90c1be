package crowd

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// TextOptions say how a table looks.
type TextOptions struct {
	// Color marks what does not hold.
	Color bool
}

// Text writes the result for people: for each site what was, what the report says, and
// the difference.
func (r *Result) Text(w io.Writer, o TextOptions) error {
	t := &table{color: o.Color}
	for i := range r.Sites {
		t.site(r, &r.Sites[i])
	}
	t.sweep(r)
	t.played(r)
	t.held(r)
	_, err := io.WriteString(w, t.b.String())
	return err
}

// table is a text that is being written.
type table struct {
	b     strings.Builder
	color bool
}

func (t *table) line(format string, args ...any) {
	t.b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " "))
	t.b.WriteByte('\n')
}

// site writes the table of a site.
func (t *table) site(r *Result, s *SiteResult) {
	tracking := "off"
	if s.Anonymous {
		tracking = "on"
	}
	t.line("%s: anonymous data tracking %s, %s of %s, %s from %s, temporary cookie gone %s",
		s.Name, tracking, browsers(s.Browsers), many(s.People, "person", "people"), many(int64(r.Crowd.Days), "day", "days"), r.Crowd.Start,
		strings.ReplaceAll(r.Crowd.Reading, "-", " "))
	t.line("")
	truth, anonymousShare := s.Truth.Counted(), s.Truth.Anonymous
	t.row("", "truth", "thereof anonymous", "report", "difference", "")
	for _, m := range metrics {
		was, said := m.of(truth), m.of(s.Report.Total)
		show, apart, extra := number, number, ""
		if m.name == metricTime {
			show, apart = clock, seconds
		}
		if was != said && was != 0 {
			extra = fmt.Sprintf("%+.1f %%", 100*float64(said-was)/float64(was))
		}
		t.row(m.name, show(was), show(m.of(anonymousShare)), show(said), signed(said-was, apart), extra)
	}
	t.line("")
	t.because(s)
	if r.Crowd.Agree == 1 && s.Truth.Anonymous.Sessions > 0 {
		t.line("  %s: "+althoughAll, many(s.Truth.Anonymous.Sessions, "session is anonymous", "sessions are anonymous"))
	}
	t.line("")
}

// althoughAll says why there are anonymous sessions though everybody agrees who is asked.
const althoughAll = "all agree who are asked, but some only when the temporary cookie has gone (their session before stays anonymous), " +
	"and some change their minds, for all who share the browser (--change-mind)"

// row writes a row of a table: a name, four numbers, a remark.
func (t *table) row(name, truth, of, report, difference, remark string) {
	t.line("  %s%s%s%s%s %s", pad(name, -20), pad(truth, 14), pad(of, 19), pad(report, 14), pad(difference, 14), remark)
}

// pad fills a text up with spaces, at its beginning, or at its end when width is
// negative.
func pad(s string, width int) string {
	fill := strings.Repeat(" ", max(0, max(width, -width)-utf8.RuneCountInString(s)))
	if width < 0 {
		return s + fill
	}
	return fill + s
}

// because says in words where the differences come from.
func (t *table) because(s *SiteResult) {
	truth, report := s.Truth, s.Report
	if n := truth.Unrecognised(); n > 0 {
		t.line("  %s of browsers that had been there: %s without consent, %s under a new visitor ID (agreed later, or again)",
			many(n, "session counts as a new visitor's, and is", "sessions count as new visitors', and are"), number(truth.AnonymousReturns), number(truth.NewIDReturns))
	}
	besides := ""
	if u := truth.Unseen; u.Sessions+u.PageViews > 0 {
		t.line("  nobody counted %s and %s of people who had not agreed",
			many(u.Sessions, "session", "sessions"), many(u.PageViews, "page view", "page views"))
		besides = ", with the sessions that nobody counted"
	}
	if counted := truth.Counted().Sessions; counted > 0 && s.Anonymous {
		t.line("  %.0f %% of the sessions are anonymous: %s",
			100*share(truth.Anonymous.Sessions, counted), consequence(truth, report))
	}
	if n := s.Sample; n.Anonymous > 0 && n.WithAddress+n.WithVisitor == 0 {
		t.line("  of the newest sessions (%s) %s anonymous: none shows a visitor ID, or more of an address than zeros",
			number(n.Sessions), many(n.Anonymous, "is", "are"))
	}
	t.line("  by people instead of browsers%s: %s new and %s returning, of %s", besides,
		number(truth.NewPeople), number(truth.ReturningPeople), many(s.People, "person", "people"))
}

// consequence is what that does to an analyst's numbers.
func consequence(truth Truth, report Shares) string {
	wrong := report.Total.New - truth.Counted().New
	if wrong <= 0 {
		return "the new visitors are new ones"
	}
	return fmt.Sprintf("%.0f %% of the report's new visitors had been there, and of those who came back the report knows %.0f %%",
		100*share(wrong, report.Total.New), 100*share(report.Total.Returning, truth.Counted().Returning))
}

// sweep writes the table of the rates of consent.
func (t *table) sweep(r *Result) {
	points := r.Sweep
	if len(points) == 0 {
		return
	}
	t.line("What the rate of consent does to the numbers")
	t.line("")
	t.line("  %s%s%s%s%s", pad("agree", -8), pad("new visitors", 16), pad("report", 12), pad("overstated", 12), pad("returning understated", 24))
	for _, p := range points {
		t.line("  %s%s%s%s%s", pad(fmt.Sprintf("%.0f %%", 100*p.Agree), -8), pad(number(p.Truth.Counted().New), 16), pad(number(p.Report.Total.New), 12),
			pad(fmt.Sprintf("%.1f %%", 100*p.Overstated()), 12), pad(fmt.Sprintf("%.1f %%", 100*p.Understated()), 24))
	}
	t.line("")
	if last := points[len(points)-1]; last.Agree == 1 && last.Truth.Anonymous.Sessions > 0 {
		t.line("  at 100 %%, %s: "+althoughAll, many(last.Truth.Anonymous.Sessions, "session is anonymous", "sessions are anonymous"))
		t.line("")
	}
}

// played writes how much was played.
func (t *table) played(r *Result) {
	p := r.Played
	memory := ""
	if p.PeakMemory > 0 {
		memory = fmt.Sprintf(", %d MiB of memory at most", max(p.PeakMemory, r.sweptPeak())>>20)
	}
	t.line("played %s%s", p, memory)
	if s := r.Swept; s != nil {
		t.line("played %s, for the sweep", s)
	}
	if p.Stopped {
		t.line("stopped: %s of %s had been played, and all that is shown is about these", number(p.Browsers), browsers(int64(r.Crowd.Visitors)))
	}
	if p.Strays > 0 {
		t.line("besides, %s sent as by pages that did not know that their site is off: no report may count any",
			many(p.Strays, "hit was", "hits were"))
	}
	if p.Refused > 0 {
		t.line("the collector refused something of %s of %s; the first: %s", number(p.Refused), many(p.Requests, "request", "requests"), p.FirstRefusal)
	}
}

// String is how much was played, and how fast.
func (f Figures) String() string {
	return fmt.Sprintf("%s, %s in %s: %s/s", browsers(f.Browsers), many(f.Hits, "hit", "hits"),
		(time.Duration(f.Milliseconds) * time.Millisecond).Round(10*time.Millisecond), browsers(int64(f.PerSecond())))
}

// browsers is how many they are.
func browsers(n int64) string { return many(n, "browser", "browsers") }

// many is the number with what it counts.
func many(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + more
}

// mostBreaches is how many are shown; the others are counted.
const mostBreaches = 12

// held writes what holds and what does not.
func (t *table) held(r *Result) {
	switch {
	case r.Equalities == 0:
		t.line("nothing was held against the truth")
		return
	case len(r.Breaches) == 0:
		t.line("all %s equalities hold", number(int64(r.Equalities)))
		return
	}
	t.line("%s", t.red(fmt.Sprintf("%s of %s equalities do not hold:", number(int64(len(r.Breaches))), number(int64(r.Equalities)))))
	for _, b := range r.Breaches[:min(len(r.Breaches), mostBreaches)] {
		t.line("  %s", b)
	}
	if more := len(r.Breaches) - mostBreaches; more > 0 {
		t.line("  … and %s more", number(int64(more)))
	}
}

func (t *table) red(s string) string {
	if !t.color {
		return s
	}
	return "\x1b[31m" + s + "\x1b[0m"
}

// number is a number for people: 12,345.
func number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// signed shows a difference.
func signed(n int64, show func(int64) string) string {
	switch {
	case n > 0:
		return "+" + show(n)
	case n < 0:
		return "-" + show(-n)
	}
	return "0"
}

// clock shows milliseconds as hours, minutes and seconds.
func clock(ms int64) string {
	s := ms / 1000
	return fmt.Sprintf("%s:%02d:%02d", number(s/3600), s/60%60, s%60)
}

// seconds shows milliseconds to the millisecond.
func seconds(ms int64) string {
	if ms < 0 {
		return "-" + seconds(-ms)
	}
	return fmt.Sprintf("%s.%03d s", number(ms/1000), ms%1000)
}
