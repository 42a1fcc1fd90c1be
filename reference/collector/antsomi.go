package collector

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// arrival is one hit, and what it means where its dialect knows events; nil in
// one that means nothing.
type arrival struct {
	hit   Hit
	event *Incoming
}

// rawEvent is what came to the place of the antsomi dialect.
type rawEvent struct {
	// Query is the URL's query without its question mark.
	Query string
	// Post tells that there is a body, ContentType its media type as sent.
	Post        bool
	ContentType string
	Body        []byte
	// Broken tells that the body ended before its end.
	Broken bool
}

// values holds one event's parameters: decoded, and whether the value is JSON of
// its own rather than text.
type values struct {
	text map[string]string
	json map[string]bool
}

// antsomi decodes what came in as one or more events. There is at least one; of
// a body that is not well formed there is no more. The first thing that is wrong
// with an event is its hit's Refused.
func antsomi(raw rawEvent) []arrival {
	transport := "query"
	if raw.Post {
		transport = jsonTransport(raw.ContentType)
	}
	outer, inner, problem := raw.values(transport)
	if problem != "" || len(inner) == 0 {
		return []arrival{event(outer, transport, problem)}
	}
	arrivals := make([]arrival, len(inner))
	for i, own := range inner {
		one, bad := outer.with(own)
		arrivals[i] = event(one, transport, bad)
	}
	return arrivals
}

// jsonTransport names the place of the parameters by a body's content type:
// "json", "text" (JSON as beacons send it) or "other". A body without one is
// taken for text.
func jsonTransport(contentType string) string {
	media, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "application/json":
		return "json"
	case "", "text/plain":
		return "text"
	}
	return "other"
}

// values reads the parameters: those that all events share, and those of each
// event of a batch. Without a batch the first are the one event's.
func (raw rawEvent) values(transport string) (outer values, inner []values, problem string) {
	set := parameters{decoded: map[string]string{}}
	outer = values{text: set.decoded, json: map[string]bool{}}
	if len(raw.Query) > MaxQuery {
		return outer, nil, fmt.Sprintf("query is longer than %d bytes", MaxQuery)
	}
	if problem := set.add(raw.Query); problem != "" || !raw.Post {
		return outer, nil, problem
	}
	switch {
	case len(raw.Body) > MaxBody:
		return outer, nil, fmt.Sprintf("body is longer than %d bytes", MaxBody)
	case raw.Broken:
		return outer, nil, "body is not whole"
	case transport == "other":
		return outer, nil, "content type must be application/json or text/plain"
	case strings.TrimSpace(string(raw.Body)) == "":
		return outer, nil, ""
	}
	body := jsontext.Value(raw.Body)
	if !body.IsValid() || body.Kind() != '{' {
		return outer, nil, "body must be a JSON object in UTF-8 without a name twice"
	}
	members := membersOf(body)
	batch, several := members["events"]
	delete(members, "events")
	own := valuesOf(members)
	if outer, problem = outer.with(own); problem != "" || !several {
		return outer, nil, problem
	}
	inner, problem = batchOf(batch)
	return outer, inner, problem
}

// batchOf reads the events of a batch.
func batchOf(batch jsontext.Value) ([]values, string) {
	if batch.Kind() != '[' {
		return nil, "events must be a list of JSON objects"
	}
	list := elementsOf(batch)
	switch {
	case len(list) == 0:
		return nil, "events is empty"
	case len(list) > MaxHits:
		return nil, fmt.Sprintf("more than %d hits", MaxHits)
	}
	all := make([]values, len(list))
	for i, one := range list {
		if one.Kind() != '{' {
			return nil, "events must be a list of JSON objects"
		}
		all[i] = valuesOf(membersOf(one))
	}
	return all, ""
}

// valuesOf takes strings as they are, and everything else as JSON. A null is as
// good as nothing.
func valuesOf(members map[string]jsontext.Value) values {
	v := values{text: map[string]string{}, json: map[string]bool{}}
	for name, value := range members {
		if value.Kind() == 'n' {
			continue
		}
		v.text[name] = textOf(value)
		v.json[name] = value.Kind() != '"'
	}
	return v
}

