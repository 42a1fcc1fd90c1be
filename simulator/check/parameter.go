package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// parameter judges a parameter of the pixel's requests in one step.
type parameter struct {
	*bench
	view  *view
	role  string
	name  scenario.Name
	among string
}

// carriage is how a hit carries a parameter.
type carriage struct {
	presence evidence.Presence
	values   []string
	// spans are the places; nested names a field inside another that only ends
	// in the parameter's name, which may or may not be it.
	spans  []evidence.Span
	nested string
}

// nothings are what a script sends that had no value.
var nothings = []string{"undefined", "null", "NaN", "[object Object]"}

// carries looks for the parameter in a hit. The name of nothing, such as
// "undefined", counts as empty.
func carries(h hit, name string) carriage {
	var c carriage
	var named []evidence.Parameter
	for _, p := range h.parameters {
		if p.Name != name {
			if strings.HasSuffix(p.Name, "."+name) {
				c.nested = p.Name
			}
			continue
		}
		c.spans = append(c.spans, p.Span)
		c.values = append(c.values, p.Value)
		if slices.Contains(nothings, p.Value) {
			p.Value = ""
		}
		named = append(named, p.Parameter)
	}
	c.presence, _ = evidence.Lookup(named, name)
	return c
}

// narrowed returns the hits of the step that the expectation is about. A hit
// that is not known whole and shows no visitor ID may belong to either group; it
// is returned with both.
func (p parameter) narrowed() []hit {
	hits := p.view.hits
	if p.among == "" {
		return hits
	}
	if byMaking(p.among) {
		return slices.DeleteFunc(slices.Clone(hits), func(h hit) bool { return !p.belongs(p.view, h, p.among) })
	}
	visitor := p.plan.ParameterName(scenario.RoleVisitorID).Name
	return slices.DeleteFunc(slices.Clone(hits), func(h hit) bool {
		identifiable := carries(h, visitor).presence == evidence.Present
		if !identifiable && h.doubt() != "" {
			return false
		}
		return identifiable != (p.among == scenario.AmongIdentifiable)
	})
}

// none is the finding when there is no hit to judge.
func (p parameter) none() finding {
	if p.among != "" && len(p.view.hits) > 0 {
		return inconclusive("the pixel sent no %s in the step %s", group(p.among), p.view.step.Name).
			seen("no %s one among the requests of the pixel (%d)", p.among, len(p.view.hits))
	}
	return inconclusive("the pixel sent nothing in the step %s", p.view.step.Name).seen("no request of the pixel")
}

// present: every hit carries it, not empty.
func (p parameter) present() finding {
	return p.every(func(c carriage) string {
		switch {
		case c.presence == evidence.Present:
			return ""
		case c.presence == evidence.Empty && strings.Join(c.values, "") != "":
			return quoted(c.values) + " stands for no value"
		case c.presence == evidence.Empty:
			return "present but empty"
		}
		return "absent"
	})
}

// set: every hit carries it with the one value that means set, and no other
// beside it.
func (p parameter) set() finding {
	if p.name.Set == "" {
		return *broken("the pixel %s does not say which value of %s means set\nhint: write {name: %s, set: VALUE} in its pixel.yaml", p.plan.Pixel.Name, p.name.Name, p.name.Name)
	}
	return p.every(func(c carriage) string {
		if len(c.values) == 0 {
			return "absent"
		}
		if slices.ContainsFunc(c.values, func(v string) bool { return v != p.name.Set }) {
			return quoted(c.values)
		}
		return ""
	})
}

// every passes when wrong returns "" for each hit.
func (p parameter) every(wrong func(carriage) string) finding {
	hits := p.narrowed()
	if len(hits) == 0 {
		return p.none()
	}
	var nested string
	for _, h := range hits {
		c := carries(h, p.name.Name)
		problem := wrong(c)
		switch {
		case problem == "":
		case c.presence != evidence.Present && h.doubt() != "":
			// It may stand in the part that is missing.
		case len(c.spans) == 0 && c.nested != "":
			nested = fmt.Sprintf("request %d has it only as %s, which may be another thing", h.Seq, c.nested)
		case len(c.spans) == 0:
			return finding{outcome: verdict.Fail, observed: problem + " from " + place(h, hits), request: lackExcerpt(h.sent)}
		default:
			return finding{outcome: verdict.Fail, observed: problem + " in " + place(h, hits), request: excerpt(h.sent, c.spans)}
		}
	}
	if reason := doubtful(hits); reason != "" {
		return inconclusive("%s", reason)
	}
	if nested != "" {
		return inconclusive("%s", nested)
	}
	c := carries(hits[0], p.name.Name)
	return finding{outcome: verdict.Pass, observed: fmt.Sprintf("%s in %s", quoted(c.values), count(hits)), request: excerpt(hits[0].sent, c.spans)}
}

