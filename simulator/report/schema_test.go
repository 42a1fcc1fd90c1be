package report

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// generateSchema makes the published schema from the Go types and their comments.
func generateSchema(t *testing.T) []byte {
	t.Helper()
	outcomes := []any{}
	for _, o := range verdict.Outcomes() {
		outcomes = append(outcomes, o.String())
	}
	r := &jsonschema.Reflector{
		Anonymous:                 true,
		AllowAdditionalProperties: true,
		Mapper: func(of reflect.Type) *jsonschema.Schema {
			if of == reflect.TypeFor[verdict.Outcome]() {
				return &jsonschema.Schema{Type: "string", Enum: outcomes}
			}
			return nil
		},
	}
	if err := r.AddGoComments("github.com/pixelwitness/pixelwitness/simulator/report", "../verdict"); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(&verdict.Result{})
	s.Title = "Result of a pixelwitness run"
	result := s.Definitions["Result"].Properties
	if p, ok := result.Get("schema"); ok {
		p.Const = verdict.Schema
	}
	if p, ok := result.Get("conformance"); ok {
		p.Enum = []any{"conformant", "partial", "not-conformant"}
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
		if err := os.WriteFile("result.schema.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(got, Schema) {
		t.Errorf("result.schema.json is not what the types of package verdict say\nhint: go test ./simulator/report -run Schema -update")
	}
	if strings.Count(string(got), `"description"`) < 40 {
		t.Error("the schema has lost the descriptions of its fields")
	}
}
