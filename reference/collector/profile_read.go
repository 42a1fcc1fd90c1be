package collector

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
)

const (
	selectUsers = `SELECT portal, uid, cid, direct, created, first, last, events, customer, system, custom FROM users`

	// ofCustomer says which rows of a table of user IDs are meant.
	ofCustomer = "uid IN (SELECT uid FROM users WHERE portal = "

	// sorted is the order of an owner's few rows. It is no column, so that no
	// database takes it for a good idea to read the whole table in that order.
	sorted = "id + 0"
)

// resolve finds the portal that holds an ID.
func (s *store) resolve(ctx context.Context, of Owner) (Owner, error) {
	query := asking("SELECT portal FROM users").where("uid = ", of.UID)
	if of.CID != "" {
		query = asking("SELECT portal FROM customers").where("cid = ", of.CID)
	}
	if of.Portal != "" {
		query.where("portal = ", of.Portal)
	}
	portals, err := all(ctx, s.read, "portals", query.order("portal", 2), func(scan func(...any) error) (portal string, err error) {
		return portal, scan(&portal)
	})
	switch {
	case err != nil:
		return of, err
	case len(portals) == 0:
		return of, ErrNotFound
	case len(portals) > 1:
		return of, ErrAmbiguous
	}
	of.Portal = portals[0]
	return of, nil
}

// persons reads the rows of an owner's user IDs, sorted.
func (s *store) persons(ctx context.Context, of Owner) ([]person, error) {
	query := asking(selectUsers).where("portal = ", of.Portal)
	if of.CID != "" {
		query.where("cid = ", of.CID)
	} else {
		query.where("uid = ", of.UID)
	}
	found, err := all(ctx, s.read, "user IDs", query, scanPerson)
	slices.SortFunc(found, func(a, b person) int { return cmp.Compare(a.UID, b.UID) })
	return found, err
}

func scanPerson(scan func(...any) error) (person, error) {
	var p person
	var cid sql.NullString
	var direct, created, first, last int64
	var customer, system, custom string
	err := scan(&p.Portal, &p.UID, &cid, &direct, &created, &first, &last, &p.Events, &customer, &system, &custom)
	p.CID, p.Direct = cid.String, direct != 0
	p.created, p.first, p.last = fromMicro(created), fromMilli(first), fromMilli(last)
	p.attributes = map[string]string{scopeCustomer: customer, scopeSystem: system, scopeCustom: custom}
	return p, err
}

// profile puts an owner's profile together.
func (s *store) profile(ctx context.Context, of Owner) (Profile, error) {
	of, err := s.resolve(ctx, of)
	if err != nil {
		return Profile{}, err
	}
	return s.profileOf(ctx, of)
}

// profileOf is profile for an owner that is there.
func (s *store) profileOf(ctx context.Context, of Owner) (Profile, error) {
	persons, err := s.persons(ctx, of)
	if err != nil {
		return Profile{}, err
	}
	p := Profile{UID: of.UID, CID: of.CID, Portal: of.Portal, Customer: of.CID != "", UserIDs: []string{}}
	for i, one := range persons {
		if i == 0 {
			p.Created, p.FirstSeen, p.LastSeen = one.created, one.first, one.last
		}
		if one.first.Before(p.FirstSeen) {
			p.FirstSeen = one.first
		}
		if one.last.After(p.LastSeen) {
			p.LastSeen = one.last
		}
		p.UserIDs = append(p.UserIDs, one.UID)
		p.Events += one.Events
		if of.UID != "" {
			p.CID, p.Customer = one.CID, one.CID != ""
		}
	}
	current, err := s.current(persons)
	if err != nil {
		return Profile{}, err
	}
	p.Attributes = Attributes{
		Customer: current[scopeCustomer].values(), System: current[scopeSystem].values(), Custom: current[scopeCustom].values(),
	}
	if err := s.count(ctx, of, &p); err != nil {
		return Profile{}, err
	}
	if s.rules.Show != nil {
		s.rules.Show(&p)
	}
	return p, nil
}

// count fills in what is found beside the user IDs' rows.
func (s *store) count(ctx context.Context, of Owner, p *Profile) error {
	sessions, err := all(ctx, s.read, "sessions", s.ofOwner("SELECT count(*) FROM sessions", of), func(scan func(...any) error) (n int, err error) {
		return n, scan(&n)
	})
	if err != nil {
		return err
	}
	p.Sessions = sessions[0]
	devices, err := all(ctx, s.read, "devices", s.ofOwner("SELECT did FROM presence", of),
		func(scan func(...any) error) (device string, err error) { return device, scan(&device) })
	slices.Sort(devices)
	p.Devices = slices.Compact(devices)
	if err != nil || of.CID == "" {
		return err
	}
	var created int64
	row := s.read.QueryRowContext(ctx, "SELECT created FROM customers WHERE portal = $1 AND cid = $2", of.Portal, of.CID)
	if err := row.Scan(&created); err != nil {
		return fmt.Errorf("read customer: %w", err)
	}
	p.Created = fromMicro(created)
	return nil
}

