package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// altered finds what an event says otherwise in the profile than its hit said it, or
// "". Nothing is judged where the pixel does not say where that stands.
func (p profile) altered(held *evidence.Profile, e *event) string {
	at := slices.IndexFunc(held.Events, func(h evidence.ProfileEvent) bool { return h.ID == e.id })
	names := slices.Sorted(maps.Keys(p.plan.Pixel.Profile.Event.Content))
	if at < 0 || len(names) == 0 || p.redacted || e.hits[0].doubt() != "" {
		return ""
	}
	sent, kept := said(e.hits[0], names), held.Events[at].Content
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		switch value, there := kept[name]; {
		case !there:
			return "lacks " + name + ", which was " + show(sent[name])
		case value != sent[name]:
			return "says " + name + " " + show(value) + ", which was " + show(sent[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		if _, there := sent[name]; !there {
			return "says " + name + " " + show(kept[name]) + ", which it did not say"
		}
	}
	return ""
}

// said is what the hit says under the names, or below them in JSON; what is empty
// says nothing. JSON that stands in a parameter as a whole is passed over for its
// fields.
func said(h hit, names []string) map[string]string {
	found := map[string]string{}
	for _, parameter := range h.parameters {
		top, below, nested := strings.Cut(parameter.Name, ".")
		container := !nested && strings.ContainsAny(parameter.Value[:min(1, len(parameter.Value))], "{[")
		if parameter.Value == "" || container || nested && below == "" || !slices.Contains(names, top) {
			continue
		}
		found[parameter.Name] = parameter.Value
	}
	return found
}
