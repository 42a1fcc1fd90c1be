package specs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onsi/gomega/format"
	"github.com/onsi/gomega/types"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// The matchers below judge a Moment. None of them matches, or fails to match,
// on nothing: a step that was not walked or not fenced, and a step without any
// request of the pixel where requests are judged, is an error either way, so
// that To and NotTo both fail.

// CarryParameter matches when every request of the pixel in the step carries the
// parameter non-empty, with the value when one is given. The parameter is named
// by its role ("visitor-id") or by the pixel's own name ("eid"). Its negation
// means that none carries it: requests that differ are an error.
func CarryParameter(name string, value ...string) types.GomegaMatcher {
	return &matcher{
		about: describeWanted("parameter", name, value),
		match: func(m Moment) (bool, string, error) {
			hits, err := m.hits()
			if err != nil {
				return false, "", err
			}
			own := m.parameter(name)
			carrying, seen := 0, []string{}
			for _, hit := range hits {
				for _, parameters := range m.each(hit) {
					presence, values := evidence.Lookup(parameters, own)
					if presence == evidence.Present && (len(value) == 0 || slices.Contains(values, value[0])) {
						carrying++
					}
					seen = append(seen, fmt.Sprintf("%s %s: %s %s", hit.Method, hit.URL, own, shown(presence, values)))
				}
			}
			text := strings.Join(seen, "\n")
			if carrying != 0 && carrying != len(seen) {
				return false, text, fmt.Errorf("%d of %d hits of step %s carry %s:\n%s", carrying, len(seen), m.step, own, text)
			}
			if carrying == 0 {
				err = m.doubt(hits)
			}
			return carrying == len(seen), text, err
		},
	}
}

// BeAnonymous matches when every request of the pixel in the step carries the
// anonymous flag, where the pixel has one, and none carries the visitor ID, and
// no value that the visitor ID had in another step is anywhere in any request. The
// cookies with which the browser asks the site for its own pages do not count:
// they go before a script of the page could remove them.
func BeAnonymous() types.GomegaMatcher {
	return &matcher{about: "be anonymous", match: func(m Moment) (bool, string, error) {
		hits, err := m.hits()
		if err != nil {
			return false, "", err
		}
		flag, id := m.walked.plan.ParameterName("anonymous-flag"), m.parameter("visitor-id")
		for _, hit := range hits {
			for _, parameters := range m.each(hit) {
				if presence, values := evidence.Lookup(parameters, id); presence != evidence.Absent {
					return false, fmt.Sprintf("%s %s: %s %s", hit.Method, hit.URL, id, shown(presence, values)), nil
				}
				if flag.Name == "" {
					continue
				}
				if presence, values := evidence.Lookup(parameters, flag.Name); !slices.Contains(values, flag.Set) {
					return false, fmt.Sprintf("%s %s: %s %s", hit.Method, hit.URL, flag.Name, shown(presence, values)), nil
				}
			}
		}
		for _, value := range m.walked.valuesOf("visitor-id") {
			if where := m.traces(value, m.ownCookies()); where != "" {
				return false, "the visitor ID " + value + " is in " + where, nil
			}
		}
		return true, fmt.Sprintf("requests without a visitor ID: %d", len(hits)), m.doubt(nil)
	}}
}

// HaveNoTraceOf matches when the value stands nowhere in what left the browser
// during the step: no URL, header, body or message, plain or percent-encoded.
func HaveNoTraceOf(value string) types.GomegaMatcher {
	return &matcher{about: "have no trace of " + value, match: func(m Moment) (bool, string, error) {
		if value == "" {
			return false, "", fmt.Errorf("HaveNoTraceOf wants a value")
		}
		if _, err := m.hits(); err != nil {
			return false, "", err
		}
		if where := m.traces(value, nil); where != "" {
			return false, "it is in " + where, nil
		}
		return true, "no trace", m.doubt(nil)
	}}
}

