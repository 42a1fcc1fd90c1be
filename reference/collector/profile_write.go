package collector

import (
	"cmp"
	"database/sql"
	"maps"
	"slices"
	"time"
)

// The statements that events make. Each is prepared once.
const (
	// lastSessions are the only sessions that an event can belong to: those of
	// a user ID are apart, so that of those that began before its end no other
	// can be near. It has a place for the columns.
	lastSessions = `SELECT %s FROM sessions x
		WHERE x.portal = $1 AND x.uid = $3 AND x.began <= $5 ORDER BY x.began DESC LIMIT 2`

	insertEvent = `INSERT INTO events
		(id, portal, mid, uid, did, category, action, made, received, url, ref, title, sys, dims, extra, items, identified)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`

	saveUser = `INSERT INTO users
		(portal, uid, cid, direct, claimed, created, first, last, events, customer, system, custom)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (portal, uid) DO UPDATE SET cid = excluded.cid, direct = excluded.direct, claimed = excluded.claimed,
		first = excluded.first, last = excluded.last, events = excluded.events,
		customer = excluded.customer, system = excluded.system, custom = excluded.custom`

	savePresence = `INSERT INTO presence (portal, uid, did, first) VALUES ($1, $2, $3, $4)
		ON CONFLICT (portal, uid, did) DO UPDATE SET first = excluded.first`

	insertSession = "INSERT INTO sessions (portal, uid, began, ended, events) VALUES ($1, $2, $3, $4, $5)"

	saveSession = "UPDATE sessions SET began = $2, ended = $3, events = $4 WHERE id = $1"

	deleteSession = "DELETE FROM sessions WHERE id = $1"

	insertCustomer = "INSERT INTO customers (portal, cid, created) VALUES ($1, $2, $3) ON CONFLICT (portal, cid) DO NOTHING"

	insertIdentification = `INSERT INTO identifications (event, portal, did, at, cid, mid, name)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`

	// The earliest identification on a device since a time is the only one of
	// it that can have a right to who came there at that time.
	findIdentification = `SELECT event, at, cid, mid, name FROM identifications
		WHERE portal = $1 AND did = $2 AND at >= $3 ORDER BY at, cid, event LIMIT 1`

	findUsersOnDevice = `SELECT u.uid, u.cid, u.claimed, u.events, p.first
		FROM presence p JOIN users u ON u.portal = p.portal AND u.uid = p.uid
		WHERE p.portal = $1 AND p.did = $2 AND u.direct = 0 ORDER BY p.first, u.uid`

	giveUser = "UPDATE users SET cid = $3, claimed = $4 WHERE portal = $1 AND uid = $2"

	insertMerge = `INSERT INTO merges (portal, uid, cid, prior, kind, received, event, mid, did, at, name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

	insertConflict = `INSERT INTO conflicts (portal, uid, holder, cid, received, event, mid, did, at, name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
)

// statements are those that change things, and some that read for it.
var statements = []string{
	insertHit, insertEvent, saveUser, savePresence, insertSession, saveSession, deleteSession, insertCustomer,
	insertIdentification, findIdentification, findUsersOnDevice, giveUser, insertMerge, insertConflict,
}

// stateOf is the statement that reads all that an event meets, at one go: the ID
// that it gets, one of the same message, its user ID, since when that has been on
// the device, and the sessions that may be near, a row for each.
func stateOf(nextID, sessions string) string {
	return "SELECT " + nextID + `, (SELECT e.id FROM events e WHERE e.portal = $1 AND e.mid = $2 LIMIT 1), p.first,
		u.cid, u.direct, u.claimed, u.created, u.first, u.last, u.events, u.customer, u.system, u.custom,
		s.id, s.began, s.ended, s.events
		FROM (SELECT 1 AS one) AS one
		LEFT JOIN users u ON u.portal = $1 AND u.uid = $3
		LEFT JOIN presence p ON p.portal = $1 AND p.uid = $3 AND p.did = $4
		` + sessions
}

// person is the row of a user ID.
type person struct {
	User
	created, first, last time.Time
	// attributes are the current ones, in JSON by scope.
	attributes map[string]string
}

// state is what an event meets.
type state struct {
	person
	// nextID is the ID of the event; known tells that one of its message is there.
	nextID int64
	known  bool
	// since is when the user ID came to the device; unset when it was not there.
	since sql.NullInt64
	near  []nearSession
}

type nearSession struct {
	id int64
	Session
}

// take stores an event and does what it means.
func (w *work) take(engine engine, rules Rules, e Incoming) error {
	met, err := w.meet(engine, rules, e)
	if err != nil || met.known && !rules.CountAgain(e) {
		return err
	}
	e.ID = met.nextID
	if e.Identify != nil {
		switch rules.Claim(e, met.User) {
		case Conflicts:
			return w.conflict(e, met.person)
		case Ignored:
			e.Identify = nil
		}
	}
	if err := w.insert(e, e.UID); err != nil || e.UID == "" {
		return err
	}
	return w.belong(rules, e, met)
}

// meet reads what an event meets.
func (w *work) meet(engine engine, rules Rules, e Incoming) (state, error) {
	met := state{person: person{User: User{Portal: e.Portal, UID: e.UID}}}
	err := w.rows(func(scan func(...any) error) error { return met.read(rules, e, scan) }, engine.findState,
		e.Portal, nullable(e.MessageID), nullable(e.UID), e.Device, e.Made.Add(rules.Pause).UnixMilli())
	return met, err
}

func (met *state) read(rules Rules, e Incoming, scan func(...any) error) error {
	var known, direct, claimed, created, first, last, events, session, began, ended, of sql.NullInt64
	var cid, customer, system, custom sql.NullString
	err := scan(&met.nextID, &known, &met.since, &cid, &direct, &claimed, &created, &first, &last, &events,
		&customer, &system, &custom, &session, &began, &ended, &of)
	if err != nil {
		return err
	}
	met.known = known.Valid
	if events.Valid {
		met.CID, met.Direct, met.ClaimedAt, met.Events = cid.String, direct.Int64 != 0, fromMilli(claimed.Int64), int(events.Int64)
		met.created, met.first, met.last = fromMicro(created.Int64), fromMilli(first.Int64), fromMilli(last.Int64)
		met.attributes = map[string]string{scopeCustomer: customer.String, scopeSystem: system.String, scopeCustom: custom.String}
	}
	if session.Valid && e.Made.Sub(fromMilli(ended.Int64)) <= rules.Pause {
		met.near = append(met.near, nearSession{session.Int64, Session{
			UID: e.UID, Began: fromMilli(began.Int64), Ended: fromMilli(ended.Int64), Events: int(of.Int64),
		}})
	}
	return nil
}

// insert stores an event, as one of that user ID's or, when it is empty, of nobody's.
func (w *work) insert(e Incoming, uid string) error {
	identified := sql.NullInt64{}
	if e.Identify != nil && uid != "" {
		identified = sql.NullInt64{Int64: e.Identify.Time.UnixMilli(), Valid: true}
	}
	return w.exec(insertEvent, e.ID, e.Portal, nullable(e.MessageID), nullable(uid), e.Device, storable(e.Category), storable(e.Action),
		e.Made.UnixMilli(), e.Received.UnixMicro(), storable(e.URL), storable(e.Referrer), storable(e.Title),
		string(e.System), string(e.Dims), string(e.Extra), string(e.Items), identified)
}

// conflict keeps an event that belongs to no profile, and why.
func (w *work) conflict(e Incoming, p person) error {
	if err := w.insert(e, ""); err != nil {
		return err
	}
	return w.exec(insertConflict, e.Portal, e.UID, p.CID, e.Identify.CID, e.Received.UnixMicro(),
		e.ID, e.MessageID, e.Device, e.Identify.Time.UnixMilli(), storable(e.Identify.Name))
}

// belong adds a stored event to its user ID, and gives that and others to the
// customer that has a right to them now.
func (w *work) belong(rules Rules, e Incoming, met state) error {
	p, before := met.person, met.User
	if err := p.add(rules, e); err != nil {
		return err
	}
	if err := w.visit(e, met.near); err != nil {
		return err
	}
	arrived, err := w.arrive(e, met.since)
	if err != nil {
		return err
	}
	var by *Identification
	switch {
	case e.Identify != nil:
		by = identificationOf(e)
		p.CID, p.Direct, p.ClaimedAt = by.CID, true, by.Time
		if err := w.identify(*by, e.Portal); err != nil {
			return err
		}
	case arrived && !p.Direct:
		if by, err = w.claimant(rules, e, before); err != nil {
			return err
		}
		if by != nil {
			p.CID, p.ClaimedAt = by.CID, by.Time
		}
	}
	if err := w.save(p); err != nil {
		return err
	}
	if by != nil && before.CID != p.CID {
		if err := w.merged(rules, e, before, *by, p.Direct); err != nil {
			return err
		}
	}
	if e.Identify == nil {
		return nil
	}
	return w.join(rules, e, *by)
}

func identificationOf(e Incoming) *Identification {
	return &Identification{Identity: *e.Identify, Event: e.ID, MessageID: e.MessageID, Device: e.Device, Received: e.Received}
}

// add counts an event, and takes over what it says of attributes.
func (p *person) add(rules Rules, e Incoming) error {
	if p.Events == 0 {
		p.created, p.first, p.last = e.Received, e.Made, e.Made
		p.attributes = map[string]string{}
	}
	p.Events++
	if e.Made.Before(p.first) {
		p.first = e.Made
	}
	if e.Made.After(p.last) {
		p.last = e.Made
	}
	for scope, given := range e.given() {
		held, err := decodeTraits(p.attributes[scope])
		if err != nil {
			return err
		}
		held.take(rules.Newer, given)
		if p.attributes[scope], err = held.encode(); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) save(p person) error {
	claimed := sql.NullInt64{Int64: p.ClaimedAt.UnixMilli(), Valid: p.CID != ""}
	direct := 0
	if p.Direct {
		direct = 1
	}
	return w.exec(saveUser, p.Portal, p.UID, nullable(p.CID), direct, claimed, p.created.UnixMicro(), p.first.UnixMilli(),
		p.last.UnixMilli(), p.Events, cmp.Or(p.attributes[scopeCustomer], "{}"), cmp.Or(p.attributes[scopeSystem], "{}"),
		cmp.Or(p.attributes[scopeCustom], "{}"))
}

// visit adds an event to the sessions of its user ID that are near.
func (w *work) visit(e Incoming, near []nearSession) error {
	sessions := make([]Session, len(near))
	for i, s := range near {
		sessions[i] = s.Session
	}
	whole := extend(sessions, e.Made)
	if len(near) == 0 {
		return w.exec(insertSession, e.Portal, e.UID, whole.Began.UnixMilli(), whole.Ended.UnixMilli(), whole.Events)
	}
	for _, s := range near[1:] {
		if err := w.exec(deleteSession, s.id); err != nil {
			return err
		}
	}
	return w.exec(saveSession, near[0].id, whole.Began.UnixMilli(), whole.Ended.UnixMilli(), whole.Events)
}

// arrive notes since when the user ID has been on the device. It tells whether
// that has changed.
func (w *work) arrive(e Incoming, since sql.NullInt64) (bool, error) {
	if e.Device == "" || since.Valid && since.Int64 <= e.Made.UnixMilli() {
		return false, nil
	}
	return true, w.exec(savePresence, e.Portal, e.UID, e.Device, e.Made.UnixMilli())
}

// claimant looks for an identification on the event's device that has a better
// right to its user ID than who has it now. The user is as he was before it.
func (w *work) claimant(rules Rules, e Incoming, user User) (*Identification, error) {
	i := Identification{Device: e.Device, Received: e.Received}
	err := w.rows(func(scan func(...any) error) error {
		var at int64
		err := scan(&i.Event, &at, &i.CID, &i.MessageID, &i.Name)
		i.Time = fromMilli(at)
		return err
	}, findIdentification, e.Portal, e.Device, e.Made.UnixMilli())
	if err != nil || i.Event == 0 {
		return nil, err
	}
	user.Since = e.Made
	if !i.claims(user) || len(rules.Join(i, []User{user})) == 0 {
		return nil, nil
	}
	return &i, nil
}

// identify notes an identification, and its customer.
func (w *work) identify(i Identification, portal string) error {
	if err := w.exec(insertCustomer, portal, i.CID, i.Received.UnixMicro()); err != nil {
		return err
	}
	return w.exec(insertIdentification, i.Event, portal, i.Device, i.Time.UnixMilli(), i.CID, i.MessageID, storable(i.Name))
}

// join gives the user IDs to an identification that it has the best right to by
// its device.
func (w *work) join(rules Rules, e Incoming, by Identification) error {
	if by.Device == "" {
		return nil
	}
	var users []User
	err := w.rows(func(scan func(...any) error) error {
		u := User{Portal: e.Portal}
		var cid sql.NullString
		var claimed sql.NullInt64
		var since int64
		if err := scan(&u.UID, &cid, &claimed, &u.Events, &since); err != nil {
			return err
		}
		u.CID, u.ClaimedAt, u.Since = cid.String, fromMilli(claimed.Int64), fromMilli(since)
		if by.claims(u) {
			users = append(users, u)
		}
		return nil
	}, findUsersOnDevice, e.Portal, by.Device)
	if err != nil || len(users) == 0 {
		return err
	}
	for _, u := range rules.Join(by, users) {
		if err := w.exec(giveUser, u.Portal, u.UID, by.CID, by.Time.UnixMilli()); err != nil {
			return err
		}
		if u.CID == by.CID {
			continue // his already, by a later identification
		}
		if err := w.merged(rules, e, u, by, false); err != nil {
			return err
		}
	}
	return nil
}

// merged notes that a user ID has got another customer.
func (w *work) merged(rules Rules, e Incoming, u User, by Identification, direct bool) error {
	m := Merge{
		UID: u.UID, CID: by.CID, Kind: kindOf(u.CID, direct), From: u.CID, At: e.Received, Event: by.Event,
		Evidence: Evidence{MessageID: by.MessageID, Device: by.Device, IdentifyTime: by.Time, IdentifyEvent: by.Name},
	}
	err := w.exec(insertMerge, e.Portal, m.UID, m.CID, nullable(m.From), m.Kind, m.At.UnixMicro(), m.Event,
		m.Evidence.MessageID, m.Evidence.Device, m.Evidence.IdentifyTime.UnixMilli(), storable(m.Evidence.IdentifyEvent))
	if err != nil || rules.AfterMerge == nil {
		return err
	}
	return rules.AfterMerge(Tx{work: w}, e.Portal, m)
}

// given lists what an event says of attributes, by scope.
func (e *Incoming) given() map[string][]Statement {
	given := map[string][]Statement{}
	add := func(scope string, attributes map[string]string, at time.Time) {
		for _, name := range slices.Sorted(maps.Keys(attributes)) {
			given[scope] = append(given[scope], Statement{scope, name, attributes[name], at, e.ID})
		}
	}
	if e.Identify != nil {
		add(scopeCustomer, e.CustomerAttributes, e.Identify.Time)
	}
	add(scopeSystem, e.SystemAttributes, e.Made)
	add(scopeCustom, e.CustomAttributes, e.Made)
	return given
}

func fromMilli(milliseconds int64) time.Time { return time.UnixMilli(milliseconds).UTC() }

func fromMicro(microseconds int64) time.Time { return time.UnixMicro(microseconds).UTC() }
