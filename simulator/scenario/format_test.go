package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// sameScenario compares all but where it was read.
var sameScenario = cmp.Options{
	cmpopts.IgnoreFields(Scenario{}, "File", "Digest", "Where"),
	cmpopts.IgnoreFields(Step{}, "Where"),
	cmpopts.IgnoreFields(Expectation{}, "Where"),
}

func formatted(t *testing.T, lib *Library, sc *Scenario) *Scenario {
	t.Helper()
	file := "scenarios/" + strings.Replace(sc.ID, ".", "/", 1) + ".yaml"
	text := Format(sc, "a remark\nof two lines\x07", "")
	again, err := lib.ReadScenario(text, file)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if diff := cmp.Diff(sc, again, sameScenario); diff != "" {
		t.Fatalf("read back (-was +is):\n%s\n%s", diff, text)
	}
	return again
}

func TestWhatIsFormattedReadsBackTheSame(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	lib := loadShipped(t)
	for _, sc := range lib.Scenarios {
		formatted(t, lib, sc)
	}
	formatted(t, lib, &Scenario{
		ID: "mapp.form", Title: `A title: with "all" that - YAML #takes for its own & more`, Document: "mapp", Requires: []string{},
		Config: Config{
			Anonymity: &Anonymity{Enabled: &yes, ByDefault: &no, Cookie: "123", Minutes: 30},
			Suppress:  []string{},
			Customer: map[string]string{
				"customer-id": "0815", "category-12": "", "category-5": "a, b: {c}", "category-7": "\u00a0\t\n\\\U0001f36a\U000e0001",
				"email": "true", "phone": "+49 30 1", "first-name": "-", "last-name": "null",
			},
			Shares:  []string{"phone", "last-name", "category-12"},
			Actions: &Reported{Queued: []string{"first", "~"}, Clicked: "third one"},
			Changes: []map[string]string{{"phone": "1", "email": "b@shop.test"}, {"name": "true"}},

			Attributes: map[string]string{"favourite": "shoes, red", "size": "42"},
			Delivery:   DeliveryBatched,
			Literal:    map[string]string{"someOption": "true", "another": "-12"},
		},
		Journey: []Step{
			{Name: "one", Open: "home", Script: ScriptHeld, Ends: EndsAtOnce},
			{Name: "two", Do: ActionAct, Script: ScriptDelivered, Collector: CollectorSlow, After: Lifetime{Text: "30m", Min: 1799e9, Max: 1801e9}},
			{Name: "three", Open: "home", Day: 3, Forget: []string{StoreCookies, "http-cache"}, Device: DeviceSecond, In: TabSecond, Network: NetworkOnline},
			{Name: "back", Open: "home", Person: PersonFirst, Collector: CollectorLate},
			{Name: "signing-in", Do: ActionSignIn, Collector: CollectorTwice},
			{Name: "changing", Do: ActionChange},
			{Name: "four", Tab: TabHidden, Device: DeviceFirst, In: TabFirst, Network: NetworkOffline},
		},
		Expect: []Expectation{
			{At: "three", Parameter: "action-name", Is: StateFresh, Among: AmongMadeLater, Clause: "mapp.nc-sent"},
			{At: "two", Cookie: "choice", Lasts: Lifetime{Text: "30m", Min: 1799e9, Max: 1801e9}, Clause: "mapp.opt-out-duration"},
			{At: "two", Identity: IdentityAny, Is: StateUntraced, Clause: "mapp.nc-sent"},
			{At: "two", Identifier: IdentityAny, Is: StateUnlinked, With: "one", Unlike: "three", Clause: "mapp.nc-sent"},
			{At: "two", Record: RecordReturning, Is: StateUnchanged, Clause: "mapp.visits-not-joined"},
			{At: "changing", Profile: ProfileCustomer, Is: StateApart, With: "one", Clause: "mapp.nc-sent"},
			{At: "changing", Attribute: "phone", Is: StateNewest, Clause: "mapp.nc-sent"},
			{At: "two", Option: OptionByDefault, Is: StateUnknown, Clause: "mapp.example-misspelt"},
		},
	})
	formatted(t, lib, &Scenario{
		ID: "mapp.made", Title: "no", Document: "mapp",
		Config:  Config{Identity: &Identification{Of: "phone", By: "sha256"}, Customer: map[string]string{"phone": "1"}},
		Journey: []Step{{Name: "one", Open: "home"}},
		Expect:  []Expectation{{At: "one", Parameter: "visitor-id", Is: StatePresent, Clause: "mapp.nc-sent"}},
	})
	formatted(t, lib, &Scenario{
		ID: "mapp.bare", Title: "no", Document: "mapp",
		Config:  Config{Anonymity: &Anonymity{}, Customer: map[string]string{}, Actions: &Reported{}},
		Journey: []Step{{Name: "one", Open: "home"}},
		Expect:  []Expectation{{At: "one", Parameter: "visitor-id", Is: StatePresent, Clause: "mapp.nc-sent"}},
	})
}

// What is formatted looks as its authors wrote it, comments and empty lines aside.
func TestTheFormIsThatOfTheShippedScenarios(t *testing.T) {
	t.Parallel()
	lib := loadShipped(t)
	text, err := os.ReadFile(filepath.Join(shippedData, "mapp/opt-out.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	bare := func(text string) string {
		var kept []string
		for line := range strings.Lines(text) {
			if trimmed := strings.TrimSpace(line); trimmed != "" && (trimmed[0] != '#' || strings.Contains(line, "schema")) {
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "")
	}
	if diff := cmp.Diff(bare(string(text)), bare(string(Format(lib.Scenario("mapp.opt-out"))))); diff != "" {
		t.Errorf("(-written +formatted):\n%s", diff)
	}
}

func TestAScenarioThatIsReadAloneIsCheckedAsAllAre(t *testing.T) {
	t.Parallel()
	lib := loadShipped(t)
	text := Format(lib.Scenario("mapp.opt-out"))
	if _, err := lib.ReadScenario(text, "elsewhere/mapp/not-there.yaml"); err == nil || !strings.Contains(err.Error(), "not-there.yaml:2") {
		t.Errorf("a file of another name: %v", err)
	}
	if lib.Scenario("mapp.not-there") != nil {
		t.Error("the library has grown")
	}
}

func FuzzFormat(f *testing.F) {
	seed(f, "scenario", "demo/opt-out.yaml")
	lib := loadTestLibrary(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		sc, err := lib.ReadScenario(text, "scenarios/demo/opt-out.yaml")
		if err == nil && len(text) < maxFileSize/4 {
			formatted(t, lib, sc)
		}
	})
}
