package suite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// walkedTo is a visit whose hits were answered so; profiles are what was read.
func walkedTo(t *testing.T, id string, statuses []int, profiles ...evidence.Profile) *Visit {
	t.Helper()
	lib, err := scenario.Load(scenarios.FS, "scenarios")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := scenario.Bind(lib, lib.Scenario(id), lib.Pixel("antsomi"))
	if err != nil {
		t.Fatal(err)
	}
	e := &evidence.Evidence{Steps: []evidence.Step{{Name: "arriving"}}, Snapshots: []evidence.Snapshot{{Step: "arriving", Profiles: profiles}}}
	for _, status := range statuses {
		e.Requests = append(e.Requests, evidence.Request{
			Step: "arriving", Method: "GET", Status: status, Purpose: "collector",
			URL: `https://collect.vendor.test/event?uid=u1&extra={"identify_id":"c1"}`,
		})
	}
	e.Requests = append(e.Requests,
		evidence.Request{Step: "arriving", Method: "OPTIONS", Status: 404, URL: "https://collect.vendor.test/event?uid=u1"},
		evidence.Request{Step: "arriving", Method: "GET", Status: 404, URL: "https://www.shop.test/picture.png"})
	return &Visit{Plan: plan, Evidence: e}
}

func of(by, id string, found bool) evidence.Profile {
	return evidence.Profile{By: by, ID: id, Found: found}
}

func TestHitsThatAreTurnedAway(t *testing.T) {
	t.Parallel()
	const sent = "though the scenario asks for no failure: GET https://collect.vendor.test/event\nhint: is the path of --collector right?"
	refused := walkedTo(t, "antsomi.sign-in", []int{400})
	refused.Evidence.Requests[0].Refused = "a raw address"
	for name, test := range map[string]struct {
		visits []*Visit
		want   string
	}{
		"all is well":        {[]*Visit{walkedTo(t, "antsomi.sign-in", []int{200, 204, 302})}, ""},
		"no answer":          {[]*Visit{walkedTo(t, "antsomi.sign-in", []int{0})}, ""},
		"refused in words":   {[]*Visit{refused}, ""},
		"asked to fail":      {[]*Visit{walkedTo(t, "antsomi.sign-up-failing-collector", []int{503})}, ""},
		"a raw identity":     {[]*Visit{walkedTo(t, "antsomi.raw-email-refused", []int{400})}, ""},
		"a conflict":         {[]*Visit{walkedTo(t, "antsomi.cid-conflict", []int{409})}, ""},
		"one of three":       {[]*Visit{walkedTo(t, "antsomi.three-visits", []int{200, 404, 200})}, "the collector answered 404 to 1 of 3 hits of antsomi.three-visits, " + sent},
		"under a slow one":   {[]*Visit{walkedTo(t, "antsomi.sign-up-slow-collector", []int{404})}, "the collector answered 404 to 1 of 1 hits of antsomi.sign-up-slow-collector, " + sent},
		"in several ways":    {[]*Visit{walkedTo(t, "antsomi.sign-in", []int{500, 404, 404})}, "the collector answered 404 to 2 and 500 to 1 of 3 hits of antsomi.sign-in, " + sent},
		"in several of many": {[]*Visit{walkedTo(t, "antsomi.sign-in", []int{404}), walkedTo(t, "antsomi.logout", []int{200, 200}), nil, walkedTo(t, "antsomi.three-visits", []int{404, 404})}, "the collector answered 404 to 3 of 3 hits of 2 scenarios, such as antsomi.sign-in, " + sent},
	} {
		if diff := cmp.Diff(test.want, strings.Join(doubts(test.visits, true), "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	found := doubts([]*Visit{walkedTo(t, "antsomi.sign-in", []int{404})}, false)
	if len(found) != 1 || !strings.HasSuffix(found[0], "\nhint: is requests.path of pixel.yaml what the collector takes?") {
		t.Errorf("got %q", found)
	}
}

func TestProfilesThatAreNeverFound(t *testing.T) {
	t.Parallel()
	const customer, visitor = scenario.ProfileCustomer, scenario.ProfileVisitor
	pixel := walkedTo(t, "antsomi.sign-in", nil).Plan.Pixel
	noCustomer := func(hits string) string {
		return fmt.Sprintf("no customer profile was ever found under /api/antsomi/customers/{id}, though %s acknowledged\nhint: is profile.customer.path right? it stands at %s",
			hits, pixel.At("profile.customer.path"))
	}
	noVisitor := fmt.Sprintf("no visitor profile was ever found under /api/antsomi/users/{id}, though 2 hits that name one were acknowledged\nhint: is profile.visitor.path right? it stands at %s",
		pixel.At("profile.visitor.path"))
	refused := walkedTo(t, "antsomi.sign-in", []int{200}, of(customer, "c1", false))
	refused.Evidence.Requests[0].Refused = "a raw address"
	for name, test := range map[string]struct {
		visits []*Visit
		want   []string
	}{
		"both there":             {[]*Visit{walkedTo(t, "antsomi.sign-in", []int{200}, of(customer, "c1", true), of(visitor, "u1", true))}, nil},
		"no customer":            {[]*Visit{walkedTo(t, "antsomi.sign-in", []int{200}, of(customer, "c1", false), of(visitor, "u1", true))}, []string{noCustomer("a hit that names one was")}},
		"neither":                {[]*Visit{walkedTo(t, "antsomi.sign-in", []int{200, 200}, of(customer, "c1", false), of(visitor, "u1", false))}, []string{noCustomer("2 hits that name one were"), noVisitor}},
		"another customer named": {[]*Visit{walkedTo(t, "antsomi.sign-in", []int{200}, of(customer, "c2", false))}, nil},
		"not acknowledged":       {[]*Visit{walkedTo(t, "antsomi.sign-up-failing-collector", []int{503}, of(customer, "c1", false))}, nil},
		"refused":                {[]*Visit{refused}, nil},
		"never asked for":        {[]*Visit{walkedTo(t, "antsomi.sign-in", []int{200})}, nil},
		"there in another scenario": {[]*Visit{walkedTo(t, "antsomi.sign-in", []int{200}, of(customer, "c1", false)),
			walkedTo(t, "antsomi.logout", []int{200}, of(customer, "c1", true))}, nil},
		"never in two": {[]*Visit{walkedTo(t, "antsomi.sign-in", []int{200}, of(customer, "c1", false)),
			walkedTo(t, "antsomi.logout", []int{200}, of(customer, "c1", false))}, []string{noCustomer("2 hits that name one were")}},
	} {
		if diff := cmp.Diff(test.want, doubts(test.visits, true)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
