package evidence

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Bytes is binary content. As JSON it is a string where it is valid UTF-8, and
// an object {"base64": "…"} where it is not, so that evidence files stay
// readable and lose nothing.
type Bytes []byte

type encodedBytes struct {
	Base64 string `json:"base64"`
}

// MarshalJSON writes the content as described at Bytes.
func (b Bytes) MarshalJSON() ([]byte, error) {
	if utf8.Valid(b) {
		return marshalPlain(string(b))
	}
	return marshalPlain(encodedBytes{base64.StdEncoding.EncodeToString(b)})
}

// marshalPlain writes JSON without the escapes that make it safe inside HTML:
// a URL full of \u0026 is not readable.
func marshalPlain(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// UnmarshalJSON reads either form of Bytes; anything else is an error.
func (b *Bytes) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		*b = Bytes(text)
		return nil
	}
	if len(data) == 0 || data[0] != '{' {
		return errors.New("want a string or {\"base64\": …}")
	}
	var encoded encodedBytes
	if err := unmarshalStrict(data, &encoded); err != nil {
		return fmt.Errorf("want a string or {\"base64\": …}: %w", err)
	}
	raw, err := base64.StdEncoding.DecodeString(encoded.Base64)
	if err != nil {
		return err
	}
	*b = raw
	return nil
}
