package check

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// shown makes an excerpt with every place of the value marked.
func shown(r evidence.Request, value string) string {
	reading := r.Read()
	var marks []evidence.Span
	for _, f := range reading.Find(value) {
		marks = append(marks, f.Span)
	}
	return withMarks(excerpt(&sent{Request: &r, reading: reading}, marks))
}

func TestRequestExcerpts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 500)
	tests := map[string]struct {
		request evidence.Request
		want    []string
	}{
		"query": {evidence.Request{Method: "GET", URL: "https://c.test/wt?a=1&eid=VALUE&b"},
			[]string{"GET https://c.test/wt", "  ?a=1", "  &eid=»VALUE«", "  &b"}},
		"host and path": {evidence.Request{Method: "GET", URL: "https://VALUE.test/x/VALUE"}, []string{"GET https://»VALUE«.test/x/»VALUE«"}},
		"side by side":  {evidence.Request{Method: "GET", URL: "https://c.test/VALUEVALUE"}, []string{"GET https://c.test/»VALUEVALUE«"}},
		"no path":       {evidence.Request{Method: "GET", URL: "https://c.test?VALUE=1"}, []string{"GET https://c.test", "  ?»VALUE«=1"}},
		"encoded":       {evidence.Request{Method: "GET", URL: "https://c.test/?x=%56ALUE"}, []string{"GET https://c.test/", "  ?x=»%56ALUE«"}},
		"headers with a mark only": {evidence.Request{Method: "GET", URL: "u", Header: []evidence.Field{{Name: "accept", Value: "x"}, {Name: "cookie", Value: "a=VALUE; b=2"}}},
			[]string{"GET u", "cookie: a=»VALUE«; b=2"}},
		"form body": {evidence.Request{Method: "POST", URL: "u?q", Body: evidence.Bytes("a=1&x=VALUE\nb=2\n\nc=VALUE")},
			[]string{"POST u", "  ?q", "body:", "  a=1", "  &x=»VALUE«", "  b=2", "  ", "  c=»VALUE«"}},
		"JSON body":          {evidence.Request{Method: "POST", URL: "u", Body: evidence.Bytes(`{"a":"b&c","x":"VALUE"}`)}, []string{"POST u", "body:", `  {"a":"b&c","x":"»VALUE«"}`}},
		"packed body":        {evidence.Request{Method: "POST", URL: "u", Body: evidence.Bytes(zipped("x=VALUE"))}, []string{"POST u", "body:", "  x=»VALUE«"}},
		"frame":              {evidence.Request{Method: "GET", URL: "u", Frames: []evidence.Frame{{FromPage: true, Payload: evidence.Bytes("no")}, {FromPage: true, Payload: evidence.Bytes("VALUE")}}}, []string{"GET u", "frame 2: »VALUE«"}},
		"control characters": {evidence.Request{Method: "POST", URL: "u", Body: evidence.Bytes("\x1b[31m\xff\u202eVALUE\r\x00")}, []string{"POST u", "body:", "  .[31m....»VALUE«.."}},
		"long": {evidence.Request{Method: "GET", URL: "https://c.test/?x=" + long + "VALUE" + long},
			[]string{"GET https://c.test/", "  ?x=" + long[:117] + "…" + long[:60] + "»VALUE«" + long[:60] + "…"}},
		"long, not marked": {evidence.Request{Method: "GET", URL: "https://c.test/?x=" + long}, []string{"GET https://c.test/", "  ?x=" + long[:117] + "…"}},
		"long, mark at the end": {evidence.Request{Method: "GET", URL: "https://c.test/?x=" + long + "VALUE"},
			[]string{"GET https://c.test/", "  ?x=" + long[:117] + "…" + long[:60] + "»VALUE«"}},
		"across parameters": {evidence.Request{Method: "GET", URL: "https://c.test/?x=VAL&UE"}, []string{"GET https://c.test/", "  ?x=VAL", "  &UE"}},
	}
	for name, test := range tests {
		if diff := cmp.Diff(strings.Join(test.want, "\n"), shown(test.request, "VALUE")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	crossing := shown(evidence.Request{Method: "GET", URL: "https://c.test/?x=1&y=2&z"}, "1&y=2")
	if want := "GET https://c.test/\n  ?x=»1«\n  »&y=2«\n  &z"; crossing != want {
		t.Errorf("over two parameters: got %q, want %q", crossing, want)
	}
}

func TestAManyLinedBodyIsCut(t *testing.T) {
	t.Parallel()
	text := shown(evidence.Request{Method: "POST", URL: "u", Body: evidence.Bytes(strings.Repeat("a=1&", 1000) + "x=VALUE&b=2")}, "VALUE")
	if lines := strings.Count(text, "\n"); lines != manyLines+2 || !strings.HasSuffix(text, "\n  &x=»VALUE«") {
		t.Errorf("got %d lines, ending in %q", lines, text[max(0, len(text)-40):])
	}
}

func TestALackingRequestIsMarkedItself(t *testing.T) {
	t.Parallel()
	r := evidence.Request{Method: "GET", URL: "https://c.test/wt?a=1"}
	if got := withMarks(lackExcerpt(&sent{Request: &r, reading: r.Read()})); got != "GET »https://c.test/wt«\n  ?a=1" {
		t.Errorf("got %q", got)
	}
}

func TestCookieExcerpts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		got  *verdict.Excerpt
		want string
	}{
		{writeExcerpt(&evidence.CookieWrite{By: "document.cookie", Frame: "https://s.test/", Raw: "a=1; expires=Thu, 01 Jan 2030 00:00:00 GMT; Max-Age=5 ; path=/"}, "lifetime"),
			"Set a=1; expires=Thu, 01 Jan 2030 00:00:00 GMT; »Max-Age=5« ; path=/\nby document.cookie in https://s.test/"},
		{writeExcerpt(&evidence.CookieWrite{By: "document.cookie", Raw: "a=1;EXPIRES=Thu, 01 Jan 2030 00:00:00 GMT"}, "lifetime"),
			"Set a=1;»EXPIRES=Thu, 01 Jan 2030 00:00:00 GMT«\nby document.cookie"},
		{writeExcerpt(&evidence.CookieWrite{By: "x", Raw: "max-age=1; max-age=2; max-age=3"}, "lifetime"), "Set max-age=1; max-age=2; »max-age=3«\nby x"},
		{writeExcerpt(&evidence.CookieWrite{By: "x", Raw: "a=1; path=/"}, "lifetime"), "Set »a=1«; path=/\nby x"},
		{writeExcerpt(&evidence.CookieWrite{By: "x", Raw: "a=1"}, "pair"), "Set »a=1«\nby x"},
		{writeExcerpt(&evidence.CookieWrite{By: "x", Raw: "a=1"}, ""), "Set a=1\nby x"},
		{writeExcerpt(&evidence.CookieWrite{By: "cookieStore", Name: "a", Value: "1", Lifetime: time.Minute, Domain: "s.test", Path: "/", Secure: true, HTTPOnly: true, SameSite: "Lax"}, "lifetime"),
			"Set a=1; »Max-Age=60«; Domain=s.test; Path=/; HttpOnly; Secure; SameSite=Lax\nby cookieStore"},
		{jarExcerpt(evidence.Cookie{Name: "a", Value: "1\n2", Domain: ".s.test", Path: "/", Expires: time.Unix(1e9, 0), Partition: "https://s.test"}, "there", "pair"),
			"Set »a=1.2«; Expires=Sun, 09 Sep 2001 01:46:40 UTC; Domain=.s.test; Path=/; Partitioned (https://s.test)\nin the jar at the end of the step there"},
		{jarExcerpt(evidence.Cookie{Name: "a", Value: "1", Domain: ".s.test"}, "there", "domain"), "Set a=1; »Domain=.s.test«\nin the jar at the end of the step there"},
	}
	for _, test := range tests {
		if got := withMarks(test.got); got != test.want {
			t.Errorf("got  %q\nwant %q", got, test.want)
		}
	}
}

