package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// subject says what is looked at, in the pixel's words and the scenario's.
func subject(plan *scenario.Plan, e *scenario.Expectation) string {
	kind, word := e.Subject()
	name := ""
	switch kind {
	case "request":
		return "any request"
	case "session":
		return "the newest session's " + word
	case "kept":
		return "what the collector keeps: " + word
	case "parameter":
		name = plan.ParameterName(word).Name
	case "cookie":
		if word == scenario.CookieAny {
			return "any cookie or other store"
		}
		name = plan.CookieName(word).Name
	case "option":
		name = plan.Pixel.Options[word]
	case "attribute":
		if plan.Pixel.Profile != nil {
			name = plan.Pixel.Profile.Attributes[word]
		}
	case "identity":
		if word == scenario.IdentityAny {
			return "any identity"
		}
		if name = plan.ParameterName(word).Name; name == "" {
			name = plan.CookieName(word).Name
		}
	case "identifier":
		return "any identifier"
	}
	if name == "" {
		return kind + " " + word
	}
	return fmt.Sprintf("%s %s (%s)", kind, name, word)
}

// expected says what the expectation asks for.
func expected(plan *scenario.Plan, e *scenario.Expectation) string {
	switch kind, _ := e.Subject(); kind {
	case "cookie":
		return expectedOfCookie(plan, e)
	case "identity":
		if e.Among != "" {
			return "no trace of it in any " + group(e.Among)
		}
		return "no trace of it in anything sent"
	case "identifier":
		return fmt.Sprintf("nothing kept or sent that the step %s has as well and the other person of the step %s has not", e.With, e.Unlike)
	case "record":
		return expectedOfRecord(e)
	case "request":
		if e.Is == scenario.StatePresent {
			return "the pixel sends something"
		}
		return "the pixel sends nothing"
	case "session":
		return expectedOfSession(plan, e)
	case "kept":
		return "nowhere, in no form"
	case "option":
		return "the page misspells it, and the pixel takes no notice"
	case "profile":
		return expectedOfProfile(e)
	case "attribute":
		return expectedOfAttribute(plan, e)
	}
	return expectedOfParameter(plan, e)
}

func expectedOfSession(plan *scenario.Plan, e *scenario.Expectation) string {
	switch e.Is {
	case scenario.StateGiven:
		i := slices.IndexFunc(plan.Scenario.Journey, func(s scenario.Step) bool { return s.Name == e.At })
		_, origin := plan.Scenario.OriginAt(max(i, 0))
		return fmt.Sprintf("%q", map[string]string{scenario.SessionAddress: origin.Address, scenario.SessionCountry: origin.Country, scenario.SessionCity: origin.City}[e.Session])
	case scenario.StateMasked:
		return "nothing but zeros"
	case scenario.StateAbsent:
		return "none"
	}
	return "present"
}

func expectedOfRecord(e *scenario.Expectation) string {
	switch {
	case e.Is == scenario.StateGrown && e.By.Count > 0:
		return fmt.Sprintf("%s more than at the end of the step before", e.By)
	case e.Is == scenario.StateGrown && !e.By.IsZero():
		return fmt.Sprintf("%s more than at the end of the step before, and the real time that the visitor took", e.By)
	case e.Is == scenario.StateGrown:
		return "larger than at the end of the step before"
	}
	return "the same as at the end of the step before"
}

func expectedOfCookie(plan *scenario.Plan, e *scenario.Expectation) string {
	if e.Cookie == scenario.CookieAny {
		return "nothing kept but the choice"
	}
	if e.Lasts != (scenario.Lifetime{}) {
		return "written to last " + lifetime(e.Lasts)
	}
	switch e.Is {
	case scenario.StateSet:
		return fmt.Sprintf("kept with the value %q", plan.CookieName(e.Cookie).Set)
	case scenario.StatePresent:
		return "kept, not empty"
	case scenario.StateAlone:
		return "written, and no other cookie with it"
	case scenario.StateAbsent:
		return "not in the jar"
	case scenario.StateGone:
		return "no longer in the jar"
	}
	return "not stored anew"
}

func expectedOfParameter(plan *scenario.Plan, e *scenario.Expectation) string {
	requests := group(e.Among)
	switch e.Is {
	case scenario.StateSet:
		return fmt.Sprintf("%q in every %s", plan.ParameterName(e.Parameter).Set, requests)
	case scenario.StateGiven:
		return fmt.Sprintf("%q in every %s", givenValue(personAt(plan, e.At), e.Parameter), requests)
	case scenario.StateAbsent:
		return "absent from every " + requests
	case scenario.StateUntraced:
		return "no trace of it in anything sent"
	case scenario.StateResumed:
		return "present again in every " + requests
	case scenario.StateFresh:
		return "in every " + requests + ", with a value that it never had"
	case scenario.StateHashed:
		return "where the step identifies, the MD5 or SHA-256 of the person's e-mail address or telephone number"
	case scenario.StateTimely:
		return "where the step identifies, milliseconds since 1970 within the step by the page's clock"
	case scenario.StateInOrder:
		return "each once and in this order: " + strings.Join(queued(plan), ", ")
	}
	return "present in every " + requests
}

// personAt returns the scenario as it is for the person of the step.
func personAt(plan *scenario.Plan, step string) *scenario.Scenario {
	i := slices.IndexFunc(plan.Scenario.Journey, func(s scenario.Step) bool { return s.Name == step })
	return plan.Person(plan.Scenario.PersonAt(max(i, 0))).Scenario
}

// group names the requests that an expectation is narrowed to, in the singular.
func group(among string) string {
	switch among {
	case scenario.AmongMadeEarlier:
		return "request made before the choice"
	case scenario.AmongMadeLater:
		return "request made after the choice"
	}
	return strings.TrimSpace(among + " request")
}

// queued returns the names of the actions that the page reports before the pixel
// has loaded.
func queued(plan *scenario.Plan) []string {
	if plan.Scenario.Config.Actions == nil {
		return nil
	}
	return plan.Scenario.Config.Actions.Queued
}
