package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// unchanged: the profile has the user IDs, events, sessions, attributes and customer ID
// that it had at the end of the latest step before of which that is known, though
// the pixel sent something in between; and it was seen to change at another time.
func (p profile) unchanged() finding {
	list, unknown := p.asked()
	if unknown != nil {
		return *unknown
	}
	var worst *finding
	for _, held := range list {
		f := p.asBefore(held)
		if worst == nil || f.outcome > worst.outcome {
			worst = &f
		}
	}
	return *worst
}

func (p profile) asBefore(held *evidence.Profile) finding {
	same := func(other *evidence.Profile) bool {
		return other.By == held.By && other.Person == held.Person && other.ID == held.ID
	}
	var before *evidence.Profile
	var step *view
	for _, v := range p.all[:p.view.place] {
		if found := profileOf(v, same); found != nil {
			before, step = found, v
		}
	}
	switch {
	case before == nil:
		return inconclusive("it was read at the end of no earlier step, so there is nothing to compare with")
	case !before.Found && !held.Found:
		return inconclusive("there was none, and there is none").seen("none")
	case !before.Found:
		return p.fail(held, "", "it is new since the step %s", step.step.Name)
	case !held.Found:
		return p.fail(held, "", "it is gone, and was there in the step %s", step.step.Name)
	}
	if mark, change := difference(before, held); change != "" {
		return p.fail(held, mark, "%s since the step %s", change, step.step.Name)
	}
	if !slices.ContainsFunc(p.sent.events, func(e *event) bool { return e.step.place > step.place && e.fate != maybe }) {
		return inconclusive("nothing that could have changed it is known to have been taken since the step %s", step.step.Name).seen("as then")
	}
	if changed := p.changed(same); changed != "" {
		return p.pass(held, "as at the end of the step %s; it changed in the step %s", step.step.Name, changed)
	}
	return inconclusive("it changed in no step, so that it stays the same proves nothing").seen("as at the end of the step %s", step.step.Name)
}

// changed names a step in which the profile was seen to change, or "".
func (p profile) changed(same func(*evidence.Profile) bool) string {
	var last *evidence.Profile
	for _, v := range p.all {
		now := profileOf(v, same)
		if now == nil {
			continue
		}
		if last != nil {
			if _, change := difference(last, now); last.Found != now.Found || change != "" {
				return v.step.Name
			}
		}
		last = now
	}
	return ""
}

// difference says what has changed, and what shows it.
func difference(before, now *evidence.Profile) (mark, change string) {
	if before.CustomerID != now.CustomerID {
		return short(now.CustomerID), fmt.Sprintf("its customer ID has changed from %s to %s", orNone(before.CustomerID), orNone(now.CustomerID))
	}
	if before.Marked != now.Marked {
		return "marked", "its mark as a customer has changed"
	}
	if gone, come := apartFrom(before.UserIDs, now.UserIDs), apartFrom(now.UserIDs, before.UserIDs); len(come) > 0 {
		return short(come[0]), "it has got the user ID " + list(come)
	} else if len(gone) > 0 {
		return "", "it has lost the user ID " + list(gone)
	}
	if gone, come := apartFrom(lines(before), lines(now)), apartFrom(lines(now), lines(before)); len(come) > 0 {
		return come[0], "it has got the event " + come[0]
	} else if len(gone) > 0 {
		return "", "it has lost the event " + gone[0]
	}
	if before.Sessions != now.Sessions {
		return plural(now.Sessions, "session"), fmt.Sprintf("its sessions have changed from %d to %d", before.Sessions, now.Sessions)
	}
	for _, kind := range []struct {
		before, now map[string]string
	}{
		{before.CustomerAttributes, now.CustomerAttributes},
		{before.SystemAttributes, now.SystemAttributes},
		{before.CustomAttributes, now.CustomAttributes},
	} {
		names := slices.Sorted(maps.Keys(kind.before))
		names = append(names, apartFrom(slices.Sorted(maps.Keys(kind.now)), names)...)
		for _, name := range names {
			if was, is := kind.before[name], kind.now[name]; was != is {
				return name, fmt.Sprintf("%s has changed from %s to %s", name, show(was), show(is))
			}
		}
	}
	return "", ""
}

// apartFrom returns what of the list is not in the other, counting repetitions.
func apartFrom(values, other []string) []string {
	rest := slices.Clone(other)
	var left []string
	for _, value := range values {
		if i := slices.Index(rest, value); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
			continue
		}
		left = append(left, value)
	}
	return left
}

func orNone(id string) string {
	if id == "" {
		return "none"
	}
	return short(id)
}