// HaveCookie matches when the jar holds the cookie at the step's end, with the
// value when one is given. The cookie is named by its role ("choice") or by its
// own name ("miCookieOptOut").
func HaveCookie(name string, value ...string) types.GomegaMatcher {
	return &matcher{about: describeWanted("cookie", name, value), match: func(m Moment) (bool, string, error) {
		snapshot, err := m.snapshot()
		if err != nil {
			return false, "", err
		}
		var jar []string
		found := false
		for _, c := range snapshot.Cookies {
			jar = append(jar, c.Name+"="+c.Value)
			found = found || c.Name == m.cookie(name) && (len(value) == 0 || c.Value == value[0])
		}
		if len(jar) == 0 {
			return false, "the jar is empty", nil
		}
		return found, "the jar holds " + strings.Join(jar, "; "), nil
	}}
}

// WriteCookieFor matches when the step wrote the cookie, and every write asked
// for the lifetime, in the words of scenarios: "5y", "180d", "30m". A step that
// wrote no such cookie is an error.
func WriteCookieFor(name, lifetime string) types.GomegaMatcher {
	return &matcher{about: "write cookie " + name + " for " + lifetime, match: func(m Moment) (bool, string, error) {
		want, err := scenario.ParseLifetime(lifetime)
		if err != nil {
			return false, "", err
		}
		if _, err := m.snapshot(); err != nil {
			return false, "", err
		}
		var seen []string
		all := true
		for _, w := range m.walked.evidence.Writes {
			if w.Step != m.step || w.Name != m.cookie(name) || w.Deletes() {
				continue
			}
			asked := w.Lifetime.Round(time.Second).String()
			if w.Session {
				asked = "the session"
			}
			seen = append(seen, asked)
			all = all && !w.Session && want.Contains(w.Lifetime)
		}
		if len(seen) == 0 {
			return false, "", fmt.Errorf("step %s wrote no cookie %s", m.step, m.cookie(name))
		}
		return all, "written for " + strings.Join(seen, ", "), nil
	}}
}

// matcher is a Gomega matcher over a Moment.
type matcher struct {
	about string
	match func(Moment) (ok bool, seen string, err error)
	seen  string
}

// Match judges the moment.
func (m *matcher) Match(actual any) (bool, error) {
	moment, ok := actual.(Moment)
	if !ok {
		return false, fmt.Errorf("want a moment of a journey, as by visit.At(step), not %s", format.Object(actual, 0))
	}
	matched, seen, err := m.match(moment)
	m.seen = seen
	return matched, err
}

// FailureMessage says what was expected and what was seen.
func (m *matcher) FailureMessage(actual any) string { return m.message(actual, "") }

// NegatedFailureMessage is the same for NotTo.
func (m *matcher) NegatedFailureMessage(actual any) string { return m.message(actual, "not ") }

func (m *matcher) message(actual any, negation string) string {
	moment, _ := actual.(Moment)
	return fmt.Sprintf("Expected step %s of %s %sto %s\n%s", moment.step, moment.walked.evidence.Scenario, negation, m.about, m.seen)
}

func describeWanted(what, name string, value []string) string {
	verb := map[string]string{"parameter": "carry parameter ", "cookie": "have cookie "}[what]
	if len(value) > 0 {
		return verb + name + "=" + value[0]
	}
	return verb + name
}

func shown(p evidence.Presence, values []string) string {
	if p == evidence.Present {
		return "= " + strings.Join(values, ", ")
	}
	return "is " + p.String()
}

// walkedStep returns the moment's step, which must have been walked and fenced.
func (m Moment) walkedStep() (*evidence.Step, error) {
	step := m.walked.evidence.Step(m.step)
	switch {
	case step == nil:
		return nil, fmt.Errorf("the journey %s has no step %q", m.walked.evidence.Scenario, m.step)
	case step.Problem != "":
		return nil, fmt.Errorf("step %s went wrong: %s", m.step, step.Problem)
	case !step.Fenced:
		return nil, fmt.Errorf("step %s was not fenced: what is missing from it may have been missed", m.step)
	}
	return step, nil
}

