package journey_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// mapped is a plan whose pixel says how its profiles are read.
func mapped(steps ...scenario.Step) *scenario.Plan {
	p := plan(steps...)
	p.Scenario.Config.Customer = map[string]string{"email": "anna@shop.test"}
	p.Scenario.Config.Identity = &scenario.Identification{By: scenario.IdentityRaw}
	p.Scenario.Expect = []scenario.Expectation{{At: steps[0].Name, Profile: scenario.ProfileCustomer, Is: scenario.StatePresent}}
	p.Pixel.Name = "demo"
	p.Pixel.Parameters = map[string]scenario.Name{scenario.RoleVisitorID: {Name: "uid"}, scenario.RoleMessageID: {Name: "mid"}}
	p.Pixel.Requests.Batch = "events"
	p.Pixel.Profile = &scenario.Profile{
		Customer: scenario.ProfilePlace{Path: "/c/{id}"},
		Visitor:  scenario.ProfilePlace{Path: "/u/{id}", Events: "/u/{id}/events?limit=9"},
		Values: scenario.ProfileValues{CustomerID: "$.cid", Marked: "$.customer", UserIDs: "$.uids[*]", Sessions: "$.sessions",
			CustomerAttributes: "$.attributes.customer", SystemAttributes: "$.attributes.system"},
		Event: scenario.ProfileEvents{Each: "$.events[*]", ID: "$.mid", VisitorID: "$.uid", Name: "$.name"},
	}
	return p
}

const (
	customerFile = `{"cid": 7, "customer": true, "uids": ["u2", "u1"], "sessions": 3,
		"attributes": {"customer": {"email": "a@b.test", "age": 42, "vip": true, "none": null, "tags": ["a"]}, "system": {}},
		"events": [{"mid": "m1", "uid": "u1", "name": "view"}, {"uid": "u2", "name": "click"}]}`
	visitorFile = `{"customer": false, "uids": ["u/1"], "sessions": 1, "attributes": {"customer": {}, "system": null}}`
	eventsFile  = `{"events": []}`
)

func read(t *testing.T, p *scenario.Plan, files map[string]string, visitors ...string) ([]evidence.Profile, error) {
	t.Helper()
	profiles, err := journey.NewProfiles(p)
	if err != nil {
		t.Fatal(err)
	}
	return profiles.Read(t.Context(), func(_ context.Context, path string) ([]byte, error) {
		if body, ok := files[path]; ok {
			return []byte(body), nil
		}
		return nil, missing{}
	}, visitors)
}

