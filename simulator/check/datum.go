package check

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// datum is one thing that a browser kept or sent.
type datum struct {
	// slot is what it is called, the same in every step and for every person; empty
	// for a name, such as that of a cookie, which may be an identifier itself.
	slot string
	// value is the thing itself.
	value string
	// place says where it was, such as "request 14, query u"; line shows it.
	place, line string
	// revalidates is the URL for which the browser asks whether its copy is still
	// good: only who has been there before sends such a header.
	revalidates string
}

// data returns everything that the browser kept at the end of a step, wrote during
// it, or sent. With leftovers false, cookies that the browser adds by itself to the
// request for a page, before any script of the page could have removed them, do not
// count: whether they are still there at the step's end does.
func (b *bench) data(v *view, leftovers bool) []datum {
	var c collector
	if v.snapshot != nil {
		for _, k := range v.snapshot.Cookies {
			place := "the cookie jar"
			if k.Partition != "" {
				place = "the partitioned cookie jar"
			}
			c.named(datum{slot: "cookie " + k.Name, value: k.Value, place: place, line: k.Name + "=" + k.Value}, k.Name)
		}
		for _, item := range v.snapshot.Storage {
			c.named(datum{
				slot: item.Store + " " + item.Name, value: item.Value,
				place: item.Store + " of " + item.Origin, line: item.Name + "=" + item.Value,
			}, item.Name)
		}
	}
	for _, w := range v.writes {
		if !w.Deletes() {
			c.named(datum{slot: "cookie " + w.Name, value: w.Value, place: "a write of a cookie by " + w.By, line: w.Name + "=" + w.Value}, w.Name)
		}
	}
	for _, s := range v.sent {
		if !leftovers {
			s = b.withoutOldCookies(v, s)
		}
		c.request(s)
	}
	return c.data
}

// withoutOldCookies is the request of a page or of the tracker's own code without
// the cookies that were in the jar before the step.
func (b *bench) withoutOldCookies(v *view, s *sent) *sent {
	if s.pixel {
		return s
	}
	reading := b.withoutLeftovers(v, s)
	if reading == s.reading {
		return s
	}
	clean := *s
	clean.reading = reading
	request := *s.Request
	request.Header = nil
	for _, text := range reading.Texts {
		if name, ok := strings.CutPrefix(text.Part, "header "); ok {
			request.Header = append(request.Header, evidence.Field{Name: name, Value: strings.TrimPrefix(text.Content, name+": ")})
		}
	}
	clean.Request = &request
	return &clean
}

// collector gathers data.
type collector struct {
	data []datum
}

// named takes a value in, its name, and what it holds by name in turn.
func (c *collector) named(d datum, name string) {
	c.take(d, name)
	if !strings.ContainsAny(d.value, "{[=&") && !strings.Contains(d.value, "%") && !strings.HasPrefix(d.value, "ey") {
		return
	}
	inner := evidence.Request{Method: "POST", Body: evidence.Bytes(unescaped(d.value))}
	for _, p := range inner.Read().Parameters {
		if p.Value != d.value {
			held := d
			held.slot, held.value = d.slot+"."+p.Name, p.Value
			c.take(held, p.Name)
		}
	}
}

// take takes a value and its name in.
func (c *collector) take(d datum, name string) {
	c.data = append(c.data, d)
	d.slot, d.value = "", name
	c.data = append(c.data, d)
}

// ownHeaders are those that the browser makes anew for each request, and that no
// page can write.
var ownHeaders = []string{"content-length", "sec-websocket-key", "sec-websocket-extensions"}

var conditionalHeaders = []string{"if-none-match", "if-modified-since", "if-range"}

