// Package coverage tells how well the suite is proven: which scenarios exercise
// each clause, which faults break it, and, once every fault has been walked
// through every scenario, which clauses each fault really turned red. A clause
// without a scenario is a promise that nobody looks at; one without a fault, or
// whose fault goes unnoticed, is a check that may never fail.
//
// The package computes and shows; what walks the journeys is handed to [Run].
package coverage

import "github.com/pixelwitness/pixelwitness/simulator/verdict"

// Form names the form of Table as JSON. It changes when a reader of the older
// form could misread the newer.
const Form = "pixelwitness/coverage/1"

// Table is clause × scenarios × faults, and what is wrong with it.
type Table struct {
	Schema string       `json:"schema"`
	Tool   verdict.Tool `json:"tool"`
	// Measured tells that journeys were walked; otherwise the table shows only
	// what is declared.
	Measured bool `json:"measured"`
	// Partial tells that only some of the faults were asked for; then the table
	// shows only what they touch, and only they decide.
	Partial bool `json:"partial,omitempty"`
	// Lacking lists the scenarios that were not there to be walked, of the suite
	// that the faults' clauses are declared on. If any is of a fault's document, or
	// of all, only the main clause of the fault has to turn red.
	Lacking []string `json:"lacking,omitempty"`
	// Browser is the product of the browser that the journeys were walked in.
	Browser string `json:"browser,omitempty"`
	// Complete tells that there is no problem and no error.
	Complete   bool       `json:"complete"`
	Documents  []Document `json:"documents"`
	References []Unbroken `json:"references"`
	Faults     []Measured `json:"faults"`
	Problems   []Problem  `json:"problems"`
	Errors     []string   `json:"errors,omitempty"`
	Timings    *Timings   `json:"timings,omitempty"`
}

// ProvenBySilence is the clause that an absence is proven only where the pixel was
// seen to send. It is a promise of this tool's, not of a pixel's, and so no fault
// turns it red: it is proven by a fault that leaves nothing to be seen, when
// every verdict is inconclusive. Such a fault declares no clause.
const ProvenBySilence = "all.no-vacuous-pass"

// Document is the table's part for one document.
type Document struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Clauses []Clause `json:"clauses"`
}

// Clause is one row of the table.
type Clause struct {
	ID    string `json:"id"`
	Level string `json:"level"`
	// Scenarios lists the scenarios that exercise it and that a reference can
	// walk, sorted.
	Scenarios []string `json:"scenarios"`
	// Faults lists the faults that declare it, and those that turned it red all
	// the same, sorted by name.
	Faults []Mark `json:"faults"`
}

// Mark is where a clause and a fault meet.
type Mark struct {
	Clause string `json:"clause,omitempty"`
	Fault  string `json:"fault,omitempty"`
	// Declared tells that the fault is meant to break the clause.
	Declared bool `json:"declared"`
	// Outcome is the clause's worst outcome under the fault; nil where no verdict
	// was given.
	Outcome *verdict.Outcome `json:"outcome,omitempty"`
	// Red tells that the fault was seen to break the clause: a fail, or for an
	// unclear clause, which is never failed, a deviation; for ProvenBySilence, that
	// the fault was caught.
	Red bool `json:"red,omitempty"`
	// Excused tells that it did not turn red and need not have: it is not the main
	// clause of the fault, and a scenario is lacking that may show it.
	Excused bool `json:"excused,omitempty"`
	// Scenarios lists those in which the outcome was that, sorted.
	Scenarios []string `json:"scenarios,omitempty"`
}

// State says what became of a fault.
type State string

