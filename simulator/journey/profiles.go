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
		to       **reach
		text     string
		optional bool
	}{
		{&p.customerID, v.CustomerID, false}, {&p.marked, v.Marked, false}, {&p.userIDs, v.UserIDs, false}, {&p.sessions, v.Sessions, true},
		{&p.customer, v.CustomerAttributes, true}, {&p.system, v.SystemAttributes, true}, {&p.custom, v.CustomAttributes, true},
		{&p.each, e.Each, false}, {&p.id, e.ID, false}, {&p.visitorID, e.VisitorID, false}, {&p.name, e.Name, false},
	} {
		if path.optional && path.text == "" {
			continue
		}
		parsed, err := newReach(path.text)
		if err != nil {
			return nil, fmt.Errorf("the pixel %s: %w", plan.Pixel.Name, err)
		}
		*path.to = parsed
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
		place := p.where.Customer
		if wanted[i].By == scenario.ProfileVisitor {
			place = p.where.Visitor
		}
		r := reading{Profiles: p, ctx: ctx, record: record, place: place, profile: &wanted[i]}
		if err := r.read(); err != nil {
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
	profile *evidence.Profile
}

func (r reading) read() error {
	head, err := r.ask(r.place.Path)
	var status interface{ HTTPStatus() int }
	if errors.As(err, &status) && status.HTTPStatus() == http.StatusNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	r.profile.Found = true
	if err := r.values(head); err != nil {
		return err
	}
	events := head
	if r.place.Events != "" {
		if events, err = r.ask(r.place.Events); err != nil {
			return err
		}
	}
	return r.events(events)
}

// answer is a JSON document with where it came from.
type answer struct {
	url, excerpt string
	value        any
}

// longestExcerpt is how much of a document an error shows, in bytes.
const longestExcerpt = 200

func (r reading) ask(path string) (*answer, error) {
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
	a := &answer{url: "https://" + r.plan.Pixel.Stage.Collector + path, excerpt: string(body[:min(len(body), longestExcerpt)])}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&a.value); err != nil {
		return nil, a.wrong("it is not a JSON document: %v", err)
	}
	if decoder.More() {
		return nil, a.wrong("something stands after the JSON document")
	}
	return a, nil
}

// wrong says what is wrong with the document, and shows how it begins.
func (a *answer) wrong(format string, args ...any) error {
	return fmt.Errorf("%s: %s: %q", a.url, fmt.Sprintf(format, args...), a.excerpt)
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
	list, err := r.each.list(a)
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
		named = named || e.ID != ""
		r.profile.Events = append(r.profile.Events, e)
	}
	if _, sent := r.plan.Pixel.Parameters[scenario.RoleMessageID]; sent && !named {
		return a.wrong("the path %s selects nothing in any of the %d events", r.id, len(list))
	}
	return nil
}
