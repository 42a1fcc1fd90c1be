package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

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
	if read := k.read(file, values); read.found {
		return read
	} else if read.unsure != "" {
		s.unsure = read.unsure
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

// read looks in one file for the values in forms that have many spellings.
func (k keeping) read(file *trove, values []known) (s spotted) {
	if k.value != scenario.KeptAddress {
		return s
	}
	for _, value := range values {
		address, err := netip.ParseAddr(value.value)
		if err != nil {
			continue
		}
		for _, seen := range file.sights(address) {
			switch with := k.sharing(address, seen); {
			case with != "":
				s.unsure = fmt.Sprintf("%s holds %s, %s, at byte %d, which is also that of the address %s", file.name, value.value, seen.way, seen.from, with)
			case seen.persons && !k.alsoOfAnother(file, address, seen):
				s.unsure = fmt.Sprintf("%s holds %s, %s, at byte %d, and nothing like it of another visitor, so it may be chance", file.name, value.value, seen.way, seen.from)
			default:
				return spotted{found: true, value: value, w: writing{text: string(file.data[seen.from:seen.to]), way: seen.way}, at: seen.from}
			}
		}
	}
	return s
}

// sharing returns another address of the journey that has the same half; "" for none.
func (k keeping) sharing(a netip.Addr, seen sight) string {
	if !seen.half {
		return ""
	}
	high, low := halves(a)
	for _, other := range k.others(a, func(*view) bool { return true }) {
		if h, l := halves(other); other.Is6() && (seen.rest && h == high || !seen.rest && l == low) {
			return other.String()
		}
	}
	return ""
}

// alsoOfAnother tells that the address of another visitor who was not identified stands
// in the file in the same way, and not at the same place.
func (k keeping) alsoOfAnother(file *trove, a netip.Addr, seen sight) bool {
	taken := map[int]bool{}
	for _, own := range file.sights(a) {
		taken[own.from] = true
	}
	unidentified := func(v *view) bool { return len(v.hits) > 0 && !k.identifies(v) }
	return slices.ContainsFunc(k.others(a, unidentified), func(other netip.Addr) bool {
		return slices.ContainsFunc(file.sights(other), func(s sight) bool { return s.way == seen.way && !taken[s.from] })
	})
}

// others returns the other addresses of the journey from which visitors came in steps
// of that kind.
func (k keeping) others(a netip.Addr, of func(*view) bool) []netip.Addr {
	var list []netip.Addr
	for _, v := range k.all {
		_, origin := k.plan.Scenario.OriginAt(v.place)
		other, err := netip.ParseAddr(origin.Address)
		if other = other.Unmap(); err == nil && other != a.Unmap() && !slices.Contains(list, other) && of(v) {
			list = append(list, other)
		}
	}
	return list
}

// stands tells that the value stands in the file, whole and not by chance.
func (k keeping) stands(file *trove, value string) bool {
	if slices.ContainsFunc(k.forms(value), func(w writing) bool { return !w.rest && !w.chance && len(file.places(w, 1)) > 0 }) {
		return true
	}
	address, err := netip.ParseAddr(value)
	return err == nil && k.value == scenario.KeptAddress &&
		slices.ContainsFunc(file.sights(address), func(s sight) bool { return !s.rest && !s.persons && !s.half })
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
