package evidence

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const plantedID, plantedMail = "2135817235100012345", "Jane.Doe@Shop.test"

func planted() *Canary {
	return NewCanary([]Needle{
		{plantedID, "of the step identified"}, {plantedMail, "that the site gave"}, {"user5684798169", "that the site gave"},
		{"Jörg Straße", "that the site gave"}, {"+49 170 1234567", "that the site gave"}, {"Meier", "that the site gave"},
	})
}

// ways lists "way: the text as sent" of what is found.
func ways(t *testing.T, c *Canary, r *Request) []string {
	t.Helper()
	reading := r.Read()
	found, unsearched := c.Search(reading)
	if unsearched != "" {
		t.Errorf("not searched whole: %s", unsearched)
	}
	var list []string
	for _, f := range found {
		list = append(list, f.Way+": "+reading.Texts[f.Text].Content[f.From:f.To])
	}
	return list
}

func TestWays(t *testing.T) {
	t.Parallel()
	hashed := func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }
	query := func(s string) Request { return Request{URL: "https://c.test/wt?p=600&x=" + s + "&y=1"} }
	body := func(s string) Request { return Request{URL: "https://c.test/wt", Body: Bytes(s)} }
	encoded := base64.RawURLEncoding.EncodeToString
	inner := encoded([]byte(plantedID))
	digest := sha256.Sum256([]byte(strings.ToLower(plantedMail)))
	tests := map[string]struct {
		request Request
		want    []string
	}{
		"nothing":              {query("1"), nil},
		"another":              {query("2135817235100012346"), nil},
		"host":                 {Request{URL: "https://id-" + plantedID + ".c.test/"}, []string{"host: " + plantedID}},
		"Base64 in a host":     {Request{URL: "https://" + strings.ToLower(inner) + ".c.test/"}, []string{"host → Base64 → lower case: " + strings.ToLower(inner)[:25]}},
		"path":                 {Request{URL: "https://c.test/u/" + plantedID + "/wt"}, []string{"path: " + plantedID}},
		"name of a pair":       {Request{URL: "https://c.test/?" + plantedID + "=1"}, []string{"query " + plantedID + " → name: " + plantedID}},
		"header":               {Request{URL: "u", Header: []Field{{"x-ref", inner}}}, []string{"header x-ref → Base64: " + inner}},
		"name of a header":     {Request{URL: "u", Header: []Field{{"x-" + plantedID, "1"}}}, []string{"header x-" + plantedID + " → name: " + plantedID}},
		"cookie":               {Request{URL: "u", Header: []Field{{"cookie", "a=b; x=" + hashed(strings.ToLower(plantedMail))}}}, []string{"header cookie → pair x → SHA-256 (lower case) hex: " + hashed(strings.ToLower(plantedMail))}},
		"method":               {Request{URL: "u", Method: plantedID}, []string{"method: " + plantedID}},
		"frame":                {Request{URL: "u", Frames: []Frame{{Payload: Bytes(plantedID)}, {FromPage: true, Payload: Bytes(`["a",{"u":"` + plantedID + `"}]`)}}}, []string{"frame 2 → JSON 1.u: " + plantedID}},
		"as in the brief":      {Request{URL: "u", Body: packed(t, `{"user":{"ref":"`+inner+`"}}`, gzipped)}, []string{"body → gzip → JSON user.ref → Base64: " + inner}},
		"JSON in JSON":         {body(`{"e":"{\"u\":[\"\",\"` + plantedID + `\"]}"}`), []string{"body → JSON e → JSON u.1: " + plantedID}},
		"name in JSON":         {body(`{"e":{"` + plantedID + `":1}}`), []string{"body → JSON e.(name): " + plantedID}},
		"number in JSON":       {body(`{"e":` + plantedID + `}`), []string{"body → JSON e: " + plantedID}},
		"case":                 {query("jane.doe@shop.test"), []string{"query x → lower case: jane.doe@shop.test"}},
		"case swapped":         {query("jANE.dOE@sHOP.TEST"), []string{"query x → case swapped: jANE.dOE@sHOP.TEST"}},
		"backwards":            {query("5432100015327185312"), []string{"query x → reversed: 5432100015327185312"}},
		"separators":           {query("213-5817-2351-0001-2345"), []string{"query x → separators: 213-5817-2351-0001-2345"}},
		"hexadecimal":          {query(strconv.FormatUint(2135817235100012345, 16)), []string{"query x → hexadecimal number: " + strconv.FormatUint(2135817235100012345, 16)}},
		"base 36":              {query(strconv.FormatUint(2135817235100012345, 36)), []string{"query x → base-36 number: " + strconv.FormatUint(2135817235100012345, 36)}},
		"rounded":              {query("2135817235100012300"), []string{"query x → rounded by JavaScript: 2135817235100012300"}},
		"plus":                 {body("x=J%C3%B6rg+Stra%C3%9Fe"), []string{"body → field x → percent: J%C3%B6rg+Stra%C3%9Fe"}},
		"upper case of others": {body("x=J%C3%96RG+STRASSE"), nil},
		"escape()":             {body("x=J%F6rg%20Stra%DFe"), []string{"body → field x → percent → ISO-8859-1: J%F6rg%20Stra%DFe"}},
		"escape(), wide":       {body("x=J%u00f6rg%20Stra%u00dfe"), []string{"body → field x → percent: J%u00f6rg%20Stra%u00dfe"}},
		"telephone":            {query("491701234567"), []string{"query x: 491701234567"}},
		"telephone, hashed":    {query(hashed("+491701234567")), []string{"query x → SHA-256 (plus and digits only) hex: " + hashed("+491701234567")}},
		"short":                {query("Meier"), nil},
		"short, hashed":        {query(hashed("meier")), []string{"query x → SHA-256 (lower case) hex: " + hashed("meier")}},
		"hash, cut short":      {query(hashed("user5684798169")[:20]), []string{"query x → SHA-256 hex → cut short: " + hashed("user5684798169")[:20]}},
		"hash, as bytes":       {body("\x00\x01" + string(digest[:]) + "\x00"), []string{"body → SHA-256 (lower case): " + string(digest[:])}},
		"hash in Base64":       {query(encoded(digest[:])), []string{"query x → SHA-256 (lower case) Base64: " + encoded(digest[:])}},
		"two":                  {query(plantedID + "." + plantedMail), []string{"query x: " + plantedID, "query x: " + plantedMail}},
		"twice":                {query(plantedID + "&z=" + inner), []string{"query x: " + plantedID, "query z → Base64: " + inner}},
		"the same in two":      {Request{URL: "https://c.test/?a=" + inner, Header: []Field{{"referer", "https://s.test/?a=" + inner}}}, []string{"query a → Base64: " + inner, "header referer → query a → Base64: " + inner}},
		"batch, second part":   {body("?a=1\n?a=2&x=" + inner), []string{"body → field x → Base64: " + inner}},
	}
	c := planted()
	for name, test := range tests {
		if diff := cmp.Diff(test.want, ways(t, c, &test.request)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSearchText(t *testing.T) {
	t.Parallel()
	c := planted()
	for text, want := range map[string]string{
		"":                                       "",
		"1":                                      "",
		plantedID:                                "",
		"a=1&b=" + plantedID:                     "field b",
		"v1." + plantedID + ".1772366400":        "",
		`%7B%22id%22%3A%22` + plantedMail + `"}`: "percent → JSON id",
		hex.EncodeToString([]byte(plantedMail)):  "hex",
	} {
		found, unsearched := c.SearchText(text)
		holds := len(text) > 1
		if unsearched != "" || (len(found) == 1) != holds || holds && found[0].Way != want {
			t.Errorf("%s: found %v, unsearched %q; want the way %q", text, found, unsearched, want)
		}
	}
}

func TestRedactWhatIsWrapped(t *testing.T) {
	t.Parallel()
	values := []string{plantedID, plantedMail, "Meier"}
	sum := sha256.Sum256([]byte("meier"))
	mail := sha256.Sum256([]byte(strings.ToLower(plantedMail)))
	inner := base64.StdEncoding.EncodeToString([]byte(`{"id":"` + plantedID + `","mail":"` + plantedMail + `"}`))
	e := &Evidence{Requests: []Request{{
		URL:    "https://c.test/wt?b=" + url.QueryEscape(inner) + "&h=" + hex.EncodeToString(mail[:]) + "&n=" + hex.EncodeToString(sum[:]) + "&keep=1",
		Header: []Field{{"cookie", "x=" + strings.ToUpper(hex.EncodeToString([]byte(plantedID)))}},
		Body:   Bytes(packWith(gzipped)(`{"a":{"z":"` + base64.StdEncoding.EncodeToString([]byte(packWith(zstded)(strings.Repeat(plantedID, 3)))) + `","k":"keep"}}`)),
	}}, Snapshots: []Snapshot{{Cookies: []Cookie{{Name: "c", Value: base64.StdEncoding.EncodeToString([]byte(plantedID))}}}}}
	redacted := Redact(e, values, []byte("key"))
	needles := make([]Needle, len(values))
	tokens := make([]Needle, len(values))
	r := redactor{key: []byte("key")}
	for i, v := range values {
		needles[i], tokens[i] = Needle{Value: v}, Needle{Value: r.token(v)}
	}
	before, after := NewCanary(needles), NewCanary(tokens)
	request := &redacted.Requests[0]
	if found, _ := before.Search(request.Read()); len(found) > 0 {
		t.Errorf("still there: %v", found)
	}
	where := func(c *Canary, r *Request) map[string]bool {
		list := map[string]bool{}
		found, _ := c.Search(r.Read())
		for _, f := range found {
			i := slices.IndexFunc(append(slices.Clone(needles), tokens...), func(n Needle) bool { return n == f.Needle })
			list[fmt.Sprintf("%s: %d", f.Part, i%len(values))] = true
		}
		return list
	}
	if diff := cmp.Diff(where(before, &e.Requests[0]), where(after, request)); diff != "" {
		t.Errorf("what a judge sees (-before +after):\n%s", diff)
	}
	if !strings.HasSuffix(request.URL, "&keep=1") || !strings.Contains(string(request.Body), `"k":"keep"`) {
		t.Errorf("more was taken than what holds a value: %s, %s", request.URL, request.Body)
	}
	if found, _ := after.SearchText(redacted.Snapshots[0].Cookies[0].Value); len(found) != 1 {
		t.Errorf("the cookie is %s", redacted.Snapshots[0].Cookies[0].Value)
	}
}

func TestEveryHashInEveryForm(t *testing.T) {
	t.Parallel()
	const value = " Jane.Doe@Shop.test "
	c := NewCanary([]Needle{{value, "planted"}})
	for _, v := range []string{value, strings.TrimSpace(value), strings.ToLower(value), strings.ToUpper(value), "jane.doe@shop.test"} {
		for _, h := range hashes {
			sum := h.sum(v)
			for form, text := range map[string]string{
				"hex": hex.EncodeToString(sum), "HEX": strings.ToUpper(hex.EncodeToString(sum)), "bytes": string(sum),
				"Base64": base64.StdEncoding.EncodeToString(sum), "unpadded": base64.RawStdEncoding.EncodeToString(sum),
				"Base64url": base64.URLEncoding.EncodeToString(sum), "unpadded url": base64.RawURLEncoding.EncodeToString(sum),
			} {
				for wrapping, wrapped := range map[string]string{"bare": text, "gzip": packWith(gzipped)(text), "hex": hex.EncodeToString([]byte(text)), "in JSON": inJSON(text)} {
					r := post("text/plain", asIs)(wrapped)
					found, _ := c.Search(r.Read())
					if len(found) != 1 || !strings.Contains(found[0].Way, h.name) {
						t.Errorf("%s of %q in %s, %s: %v", h.name, v, form, wrapping, found)
					}
				}
			}
		}
	}
}

func TestBombsAreSaid(t *testing.T) {
	t.Parallel()
	c := planted()
	for name, w := range map[string]func(io.Writer) io.WriteCloser{"gzip": gzipped, "brotli": brotlied, "zstd": zstded, "deflate": zlibbed} {
		bomb := packWith(w)(strings.Repeat("0", MaxUnpacked+1000) + plantedID)
		for wrapping, text := range map[string]string{"bare": bomb, "in Base64": `{"x":"` + base64.StdEncoding.EncodeToString([]byte(bomb)) + `"}`} {
			if name != "gzip" && (raceEnabled || wrapping == "in Base64") {
				continue
			}
			r := post("text/plain", asIs)(text)
			if _, unsearched := c.Search(r.Read()); !strings.Contains(unsearched, "more than 33554432 bytes") {
				t.Errorf("%s, %s: unsearched %q", name, wrapping, unsearched)
			}
		}
	}
	r := post("text/plain", asIs)("\x00\x01")
	r.Header = append(r.Header, Field{"content-encoding", "dcb"})
	if _, unsearched := c.Search(r.Read()); !strings.Contains(unsearched, `content encoding "dcb"`) {
		t.Errorf("unknown content encoding: unsearched %q", unsearched)
	}
}

// hitOf makes a request the way that pixels do, from random parts.
func hitOf(random *rand.Rand, z *gzip.Writer) Request {
	zip := func(s string) string {
		var out strings.Builder
		z.Reset(&out)
		if _, err := io.WriteString(z, s); err != nil {
			panic(err)
		}
		if err := z.Close(); err != nil {
			panic(err)
		}
		return out.String()
	}
	letters := "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	bytesOf := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	word := func(n int) string {
		b := bytesOf(n)
		for i := range b {
			b[i] = letters[int(b[i])%len(letters)]
		}
		return string(b)
	}
	uuid := func() string {
		b := bytesOf(16)
		return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	}
	digits := func(n int) string { return strconv.FormatUint(random.Uint64()|1<<63, 10)[:n] }
	value := func() string {
		switch random.IntN(12) {
		case 0:
			return uuid()
		case 1:
			return digits(19)
		case 2:
			return strconv.Itoa(1_700_000_000_000 + random.IntN(100_000_000_000))
		case 3:
			return base64.StdEncoding.EncodeToString(bytesOf(random.IntN(200)))
		case 4:
			return base64.RawURLEncoding.EncodeToString(bytesOf(random.IntN(60)))
		case 5:
			return hex.EncodeToString(bytesOf(32))
		case 6:
			return "https://www.shop.test/" + word(8) + "/" + word(12) + "?q=" + word(5)
		case 7:
			return fmt.Sprintf("%d,%d,%d.%d,%s", random.IntN(999), random.IntN(1e9), random.IntN(99), random.IntN(1e6), digits(10))
		case 8:
			return word(3) + "@" + word(6) + ".test"
		case 9:
			return "eyJhbGciOiJIUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"`+uuid()+`","iat":`+digits(10)+`}`)) + "." + base64.RawURLEncoding.EncodeToString(bytesOf(32))
		case 10:
			return base64.StdEncoding.EncodeToString([]byte(zip(word(200))))
		}
		return word(random.IntN(40))
	}
	fields := map[string]any{}
	query := url.Values{}
	for range 2 + random.IntN(7) {
		name := word(1 + random.IntN(8))
		query.Set(name, value())
		fields[name] = []any{value(), random.IntN(1e9), map[string]any{"v": value(), "w": random.Float64()}}
	}
	nested, _ := json.Marshal(fields)
	fields["data"] = string(nested)
	text, _ := json.Marshal(fields)
	r := Request{Method: "POST", URL: "https://" + word(8) + ".vendor.test/" + digits(15) + "/wt?" + query.Encode(), Header: []Field{
		{"cookie", "a=" + uuid() + "; b=" + url.QueryEscape(value())}, {"user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0"},
	}}
	switch random.IntN(9) {
	case 0:
		r.Body = text
	case 1:
		r.Body = Bytes(zip(string(text)))
	case 2:
		r.Body, r.Header = Bytes(packWith(brotlied)(string(text))), append(r.Header, Field{"content-encoding", "br"})
	case 3:
		r.Body = Bytes("data=" + base64.StdEncoding.EncodeToString(text))
	case 4:
		r.Body = Bytes(query.Encode())
	case 5:
		r.Body = bytesOf(random.IntN(2000))
	case 6:
		r.Frames = []Frame{{FromPage: true, Payload: text}, {FromPage: true, Payload: bytesOf(300)}}
	}
	return r
}

func TestNoFalseAlarm(t *testing.T) {
	t.Parallel()
	c, z := planted(), gzip.NewWriter(nil)
	each, bytes := 2500, 0
	if raceEnabled {
		each = 100
	}
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 7))
		for i := range each {
			r := hitOf(random, z)
			bytes += len(r.URL) + len(r.Body)
			if found, unsearched := c.Search(r.Read()); len(found) > 0 || unsearched != "" {
				t.Errorf("seed %d, hit %d: found %v, unsearched %q in %.300s", seed, i, found, unsearched, r.URL)
			}
		}
	}
	t.Logf("%d hits, %d bytes as sent", 4*each, bytes)
}

func TestSearchIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	c, z := planted(), gzip.NewWriter(nil)
	random := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		r := hitOf(random, z)
		r.URL += "&x=" + base64.RawURLEncoding.EncodeToString([]byte(plantedMail+plantedID)) + "&y=" + plantedID
		first, _ := c.Search(r.Read())
		again, _ := planted().Search(r.Read())
		if !slices.Equal(first, again) || len(first) < 3 {
			t.Fatalf("got %v, then %v", first, again)
		}
	}
}

func FuzzCanary(f *testing.F) {
	for _, w := range wraps {
		f.Add([]byte(w.do(plantedID)), uint8(0))
		f.Add([]byte(w.do(w.do(inJSON(plantedMail)))), uint8(1))
	}
	f.Add([]byte("%25%32%35\\u0025\\\\x41&#37;"), uint8(2))
	c := planted()
	f.Fuzz(func(t *testing.T, content []byte, kind uint8) {
		if len(content) > 1<<16 {
			return
		}
		r := Request{Method: "POST", URL: "https://c.test/wt?x=" + string(content), Body: content}
		switch kind % 4 {
		case 1:
			r.Header = []Field{{"content-encoding", []string{"gzip", "br", "zstd", "deflate"}[int(kind/4)%4]}}
		case 2:
			r = Request{URL: "wss://c.test/", Frames: []Frame{{FromPage: true, Payload: content}}, Header: []Field{{"cookie", string(content)}}}
		case 3:
			r.Body = append(bytes.Clone(content), (plantedID + "x")...)
		}
		reading := r.Read()
		found, _ := c.Search(reading)
		for _, trace := range found {
			if trace.Text < 0 || trace.Text >= len(reading.Texts) || trace.From < 0 || trace.From >= trace.To || trace.To > len(reading.Texts[trace.Text].Content) || trace.Way == "" || trace.Part == "" {
				t.Fatalf("a trace without a place: %+v", trace)
			}
		}
		if kind%4 == 3 && !slices.ContainsFunc(found, func(f Trace) bool { return f.Needle.Value == plantedID && strings.HasPrefix(f.Part, "body") }) {
			if _, how := r.texts(); len(how.codings) == 0 {
				t.Fatalf("not found in plain: %v", found)
			}
		}
	})
}

