package check

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

const ludmilla = "ludmilla.quittenbaum@example.org"

// idOf makes an ID of 32 hex digits that begins with the letters.
func idOf(letters string) string { return letters + strings.Repeat("0", 32-len(letters)) }

// merging is a plan of a pixel whose backend has profiles.
func merging(t testing.TB, steps ...scenario.Step) *scenario.Plan {
	t.Helper()
	p := plan(t)
	p.Scenario = &scenario.Scenario{ID: "antsomi.merging", Document: "antsomi", Journey: steps, Config: scenario.Config{
		Customer:   map[string]string{"email": ludmilla, "phone": "+4930555019876", "name": "Ludmilla Quittenbaum"},
		Changes:    []map[string]string{{"phone": "+4930555022222"}, {"phone": "+4930555033333"}},
		Attributes: map[string]string{"favourite": "shoes"},
	}}
	p.Clauses = map[string]*scenario.Clause{"antsomi.merges": {ID: "antsomi.merges", Level: scenario.Must, Sections: []string{"Identifying Users"}}}
	p.Pixel = &scenario.Pixel{
		Name: "antsomi", Document: "antsomi",
		Stage:    scenario.Stage{Site: "www.shop.test", Collector: "collect.vendor.test", Scripts: "cdn.vendor.test", Path: "/js/insight.js"},
		Pages:    map[string]string{"home": "/", "products": "/products", "account": "/account"},
		Requests: scenario.Requests{Path: "^/event$", Batch: "events", Made: &scenario.Made{Parameter: "t", Unit: "ms"}},
		Parameters: map[string]scenario.Name{
			"visitor-id": {Name: "uid"}, "device-key": {Name: "did"}, "message-id": {Name: "mid"}, "event-name": {Name: "ea"},
			"customer-id": {Name: "extra.identify_id"}, "identify-time": {Name: "extra.identify_time"},
			"email": {Name: "dims.customers.email"}, "phone": {Name: "dims.customers.phone"}, "name": {Name: "dims.customers.name"},
		},
		Cookies: map[string]scenario.Name{"visitor-id": {Name: "_asm_uid"}, "device-key": {Name: "_asm_did"}},
		Profile: &scenario.Profile{
			Values:     scenario.ProfileValues{Sessions: "$.sessions", SystemAttributes: "$.system", CustomAttributes: "$.custom"},
			Attributes: map[string]string{"email": "email", "phone": "phone", "name": "full_name"},
		},
	}
	return p
}

// backend is a right one, as small as it can be: it keeps events, attributes and
// who belongs to whom.
type backend struct {
	plan  *scenario.Plan
	hits  []reported
	known map[string]bool
	owner map[string]string
	// phone is what each customer gave last.
	given map[string]map[string]string
}

// reported is one event as the pixel reports it.
type reported struct {
	uid, did, mid, name string
	// who identifies himself, "first" or "second", and with what change: 0 is none.
	who    string
	change int
	custom map[string]string
	// status, refused and arrived go into the request.
	status  int
	refused string
	arrived time.Duration
	// made is when the pixel made it, after the journey began; a second after the
	// step did when zero.
	made time.Duration
	// lost tells that the backend never got it.
	lost bool
}

func (b *backend) take(r reported) {
	if r.lost || b.known[r.mid] || r.refused != "" {
		return
	}
	b.known[r.mid] = true
	b.hits = append(b.hits, r)
	if r.who == "" {
		return
	}
	plan := b.plan.Person(r.who)
	cid := plan.CustomerID()
	values := maps.Clone(plan.Scenario.Config.Customer)
	if r.change > 0 {
		maps.Copy(values, plan.Scenario.Config.Changes[r.change-1])
	}
	b.given[cid] = map[string]string{"email": values["email"], "phone": values["phone"], "full_name": values["name"]}
	for _, h := range b.hits {
		if b.owner[h.uid] == "" && (h.uid == r.uid || h.did != "" && h.did == r.did) {
			b.owner[h.uid] = cid
		}
	}
}

func (b *backend) visitors() []string {
	var ids []string
	for _, h := range b.hits {
		if !slices.Contains(ids, h.uid) {
			ids = append(ids, h.uid)
		}
	}
	return ids
}

