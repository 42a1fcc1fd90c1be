package scenario

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"
)

func TestEveryWordHasAMeaning(t *testing.T) {
	t.Parallel()
	for list, words := range lists() {
		seen := map[string]bool{}
		for _, w := range words {
			if w.Name == "" || w.Meaning == "" || seen[w.Name] || strings.ContainsAny(w.Meaning, "\n|") {
				t.Errorf("%s: %+v", list, w)
			}
			seen[w.Name] = true
		}
	}
	for _, w := range append(Roles(), States()...) {
		if !slices.ContainsFunc(subjects, func(s subjectKind) bool { return s.fits(w) }) {
			t.Errorf("%s can be said of nothing", w.Name)
		}
	}
}

func lists() map[string][]Word {
	return map[string][]Word{
		"History (`go`)": Directions(), "Tab (`tab`)": Lifecycles(), "Collector (`collector`)": Collectors(),
		"Network (`network`)": Networks(), "Script (`script`)": Deliverables(), "End of a step (`ends`)": Endings(),
		"Devices (`device`)": Devices(), "Tabs (`in`)": Tabs(), "Stores (`forget`)": Stores(),
		"Delivery (`config.delivery`)": Deliveries(), "Records (`record`)": Records(), "Options (`option`)": Options(),
		"Roles": Roles(), "States (`is`)": States(), "Groups (`among`)": Groups(), "Actions (`do`)": Actions(),
		"Persons (`person`)": Persons(), "Profiles (`profile`)": Profiles(), "Attributes (`attribute`) beside the roles": Attributes(),
		"Sites (`config.site`)": Sites(), "Sessions (`session`)": SessionValues(), "What is kept (`kept`)": KeptValues(),
		"Readings (`reading`)": readingWords(), "Ways to read `temporary-cookie`": waysOf(ReadingTemporaryCookie),
		"Features": Features(), "Levels": Levels(), "Places (`seen-at`)": Sights(), "Settings that rename a cookie": Settings(),
	}
}

