package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ohler55/ojg/jp"
)

// Profile says how to read the profiles that a collector keeps: JSON documents on
// its host, and JSON paths (RFC 9535) into them.
type Profile struct {
	// Customer is where a customer's profile stands, by the site's own identifier,
	// and Visitor where a visitor's, by the visitor ID.
	Customer ProfilePlace `yaml:"customer" json:"customer"`
	Visitor  ProfilePlace `yaml:"visitor" json:"visitor"`
	// Values leads to what a profile says.
	Values ProfileValues `yaml:"values" json:"values"`
	// Event leads to the events of a profile.
	Event ProfileEvents `yaml:"event" json:"event"`
	// Settles is how long what the collector tells must have stayed the same before
	// it is taken for its word, where it works later than it answers: at most a
	// minute. Without it the collector is asked once, at the end of each step.
	Settles Lifetime `yaml:"settles,omitempty" json:"settles,omitzero"`
	// Attributes gives the collector's own name of a customer's attribute for each
	// role.
	Attributes map[string]string `yaml:"attributes,omitempty" json:"attributes,omitempty"`
}

// ProfilePlace is where a profile stands: paths, with a query if need be, on the
// collector's host. {id} in them stands for the ID, which is escaped.
type ProfilePlace struct {
	// Path is that of the profile. The status 404 says that there is none.
	Path string `yaml:"path" json:"path"`
	// Events is that of its events; they stand in the profile itself when left out.
	Events string `yaml:"events,omitempty" json:"events,omitempty"`
}

// ProfileValues holds a JSON path for each thing that a profile says.
type ProfileValues struct {
	// CustomerID leads to the customer's identifier, a text; nothing, null or an
	// empty text stands for an anonymous visitor.
	CustomerID string `yaml:"customer-id" json:"customer-id"`
	// Marked leads to true or false: whether the profile is marked as a customer's.
	Marked string `yaml:"marked" json:"marked"`
	// UserIDs leads to the visitor IDs that the profile holds, each a text.
	UserIDs string `yaml:"user-ids" json:"user-ids"`
	// Sessions leads to the number of sessions.
	Sessions string `yaml:"sessions,omitempty" json:"sessions,omitempty"`
	// CustomerAttributes, SystemAttributes and CustomAttributes lead to an object
	// each, whose values are texts, numbers or truth values.
	CustomerAttributes string `yaml:"customer-attributes,omitempty" json:"customer-attributes,omitempty"`
	SystemAttributes   string `yaml:"system-attributes,omitempty" json:"system-attributes,omitempty"`
	CustomAttributes   string `yaml:"custom-attributes,omitempty" json:"custom-attributes,omitempty"`
}

// ProfileEvents holds the JSON paths that lead to a profile's events.
type ProfileEvents struct {
	// Each leads to the events; the other paths begin at one of them.
	Each string `yaml:"each" json:"each"`
	// ID leads to the message ID, VisitorID to the visitor ID, Name to what the
	// pixel calls the event.
	ID        string `yaml:"id" json:"id"`
	VisitorID string `yaml:"visitor-id" json:"visitor-id"`
	Name      string `yaml:"name" json:"name"`
	// Content leads to what else an event says, by the pixel's own names of its
	// parameters, such as items: what hits carry under that name, or below it in
	// JSON, must stand there.
	Content map[string]string `yaml:"content,omitempty" json:"content,omitempty"`
}

// longestSettling bounds how long a collector may take to come to rest.
const longestSettling = time.Minute

// idPlace stands for the ID in the path of a profile.
const idPlace = "{id}"