// hits returns the pixel's requests of the step; without any, nothing is proven.
func (m Moment) hits() ([]*evidence.Request, error) {
	if _, err := m.walkedStep(); err != nil {
		return nil, err
	}
	hit := m.walked.plan.Pixel.Hits()
	var found []*evidence.Request
	for _, r := range m.walked.evidence.During(m.step) {
		if r.Method != "OPTIONS" && hit(r.URL) {
			found = append(found, r)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("the pixel sent nothing in step %s: nothing is proven", m.step)
	}
	return found, nil
}

func (m Moment) snapshot() (*evidence.Snapshot, error) {
	if _, err := m.walkedStep(); err != nil {
		return nil, err
	}
	if s := m.walked.evidence.Snapshot(m.step); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("what the browser kept at the end of step %s was not recorded", m.step)
}

// traces says where a value stands in what left the browser during the step, but
// for what is passed over.
func (m Moment) traces(value string, passOver func(*evidence.Request, evidence.Finding) bool) string {
	for _, r := range m.walked.evidence.During(m.step) {
		for _, found := range evidence.FindValue(r, value) {
			if passOver == nil || !passOver(r, found) {
				return fmt.Sprintf("%s of %s %s", found.Part, r.Method, r.URL)
			}
		}
	}
	return ""
}

// doubt is an error when something may be missing from what is known of the
// requests, nil for all of the step: what is not found there may be there all the
// same.
func (m Moment) doubt(requests []*evidence.Request) error {
	if requests == nil {
		requests = m.walked.evidence.During(m.step)
	}
	for _, r := range requests {
		if why := cmp.Or(r.Incomplete, r.Read().Unread); why != "" {
			return fmt.Errorf("%s %s is not known whole: %s", r.Method, r.URL, why)
		}
	}
	return nil
}

// ownCookies tells the site's own cookies on the way to the site.
func (m Moment) ownCookies() func(*evidence.Request, evidence.Finding) bool {
	hit := m.walked.plan.Pixel.Hits()
	return func(r *evidence.Request, f evidence.Finding) bool {
		return r.Purpose == "page" && !hit(r.URL) && f.Part == "header cookie"
	}
}

// each returns the parameters of each hit that a request carries.
func (m Moment) each(request *evidence.Request) [][]evidence.Parameter {
	reading := request.ReadBatch(m.walked.plan.Pixel.Requests.Batch)
	all := make([][]evidence.Parameter, reading.Hits)
	for i := range reading.Hits {
		for _, p := range reading.Hit(i) {
			all[i] = append(all[i], p.Parameter)
		}
	}
	return all
}

// parameter and cookie turn a role into the pixel's own name; another name is
// taken as it is.
func (m Moment) parameter(name string) string {
	if own := m.walked.plan.ParameterName(name).Name; own != "" {
		return own
	}
	return name
}

func (m Moment) cookie(name string) string {
	if own := m.walked.plan.CookieName(name).Name; own != "" {
		return own
	}
	return name
}

// valuesOf lists the values that a role's parameter and cookie had in the whole
// journey.
func (w Walked) valuesOf(role string) []string {
	var values []string
	hit := w.plan.Pixel.Hits()
	for i := range w.evidence.Requests {
		if r := &w.evidence.Requests[i]; hit(r.URL) {
			for _, p := range r.ReadBatch(w.plan.Pixel.Requests.Batch).Parameters {
				if p.Name == w.plan.ParameterName(role).Name {
					values = append(values, p.Value)
				}
			}
		}
	}
	for _, s := range w.evidence.Snapshots {
		for _, c := range s.Named(w.plan.CookieName(role).Name) {
			values = append(values, c.Value)
		}
	}
	slices.Sort(values)
	return slices.DeleteFunc(slices.Compact(values), func(v string) bool { return !evidence.Traceable(v) })
}
