package evidence

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func packed(t testing.TB, content string, w func(io.Writer) io.WriteCloser) Bytes {
	t.Helper()
	var out bytes.Buffer
	z := w(&out)
	if _, err := io.WriteString(z, content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gzipped(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
func zlibbed(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
func deflated(w io.Writer) io.WriteCloser {
	z, _ := flate.NewWriter(w, flate.BestSpeed)
	return z
}

// listed shows parameters as "in:hit:name=value".
func listed(r *Request) []string {
	var list []string
	for _, p := range r.Parameters() {
		list = append(list, p.In+":"+string(rune('0'+p.Hit))+":"+p.Name+"="+p.Value)
	}
	return list
}

func TestParameters(t *testing.T) {
	t.Parallel()
	multipart := "--XX\r\nContent-Disposition: form-data; name=\"eid\"\r\n\r\n12\r\n34\r\n--XX\r\n" +
		"content-disposition: form-data; name=\"f%22\"; filename=\"blob\"\r\nContent-Type: text/plain\r\n\r\n\r\n--XX--\r\n"
	json := `{"eid":"1","nested":{"a":true,"b":[1,null]},"none":null,"blank":"","empty":{},"n":12345678901234567890}`
	flat := []string{"json:0:eid=1", "json:0:nested.a=true", "json:0:nested.b.0=1", "json:0:nested.b.1=",
		"json:0:none=", "json:0:blank=", "json:0:empty=", "json:0:n=12345678901234567890"}
	inner := base64.StdEncoding.EncodeToString([]byte(`{"eid":"1?>","x":{"y":2}}`))
	innerURL := base64.RawURLEncoding.EncodeToString([]byte(`{"eid":"1?>","x":{"y":2}}`))
	field := func(name, value string) []Field { return []Field{{name, value}} }
	tests := map[string]struct {
		request Request
		want    []string
		hits    int
	}{
		"nothing":                {Request{URL: "https://c.test/wt"}, nil, 1},
		"query":                  {Request{URL: "https://c.test/wt?a=1&b=&c&a=2&&d=x%20y+z#f=1"}, []string{"query:0:a=1", "query:0:b=", "query:0:c=", "query:0:a=2", "query:0:d=x y z"}, 1},
		"bad escapes":            {Request{URL: "https://c.test/wt?a=%zz&b=%4&c=%&d%31=100%25"}, []string{"query:0:a=%zz", "query:0:b=%4", "query:0:c=%", "query:0:d1=100%"}, 1},
		"not a URL":              {Request{URL: "::%%?a=1?b"}, []string{"query:0:a=1?b"}, 1},
		"form":                   {Request{URL: "https://c.test/?q=1", Body: Bytes("eid=1&b=x+y")}, []string{"query:0:q=1", "body:0:eid=1", "body:0:b=x y"}, 1},
		"beacon string":          {Request{Body: Bytes("?eid=1&b"), Header: field("content-type", "text/plain;charset=UTF-8")}, []string{"body:0:eid=1", "body:0:b="}, 1},
		"batch":                  {Request{URL: "https://c.test/?q=1", Body: Bytes("wt?eid=1&b=2\r\nwt?b=3\n\n?nc=1")}, []string{"query:0:q=1", "body:0:eid=1", "body:0:b=2", "body:1:b=3", "body:2:nc=1"}, 3},
		"text/plain form":        {Request{Body: Bytes("eid=1\r\nnc=2\r\n")}, []string{"body:0:eid=1", "body:0:nc=2"}, 1},
		"multipart":              {Request{Body: Bytes(multipart), Header: field("content-type", "multipart/form-data; boundary=XX")}, []string{"multipart:0:eid=12\r\n34", `multipart:0:f"=`}, 1},
		"multipart, type untold": {Request{Body: Bytes(multipart)}, []string{"multipart:0:eid=12\r\n34", `multipart:0:f"=`}, 1},
		"JSON":                   {Request{Body: Bytes(" \ufeff" + json)}, flat, 1},
		"JSON, field twice":      {Request{Body: Bytes(`{"a":1,"a":2}`)}, []string{"json:0:a=1", "json:0:a=2"}, 1},
		"JSON lines":             {Request{Body: Bytes("{\"a\":1}\n{\"a\":2}\n")}, []string{"json:0:a=1", "json:1:a=2"}, 2},
		"JSON batch":             {Request{Body: Bytes(`[{"a":1,"l":[{"x":1}]},{},{"a":2}]`)}, []string{"json:0:a=1", "json:0:l.0.x=1", "json:2:a=2"}, 3},
		"JSON of queries":        {Request{Body: Bytes(`{"requests":["?a=1&b=2","?a=3"],"token":"t"}`)}, []string{"json:0:a=1", "json:0:b=2", "json:1:a=3", "json:0:token=t"}, 2},
		"JSON, far-off number":   {Request{Body: Bytes(`{"q":{"999999999":"?x=1"}}`)}, []string{"json:0:q.999999999=?x=1"}, 1},
		"JSON in JSON":           {Request{Body: Bytes(`{"a":"{\"eid\":\"1\"}"}`)}, []string{`json:0:a={"eid":"1"}`, "json:0:a.eid=1"}, 1},
		"gzip untold":            {Request{Body: packed(t, "eid=1", gzipped)}, []string{"body:0:eid=1"}, 1},
		"gzip":                   {Request{Body: packed(t, json, gzipped), Header: field("content-encoding", "gzip")}, flat, 1},
		"zlib":                   {Request{Body: packed(t, "eid=1", zlibbed), Header: field("content-encoding", "deflate")}, []string{"body:0:eid=1"}, 1},
		"deflate":                {Request{Body: packed(t, "eid=1", deflated), Header: field("content-encoding", "deflate")}, []string{"body:0:eid=1"}, 1},
		"data in Base64":         {Request{Body: Bytes("data=" + url.QueryEscape(inner))}, []string{"body:0:data=" + inner, "json:0:eid=1?>", "json:0:x.y=2"}, 1},
		"other name in Base64":   {Request{URL: "https://c.test/?cx=" + innerURL}, []string{"query:0:cx=" + innerURL, "json:0:cx.eid=1?>", "json:0:cx.x.y=2"}, 1},
		"data as JSON batch":     {Request{Body: Bytes("data=%5B%7B%22eid%22%3A%221%22%7D%2C%7B%22nc%22%3A1%7D%5D")}, []string{`body:0:data=[{"eid":"1"},{"nc":1}]`, "json:0:eid=1", "json:1:nc=1"}, 2},
		"data encoded twice":     {Request{Body: Bytes("data=%257B%2522eid%2522%253A%25221%2522%257D")}, []string{"body:0:data=%7B%22eid%22%3A%221%22%7D", "json:0:eid=1"}, 1},
		"frames": {Request{URL: "wss://c.test/?q=1", Frames: []Frame{
			{FromPage: true, Payload: Bytes("a=1")}, {Payload: Bytes("eid=9")}, {FromPage: true, Payload: Bytes(`{"a":2}`)}}},
			[]string{"query:0:q=1", "frame:0:a=1", "frame:1:a=2"}, 2},
	}
	for name, test := range tests {
		reading := test.request.Read()
		if diff := cmp.Diff(test.want, listed(&test.request)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if reading.Hits != test.hits || reading.Unread != "" {
			t.Errorf("%s: got %d hits, unread %q; want %d hits, all read", name, reading.Hits, reading.Unread, test.hits)
		}
	}
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	t.Parallel()
	bomb := packed(t, strings.Repeat("a", MaxUnpacked+1), gzipped)
	tests := map[string]Request{
		"brotli":          {Body: Bytes("\x0b\x02eid"), Header: []Field{{"content-encoding", "br"}}},
		"broken gzip":     {Body: packed(t, "eid=1", gzipped)[:12]},
		"bomb":            {Body: bomb},
		"bomb in data":    {Body: Bytes("data=" + url.QueryEscape(base64.StdEncoding.EncodeToString(bomb)))},
		"binary":          {Body: Bytes("\xff\xfe\x00eid=1")},
		"broken JSON":     {Body: Bytes(`{"eid":`)},
		"JSON, then junk": {Body: Bytes("{\"a\":1}\n{]")},
		"deep JSON":       {Body: Bytes(`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}")},
		"too many":        {Body: Bytes(strings.Repeat("a&", maxParameters+1))},
		"long names":      {Body: Bytes(`{"` + strings.Repeat("n", 1<<20) + `":[` + strings.Repeat("1,", 5000) + "1]}")},
		"cut multipart":   {Body: Bytes("--XX\r\nContent-Disposition: form-data; name=\"eid\"\r\n\r\n1")},
		"broken in data":  {Body: Bytes(`data={"eid":12x}`)},
	}
	for name, request := range tests {
		if reading := request.Read(); reading.Unread == "" {
			t.Errorf("%s: nothing is said; got %d parameters", name, len(reading.Parameters))
		}
	}
}

func TestSpansPointAtParameters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		request Request
		name    string
		want    string
	}{
		{Request{URL: "https://c.test/?a=1&eid=%31&b"}, "eid", "eid=%31"},
		{Request{Body: Bytes("wt?a=1\nwt?x=2&eid=7\r\n")}, "eid", "eid=7"},
		{Request{Body: Bytes(` { "a" : [1] , "eid" : "7" }`)}, "eid", `"eid" : "7"`},
		{Request{Body: Bytes(`{"o":{"eid":7},"b":1}`)}, "o.eid", `"eid":7`},
		{Request{Body: Bytes("--X\r\nContent-Disposition: form-data; name=\"eid\"\r\n\r\n7\r\n--X--")}, "eid", "Content-Disposition: form-data; name=\"eid\"\r\n\r\n7"},
		{Request{URL: "https://c.test/?b&data=%7B%22eid%22:7%7D"}, "eid", "data=%7B%22eid%22:7%7D"},
		{Request{Frames: []Frame{{}, {FromPage: true, Payload: Bytes("x&eid=7")}}}, "eid", "eid=7"},
	}
	for _, test := range tests {
		reading := test.request.Read()
		got := "nothing"
		for _, p := range reading.Parameters {
			if p.Name == test.name {
				got = reading.Texts[p.Text].Content[p.From:p.To]
			}
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestHitsShareTheQuery(t *testing.T) {
	t.Parallel()
	reading := (&Request{URL: "https://c.test/?q=1", Body: Bytes("?a=1\n?a=2")}).Read()
	for i, want := range []string{"1", "2"} {
		var names []Parameter
		for _, p := range reading.Hit(i) {
			names = append(names, p.Parameter)
		}
		if presence, _ := Lookup(names, "q"); presence != Present {
			t.Errorf("hit %d: q is %v", i, presence)
		}
		if _, values := Lookup(names, "a"); !cmp.Equal(values, []string{want}) {
			t.Errorf("hit %d: a is %v, want %s", i, values, want)
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]struct {
		presence Presence
		values   []string
	}{
		"a=1&a=": {Present, []string{"1", ""}},
		"a=":     {Empty, []string{""}},
		"a":      {Empty, []string{""}},
		"A=1&aa": {Absent, nil},
	} {
		presence, values := Lookup((&Request{URL: "?" + query}).Parameters(), "a")
		if presence != want.presence || !cmp.Equal(values, want.values) {
			t.Errorf("%s: got %v %q, want %v %q", query, presence, values, want.presence, want.values)
		}
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("https://c.test/?a=1&data=eyJhIjoxfQ", "multipart/form-data; boundary=X", []byte("--X\r\ncontent-disposition: form-data; name=a\r\n\r\n1\r\n--X--"))
	f.Add("?a=%5B%22%3Fx=1%22%5D", "", []byte(`[{"a":["?x=1"]},"?b",{"c":"[[1]]"}]`))
	f.Add("x", "text/plain", []byte("wt?a=1\n?b=2&data=[{}]"))
	f.Add("x", "", []byte(packed(f, `{"a":1}`, gzipped)))
	f.Add("x?a=1", "", []byte(`{"events":[{"a":"b"},{},[1]],"c":{"d":2}}{"events":["e"]}`))
	f.Fuzz(func(t *testing.T, url, kind string, body []byte) {
		r := &Request{URL: url, Header: []Field{{"content-type", kind}}, Body: body, Frames: []Frame{{FromPage: true, Payload: body}}}
		reading := r.Read()
		if reading.Hits < 1 || reading.Hits > len(reading.Parameters)+len(body)*2+2 {
			t.Fatalf("%d hits of %d parameters", reading.Hits, len(reading.Parameters))
		}
		batch := r.ReadBatch("events")
		if batch.Hits < reading.Hits {
			t.Fatalf("%d hits have become %d", reading.Hits, batch.Hits)
		}
		for _, p := range batch.Parameters {
			if p.Hit < 0 || p.Hit >= batch.Hits {
				t.Fatalf("misplaced in a batch: %+v of %d hits", p, batch.Hits)
			}
		}
		for _, p := range reading.Parameters {
			if p.Hit < 0 || p.Hit >= reading.Hits || p.From < 0 || p.To < p.From || p.To > len(reading.Texts[p.Text].Content) {
				t.Fatalf("misplaced: %+v of %d hits", p, reading.Hits)
			}
			if len(p.Value) > 0 && len(p.Value) < 100 && len(reading.Parameters) < 50 && len(reading.Find(p.Value)) == 0 {
				t.Fatalf("parameter %q is not found by its value %q", p.Name, p.Value)
			}
		}
	})
}
