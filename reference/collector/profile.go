package collector

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// The errors of reading profiles back.
var (
	// ErrNotFound is the error of an ID that no profile has.
	ErrNotFound = errors.New("no such profile")
	// ErrAmbiguous is the error of an ID that profiles of several portals have,
	// when the portal is not given.
	ErrAmbiguous = errors.New("several portals hold this ID\nhint: say which one with portal_id")
)

// Profile is what is known of a customer, or of one user ID.
type Profile struct {
	// UID is set in the profile of one user ID, CID in that of a customer and
	// in that of a user ID that belongs to a customer.
	UID string `json:"uid,omitempty"`
	CID string `json:"cid,omitempty"`
	// Portal is the portal that the profile is of: nothing is ever joined
	// across portals.
	Portal string `json:"portal_id"`
	// Customer is the mark of somebody who has been identified.
	Customer bool `json:"customer"`
	// Created is when the profile's first event arrived (a customer's: his
	// first identification), FirstSeen and LastSeen when its earliest and its
	// latest event were made.
	Created   time.Time `json:"created"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	// UserIDs and Devices are sorted.
	UserIDs []string `json:"user_ids"`
	Devices []string `json:"devices"`
	// Events and Sessions are numbers.
	Events     int        `json:"events"`
	Sessions   int        `json:"sessions"`
	Attributes Attributes `json:"attributes"`
}

// Attributes are a profile's current attributes by name. What is no string in
// the hit stands in its JSON form.
type Attributes struct {
	Customer map[string]string `json:"customer"`
	System   map[string]string `json:"system"`
	Custom   map[string]string `json:"custom"`
}

// Event is one event of a profile.
type Event struct {
	// ID numbers the events in order of arrival.
	ID int64 `json:"id"`
	// MessageID is the event's own ID, the same in each delivery.
	MessageID string `json:"mid,omitempty"`
	UID       string `json:"uid"`
	Device    string `json:"device,omitempty"`
	Category  string `json:"category"`
	Action    string `json:"action"`
	// Made is when the page says that it made the event, Received when it
	// arrived first, by the collector's clock; both UTC.
	Made     time.Time `json:"made"`
	Received time.Time `json:"received"`
	URL      string    `json:"url,omitempty"`
	Referrer string    `json:"ref,omitempty"`
	Title    string    `json:"title,omitempty"`
	// System, Dims, Extra and Items are JSON as it was sent; empty when it was not.
	System json.RawMessage `json:"sys,omitempty"`
	Dims   json.RawMessage `json:"dims,omitempty"`
	Extra  json.RawMessage `json:"extra,omitempty"`
	Items  json.RawMessage `json:"items,omitempty"`
}

// Session is a visit: the events of one user ID until they pause for more than
// 30 minutes, by the time of making.
type Session struct {
	UID    string    `json:"uid"`
	Began  time.Time `json:"began"`
	Ended  time.Time `json:"ended"`
	Events int       `json:"events"`
}

// Attribute is one value that an event gave to an attribute.
type Attribute struct {
	// Scope is "customer", "system" or "custom".
	Scope string `json:"scope"`
	Name  string `json:"name"`
	Value string `json:"value"`
	// At is when the value was given: the identify time of a customer's
	// attribute, when the event was made for the others.
	At  time.Time `json:"at"`
	UID string    `json:"uid"`
	// Event is the event's ID.
	Event int64 `json:"event"`
	// Current tells that the profile holds this value now: it is the newest, of
	// values of the same time the one that arrived last.
	Current bool `json:"current"`
}

// Evidence is the identification that a merge or a conflict rests on.
type Evidence struct {
	MessageID string `json:"mid,omitempty"`
	// Device is the device that the identification was made on.
	Device        string    `json:"device,omitempty"`
	IdentifyTime  time.Time `json:"identify_time"`
	IdentifyEvent string    `json:"identify_event,omitempty"`
}

// The kinds of a [Merge].
const (
	// MergeDirect: the user ID was identified itself.
	MergeDirect = "direct"
	// MergeDevice: another user ID was identified on one of its devices.
	MergeDevice = "device"
	// MergeMoved: it had belonged to another customer, by device only.
	MergeMoved = "moved"
)

// Merge is one change of the customer that a user ID belongs to.
type Merge struct {
	UID string `json:"uid"`
	// CID is the customer now, From the one before; empty when it was nobody's.
	CID  string `json:"cid"`
	Kind string `json:"kind"`
	From string `json:"from,omitempty"`
	// At is when it happened, by the collector's clock.
	At time.Time `json:"at"`
	// Event is the ID of the identification's event.
	Event    int64    `json:"event"`
	Evidence Evidence `json:"evidence"`
}

// Conflict is an identification of a user ID that had been identified as
// somebody else. It changed nothing.
type Conflict struct {
	Portal string `json:"portal_id"`
	UID    string `json:"uid"`
	// ClaimedBy is the customer that the user ID belongs to, CID the one that
	// it was said to be.
	ClaimedBy string    `json:"claimed_by"`
	CID       string    `json:"cid"`
	At        time.Time `json:"at"`
	// Event is the ID of the event, which belongs to no profile.
	Event    int64    `json:"event"`
	Evidence Evidence `json:"evidence"`
}

// Owner says whose things are asked for: those of a customer or of one user ID.
// Exactly one of CID and UID is set. Portal may be empty when only one holds the ID.
type Owner struct {
	Portal, CID, UID string
}

// Page is a part of a list that is numbered in order of arrival.
type Page struct {
	// After is the number after which the part begins.
	After int64
	// Limit is the most that is returned; 0 means all.
	Limit int
}

// ProfileQuery narrows and pages the list of profiles.
type ProfileQuery struct {
	// Portal keeps to one portal; empty means all.
	Portal string
	// Text keeps to IDs that begin with it: a CID, or a user ID of the profile.
	Text string
	// Kind is "customer", "anonymous" or empty for both.
	Kind string
	// After is the Next of the list before, Limit the most that is returned; 0
	// means all.
	After string
	Limit int
}

// The lists as they are read back. Next is set when more follow: the After of
// the next page.
type (
	// ProfileList lists customers by CID, then anonymous user IDs.
	ProfileList struct {
		Profiles []Profile `json:"profiles"`
		Next     string    `json:"next,omitempty"`
	}
	// EventList is in order of arrival.
	EventList struct {
		Events []Event `json:"events"`
		Next   int64   `json:"next,omitempty"`
	}
	// SessionList is in order of beginning.
	SessionList struct {
		Sessions []Session `json:"sessions"`
	}
	// AttributeList is the whole history, in order of arrival, by name within
	// an event.
	AttributeList struct {
		Attributes []Attribute `json:"attributes"`
	}
	// MergeList is in order of happening; a customer's holds also what moved
	// away from him.
	MergeList struct {
		Merges []Merge `json:"merges"`
	}
	// ConflictList is in order of happening. Next is a number to go on from.
	ConflictList struct {
		Conflicts []Conflict `json:"conflicts"`
		Next      int64      `json:"next,omitempty"`
	}
)

// Customer returns a customer's profile: all that is known of his user IDs.
// [ErrNotFound] and [ErrAmbiguous] tell why there is none.
func (c *Collector) Customer(ctx context.Context, portal, cid string) (Profile, error) {
	return c.store.profile(ctx, Owner{Portal: portal, CID: cid})
}

// User returns the profile of one user ID alone, be it anonymous or a customer's.
// [ErrNotFound] and [ErrAmbiguous] tell why there is none.
func (c *Collector) User(ctx context.Context, portal, uid string) (Profile, error) {
	return c.store.profile(ctx, Owner{Portal: portal, UID: uid})
}

// Profiles lists customers, and user IDs that belong to none.
func (c *Collector) Profiles(ctx context.Context, q ProfileQuery) (ProfileList, error) {
	return c.store.profiles(ctx, q)
}

// Events lists an owner's events. An unknown owner is [ErrNotFound].
func (c *Collector) Events(ctx context.Context, of Owner, page Page) (EventList, error) {
	return c.store.events(ctx, of, page)
}

// Sessions lists an owner's sessions. An unknown owner is [ErrNotFound].
func (c *Collector) Sessions(ctx context.Context, of Owner) (SessionList, error) {
	return c.store.sessions(ctx, of)
}

// Attributes lists all values that an owner's attributes ever had. An unknown
// owner is [ErrNotFound].
func (c *Collector) Attributes(ctx context.Context, of Owner) (AttributeList, error) {
	return c.store.attributes(ctx, of)
}

// Merges lists how an owner's user IDs came to be a customer's. An unknown
// owner is [ErrNotFound].
func (c *Collector) Merges(ctx context.Context, of Owner) (MergeList, error) {
	return c.store.merges(ctx, of)
}

// Conflicts lists conflicts, of one portal or, when it is empty, of all.
func (c *Collector) Conflicts(ctx context.Context, portal string, page Page) (ConflictList, error) {
	return c.store.conflicts(ctx, portal, page)
}
