package collector

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"sync"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// errClosed is the error of a store that is used after its end.
var errClosed = errors.New("the store is closed")

// store keeps hits in SQLite. One goroutine writes; a write returns once it is
// durable, which in memory means at once.
type store struct {
	// read and write are the same where the store is in memory: such a
	// database lives and dies with its only connection.
	read, write *sql.DB
	commits     *commits
}

// openStore opens the file, or a database in memory when the path is empty, and
// brings its tables up to date.
func openStore(path string) (*store, error) {
	s := &store{}
	var err error
	if s.write, err = open(path, 1); err != nil {
		return nil, err
	}
	s.read = s.write
	if path != "" {
		if s.read, err = open(path, 0); err != nil {
			return nil, errors.Join(err, s.write.Close())
		}
	}
	if err := prepare(s.write, path); err != nil {
		return nil, errors.Join(err, s.closeDatabases())
	}
	insert, err := s.write.Prepare(insertHit)
	if err != nil {
		return nil, errors.Join(err, s.closeDatabases())
	}
	s.commits = startCommits(s.write, insert)
	return s, nil
}

// open returns a database with at most that many connections (0: any number).
// A file is written ahead and synced at each commit.
func open(path string, connections int) (*sql.DB, error) {
	source := "file::memory:"
	if path != "" {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		source = "file:" + (&url.URL{Path: filepath.ToSlash(absolute)}).EscapedPath() +
			"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	}
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(max(connections, 2))
	if err := db.Ping(); err != nil {
		err = fmt.Errorf("%s: %w\nhint: the folder must exist and the file be writable", path, err)
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// prepare brings the tables up to date. A database in memory is new each time,
// and would spend most of its start on migrations: it gets the tables as the
// migrations leave them.
func prepare(db *sql.DB, path string) error {
	if path != "" {
		return migrate(db)
	}
	schema, err := newest()
	if err != nil {
		return err
	}
	_, err = db.Exec(schema)
	return err
}

// newest is what makes the tables as all migrations leave them, in SQL. It never
// changes while the program runs.
var newest = sync.OnceValues(func() (string, error) {
	db, err := open("", 1)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if err := migrate(db); err != nil {
		return "", err
	}
	var schema string
	// What belongs to SQLite or to the migrations themselves is not ours.
	err = db.QueryRow(`SELECT group_concat(sql, ';' || char(10)) FROM
		(SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'
		AND tbl_name <> 'goose_db_version' ORDER BY rowid)`).Scan(&schema)
	return schema, err
})

func migrate(db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return err
	}
	if _, err := provider.Up(context.Background()); err != nil {
		return fmt.Errorf("bring the tables up to date: %w", err)
	}
	return nil
}

// add keeps the hits, all or none. It returns when they are durable, or when the
// context ends: then they may be kept all the same.
func (s *store) add(ctx context.Context, hits ...Hit) error {
	rows := make([][]any, len(hits))
	for i, hit := range hits {
		var err error
		if rows[i], err = rowOf(hit); err != nil {
			return err
		}
	}
	return s.commits.do(ctx, func(ctx context.Context, tx *sql.Tx, insert *sql.Stmt) error {
		for _, row := range rows {
			if _, err := insert.ExecContext(ctx, row...); err != nil {
				return err
			}
		}
		return nil
	})
}

// reset deletes all hits.
func (s *store) reset(ctx context.Context) error {
	return s.commits.do(ctx, func(ctx context.Context, tx *sql.Tx, _ *sql.Stmt) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM hits")
		return err
	})
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
