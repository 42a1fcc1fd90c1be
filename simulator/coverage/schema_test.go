package coverage

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	generator "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// generateSchema makes the published schema from the Go types and their comments.
func generateSchema(t *testing.T) []byte {
	t.Helper()
	enums := map[reflect.Type][]any{
		reflect.TypeFor[State](): {Untried, Caught, Missed, Elsewhere, Astray, Unfinished, Errored},
		reflect.TypeFor[Kind](): {NoScenario, NoFault, UnknownClause, NoReference, NotCaught, CaughtElsewhere,
			Undeclared, SaysSomething, NotGreen, NotWalked, Broke},
	}
	for _, o := range verdict.Outcomes() {
		of := reflect.TypeFor[verdict.Outcome]()
		enums[of] = append(enums[of], o.String())
	}
	r := &generator.Reflector{
		Anonymous:                 true,
		AllowAdditionalProperties: true,
		Mapper: func(of reflect.Type) *generator.Schema {
			if words := enums[of]; words != nil {
				return &generator.Schema{Type: "string", Enum: words}
			}
			return nil
		},
	}
	for of, folder := range map[string]string{"coverage": ".", "verdict": "../verdict"} {
		if err := r.AddGoComments("github.com/pixelwitness/pixelwitness/simulator/"+of, folder); err != nil {
			t.Fatal(err)
		}
	}
	s := r.Reflect(&Table{})
	s.Title = "Table of pixelwitness coverage"
	if p, ok := s.Definitions["Table"].Properties.Get("schema"); ok {
		p.Const = Form
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

func TestSchemaIsThatOfTheTypes(t *testing.T) {
	t.Parallel()
	got := generateSchema(t)
	if *update {
		if err := os.WriteFile("coverage.schema.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(got, Schema) {
		t.Errorf("coverage.schema.json is not what the types say\nhint: go test ./simulator/coverage -run Schema -update")
	}
}

func TestTablesMatchTheSchema(t *testing.T) {
	t.Parallel()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(generateSchema(t)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("coverage.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("coverage.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for name, table := range samples(t) {
		var b bytes.Buffer
		if err := JSON(&b, table); err != nil {
			t.Fatal(err)
		}
		instance, err := jsonschema.UnmarshalJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(instance); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		again, err := json.Marshal(instance)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(again)
	}
	for _, name := range fieldNames(t) {
		if !strings.Contains(all.String(), `"`+name+`":`) {
			t.Errorf("no sample sets %s, so nothing checks it", name)
		}
	}
	bad := strings.Replace(string(must(os.ReadFile("testdata/complete.json"))(t)), `"state": "caught"`, `"state": "fine"`, 1)
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(instance); err == nil {
		t.Error("the schema takes a state that there is not")
	}
}

func must[V any](v V, err error) func(*testing.T) V {
	return func(t *testing.T) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// fieldNames returns the name of every field of the schema.
func fieldNames(t *testing.T) []string {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(generateSchema(t)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, def := range doc.(map[string]any)["$defs"].(map[string]any) {
		properties, _ := def.(map[string]any)["properties"].(map[string]any)
		for name := range properties {
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
	text := string(must(os.ReadFile("README.md"))(t))
	names := map[string]bool{}
	for _, name := range fieldNames(t) {
		names[name] = true
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("README.md does not explain `%s`", name)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Za-z]+)` \\|").FindAllStringSubmatch(text, -1) {
		if !names[m[1]] {
			t.Errorf("README.md explains `%s`, which no table has", m[1])
		}
	}
}
