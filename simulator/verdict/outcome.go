// Package verdict holds what the judges say: outcomes in their order, verdicts
// with the excerpt that proves them, and the tally of a run. It knows neither
// browsers nor evidence, so that a report needs nothing else.
package verdict

import (
	"fmt"
	"strings"
)

// Outcome is the result of one expectation, of one clause or of a whole run.
// Outcomes are ordered from best to worst; joining two can only get worse.
type Outcome int

// The outcomes, best first.
const (
	// Pass: the evidence shows that the promise was kept.
	Pass Outcome = iota
	// Skipped: deselected by the user.
	Skipped
	// Unsupported: the pixel declares that it lacks the feature.
	Unsupported
	// Deviation: the promise was broken exactly as the pixel declares, with a reason.
	Deviation
	// Inconclusive: the evidence cannot tell.
	Inconclusive
	// Fail: the evidence shows that the promise was broken.
	Fail
	// Error: the harness broke; nothing is said about the pixel.
	Error
)

var outcomeNames = [...]string{"pass", "skipped", "unsupported", "deviation", "inconclusive", "fail", "error"}

// Outcomes returns every outcome, best first.
func Outcomes() []Outcome {
	return []Outcome{Pass, Skipped, Unsupported, Deviation, Inconclusive, Fail, Error}
}

// String returns the outcome's name as it stands in reports, such as "fail".
func (o Outcome) String() string {
	if o < 0 || int(o) >= len(outcomeNames) {
		return fmt.Sprintf("outcome(%d)", int(o))
	}
	return outcomeNames[o]
}

// MarshalText writes the outcome's name. A value outside the list is an error.
func (o Outcome) MarshalText() ([]byte, error) {
	if o < 0 || int(o) >= len(outcomeNames) {
		return nil, fmt.Errorf("no such outcome: %d", int(o))
	}
	return []byte(outcomeNames[o]), nil
}

// UnmarshalText reads an outcome's name. An unknown name is an error.
func (o *Outcome) UnmarshalText(text []byte) error {
	for i, name := range outcomeNames {
		if name == string(text) {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("no such outcome: %q (one of %s)", text, strings.Join(outcomeNames[:], ", "))
}

// Worst joins outcomes: the worst wins. Of none it is Inconclusive, because
// nothing that was not observed counts as passed.
func Worst(outcomes ...Outcome) Outcome {
	if len(outcomes) == 0 {
		return Inconclusive
	}
	worst := outcomes[0]
	for _, o := range outcomes[1:] {
		worst = max(worst, o)
	}
	return worst
}
