package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/onsi/ginkgo/v2/reporters"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// JUnit writes the result for CI dashboards: one suite per scenario, in it one
// case per clause (classname is the scenario's ID, name the clause's).
//
// A fail is a <failure type="fail">, an inconclusive clause a <failure
// type="inconclusive">, an error of the harness an <error>; the text is that of
// the text report. What was skipped, unsupported or a declared deviation is
// <skipped> with its reason, so that a dashboard shows a partial run as one; a
// deviation's evidence is in <system-out>. What broke apart from any scenario
// makes a suite "harness". A result without a single verdict or error makes one
// failed case, since green means that it ran.
//
// A suite's time is its journey's, in seconds. A clause has no time of its own:
// each case carries an equal share, so that tools which add cases up arrive at
// the journey's time. The error is the writer's.
func JUnit(w io.Writer, r *verdict.Result) error {
	r = settled(r)
	all := reporters.JUnitTestSuites{Time: seconds(r.Timings.Total)}
	for _, j := range journeys(r) {
		all.TestSuites = append(all.TestSuites, suiteOf(r, &j))
	}
	if len(r.Errors) > 0 {
		all.TestSuites = append(all.TestSuites, harnessSuite(r))
	}
	if missing := unseen(r, all.TestSuites); missing != nil {
		all.TestSuites = append(all.TestSuites, *missing)
	}
	for i := range all.TestSuites {
		s := &all.TestSuites[i]
		tally(s)
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Disabled += s.Skipped
	}
	data, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("result as JUnit: %w", err)
	}
	// Line feeds occur in texts only, never in attributes, and are easier to
	// read as themselves.
	readable := strings.ReplaceAll(string(data), "&#xA;", "\n")
	_, err = io.WriteString(w, xml.Header+readable+"\n")
	return err
}

func suiteOf(r *verdict.Result, j *journey) reporters.JUnitTestSuite {
	s := newSuite(r, visible(j.ID))
	s.Package = visible(j.Document)
	s.Time = seconds(j.Milliseconds)
	property(&s, "title", j.Title)
	property(&s, "where", j.Where)
	property(&s, "evidence", j.Evidence)
	if j.Attempts > 1 {
		property(&s, "attempts", strconv.Itoa(j.Attempts))
	}
	for _, c := range j.Clauses {
		s.TestCases = append(s.TestCases, clauseCase(s.Name, &c))
	}
	if j.Error != "" {
		s.TestCases = append(s.TestCases, errorCase(s.Name, "journey", j.Error))
	}
	if len(s.TestCases) == 0 {
		s.TestCases = append(s.TestCases, nothingCase(s.Name, "nothing was judged in this scenario"))
	}
	for i := range s.TestCases {
		s.TestCases[i].Time = seconds(j.Milliseconds / float64(len(s.TestCases)))
	}
	return s
}

func clauseCase(scenario string, c *judgement) reporters.JUnitTestCase {
	test := reporters.JUnitTestCase{Name: visible(c.ID), Classname: scenario, Status: c.Outcome.String()}
	switch c.Outcome {
	case verdict.Pass:
	case verdict.Error:
		test.Error = &reporters.JUnitError{Type: "error", Message: worst(c), Description: details(c)}
	case verdict.Fail, verdict.Inconclusive:
		test.Failure = &reporters.JUnitFailure{Type: c.Outcome.String(), Message: worst(c), Description: details(c)}
	default:
		reason := c.Outcome.String()
		if reasons := c.reasons(c.Outcome); len(reasons) > 0 {
			reason += ": " + inLine(strings.Join(reasons, "; "))
		}
		test.Skipped = &reporters.JUnitSkipped{Message: reason}
		if c.Outcome == verdict.Deviation {
			test.SystemOut = details(c)
		}
	}
	return test
}

// worst is a clause's first verdict with its outcome, in one line.
func worst(c *judgement) string {
	for i := range c.Verdicts {
		v := &c.Verdicts[i]
		switch {
		case v.Outcome != c.Outcome:
		case v.Step != "":
			return "at step " + visible(v.Step) + ": " + headline(v)
		default:
			return headline(v)
		}
	}
	return c.Outcome.String()
}

// details is the text report's block of each verdict that did not pass.
func details(c *judgement) string {
	t := &printer{lines: newLines(0, false), verbose: true}
	for i := range c.Verdicts {
		if v := &c.Verdicts[i]; v.Outcome > verdict.Unsupported {
			t.verdict(v)
		}
	}
	return "\n" + t.b.String()
}

func harnessSuite(r *verdict.Result) reporters.JUnitTestSuite {
	s := newSuite(r, "harness")
	for i, problem := range r.Errors {
		s.TestCases = append(s.TestCases, errorCase(s.Name, fmt.Sprintf("error %d", i+1), problem))
	}
	return s
}

// unseen makes a failed suite if the result is bad and no suite shows it.
func unseen(r *verdict.Result, suites []reporters.JUnitTestSuite) *reporters.JUnitTestSuite {
	if !needsProof(r.Outcome) {
		return nil
	}
	for _, s := range suites {
		for _, c := range s.TestCases {
			if c.Failure != nil || c.Error != nil {
				return nil
			}
		}
	}
	s := newSuite(r, "harness")
	why := "the run is " + r.Outcome.String() + " though no scenario is"
	if len(r.Verdicts) == 0 {
		why = "nothing was judged"
	}
	s.TestCases = []reporters.JUnitTestCase{nothingCase(s.Name, why)}
	return &s
}

func errorCase(classname, name, problem string) reporters.JUnitTestCase {
	first, _, _ := strings.Cut(problem, "\n")
	return reporters.JUnitTestCase{
		Name: name, Classname: classname, Status: verdict.Error.String(),
		Error: &reporters.JUnitError{Type: "error", Message: visible(first), Description: visibleLines(problem)},
	}
}

func nothingCase(classname, why string) reporters.JUnitTestCase {
	return reporters.JUnitTestCase{
		Name: "verdict", Classname: classname, Status: verdict.Inconclusive.String(),
		Failure: &reporters.JUnitFailure{Type: verdict.Inconclusive.String(), Message: why},
	}
}

func newSuite(r *verdict.Result, name string) reporters.JUnitTestSuite {
	s := reporters.JUnitTestSuite{Name: name}
	if !r.Started.IsZero() {
		s.Timestamp = r.Started.UTC().Format("2006-01-02T15:04:05")
	}
	property(&s, "pixel", pixelLine(r.Pixel))
	property(&s, "readings", readingLine(r.Pixel))
	property(&s, "collector", collectorLine(r.Collector))
	property(&s, "kept", keptLine(r.Collector))
	property(&s, "browser", browserLine(r.Browser))
	property(&s, "tool", strings.TrimSpace(r.Tool.Name+" "+r.Tool.Version))
	return s
}

func property(s *reporters.JUnitTestSuite, name, value string) {
	if value != "" {
		s.Properties.Properties = append(s.Properties.Properties, reporters.JUnitProperty{Name: name, Value: visible(value)})
	}
}

func tally(s *reporters.JUnitTestSuite) {
	for _, c := range s.TestCases {
		s.Tests++
		switch {
		case c.Error != nil:
			s.Errors++
		case c.Failure != nil:
			s.Failures++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
}

// seconds turns milliseconds into seconds, to the millisecond.
func seconds(ms float64) float64 { return math.Round(ms) / 1000 }
