package population

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// Browser is what evidence says of a browser that was not there.
func Browser() evidence.Browser {
	return evidence.Browser{Product: "pixelwitness", Kind: evidence.KindNone, UserAgent: "pixelwitness"}
}

// Stage is where a scenario is played without a browser: each device of its journey
// is a tracker, and the wire a transport to the collector. Its Opener is for
// [journey.Walk].
type Stage struct {
	// Plan is what is played. It must be [Playable].
	Plan *scenario.Plan
	// Through carries the requests, to the hosts of the pixel's stage: [Handled]
	// with the collector, or a proxy to it.
	Through http.RoundTripper
	// Reading marks the context of a request that reads back, for Through to tell it
	// from a hit; nil leaves it as it is.
	Reading func(ctx context.Context) context.Context
	// Placing marks the context of a request with the address that it comes from, for
	// a Through that hands requests on; nil leaves it to [From] alone.
	Placing func(ctx context.Context, address string) context.Context
	// Now is the real time; time.Now when nil.
	Now func() time.Time
	// ID makes identifiers of n bytes, in hex; random ones when nil.
	ID func(n int) string
}

// Playable says why the plan's journey cannot be played without a browser; nil when
// it can.
func Playable(plan *scenario.Plan) error {
	if _, err := Lookup(plan.Pixel.Document); err != nil {
		return err
	}
	for _, s := range plan.Scenario.Journey {
		if what := needs(plan, s); what != "" {
			return fmt.Errorf("the step %s needs a browser: %s", s.Name, what)
		}
		for _, condition := range []struct {
			is   bool
			what string
		}{
			{s.Script != "", "script " + s.Script},
			{s.Network == scenario.NetworkOffline, "network offline"},
			{slices.Contains(troubles, s.Collector), "collector " + s.Collector},
			{s.Tab == scenario.TabFrozen, "tab frozen"},
		} {
			if condition.is {
				return fmt.Errorf("the step %s needs a browser: what a tracker does under %q is not known here", s.Name, condition.what)
			}
		}
	}
	return nil
}

// otherSite is the page of the stage's site that belongs to another one.
const otherSite = "other-shop"

// needs says what of a step only a browser has; "" for nothing.
func needs(plan *scenario.Plan, s scenario.Step) string {
	switch {
	case s.Administers():
		return "the administrator's pages are clicked through"
	case s.Open == otherSite:
		return "the page belongs to a second site, and one is played"
	case s.Tab != "" && plan.Scenario.Config.Site != "":
		return "what a page held back, its tab sends once another tab has a decision"
	}
	return ""
}

// troubles are the collector's states to which each tracker has an answer of its own.
var troubles = []string{
	scenario.CollectorSlow, scenario.CollectorFailing, scenario.CollectorResetting, scenario.CollectorUnreachable,
}

// Opener returns what opens the devices of the journey.
func (s Stage) Opener() journey.Opener {
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.ID == nil {
		s.ID = randomID
	}
	steps := &paced{}
	return func(context.Context, string) (journey.Visitor, journey.Wire, error) {
		dialect, err := Lookup(s.Plan.Pixel.Document)
		if err != nil {
			return nil, nil, err
		}
		w := newWire(s.Plan.Pixel.Stage.Collector, s.Through, s.Now)
		w.reading, w.placing = s.Reading, s.Placing
		// Nothing has happened yet from which the first step is to be told.
		v := &visitor{stage: s, wire: w, paced: steps, forward: pace, pages: map[string]*page{}}
		v.site = dialect.Site(v.Clock)
		v.tracker = dialect.Tracker(Means{
			Now: v.Clock, ID: s.ID, Setting: v.setting,
			Refreshed: s.Plan.Pixel.Reading(scenario.ReadingTemporaryCookie) == scenario.AfterTheLastEvent,
		})
		v.player = Player{Dialect: dialect, Through: w, To: account(s.Plan)}
		return v, w, nil
	}
}

// settingSite is the setting that names the site at which a plan is played.
const settingSite = "site"

// account is whose hits the plan's are: some vendors tell a portal and a property of
// it, others a site.
func account(plan *scenario.Plan) Account {
	a := Account{Collector: "https://" + plan.Pixel.Stage.Collector}
	a.Portal, _ = plan.Setting("portal-id")
	a.Property, _ = plan.Setting("prop-id")
	if site, ok := plan.Setting(settingSite); ok {
		a.Property = site
	}
	return a
}

// randomID makes an identifier that nobody has had before.
func randomID(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}
