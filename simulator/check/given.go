package check

import (
	"fmt"
	"slices"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// given: every hit carries it with the one value that the site gave, and no other
// beside it.
func (p parameter) given() finding {
	want := givenValue(p.plan.Person(p.view.who).Scenario, p.role)
	if want == "" {
		return *broken("the scenario %s gives no value for %s", p.plan.Scenario.ID, p.role)
	}
	if p.redacted {
		return inconclusive("the evidence is redacted, so the value cannot be compared with what the site gave")
	}
	return p.every(func(c carriage) string {
		switch {
		case len(c.values) == 0:
			return "absent"
		case slices.ContainsFunc(c.values, func(v string) bool { return v != want }):
			return fmt.Sprintf("%s, and not %q,", quoted(c.values), want)
		}
		return ""
	})
}

// givenValue is what the site gives its pixel for a role.
func givenValue(sc *scenario.Scenario, role string) string {
	if role == scenario.RoleCustomerID {
		return sc.CustomerID()
	}
	if role != scenario.RoleActionName {
		return sc.Config.Customer[role]
	}
	if sc.Config.Actions == nil || sc.Config.Actions.Clicked == "" {
		return scenario.ActionAct
	}
	return sc.Config.Actions.Clicked
}

// alone: the cookie was written in the step, and no other was. A deletion writes
// nothing.
func (c cookie) alone() finding {
	live := c.live(c.view)
	if len(live) == 0 {
		return inconclusive("the cookie was not written in the step %s", c.view.step.Name).seen("no write of it")
	}
	for _, w := range c.view.writes {
		if w.Name != c.name.Name && !w.Deletes() {
			return finding{outcome: verdict.Fail, observed: fmt.Sprintf("%s was written as well", show(w.Name)), cookie: writeExcerpt(w, "pair")}
		}
	}
	return finding{outcome: verdict.Pass, observed: "written alone", cookie: writeExcerpt(live[0], "pair")}
}
