// Package compare says where two scripts differ that were walked through the same
// journeys: clause by clause, and in what they sent, kept and asked for, step by
// step. Each script is walked several times; what varies between its own runs is
// chance, and is told from what it always does.
package compare

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Schema names the form of Comparison as JSON. It changes when a reader of the
// older form could misread the newer.
const Schema = "pixelwitness/comparison/1"

// Comparison is where two scripts, a and b, differ.
type Comparison struct {
	Schema  string          `json:"schema"`
	Tool    verdict.Tool    `json:"tool"`
	Browser verdict.Browser `json:"browser"`
	// Pixel is the name of the description that both were tried under.
	Pixel string `json:"pixel"`
	A     Script `json:"a"`
	B     Script `json:"b"`
	// Repetitions is how often each script was walked through each journey.
	Repetitions int       `json:"repetitions"`
	Journeys    []Journey `json:"journeys"`
	// Judged counts the clauses that were judged, Clauses lists those of which
	// the outcomes differ, by ID.
	Judged  int      `json:"judged"`
	Clauses []Clause `json:"clauses"`
	// Differences lists what was sent, kept and asked for differently.
	Differences []Difference `json:"differences"`
	// Chance counts what one script did on some of its walks only, and the other
	// on all or none: it is set aside.
	Chance int `json:"chance,omitempty"`
	// Errors lists what broke in the harness; nothing is said then about what
	// was not walked. Warnings lists what the reader should know.
	Errors   []string `json:"errors,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

// Script is one of the two.
type Script struct {
	// Name says where the code came from, SHA256 is its hash in hex.
	Name   string `json:"name"`
	SHA256 string `json:"sha256,omitempty"`
}

// Journey is a scenario that both scripts were walked through.
type Journey struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	// A and B count the hits of each script, of all its walks together.
	A int `json:"hitsA"`
	B int `json:"hitsB"`
	// Unsupported lists the features that the pixel lacks; such a journey is
	// not walked.
	Unsupported []string `json:"unsupported,omitempty"`
}

// Clause is a clause on which the scripts come to different outcomes in a journey.
type Clause struct {
	ID       string `json:"id"`
	Level    string `json:"level"`
	Scenario string `json:"scenario"`
	// A and B are the outcomes, one unless the script's own walks disagree.
	A []verdict.Outcome `json:"a"`
	B []verdict.Outcome `json:"b"`
	// ShownA and ShownB are a verdict each that led to the worst of them.
	ShownA *Shown `json:"shownA,omitempty"`
	ShownB *Shown `json:"shownB,omitempty"`
}

// Shown is what a verdict rests on, in short.
type Shown struct {
	Step     string `json:"step"`
	Subject  string `json:"subject"`
	Observed string `json:"observed"`
	Reason   string `json:"reason,omitempty"`
}

// Difference is one aspect of one thing that the scripts differ in, with every
// step where they do.
type Difference struct {
	// Kind is one of [Kinds], Name the thing's own name, such as "nc"; empty for
	// the hits as such.
	Kind   string `json:"kind"`
	Name   string `json:"name,omitempty"`
	Aspect string `json:"aspect"`
	// Role is the scenarios' word for the thing, where it has one.
	Role string `json:"role,omitempty"`
	// A and B say what each script does. What varies from walk to walk stands in
	// angle brackets.
	A      string  `json:"a"`
	B      string  `json:"b"`
	Places []Place `json:"places"`
}

// Place is a step of a journey.
type Place struct {
	Scenario string `json:"scenario"`
	Step     string `json:"step"`
}

// Walk is one walk of one script through a journey.
type Walk struct {
	Evidence *evidence.Evidence
	Verdicts []verdict.Verdict
}

// Pair is a journey as both scripts went it, each at least once.
type Pair struct {
	Plan *scenario.Plan
	A, B []Walk
}

// Same tells that the scripts do not differ, and that this means something: both
// were walked, and something was sent.
func (c *Comparison) Same() bool {
	return len(c.Clauses) == 0 && len(c.Differences) == 0 && len(c.Errors) == 0 && c.Sent()
}

// Sent tells whether anything was sent at all. Scripts that both are silent do
// not differ, and nothing is known of them.
func (c *Comparison) Sent() bool {
	return slices.ContainsFunc(c.Journeys, func(j Journey) bool { return j.A+j.B > 0 })
}

// Compare compares the journeys. What broke in the harness is under Errors, and
// such a journey is not compared.
func Compare(pairs []Pair) *Comparison {
	c := &Comparison{Schema: Schema, Clauses: []Clause{}, Differences: []Difference{}}
	judged := map[string]bool{}
	groups := map[group]*found{}
	for _, p := range pairs {
		j := Journey{ID: p.Plan.Scenario.ID, Title: p.Plan.Scenario.Title, Unsupported: p.Plan.Unsupported}
		if len(j.Unsupported) == 0 {
			broken := faults(p)
			c.Errors = append(c.Errors, broken...)
			if len(broken) == 0 {
				c.clauses(p, judged)
				j.A, j.B = hits(p.Plan.Pixel, p.A), hits(p.Plan.Pixel, p.B)
				c.differences(p, groups)
			}
		}
		c.Journeys = append(c.Journeys, j)
	}
	c.Judged = len(judged)
	slices.SortFunc(c.Clauses, func(a, b Clause) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Scenario, b.Scenario))
	})
	for g, f := range groups {
		c.Differences = append(c.Differences, f.difference(g))
	}
	slices.SortFunc(c.Differences, func(a, b Difference) int {
		return cmp.Or(
			compareSubjects(subject{0, a.Kind, a.Name, a.Aspect}, subject{0, b.Kind, b.Name, b.Aspect}),
			strings.Compare(a.A, b.A), strings.Compare(a.B, b.B))
	})
	return c
}

// faults says what broke on the walks of a pair.
func faults(p Pair) []string {
	var list []string
	for i, walks := range [2][]Walk{p.A, p.B} {
		name := "ab"[i : i+1]
		if len(walks) == 0 {
			list = append(list, p.Plan.Scenario.ID+": script "+name+" was not walked")
		}
		for _, w := range walks {
			for _, fault := range w.Evidence.Faults {
				if said := p.Plan.Scenario.ID + ": script " + name + ": " + fault; !slices.Contains(list, said) {
					list = append(list, said)
				}
			}
		}
	}
	return list
}

func hits(pixel *scenario.Pixel, walks []Walk) int {
	n, isHit := 0, pixel.Hits()
	for _, w := range walks {
		for i := range w.Evidence.Requests {
			if r := &w.Evidence.Requests[i]; r.Method != "OPTIONS" && isHit(r.URL) {
				n++
			}
		}
	}
	return n
}

// clauses adds the clauses of a journey on which the scripts disagree.
func (c *Comparison) clauses(p Pair, judged map[string]bool) {
	ids := map[string]bool{}
	for _, w := range slices.Concat(p.A, p.B) {
		for _, v := range w.Verdicts {
			ids[v.Clause], judged[v.Clause] = true, true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		a, shownA, level := outcomes(p.A, id)
		b, shownB, levelB := outcomes(p.B, id)
		if slices.Equal(a, b) {
			continue
		}
		c.Clauses = append(c.Clauses, Clause{
			ID: id, Level: cmp.Or(level, levelB), Scenario: p.Plan.Scenario.ID, A: a, B: b, ShownA: shownA, ShownB: shownB,
		})
	}
}

// outcomes gives the outcomes of a clause, each once, best first, and the first
// verdict of the worst of them.
func outcomes(walks []Walk, clause string) ([]verdict.Outcome, *Shown, string) {
	var all []verdict.Outcome
	var worst *verdict.Verdict
	level := ""
	for _, w := range walks {
		var own []verdict.Outcome
		for i := range w.Verdicts {
			v := &w.Verdicts[i]
			if v.Clause != clause {
				continue
			}
			level, own = v.Level, append(own, v.Outcome)
			if worst == nil || v.Outcome > worst.Outcome {
				worst = v
			}
		}
		if o := verdict.Worst(own...); !slices.Contains(all, o) {
			all = append(all, o)
		}
	}
	slices.Sort(all)
	if worst == nil {
		return all, nil, level
	}
	return all, &Shown{Step: worst.Step, Subject: worst.Subject, Observed: worst.Observed, Reason: worst.Reason}, level
}

// differences adds what the scripts sent, kept and asked for differently in a
// journey, grouped by what the difference is.
func (c *Comparison) differences(p Pair, groups map[group]*found) {
	a, b := learnAll(p.Plan.Pixel, p.A), learnAll(p.Plan.Pixel, p.B)
	all := maps.Clone(a)
	maps.Copy(all, b)
	roles := rolesOf(p.Plan)
	for _, s := range slices.SortedFunc(maps.Keys(all), compareSubjects) {
		inA, inB := a[s], b[s]
		if !differ(a, b, s) {
			continue
		}
		if inA != nil && !inA.always || inB != nil && !inB.always {
			c.Chance++
			continue
		}
		key := group{thing{s.Kind, s.Name}, s.Aspect, said(a, s), said(b, s)}
		g := groups[key]
		if g == nil {
			g = &found{role: roles[key.thing]}
			groups[key] = g
		}
		g.places = append(g.places, Place{p.Plan.Scenario.ID, stepName(p, s.Step)})
		if (inA == nil || inB == nil) && (s.Aspect == aspectSent || s.Aspect == aspectKept) {
			s.Aspect = aspectValue
			g.take(cmp.Or(a[s], b[s]))
		}
	}
}

// stepName is the name of the step at that position.
func stepName(p Pair, step int) string {
	for _, w := range slices.Concat(p.A, p.B) {
		if step < len(w.Evidence.Steps) {
			return w.Evidence.Steps[step].Name
		}
	}
	return ""
}

// thing is what has a role.
type thing struct{ kind, name string }

// group is what differences at several steps have in common.
type group struct {
	thing
	aspect, a, b string
}

// found is where such differences were seen, and, where one script lacks the
// thing, what values the other gives it.
type found struct {
	role   string
	places []Place
	values []pattern
}

// mostValues is how many values a thing may have that the other script lacks; more
// are shown by what they have in common.
const mostValues = 3

// take takes values in, each once.
func (f *found) take(l *learned) {
	if l == nil {
		return
	}
	for _, p := range l.patterns {
		if !slices.ContainsFunc(f.values, func(q pattern) bool { return slices.Equal(p, q) }) {
			f.values = append(f.values, p)
		}
	}
}

// difference is the group as it is reported.
func (f *found) difference(g group) Difference {
	d := Difference{Kind: g.kind, Name: g.name, Aspect: g.aspect, Role: f.role, A: g.a, B: g.b, Places: f.places}
	if len(f.values) > mostValues {
		all := f.values[0]
		for _, p := range f.values[1:] {
			all = join(all, p)
		}
		f.values = []pattern{all}
	}
	if len(f.values) > 0 {
		with := &d.A
		if g.a == absences[g.aspect] {
			with = &d.B
		}
		*with += ": " + (&learned{patterns: f.values}).String()
	}
	return d
}

// differ tells whether the scripts differ in the subject. That a thing is not
// there at all is said once, by the aspect that says whether it is.
func differ(a, b map[subject]*learned, s subject) bool {
	inA, inB := a[s], b[s]
	if inA != nil && inB != nil {
		return !inA.same(inB)
	}
	switch s.Aspect {
	case aspectTo, aspectValue, aspectAttributes:
		return false
	case aspectSent:
		hits := subject{s.Step, KindHits, "", aspectSent}
		return s.Kind != KindParameter || !silent(a[hits]) && !silent(b[hits])
	}
	return true
}

// silent tells that no hit was sent at the step.
func silent(sent *learned) bool { return sent == nil || sent.String() == "0" }

// absences says of each aspect that the thing was not there.
var absences = map[string]string{
	aspectSent: "absent", aspectKept: "absent", aspectWritten: "not written", aspectAsked: "not asked", aspectSays: "nothing",
}

// said says what a script did.
func said(of map[subject]*learned, s subject) string {
	if l := of[s]; l != nil {
		return l.String()
	}
	return absences[s.Aspect]
}

// learnAll reads the walks of one script.
func learnAll(pixel *scenario.Pixel, walks []Walk) map[subject]*learned {
	var runs []facts
	var now []time.Time
	for _, w := range walks {
		runs, now = append(runs, factsOf(pixel, w.Evidence)), append(now, w.Evidence.Began)
	}
	return learn(runs, now)
}

// rolesOf gives the scenarios' words for what the pixel has names of its own for.
func rolesOf(plan *scenario.Plan) map[thing]string {
	roles := map[thing]string{}
	for _, role := range slices.Sorted(maps.Keys(plan.Pixel.Parameters)) {
		roles[thing{KindParameter, plan.ParameterName(role).Name}] = role
	}
	for _, role := range slices.Sorted(maps.Keys(plan.Pixel.Cookies)) {
		roles[thing{KindCookie, plan.CookieName(role).Name}] = role
	}
	return roles
}