func (b *backend) profile(by, id, person string, uids []string) evidence.Profile {
	p := evidence.Profile{By: by, ID: id, Person: person}
	for _, h := range b.hits {
		if !slices.Contains(uids, h.uid) {
			continue
		}
		p.Found = true
		p.Events = append(p.Events, evidence.ProfileEvent{ID: h.mid, VisitorID: h.uid, Name: h.name})
		if p.SystemAttributes == nil {
			p.SystemAttributes, p.CustomAttributes = map[string]string{}, map[string]string{}
		}
		p.SystemAttributes["language"] = "en"
		maps.Copy(p.CustomAttributes, h.custom)
		if !slices.Contains(p.UserIDs, h.uid) {
			p.UserIDs = append(p.UserIDs, h.uid)
			p.Sessions++
		}
	}
	slices.Sort(p.UserIDs)
	return p
}

// read returns all profiles that a journey asks for.
func (b *backend) read(asked []string) []evidence.Profile {
	var list []evidence.Profile
	for _, uid := range asked {
		p := b.profile(scenario.ProfileVisitor, uid, "", []string{uid})
		p.CustomerID, p.Marked = b.owner[uid], b.owner[uid] != ""
		list = append(list, p)
	}
	for _, person := range b.plan.Scenario.Persons() {
		plan := b.plan.Person(person)
		cid := plan.CustomerID()
		own := slices.DeleteFunc(b.visitors(), func(uid string) bool { return b.owner[uid] != cid })
		p := b.profile(scenario.ProfileCustomer, cid, person, own)
		if p.Found {
			p.CustomerID, p.Marked, p.CustomerAttributes = cid, true, maps.Clone(b.given[cid])
		}
		list = append(list, p, evidence.Profile{By: scenario.ProfileRawCustomer, ID: plan.Scenario.RawCustomer(), Person: person})
	}
	return list
}

// walked makes the evidence of the plan's journey: what the pixel reports in each
// step, and what a right backend makes of it. A step takes a minute, and its hits
// arrive in its middle.
func walked(p *scenario.Plan, what map[string][]reported) *evidence.Evidence {
	ev := &evidence.Evidence{Header: evidence.Header{Schema: evidence.Schema, Scenario: p.Scenario.ID, Pixel: p.Pixel.Name}}
	b := &backend{plan: p, known: map[string]bool{}, owner: map[string]string{}, given: map[string]map[string]string{}}
	var asked []string
	var late []reported
	mode, offset := map[string]string{}, time.Duration(0)
	for i, s := range p.Scenario.Journey {
		device, tab := p.Scenario.Place(i)
		at := time.Duration(i) * time.Minute
		if s.Day > 0 {
			offset = time.Duration(s.Day-1) * 24 * time.Hour
		}
		step := evidence.Step{Name: s.Name, Action: s.Action(), Conditions: s.Conditions(), Device: device, Tab: tab, Person: p.Scenario.PersonAt(i),
			Clock: began.Add(at + offset), Fenced: s.Ends == "", Began: at, Acting: at, Acted: at, Ended: at + time.Minute}
		if s.Collector != "" {
			mode[device] = s.Collector
			if s.Collector != scenario.CollectorLate {
				slices.Reverse(late)
				for _, r := range late {
					b.take(r)
				}
				late = nil
			}
		}
		ev.Steps = append(ev.Steps, step)
		for n, r := range what[s.Name] {
			if r.arrived == 0 {
				r.arrived = at + 30*time.Second + time.Duration(n)
			}
			ev.Requests = append(ev.Requests, requestOf(p, len(ev.Requests)+1, step, r))
			if !slices.Contains(asked, r.uid) && r.uid != "" {
				asked = append(asked, r.uid)
			}
			if mode[device] == scenario.CollectorLate {
				late = append(late, r)
			} else if r.arrived <= step.Ended {
				b.take(r)
			}
		}
		if step.Fenced {
			ev.Snapshots = append(ev.Snapshots, evidence.Snapshot{Step: s.Name, Profiles: b.read(asked), ProfilesRead: step.Ended})
		}
	}
	return ev
}

