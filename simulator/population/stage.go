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
	return func(context.Context, string) (journey.Visitor, journey.Wire, error) {
		dialect, err := Lookup(s.Plan.Pixel.Document)
		if err != nil {
			return nil, nil, err
		}
		w := newWire(s.Plan.Pixel.Stage.Collector, s.Through, s.Now)
		w.reading = s.Reading
		v := &visitor{stage: s, wire: w, pages: map[string]*page{}}
		v.site = dialect.Site(v.Clock)
		v.tracker = dialect.Tracker(Means{Now: v.Clock, ID: s.ID})
		settings := s.Plan.Pixel.Settings
		v.player = Player{Dialect: dialect, Through: w, To: Account{
			Collector: "https://" + s.Plan.Pixel.Stage.Collector,
			Portal:    settings["portal-id"], Property: settings["prop-id"],
		}}
		return v, w, nil
	}
}

// randomID makes an identifier that nobody has had before.
func randomID(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}
