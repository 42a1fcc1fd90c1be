package collector_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
)

// id makes a user ID, device or message ID of a word.
func id(word string) string {
	if word == "" {
		return ""
	}
	return fmt.Sprintf("%032x", word)
}

// told is an event as a test writes it down. Times are in hours after noon.
type told struct {
	uid, did, mid, action string
	made                  float64
	// who is the customer that it identifies, at the time at; unless it is 0,
	// the event's own.
	who              string
	at               float64
	customer, custom string
	system           string
}

func millis(hours float64) int64 {
	return noon.Add(time.Duration(hours * float64(time.Hour))).UnixMilli()
}

func (e told) body() string {
	fields := map[string]any{"portal_id": "1", "ec": "pageview", "ea": "view", "t": millis(e.made)}
	for name, value := range map[string]string{"uid": id(e.uid), "did": id(e.did), "mid": id(e.mid), "ea": e.action} {
		if value != "" {
			fields[name] = value
		}
	}
	dims := map[string]json.RawMessage{}
	if e.customer != "" {
		dims["customers"] = json.RawMessage(e.customer)
	}
	if e.custom != "" {
		dims["users"] = json.RawMessage(e.custom)
	}
	if len(dims) > 0 {
		fields["dims"] = dims
	}
	if e.system != "" {
		fields["sys"] = json.RawMessage(e.system)
	}
	if e.who != "" {
		at := e.at
		if at == 0 {
			at = e.made
		}
		fields["extra"] = map[string]any{"identify_id": e.who, "identify_time": millis(at), "identify_event": "user_sign_in"}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// tell sends events in that order. None may be refused.
func tell(t *testing.T, c *collector.Collector, events ...told) {
	t.Helper()
	for _, e := range events {
		answer := ask(c, "POST", "/event", withBody("application/json", e.body()))
		if answer.Code != 204 || answer.Header().Get(collector.RefusedHeader) != "" {
			t.Fatalf("%+v: %d %v", e, answer.Code, answer.Header())
		}
	}
}

// uidsOf says whose user IDs are: "anna: a b".
func uidsOf(t *testing.T, c *collector.Collector) string {
	t.Helper()
	list, err := c.Profiles(t.Context(), collector.ProfileQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, p := range list.Profiles {
		var uids []string
		for _, uid := range p.UserIDs {
			uids = append(uids, word(uid))
		}
		name := p.CID
		if !p.Customer {
			name = "?"
		}
		all = append(all, fmt.Sprintf("%s: %s (%d)", name, strings.Join(uids, " "), p.Events))
	}
	return strings.Join(all, ", ")
}

// word is what an ID was made of.
func word(id string) string {
	var text []byte
	_, _ = fmt.Sscanf(strings.TrimLeft(id, "0"), "%x", &text)
	return string(text)
}

func TestWhoseAUserIDIs(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		events []told
		want   string
	}{
		{"nobody's", []told{{uid: "a", did: "d"}, {uid: "b", did: "d"}}, "?: a (1), ?: b (1)"},
		{"without user ID there is no profile", []told{{did: "d"}}, ""},
		{"three visits and a sign-up", []told{{uid: "a", did: "d"}, {uid: "a", did: "d", made: 1}, {uid: "b", did: "d", made: 48}, {uid: "c", did: "d", made: 144},
			{uid: "c", did: "d", made: 145, who: "anna"}}, "anna: a b c (5)"},
		{"the first event is the sign-in", []told{{uid: "a", did: "d", who: "anna"}}, "anna: a (1)"},
		{"a later visit waits for the next identification", []told{{uid: "a", did: "d", who: "anna"}, {uid: "b", did: "d", made: 24}}, "anna: a (1), ?: b (1)"},
		{"… which comes", []told{{uid: "a", did: "d", who: "anna"}, {uid: "b", did: "d", made: 24}, {uid: "b", did: "d", made: 25, who: "anna"}}, "anna: a b (3)"},
		{"other devices are other people's", []told{{uid: "a", did: "d"}, {uid: "b", did: "e"}, {uid: "c", did: "d", made: 1, who: "anna"}}, "anna: a c (2), ?: b (1)"},
		{"no device, no rule", []told{{uid: "a"}, {uid: "b", made: 1, who: "anna"}}, "anna: b (1), ?: a (1)"},
		{"the same person on two devices", []told{{uid: "a", did: "d", who: "anna"}, {uid: "b", did: "e"}, {uid: "c", did: "e", made: 1, who: "anna"}}, "anna: a b c (3)"},
		{"two people one after another", []told{{uid: "a", did: "d"}, {uid: "a", did: "d", made: 1, who: "anna"}, {uid: "b", did: "d", made: 2},
			{uid: "b", did: "d", made: 3, who: "ben"}, {uid: "c", did: "d", made: 4}}, "anna: a (2), ben: b (2), ?: c (1)"},
		{"the earliest identification has the better right", []told{{uid: "x", did: "d"}, {uid: "a", did: "d", made: 1, who: "anna"}, {uid: "b", did: "d", made: 2, who: "ben"}},
			"anna: a x (2), ben: b (1)"},
		{"… of the same time the smaller ID", []told{{uid: "x", did: "d"}, {uid: "b", did: "d", made: 1, who: "ben"}, {uid: "a", did: "d", made: 1, who: "anna"}},
			"anna: a x (2), ben: b (1)"},
		{"at the very time of arriving", []told{{uid: "a", did: "d", made: 1}, {uid: "b", did: "d", made: 1, who: "anna"}}, "anna: a b (2)"},
		{"one that was joined says who it is", []told{{uid: "x", did: "d"}, {uid: "a", did: "d", made: 1, who: "anna"}, {uid: "x", did: "d", made: 2, who: "ben"}},
			"anna: a (1), ben: x (2)"},
		{"on any of its devices", []told{{uid: "x", did: "d"}, {uid: "x", did: "e"}, {uid: "a", did: "d", made: 2, who: "anna"}, {uid: "b", did: "e", made: 1, who: "ben"}},
			"anna: a (1), ben: b x (3)"},
		{"a conflict changes nothing", []told{{uid: "a", did: "d", who: "anna"}, {uid: "x", did: "e"}, {uid: "a", did: "e", made: 1, who: "ben"}}, "anna: a (1), ?: x (1)"},
		{"a late event brings a user ID earlier to the device", []told{{uid: "a", did: "d", made: 1, who: "anna"}, {uid: "b", did: "d", made: 2}, {uid: "b", did: "d", made: 0.5}}, "anna: a b (3)"},
		{"once, however often delivered", []told{{uid: "a", did: "d", mid: "m"}, {uid: "a", did: "d", mid: "m"}, {uid: "a", did: "d"}, {uid: "a", did: "d"}}, "?: a (3)"},
		{"an identification twice", []told{{uid: "a", did: "d"}, {uid: "b", did: "d", made: 1, mid: "m", who: "anna"}, {uid: "b", did: "d", made: 1, mid: "m", who: "anna"}}, "anna: a b (2)"},
	}
	onEachStore(t, func(t *testing.T, on storeKind) {
		site := on.start(t, collector.Options{})
		for _, c := range cases {
			NewWithT(t).Expect(site.ResetAll(t.Context())).To(Succeed())
			tell(t, site, c.events...)
			NewWithT(t).Expect(uidsOf(t, site)).To(Equal(c.want), c.name)
		}
	})
}

// Delivery in any order leaves the same profiles, but for conflicts, of which
// there is none here.
func TestOrderDecidesNothing(t *testing.T) {
	t.Parallel()
	events := []told{
		{uid: "a", did: "d", mid: "1"}, {uid: "a", did: "e", mid: "2", made: 1}, {uid: "b", did: "d", mid: "3", made: 2, who: "ben"},
		{uid: "c", did: "e", mid: "4", made: 3, who: "anna"}, {uid: "e", did: "e", mid: "5", made: 2.5, at: 4, who: "anna"},
	}
	site := start(t, collector.Options{})
	seen := map[string]int{}
	var permute func(n int)
	permute = func(n int) {
		if n == 1 {
			if err := site.ResetAll(t.Context()); err != nil {
				t.Fatal(err)
			}
			tell(t, site, events...)
			tell(t, site, events[0], events[2])
			seen[uidsOf(t, site)]++
			return
		}
		for i := range n {
			events[i], events[n-1] = events[n-1], events[i]
			permute(n - 1)
			events[i], events[n-1] = events[n-1], events[i]
		}
	}
	permute(len(events))
	NewWithT(t).Expect(seen).To(Equal(map[string]int{"anna: c e (2), ben: a b (3)": 120}))
}

func TestProfileHoldsAllThatIsKnown(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		site := on.start(t, collector.Options{})
		tell(t, site,
			told{uid: "a", did: "d", mid: "1", system: `{"language":"en"}`, custom: `{"favourite":"shoes","size":42}`},
			told{uid: "a", did: "d", mid: "2", made: 0.5},
			told{uid: "a", did: "e", mid: "3", made: 1.001, action: "leave"},
			told{uid: "b", did: "d", mid: "4", made: 48, system: `{"language":"vi"}`, customer: `{"email":"no@identification.test"}`},
			told{uid: "b", did: "d", mid: "5", made: 49, who: "anna", customer: `{"customer_id":"anna","email":"a@b.test","phone":"1"}`},
		)
		anna, err := site.Customer(t.Context(), "", "anna")
		expect.Expect(err).NotTo(HaveOccurred())
		at := func(hours float64) time.Time { return time.UnixMilli(millis(hours)).UTC() }
		want := collector.Profile{
			CID: "anna", Portal: "1", Customer: true, Created: noon, FirstSeen: at(0), LastSeen: at(49),
			UserIDs: []string{id("a"), id("b")}, Devices: []string{id("d"), id("e")}, Events: 5, Sessions: 4,
			Attributes: collector.Attributes{
				Customer: map[string]string{"email": "a@b.test", "phone": "1"}, System: map[string]string{"language": "vi"},
				Custom: map[string]string{"favourite": "shoes", "size": "42"},
			},
		}
		expect.Expect(anna).To(Equal(want))
		one, err := site.User(t.Context(), "1", id("a"))
		expect.Expect(err).NotTo(HaveOccurred())
		want.UID, want.LastSeen, want.UserIDs, want.Events, want.Sessions = id("a"), at(1.001), []string{id("a")}, 3, 2
		want.Attributes.Customer, want.Attributes.System = map[string]string{}, map[string]string{"language": "en"}
		expect.Expect(one).To(Equal(want))

		events, err := site.Events(t.Context(), collector.Owner{CID: "anna"}, collector.Page{Limit: 3})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(events.Events).To(HaveLen(3))
		expect.Expect(events.Events[2]).To(Equal(collector.Event{ID: 3, MessageID: id("3"), UID: id("a"), Device: id("e"),
			Category: "pageview", Action: "leave", Made: at(1.001), Received: noon}))
		events, err = site.Events(t.Context(), collector.Owner{CID: "anna"}, collector.Page{Limit: 3, After: events.Next})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(events.Events).To(HaveLen(2))
		expect.Expect(events.Next).To(BeZero())
		expect.Expect(string(events.Events[1].Dims)).To(Equal(`{"customers":{"customer_id":"anna","email":"a@b.test","phone":"1"}}`))

		sessions, err := site.Sessions(t.Context(), collector.Owner{CID: "anna"})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(sessions.Sessions).To(Equal([]collector.Session{
			{UID: id("a"), Began: at(0), Ended: at(0.5), Events: 2}, {UID: id("a"), Began: at(1.001), Ended: at(1.001), Events: 1},
			{UID: id("b"), Began: at(48), Ended: at(48), Events: 1}, {UID: id("b"), Began: at(49), Ended: at(49), Events: 1},
		}))

		merges, err := site.Merges(t.Context(), collector.Owner{CID: "anna"})
		expect.Expect(err).NotTo(HaveOccurred())
		evidence := collector.Evidence{MessageID: id("5"), Device: id("d"), IdentifyTime: at(49), IdentifyEvent: "user_sign_in"}
		expect.Expect(merges.Merges).To(Equal([]collector.Merge{
			{UID: id("b"), CID: "anna", Kind: "direct", At: noon, Event: 5, Evidence: evidence},
			{UID: id("a"), CID: "anna", Kind: "device", At: noon, Event: 5, Evidence: evidence},
		}))
		alone, err := site.Merges(t.Context(), collector.Owner{UID: id("a")})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(alone.Merges).To(Equal(merges.Merges[1:]))

		history, err := site.Attributes(t.Context(), collector.Owner{CID: "anna"})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(history.Attributes).To(Equal([]collector.Attribute{
			{Scope: "custom", Name: "favourite", Value: "shoes", At: at(0), UID: id("a"), Event: 1, Current: true},
			{Scope: "custom", Name: "size", Value: "42", At: at(0), UID: id("a"), Event: 1, Current: true},
			{Scope: "system", Name: "language", Value: "en", At: at(0), UID: id("a"), Event: 1},
			{Scope: "system", Name: "language", Value: "vi", At: at(48), UID: id("b"), Event: 4, Current: true},
			{Scope: "customer", Name: "email", Value: "a@b.test", At: at(49), UID: id("b"), Event: 5, Current: true},
			{Scope: "customer", Name: "phone", Value: "1", At: at(49), UID: id("b"), Event: 5, Current: true},
		}))
	})
}

