package check

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Whatever the driver sends in the tracker's place must not pass for the tracker's.
func TestWithoutABrowserNoTrackerIsJudged(t *testing.T) {
	t.Parallel()
	browserless := &evidence.Evidence{Header: evidence.Header{Browser: evidence.Browser{Kind: evidence.KindNone}}}
	browser := &evidence.Evidence{Header: evidence.Header{Browser: evidence.Browser{Kind: "shell"}}}
	for _, test := range []struct {
		e      scenario.Expectation
		judged bool
	}{
		{scenario.Expectation{Parameter: scenario.RoleVisitorID}, false},
		{scenario.Expectation{Cookie: scenario.RoleVisitorID}, false},
		{scenario.Expectation{Identity: scenario.IdentityAny}, false},
		{scenario.Expectation{Identifier: scenario.IdentityAny}, false},
		{scenario.Expectation{Option: scenario.OptionEnabled}, false},
		{scenario.Expectation{}, false},
		{scenario.Expectation{Profile: scenario.ProfileCustomer}, true},
		{scenario.Expectation{Attribute: scenario.RolePhone}, true},
		{scenario.Expectation{Record: scenario.RecordCustomers}, true},
	} {
		expect := NewWithT(t)
		expect.Expect(played(browser, &test.e)).To(BeNil())
		expect.Expect(played(nil, &test.e)).To(BeNil())
		found := played(browserless, &test.e)
		if test.judged {
			expect.Expect(found).To(BeNil(), "%+v", test.e)
			continue
		}
		expect.Expect(found).NotTo(BeNil(), "%+v", test.e)
		expect.Expect(found.outcome).To(Equal(verdict.Unsupported), "%+v", test.e)
		expect.Expect(found.reason).To(Equal("played without a browser: the driver plays the tracker's part"))
	}
}

func TestAPlanThatIsNotPlayedIsUnsupported(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	plan := &scenario.Plan{
		Scenario: &scenario.Scenario{ID: "demo.stay", Expect: []scenario.Expectation{
			{At: "home", Profile: scenario.ProfileCustomer, Is: scenario.StatePresent, Clause: "demo.one"},
			{At: "home", Parameter: scenario.RoleVisitorID, Is: scenario.StatePresent, Clause: "demo.two"},
		}},
		Pixel: &scenario.Pixel{}, Only: map[string]bool{"demo.one": true},
	}
	got := Unplayed(plan, "it hides its tab")
	expect.Expect(got).To(HaveLen(1))
	expect.Expect(got[0].Outcome).To(Equal(verdict.Unsupported))
	expect.Expect(got[0].Reason).To(Equal("not played without a browser: it hides its tab"))
}
