package evidence

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// jsonPlace says where a JSON text stands and how its fields are named.
type jsonPlace struct {
	name string
	in   string
	hit  int
	// layer counts the texts around this one.
	layer int
	// span places a range of the JSON text.
	span func(from, to int) Span
}

var (
	errTooDeep = errors.New("it nests too deep")
	errTooMany = errors.New("it holds too many fields")
)

// json reads one JSON value after another, each a hit when there are several. It
// returns false when nothing of it could be read as JSON.
func (d *decoder) json(content string, place jsonPlace) bool {
	f := &flattener{decoder: d, json: json.NewDecoder(strings.NewReader(content)), content: content, place: place}
	f.json.UseNumber()
	outermost := place.layer == 0 || place.name == ""
	before := *d
	for values := 0; ; values++ {
		err := f.value(place.name, 0, outermost)
		if errors.Is(err, io.EOF) {
			return values > 0
		}
		if err != nil {
			if values == 0 && !errors.Is(err, errTooDeep) && !errors.Is(err, errTooMany) {
				unread := d.Unread
				*d = before
				d.Unread = unread
				return false
			}
			d.unread("JSON that cannot be read to its end: " + tidy(err))
			return true
		}
		if outermost && !f.batched {
			f.hit()
		}
		f.batched = false
	}
}

// flattener turns JSON into parameters, token by token, so that fields that
// stand twice are kept.
type flattener struct {
	*decoder
	json    *json.Decoder
	content string
	place   jsonPlace
	// batched tells that the value just read has counted its hits itself.
	batched bool
}

// hit ends a hit; one without any field counts as well.
func (f *flattener) hit() {
	f.place.hit++
	f.Hits = max(f.Hits, f.base+f.place.hit)
}

// value reads the next value; outermost tells that it is not inside another.
func (f *flattener) value(name string, depth int, outermost bool) error {
	if depth > maxDepth {
		return errTooDeep
	}
	if f.full() {
		return errTooMany
	}
	start := f.next()
	token, err := f.json.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return f.object(name, start, depth)
		}
		return f.array(name, start, depth, outermost)
	case string:
		f.put(name, t, start)
	case json.Number:
		f.put(name, t.String(), start)
	case bool:
		f.put(name, strconv.FormatBool(t), start)
	case nil:
		f.put(name, "", start)
	}
	return nil
}

func (f *flattener) object(name string, start, depth int) error {
	empty := true
	for f.json.More() {
		empty = false
		at := f.next()
		token, err := f.json.Token()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		if !ok {
			return errors.New("a field without a name")
		}
		if err := f.field(join(name, key), at, depth+1); err != nil {
			return err
		}
	}
	if _, err := f.json.Token(); err != nil {
		return midway(err)
	}
	if empty && name != "" {
		f.put(name, "", start)
	}
	return nil
}

// field reads a field's value; its span begins with its name.
func (f *flattener) field(name string, at, depth int) error {
	before := len(f.Parameters)
	if err := f.value(name, depth, false); err != nil {
		return midway(err)
	}
	if len(f.Parameters) == before+1 && f.Parameters[before].Name == name {
		f.Parameters[before].Span = f.place.span(at, f.offset())
	}
	return nil
}

func (f *flattener) array(name string, start, depth int, outermost bool) error {
	n := 0
	for ; f.json.More(); n++ {
		if err := f.element(name, n, depth, outermost); err != nil {
			return midway(err)
		}
		if outermost {
			f.hit()
			f.batched = true
		}
	}
	if _, err := f.json.Token(); err != nil {
		return midway(err)
	}
	if n == 0 && name != "" {
		f.put(name, "", start)
	}
	return nil
}

// element reads the n-th element of an array. It may be a query string, for a
// batch: {"requests": ["?idsite=1&…", …]}.
func (f *flattener) element(name string, n, depth int, outermost bool) error {
	start := f.next()
	if strings.HasPrefix(f.content[start:], `"?`) {
		token, err := f.json.Token()
		if err != nil {
			return err
		}
		hit := f.place.hit
		if !outermost {
			hit += n
		}
		query, _ := token.(string)
		f.queryText(query[1:], hit, f.place.span(start, f.offset()))
		return nil
	}
	if !outermost {
		name = join(name, strconv.Itoa(n))
	}
	return f.value(name, depth+1, false)
}

func (f *flattener) queryText(query string, hit int, span Span) {
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" || f.full() {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		f.take(Placed{Parameter{unescapeQuery(name), unescapeQuery(value), f.place.in, hit}, span}, f.place.layer)
	}
}

// put takes a scalar in.
func (f *flattener) put(name, value string, start int) {
	span := f.place.span(start, f.offset())
	f.take(Placed{Parameter{name, value, f.place.in, f.place.hit}, span}, f.place.layer)
}

// next returns where the next token begins.
func (f *flattener) next() int {
	at := f.offset()
	for at < len(f.content) && strings.IndexByte(" \t\r\n,:", f.content[at]) >= 0 {
		at++
	}
	return at
}

func (f *flattener) offset() int { return min(int(f.json.InputOffset()), len(f.content)) }

// midway keeps an end inside a value from being taken for the end of the text.
func midway(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}