// checkProfile checks how a pixel's profiles are read.
func (s *source) checkProfile(p *Pixel) {
	declared := slices.Contains(p.Features, FeatureProfileReadBack)
	if p.Profile == nil {
		if declared {
			s.reject("features", `say under "profile" how they are read`, "the pixel declares %s, and does not say how its profiles are read", FeatureProfileReadBack)
		}
		return
	}
	if !declared {
		s.reject("profile", fmt.Sprintf("add %s to the features", FeatureProfileReadBack), "the pixel says how its profiles are read, and does not declare it")
	}
	if _, ok := p.Parameters[RoleVisitorID]; !ok {
		s.reject("profile", fmt.Sprintf("name %s under parameters", RoleVisitorID), "nothing says under which parameter a visitor's ID is sent")
	}
	for _, place := range []struct {
		at string
		ProfilePlace
	}{{"profile.customer", p.Profile.Customer}, {"profile.visitor", p.Profile.Visitor}} {
		s.checkProfilePath(place.at+".path", place.Path)
		s.checkProfilePath(place.at+".events", place.Events)
	}
	if p.Profile.Settles.Span() > longestSettling {
		s.reject("profile.settles", "such as 5s", "%s is longer than a minute", p.Profile.Settles)
	}
	for _, path := range p.Profile.paths() {
		if path.text == "" {
			continue
		}
		if _, err := ParseJSONPath(path.text); err != nil {
			s.reject("profile."+path.at, "such as $.cid or $.user_ids[*], see RFC 9535", "not a JSON path: %v", err)
		}
	}
	for _, role := range sortedKeys(p.Profile.Attributes) {
		s.checkRole("profile.attributes."+role, "customer's attribute", role, attributeWord)
	}
}

// ParseJSONPath reads a JSON path, which begins at the document's root, $.
func ParseJSONPath(text string) (jp.Expr, error) {
	if !strings.HasPrefix(text, "$") {
		return nil, errors.New("it does not begin with $")
	}
	return jp.ParseString(text)
}

// checkProfilePath wants a path, perhaps with a query, with one place for an ID.
func (s *source) checkProfilePath(at, text string) {
	if text == "" {
		return
	}
	if strings.Count(text, idPlace) != 1 {
		s.reject(at, "such as /api/customers/"+idPlace, "the path has not one place for the ID, %s", idPlace)
		return
	}
	path, _, _ := strings.Cut(strings.Replace(text, idPlace, "id", 1), "?")
	s.checkPath(at, path)
}

type namedPath struct{ at, text string }

// paths lists the JSON paths with the keys under which they stand.
func (p *Profile) paths() []namedPath {
	v, e := p.Values, p.Event
	paths := []namedPath{
		{"values.customer-id", v.CustomerID}, {"values.marked", v.Marked}, {"values.user-ids", v.UserIDs}, {"values.sessions", v.Sessions},
		{"values.customer-attributes", v.CustomerAttributes}, {"values.system-attributes", v.SystemAttributes}, {"values.custom-attributes", v.CustomAttributes},
		{"event.each", e.Each}, {"event.id", e.ID}, {"event.visitor-id", e.VisitorID}, {"event.name", e.Name},
	}
	for _, name := range sortedKeys(e.Content) {
		paths = append(paths, namedPath{"event.content." + name, e.Content[name]})
	}
	return paths
}

// checkProfile binds an expectation of a profile.
func (b *binding) checkProfile(e *Expectation, kind, word string) {
	if b.pixel.Profile == nil || kind == "profile" {
		return // what the pixel lacks is said by Lacks
	}
	at, v := "profile.values", b.pixel.Profile.Values
	switch word {
	case AttributesSystem:
		if v.SystemAttributes == "" {
			b.lacks(e.Where, at, "path to the attributes", "system-attributes", nil)
		}
	case AttributesCustom:
		if v.CustomAttributes == "" {
			b.lacks(e.Where, at, "path to the attributes", "custom-attributes", nil)
		}
	default:
		if v.CustomerAttributes == "" {
			b.lacks(e.Where, at, "path to the attributes", "customer-attributes", nil)
		}
		if _, ok := b.pixel.Profile.Attributes[word]; !ok {
			b.lacks(e.Where, "profile.attributes", "attribute", word, nil)
		}
	}
}

// Lacks returns the feature that one expectation wants and the plan's pixel does
// not have, or "": such an expectation is unsupported, the others of the scenario
// are judged.
func (p *Plan) Lacks(e *Expectation) string {
	if (e.Profile != "" || e.Attribute != "") && p.Pixel.Profile == nil {
		return FeatureProfileReadBack
	}
	if e.Session != "" && p.Pixel.Sessions == nil {
		return FeatureSessionReadBack
	}
	if e.Kept != "" && !slices.Contains(p.Pixel.Features, FeatureKeptReadBack) {
		return FeatureKeptReadBack
	}
	return ""
}

// ReadsProfiles tells that the plan has expectations of profiles that are judged,
// and its pixel says how to read them.
func (p *Plan) ReadsProfiles() bool {
	return p.Pixel.Profile != nil && slices.ContainsFunc(p.Scenario.Expect, func(e Expectation) bool {
		return (e.Profile != "" || e.Attribute != "") && p.Judged(&e)
	})
}
