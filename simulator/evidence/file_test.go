package evidence

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// sample holds every kind of record, with content that is awkward to write.
func sample() *Evidence {
	began := time.Date(2026, 3, 1, 12, 0, 0, 5, time.UTC)
	return &Evidence{
		Header: Header{
			Schema: Schema, Tool: "pixelwitness 1.0", Scenario: "mapp.opt-out", ScenarioDigest: "00ff", Pixel: "mapp",
			Visitor: "visitor-1", Began: began, Attempt: 2,
			Browser: Browser{Product: "Chrome/156.0", Kind: "shell", Channels: []string{"image", "beacon"}},
		},
		Steps: []Step{{Name: "identified", Action: "open home", Page: "https://www.shop.test/?a=1&b=<2>", Ended: time.Second, Fenced: true, Person: "second"}},
		Requests: []Request{
			{Seq: 1, Step: "identified", Method: "POST", URL: "https://collect.vendor.test/wt?p=\xff&q=\U0010FE41",
				Header: []Field{{"cookie", "a=\xe9; b=2"}, {"host", "collect.vendor.test"}}, Body: Bytes("eid=1&x=ü"), Purpose: "collector", Status: 200},
			{Seq: 2, Step: "identified", Method: "POST", URL: "wss://collect.vendor.test/ws", Body: Bytes{0, 0xff, 0xfe, '\n'},
				Frames: []Frame{{FromPage: true, Payload: Bytes{0x80}}, {Text: true, Payload: Bytes("{\"a\":\"\u2028\"}")}}, Incomplete: "broken"},
		},
		Writes: []CookieWrite{{Step: "identified", By: "document.cookie", Name: "a", Value: "1", Raw: "a=1; max-age=5", Lifetime: 5 * time.Second}},
		Snapshots: []Snapshot{{Step: "identified", Cookies: []Cookie{{Name: "a", Value: "1", Expires: began.Add(time.Hour)}, {Name: "s"}}, Storage: []Item{{Store: "localStorage", Name: "k", Value: "v\x00"}},
			Records: map[string]string{"customers": "2"},
			Profiles: []Profile{
				{By: "customer", ID: "00ff", Person: "second", Found: true, CustomerID: "00ff", Marked: true, UserIDs: []string{"u1", "u2"}, Sessions: 2,
					Events:             []ProfileEvent{{ID: "m1", VisitorID: "u1", Name: "view"}, {VisitorID: "u2", Name: "\xff"}},
					CustomerAttributes: map[string]string{"email": "a\xe9", "\xff": ""}, CustomAttributes: map[string]string{}},
				{By: "visitor", ID: "u3"},
			}}},
		Messages: []Message{{Step: "identified", Level: "error", Text: "line\nline"}},
		Faults:   []string{"the gateway lost a connection"},
	}
}

