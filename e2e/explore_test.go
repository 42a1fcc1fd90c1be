package e2e_test

import (
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/explore"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// exploring opens a session with the options, and says how it is explored. Each
// walk has a collector of its own, which a fault may have changed.
func exploring(ctx g.SpecContext, o suite.Options, change func(*collector.Options)) explore.Options {
	g.GinkgoHelper()
	o.Collector = func(now func() time.Time) (http.Handler, func() error, error) {
		options := collector.Options{Clock: now}
		if change != nil {
			change(&options)
		}
		c, err := collector.New(options)
		if err != nil {
			return nil, nil, err
		}
		return c.Handler(), c.Close, nil
	}
	session, err := suite.Open(ctx, o)
	Expect(err).NotTo(HaveOccurred())
	g.DeferCleanup(func() {
		Expect(session.Close()).To(Succeed())
		Expect(session.Errors()).To(BeEmpty())
	})
	return explore.Options{
		Library: o.Library, Pixel: o.Pixel, Visit: session.Visit, Seed: 3, First: 1, Steps: 8,
		Script: "reference:mapp", Command: "pixelwitness explore", Tool: o.Tool,
	}
}

// originals are the faults that the fixed scenarios began with, each with the
// clauses that a walk may find it by: what one walk shows first depends on it.
var originals = map[string][]string{
	"never-sends-nc":      {"mapp.nc-sent"},
	"always-sends-nc":     {"mapp.nc-only-when-anonymous"},
	"keeps-eid-parameter": {"mapp.eid-omitted"},
	"keeps-eid-cookie":    {"mapp.opt-out-removes-eid", "mapp.withdrawal-ends-identifying"},
	"never-suppresses":    {"mapp.suppressed-omitted"},
	"one-year-choice":     {"mapp.opt-out-lasts-five-years"},
	"delete-does-nothing": {"mapp.opt-back-in", "mapp.withdrawal-ends-identifying", "mapp.nc-sent"},
	"never-identifies":    {"mapp.opt-in-off-by-default", "mapp.consent-starts-identifying"},
}

var _ = g.Describe("random walks", g.Label("explore"), func() {
	g.It("find nothing wrong with the reference", func(ctx g.SpecContext) {
		o := exploring(ctx, options(browser.Shell), nil)
		o.Walks = 30
		result, err := explore.Explore(ctx, o)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Walks).To(Equal(30))
		Expect(result.Errors).To(BeEmpty())
		for _, f := range result.Findings {
			g.GinkgoWriter.Println(f.Text, f.Expected, f.Observed)
		}
		Expect(result.Findings).To(BeEmpty())
		Expect(result.Blind).To(BeZero())
		Expect(result.Outcomes[verdict.Pass.String()]).To(BeNumerically(">", 20*result.Outcomes[verdict.Inconclusive.String()]),
			"what the model expects can mostly be judged")
	}, g.SpecTimeout(patience))

	for name, clauses := range originals {
		g.It("find the fault "+name, func(ctx g.SpecContext) {
			f, err := fault.Lookup(name)
			Expect(err).NotTo(HaveOccurred())
			o := exploring(ctx, options(browser.Shell, name), f.Change)
			o.Walks, o.Once = 20, true
			result, err := explore.Explore(ctx, o)
			Expect(err).NotTo(HaveOccurred())
			var found []string
			for _, f := range result.Findings {
				found = append(found, f.Clause)
			}
			Expect(found).To(ContainElement(BeElementOf(clauses)))
		}, g.SpecTimeout(patience))
	}

	g.It("shrink to a scenario that can be added as it is, and fails again", func(ctx g.SpecContext) {
		o := exploring(ctx, options(browser.Shell, "keeps-eid-cookie"), nil)
		o.Walks, o.Once, o.ShrinkRuns = 20, true, 80
		result, err := explore.Explore(ctx, o)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Findings).NotTo(BeEmpty())
		found := result.Findings[0]
		g.GinkgoWriter.Println(found.Text)

		files := fstest.MapFS{found.File: {Data: []byte(found.Text)}}
		Expect(fs.WalkDir(scenarios.FS, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := scenarios.FS.ReadFile(name)
			files[name] = &fstest.MapFile{Data: text}
			return err
		})).To(Succeed())
		lib, err := scenario.Load(files, "scenarios")
		Expect(err).NotTo(HaveOccurred())
		sc := lib.Scenario(found.ID)
		Expect(sc).NotTo(BeNil())
		Expect(len(sc.Journey)).To(BeNumerically("<=", 4), "an identified page, the choice, an anonymous page")
		Expect(sc.Config.Customer).To(BeEmpty())
		plan, err := scenario.Bind(lib, sc, lib.Pixel("mapp"))
		Expect(err).NotTo(HaveOccurred())
		Expect(failed(o.Visit(ctx, plan).Verdicts)).To(ConsistOf(found.Clause))

		clean := exploring(ctx, options(browser.Shell), nil)
		Expect(failed(clean.Visit(ctx, plan).Verdicts)).To(BeEmpty(), "and passes with the unbroken reference")
	}, g.SpecTimeout(patience))

	g.It("prove nothing of a pixel that is silent", func(ctx g.SpecContext) {
		o := options(browser.Shell, "silent")
		impatient(&o)
		e := exploring(ctx, o, nil)
		e.Walks = 3
		result, err := explore.Explore(ctx, e)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Judged()).To(BeFalse())
	}, g.SpecTimeout(patience))

	g.It("are told by the command, which says how to take one again", func(ctx g.SpecContext) {
		session := pixelwitness(ctx, 1, "explore", "--seed", "3", "--walks", "12", "--once", "--steps", "8", "--fault", "keeps-eid-parameter")
		out := string(session.Out.Contents())
		Expect(out).To(ContainSubstring("mapp.eid-omitted"))
		_, again, ok := strings.Cut(out, "# Again: pixelwitness ")
		Expect(ok).To(BeTrue(), out)
		again, _, _ = strings.Cut(again, "\n")
		repeated := pixelwitness(ctx, 1, append(strings.Fields(again), "--shrink-runs", "0")...)
		Expect(string(repeated.Out.Contents())).To(ContainSubstring("mapp.eid-omitted"))
	}, g.SpecTimeout(patience))
})

// failed lists the clauses that failed, each once.
func failed(verdicts []verdict.Verdict) []string {
	var list []string
	for _, v := range verdicts {
		if v.Outcome >= verdict.Fail && !slices.Contains(list, v.Clause) {
			list = append(list, v.Clause)
		}
	}
	return list
}
