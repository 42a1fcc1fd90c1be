package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// TextOptions says how Text writes. The zero value suits a log: no colour, no
// limit of width.
type TextOptions struct {
	// Color marks outcomes and the parts of an excerpt that decide with
	// terminal colours; without it not one terminal code is written.
	Color bool
	// Width is how many columns a line may take; 0 is no limit, less than 40
	// counts as 40.
	Width int
	// Verbose shows what passed as fully as what failed, shortens no excerpt,
	// and says where screenshots and evidence are and where the time went.
	Verbose bool
}

// Text writes the report that a person reads in a terminal or a CI log: per
// scenario its steps and clauses; for all that failed or could not be told,
// what the document says, what was expected and observed, and the evidence with
// the deciding part marked; at the end what was never walked, warnings, errors,
// and one line with the counts and the outcome. The error is the writer's.
func Text(w io.Writer, r *verdict.Result, opts TextOptions) error {
	r = settled(r)
	t := &printer{lines: newLines(opts.Width, opts.Color), verbose: opts.Verbose}
	t.head(r)
	shown, left := parted(journeys(r))
	for i := range shown {
		t.journey(&shown[i])
	}
	t.unwalked(left)
	if t.verbose {
		t.timings(r.Timings)
	}
	for _, warning := range r.Warnings {
		t.field(0, 0, "warning:", span{visibleLines(warning), warned})
	}
	for _, problem := range r.Errors {
		t.field(0, 0, "error:", span{visibleLines(problem), bad})
	}
	t.paint(span{summary(r), outcome(r.Outcome).style}) // one line, whatever the width
	t.blank()
	_, err := w.Write(t.b.Bytes())
	return err
}

// printer lays a result out in lines.
type printer struct {
	*lines
	verbose bool
}

// field writes a label, padded to width, and its value beside it.
func (t *printer) field(indent, width int, label string, value ...span) {
	label = cell(label, width)
	if width == 0 {
		label = strings.TrimSuffix(label, " ")
	}
	hang := indent + len(label)
	t.flow(indent, hang, append([]span{{label, dim}}, value...)...)
}

func (t *printer) head(r *verdict.Result) {
	width := len("browser")
	if r.Collector != nil {
		width = len("collector")
	}
	if p := pixelLine(r.Pixel); p != "" {
		t.field(0, width, "pixel", span{p, plain})
	}
	if read := readingLine(r.Pixel); read != "" {
		t.field(0, width, "reading", span{read, plain})
	}
	if c := collectorLine(r.Collector); c != "" {
		t.field(0, width, "collector", span{c, plain})
	}
	if kept := keptLine(r.Collector); kept != "" {
		t.field(0, width, "kept", span{kept, plain})
	}
	if b := browserLine(r.Browser); b != "" {
		t.field(0, width, "browser", span{b, plain})
	}
	if s := startedLine(r); s != "" {
		t.field(0, width, "started", span{s, plain})
	}
	if t.b.Len() > 0 {
		t.blank()
	}
}

func (t *printer) journey(j *journey) {
	result := outcome(j.Outcome)
	hang := len(result.text) + 2
	t.flow(0, hang, result, span{"  " + visible(j.ID), strong})
	if j.Title != "" {
		t.flow(hang, hang, span{visible(j.Title), plain})
	}
	if facts := t.facts(j); facts != "" {
		t.flow(hang, hang, span{facts, dim})
	}
	t.steps(j.Steps)
	t.clauses(j.Clauses)
	if j.Error != "" {
		t.flow(2, 4, span{"ERROR", bad}, span{"  " + visibleLines(j.Error), plain})
	}
	if len(j.Clauses) == 0 && j.Error == "" {
		t.flow(2, 4, span{"no verdict: nothing was judged in this scenario", warned})
	}
	t.blank()
	var groups map[reasoned][]*verdict.Verdict
	if !t.verbose {
		groups = alike(j)
	}
	for _, c := range j.Clauses {
		for i := range c.Verdicts {
			v := &c.Verdicts[i]
			group := groups[reasoned{v.Outcome, v.Reason}]
			switch {
			case len(group) > 0 && group[0] == v:
				t.group(group)
			case len(group) > 0:
			case t.verbose || needsProof(v.Outcome):
				t.verdict(v)
			}
		}
	}
}

