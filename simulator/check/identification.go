package check

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// identifyingHits returns the hits of the step that carry the parameter at all:
// page views beside an identification need not.
func (p parameter) identifyingHits() []hit {
	return slices.DeleteFunc(slices.Clone(p.narrowed()), func(h hit) bool { return len(carries(h, p.name.Name).spans) == 0 })
}

// where judges the hits of the step that carry the parameter; there must be one.
func (p parameter) where(wrong func(value string) string) finding {
	hits := p.narrowed()
	if len(hits) == 0 {
		return p.none()
	}
	carrying := p.identifyingHits()
	for _, h := range carrying {
		c := carries(h, p.name.Name)
		for _, value := range c.values {
			if problem := wrong(value); problem != "" {
				return finding{outcome: verdict.Fail, observed: fmt.Sprintf("%s in %s", problem, place(h, hits)), request: excerpt(h.sent, c.spans)}
			}
		}
	}
	if reason := doubtful(hits); reason != "" {
		return inconclusive("%s", reason)
	}
	if len(carrying) == 0 {
		return finding{outcome: verdict.Fail, state: true, observed: "absent from " + count(hits), request: lackExcerpt(hits[0].sent)}
	}
	c := carries(carrying[0], p.name.Name)
	return finding{outcome: verdict.Pass, observed: fmt.Sprintf("%s in %s", quoted(c.values), count(carrying)), request: excerpt(carrying[0].sent, c.spans)}
}

// hashed: where the site identifies, the value is a hash of the person's e-mail
// address or telephone number.
func (p parameter) hashed() finding {
	if p.redacted {
		return inconclusive("the evidence is redacted, so the value cannot be compared with the hash of what the site gave")
	}
	plan := p.plan.Person(p.view.who)
	accepted, customer := plan.HashedIDs(), plan.Scenario.Config.Customer
	if len(accepted) == 0 {
		return *broken("the scenario %s gives neither an e-mail address nor a telephone number", p.plan.Scenario.ID)
	}
	return p.where(func(value string) string {
		for _, role := range []string{scenario.RoleEmail, scenario.RolePhone} {
			if raw := customer[role]; raw != "" && strings.EqualFold(strings.TrimSpace(value), raw) {
				return fmt.Sprintf("the %s itself, %s,", role, show(value))
			}
		}
		switch {
		case slices.Contains(accepted, value):
			return ""
		case slices.Contains(accepted, strings.ToLower(value)):
			return fmt.Sprintf("%s, in capital letters,", show(value))
		case value == "":
			return "present but empty"
		}
		return fmt.Sprintf("%s, no MD5 or SHA-256 of the person's e-mail address or telephone number,", show(value))
	})
}

// clockSlack is how far the page's clock and the journey's may be apart.
const clockSlack = 2 * time.Second

var wholeNumber = regexp.MustCompile(`^[0-9]+$`)

// timely: where the site identifies, the value is a time in milliseconds since 1970
// that lies within the step by the page's clock.
func (p parameter) timely() finding {
	step := p.view.step
	if step.Clock.IsZero() {
		return inconclusive("the page's clock is not known of the step %s", step.Name)
	}
	from := step.Clock.Add(-clockSlack)
	to := step.Clock.Add(step.Ended - step.Acting).Add(step.RunForward).Add(clockSlack)
	return p.where(func(value string) string {
		ms, err := strconv.ParseInt(value, 10, 64)
		if !wholeNumber.MatchString(value) || err != nil {
			return fmt.Sprintf("%s, no whole number of milliseconds since 1970,", show(value))
		}
		at := time.UnixMilli(ms).UTC()
		switch {
		case ms < 1e11:
			return fmt.Sprintf("%s, too small for milliseconds since 1970,", show(value))
		case at.Before(from):
			return fmt.Sprintf("%s, %s before the step began,", show(value), span(step.Clock.Sub(at)))
		case at.After(to):
			return fmt.Sprintf("%s, %s after the step began,", show(value), span(at.Sub(step.Clock)))
		}
		return ""
	})
}