// with joins two sets. A name in both is an error.
func (v values) with(own values) (values, string) {
	both := values{text: map[string]string{}, json: map[string]bool{}}
	problem := ""
	for _, from := range []values{v, own} {
		for name, text := range from.text {
			if _, twice := both.text[name]; twice {
				problem = "a parameter occurs twice"
				continue
			}
			both.text[name], both.json[name] = text, from.json[name]
		}
	}
	if len(both.text) > MaxParameters {
		problem = cmp.Or(problem, fmt.Sprintf("more than %d parameters", MaxParameters))
	}
	return both, problem
}

// event makes a hit, and the event that it means, of its parameters. What it
// cannot make out stays empty.
func event(set values, transport, problem string) arrival {
	a := arrival{hit: Hit{
		Dialect: "antsomi", Transport: transport, Page: set.text["url"], Parameters: set.text,
		Track: cut(set.text["portal_id"], maxPortal),
	}}
	e, bad := incoming(set)
	a.hit.Made = e.Made
	if a.hit.Refused = cmp.Or(problem, bad); a.hit.Refused == "" {
		a.hit.Visitor = e.UID
		a.event = &e
	}
	return a
}

// maxPortal is the most bytes of a portal's or property's ID, maxName of a
// category and an action.
const (
	maxPortal = 64
	maxName   = 256
)

