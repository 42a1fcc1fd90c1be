package journey_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// telling is a visitor who can tell what his page has asked for.
type telling struct {
	*visitor
	// own are the URLs that it has asked for, asked those that were inquired after.
	own, asked []string
}

func (v *telling) Sent(_ context.Context, url string) (bool, error) {
	v.asked = append(v.asked, url)
	return slices.Contains(v.own, url), nil
}

// arriving is a wire at which requests arrive one after the other, a second apart.
type arriving struct {
	*wire
	began time.Time
}

func (w *arriving) Begin(string, time.Time) { w.began = time.Now() }

func (w *arriving) Await(ctx context.Context, match func(*evidence.Request) bool) error {
	for i := range w.requests {
		select {
		case <-time.After(time.Until(w.began.Add(time.Duration(i) * time.Second))):
		case <-ctx.Done():
			return ctx.Err()
		}
		if match(&w.requests[i]) {
			return nil
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

// A step that opens a page waits for a hit of that page: what the page before sent as it
// was left is none.
func TestAHitOfThePageThatWasLeftIsNotTheOpenedOnes(t *testing.T) {
	t.Parallel()
	const collector = "https://collect.vendor.test/wt"
	left, own := evidence.Request{Method: "POST", URL: collector}, evidence.Request{Method: "GET", URL: collector + "?own"}
	for name, test := range map[string]struct {
		requests []evidence.Request
		own      []string
		took     time.Duration
		seen     bool
		asked    []string // in the second step
	}{
		"its own is awaited":             {[]evidence.Request{left, left, own}, []string{own.URL}, 2 * time.Second, true, []string{collector, collector, own.URL}},
		"its own comes first":            {[]evidence.Request{own, left}, []string{own.URL}, 0, true, []string{own.URL}},
		"a page that cannot tell":        {[]evidence.Request{left}, nil, 3 * time.Second, true, []string{collector}},
		"no hit at all":                  {nil, nil, time.Second, false, nil},
		"a connection that did not come": {[]evidence.Request{{Purpose: "unreachable"}}, nil, 0, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &world{requests: test.requests}
				for i := range w.requests {
					w.requests[i].Seq = i + 1
				}
				v := &telling{visitor: &visitor{world: w}, own: test.own}
				steps := []scenario.Step{opening("a", "home"), opening("b", "products")}
				options := journey.Options{Now: time.Now, Step: func(int, scenario.Step) { v.asked = nil }}
				e := journey.Walk(t.Context(), plan(steps...), opener(v, &arriving{wire: &wire{w, ""}}), options).Evidence
				if len(e.Faults) > 0 || len(e.Steps) != 2 {
					t.Fatalf("faults %q, %d steps", e.Faults, len(e.Steps))
				}
				b := e.Steps[1]
				if took := b.Ended - b.Began; took != test.took || b.Seen != test.seen {
					t.Errorf("it took %v and was seen %t, want %v and %t", took, b.Seen, test.took, test.seen)
				}
				if diff := cmp.Diff(test.asked, v.asked); diff != "" {
					t.Errorf("asked of the page (-want +got):\n%s", diff)
				}
			})
		})
	}
}
