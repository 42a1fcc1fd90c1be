package e2e_test

import (
	"os"
	"path/filepath"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

var _ = g.Describe("pixelwitness run --pixel piwikpro", func() {
	counted := func(result *verdict.Result) map[verdict.Outcome]int {
		n := map[verdict.Outcome]int{}
		for _, v := range result.Verdicts {
			n[v.Outcome]++
		}
		return n
	}

	g.It("finds the reference right in every scenario", func(ctx g.SpecContext) {
		file := filepath.Join(g.GinkgoT().TempDir(), "result.json")
		session := pixelwitness(ctx, 0, "run", "--browser", "shell", "--pixel", "piwikpro", "piwikpro.*", "--json", file)
		Expect(session.Out).To(gbytes.Say(`reading +temporary-cookie: after-it-was-set\n`))
		result := readResult(file)
		Expect(counted(result)).To(HaveKeyWithValue(verdict.Pass, BeNumerically(">", 700)))
		for _, v := range result.Verdicts {
			// The headless shell keeps no page to come back to.
			Expect(v.Outcome).To(BeElementOf(verdict.Pass, verdict.Unsupported), "%s at step %s of %s: %s", v.Clause, v.Step, v.Scenario, v.Observed)
			if v.Outcome == verdict.Unsupported {
				Expect(v.Reason).To(ContainSubstring("the headless shell keeps none"), "%s at step %s of %s", v.Clause, v.Step, v.Scenario)
			}
		}
		judged := map[string]verdict.Outcome{}
		for _, c := range result.Clauses {
			judged[c.ID] = c.Outcome
		}
		for _, clause := range reference().Library.Catalogue("piwikpro").Clauses {
			Expect(judged).To(HaveKey(clause.ID))
		}
	}, g.SpecTimeout(2*patience))

	g.It("reads the document the other way, and says so", func(ctx g.SpecContext) {
		session := pixelwitness(ctx, 0, "run", "--reading", "temporary-cookie=after-the-last-event",
			"piwikpro.temporary-cookie-prolonged", "piwikpro.off-undecided")
		Expect(session.Out).To(gbytes.Say(`reading +temporary-cookie: after-the-last-event\n`))
		Expect(session.Out).To(gbytes.Say(`piwikpro: 2 scenarios, \d+ clauses, \d+ verdicts: \d+ pass - pass\n`))
	}, g.SpecTimeout(patience))

	g.It("walks the consent window and the administration in full Chrome", func(ctx g.SpecContext) {
		session := pixelwitness(ctx, 0, "run", "--browser", "full", "piwikpro.changed-his-mind", "piwikpro.administered", "piwikpro.off-undecided")
		Expect(session.Out).To(gbytes.Say(`piwikpro: 3 scenarios, \d+ clauses, \d+ verdicts: \d+ pass - pass\n`))
	}, g.SpecTimeout(patience))

	g.It("judges only what the collector decides when it plays the tracker's part", func(ctx g.SpecContext) {
		file := filepath.Join(g.GinkgoT().TempDir(), "result.json")
		pixelwitness(ctx, 0, "run", "--pixel", "piwikpro", "--without-browser", "--json", file)
		result := readResult(file)
		Expect(counted(result)).To(And(HaveLen(2), HaveKey(verdict.Unsupported), HaveKeyWithValue(verdict.Pass, BeNumerically(">", 200))))
		for _, v := range result.Verdicts {
			if v.Outcome == verdict.Pass {
				Expect(v.Subject).To(MatchRegexp(`^(record |the newest session|what the collector keeps)`), "%s at %s", v.Clause, v.Step)
			}
		}
	}, g.SpecTimeout(patience))

	g.DescribeTable("says what is wrong", func(ctx g.SpecContext, name, clause, says, scenario string) {
		session := pixelwitness(ctx, 1, "run", "--fault", name, scenario)
		Expect(session.Out).To(gbytes.Say(`FAIL +` + clause))
		Expect(session.Out).To(gbytes.Say(says))
	},
		g.Entry("with an address in the log", "logs-each-address", "piwikpro.no-ip-stored", `log`,
			"piwikpro.no-address-kept", g.SpecTimeout(patience)),
		g.Entry("with an address that is not all zeros", "leaves-ipv6-whole", "piwikpro.ip-masked", `zeros`,
			"piwikpro.geography-by-ipv6", g.SpecTimeout(patience)),
		g.Entry("with a place that is not the visitor's", "finds-the-place-by-the-masked-address", "piwikpro.geo-before-mask", `observed`,
			"piwikpro.geography", g.SpecTimeout(patience)),
		g.Entry("with an administration that saves nothing", "saves-nothing", "piwikpro.site-setting", `observed`,
			"piwikpro.administered", g.SpecTimeout(patience)),
		g.Entry("with an anonymous hit that names the user", "sends-the-user-id-anonymously", "piwikpro.undecided-anonymous", `uid`,
			"piwikpro.undecided", g.SpecTimeout(patience)),
	)
})

var _ = g.Describe("pixelwitness population", func() {
	g.It("holds the reports against the truth, and draws what refusals do to them", func(ctx g.SpecContext) {
		dir := filepath.Join(g.GinkgoT().TempDir(), "numbers")
		session := pixelwitness(ctx, 0, "population", "--visitors", "500", "--agree", "60%", "--out", dir)
		Expect(session.Out).To(gbytes.Say(`page views`))
		Expect(session.Out).To(gbytes.Say(`all [\d,]+ equalities hold`))
		for _, name := range []string{"report.json", "table.txt", "visitors.svg", "visitors.png"} {
			Expect(filepath.Join(dir, name)).To(BeARegularFile())
		}
		drawn, err := os.ReadFile(filepath.Join(dir, "visitors.svg"))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(drawn)).To(ContainSubstring("returning, truth"))
	}, g.SpecTimeout(patience))

	g.It("names the day and the number of a collector that counts wrongly", func(ctx g.SpecContext) {
		session := pixelwitness(ctx, 1, "population", "--visitors", "200", "--fault", "counts-a-session-twice")
		Expect(string(session.Out.Contents())).To(MatchRegexp(`sessions`))
		Expect(string(session.Out.Contents())).To(MatchRegexp(`20\d\d-\d\d-\d\d`))
	}, g.SpecTimeout(patience))
})