func TestAConflictIsRecordedAndChangesNothing(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		site := on.start(t, collector.Options{})
		tell(t, site, told{uid: "a", did: "d", mid: "1", who: "anna", customer: `{"email":"a@b.test"}`}, told{uid: "b", did: "e", who: "ben"})
		before := uidsOf(t, site)
		anna, err := site.Customer(t.Context(), "1", "anna")
		expect.Expect(err).NotTo(HaveOccurred())
		second := told{uid: "a", did: "e", mid: "2", made: 1, who: "ben", customer: `{"email":"ben@b.test"}`, custom: `{"x":"y"}`}
		third := told{uid: "a", did: "d", mid: "3", made: 1, who: "carl"}
		tell(t, site, second, second, third)
		expect.Expect(uidsOf(t, site)).To(Equal(before))
		after, err := site.Customer(t.Context(), "1", "anna")
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(after).To(Equal(anna))
		conflicts, err := site.Conflicts(t.Context(), "1", collector.Page{})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(conflicts.Conflicts).To(HaveLen(2))
		at := time.UnixMilli(millis(1)).UTC()
		expect.Expect(conflicts.Conflicts[0]).To(Equal(collector.Conflict{
			Portal: "1", UID: id("a"), ClaimedBy: "anna", CID: "ben", At: noon, Event: 3,
			Evidence: collector.Evidence{MessageID: id("2"), Device: id("e"), IdentifyTime: at, IdentifyEvent: "user_sign_in"},
		}))
		first, err := site.Conflicts(t.Context(), "", collector.Page{Limit: 1})
		expect.Expect(err).NotTo(HaveOccurred())
		rest, err := site.Conflicts(t.Context(), "", collector.Page{Limit: 1, After: first.Next})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect([]any{first.Conflicts, rest.Conflicts, rest.Next}).To(Equal([]any{conflicts.Conflicts[:1], conflicts.Conflicts[1:], int64(0)}))
		_, err = site.Customer(t.Context(), "1", "carl")
		expect.Expect(err).To(MatchError(collector.ErrNotFound))
	})
}

