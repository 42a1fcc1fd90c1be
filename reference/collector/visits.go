package collector

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// sessionPause is how long a visitor is silent before his next hit begins
// another visit, by the collector's clock.
const sessionPause = 30 * time.Minute

// Visits counts visits: what a cross-session report is made of.
//
// The hits of one ever-id make a visit until they pause for more than 30
// minutes. An anonymous hit tells of nobody, and nothing else may: two such hits
// from one address and browser may well be two people. So each anonymous page
// view is a visit of its own, that nobody returns to, and an anonymous action
// belongs to some page view and counts as none.
type Visits struct {
	// Visits is the number of all visits, Anonymous how many of them are.
	Visits    int `json:"visits"`
	Anonymous int `json:"anonymous"`
	// Visitors is the number of ever-ids.
	Visitors int `json:"visitors"`
	// Returning is the number of visits whose visitor had been there before.
	Returning int `json:"returning"`
}

// visitsQuery has a place for what says that a hit is an action.
const visitsQuery = `
WITH hit AS (
	SELECT id, received, track, visitor, %s AS action FROM hits
	WHERE dialect = 'mapp' AND refused IS NULL AND ($1 = '' OR track = $1)
), known AS (
	SELECT track, visitor, received - lag(received) OVER (PARTITION BY track, visitor ORDER BY received, id) AS pause
	FROM hit WHERE visitor IS NOT NULL
)
SELECT
	(SELECT count(*) FROM known WHERE pause IS NULL),
	(SELECT count(*) FROM known WHERE pause > $2),
	(SELECT count(*) FROM hit WHERE visitor IS NULL AND action IS NULL)`

// visits counts the visits of well-formed hits.
func (s *store) visits(ctx context.Context, track string) (Visits, error) {
	var v Visits
	row := s.read.QueryRowContext(ctx, fmt.Sprintf(visitsQuery, s.engine.actionOf), track, sessionPause.Microseconds())
	if err := row.Scan(&v.Visitors, &v.Returning, &v.Anonymous); err != nil {
		return Visits{}, fmt.Errorf("count visits: %w", err)
	}
	v.Visits = v.Visitors + v.Returning + v.Anonymous
	return v, nil
}

// countVisits answers with the visits of all track IDs, or of one.
func (c *Collector) countVisits(w http.ResponseWriter, r *http.Request) {
	for name := range r.URL.Query() {
		if name != "track" {
			problem(w, http.StatusBadRequest, fmt.Sprintf("no such parameter: %q (track)", name))
			return
		}
	}
	visits, err := c.store.visits(r.Context(), r.URL.Query().Get("track"))
	if err != nil {
		c.unreadable(w, err)
		return
	}
	respond(w, http.StatusOK, visits)
}
