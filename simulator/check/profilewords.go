package check

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// longHex is an ID that nobody reads to its end.
var longHex = regexp.MustCompile(`^[0-9a-fA-F]{20,}$`)

// short shortens an ID so that it can be told from others in a line of text.
func short(id string) string {
	const shown = 8
	if longHex.MatchString(id) {
		return id[:shown] + "…"
	}
	const most = 40
	if len(id) > most && !strings.Contains(id, "…") {
		return string([]rune(id)[:min(most, len([]rune(id)))]) + "…"
	}
	return id
}

// list names IDs, shortened, as far as they can be read.
func list(ids []string) string {
	const most = 4
	var names []string
	for i, id := range ids {
		if i == most {
			return strings.Join(names, ", ") + fmt.Sprintf(" and %d more", len(ids)-most)
		}
		names = append(names, short(id))
	}
	return strings.Join(names, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// whose names the profile that was asked for.
func (p profile) whose() string {
	switch p.by {
	case scenario.ProfileVisitor:
		return "profile of the visitor"
	case scenario.ProfileRawCustomer:
		return "profile under the raw identity"
	}
	return "profile of the customer"
}

// named names a profile.
func named(held *evidence.Profile) string {
	if held.By == scenario.ProfileVisitor {
		return "the visitor " + short(held.ID)
	}
	return "the customer " + short(held.ID)
}

// inStep names a visitor by his ID and the step in which he was seen, for a reader of
// what is judged at the end of another one.
func inStep(id string, at, seen *view) string {
	about := "step " + seen.step.Name
	if seen.who != at.who {
		about += ", another person"
	}
	return short(id) + " (" + about + ")"
}

// theVisitors names visitors by their IDs.
func theVisitors(ids []string) string {
	if len(ids) == 1 {
		return "the visitor " + list(ids)
	}
	return "the visitors " + list(ids)
}

func isOrAre(ids []string) string {
	if len(ids) == 1 {
		return "is"
	}
	return "are"
}

// whereabouts says whose a visitor is who is not among the profile's user IDs, as the
// backend says of him at the end of the step.
func (p profile) whereabouts(id string, held *evidence.Profile) string {
	of := visitorProfile(p.view, id)
	other := p.holder(id, held)
	switch {
	case of == nil:
		return "the backend was not asked whose he is"
	case !of.Found:
		return "the backend has no profile of him"
	case of.CustomerID == "" && other != nil:
		return "he is a user ID of " + named(other)
	case of.CustomerID == "" && of.Marked:
		return "he is marked as a customer, though of nobody"
	case of.CustomerID == "":
		return "he is still nobody's"
	case of.CustomerID == held.ID || of.CustomerID == held.CustomerID:
		return "he is not among its user IDs, though the backend says of him that he belongs to it"
	}
	return "he belongs to the customer " + short(of.CustomerID)
}

// contradiction adds what the backend says of a visitor himself, where it is not that
// he belongs to the profile that lists him.
func (p profile) contradiction(id string, held *evidence.Profile) string {
	of := visitorProfile(p.view, id)
	switch {
	case of == nil, of.CustomerID != "" && (of.CustomerID == held.ID || of.CustomerID == held.CustomerID):
		return ""
	case !of.Found:
		return ", though the backend has no profile of him"
	case of.CustomerID == "":
		return ", though the backend says of him that he is nobody's"
	}
	return ", though the backend says of him that he belongs to the customer " + short(of.CustomerID)
}

// kept says where the backend keeps an event that the profile lacks, as far as it
// was asked.
func (p profile) kept(e *event, lacks *evidence.Profile) string {
	for _, by := range []string{scenario.ProfileCustomer, scenario.ProfileVisitor} {
		if of := profileOf(p.view, func(held *evidence.Profile) bool {
			return held.By == by && held.ID != lacks.ID && times(held, e.id) > 0
		}); of != nil && by == scenario.ProfileVisitor && of.ID == e.visitor {
			return "the backend has it with that visitor alone"
		} else if of != nil {
			return "the backend has it with " + named(of)
		}
	}
	return "the backend has it with nobody who was asked for"
}

// labelOf names an event of a profile.
func labelOf(e evidence.ProfileEvent) string {
	name := e.Name
	if name == "" {
		name = "an event"
	}
	return strings.TrimSpace(name + " " + short(e.ID))
}

// line is the event as an excerpt shows it.
func line(e evidence.ProfileEvent) string {
	text := labelOf(e)
	if e.VisitorID != "" {
		text += " of " + short(e.VisitorID)
	}
	return text
}

func lines(held *evidence.Profile) []string {
	var list []string
	for _, e := range held.Events {
		list = append(list, line(e))
	}
	return list
}

// idLine and eventCount are parts of an excerpt.
func idLine(held *evidence.Profile) string {
	if len(held.UserIDs) == 0 {
		return "no user ID"
	}
	return "user IDs: " + list(held.UserIDs)
}

func eventCount(held *evidence.Profile) string { return plural(len(held.Events), "event") }

// mostEvents is how many events an excerpt shows at least: it shows more only where
// one of them is what decides.
const mostEvents = 12

// excerpt shows the profile; mark is the part of it that decides.
func (p profile) excerpt(held *evidence.Profile, mark string) *verdict.Excerpt {
	title := named(held)
	if held.By == scenario.ProfileRawCustomer {
		title = "under " + show(held.ID)
	}
	if !held.Found {
		return linesExcerpt(shownLine{text: title + ": no such profile, as the backend said at the end of the step " + p.view.step.Name})
	}
	marked := "not marked"
	if held.Marked {
		marked = "marked as a customer"
	}
	of := ""
	switch {
	case held.CustomerID == "":
		of = ", of no customer"
	case held.CustomerID != held.ID:
		of = ", of the customer " + short(held.CustomerID)
	}
	shown := []shownLine{
		{text: title + ", " + marked + of, mark: mark},
		{indent: "  ", text: idLine(held), mark: mark},
		{indent: "  ", text: eventCount(held) + " in " + plural(held.Sessions, "session"), mark: mark},
	}
	for i, e := range held.Events {
		if text := line(e); i < mostEvents || mark != "" && strings.Contains(text, mark) {
			shown = append(shown, shownLine{indent: "    ", text: text, mark: mark})
		}
	}
	if rest := len(held.Events) - mostEvents; rest > 0 {
		shown = append(shown, shownLine{indent: "    ", text: fmt.Sprintf("… and %d more", rest)})
	}
	for _, kind := range []struct {
		name   string
		values map[string]string
	}{{"customer", held.CustomerAttributes}, {"system", held.SystemAttributes}, {"custom", held.CustomAttributes}} {
		for _, name := range slices.Sorted(maps.Keys(kind.values)) {
			shown = append(shown, shownLine{indent: "  ", text: fmt.Sprintf("%s %s: %s", kind.name, name, show(kind.values[name])), mark: mark})
		}
	}
	return linesExcerpt(shown...)
}

// expectedOfProfile says what is expected of a profile.
func expectedOfProfile(e *scenario.Expectation) string {
	switch e.Is {
	case scenario.StatePresent:
		return "there"
	case scenario.StateAbsent:
		return "none"
	case scenario.StateAnonymous:
		return "there, of no customer, not marked as one"
	case scenario.StateMarked:
		if e.Profile == scenario.ProfileVisitor {
			return "there, marked as a customer, and the person's"
		}
		return "there, marked as a customer"
	case scenario.StateComplete:
		return "every event that was sent under its user IDs, each once, and no other"
	case scenario.StateJoined:
		return "the visitors of the step " + e.With + " among its user IDs, and each event of the step once"
	case scenario.StateApart:
		return "no visitor of the step " + e.With + " among its user IDs, and no event of the step"
	}
	return "as at the end of the step before"
}

// expectedOfAttribute says what is expected of an attribute.
func expectedOfAttribute(plan *scenario.Plan, e *scenario.Expectation) string {
	index := slices.IndexFunc(plan.Scenario.Journey, func(s scenario.Step) bool { return s.Name == e.At })
	config := personAt(plan, e.At).Config
	several := e.Attribute == scenario.AttributesSystem || e.Attribute == scenario.AttributesCustom
	switch {
	case e.Is == scenario.StateNewest && index >= 0:
		return show(plan.GivenLast(e.Attribute, index)) + ", as the site said last"
	case e.Is == scenario.StateGiven && several:
		var pairs []string
		given := config.Attributes
		for _, name := range slices.Sorted(maps.Keys(given)) {
			pairs = append(pairs, name+" "+show(given[name]))
		}
		return strings.Join(pairs, ", ")
	case e.Is == scenario.StateGiven:
		return show(config.Customer[e.Attribute])
	}
	return "there, not empty"
}