func TestTheNewestValueHolds(t *testing.T) {
	t.Parallel()
	phone := func(value string) string { return `{"phone":"` + value + `"}` }
	cases := []struct {
		name   string
		events []told
		want   string
	}{
		{"in order", []told{{uid: "a", who: "anna", at: 1, customer: phone("1")}, {uid: "a", who: "anna", at: 2, customer: phone("2")}}, "2"},
		{"late", []told{{uid: "a", who: "anna", at: 2, customer: phone("2")}, {uid: "a", who: "anna", at: 1, customer: phone("1")}}, "2"},
		{"of one time the later arrival", []told{{uid: "a", who: "anna", at: 1, customer: phone("1")}, {uid: "a", who: "anna", at: 1, customer: phone("2")}}, "2"},
		{"of two user IDs", []told{{uid: "b", who: "anna", at: 2, customer: phone("2")}, {uid: "a", who: "anna", at: 1, customer: phone("1")}}, "2"},
		{"of two user IDs at one time", []told{{uid: "b", who: "anna", at: 1, customer: phone("1")}, {uid: "a", who: "anna", at: 1, customer: phone("2")}}, "2"},
		{"a null gives nothing", []told{{uid: "a", who: "anna", at: 1, customer: phone("1")}, {uid: "a", who: "anna", at: 2, customer: `{"phone":null}`}}, "1"},
	}
	onEachStore(t, func(t *testing.T, on storeKind) {
		site := on.start(t, collector.Options{})
		for _, c := range cases {
			expect := NewWithT(t)
			expect.Expect(site.ResetAll(t.Context())).To(Succeed())
			tell(t, site, c.events...)
			anna, err := site.Customer(t.Context(), "1", "anna")
			expect.Expect(err).NotTo(HaveOccurred())
			expect.Expect(anna.Attributes.Customer).To(Equal(map[string]string{"phone": c.want}), c.name)
			history, err := site.Attributes(t.Context(), collector.Owner{CID: "anna"})
			expect.Expect(err).NotTo(HaveOccurred())
			var current []string
			for _, one := range history.Attributes {
				if one.Current {
					current = append(current, one.Value)
				}
			}
			expect.Expect(current).To(Equal([]string{c.want}), c.name)
		}
	})
}

func TestSessionsDoNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		site := on.start(t, collector.Options{})
		// Two sessions that a third event between them joins; and one apart.
		for _, made := range []float64{0, 1, 2, 0.5} {
			tell(t, site, told{uid: "a", made: made})
		}
		sessions, err := site.Sessions(t.Context(), collector.Owner{UID: id("a")})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(sessions.Sessions).To(HaveLen(2))
		expect.Expect(sessions.Sessions[0].Events).To(Equal(3))
		expect.Expect(sessions.Sessions[0].Ended.Sub(sessions.Sessions[0].Began)).To(Equal(time.Hour))
	})
}

func TestRefusedEventsHaveNoEffect(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		site := on.start(t, collector.Options{})
		raw := told{uid: "a", did: "d", mid: "1", who: "anna@shop.test"}
		answer := ask(site, "POST", "/event", withBody("text/plain", raw.body()))
		expect.Expect(answer.Code).To(Equal(http.StatusNoContent))
		reason := "extra.identify_id is an e-mail address; it must be hashed"
		expect.Expect(answer.Header().Get(collector.RefusedHeader)).To(Equal(reason))
		expect.Expect(uidsOf(t, site)).To(BeEmpty())
		hits, err := site.Hits(t.Context(), collector.Query{Dialect: "antsomi"})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(hits).To(HaveLen(1))
		expect.Expect([]string{hits[0].Refused, hits[0].Visitor, hits[0].Transport, hits[0].Track}).To(Equal([]string{reason, "", "text", "1"}))
		raw.who = "anna"
		tell(t, site, raw)
		expect.Expect(uidsOf(t, site)).To(Equal("anna: a (1)"), "its message ID is not known yet")
	})
}

