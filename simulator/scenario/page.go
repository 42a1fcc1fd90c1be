package scenario

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// PageData says where the page finds what it loads. What is empty is taken
// from the pixel's stage.
type PageData struct {
	// Script is the absolute URL of the tracker's code.
	Script string
	// Collector is the host, with a port if need be, that takes the requests.
	Collector string
}

// Page is what a page template sees as its dot. The template is Go's
// html/template, so that every value is escaped for the place where it stands.
// What the template asks for and the pixel does not have is an error.
type Page struct {
	// Name is the page's name, such as "home".
	Name string
	// Pages lists all pages of the site, sorted by path.
	Pages []Link
	// Config is the scenario's set-up; what it leaves unsaid is nil or empty,
	// and is to be left off the page.
	Config Config
	// Held tells that the visitor may act before the tracker's code has come.
	Held bool
	// Script is the absolute URL of the tracker's code.
	Script string
	// Collector is the host that takes the pixel's requests.
	Collector string

	plan *Plan
}

// Link is one page of the site.
type Link struct{ Name, Path string }

// Category is one category of the customer.
type Category struct {
	// Number is the N of category-N.
	Number int
	Value  string
}

// Setting returns the pixel's setting of that name, for the plan's site where it has
// one of its own; a setting that pixel.yaml lacks is an error.
func (p Page) Setting(name string) (string, error) {
	value, ok := p.plan.Setting(name)
	if !ok {
		return "", fmt.Errorf("pixel.yaml has no setting %q", name)
	}
	return value, nil
}

// Optional is Setting, but "" where pixel.yaml has none.
func (p Page) Optional(name string) string {
	value, _ := p.plan.Setting(name)
	return value
}

// Reading returns how the pixel reads a wording of its document, such as
// "after-it-was-set" of "temporary-cookie"; an unknown wording is an error.
func (p Page) Reading(name string) (string, error) {
	way := p.plan.Pixel.Reading(name)
	if way == "" {
		return "", fmt.Errorf("no wording is called %q", name)
	}
	return way, nil
}

// Parameter returns what the pixel calls the parameter of that role; a role
// that pixel.yaml does not name is an error.
func (p Page) Parameter(role string) (string, error) {
	name := p.plan.ParameterName(role)
	if name.Name == "" {
		return "", fmt.Errorf("pixel.yaml names no parameter %q", role)
	}
	return name.Name, nil
}

// Cookie returns what the cookie of that role is called in this scenario; a
// role that pixel.yaml does not name is an error.
func (p Page) Cookie(role string) (string, error) {
	name := p.plan.CookieName(role)
	if name.Name == "" {
		return "", fmt.Errorf("pixel.yaml names no cookie %q", role)
	}
	return name.Name, nil
}

// Names returns what the pixel calls the parameters of those roles, in order.
func (p Page) Names(roles []string) ([]string, error) {
	list := make([]string, len(roles))
	for i, role := range roles {
		name, err := p.Parameter(role)
		if err != nil {
			return nil, err
		}
		list[i] = name
	}
	return list, nil
}

// Customer returns what the site knows of the visitor under that role, or "".
func (p Page) Customer(role string) string { return p.Config.Customer[role] }

// Categories returns the customer's categories, sorted by number.
func (p Page) Categories() []Category {
	var list []Category
	for role, value := range p.Config.Customer {
		if text, ok := CategoryRole(role); ok {
			number, err := strconv.Atoi(text)
			if err == nil {
				list = append(list, Category{number, value})
			}
		}
	}
	slices.SortFunc(list, func(a, b Category) int { return a.Number - b.Number })
	return list
}

// Identity returns how the site makes its identifier of a customer.
func (p Page) Identity() Identification { return p.Config.Identification() }

// Changed returns what the site knows of the visitor under that role once he has
// made the config's first change (0), or that and the second (1); "" where it knows
// nothing.
func (p Page) Changed(change int, role string) string { return p.Config.changed(change, role) }

// Attributes returns what the site tells of the visitor under names of its own.
func (p Page) Attributes() map[string]string { return p.Config.Attributes }

// Suppresses tells whether the scenario gives a list of suppressed parameters,
// be it an empty one.
func (p Page) Suppresses() bool { return p.Config.Suppress != nil }

// Literal is one option under the vendor's own name.
type Literal struct{ Name, Value template.JS }

// Literals returns the options that stand on the page under the vendor's own
// names, sorted.
func (p Page) Literals() []Literal {
	var list []Literal
	for _, name := range sortedKeys(p.Config.Literal) {
		// Loading has made sure that neither says more than a name and a value.
		list = append(list, Literal{template.JS(name), template.JS(p.Config.Literal[name])})
	}
	return list
}

// Queued returns the names of the actions that the page reports before the
// tracker's code has come, and Clicked that of the action "act".
func (p Page) Queued() []string {
	if p.Config.Actions == nil {
		return nil
	}
	return p.Config.Actions.Queued
}