// FuzzNoFalsePass hides the visitor's ID between arbitrary bytes: wherever it
// stands, its absence must never pass, and the marks must be in order.
func FuzzNoFalsePass(f *testing.F) {
	f.Add("&x=", "&", []byte("{\"a\":\""), []byte("\"}"), []byte("text/plain"))
	f.Add("#", "%", []byte("\x1f\x8b\x08"), []byte("\n"), []byte("multipart/form-data; boundary=X"))
	f.Add("", "?", []byte("--X\r\n"), []byte("--X--"), []byte("multipart/form-data; boundary=X"))
	p := plan(f)
	f.Fuzz(func(t *testing.T, before, after string, start, end, kind []byte) {
		for _, where := range []func(*evidence.Request){
			func(r *evidence.Request) { r.URL += before + firstID + after },
			func(r *evidence.Request) { r.Body = bytes.Join([][]byte{start, end}, []byte(firstID)) },
			header("x-any", before+firstID+after),
		} {
			ev := record(conduct{})
			another(ev, "anonymous", func(r *evidence.Request) {
				header("content-type", string(kind))(r)
				where(r)
			})
			for _, v := range Judge(p, ev) {
				if v.Clause == "mapp.eid-omitted" && v.Outcome != verdict.Fail {
					t.Fatal(told([]verdict.Verdict{v}))
				}
				if v.Request != nil {
					wellMarked(t, v.Request)
				}
			}
		}
	})
}

func wellMarked(t *testing.T, e *verdict.Excerpt) {
	t.Helper()
	last := 0
	for _, m := range e.Marks {
		if m.From < last || m.To <= m.From || m.To > len(e.Text) {
			t.Fatalf("marks %v of %d bytes", e.Marks, len(e.Text))
		}
		last = m.To
	}
	if !utf8.ValidString(e.Text) {
		t.Fatalf("not text: %q", e.Text)
	}
}