// vocabularyTable is the README's account of the vocabulary.
func vocabularyTable() string {
	var b strings.Builder
	all := lists()
	for _, list := range []string{"Roles", "States (`is`)", "Groups (`among`)", "Actions (`do`)", "History (`go`)", "Tab (`tab`)", "Collector (`collector`)", "Network (`network`)", "Script (`script`)", "End of a step (`ends`)", "Stores (`forget`)", "Devices (`device`)", "Tabs (`in`)", "Persons (`person`)", "Delivery (`config.delivery`)", "Records (`record`)", "Options (`option`)", "Profiles (`profile`)", "Attributes (`attribute`) beside the roles", "Sessions (`session`)", "What is kept (`kept`)", "Sites (`config.site`)", "Readings (`reading`)", "Ways to read `temporary-cookie`", "Features", "Levels", "Places (`seen-at`)", "Settings that rename a cookie"} {
		fmt.Fprintf(&b, "\n**%s**\n\n| word | of | meaning |\n|---|---|---|\n", list)
		for _, w := range all[list] {
			var of []string
			for _, subject := range subjects {
				if subject.fits(w) {
					of = append(of, subject.key)
				}
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", w.Name, strings.Join(of, ", "), w.Meaning)
		}
	}
	return strings.ReplaceAll(b.String(), "|  |", "| |") + "\n"
}

func TestReadmeListsTheVocabulary(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- vocabulary: written by go test ./simulator/scenario -update -->\n", "<!-- end of the vocabulary -->"
	file := shippedData + "/README.md"
	text := string(readText(t, file))
	before, rest, ok := strings.Cut(text, begin)
	if !ok {
		t.Fatalf("%s: the line %q is not there", file, begin)
	}
	listed, after, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatalf("%s: the line %q is not there", file, end)
	}
	if *update {
		listed = vocabularyTable()
		if err := os.WriteFile(file, []byte(before+begin+listed+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(vocabularyTable(), listed); diff != "" {
		t.Errorf("%s (-vocabulary +file):\n%s", file, diff)
	}
}

func TestCategoryRole(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]string{
		"category-1": "1", "category-75": "75", "category-999": "999",
		"category-0": "", "category-01": "", "category-1000": "", "category-N": "", "category-": "", "category-1 ": "", "categories-1": "",
	} {
		if number, ok := CategoryRole(role); number != want || ok != (want != "") {
			t.Errorf("%q: %q %v", role, number, ok)
		}
	}
}

func TestParseLifetime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text     string
		min, max time.Duration
	}{
		{"5y", 1825*day - time.Minute, 1827*day + time.Minute},
		{"1y", 365*day - time.Minute, 366*day + time.Minute},
		{"4y", 1460*day - time.Minute, 1461*day + time.Minute},
		{"13mo", 390*day - time.Minute, 397*day + time.Minute},
		{"12mo", 360*day - time.Minute, 366*day + time.Minute},
		{"1mo", 28*day - time.Minute, 31*day + time.Minute},
		{"180d", 180*day - time.Minute, 180*day + time.Minute},
		{"2h", 2*time.Hour - time.Minute, 2*time.Hour + time.Minute},
		{"30m", 30*time.Minute - time.Second, 30*time.Minute + time.Second},
		{"45s", 44 * time.Second, 46 * time.Second},
		{"1s", 0, 2 * time.Second},
		{"100y", 36500*day - time.Minute, 36525*day + time.Minute},
	} {
		l, err := ParseLifetime(c.text)
		if err != nil || l.Min != c.min || l.Max != c.max || l.String() != c.text {
			t.Errorf("%s: %+v, %v", c.text, l, err)
		}
		for _, edge := range []time.Duration{c.min, c.max} {
			if !l.Contains(edge) {
				t.Errorf("%s does not contain its own edge %v", c.text, edge)
			}
		}
		if l.Contains(c.min-1) || l.Contains(c.max+1) {
			t.Errorf("%s contains what is beyond its edges", c.text)
		}
	}
	for _, text := range []string{"", "5", "y", "0d", "05d", "-5d", "5 y", "5Y", "5w", "1.5y", "5y ", "5y\n", "101y", "9999999d", "999999h", "1y6mo"} {
		if l, err := ParseLifetime(text); err == nil {
			t.Errorf("%q was read as %+v", text, l)
		}
	}
}

func TestLifetimeAsText(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e := Expectation{At: "here", Cookie: RoleChoice, Lasts: must(ParseLifetime("5y")), Clause: "demo.x"}
	text, err := json.Marshal(e)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).To(ContainSubstring(`"lasts":"5y"`))
	var back Expectation
	g.Expect(json.Unmarshal(text, &back)).To(Succeed())
	g.Expect(back).To(Equal(e))
	g.Expect(json.Unmarshal([]byte(`{"lasts":"soon"}`), &back)).To(MatchError(ContainSubstring(`not a lifetime: "soon"`)))
	text, err = json.Marshal(Expectation{At: "here"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).NotTo(ContainSubstring("lasts"))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestNearest(t *testing.T) {
	t.Parallel()
	words := []string{"visitor-id", "session-id", "choice", "opt-out", "opt-back"}
	for word, want := range map[string]string{
		"visitor_id": "visitor-id", "visitor": "visitor-id", "optout": "opt-out", "opt-bak": "opt-back", "choise": "choice",
		"nothing-like-it": "", "": "", "op": "", strings.Repeat("choice", 1000): "",
	} {
		if got := nearest(word, words); got != want {
			t.Errorf("%.20q: %q, want %q", word, got, want)
		}
	}
	if got := nearest("opt-x", []string{"opt-z", "opt-y"}); got != "opt-y" {
		t.Errorf("of two equally near ones %q was chosen", got)
	}
}
