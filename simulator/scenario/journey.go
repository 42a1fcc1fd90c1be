package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

const longestTitle = 80

var wishPattern = regexp.MustCompile(`(?i)\b(should|tests? that|verif(y|ies) that|checks? that)\b`)

// decodeScenario reads a scenario file and checks it against the library's
// clauses; id is what the file's place calls it. It returns nil when the file
// holds no map.
func (s *source) decodeScenario(text []byte, id string, lib *Library) *Scenario {
	sc := &Scenario{File: s.file, Digest: hexSHA256(text)}
	if !s.decode(text, sc) {
		return nil
	}
	document, name, _ := strings.Cut(id, ".")
	sc.Where = s.where("id")
	s.checkID("id", "scenario", sc.ID, document)
	if _, rest, _ := strings.Cut(sc.ID, "."); rest != "" && rest != name && namePattern.MatchString(rest) {
		s.reject("id", fmt.Sprintf("call the file %s%s, or the scenario %s", rest, yamlSuffix, id),
			"the scenario %s stands in the file %s%s", shown(sc.ID), name, yamlSuffix)
	}
	if sc.Document != "" && sc.Document != document {
		s.reject("document", "", "the document %s stands in the folder of %s; the two names must agree", shown(sc.Document), shown(document))
	}
	s.checkTitle("title", sc.Title)
	for i, feature := range sc.Requires {
		s.checkWord(fmt.Sprintf("requires[%d]", i), "feature", feature, Features())
	}
	s.refuseTwice("requires", sc.Requires)
	s.checkConfig(sc.Config)
	s.checkJourney(sc)
	s.checkExpectations(sc, document, lib)
	return sc
}

// checkTitle wants a title that states a fact.
func (s *source) checkTitle(path, title string) {
	if n := utf8.RuneCountInString(title); n > longestTitle {
		s.reject(path, "", "the title has %d characters, more than %d", n, longestTitle)
	}
	if wish := wishPattern.FindString(title); wish != "" {
		s.reject(path, `say what happens, such as "A visitor opts out"`, "a title states a fact, it does not say %s", shown(strings.ToLower(wish)))
	}
	if strings.ContainsAny(title, "\n\r") {
		s.reject(path, "", "the title has more than one line")
	}
}

func (s *source) checkConfig(c Config) {
	for i, role := range c.Suppress {
		s.checkRole(fmt.Sprintf("config.suppress[%d]", i), "parameter", role, parameterWord)
	}
	s.refuseTwice("config.suppress", c.Suppress)
	customer := func(w Word) bool { return w.Name == RoleCustomerID || w.Name == RoleCategory }
	for _, role := range sortedKeys(c.Customer) {
		s.checkRole("config.customer."+role, "customer", role, customer)
	}
	if a := c.Anonymity; a != nil && a.Cookie != "" && !cookieNamePattern.MatchString(a.Cookie) {
		s.reject("config.anonymity.cookie", "letters, digits and any of !#$%&'*+-.^_`|~", "%s is no name for a cookie", shown(a.Cookie))
	}
}

// cookieNamePattern is the token of RFC 6265, section 4.1.1.
var cookieNamePattern = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// checkRole refuses an unknown role, and a role that cannot be said of the subject.
func (s *source) checkRole(path, subject, role string, fits func(Word) bool) {
	if role == "" {
		return
	}
	word, known := roleWord(role)
	candidates := roleCandidates(role, fits)
	switch {
	case !known:
		s.rejectKeyOrValue(path, suggest(role, candidates), "unknown role %s", shown(role))
	case !fits(word):
		s.rejectKeyOrValue(path, "one of "+strings.Join(candidates, ", "), "the role %s is never that of a %s", shown(role), subject)
	}
}

// rejectKeyOrValue puts the problem at the key where the path's last part is
// the word that is wrong, as in a map by role.
func (s *source) rejectKeyOrValue(path, hint, format string, args ...any) {
	at := s.at(path)
	if i := strings.LastIndexByte(path, '.'); i > 0 && mapsByRole[path[:i]] {
		at = s.keys[path]
	}
	s.report(at, hint, format, args...)
}

// mapsByRole lists the maps whose keys are words of the vocabulary.
var mapsByRole = map[string]bool{"config.customer": true, "parameters": true, "cookies": true, "actions": true}

func (s *source) checkJourney(sc *Scenario) {
	if len(sc.Journey) == 0 && s.has("journey") {
		s.reject("journey", "", "the journey has no steps")
	}
	first := map[string]string{}
	for i := range sc.Journey {
		step, path := &sc.Journey[i], fmt.Sprintf("journey[%d]", i)
		step.Where = s.where(path)
		s.checkName(join(path, "step"), "a step", step.Name)
		if where, twice := first[step.Name]; twice && step.Name != "" {
			s.reject(join(path, "step"), "", "the step %s stands twice; first at %s", shown(step.Name), where)
		}
		first[step.Name] = step.Where
		opens, does := s.has(join(path, "open")), s.has(join(path, "do"))
		if opens == does {
			s.reject(path, "", `a step has exactly one of "open" and "do"`)
		}
		s.checkName(join(path, "open"), "a page", step.Open)
		s.checkWord(join(path, "do"), "action", step.Do, Actions())
		if i == 0 && does && !opens {
			s.reject(path, `begin with a step that has "open"`, "the journey begins with an action, but no page is open yet")
		}
	}
}

