// Package model is a second answer to the question who is who: a small and slow
// model of the collector's identity rules for the dialect "antsomi". It keeps no
// state and no index; it looks at all deliveries, in order of arrival, and says
// what must be true by now. It shares no line with the collector, so that the two
// can be held against each other.
//
// The rules, by their numbers in the comments below:
//
//  1. An event is known by its message ID; the first delivery counts.
//  2. A user ID is an anonymous profile from its first event.
//  3. An identification is an event that names a customer; some are refused.
//  4. The first identification to arrive for a user ID fixes its customer; a later
//     one of another customer is a conflict, and has no effect.
//  5. A user ID without such a claim belongs to the customer who was identified
//     first on one of its devices, once it had been seen there.
//  6. A customer's profile holds what its user IDs hold.
//  7. A session ends with a pause of more than 30 minutes.
//  8. Of an attribute, the newest value counts; of two as new, the later arrival.
package model

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// pause is the longest pause within a session, in ms.
const pause = 30 * 60 * 1000

// Delivery is one event as it reaches the collector. Times are in ms since 1970.
type Delivery struct {
	// UID, Device and MID are the user ID, the device's key and the message ID;
	// each may be missing.
	UID, Device, MID string
	// Name is the event's action.
	Name string
	// Made is when the tracker says that the event happened.
	Made int64
	// Identify is the customer ID that the event names, or "".
	Identify string
	// IdentifyTime is when the customer was identified, as it was sent; "" when
	// it was left out.
	IdentifyTime string
	// Customers, Users and System are the attributes that the event carries.
	Customers, Users, System map[string]string
}

// World is what must be true once all deliveries have arrived.
type World struct {
	// Customers are the customers' profiles by customer ID, Users those of single
	// user IDs.
	Customers, Users map[string]*Profile
	// Conflicts are the identifications that claimed a user ID of another
	// customer, in order of arrival.
	Conflicts []Conflict
	// Refused counts the deliveries that were refused, by reason.
	Refused map[string]int
}

// Profile is what is known of a customer, or of one user ID.
type Profile struct {
	// CID is the customer ID; "" for a user who is anonymous.
	CID string
	// UIDs and Devices are sorted.
	UIDs, Devices []string
	// Events are in order of their making, and of arrival where that is the same.
	Events   []Event
	Sessions int
	// Customer, System and Custom are the current attributes.
	Customer, System, Custom map[string]string
}

// Event is an event that a profile holds.
type Event struct {
	MID, UID, Name string
	Made           int64
}

// Conflict is a second, different claim on a user ID.
type Conflict struct {
	// UID belongs to ClaimedBy, and the message MID claimed it for CID.
	UID, ClaimedBy, CID, MID string
}

// Of is the world after the deliveries, in order of their arrival, of one portal.
func Of(deliveries []Delivery) World {
	w := World{Customers: map[string]*Profile{}, Users: map[string]*Profile{}, Refused: map[string]int{}}
	var kept []Delivery
	for _, d := range once(deliveries) {
		if reason := Refusal(d); reason != "" {
			w.Refused[reason]++
			continue
		}
		kept = append(kept, d)
	}
	direct := claims(kept)
	var events []Delivery
	for _, d := range kept {
		switch owner := direct[d.UID]; {
		case d.Identify != "" && d.Identify != owner:
			w.Conflicts = append(w.Conflicts, Conflict{UID: d.UID, ClaimedBy: owner, CID: d.Identify, MID: d.MID})
		case d.UID != "":
			events = append(events, d)
		}
	}
	owners := map[string]string{}
	for _, uid := range users(events) {
		owners[uid] = cmp.Or(direct[uid], byDevice(uid, events)) // rules 4 and 5
	}
	for uid, cid := range owners {
		w.Users[uid] = profile(cid, []string{uid}, events)
	}
	for _, cid := range owners {
		if cid != "" && w.Customers[cid] == nil {
			w.Customers[cid] = profile(cid, owned(owners, cid), events)
		}
	}
	return w
}

