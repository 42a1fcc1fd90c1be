package journey_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// sluggish is a wire to a collector that knows of a visitor only when it has been
// asked for him that often.
type sluggish struct {
	wire
	asked, after int
	restless     bool // every answer is another one
}

func (s *sluggish) Requests() []evidence.Request {
	return []evidence.Request{{Method: "GET", URL: "https://collect.vendor.test/wt?uid=u1"}}
}

func (s *sluggish) Record(ctx context.Context, path string) ([]byte, error) {
	if path != "/u/u1" {
		return s.wire.Record(ctx, path)
	}
	if s.asked++; s.asked <= s.after {
		return nil, missing{}
	}
	body := visitorFile
	if s.restless {
		body = strings.Replace(body, `"sessions": 1`, `"sessions": `+strings.Repeat("1", s.asked%9+1), 1)
	}
	return []byte(body), nil
}

func TestACollectorThatWorksLaterThanItAnswers(t *testing.T) {
	t.Parallel()
	settles, err := scenario.ParseLifetime("5s")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		settles  scenario.Lifetime
		slow     sluggish
		found    bool
		most     int // times that it is asked
		restless bool
	}{
		"asked once":                {scenario.Lifetime{}, sluggish{after: 1}, false, 1, false},
		"asked until it rests":      {settles, sluggish{after: 4}, true, 10, false},
		"at rest from the start":    {settles, sluggish{}, true, 6, false},
		"never at rest, yet heard":  {settles, sluggish{restless: true}, true, 51, true},
		"slower than it says it is": {settles, sluggish{after: 7}, false, 6, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := &world{requests: []evidence.Request{hit}, records: map[string]string{"/u/u1/events?limit=9": eventsFile}}
			slow := test.slow
			slow.wire = wire{w, ""}
			p := mapped(opening("home", "home"))
			p.Pixel.Profile.Settles = test.settles
			open := func(context.Context, string) (journey.Visitor, journey.Wire, error) {
				return &visitor{world: w}, &slow, nil
			}
			e := journey.Walk(t.Context(), p, open, w.options(journey.Options{})).Evidence
			if len(e.Faults) > 0 || len(e.Snapshots) != 1 {
				t.Fatalf("%s: faults %q", name, e.Faults)
			}
			if got := e.Snapshots[0].Profile("visitor", "u1").Found; got != test.found || slow.asked > test.most || test.restless && slow.asked < 50 {
				t.Errorf("%s: found %v, asked %d times", name, got, slow.asked)
			}
		})
	}
}
