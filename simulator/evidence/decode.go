package evidence

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// Placed is a parameter with the place where it stands.
type Placed struct {
	Parameter
	Span
}

// Reading is a request as the collector would read it.
type Reading struct {
	// Texts are the request's parts; spans point into them.
	Texts []Text
	// Parameters lists everything named that the request carries, in order:
	// the query, the body, the WebSocket messages of the page. Duplicates are
	// kept.
	Parameters []Placed
	// Hits is how many hits the request holds, at least 1: a batch or a
	// WebSocket holds several.
	Hits int
	// Unread says why a part could not be read, and is empty when all was.
	// Parameters then may lack some.
	Unread string

	packing packing
}

const (
	// maxParameters and maxNames bound what one request may decode to: how
	// many parameters, and how many bytes of names (which grow with nesting).
	maxParameters = 100_000
	maxNames      = 16 << 20
	// maxDepth is how deep JSON may nest, maxLayers how often an encoded text
	// may hold another.
	maxDepth  = 64
	maxLayers = 3
)

// Parameters returns what the request carries by name; see [Request.Read] for
// their places and for what could not be read.
func (r *Request) Parameters() []Parameter {
	placed := r.Read().Parameters
	list := make([]Parameter, len(placed))
	for i, p := range placed {
		list[i] = p.Parameter
	}
	return list
}

// Read decodes the request. It reads the query string, and a body or WebSocket
// message by its content rather than by the type that it claims, since beacons
// claim text/plain for everything:
//
//   - urlencoded, with or without a leading "?";
//   - several query strings one a line (a batch; a path before "?" is passed
//     over), and the lines of a text/plain form;
//   - multipart/form-data;
//   - JSON, also one value a line: names of nested fields are joined by dots,
//     null and empty containers count as empty, each element of an outermost
//     array is a hit, as is each query string of an array;
//   - any of them packed with gzip, whether a header says so or not, or with
//     deflate, brotli or zstd as the content-encoding says;
//   - JSON inside a parameter, plain or in Base64: its fields are named after
//     the parameter ("x.eid"), or stand for themselves when it is called data.
//
// Bad percent escapes stay as they are. What cannot be read, or is larger than
// any pixel's request, is said in Unread.
func (r *Request) Read() *Reading {
	d := &decoder{}
	d.Texts, d.packing = r.texts()
	d.Unread = d.packing.problem
	d.url()
	for i, text := range d.Texts {
		switch {
		case text.Part == "body":
			d.content(i, "body", r.boundary())
		case strings.HasPrefix(text.Part, "frame "):
			d.base = d.Hits
			d.content(i, "frame", "")
			d.Hits = max(d.Hits, d.base+1)
		}
	}
	d.Hits = max(d.Hits, 1)
	return &d.Reading
}

// Hit returns the parameters of the i-th hit: its own, and those of the query,
// which all hits of a request share.
func (r *Reading) Hit(i int) []Placed {
	if r.Hits <= 1 {
		return r.Parameters
	}
	var own []Placed
	for _, p := range r.Parameters {
		if p.Hit == i || p.In == "query" {
			own = append(own, p)
		}
	}
	return own
}

// Lookup returns whether the parameters hold one of that name, and all its
// values in order. One that is present is present even beside empty ones.
func Lookup(parameters []Parameter, name string) (Presence, []string) {
	presence := Absent
	var values []string
	for _, p := range parameters {
		if p.Name != name {
			continue
		}
		values = append(values, p.Value)
		if p.Value != "" {
			presence = Present
		} else if presence == Absent {
			presence = Empty
		}
	}
	return presence, values
}

// decoder fills a Reading.
type decoder struct {
	Reading
	// base is the number of the first hit of the text that is being read.
	base int
	// names counts the bytes of names so far.
	names int
	// unpacked counts the bytes that were unpacked inside parameters.
	unpacked int
}

func (d *decoder) unread(reason string) {
	if d.Unread == "" {
		d.Unread = reason
	}
}

// add takes a parameter in; hit is counted from the text's first.
func (d *decoder) add(p Placed) {
	d.names += len(p.Name)
	if d.full() {
		d.unread("it holds more parameters than can be read")
		return
	}
	p.Hit += d.base
	if p.In != "query" {
		d.Hits = max(d.Hits, p.Hit+1)
	}
	d.Parameters = append(d.Parameters, p)
}

func (d *decoder) full() bool { return len(d.Parameters) >= maxParameters || d.names > maxNames }

func (d *decoder) url() {
	address, _, _ := strings.Cut(d.Texts[0].Content, "#")
	if mark := strings.IndexByte(address, '?'); mark >= 0 {
		d.query(Span{0, mark + 1, len(address)}, "query", 0, 0)
	}
}

func (d *decoder) at(s Span) string { return d.Texts[s.Text].Content[s.From:s.To] }

