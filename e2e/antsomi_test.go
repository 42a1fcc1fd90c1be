package e2e_test

import (
	"fmt"
	"path/filepath"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

var _ = g.Describe("pixelwitness run --pixel antsomi", func() {
	outcomes := func(result *verdict.Result) map[verdict.Outcome]int {
		n := map[verdict.Outcome]int{}
		for _, v := range result.Verdicts {
			n[v.Outcome]++
		}
		return n
	}

	g.It("finds the reference right in every scenario", func(ctx g.SpecContext) {
		file := filepath.Join(g.GinkgoT().TempDir(), "result.json")
		pixelwitness(ctx, 0, "run", "--browser", "shell", "--pixel", "antsomi", "antsomi.*", "--json", file)
		result := readResult(file)
		Expect(outcomes(result)).To(HaveKeyWithValue(verdict.Pass, BeNumerically(">", 400)))
		for _, v := range result.Verdicts {
			// The headless shell keeps no page to come back to.
			if v.Scenario != "antsomi.logout-and-back" || v.Outcome != verdict.Unsupported {
				Expect(v.Outcome).To(Equal(verdict.Pass), "%s at step %s of %s: %s", v.Clause, v.Step, v.Scenario, v.Observed)
			}
		}
		judged := map[string]bool{}
		for _, c := range result.Clauses {
			judged[c.ID] = true
		}
		for _, clause := range reference().Library.Catalogue("antsomi").Clauses {
			Expect(judged).To(HaveKey(clause.ID))
		}
	}, g.SpecTimeout(patience))

	g.It("walks three visits and a logout in full Chrome", func(ctx g.SpecContext) {
		session := pixelwitness(ctx, 0, "run", "--browser", "full", "antsomi.three-visits", "antsomi.logout", "antsomi.logout-and-back")
		Expect(session.Out).To(gbytes.Say(`antsomi: 3 scenarios, \d+ clauses, \d+ verdicts: \d+ pass - pass\n`))
	}, g.SpecTimeout(patience))

	g.It("judges only what the collector decides when it plays the tracker's part", func(ctx g.SpecContext) {
		file := filepath.Join(g.GinkgoT().TempDir(), "result.json")
		pixelwitness(ctx, 0, "run", "--pixel", "antsomi", "--without-browser", "--json", file)
		result := readResult(file)
		Expect(result.Conformance).To(Equal("partial"))
		Expect(outcomes(result)).To(And(HaveLen(2), HaveKey(verdict.Unsupported), HaveKeyWithValue(verdict.Pass, BeNumerically(">", 100))))
		for _, v := range result.Verdicts {
			if v.Outcome == verdict.Pass {
				Expect(v.Subject).To(MatchRegexp(`^(profile|attribute|record) `), "%s at %s", v.Clause, v.Step)
			}
		}
	}, g.SpecTimeout(patience))

	g.DescribeTable("says what is wrong", func(ctx g.SpecContext, name, clause, says string, more ...string) {
		session := pixelwitness(ctx, 1, append([]string{"run", "--pixel", "antsomi", "--fault", name}, more...)...)
		Expect(session.Out).To(gbytes.Say(`FAIL +` + clause))
		Expect(session.Out).To(gbytes.Say(says))
	},
		g.Entry("with an event that a merge has lost", "loses-an-event-at-the-merge", "antsomi.merges-anonymous", `observed`,
			"antsomi.three-visits", g.SpecTimeout(patience)),
		g.Entry("with strangers in one profile", "joins-whoever-is-anonymous", "antsomi.strangers-not-merged", `user ID`,
			"antsomi.strangers", g.SpecTimeout(patience)),
		g.Entry("with a customer who is somebody else afterwards", "renames-the-customer", "antsomi.cid-immutable", `observed`,
			"antsomi.cid-conflict", g.SpecTimeout(patience)),
		g.Entry("with a logout that keeps the UID", "reset-keeps-the-uid", "antsomi.reset-on-logout", `observed`,
			"antsomi.logout", g.SpecTimeout(patience)),
		g.Entry("with a late value that undoes a newer one", "lets-the-last-arrival-win", "antsomi.identify-time", `observed`,
			"antsomi.attribute-out-of-order", g.SpecTimeout(patience)),
		g.Entry("with an address as customer ID, without a browser", "takes-a-raw-email", "antsomi.cid-hashed", `observed`,
			"antsomi.raw-email-refused", "--without-browser", g.SpecTimeout(patience)),
	)

	g.It("judges a collector that runs elsewhere, and finds none where there is none", func(ctx g.SpecContext) {
		served, _ := start("serve", "--listen", "127.0.0.1:0", "--store", filepath.Join(g.GinkgoT().TempDir(), "profiles.db"))
		Eventually(ctx, served.Out).Should(gbytes.Say(`hits at`))
		var address string
		_, err := fmt.Sscanf(string(served.Out.Contents()), "collecting at %s", &address)
		Expect(err).NotTo(HaveOccurred())
		address = address[:len(address)-len(",")]
		for range 2 { // what the first run left there does not disturb the second
			session := pixelwitness(ctx, 0, "run", "antsomi.three-visits", "antsomi.strangers", "--collector", address)
			Expect(session.Out).To(gbytes.Say(`antsomi: 2 scenarios, \d+ clauses, \d+ verdicts: \d+ pass - pass\n`))
		}
		served.Interrupt()
		Eventually(ctx, served.Exited).Should(BeClosed())
		session := pixelwitness(ctx, 2, "run", "antsomi.three-visits", "--collector", address)
		Expect(session.Err).To(gbytes.Say(`hint: `))
	}, g.SpecTimeout(patience))
})