func BenchmarkCanary(b *testing.B) {
	random := rand.New(rand.NewPCG(9, 9))
	hit := Request{URL: "https://collect.vendor.test/111111111111111/wt?p=600,www.shop.test.products,1,800x600,24,1,1772366400000,https%3A%2F%2Fwww.shop.test%2F,800x600,0&pf=64&nc=1&la=en&eor=1&pu=https%3A%2F%2Fwww.shop.test%2Fproducts",
		Header: []Field{{"accept", "image/avif,image/webp,*/*"}, {"referer", "https://www.shop.test/"}, {"user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"}}}
	var items []any
	object := func(size int) []byte {
		items = nil
		for n := 0; n < size; n += 160 {
			items = append(items, map[string]any{"event": "page_view", "id": random.Uint64(), "url": "https://www.shop.test/products/" + strconv.Itoa(n), "title": "Products that we sell, at a fair price", "ts": 1772366400000 + n})
		}
		text, err := json.Marshal(map[string]any{"events": items})
		if err != nil {
			b.Fatal(err)
		}
		return text
	}
	prose := bytes.Repeat([]byte("The visitor opts out of identifiable tracking, browses on, and returns to it after 30 days.\n"), 1<<20/92)
	blob := make([]byte, 768<<10)
	for i := range blob {
		blob[i] = byte(random.Uint32())
	}
	bodied := func(body []byte) Request {
		return Request{Method: "POST", URL: "https://collect.vendor.test/111111111111111/wt", Body: body}
	}
	c := planted()
	for _, bench := range []struct {
		name    string
		request Request
		size    int
	}{
		{"image hit", hit, 0}, {"2 KB JSON", bodied(object(2000)), 0}, {"50 KB gzip", bodied(packed(b, string(object(50_000)), gzipped)), 50_000},
		{"1 MB text", bodied(prose), 0}, {"1 MB JSON", bodied(object(1 << 20)), 0}, {"1 MB Base64", bodied([]byte(base64.StdEncoding.EncodeToString(blob))), 0},
	} {
		b.Run(bench.name, func(b *testing.B) {
			reading := bench.request.Read()
			size := bench.size
			if size == 0 {
				for _, text := range reading.Texts {
					size += len(text.Content)
				}
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if found, unsearched := c.Search(reading); len(found) > 0 || unsearched != "" {
					b.Fatal(found, unsearched)
				}
			}
		})
	}
	b.Run("compiling", func(b *testing.B) {
		for b.Loop() {
			planted()
		}
	})
}