func written(t testing.TB, e *Evidence) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, e); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]*Evidence{"full": sample(), "empty": {Header: Header{Schema: Schema}}} {
		got, err := Read(bytes.NewReader(written(t, e)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(e, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestFilesAreReadableText(t *testing.T) {
	t.Parallel()
	file := string(written(t, sample()))
	for _, want := range []string{"https://www.shop.test/?a=1&b=<2>", `"body":"eid=1&x=ü"`, `"payload":{"base64":"gA=="}`} {
		if !strings.Contains(file, want) {
			t.Errorf("the file does not hold %s:\n%s", want, file)
		}
	}
}

// seal adds the footer that belongs to the lines.
func seal(lines ...string) string {
	content := strings.Join(lines, "\n") + "\n"
	return content + fmt.Sprintf("{\"footer\":{\"records\":%d,\"sha256\":\"%x\"}}\n", len(lines)-1, sha256.Sum256([]byte(content)))
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	const header = `{"header":{"schema":"pixelwitness/evidence/1"}}`
	whole := string(written(t, sample()))
	lines := strings.SplitAfter(whole, "\n")
	tests := map[string]struct {
		file string
		kind error
		says string
	}{
		"nothing":           {"", ErrTruncated, "evidence:1: the file is empty"},
		"no header":         {seal(`{"step":{}}`), ErrForm, `evidence:1: no header: the first record is "step"`},
		"not JSON":          {"hello\n", ErrForm, "evidence:1: not a record"},
		"newer":             {seal(`{"header":{"schema":"pixelwitness/evidence/2","shiny":1}}`), ErrVersion, `evidence:1: made by a newer or older version: schema "pixelwitness/evidence/2"`},
		"no schema":         {seal(`{"header":{}}`), ErrForm, "evidence:1: the header names no schema"},
		"no footer":         {strings.Join(lines[:len(lines)-2], ""), ErrTruncated, "evidence:9: the file is truncated: its footer is missing"},
		"half a footer":     {whole[:len(whole)-5], ErrTruncated, "the file is truncated"},
		"footer no newline": {whole[:len(whole)-1], ErrTruncated, "the file is truncated"},
		"a line missing":    {strings.Join(append(append([]string{}, lines[:2]...), lines[3:]...), ""), ErrAltered, "evidence:8: the footer counts 7 records, the file holds 6"},
		"a byte changed":    {strings.Replace(whole, "eid=1", "eid=2", 1), ErrAltered, "evidence:9: the content's hash is not the footer's"},
		"after the footer":  {whole + "\n", ErrAltered, "evidence:10: something stands after the footer"},
		"unknown kind":      {seal(header, `{"stepp":{}}`), ErrForm, `evidence:2: unknown record "stepp"`},
		"unknown field":     {seal(header, `{"step":{"nam":"x"}}`), ErrForm, `evidence:2: broken "step" record: unknown field "nam"`},
		"wrong type":        {seal(header, `{"step":{"name":1}}`), ErrForm, `evidence:2: broken "step" record`},
		"null":              {seal(header, `{"request":null}`), ErrForm, `evidence:2: broken "request" record: it is null`},
		"two keys":          {seal(header, `{"step":{},"request":{}}`), ErrForm, "evidence:2: not a record: want an object with one key"},
		"same key twice":    {seal(header, `{"step":{},"step":{}}`), ErrForm, "evidence:2: not a record"},
		"no key":            {seal(header, `{}`), ErrForm, "evidence:2: not a record"},
		"two on a line":     {seal(header, `{"step":{}}{"step":{}}`), ErrForm, "evidence:2: something stands after"},
		"two headers":       {seal(header, header), ErrForm, "evidence:2: a second header"},
		"empty line":        {seal(header, ""), ErrForm, "evidence:2: not a record"},
		"bytes as a number": {seal(header, `{"request":{"body":5}}`), ErrForm, `evidence:2: broken "request" record: want a string or {"base64": …}`},
		"bytes with more":   {seal(header, `{"request":{"body":{"base64":"","x":1}}}`), ErrForm, `evidence:2: broken "request" record`},
		"footer with more":  {header + "\n" + `{"footer":{"records":0,"sha256":"","x":1}}` + "\n", ErrForm, "evidence:2: broken footer"},
	}
	for name, test := range tests {
		e, err := Read(strings.NewReader(test.file))
		var bad *FileError
		if err == nil || e != nil || !errors.As(err, &bad) {
			t.Errorf("%s: got %v, %v; want a FileError alone", name, e, err)
			continue
		}
		if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "\nhint: ") {
			t.Errorf("%s: got %v; want %q, saying %q, with a hint", name, err, test.kind, test.says)
		}
	}
}

func TestReadRefusesLongLines(t *testing.T) {
	t.Parallel()
	_, err := readLimited(bytes.NewReader(written(t, sample())), 100)
	if err == nil || !strings.Contains(err.Error(), "longer than 100 bytes") {
		t.Errorf("got %v", err)
	}
}

func TestWriteRefusesAnotherForm(t *testing.T) {
	t.Parallel()
	e := sample()
	e.Schema = "pixelwitness/evidence/9"
	if err := Write(&bytes.Buffer{}, e); err == nil {
		t.Error("want an error")
	}
}

func TestFilesAppearWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "mapp.opt-out.ndjson")
	if err := WriteFile(path, sample()); err != nil {
		t.Fatal(err)
	}
	got, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	broken := sample()
	broken.Began = time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC) // JSON has no such year
	if err := WriteFile(path, broken); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names the file", err)
	}
	if _, err := ReadFile(path); err != nil {
		t.Errorf("the earlier file is damaged: %v", err)
	}
	if left, _ := os.ReadDir(folder); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestReadFileNamesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cut.ndjson")
	if err := os.WriteFile(path, written(t, sample())[:300], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path); err == nil || !strings.HasPrefix(err.Error(), path+":1: the file is truncated") {
		t.Errorf("got %v", err)
	}
	if _, err := ReadFile(path + ".none"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "\nhint: ") {
		t.Errorf("got %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(written(f, sample()))
	f.Add([]byte(seal(`{"header":{"schema":"pixelwitness/evidence/1"}}`, `{"fault":"x"}`)))
	f.Add([]byte("{\"header\":"))
	f.Add([]byte(`{"header":{"schema":"pixelwitness/evidence/1"}}` + "\n" + `{"request":{"url":"\udbff\ude41","body":{"base64":"gA=="}}}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		e, err := Read(bytes.NewReader(file))
		if err != nil {
			// With the right footer the records are looked at as well.
			if e, err = Read(strings.NewReader(seal(string(file)))); err != nil {
				e, err = Read(strings.NewReader(seal(strings.Split(string(file), "\n")...)))
			}
		}
		if err != nil {
			return
		}
		again, err := Read(bytes.NewReader(written(t, e)))
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if diff := cmp.Diff(e, again, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add("https://a.test/?b=\xff", "c: \U0010FE00", []byte{0, 1, 0xff}, int64(5))
	f.Fuzz(func(t *testing.T, url, value string, body []byte, span int64) {
		e := &Evidence{
			Header:   Header{Schema: Schema, Visitor: value},
			Requests: []Request{{URL: url, Header: []Field{{value, url}}, Body: body, Frames: []Frame{{Payload: body}}}},
			Writes:   []CookieWrite{{Value: value, Lifetime: time.Duration(span)}},
			Faults:   []string{value},
		}
		got, err := Read(bytes.NewReader(written(t, e)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}
