package journey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// Profiles reads the profiles that a pixel's collector keeps, as the pixel's
// description says. What cannot be read as it says is an error, never an absence.
type Profiles struct {
	plan                               *scenario.Plan
	where                              *scenario.Profile
	customerID, marked, userIDs        *reach
	sessions, customer, system, custom *reach // nil where the pixel names none
	each, id, visitorID, name          *reach
	content                            map[string]*reach // by the name of the parameter
}

// NewProfiles prepares to read the profiles of a plan's pixel. A pixel that does
// not say how, or names what is no JSON path, is an error.
func NewProfiles(plan *scenario.Plan) (*Profiles, error) {
	where := plan.Pixel.Profile
	if where == nil {
		return nil, fmt.Errorf("the pixel %s does not say how its collector's profiles are read", plan.Pixel.Name)
	}
	p := &Profiles{plan: plan, where: where}
	v, e := where.Values, where.Event
	for _, path := range []struct {
		to              **reach
		text, key, want string
		optional        bool
	}{
		{&p.customerID, v.CustomerID, "profile.values.customer-id", "a text", false},
		{&p.marked, v.Marked, "profile.values.marked", "true or false", false},
		{&p.userIDs, v.UserIDs, "profile.values.user-ids", "a text for each user ID", false},
		{&p.sessions, v.Sessions, "profile.values.sessions", "a count", true},
		{&p.customer, v.CustomerAttributes, "profile.values.customer-attributes", "an object", true},
		{&p.system, v.SystemAttributes, "profile.values.system-attributes", "an object", true},
		{&p.custom, v.CustomAttributes, "profile.values.custom-attributes", "an object", true},
		{&p.each, e.Each, eachKey, "an object for each event", false},
		{&p.id, e.ID, eventKey + "id", "a text", false},
		{&p.visitorID, e.VisitorID, eventKey + "visitor-id", "a text", false},
		{&p.name, e.Name, eventKey + "name", "a text", false},
	} {
		if path.optional && path.text == "" {
			continue
		}
		parsed, err := newReach(path.text)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", plan.Pixel.At(path.key), path.key, err)
		}
		parsed.key, parsed.want = path.key, path.want
		*path.to = parsed
	}
	p.content = map[string]*reach{}
	for name, text := range e.Content {
		parsed, err := newReach(text)
		if err != nil {
			key := eventKey + "content." + name
			return nil, fmt.Errorf("%s: %s: %w", plan.Pixel.At(key), key, err)
		}
		parsed.key, parsed.want = eventKey+"content."+name, "one value"
		p.content[name] = parsed
	}
	return p, nil
}

// Read asks for the profile of each visitor ID, of each of the scenario's persons
// under the identifier that the site should have given, and under the e-mail
// address or telephone number that it is made of. The record is what the collector
// answers at a path; where its error has a method HTTPStatus() int that returns
// 404, there is no such profile.
func (p *Profiles) Read(ctx context.Context, record func(ctx context.Context, path string) ([]byte, error), visitors []string) ([]evidence.Profile, error) {
	var wanted []evidence.Profile
	for _, id := range visitors {
		wanted = append(wanted, evidence.Profile{By: scenario.ProfileVisitor, ID: id})
	}
	for _, person := range p.plan.Scenario.Persons() {
		known := p.plan.Person(person)
		wanted = append(wanted,
			evidence.Profile{By: scenario.ProfileCustomer, ID: known.CustomerID(), Person: person},
			evidence.Profile{By: scenario.ProfileRawCustomer, ID: known.Scenario.RawCustomer(), Person: person})
	}
	wanted = slices.DeleteFunc(wanted, func(w evidence.Profile) bool { return w.ID == "" })
	for i := range wanted {
		r := reading{Profiles: p, ctx: ctx, record: record, place: p.where.Customer, key: "profile.customer", profile: &wanted[i]}
		if wanted[i].By == scenario.ProfileVisitor {
			r.place, r.key = p.where.Visitor, "profile.visitor"
		}
		if err := r.read(); err != nil {
			if errors.As(err, new(*mappingError)) {
				return nil, err
			}
			return nil, fmt.Errorf("read the profile of the %s %s: %w", strings.ReplaceAll(wanted[i].By, "-", " "), wanted[i].ID, err)
		}
	}
	return wanted, nil
}

// reading is the reading of one profile.
type reading struct {
	*Profiles
	ctx     context.Context
	record  func(ctx context.Context, path string) ([]byte, error)
	place   scenario.ProfilePlace
	key     string // of the place in pixel.yaml
	profile *evidence.Profile
}

