package evidence

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Session is one session as the collector shows it.
type Session struct {
	// ID is the collector's own name of the session; "" when it has none to show.
	ID string `json:"id,omitempty"`
	// Began and Ended are the times of its first and last event (UTC), by the
	// collector's clock.
	Began time.Time `json:"began,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
	// PageViews is how many page views it has.
	PageViews int64 `json:"pageViews,omitempty"`
	// Values holds what it says, by the scenario's word for it, such as "country";
	// what it does not say is not there.
	Values map[string]string `json:"values,omitempty"`
}

// KeptAnswer is what the name of something begins with that the collector gave back;
// what was asked for follows.
const KeptAnswer = "answer "

// Kept is one thing that the collector kept, such as a file of its store or a log,
// or one answer in which it gave back what it knows.
type Kept struct {
	// Name is the file's name, or KeptAnswer and what was asked for.
	Name string `json:"name"`
	// Data is all of it.
	Data Packed `json:"data"`
}

// Packed is binary content that may be large. As JSON it is an object {"gzip": "…"}
// with the content compressed, in Base64.
type Packed []byte

// maxPacked bounds what is unpacked of an evidence file, in bytes: what the suite
// keeps of a collector is far below it.
const maxPacked = 512 << 20

type packedBytes struct {
	Gzip []byte `json:"gzip"`
}

// MarshalJSON writes the content as described at Packed.
func (p Packed) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	if _, err := zip.Write(p); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return json.Marshal(packedBytes{out.Bytes()})
}

// UnmarshalJSON reads the form of Packed; anything else is an error.
func (p *Packed) UnmarshalJSON(data []byte) error {
	var packed packedBytes
	if err := unmarshalStrict(data, &packed); err != nil {
		return fmt.Errorf("want {\"gzip\": …}: %w", err)
	}
	zip, err := gzip.NewReader(bytes.NewReader(packed.Gzip))
	if err != nil {
		return fmt.Errorf("want {\"gzip\": …}: %w", err)
	}
	content, err := io.ReadAll(io.LimitReader(zip, maxPacked+1))
	if err != nil {
		return err
	}
	if len(content) > maxPacked {
		return errors.New("the packed content is too large")
	}
	*p = content
	return nil
}
