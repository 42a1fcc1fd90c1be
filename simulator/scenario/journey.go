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
	s.checkReadings("reading", sc.Reading)
	s.checkConfig(sc.Config)
	s.checkJourney(sc)
	s.checkRequired(sc)
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
	for _, role := range sortedKeys(c.Customer) {
		s.checkRole("config.customer."+role, "customer", role, customerWord)
	}
	s.checkWord("config.delivery", "delivery", c.Delivery, Deliveries())
	s.checkWord("config.site", "site", c.Site, Sites())
	s.checkOrigins(c.Origins)
	s.checkPersonal(c)
	for _, name := range sortedKeys(c.Literal) {
		if !identifierPattern.MatchString(name) {
			s.report(s.keys["config.literal."+name], "a name as a script spells it", "%s is no name of an option", shown(name))
		}
		if !literalPattern.MatchString(c.Literal[name]) {
			s.reject("config.literal."+name, `"true", "false" or a whole number`, "%s cannot stand on the page as it is", shown(c.Literal[name]))
		}
	}
	if c.Actions != nil {
		s.refuseTwice("config.actions.queued", c.Actions.Queued)
	}
	if a := c.Anonymity; a != nil && a.Cookie != "" && !cookieNamePattern.MatchString(a.Cookie) {
		s.reject("config.anonymity.cookie", "letters, digits and any of !#$%&'*+-.^_`|~", "%s is no name for a cookie", shown(a.Cookie))
	}
}

var (
	identifierPattern = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)
	literalPattern    = regexp.MustCompile(`^(true|false|-?[0-9]{1,9})$`)
)

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
		s.rejectKeyOrValue(path, oneOf(candidates), "the role %s is never that of %s", shown(role), withArticle(subject))
	}
}

// rejectKeyOrValue puts the problem at the key where the path's last part is
// the word that is wrong, as in a map by role.
func (s *source) rejectKeyOrValue(path, hint, format string, args ...any) {
	at := s.at(path)
	if i := strings.LastIndexByte(path, '.'); i > 0 && (mapsByRole[path[:i]] || strings.HasPrefix(path, "config.changes[")) {
		at = s.keys[path]
	}
	s.report(at, hint, format, args...)
}

// mapsByRole lists the maps whose keys are words of the vocabulary.
var mapsByRole = map[string]bool{"config.customer": true, "parameters": true, "cookies": true, "actions": true, "options": true, "records": true, "profile.attributes": true,
	"reading": true, "readings": true, "sessions.values": true}

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
		} else {
			s.checkContrast(sc, e, path, index)
		}
	}
}

// subjects are what an expectation can be about, each with the words that fit it.
var subjects = []subjectKind{
	{"parameter", func(e Expectation) string { return e.Parameter }, parameterWord, nil},
	{"cookie", func(e Expectation) string { return e.Cookie }, cookieWord, nil},
	{"identity", func(e Expectation) string { return e.Identity }, identityWord, nil},
	{"identifier", func(e Expectation) string { return e.Identifier }, func(w Word) bool { return w.Identifier },
		func() []Word { return []Word{{Name: IdentityAny}} }},
	{"record", func(e Expectation) string { return e.Record }, func(w Word) bool { return w.Record }, Records},
	{"option", func(e Expectation) string { return e.Option }, func(w Word) bool { return w.Option }, Options},
	{"profile", func(e Expectation) string { return e.Profile }, profileWord, Profiles},
	{"attribute", func(e Expectation) string { return e.Attribute }, attributeWord,
		func() []Word { return append(only(Roles(), attributeWord), Attributes()...) }},
	{"request", func(e Expectation) string { return e.Request }, func(w Word) bool { return w.Request },
		func() []Word { return []Word{{Name: RequestAny}} }},
	{"session", func(e Expectation) string { return e.Session }, func(w Word) bool { return w.Session }, SessionValues},
	{"kept", func(e Expectation) string { return e.Kept }, func(w Word) bool { return w.Kept }, KeptValues},
}

type subjectKind struct {
	key  string
	of   func(Expectation) string
	fits func(Word) bool
	list func() []Word // nil for a role
}

// Subject returns what the expectation is about, such as "parameter" and
// "visitor-id".
func (e Expectation) Subject() (kind, word string) {
	for _, subject := range subjects {
		if word := subject.of(e); word != "" {
			return subject.key, word
		}
	}
	return "", ""
}

// checkExpectation checks one expectation's words by themselves.
func (s *source) checkExpectation(e *Expectation, path string) {
	var given []int
	for i, subject := range subjects {
		at, word := join(path, subject.key), subject.of(*e)
		if s.has(at) {
			given = append(given, i)
		}
		switch {
		case subject.list != nil:
			s.checkWord(at, called(subject.key), word, subject.list())
		case word != IdentityAny || subject.key != "identity" && subject.key != "cookie":
			s.checkRole(at, subject.key, word, subject.fits)
		}
	}
	if len(given) != 1 {
		s.reject(path, "", `an expectation has exactly one of "parameter", "cookie", "identity", "identifier", "record", "option", "profile", "attribute", "request", "session" and "kept"`)
	}
	is, lasts := s.has(join(path, "is")), s.has(join(path, "lasts"))
	if is == lasts {
		s.reject(path, "", `an expectation has exactly one of "is" and "lasts"`)
	}
	if len(given) != 1 {
		s.checkWord(join(path, "is"), "state", e.Is, States())
		s.checkWord(join(path, "among"), "group of requests", e.Among, Groups())
		return
	}
	subject := subjects[given[0]]
	if lasts && subject.key != "cookie" {
		s.reject(join(path, "lasts"), "", `"lasts" is said of a cookie only`)
	}
	s.checkFitting(join(path, "is"), "state", e.Is, States(), subject.key, subject.fits)
	if s.has(join(path, "among")) && subject.key != "parameter" && subject.key != "identity" {
		s.reject(join(path, "among"), "", `"among" narrows requests; it cannot be said of %s`, withArticle(subject.key))
	} else {
		s.checkFitting(join(path, "among"), "group of requests", e.Among, Groups(), subject.key, subject.fits)
	}
	s.checkNarrower(e, join(path, "is"))
	s.checkCompanions(e, path, subject.key)
	s.checkAmount(e, path)
}

// withArticle is the word after a or an.
func withArticle(word string) string {
	if strings.ContainsRune("aeio", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}

// checkFitting refuses a word that is unknown, or that cannot be said of the subject.
func (s *source) checkFitting(path, what, word string, list []Word, subject string, fits func(Word) bool) {
	if word == "" {
		return
	}
	fitting := names(only(list, fits))
	known, ok := find(list, word)
	switch {
	case !ok:
		s.reject(path, suggest(word, fitting), "unknown %s %s", what, shown(word))
	case !fits(known):
		s.reject(path, oneOf(fitting), "the %s %s is never that of %s", what, shown(word), withArticle(called(subject)))
	}
}

// called names what an expectation is about, for a message.
func called(subject string) string {
	switch subject {
	case "session":
		return "session's value"
	case "kept":
		return "kept value"
	}
	return subject
}

func oneOf(words []string) string {
	if len(words) == 1 {
		return fmt.Sprintf("the only one is %q", words[0])
	}
	return "one of " + strings.Join(words, ", ")
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
