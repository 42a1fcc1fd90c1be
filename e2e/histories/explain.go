package histories

import (
	"context"
	"fmt"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/population"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// Found is a history on which a collector and the model differ.
type Found struct {
	History population.History
	// Differs says in what.
	Differs string
	// Scenario tells the same, or a history near to it on which they differ as well;
	// nil when no scenario can, for the reason in Untold.
	Scenario *scenario.Scenario
	Untold   string
	// Said is what the search says of itself: how many histories, from what seed.
	Said string
}

// Explain tells of a history on which the collector and the model differ.
func (o *Oracle) Explain(ctx context.Context, h population.History) (Found, error) {
	diff, err := o.Differs(ctx, h)
	f := Found{History: h, Differs: diff}
	if err != nil {
		return f, err
	}
	walkable, err := h.Walkable()
	if err != nil {
		f.Untold = err.Error()
		return f, nil
	}
	diff, err = o.Differs(ctx, walkable)
	switch {
	case err != nil:
		return f, err
	case diff == "":
		f.Untold = "on the nearest history that a scenario can tell, they agree"
	default:
		f.Scenario = walkable.Scenario("antsomi.found", "People come and go as a drawn history has them", Fates(walkable))
	}
	return f, nil
}

// Fates are what becomes of each act's hit, by the model.
func Fates(h population.History) []population.Fate {
	told := h.Tell(population.Antsomi{}, Began, population.IDs(1))
	w := Truth(h)
	fates := make([]population.Fate, len(h))
	for _, t := range told {
		p := w.Users[t.Visitor]
		if p == nil {
			continue
		}
		for _, e := range p.Events {
			if e.MID == t.Message {
				fates[t.Act] = population.Fate{Customer: p.CID, Anonymous: p.CID == ""}
			}
		}
	}
	return fates
}

// String is what is found as a scenario that can be added as it is, or else as a
// table and as Go, with the difference.
func (f Found) String() string {
	if f.Scenario != nil {
		return fmt.Sprintf("%s\n%s\nadd this scenario:\n\n%s", f.History, f.Differs, scenario.Format(f.Scenario))
	}
	var literal strings.Builder
	for _, act := range f.History {
		fmt.Fprintf(&literal, "\t%#v,\n", act)
	}
	return fmt.Sprintf("%s\n%s\nno scenario: %s; in Go:\n\npopulation.History{\n%s}\n", f.History, f.Differs, f.Untold, literal.String())
}
