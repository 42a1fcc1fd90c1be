package scenario

import "strings"

// ClockOfHits says that a collector goes by the times that hits tell.
const ClockOfHits = "hits"

// Clock says how a collector that runs elsewhere learns what time it is on a journey,
// whose days pass in moments. Without it the collector is taken to go by a clock of its
// own, and nothing is said of what it counts once days have passed.
type Clock struct {
	// Path is where the collector's clock is set, on its host: PUT of a JSON document
	// such as {"now": "2026-03-01T12:00:00Z"} sets it, from where it goes on, and
	// {"now": null} sets it back.
	Path string `yaml:"path,omitempty" json:"path,omitempty"`
	// Of is "hits" where the clock need not be set: the collector goes by the times
	// that the hits tell.
	Of string `yaml:"of,omitempty" json:"of,omitempty"`
}

func (s *source) checkClock(c *Clock) {
	switch {
	case c == nil:
	case c.Path == "" && c.Of == "":
		s.reject("clock", "path: /_/clock, where it is set, or of: "+ClockOfHits, "nothing says how the collector's clock follows a journey's")
	case c.Path != "" && c.Of != "":
		s.reject("clock.of", "leave one of the two out", "a clock that goes by the hits is not set, and path says where it is")
	case c.Of != "" && c.Of != ClockOfHits:
		s.reject("clock.of", "want "+ClockOfHits, "unknown clock %s", shown(c.Of))
	case c.Path != "" && (!strings.HasPrefix(c.Path, "/") || strings.ContainsAny(c.Path, "?# \t\n{}")):
		s.reject("clock.path", "such as /_/clock", "%s is no path", shown(c.Path))
	}
}

// SetsClock returns the path at which the collector's clock is set; "" where it is not.
func (p *Pixel) SetsClock() string {
	if p.Clock == nil {
		return ""
	}
	return p.Clock.Path
}

// GoesByHits tells that the collector goes by the times that hits tell.
func (p *Pixel) GoesByHits() bool { return p.Clock != nil && p.Clock.Of == ClockOfHits }

// Moves tells whether the journey's time has moved by the step at the index: whether a
// later day came, or a wait.
func (sc *Scenario) Moves(index int) bool {
	for _, s := range sc.Journey[:min(index+1, len(sc.Journey))] {
		if s.Day > 1 || s.After.Span() > 0 {
			return true
		}
	}
	return false
}
