package e2e_test

import (
	"context"
	"maps"
	"slices"
	"sync"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/check"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// judged is one visitor of a crowd: what was seen of him, and what it proves.
type judged struct {
	evidence *evidence.Evidence
	verdicts []verdict.Verdict
}

// outcomes joins the verdicts of each clause.
func (j judged) outcomes() map[string]verdict.Outcome {
	joined := map[string]verdict.Outcome{}
	for _, v := range j.verdicts {
		joined[v.Clause] = verdict.Worst(joined[v.Clause], v.Outcome)
	}
	return joined
}

// crowd walks a visitor through the one journey that is selected for each of the
// options, by name, all in one browser, two at a time. That is a fraction of the work of a
// suite for each.
func crowd(ctx g.SpecContext, all map[string]suite.Options) map[string]judged {
	g.GinkgoHelper()
	gw, b := openBrowser(ctx, browser.Shell)
	found := map[string]judged{}
	var mu sync.Mutex
	var walking sync.WaitGroup
	names := make(chan string)
	for range 2 {
		walking.Go(func() {
			defer g.GinkgoRecover()
			for name := range names {
				j := walkAlone(ctx, gw, b, all[name])
				mu.Lock()
				found[name] = j
				mu.Unlock()
			}
		})
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		select {
		case names <- name:
		case <-ctx.Done():
		}
	}
	close(names)
	walking.Wait()
	Expect(found).To(HaveLen(len(all)), "not everybody came home")
	return found
}

// walkAlone walks and judges one visitor in a browser that others use, too.
func walkAlone(ctx context.Context, gw *gateway.Gateway, b journey.Browser, o suite.Options) judged {
	plans, err := suite.Plan(o)
	Expect(err).NotTo(HaveOccurred())
	stage, err := suite.Stage(plans[0], o)
	Expect(err).NotTo(HaveOccurred())
	wire, err := gw.Visitor(stage)
	Expect(err).NotTo(HaveOccurred())
	visitor, err := b.Visitor(ctx, wire.Address())
	Expect(err).NotTo(HaveOccurred())
	walked := journey.Walk(ctx, plans[0], alone(visitor, wire), journey.Options{Timeouts: o.Timeouts})
	<-visitor.Dispose()
	Expect(wire.Close()).To(Succeed())
	Expect(walked.Evidence.Faults).To(BeEmpty())
	return judged{walked.Evidence, check.Judge(plans[0], walked.Evidence)}
}

// alone opens the one visitor of a journey.
func alone(visitor journey.Visitor, wire journey.Wire) journey.Opener {
	return func(context.Context, string) (journey.Visitor, journey.Wire, error) { return visitor, wire, nil }
}
