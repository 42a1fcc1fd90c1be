package e2e_test

import (
	"os"
	"path/filepath"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// matomo is the tracker of a Matomo server, which no package brings: it is tried where
// somebody has put it.
func matomo() string {
	g.GinkgoHelper()
	path, err := filepath.Abs(filepath.Join("..", ".pixels", "matomo", "matomo.js"))
	Expect(err).NotTo(HaveOccurred())
	if _, err := os.Stat(path); err != nil {
		g.Skip("Matomo's own tracker is not there; put that of a Matomo server into .pixels/matomo")
	}
	return path
}

var _ = g.Describe("Matomo's own tracker", func() {
	const alone = "piwikpro.seen-in-the-browser"

	g.It("is asked for, since its description comes without it", func(ctx g.SpecContext) {
		session := pixelwitness(ctx, 2, "run", "--pixel", "matomo", alone)
		Expect(session.Out.Contents()).To(BeEmpty())
		Expect(said(session)).To(ContainSubstring("the pixel matomo comes without its script\nhint: give it with --script FILE or URL"))
	}, g.SpecTimeout(patience))

	g.It("keeps a visitor unknown without his consent, but for the user ID that the site gives", func(ctx g.SpecContext) {
		file := filepath.Join(g.GinkgoT().TempDir(), "result.json")
		pixelwitness(ctx, 1, "run", "--pixel", "matomo", "--script", matomo(), "--json", file)
		result := readResult(file)
		Expect(result.Errors).To(BeEmpty())
		outcomes := map[string]verdict.Outcome{}
		for _, c := range result.Clauses {
			outcomes[c.ID] = c.Outcome
		}
		Expect(outcomes).To(HaveKeyWithValue("piwikpro.agree-identifies", verdict.Pass))
		for _, v := range result.Verdicts {
			switch {
			case v.Scenario != alone:
				// What it lacks the means for is said to be unsupported, and never passes.
				Expect(v.Outcome).To(Equal(verdict.Unsupported), "%s at %s", v.Clause, v.Step)
			case v.Outcome == verdict.Pass:
			case v.Clause == "all.no-hiding-place":
				Expect(v.Outcome).To(Equal(verdict.Fail))
				Expect(v.Observed).To(ContainSubstring(`uid to vendor.test "user5684798169"`))
			default:
				Expect(v.Outcome).To(Equal(verdict.Fail))
				Expect(v.Subject).To(Equal("parameter uid (customer-id)"), "%s at %s", v.Clause, v.Step)
			}
		}
		for _, clause := range []string{"piwikpro.undecided-anonymous", "piwikpro.disagree-anonymous", "piwikpro.change-of-mind"} {
			Expect(outcomes).To(HaveKeyWithValue(clause, verdict.Fail))
		}
	}, g.SpecTimeout(patience))
})
