package scenario

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// Mistaken is an option on a page that the pixel does not know.
type Mistaken struct {
	// Name is the option as the page spells it, Meant the known one that it
	// looks like.
	Name, Meant string
	// Line is its line on the page, from 1.
	Line int
}

// keyPattern is a key of an object in a script, quoted or not.
var keyPattern = regexp.MustCompile(`["\']?([A-Za-z_$][A-Za-z0-9_$]{3,})["\']?[ \t]*:`)

var scriptPattern = regexp.MustCompile(`(?is)<script\b[^>]*>(.*?)</script>`)

// UnknownOptions finds the options in a page's own scripts that the pixel does not
// know, and that look like one which it knows. A pixel says nothing of such a
// name: the option has no effect, and its default holds.
func (p *Pixel) UnknownOptions(page []byte) []Mistaken {
	known := slices.Clone(p.KnownOptions)
	for _, role := range sortedKeys(p.Options) {
		known = append(known, p.Options[role])
	}
	var found []Mistaken
	for _, script := range scriptPattern.FindAllSubmatchIndex(page, -1) {
		for _, key := range keyPattern.FindAllSubmatchIndex(page[script[2]:script[3]], -1) {
			from, to := script[2]+key[2], script[2]+key[3]
			name := string(page[from:to])
			if slices.Contains(known, name) {
				continue
			}
			if meant := nearest(name, known); meant != "" {
				found = append(found, Mistaken{Name: name, Meant: meant, Line: 1 + bytes.Count(page[:from], []byte("\n"))})
			}
		}
	}
	return found
}

func (s *source) checkOptions(p *Pixel) {
	first := map[string]string{}
	for _, role := range sortedKeys(p.Options) {
		if _, ok := find(Options(), role); !ok {
			s.rejectKeyOrValue("options."+role, suggest(role, names(Options())), "unknown option %s", shown(role))
		}
		name := p.Options[role]
		if name != "" && !identifierPattern.MatchString(name) {
			s.reject("options."+role, "a name as a script spells it", "%s is no name of an option", shown(name))
		}
		if other, twice := first[name]; twice {
			s.reject("options."+role, "", "the options %s and %s have the same name", shown(other), shown(role))
		}
		first[name] = role
	}
	s.refuseTwice("known-options", p.KnownOptions)
}

// units are what a hit's own time can count.
var units = []Word{{Name: "ms"}, {Name: "s"}}

func (s *source) checkMade(m *Made) {
	if m == nil {
		return
	}
	s.checkWord("requests.made.unit", "unit of time", m.Unit, units)
	if s.has("requests.made.separator") != s.has("requests.made.field") {
		s.reject("requests.made", "", `"separator" and "field" go together`)
	}
}

var valuePattern = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

func (s *source) checkRecords(p *Pixel) {
	records := p.Records
	for _, name := range sortedKeys(records) {
		at := "records." + name
		if _, ok := find(Records(), name); !ok {
			s.rejectKeyOrValue(at, suggest(name, names(Records())), "unknown record %s", shown(name))
		}
		if path, _, _ := strings.Cut(s.filledIn(at+".path", records[name].Path, p.Settings), "?"); path != "" {
			s.checkFilledPath(at+".path", path, records[name].Path)
		}
		if value := records[name].Value; value != "" && !valuePattern.MatchString(value) {
			s.reject(at+".value", "names joined by dots, such as visits.returning", "%s leads to nothing in a document", shown(value))
		}
	}
}
