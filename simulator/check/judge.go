// Package check judges: a plan and the evidence of its journey in, a verdict for
// each expectation out. Checks are pure; they see no browser, no clock and no
// report. What they guard against most is the false pass: an absence counts only
// in a step that is known to be over, in which the pixel was seen to send, in
// requests that are known whole, and beside the matching presence in the same
// evidence. What cannot be told is inconclusive.
package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Judge returns one verdict for each expectation of the plan that is to be
// judged, in the order of the scenario's file. The evidence may be nil for a
// plan that was not run because the pixel lacks a feature.
func Judge(plan *scenario.Plan, ev *evidence.Evidence) []verdict.Verdict {
	verdicts := []verdict.Verdict{}
	b, stop := newBench(plan, ev)
	for i := range plan.Scenario.Expect {
		e := &plan.Scenario.Expect[i]
		if !plan.Judged(e) {
			continue
		}
		v := blank(plan, e)
		f := stop
		if f == nil {
			f = played(ev, e)
		}
		if f == nil {
			found := b.judge(e)
			f = &found
		}
		v.Outcome, v.Observed, v.Reason = f.outcome, f.observed, f.reason
		v.Request, v.Cookie, v.Storage, v.Profile = f.request, f.cookie, f.storage, f.profile
		if v.Observed == "" {
			v.Observed = "nothing that tells"
		}
		temper(plan, &v)
		verdicts = append(verdicts, v)
	}
	return verdicts
}

// finding is what a check found: a verdict without the words around it.
type finding struct {
	outcome          verdict.Outcome
	observed, reason string
	// request, cookie and storage show what decides, at most one of them.
	request, cookie, storage, profile *verdict.Excerpt
	// state tells that a fail rests on how things stood at the end of the step,
	// not on something that was seen to happen: it may still have changed.
	state bool
}

func inconclusive(reason string, args ...any) finding {
	return finding{outcome: verdict.Inconclusive, reason: fmt.Sprintf(reason, args...)}
}

// seen adds what was observed.
func (f finding) seen(observed string, args ...any) finding {
	f.observed = fmt.Sprintf(observed, args...)
	return f
}

func broken(reason string, args ...any) *finding {
	return &finding{outcome: verdict.Error, reason: fmt.Sprintf(reason, args...)}
}

// blank is the verdict before anything was looked at.
func blank(plan *scenario.Plan, e *scenario.Expectation) verdict.Verdict {
	v := verdict.Verdict{
		Scenario: plan.Scenario.ID, Step: e.At, Clause: e.Clause, Where: e.Where,
		Subject: subject(plan, e), Expected: expected(plan, e),
		Document: verdict.Source{Document: plan.Scenario.Document},
	}
	if c := plan.Clauses[e.Clause]; c != nil {
		v.Level = string(c.Level)
		v.Document.Sections = slices.Clone(c.Sections)
		v.Document.Promise, v.Document.Quote = c.Promise, c.Quote
		if document, _, ok := strings.Cut(c.ID, "."); ok {
			v.Document.Document = document
		}
	}
	return v
}

// contrastClause is the promise that an absence is shown beside the presence.
const contrastClause = "all.no-vacuous-pass"

// temper takes into account what the pixel declares, and that an unclear clause
// is never failed.
func temper(plan *scenario.Plan, v *verdict.Verdict) {
	deviation := plan.Deviation(v.Clause)
	switch {
	case v.Outcome == verdict.Fail && v.Clause == contrastClause:
		// No pixel breaks this promise: it is the tool's own.
		v.Outcome, v.Reason = verdict.Inconclusive, "the contrast was not seen, so what is absent elsewhere in the journey proves nothing"
	case v.Outcome == verdict.Fail && deviation != nil:
		v.Outcome, v.Reason = verdict.Deviation, deviation.Reason
	case v.Outcome == verdict.Fail && v.Level == string(scenario.Unclear):
		v.Outcome, v.Reason = verdict.Deviation, "the document is unclear here; reported, not judged"
	case v.Outcome == verdict.Pass && deviation != nil:
		v.Reason = "declared deviation did not occur: " + deviation.Reason
	}
}

