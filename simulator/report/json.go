package report

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// Schema is the JSON Schema (draft 2020-12) of the form that JSON writes and
// ReadJSON reads, named by verdict.Schema. README.md explains each field.
//
//go:embed result.schema.json
var Schema []byte

// ErrForm is what every error of ReadJSON about the content wraps: it is not a
// result, or not one of a form that this version reads.
var ErrForm = errors.New("not a readable result")

// JSON writes the result in its documented form: indented, fields in a fixed
// order, lists never null, and no control character or direction override as
// itself. A byte of an excerpt that is not UTF-8 is written as \xNN and the
// marks move with it. The error is the writer's, or names a value that JSON
// cannot hold, such as a time that is not a number.
func JSON(w io.Writer, r *verdict.Result) error {
	r = settled(r)
	if r.Schema == "" {
		r.Schema = verdict.Schema
	}
	r.Verdicts = slices.Clone(r.Verdicts)
	for i := range r.Verdicts {
		v := &r.Verdicts[i]
		for _, e := range []**verdict.Excerpt{&v.Request, &v.Cookie, &v.Storage, &v.Profile} {
			if *e != nil {
				text := rewrite(**e, keepUTF8)
				*e = &text
			}
		}
	}
	data, err := json.Marshal(r, json.Deterministic(true), jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return fmt.Errorf("result as JSON: %w", err)
	}
	_, err = w.Write(append(escapeUnseen(data), '\n'))
	return err
}

// keepUTF8 escapes only what JSON could not hold.
func keepUTF8(text string, i int) (string, int) {
	r, n := utf8.DecodeRuneInString(text[i:])
	if r == utf8.RuneError && n <= 1 {
		return fmt.Sprintf(`\x%02x`, text[i]), 1
	}
	return text[i : i+n], n
}

// escapeUnseen writes characters that are not plainly readable as JSON escapes,
// so that a result can be printed in a terminal. Outside of strings JSON has
// none but line feeds.
func escapeUnseen(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for _, r := range string(data) {
		switch {
		case r < 0x7f || unicode.IsGraphic(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// ReadJSON reads what JSON wrote. It refuses, with an error that wraps ErrForm:
// another form, anything that does not match Schema, a truncated file, a name
// that occurs twice, marks outside of their text, and a result that calls itself
// better than its own verdicts. Fields that it does not know are passed over,
// as a later version may add some within the same form.
func ReadJSON(r io.Reader) (*verdict.Result, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read result: %w", err)
	}
	if err := checkForm(data); err != nil {
		return nil, err
	}
	var result verdict.Result
	if err := json.Unmarshal(data, &result); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrForm, reading(err))
	}
	if err := checkSense(&result); err != nil {
		return nil, err
	}
	return &result, nil
}

func checkForm(data []byte) error {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return fmt.Errorf("%w: %s\nhint: the file may be truncated; write it again with --json", ErrForm, reading(err))
	}
	if head.Schema != verdict.Schema {
		return fmt.Errorf("%w: its form is %q, this version reads %q\nhint: read it with the version that wrote it, or run the journeys again",
			ErrForm, head.Schema, verdict.Schema)
	}
	schema, err := compiled()
	if err != nil {
		return err
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%w: %v", ErrForm, err)
	}
	if err := schema.Validate(instance); err != nil {
		return fmt.Errorf("%w: %s", ErrForm, breach(err))
	}
	return nil
}

// compiled is the published schema, ready to validate.
var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		return nil, fmt.Errorf("published schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("result.schema.json", doc); err != nil {
		return nil, fmt.Errorf("published schema: %w", err)
	}
	return c.Compile("result.schema.json")
})

// breach words a validation error: the first place that is wrong, in the
// order of places, and how many more there are.
func breach(err error) string {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err.Error()
	}
	english := message.NewPrinter(language.English)
	var found []string
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 {
			place := "/" + strings.Join(e.InstanceLocation, "/")
			found = append(found, fmt.Sprintf("at %s: %s", visible(place), visible(e.ErrorKind.LocalizedString(english))))
		}
		for _, cause := range e.Causes {
			walk(cause)
		}
	}
	walk(invalid)
	slices.Sort(found)
	if n := len(found); n > 1 {
		return fmt.Sprintf("%s, and %d more", found[0], n-1)
	}
	return found[0]
}

// reading words an error of the JSON reader without its package's name.
func reading(err error) string {
	return visible(strings.TrimPrefix(strings.TrimPrefix(err.Error(), "jsontext: "), "json: "))
}

func checkSense(r *verdict.Result) error {
	for i := range r.Verdicts {
		kind, e := r.Verdicts[i].Excerpt()
		if e == nil {
			continue
		}
		at := 0
		for _, m := range e.Marks {
			if m.From < at || m.To < m.From || m.To > len(e.Text) {
				return fmt.Errorf("%w: at /verdicts/%d/%s: mark %d to %d is outside of the text's %d bytes, or out of order",
					ErrForm, i, kind, m.From, m.To, len(e.Text))
			}
			at = m.To
		}
	}
	if found := settled(r); found.Outcome != r.Outcome || found.Conformance != r.Conformance {
		return fmt.Errorf("%w: it calls itself %s (%s), but its verdicts and errors make it %s (%s)\nhint: it was changed after it was written; run the journeys again",
			ErrForm, r.Outcome, visible(r.Conformance), found.Outcome, found.Conformance)
	}
	return nil
}
