package e2e_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"

	"github.com/pixelwitness/pixelwitness/simulator/compare"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// updatePixels rewrites the findings on the vendors' own pixels:
//
//	go test ./e2e -count=1 -ginkgo.focus "own Smart Pixel" -update-pixels
var updatePixels = flag.Bool("update-pixels", false, "rewrite the findings on the vendors' own pixels")

// envPixels, set to "required", makes it an error that a vendor's own pixel is
// not there: a CI job that has fetched them must not pass by skipping.
const envPixels = "PIXELWITNESS_E2E_PIXELS"

// smartPixel is a file of the vendor's own pixel, which make pixels fetches.
func smartPixel(file string) string {
	g.GinkgoHelper()
	path, err := filepath.Abs(filepath.Join("..", ".pixels", "@webtrekk-smart-pixel", "core@1.10.0", file))
	Expect(err).NotTo(HaveOccurred())
	if _, err := os.Stat(path); err != nil {
		if os.Getenv(envPixels) == "required" {
			g.Fail("the vendor's own pixel is not there: " + err.Error())
		}
		g.Skip("the vendor's own pixel is not there; make pixels fetches it")
	}
	return path
}

// untold are scenarios that say nothing of the vendor's own pixel, with the reason.
var untold = map[string]string{
	"all.batched":                "it sends every hit by itself at once, so whether one is still on its way at the choice is a matter of milliseconds",
	"all.left-before-the-answer": "the answer that it waits for with its next hit is given in the moment of the choice, so which comes first is chance",
}

// varying are the parts of a finding that are another in every run.
var varying = []struct {
	pattern *regexp.Regexp
	stands  string
}{
	{regexp.MustCompile(`\d{19}`), "<ever-id>"},
	{regexp.MustCompile(`\d{13}`), "<ms>"},
	{regexp.MustCompile(`\brequests? \d+`), "request N"},
	{regexp.MustCompile(`requests of the step \(\d+\)`), "requests of the step"},
	{regexp.MustCompile(`"[0-9a-f-]{32,}"`), "<hash>"},
}

func steady(text string) string {
	for _, v := range varying {
		text = v.pattern.ReplaceAllString(text, v.stands)
	}
	return strings.ReplaceAll(text, "\n", " ")
}

