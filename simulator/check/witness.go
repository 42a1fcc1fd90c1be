package check

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// newBench lays the evidence out, or says why nothing at all can be judged.
func newBench(plan *scenario.Plan, ev *evidence.Evidence) (*bench, *finding) {
	if ev != nil && len(ev.Faults) > 0 {
		return nil, broken("the harness broke during the journey: %s", strings.Join(ev.Faults, "; "))
	}
	if len(plan.Unsupported) > 0 {
		return nil, &finding{
			outcome: verdict.Unsupported, observed: "not run",
			reason: "the pixel declares no support for " + strings.Join(plan.Unsupported, ", "),
		}
	}
	if ev == nil {
		f := inconclusive("nothing was recorded")
		return nil, &f
	}
	if reason := mismatch(plan, ev); reason != "" {
		return nil, broken("%s", reason)
	}
	b := layOut(plan, ev)
	for _, v := range b.all {
		if len(v.hits) > 0 {
			return b, nil
		}
	}
	f := inconclusive("the pixel sent nothing in this run").seen("no request of the pixel")
	return nil, &f
}

// mismatch says why the evidence is not that of the plan, or contradicts itself.
func mismatch(plan *scenario.Plan, ev *evidence.Evidence) string {
	switch {
	case ev.Scenario != "" && ev.Scenario != plan.Scenario.ID:
		return fmt.Sprintf("the evidence is that of the scenario %s", ev.Scenario)
	case ev.Pixel != "" && ev.Pixel != plan.Pixel.Name:
		return fmt.Sprintf("the evidence is that of the pixel %s", ev.Pixel)
	}
	if _, err := regexp.Compile(plan.Pixel.Requests.Path); err != nil {
		return fmt.Sprintf("the pixel's requests cannot be told from others: %v", err)
	}
	steps, snapshots := map[string]bool{}, map[string]bool{}
	for _, s := range ev.Steps {
		if steps[s.Name] {
			return fmt.Sprintf("the evidence has the step %s twice", s.Name)
		}
		steps[s.Name] = true
	}
	for _, s := range ev.Snapshots {
		if snapshots[s.Step] {
			return fmt.Sprintf("the evidence has two snapshots of the step %s", s.Step)
		}
		snapshots[s.Step] = true
		if !steps[s.Step] && s.Step != "" {
			return fmt.Sprintf("a snapshot belongs to no step of the evidence: %q", s.Step)
		}
	}
	// What belongs to no step would be judged nowhere.
	for _, r := range ev.Requests {
		if !steps[r.Step] {
			return fmt.Sprintf("request %d belongs to no step of the evidence: %q", r.Seq, r.Step)
		}
		for _, f := range r.Frames {
			if f.Step != "" && !steps[f.Step] {
				return fmt.Sprintf("a message of request %d belongs to no step of the evidence: %q", r.Seq, f.Step)
			}
		}
	}
	for _, w := range ev.Writes {
		if !steps[w.Step] {
			return fmt.Sprintf("a write of the cookie %s belongs to no step of the evidence: %q", w.Name, w.Step)
		}
	}
	return ""
}

// derailed says why the journey was no longer the scenario's at the step: then
// neither a presence nor an absence means what the scenario takes it to mean.
func (b *bench) derailed(v *view) string {
	journey := b.plan.Scenario.Journey
	for i, earlier := range b.all[:v.place+1] {
		seen := earlier.step
		if seen.Problem != "" {
			return fmt.Sprintf("the step %s went wrong: %s", seen.Name, seen.Problem)
		}
		if i >= len(journey) || journey[i].Name != seen.Name {
			return fmt.Sprintf("the evidence's steps are not the scenario's: step %d is %s", i+1, seen.Name)
		}
		device, tab := b.plan.Scenario.Place(i)
		was := course(seen.Action, seen.Conditions, seen.Device, seen.Tab)
		now := course(journey[i].Action(), journey[i].Conditions(), device, tab)
		if was != now {
			return fmt.Sprintf("the step %s was another when it was recorded: %q, now %q", seen.Name, was, now)
		}
	}
	return ""
}

