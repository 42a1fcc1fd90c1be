package scenario

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/token"
)

// Format writes a scenario as a file in the form of the built-in ones: what
// belongs together on one line, an empty line where the step changes. The
// remarks stand as comments at the top, one a line. What [Library.ReadScenario]
// reads from it is the scenario itself, but for places and digest.
func Format(sc *Scenario, remarks ...string) []byte {
	var w strings.Builder
	w.WriteString("# yaml-language-server: $schema=../schema/scenario.schema.json\n")
	for _, remark := range remarks {
		for line := range strings.Lines(remark + "\n") {
			w.WriteString(strings.TrimRight("# "+printable(line), " ") + "\n")
		}
	}
	fmt.Fprintf(&w, "id: %s\ntitle: %s\ndocument: %s\n", block(sc.ID), block(sc.Title), block(sc.Document))
	if sc.Requires != nil {
		fmt.Fprintf(&w, "requires: %s\n", list(sc.Requires))
	}
	if len(sc.Reading) > 0 {
		fmt.Fprintf(&w, "reading: %s\n", valuesForm(sc.Reading, sortedKeys(sc.Reading)))
	}
	if settings := configLines(sc.Config); len(settings) > 0 {
		fmt.Fprintf(&w, "\nconfig:\n  %s\n", strings.Join(settings, "\n  "))
	}
	w.WriteString("\njourney:\n")
	for _, step := range sc.Journey {
		fmt.Fprintf(&w, "  - %s\n", stepForm(step))
	}
	w.WriteString("\nexpect:\n")
	for i, e := range sc.Expect {
		if i > 0 && e.At != sc.Expect[i-1].At {
			w.WriteString("\n")
		}
		fmt.Fprintf(&w, "  - %s\n", expectationForm(e))
	}
	return []byte(w.String())
}

// ReadScenario reads one scenario file against the library's clauses, as [Load]
// does. The file is its path, such as "scenarios/mapp/opt-out.yaml", whose last
// two parts must fit the scenario's ID. The scenario is not added to the library.
func (l *Library) ReadScenario(text []byte, file string) (*Scenario, error) {
	s := newSource(file)
	sc := s.decodeScenario(text, path.Base(path.Dir(file))+"."+baseName(file), l)
	if err := s.problems.orNil(); err != nil {
		return nil, err
	}
	return sc, nil
}

// form collects the entries of a map that stands on one line. What is empty is
// left out.
type form []string

func (f *form) word(key, value string) {
	if value != "" {
		f.raw(key, flow(value))
	}
}

func (f *form) span(key string, l Lifetime) {
	if l.Text != "" {
		f.raw(key, l.Text)
	}
}

func (f *form) raw(key, value string) { *f = append(*f, key+": "+value) }

func (f *form) list(key string, words []string) {
	if words != nil {
		f.raw(key, list(words))
	}
}

func (f form) String() string { return "{" + strings.Join(f, ", ") + "}" }

func configLines(c Config) form {
	var f form
	if a := c.Anonymity; a != nil {
		var inner form
		for _, option := range []struct {
			key string
			is  *bool
		}{{"enabled", a.Enabled}, {"by-default", a.ByDefault}} {
			if option.is != nil {
				inner.raw(option.key, strconv.FormatBool(*option.is))
			}
		}
		inner.word("cookie", a.Cookie)
		if a.Minutes != 0 {
			inner.raw("minutes", strconv.Itoa(a.Minutes))
		}
		f.raw("anonymity", inner.String())
	}
	f.list("suppress", c.Suppress)
	if c.Customer != nil {
		f.raw("customer", valuesForm(c.Customer, customerOrder(c.Customer)))
	}
	f.list("shares", c.Shares)
	if i := c.Identity; i != nil {
		var inner form
		inner.word("of", i.Of)
		inner.word("by", i.By)
		f.raw("identity", inner.String())
	}
	if c.Changes != nil {
		var changes []string
		for _, change := range c.Changes {
			changes = append(changes, valuesForm(change, customerOrder(change)))
		}
		f.raw("changes", "["+strings.Join(changes, ", ")+"]")
	}
	if c.Attributes != nil {
		f.raw("attributes", valuesForm(c.Attributes, sortedKeys(c.Attributes)))
	}
	if a := c.Actions; a != nil {
		var inner form
		inner.list("queued", a.Queued)
		inner.word("clicked", a.Clicked)
		f.raw("actions", inner.String())
	}
	f.word("delivery", c.Delivery)
	f.word("site", c.Site)
	if c.Origins != nil {
		f.raw("origins", originsForm(c.Origins))
	}
	if c.Literal != nil {
		f.raw("literal", valuesForm(c.Literal, sortedKeys(c.Literal)))
	}
	return f
}

