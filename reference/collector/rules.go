package collector

import (
	"cmp"
	"context"
	"net/http"
	"time"
)

// Rules are the decisions about identity. The zero value decides as the document
// asks; every other is there to show what a collector does that decides wrongly.
// Each function that is nil is the collector's own; those that another one wants
// to build on are exported: [IdentityProblem], [ClaimOf] and [IsNewer].
//
// All but Refuse, Rewrite and Show are called within the transaction that the
// event is stored in, by one goroutine. Refuse and Rewrite come before it, Show
// when a profile is read; they may be called by many at once.
type Rules struct {
	// Refuse says why an event that identifies somebody must not be taken;
	// empty when it may. The collector's own is [IdentityProblem].
	Refuse func(e Incoming) string
	// Rewrite changes an event that is taken, before anything else is decided.
	// Its hit stays as it came.
	Rewrite func(r *http.Request, e *Incoming)
	// CountAgain tells whether an event counts once more though one with its
	// message ID is stored already. The collector's own is: never.
	CountAgain func(e Incoming) bool
	// Claim decides what an identification does; the user is as he was before
	// the event. The collector's own is [ClaimOf].
	Claim func(e Incoming, user User) Claim
	// Join chooses among the user IDs that an identification has a right to by
	// its device, in the order in which they came to be: those that it gets. The
	// collector's own is: all. For a user ID that comes to the device later, or
	// whose earlier events do, it is asked again, with that one alone.
	Join func(i Identification, users []User) []User
	// Newer tells whether a value takes the place of the one that is held. The
	// collector's own is [IsNewer].
	Newer func(held, given Statement) bool
	// Pause is how long a user ID is silent before its next event begins
	// another session; 0 means 30 minutes.
	Pause time.Duration
	// AfterMerge is called when a user ID has got a customer, with the
	// transaction: an error undoes the event.
	AfterMerge func(tx Tx, portal string, m Merge) error
	// Show changes a profile before it is given back.
	Show func(p *Profile)
}

// complete fills in the collector's own decisions.
func (r Rules) complete() Rules {
	if r.Refuse == nil {
		r.Refuse = IdentityProblem
	}
	if r.CountAgain == nil {
		r.CountAgain = func(Incoming) bool { return false }
	}
	if r.Claim == nil {
		r.Claim = ClaimOf
	}
	if r.Join == nil {
		r.Join = func(_ Identification, users []User) []User { return users }
	}
	if r.Newer == nil {
		r.Newer = IsNewer
	}
	r.Pause = cmp.Or(r.Pause, sessionPause)
	return r
}

// Incoming is an event on its way in. Its ID is not given yet.
type Incoming struct {
	Portal string
	Event
	// Identify is what the event says of who the user is; nil when it says nothing.
	Identify *Identity
	// CustomerAttributes are those that count when the event identifies,
	// without customer_id; the others count in any case.
	CustomerAttributes, SystemAttributes, CustomAttributes map[string]string
}

// Identity is what an event says of who its user is.
type Identity struct {
	CID string
	// Time is the identify time; the zero time when it is missing or none.
	Time time.Time
	// Name is the identify event, such as "user_sign_in".
	Name string
	// CustomerID is the customer_id among the customer's attributes; empty when
	// there is none.
	CustomerID string
}

// Identification is an identification that has been taken.
type Identification struct {
	Identity
	// Event is the event's ID, Device where it was made; empty when that is not
	// known.
	Event     int64
	MessageID string
	Device    string
	// Received is when it arrived.
	Received time.Time
}

// User is a user ID as far as decisions need to know it.
type User struct {
	Portal, UID string
	// CID is the customer that it belongs to; empty when it is anonymous.
	CID string
	// Direct tells that it was identified itself.
	Direct bool
	// ClaimedAt is the identify time of the claim by device that it follows.
	ClaimedAt time.Time
	// Events is the number of its events; 0 when it is new.
	Events int
	// Since is when it came to the device that is looked at.
	Since time.Time
}

// Statement is a value that an event gave to an attribute.
type Statement struct {
	Scope, Name, Value string
	// At is when it was given, Event the event's ID: a later arrival has a
	// larger one.
	At    time.Time
	Event int64
}

// Claim is what an identification does to its user ID.
type Claim int

// The claims.
const (
	// Takes: the user ID belongs to the customer from now on.
	Takes Claim = iota
	// Conflicts: it is somebody else's. That is recorded, and nothing more.
	Conflicts
	// Ignored: the event counts as one that identifies nobody.
	Ignored
)

// Tx is the transaction that a merge is part of.
type Tx struct{ work *work }

// Exec does a statement; its parameters are $1, $2, … The tables are those of
// the migrations.
func (t Tx) Exec(statement string, arguments ...any) error {
	return t.work.exec(statement, arguments...)
}

// Context returns the transaction's context.
func (t Tx) Context() context.Context { return t.work.ctx }

// ClaimOf is the collector's own rule of claims: the first identification to
// arrive fixes whose a user ID is; a customer ID cannot be changed.
func ClaimOf(e Incoming, user User) Claim {
	if user.Direct && user.CID != e.Identify.CID {
		return Conflicts
	}
	return Takes
}

// IsNewer is the collector's own rule of attributes: the newest value holds, of
// values of the same time the one that arrived last.
func IsNewer(held, given Statement) bool {
	if order := given.At.Compare(held.At); order != 0 {
		return order > 0
	}
	return given.Event > held.Event
}

// claims tells whether an identification has a right to a user ID by the device
// that both were on: he must have been there before it, not only after, when
// somebody else may have taken his place. Of several rights that of the
// earliest identification holds, then that of the smallest customer ID, so that
// the order of arrival decides nothing.
func (i Identification) claims(user User) bool {
	switch {
	case user.Direct || i.Device == "" || i.Time.Before(user.Since):
		return false
	case user.CID == "":
		return true
	}
	return cmp.Or(i.Time.Compare(user.ClaimedAt), cmp.Compare(i.CID, user.CID)) < 0
}

// kindOf names the change of a user ID's customer.
func kindOf(from string, direct bool) string {
	switch {
	case from != "":
		return MergeMoved
	case direct:
		return MergeDirect
	}
	return MergeDevice
}

// extend adds an event made at that time to the sessions that are at most a
// pause away from it: with it they are one. The sessions are those of one user ID.
func extend(near []Session, made time.Time) Session {
	whole := Session{Began: made, Ended: made, Events: 1}
	for _, s := range near {
		if s.Began.Before(whole.Began) {
			whole.Began = s.Began
		}
		if s.Ended.After(whole.Ended) {
			whole.Ended = s.Ended
		}
		whole.Events += s.Events
	}
	return whole
}
