package population

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Piwikpro is the dialect of Piwik PRO's tracker, as the reference speaks it: GET
// /ppms.php with everything in the query, POST with the same in the body, or a bulk
// of such queries as JSON, which alone may hold hits that are imported.
type Piwikpro struct{}

// Name is "piwikpro".
func (Piwikpro) Name() string { return "piwikpro" }

// pageView is the category of the hit that tells of a page.
const pageView = "pageview"

// Request implements [Dialect]. Hits that are imported, and several ones, make a
// bulk, which a beacon calls text.
func (Piwikpro) Request(ctx context.Context, to Account, by Transport, hits ...Hit) (*http.Request, error) {
	target, err := to.endpoint("ppms.php")
	if err != nil {
		return nil, err
	}
	bulk := len(hits) > 1 || len(hits) == 1 && (by == JSON || !hits[0].Arrived.IsZero())
	switch {
	case len(hits) == 0:
		return nil, errors.New("a request of no hits")
	case by != Image && by != JSON && by != Beacon:
		return nil, fmt.Errorf("a hit cannot travel by %q", by)
	case bulk && by == Image:
		return nil, fmt.Errorf("an image carries one hit that is not imported, not %d", len(hits))
	case by == Image:
		target.RawQuery = string(AppendPiwikpro(nil, to, hits[0]))
		return http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	}
	var body []byte
	if bulk {
		body = piwikproBulk(to, hits)
	} else {
		body = AppendPiwikpro(nil, to, hits[0])
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", map[bool]string{true: "text/plain;charset=UTF-8", false: "application/json"}[by == Beacon])
	return r, nil
}

// piwikproBulk is the body of a bulk. What stands in a query needs no escaping in
// JSON. The right to import is shown only where something is imported.
func piwikproBulk(to Account, hits []Hit) []byte {
	body := append(make([]byte, 0, 64+384*len(hits)), `{"requests":[`...)
	imported := false
	for i, h := range hits {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `"?`...)
		body = AppendPiwikpro(body, to, h)
		body = append(body, '"')
		imported = imported || !h.Arrived.IsZero()
	}
	body = append(body, ']')
	if imported && to.Token != "" {
		body = append(body, `,"token_auth":`...)
		body = append(body, text(to.Token)...)
	}
	return append(body, '}')
}

// AppendPiwikpro appends the hit in the vendor's form, a query without its question
// mark, and returns the longer slice.
func AppendPiwikpro(b []byte, to Account, h Hit) []byte {
	site := h.Site
	if site == "" {
		site = to.Property
	}
	q := query{b: b}
	q.text("idsite", site)
	q.text("rec", "1")
	q.text("url", h.Page.URL)
	q.text("urlref", h.Page.Referrer)
	if h.Category == pageView {
		q.text("action_name", h.Page.Title)
	}
	q.time("ts", h.Made)
	q.text("pv_id", h.View)
	q.text("rand", h.Random)
	q.text("res", h.System["res"])
	q.text("lang", h.System["lang"])
	q.text("_id", h.Visitor)
	if h.Identity != nil {
		q.text("uid", h.Identity.ID)
	}
	if h.Anonymous {
		q.text("uia", "1")
	}
	q.text("ses", h.Session)
	switch {
	case h.Joins:
		q.text("ping", "4")
	case h.Category != pageView:
		q.text("e_c", h.Category)
		q.text("e_a", h.Action)
		q.text("e_n", h.Name)
		q.text("e_v", h.Value)
	}
	if !h.Arrived.IsZero() {
		if h.From.IsValid() {
			q.text("cip", h.From.String())
		}
		q.time("cdt", h.Arrived)
	}
	return q.b
}

// query is a query that is being written, in the order of writing.
type query struct {
	b     []byte
	later bool
}

// text adds a parameter; an empty one is left out.
func (q *query) text(name, value string) {
	if value == "" {
		return
	}
	if q.later {
		q.b = append(q.b, '&')
	}
	q.later = true
	q.b = append(append(q.b, name...), '=')
	if plain(value) {
		q.b = append(q.b, value...)
		return
	}
	q.b = append(q.b, url.QueryEscape(value)...)
}

// time adds a time in milliseconds since 1970.
func (q *query) time(name string, at time.Time) {
	if !at.IsZero() {
		q.text(name, strconv.FormatInt(at.UnixMilli(), 10))
	}
}

// plain tells that nothing in the text needs escaping: most values are such.
func plain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return true
}
