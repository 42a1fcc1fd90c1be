package collector

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
)

// fakeProfiles is a backend that holds what it is given: what API and pages make
// of profiles is tested apart from how they come to be.
type fakeProfiles struct {
	profiles   []Profile
	events     []Event
	sessions   []Session
	attributes []Attribute
	merges     []Merge
	conflicts  []Conflict
	// err is what everything answers with when it is set.
	err error
}

func (f *fakeProfiles) find(of Owner) (Profile, error) {
	if f.err != nil {
		return Profile{}, f.err
	}
	var found []Profile
	for _, p := range f.profiles {
		customers := of.CID != "" && p.UID == "" && p.CID == of.CID
		users := of.UID != "" && p.UID == of.UID
		if (customers || users) && (of.Portal == "" || of.Portal == p.Portal) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 0:
		return Profile{}, ErrNotFound
	case 1:
		return found[0], nil
	}
	return Profile{}, ErrAmbiguous
}

func (f *fakeProfiles) Counts(context.Context, string) (Counts, error) {
	return Counts{Customers: len(f.profiles), Events: len(f.events), Conflicts: len(f.conflicts)}, f.err
}

func (f *fakeProfiles) Customer(_ context.Context, portal, cid string) (Profile, error) {
	return f.find(Owner{Portal: portal, CID: cid})
}

func (f *fakeProfiles) User(_ context.Context, portal, uid string) (Profile, error) {
	return f.find(Owner{Portal: portal, UID: uid})
}

func (f *fakeProfiles) Profiles(_ context.Context, q ProfileQuery) (ProfileList, error) {
	list := ProfileList{Profiles: []Profile{}}
	for i, p := range f.profiles {
		shown := p.UID == "" || !p.Customer
		begins := strings.HasPrefix(p.CID, q.Text) || slices.ContainsFunc(p.UserIDs, func(uid string) bool { return strings.HasPrefix(uid, q.Text) })
		kind := q.Kind == "" || p.Customer == (q.Kind == "customer")
		if !shown || !begins || !kind || (q.Portal != "" && q.Portal != p.Portal) || fmt.Sprintf("%06d", i) <= q.After {
			continue
		}
		if len(list.Profiles) == q.Limit {
			list.Next = fmt.Sprintf("%06d", i-1)
			break
		}
		list.Profiles = append(list.Profiles, p)
	}
	return list, f.err
}

func (f *fakeProfiles) Events(_ context.Context, of Owner, page Page) (EventList, error) {
	p, err := f.find(of)
	list := EventList{Events: []Event{}}
	for _, e := range f.events {
		if e.ID <= page.After || !slices.Contains(p.UserIDs, e.UID) {
			continue
		}
		if len(list.Events) == page.Limit {
			list.Next = list.Events[page.Limit-1].ID
			break
		}
		list.Events = append(list.Events, e)
	}
	return list, err
}

// of keeps what belongs to an owner's user IDs.
func ofOwner[T any](f *fakeProfiles, of Owner, all []T, uid func(T) string) ([]T, error) {
	p, err := f.find(of)
	return slices.DeleteFunc(slices.Clone(all), func(v T) bool { return !slices.Contains(p.UserIDs, uid(v)) }), err
}

func (f *fakeProfiles) Sessions(_ context.Context, of Owner) (SessionList, error) {
	list, err := ofOwner(f, of, f.sessions, func(s Session) string { return s.UID })
	return SessionList{Sessions: list}, err
}

func (f *fakeProfiles) Attributes(_ context.Context, of Owner) (AttributeList, error) {
	list, err := ofOwner(f, of, f.attributes, func(a Attribute) string { return a.UID })
	return AttributeList{Attributes: list}, err
}

func (f *fakeProfiles) Merges(_ context.Context, of Owner) (MergeList, error) {
	list, err := ofOwner(f, of, f.merges, func(m Merge) string { return m.UID })
	return MergeList{Merges: list}, err
}

func (f *fakeProfiles) Conflicts(_ context.Context, portal string, page Page) (ConflictList, error) {
	return ConflictList{Conflicts: f.conflicts}, f.err
}