// cut shortens text to at most n bytes of whole characters.
func cut(text string, n int) string {
	for len(text) > n {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}

// incoming reads an event. Of one that is not well formed it returns what it
// could make out, and the first thing that is wrong.
func incoming(set values) (Incoming, string) {
	text := set.text
	e := Incoming{Portal: text["portal_id"], Event: Event{
		MessageID: text["mid"], UID: text["uid"], Device: text["did"], Category: text["ec"], Action: text["ea"],
		URL: text["url"], Referrer: text["ref"], Title: text["title"],
	}}
	var badTime, badParts string
	e.Made, badTime = moment(text["t"], "parameter t")
	badParts = e.parts(set)
	return e, cmp.Or(formProblem(set), badTime, badParts)
}

// formProblem checks the parameters that are words.
func formProblem(set values) string {
	for _, name := range []string{"portal_id", "ec", "ea", "t"} {
		if set.text[name] == "" {
			return "parameter " + name + " is missing"
		}
	}
	for _, name := range []string{"portal_id", "prop_id"} {
		if id := set.text[name]; len(id) > maxPortal || strings.ContainsFunc(id, notWord) {
			return "parameter " + name + " must be at most 64 letters, digits, dots, dashes and underlines"
		}
	}
	for _, name := range []string{"ec", "ea"} {
		if len(set.text[name]) > maxName {
			return fmt.Sprintf("parameter %s is longer than %d bytes", name, maxName)
		}
	}
	for _, name := range []string{"uid", "did", "mid"} {
		if id, given := set.text[name]; given && !isHex32(id) {
			return "parameter " + name + " must be 32 hexadecimal digits in lower case"
		}
	}
	for _, name := range []string{"uid", "did", "mid", "ec", "ea", "url", "ref", "title"} {
		if set.json[name] {
			return "parameter " + name + " must be text"
		}
	}
	return ""
}

func notWord(r rune) bool {
	return r >= utf8.RuneSelf || !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", r)
}

func isHex32(text string) bool {
	return len(text) == 32 && strings.Trim(text, "0123456789abcdef") == ""
}

// moment reads milliseconds since 1970; 13 digits are the years 2001 to 2286.
func moment(text, what string) (time.Time, string) {
	milliseconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !digits(text, 13) {
		return time.Time{}, what + " must be milliseconds since 1970"
	}
	return time.UnixMilli(milliseconds).UTC(), ""
}

// parts reads the parameters that are JSON, and what they say.
func (e *Incoming) parts(set values) string {
	for _, part := range []struct {
		name string
		kind jsontext.Kind
		to   *[]byte
	}{
		{"sys", '{', (*[]byte)(&e.System)}, {"dims", '{', (*[]byte)(&e.Dims)},
		{"extra", '{', (*[]byte)(&e.Extra)}, {"items", '[', (*[]byte)(&e.Items)},
	} {
		text, given := set.text[part.name]
		if !given || text == "" {
			continue
		}
		value := jsontext.Value(text)
		if !value.IsValid() || value.Kind() != part.kind {
			form := "object"
			if part.kind == '[' {
				form = "list"
			}
			return "parameter " + part.name + " must be a JSON " + form + " in UTF-8 without a name twice"
		}
		_ = value.Compact() // it is valid
		*part.to = value
	}
	return e.meaning()
}

// meaning reads attributes and identity from the parts.
func (e *Incoming) meaning() string {
	dims, extra := membersOf(jsontext.Value(e.Dims)), membersOf(jsontext.Value(e.Extra))
	e.SystemAttributes = attributesOf(jsontext.Value(e.System))
	for _, group := range []struct {
		name string
		to   *map[string]string
	}{{"customers", &e.CustomerAttributes}, {"users", &e.CustomAttributes}} {
		value := dims[group.name]
		if value != nil && value.Kind() != '{' {
			return "dims." + group.name + " must be a JSON object"
		}
		*group.to = attributesOf(value)
	}
	if len(e.SystemAttributes)+len(e.CustomerAttributes)+len(e.CustomAttributes) > MaxParameters {
		return fmt.Sprintf("more than %d attributes", MaxParameters)
	}
	customerID := e.CustomerAttributes["customer_id"]
	delete(e.CustomerAttributes, "customer_id")
	cid, identifies := extra["identify_id"]
	if !identifies || cid.Kind() == 'n' {
		return ""
	}
	if cid.Kind() != '"' {
		return "extra.identify_id must be text"
	}
	e.Identify = &Identity{CID: textOf(cid), CustomerID: customerID, Name: textOf(extra["identify_event"])}
	e.Identify.Time, _ = moment(textOf(extra["identify_time"]), "")
	return ""
}

// attributesOf reads a JSON object's members as attributes. A null gives no value.
func attributesOf(object jsontext.Value) map[string]string {
	attributes := map[string]string{}
	for name, value := range membersOf(object) {
		if value.Kind() != 'n' {
			attributes[name] = textOf(value)
		}
	}
	return attributes
}

// textOf is a string as it is, and everything else as JSON; nothing is "".
func textOf(value jsontext.Value) string {
	if len(value) == 0 || value.Kind() != '"' {
		return string(value)
	}
	text, _ := jsontext.AppendUnquote(nil, value) // it is valid
	return string(text)
}

// membersOf returns the members of a valid JSON object, compact; none of
// anything else.
func membersOf(object jsontext.Value) map[string]jsontext.Value {
	members := map[string]jsontext.Value{}
	if len(object) == 0 || object.Kind() != '{' {
		return members
	}
	d := jsontext.NewDecoder(strings.NewReader(string(object)))
	_, _ = d.ReadToken()
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			break
		}
		key := name.String()
		value, err := d.ReadValue()
		if err != nil {
			break
		}
		members[key] = compact(value)
	}
	return members
}

// elementsOf returns the elements of a valid JSON list, compact.
func elementsOf(list jsontext.Value) []jsontext.Value {
	var elements []jsontext.Value
	d := jsontext.NewDecoder(strings.NewReader(string(list)))
	_, _ = d.ReadToken()
	for kind := d.PeekKind(); kind != ']' && kind != 0; kind = d.PeekKind() {
		value, err := d.ReadValue()
		if err != nil {
			break
		}
		elements = append(elements, compact(value))
	}
	return elements
}

func compact(value jsontext.Value) jsontext.Value {
	own := slices.Clone(value)
	_ = own.Compact() // it is valid
	return own
}
