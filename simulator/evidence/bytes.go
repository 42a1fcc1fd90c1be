package evidence

import (
	"encoding/base64"
	"encoding/json"
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
		return json.Marshal(string(b))
	}
	return json.Marshal(encodedBytes{base64.StdEncoding.EncodeToString(b)})
}

// UnmarshalJSON reads either form of Bytes.
func (b *Bytes) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		*b = Bytes(text)
		return nil
	}
	var encoded encodedBytes
	if err := json.Unmarshal(data, &encoded); err != nil {
		return fmt.Errorf("want a string or {\"base64\": …}: %w", err)
	}
	raw, err := base64.StdEncoding.DecodeString(encoded.Base64)
	if err != nil {
		return err
	}
	*b = raw
	return nil
}
