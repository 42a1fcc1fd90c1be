package coverage

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
)

// Schema is the JSON Schema (draft 2020-12) of the form that JSON writes, named
// by Form. README.md explains each field.
//
//go:embed coverage.schema.json
var Schema []byte

// JSON writes the table in its documented form: indented, fields in a fixed
// order. The error is the writer's.
func JSON(w io.Writer, t *Table) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(t); err != nil {
		return fmt.Errorf("coverage as JSON: %w", err)
	}
	return nil
}