// once leaves out what was delivered before (rule 1).
func once(deliveries []Delivery) []Delivery {
	var first []Delivery
	for i, d := range deliveries {
		before := func(e Delivery) bool { return e.MID == d.MID }
		if d.MID == "" || !slices.ContainsFunc(deliveries[:i], before) {
			first = append(first, d)
		}
	}
	return first
}

// claims gives the customer whom the first identification to arrive names, by
// user ID (rule 4).
func claims(deliveries []Delivery) map[string]string {
	direct := map[string]string{}
	for _, d := range deliveries {
		if d.Identify != "" && direct[d.UID] == "" {
			direct[d.UID] = d.Identify
		}
	}
	return direct
}

// byDevice gives the customer to whom a user ID without a claim of its own
// belongs because of where it was seen; "" when to none (rule 5).
func byDevice(uid string, events []Delivery) string {
	seen := map[string]int64{} // by device, since when
	for _, d := range events {
		if first, ok := seen[d.Device]; d.UID == uid && d.Device != "" && (!ok || d.Made < first) {
			seen[d.Device] = d.Made
		}
	}
	var best *Delivery
	for _, d := range events {
		first, here := seen[d.Device]
		if d.Identify == "" || !here || identified(d) < first {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(identified(d), identified(*best)), strings.Compare(d.Identify, best.Identify)) < 0 {
			best = &d
		}
	}
	if best == nil {
		return ""
	}
	return best.Identify
}

// profile gathers what the user IDs hold (rule 6).
func profile(cid string, uids []string, events []Delivery) *Profile {
	p := &Profile{CID: cid, UIDs: uids}
	var own []Delivery
	for _, d := range events {
		if slices.Contains(uids, d.UID) {
			own = append(own, d)
			if d.Device != "" {
				p.Devices = append(p.Devices, d.Device)
			}
		}
	}
	slices.Sort(p.Devices)
	p.Devices = slices.Compact(p.Devices)
	for _, uid := range uids {
		p.Sessions += sessions(uid, own)
	}
	p.Customer = newest(own, identified, func(d Delivery) map[string]string {
		if d.Identify == "" {
			return nil
		}
		given := maps.Clone(d.Customers)
		delete(given, "customer_id")
		return given
	})
	p.System = newest(own, made, func(d Delivery) map[string]string { return d.System })
	p.Custom = newest(own, made, func(d Delivery) map[string]string { return d.Users })
	for _, d := range own {
		p.Events = append(p.Events, Event{MID: d.MID, UID: d.UID, Name: d.Name, Made: d.Made})
	}
	slices.SortStableFunc(p.Events, func(a, b Event) int { return cmp.Compare(a.Made, b.Made) })
	return p
}

// sessions counts the sessions of one user ID (rule 7).
func sessions(uid string, events []Delivery) int {
	var times []int64
	for _, d := range events {
		if d.UID == uid {
			times = append(times, d.Made)
		}
	}
	slices.Sort(times)
	n := 0
	for i, t := range times {
		if i == 0 || t-times[i-1] > pause {
			n++
		}
	}
	return n
}

// newest gives the current attributes (rule 8).
func newest(events []Delivery, at func(Delivery) int64, of func(Delivery) map[string]string) map[string]string {
	values, times := map[string]string{}, map[string]int64{}
	for _, d := range events {
		for name, value := range of(d) {
			if last, ok := times[name]; !ok || at(d) >= last {
				values[name], times[name] = value, at(d)
			}
		}
	}
	return values
}

func made(d Delivery) int64 { return d.Made }

// users lists the user IDs that have an event, sorted (rule 2).
func users(events []Delivery) []string {
	seen := map[string]bool{}
	for _, d := range events {
		seen[d.UID] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// owned lists the user IDs of a customer, sorted.
func owned(owners map[string]string, cid string) []string {
	var uids []string
	for uid, owner := range owners {
		if owner == cid {
			uids = append(uids, uid)
		}
	}
	slices.Sort(uids)
	return uids
}