// request takes in everything that a request says.
func (c *collector) request(s *sent) {
	host, path := hostAndPath(s.URL)
	site := siteOf(host)
	at := func(part string) string { return fmt.Sprintf("request %d, %s", s.Seq, part) }
	address, _, _ := strings.Cut(s.URL, "?")
	for i, label := range labels(host) {
		c.data = append(c.data, datum{slot: fmt.Sprintf("host label %d of %s", i, site), value: label, place: at("host"), line: address})
	}
	for i, segment := range strings.Split(strings.Trim(path, "/"), "/") {
		c.data = append(c.data, datum{slot: fmt.Sprintf("path segment %d of %s", i, site), value: segment, place: at("path"), line: address})
	}
	read := false
	for _, p := range s.reading.Parameters {
		in := p.In
		if in == "json" || in == "multipart" {
			in = "body"
		}
		read = read || in != "query"
		d := datum{slot: p.Name + " to " + site, value: p.Value, place: at(in + " " + p.Name), line: p.Name + "=" + p.Value}
		c.take(d, p.Name)
	}
	for _, f := range s.Header {
		c.header(s, f, site, at("header "+f.Name))
	}
	for _, text := range s.reading.Texts {
		raw := text.Part == "method" || text.Part == "body" || strings.HasPrefix(text.Part, "frame ")
		if raw && (!read || s.reading.Unread != "" || text.Part == "method") {
			c.data = append(c.data, datum{value: text.Content, place: at(text.Part), line: text.Content})
		}
	}
}

func (c *collector) header(s *sent, f evidence.Field, site, place string) {
	if slices.Contains(ownHeaders, f.Name) {
		return
	}
	if f.Name == "cookie" {
		for pair := range strings.SplitSeq(f.Value, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			c.named(datum{slot: "cookie " + name, value: value, place: place, line: "cookie: " + name + "=" + value}, name)
		}
		return
	}
	d := datum{slot: "header " + f.Name + " to " + site, value: f.Value, place: place, line: f.Name + ": " + f.Value}
	if slices.Contains(conditionalHeaders, f.Name) {
		d.revalidates, _, _ = strings.Cut(s.URL, "?")
	}
	c.named(d, f.Name)
}

// hostAndPath takes a URL apart, or the authority of a refused connection.
func hostAndPath(address string) (host, path string) {
	_, rest, ok := strings.Cut(address, "://")
	if !ok {
		rest = address
	}
	rest, _, _ = strings.Cut(rest, "?")
	host, path, _ = strings.Cut(rest, "/")
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	return strings.ToLower(host), unescaped(path)
}

// labels returns the labels of a host, the last first.
func labels(host string) []string {
	list := strings.Split(host, ".")
	slices.Reverse(list)
	return list
}

// siteOf is the part of a host that is bought, roughly: its last two labels.
func siteOf(host string) string {
	list := strings.Split(host, ".")
	return strings.Join(list[max(0, len(list)-2):], ".")
}

// vocabulary returns the texts that the journey's own set-up brings along: they
// are the same for all who walk it, and name nobody whom the canary does not look
// for. What is made of a customer's data is another thing with another person.
func vocabulary(plan *scenario.Plan) []string {
	pixel, config := plan.Pixel, plan.Scenario.Config
	texts := []string{pixel.Name, pixel.Stage.Site, pixel.Stage.Collector, pixel.Stage.Scripts, pixel.Stage.Path, plan.Scenario.ID}
	texts = append(texts, pixel.KnownOptions...)
	for _, m := range []map[string]string{pixel.Settings, pixel.Pages, pixel.Options, config.Customer, config.Literal} {
		for key, value := range m {
			texts = append(texts, key, value, url.PathEscape(value))
		}
	}
	for _, names := range []map[string]scenario.Name{pixel.Parameters, pixel.Cookies} {
		for role, name := range names {
			texts = append(texts, role, name.Name, name.Set)
		}
	}
	if config.Anonymity != nil {
		texts = append(texts, config.Anonymity.Cookie)
	}
	if config.Actions != nil {
		texts = append(append(texts, config.Actions.Queued...), config.Actions.Clicked)
	}
	slices.Sort(texts)
	return texts
}