// hex32 is an ID in the form of a hash.
func hex32(n int) string {
	const prime = 0x9E3779B97F4A7C15
	return fmt.Sprintf("%016x%016x", uint64(n+1)*prime, uint64(n+7)*uint64(n+3)*prime)
}

var firstDay = time.Date(2026, 3, 2, 10, 4, 0, 0, time.UTC)

// visitAt adds a visit of n events, two minutes apart.
func (f *fakeProfiles) visitAt(uid, device string, at time.Time, actions ...string) {
	for i, action := range actions {
		category := "user"
		if action == "view" {
			category = "pageview"
		}
		event := Event{
			ID: int64(len(f.events) + 1), MessageID: hex32(1000 + len(f.events)), UID: uid, Device: device,
			Category: category, Action: action, Made: at.Add(time.Duration(i) * 2 * time.Minute),
			URL: "https://www.shop.test/" + []string{"home", "products", "account"}[i%3], Title: []string{"Home", "Products", "Account"}[i%3],
			System: json.RawMessage(`{"language":"en","screen":"1920x1080"}`),
		}
		event.Received = event.Made.Add(1200 * time.Millisecond)
		if strings.HasPrefix(action, "sign") {
			event.Extra = json.RawMessage(`{"identify_id":"` + hex32(900) + `","identify_time":1772960640000,"identify_event":"user_sign_up","identify_type":"exact"}`)
			event.Dims = json.RawMessage(`{"customers":{"name":"Ada Lovelace","email":"ada@example.test","phone":"+44 20 7946 0000"}}`)
		}
		f.events = append(f.events, event)
		f.attributes = append(f.attributes, Attribute{Scope: "system", Name: "language", Value: "en", At: event.Made, UID: uid, Event: event.ID, Current: i == len(actions)-1})
	}
	f.sessions = append(f.sessions, Session{UID: uid, Began: at, Ended: at.Add(time.Duration(len(actions)-1) * 2 * time.Minute), Events: len(actions)})
	slices.SortStableFunc(f.sessions, func(a, b Session) int { return a.Began.Compare(b.Began) })
}

// own makes the profiles of user IDs, and of the customer when cid is given.
func (f *fakeProfiles) own(portal, cid string, uids ...string) {
	one := func(p Profile, uids ...string) Profile {
		p.Portal, p.CID, p.Customer, p.UserIDs = portal, cid, cid != "", slices.Sorted(slices.Values(uids))
		devices := map[string]bool{}
		p.Devices = []string{}
		p.Attributes = Attributes{Customer: map[string]string{}, System: map[string]string{"language": "en", "screen": "1920x1080"}, Custom: map[string]string{}}
		for _, e := range f.events {
			if !slices.Contains(uids, e.UID) {
				continue
			}
			p.Events++
			if e.Device != "" && !devices[e.Device] {
				devices[e.Device] = true
				p.Devices = append(p.Devices, e.Device)
			}
			if p.FirstSeen.IsZero() || e.Made.Before(p.FirstSeen) {
				p.FirstSeen = e.Made
			}
			if e.Made.After(p.LastSeen) {
				p.LastSeen = e.Made
			}
			p.Created = cmp.Or(p.Created, e.Received)
		}
		for _, s := range f.sessions {
			if slices.Contains(uids, s.UID) {
				p.Sessions++
			}
		}
		return p
	}
	for _, uid := range uids {
		f.profiles = append(f.profiles, one(Profile{UID: uid}, uid))
	}
	if cid != "" {
		p := one(Profile{}, uids...)
		p.Attributes.Customer = map[string]string{"name": "Ada Lovelace", "email": "ada@example.test", "phone": "+44 20 7946 0000", "date_of_birth": "1815-12-10"}
		p.Attributes.Custom = map[string]string{"favourite": "shoes"}
		f.profiles = append(f.profiles, p)
	}
}

