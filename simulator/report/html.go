package report

import (
	_ "embed"
	"html/template"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

//go:embed page.html.tmpl
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// HTML writes the result as one page that needs nothing else: no script, no
// style sheet, no font. Screenshots and evidence are linked by their paths
// relative to the report folder; a path that leads out of it is not linked. The
// error is the writer's.
func HTML(w io.Writer, r *verdict.Result) error {
	p := newPage(settled(r))
	var b strings.Builder
	if err := pageTemplate.Execute(&b, p); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// page is what the template shows. All its text is visible already; the
// template escapes it for HTML.
type page struct {
	Title    string
	Headline string
	Summary  string
	Outcome  badge
	Counts   []badge
	Facts    []fact
	// Particulars stand at the page's foot: what a reader rarely asks for.
	Particulars []fact
	// Findings leads to the verdicts that need proof.
	Findings []finding
	Errors   []string
	Warnings []string
	Clauses  []clauseRow
	Journeys []journeyView
	// LeftOut says how many scenarios were never walked, Unwalked which and why.
	LeftOut  string
	Unwalked []unwalkedView
	JSON     string
	JUnit    string
	Text     string
}

// badge is an outcome to be shown as a coloured word. Class is one of the
// outcome's names, never foreign text.
type badge struct {
	Class string
	Word  string
	Count int
}

type clauseRow struct {
	ID, Level, Promise, Section string
	Outcome                     badge
	Scenarios                   []link
}

type link struct{ Text, Href string }

type journeyView struct {
	Anchor, ID, Title, Where, Duration, Error string
	Attempts                                  int
	Outcome                                   badge
	Evidence                                  link
	Steps                                     []stepView
	Proofs                                    []verdictView
	Rest                                      []verdictView
	findings                                  []finding
}

// finding is a line that leads to a verdict, or to several that share their reason.
type finding struct {
	Outcome badge
	// Clauses leads to the first verdict of each clause.
	Clauses []link
	Said    string
}

type stepView struct {
	Name, Action, Requests, Duration string
	Notes                            []string
	Screenshot                       link
}

type verdictView struct {
	Anchor, Clause, Level, Step, Promise, Section, Quote string
	Subject, Expected, Observed, Reason, Where, Headline string
	Outcome                                              badge
	Kind                                                 string
	// Excerpt is in lines, each in pieces.
	Excerpt [][]piece
}

func newPage(r *verdict.Result) *page {
	p := &page{
		Title:    headTitle(r),
		Headline: headlines[r.Conformance],
		Summary:  summary(r),
		Outcome:  badgeOf(r.Outcome),
		Facts: facts(
			fact{"Pixel", pixelLine(r.Pixel)}, fact{"Document", r.Pixel.Document}, fact{"Read as", readingLine(r.Pixel)},
			fact{"Collector", collectorLine(r.Collector)}, fact{"Kept data", keptLine(r.Collector)},
			fact{"Browser", browserLine(r.Browser)}, fact{"Started", startedLine(r)},
		),
		Particulars: facts(
			fact{"Script's SHA-256", r.Pixel.ScriptSHA256}, fact{"User agent", r.Browser.UserAgent},
			fact{"Channels witnessed", strings.Join(r.Browser.Channels, ", ")},
		),
		JSON: JSONFile, JUnit: JUnitFile, Text: TextFile,
	}
	if r.Outcome == verdict.Error {
		p.Headline = "Harness error"
	}
	if r.Outcome == verdict.Inconclusive {
		p.Headline = "Inconclusive"
	}
	for _, row := range timingRows(r.Timings) {
		p.Particulars = append(p.Particulars, fact{"Time, " + row.Name, row.Value})
	}
	counts := r.Counts()
	for _, o := range slices.Backward(verdict.Outcomes()) {
		if counts[o] > 0 {
			b := badgeOf(o)
			b.Count = counts[o]
			p.Counts = append(p.Counts, b)
		}
	}
	for _, e := range r.Errors {
		p.Errors = append(p.Errors, visibleLines(e))
	}
	for _, e := range r.Warnings {
		p.Warnings = append(p.Warnings, visibleLines(e))
	}
	p.addJourneys(r)
	return p
}

// addJourneys adds the journeys, what did not pass in them, and the clauses that
// lead to them.
func (p *page) addJourneys(r *verdict.Result) {
	anchors, n := map[string]string{}, 0
	anchor := func() string {
		n++
		return "scenario-" + strconv.Itoa(n)
	}
	shown, left := parted(journeys(r))
	for i := range shown {
		view := newJourneyView(anchor(), &shown[i])
		keepFirst(anchors, shown[i].ID, view.Anchor)
		p.Journeys = append(p.Journeys, view)
		p.Findings = append(p.Findings, view.findings...)
	}
	if len(left) > 0 {
		p.LeftOut = leftOut(left)
	}
	for i := range left {
		p.Unwalked = append(p.Unwalked, newUnwalkedView(&left[i], anchors, anchor))
	}
	p.Clauses = clauseRows(r, anchors)
}

// keepFirst notes a scenario's anchor, unless it has one already.
func keepFirst(anchors map[string]string, id, anchor string) {
	if _, twice := anchors[id]; !twice {
		anchors[id] = anchor
	}
}

// headlines says the result's conformance as a person would.
var headlines = map[string]string{
	"conformant":     "Conformant",
	"partial":        "Partial",
	"not-conformant": "Not conformant",
}

func headTitle(r *verdict.Result) string {
	switch {
	case r.Pixel.Title != "":
		return visible(r.Pixel.Title)
	case r.Pixel.Name != "":
		return visible(r.Pixel.Name)
	}
	return "Result"
}

// facts returns those that say something.
func facts(all ...fact) []fact {
	var kept []fact
	for _, f := range all {
		if f.Value != "" {
			kept = append(kept, fact{f.Name, visible(f.Value)})
		}
	}
	return kept
}

func badgeOf(o verdict.Outcome) badge { return badge{Class: o.String(), Word: o.String()} }

func newJourneyView(anchor string, j *journey) journeyView {
	v := journeyView{
		Anchor: anchor, ID: visible(j.ID), Title: visible(j.Title), Where: visible(j.Where),
		Error: visibleLines(j.Error), Outcome: badgeOf(j.Outcome), Attempts: j.Attempts,
		Evidence: linkTo(j.Evidence),
	}
	if j.Milliseconds > 0 {
		v.Duration = duration(j.Milliseconds)
	}
	for _, s := range j.Steps {
		view := stepView{
			Name: visible(s.Name), Action: visible(s.Action), Requests: sent(&s),
			Duration: duration(s.Milliseconds), Screenshot: linkTo(s.Screenshot),
		}
		for _, note := range s.Notes {
			view.Notes = append(view.Notes, visibleLines(note))
		}
		v.Steps = append(v.Steps, view)
	}
	groups, places := alike(j), map[reasoned]int{}
	n := 0
	for _, c := range j.Clauses {
		for i := range c.Verdicts {
			n++
			one := newVerdictView(anchor+"-verdict-"+strconv.Itoa(n), &c.Verdicts[i])
			if !needsProof(c.Verdicts[i].Outcome) {
				v.Rest = append(v.Rest, one)
				continue
			}
			v.Proofs = append(v.Proofs, one)
			key := reasoned{c.Verdicts[i].Outcome, c.Verdicts[i].Reason}
			to := link{Text: one.Clause, Href: "#" + one.Anchor}
			group := groups[key]
			place, begun := places[key]
			switch {
			case len(group) == 0:
				v.findings = append(v.findings, finding{one.Outcome, []link{to}, v.ID + ": " + one.inOneLine()})
			case !begun:
				places[key] = len(v.findings)
				v.findings = append(v.findings, finding{one.Outcome, []link{to}, v.ID + ": " + count(len(group), "verdict") + ": " + one.Reason})
			case !led(v.findings[place].Clauses, to.Text):
				v.findings[place].Clauses = append(v.findings[place].Clauses, to)
			}
		}
	}
	return v
}

func led(links []link, text string) bool {
	return slices.ContainsFunc(links, func(l link) bool { return l.Text == text })
}

// inOneLine is the verdict without its clause: where it was judged, what was
// looked at, how it came out, and why it could not be told.
func (v *verdictView) inOneLine() string {
	var said []string
	for _, part := range []string{v.Step, v.Subject, v.Headline} {
		if part != "" {
			said = append(said, part)
		}
	}
	line := strings.Join(said, ": ")
	if v.Reason != "" && v.Reason != v.Headline {
		line += ": " + v.Reason
	}
	return line
}

func newVerdictView(anchor string, v *verdict.Verdict) verdictView {
	view := verdictView{
		Anchor: anchor, Clause: visible(v.Clause), Level: visible(v.Level), Step: visible(v.Step),
		Promise: visibleLines(v.Document.Promise), Section: visible(sections(v.Document)), Quote: visibleLines(v.Document.Quote),
		Subject: visible(v.Subject), Expected: visible(v.Expected), Observed: visible(v.Observed),
		Headline: headline(v), Reason: visibleLines(hinted(v.Reason)), Where: visible(v.Where), Outcome: badgeOf(v.Outcome),
	}
	kind, e := v.Excerpt()
	if e == nil {
		return view
	}
	view.Kind, view.Excerpt = kind, pieces(*e)
	return view
}

// byConcern is the order in which a reader wants outcomes: what broke a promise or
// could not be told first, what was never tried last.
var byConcern = []verdict.Outcome{
	verdict.Error, verdict.Fail, verdict.Inconclusive, verdict.Deviation, verdict.Pass, verdict.Skipped, verdict.Unsupported,
}

// clauseRows lists the clauses with what the document says of them, which only
// their verdicts know: by concern, and by ID where that is the same.
func clauseRows(r *verdict.Result, anchors map[string]string) []clauseRow {
	sources := map[string]verdict.Source{}
	for _, v := range r.Verdicts {
		if _, known := sources[v.Clause]; !known {
			sources[v.Clause] = v.Document
		}
	}
	clauses := slices.Clone(r.Clauses) // settled has sorted them by ID
	slices.SortStableFunc(clauses, func(a, b verdict.Clause) int {
		return slices.Index(byConcern, a.Outcome) - slices.Index(byConcern, b.Outcome)
	})
	var rows []clauseRow
	for _, c := range clauses {
		source := sources[c.ID]
		row := clauseRow{
			ID: visible(c.ID), Level: visible(c.Level), Outcome: badgeOf(c.Outcome),
			Promise: visibleLines(source.Promise), Section: visible(strings.Join(source.Sections, ", ")),
		}
		for _, s := range c.Scenarios {
			l := link{Text: visible(s)}
			if anchor := anchors[s]; anchor != "" {
				l.Href = "#" + anchor
			}
			row.Scenarios = append(row.Scenarios, l)
		}
		rows = append(rows, row)
	}
	return rows
}

// linkTo links a file of the report folder. A path that leads elsewhere is only text.
func linkTo(path string) link {
	if path == "" {
		return link{}
	}
	l := link{Text: visible(path)}
	if filepath.IsLocal(filepath.FromSlash(path)) {
		l.Href = (&url.URL{Path: filepath.ToSlash(path)}).String()
	}
	return l
}
