package scenario

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Bind joins a scenario and a pixel into a plan. When the pixel lacks a feature
// that the scenario requires, the plan says so under Unsupported and nothing
// further is checked. Otherwise every page, action and role that the scenario
// speaks of must be one that the pixel knows; what is missing comes back as
// [Problems], each with the scenario's place and the pixel's.
func Bind(lib *Library, sc *Scenario, pixel *Pixel) (*Plan, error) {
	b := &binding{sc: sc, pixel: pixel}
	if sc.Document != pixel.Document && sc.Document != AllDocument {
		b.reject(sc.Where, "", "the scenario %s is one of the document %s, the pixel %s is held to %s", sc.ID, sc.Document, pixel.Name, pixel.Document)
		return nil, b.problems
	}
	plan := &Plan{Scenario: sc, Pixel: pixel, Clauses: map[string]*Clause{}}
	for _, e := range sc.Expect {
		c := lib.Clause(e.Clause)
		if c == nil {
			b.reject(e.Where, "", "unknown clause %s", shown(e.Clause))
			continue
		}
		plan.Clauses[c.ID] = c
	}
	for _, feature := range sc.Requires {
		if !slices.Contains(pixel.Features, feature) {
			plan.Unsupported = append(plan.Unsupported, feature)
		}
	}
	judgeable := func(e Expectation) bool { return plan.Lacks(&e) == "" }
	if len(plan.Unsupported) == 0 && len(sc.Expect) > 0 && !slices.ContainsFunc(sc.Expect, judgeable) {
		plan.Unsupported = []string{plan.Lacks(&sc.Expect[0])}
	}
	slices.Sort(plan.Unsupported)
	if len(plan.Unsupported) == 0 {
		b.checkJourney()
		b.checkConfig()
		b.checkSite()
		for i := range sc.Expect {
			b.checkExpectation(&sc.Expect[i])
		}
	}
	if err := b.problems.orNil(); err != nil {
		return nil, err
	}
	return plan, nil
}

// binding is one attempt to bind.
type binding struct {
	sc       *Scenario
	pixel    *Pixel
	problems Problems
}

