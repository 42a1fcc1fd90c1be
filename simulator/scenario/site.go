package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The words for a config's `site`.
const (
	SiteOff          = "off"
	SiteAdministered = "administered"
)

// Sites returns the words for a config's `site`.
func Sites() []Word {
	return []Word{
		{Name: SiteOff, Meaning: "a site at which visitors who have not agreed are not counted at all"},
		{Name: SiteAdministered, Meaning: "a site whose setting the journey's administrator changes"},
	}
}

// Setting returns the pixel's setting of that name for the plan's site: the one
// that is called NAME.SITE, where there is one, or else NAME itself.
func (p *Plan) Setting(name string) (value string, ok bool) {
	if site := p.Scenario.Config.Site; site != "" {
		if value, ok = p.Pixel.Settings[name+"."+site]; ok {
			return value, true
		}
	}
	value, ok = p.Pixel.Settings[name]
	return value, ok
}

var bracePattern = regexp.MustCompile(`\{([^{}]*)\}`)

// Filled returns a text of the pixel's description with the plan's settings in the
// place of their names in braces. Other braces stay.
func (p *Plan) Filled(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return bracePattern.ReplaceAllStringFunc(text, func(braced string) string {
		if value, ok := p.Setting(braced[1 : len(braced)-1]); ok {
			return value
		}
		return braced
	})
}

// Record returns where the collector tells what it has recorded at the plan's site;
// ok is false where the pixel does not say.
func (p *Plan) Record(name string) (where Record, ok bool) {
	where, ok = p.Pixel.Records[name]
	where.Path = p.Filled(where.Path)
	return where, ok
}

// Action returns what a visitor does for the action, its selectors filled in.
func (p *Plan) Action(name string) Action {
	action := p.Pixel.Actions[name]
	action.Click, action.Until = p.Filled(action.Click), p.Filled(action.Until)
	action.Then = slices.Clone(action.Then)
	for i := range action.Then {
		action.Then[i] = p.Filled(action.Then[i])
	}
	return action
}

// checkSettings wants names, and for a site a known one.
func (s *source) checkSettings(settings map[string]string) {
	for _, key := range sortedKeys(settings) {
		name, site, dotted := strings.Cut(key, ".")
		if !namePattern.MatchString(name) {
			s.report(s.keys["settings."+key], nameHint, "%s is no name for a setting", shown(key))
			continue
		}
		if _, known := find(Sites(), site); dotted && !known {
			s.report(s.keys["settings."+key], suggest(site, names(Sites())), "unknown site %s", shown(site))
		}
	}
}

// filledIn checks that the braces of a text name settings of the pixel, and
// returns it with something in their place, to be checked further.
func (s *source) filledIn(at, text string, settings map[string]string) string {
	return bracePattern.ReplaceAllStringFunc(text, func(braced string) string {
		name := braced[1 : len(braced)-1]
		if _, ok := settings[name]; !ok {
			hint := suggest(name, sortedKeys(settings))
			if hint == "" {
				hint = "name it under settings"
			}
			s.reject(at, hint, "the pixel has no setting %s", shown(name))
		}
		return "x"
	})
}

// checkSite wants the settings that the scenario's site is known by.
func (b *binding) checkSite() {
	site := b.sc.Config.Site
	if site == "" || slices.ContainsFunc(sortedKeys(b.pixel.Settings), func(key string) bool { return strings.HasSuffix(key, "."+site) }) {
		return
	}
	b.reject(b.sc.Where, fmt.Sprintf("add a setting such as site.%s at %s", site, b.pixel.where("settings")),
		"the pixel %s has no site %s", b.pixel.Name, shown(site))
}
