package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// divided finds that the backend says of one of the customer's user IDs itself that
// it is nobody's, or somebody else's: then it stands in two profiles. That it has no
// profile of its own any more is well.
func (p profile) divided(held *evidence.Profile, ids []string) *finding {
	if held.By != scenario.ProfileCustomer {
		return nil
	}
	for _, id := range ids {
		of := visitorProfile(p.view, id)
		if of == nil || !of.Found || !slices.Contains(held.UserIDs, id) {
			continue
		}
		what := ""
		switch mine := of.CustomerID == held.ID || of.CustomerID == held.CustomerID && of.CustomerID != ""; {
		case mine && (of.Marked || !held.Marked): // that nobody is marked is another matter
			continue
		case mine:
			what = "is not marked as a customer"
		case of.CustomerID != "":
			what = "belongs to the customer " + short(of.CustomerID)
		case of.Marked:
			what = "is marked as a customer, though of nobody"
		default:
			what = "still stands as an anonymous profile"
		}
		f := p.fail(of, short(id), "the visitor %s is a user ID of %s, and the backend says of him that he %s", short(id), named(held), what)
		f.state = true
		if p.taken(held.Person, held.ID) == nil {
			f = inconclusive("no identification of that customer is known to have been taken").seen("%s", f.observed)
		}
		return &f
	}
	return nil
}

// lost finds an attribute that the visitor had before he was a customer, of the
// pixel's own saying, and that the customer lacks, or has with a value that nobody
// gave. What a backend finds out by itself may change at any time.
func (p profile) lost(held *evidence.Profile, id string) *finding {
	before, step := p.beforeMerge(id)
	if before == nil || held.By != scenario.ProfileCustomer || p.redacted {
		return nil
	}
	values := p.plan.Pixel.Profile.Values
	for _, kind := range []struct {
		name, path   string
		before, held map[string]string
	}{
		{"system", values.SystemAttributes, before.SystemAttributes, held.SystemAttributes},
		{"custom", values.CustomAttributes, before.CustomAttributes, held.CustomAttributes},
	} {
		for _, name := range slices.Sorted(maps.Keys(kind.before)) {
			was := kind.before[name]
			value, there := kind.held[name]
			given := p.givenAs(held, name)
			switch {
			case kind.path == "" || was == "" || value == was || !slices.Contains(given, was):
				continue
			case there && slices.Contains(given, value):
				continue // a newer one, of this visitor or another of the customer's
			case !there && slices.ContainsFunc(given, func(v string) bool { return slices.Contains(nothings, v) }):
				continue // taken back
			}
			f := p.fail(held, name, "the %s attribute %s of the visitor %s was %s in the step %s, and is %s with %s",
				kind.name, show(name), short(id), show(was), step.step.Name, showOrNone(value), named(held))
			f.state = true
			return &f
		}
	}
	return nil
}

func showOrNone(value string) string {
	if value == "" {
		return "none"
	}
	return show(value)
}

// beforeMerge returns what the backend said of the visitor last while he was
// nobody's, and at the end of which step; or nil.
func (p profile) beforeMerge(id string) (before *evidence.Profile, step *view) {
	for _, v := range p.all[:p.view.place+1] {
		if of := visitorProfile(v, id); of != nil && of.Found && of.CustomerID == "" && !of.Marked {
			before, step = of, v
		}
	}
	return before, step
}

// givenAs lists the values that any of the profile's visitors sent under a name that
// ends so.
func (p profile) givenAs(held *evidence.Profile, name string) []string {
	var given []string
	for _, e := range p.sent.events {
		if !slices.Contains(userIDs(held), e.visitor) {
			continue
		}
		for _, h := range e.hits {
			for _, q := range h.parameters {
				if q.Name == name || strings.HasSuffix(q.Name, "."+name) {
					given = append(given, q.Value)
				}
			}
		}
	}
	return given
}
