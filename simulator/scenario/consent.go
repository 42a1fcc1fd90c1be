package scenario

import (
	"fmt"
	"slices"
)

// consenting lists the actions in which the visitor answers the consent window,
// administering those of the site's administrator.
var (
	consenting    = []string{ActionAgree, ActionDisagree, ActionAgreeLater, ActionDisagreeLater, ActionDismiss}
	administering = []string{ActionSwitchOn, ActionSwitchOff}
)

// Administers tells that the step is the administrator's, at the collector's pages.
func (s Step) Administers() bool { return slices.Contains(administering, s.Do) }

// checkRequired wants a scenario to require what its own words take for granted: on
// a pixel without it nothing would happen, and nothing be shown.
func (s *source) checkRequired(sc *Scenario) {
	require := func(path, feature string) {
		if s.has(path) && !slices.Contains(sc.Requires, feature) {
			s.reject(path, fmt.Sprintf("add %s to %q", feature, "requires"), "the scenario does not require %s, which this needs", feature)
		}
	}
	require("config.site", FeatureSiteSettings)
	require("reading."+ReadingTemporaryCookie, FeatureAnonymousSessions)
	for i, step := range sc.Journey {
		path := fmt.Sprintf("journey[%d]", i)
		switch {
		case slices.Contains(consenting, step.Do):
			require(join(path, "do"), FeatureConsentWindow)
		case slices.Contains(administering, step.Do):
			require(join(path, "do"), FeatureSiteSettings)
		case step.Device == DeviceOffice:
			require(join(path, "device"), FeatureSiteSettings)
		}
	}
	for i, e := range sc.Expect {
		path := fmt.Sprintf("expect[%d]", i)
		switch {
		case e.Session != "":
			require(join(path, "session"), FeatureSessionReadBack)
		case e.Kept != "":
			require(join(path, "kept"), FeatureKeptReadBack)
		}
	}
}

// checkOffice keeps the administrator to the collector's pages, and visitors away
// from them: nobody is both.
func (s *source) checkOffice(sc *Scenario) {
	for i, step := range sc.Journey {
		device, _ := sc.Place(i)
		office, path := device == DeviceOffice, fmt.Sprintf("journey[%d]", i)
		switch {
		case step.Administers() && !office:
			s.reject(join(path, "do"), `add "device: office" to the step, or to the one before that opens the page`, "only the site's administrator does %s", shown(step.Do))
		case office && step.Do != "" && !step.Administers():
			s.reject(join(path, "do"), `say "device: first" again`, "the site's administrator is no visitor, and does not %s", shown(step.Do))
		case office && step.From != "":
			s.reject(join(path, "from"), `say "device: first" again`, "the site's administrator is no visitor, and comes from nowhere")
		case office && step.Person != "":
			s.reject(join(path, "person"), `say "device: first" again`, "the site's administrator is no visitor, and nobody whom the site knows")
		}
	}
	for i, e := range sc.Expect {
		if at := stepIndex(sc, e.At); at >= 0 && e.Record == "" {
			if device, _ := sc.Place(at); device == DeviceOffice {
				s.reject(fmt.Sprintf("expect[%d].at", i), "expect it at a step of a visitor's", "the step %s is the administrator's, who is no visitor", shown(e.At))
			}
		}
	}
}

// checkAmount wants a number where something is counted, and a span where time is.
func (s *source) checkAmount(e *Expectation, path string) {
	at := join(path, "by")
	switch {
	case !s.has(at):
	case e.Is != StateGrown:
		s.reject(at, "", `"by" is said of a record that has grown`)
	case e.By.IsZero() || e.Record == "":
	case (e.Record == RecordSessionTime) != (e.By.Count == 0):
		want := "a whole number such as 2"
		if e.Record == RecordSessionTime {
			want = "a span such as 10m"
		}
		s.reject(at, want, "%s does not grow by %s", e.Record, e.By)
	}
}

// checkConsole wants a host for the collector's own pages, and pages for the host.
func (s *source) checkConsole(p *Pixel) {
	s.checkPages("console", p.Console)
	switch {
	case len(p.Console) > 0 && p.Stage.Console == "":
		s.reject("console", "such as stage.console: app.vendor.test", "nothing says on which host these pages stand")
	case p.Stage.Console != "" && !s.has("console"):
		s.reject("stage.console", `name its pages under "console"`, "no page stands on this host")
	case p.Stage.Console != "" && slices.Contains([]string{p.Stage.Site, p.Stage.Collector, p.Stage.Scripts}, p.Stage.Console):
		s.reject("stage.console", "give it a host of its own", "another of the stage's hosts is called so as well")
	}
	for _, name := range administering {
		if _, ok := p.Actions[name]; ok && len(p.Console) == 0 {
			s.reject("actions."+name, `name the collector's pages under "console"`, "there is no page on which the administrator could do it")
		}
	}
}

// checkActions checks what a visitor does for each action.
func (s *source) checkActions(p *Pixel) {
	for _, name := range sortedKeys(p.Actions) {
		at := "actions." + name
		if _, ok := find(Actions(), name); !ok {
			s.rejectKeyOrValue(at, suggest(name, names(Actions())), "unknown action %s", shown(name))
		}
		action := p.Actions[name]
		s.filledIn(join(at, "click"), action.Click, p.Settings)
		s.filledIn(join(at, "until"), action.Until, p.Settings)
		for i, selector := range action.Then {
			s.filledIn(fmt.Sprintf("%s.then[%d]", at, i), selector, p.Settings)
		}
		if len(action.Then) == 0 && s.has(join(at, "then")) {
			s.reject(join(at, "then"), "leave it out", "nothing is clicked then")
		}
	}
}