// content reads a body or message.
func (d *decoder) content(text int, in, boundary string) {
	content := d.Texts[text].Content
	all := Span{text, 0, len(content)}
	if boundary == "" {
		boundary = guessBoundary(content)
	}
	if boundary != "" && d.multipart(all, boundary) {
		return
	}
	start := strings.TrimLeft(content, " \t\r\n\ufeff")
	if start != "" && (start[0] == '{' || start[0] == '[') {
		kind := in
		if kind == "body" {
			kind = "json"
		}
		at := len(content) - len(start)
		if d.json(start, jsonPlace{in: kind, span: func(from, to int) Span { return Span{text, at + from, at + to} }}) {
			return
		}
		d.unread("the " + in + " begins like JSON and is not")
	}
	if !utf8.ValidString(content) {
		d.unread("the " + in + " is binary")
	}
	d.lines(all, in)
}

// lines reads urlencoded text: one query string, a batch of them one a line, or
// the lines of a text/plain form, which have neither "?" nor "&".
func (d *decoder) lines(all Span, in string) {
	var lines []Span
	batch := false
	for from := all.From; from < all.To; {
		to := all.To
		if i := strings.IndexByte(d.at(Span{all.Text, from, all.To}), '\n'); i >= 0 {
			to = from + i
		}
		line := Span{all.Text, from, to}
		if text := strings.TrimSpace(d.at(line)); text != "" {
			lines = append(lines, line)
			batch = batch || strings.ContainsAny(text, "?&")
		}
		from = to + 1
	}
	for i, line := range lines {
		text := d.at(line)
		line.To -= len(text) - len(strings.TrimRight(text, " \t\r"))
		if q := strings.IndexAny(text, "?=&"); q >= 0 && text[q] == '?' {
			line.From += q + 1
		}
		hit := 0
		if batch {
			hit = i
		}
		d.query(line, in, hit, 0)
	}
}

// query reads the pairs of a query string.
func (d *decoder) query(s Span, in string, hit, layer int) {
	for from := s.From; from < s.To; {
		if d.full() {
			d.unread("it holds more parameters than can be read")
			return
		}
		to := s.To
		if i := strings.IndexByte(d.at(Span{s.Text, from, s.To}), '&'); i >= 0 {
			to = from + i
		}
		if to > from {
			pair := Span{s.Text, from, to}
			name, value, _ := strings.Cut(d.at(pair), "=")
			d.take(Placed{Parameter{unescapeQuery(name), unescapeQuery(value), in, hit}, pair}, layer)
		}
		from = to + 1
	}
}

// take takes a parameter in, and what its value may hold in turn.
func (d *decoder) take(p Placed, layer int) {
	d.add(p)
	if layer >= maxLayers {
		return
	}
	inner := d.innerJSON(p.Value)
	if inner == "" {
		return
	}
	name := p.Name
	if name == "data" {
		name = ""
	}
	place := jsonPlace{name: name, in: "json", hit: p.Hit, layer: layer + 1, span: func(int, int) Span { return p.Span }}
	d.json(inner, place)
}

// innerJSON returns the JSON object or array that a value is, in plain, in
// Base64 or in its URL form, packed or not; or "".
func (d *decoder) innerJSON(value string) string {
	value = strings.TrimSpace(value)
	if len(value) < 2 {
		return ""
	}
	switch value[0] {
	case '{', '[':
		if json.Valid([]byte(value)) {
			return value
		}
		// A value may have been percent-encoded once more.
		if again := unescapeQuery(value); again != value && json.Valid([]byte(again)) {
			return again
		}
		if strings.HasPrefix(value, `{"`) || strings.HasPrefix(value, `[{"`) {
			d.unread("a parameter holds JSON that is broken")
		}
	case '%':
		if again := unescapeQuery(value); again[0] == '{' || again[0] == '[' {
			return d.innerJSON(again)
		}
	case 'e', 'W', 'H': // what {, [ and the mark of gzip begin with in Base64
		content := decodeBase64(value)
		if isGzip(content) {
			content = d.unpack(content)
		}
		if len(content) > 1 && (content[0] == '{' || content[0] == '[') && json.Valid(content) {
			return string(content)
		}
	}
	return ""
}

// unpack unpacks what stands inside a parameter, within the bound of the whole
// request.
func (d *decoder) unpack(packed []byte) []byte {
	content, err := gunzip(packed)
	if d.unpacked += len(content); err != nil || d.unpacked > MaxUnpacked {
		d.unread("packed content that cannot be read")
		return nil
	}
	return content
}

func decodeBase64(value string) []byte {
	value = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/", " ", "+").Replace(value), "=")
	content, err := base64.RawStdEncoding.DecodeString(value)
	if err != nil {
		return nil
	}
	return content
}