// The states of a fault.
const (
	// Untried: no journey was to be walked with it.
	Untried State = "untried"
	// Caught: each clause that it declares turned red or is excused, and no other
	// turned red. Of a fault that declares none, every verdict was inconclusive.
	Caught State = "caught"
	// Missed: a clause that it declares did not turn red and is not excused.
	Missed State = "missed"
	// Elsewhere: none that it declares turned red, only others did.
	Elsewhere State = "caught only elsewhere"
	// Astray: all that it declares turned red, and others besides.
	Astray State = "astray"
	// Unfinished: not every journey was walked.
	Unfinished State = "unfinished"
	// Errored: the harness broke, so nothing is said.
	Errored State = "error"
)

// Measured is one fault, as declared and as found.
type Measured struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Part     string `json:"part"`
	Document string `json:"document"`
	State    State  `json:"state"`
	// Clauses lists the clauses that it declares, in its own order, and then the
	// others that it turned red, sorted.
	Clauses []Mark `json:"clauses"`
	Walked
}

// Unbroken is one way of delivery of an unbroken reference.
type Unbroken struct {
	Document string `json:"document"`
	Pixel    string `json:"pixel"`
	// Way is how the pixel was made to deliver: "image", "beacon", "form" or "batched".
	Way string `json:"way"`
	// Green tells that every journey was walked, and every clause passed that is
	// not unclear.
	Green bool `json:"green"`
	Walked
}

// Walked sums up the journeys with one fault, or in one way.
type Walked struct {
	// Journeys is how many were walked, Planned how many were to be.
	Journeys int `json:"journeys"`
	Planned  int `json:"planned"`
	// Cells lists every outcome that was not a pass, by scenario and clause.
	Cells []Cell `json:"cells,omitempty"`
	// Milliseconds sums the journeys' wall times, which overlap.
	Milliseconds float64 `json:"ms"`
}

// Cell is what one journey says of one clause.
type Cell struct {
	Scenario string          `json:"scenario"`
	Clause   string          `json:"clause"`
	Outcome  verdict.Outcome `json:"outcome"`
}

// Timings says where the time went.
type Timings struct {
	// Total is the wall time, and Launch its part before the first journey.
	Total    float64 `json:"totalMs"`
	Launch   float64 `json:"launchMs"`
	Journeys int     `json:"journeys"`
	Parallel int     `json:"parallel"`
}

// Problem is one reason why the coverage is not complete.
type Problem struct {
	Kind Kind `json:"kind"`
	// Clause, Fault and Way say what it is about, as far as it is about one.
	Clause string `json:"clause,omitempty"`
	Fault  string `json:"fault,omitempty"`
	Way    string `json:"way,omitempty"`
	// Text says it in one sentence.
	Text string `json:"text"`
}

// Kind is a kind of problem.
type Kind string

// The kinds of problems.
const (
	// NoScenario and NoFault: a must or derived clause lacks it.
	NoScenario Kind = "no-scenario"
	NoFault    Kind = "no-fault"
	// UnknownClause: a fault declares a clause that there is not.
	UnknownClause Kind = "unknown-clause"
	// NoReference: a fault is of a document that no pixel has a reference for.
	NoReference Kind = "no-reference"
	// NotCaught: a declared clause did not turn red and is not excused. CaughtElsewhere: and only
	// undeclared ones did.
	NotCaught       Kind = "not-caught"
	CaughtElsewhere Kind = "caught-elsewhere"
	// Undeclared: a clause turned red that the fault does not declare.
	Undeclared Kind = "undeclared"
	// SaysSomething: a fault that leaves nothing to be seen led to a verdict.
	SaysSomething Kind = "says-something"
	// NotGreen: the unbroken reference did not pass.
	NotGreen Kind = "not-green"
	// NotWalked: a journey that was planned was not walked.
	NotWalked Kind = "not-walked"
	// Broke: the harness broke in a journey.
	Broke Kind = "broke"
)

// Broke tells that the harness broke, or the run was broken off: the table is
// no judgement then.
func (t *Table) Broke() bool {
	if len(t.Errors) > 0 {
		return true
	}
	for _, p := range t.Problems {
		if p.Kind == Broke || p.Kind == NotWalked {
			return true
		}
	}
	return false
}