// judge judges one expectation, its step's gates included.
func (b *bench) judge(e *scenario.Expectation) finding {
	v := b.step(e.At)
	if v == nil {
		return inconclusive("the journey did not reach the step %s", e.At)
	}
	if reason := b.derailed(v); reason != "" {
		return inconclusive("%s", reason)
	}
	if f := b.elsewhere(e, v); f != nil {
		return *f
	}
	f := b.look(e, v)
	if f.outcome == verdict.Pass && b.reloaded(v) {
		return finding{outcome: verdict.Unsupported, observed: f.observed,
			reason: "the browser did not keep the page for the back button but loaded it anew, so nothing is known of a kept one; the headless shell keeps none, --browser full does"}
	}
	if !v.step.Fenced && (f.outcome == verdict.Pass || f.outcome == verdict.Fail && f.state) {
		return inconclusive("the step %s was not seen to come to rest, so more may have followed", e.At).seen("%s", f.observed)
	}
	return f
}

// reloaded tells that the visitor went back or forward on the way to the step, and
// met a page that was loaded anew.
func (b *bench) reloaded(v *view) bool {
	return slices.ContainsFunc(b.views[:v.index+1], func(earlier *view) bool {
		return strings.HasPrefix(earlier.step.Action, "go ") && !earlier.step.Restored
	})
}

func (b *bench) look(e *scenario.Expectation, v *view) finding {
	own := b.of(v)
	switch kind, word := e.Subject(); kind {
	case "parameter":
		return own.lookAtParameter(e, v)
	case "cookie":
		return own.lookAtCookie(e, v)
	case "identity":
		return identity{bench: own, view: v, role: word, among: e.Among}.untraced()
	case "identifier":
		return identifier{bench: own, view: v}.unlinked(e.With, e.Unlike)
	case "record":
		return recorded{bench: own, view: v, name: word}.compared(e)
	case "option":
		return option{bench: own, view: v, role: word}.unknown()
	case "profile":
		return own.lookAtProfile(e, v)
	case "attribute":
		return own.lookAtAttribute(e, v)
	case "request":
		if e.Is == scenario.StatePresent {
			return silence{bench: own, view: v}.broken()
		}
		return silence{bench: own, view: v}.kept()
	case "session":
		return newest{bench: own, view: v, value: word}.look(e.Is)
	case "kept":
		return keeping{bench: own, view: v, value: word}.absent()
	}
	return *broken("an expectation of nothing")
}

func (b *bench) lookAtParameter(e *scenario.Expectation, v *view) finding {
	name := b.plan.ParameterName(e.Parameter)
	if name.Name == "" {
		return *broken("the pixel %s names no parameter for %s\nhint: name it under parameters in its pixel.yaml", b.plan.Pixel.Name, e.Parameter)
	}
	p := parameter{bench: b, view: v, role: e.Parameter, name: name, among: e.Among}
	switch e.Is {
	case scenario.StatePresent:
		return p.present()
	case scenario.StateSet:
		return p.set()
	case scenario.StateGiven:
		return p.given()
	case scenario.StateAbsent:
		return p.absent()
	case scenario.StateResumed:
		return p.resumed()
	case scenario.StateUntraced:
		return p.untraced()
	case scenario.StateFresh:
		return p.fresh()
	case scenario.StateInOrder:
		return p.inOrder()
	case scenario.StateHashed:
		return p.hashed()
	case scenario.StateTimely:
		return p.timely()
	}
	return *broken("no check for a parameter that is %q", e.Is)
}

func (b *bench) lookAtCookie(e *scenario.Expectation, v *view) finding {
	if e.Cookie == scenario.CookieAny {
		return stores{bench: b, view: v}.empty()
	}
	name := b.plan.CookieName(e.Cookie)
	if name.Name == "" {
		return *broken("the pixel %s names no cookie for %s\nhint: name it under cookies in its pixel.yaml", b.plan.Pixel.Name, e.Cookie)
	}
	c := cookie{bench: b, view: v, role: e.Cookie, name: name}
	if e.Lasts != (scenario.Lifetime{}) {
		return c.lasts(e.Lasts)
	}
	switch e.Is {
	case scenario.StatePresent:
		return c.present()
	case scenario.StateSet:
		return c.set()
	case scenario.StateAlone:
		return c.alone()
	case scenario.StateAbsent:
		return c.absent()
	case scenario.StateGone:
		return c.gone()
	case scenario.StateNotStored:
		return c.notStored()
	}
	return *broken("no check for a cookie that is %q", e.Is)
}
