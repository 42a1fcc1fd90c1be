package population

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// Antsomi is the dialect of Antsomi CDP 365's web SDK, as the reference speaks it:
// GET /event with everything in the query, or POST /event with a JSON body, which
// may hold several events.
type Antsomi struct{}

// Name is "antsomi".
func (Antsomi) Name() string { return "antsomi" }

// Request implements [Dialect].
func (Antsomi) Request(ctx context.Context, to Account, by Transport, hits ...Hit) (*http.Request, error) {
	target, err := to.endpoint("event")
	if err != nil {
		return nil, err
	}
	switch {
	case len(hits) == 0:
		return nil, errors.New("a request of no hits")
	case len(hits) == 1 && by == Image:
		target.RawQuery = antsomiQuery(to, hits[0]).Encode()
		return http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	case by == Image:
		return nil, fmt.Errorf("an image carries one hit, not %d", len(hits))
	case by != JSON && by != Beacon:
		return nil, fmt.Errorf("a hit cannot travel by %q", by)
	}
	body, err := antsomiBody(to, hits)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", map[bool]string{true: "text/plain;charset=UTF-8", false: "application/json"}[by == Beacon])
	return r, nil
}

// antsomiEvent is an event as it stands in a body.
type antsomiEvent struct {
	Portal   string            `json:"portal_id,omitempty"`
	Property string            `json:"prop_id,omitempty"`
	Category string            `json:"ec,omitempty"`
	Action   string            `json:"ea,omitempty"`
	UID      string            `json:"uid,omitempty"`
	Device   string            `json:"did,omitempty"`
	Message  string            `json:"mid,omitempty"`
	Made     int64             `json:"t,omitempty"`
	URL      string            `json:"url,omitempty"`
	Referrer string            `json:"ref,omitempty"`
	Title    string            `json:"title,omitempty"`
	System   map[string]string `json:"sys,omitempty"`
	Dims     antsomiDims       `json:"dims,omitzero"`
	Extra    *antsomiExtra     `json:"extra,omitempty"`
	Items    []Item            `json:"items,omitempty"`
}

type antsomiDims struct {
	Customers map[string]string `json:"customers,omitempty"`
	Users     map[string]string `json:"users,omitempty"`
}

// IsZero leaves empty dims out.
func (d antsomiDims) IsZero() bool { return len(d.Customers)+len(d.Users) == 0 }

type antsomiExtra struct {
	ID    string `json:"identify_id,omitempty"`
	Time  any    `json:"identify_time,omitempty"` // a number, where it is one
	Event string `json:"identify_event,omitempty"`
	Type  string `json:"identify_type,omitempty"`
}

func antsomiForm(h Hit) antsomiEvent {
	e := antsomiEvent{
		Category: h.Category, Action: h.Action, UID: h.Visitor, Device: h.Device, Message: h.Message,
		URL: h.Page.URL, Referrer: h.Page.Referrer, Title: h.Page.Title, System: h.System,
		Dims: antsomiDims{Customers: h.Customer, Users: h.Custom}, Items: h.Items,
	}
	if !h.Made.IsZero() {
		e.Made = h.Made.UnixMilli()
	}
	if i := h.Identity; i != nil {
		e.Extra = &antsomiExtra{ID: i.ID, Event: i.Event, Type: i.Type}
		if n, err := strconv.ParseInt(i.Time, 10, 64); err == nil {
			e.Extra.Time = n
		} else if i.Time != "" {
			e.Extra.Time = i.Time
		}
	}
	return e
}

// antsomiBody is the body of one event, or of a batch.
func antsomiBody(to Account, hits []Hit) ([]byte, error) {
	if len(hits) == 1 {
		e := antsomiForm(hits[0])
		e.Portal, e.Property = to.Portal, to.Property
		return json.Marshal(e)
	}
	batch := struct {
		Portal   string         `json:"portal_id"`
		Property string         `json:"prop_id,omitempty"`
		Events   []antsomiEvent `json:"events"`
	}{Portal: to.Portal, Property: to.Property}
	for _, h := range hits {
		batch.Events = append(batch.Events, antsomiForm(h))
	}
	return json.Marshal(batch)
}

// antsomiQuery is the query of one event. What is not plain stands there as JSON.
func antsomiQuery(to Account, h Hit) url.Values {
	e := antsomiForm(h)
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	set("portal_id", to.Portal)
	set("prop_id", to.Property)
	set("ec", e.Category)
	set("ea", e.Action)
	set("uid", e.UID)
	set("did", e.Device)
	set("mid", e.Message)
	if e.Made != 0 {
		set("t", strconv.FormatInt(e.Made, 10))
	}
	set("url", e.URL)
	set("ref", e.Referrer)
	set("title", e.Title)
	if len(e.System) > 0 {
		set("sys", text(e.System))
	}
	if !e.Dims.IsZero() {
		set("dims", text(e.Dims))
	}
	if e.Extra != nil {
		set("extra", text(e.Extra))
	}
	if len(e.Items) > 0 {
		set("items", text(e.Items))
	}
	return q
}

// text is the JSON of a value that always has one.
func text(value any) string {
	b, err := json.Marshal(value)
	if err != nil {
		panic(err) // maps and structs of text and numbers
	}
	return string(b)
}
