package scenario

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// longestQuote is the most characters of a quote: a clause cites its document,
// it does not copy it.
const longestQuote = 160

var (
	namePattern   = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	sha256Pattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

const nameHint = "small letters, digits and single hyphens, beginning with a letter, such as opt-out"

// checkName refuses what is no name of the product: names say the behaviour
// and are typed by hand.
func (s *source) checkName(path, what, name string) bool {
	if name == "" || namePattern.MatchString(name) {
		return true
	}
	s.reject(path, nameHint, "%s is no name for %s", shown(name), what)
	return false
}

// checkWord refuses a word that is not in the list.
func (s *source) checkWord(path, what, word string, list []Word) {
	if word == "" {
		return
	}
	if _, ok := find(list, word); !ok {
		s.reject(path, suggest(word, names(list)), "unknown %s %s", what, shown(word))
	}
}

// decodeCatalogue reads a clause file; the document is the file's base name.
// It returns nil when the file holds no map.
func (s *source) decodeCatalogue(text []byte, document string) *Catalogue {
	s.verbatim = true
	c := &Catalogue{File: s.file}
	if !s.decode(text, c) {
		return nil
	}
	if c.Document != "" && c.Document != document {
		s.reject("document", "", "the document %s stands in the file of %s; the two names must agree", shown(c.Document), shown(document))
	}
	s.checkName("document", "a document", c.Document)
	switch {
	case c.Document == AllDocument && c.SHA256 != "":
		s.reject("sha256", "leave it out", "the document %q has no text", AllDocument)
	case c.Document != AllDocument && !s.has("sha256"):
		s.reject("", "the SHA-256 of the document's text in hex", "the key %q is missing", "sha256")
	case c.SHA256 != "" && !sha256Pattern.MatchString(c.SHA256):
		s.reject("sha256", "64 digits 0-9 and a-f", "not a SHA-256 in hex: %s", shown(c.SHA256))
	}
	if len(c.Clauses) == 0 && s.has("clauses") {
		s.reject("clauses", "", "there are no clauses")
	}
	first := map[string]string{}
	for i := range c.Clauses {
		s.checkClause(&c.Clauses[i], fmt.Sprintf("clauses[%d]", i), document, first)
	}
	return c
}

func (s *source) checkClause(c *Clause, path, document string, first map[string]string) {
	c.Where = s.where(path)
	s.checkID(join(path, "id"), "clause", c.ID, document)
	if where, twice := first[c.ID]; twice && c.ID != "" {
		s.reject(join(path, "id"), "", "the clause %s stands twice; first at %s", shown(c.ID), where)
	}
	first[c.ID] = c.Where
	s.checkWord(join(path, "level"), "level", string(c.Level), Levels())
	s.checkWords(join(path, "seen-at"), "place to see a clause", c.SeenAt, Sights())
	if document != AllDocument {
		if len(c.Sections) == 0 {
			s.reject(join(path, "sections"), "the sections of the document that the clause rests on", "a clause without a section")
		}
		if c.Quote == "" && !s.has(join(path, "quote")) {
			s.reject(path, "a few words of the document, as they stand there", "the key %q is missing", "quote")
		}
	}
	if n := utf8.RuneCountInString(c.Quote); n > longestQuote {
		s.reject(join(path, "quote"), "quote only the words that decide", "the quote has %d characters, more than %d", n, longestQuote)
	}
}

// checkWords refuses an empty list, unknown words and words that stand twice.
func (s *source) checkWords(path, what string, words []string, list []Word) {
	if len(words) == 0 && s.has(path) {
		s.reject(path, suggest("", names(list)), "the list is empty")
	}
	for i, word := range words {
		s.checkWord(fmt.Sprintf("%s[%d]", path, i), what, word, list)
	}
	s.refuseTwice(path, words)
}

func (s *source) refuseTwice(path string, words []string) {
	seen := map[string]bool{}
	for i, word := range words {
		if seen[word] && word != "" {
			s.reject(fmt.Sprintf("%s[%d]", path, i), "", "%s stands twice in the list", shown(word))
		}
		seen[word] = true
	}
}

// checkID refuses what is no dot-name of the document, such as "mapp.nc-sent".
func (s *source) checkID(path, what, id, document string) {
	if id == "" {
		return
	}
	first, rest, dotted := strings.Cut(id, ".")
	if !dotted || !namePattern.MatchString(rest) {
		s.reject(path, fmt.Sprintf("the document, a dot and a name of small letters, digits and hyphens, such as %s.opt-out", document),
			"%s is no ID for a %s", shown(id), what)
		return
	}
	if first != document {
		s.reject(path, fmt.Sprintf("call it %s.%s, or move it", document, rest), "the %s %s stands among those of %s", what, shown(id), shown(document))
	}
}
