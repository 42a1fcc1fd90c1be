package scenario

import (
	"fmt"
	"slices"
	"strings"
)

// What a session says of where a visitor's requests came from, and of who he is; and
// what may stand in all that the collector keeps.
const (
	SessionAddress   = "address"
	SessionCountry   = "country"
	SessionCity      = "city"
	SessionVisitorID = RoleVisitorID

	KeptAddress = "address"
)

// What tells which session it is; nothing is expected of it.
const (
	SessionID        = "id"
	SessionBegan     = "began"
	SessionEnded     = "ended"
	SessionPageViews = "page-views"
)

// Sessions says how to read the newest session that the collector shows for the
// plan's site: a JSON document on its host, and JSON paths (RFC 9535) into it.
type Sessions struct {
	// Path is that of the document, perhaps with a query. {NAME} stands for the
	// setting of that name, as for the plan's site.
	Path string `yaml:"path" json:"path"`
	// Each leads to the sessions, the newest first.
	Each string `yaml:"each" json:"each"`
	// Values leads from one session to what it says: see SessionValues, and "id",
	// "began" and "ended" (RFC 3339) and "page-views", which tell whose session it is.
	// Nothing, null and an empty text stand for a value that it does not have.
	Values map[string]string `yaml:"values" json:"values"`
}

// KeptAnswers says what is searched of what the collector gives back, beside its files
// and logs: pages and documents of any kind, on its host.
type KeptAnswers struct {
	// Read lists paths, perhaps with queries. {NAME} stands for the setting of that
	// name, as for the plan's site.
	Read []string `yaml:"read" json:"read"`
}

// SessionValues returns the words for `session`.
func SessionValues() []Word {
	return []Word{
		{Name: SessionAddress, Session: true, Meaning: "the address that the visitor's requests came from"},
		{Name: SessionCountry, Session: true, Meaning: "the country that was made of it"},
		{Name: SessionCity, Session: true, Meaning: "the city that was made of it"},
		{Name: SessionVisitorID, Session: true, Meaning: "the identifier that joins the visitor's sessions"},
	}
}

// KeptValues returns the words for `kept`.
func KeptValues() []Word {
	words := []Word{{Name: KeptAddress, Kept: true, Meaning: "the address that the visitor's requests came from, in any form"}}
	return append(words, only(Roles(), func(w Word) bool { return w.Kept })...)
}

var identifyingSession = []string{SessionID, SessionBegan, SessionEnded, SessionPageViews}

func (s *source) checkSessions(p *Pixel) {
	declared := slices.Contains(p.Features, FeatureSessionReadBack)
	switch {
	case p.Sessions == nil && declared:
		s.reject("features", `say under "sessions" how they are read`, "the pixel declares %s, and does not say how its sessions are read", FeatureSessionReadBack)
	case p.Sessions != nil && !declared:
		s.reject("sessions", fmt.Sprintf("add %s to the features", FeatureSessionReadBack), "the pixel says how its sessions are read, and does not declare it")
	}
	if p.Sessions == nil {
		return
	}
	path, _, _ := strings.Cut(s.filledIn("sessions.path", p.Sessions.Path, p.Settings), "?")
	s.checkFilledPath("sessions.path", path, p.Sessions.Path)
	s.checkJSONPath("sessions.each", p.Sessions.Each)
	for _, name := range identifyingSession {
		if p.Sessions.Values[name] == "" && s.has("sessions.values") {
			s.reject("sessions.values", "such as "+name+": $."+strings.ReplaceAll(name, "-", "_"), "the key %q is missing, which tells whose session it is", name)
		}
	}
	for _, name := range sortedKeys(p.Sessions.Values) {
		at := "sessions.values." + name
		known := append(names(SessionValues()), identifyingSession...)
		if !slices.Contains(known, name) {
			s.rejectKeyOrValue(at, suggest(name, known), "unknown value of a session %s", shown(name))
		}
		s.checkJSONPath(at, p.Sessions.Values[name])
	}
}

// checkKept wants paths, each once, of a pixel whose collector can be searched.
func (s *source) checkKept(p *Pixel) {
	if p.Kept == nil {
		return
	}
	if !slices.Contains(p.Features, FeatureKeptReadBack) {
		s.reject("kept", fmt.Sprintf("add %s to the features", FeatureKeptReadBack), "the pixel says what is searched of what its collector gives back, and does not declare it")
	}
	if len(p.Kept.Read) == 0 && s.has("kept.read") {
		s.reject("kept.read", "", "there is nothing to read")
	}
	for i, text := range p.Kept.Read {
		at := fmt.Sprintf("kept.read[%d]", i)
		path, _, _ := strings.Cut(s.filledIn(at, text, p.Settings), "?")
		s.checkFilledPath(at, path, text)
	}
	s.refuseTwice("kept.read", p.Kept.Read)
}

func (s *source) checkJSONPath(at, text string) {
	if text == "" {
		return
	}
	if _, err := ParseJSONPath(text); err != nil {
		s.reject(at, "such as $.cid or $.user_ids[*], see RFC 9535", "not a JSON path: %v", err)
	}
}

// ReadsSession tells that the plan has expectations of the newest session that are
// judged, and its pixel says how to read it.
func (p *Plan) ReadsSession() bool {
	return p.Pixel.Sessions != nil && slices.ContainsFunc(p.Scenario.Expect, func(e Expectation) bool { return e.Session != "" && p.Judged(&e) })
}

// ReadsKept returns, sorted, the names of the steps with expectations, that are
// judged, of all that the collector keeps.
func (p *Plan) ReadsKept() []string {
	var steps []string
	if !slices.Contains(p.Pixel.Features, FeatureKeptReadBack) {
		return nil
	}
	for _, e := range p.Scenario.Expect {
		if e.Kept != "" && p.Judged(&e) && !slices.Contains(steps, e.At) {
			steps = append(steps, e.At)
		}
	}
	slices.Sort(steps)
	return steps
}

// KeptAnswers returns the paths that are read to search what the collector gives back.
func (p *Plan) KeptAnswers() []string {
	if p.Pixel.Kept == nil {
		return nil
	}
	var paths []string
	for _, path := range p.Pixel.Kept.Read {
		paths = append(paths, p.Filled(path))
	}
	return paths
}
