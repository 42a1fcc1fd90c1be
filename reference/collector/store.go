package collector

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"strings"
	"time"
)

//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrations embed.FS

// errClosed is the error of a store that is used after its end.
var errClosed = errors.New("the store is closed")

// engine is what differs between the databases. All statements are written so
// that both understand them: parameters are $1, $2, …
type engine struct {
	transact transactor
	// findState is the statement that reads what an event meets; see stateOf.
	findState string
	// visits are the statements of the dialect piwikpro that differ.
	visits visitQueries
	// actionOf is a hit's parameter ct, which tells an action from a page view.
	actionOf string
}

// store keeps hits and profiles. One goroutine writes; a write returns once it is
// durable, which in memory means at once.
type store struct {
	engine engine
	// read and write are the same where the store is in memory: such a
	// database lives and dies with its only connection.
	read, write *sql.DB
	commits     *commits
	rules       Rules
	// swept is when the writer last looked for keys to drop, by the collector's clock.
	swept time.Time
}

// openStore opens the database that the place names (a PostgreSQL server's
// address, the path of an SQLite file, or nothing: memory) and brings its tables
// up to date.
func openStore(place string, rules Rules) (*store, error) {
	s := &store{rules: rules.complete()}
	var err error
	if isPostgres(place) {
		err = s.openPostgres(place)
	} else {
		err = s.openSQLite(place)
	}
	if err != nil {
		return nil, err
	}
	if err := s.plant(context.Background()); err != nil {
		return nil, errors.Join(err, s.closeDatabases())
	}
	s.commits = startCommits(s.engine.transact)
	return s, nil
}

// isPostgres tells a server's address from a file's path.
func isPostgres(place string) bool {
	return strings.HasPrefix(place, "postgres://") || strings.HasPrefix(place, "postgresql://")
}

// migrationsOf returns the migrations of one kind of database.
func migrationsOf(kind string) fs.FS {
	files, err := fs.Sub(migrations, "migrations/"+kind)
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return files
}

// add keeps the hits and does what their events mean, all or none. It returns
// when that is durable, or when the context ends: then it may be kept all the same.
func (s *store) add(ctx context.Context, arrivals ...arrival) error {
	rows := make([][]any, len(arrivals))
	for i, a := range arrivals {
		var err error
		if rows[i], err = rowOf(a.hit); err != nil {
			return err
		}
	}
	return s.commits.do(ctx, func(w *work) error {
		for i, a := range arrivals {
			if err := w.exec(insertHit, rows[i]...); err != nil {
				return err
			}
			if a.event == nil || a.hit.Refused != "" {
				continue
			}
			if err := w.take(s.engine, s.rules, *a.event); err != nil {
				return err
			}
		}
		return nil
	})
}

// reset deletes all hits.
func (s *store) reset(ctx context.Context) error { return s.empty(ctx, "hits") }

// resetAll deletes all that there is, and plants the sites again.
func (s *store) resetAll(ctx context.Context) error {
	return s.commits.do(ctx, func(w *work) error {
		err := w.empty("hits", "conflicts", "merges", "identifications", "customers", "sessions", "presence", "users", "events",
			"site_days", "counted_hits", "anonymous_keys", "visitor_sessions", "sites")
		if err != nil {
			return err
		}
		return w.plantSites()
	})
}

func (s *store) empty(ctx context.Context, tables ...string) error {
	return s.commits.do(ctx, func(w *work) error { return w.empty(tables...) })
}

func (w *work) empty(tables ...string) error {
	for _, table := range tables {
		if err := w.exec("DELETE FROM " + table); err != nil {
			return err
		}
	}
	return nil
}

// ping tells whether the store can be read.
func (s *store) ping(ctx context.Context) error {
	var one int
	return s.read.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

func (s *store) close() error {
	if !s.commits.stop() {
		return nil
	}
	return s.closeDatabases()
}

func (s *store) closeDatabases() error {
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(err, s.read.Close())
	}
	return err
}
