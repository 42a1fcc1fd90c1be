package suite

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// sendAhead sends one identified visitor to the collector elsewhere, before the first
// journey, from an address from which nobody else comes, to see whether the collector
// takes this machine's word for it. One that does not would be accused of what it cannot
// know. Walk walks a plan; it returns nil for one that it cannot.
func (o *Options) sendAhead(ctx context.Context, plans []*scenario.Plan, walk func(context.Context, *scenario.Plan) *evidence.Evidence) (warnings []string) {
	if o.met == nil || o.Pixel.Sessions == nil || o.Pixel.Sessions.Values[scenario.SessionAddress] == "" || !slices.ContainsFunc(plans, fromSomewhere) {
		return nil
	}
	plan := ahead(o.Pixel, plans)
	if plan == nil {
		return nil
	}
	e := walk(ctx, plan)
	if e == nil {
		return nil
	}
	o.met.Proxy = trust(e)
	if o.met.Proxy != evidence.ProxyUntrusted {
		return nil
	}
	return []string{"the collector does not believe X-Forwarded-For, so to it every visitor comes from this machine, and what it keeps and shows of where they come from is not judged\nhint: start it with --trusted-proxy 127.0.0.1"}
}

// fromSomewhere tells that something is judged in a plan that goes by where its visitors
// come from.
func fromSomewhere(p *scenario.Plan) bool {
	return walked(p) && len(p.Scenario.Config.Origins) > 0 && slices.ContainsFunc(p.Scenario.Expect, func(e scenario.Expectation) bool {
		return (e.Session != "" || e.Kept != "") && p.Judged(&e)
	})
}

// The visitor who is sent ahead: what his origin is called, and his steps.
const (
	aheadOrigin  = "ahead"
	aheadArrives = "arriving"
	aheadAgrees  = "agreeing"
)

// ahead is the plan of the visitor who is sent ahead; nil where the pixel has no page
// for him, or there is no address left.
func ahead(pixel *scenario.Pixel, plans []*scenario.Plan) *scenario.Plan {
	const home = "home"
	address := unused(plans)
	if pixel.Pages[home] == "" || address == "" {
		return nil
	}
	sc := &scenario.Scenario{
		ID: pixel.Document + ".sent-ahead", Title: "A visitor who is sent ahead", Document: pixel.Document,
		Config:  scenario.Config{Origins: map[string]scenario.Origin{aheadOrigin: {Address: address}}},
		Journey: []scenario.Step{{Name: aheadArrives, Open: home, From: aheadOrigin}},
	}
	last := aheadArrives
	if _, asks := pixel.Actions[scenario.ActionAgree]; asks && slices.Contains(pixel.Features, scenario.FeatureConsentWindow) {
		last = aheadAgrees
		sc.Journey = append(sc.Journey, scenario.Step{Name: aheadAgrees, Do: scenario.ActionAgree})
	}
	sc.Expect = []scenario.Expectation{{At: last, Session: scenario.SessionAddress, Is: scenario.StateGiven}}
	return &scenario.Plan{Scenario: sc, Pixel: pixel, Clauses: map[string]*scenario.Clause{}}
}

// unused is an address from which no visitor of the plans comes: what an identified
// visitor leaves behind must not be found where another's is looked for.
func unused(plans []*scenario.Plan) string {
	taken := map[netip.Addr]bool{}
	for _, p := range plans {
		for _, origin := range p.Scenario.Config.Origins {
			if address, err := netip.ParseAddr(origin.Address); err == nil {
				taken[address] = true
			}
		}
	}
	for address := netip.MustParseAddr("203.0.113.254"); address.As4()[3] > 1; address = address.Prev() {
		if !taken[address] {
			return address.String()
		}
	}
	return ""
}

// documentation lists the ranges of which visitors come.
var documentation = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/32"),
}

// trust tells from the evidence of the visitor who was sent ahead whether the collector
// believed where he came from; "" where it cannot be told. An address that was made of
// the one that was sent, such as one without its last part, was believed.
func trust(e *evidence.Evidence) string {
	if len(e.Faults) > 0 || len(e.Steps) == 0 {
		return ""
	}
	last := e.Steps[len(e.Steps)-1].Name
	snapshot := e.Snapshot(last)
	if snapshot == nil || snapshot.Session == nil {
		return ""
	}
	address, err := netip.ParseAddr(strings.TrimSpace(snapshot.Session.Values[scenario.SessionAddress]))
	switch address = address.Unmap(); {
	case err != nil || address.IsUnspecified():
		return ""
	case slices.ContainsFunc(documentation, func(p netip.Prefix) bool { return p.Contains(address) }):
		return evidence.ProxyTrusted
	}
	return evidence.ProxyUntrusted
}