// ofOwner asks for the rows of an owner's user IDs.
func (s *store) ofOwner(statement string, of Owner) *ask {
	query := asking(statement).where("portal = ", of.Portal)
	if of.CID == "" {
		return query.where("uid = ", of.UID)
	}
	return query.where(ofCustomer, of.Portal, " AND cid = ", of.CID, ")")
}

// current returns the attributes that user IDs have together, by scope.
func (s *store) current(persons []person) (map[string]traits, error) {
	together := map[string]traits{scopeCustomer: {}, scopeSystem: {}, scopeCustom: {}}
	for scope, held := range together {
		for _, p := range persons {
			others, err := decodeTraits(p.attributes[scope])
			if err != nil {
				return nil, fmt.Errorf("read attributes: %w", err)
			}
			held.add(s.rules.Newer, scope, others)
		}
	}
	return together, nil
}

// sessions lists an owner's sessions.
func (s *store) sessions(ctx context.Context, of Owner) (SessionList, error) {
	of, err := s.resolve(ctx, of)
	if err != nil {
		return SessionList{}, err
	}
	query := s.ofOwner("SELECT uid, began, ended, events FROM sessions", of).order("began, uid", 0)
	list, err := all(ctx, s.read, "sessions", query, func(scan func(...any) error) (Session, error) {
		var one Session
		var began, ended int64
		err := scan(&one.UID, &began, &ended, &one.Events)
		one.Began, one.Ended = fromMilli(began), fromMilli(ended)
		return one, err
	})
	return SessionList{Sessions: list}, err
}

// merges lists what has happened to an owner's user IDs.
func (s *store) merges(ctx context.Context, of Owner) (MergeList, error) {
	of, err := s.resolve(ctx, of)
	if err != nil {
		return MergeList{}, err
	}
	query := asking("SELECT uid, cid, prior, kind, received, event, mid, did, at, name FROM merges").where("portal = ", of.Portal)
	if of.CID != "" {
		query.where("(cid = ", of.CID, " OR prior = ", of.CID, ")")
	} else {
		query.where("uid = ", of.UID)
	}
	list, err := all(ctx, s.read, "merges", query.order(sorted, 0), func(scan func(...any) error) (Merge, error) {
		var m Merge
		var prior sql.NullString
		var received, at int64
		err := scan(&m.UID, &m.CID, &prior, &m.Kind, &received, &m.Event, &m.Evidence.MessageID, &m.Evidence.Device, &at, &m.Evidence.IdentifyEvent)
		m.From, m.At, m.Evidence.IdentifyTime = prior.String, fromMicro(received), fromMilli(at)
		return m, err
	})
	return MergeList{Merges: list}, err
}

// conflicts lists a portal's conflicts, or all.
func (s *store) conflicts(ctx context.Context, portal string, page Page) (ConflictList, error) {
	query := asking("SELECT id, portal, uid, holder, cid, received, event, mid, did, at, name FROM conflicts").where("id > ", page.After)
	if portal != "" {
		query.where("portal = ", portal)
	}
	type row struct {
		id int64
		Conflict
	}
	list, err := all(ctx, s.read, "conflicts", query.order("id", oneMore(page.Limit)), func(scan func(...any) error) (row, error) {
		var r row
		var received, at int64
		err := scan(&r.id, &r.Portal, &r.UID, &r.ClaimedBy, &r.CID, &received, &r.Event,
			&r.Evidence.MessageID, &r.Evidence.Device, &at, &r.Evidence.IdentifyEvent)
		r.At, r.Evidence.IdentifyTime = fromMicro(received), fromMilli(at)
		return r, err
	})
	if err != nil {
		return ConflictList{}, err
	}
	found := ConflictList{Conflicts: []Conflict{}}
	if page.Limit > 0 && len(list) > page.Limit {
		list = list[:page.Limit]
		found.Next = list[page.Limit-1].id
	}
	for _, r := range list {
		found.Conflicts = append(found.Conflicts, r.Conflict)
	}
	return found, nil
}

// oneMore is the limit that tells whether more follows.
func oneMore(limit int) int {
	if limit == 0 {
		return 0
	}
	return limit + 1
}

// byAge sorts statements of attributes as they arrived.
func byAge(a, b Attribute) int {
	return cmp.Or(cmp.Compare(a.Event, b.Event), slices.Compare([]string{a.Scope, a.Name}, []string{b.Scope, b.Name}))
}