// group writes verdicts that share their reason.
func (t *printer) group(group []*verdict.Verdict) {
	o := outcome(group[0].Outcome)
	t.flow(2, 4, span{o.text, o.style}, span{"  " + count(len(group), "verdict") + ": " + visibleLines(group[0].Reason), plain})
	for _, v := range group {
		line := visible(v.Clause)
		if v.Step != "" {
			line += " at step " + visible(v.Step)
		}
		for _, more := range []string{v.Subject, v.Where} {
			if more != "" {
				line += ", " + visible(more)
			}
		}
		t.flow(4, 6, span{line, plain})
	}
	t.blank()
}

func (t *printer) facts(j *journey) string {
	var facts []string
	if j.Where != "" {
		facts = append(facts, visible(j.Where))
	}
	if j.Milliseconds > 0 {
		facts = append(facts, duration(j.Milliseconds))
	}
	if j.Attempts > 1 {
		facts = append(facts, fmt.Sprintf("run %d times", j.Attempts))
	}
	if t.verbose && j.Evidence != "" {
		facts = append(facts, "evidence "+visible(j.Evidence))
	}
	return strings.Join(facts, ", ")
}

func (t *printer) steps(steps []verdict.Step) {
	if len(steps) == 0 {
		return
	}
	var names, actions []string
	for _, s := range steps {
		names = append(names, visible(s.Name))
		actions = append(actions, visible(s.Action))
	}
	name, action := widest(28, names...), widest(44, actions...)
	t.flow(2, 2, span{"steps", dim})
	for i, s := range steps {
		said := sent(&s)
		if t.verbose {
			said += ", " + duration(s.Milliseconds)
			if s.Screenshot != "" {
				said += ", " + visible(s.Screenshot)
			}
		}
		t.flow(4, 6, span{cell(names[i], name) + cell(actions[i], action) + said, plain})
		for _, note := range s.Notes {
			t.flow(6, 8, span{visibleLines(note), warned})
		}
	}
}

func (t *printer) clauses(clauses []judgement) {
	if len(clauses) == 0 {
		return
	}
	var ids, outcomes, levels []string
	for _, c := range clauses {
		ids = append(ids, visible(c.ID))
		outcomes = append(outcomes, outcome(c.Outcome).text)
		levels = append(levels, visible(c.Level))
	}
	id, result, level := widest(44, ids...), widest(12, outcomes...), widest(8, levels...)
	t.flow(2, 2, span{"clauses", dim})
	for i, c := range clauses {
		o := outcome(c.Outcome)
		line := []span{{o.text, o.style}, {cell("", result-len(o.text)), plain}, {cell(ids[i], id), plain}, {levels[i], dim}}
		if aside := clauseAside(&c); aside != "" {
			line = append(line, span{cell("", level-len(levels[i])) + aside, dim})
		}
		t.flow(4, 4+result+2, line...)
	}
}

// clauseAside is what a clause's line says further: how many verdicts it rests
// on, and the reasons that no block below gives.
func clauseAside(c *judgement) string {
	var said []string
	if n := len(c.Verdicts); n > 1 {
		said = append(said, count(n, "verdict"))
	}
	for _, o := range []verdict.Outcome{verdict.Deviation, verdict.Unsupported, verdict.Skipped} {
		for _, reason := range c.reasons(o) {
			said = append(said, inLine(reason))
		}
	}
	return strings.Join(said, ", ")
}