// joined adds a row of the merge history.
func (f *fakeProfiles) joined(cid, kind string, at time.Time, uids ...string) {
	for _, uid := range uids {
		f.merges = append(f.merges, Merge{
			UID: uid, CID: cid, Kind: kind, At: at.Add(1200 * time.Millisecond), Event: 7,
			Evidence: Evidence{MessageID: hex32(1006), Device: hex32(500), IdentifyTime: at, IdentifyEvent: "user_sign_up"},
		})
		if kind == MergeMoved {
			f.merges[len(f.merges)-1].From = hex32(901)
		}
	}
}

const days = 24 * time.Hour

// threeVisits is one customer of three visits on days 1, 3 and 7 and of a second
// device, a conflict, a stranger and a visitor without a device.
func threeVisits() *fakeProfiles {
	f := &fakeProfiles{}
	ada, first, second := hex32(900), hex32(500), hex32(501)
	f.visitAt(hex32(1), first, firstDay, "view", "view")
	f.visitAt(hex32(2), first, firstDay.Add(2*days+3*time.Hour), "view", "search", "view")
	f.visitAt(hex32(3), first, firstDay.Add(6*days-time.Hour), "view", "sign_up", "view")
	f.visitAt(hex32(3), first, firstDay.Add(6*days+5*time.Hour), "view")
	f.visitAt(hex32(4), second, firstDay.Add(4*days), "view", "view")
	f.visitAt(hex32(4), second, firstDay.Add(8*days), "sign_in")
	signUp := firstDay.Add(6*days - time.Hour + 2*time.Minute)
	f.joined(ada, MergeDirect, signUp, hex32(3))
	f.joined(ada, MergeDevice, signUp, hex32(1), hex32(2))
	f.joined(ada, MergeMoved, firstDay.Add(8*days), hex32(4))
	f.own("554926", ada, hex32(1), hex32(2), hex32(3), hex32(4))
	for i, phone := range []string{"+44 20 7946 0001", "+44 20 7946 0000"} {
		f.attributes = append(f.attributes, Attribute{Scope: "customer", Name: "phone", Value: phone, At: signUp.Add(time.Duration(i) * days), UID: hex32(3), Event: 7, Current: i == 1})
	}
	f.visitAt(hex32(6), hex32(502), firstDay.Add(3*days), "view", "view", "sign_in")
	f.joined(hex32(901), MergeDirect, firstDay.Add(3*days), hex32(6))
	f.own("554926", hex32(901), hex32(6))
	f.visitAt(hex32(5), "", firstDay.Add(5*days), "view")
	f.own("554926", "", hex32(5))
	f.conflicts = []Conflict{{
		Portal: "554926", UID: hex32(3), ClaimedBy: ada, CID: hex32(901), At: firstDay.Add(7 * days), Event: 99,
		Evidence: Evidence{MessageID: hex32(2000), Device: first, IdentifyTime: firstDay.Add(7 * days), IdentifyEvent: "user_sign_in"},
	}}
	return f
}

// manyUsers is one customer of n user IDs, a tenth of them identified.
func manyUsers(n int) *fakeProfiles {
	f := &fakeProfiles{}
	var uids []string
	for i := range n {
		at := firstDay.Add(time.Duration(i) * 13 * time.Hour)
		f.visitAt(hex32(i), hex32(5000), at, "view", "view")
		uids = append(uids, hex32(i))
		if i%10 == 9 {
			f.joined(hex32(900), MergeDirect, at.Add(time.Minute), hex32(i))
			f.joined(hex32(900), MergeDevice, at.Add(time.Minute), uids[i-9:i]...)
		}
	}
	f.own("554926", hex32(900), uids...)
	return f
}

// pagesOf serves API and pages of a backend.
func pagesOf(t testing.TB, from profileReader) http.Handler {
	t.Helper()
	r := chi.NewRouter()
	mountProfiles(r, from, slog.New(slog.DiscardHandler))
	return r
}

// get asks from this machine.
func get(handler http.Handler, target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.RemoteAddr, r.Host = "127.0.0.1:4000", "localhost:8080"
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}
