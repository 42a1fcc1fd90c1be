package check

import (
	"slices"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// elsewhere is the finding for what cannot be known of a collector that runs elsewhere:
// what it counts once days have passed that its clock knows nothing of, and from where
// a visitor came whose address it does not take from this machine. nil where it can.
func (b *bench) elsewhere(e *scenario.Expectation, v *view) *finding {
	if b.collector == nil {
		return nil
	}
	kind, word := e.Subject()
	places := []string{scenario.SessionAddress, scenario.SessionCountry, scenario.SessionCity}
	switch {
	case b.collector.Clock == evidence.ClockOwn && (kind == "record" || kind == "session") && b.plan.Scenario.Moves(v.place):
		hint := "let its clock be set, as pixel.yaml says under clock"
		if b.plan.Pixel.SetsClock() == "" {
			hint = "say under clock in pixel.yaml where its clock is set, or that it goes by its hits"
		}
		return &finding{outcome: verdict.Unsupported, observed: "not judged",
			reason: "the collector goes by a clock of its own, for which the days and waits of the journey have not passed\nhint: " + hint}
	case b.collector.Proxy == evidence.ProxyUntrusted && (kind == "session" || kind == "kept") && slices.Contains(places, word):
		return &finding{outcome: verdict.Unsupported, observed: "not judged",
			reason: "the collector does not believe X-Forwarded-For, so to it every visitor comes from this machine\nhint: start it with --trusted-proxy 127.0.0.1"}
	}
	return nil
}
