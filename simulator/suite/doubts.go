package suite

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// doubts warns of what a whole run shows and no verdict says: that it is rather the
// way to the collector that is wrong than the pixel. They change no outcome.
// Elsewhere tells that the collector was there before the run.
func doubts(visits []*Visit, elsewhere bool) []string {
	visits = slices.DeleteFunc(slices.Clone(visits), func(v *Visit) bool {
		return v == nil || v.Evidence == nil || len(v.Evidence.Steps) == 0
	})
	return append(turnedAway(visits, elsewhere), neverFound(visits)...)
}

// answers counts what the collector answered to hits.
type answers struct {
	hits      int
	errors    map[int]int // by status
	scenarios []string
	address   string // of one that was answered with an error
}

// turnedAway warns of hits that were answered with an error where the scenario asked
// for none, and the collector did not say why.
func turnedAway(visits []*Visit, elsewhere bool) []string {
	all := answers{errors: map[int]int{}}
	for _, v := range visits {
		if adverse(v.Plan) {
			continue
		}
		found := 0
		for _, r := range hitsOf(v) {
			all.hits++
			if r.Status < http.StatusBadRequest || r.Refused != "" {
				continue
			}
			found++
			all.errors[r.Status]++
			if address, _, _ := strings.Cut(r.URL, "?"); all.address == "" {
				all.address = r.Method + " " + address
			}
		}
		if found > 0 {
			all.scenarios = append(all.scenarios, v.Plan.Scenario.ID)
		} else {
			all.hits -= len(hitsOf(v)) // of scenarios in which all went well nothing is said
		}
	}
	if len(all.scenarios) == 0 {
		return nil
	}
	hint := "is requests.path of pixel.yaml what the collector takes?"
	if elsewhere {
		hint = "is the path of --collector right?"
	}
	return []string{fmt.Sprintf("the collector answered %s, though the scenario asks for no failure: %s\nhint: %s", all.said(), all.address, hint)}
}

func (a answers) said() string {
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(a.errors)) {
		parts = append(parts, fmt.Sprintf("%d to %d", status, a.errors[status]))
	}
	hits := fmt.Sprintf("%s of %d hits", strings.Join(parts, " and "), a.hits)
	if len(a.scenarios) == 1 {
		return hits + " of " + a.scenarios[0]
	}
	return fmt.Sprintf("%s of %d scenarios, such as %s", hits, len(a.scenarios), a.scenarios[0])
}

// adverse tells that an error is no wonder: the scenario has hits fail, or sends what
// a collector may refuse.
func adverse(plan *scenario.Plan) bool {
	well := []string{"", scenario.CollectorWell, scenario.CollectorSlow, scenario.CollectorLate, scenario.CollectorTwice}
	return plan.Scenario.Config.Identification().By == scenario.IdentityRaw ||
		slices.ContainsFunc(plan.Scenario.Journey, func(s scenario.Step) bool {
			return !slices.Contains(well, s.Collector) || s.Network != ""
		}) ||
		slices.ContainsFunc(plan.Scenario.Expect, func(e scenario.Expectation) bool { return e.Record == scenario.RecordConflicts })
}

// hitsOf returns the pixel's requests that were answered.
func hitsOf(v *Visit) []*evidence.Request {
	isHit := v.Plan.Pixel.Hits()
	var hits []*evidence.Request
	for i := range v.Evidence.Requests {
		if r := &v.Evidence.Requests[i]; r.Method != http.MethodOptions && r.Status > 0 && isHit(r.URL) {
			hits = append(hits, r)
		}
	}
	return hits
}

// neverFound warns of a kind of profile that the collector was asked for and has
// never had, though it took hits that would have made one.
func neverFound(visits []*Visit) []string {
	var found []string
	for _, kind := range []struct{ by, role string }{
		{scenario.ProfileCustomer, scenario.RoleCustomerID}, {scenario.ProfileVisitor, scenario.RoleVisitorID},
	} {
		taken, there := 0, false
		var pixel *scenario.Pixel
		for _, v := range visits {
			asked := map[string]bool{}
			for _, s := range v.Evidence.Snapshots {
				for _, p := range s.Profiles {
					if p.By == kind.by {
						asked[p.ID], there = true, there || p.Found
					}
				}
			}
			if n := naming(v, kind.role, asked); n > 0 {
				taken, pixel = taken+n, v.Plan.Pixel
			}
		}
		if there || pixel == nil || pixel.Profile == nil {
			continue
		}
		path, key := pixel.Profile.Customer.Path, "profile.customer.path"
		if kind.by == scenario.ProfileVisitor {
			path, key = pixel.Profile.Visitor.Path, "profile.visitor.path"
		}
		hits := "a hit that names one was"
		if taken > 1 {
			hits = fmt.Sprintf("%d hits that name one were", taken)
		}
		found = append(found, fmt.Sprintf("no %s profile was ever found under %s, though %s acknowledged\nhint: is %s right? it stands at %s",
			kind.by, path, hits, key, pixel.At(key)))
	}
	return found
}

// naming counts the hits that the collector took without a word, and that carry one
// of the IDs under the role.
func naming(v *Visit, role string, ids map[string]bool) int {
	name, n := v.Plan.ParameterName(role).Name, 0
	if name == "" || len(ids) == 0 {
		return 0
	}
	for _, r := range hitsOf(v) {
		if r.Status >= http.StatusBadRequest || r.Refused != "" {
			continue
		}
		parameters := r.ReadBatch(v.Plan.Pixel.Requests.Batch).Parameters
		if slices.ContainsFunc(parameters, func(p evidence.Placed) bool { return p.Name == name && ids[p.Value] }) {
			n++
		}
	}
	return n
}
