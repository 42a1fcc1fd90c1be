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
	t.sweep(r.Sweep)
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
	t.line("%s: anonymous data tracking %s, %s browsers of %s people, %d days from %s, temporary cookie gone %s",
		s.Name, tracking, number(s.Browsers), number(s.People), r.Crowd.Days, r.Crowd.Start, strings.ReplaceAll(r.Crowd.Reading, "-", " "))
	t.line("")
	truth, anonymousShare := s.Truth.Counted(), s.Truth.Anonymous
	t.row("", "truth", "report", "difference", "", "of these anonymous")
	for _, m := range metrics {
		was, said := m.of(truth), m.of(s.Report.Total)
		show, apart, extra := number, number, ""
		if m.name == metricTime {
			show, apart = clock, seconds
		}
		if was != said && was != 0 {
			extra = fmt.Sprintf("%+.1f %%", 100*float64(said-was)/float64(was))
		}
		t.row(m.name, show(was), show(said), signed(said-was, apart), extra, show(m.of(anonymousShare)))
	}
	t.line("")
	t.because(s)
	t.line("")
}

// row writes a row of a table: a name, three numbers, a remark, and a number.
func (t *table) row(name, truth, report, difference, remark, of string) {
	t.line("  %s%s%s%s %s%s", pad(name, -20), pad(truth, 14), pad(report, 14), pad(difference, 14), pad(remark, -11), pad(of, 20))
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
		t.line("  %s who came back count as new: %s without consent, %s under a new visitor ID (agreed later, or again)",
			number(n), number(truth.AnonymousReturns), number(truth.NewIDReturns))
	}
	if u := truth.Unseen; u.Sessions+u.PageViews > 0 {
		t.line("  nobody counted %s sessions and %s page views of people who had not agreed", number(u.Sessions), number(u.PageViews))
	}
	if counted := truth.Counted().Sessions; counted > 0 && s.Anonymous {
		t.line("  %.0f %% of the sessions are of people who refuse or ignore: %s",
			100*share(truth.Anonymous.Sessions, counted), consequence(truth, report))
	}
	if n := s.Sample; n.Anonymous > 0 && n.WithAddress+n.WithVisitor == 0 {
		t.line("  of the %s newest sessions %s are anonymous: none shows a visitor ID, or more of an address than zeros",
			number(n.Sessions), number(n.Anonymous))
	}
	t.line("  by people instead of browsers: %s new and %s returning, of %s people",
		number(truth.NewPeople), number(truth.ReturningPeople), number(s.People))
}

// consequence is what that does to an analyst's numbers.
func consequence(truth Truth, report Shares) string {
	wrong := report.Total.New - truth.Counted().New
	if wrong <= 0 {
		return "the new visitors are new ones"
	}
	return fmt.Sprintf("1 of %.3g new visitors is somebody who had been there, and of 100 who come back the report knows %.0f",
		1/share(wrong, report.Total.New), 100*share(report.Total.Returning, truth.Counted().Returning))
}

// sweep writes the table of the rates of consent.
func (t *table) sweep(points []Point) {
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
}

// played writes how much was played.
func (t *table) played(r *Result) {
	p := r.Played
	memory := ""
	if p.PeakMemory > 0 {
		memory = fmt.Sprintf(", %d MiB of memory at most", p.PeakMemory>>20)
	}
	t.line("played %s browsers, %s hits in %s: %s browsers/s%s", number(p.Browsers), number(p.Hits),
		(time.Duration(p.Milliseconds) * time.Millisecond).Round(10*time.Millisecond), number(int64(p.PerSecond())), memory)
	if p.Stopped {
		t.line("stopped: %s of %s browsers had been played, and all below is about these", number(p.Browsers), number(int64(r.Crowd.Visitors)))
	}
	if p.Refused > 0 {
		t.line("the collector refused something of %s of %s requests; the first: %s", number(p.Refused), number(p.Requests), p.FirstRefusal)
	}
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