// absent: no hit carries it, not even empty, since what is promised is that it
// is missing; no value that it is known to have had, and that is long enough not
// to occur by chance, stands anywhere in what left the browser; and another step
// shows that it is there otherwise.
func (p parameter) absent() finding {
	hits := p.narrowed()
	asked := hits
	if p.among == "" {
		for _, s := range p.view.sent {
			if s.pixel && s.preflight {
				asked = append(slices.Clip(asked), s.hits()...)
			}
		}
	}
	nested := ""
	for _, h := range asked {
		c := carries(h, p.name.Name)
		if len(c.spans) > 0 {
			observed := quoted(c.values)
			if strings.Join(c.values, "") == "" {
				observed = "present but empty"
			}
			return finding{outcome: verdict.Fail, observed: fmt.Sprintf("%s in %s", observed, place(h, hits)), request: excerpt(h.sent, c.spans)}
		}
		if c.nested != "" {
			nested = fmt.Sprintf("request %d has %s, which may be it or another thing", h.Seq, c.nested)
		}
	}
	values := p.knownValues(p.role, p.views)
	if f := p.trace(values, hits); f != nil {
		return *f
	}
	return p.proven(hits, values, nested)
}

// untraced: no hit of the step carries it, and no value that it had in an earlier
// step stands anywhere in what left the browser. That nothing was sent at all
// passes too: what is promised is that it is not sent. Of a step in which it may
// be there again, only the earlier values are looked for.
func (p parameter) untraced() finding {
	earlier := p.knownValues(p.role, p.past(p.view))
	if f := p.trace(earlier, nil); f != nil {
		return *f
	}
	for _, s := range p.view.sent {
		if reason := p.unsearched(p.view, s, earlier); reason != "" {
			return inconclusive("%s", reason)
		}
	}
	if p.blindToGiven(p.view, []string{p.role}, earlier) {
		return inconclusive("the evidence is redacted, so the value that the site gave cannot be looked for")
	}
	for _, v := range p.past(p.view) {
		if p.seenIn(v) {
			return finding{outcome: verdict.Pass, observed: fmt.Sprintf("no trace in the requests of the step (%d); it was there in the step %s", len(p.view.sent), v.step.Name)}
		}
	}
	return inconclusive("it was present in no earlier step, so there is nothing to look for").seen("no trace")
}

// proven passes an absence if everything is there that proves one.
func (p parameter) proven(hits []hit, values []known, nested string) finding {
	if len(hits) == 0 {
		return p.none()
	}
	absent := "absent from " + count(hits)
	if reason := doubtful(hits); reason != "" {
		return inconclusive("%s", reason).seen("%s, as far as they are known", absent)
	}
	if p.among == "" && len(values) > 0 {
		for _, s := range p.view.sent {
			if reason := p.unsearched(p.view, s, values); reason != "" {
				return inconclusive("%s", reason).seen("%s, as far as they are known", absent)
			}
		}
	}
	if nested != "" {
		return inconclusive("%s", nested).seen("%s by that name", absent)
	}
	if p.blindToGiven(p.view, []string{p.role}, values) {
		return inconclusive("the evidence is redacted, so the value that the site gave cannot be looked for").seen("%s", absent)
	}
	contrast := p.elsewhere()
	if contrast == nil {
		return inconclusive("it was present in no other step, so its absence proves nothing").seen("%s", absent)
	}
	return finding{outcome: verdict.Pass, observed: fmt.Sprintf("%s; it was there in the step %s", absent, contrast.step.Name), request: excerpt(hits[0].sent, nil)}
}

// elsewhere returns another step in which the pixel was seen to send it.
func (p parameter) elsewhere() *view {
	for _, v := range p.views {
		if v != p.view && p.seenIn(v) {
			return v
		}
	}
	return nil
}

func (p parameter) seenIn(v *view) bool {
	return slices.ContainsFunc(v.hits, func(h hit) bool { return carries(h, p.name.Name).presence == evidence.Present })
}

// trace looks for known values in everything that left the browser during the
// step; with among, only in the requests that hold none but hits of that group.
func (p parameter) trace(values []known, hits []hit) *finding {
	for _, s := range p.view.sent {
		if p.among != "" && !whollyAmong(s, hits) {
			continue
		}
		if f := p.traced(p.view, s, values, nil); f != nil {
			return f
		}
	}
	return nil
}

func whollyAmong(s *sent, hits []hit) bool {
	own := 0
	for _, h := range hits {
		if h.sent.Request == s.Request {
			own++
		}
	}
	return own > 0 && own == s.reading.Hits
}

// resumed: every hit carries it, after it was there in an earlier step and
// missing from one between.
func (p parameter) resumed() finding {
	hits := p.narrowed()
	if len(hits) == 0 {
		return p.none()
	}
	now := p.present()
	if now.outcome == verdict.Inconclusive {
		return now
	}
	var was, wasNot *view
	for _, v := range p.views[:p.view.index] {
		switch {
		case was == nil && p.seenIn(v):
			was = v
		case was != nil && p.missingFrom(v):
			wasNot = v
		}
	}
	if was == nil {
		return inconclusive("it was present in no earlier step, so it cannot have resumed").seen("%s", now.observed)
	}
	if wasNot == nil {
		return inconclusive("no step after %s shows it absent, so it cannot have resumed", was.step.Name).seen("%s", now.observed)
	}
	now.observed += fmt.Sprintf("; present in the step %s, absent in %s", was.step.Name, wasNot.step.Name)
	return now
}

// missingFrom tells whether the pixel sent in the step and is known not to have
// sent the parameter.
func (p parameter) missingFrom(v *view) bool {
	hits := v.hits
	return len(hits) > 0 && v.step.Fenced && doubtful(hits) == "" &&
		!slices.ContainsFunc(hits, func(h hit) bool {
			c := carries(h, p.name.Name)
			return len(c.spans) > 0 || c.nested != ""
		})
}
