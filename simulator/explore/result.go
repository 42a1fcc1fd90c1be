package explore

import (
	"cmp"
	"regexp"
	"slices"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Schema names the form of Result as JSON.
const Schema = "pixelwitness/exploration/1"

// Result is what the exploring has found.
type Result struct {
	Schema string       `json:"schema"`
	Tool   verdict.Tool `json:"tool"`
	// Started is when it began (UTC).
	Started time.Time `json:"started"`
	Seed    uint64    `json:"seed"`
	// Steps is the most steps of a walk, as it was asked for; 0 for the default.
	Steps    int    `json:"steps,omitempty"`
	Pixel    string `json:"pixel"`
	Document string `json:"document"`
	Script   string `json:"script"`
	// Walks is the number of walks that were judged, Walked of all their steps.
	Walks  int `json:"walks"`
	Walked int `json:"walkedSteps"`
	// Blind is the number of walks of which nothing passed and nothing failed: they
	// say nothing of the pixel.
	Blind int `json:"blindWalks,omitempty"`
	// Outcomes counts the verdicts by outcome.
	Outcomes map[string]int `json:"outcomes"`
	// Findings holds one finding for each clause that failed.
	Findings []Finding `json:"findings"`
	// Weaknesses lists what could not be judged, most frequent first: there the
	// model expects more than the evidence can tell.
	Weaknesses []Weakness `json:"weaknesses,omitempty"`
	// Unsteady lists what failed once and not again.
	Unsteady []string `json:"unsteady,omitempty"`
	// Errors lists what broke in the harness.
	Errors []string `json:"errors,omitempty"`
	// Interrupted tells that it was broken off.
	Interrupted  bool    `json:"interrupted,omitempty"`
	Milliseconds float64 `json:"ms"`
}

// Finding is a clause that failed, with the shortest walk that shows it.
type Finding struct {
	Clause string `json:"clause"`
	Level  string `json:"level"`
	// Subject, Expected and Observed are those of the verdict, Step the step at
	// which it was judged.
	Subject  string           `json:"subject"`
	Step     string           `json:"step"`
	Expected string           `json:"expected"`
	Observed string           `json:"observed"`
	Excerpt  *verdict.Excerpt `json:"excerpt,omitempty"`
	// Also lists the other clauses that fail in the shrunk walk.
	Also []string `json:"also,omitempty"`
	// Walk is the number of the walk that was shrunk, Walks those of all that
	// failed the clause.
	Walk  int   `json:"walk"`
	Walks []int `json:"walks"`
	// Steps is how many steps the walk had, Runs how often it was walked to shrink
	// it, and Shortest tells that nothing more can be left out.
	Steps    int  `json:"steps"`
	Runs     int  `json:"runs"`
	Shortest bool `json:"shortest"`
	// Journey tells the shrunk walk in one line; ID, File and Text are those of its
	// scenario, which can be added as it is.
	Journey string `json:"journey"`
	ID      string `json:"id"`
	File    string `json:"file"`
	Text    string `json:"scenario"`
}

// Weakness is something that could not be judged.
type Weakness struct {
	Clause   string `json:"clause"`
	Subject  string `json:"subject"`
	Expected string `json:"expected"`
	Reason   string `json:"reason"`
	Count    int    `json:"count"`
	// Walk and Step are an example.
	Walk int    `json:"walk"`
	Step string `json:"step"`
}

var (
	stepWord = regexp.MustCompile(`\b(step) [a-z][a-z0-9-]*`)
	numbers  = regexp.MustCompile(`\d+`)
)

// count adds a walk's verdicts.
func (r *Result) count(walk *Walk, verdicts []verdict.Verdict) {
	r.Walks++
	r.Walked += len(walk.Journey)
	if !slices.ContainsFunc(verdicts, telling) {
		r.Blind++
	}
	for _, v := range verdicts {
		r.Outcomes[v.Outcome.String()]++
		if v.Outcome != verdict.Inconclusive {
			continue
		}
		reason := numbers.ReplaceAllString(stepWord.ReplaceAllString(v.Reason, "$1 …"), "N")
		i := slices.IndexFunc(r.Weaknesses, func(w Weakness) bool {
			return w.Clause == v.Clause && w.Subject == v.Subject && w.Expected == v.Expected && w.Reason == reason
		})
		if i < 0 {
			i = len(r.Weaknesses)
			r.Weaknesses = append(r.Weaknesses, Weakness{
				Clause: v.Clause, Subject: v.Subject, Expected: v.Expected, Reason: reason, Walk: walk.Number, Step: v.Step,
			})
		}
		w := &r.Weaknesses[i]
		w.Count++
		if walk.Number < w.Walk {
			w.Walk, w.Step = walk.Number, v.Step
		}
	}
}

// telling tells that a verdict says something of the pixel.
func telling(v verdict.Verdict) bool {
	return v.Outcome != verdict.Inconclusive && v.Outcome != verdict.Unsupported && v.Outcome != verdict.Error
}

// Judged tells whether any walk said something of the pixel: where none did, that
// nothing was found means nothing.
func (r *Result) Judged() bool { return r.Blind < r.Walks }

// sort brings what several walks have added at the same time into one order.
func (r *Result) sort() {
	slices.SortFunc(r.Weaknesses, func(a, b Weakness) int {
		return cmp.Or(b.Count-a.Count, cmp.Compare(a.Clause, b.Clause), cmp.Compare(a.Subject, b.Subject),
			cmp.Compare(a.Expected, b.Expected), cmp.Compare(a.Reason, b.Reason))
	})
	slices.Sort(r.Unsteady)
	slices.Sort(r.Errors)
}