// Clicked returns the name of what the action "act" reports.
func (p Page) Clicked() string {
	if p.Config.Actions == nil || p.Config.Actions.Clicked == "" {
		return ActionAct
	}
	return p.Config.Actions.Clicked
}

// RenderPage returns the HTML of one page of the plan's pixel, set up as the
// scenario says. A page that the pixel does not have, and a template that asks
// for what is not there, are errors.
func RenderPage(plan *Plan, page string, data PageData) ([]byte, error) {
	pixel := plan.Pixel
	if _, ok := pixel.Pages[page]; !ok {
		return nil, Problem{File: path.Join(pixel.Dir, pixelFile), Message: fmt.Sprintf("the pixel %s has no page %s", pixel.Name, shown(page)),
			Hint: suggest(page, sortedKeys(pixel.Pages))}
	}
	parsed := pixel.page
	if parsed == nil {
		s := newSource(path.Join(pixel.Dir, pageFile))
		text, err := fs.ReadFile(pixel.Files, pageFile)
		if err != nil {
			s.report(place{}, "", "cannot be read: %v", cause(err))
			return nil, s.problems
		}
		if parsed = s.parsePage(text); parsed == nil {
			return nil, s.problems
		}
	}
	held := slices.ContainsFunc(plan.Scenario.Journey, func(s Step) bool { return s.Script == ScriptHeld || s.Ends == EndsAtOnce })
	dot := Page{Name: page, Config: plan.Scenario.Config, Held: held, Script: data.Script, Collector: data.Collector, plan: plan}
	if dot.Script == "" {
		dot.Script = pixel.Stage.ScriptURL()
	}
	if dot.Collector == "" {
		dot.Collector = pixel.Stage.Collector
	}
	for name, path := range pixel.Pages {
		dot.Pages = append(dot.Pages, Link{name, path})
	}
	slices.SortFunc(dot.Pages, func(a, b Link) int { return strings.Compare(a.Path, b.Path) })
	var out bytes.Buffer
	if err := parsed.Execute(&out, dot); err != nil {
		return nil, templateProblem(path.Join(pixel.Dir, pageFile), err)
	}
	return out.Bytes(), nil
}

// parsePage parses a page template; what is wrong is reported and gives nil.
func (s *source) parsePage(text []byte) *template.Template {
	parsed, err := template.New(pageFile).Option("missingkey=error").Parse(string(text))
	if err != nil {
		s.problems = append(s.problems, templateProblem(s.file, err))
		return nil
	}
	return parsed
}

// tryPage renders every page twice, once with nothing configured and once with
// everything, since a template shows some mistakes only when it runs.
func (s *source) tryPage(p *Pixel) {
	yes := true
	full := Config{
		Anonymity: &Anonymity{Enabled: &yes, ByDefault: &yes, Cookie: "renamed", Minutes: 30},
		Customer:  map[string]string{},
		Actions:   &Reported{Queued: []string{"first", "second"}, Clicked: "third"},
		Delivery:  DeliveryBatched,
		Literal:   map[string]string{"someOption": "true"},
		Identity:  &Identification{Of: RolePhone, By: IdentitySHA256},
		Changes:   []map[string]string{{RolePhone: "first"}, {RolePhone: "second"}},

		Attributes: map[string]string{"favourite": "shoes"},
	}
	for _, role := range sortedKeys(p.Parameters) {
		full.Suppress = append(full.Suppress, role)
		if word, ok := roleWord(role); ok && customerWord(word) {
			full.Customer[role] = "value"
		}
	}
	for _, config := range []Config{{}, full} {
		plan := &Plan{Scenario: &Scenario{Config: config}, Pixel: p}
		for _, page := range sortedKeys(p.Pages) {
			if _, err := RenderPage(plan, page, PageData{}); err != nil {
				s.problems = append(s.problems, asProblems(err)...)
				return
			}
		}
	}
}

// templateAction is what package text/template puts before a message.
var templateAction = regexp.MustCompile(`^executing ".*?" at <(.*?)>: `)

var templatePlace = regexp.MustCompile(`^(?:html/)?template: ?` + regexp.QuoteMeta(pageFile) + `:(\d+)(?::(\d+))?: (?s)(.*)$`)

// templateProblem takes the place out of an error of html/template.
func templateProblem(file string, err error) Problem {
	m := templatePlace.FindStringSubmatch(err.Error())
	if m == nil {
		return Problem{File: file, Message: err.Error()}
	}
	line, _ := strconv.Atoi(m[1])
	column, _ := strconv.Atoi(m[2])
	message := templateAction.ReplaceAllString(m[3], "$1: ")
	// What follows the colon is the escaper's inner state.
	message, _, _ = strings.Cut(message, ": {state")
	return Problem{File: file, Line: line, Column: column + 1, Message: message}
}
