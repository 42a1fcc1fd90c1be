package scenario_test

import (
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

func TestHitsTellsThePixelsOwnRequests(t *testing.T) {
	t.Parallel()
	apart := scenario.Stage{Site: "www.shop.test", Scripts: "cdn.vendor.test", Collector: "collect.vendor.test"}
	shared := scenario.Stage{Site: "www.shop.test", Scripts: "collect.vendor.test", Collector: "collect.vendor.test"}
	tests := []struct {
		name  string
		stage scenario.Stage
		path  string
		url   string
		want  bool
	}{
		{"the collector's host", apart, "^/hit$", "https://collect.vendor.test/anything?x=1", true},
		{"the collector's host in other letters, with a port", apart, "^/hit$", "https://COLLECT.vendor.test:443/", true},
		{"the path on any host", apart, "^/hit$", "https://elsewhere.test/hit", true},
		{"neither", apart, "^/hit$", "https://www.shop.test/products", false},
		{"a URL that does not parse", apart, "^/hit$", "https://collect.vendor.test/%zz?eid=1", true},
		{"a path that does not parse", apart, "^/%zz$", "https://elsewhere.test/%zz", true},
		{"the tracker's code on the collector's host", shared, "^/hit$", "https://collect.vendor.test/tracker.js", false},
		{"a hit on the shared host", shared, "^/hit$", "https://collect.vendor.test/hit?x=1", true},
		{"no path to go by", shared, "", "https://collect.vendor.test/tracker.js", true},
		{"a path that is no expression", apart, "(", "https://collect.vendor.test/", true},
		{"no URL at all", apart, "^/hit$", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := &scenario.Pixel{Stage: test.stage, Requests: scenario.Requests{Path: test.path}}
			if got := p.Hits()(test.url); got != test.want {
				t.Errorf("%s is a hit: got %v, want %v", test.url, got, test.want)
			}
		})
	}
}