func requestOf(p *scenario.Plan, seq int, step evidence.Step, r reported) evidence.Request {
	at := step.Clock.Add(time.Second)
	if r.made > 0 {
		at = began.Add(r.made)
	}
	made := fmt.Sprint(at.UnixMilli())
	query := url.Values{"portal_id": {"33167"}, "ec": {"any"}, "ea": {r.name}, "t": {made}, "sys": {`{"language":"en"}`}}
	for name, value := range map[string]string{"uid": r.uid, "did": r.did, "mid": r.mid} {
		if value != "" {
			query.Set(name, value)
		}
	}
	dims := map[string]any{}
	if r.custom != nil {
		dims["users"] = r.custom
	}
	if r.who != "" {
		plan := p.Person(r.who)
		values := maps.Clone(plan.Scenario.Config.Customer)
		if r.change > 0 {
			maps.Copy(values, plan.Scenario.Config.Changes[r.change-1])
		}
		dims["customers"] = map[string]string{"customer_id": plan.CustomerID(), "email": values["email"], "phone": values["phone"], "name": values["name"]}
		query.Set("extra", fmt.Sprintf(`{"identify_id":%q,"identify_time":%s,"identify_event":"user_%s"}`, plan.CustomerID(), made, r.name))
	}
	if len(dims) > 0 {
		text, _ := json.Marshal(dims)
		query.Set("dims", string(text))
	}
	status := r.status
	if status == 0 {
		status = 200
	}
	return evidence.Request{Seq: seq, Step: step.Name, Arrived: r.arrived, Protocol: "h2", Method: "GET", Purpose: "collector", Status: max(status, 0), Refused: r.refused,
		URL: "https://collect.vendor.test/event?" + query.Encode()}
}

var (
	userA, userB, userC, userS = idOf("aaaaaaaa"), idOf("bbbbbbbb"), idOf("cccccccc"), idOf("55555555")
	deviceD, deviceE, deviceT  = idOf("d"), idOf("e"), idOf("7")
)

// signUpCourse is a journey with a sign-up on day 3, a stranger and a sign-out.
func signUpCourse() []scenario.Step {
	return []scenario.Step{
		{Name: "first-visit", Open: "home"},
		{Name: "second-visit", Open: "products", Day: 3},
		{Name: "acting", Do: "act"},
		{Name: "signing-up", Do: "sign-up"},
		{Name: "stranger", Open: "home", Device: "second"},
		{Name: "browsing", Open: "products", Device: "first"},
		{Name: "signing-out", Do: "sign-out"},
		{Name: "as-nobody", Open: "home"},
	}
}

// events is what a right pixel reports on that journey.
func events() map[string][]reported {
	return map[string][]reported{
		"first-visit":  {{uid: userA, did: deviceD, mid: idOf("a1"), name: "view"}},
		"second-visit": {{uid: userB, did: deviceD, mid: idOf("b1"), name: "view"}},
		"acting":       {{uid: userB, did: deviceD, mid: idOf("b2"), name: "act", custom: map[string]string{"favourite": "shoes"}}},
		"signing-up":   {{uid: userB, did: deviceD, mid: idOf("b3"), name: "sign_up", who: "first"}},
		"stranger":     {{uid: userS, did: deviceT, mid: idOf("51"), name: "view"}},
		"browsing":     {{uid: userB, did: deviceD, mid: idOf("b4"), name: "view"}},
		"as-nobody":    {{uid: userC, did: deviceE, mid: idOf("c1"), name: "view"}},
	}
}

// held returns a profile of the evidence: of a visitor by his ID, of a customer by
// the person.
func held(ev *evidence.Evidence, step, by, id string) *evidence.Profile {
	for i := range ev.Snapshot(step).Profiles {
		p := &ev.Snapshot(step).Profiles[i]
		if p.By == by && (by == scenario.ProfileVisitor && p.ID == id || by != scenario.ProfileVisitor && p.Person == id) {
			return p
		}
	}
	panic("no profile " + by + " " + id + " at " + step)
}

// sentIn returns the first hit of a step.
func sentIn(ev *evidence.Evidence, step string) *evidence.Request {
	for i := range ev.Requests {
		if ev.Requests[i].Step == step {
			return &ev.Requests[i]
		}
	}
	panic("no request in " + step)
}