// findings writes every clause with its outcome, and of those that did not pass
// what was found, without what is another in every run.
func findings(r *verdict.Result) string {
	r.Verdicts = slices.DeleteFunc(r.Verdicts, func(v verdict.Verdict) bool { return untold[v.Scenario] != "" })
	r.Scenarios = slices.DeleteFunc(r.Scenarios, func(s verdict.Scenario) bool { return untold[s.ID] != "" })
	r.Tally()
	var b strings.Builder
	for _, c := range r.Clauses {
		fmt.Fprintf(&b, "%-13s %s\n", c.Outcome, c.ID)
		found := map[string]bool{}
		for _, v := range r.Verdicts {
			if v.Clause != c.ID || v.Outcome == verdict.Pass {
				continue
			}
			line := fmt.Sprintf("    %s at %s, %s: %s: want %s, got %s", v.Scenario, v.Step, v.Subject, v.Outcome, v.Expected, v.Observed)
			if v.Reason != "" {
				line += " (" + v.Reason + ")"
			}
			found[steady(line)] = true
		}
		for _, line := range slices.Sorted(maps.Keys(found)) {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

var _ = g.Describe("the vendor's own Smart Pixel", func() {
	g.It("breaks the promises that are known, and keeps the others", func(ctx g.SpecContext) {
		const kept = "all.back-and-forward" // pages are kept by full Chrome alone
		found := func(args ...string) *verdict.Result {
			g.GinkgoHelper()
			file := filepath.Join(g.GinkgoT().TempDir(), "result.json")
			pixelwitness(ctx, 1, append([]string{"run", "--pixel", "mapp", "--script", smartPixel("smart-pixel.min.js"), "--json", file}, args...)...)
			result := readResult(file)
			Expect(result.Errors).To(BeEmpty())
			return result
		}
		result, other := found("--browser", "shell"), found("--browser", "full", kept)
		result.Verdicts = append(slices.DeleteFunc(result.Verdicts, func(v verdict.Verdict) bool { return v.Scenario == kept }), other.Verdicts...)
		result.Scenarios = append(slices.DeleteFunc(result.Scenarios, func(s verdict.Scenario) bool { return s.ID == kept }), other.Scenarios...)
		got := findings(result)
		golden := filepath.Join("testdata", "smart-pixel.golden")
		if *updatePixels {
			Expect(os.WriteFile(golden, []byte(got), 0o644)).To(Succeed())
		}
		want, err := os.ReadFile(golden)
		Expect(err).NotTo(HaveOccurred())
		Expect(cmp.Diff(string(want), got)).To(BeEmpty(), "if the change is meant: go test ./e2e -update-pixels")
	}, g.SpecTimeout(patience))

	g.It("differs from the reference in what is known, and two of its builds hardly", func(ctx g.SpecContext) {
		whole, light := smartPixel("smart-pixel.min.js"), smartPixel("smart-pixel.light.js")
		c := compared(ctx, 1, optOut, "--script", whole)
		Expect(c.A.Name).To(Equal("reference:mapp"))
		Expect(c.Clauses).To(HaveLen(1))
		Expect(c.Clauses[0].ID).To(Equal("mapp.opt-out-lasts-five-years"))
		Expect(c.Clauses[0].A).To(Equal([]verdict.Outcome{verdict.Pass}))
		Expect(c.Clauses[0].B).To(Equal([]verdict.Outcome{verdict.Fail}))
		Expect(about(c)).To(ContainElements("parameter pf value", "cookie miCookieOptOut written", "cookie wtstp_rla kept",
			"storage localStorage 111111111111111 kept"))
		Expect(about(c)).NotTo(ContainElement(HavePrefix("parameter eid")), "an ever-id is another in every run")
		Expect(about(c)).NotTo(ContainElement(HavePrefix("cookie wtstp_eid")))

		c = compared(ctx, 1, optOut, "--script", light, "--script", whole)
		Expect(c.Clauses).To(BeEmpty())
		Expect(about(c)).To(Equal([]string{"parameter ct sent"}))
	}, g.SpecTimeout(patience))
})

// compared runs the command and reads its comparison as other programs do.
func compared(ctx g.SpecContext, code int, args ...string) *compare.Comparison {
	g.GinkgoHelper()
	file := filepath.Join(g.GinkgoT().TempDir(), "comparison.json")
	pixelwitness(ctx, code, append([]string{"compare", "--json", file}, args...)...)
	content, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	var c compare.Comparison
	Expect(json.Unmarshal(content, &c)).To(Succeed())
	Expect(c.Schema).To(Equal(compare.Schema))
	return &c
}

// about lists what differs, in short.
func about(c *compare.Comparison) []string {
	var list []string
	for _, d := range c.Differences {
		list = append(list, strings.Join(strings.Fields(d.Kind+" "+d.Name+" "+d.Aspect), " "))
	}
	return list
}

var _ = g.Describe("pixelwitness compare", func() {
	// script keeps the reference, with faults if any are named, in a file.
	script := func(faults ...string) string {
		g.GinkgoHelper()
		path := filepath.Join(g.GinkgoT().TempDir(), "tracker.js")
		Expect(os.WriteFile(path, faulty(faults...).Source, 0o644)).To(Succeed())
		return path
	}

	g.It("finds no difference between a script and itself", func(ctx g.SpecContext) {
		session := pixelwitness(ctx, 0, "compare", optOut, "--script", script())
		Expect(session.Out).To(gbytes.Say(`0 with another outcome, 0 other differences - same\n`))
	}, g.SpecTimeout(patience))

	g.It("names the clause, the parameter and the steps in which scripts differ", func(ctx g.SpecContext) {
		c := compared(ctx, 1, optOut, "--script", script(), "--script", script("keeps-eid-parameter"))
		Expect(c.Clauses).To(HaveLen(1))
		Expect(c.Clauses[0].ID).To(Equal("mapp.eid-omitted"))
		Expect(c.Clauses[0].ShownB.Step).To(Equal("anonymous"))
		Expect(about(c)).To(Equal([]string{"parameter eid sent"}))
		d := c.Differences[0]
		Expect(d.Role).To(Equal("visitor-id"))
		Expect(d.A).To(Equal("absent"))
		Expect(d.B).To(Equal("in every hit: <number of 19 digits>"))
		// The cookie is gone with the first anonymous hit, and the ever-id with it.
		Expect(d.Places).To(HaveExactElements(compare.Place{Scenario: optOut, Step: "anonymous"}))
	}, g.SpecTimeout(patience))

	g.It("tells a cookie that lasts shorter, where the pixel's own script is the first", func(ctx g.SpecContext) {
		c := compared(ctx, 1, optOut, "--script", script("one-year-choice"))
		Expect(c.Clauses[0].ID).To(Equal("mapp.opt-out-lasts-five-years"))
		Expect(about(c)).To(Equal([]string{"cookie miCookieOptOut written"}))
		Expect(c.Differences[0].A).To(Equal("to last 1825 days"))
		Expect(c.Differences[0].B).To(Equal("to last 365 days"))
	}, g.SpecTimeout(patience))

	g.It("is broken off by Ctrl-C and leaves nothing", func(ctx g.SpecContext) {
		session, temporary := start("compare", "--script", script())
		Eventually(ctx, session.Err).Should(gbytes.Say(`1/\d+ `))
		session.Interrupt()
		finish(ctx, session, temporary, 3)
		Expect(session.Err).To(gbytes.Say(`the comparison was broken off`))
		Expect(session.Out.Contents()).To(BeEmpty())
	}, g.SpecTimeout(patience))

	g.DescribeTable("refuses what it cannot compare", func(ctx g.SpecContext, problem string, args ...string) {
		session := pixelwitness(ctx, 2, append([]string{"compare"}, args...)...)
		Expect(session.Out.Contents()).To(BeEmpty())
		Expect(string(session.Err.Contents())).To(And(HavePrefix("pixelwitness: "), ContainSubstring(problem)))
	},
		g.Entry("one script alone", "nothing to compare with the pixel's own script\nhint: ", g.SpecTimeout(patience)),
		g.Entry("three scripts", "3 scripts are named", "--script", "a", "--script", "b", "--script", "c", g.SpecTimeout(patience)),
		g.Entry("a script that is not there", "no-such-file.js", "--script", "no-such-file.js", g.SpecTimeout(patience)),
		g.Entry("a folder that is not there", "there is no folder", "--script", "pixels_test.go", "--json", "no-such-folder/x.json", g.SpecTimeout(patience)),
		g.Entry("nothing", `nonsense`, "nonsense", "--script", "pixels_test.go", g.SpecTimeout(patience)),
	)
})