func (s *source) checkExpectations(sc *Scenario, document string, lib *Library) {
	if len(sc.Expect) == 0 && s.has("expect") {
		s.reject("expect", "", "nothing is expected")
	}
	seen := map[Expectation]string{}
	for i := range sc.Expect {
		e, path := &sc.Expect[i], fmt.Sprintf("expect[%d]", i)
		key := *e
		if where, twice := seen[key]; twice && e.At != "" && e.Clause != "" {
			s.reject(path, "", "the same is expected at %s", where)
		}
		e.Where = s.where(path)
		seen[key] = e.Where
		s.checkExpectation(e, path)
		s.checkReference(join(path, "clause"), e.Clause, document, lib)
		if index := stepIndex(sc, e.At); index < 0 {
			if e.At != "" && len(sc.Journey) > 0 {
				s.reject(join(path, "at"), suggest(e.At, stepNames(sc)), "unknown step %s", shown(e.At))
			}
		} else if word, _ := find(States(), e.Is); word.Parameter && e.Parameter != "" || word.Cookie && e.Cookie != "" {
			s.checkContrast(sc, e, path, index)
		}
	}
}

// checkExpectation checks one expectation's words by themselves.
func (s *source) checkExpectation(e *Expectation, path string) {
	parameter, cookie := s.has(join(path, "parameter")), s.has(join(path, "cookie"))
	is, lasts := s.has(join(path, "is")), s.has(join(path, "lasts"))
	if parameter == cookie {
		s.reject(path, "", `an expectation has exactly one of "parameter" and "cookie"`)
	}
	if is == lasts {
		s.reject(path, "", `an expectation has exactly one of "is" and "lasts"`)
	}
	s.checkRole(join(path, "parameter"), "parameter", e.Parameter, parameterWord)
	s.checkRole(join(path, "cookie"), "cookie", e.Cookie, cookieWord)
	s.checkWord(join(path, "among"), "group of requests", e.Among, Groups())
	if s.has(join(path, "among")) && cookie && !parameter {
		s.reject(join(path, "among"), "", `"among" narrows requests; a cookie is in the jar or not`)
	}
	if lasts && parameter && !cookie {
		s.reject(join(path, "lasts"), "", `"lasts" is said of a cookie only`)
	}
	s.checkState(join(path, "is"), e.Is, parameter, cookie)
}

func (s *source) checkState(path, state string, parameter, cookie bool) {
	if state == "" || parameter == cookie {
		s.checkWord(path, "state", state, States())
		return
	}
	subject, fits := "parameter", parameterWord
	if cookie {
		subject, fits = "cookie", cookieWord
	}
	fitting := names(only(States(), fits))
	word, known := find(States(), state)
	switch {
	case !known:
		s.reject(path, suggest(state, fitting), "unknown state %s", shown(state))
	case !fits(word):
		s.reject(path, "one of "+strings.Join(fitting, ", "), "the state %s is never that of a %s", shown(state), subject)
	}
}

// checkReference wants a clause of the document, or of the document "all".
func (s *source) checkReference(path, id, document string, lib *Library) {
	if id == "" || lib.Clause(id) != nil && (strings.HasPrefix(id, document+".") || strings.HasPrefix(id, AllDocument+".")) {
		return
	}
	if lib.Clause(id) != nil {
		s.reject(path, "", "the clause %s is not one of the document %s", shown(id), shown(document))
		return
	}
	if of, _, _ := strings.Cut(id, "."); lib.unread[of] {
		return
	}
	var known []string
	for candidate := range lib.clauses {
		if strings.HasPrefix(candidate, document+".") || strings.HasPrefix(candidate, AllDocument+".") {
			known = append(known, candidate)
		}
	}
	s.reject(path, suggest(id, known), "unknown clause %s", shown(id))
}

// checkContrast refuses an expectation that nothing in the journey can give a
// contrast to: an absence means something only beside the presence, and the
// presence is seen where another step opens a page.
func (s *source) checkContrast(sc *Scenario, e *Expectation, path string, index int) {
	opens := func(from, to int) bool {
		return slices.ContainsFunc(sc.Journey[from:to], func(step Step) bool { return step.Open != "" })
	}
	subject := e.Parameter + e.Cookie
	path = join(path, "is")
	switch e.Is {
	case StateAbsent:
		if !opens(0, index) && !opens(index+1, len(sc.Journey)) {
			s.reject(path, "add a step that opens a page where it is present",
				"nothing can show that %s is ever there: no other step opens a page", subject)
		}
	case StateGone, StateNotStored, StateUntraced:
		if !opens(0, index) {
			s.reject(path, "begin with a step that opens a page where it is present",
				"nothing can show that %s was there before: no earlier step opens a page", subject)
		}
	case StateResumed:
		if index < 2 || !opens(1, index) {
			s.reject(path, "let an earlier step show it present and one between show it absent",
				"nothing can show that %s was there and then was not", subject)
		}
	}
}

func stepIndex(sc *Scenario, name string) int {
	return slices.IndexFunc(sc.Journey, func(step Step) bool { return name != "" && step.Name == name })
}

func stepNames(sc *Scenario) []string {
	var list []string
	for _, step := range sc.Journey {
		if step.Name != "" && !slices.Contains(list, step.Name) {
			list = append(list, step.Name)
		}
	}
	return list
}
