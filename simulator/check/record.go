package check

import (
	"fmt"
	"math/big"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// recorded judges what the collector has recorded by the end of a step. The
// collector is one for all persons of a journey.
type recorded struct {
	*bench
	view *view
	name string
}

// compared: the number is larger than, or the same as, at the end of the latest
// step before of which it is known, whosever it was. That it stays the same means
// something only where it was seen to grow as well. Untouched is said of a step in
// which the pixel need not send anything.
func (r recorded) compared(e *scenario.Expectation) finding {
	if r.view.snapshot == nil {
		return inconclusive("what the collector had recorded at the end of the step %s is not known", r.view.step.Name)
	}
	now, reason := r.at(r.view)
	if now == nil {
		return inconclusive("%s", reason)
	}
	var before *view
	for i := r.view.place - 1; i >= 0 && before == nil; i-- {
		if v := r.all[i]; v.snapshot != nil && v.snapshot.Records[r.name] != "" {
			before = v
		}
	}
	if before == nil {
		return inconclusive("it was read at the end of no earlier step, so there is nothing to compare with").seen("%s", r.view.snapshot.Records[r.name])
	}
	then, reason := r.at(before)
	if then == nil {
		return inconclusive("%s", reason)
	}
	observed := fmt.Sprintf("%s: %s, as at the end of the step %s", r.name, r.view.snapshot.Records[r.name], before.step.Name)
	if now.Cmp(then) != 0 {
		observed = fmt.Sprintf("%s: %s, after %s at the end of the step %s", r.name, r.view.snapshot.Records[r.name], before.snapshot.Records[r.name], before.step.Name)
	}
	switch {
	case !r.view.step.Fenced:
		return inconclusive("the step %s was not seen to come to rest, so more may have followed", r.view.step.Name).seen("%s", observed)
	case len(r.view.hits) == 0 && e.Is != scenario.StateUntouched:
		return inconclusive("the pixel sent nothing in the step %s", r.view.step.Name).seen("%s", observed)
	}
	if e.Is == scenario.StateGrown && !e.By.IsZero() {
		return r.by(new(big.Float).Sub(now, then), e.By, observed)
	}
	return r.judged(e.Is, now.Cmp(then), observed)
}

// by: the number has grown by exactly the amount. A time, in seconds, has as well
// grown by the real time that passed between the visitor's hits, and by page time that
// was run forward: no less than the amount, and no more than both together.
func (r recorded) by(growth *big.Float, amount scenario.Amount, observed string) finding {
	if amount.Count > 0 {
		if growth.Cmp(big.NewFloat(float64(amount.Count))) == 0 {
			return finding{outcome: verdict.Pass, observed: observed}
		}
		return finding{outcome: verdict.Fail, observed: fmt.Sprintf("%s: %s more", observed, growth.Text('g', 12))}
	}
	seconds, _ := growth.Float64()
	low, high := amount.Span-wholeSecond, amount.Span+r.passed()+wholeSecond
	observed = fmt.Sprintf("%s: %.1f seconds more", observed, seconds)
	if seconds < low.Seconds() || seconds > high.Seconds() {
		return finding{outcome: verdict.Fail, observed: fmt.Sprintf("%s, where the visitor took between %.1f and %.1f", observed, amount.Span.Seconds(), (high - wholeSecond).Seconds())}
	}
	return finding{outcome: verdict.Pass, observed: observed}
}

// wholeSecond is how far a collector may be off that counts whole seconds.
const wholeSecond = time.Second

// passed is the real time, with the page time that was run forward, since the step
// began in which the pixel was seen to send before, for the same person.
func (r recorded) passed() time.Duration {
	from := r.view
	for i := r.view.index - 1; i >= 0; i-- {
		if from = r.views[i]; len(from.hits) > 0 {
			break
		}
	}
	passed := r.view.step.Ended - from.step.Began
	for _, v := range r.all[from.place : r.view.place+1] {
		passed += v.step.RunForward
	}
	return passed
}

// judged gives the outcome: change is negative, zero or positive as the number has
// shrunk, stayed or grown.
func (r recorded) judged(is string, change int, observed string) finding {
	switch is {
	case scenario.StateGrown:
		if change > 0 {
			return finding{outcome: verdict.Pass, observed: observed}
		}
		return finding{outcome: verdict.Fail, observed: observed}
	case scenario.StateUnchanged, scenario.StateUntouched:
		if change != 0 {
			return finding{outcome: verdict.Fail, observed: observed}
		}
		if grew := r.grew(); grew != "" {
			return finding{outcome: verdict.Pass, observed: observed + "; it grew in the step " + grew}
		}
		return inconclusive("it grew in no step, so that it stays the same proves nothing").seen("%s", observed)
	}
	return *broken("no check for a record that is %q", is)
}

// at returns the number at the end of the step, or why it is not known.
func (r recorded) at(v *view) (number *big.Float, reason string) {
	text := v.snapshot.Records[r.name]
	if text == "" {
		return nil, fmt.Sprintf("the collector's %s was not read at the end of the step %s", r.name, v.step.Name)
	}
	number, _, err := big.ParseFloat(text, 10, 200, big.ToNearestEven)
	if err != nil {
		return nil, fmt.Sprintf("at the end of the step %s the collector's %s was no number: %s", v.step.Name, r.name, show(text))
	}
	return number, ""
}

// grew names a step in which the number was seen to grow, or "".
func (r recorded) grew() string {
	var last *big.Float
	for _, v := range r.all {
		if v.snapshot == nil || v.snapshot.Records[r.name] == "" {
			continue
		}
		number, _ := r.at(v)
		if number != nil && last != nil && number.Cmp(last) > 0 {
			return v.step.Name
		}
		if number != nil {
			last = number
		}
	}
	return ""
}
