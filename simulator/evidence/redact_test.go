package evidence

import (
	"bytes"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	secret = "user5684798169@shop.test"
	spaced = "User cat 5"
	number = "2135817235100012345"
)

var secrets = []string{secret, spaced, number, "jane", "jo"}

// fill puts the text into every string and Bytes of a value, two elements into
// every slice.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), text)
			}
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf(text), reflect.ValueOf(text))
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(text))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), text)
		}
	}
}

func TestRedactReachesEveryTextThatIsNotStructure(t *testing.T) {
	t.Parallel()
	twice := url.QueryEscape(url.QueryEscape(secret))
	text := strings.Join([]string{secret, url.QueryEscape(secret), twice, strings.ToLower(twice), spaced, "User+cat+5", "User%20cat%205", number, "jane"}, " | ")
	e := &Evidence{}
	fill(reflect.ValueOf(e).Elem(), text)
	before := rewrite(*e, rewriter{text: func(_, s string) string { return s }})
	redacted := Redact(e, secrets, []byte("key"))
	if diff := cmp.Diff(before, *e); diff != "" {
		t.Errorf("the original was changed:\n%s", diff)
	}
	if !redacted.Redacted {
		t.Error("the header does not say that it was redacted")
	}
	reached := 0
	rewrite(*redacted, rewriter{
		text: func(field, value string) string {
			if !structural[field] {
				reached++
				clean(t, field, value)
			}
			return value
		},
		bytes: func(field string, value []byte) []byte {
			clean(t, field, string(value))
			return value
		},
	})
	if reached < 60 {
		t.Errorf("only %d texts were looked at", reached)
	}
}

func clean(t *testing.T, place, text string) {
	t.Helper()
	for _, value := range secrets[:4] {
		if len(spansOf(text, value)) > 0 {
			t.Errorf("%s still holds %q: %s", place, value, text)
		}
	}
}

// realistic is a journey's evidence with the secrets where they really occur.
func realistic(t *testing.T) *Evidence {
	return &Evidence{
		Header: Header{Schema: Schema, Scenario: "mapp.opt-out"},
		Steps:  []Step{{Name: "identified", Page: "https://www.shop.test/account?mail=" + url.QueryEscape(secret), Fenced: true}},
		Requests: []Request{
			{URL: "https://c.test/wt?cd=" + url.QueryEscape(secret) + "&uc5=User%20cat%205&eid=" + number, Header: []Field{
				{"authorization", "Bearer x"}, {"cookie", "wtstp_eid=" + number}, {"proxy-authorization", "Basic y"}, {"referer", "https://s.test/" + secret}}},
			{URL: "https://c.test/", Body: packed(t, `{"eid":`+number+`,"cd":"`+secret+`","s":"a"}`, gzipped), Header: []Field{{"content-encoding", "gzip"}}},
			{URL: "https://c.test/", Frames: []Frame{{FromPage: true, Payload: Bytes(number)}, {Payload: Bytes(number)}}},
		},
		Writes:    []CookieWrite{{Name: "wtstp_eid", Value: number, Raw: "wtstp_eid=" + number + "; max-age=1", Frame: "https://s.test/?" + number}},
		Snapshots: []Snapshot{{Cookies: []Cookie{{Name: "wtstp_eid", Value: number}}, Storage: []Item{{Store: "localStorage", Name: "n", Value: secret}}}},
		Messages:  []Message{{Text: "hello " + spaced}},
	}
}

func TestNothingOfAValueRemainsInTheFile(t *testing.T) {
	t.Parallel()
	file := string(written(t, Redact(realistic(t), secrets, []byte("key"))))
	for _, value := range []string{secret, url.QueryEscape(secret), spaced, "User%20cat", number, "Bearer", "Basic"} {
		if strings.Contains(file, value) {
			t.Errorf("the file still holds %q:\n%s", value, file)
		}
	}
}

