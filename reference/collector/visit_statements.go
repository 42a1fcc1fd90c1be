package collector

// The statements of the dialect piwikpro. Those that read for a change are given lists in
// JSON, so that hits that come together are looked up together.
const (
	insertSite = `INSERT INTO sites (id, name, anonymous_tracking) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`

	saveSite = `INSERT INTO sites (id, name, anonymous_tracking, saved) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, anonymous_tracking = excluded.anonymous_tracking, saved = excluded.saved`

	selectSites = "SELECT id, name, anonymous_tracking FROM sites"

	sessionColumns = "s.id, s.visitor, s.anonymous, s.fresh, s.began, s.ended, s.page_views, s.events, s.country, s.city, s.address"

	insertVisitorSession = `INSERT INTO visitor_sessions
		(id, site, visitor, anonymous, fresh, began, ended, page_views, events, country, city, address)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

	saveVisitorSession = `UPDATE visitor_sessions SET visitor = $2, anonymous = $3, fresh = $4, began = $5, ended = $6,
		page_views = $7, events = $8, country = $9, city = $10, address = $11 WHERE id = $1`

	// Most hits make a session longer, and touch none of its indexes.
	extendVisitorSession = "UPDATE visitor_sessions SET ended = $2, page_views = $3, events = $4 WHERE id = $1"

	deleteVisitorSession = "DELETE FROM visitor_sessions WHERE id = $1"

	saveAnonymousKey = `INSERT INTO anonymous_keys (hash, session, visitor, drops) VALUES ($1, $2, $3, $4)
		ON CONFLICT (hash) DO UPDATE SET session = excluded.session, visitor = excluded.visitor, drops = excluded.drops`

	// dropAnonymousKeys drops those whose time has come, some at a time.
	dropAnonymousKeys = `DELETE FROM anonymous_keys WHERE hash IN
		(SELECT hash FROM anonymous_keys WHERE drops <= $1 ORDER BY drops LIMIT 1000)`

	insertCountedHit = "INSERT INTO counted_hits (hash) VALUES ($1)"

	dropCountedHits = "DELETE FROM counted_hits WHERE hash IN (SELECT hash FROM counted_hits WHERE hash < $1 ORDER BY hash LIMIT 1000)"

	anyDue = `SELECT EXISTS (SELECT 1 FROM anonymous_keys WHERE drops <= $1)
		OR EXISTS (SELECT 1 FROM counted_hits WHERE hash < $2)`

	addSiteDay = `INSERT INTO site_days (site, day, anonymous, country, city,
		sessions, page_views, events, milliseconds, new_visitors, returning_visitors)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (site, day, anonymous, country, city) DO UPDATE SET
		sessions = site_days.sessions + excluded.sessions, page_views = site_days.page_views + excluded.page_views,
		events = site_days.events + excluded.events, milliseconds = site_days.milliseconds + excluded.milliseconds,
		new_visitors = site_days.new_visitors + excluded.new_visitors,
		returning_visitors = site_days.returning_visitors + excluded.returning_visitors`
)

// visitStatements are those of the statements above that change things.
var visitStatements = []string{
	insertVisitorSession, saveVisitorSession, extendVisitorSession, deleteVisitorSession,
	saveAnonymousKey, dropAnonymousKeys, insertCountedHit, dropCountedHits, addSiteDay,
}

// visitQueries are the statements that read for a change; those that differ between the
// databases.
type visitQueries struct {
	// sites finds sites by a list of IDs, keys a list of hashes that are not due at a
	// time.
	sites, keys string
	// counted finds which of a list of hits have been counted.
	counted string
	// sessions finds, for a list of pairs of a site's and a visitor's ID, the
	// sessions that can be near what happens between two times, and the first one; one
	// may be found twice.
	sessions string
	// numbers gives IDs for so many new sessions.
	numbers string
}

func (q visitQueries) all() []string {
	return []string{q.sites, q.keys, q.counted, q.sessions, q.numbers}
}

// visitQueriesOf makes the statements of what lists the texts in $1, what lists the JSON
// values in it, and what gives new IDs.
func visitQueriesOf(texts, values, numbers string) visitQueries {
	pairs := "(SELECT t.number AS site, value ->> 1 AS visitor FROM " + values + " JOIN sites t ON t.id = value ->> 0) AS p"
	return visitQueries{
		sites: "SELECT number, id, name, anonymous_tracking FROM sites WHERE id IN (SELECT value FROM " + texts + ")",
		keys: "SELECT k.hash, k.visitor, k.session, s.site, " + sessionColumns + ` FROM anonymous_keys k
			LEFT JOIN visitor_sessions s ON s.id = k.session
			WHERE k.hash IN (SELECT value FROM ` + texts + ") AND k.drops > $2",
		counted: "SELECT hash FROM counted_hits WHERE hash IN (SELECT value FROM " + texts + ")",
		// The sessions of a visitor are apart, so that of those that began before the
		// first time only the last can be near.
		sessions: "SELECT s.site, " + sessionColumns + " FROM " + pairs + `
			JOIN visitor_sessions s ON s.visitor = p.visitor AND s.site = p.site AND s.began < $3 AND s.began >= coalesce(
				(SELECT max(x.began) FROM visitor_sessions x WHERE x.visitor = p.visitor AND x.site = p.site AND x.began <= $2), $2)
			UNION ALL SELECT s.site, ` + sessionColumns + " FROM " + pairs + `
			JOIN visitor_sessions s ON s.id = (SELECT f.id FROM visitor_sessions f
				WHERE f.visitor = p.visitor AND f.site = p.site ORDER BY f.began LIMIT 1)`,
		numbers: numbers,
	}
}

// sqliteVisits and postgresVisits are the statements of each database.
var (
	sqliteVisits = visitQueriesOf("json_each($1)", "json_each($1)", `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		SELECT i + coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'visitor_sessions'), 0) FROM n`)
	postgresVisits = visitQueriesOf("json_array_elements_text(CAST($1 AS json))", "json_array_elements(CAST($1 AS json))",
		"SELECT nextval(pg_get_serial_sequence('visitor_sessions', 'id')) FROM generate_series(1, CAST($1 AS bigint))")
)
