package population

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// History is what people do on their browsers, in order of happening, and how the
// hits of it reach the collector. Each part of a history is one as well: acts can be
// taken out of it.
type History []Act

// Act is one thing that somebody does.
type Act struct {
	Kind Kind
	// Device says on which browser, Person who it is, where the act names him; both
	// count from 0.
	Device, Person int
	// After is how much time has passed since the act before, whoever's.
	After time.Duration
	// Value tells the values apart that an attribute takes.
	Value int
	// Ago is how far back the site dates an identification.
	Ago time.Duration
	// As, when not 0, makes the hit carry the last user ID of the browser of that
	// number, counted from 1, instead of the tracker's: a visit that outlasts its
	// cookie, or a user ID on two browsers.
	As int

	// Late is how many acts later the hit arrives.
	Late int
	// Again is how often it arrives once more, each time AgainLate acts later.
	Again, AgainLate int
	// Batched puts it into one request with the hit that arrives before it.
	Batched bool
	// By is how it travels; an image when empty.
	By Transport
}

// Kind is the kind of an act.
type Kind string

// The kinds of acts. Those that begin with Bad are mistakes of a site, which a
// collector has to refuse.
const (
	DoView     Kind = "view"
	DoTrack    Kind = "track"
	DoSignUp   Kind = SignUp
	DoSignIn   Kind = SignIn
	DoIdentify Kind = Identify
	DoReset    Kind = "reset"
	DoForget   Kind = "forget"
	BadRaw     Kind = "raw-email"
	BadPhone   Kind = "raw-phone"
	BadTime    Kind = "no-time"
	BadTwo     Kind = "two-ids"
)

// Kinds lists the kinds of acts, the plainest first.
func Kinds() []Kind {
	return []Kind{DoView, DoSignIn, DoTrack, DoReset, DoIdentify, DoSignUp, DoForget, BadRaw, BadPhone, BadTime, BadTwo}
}

// Identifies tells that an act of this kind names a customer.
func (k Kind) Identifies() bool {
	switch k {
	case DoSignUp, DoSignIn, DoIdentify, BadRaw, BadPhone, BadTime, BadTwo:
		return true
	}
	return false
}

// Email is a person's e-mail address, Customer what a site makes of it: the
// customer's ID.
func Email(person int) string { return fmt.Sprintf("person%d@shop.test", person) }

// Customer is the MD5 of the person's e-mail address.
func Customer(person int) string {
	sum := md5.Sum([]byte(Email(person)))
	return hex.EncodeToString(sum[:])
}

// phone is a telephone number that several people can have.
func phone(value int) string { return "+44 20 7946 000" + strconv.Itoa(value%10) }

// Told is a hit of a history, with the number of the act that it is of.
type Told struct {
	Hit
	Act int
}

// Tell plays a history by the dialect's trackers from the given time on and returns
// what they send, in order of making. Acts that send nothing have no hit.
func (h History) Tell(d Dialect, began time.Time, id func(n int) string) []Told {
	now := began
	trackers, last := map[int]Tracker{}, map[int]string{}
	var told []Told
	for i, act := range h {
		now = now.Add(max(act.After, 0))
		t := trackers[act.Device]
		if t == nil {
			t = d.Tracker(Means{Now: func() time.Time { return now }, ID: id})
			trackers[act.Device] = t
		}
		hit, sent := act.perform(t, now)
		if !sent {
			continue
		}
		if other := last[act.As-1]; act.As > 0 && other != "" {
			hit.Visitor = other
		}
		last[act.Device] = hit.Visitor
		told = append(told, Told{Hit: hit, Act: i})
	}
	return told
}

// perform has the tracker do it. It tells whether there is a hit.
func (a Act) perform(t Tracker, now time.Time) (Hit, bool) {
	at := Page{URL: "https://www.shop.test/", Title: "Shop"}
	switch a.Kind {
	case DoReset:
		t.Reset()
		return Hit{}, false
	case DoForget:
		t.Forget()
		return Hit{}, false
	case DoView:
		return t.View(at), true
	case DoTrack:
		return t.Track(Event{
			Category: "product", Action: "add_to_cart", Page: at,
			Custom: map[string]string{"favourite": "shoes" + strconv.Itoa(a.Value)},
		}), true
	}
	return t.Track(a.identification(now, at)), true
}

// identification is what the site tells of the person, rightly or not. Everybody
// has the same name, and may have another's telephone number: neither tells who
// somebody is.
func (a Act) identification(now time.Time, at Page) Event {
	moment := string(a.Kind)
	if !slices.Contains([]Kind{DoSignUp, DoSignIn, DoIdentify}, a.Kind) {
		moment = SignIn
	}
	e := Identification(moment, Customer(a.Person), now.Add(-a.Ago), map[string]string{
		"email": Email(a.Person), "name": "Sam Doe", "phone": phone(a.Value),
	}, at)
	switch a.Kind {
	case BadRaw:
		e.Identity.ID, e.Customer["customer_id"] = Email(a.Person), Email(a.Person)
	case BadPhone:
		e.Identity.ID, e.Customer["customer_id"] = phone(a.Value), phone(a.Value)
	case BadTime:
		e.Identity.Time = ""
	case BadTwo:
		e.Customer["customer_id"] = Customer(a.Person + 1)
	}
	return e
}

// Arrivals puts what was told into the order in which it arrives, with what arrives
// again, each in the request that it comes with.
func (h History) Arrivals(told []Told) []Delivery {
	type arrival struct {
		at   int // in acts
		told Told
	}
	var list []arrival
	for _, t := range told {
		act := h[t.Act]
		at := t.Act + max(act.Late, 0)
		list = append(list, arrival{at, t})
		for n := range max(act.Again, 0) {
			list = append(list, arrival{at + (n+1)*max(act.AgainLate, 0), t})
		}
	}
	// What was held back comes after what was on time.
	slices.SortStableFunc(list, func(a, b arrival) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.told.Act, a.told.Act))
	})
	var deliveries []Delivery
	for i, a := range list {
		act := h[a.told.Act]
		if act.Batched && i > 0 {
			before := &deliveries[len(deliveries)-1]
			before.Hits = append(before.Hits, a.told.Hit)
			if before.By == Image {
				before.By = JSON // an image carries one
			}
			continue
		}
		deliveries = append(deliveries, Delivery{Hits: []Hit{a.told.Hit}, By: cmp.Or(act.By, Image)})
	}
	return deliveries
}

// String writes an act as in a table, such as "device 1 sign_in of person 0 after
// 24h0m0s, arrives 2 acts late".
func (a Act) String() string {
	text := fmt.Sprintf("device %d %s", a.Device, a.Kind)
	add := func(is bool, format string, args ...any) {
		if is {
			text += fmt.Sprintf(format, args...)
		}
	}
	add(a.Kind.Identifies(), " of person %d", a.Person)
	add(a.Value != 0, " with value %d", a.Value)
	add(a.Ago != 0, " dated %v back", a.Ago)
	add(a.As != 0, " under the user ID of device %d", a.As-1)
	add(a.After != 0, " after %v", a.After)
	add(a.Late != 0, ", arrives %d acts late", a.Late)
	add(a.Again != 0, ", and %d times again, %d acts later each", a.Again, a.AgainLate)
	add(a.Batched, ", in one request with the hit before it")
	add(a.By != "" && a.By != Image, ", by %s", a.By)
	return text
}

// String is the history as a table, an act a line.
func (h History) String() string {
	text := ""
	for i, act := range h {
		text += fmt.Sprintf("%3d  %s\n", i+1, act)
	}
	return text
}