func TestPortalsAreApart(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		site := on.start(t, collector.Options{})
		events := []told{{uid: "a", did: "d", mid: "1"}, {uid: "b", did: "d", mid: "2", made: 1, who: "anna"}}
		tell(t, site, events...)
		for _, e := range events[1:] {
			ask(site, "POST", "/event", withBody("application/json", strings.Replace(e.body(), `"portal_id":"1"`, `"portal_id":"2"`, 1)))
		}
		_, err := site.Customer(t.Context(), "", "anna")
		expect.Expect(err).To(MatchError(collector.ErrAmbiguous))
		_, err = site.Customer(t.Context(), "3", "anna")
		expect.Expect(err).To(MatchError(collector.ErrNotFound))
		one, err := site.Customer(t.Context(), "1", "anna")
		expect.Expect(err).NotTo(HaveOccurred())
		other, err := site.Customer(t.Context(), "2", "anna")
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect([]int{one.Events, other.Events}).To(Equal([]int{2, 1}))
		_, err = site.User(t.Context(), "", id("a"))
		expect.Expect(err).NotTo(HaveOccurred(), "only one portal holds it")
	})
}

func TestProfilesAreListed(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		site := on.start(t, collector.Options{})
		tell(t, site, told{uid: "ab", who: "zoe"}, told{uid: "ac", who: "Anna"}, told{uid: "ad"}, told{uid: "b"}, told{uid: "c", who: "anna"})
		for _, c := range []struct {
			name string
			q    collector.ProfileQuery
			want []string
		}{
			{"all", collector.ProfileQuery{}, []string{"Anna", "anna", "zoe", "?b", "?ad"}},
			{"a page", collector.ProfileQuery{Limit: 2}, []string{"Anna", "anna", "zoe", "?b", "?ad"}},
			{"a page that ends with a kind", collector.ProfileQuery{Limit: 3}, []string{"Anna", "anna", "zoe", "?b", "?ad"}},
			{"customers", collector.ProfileQuery{Kind: "customer", Limit: 1}, []string{"Anna", "anna", "zoe"}},
			{"anonymous", collector.ProfileQuery{Kind: "anonymous", Limit: 1}, []string{"?b", "?ad"}},
			{"by CID", collector.ProfileQuery{Text: "an"}, []string{"anna"}},
			{"by user ID", collector.ProfileQuery{Text: id("ab")}, []string{"zoe"}},
			{"by the beginning of user IDs", collector.ProfileQuery{Text: id("ab")[:31]}, []string{"Anna", "zoe", "?ad"}},
			{"another portal", collector.ProfileQuery{Portal: "2"}, nil},
		} {
			expect := NewWithT(t)
			var got []string
			for pages := 0; pages < 10; pages++ {
				list, err := site.Profiles(t.Context(), c.q)
				expect.Expect(err).NotTo(HaveOccurred())
				for _, p := range list.Profiles {
					if p.Customer {
						got = append(got, p.CID)
					} else {
						got = append(got, "?"+word(p.UID))
					}
				}
				if c.q.After = list.Next; c.q.After == "" {
					break
				}
			}
			expect.Expect(got).To(Equal(c.want), c.name)
		}
		_, err := site.Profiles(t.Context(), collector.ProfileQuery{After: "nonsense"})
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring("after must be the next of a list")))
	})
}
