package collector

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Refusals are the hits of a site that were refused and of which a record is kept. A site
// that has anonymous data tracking off keeps none of what it refuses for that.
type Refusals struct {
	Hits int64
	// Last is when the last of them arrived, Reason why it was refused. Zero and empty
	// where there is none.
	Last   time.Time
	Reason string
}

// Refusals counts a site's hits that were refused, as far as records of them are kept.
func (c *Collector) Refusals(ctx context.Context, site string) (Refusals, error) {
	return c.store.refusals(ctx, site)
}

// Saved is when a site was last saved, by the collector's clock; the zero time when it is
// as it was planted. ErrNoSite when no site has the ID.
func (c *Collector) Saved(ctx context.Context, site string) (time.Time, error) {
	return c.store.saved(ctx, site)
}

const (
	ofRefused    = " FROM hits WHERE track = $1 AND refused IS NOT NULL AND dialect = 'piwikpro'"
	countRefused = "SELECT count(*)" + ofRefused
	lastRefused  = "SELECT received, refused" + ofRefused + " ORDER BY id DESC LIMIT 1"
	selectSaved  = "SELECT saved FROM sites WHERE id = $1"
)

func (s *store) refusals(ctx context.Context, site string) (Refusals, error) {
	var r Refusals
	if err := s.read.QueryRowContext(ctx, countRefused, site).Scan(&r.Hits); err != nil {
		return Refusals{}, fmt.Errorf("count refused hits: %w", err)
	}
	var received int64
	switch err := s.read.QueryRowContext(ctx, lastRefused, site).Scan(&received, &r.Reason); {
	case errors.Is(err, sql.ErrNoRows):
		return Refusals{}, nil // or they were forgotten just now
	case err != nil:
		return Refusals{}, fmt.Errorf("read a refused hit: %w", err)
	}
	r.Last = time.UnixMicro(received).UTC()
	return r, nil
}

func (s *store) saved(ctx context.Context, site string) (time.Time, error) {
	var saved sql.NullInt64
	err := s.read.QueryRowContext(ctx, selectSaved, site).Scan(&saved)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return time.Time{}, ErrNoSite
	case err != nil:
		return time.Time{}, fmt.Errorf("read when a site was saved: %w", err)
	case !saved.Valid:
		return time.Time{}, nil
	}
	return time.UnixMilli(saved.Int64).UTC(), nil
}
