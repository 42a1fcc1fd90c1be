package report

import (
	"bytes"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func jsonOf(t *testing.T, r *verdict.Result) string {
	t.Helper()
	return rendered(t, func(b *bytes.Buffer) error { return JSON(b, r) })
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for name, r := range samples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, "json/"+name+".json", []byte(jsonOf(t, r)))
		})
	}
}

func TestJSONComesBackAsItWas(t *testing.T) {
	t.Parallel()
	for name, r := range samples() {
		if name == "hostile" {
			continue // what is not UTF-8 comes back as its escape
		}
		back, err := ReadJSON(strings.NewReader(jsonOf(t, r)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(r, back, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-gave +got):\n%s", name, diff)
		}
	}
}

func TestJSONKeepsMarksOnTheirText(t *testing.T) {
	t.Parallel()
	r := sample()
	r.Verdicts[0].Request = marks("\xff\xfe=«é\xfd»;")
	back, err := ReadJSON(strings.NewReader(jsonOf(t, r)))
	if err != nil {
		t.Fatal(err)
	}
	e := back.Verdicts[0].Request
	if got := e.Text[e.Marks[0].From:e.Marks[0].To]; got != `é\xfd` {
		t.Errorf("the mark is on %q of %q", got, e.Text)
	}
	if r.Verdicts[0].Request.Text != "\xff\xfe=é\xfd;" {
		t.Error("writing changed the result")
	}
}

func TestJSONHasNothingUnseen(t *testing.T) {
	t.Parallel()
	for _, c := range jsonOf(t, samples()["hostile"]) {
		if c != '\n' && !unicode.IsGraphic(c) {
			t.Errorf("the JSON holds %U", c)
		}
	}
}

// full returns a result in which every field is set.
func full() *verdict.Result {
	r := failing()
	r.Verdicts[0].Cookie = marks("«a»=b")
	r.Verdicts[1].Storage = marks("«c»")
	r.Verdicts[3].Profile = marks("user IDs: «d»")
	r.Verdicts[1].Reason = "because"
	r.Verdicts[1].Outcome = verdict.Deviation
	r.Scenarios[0].Error = "broke"
	r.Scenarios[0].Steps[0].Notes = []string{"the step did not come to rest"}
	r.Errors = []string{"broke"}
	r.Warnings = []string{"beware"}
	r.Browser.Webdriver = true
	r.Pixel.Readings = map[string]string{"temporary-cookie": "after-it-was-set"}
	r.Collector = &verdict.Collector{URL: "http://127.0.0.1:8080", Clock: "set", Proxy: "trusted", Kept: []string{"hits.db"}}
	r.Tally()
	return r
}

func TestFullResultMatchesTheSchema(t *testing.T) {
	t.Parallel()
	schema, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	text := jsonOf(t, full())
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(instance); err != nil {
		t.Error(err)
	}
	for _, name := range fieldNames(t) {
		if !strings.Contains(text, `"`+name+`":`) {
			t.Errorf("full() does not set %s, so nothing checks it", name)
		}
	}
}

// fieldNames returns the name of every field of the schema.
func fieldNames(t *testing.T) []string {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, def := range doc.(map[string]any)["$defs"].(map[string]any) {
		for name := range def.(map[string]any)["properties"].(map[string]any) {
			names = append(names, name)
		}
	}
	if len(names) < 40 {
		t.Fatalf("only %d fields in the schema", len(names))
	}
	return names
}

func TestReadMeExplainsEveryField(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range fieldNames(t) {
		if !bytes.Contains(text, []byte("`"+name+"`")) {
			t.Errorf("README.md does not explain `%s`", name)
		}
	}
	for _, name := range regexp.MustCompile(`(?m)^\| ((?:`+"`[A-Za-z0-9]+`"+`(?:, )?)+) \|`).FindAllStringSubmatch(string(text), -1) {
		for _, field := range strings.Split(name[1], ", ") {
			if !bytes.Contains(Schema, []byte(`"`+strings.Trim(field, "`")+`"`)) {
				t.Errorf("README.md explains %s, which no result has", field)
			}
		}
	}
}

func TestReadJSONRefuses(t *testing.T) {
	t.Parallel()
	good := jsonOf(t, full())
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the full result holds no %s", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for _, c := range []struct{ name, give, want string }{
		{"nothing", "", "hint: the file may be truncated"},
		{"half of it", good[:len(good)/2], "hint: the file may be truncated"},
		{"something after it", good + "{}", "after top-level value"},
		{"another form", swap("pixelwitness/result/1", "pixelwitness/result/2"), `its form is "pixelwitness/result/2", this version reads "pixelwitness/result/1"`},
		{"no form", "{}", `its form is ""`},
		{"a list", "[]", "not a readable result"},
		{"an unknown outcome", swap(`"outcome": "fail"`, `"outcome": "green"`), "at /clauses/0/outcome: value must be one of"},
		{"no outcome", swap(`"outcome": "fail",`, ``), "at /clauses/0: missing property 'outcome'"},
		{"an outcome in other letters", swap(`"outcome": "fail"`, `"Outcome": "pass"`), "missing property 'outcome'"},
		{"an outcome of null", swap(`"outcome": "fail"`, `"outcome": null`), "at /clauses/0/outcome"},
		{"an outcome twice", swap(`"outcome": "fail"`, `"outcome": "fail", "outcome": "pass"`), "duplicate object member name"},
		{"a better outcome than its verdicts", strings.Replace(jsonOf(t, tallied(failing())), `"outcome": "fail"`, `"outcome": "pass"`, 1), "calls itself pass (not-conformant), but its verdicts and errors make it fail"},
		{"marks outside of the text", swap(`"to": 1`, `"to": 100000`), "is outside of the text's"},
		{"a time that is none", swap("2026-03-14T09:26:53Z", "yesterday"), "at /started: 'yesterday' is not valid date-time"},
		{"a number for a name", swap(`"mapp.opt-out"`, `7`), "got number, want string"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := ReadJSON(strings.NewReader(c.give))
			if !errors.Is(err, ErrForm) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an ErrForm with %q", err, c.want)
			}
		})
	}
}

