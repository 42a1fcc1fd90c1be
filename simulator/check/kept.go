package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

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

// lies tells that the writing stands in anything that was kept at the end of the step.
func (k keeping) lies(v *view, w writing) bool {
	return slices.ContainsFunc(k.trovesOf(v), func(t *trove) bool { return len(t.places(w, 1)) > 0 })
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

// spot is search, which is done once for the same values in the same file.
func (k keeping) spot(v *view, file *trove, values []known) spotted {
	key := strings.Join([]string{k.value, v.step.Name, file.name}, "\x00")
	for _, value := range values {
		key += "\x00" + value.value
	}
	s, done := k.hoards.spots[key]
	if !done {
		s = k.search(file, values)
		k.hoards.spots[key] = s
	}
	return s
}

// search looks for the values in one file.
func (k keeping) search(file *trove, values []known) (s spotted) {
	for _, value := range values {
		for _, w := range k.forms(value.value) {
			places := file.places(w, 1)
			switch {
			case len(places) == 0:
			case !w.chance || k.repeated(file, w, value):
				return spotted{found: true, value: value, w: w, at: places[0]}
			default:
				s.unsure = fmt.Sprintf("%s holds %s of %s once, at byte %d, which may be chance", file.name, strings.TrimPrefix(w.way, "as its "), value.value, places[0])
			}
		}
	}
	wrapped := k.wrapped(file, values)
	if wrapped.unsure == "" {
		wrapped.unsure = s.unsure
	}
	return wrapped
}

// forms returns how a value may be written down.
func (k keeping) forms(value string) []writing {
	if address, err := netip.ParseAddr(value); k.value == scenario.KeptAddress && err == nil {
		return writings(address)
	}
	return []writing{{text: strings.ToLower(value), anyCase: true}}
}

// repeated tells that bytes which may stand somewhere by chance do not: they stand in
// two places of which neither is a copy of the other, or those of another visitor's
// address who was not identified stand there as well.
func (k keeping) repeated(file *trove, w writing, value known) bool {
	const beside, most = 8, 100
	around := func(at int) string {
		return string(file.data[max(0, at-beside):min(len(file.data), at+len(w.text)+beside)])
	}
	contexts := map[string]bool{}
	for _, at := range file.places(w, most) {
		contexts[around(at)] = true
	}
	if len(contexts) > 1 {
		return true
	}
	for _, v := range k.all {
		_, origin := k.plan.Scenario.OriginAt(v.place)
		if origin.Address == "" || sameAddress(origin.Address, value.value) || len(v.hits) == 0 || k.identifies(v) {
			continue
		}
		for _, other := range k.forms(origin.Address) {
			if other.chance && other.way == w.way && len(file.places(other, 1)) > 0 {
				return true
			}
		}
	}
	return false
}

// wrapped looks for the values with a canary, to which no encoding is strange. It
// passes over what stands there as it is: that was looked for, with what is beside it.
func (k keeping) wrapped(file *trove, values []known) spotted {
	var needles []evidence.Needle
	for _, value := range values {
		needles = append(needles, evidence.Needle{Value: value.value, From: value.from})
		if address, err := netip.ParseAddr(value.value); err == nil && address.Is6() && k.value == scenario.KeptAddress {
			needles = append(needles, evidence.Needle{Value: address.StringExpanded(), From: value.from})
		}
		for _, longer := range k.longer(value.value) {
			needles = append(needles, evidence.Needle{Value: longer})
		}
	}
	found, unsearched := evidence.NewCanary(needles).SearchText(string(file.data))
	for _, t := range found {
		other := slices.ContainsFunc(found, func(o evidence.Trace) bool {
			return o.Needle.From == "" && o.From < t.To && t.From < o.To
		})
		if t.Way != "" && !other {
			return spotted{found: true, value: known{t.Needle.Value, t.Needle.From}, w: writing{text: string(file.data[t.From:t.To]), way: t.Way}, at: t.From}
		}
	}
	if unsearched != "" {
		return spotted{unsure: fmt.Sprintf("%s could not be searched whole: %s", file.name, unsearched)}
	}
	return spotted{}
}

// longer returns the journey's addresses that the text is part of, as 192.0.2.1 is of
// 192.0.2.10: where one of them is packed, so is the text.
func (k keeping) longer(text string) []string {
	var list []string
	for _, origin := range k.plan.Scenario.Config.Origins {
		if origin.Address != text && strings.Contains(origin.Address, text) {
			list = append(list, origin.Address)
		}
	}
	slices.Sort(list)
	return list
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
				if slices.ContainsFunc(k.forms(value), func(w writing) bool { return !w.rest && !w.chance && k.lies(later, w) }) {
					return fmt.Sprintf("that of the identified step %s", v.step.Name)
				}
			}
		}
	}
	return ""
}
