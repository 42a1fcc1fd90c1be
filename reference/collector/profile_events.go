package collector

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

const selectEvents = `SELECT id, mid, uid, did, category, action, made, received, url, ref, title,
	sys, dims, extra, items, identified FROM events`

// storedEvent is an event, and the time of its identification where it counts as one.
type storedEvent struct {
	Event
	identified sql.NullInt64
}

func scanEvent(scan func(...any) error) (storedEvent, error) {
	var e storedEvent
	var mid, uid sql.NullString
	var made, received int64
	var sys, dims, extra, items string
	err := scan(&e.ID, &mid, &uid, &e.Device, &e.Category, &e.Action, &made, &received, &e.URL, &e.Referrer, &e.Title,
		&sys, &dims, &extra, &items, &e.identified)
	e.MessageID, e.UID = mid.String, uid.String
	e.Made, e.Received = fromMilli(made), fromMicro(received)
	e.System, e.Dims, e.Extra, e.Items = asJSON(sys), asJSON(dims), asJSON(extra), asJSON(items)
	return e, err
}

func asJSON(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

// events lists an owner's events.
func (s *store) events(ctx context.Context, of Owner, page Page) (EventList, error) {
	of, err := s.resolve(ctx, of)
	if err != nil {
		return EventList{}, err
	}
	stored, err := s.storedEvents(ctx, of, page.After, oneMore(page.Limit))
	if err != nil {
		return EventList{}, err
	}
	list := EventList{Events: []Event{}}
	if page.Limit > 0 && len(stored) > page.Limit {
		stored = stored[:page.Limit]
		list.Next = stored[page.Limit-1].ID
	}
	for _, e := range stored {
		list.Events = append(list.Events, e.Event)
	}
	return list, nil
}

func (s *store) storedEvents(ctx context.Context, of Owner, after int64, limit int) ([]storedEvent, error) {
	query := s.ofOwner(selectEvents, of).where("id > ", after).order(sorted, limit)
	return all(ctx, s.read, "events", query, scanEvent)
}

// attributes lists what an owner's events say of attributes.
func (s *store) attributes(ctx context.Context, of Owner) (AttributeList, error) {
	of, err := s.resolve(ctx, of)
	if err != nil {
		return AttributeList{}, err
	}
	persons, err := s.persons(ctx, of)
	if err != nil {
		return AttributeList{}, err
	}
	current, err := s.current(persons)
	if err != nil {
		return AttributeList{}, err
	}
	stored, err := s.storedEvents(ctx, of, 0, 0)
	if err != nil {
		return AttributeList{}, err
	}
	list := AttributeList{Attributes: []Attribute{}}
	for _, e := range stored {
		for scope, given := range e.statements() {
			for _, one := range given {
				held := current[scope][one.Name]
				list.Attributes = append(list.Attributes, Attribute{
					Scope: scope, Name: one.Name, Value: one.Value, At: one.At, UID: e.UID, Event: e.ID,
					Current: held.Event == e.ID,
				})
			}
		}
	}
	slices.SortFunc(list.Attributes, byAge)
	return list, nil
}

// statements are what a stored event says of attributes, by scope.
func (e storedEvent) statements() map[string][]Statement {
	read := Incoming{Event: e.Event}
	dims := membersOf(jsontext.Value(e.Dims))
	read.SystemAttributes = attributesOf(jsontext.Value(e.System))
	read.CustomAttributes = attributesOf(dims["users"])
	if e.identified.Valid {
		read.CustomerAttributes = attributesOf(dims["customers"])
		delete(read.CustomerAttributes, "customer_id")
		read.Identify = &Identity{Time: fromMilli(e.identified.Int64)}
	}
	return read.given()
}
