package collector

import (
	"context"
	"fmt"
)

// Counts says how many of each there are.
type Counts struct {
	// Customers is the number of customer profiles, Anonymous that of the user
	// IDs that belong to none.
	Customers int `json:"customers"`
	Anonymous int `json:"anonymous"`
	// Events is the number of events that are held, Conflicts that of the
	// identifications that claimed a user ID for a second customer.
	Events    int `json:"events"`
	Conflicts int `json:"conflicts"`
}

// Counts counts what one portal holds, or all when it is empty. It reads every
// profile and event of the portal.
func (c *Collector) Counts(ctx context.Context, portal string) (Counts, error) {
	return c.store.counts(ctx, portal)
}

func (s *store) counts(ctx context.Context, portal string) (Counts, error) {
	var n Counts
	const of = " WHERE $1 = '' OR portal = $1"
	row := s.read.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM customers"+of+
		"), (SELECT count(*) FROM users WHERE cid IS NULL AND ($1 = '' OR portal = $1)), (SELECT count(*) FROM events"+of+
		"), (SELECT count(*) FROM conflicts"+of+")", portal)
	if err := row.Scan(&n.Customers, &n.Anonymous, &n.Events, &n.Conflicts); err != nil {
		return Counts{}, fmt.Errorf("count profiles: %w", err)
	}
	return n, nil
}
