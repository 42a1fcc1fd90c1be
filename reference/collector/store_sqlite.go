package collector

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"sync"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// openSQLite opens the file, or a database in memory when the path is empty, and
// brings its tables up to date.
func (s *store) openSQLite(path string) error {
	var err error
	if s.write, err = openFile(path, 1); err != nil {
		return err
	}
	s.read = s.write
	if path != "" {
		if s.read, err = openFile(path, 0); err != nil {
			return errors.Join(err, s.write.Close())
		}
	}
	if err := prepare(s.write, path); err != nil {
		err = fmt.Errorf("%s: %w", path, err)
		return errors.Join(err, s.closeDatabases())
	}
	s.engine = engine{
		visits:   sqliteVisits,
		actionOf: "json_extract(parameters, '$.ct')",
		findState: stateOf("(SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'events')",
			"LEFT JOIN sessions s ON s.id IN ("+fmt.Sprintf(lastSessions, "id")+")"),
	}
	prepared, err := prepareAll(s.write, slices.Concat(statements, visitStatements, sqliteVisits.all(), []string{s.engine.findState}))
	if err != nil {
		return errors.Join(err, s.closeDatabases())
	}
	s.engine.transact = prepared.transact
	return nil
}

// sqlite writes with prepared statements: to prepare one takes longer than to do it.
type sqlite struct {
	db       *sql.DB
	prepared map[string]*sql.Stmt
}

func prepareAll(db *sql.DB, statements []string) (*sqlite, error) {
	s := &sqlite{db: db, prepared: map[string]*sql.Stmt{}}
	for _, statement := range statements {
		prepared, err := db.Prepare(statement)
		if err != nil {
			return nil, err // the database is closed, and with it what is prepared
		}
		s.prepared[statement] = prepared
	}
	return s, nil
}

// transact is a transactor.
func (s *sqlite) transact(ctx context.Context, do func(w *work) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(&work{ctx: ctx, tx: &sqliteTx{s, tx}}); err != nil {
		_ = tx.Rollback() // the first error is the one that tells
		return err
	}
	return tx.Commit()
}

type sqliteTx struct {
	*sqlite
	tx *sql.Tx
}

func (t *sqliteTx) exec(ctx context.Context, statement string, arguments []any) error {
	var err error
	if prepared := t.prepared[statement]; prepared != nil {
		_, err = t.tx.StmtContext(ctx, prepared).ExecContext(ctx, arguments...)
	} else {
		_, err = t.tx.ExecContext(ctx, statement, arguments...)
	}
	return err
}

func (t *sqliteTx) query(ctx context.Context, read func(scan func(...any) error) error, statement string, arguments []any) error {
	var found *sql.Rows
	var err error
	if prepared := t.prepared[statement]; prepared != nil {
		found, err = t.tx.StmtContext(ctx, prepared).QueryContext(ctx, arguments...)
	} else {
		found, err = t.tx.QueryContext(ctx, statement, arguments...)
	}
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		if err := read(found.Scan); err != nil {
			return err
		}
	}
	return found.Err()
}

func (t *sqliteTx) ask(ctx context.Context, read func(scan func(...any) error) error, statement string, arguments []any) error {
	return t.query(ctx, read, statement, arguments)
}

func (t *sqliteTx) answers(context.Context) error { return nil }

// openFile returns a database with at most that many connections (0: any
// number). A file is written ahead and synced at each commit; who writes takes
// his place in the queue at once, so that two that read before they write cannot
// stand in each other's way. What is deleted is overwritten.
func openFile(path string, connections int) (*sql.DB, error) {
	source := "file::memory:"
	if path != "" {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		source = "file:" + (&url.URL{Path: filepath.ToSlash(absolute)}).EscapedPath() +
			"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=secure_delete(on)&_txlock=immediate"
	}
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(max(connections, 2))
	if err := db.Ping(); err != nil {
		err = fmt.Errorf("%s: %w\nhint: the folder must exist, and the file be writable and one that a collector has made", path, err)
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// prepare brings the tables up to date. A database in memory is new each time,
// and would spend most of its start on migrations: it gets the tables as the
// migrations leave them.
func prepare(db *sql.DB, path string) error {
	if path != "" {
		return migrate(goose.DialectSQLite3, "sqlite", db)
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
	db, err := openFile("", 1)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if err := migrate(goose.DialectSQLite3, "sqlite", db); err != nil {
		return "", err
	}
	var schema string
	// What belongs to SQLite or to the migrations themselves is not ours.
	err = db.QueryRow(`SELECT group_concat(sql, ';' || char(10)) FROM
		(SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'
		AND tbl_name <> 'goose_db_version' ORDER BY rowid)`).Scan(&schema)
	return schema, err
})

func migrate(dialect goose.Dialect, kind string, db *sql.DB) error {
	provider, err := goose.NewProvider(dialect, db, migrationsOf(kind))
	if err != nil {
		return err
	}
	if _, err := provider.Up(context.Background()); err != nil {
		return fmt.Errorf("bring the tables up to date: %w", err)
	}
	return nil
}