func tallied(r *verdict.Result) *verdict.Result {
	r.Tally()
	return r
}

func TestReadJSONPassesOverNewFields(t *testing.T) {
	t.Parallel()
	text := strings.Replace(jsonOf(t, tallied(sample())), `"tool": {`, `"weather": "fine", "tool": {`, 1)
	if _, err := ReadJSON(strings.NewReader(text)); err != nil {
		t.Error(err)
	}
}

type brokenPipe struct{}

var errPipe = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }
func (brokenPipe) Read([]byte) (int, error)  { return 0, errPipe }

func TestErrorsOfWritersAndReadersComeBack(t *testing.T) {
	t.Parallel()
	r := tallied(sample())
	for name, write := range map[string]func(io.Writer) error{
		"text":  func(w io.Writer) error { return Text(w, r, TextOptions{}) },
		"json":  func(w io.Writer) error { return JSON(w, r) },
		"junit": func(w io.Writer) error { return JUnit(w, r) },
		"html":  func(w io.Writer) error { return HTML(w, r) },
	} {
		if err := write(brokenPipe{}); !errors.Is(err, errPipe) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadJSON(brokenPipe{}); !errors.Is(err, errPipe) || errors.Is(err, ErrForm) {
		t.Errorf("reading: %v", err)
	}
}

// What ReadJSON takes, every form can show, and JSON writes so that it is read
// back the same; and no form calls it better than it is. Give -fuzzminimizetime 5x:
// the schema's validator walks maps, so that minimizing by coverage never ends.
func FuzzReadJSON(f *testing.F) {
	for _, r := range samples() {
		var b bytes.Buffer
		if err := JSON(&b, r); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte(`{"schema":"pixelwitness/result/1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ReadJSON(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, ErrForm) {
				t.Fatalf("not an ErrForm: %v", err)
			}
			return
		}
		var text, page, junit, again bytes.Buffer
		if err := errors.Join(Text(&text, r, TextOptions{Width: 60}), HTML(&page, r), JUnit(&junit, r), JSON(&again, r)); err != nil {
			t.Fatal(err)
		}
		back, err := ReadJSON(bytes.NewReader(again.Bytes()))
		if err != nil {
			t.Fatalf("cannot read back: %v\n%s", err, again.Bytes())
		}
		var third bytes.Buffer
		if err := JSON(&third, back); err != nil || !bytes.Equal(third.Bytes(), again.Bytes()) {
			t.Fatalf("unstable (%v):\n%s\n%s", err, again.Bytes(), third.Bytes())
		}
		checkJUnit(t, r, junit.Bytes())
	})
}
