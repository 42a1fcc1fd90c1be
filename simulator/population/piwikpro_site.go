package population

import (
	"fmt"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// piwikproSite is a shop with Piwik PRO's tracker and its consent window. What the
// visitor says in the window, the scenario says.
type piwikproSite struct{}

// Site implements [Dialect].
func (Piwikpro) Site(func() time.Time) Site { return piwikproSite{} }

// Open implements [Site]: a page view, and what the page reports by itself. The page
// of the account names the customer.
func (piwikproSite) Open(t Tracker, name string, at Page, known *scenario.Plan) []Hit {
	if p, ok := t.(*PiwikproTracker); ok {
		p.User("")
		if name == accountPage && known.Scenario.RawCustomer() != "" {
			p.User(known.CustomerID())
		}
	}
	hits := some(t.View(at))
	if a := known.Scenario.Config.Actions; a != nil {
		for _, action := range a.Queued {
			hits = append(hits, some(t.Track(Event{Category: shop, Action: action, Page: at}))...)
		}
	}
	return hits
}

// Do implements [Site].
func (piwikproSite) Do(t Tracker, action string, at Page, known *scenario.Plan) ([]Hit, error) {
	p, ok := t.(*PiwikproTracker)
	if !ok {
		return nil, fmt.Errorf("the tracker knows of no consent")
	}
	switch action {
	case scenario.ActionAgree, scenario.ActionDisagree, scenario.ActionDismiss:
		if p.Choice() != Undecided {
			return nil, fmt.Errorf("the consent window is not there: the visitor has %s", p.Choice())
		}
	}
	switch action {
	case scenario.ActionAgree, scenario.ActionAgreeLater:
		return p.Agree(), nil
	case scenario.ActionDismiss:
		return nil, nil
	case scenario.ActionDisagree, scenario.ActionDisagreeLater:
		p.Disagree()
		return nil, nil
	case scenario.ActionAct:
		return some(t.Track(Event{Category: shop, Action: clicked(known.Scenario.Config), Page: at})), nil
	case scenario.ActionSignIn, scenario.ActionSignUp, scenario.ActionIdentify:
		p.User(known.CustomerID())
		return nil, nil
	case scenario.ActionSignOut:
		p.Reset()
		return nil, nil
	}
	return nil, fmt.Errorf("the site has no %q", action)
}

// some is the hit as a list: an empty one where there is none.
func some(h Hit) []Hit {
	if h.None() {
		return nil
	}
	return []Hit{h}
}
