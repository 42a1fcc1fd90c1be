// Package specs brings the scenarios into Ginkgo suites. Register turns them
// into specs, one for each scenario and clause, with labels to select by; Visit
// and the matchers serve specs that are written by hand.
package specs

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	g "github.com/onsi/ginkgo/v2"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Register adds a container for each selected scenario, with a spec for each of
// its clauses, to the suite that is being built. Each scenario is walked once,
// in a browser of its own, when the first of its specs runs. Labels are the
// document, the scenario's ID and the clause's ID, so that
//
//	ginkgo --label-filter 'mapp.nc-sent'
//
// runs what judges that clause. A fail or an inconclusive verdict fails the
// spec; an unsupported one skips it, with the reason. Options that select
// nothing fail the suite. Call it at the top level:
//
//	var _ = specs.Register(specs.Options{…})
func Register(o suite.Options) bool {
	plans, err := suite.Plan(o)
	if err != nil {
		return failing(err)
	}
	return g.Describe("pixel "+o.Pixel.Name, g.Label(o.Pixel.Document), func() {
		for _, plan := range plans {
			describe(o, plan)
		}
	})
}

// RegisterPixel registers every scenario of a pixel. The data holds the clauses
// and scenarios, such as scenarios.FS; the pixel is a name among them, or a
// folder with a pixel.yaml. What is wrong with them fails the suite.
func RegisterPixel(data fs.FS, pixel string, launch suite.Launch) bool {
	o := suite.Options{Launch: launch}
	lib, err := scenario.Load(data, "scenarios")
	if err == nil {
		o.Library = lib
		o.Pixel, err = lib.FindPixel(pixel)
	}
	if err != nil {
		return failing(err)
	}
	return Register(o)
}

// failing adds a spec that fails with the error.
func failing(err error) bool {
	return g.Describe("pixelwitness", func() {
		g.It("finds its pixel and scenarios", func() { g.Fail(err.Error()) })
	})
}

// describe adds one scenario.
func describe(o suite.Options, plan *scenario.Plan) {
	g.Describe(plan.Scenario.Title, g.Ordered, g.ContinueOnFailure, g.Label(plan.Scenario.ID), func() {
		var visit *suite.Visit
		g.BeforeAll(func(ctx g.SpecContext) { visit = walk(ctx, o, plan) })
		for _, id := range clauses(plan) {
			g.It(id+": "+plan.Clauses[id].Promise, g.Label(id), func() { judge(visit, id) })
		}
	})
}

// clauses lists the clauses that a plan judges, in the order of its expectations.
func clauses(plan *scenario.Plan) []string {
	var ids []string
	for i := range plan.Scenario.Expect {
		e := &plan.Scenario.Expect[i]
		if plan.Judged(e) && !slices.Contains(ids, e.Clause) {
			ids = append(ids, e.Clause)
		}
	}
	return ids
}

// walk walks a plan in a session of its own, which ends with the container or
// spec that it runs in.
func walk(ctx g.SpecContext, o suite.Options, plan *scenario.Plan) *suite.Visit {
	if len(plan.Unsupported) > 0 {
		return suite.Unwalked(plan)
	}
	session, err := suite.Open(ctx, o)
	if err != nil {
		g.Fail(err.Error())
	}
	visit := session.Visit(ctx, plan)
	if err := session.Close(); err != nil {
		g.Fail(err.Error())
	}
	if errs := session.Errors(); len(errs) > 0 {
		g.Fail("the harness broke: " + strings.Join(errs, "; "))
	}
	return visit
}

// judge ends the spec of a clause as its verdicts say, the worst first.
func judge(visit *suite.Visit, clause string) {
	worst := verdict.Pass
	var said []string
	for _, v := range visit.Verdicts {
		if v.Clause != clause {
			continue
		}
		worst = verdict.Worst(worst, v.Outcome)
		if v.Outcome != verdict.Pass {
			said = append(said, explain(v))
		}
	}
	text := strings.Join(said, "\n\n")
	switch {
	case worst >= verdict.Inconclusive:
		g.Fail(text)
	case worst == verdict.Deviation:
		g.AddReportEntry("declared deviation", text)
	case worst > verdict.Pass:
		g.Skip(text)
	}
}

// explain puts a verdict into words, as a spec's failure shows it.
func explain(v verdict.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s at step %s of %s\n", v.Outcome, v.Clause, v.Step, v.Scenario)
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "  %-9s %s\n", name+":", text)
		}
	}
	line("document", fmt.Sprintf("%s § %s: %s", v.Document.Document, strings.Join(v.Document.Sections, ", "), v.Document.Promise))
	line("subject", v.Subject)
	line("expected", v.Expected)
	line("observed", v.Observed)
	line("reason", v.Reason)
	if _, e := v.Excerpt(); e != nil {
		line("evidence", strings.ReplaceAll(e.Marked("»", "«"), "\n", "\n            "))
	}
	line("where", v.Where)
	return strings.TrimRight(b.String(), "\n")
}