func TestOneValueHasOneToken(t *testing.T) {
	t.Parallel()
	redacted := Redact(realistic(t), secrets, []byte("key"))
	_, eid := Lookup(redacted.Requests[0].Parameters(), "eid")
	token := redacted.Snapshots[0].Cookies[0].Value
	if len(eid) != 1 || eid[0] != token || len(token) != len("redacted-")+12 {
		t.Fatalf("parameter %q, cookie %q", eid, token)
	}
	packed := &redacted.Requests[1]
	if _, values := Lookup(packed.Parameters(), "eid"); !cmp.Equal(values, []string{token}) || packed.Read().Unread != "" {
		t.Errorf("packed body: eid is %q, unread %q: %s", values, packed.Read().Unread, packed.Body)
	}
	if packed.HeaderValue("content-encoding") != "" {
		t.Error("an unpacked body still claims to be packed")
	}
	if other := Redact(realistic(t), secrets, []byte("other")); other.Snapshots[0].Cookies[0].Value == token {
		t.Error("the token does not depend on the key")
	}
	if again := Redact(realistic(t), secrets, []byte("key")); !cmp.Equal(again, redacted) {
		t.Error("redacting twice gives two results")
	}
}

func TestRedactMindsLengths(t *testing.T) {
	t.Parallel()
	e := &Evidence{Messages: []Message{{Text: "jo jane janet-and-john"}}}
	text := Redact(e, []string{"jane", "jo", "janet-and-john"}, []byte("k")).Messages[0].Text
	words := strings.Fields(text)
	if len(words) != 3 || words[0] != "jo" || Traceable(words[1]) || !Traceable(words[2]) || words[2] == words[1]+"t-and-john" {
		t.Errorf("got %q", text)
	}
	if Traceable("jane") || !Traceable("janet-and-john") {
		t.Error("traceable is not by length")
	}
}

func TestRedactedJSONStaysJSON(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"a":12345,"b":"x12345"}`:      `{"a":"T","b":"xT"}`,
		`{"a":9912345.5e1,"b":[12345]}`: `{"a":"99T.5e1","b":["T"]}`,
		`{"a":1234512345, "c":12345}`:   `{"a":"TT", "c":"T"}`,
		`{"a":"\"12345","b":12345}`:     `{"a":"\"T","b":"T"}`,
		`{"12345":12345}`:               `{"T":"T"}`,
		"{\"a\":12345}\n{\"a\":12345}":  "{\"a\":\"T\"}\n{\"a\":\"T\"}",
	} {
		e := &Evidence{Requests: []Request{{Body: Bytes(body)}}}
		got := Redact(e, []string{"12345"}, []byte("k")).Requests[0]
		r := redactor{key: []byte("k")}
		if text := strings.ReplaceAll(string(got.Body), r.token("12345"), "T"); text != want || got.Read().Unread != "" {
			t.Errorf("%s: got %s, want %s; unread %q", body, text, want, got.Read().Unread)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("a%2540b.test=12345", []byte(`{"a":12345,"x":"12345"}`), "12345")
	f.Add("x+y%20z", []byte("x+y z"), "x y z")
	f.Add(`\u0061bcd`, []byte(`["\u0061bcd"]`), "abcd")
	f.Fuzz(func(t *testing.T, text string, body []byte, value string) {
		if len(value) < MinRedacted || len(text) > 10_000 || len(body) > 10_000 {
			return
		}
		e := &Evidence{Messages: []Message{{Text: text}}, Requests: []Request{{URL: text, Body: body}}}
		redacted := Redact(e, []string{value}, []byte("k"))
		if strings.Contains(tokenPrefix+"0123456789abcdef"+shortSuffix, value) || isHexDigits(value) {
			return // a token may hold it, or make it with what stands beside it
		}
		for i, s := range []string{redacted.Messages[0].Text, string(redacted.Requests[0].Body)} {
			for piece := range strings.SplitSeq(s, (&redactor{key: []byte("k")}).token(value)) {
				if strings.Contains(piece, value) {
					t.Fatalf("%d: %q remains in %q", i, value, s)
				}
			}
		}
		if bytes.Contains(body, []byte(value)) && fmt.Sprint(redacted) == fmt.Sprint(e) {
			t.Fatal("nothing was replaced")
		}
	})
}

func isHexDigits(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }
