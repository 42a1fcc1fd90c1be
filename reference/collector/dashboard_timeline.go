package collector

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// eventView is one event of a timeline.
type eventView struct {
	Event
	// Identifies tells that the event says who the visitor is.
	Identifies bool
	// Parts are what came with it.
	Parts []part
}

// part is one of the things that came with an event.
type part struct {
	Name, Text string
}

// visitKey tells one user ID's visits apart.
type visitKey struct {
	uid   string
	began time.Time
}

// timeline groups events by the visit that they belong to and by the day on
// which it began, each by the time of making.
func timeline(events []Event, of []history) []day {
	visits := map[visitKey]*visit{}
	index := make(map[string]*history, len(of))
	for i := range of {
		index[of[i].UID] = &of[i]
	}
	for _, event := range events {
		session, known := visitOf(event, index[event.UID])
		key := visitKey{uid: session.UID, began: session.Began}
		if visits[key] == nil {
			visits[key] = &visit{Session: session, Known: known}
		}
		visits[key].Shown = append(visits[key].Shown, viewOfEvent(event))
	}
	sorted := make([]visit, 0, len(visits))
	for _, v := range visits {
		slices.SortFunc(v.Shown, func(a, b eventView) int {
			return cmp.Or(a.Made.Compare(b.Made), cmp.Compare(a.ID, b.ID))
		})
		v.Cut = len(v.Shown) < v.Events
		sorted = append(sorted, *v)
	}
	slices.SortFunc(sorted, func(a, b visit) int { return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.UID, b.UID)) })
	var days []day
	for _, v := range sorted {
		if n := len(days); n == 0 || !sameDay(days[n-1].Date, v.Began) {
			days = append(days, day{Date: v.Began})
		}
		last := &days[len(days)-1]
		last.Visits = append(last.Visits, v)
	}
	return days
}

// visitOf finds the visit of an event. One that came in after the visits were
// read stands alone.
func visitOf(event Event, h *history) (session Session, known bool) {
	if h != nil {
		at, found := slices.BinarySearchFunc(h.Visits, event.Made, func(s Session, made time.Time) int { return s.Began.Compare(made) })
		if !found {
			at--
		}
		if at >= 0 && !event.Made.After(h.Visits[at].Ended) {
			session = h.Visits[at]
			return session, h.Joined != nil && !session.Began.Before(h.JoinedAt)
		}
	}
	return Session{UID: event.UID, Began: event.Made, Ended: event.Made, Events: 1}, false
}

func viewOfEvent(event Event) eventView {
	v := eventView{Event: event}
	var extra struct {
		ID json.RawMessage `json:"identify_id"`
	}
	v.Identifies = json.Unmarshal(event.Extra, &extra) == nil && len(extra.ID) > 0 && string(extra.ID) != `""` && string(extra.ID) != "null"
	for _, p := range []struct {
		name string
		text json.RawMessage
	}{{"dims", event.Dims}, {"extra", event.Extra}, {"items", event.Items}, {"sys", event.System}} {
		if len(p.text) > 0 {
			v.Parts = append(v.Parts, part{Name: p.name, Text: pretty(p.text)})
		}
	}
	return v
}

// nextPart is the address of a timeline's next part.
func nextPart(address string, after int64) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return address // not to be: the address has been made here
	}
	values := parsed.Query()
	values.Set("after", strconv.FormatInt(after, 10))
	parsed.RawQuery, parsed.Fragment = values.Encode(), "timeline"
	return parsed.String()
}
