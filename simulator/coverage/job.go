package coverage

import (
	"fmt"
	"path"
	"slices"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Fault is one deliberate mistake in a reference, as it is declared.
type Fault struct {
	// Name says the behaviour, Title states it as a fact, Part is what is changed:
	// "tracker" or "collector".
	Name, Title, Part string
	// Document is the document that the reference is held to.
	Document string
	// Clauses lists the IDs of the clauses that it breaks, the main one first;
	// none where nothing can be judged any more.
	Clauses []string
}

// Reference is a reference that is right, and what it can be tried in.
type Reference struct {
	// Document is the document that it is held to, Pixel the pixel's name.
	Document, Pixel string
	// Ways lists the ways of delivery that it offers; faults are tried in the first.
	Ways []string
	// Scenarios lists the scenarios that it is held to, Unsupported those of them
	// that require what it lacks, and which are not walked.
	Scenarios, Unsupported []string
}

// Job is one journey that is to be walked.
type Job struct {
	Document, Way string
	// Fault is empty for the unbroken reference.
	Fault    string
	Scenario string
}

// of tells whether the other job is of the same fault, or of the same way of the
// unbroken reference.
func (j Job) of(other Job) bool {
	return j.Document == other.Document && j.Way == other.Way && j.Fault == other.Fault
}

// Visit is a job that was done.
type Visit struct {
	Job
	// Outcomes holds the worst outcome of each clause that was judged.
	Outcomes map[string]verdict.Outcome
	// Err says what broke in the harness, if anything did; or why a verdict is an error.
	Err string
	// Milliseconds is the journey's wall time.
	Milliseconds float64
}

// Judged is the visit of a job whose journey led to these verdicts.
func Judged(job Job, journey verdict.Scenario, verdicts []verdict.Verdict) Visit {
	v := Visit{Job: job, Outcomes: map[string]verdict.Outcome{}, Err: journey.Error, Milliseconds: journey.Milliseconds}
	for _, each := range verdicts {
		if each.Outcome == verdict.Error && v.Err == "" {
			v.Err = fmt.Sprintf("%s at step %s: %s", each.Clause, each.Step, each.Reason)
		}
		v.Outcomes[each.Clause] = verdict.Worst(v.Outcomes[each.Clause], each.Outcome) // of none: pass, the best
	}
	return v
}

// Jobs lists what is to be walked: every way of each unbroken reference, so that
// a broken one is known first, then each fault, through every scenario.
func Jobs(references []Reference, faults []Fault, unbroken bool) []Job {
	var jobs []Job
	add := func(r Reference, way, fault string) {
		for _, s := range r.Scenarios {
			if !slices.Contains(r.Unsupported, s) {
				jobs = append(jobs, Job{Document: r.Document, Way: way, Fault: fault, Scenario: s})
			}
		}
	}
	for _, r := range references {
		for _, way := range r.Ways {
			if unbroken {
				add(r, way, "")
			}
		}
	}
	for _, f := range faults {
		for _, r := range references {
			if r.Document == f.Document {
				add(r, r.Ways[0], f.Name)
			}
		}
	}
	return jobs
}

// UnbrokenName selects the unbroken references where faults are selected by name.
const UnbrokenName = "unbroken"

// Select returns the faults that the patterns mean, in the order of the faults: a
// pattern is the name of a fault or the ID of a clause that it declares, or a
// pattern over either, in which * stands for anything. Unbroken tells that the
// unbroken references are meant, too. Without a pattern all is meant. A pattern
// that means nothing is an error.
func Select(faults []Fault, patterns []string) (selected []Fault, unbroken bool, err error) {
	if len(patterns) == 0 {
		return faults, true, nil
	}
	chosen := make([]bool, len(faults))
	for _, pattern := range patterns {
		if _, err := path.Match(pattern, ""); err != nil {
			return nil, false, fmt.Errorf("%q is not a pattern\nhint: * stands for any characters, ? for one, [a-c] for one of a range", pattern)
		}
		means := func(word string) bool { ok, _ := path.Match(pattern, word); return ok }
		matched := means(UnbrokenName)
		unbroken = unbroken || matched
		for i, f := range faults {
			if means(f.Name) || slices.ContainsFunc(f.Clauses, means) {
				chosen[i], matched = true, true
			}
		}
		if !matched {
			return nil, false, &NoMatchError{Pattern: pattern}
		}
	}
	for i, f := range faults {
		if chosen[i] {
			selected = append(selected, f)
		}
	}
	return selected, unbroken, nil
}

// NoMatchError is a pattern that means no fault.
type NoMatchError struct{ Pattern string }

// Error names the pattern.
func (e *NoMatchError) Error() string {
	return fmt.Sprintf("no fault is called %q, and none breaks a clause that is", e.Pattern)
}
