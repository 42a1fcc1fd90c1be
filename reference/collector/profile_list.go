package collector

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// errBadAfter is the error of an After that no list has given.
var errBadAfter = errors.New("after must be the next of a list")

// The kinds of profiles, in the order in which they are listed.
const (
	kindCustomer  = "customer"
	kindAnonymous = "anonymous"
)

// profiles lists customers, then anonymous user IDs.
func (s *store) profiles(ctx context.Context, q ProfileQuery) (ProfileList, error) {
	owners, err := s.owners(ctx, q)
	if err != nil {
		return ProfileList{}, err
	}
	list := ProfileList{Profiles: []Profile{}}
	if q.Limit > 0 && len(owners) > q.Limit {
		owners = owners[:q.Limit]
		list.Next = placeOf(owners[q.Limit-1])
	}
	for _, of := range owners {
		p, err := s.profileOf(ctx, of)
		if err != nil {
			return ProfileList{}, err
		}
		list.Profiles = append(list.Profiles, p)
	}
	return list, nil
}

// owners lists up to one more than the limit.
func (s *store) owners(ctx context.Context, q ProfileQuery) ([]Owner, error) {
	kind, after, err := placed(q.After)
	if err != nil {
		return nil, err
	}
	var owners []Owner
	for _, k := range []string{kindCustomer, kindAnonymous} {
		if q.Kind != "" && q.Kind != k || kind == kindAnonymous && k == kindCustomer {
			continue
		}
		from := Owner{}
		if kind == k {
			from = after
		}
		left := 0
		if q.Limit > 0 {
			if left = q.Limit + 1 - len(owners); left == 0 {
				break
			}
		}
		found, err := s.ownersOf(ctx, k, q, from, left)
		if err != nil {
			return nil, err
		}
		owners = append(owners, found...)
	}
	return owners, nil
}

// ownersOf lists those of one kind, after one of them.
func (s *store) ownersOf(ctx context.Context, kind string, q ProfileQuery, after Owner, limit int) ([]Owner, error) {
	query, id, last := asking("SELECT portal, uid FROM users"), "uid", after.UID
	if kind == kindCustomer {
		query, id, last = asking("SELECT portal, cid FROM customers"), "cid", after.CID
	}
	if after.Portal != "" {
		query.where("("+id+" > ", last, " OR "+id+" = ", last, " AND portal > ", after.Portal, ")")
	}
	if kind == kindAnonymous {
		query.and("cid IS NULL")
	}
	if q.Portal != "" {
		query.where("portal = ", q.Portal)
	}
	if q.Text != "" {
		// What begins with a text stands between it and it with the last
		// character behind.
		end := q.Text + "\U0010FFFF"
		if kind == kindCustomer {
			query.where("(cid BETWEEN ", q.Text, " AND ", end,
				" OR (portal, cid) IN (SELECT u.portal, u.cid FROM users u WHERE u.uid BETWEEN ", q.Text, " AND ", end, "))")
		} else {
			query.where("uid BETWEEN ", q.Text, " AND ", end)
		}
	}
	return all(ctx, s.read, "profiles", query.order(id+", portal", limit), func(scan func(...any) error) (of Owner, err error) {
		if kind == kindCustomer {
			return of, scan(&of.Portal, &of.CID)
		}
		return of, scan(&of.Portal, &of.UID)
	})
}

// placeOf is where a list goes on after an owner: kind, portal and ID. A portal
// holds no colon.
func placeOf(of Owner) string {
	if of.CID != "" {
		return kindCustomer + ":" + of.Portal + ":" + of.CID
	}
	return kindAnonymous + ":" + of.Portal + ":" + of.UID
}

func placed(place string) (kind string, after Owner, err error) {
	if place == "" {
		return "", Owner{}, nil
	}
	kind, rest, _ := strings.Cut(place, ":")
	portal, id, whole := strings.Cut(rest, ":")
	switch {
	case whole && kind == kindCustomer:
		return kind, Owner{Portal: portal, CID: id}, nil
	case whole && kind == kindAnonymous:
		return kind, Owner{Portal: portal, UID: id}, nil
	}
	return "", Owner{}, fmt.Errorf("%w, got %q", errBadAfter, place)
}
