package check

import (
	"fmt"
	"slices"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// profile judges what the collector keeps of somebody at the end of a step: of the
// step's person, by the customer ID that the site gives or by what it is made of, or
// of the visitors whose IDs the step's own hits carry.
type profile struct {
	*bench
	view *view
	by   string
	is   string
	sent *ledger
}

// lookAtProfile judges an expectation of a profile.
func (b *bench) lookAtProfile(e *scenario.Expectation, v *view) finding {
	p, stop := b.profile(e.Profile, v)
	if stop != nil {
		return *stop
	}
	p.is = e.Is
	if e.Is == scenario.StateJoined || e.Is == scenario.StateApart {
		with := b.step(e.With)
		if with == nil {
			return inconclusive("the journey did not reach the step %s", e.With)
		}
		if reason := b.derailed(with); reason != "" {
			return inconclusive("%s", reason)
		}
		if e.Is == scenario.StateJoined {
			return p.each(func(held *evidence.Profile) finding { return p.pure(held, p.joined(held, with)) })
		}
		return p.each(func(held *evidence.Profile) finding { return p.pure(held, p.apart(held, with)) })
	}
	switch e.Is {
	case scenario.StatePresent:
		return p.each(func(held *evidence.Profile) finding { return p.pass(held, "there") })
	case scenario.StateAbsent:
		return p.absent()
	case scenario.StateAnonymous:
		return p.each(func(held *evidence.Profile) finding { return p.pure(held, p.anonymous(held)) })
	case scenario.StateMarked:
		return p.each(p.marked)
	case scenario.StateComplete:
		return p.each(func(held *evidence.Profile) finding { return p.pure(held, p.complete(held)) })
	case scenario.StateUnchanged:
		return p.unchanged()
	}
	return *broken("no check for a profile that is %q", e.Is)
}

// profile is what judges profiles of that kind in the step, or why nothing can.
func (b *bench) profile(by string, v *view) (profile, *finding) {
	p := profile{bench: b, view: v, by: by}
	if b.plan.Pixel.Profile == nil {
		return p, &finding{outcome: verdict.Unsupported, observed: "not read",
			reason: fmt.Sprintf("the pixel %s does not say how the profiles of its backend are read", b.plan.Pixel.Name)}
	}
	if v.snapshot == nil {
		f := inconclusive("the backend's profiles were not read at the end of the step %s", v.step.Name)
		return p, &f
	}
	p.sent = b.sentBy(v)
	return p, nil
}

// asked returns what the collector said of the profiles, one for each visitor ID;
// and why it is not known of all.
func (p profile) asked() (list []*evidence.Profile, unknown *finding) {
	if p.by != scenario.ProfileVisitor {
		held := p.of(p.view)
		if held == nil {
			f := inconclusive("the backend was not asked for the %s at the end of the step %s", p.whose(), p.view.step.Name)
			return nil, &f
		}
		return []*evidence.Profile{held}, nil
	}
	ids := p.visitorIDs(p.view, p.view)
	if len(ids) == 0 {
		f := inconclusive("the pixel sent no visitor ID in the step %s", p.view.step.Name)
		return nil, &f
	}
	for _, id := range ids {
		held := visitorProfile(p.view, id)
		if held == nil {
			f := inconclusive("the backend was not asked for the visitor %s at the end of the step %s", short(id), p.view.step.Name)
			return nil, &f
		}
		list = append(list, held)
	}
	return list, nil
}

// of returns the customer's profile as it was at the end of a step.
func (p profile) of(v *view) *evidence.Profile {
	return profileOf(v, func(held *evidence.Profile) bool { return held.By == p.by && held.Person == p.view.who })
}

// each judges every one of the profiles; the worst finding counts.
func (p profile) each(judge func(*evidence.Profile) finding) finding {
	list, unknown := p.asked()
	if unknown != nil {
		return *unknown
	}
	var worst *finding
	for _, held := range list {
		f := p.missing(held)
		if held.Found {
			f = judge(held)
		}
		if worst == nil || f.outcome > worst.outcome {
			worst = &f
		}
	}
	return *worst
}

// pass passes, and shows the profile.
func (p profile) pass(held *evidence.Profile, observed string, args ...any) finding {
	return finding{outcome: verdict.Pass, observed: fmt.Sprintf(observed, args...), profile: p.excerpt(held, "")}
}

// fail fails on what the backend holds.
func (p profile) fail(held *evidence.Profile, mark, observed string, args ...any) finding {
	return finding{outcome: verdict.Fail, observed: fmt.Sprintf(observed, args...), profile: p.excerpt(held, mark)}
}

// missing judges that there is no such profile: a breach, where what would have made
// it is known to have reached the backend. Whether it was sent at all, and for whom,
// is what "present" judges alone.
func (p profile) missing(held *evidence.Profile) finding {
	observed := "there is no " + p.whose()
	if p.by == scenario.ProfileVisitor {
		observed = fmt.Sprintf("there is no profile of the visitor %s", short(held.ID))
		if slices.ContainsFunc(p.sent.events, func(e *event) bool { return e.visitor == held.ID && e.fate == stored }) {
			return p.fail(held, "", "%s", observed)
		}
		return inconclusive("no hit of the visitor is known to have been taken").seen("%s", observed)
	}
	why, breach := p.identified(held)
	if !breach {
		return inconclusive("%s", why).seen("%s", observed)
	}
	f := p.fail(held, "", "%s, %s", observed, why)
	f.state = true
	return f
}

// identified says what ought to have made the customer known to the backend by the
// end of the step; or, without a breach, why it cannot be told that anything did.
func (p profile) identified(held *evidence.Profile) (why string, breach bool) {
	claims := p.claims(held.Person)
	of := func(f fate) *event {
		if i := slices.IndexFunc(claims, func(e *event) bool { return e.fate == f }); i >= 0 {
			return claims[i]
		}
		return nil
	}
	if e := p.taken(held.Person, held.ID); e != nil {
		return fmt.Sprintf("though the identification of the step %s was taken", e.step.step.Name), true
	}
	if e := of(stored); e != nil {
		return fmt.Sprintf("for the identification of the step %s named %s", e.step.step.Name, short(e.customer)), p.is == scenario.StatePresent
	}
	if e := of(rejected); e != nil && of(maybe) == nil {
		return fmt.Sprintf("for the identification of the step %s was refused: %s", e.step.step.Name, e.refusal), p.is == scenario.StatePresent
	}
	steps := p.identifying(held.Person)
	switch {
	case len(claims) > 0:
		return "no identification is known to have been taken", false
	case len(steps) == 0:
		return fmt.Sprintf("the site has told nobody who the person is by the end of the step %s", p.view.step.Name), false
	}
	last := steps[len(steps)-1]
	if p.fair(last) {
		return fmt.Sprintf("and the pixel sent no identification in the step %s", last.step.Name), p.is == scenario.StatePresent
	}
	return fmt.Sprintf("no identification was sent, and the step %s left no way for one", last.step.Name), false
}

// taken returns an identification of the person, by that customer ID, that the
// backend is known to have taken; or nil.
func (p profile) taken(person, id string) *event {
	claims := p.claims(person)
	if i := slices.IndexFunc(claims, func(e *event) bool { return e.fate == stored && e.customer == id }); i >= 0 {
		return claims[i]
	}
	return nil
}

// claims returns the events by which the site said who the person is.
func (p profile) claims(person string) []*event {
	return slices.DeleteFunc(slices.Clone(p.sent.events), func(e *event) bool {
		return e.customer == "" || e.step.who != person
	})
}

// identifying returns the steps by now in which the site says who the person is, in
// order.
func (p profile) identifying(person string) []*view {
	return slices.DeleteFunc(slices.Clone(p.all[:p.view.place+1]), func(v *view) bool {
		return v.who != person || !v.planned.Identifies()
	})
}

// fair tells that a hit of the step could reach the collector, and would have by now:
// its browser has come to rest since, with nothing in the way.
func (p profile) fair(v *view) bool {
	clear := []string{"", scenario.CollectorWell, scenario.CollectorSlow, scenario.CollectorTwice}
	for _, w := range p.all[v.place : p.view.place+1] {
		switch {
		case w.step.Device != v.step.Device:
		case !slices.Contains(clear, p.route(w, w)):
			return false
		case w.step.Fenced:
			return p.bench.of(v).awake(v)
		}
	}
	return false
}

// absent: the backend has no such profile, though it takes what would make one, and
// was seen to tell of one otherwise.
func (p profile) absent() finding {
	list, unknown := p.asked()
	if unknown != nil {
		return *unknown
	}
	for _, held := range list {
		if held.Found {
			return p.fail(held, "", "there is one")
		}
	}
	contrast := ""
	for _, v := range p.all {
		if found := profileOf(v, func(held *evidence.Profile) bool { return held.Found && p.alike(held.By) }); found != nil && contrast == "" {
			contrast = fmt.Sprintf("%s was there in the step %s", named(found), v.step.Name)
		}
	}
	if p.by == scenario.ProfileRawCustomer || p.raw() {
		claims := p.claims(p.view.who)
		if len(claims) == 0 {
			return inconclusive("the site has identified nobody by the end of the step %s", p.view.step.Name).seen("there is none")
		}
		if refused := p.refused(claims); refused != "" && contrast == "" {
			contrast = "the identification was refused: " + refused
		}
	}
	if contrast == "" {
		return inconclusive("the backend was seen to tell of none in this journey, so that there is none proves nothing").seen("there is none")
	}
	return finding{outcome: verdict.Pass, observed: "there is none; " + contrast}
}

// alike tells that profiles of the kind are read from the same place.
func (p profile) alike(by string) bool {
	return (by == scenario.ProfileVisitor) == (p.by == scenario.ProfileVisitor)
}

// raw tells that the site gives the e-mail address or the telephone number itself.
func (p profile) raw() bool {
	return p.plan.Scenario.Config.Identification().By == scenario.IdentityRaw
}

// refused returns the collector's reason if it refused all of the identifications,
// and their visitors were there all the same.
func (p profile) refused(claims []*event) string {
	reason := ""
	for _, e := range claims {
		held := visitorProfile(p.view, e.visitor)
		if e.fate != rejected || held == nil || !held.Found || held.CustomerID != "" || held.Marked {
			return ""
		}
		reason = e.refusal
	}
	return reason
}

// anonymous: there, of no customer, and not marked as one, by a backend that was
// seen to mark somebody, or to refuse to.
func (p profile) anonymous(held *evidence.Profile) finding {
	switch {
	case held.CustomerID != "":
		return p.fail(held, short(held.CustomerID), "the visitor %s belongs to the customer %s", short(held.ID), short(held.CustomerID))
	case held.Marked:
		return p.fail(held, "marked as a customer", "the visitor %s is marked as a customer", short(held.ID))
	}
	if of := p.holder(held.ID, held); of != nil {
		return p.fail(of, short(held.ID), "the visitor %s is a user ID of %s", short(held.ID), named(of))
	}
	for _, v := range p.all {
		if found := profileOf(v, func(other *evidence.Profile) bool { return other.Found && other.Marked }); found != nil {
			return p.pass(held, "the visitor %s is nobody's; %s was marked in the step %s", short(held.ID), named(found), v.step.Name)
		}
	}
	claims := slices.DeleteFunc(slices.Clone(p.sent.events), func(e *event) bool { return e.customer == "" || e.visitor != held.ID })
	if reason := p.refused(claims); reason != "" {
		return p.pass(held, "the visitor %s is nobody's; the identification was refused: %s", short(held.ID), reason)
	}
	return inconclusive("the backend marks nobody in this journey, so that this one is not marked proves nothing").
		seen("the visitor %s is nobody's", short(held.ID))
}

// marked: there, and marked as a customer. A visitor's is that of the step's person.
func (p profile) marked(held *evidence.Profile) finding {
	if p.by != scenario.ProfileVisitor {
		switch {
		case held.CustomerID != held.ID && held.CustomerID != "":
			return p.fail(held, short(held.CustomerID), "what is kept under the customer ID %s calls itself %s", short(held.ID), short(held.CustomerID))
		case !held.Marked:
			return p.fail(held, "not marked", "there, and not marked as a customer")
		}
		return p.pass(held, "marked as a customer")
	}
	who := p.customerID()
	if who == "" {
		return inconclusive("it is not known who the person of the step %s is", p.view.step.Name)
	}
	claim := p.taken(p.view.who, who)
	switch {
	case held.Marked && held.CustomerID == who:
		return p.pass(held, "the visitor %s is the customer %s", short(held.ID), short(who))
	case held.CustomerID != "" && held.CustomerID != who:
		if p.taken(p.view.who, held.CustomerID) != nil {
			return inconclusive("the pixel named %s itself", short(held.CustomerID)).
				seen("the visitor %s belongs to the customer %s, and not to %s", short(held.ID), short(held.CustomerID), short(who))
		}
		return p.fail(held, short(held.CustomerID), "the visitor %s belongs to the customer %s, and not to %s", short(held.ID), short(held.CustomerID), short(who))
	case claim == nil:
		return inconclusive("no identification of that customer is known to have been taken").seen("the visitor %s is not marked as a customer", short(held.ID))
	case held.CustomerID == "":
		return p.fail(held, "of no customer", "the visitor %s belongs to no customer, though the identification of the step %s was taken", short(held.ID), claim.step.step.Name)
	}
	return p.fail(held, "not marked", "the visitor %s is not marked as a customer, though the identification of the step %s was taken", short(held.ID), claim.step.step.Name)
}

// customerID is the customer ID of the step's person, as the evidence has it, or "".
func (p profile) customerID() string {
	customer := profileOf(p.view, func(held *evidence.Profile) bool {
		return held.By == scenario.ProfileCustomer && held.Person == p.view.who
	})
	switch {
	case customer != nil:
		return customer.ID
	case p.redacted:
		return ""
	}
	return p.plan.Person(p.view.who).CustomerID()
}
