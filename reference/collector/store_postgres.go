package collector

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

const (
	// writersKey is the advisory lock that every transaction that writes takes,
	// and every change of the tables: collectors that share a database take
	// turns.
	writersKey = 0x706978656c // "pixel"
	// readers bounds the connections that read.
	readers = 8
	// connectTimeout is how long a server may take to answer at the start.
	connectTimeout = 10 * time.Second
)

// openPostgres opens the server's database and brings its tables up to date.
func (s *store) openPostgres(address string) error {
	s.engine = engine{
		transact: s.transactPostgres,
		visits:   postgresVisits,
		actionOf: "(CAST(parameters AS json) ->> 'ct')",
		findState: stateOf("nextval(pg_get_serial_sequence('events', 'id'))",
			"LEFT JOIN LATERAL ("+fmt.Sprintf(lastSessions, "id, began, ended, events")+") s ON true"),
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return fmt.Errorf("%s is no address of a database\nhint: postgres://user:password@host:5432/database", redacted(address))
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	s.write, s.read = connect(config, 1), connect(config, readers)
	if err := s.write.Ping(); err != nil {
		err = fmt.Errorf("%s: %w\nhint: the server must run and the database exist", redacted(address), err)
		return errors.Join(err, s.closeDatabases())
	}
	if err := alone(config, func() error { return migrate(goose.DialectPostgres, "postgres", s.write) }); err != nil {
		err = fmt.Errorf("%s: %w\nhint: the user must be allowed to make tables there", redacted(address), err)
		return errors.Join(err, s.closeDatabases())
	}
	return nil
}

func connect(config *pgx.ConnConfig, connections int) *sql.DB {
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

// alone does something while no other collector writes to the database. The
// lock ends with the connection that holds it.
func alone(config *pgx.ConnConfig, do func() error) error {
	ctx := context.Background()
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer connection.Close(ctx)
	if _, err := connection.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(writersKey)); err != nil {
		return err
	}
	return do()
}

// redacted is an address that may be shown: without its password.
func redacted(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		scheme, _, _ := strings.Cut(address, "://")
		return scheme + "://…"
	}
	if q := parsed.Query(); q.Has("password") {
		q.Set("password", "xxxxx")
		parsed.RawQuery = q.Encode()
	}
	return parsed.Redacted()
}