func TestProfilesAreRead(t *testing.T) {
	t.Parallel()
	p := mapped(opening("home", "home"), scenario.Step{Name: "stranger", Open: "home", Person: scenario.PersonSecond})
	got, err := read(t, p, map[string]string{
		"/c/anna@shop.test": customerFile, "/u/u%2F1": visitorFile, "/u/u%2F1/events?limit=9": eventsFile,
	}, "u/1", "u3", "..")
	if err != nil {
		t.Fatal(err)
	}
	customer := evidence.Profile{
		By: "customer", ID: "anna@shop.test", Found: true, CustomerID: "7", Marked: true, UserIDs: []string{"u1", "u2"}, Sessions: 3,
		Events:             []evidence.ProfileEvent{{ID: "m1", VisitorID: "u1", Name: "view"}, {VisitorID: "u2", Name: "click"}},
		CustomerAttributes: map[string]string{"email": "a@b.test", "age": "42", "vip": "true", "tags": `["a"]`}, SystemAttributes: map[string]string{},
	}
	raw := customer
	raw.By = "raw-customer"
	want := []evidence.Profile{
		{By: "visitor", ID: "u/1", Found: true, UserIDs: []string{"u/1"}, Sessions: 1, CustomerAttributes: map[string]string{}},
		{By: "visitor", ID: "u3"},
		{By: "visitor", ID: ".."},
		customer, raw,
		{By: "customer", ID: "boob@shop.test", Person: "second"}, {By: "raw-customer", ID: "boob@shop.test", Person: "second"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

func TestAnIDNamesNoFolder(t *testing.T) {
	t.Parallel()
	var asked []string
	profiles, err := journey.NewProfiles(mapped(opening("home", "home")))
	if err != nil {
		t.Fatal(err)
	}
	_, err = profiles.Read(t.Context(), func(_ context.Context, path string) ([]byte, error) {
		asked = append(asked, path)
		return nil, missing{}
	}, []string{"..", "a?b#c", "ü/%"})
	if diff := cmp.Diff([]string{"/u/%2E%2E", "/u/a%3Fb%23c", "/u/%C3%BC%2F%25", "/c/anna@shop.test", "/c/anna@shop.test"}, asked); diff != "" || err != nil {
		t.Errorf("asked for (-want +got):\n%s%v", diff, err)
	}
}

// What cannot be read as the pixel says is an error, never an absence.
func TestAProfileThatIsNotAsThePixelSays(t *testing.T) {
	t.Parallel()
	good := func(old, changed string) string { return strings.Replace(customerFile, old, changed, 1) }
	values := func(change func(*scenario.ProfileValues)) func(*scenario.Profile) {
		return func(p *scenario.Profile) { change(&p.Values) }
	}
	const within = "without profile.customer.events (pixel.yaml) the events are looked for in the profile itself; "
	for name, test := range map[string]struct {
		file   string
		change func(*scenario.Profile)
		// key is that of pixel.yaml below "profile", want what is wrong there.
		key, want, hint string
	}{
		"no customer ID": {good(`"cid": 7`, `"id": 7`), nil, "values.customer-id", "$.cid selects nothing, where a text is wanted",
			"the answer has attributes, customer, events, id, sessions, uids; did you mean $.id?"},
		"an empty customer ID":     {good(`"cid": 7`, `"cid": ""`), nil, "values.customer-id", "$.cid selects an empty text, where a text is wanted", "name a path that leads to a text"},
		"a customer that is no ID": {good(`"cid": 7`, `"cid": {}`), nil, "values.customer-id", "$.cid selects an object, where a text is wanted", "name a path that leads to a text"},
		"no mark": {good(`"customer": true`, `"customers": true`), nil, "values.marked", "$.customer selects nothing, where true or false is wanted",
			"the answer has attributes, cid, customers, events, sessions, uids; did you mean $.customers?"},
		"a mark that is a text": {good(`"customer": true`, `"customer": "true"`), nil, "values.marked", `$.customer selects the text "true", where true or false is wanted`, "name a path that leads to true or false"},
		"no user IDs": {good(`"uids"`, `"ids"`), nil, "values.user-ids", "$.uids[*] selects nothing, where a text for each user ID is wanted",
			"the answer has attributes, cid, customer, events, ids, sessions; did you mean $.ids[*]?"},
		"user IDs of another kind":   {good(`["u2", "u1"]`, `[["u2"]]`), nil, "values.user-ids", "$.uids[*] selects a list, where a text for each user ID is wanted", "name a path that leads to a text for each user ID"},
		"user IDs as a list":         {customerFile, values(func(v *scenario.ProfileValues) { v.UserIDs = "$.uids" }), "values.user-ids", "$.uids selects a list, where a text for each user ID is wanted", "$.uids[*] selects what is in the list"},
		"no sessions":                {good(`"sessions": 3`, `"session": 3`), nil, "values.sessions", "$.sessions selects nothing, where a count is wanted", "the answer has attributes, cid, customer, events, session, uids; did you mean $.session?"},
		"sessions that are no count": {good(`"sessions": 3`, `"sessions": 3.5`), nil, "values.sessions", "$.sessions selects 3.5, where a count is wanted", "name a path that leads to a count"},
		"no attributes":              {good(`"system": {}`, `"other": {}`), nil, "values.system-attributes", "$.attributes.system selects nothing, where an object is wanted", "$.attributes has customer, other"},
		"attributes that are none":   {good(`"system": {}`, `"system": []`), nil, "values.system-attributes", "$.attributes.system selects a list, where an object is wanted", "$.attributes.system[*] selects what is in the list"},
		"no events": {good(`"events"`, `"event"`), nil, "event.each", "$.events[*] selects nothing, where an object for each event is wanted",
			within + "the answer has attributes, cid, customer, event, sessions, uids; did you mean $.event[*]?"},
		"events that are null":     {strings.Split(customerFile, `"events"`)[0] + `"events": null}`, nil, "event.each", "$.events[*] selects nothing, where an object for each event is wanted", within + "$.events is null"},
		"events as a list":         {customerFile, func(p *scenario.Profile) { p.Event.Each = "$.events" }, "event.each", "$.events selects a list, where an object for each event is wanted", "$.events[*] selects what is in the list"},
		"an event of nobody":       {good(`{"uid": "u2"`, `{"user": "u2"`), nil, "event.visitor-id", "$.uid selects nothing, where a text is wanted", "an event has name, user"},
		"no event has an ID":       {good(`"mid": "m1"`, `"id": "m1"`), nil, "event.id", "$.mid selects nothing in any of the 2 events, where a text is wanted", "an event has id, name, uid; did you mean $.id?"},
		"several values":           {customerFile, values(func(v *scenario.ProfileValues) { v.Marked = "$.uids[*]" }), "values.marked", "$.uids[*] selects 2 values, where true or false is wanted", "name a path that selects one"},
		"a path into nowhere":      {good(`"uids": ["u2", "u1"]`, `"uids": []`), values(func(v *scenario.ProfileValues) { v.UserIDs = "$.users[*].id" }), "values.user-ids", "$.users[*].id selects nothing, where a text for each user ID is wanted", "the answer has attributes, cid, customer, events, sessions, uids"},
		"a path that ends too far": {customerFile, values(func(v *scenario.ProfileValues) { v.Sessions = "$.sessions.number" }), "values.sessions", "$.sessions.number selects nothing, where a count is wanted", "$.sessions is 3"},
		"no JSON":                  {"<html>", nil, "customer.path", "a JSON document is wanted, and it is none: invalid character '<' looking for beginning of value", "is that the path of a JSON document?"},
		"nothing":                  {"", nil, "customer.path", "a JSON document is wanted, and it is none: EOF", "is that the path of a JSON document?"},
		"two documents":            {customerFile + "{}", nil, "customer.path", "a JSON document is wanted, and something stands after it", "is that the path of one JSON document?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := mapped(opening("home", "home"))
			if test.change != nil {
				test.change(p.Pixel.Profile)
			}
			got, err := read(t, p, map[string]string{"/c/anna@shop.test": test.file})
			if err == nil {
				t.Fatalf("it was read as %+v", got)
			}
			problem, hint, _ := strings.Cut(err.Error(), "\nhint: ")
			if want := "pixel.yaml: profile." + test.key + ": " + test.want + "; GET /c/anna@shop.test answered "; !strings.HasPrefix(problem, want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if hint != test.hint {
				t.Errorf("hint %q, want %q", hint, test.hint)
			}
		})
	}
}

// A backend that writes its numbers as texts means them as numbers.
func TestACountMayBeAText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{`3`: 3, `"3"`: 3, `"0"`: 0, `"3.5"`: -1, `"-1"`: -1, `""`: -1, `"three"`: -1, `true`: -1} {
		file := strings.Replace(customerFile, `"sessions": 3`, `"sessions": `+text, 1)
		got, err := read(t, mapped(opening("home", "home")), map[string]string{"/c/anna@shop.test": file})
		if (err != nil) != (want < 0) || err == nil && got[0].Sessions != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
}

// A collector that has lost all that a profile held says so; that is no mistake of
// the pixel's description.
func TestAProfileMayHoldNothing(t *testing.T) {
	t.Parallel()
	empty := `{"cid": "c", "customer": true, "uids": [], "sessions": 0, "attributes": {"customer": {}, "system": {}}, "events": []}`
	got, err := read(t, mapped(opening("home", "home")), map[string]string{"/c/anna@shop.test": empty})
	if err != nil || !got[0].Found || got[0].UserIDs != nil || got[0].Events != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestPixelsWhoseProfilesCannotBeRead(t *testing.T) {
	t.Parallel()
	p := mapped(opening("home", "home"))
	p.Pixel.Profile.Event.ID = "mid"
	if _, err := journey.NewProfiles(p); err == nil || !strings.HasPrefix(err.Error(), `pixel.yaml: profile.event.id: "mid" is not a JSON path: `) {
		t.Errorf("got %v", err)
	}
	walked := journey.Walk(t.Context(), p, (&world{}).opener(), journey.Options{})
	if len(walked.Evidence.Faults) != 1 || len(walked.Evidence.Steps) != 0 {
		t.Errorf("walked %+v", walked.Evidence)
	}
	p.Pixel.Profile = nil
	if _, err := journey.NewProfiles(p); err == nil {
		t.Error("a pixel that does not say how is read")
	}
}

// sends is a wire on which hits with visitor IDs have come.
type sends struct{ wire }

func (s *sends) Requests() []evidence.Request {
	post := func(method, url, body string) evidence.Request {
		return evidence.Request{Method: method, URL: url, Body: evidence.Bytes(body)}
	}
	return []evidence.Request{
		post("GET", "https://collect.vendor.test/wt?uid=u2&extra=%7B%22uid%22%3A%22inner%22%7D", ""),
		post("POST", "https://collect.vendor.test/wt", `{"events":[{"uid":"u1"},{"uid":"u2"},{"uid":""}]}`),
		post("OPTIONS", "https://collect.vendor.test/wt?uid=asked", ""),
		post("GET", "https://www.shop.test/?uid=another", ""),
	}
}

func TestAStepsEndReadsTheProfilesOfAllWhoWereSeen(t *testing.T) {
	t.Parallel()
	w := &world{requests: []evidence.Request{hit}, records: map[string]string{"/u/u1": visitorFile, "/u/u1/events?limit=9": eventsFile}}
	open := func(context.Context, string) (journey.Visitor, journey.Wire, error) {
		return &visitor{world: w}, &sends{wire{w, ""}}, nil
	}
	p := mapped(opening("home", "home"), doing("out", "opt-out"))
	e := journey.Walk(t.Context(), p, open, w.options(journey.Options{})).Evidence
	if len(e.Faults) > 0 || len(e.Snapshots) != 2 {
		t.Fatalf("faults %q, %d snapshots", e.Faults, len(e.Snapshots))
	}
	for _, s := range e.Snapshots {
		var found []string
		for _, profile := range s.Profiles {
			found = append(found, profile.By+" "+profile.ID)
		}
		if diff := cmp.Diff([]string{"visitor u1", "visitor u2", "customer anna@shop.test", "raw-customer anna@shop.test"}, found); diff != "" {
			t.Errorf("step %s (-want +got):\n%s", s.Step, diff)
		}
		if !s.Profile("visitor", "u1").Found || s.Profile("visitor", "u2").Found || s.Profile("visitor", "u9") != nil {
			t.Errorf("step %s: %+v", s.Step, s.Profiles)
		}
	}

	w = &world{requests: []evidence.Request{hit}, on: fails("record /u/u1", boom)}
	e = journey.Walk(t.Context(), p, open, w.options(journey.Options{})).Evidence
	if diff := cmp.Diff([]string{"step home: read the profile of the visitor u1: boom"}, e.Faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}

	// A plan that asks for no profile reads none.
	p.Scenario.Expect = nil
	w = &world{requests: []evidence.Request{hit}, on: fails("record", errors.New("asked"))}
	if e := journey.Walk(t.Context(), p, open, w.options(journey.Options{})).Evidence; len(e.Faults) > 0 {
		t.Errorf("faults %q", e.Faults)
	}
}

func TestPagesKnowThePersonBeforeTheyAreOpened(t *testing.T) {
	t.Parallel()
	w := &world{requests: []evidence.Request{hit}}
	p := plan(
		opening("home", "home"),
		scenario.Step{Name: "another", Open: "home", Person: scenario.PersonSecond},
		doing("acting", "opt-out"),
		scenario.Step{Name: "back", Open: "home", Person: scenario.PersonFirst},
	)
	e := journey.Walk(t.Context(), p, w.opener(), w.options(journey.Options{})).Evidence
	var list []string
	for _, call := range brief(w) {
		if strings.HasPrefix(call, "open ") || strings.HasPrefix(call, "person ") || strings.HasPrefix(call, "click ") {
			list = append(list, call)
		}
	}
	const home = "open https://www.shop.test/"
	if diff := cmp.Diff([]string{home, `person "second"`, home, "click #opt-out", `person ""`, home}, list); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	var persons []string
	for _, s := range e.Steps {
		persons = append(persons, s.Person+":"+strings.Join(s.Conditions, ","))
	}
	if diff := cmp.Diff([]string{":", "second:person second", "second:", ":person first"}, persons); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestLateAndTwiceEndWithTheJourney(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{scenario.CollectorLate, scenario.CollectorTwice} {
		w := &world{requests: []evidence.Request{hit}}
		e := w.walk(t.Context(), journey.Options{}, scenario.Step{Name: "home", Open: "home", Collector: mode}).Evidence
		if !e.Steps[0].Fenced || !e.Steps[0].Seen || len(e.Faults) > 0 {
			t.Errorf("%s: step %+v, faults %q", mode, e.Steps[0], e.Faults)
		}
		if diff := cmp.Diff([]string{"wire: begin home at 11:00:00", "collector " + mode, "open https://www.shop.test/", "rest", "collector well", "release"}, brief(w)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", mode, diff)
		}
	}
}
