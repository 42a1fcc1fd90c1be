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
	for _, person := range append(plan.Scenario.Persons(), "") {
		config := plan.Person(person).Scenario.Config
		for _, values := range append(slices.Clone(config.Changes), config.Customer) {
			for _, value := range values {
				add(value)
			}
		}
	}
	parameters, cookies := map[string]bool{}, map[string]bool{}
	for role := range plan.Pixel.Parameters {
		if name := plan.ParameterName(role); name.Set == "" && !slices.Contains(tellNobody, role) {
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
			for _, p := range r.ReadBatch(plan.Pixel.Requests.Batch).Parameters {
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
		for _, p := range s.Profiles {
			add(p.ID)
			add(p.CustomerID)
			for _, id := range p.UserIDs {
				add(id)
			}
		}
	}
	return slices.Sorted(maps.Keys(values))
}

// tellNobody lists roles whose values are common words and times: they name nobody,
// and stand everywhere.
var tellNobody = []string{scenario.RoleEventName, scenario.RoleIdentifyEvent, scenario.RoleIdentifyTime}
