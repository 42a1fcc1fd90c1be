package scenario

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

func bindDemo(t testing.TB, id string) *Plan {
	t.Helper()
	lib := loadTestLibrary(t)
	plan, err := Bind(lib, lib.Scenario(id), lib.Pixel("demo"))
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestBindGivesThePlanItsClausesAndNames(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plan := bindDemo(t, "demo.opt-out")
	g.Expect(plan.Clauses).To(HaveLen(2))
	g.Expect(plan.Clauses["demo.flag-sent"].Level).To(Equal(Must))
	g.Expect(plan.Unsupported).To(BeEmpty())
	g.Expect(plan.ParameterName(RoleVisitorID)).To(Equal(Name{Name: "vid"}))
	g.Expect(plan.CookieName(RoleVisitorID)).To(Equal(Name{Name: "v"}))
	g.Expect(plan.CookieName(RoleChoice)).To(Equal(Name{Name: "own-choice", Set: "1", Setting: SettingAnonymityCookie}), "the scenario renames it")
	g.Expect(plan.ParameterName(RoleSessionID)).To(BeZero())
	g.Expect(bindDemo(t, "demo.stay").CookieName(RoleChoice).Name).To(Equal("pick"), "nothing is renamed")
	g.Expect(plan.Pixel.PageURL("products")).To(Equal("https://www.shop.test/products"))
	g.Expect(plan.Pixel.PageURL("none")).To(BeEmpty())
	g.Expect(plan.Pixel.Stage.ScriptURL()).To(Equal("https://cdn.vendor.test/t.js"))
}

func TestBindNamesWhatThePixelDoesNotSupport(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	lib := loadTestLibrary(t)
	bare := *lib.Pixel("demo")
	bare.Features, bare.Parameters, bare.Actions = nil, nil, nil
	sc := *lib.Scenario("demo.opt-out")
	sc.Requires = []string{FeatureSwitchableAnonymity, FeatureSuppressedParameters}
	plan, err := Bind(lib, &sc, &bare)
	g.Expect(err).NotTo(HaveOccurred(), "a pixel that lacks the feature need not name its parts")
	g.Expect(plan.Unsupported).To(Equal([]string{FeatureSuppressedParameters, FeatureSwitchableAnonymity}))
}

func TestBindRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	lib := loadTestLibrary(t)
	sc, pixel := lib.Scenario("demo.opt-out"), *lib.Pixel("demo")

	pixel.Document = "other"
	_, err := Bind(lib, sc, &pixel)
	g.Expect(err).To(MatchError("scenarios/demo/opt-out.yaml:1:1: the scenario demo.opt-out is one of the document demo, the pixel demo is held to other"))

	pixel.Document = "demo"
	pixel.Cookies = map[string]Name{RoleChoice: {Name: "pick", Set: "1"}}
	_, err = Bind(lib, sc, &pixel)
	g.Expect(err).To(MatchError("scenarios/demo/opt-out.yaml:1:1: the scenario renames the cookie of the choice, and no cookie of the pixel demo can be renamed\n" +
		"hint: add \"setting: anonymity.cookie\" to the cookie's name at scenarios/pixels/demo/pixel.yaml:19"))

	pixel = *lib.Pixel("demo")
	pixel.Parameters = map[string]Name{RoleCustomerID: {Name: "cust"}, RoleAnonymousFlag: {Name: "anon", Set: "1"}}
	_, err = Bind(lib, sc, &pixel)
	g.Expect(asProblems(err)).To(HaveLen(3), "two expectations of the visitor ID, and one that groups requests by it")
}

func TestBoundPixelMadeByHandNeedsNoFile(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	lib := loadTestLibrary(t)
	_, err := Bind(lib, lib.Scenario("demo.stay"), &Pixel{Name: "bare", Document: "demo"})
	g.Expect(err).To(MatchError(ContainSubstring(`the pixel bare names no page "home"`)))
}

func TestDeviationForTheScenarioGoesFirst(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(bindDemo(t, "demo.opt-out").Deviation("demo.flag-sent").Reason).To(Equal("the demo sends none on opting out"))
	g.Expect(bindDemo(t, "demo.stay").Deviation("demo.flag-sent").Reason).To(Equal("the demo sends none"))
	g.Expect(bindDemo(t, "demo.stay").Deviation("demo.visitor-omitted")).To(BeNil())
}

func TestOnlySelectedClausesAreJudged(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plan := bindDemo(t, "demo.opt-out")
	e := &plan.Scenario.Expect[0]
	g.Expect(plan.Judged(e)).To(BeTrue())
	plan.Only = map[string]bool{"demo.flag-sent": true}
	g.Expect(plan.Judged(e)).To(BeFalse())
	g.Expect(plan.Judged(&plan.Scenario.Expect[1])).To(BeTrue())
}

