package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/population"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// playing is the flag of a run without a browser.
type playing struct{ withoutBrowser bool }

func (p *playing) add(c *cobra.Command) {
	c.Flags().BoolVar(&p.withoutBrowser, "without-browser", false,
		"play the tracker's part at protocol level, and judge only what the collector decides")
}

// refuse refuses flags that would have no effect without a browser: the run would
// be taken for proof of what it never tried.
func (p *playing) refuse(c *cobra.Command) error {
	if !p.withoutBrowser {
		return nil
	}
	for _, name := range []string{"script", "chrome", "browser", "headed"} {
		if c.Flags().Changed(name) {
			return usage("--%s does not go with --without-browser", name)
		}
	}
	return nil
}

// refuseFault refuses a fault of the tracker, which would have no effect either.
func (p *playing) refuseFault(f fault.Fault) error {
	if p.withoutBrowser && f.Part == fault.Tracker {
		return usage("the fault %s is one of the tracker, whose part is played without a browser", f.Name)
	}
	return nil
}

// driver plays the visitors of plans by the dialects of the population.
func driver() suite.Driver {
	return suite.Driver{
		Browser:  population.Browser(),
		Playable: population.Playable,
		Opener: func(plan *scenario.Plan, collector http.Handler) journey.Opener {
			return population.Stage{
				Plan: plan, Through: population.Handled(collector), Reading: gateway.Reading, Placing: gateway.WithAddress,
			}.Opener()
		},
	}
}

// walk walks the scenarios: in a browser, or without one.
func (p *playing) walk(ctx context.Context, o suite.Options) (*verdict.Result, error) {
	if p.withoutBrowser {
		return suite.Play(ctx, o, driver())
	}
	return suite.Run(ctx, o)
}
