package e2e_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// impatient does not wait long for a pixel that is known to be silent.
func impatient(o *suite.Options) {
	o.Timeouts = journey.DefaultTimeouts()
	o.Timeouts.Pixel, o.Timeouts.PixelAgain = 500*time.Millisecond, 50*time.Millisecond
}

// outcomes joins the verdicts of each clause.
func outcomes(visit *suite.Visit) map[string]verdict.Outcome {
	joined := map[string]verdict.Outcome{}
	for _, v := range visit.Verdicts {
		joined[v.Clause] = verdict.Worst(joined[v.Clause], v.Outcome)
	}
	return joined
}

// expectFault expects the visit to fail on the clause alone.
func expectFault(visit *suite.Visit, clause string) {
	g.GinkgoHelper()
	for id, outcome := range outcomes(visit) {
		if id == clause {
			Expect(outcome).To(Equal(verdict.Fail), id)
		} else {
			Expect(outcome).To(BeElementOf(verdict.Pass, verdict.Inconclusive), id)
		}
	}
	Expect(slices.ContainsFunc(visit.Verdicts, func(v verdict.Verdict) bool {
		return v.Clause == clause && v.Outcome == verdict.Fail && (v.Request != nil || v.Cookie != nil || v.Storage != nil)
	})).To(BeTrue(), "the failed clause shows no evidence")
}

// expectNothingProven expects every verdict to be inconclusive.
func expectNothingProven(visit *suite.Visit) {
	g.GinkgoHelper()
	Expect(visit.Verdicts).NotTo(BeEmpty())
	Expect(visit.Scenario.Outcome).To(Equal(verdict.Inconclusive))
	for _, v := range visit.Verdicts {
		Expect(v.Outcome).To(Equal(verdict.Inconclusive), "%s at step %s", v.Clause, v.Step)
		Expect(v.Reason).NotTo(BeEmpty(), "%s at step %s", v.Clause, v.Step)
	}
}

var _ = g.Describe("a faulty tracker", func() {
	for _, f := range fault.All() {
		if f.Clause == "" {
			continue
		}
		g.It("is caught by "+f.Clause+" alone: "+f.Name, func(ctx g.SpecContext) {
			expectFault(walk(ctx, options(browser.Shell, f.Name)), f.Clause)
		}, g.SpecTimeout(time.Minute))
	}

	for _, transport := range []string{"beacon", "form"} {
		for _, name := range []string{"keeps-eid-parameter", "never-suppresses"} {
			g.It("is caught where it sends by "+transport+": "+name, func(ctx g.SpecContext) {
				f, err := fault.Lookup(name)
				Expect(err).NotTo(HaveOccurred())
				o := options(browser.Shell, name)
				withTransport(&o, transport)
				visit := walk(ctx, o)
				Expect(sentBy(visit.Evidence, transport)).NotTo(BeEmpty())
				expectFault(visit, f.Clause)
			}, g.SpecTimeout(time.Minute))
		}
	}

	g.It("is caught in full Chrome, by its cookies", func(ctx g.SpecContext) {
		expectFault(walk(ctx, options(browser.Full, "keeps-eid-cookie")), "mapp.opt-out-removes-eid")
	}, g.SpecTimeout(time.Minute))

	g.It("with two faults fails both clauses", func(ctx g.SpecContext) {
		found := outcomes(walk(ctx, options(browser.Shell, "one-year-choice", "never-suppresses")))
		Expect(found).To(HaveKeyWithValue("mapp.opt-out-lasts-five-years", verdict.Fail))
		Expect(found).To(HaveKeyWithValue("mapp.suppressed-omitted", verdict.Fail))
	}, g.SpecTimeout(time.Minute))
})

