package check

import (
	"fmt"
	"slices"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// keeping judges what the collector keeps of the visitor of one step: its files, its
// logs, and what it gives back. Whatever was kept at the end of a later step counts as
// well: an address that is only written down with the next hit was kept all the same.
type keeping struct {
	*bench
	view *view
	// value is the scenario's word for what is looked for: "address", or a role.
	value string
}

// hoards keeps what the collector kept ready to be searched, and what searches of it
// found: several expectations look for the same in the same files.
type hoards struct {
	// troves holds the files, by step, spots what was found, by what was looked
	// for and where.
	troves map[string][]*trove
	spots  map[string]spotted
}

// spotted is what a search for some values in one file found.
type spotted struct {
	found bool
	value known
	w     writing
	at    int
	// unsure says why it cannot be told whether they stand there.
	unsure string
}

// trovesOf returns the files that were kept at the end of a step, ready to be searched.
func (k keeping) trovesOf(v *view) []*trove {
	if v.snapshot == nil {
		return nil
	}
	list, done := k.hoards.troves[v.step.Name]
	if !done {
		for _, file := range v.snapshot.Kept {
			list = append(list, newTrove(file))
		}
		k.hoards.troves[v.step.Name] = list
	}
	return list
}

// filed returns those that are files: what shows where a collector keeps things must
// stand there, and not only in what it gives back.
func (k keeping) filed(v *view) []*trove {
	return slices.DeleteFunc(slices.Clone(k.trovesOf(v)), (*trove).given)
}

// lies tells that the writing stands in a file that was kept at the end of the step.
func (k keeping) lies(v *view, w writing) bool {
	return slices.ContainsFunc(k.filed(v), func(t *trove) bool { return len(t.places(w, 1)) > 0 })
}

// absent: no form of the value stands in anything that the collector keeps. It is
// proven by what the same data holds of that very step, and by the same kind of value
// of a visitor who was identified, found by the same search.
func (k keeping) absent() finding {
	if k.view.snapshot == nil || k.view.snapshot.Kept == nil {
		return finding{outcome: verdict.Unsupported, observed: "not looked at",
			reason: "what the collector keeps was not read\nhint: name its files with --kept"}
	}
	if len(k.view.hits) == 0 {
		return inconclusive("the pixel sent nothing in the step %s, so there was nothing to keep", k.view.step.Name)
	}
	values, reason := k.soughtAfter()
	if reason != "" {
		return inconclusive("%s", reason)
	}
	doubt := ""
	for _, v := range k.all[k.view.place:] {
		for _, file := range k.trovesOf(v) {
			s := k.spot(v, file, values)
			if s.found {
				if f := k.before(s); f != nil {
					return *f
				}
				return k.found(v, file, s)
			}
			if doubt == "" {
				doubt = s.unsure
			}
		}
	}
	const nowhere = "nowhere in what the collector keeps"
	if doubt != "" {
		return inconclusive("%s", doubt).seen(nowhere)
	}
	trait := k.trait()
	if trait == "" {
		return inconclusive("nothing else of the step %s was found there either, so it may be kept elsewhere, or in a form that is not searched", k.view.step.Name).seen(nowhere)
	}
	contrast := k.identified()
	if contrast == "" {
		return inconclusive("the search found no %s of an identified visitor, so that it finds none here proves nothing", k.noun()).seen(nowhere)
	}
	return finding{outcome: verdict.Pass, observed: fmt.Sprintf("%s (%s), which holds %s; %s was found there", nowhere, plural(len(k.view.snapshot.Kept), "file"), trait, contrast)}
}

func (k keeping) noun() string {
	if k.value == scenario.KeptAddress {
		return "address"
	}
	return "identifier"
}

// soughtAfter returns the values that must not be kept, or why there are none. What
// was also that of an identified step may be kept for that.
func (k keeping) soughtAfter() (values []known, reason string) {
	if k.value == scenario.KeptAddress {
		name, origin := k.plan.Scenario.OriginAt(k.view.place)
		if origin.Address == "" {
			return nil, fmt.Sprintf("nothing says from where the visitor came in the step %s", k.view.step.Name)
		}
		for _, v := range k.all {
			if _, other := k.plan.Scenario.OriginAt(v.place); sameAddress(other.Address, origin.Address) && k.identifies(v) {
				return nil, fmt.Sprintf("the address of %s is also that of the identified step %s, and may be kept for that", name, v.step.Name)
			}
		}
		return []known{{origin.Address, "from " + name}}, ""
	}
	if k.redacted {
		return nil, "the evidence is redacted, so what the collector keeps cannot be searched"
	}
	name := k.plan.ParameterName(k.value).Name
	for _, found := range k.knownValues(k.value, k.views) {
		if v := k.identifiedBy(name, found.value); v != nil {
			reason = fmt.Sprintf("%s was also sent in the identified step %s, and may be kept for that", show(found.value), v.step.Name)
			continue
		}
		values = append(values, found)
	}
	switch {
	case len(values) > 0:
		return values, ""
	case reason != "":
		return nil, reason
	}
	return nil, fmt.Sprintf("the visitor was never seen to have a %s, so there is nothing to look for", k.value)
}

// identifies tells that the pixel sent the visitor ID in the step, or may have.
func (k keeping) identifies(v *view) bool { return k.sends(v) || doubtful(v.hits) != "" }

// sends tells that the pixel was seen to send the visitor ID in the step.
func (k keeping) sends(v *view) bool {
	name := k.plan.ParameterName(scenario.RoleVisitorID).Name
	return slices.ContainsFunc(v.hits, func(h hit) bool { return carries(h, name).presence != evidence.Absent })
}

// identifiedBy returns a step in which an identifiable hit carried the value.
func (k keeping) identifiedBy(parameter, value string) *view {
	visitor := k.plan.ParameterName(scenario.RoleVisitorID).Name
	for _, v := range k.all {
		for _, h := range v.hits {
			if carries(h, visitor).presence != evidence.Absent && slices.Contains(carries(h, parameter).values, value) {
				return v
			}
		}
	}
	return nil
}

// found is the finding where a value is kept.
func (k keeping) found(v *view, file *trove, s spotted) finding {
	what := "the value " + show(s.value.value)
	if k.value == scenario.KeptAddress {
		what = "the address " + s.value.value
	}
	way := ""
	if s.w.way != "" {
		way = ", " + s.w.way
	}
	later := ""
	if v != k.view {
		later = " at the end of the step " + v.step.Name
	}
	return finding{
		outcome:  verdict.Fail,
		observed: fmt.Sprintf("%s holds %s %s%s%s", file.name, what, s.value.from, way, later),
		storage:  keptExcerpt(file, v.step.Name, s.at, len(s.w.text)),
	}
}

// keptExcerpt shows what stands around a place of a file.
func keptExcerpt(file *trove, step string, at, length int) *verdict.Excerpt {
	head := fmt.Sprintf("%s at the end of the step %s, at byte %d:", file.name, step, at)
	from, to := max(0, at-around), min(len(file.data), at+length+around)
	p := &page{marks: []evidence.Span{{Text: 1, From: at - from, To: at - from + length}}}
	p.put("", 0, head, 0, len(head))
	text := string(file.data[from:to])
	p.put("  ", 1, text, 0, len(text))
	return p.excerpt()
}

// leastTrait is how long something must be that shows that a step was kept, in bytes.
const leastTrait = 6

// trait says what the data holds of the very step: a value that its hits carried,
// and that was not there before. What the visitor is known by does not count.
func (k keeping) trait() string {
	var before *view
	for _, v := range k.all[:k.view.place] {
		if len(k.trovesOf(v)) > 0 {
			before = v
		}
	}
	var own []string
	for _, role := range []string{scenario.RoleVisitorID, scenario.RoleSessionID, scenario.RoleDeviceKey, k.value} {
		own = append(own, k.plan.ParameterName(role).Name)
	}
	earlier := map[string]bool{}
	for _, v := range k.all[:k.view.place] {
		for _, h := range v.hits {
			for _, p := range h.parameters {
				earlier[p.Value] = true
			}
		}
	}
	for _, h := range k.view.hits {
		for _, p := range h.parameters {
			if len(p.Value) < leastTrait || slices.Contains(own, p.Name) || earlier[p.Value] && before == nil {
				continue
			}
			w := writing{text: p.Value}
			if k.lies(k.view, w) && (before == nil || !k.lies(before, w)) {
				return p.Name + "=" + show(p.Value)
			}
		}
	}
	return ""
}

// identified says which value of a visitor who was identified is kept.
func (k keeping) identified() string {
	for _, v := range k.all {
		if !k.sends(v) {
			continue
		}
		var values []string
		if k.value == scenario.KeptAddress {
			if _, origin := k.plan.Scenario.OriginAt(v.place); origin.Address != "" {
				values = []string{origin.Address}
			}
		} else {
			for _, role := range []string{k.value, scenario.RoleVisitorID} {
				for _, h := range v.hits {
					values = append(values, carries(h, k.plan.ParameterName(role).Name).values...)
				}
			}
		}
		for _, value := range values {
			if value == "" {
				continue
			}
			for _, later := range k.all[v.place:] {
				if slices.ContainsFunc(k.filed(later), func(t *trove) bool { return k.stands(t, value) }) {
					return fmt.Sprintf("that of the identified step %s", v.step.Name)
				}
			}
		}
	}
	return ""
}
