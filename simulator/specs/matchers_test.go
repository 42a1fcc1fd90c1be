package specs

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// golden compares with testdata/name, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\nhint: go test ./simulator/specs -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s\nhint: go test ./simulator/specs -update", file, diff)
	}
}

// demo is the plan of the demo library's opt-out scenario.
func demo(t *testing.T) *scenario.Plan {
	t.Helper()
	lib, err := scenario.Load(os.DirFS("../suite/testdata/library"), "library")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := scenario.Bind(lib, lib.Scenario("demo.opt-out"), lib.Pixel("demo"))
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

const visitor = "visitor-0815-0815"

func sent(step, url string) evidence.Request {
	return evidence.Request{Step: step, Method: "GET", URL: url, Purpose: "collector"}
}

func hitOf(step, query string) evidence.Request {
	return sent(step, "https://collect.vendor.test/hit?"+query)
}

func wrote(step string, lifetime time.Duration) evidence.CookieWrite {
	return evidence.CookieWrite{Step: step, By: "document.cookie", Name: "demo_choice", Value: "1", Lifetime: lifetime}
}

const year = 365 * 24 * time.Hour

// walked is a journey with a step for everything that the matchers tell apart.
func walked(t *testing.T) Walked {
	t.Helper()
	preflight := hitOf("asked-only", "vid="+visitor)
	preflight.Method = "OPTIONS"
	hidden := hitOf("leaking", "anon=1&page=%2Fproducts")
	hidden.Header = []evidence.Field{{Name: "referer", Value: "https://www.shop.test/?from=" + visitor}}
	cut := hitOf("cut", "anon=1")
	cut.Incomplete = "the body is larger than the gateway keeps"
	batch := sent("batched", "https://collect.vendor.test/hit")
	batch.Method, batch.Body = "POST", []byte("anon=1&vid="+visitor+"\nanon=1")
	packed := sent("beside", "https://elsewhere.test/")
	packed.Header, packed.Body = []evidence.Field{{Name: "content-encoding", Value: "zstd"}}, []byte("?")
	ownPage := sent("anonymous", "https://www.shop.test/products")
	ownPage.Purpose, ownPage.Header = "page", []evidence.Field{{Name: "cookie", Value: "demo_vid=" + visitor}}
	e := &evidence.Evidence{
		Header: evidence.Header{Scenario: "demo.opt-out"},
		Requests: []evidence.Request{
			sent("identified", "https://www.shop.test/"),
			hitOf("identified", "vid="+visitor+"&cust=customer-4711&short=abc"),
			ownPage,
			hitOf("anonymous", "anon=1&vid2=&page=%2Fproducts"),
			hitOf("half", "anon=1&vid="+visitor), hitOf("half", "anon=1"),
			hitOf("empty", "anon=1&vid="),
			hitOf("flagless", "page=%2F"),
			hidden, preflight, cut, packed, hitOf("beside", "anon=1"), batch,
			hitOf("unfenced", "anon=1"), hitOf("broken", "anon=1"),
		},
		Writes: []evidence.CookieWrite{
			wrote("opting-out", 5*year), wrote("half", 5*year), wrote("half", year),
			{Step: "leaking", Name: "demo_choice", Session: true}, wrote("empty", 0),
		},
	}
	for _, name := range []string{"identified", "opting-out", "anonymous", "half", "empty", "flagless", "leaking", "asked-only", "cut", "beside", "batched", "unfenced", "broken"} {
		s := evidence.Step{Name: name, Fenced: name != "unfenced"}
		if name == "broken" {
			s.Problem = "nothing to click at #opt-out on https://www.shop.test/: not found"
		}
		e.Steps = append(e.Steps, s)
		if name == "half" {
			continue
		}
		jar := []evidence.Cookie{{Name: "demo_choice", Value: "1"}, {Name: "other", Value: "x"}}
		switch name {
		case "asked-only":
			jar = nil
		case "identified":
			jar = []evidence.Cookie{{Name: "demo_vid", Value: visitor}}
		}
		e.Snapshots = append(e.Snapshots, evidence.Snapshot{Step: name, Cookies: jar})
	}
	return Of(demo(t), e)
}

// ending is how a matcher ends on a moment.
type ending string

const (
	matches ending = "matches"
	differs ending = "does not match"
	refuses ending = "is an error"
)

func TestEachMatcherMatchesAndDoesNotAndRefuses(t *testing.T) {
	t.Parallel()
	w := walked(t)
	var b strings.Builder
	for _, test := range []struct {
		step    string
		matcher string
		is      func() types.GomegaMatcher
		want    ending
	}{
		{"identified", "CarryParameter by role", func() types.GomegaMatcher { return CarryParameter("visitor-id") }, matches},
		{"identified", "CarryParameter by name", func() types.GomegaMatcher { return CarryParameter("vid") }, matches},
		{"identified", "CarryParameter with value", func() types.GomegaMatcher { return CarryParameter("customer-id", "customer-4711") }, matches},
		{"identified", "CarryParameter with another value", func() types.GomegaMatcher { return CarryParameter("customer-id", "customer-1") }, differs},
		{"anonymous", "CarryParameter by role", func() types.GomegaMatcher { return CarryParameter("visitor-id") }, differs},
		{"empty", "CarryParameter of an empty one", func() types.GomegaMatcher { return CarryParameter("visitor-id") }, differs},
		{"half", "CarryParameter of one of two", func() types.GomegaMatcher { return CarryParameter("visitor-id") }, refuses},
		{"batched", "CarryParameter of one of two in a batch", func() types.GomegaMatcher { return CarryParameter("visitor-id") }, refuses},
		{"batched", "CarryParameter of both in a batch", func() types.GomegaMatcher { return CarryParameter("anonymous-flag") }, matches},
		{"opting-out", "CarryParameter of nothing", func() types.GomegaMatcher { return CarryParameter("visitor-id") }, refuses},
		{"asked-only", "CarryParameter of a preflight", func() types.GomegaMatcher { return CarryParameter("visitor-id") }, refuses},
		{"unfenced", "CarryParameter", func() types.GomegaMatcher { return CarryParameter("visitor-id") }, refuses},
		{"broken", "CarryParameter", func() types.GomegaMatcher { return CarryParameter("visitor-id") }, refuses},
		{"nowhere", "CarryParameter", func() types.GomegaMatcher { return CarryParameter("visitor-id") }, refuses},

		{"anonymous", "BeAnonymous", BeAnonymous, matches},
		{"identified", "BeAnonymous", BeAnonymous, differs},
		{"empty", "BeAnonymous", BeAnonymous, differs},
		{"flagless", "BeAnonymous", BeAnonymous, differs},
		{"leaking", "BeAnonymous", BeAnonymous, differs},
		{"cut", "BeAnonymous of what is not whole", BeAnonymous, refuses},
		{"cut", "HaveNoTraceOf in what is not whole", func() types.GomegaMatcher { return HaveNoTraceOf(visitor) }, refuses},
		{"cut", "CarryParameter of what is not whole", func() types.GomegaMatcher { return CarryParameter("visitor-id") }, refuses},
		{"cut", "CarryParameter of what is there of it", func() types.GomegaMatcher { return CarryParameter("anonymous-flag") }, matches},
		{"beside", "CarryParameter beside what is not whole", func() types.GomegaMatcher { return CarryParameter("visitor-id") }, differs},
		{"beside", "BeAnonymous beside what is not whole", BeAnonymous, refuses},
		{"opting-out", "BeAnonymous of nothing", BeAnonymous, refuses},
		{"unfenced", "BeAnonymous", BeAnonymous, refuses},
		{"nowhere", "BeAnonymous", BeAnonymous, refuses},

		{"flagless", "HaveNoTraceOf", func() types.GomegaMatcher { return HaveNoTraceOf(visitor) }, matches},
		{"leaking", "HaveNoTraceOf", func() types.GomegaMatcher { return HaveNoTraceOf(visitor) }, differs},
		{"anonymous", "HaveNoTraceOf in a cookie", func() types.GomegaMatcher { return HaveNoTraceOf(visitor) }, differs},
		{"flagless", "HaveNoTraceOf nothing", func() types.GomegaMatcher { return HaveNoTraceOf("") }, refuses},
		{"opting-out", "HaveNoTraceOf in nothing", func() types.GomegaMatcher { return HaveNoTraceOf(visitor) }, refuses},
		{"unfenced", "HaveNoTraceOf", func() types.GomegaMatcher { return HaveNoTraceOf(visitor) }, refuses},

		{"opting-out", "HaveCookie by role", func() types.GomegaMatcher { return HaveCookie("choice") }, matches},
		{"opting-out", "HaveCookie by name, with value", func() types.GomegaMatcher { return HaveCookie("demo_choice", "1") }, matches},
		{"opting-out", "HaveCookie with another value", func() types.GomegaMatcher { return HaveCookie("choice", "0") }, differs},
		{"asked-only", "HaveCookie of an empty jar", func() types.GomegaMatcher { return HaveCookie("choice") }, differs},
		{"identified", "HaveCookie", func() types.GomegaMatcher { return HaveCookie("choice") }, differs},
		{"half", "HaveCookie without a snapshot", func() types.GomegaMatcher { return HaveCookie("choice") }, refuses},
		{"unfenced", "HaveCookie", func() types.GomegaMatcher { return HaveCookie("choice") }, refuses},
		{"nowhere", "HaveCookie", func() types.GomegaMatcher { return HaveCookie("choice") }, refuses},

		{"opting-out", "WriteCookieFor", func() types.GomegaMatcher { return WriteCookieFor("choice", "5y") }, matches},
		{"opting-out", "WriteCookieFor another time", func() types.GomegaMatcher { return WriteCookieFor("choice", "30m") }, differs},
		{"leaking", "WriteCookieFor the session", func() types.GomegaMatcher { return WriteCookieFor("choice", "5y") }, differs},
		{"identified", "WriteCookieFor of no write", func() types.GomegaMatcher { return WriteCookieFor("choice", "5y") }, refuses},
		{"empty", "WriteCookieFor of a removal", func() types.GomegaMatcher { return WriteCookieFor("choice", "5y") }, refuses},
		{"opting-out", "WriteCookieFor no time", func() types.GomegaMatcher { return WriteCookieFor("choice", "soon") }, refuses},
		{"unfenced", "WriteCookieFor", func() types.GomegaMatcher { return WriteCookieFor("choice", "5y") }, refuses},
	} {
		m, moment := test.is(), w.At(test.step)
		ok, err := m.Match(moment)
		got := differs
		switch {
		case err != nil:
			got = refuses
		case ok:
			got = matches
		}
		if got != test.want {
			t.Errorf("%s at %s %s, want that it %s (%v)", test.matcher, test.step, got, test.want, err)
		}
		fmt.Fprintf(&b, "--- %s at %s %s\n", test.matcher, test.step, got)
		switch got {
		case refuses:
			fmt.Fprintln(&b, err)
		case differs:
			fmt.Fprintln(&b, m.FailureMessage(moment))
		case matches:
			fmt.Fprintln(&b, m.NegatedFailureMessage(moment))
		}
	}
	golden(t, "matchers.golden", b.String())
}

// Where nothing is proven neither To nor NotTo holds.
func TestAnErrorFailsToAndNotTo(t *testing.T) {
	t.Parallel()
	w := walked(t)
	for name, expect := range map[string]func(gomega.Assertion){
		"To":    func(a gomega.Assertion) { a.To(BeAnonymous()) },
		"NotTo": func(a gomega.Assertion) { a.NotTo(BeAnonymous()) },
	} {
		var said []string
		g := gomega.NewGomega(func(message string, _ ...int) { said = append(said, message) })
		expect(g.Expect(w.At("opting-out")))
		if len(said) != 1 || !strings.Contains(said[0], "nothing is proven") {
			t.Errorf("%s: %q", name, said)
		}
	}
}

func TestAMatcherWantsAMoment(t *testing.T) {
	t.Parallel()
	for _, actual := range []any{nil, "a moment", walked(t)} {
		if ok, err := BeAnonymous().Match(actual); ok || err == nil || !strings.HasPrefix(err.Error(), "want a moment of a journey, as by visit.At(step), not ") {
			t.Errorf("%T: %v, %v", actual, ok, err)
		}
	}
}

// A value that is too short to be told from chance is not looked for, and neither
// is what redaction has put in its place.
func TestBeAnonymousLooksForTraceableValuesAlone(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"abc": true, "redacted-0123456789ab-short": true, "redacted-0123456789ab": false, visitor: false,
	} {
		e := &evidence.Evidence{
			Requests: []evidence.Request{hitOf("one", "vid="+value), hitOf("two", "anon=1&other="+value)},
			Steps:    []evidence.Step{{Name: "one", Fenced: true}, {Name: "two", Fenced: true}},
		}
		if ok, err := BeAnonymous().Match(Of(demo(t), e).At("two")); ok != want || err != nil {
			t.Errorf("%s: %v, %v", value, ok, err)
		}
	}
}

// A renamed cookie is known by its role, as the scenario names it.
func TestEvidenceIsAtHand(t *testing.T) {
	t.Parallel()
	w := walked(t)
	if w.Evidence().Scenario != "demo.opt-out" {
		t.Errorf("the evidence is of %q", w.Evidence().Scenario)
	}
	if _, err := w.At("nowhere").walkedStep(); err == nil || errors.Unwrap(err) != nil {
		t.Errorf("a step that is not there: %v", err)
	}
}