var _ = g.Describe("a tracker that does nothing", func() {
	complained := func(e *evidence.Evidence, level string, parts ...string) {
		g.GinkgoHelper()
		for _, m := range e.Messages {
			found := m.Level == level && m.Step == "identified"
			for _, part := range parts {
				found = found && strings.Contains(m.Text+" at "+m.Source, part)
			}
			if found {
				return
			}
		}
		g.Fail("no " + level + " with " + strings.Join(parts, " and ") + " among the messages:\n" + shownMessages(e))
	}
	const script = "https://cdn.vendor.test/js/smart-pixel.min.js"

	g.It("on purpose proves nothing", func(ctx g.SpecContext) {
		o := options(browser.Shell, "silent")
		impatient(&o)
		visit := walk(ctx, o)
		expectNothingProven(visit)
		Expect(visit.Evidence.Messages).To(BeEmpty())
	}, g.SpecTimeout(time.Minute))

	g.DescribeTable("by mistake proves nothing, and the page says why",
		func(ctx g.SpecContext, source, level string, parts ...string) {
			o := options(browser.Shell)
			impatient(&o)
			o.Script = &suite.Script{Name: "broken.js", Source: []byte(source)}
			visit := walk(ctx, o)
			expectNothingProven(visit)
			if level != "" {
				complained(visit.Evidence, level, parts...)
			}
		},
		g.Entry("an empty file", "", "", g.SpecTimeout(time.Minute)),
		g.Entry("a syntax error", "var wtSmart = ;\n", "exception", "SyntaxError", script+":1:15", g.SpecTimeout(time.Minute)),
		g.Entry("an error that is thrown", "\nthrow new TypeError('out of order');\n", "exception", "TypeError: out of order", script+":2:", g.SpecTimeout(time.Minute)),
		g.Entry("a promise that nobody takes", "Promise.reject(new Error('not today'));", "exception", "not today", g.SpecTimeout(time.Minute)),
		g.Entry("a page of HTML in its place", "<!doctype html><title>Not found</title>", "error", "did not load: script "+script, g.SpecTimeout(time.Minute)),
	)

	g.It("because its file is not there proves nothing, and the page says why", func(ctx g.SpecContext) {
		o := options(browser.Shell)
		impatient(&o)
		dir := pixelFolder()
		edit(filepath.Join(dir, "page.html.tmpl"), "{{.Script}}", "https://cdn.vendor.test/js/no-such-file.js")
		var err error
		o.Pixel, err = o.Library.LoadPixelDir(dir)
		Expect(err).NotTo(HaveOccurred())
		visit := walk(ctx, o)
		expectNothingProven(visit)
		complained(visit.Evidence, "error", "did not load: script https://cdn.vendor.test/js/no-such-file.js")
	}, g.SpecTimeout(time.Minute))

	g.It("because a policy of the page's blocks it proves nothing, and the page says why", func(ctx g.SpecContext) {
		o := options(browser.Shell)
		impatient(&o)
		dir := pixelFolder()
		edit(filepath.Join(dir, "page.html.tmpl"), `<meta charset="utf-8">`,
			`<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="script-src 'unsafe-inline' https://www.shop.test">`)
		var err error
		o.Pixel, err = o.Library.LoadPixelDir(dir)
		Expect(err).NotTo(HaveOccurred())
		visit := walk(ctx, o)
		expectNothingProven(visit)
		complained(visit.Evidence, "error", "Content Security Policy", script)
	}, g.SpecTimeout(time.Minute))
})

func shownMessages(e *evidence.Evidence) string {
	var lines []string
	for _, m := range e.Messages {
		lines = append(lines, m.Step+" "+m.Level+" "+m.Text+" at "+m.Source)
	}
	return strings.Join(lines, "\n")
}

// pixelFolder copies the built-in pixel to the disk, as a vendor does who starts
// a description of his own.
func pixelFolder() string {
	g.GinkgoHelper()
	dir := g.GinkgoT().TempDir()
	for _, name := range []string{"pixel.yaml", "page.html.tmpl"} {
		content, err := scenarios.FS.ReadFile("pixels/mapp/" + name)
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(filepath.Join(dir, name), content, 0o644)).To(Succeed())
	}
	return dir
}

// edit replaces the one place of the text in a file.
func edit(path, old, replacement string) {
	g.GinkgoHelper()
	content, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	Expect(strings.Count(string(content), old)).To(Equal(1), "%s in %s", old, path)
	Expect(os.WriteFile(path, []byte(strings.Replace(string(content), old, replacement, 1)), 0o644)).To(Succeed())
}
