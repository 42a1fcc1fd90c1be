package check

import (
	"maps"
	"net/url"
	"slices"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// Identities returns what a visitor is known by in the evidence, sorted: what
// the site gave, and every value of the pixel's parameters and cookies that have
// a role and are not flags. Values too short to be replaced are left out. It is
// what [evidence.Redact] is to be given.
func Identities(plan *scenario.Plan, ev *evidence.Evidence) []string {
	values := map[string]bool{}
	add := func(value string) {
		if plain, err := url.PathUnescape(value); err == nil {
			value = plain
		}
		if len(value) >= evidence.MinRedacted {
			values[value] = true
		}
	}
	for _, value := range plan.Scenario.Config.Customer {
		add(value)
	}
	parameters, cookies := map[string]bool{}, map[string]bool{}
	for role := range plan.Pixel.Parameters {
		if name := plan.ParameterName(role); name.Set == "" {
			parameters[name.Name] = true
		}
	}
	for role := range plan.Pixel.Cookies {
		if name := plan.CookieName(role); name.Set == "" {
			cookies[name.Name] = true
		}
	}
	pixels := pixelRequests(plan.Pixel)
	for i := range ev.Requests {
		if r := &ev.Requests[i]; pixels(r) {
			for _, p := range r.Parameters() {
				if parameters[p.Name] {
					add(p.Value)
				}
			}
		}
	}
	for _, w := range ev.Writes {
		if cookies[w.Name] && !w.Deletes() {
			add(w.Value)
		}
	}
	for _, s := range ev.Snapshots {
		for _, c := range s.Cookies {
			if cookies[c.Name] {
				add(c.Value)
			}
		}
	}
	return slices.Sorted(maps.Keys(values))
}
