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
	ids := "user IDs: " + list(held.UserIDs)
	if len(held.UserIDs) == 0 {
		ids = "no user ID"
	}
	shown := []shownLine{
		{text: title + ", " + marked + of, mark: mark},
		{indent: "  ", text: ids, mark: mark},
		{indent: "  ", text: plural(len(held.Events), "event") + " in " + plural(held.Sessions, "session"), mark: mark},
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
		return "the user IDs and the events of the step " + e.With + ", each event once"
	case scenario.StateApart:
		return "no user ID and no event of the step " + e.With
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