func TestSelect(t *testing.T) {
	t.Parallel()
	lib := loadTestLibrary(t)
	flag, omitted := "demo.flag-sent", "demo.visitor-omitted"
	for _, c := range []struct {
		name      string
		selectors []string
		want      map[string][]string
	}{
		{"none", nil, map[string][]string{"demo.opt-out": nil, "demo.stay": nil}},
		{"scenario", []string{"demo.stay"}, map[string][]string{"demo.stay": nil}},
		{"clause", []string{flag}, map[string][]string{"demo.opt-out": {flag}}},
		{"clause of two", []string{omitted}, map[string][]string{"demo.opt-out": {omitted}, "demo.stay": {omitted}}},
		{"scenario and clause", []string{"demo.stay", flag}, map[string][]string{"demo.opt-out": {flag}, "demo.stay": nil}},
		{"scenario and its own clause", []string{"demo.opt-out", flag}, map[string][]string{"demo.opt-out": nil}},
		{"glob over both", []string{"demo.*"}, map[string][]string{"demo.opt-out": nil, "demo.stay": nil}},
		{"glob spans the dot", []string{"*sent"}, map[string][]string{"demo.opt-out": {flag}}},
		{"glob over scenarios", []string{"demo.s*y"}, map[string][]string{"demo.stay": nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			selected, err := Select(lib, "demo", c.selectors)
			g.Expect(err).NotTo(HaveOccurred())
			got := map[string][]string{}
			for _, s := range selected {
				got[s.Scenario.ID] = nil
				if s.Only != nil {
					got[s.Scenario.ID] = sortedKeys(s.Only)
				}
			}
			g.Expect(got).To(Equal(c.want))
		})
	}
}

func TestSelectRefusesWhatSelectsNothing(t *testing.T) {
	t.Parallel()
	lib := loadTestLibrary(t)
	for selector, want := range map[string]string{
		"demo.optout":        "nothing is selected by \"demo.optout\"\nhint: did you mean \"demo.opt-out\"?",
		"demo.flag":          "nothing is selected by \"demo.flag\"\nhint: did you mean \"demo.flag-sent\"?",
		"demo.not-exercised": "no scenario exercises the clause \"demo.not-exercised\" yet",
		"other.flag-sent":    "selector \"other.flag-sent\" means the document other, the pixel is held to demo\nhint: choose a pixel of that document",
		"demo.[":             "selector \"demo.[\" is not a pattern\nhint: * stands for any characters, ? for one, [a-c] for one of a range",
		"":                   "nothing is selected by \"\"\nhint: one of demo.flag-sent, demo.opt-out, demo.stay, demo.visitor-omitted",
	} {
		if _, err := Select(lib, "demo", []string{"demo.stay", selector}); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", selector, err, want)
		}
	}
	if _, err := Select(lib, "other", nil); err == nil {
		t.Error("a document without a scenario selected something")
	}
}

func TestCheckQuotes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	c := &Catalogue{Clauses: []Clause{
		{ID: "demo.a", Quote: "the  flag is\nsent", Where: "clauses/demo.yaml:6"},
		{ID: "demo.b", Quote: "The flag", Where: "clauses/demo.yaml:7"},
		{ID: "demo.c"},
	}}
	g.Expect(CheckQuotes(c, []byte("Here the flag\n\n is sent."))).To(Equal(Problems{{
		File: "clauses/demo.yaml", Line: 7, Column: 1,
		Message: `the quote of demo.b does not stand in the document: "The flag"`,
		Hint:    "quote the document's own words; only white space may differ",
	}}))
}

func TestCheckDocuments(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := []byte("the flag, and nothing else")
	lib := loadTestLibrary(t)
	lib.Catalogue("demo").SHA256 = hexSHA256(text)
	dir := t.TempDir()
	g.Expect(os.WriteFile(filepath.Join(dir, "any-name.txt"), text, 0o644)).To(Succeed())
	found, problems := CheckDocuments(lib, os.DirFS(dir))
	g.Expect(found).To(Equal([]string{"demo"}))
	g.Expect(problems).To(HaveLen(2))
	g.Expect(problems[0].Message).To(HavePrefix("the quote of demo.visitor-omitted"))
	g.Expect(problems[1].Message).To(HavePrefix("no text in the folder has the SHA-256 6e6e"))
}

// TestQuotesStandInTheDocuments reads the vendors' documents, which are not
// part of the repository.
func TestQuotesStandInTheDocuments(t *testing.T) {
	t.Parallel()
	const variable = "PIXELWITNESS_DOCUMENTS"
	folders := []string{os.Getenv(variable)}
	if folders[0] == "" {
		var err error
		if folders, err = filepath.Glob("../../../*/documents"); err != nil {
			t.Fatal(err)
		}
	}
	lib := loadShipped(t)
	checked := map[string]bool{}
	for _, folder := range folders {
		found, problems := CheckDocuments(lib, os.DirFS(folder))
		for _, document := range found {
			checked[document] = true
		}
		for _, p := range problems {
			if p.Line > 0 {
				t.Error(p)
			}
		}
	}
	for _, document := range lib.Documents() {
		if document != AllDocument && !checked[document] {
			t.Skipf("the text of the document %s is not at hand: set %s to the folder that holds it", document, variable)
		}
	}
}
