package evidence

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// keeping is evidence of a collector that was asked for its newest session, and whose
// files were read.
func keeping() *Evidence {
	return &Evidence{
		Header: Header{Readings: map[string]string{"temporary-cookie": "after-it-was-set"}},
		Steps:  []Step{{Name: "a", From: "berlin", Address: "192.0.2.10"}},
		Snapshots: []Snapshot{
			{Step: "a", Cookies: []Cookie{}, Storage: []Item{}, Session: &Session{
				ID: "s1", Began: time.Unix(5, 0).UTC(), Ended: time.Unix(6, 500).UTC(), PageViews: 2,
				Values: map[string]string{"address": "192.0.2.10", "visitor-id": "visitor-4711"},
			}, Kept: []Kept{{Name: "hits.db", Data: Packed("\x00\xff\x80 192.0.2.10 visitor-4711")}, {Name: "empty", Data: Packed{}}}},
			{Step: "b", Cookies: []Cookie{}, Storage: []Item{}, Session: &Session{}},
			{Step: "c", Cookies: []Cookie{}, Storage: []Item{}},
		},
	}
}

func TestWhatWasKeptIsWrittenAndReadAgain(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	if err := Write(&file, keeping()); err != nil {
		t.Fatal(err)
	}
	if text := file.String(); strings.Contains(text, "4711\"") && !strings.Contains(text, `"gzip":"`) {
		t.Errorf("what is kept is not packed: %s", text)
	}
	back, err := Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	want := keeping()
	want.Schema = Schema
	if diff := cmp.Diff(want, back); diff != "" {
		t.Errorf("it comes back otherwise (-want +got):\n%s", diff)
	}
}

func TestPackedContentThatIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`"plain"`, `{}`, `{"gzip":"bm8="}`, `{"gzip":"x"}`, `{"gzip":"","more":1}`, `null`} {
		var p Packed
		if err := json.Unmarshal([]byte(`{"data":`+text+`}`), &struct {
			Data *Packed `json:"data"`
		}{&p}); err == nil && text != "null" {
			t.Errorf("%s was read as %q", text, p)
		}
	}
}

func FuzzPacked(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("rows\x00\xff"))
	f.Fuzz(func(t *testing.T, content []byte) {
		text, err := json.Marshal(Packed(content))
		if err != nil {
			t.Fatal(err)
		}
		var back Packed
		if err := json.Unmarshal(text, &back); err != nil || !bytes.Equal(back, content) {
			t.Fatalf("%q comes back as %q, %v", content, back, err)
		}
	})
}

// What a visitor is known by is replaced also where a collector keeps it, and so are
// the addresses of people whom no scenario knows. Those of a scenario's visitors are
// nobody's, and what is judged of them stays the same.
func TestWhatWasKeptIsRedacted(t *testing.T) {
	t.Parallel()
	e := keeping()
	e.Snapshots[0].Kept[0].Data = Packed("\x00 192.0.2.10 2001:db8::10 ::ffff:192.0.2.10 0.0.0.0 :: 127.0.0.1 [::1]:80 12:30:45 8.8.8.8:53 2a00:1450:4001:800::200e visitor-4711 ::ffff:8.8.8.8")
	e.Snapshots[0].Session.Values["address"] = "8.8.8.8"
	redacted := Redact(e, []string{"visitor-4711"}, []byte("key"))
	data := string(redacted.Snapshots[0].Kept[0].Data)
	token := func(address string) string { return (&redactor{key: []byte("key")}).token(address) }
	want := "\x00 192.0.2.10 2001:db8::10 ::ffff:192.0.2.10 0.0.0.0 :: 127.0.0.1 [::1]:80 12:30:45 " +
		token("8.8.8.8") + ":53 " + token("2a00:1450:4001:800::200e") + " " + token("visitor-4711") + " " + token("8.8.8.8")
	if diff := cmp.Diff(want, data); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	values := redacted.Snapshots[0].Session.Values
	if values["address"] != token("8.8.8.8") || values["visitor-id"] != token("visitor-4711") {
		t.Errorf("the session says %v", values)
	}
	if step := redacted.Steps[0]; step.From != "berlin" || step.Address != "192.0.2.10" {
		t.Errorf("the step says %+v", step)
	}
	if e.Snapshots[0].Session.Values["address"] != "8.8.8.8" || !strings.Contains(string(e.Snapshots[0].Kept[0].Data), "4711") {
		t.Error("the evidence itself was changed")
	}
	if redacted.Readings["temporary-cookie"] != "after-it-was-set" {
		t.Errorf("the readings are %v", redacted.Readings)
	}
}
