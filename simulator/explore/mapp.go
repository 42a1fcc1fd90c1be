package explore

import (
	"slices"
	"strconv"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// Shorthands for what the rows expect.

func parameter(role, is string) scenario.Expectation {
	return scenario.Expectation{Parameter: role, Is: is}
}

func among(group string, e scenario.Expectation) scenario.Expectation {
	e.Among = group
	return e
}

func cookie(role, is string) scenario.Expectation { return scenario.Expectation{Cookie: role, Is: is} }

func identity(group string) scenario.Expectation {
	return scenario.Expectation{Identity: scenario.IdentityAny, Is: scenario.StateUntraced, Among: group}
}

func expect(list ...scenario.Expectation) []scenario.Expectation { return list }

// mapp is what the document of Mapp's Smart Pixel means in walks, by mode. The
// clauses' own words stand in the catalogue.
var mapp = []row{
	// While the visitor is anonymous.
	{clause: "mapp.nc-sent", expect: expect(parameter(scenario.RoleAnonymousFlag, scenario.StateSet)),
		when: func(v *view) bool { return v.is(Anonymous) && v.Sends() && v.Calm }},
	{clause: "mapp.nc-sent", expect: expect(among(scenario.AmongMadeLater, parameter(scenario.RoleAnonymousFlag, scenario.StateSet))),
		when: func(v *view) bool { return v.is(Anonymous) && v.Sends() && !v.Calm && v.Chosen && v.Cause == Chosen }},
	{clause: "mapp.eid-omitted", expect: expect(parameter(scenario.RoleVisitorID, scenario.StateAbsent)),
		when: func(v *view) bool { return v.is(Anonymous) && v.Sends() && v.Calm && v.shown(Identifiable) }},
	{clause: "mapp.eid-omitted", expect: expect(parameter(scenario.RoleVisitorID, scenario.StateUntraced)),
		when: func(v *view) bool { return v.becomes(Anonymous) && v.Calm && v.Identified }},
	{clause: "mapp.suppressed-omitted", each: (*view).suppressed, expect: expect(parameter("", scenario.StateAbsent)),
		when: func(v *view) bool { return v.is(Anonymous) && v.Sends() && v.Calm && v.shown(Identifiable) }},
	{clause: "mapp.suppressed-omitted", each: (*view).suppressed, expect: expect(parameter("", scenario.StateUntraced)),
		when: func(v *view) bool { return v.becomes(Anonymous) && v.Calm && v.Identified }},
	{clause: "mapp.suppress-default-empty", each: (*view).customer, expect: expect(parameter("", scenario.StateGiven)),
		when: func(v *view) bool { return v.is(Anonymous) && v.pageView() && len(v.walk.Config.Suppress) == 0 }},
	{clause: "mapp.no-identifying-cookie", when: func(v *view) bool {
		// What an expired consent has left in the jar is no leftover from before it.
		left := v.Cause == Expired && v.StoredID
		return v.is(Anonymous) && v.opened() && v.Calm && !left && (v.Sends() || v.Identified) && v.shown(Identifiable)
	}, expect: expect(cookie(scenario.RoleVisitorID, scenario.StateNotStored), cookie(scenario.RoleSessionID, scenario.StateNotStored))},

	// How he became anonymous.
	{clause: "mapp.anonymous-until-opt-in", when: func(v *view) bool {
		return v.is(Anonymous) && v.Sends() && v.Calm && v.Cause == ByDefault && v.shown(Identifiable)
	}, expect: expect(parameter(scenario.RoleVisitorID, scenario.StateAbsent), cookie(scenario.RoleVisitorID, scenario.StateAbsent))},
	{clause: "mapp.opt-out-takes-effect", when: optOutHeard,
		expect: expect(parameter(scenario.RoleAnonymousFlag, scenario.StateSet))},
	{clause: "mapp.cookie-name-custom", when: func(v *view) bool { return optOutHeard(v) && v.renamed() },
		expect: expect(parameter(scenario.RoleAnonymousFlag, scenario.StateSet))},
	{clause: "mapp.opt-out-removes-eid", expect: expect(cookie(scenario.RoleVisitorID, scenario.StateGone)),
		when: func(v *view) bool { return optOutHeard(v) && v.StoredID }},
	{clause: "mapp.opt-out-removes-eid", expect: expect(cookie(scenario.RoleSessionID, scenario.StateGone)),
		when: func(v *view) bool { return optOutHeard(v) && v.StoredID && v.StoredSession }},
	{clause: "mapp.withdrawal-ends-identifying", expect: expect(parameter(scenario.RoleAnonymousFlag, scenario.StateSet)),
		when: withdrawalHeard},
	{clause: "mapp.withdrawal-ends-identifying", expect: expect(cookie(scenario.RoleVisitorID, scenario.StateGone)),
		when: func(v *view) bool { return withdrawalHeard(v) && v.StoredID }},
	{clause: "mapp.withdrawal-ends-identifying", expect: expect(cookie(scenario.RoleSessionID, scenario.StateGone)),
		when: func(v *view) bool { return withdrawalHeard(v) && v.StoredID && v.StoredSession }},
	{clause: "mapp.opt-out-expires", expect: expect(parameter(scenario.RoleAnonymousFlag, scenario.StateSet)),
		when: func(v *view) bool { return v.is(Anonymous) && v.firstSent() && v.Cause == Expired }},

	// While he is identifiable.
	{clause: "mapp.nc-only-when-anonymous", when: func(v *view) bool { return v.is(Identifiable) && v.Sends() && v.shown(Anonymous) },
		expect: expect(among(scenario.AmongIdentifiable, parameter(scenario.RoleAnonymousFlag, scenario.StateAbsent)))},
	{clause: "mapp.suppressed-only-when-anonymous", when: func(v *view) bool { return v.is(Identifiable) && v.pageView() },
		each: (*view).suppressed, expect: expect(among(scenario.AmongIdentifiable, parameter("", scenario.StateGiven)))},
	{clause: "mapp.customer-data-sent", when: func(v *view) bool { return v.is(Identifiable) && v.pageView() },
		each: (*view).promised, expect: expect(among(scenario.AmongIdentifiable, parameter("", scenario.StateGiven)))},

	// How he became identifiable.
	{clause: "mapp.opt-in-off-by-default", when: func(v *view) bool {
		return v.is(Identifiable) && v.Sends() && v.Calm && !optIn(v.walk.Config) && (v.Cause == ByDefault || v.Cause == Forgotten)
	}, expect: expect(parameter(scenario.RoleVisitorID, scenario.StatePresent), cookie(scenario.RoleVisitorID, scenario.StatePresent))},
	{clause: "mapp.function-off-by-default", when: func(v *view) bool {
		return v.is(Identifiable) && v.Sends() && v.Calm && v.Cause == FunctionOff
	}, expect: expect(parameter(scenario.RoleVisitorID, scenario.StatePresent), cookie(scenario.RoleVisitorID, scenario.StatePresent))},
	{clause: "mapp.opt-back-in", expect: expect(parameter(scenario.RoleVisitorID, scenario.StateResumed)),
		when: func(v *view) bool { return backHeard(v) && v.Between }},
	{clause: "mapp.opt-back-in", expect: expect(parameter(scenario.RoleVisitorID, scenario.StatePresent)),
		when: func(v *view) bool { return backHeard(v) && !v.Between }},
	{clause: "mapp.opt-out-expires", expect: expect(parameter(scenario.RoleVisitorID, scenario.StatePresent)),
		when: func(v *view) bool { return v.is(Identifiable) && v.firstSent() && v.Cause == Expired }},
	{clause: "mapp.consent-starts-identifying", when: func(v *view) bool {
		return v.is(Identifiable) && v.Sends() && v.Calm && v.Cause == Chosen
	}, expect: expect(parameter(scenario.RoleVisitorID, scenario.StatePresent), cookie(scenario.RoleVisitorID, scenario.StatePresent))},
	{clause: "all.no-respawn", expect: expect(parameter(scenario.RoleVisitorID, scenario.StateFresh)),
		when: func(v *view) bool { return v.is(Identifiable) && v.Sends() && v.Calm && v.Fresh }},

	// The choice itself.
	{clause: "mapp.opt-out-sets-cookie", when: optsOut, expect: expect(cookie(scenario.RoleChoice, scenario.StateSet))},
	{clause: "mapp.cookie-name-default", expect: expect(cookie(scenario.RoleChoice, scenario.StateSet)),
		when: func(v *view) bool { return optsOut(v) && !v.renamed() }},
	{clause: "mapp.cookie-name-custom", expect: expect(cookie(scenario.RoleChoice, scenario.StateSet)),
		when: func(v *view) bool { return optsOut(v) && v.renamed() }},
	{clause: "mapp.cookie-name-custom", expect: expect(cookie(scenario.RoleChoice, scenario.StateAlone)),
		when: func(v *view) bool { return optsOut(v) && v.renamed() && v.Calm }},
	{clause: "mapp.opt-out-lasts-five-years", when: func(v *view) bool { return optsOut(v) && v.walk.Config.Anonymity.Minutes == 0 },
		expect: expect(lasting("5y"))},
	{clause: "mapp.opt-out-duration", when: func(v *view) bool { return optsOut(v) && v.walk.Config.Anonymity.Minutes > 0 },
		of: func(v *view) []scenario.Expectation {
			return expect(lasting(strconv.Itoa(v.walk.Config.Anonymity.Minutes) + "m"))
		}},
	{clause: "mapp.consent-starts-identifying", when: func(v *view) bool { return v.becomes(Identifiable) && v.Cause == Chosen },
		expect: expect(cookie(scenario.RoleChoice, scenario.StateSet))},
	{clause: "mapp.opt-back-in", expect: expect(cookie(scenario.RoleChoice, scenario.StateGone)),
		when: func(v *view) bool { return v.becomes(Identifiable) && v.SwitchSet && v.Calm && !optIn(v.walk.Config) }},
	{clause: "mapp.withdrawal-ends-identifying", expect: expect(cookie(scenario.RoleChoice, scenario.StateGone)),
		when: func(v *view) bool { return v.becomes(Anonymous) && v.SwitchSet && v.Calm && optIn(v.walk.Config) }},

	// What was pushed before the pixel had loaded.
	{clause: "mapp.queue-before-load", when: func(v *view) bool {
		a := v.walk.Config.Actions
		return a != nil && len(a.Queued) > 1 && v.Sends() && v.Loads && v.Calm && v.Well && v.Before == v.Mode
	}, expect: expect(parameter(scenario.RoleActionName, scenario.StateInOrder))},
	{clause: "mapp.queue-before-load", when: func(v *view) bool {
		return v.Sends() && v.Acts && v.Calm && v.Well && v.Before == v.Mode && !slices.Contains(v.walk.Config.Suppress, scenario.RoleActionName)
	}, expect: expect(parameter(scenario.RoleActionName, scenario.StateGiven))},

	// What the collector can make of it.
	{clause: "mapp.visits-not-joined", expect: expect(scenario.Expectation{Record: scenario.RecordReturning, Is: scenario.StateUnchanged}),
		when: func(v *view) bool {
			return v.is(Anonymous) && v.Sends() && v.Loads && v.Calm && v.Visit > 1 && v.index > 0 && v.returned()
		}},

	// Nor can anybody else, whatever it is called. What the site itself tells of the
	// visitor does join his visits.
	{clause: "all.no-hiding-place", of: unlinked,
		when: func(v *view) bool { return v.Device == "" && v.viewed(v.Step.Open, Anonymous) && v.allSuppressed() }},
	{clause: "all.no-respawn", of: unlinked, when: func(v *view) bool {
		return v.Device == "" && v.viewed(v.Step.Open, Identifiable) && v.Fresh && len(v.walk.Config.Customer) == 0
	}},

	// Whatever the world was like: no identity leaves.
	{clause: "all.canary", each: (*view).secret, expect: expect(identity("")),
		when: func(v *view) bool { return v.is(Anonymous) && v.Calm && v.Identified && v.opened() }},
	{clause: "all.opt-out-holds", each: (*view).secret, expect: expect(identity(scenario.AmongMadeLater)), when: optedOut},
	{clause: "all.no-late-delivery", each: (*view).secret, expect: expect(identity(scenario.AmongMadeEarlier)),
		when: func(v *view) bool { return optedOut(v) && (v.Before == Anonymous || !v.Hurried) }},
}

// optsOut tells a step in which the visitor opts out on a page on which the pixel
// runs.
func optsOut(v *view) bool {
	return v.becomes(Anonymous) && v.Cause == Chosen
}

// optedOut tells that the visitor is anonymous by a choice of his.
func optedOut(v *view) bool {
	chosen := v.Cause == Chosen || v.Cause == TakenBack
	return (v.is(Anonymous) || v.becomes(Anonymous) || v.early(Anonymous)) && chosen && v.Identified && v.opened()
}

// early tells a step in which the pixel comes at last, and finds a choice that brings
// the visitor into the mode.
func (v *view) early(mode Mode) bool {
	return v.Took && v.Loads && v.Mode == mode && v.Before != Unknown
}

// optOutHeard tells the first judged requests after an opt-out.
func optOutHeard(v *view) bool {
	return v.is(Anonymous) && v.firstSent() && v.Cause == Chosen && v.Identified
}

func withdrawalHeard(v *view) bool {
	return v.is(Anonymous) && v.firstSent() && v.Cause == TakenBack && v.Identified
}

func backHeard(v *view) bool {
	return v.is(Identifiable) && v.firstSent() && v.Cause == TakenBack && !optIn(v.walk.Config)
}

func (v *view) renamed() bool { return v.walk.Config.Anonymity.Cookie != "" }

// viewed tells a view of that page in the mode, with nothing else under way.
func (v *view) viewed(page string, mode Mode) bool {
	return page != "" && v.Step.Open == page && v.is(mode) && v.Sends() && v.Loads && v.Calm
}

// unlinked compares the view of a page with that of an earlier visit, and with
// another person's.
func unlinked(v *view) []scenario.Expectation {
	var with, unlike string
	for i := range v.moments {
		other := &view{Moment: &v.moments[i], walk: v.walk, pixel: v.pixel, moments: v.moments, index: i}
		switch {
		case !other.viewed(v.Step.Open, v.Mode) || other.Cause != v.Cause:
			// What differs may come from how they became what they are.
		case other.Device != "":
			unlike = other.Step.Name
		case i < v.index && other.Visit < v.Visit:
			with = other.Step.Name
		}
	}
	if with == "" || unlike == "" {
		return nil
	}
	return expect(scenario.Expectation{Identifier: scenario.IdentityAny, Is: scenario.StateUnlinked, With: with, Unlike: unlike})
}

// lasting is the lifetime that the cookie of the choice is written with.
func lasting(text string) scenario.Expectation {
	lifetime, err := scenario.ParseLifetime(text)
	if err != nil {
		panic(err) // a word of this file
	}
	return scenario.Expectation{Cookie: scenario.RoleChoice, Lasts: lifetime}
}