// verdict writes everything that a verdict rests on.
func (t *printer) verdict(v *verdict.Verdict) {
	o := outcome(v.Outcome)
	head := []span{{o.text, o.style}, {"  " + visible(v.Clause), strong}}
	if v.Level != "" {
		head = append(head, span{" (" + visible(v.Level) + ")", plain})
	}
	if v.Step != "" {
		head = append(head, span{" at step " + visible(v.Step), plain})
	}
	t.flow(2, 4, head...)
	const width = len("document")
	field := func(label, value string) {
		if value != "" {
			t.field(4, width, label, span{value, plain})
		}
	}
	field("promise", visibleLines(v.Document.Promise))
	field("document", cited(v.Document))
	field("subject", visible(v.Subject))
	field("expected", visible(v.Expected))
	field("observed", visible(v.Observed))
	field("reason", visibleLines(v.Reason))
	if kind, e := v.Excerpt(); e != nil {
		label := cell(kind, width)
		t.b.WriteString("    ")
		t.paint(span{label, dim})
		t.excerpt(4+len(label), *e, t.verbose)
	}
	field("where", visible(v.Where))
	t.blank()
}

// cited writes the passage that a clause rests on, with its quote.
func cited(s verdict.Source) string {
	place := visible(sections(s))
	if s.Quote == "" {
		return place
	}
	quote := `"` + visibleLines(s.Quote) + `"`
	if place == "" {
		return quote
	}
	return place + ": " + quote
}

func (t *printer) timings(times verdict.Timings) {
	t.flow(0, 2, span{"timings", dim})
	const width = len("first verdict")
	for _, row := range timingRows(times) {
		t.field(2, width, row.Name, span{row.Value, plain})
	}
	t.blank()
}

// fact is a name and a value of a result's head or its timings.
type fact struct{ Name, Value string }

func timingRows(t verdict.Timings) []fact {
	return []fact{
		{"total", duration(t.Total)},
		{"launch", duration(t.Launch)},
		{"preflight", duration(t.Preflight)},
		{"first verdict", duration(t.FirstVerdict)},
		{"journeys", fmt.Sprintf("%s in sum, %d at once", duration(t.Journeys), t.Parallel)},
		{"judging", duration(t.Judging)},
	}
}

func pixelLine(p verdict.Pixel) string {
	line := visible(p.Name)
	if p.Title != "" {
		line += " (" + visible(p.Title) + ")"
	}
	if p.Script != "" {
		line += ", script " + visible(p.Script)
	}
	return strings.TrimPrefix(strings.TrimSpace(line), ", ")
}

// readingLine says how the document was read.
func readingLine(p verdict.Pixel) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(p.Readings)) {
		parts = append(parts, visible(name)+": "+visible(p.Readings[name]))
	}
	return strings.Join(parts, ", ")
}

// collectorLine says which collector was judged, where it runs elsewhere, and what it
// could not be told.
func collectorLine(c *verdict.Collector) string {
	if c == nil {
		return ""
	}
	parts := []string{visible(c.URL)}
	switch c.Clock {
	case "set":
		parts = append(parts, "its clock set to the journeys'")
	case "own":
		parts = append(parts, "by a clock of its own")
	}
	if c.Proxy == "untrusted" {
		parts = append(parts, "X-Forwarded-For not believed")
	}
	return strings.Join(parts, ", ")
}

// keptLine lists what was searched for what the collector keeps.
func keptLine(c *verdict.Collector) string {
	if c == nil {
		return ""
	}
	return visible(strings.Join(c.Kept, ", "))
}

func browserLine(b verdict.Browser) string {
	var parts []string
	if b.Product != "" {
		product := visible(b.Product)
		if b.Kind != "" {
			product += " (" + visible(b.Kind) + ")"
		}
		parts = append(parts, product)
	}
	if b.ThirdPartyCookies != "" {
		parts = append(parts, "third-party cookies "+visible(b.ThirdPartyCookies))
	}
	if b.Webdriver {
		parts = append(parts, "navigator.webdriver shows")
	}
	return strings.Join(parts, ", ")
}

func startedLine(r *verdict.Result) string {
	var parts []string
	if !r.Started.IsZero() {
		parts = append(parts, r.Started.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if r.Tool.Name != "" {
		parts = append(parts, strings.TrimSpace(visible(r.Tool.Name)+" "+visible(r.Tool.Version)))
	}
	return strings.Join(parts, ", ")
}
