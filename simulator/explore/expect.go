package explore

import (
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// row says what one clause means in walks: in which moments it can be judged, and
// what is expected there.
type row struct {
	clause string
	when   func(*view) bool
	expect []scenario.Expectation
	// of, when not nil, gives the expectations instead.
	of func(*view) []scenario.Expectation
	// each, when not nil, gives the roles that every expectation is said of.
	each func(*view) []string
}

// documents holds what can be expected of a walk, by the document of the pixel.
// To explore the pixels of another document, add its rows.
var documents = map[string]document{
	"mapp": {rows: mapp, avoid: []string{"unrenamed"}},
}

// document is what is known of the pixels of one document.
type document struct {
	rows []row
	// avoid lists pages that are set up otherwise than the scenario says.
	avoid []string
}

// Documents returns the documents whose pixels can be explored, sorted.
func Documents() []string {
	var list []string
	for name := range documents {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// view is one moment of a walk, seen from the whole of it.
type view struct {
	*Moment
	walk    *Walk
	pixel   *scenario.Pixel
	moments []Moment
	index   int
}

// Expectations returns what a walk's steps must show: for each moment, in order,
// what the rows of the pixel's document say of it.
func Expectations(pixel *scenario.Pixel, walk *Walk, moments []Moment) []scenario.Expectation {
	var list []scenario.Expectation
	for i := range moments {
		v := &view{Moment: &moments[i], walk: walk, pixel: pixel, moments: moments, index: i}
		if !v.Settled {
			continue
		}
		for _, r := range documents[pixel.Document].rows {
			if !r.when(v) {
				continue
			}
			for _, e := range v.expand(r) {
				e.At, e.Clause = v.Step.Name, r.clause
				if e.Is == scenario.StateGiven && v.altered(e.Parameter) {
					e.Is = scenario.StatePresent
				}
				if v.known(e) && !slices.Contains(list, e) {
					list = append(list, e)
				}
			}
		}
	}
	return list
}

func (v *view) expand(r row) []scenario.Expectation {
	switch {
	case r.of != nil:
		return r.of(v)
	case r.each == nil:
		return slices.Clone(r.expect)
	}
	var list []scenario.Expectation
	for _, role := range r.each(v) {
		for _, e := range r.expect {
			if e.Identity != "" {
				e.Identity = role
			} else {
				e.Parameter = role
			}
			list = append(list, e)
		}
	}
	return list
}

// altered tells that a pixel may send something else than the config says: an e-mail
// address in place of a customer number is no number, and another person is known
// by other values.
func (v *view) altered(role string) bool {
	return v.Device != "" || role == scenario.RoleCustomerID && strings.Contains(v.walk.Config.Customer[role], "@")
}

// known tells whether the pixel has a name for what is expected.
func (v *view) known(e scenario.Expectation) bool {
	in := true
	switch kind, word := e.Subject(); kind {
	case "parameter":
		_, in = v.pixel.Parameters[word]
	case "cookie":
		_, in = v.pixel.Cookies[word]
	case "record":
		_, in = v.pixel.Records[word]
	}
	return in
}

// Whole reasons of the rows.

// is tells that the visitor was in the mode all through the step.
func (v *view) is(mode Mode) bool { return v.Before == mode && v.Mode == mode }

// becomes tells that a choice of the step brings the visitor into the mode, on a
// page on which the pixel runs.
func (v *view) becomes(mode Mode) bool {
	return v.Took && v.Mode == mode && v.Before != Unknown && v.Step.Script == "" && !v.Loads
}

// shown tells that another moment of the same person is a judged page view in the
// mode, so that what is missing here is known to be there otherwise.
func (v *view) shown(mode Mode) bool {
	for i := range v.moments {
		m := &v.moments[i]
		if i != v.index && m.Device == v.Device && m.Sends() && m.Loads && m.Before == mode && m.Mode == mode {
			return true
		}
	}
	return false
}

// opened tells that an earlier step opens a page: the form wants that of what is
// said to be gone, not stored or untraced.
func (v *view) opened() bool {
	return slices.ContainsFunc(v.moments[:v.index], func(m Moment) bool { return m.Step.Open != "" })
}

// returned tells that the visitor came back identifiably in some step of the walk,
// which a collector can tell.
func (v *view) returned() bool {
	return slices.ContainsFunc(v.moments, func(m Moment) bool { return m.Returned && m.Device == v.Device })
}

// pageView tells that all requests of the step are page views, as far as they are
// made in it: what is sent with a page view need not be sent with an action.
func (v *view) pageView() bool {
	a := v.walk.Config.Actions
	return v.Sends() && v.Loads && !v.Acts && v.Calm && (a == nil || len(a.Queued) == 0)
}

// customer returns what the site knows of the visitor and the pixel has a
// parameter for, sorted.
func (v *view) customer() []string {
	var roles []string
	for role := range v.walk.Config.Customer {
		if _, ok := v.pixel.Parameters[role]; ok {
			roles = append(roles, role)
		}
	}
	slices.Sort(roles)
	return roles
}

// suppressed returns what of it is not to be sent of an anonymous visitor.
func (v *view) suppressed() []string {
	return slices.DeleteFunc(v.customer(), func(role string) bool { return !slices.Contains(v.walk.Config.Suppress, role) })
}

// secret returns the identities that must not leave while the visitor is
// anonymous: his ID, and what is suppressed of what the site knows. Where all of it
// is, that is any identity.
func (v *view) secret() []string {
	suppressed := v.suppressed()
	switch {
	case v.Device != "": // known by values that are not in the config
		return []string{scenario.RoleVisitorID}
	case v.allSuppressed():
		return []string{scenario.IdentityAny}
	}
	return append([]string{scenario.RoleVisitorID}, suppressed...)
}

// allSuppressed tells that an anonymous visitor is known by nothing.
func (v *view) allSuppressed() bool { return len(v.suppressed()) == len(v.walk.Config.Customer) }

// promised returns what the document's own example sends.
func (v *view) promised() []string {
	return slices.DeleteFunc(v.customer(), func(role string) bool {
		return !slices.Contains([]string{scenario.RoleCustomerID, "category-5", "category-7"}, role)
	})
}

// firstSent tells that it is the first step since the latest choice that sends.
func (v *view) firstSent() bool { return v.Sends() && v.First && v.Calm }