// course words what a step does, under what conditions, and where.
func course(action string, conditions []string, device, tab string) string {
	words := slices.Clone(conditions)
	if action != "" {
		words = append([]string{action}, words...)
	}
	if device != "" {
		words = append(words, "device "+device)
	}
	if tab != "" {
		words = append(words, "in "+tab)
	}
	return strings.Join(words, ", ")
}

// doubtful says why the hits may lack something, or "".
func doubtful(hits []hit) string {
	for _, h := range hits {
		if doubt := h.doubt(); doubt != "" {
			return fmt.Sprintf("request %d is not known whole: %s", h.Seq, doubt)
		}
	}
	return ""
}

// known is a value that a role is known to have had.
type known struct {
	value string
	// from says where it comes from, such as "of the step identified".
	from string
}

// knownValues returns the values, long enough for their hashes at least to be
// looked for, that a role had: as the pixel's parameter or cookie in any of the
// steps, and as the site gave it.
func (b *bench) knownValues(role string, views []*view) []known {
	var values []known
	add := func(value, from string) {
		// A cookie's value may be percent-encoded, and sent decoded.
		if plain, err := url.PathUnescape(value); err == nil {
			value = plain
		}
		if len(value) >= evidence.MinHashed && !slices.Contains(nothings, value) && !slices.ContainsFunc(values, func(k known) bool { return k.value == value }) {
			values = append(values, known{value, from})
		}
	}
	parameter, cookie := b.plan.ParameterName(role).Name, b.plan.CookieName(role).Name
	for _, v := range views {
		from := "of the step " + v.step.Name
		if parameter != "" {
			for _, h := range v.hits {
				for _, p := range h.parameters {
					if p.Name == parameter {
						add(p.Value, from)
					}
				}
			}
		}
		if cookie == "" {
			continue
		}
		for _, w := range v.writes {
			if w.Name == cookie && !w.Deletes() {
				add(w.Value, from)
			}
		}
		if v.snapshot != nil {
			for _, c := range v.snapshot.Named(cookie) {
				add(c.Value, from)
			}
		}
	}
	add(b.plan.Scenario.Config.Customer[role], "that the site gave")
	return values
}

// redactedToken is what stands for a value, or for a hash of it, in redacted evidence; see
// [evidence.Redact].
var redactedToken = regexp.MustCompile(`redacted-[0-9a-f]{12}(-short-digest|-short)?`)

// blindToGiven tells that a value which the site gave for one of the roles may
// stand in what was sent in the step and cannot be recognised, though the values
// were looked for: the evidence is redacted, and something stands there of which
// nobody knows what it was.
func (b *bench) blindToGiven(v *view, roles []string, values []known) bool {
	given := func(role string) bool { return len(b.plan.Scenario.Config.Customer[role]) >= evidence.MinHashed }
	if !b.redacted || !slices.ContainsFunc(roles, given) {
		return false
	}
	explained := map[string]bool{}
	b.explain(values, explained)
	for _, named := range []map[string]scenario.Name{b.plan.Pixel.Parameters, b.plan.Pixel.Cookies} {
		for role := range named {
			if !slices.Contains(roles, role) {
				b.explain(b.knownValues(role, b.all), explained)
			}
		}
	}
	for _, s := range v.sent {
		for _, text := range s.reading.Texts {
			for _, t := range redactedToken.FindAllString(text.Content, -1) {
				if !explained[t] && !strings.HasSuffix(t, "-short") {
					return true
				}
			}
		}
	}
	return false
}

// explain adds the tokens of the values.
func (b *bench) explain(values []known, explained map[string]bool) {
	for _, k := range values {
		for _, t := range redactedToken.FindAllString(k.value, -1) {
			explained[t], explained[t+"-digest"] = true, true
		}
	}
}
