package specs

import (
	g "github.com/onsi/ginkgo/v2"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
)

// Walked is a journey that was walked, for specs that are written by hand.
type Walked struct {
	plan     *scenario.Plan
	evidence *evidence.Evidence
}

// Visit walks the one scenario with that ID in a browser of its own, and returns
// what was seen. Use it in a BeforeAll, or in a spec. A mistake, and a harness
// that breaks, fail the spec.
func Visit(ctx g.SpecContext, o suite.Options, id string) Walked {
	g.GinkgoHelper()
	o.Selectors = []string{id}
	plans, err := suite.Plan(o)
	if err != nil {
		g.Fail(err.Error())
	}
	if len(plans) != 1 || plans[0].Scenario.ID != id {
		g.Fail("Visit wants the ID of one scenario, not " + id)
	}
	visit := walk(ctx, o, plans[0])
	if len(visit.Evidence.Faults) > 0 {
		g.Fail("the harness broke: " + visit.Evidence.Faults[0])
	}
	return Of(plans[0], visit.Evidence)
}

// Of wraps evidence that is at hand, such as evidence read from a file.
func Of(plan *scenario.Plan, e *evidence.Evidence) Walked { return Walked{plan, e} }

// Evidence is everything that was recorded of the journey.
func (w Walked) Evidence() *evidence.Evidence { return w.evidence }

// At is the moment at the end of the named step: what was sent during it, and
// what the browser kept at its end. The matchers judge moments.
func (w Walked) At(step string) Moment { return Moment{w, step} }

// Moment is one step of a walked journey.
type Moment struct {
	walked Walked
	step   string
}