func (r reading) read() error {
	head, err := r.ask(r.key+".path", r.place.Path)
	var status interface{ HTTPStatus() int }
	known := errors.As(err, &status)
	switch {
	case known && status.HTTPStatus() == http.StatusNotFound:
		return nil
	case known:
		return r.refused(r.key+".path", "200 with the profile is wanted, or 404 where there is none", err)
	case err != nil:
		return err
	}
	r.profile.Found = true
	if err := r.values(head); err != nil {
		return err
	}
	events := head
	if r.place.Events != "" {
		if events, err = r.ask(r.key+".events", r.place.Events); errors.As(err, &status) {
			return r.refused(r.key+".events", "200 with the profile's events is wanted, which may be none", err)
		} else if err != nil {
			return err
		}
	}
	return r.events(events)
}

// refused names the place of the path that was answered with another status.
func (r reading) refused(key, hint string, err error) error {
	return &mappingError{error: fmt.Errorf("%s: %s: %w\nhint: %s", r.plan.Pixel.At(key), key, err, hint)}
}

func (r reading) ask(key, path string) (*answer, error) {
	before, after, _ := strings.Cut(path, "{id}")
	escaped := url.PathEscape(r.profile.ID)
	if strings.Contains(before, "?") {
		escaped = url.QueryEscape(r.profile.ID)
	} else if strings.Trim(escaped, ".") == "" { // it would name a folder
		escaped = strings.ReplaceAll(escaped, ".", "%2E")
	}
	path = before + escaped + after
	body, err := r.record(r.ctx, path)
	if err != nil {
		return nil, err
	}
	a := &answer{pixel: r.plan.Pixel, path: path, body: body}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&a.value); err != nil {
		return nil, a.wrong(key, "is that the path of a JSON document?", "a JSON document is wanted, and it is none: %v", err)
	}
	if decoder.More() {
		return nil, a.wrong(key, "is that the path of one JSON document?", "a JSON document is wanted, and something stands after it")
	}
	return a, nil
}

// values fills in what the profile says of itself.
func (r reading) values(a *answer) (err error) {
	p := r.profile
	if r.profile.By == scenario.ProfileVisitor {
		p.CustomerID, err = r.customerID.textOrNothing(a, a.value)
	} else {
		p.CustomerID, err = r.customerID.text(a, a.value)
	}
	if err != nil {
		return err
	}
	if p.Marked, err = r.marked.truth(a); err != nil {
		return err
	}
	if p.UserIDs, err = r.userIDs.texts(a); err != nil {
		return err
	}
	slices.Sort(p.UserIDs)
	if p.Sessions, err = r.sessions.number(a); err != nil {
		return err
	}
	for _, attributes := range []struct {
		to   *map[string]string
		path *reach
	}{{&p.CustomerAttributes, r.customer}, {&p.SystemAttributes, r.system}, {&p.CustomAttributes, r.custom}} {
		if *attributes.to, err = attributes.path.object(a); err != nil {
			return err
		}
	}
	return nil
}

// events fills in the profile's events. A collector may keep one that came without
// a message ID, but not all.
func (r reading) events(a *answer) error {
	list, err := r.each.objects(a, r.beside())
	if err != nil {
		return err
	}
	named := len(list) == 0
	for _, value := range list {
		var e evidence.ProfileEvent
		var err error
		if e.ID, err = r.id.textOrNothing(a, value); err != nil {
			return err
		}
		if e.VisitorID, err = r.visitorID.text(a, value); err != nil {
			return err
		}
		if e.Name, err = r.name.text(a, value); err != nil {
			return err
		}
		if e.Content, err = r.contentOf(a, value); err != nil {
			return err
		}
		named = named || e.ID != ""
		r.profile.Events = append(r.profile.Events, e)
	}
	if _, sent := r.plan.Pixel.Parameters[scenario.RoleMessageID]; sent && !named {
		return a.misses(r.id, list[0], fmt.Sprintf("selects nothing in any of the %d events", len(list)), r.id.instead(list[0]))
	}
	return nil
}

// contentOf reads what an event says as a hit of the pixel's would say it: the
// fields of what is nested under names that are joined by dots.
func (r reading) contentOf(a *answer, event any) (map[string]string, error) {
	if len(r.content) == 0 {
		return nil, nil
	}
	said := map[string]any{}
	for name, path := range r.content {
		value, ok, err := path.one(a, event)
		if err != nil {
			return nil, err
		}
		if ok && value != nil {
			said[name] = value
		}
	}
	body, err := json.Marshal(said)
	if err != nil {
		return nil, fmt.Errorf("read what an event says: %w", err)
	}
	content := map[string]string{}
	hit := evidence.Request{Method: http.MethodPost, URL: "https://collector.test/", Body: body}
	for _, parameter := range hit.Parameters() {
		if parameter.Name != "" && parameter.Value != "" {
			content[parameter.Name] = parameter.Value
		}
	}
	return content, nil
}

// beside says where the events are looked for when no path of their own is named.
func (r reading) beside() string {
	if r.place.Events != "" {
		return ""
	}
	return fmt.Sprintf("without %s.events (%s) the events are looked for in the profile itself", r.key, r.plan.Pixel.At(r.key))
}
