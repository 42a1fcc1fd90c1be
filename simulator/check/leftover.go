package check

import (
	"fmt"
	"slices"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// outlives finds a value that the cookie had in an earlier step where it does not belong
// once the cookie is gone: in the jar under another name, or in any other store. nil
// where none is. What is too short to be looked for identifies nobody.
func (c cookie) outlives() *finding {
	var values []known
	for _, v := range c.views[:c.view.index] {
		var had []string
		for _, w := range c.live(v) {
			had = append(had, w.Value)
		}
		if v.snapshot != nil {
			had = append(had, valuesOf(v.snapshot.Named(c.name.Name))...)
		}
		for _, value := range had {
			if evidence.Traceable(value) && value != c.name.Set && !slices.ContainsFunc(values, func(k known) bool { return k.value == value }) {
				values = append(values, known{value, "of the step " + v.step.Name})
			}
		}
	}
	if len(values) == 0 {
		return nil
	}
	for _, k := range c.view.snapshot.Cookies {
		if k.Name == c.name.Name {
			continue
		}
		if t := c.held(values, k.Value); t != nil {
			return &finding{
				outcome: verdict.Fail, state: true,
				observed: fmt.Sprintf("its value is still in the jar, under the name %s%s", show(k.Name), as(t)),
				cookie:   jarExcerpt(k, c.view.step.Name, "pair"),
			}
		}
	}
	for _, item := range c.view.snapshot.Storage {
		t := c.held(values, item.Value)
		if t == nil {
			t = c.held(values, item.Name)
		}
		if t != nil {
			return &finding{
				outcome: verdict.Fail, state: true,
				observed: fmt.Sprintf("its value is still in the %s of %s, as %s%s", item.Store, item.Origin, show(item.Name), as(t)),
				storage:  itemExcerpt(item, c.view.step.Name),
			}
		}
	}
	return nil
}

func itemExcerpt(item evidence.Item, step string) *verdict.Excerpt {
	return linesExcerpt(shownLine{text: fmt.Sprintf("%s of %s, at the end of the step %s:", item.Store, item.Origin, step)},
		shownLine{"  ", item.Name + "=" + item.Value, item.Name})
}

// little is how many bits an entry may tell beside words: too few for a number that
// goes up, the size of a screen, or a language.
const little = 16.0

// constant judges an entry of a store that a visitor is left with where nothing must be
// kept. One that every visitor has from the first page on, that never changes and says
// next to nothing identifies nobody, and counts nothing: it is no data. What another
// person was seen to have as well is known to be that; proven is false where nobody was.
func (s stores) constant(item evidence.Item) (same, proven bool) {
	if s.bits(item.Name) >= little || s.bits(item.Value) >= little {
		return false, false
	}
	devices := map[string]bool{}
	for _, v := range s.all {
		if v.snapshot == nil {
			continue
		}
		here := slices.ContainsFunc(v.snapshot.Storage, func(other evidence.Item) bool {
			return other.Store == item.Store && other.Origin == item.Origin && other.Name == item.Name && other.Value == item.Value
		})
		changed := slices.ContainsFunc(v.snapshot.Storage, func(other evidence.Item) bool {
			return other.Store == item.Store && other.Origin == item.Origin && other.Name == item.Name && other.Value != item.Value
		})
		switch {
		case changed, !here && devices[v.step.Device]:
			return false, false // it tells one time from another
		case here && !devices[v.step.Device]:
			if !s.of(v).beginsAt(v) {
				return false, false // it tells who has been here before
			}
			devices[v.step.Device] = true
		}
	}
	return true, len(devices) > 1
}

// beginsAt tells that the step is the person's first with a page, or the first in which
// the pixel was seen to send.
func (b *bench) beginsAt(v *view) bool {
	paged := slices.ContainsFunc(b.views[:v.index], func(e *view) bool { return e.document != 0 })
	sent := slices.ContainsFunc(b.views[:v.index], func(e *view) bool { return len(e.hits) > 0 })
	return !paged || !sent && len(v.hits) > 0
}
