package report

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2/reporters"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func junitOf(t *testing.T, r *verdict.Result) string {
	t.Helper()
	return rendered(t, func(b *bytes.Buffer) error { return JUnit(b, r) })
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	for name, r := range samples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := junitOf(t, r)
			golden(t, "junit/"+name+".xml", []byte(out))
			checkJUnit(t, r, []byte(out))
		})
	}
}

// checkJUnit holds what is true of every result: the XML is well-formed, the
// sums are right, and it is red exactly when the result is.
func checkJUnit(t *testing.T, r *verdict.Result, out []byte) {
	t.Helper()
	var all reporters.JUnitTestSuites
	if err := xml.Unmarshal(out, &all); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tests, failures, errs, skipped := 0, 0, 0, 0
	for _, s := range all.TestSuites {
		for _, c := range s.TestCases {
			tests++
			switch {
			case c.Error != nil:
				errs++
			case c.Failure != nil:
				failures++
			case c.Skipped != nil:
				skipped++
			}
		}
	}
	if all.Tests != tests || all.Failures != failures || all.Errors != errs || all.Disabled != skipped {
		t.Errorf("sums are %d tests, %d failures, %d errors, %d skipped; counted %d, %d, %d, %d",
			all.Tests, all.Failures, all.Errors, all.Disabled, tests, failures, errs, skipped)
	}
	if red := failures+errs > 0; red != (r.Outcome >= verdict.Inconclusive) {
		t.Errorf("the outcome is %s, red is %v:\n%s", r.Outcome, red, out)
	}
	if (errs > 0) != (r.Outcome == verdict.Error) && tests > 0 && len(r.Verdicts) > 0 && failures == 0 {
		t.Errorf("the outcome is %s with %d errors", r.Outcome, errs)
	}
	if tests == 0 {
		t.Error("no test case: an empty report is green")
	}
}

func TestJUnitCases(t *testing.T) {
	t.Parallel()
	all := samples()
	for _, c := range []struct{ sample, name, want string }{
		{"fail", "mapp.eid-omitted", "fail: at step anonymous: expected absent, observed present in 1 of 1 requests, as 2123456789012345678"},
		{"fail", "mapp.nc-sent", "pass"},
		{"inconclusive", "mapp.nc-sent", "inconclusive: at step anonymous: expected set to 1, observed no request of the pixel"},
		{"error", "journey", "error: step opting-out: the browser was lost twice"},
		{"error", "error 1", "error: a request was seen by DevTools but not by the gateway: https://collect.vendor.test/wt"},
		{"partial", "mapp.no-identifying-cookie", "skipped: deviation: the ever-id cookie goes with the next request, not with the click"},
		{"partial", "mapp.opt-out-duration", "skipped: unsupported: the pixel declares no opt-out-duration"},
		{"partial", "mapp.opt-out-expires", "skipped: skipped: deselected"},
		{"empty", "verdict", "inconclusive: nothing was judged"},
	} {
		t.Run(c.sample+" "+c.name, func(t *testing.T) {
			t.Parallel()
			var suites reporters.JUnitTestSuites
			if err := xml.Unmarshal([]byte(junitOf(t, all[c.sample])), &suites); err != nil {
				t.Fatal(err)
			}
			if got := caseSays(suites, c.name); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func caseSays(suites reporters.JUnitTestSuites, name string) string {
	for _, s := range suites.TestSuites {
		for _, c := range s.TestCases {
			switch {
			case c.Name != name:
			case c.Error != nil:
				return c.Error.Type + ": " + c.Error.Message
			case c.Failure != nil:
				return c.Failure.Type + ": " + c.Failure.Message
			case c.Skipped != nil:
				return "skipped: " + c.Skipped.Message
			default:
				return c.Status
			}
		}
	}
	return "no such case"
}

func TestJUnitTextIsThatOfTheReport(t *testing.T) {
	t.Parallel()
	out := junitOf(t, samples()["fail"])
	for _, want := range []string{"eid=2123456789012345678", "^^^^^^^^^^^^^^^^^^^^^^^", "scenarios/mapp/opt-out.yaml:19"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
}

// An attribute's line feed would be read as a space.
func TestJUnitKeepsLineFeedsOutOfAttributes(t *testing.T) {
	t.Parallel()
	r := failing()
	r.Verdicts[2].Clause, r.Verdicts[2].Scenario, r.Verdicts[2].Observed = "a\nb", "c\nd", "e\nf"
	r.Pixel.Title, r.Scenarios[0].Title, r.Errors = "g\nh", "i\nj", []string{"k\nl"}
	out := junitOf(t, r)
	quotes := 0
	for _, c := range out {
		switch {
		case c == '"':
			quotes++
		case c == '\n' && quotes%2 == 1:
			t.Fatalf("a line feed in an attribute:\n%s", out)
		}
	}
}

// XML 1.0 cannot hold most control characters, not even escaped; a reader must
// still see what was there.
func TestJUnitShowsWhatXMLCannotHold(t *testing.T) {
	t.Parallel()
	out := junitOf(t, samples()["hostile"])
	if strings.ContainsRune(out, '\uFFFD') {
		t.Error("a character was lost")
	}
	if !strings.Contains(out, `\x1b[2J`) || !strings.Contains(out, `\x00`) || !strings.Contains(out, `]]&gt;`) {
		t.Errorf("the control characters are not shown:\n%s", out)
	}
}
