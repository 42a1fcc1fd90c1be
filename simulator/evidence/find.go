package evidence

import (
	"strings"
)

// Finding is a place where a value stands in a request.
type Finding struct {
	// Part says where, such as "host", "path", "query eid", "header cookie",
	// "body" or "frame 2"; "parameter NAME" is what only decoding brings out.
	Part string
	// Span is the place in the request's texts.
	Span
}

// FindValue returns every place where the value stands in the request: in the
// URL, in the names and values of the header fields, in the body and in the
// messages that the page sent over a WebSocket, as sent, percent-encoded once or
// twice, escaped as in JSON, or inside anything that [Request.Read] decodes. It
// minds the case. An empty value is found nowhere.
func FindValue(r *Request, value string) []Finding { return r.Read().Find(value) }

// Find is [FindValue] for a request that has been read already.
func (r *Reading) Find(value string) []Finding {
	if value == "" {
		return nil
	}
	var found []Finding
	for i, text := range r.Texts {
		for _, s := range spansOf(text.Content, value) {
			span := Span{i, s[0], s[1]}
			part := text.Part
			if part == "url" {
				part = partOfURL(text.Content, span)
			}
			found = append(found, Finding{part, span})
		}
	}
	plain := len(found)
	for _, p := range r.Parameters {
		if len(spansOf(p.Value, value)) > 0 && !covered(found[:plain], p.Span) {
			found = append(found, Finding{"parameter " + p.Name, p.Span})
		}
	}
	return found
}

func covered(found []Finding, s Span) bool {
	for _, f := range found {
		if f.Text == s.Text && f.From < s.To && s.From < f.To {
			return true
		}
	}
	return false
}

// partOfURL names the part of a URL that holds the span, or "url" when it
// reaches over several.
func partOfURL(url string, s Span) string {
	host := 0
	if i := strings.Index(url, "://"); i >= 0 {
		host = i + len("://")
	}
	path := len(url)
	if i := strings.IndexAny(url[host:], "/?#"); i >= 0 {
		path = host + i
	}
	query := len(url)
	if i := strings.IndexByte(url[path:], '?'); i >= 0 {
		query = path + i
	}
	switch {
	case s.From >= host && s.To <= path:
		return "host"
	case s.From >= path && s.To <= query:
		return "path"
	case s.From > query:
		from := query + 1
		if i := strings.LastIndexByte(url[from:s.From], '&'); i >= 0 {
			from += i + 1
		}
		if !strings.Contains(url[s.From:s.To], "&") {
			name, _, _ := strings.Cut(url[from:], "=")
			name, _, _ = strings.Cut(name, "&")
			return "query " + unescapeQuery(name)
		}
		return "query"
	}
	return "url"
}