func (b *binding) reject(where, hint, format string, args ...any) {
	file, line := splitWhere(where)
	column := 0
	if line > 0 {
		column = 1
	}
	b.problems = append(b.problems, Problem{File: file, Line: line, Column: column, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// lacks reports something that the scenario speaks of and the pixel does not know.
func (b *binding) lacks(where, path, what, name string, known []string) {
	hint := fmt.Sprintf("add %s under %q at %s", name, path, b.pixel.where(path))
	if near := nearest(name, known); near != "" {
		hint = fmt.Sprintf("did you mean %q? or %s", near, hint)
	}
	b.reject(where, hint, "the pixel %s names no %s %s", b.pixel.Name, what, shown(name))
}

func (b *binding) checkJourney() {
	for i, step := range b.sc.Journey {
		key, pages := "pages", b.pixel.Pages
		if device, _ := b.sc.Place(i); device == DeviceOffice {
			key, pages = "console", b.pixel.Console
		}
		if _, ok := pages[step.Open]; step.Open != "" && !ok {
			b.lacks(step.Where, key, "page", step.Open, sortedKeys(pages))
		}
		if _, ok := b.pixel.Actions[step.Do]; step.Do != "" && !ok {
			b.lacks(step.Where, "actions", "action", step.Do, nil)
		}
	}
}

func (b *binding) checkConfig() {
	for _, role := range b.sc.Config.Suppress {
		if _, ok := b.pixel.Parameters[role]; !ok {
			b.lacks(b.sc.Where, "parameters", "parameter", role, nil)
		}
	}
	renames := func(n Name) bool { return n.Setting == SettingAnonymityCookie }
	if a := b.sc.Config.Anonymity; a != nil && a.Cookie != "" && !slices.ContainsFunc(slices.Collect(maps.Values(b.pixel.Cookies)), renames) {
		b.reject(b.sc.Where, fmt.Sprintf("add \"setting: %s\" to the cookie's name at %s", SettingAnonymityCookie, b.pixel.where("cookies")),
			"the scenario renames the cookie of the choice, and no cookie of the pixel %s can be renamed", b.pixel.Name)
	}
}

func (b *binding) checkExpectation(e *Expectation) {
	switch kind, role := e.Subject(); kind {
	case "parameter":
		b.checkNamed(e, "parameters", kind, role, b.pixel.Parameters)
	case "cookie":
		if role != CookieAny {
			b.checkNamed(e, "cookies", kind, role, b.pixel.Cookies)
		}
	case "identity":
		_, sent := b.pixel.Parameters[role]
		if _, kept := b.pixel.Cookies[role]; role != IdentityAny && !sent && !kept {
			b.lacks(e.Where, "parameters", "parameter", role, nil)
		}
	case "record":
		if _, ok := b.pixel.Records[role]; !ok {
			b.lacks(e.Where, "records", "record", role, nil)
		}
	case "profile", "attribute":
		b.checkProfile(e, kind, role)
	case "session":
		if b.pixel.Sessions != nil && b.pixel.Sessions.Values[role] == "" {
			b.lacks(e.Where, "sessions.values", "path to the value", role, nil)
		}
	case "option":
		if _, ok := b.pixel.Options[role]; !ok {
			b.lacks(e.Where, "options", "option", role, nil)
		}
	}
	if _, ok := b.pixel.Parameters[RoleVisitorID]; (e.Among == AmongIdentifiable || e.Among == AmongAnonymous) && !ok {
		b.lacks(e.Where, "parameters", "parameter", RoleVisitorID, nil)
	}
}

func (b *binding) checkNamed(e *Expectation, path, what, role string, known map[string]Name) {
	name, ok := known[role]
	switch {
	case !ok:
		b.lacks(e.Where, path, what, role, nil)
	case e.Is == StateSet && name.Set == "":
		b.reject(e.Where, fmt.Sprintf("write %s: {name: %s, set: VALUE} at %s", role, name.Name, b.pixel.where(join(path, role))),
			"the pixel %s does not say which value of %s means set", b.pixel.Name, role)
	}
}

// where returns the place of a key of pixel.yaml, "file:line"; without a place
// for a pixel that was not loaded from a file.
func (p *Pixel) where(path string) string {
	if p.source == nil {
		return pixelFile
	}
	if at, ok := p.source.keys[path]; ok {
		return fmt.Sprintf("%s:%d", p.source.file, at.line)
	}
	return p.source.where(path)
}

// splitWhere takes a place apart.
func splitWhere(where string) (file string, line int) {
	i := strings.LastIndexByte(where, ':')
	if i < 0 {
		return where, 0
	}
	if _, err := fmt.Sscanf(where[i+1:], "%d", &line); err != nil {
		return where, 0
	}
	return where[:i], line
}

// asProblems returns the problems that an error of this package holds.
func asProblems(err error) Problems {
	if many := (Problems)(nil); errors.As(err, &many) {
		return many
	}
	if one := (Problem{}); errors.As(err, &one) {
		return Problems{one}
	}
	return Problems{{Message: err.Error()}}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// ParameterName returns what the pixel calls the parameter of that role; the
// zero Name when it has none. Roles that the scenario speaks of always have one.
func (p *Plan) ParameterName(role string) Name { return p.Pixel.Parameters[role] }

// CookieName returns what the cookie of that role is called in this plan: the
// pixel's own name, or the one that the scenario gives it where the pixel lets
// it be renamed. It is the zero Name when the pixel has none.
func (p *Plan) CookieName(role string) Name {
	name := p.Pixel.Cookies[role]
	if a := p.Scenario.Config.Anonymity; name.Setting == SettingAnonymityCookie && a != nil && a.Cookie != "" {
		name.Name = a.Cookie
	}
	name.Name = p.Filled(name.Name)
	return name
}

// Deviation returns the pixel's declared deviation from the clause in this
// scenario, or nil. A declaration for the very scenario goes before a general one.
func (p *Plan) Deviation(clause string) *Deviation {
	var general *Deviation
	for i := range p.Pixel.Deviations {
		d := &p.Pixel.Deviations[i]
		switch {
		case d.Clause != clause:
		case d.Scenario == p.Scenario.ID:
			return d
		case d.Scenario == "" && general == nil:
			general = d
		}
	}
	return general
}

// Judged tells whether the expectation's clause is among those that were selected.
func (p *Plan) Judged(e *Expectation) bool { return p.Only == nil || p.Only[e.Clause] }

// PageNames returns the names of the pixel's pages, sorted.
func (p *Pixel) PageNames() []string { return sortedKeys(p.Pages) }

// ConsoleURL returns the absolute URL of one of the collector's own pages; empty
// when the pixel has no such page.
func (p *Pixel) ConsoleURL(page string) string {
	path, ok := p.Console[page]
	if !ok {
		return ""
	}
	return "https://" + p.Stage.Console + path
}

// PageURL returns the absolute URL of a page of the stage's site; empty when
// the pixel has no such page.
func (p *Pixel) PageURL(page string) string {
	path, ok := p.Pages[page]
	if !ok {
		return ""
	}
	return "https://" + p.Stage.Site + path
}

// ScriptURL returns the absolute URL of the tracker's code on the stage.
func (s Stage) ScriptURL() string { return "https://" + s.Scripts + s.Path }
