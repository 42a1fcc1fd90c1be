package explore

import (
	"fmt"
	"io"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// mostWeaknesses is how many kinds of what could not be judged are printed.
const mostWeaknesses = 12

// WriteText tells a reader what was found: each finding with its scenario, then
// what could not be judged, and the tally.
func (r *Result) WriteText(w io.Writer) error {
	p := &printer{to: w}
	for i, f := range r.Findings {
		p.finding(i+1, &f)
	}
	p.list("failed once and not again, so nothing is said of it:", r.Unsteady)
	p.weaknesses(r)
	p.list("the harness broke:", r.Errors)
	p.tally(r)
	return p.err
}

type printer struct {
	to  io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.to, format+"\n", args...)
	}
}

func (p *printer) finding(n int, f *Finding) {
	p.line("%d. %s (%s) fails at the step %s", n, f.Clause, f.Level, f.Step)
	p.line("   %s", f.Subject)
	p.line("   expected: %s", f.Expected)
	p.line("   observed: %s", f.Observed)
	if f.Excerpt != nil {
		for line := range strings.Lines(f.Excerpt.Marked("»", "«")) {
			p.line("     | %s", strings.TrimRight(line, "\r\n"))
		}
	}
	p.line("   journey:  %s", f.Journey)
	if len(f.Also) > 0 {
		p.line("   the same journey fails %s", strings.Join(f.Also, ", "))
	}
	p.line("   seen in %s; walk %d was shrunk in %s%s", numbered("walk", f.Walks), f.Walk, count(f.Runs, "run"), shortest(f))
	p.line("   scenario %s:", f.File)
	p.line("")
	for line := range strings.Lines(f.Text) {
		p.line("%s", strings.TrimRight("    "+strings.TrimRight(line, "\n"), " "))
	}
	p.line("")
}

func shortest(f *Finding) string {
	if f.Shortest {
		return ", nothing more can be left out"
	}
	return ", more might be left out"
}

func (p *printer) list(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	p.line("%s", title)
	for _, line := range lines {
		p.line("  %s", line)
	}
	p.line("")
}

func (p *printer) weaknesses(r *Result) {
	if len(r.Weaknesses) == 0 {
		return
	}
	p.line("could not be judged:")
	for i, w := range r.Weaknesses {
		if i == mostWeaknesses {
			p.line("  … and %d more kinds", len(r.Weaknesses)-i)
			break
		}
		p.line("  %4d× %s, %s, %s: %s (walk %d, step %s)", w.Count, w.Clause, w.Subject, w.Expected, w.Reason, w.Walk, w.Step)
	}
	p.line("")
}

func (p *printer) tally(r *Result) {
	total := 0
	var parts []string
	for _, outcome := range verdict.Outcomes() {
		n := r.Outcomes[outcome.String()]
		total += n
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, outcome))
		}
	}
	broken := ""
	if r.Interrupted {
		broken = ", broken off"
	}
	p.line("%s of seed %d on the pixel %s (%s), %s, in %.1f s%s", count(r.Walks, "walk"), r.Seed, r.Pixel, r.Script, count(r.Walked, "step"), r.Milliseconds/1000, broken)
	p.line("%s: %s", count(total, "verdict"), strings.Join(parts, ", "))
	p.line("%s", found(r))
}

func found(r *Result) string {
	switch {
	case len(r.Findings) > 0:
		return "found: " + count(len(r.Findings), "clause") + " that the pixel breaks"
	case r.Walks == 0:
		return "nothing was walked"
	case !r.Judged():
		return "nothing could be judged: of no walk did the evidence tell anything"
	}
	return "no failure found"
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func numbered(what string, list []int) string {
	const most = 8
	if len(list) == 1 {
		return fmt.Sprintf("%s %d", what, list[0])
	}
	var words []string
	for i, n := range list {
		if i == most {
			words = append(words, fmt.Sprintf("… (%d in all)", len(list)))
			break
		}
		words = append(words, fmt.Sprint(n))
	}
	return what + "s " + strings.Join(words, ", ")
}
