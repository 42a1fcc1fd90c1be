package population_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/population"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

var account = population.Account{Collector: "https://collect.vendor.test", Portal: "33167", Property: "556301"}

// full is a hit with everything in it.
func full() population.Hit {
	return population.Hit{
		Visitor: "u1", Device: "d1", Message: "m1", Category: "user", Action: "sign_in", Made: noon,
		Page:     population.Page{URL: "https://www.shop.test/?a=1&b=ü", Referrer: "https://a.test/", Title: "Shop"},
		Identity: &population.Identity{ID: "c1", Time: "1772452800000", Event: "user_sign_in", Type: "exact"},
		Customer: map[string]string{"customer_id": "c1", "name": `Sam "S" Doe`}, Custom: map[string]string{"favourite": "shoes"},
		System: map[string]string{"language": "en-GB"},
	}
}

// event is a hit as it stands on the wire, whatever carried it.
type event struct {
	Portal string `json:"portal_id"`
	Prop   string `json:"prop_id"`
	EC     string `json:"ec"`
	EA     string `json:"ea"`
	UID    string `json:"uid"`
	DID    string `json:"did"`
	MID    string `json:"mid"`
	T      int64  `json:"t"`
	URL    string `json:"url"`
	Ref    string `json:"ref"`
	Title  string `json:"title"`
	Sys    map[string]string
	Dims   map[string]map[string]string
	Extra  map[string]any
	Events []event
}

func fullEvent() event {
	return event{
		Portal: "33167", Prop: "556301", EC: "user", EA: "sign_in", UID: "u1", DID: "d1", MID: "m1", T: noon.UnixMilli(),
		URL: "https://www.shop.test/?a=1&b=ü", Ref: "https://a.test/", Title: "Shop", Sys: map[string]string{"language": "en-GB"},
		Dims: map[string]map[string]string{
			"customers": {"customer_id": "c1", "name": `Sam "S" Doe`}, "users": {"favourite": "shoes"},
		},
		Extra: map[string]any{"identify_id": "c1", "identify_time": 1772452800000.0, "identify_event": "user_sign_in", "identify_type": "exact"},
	}
}

// ofQuery makes an event of a query: what is no text there is JSON.
func ofQuery(t *testing.T, q url.Values) event {
	t.Helper()
	object := map[string]any{}
	for name, values := range q {
		object[name] = values[0]
		switch name {
		case "t", "sys", "dims", "extra":
			object[name] = json.RawMessage(values[0])
		}
	}
	text, err := json.Marshal(object)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	var e event
	NewWithT(t).Expect(json.Unmarshal(text, &e)).To(Succeed())
	return e
}

func TestAHitSaysTheSameByEachTransport(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		by          population.Transport
		method, ask string
	}{
		{population.Image, http.MethodGet, ""},
		{population.JSON, http.MethodPost, "application/json"},
		{population.Beacon, http.MethodPost, "text/plain;charset=UTF-8"},
	} {
		t.Run(string(test.by), func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			r, err := population.Antsomi{}.Request(t.Context(), account, test.by, full())
			expect.Expect(err).NotTo(HaveOccurred())
			expect.Expect(r.Method).To(Equal(test.method))
			expect.Expect(r.URL.Scheme + "://" + r.URL.Host + r.URL.Path).To(Equal("https://collect.vendor.test/event"))
			expect.Expect(r.Header.Get("Content-Type")).To(Equal(test.ask))
			var got event
			if test.by == population.Image {
				got = ofQuery(t, r.URL.Query())
			} else {
				expect.Expect(json.NewDecoder(r.Body).Decode(&got)).To(Succeed())
				expect.Expect(r.URL.RawQuery).To(BeEmpty())
			}
			expect.Expect(got).To(Equal(fullEvent()))
		})
	}
}

func TestABatchSharesItsAccount(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	second := full()
	second.Message, second.Identity = "m2", nil
	r, err := population.Antsomi{}.Request(t.Context(), account, population.Image, full(), second)
	expect.Expect(err).To(HaveOccurred(), "an image carries one")
	expect.Expect(r).To(BeNil())
	r, err = population.Antsomi{}.Request(t.Context(), account, population.JSON, full(), second)
	expect.Expect(err).NotTo(HaveOccurred())
	var got event
	expect.Expect(json.NewDecoder(r.Body).Decode(&got)).To(Succeed())
	first, other := fullEvent(), fullEvent()
	first.Portal, first.Prop = "", ""
	other.Portal, other.Prop, other.MID, other.Extra = "", "", "m2", nil
	expect.Expect(got).To(Equal(event{Portal: "33167", Prop: "556301", Events: []event{first, other}}))
}