func originsForm(origins map[string]Origin) string {
	var f form
	for _, name := range sortedKeys(origins) {
		var inner form
		inner.word("address", origins[name].Address)
		inner.word("country", origins[name].Country)
		inner.word("city", origins[name].City)
		f.raw(flow(name), inner.String())
	}
	return f.String()
}

func valuesForm(values map[string]string, order []string) string {
	var f form
	for _, key := range order {
		f.raw(flow(key), flow(values[key]))
	}
	return f.String()
}

// customerOrder lists the roles in the vocabulary's order, categories by number.
func customerOrder(customer map[string]string) []string {
	rank := func(role string) int {
		number, isCategory := CategoryRole(role)
		name := role
		if isCategory {
			name = RoleCategory
		}
		n, _ := strconv.Atoi(number)
		return 1000*slices.IndexFunc(Roles(), func(w Word) bool { return w.Name == name }) + n
	}
	order := sortedKeys(customer)
	slices.SortStableFunc(order, func(a, b string) int { return rank(a) - rank(b) })
	return order
}

func stepForm(s Step) string {
	var f form
	f.word("step", s.Name)
	f.word("device", s.Device)
	f.word("in", s.In)
	f.word("person", s.Person)
	if s.Day != 0 {
		f.raw("day", strconv.Itoa(s.Day))
	}
	f.span("after", s.After)
	f.list("forget", s.Forget)
	f.word("collector", s.Collector)
	f.word("network", s.Network)
	f.word("script", s.Script)
	f.word("from", s.From)
	for _, act := range s.acts() {
		f.word(act.key, act.word)
	}
	f.word("ends", s.Ends)
	return f.String()
}

func expectationForm(e Expectation) string {
	var f form
	f.word("at", e.At)
	for _, subject := range subjects {
		f.word(subject.key, subject.of(e))
	}
	f.word("with", e.With)
	f.word("unlike", e.Unlike)
	f.word("among", e.Among)
	f.word("is", e.Is)
	if !e.By.IsZero() {
		f.raw("by", e.By.String())
	}
	f.span("lasts", e.Lasts)
	f.word("clause", e.Clause)
	return f.String()
}

func list(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = flow(word)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

var (
	// flowPattern is what needs no quotes wherever it stands; blockPattern what
	// needs none after a key on a line of its own. Both are narrower than YAML.
	flowPattern  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./@+-]*( [A-Za-z0-9_./@+-]+)*$`)
	blockPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./@+,;()'’…-]*( [A-Za-z0-9_./@+,;()'’…-]+)*$`)
)

func flow(text string) string  { return plain(text, flowPattern) }
func block(text string) string { return plain(text, blockPattern) }

func plain(text string, pattern *regexp.Regexp) string {
	if pattern.MatchString(text) && !strings.Contains(text, " -") && !token.IsNeedQuoted(text) {
		return text
	}
	return quote(text)
}

// quote writes a text in double quotes; what cannot be seen is escaped.
func quote(text string) string {
	var w strings.Builder
	w.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			w.WriteString(`\` + string(r))
		case r == '\n':
			w.WriteString(`\n`)
		case r > 0xffff && !unicode.IsPrint(r):
			fmt.Fprintf(&w, `\U%08x`, r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&w, `\u%04x`, r)
		default:
			w.WriteRune(r)
		}
	}
	w.WriteByte('"')
	return w.String()
}

// printable takes out of a comment what would end it or could not be seen.
func printable(line string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, line))
}