func TestWhatIsEmptyIsLeftOut(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	r, err := population.Antsomi{}.Request(t.Context(), account, population.Image, population.Hit{Action: "view"})
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(r.URL.RawQuery).To(Equal("ea=view&portal_id=33167&prop_id=556301"))
	odd := population.Hit{Identity: &population.Identity{ID: "c1", Time: "soon"}}
	r, err = population.Antsomi{}.Request(t.Context(), account, population.Image, odd)
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(r.URL.Query().Get("extra")).To(Equal(`{"identify_id":"c1","identify_time":"soon"}`))
}

func TestRequestsThatCannotBeMade(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		to   population.Account
		by   population.Transport
		hits []population.Hit
		says string
	}{
		{"no hit", account, population.Image, nil, "a request of no hits"},
		{"no transport", account, "pigeon", []population.Hit{full()}, `a hit cannot travel by "pigeon"`},
		{"no collector", population.Account{Collector: "collect.vendor.test"}, population.Image, []population.Hit{full()}, "is not an absolute URL"},
	} {
		_, err := population.Antsomi{}.Request(t.Context(), test.to, test.by, test.hits...)
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(test.says)), test.name)
	}
}

func TestATrackerKeepsTheUserIDForAVisitAndTheDeviceForGood(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	now := noon
	tracker := population.Antsomi{}.Tracker(population.Means{Now: func() time.Time { return now }, ID: population.IDs(1)})
	expect.Expect([]string{tracker.Visitor(), tracker.Device()}).To(Equal([]string{"", ""}))
	first := tracker.View(population.Page{URL: "https://www.shop.test/"})
	expect.Expect([]string{first.Visitor, first.Device, first.Message}).To(HaveEach(MatchRegexp("^[0-9a-f]{32}$")))
	expect.Expect(first.System).To(HaveKey("language"))
	now = now.Add(30*time.Minute - time.Millisecond)
	rolled := tracker.Track(population.Event{Category: "shop", Action: "act"})
	expect.Expect(rolled.Visitor).To(Equal(first.Visitor), "within 30 minutes")
	expect.Expect(rolled.Message).NotTo(Equal(first.Message))
	now = now.Add(30*time.Minute - time.Millisecond)
	expect.Expect(tracker.Visitor()).To(Equal(first.Visitor), "the 30 minutes begin anew with each event")
	now = now.Add(time.Millisecond)
	expect.Expect(tracker.Visitor()).To(BeEmpty())
	again := tracker.View(population.Page{})
	expect.Expect(again.Visitor).NotTo(Equal(first.Visitor), "another visit")
	expect.Expect(again.Device).To(Equal(first.Device))
	tracker.Reset()
	expect.Expect(tracker.Visitor()).NotTo(Or(BeEmpty(), Equal(again.Visitor)), "a reset counts at once")
	reset := tracker.View(population.Page{})
	expect.Expect(reset.Device).NotTo(Equal(again.Device))
	tracker.Forget()
	forgotten := tracker.View(population.Page{})
	expect.Expect([]string{forgotten.Visitor, forgotten.Device}).NotTo(ContainElements(reset.Visitor, reset.Device))
}

func TestAnIdentificationNamesTheCustomerTwice(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	given := map[string]string{"name": "Sam Doe"}
	e := population.Identification(population.SignUp, "c1", noon, given, population.Page{})
	expect.Expect(e.Identity).To(Equal(&population.Identity{ID: "c1", Time: "1772452800000", Event: "user_sign_up", Type: "exact"}))
	expect.Expect(e.Customer).To(Equal(map[string]string{"customer_id": "c1", "name": "Sam Doe"}))
	expect.Expect(given).NotTo(HaveKey("customer_id"), "what was given is not changed")
}

func TestIDsAreTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	one, other, same := population.IDs(1), population.IDs(2), population.IDs(1)
	seen := map[string]bool{}
	for range 1000 {
		id := one(16)
		expect.Expect(id).To(Equal(same(16)))
		expect.Expect(seen).NotTo(HaveKey(id))
		seen[id] = true
		expect.Expect(seen).NotTo(HaveKey(other(16)))
	}
	expect.Expect(strings.Trim(one(3), "0123456789abcdef")).To(BeEmpty())
	expect.Expect(one(3)).To(HaveLen(6))
}
