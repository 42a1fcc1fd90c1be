package collector

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// transactPostgres is a transactor. A connection that turns out to have ended
// meanwhile is replaced once; not when the transaction may have been committed.
func (s *store) transactPostgres(ctx context.Context, do func(w *work) error) error {
	again, err := s.attempt(ctx, do)
	if again {
		_, err = s.attempt(ctx, do)
	}
	return err
}

// attempt does a transaction. It tells whether it came to nothing because of the
// connection alone.
func (s *store) attempt(ctx context.Context, do func(w *work) error) (again bool, err error) {
	connection, err := s.write.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer connection.Close() // back to where it came from
	err = connection.Raw(func(raw any) error {
		p := &pipeline{connection: raw.(*stdlib.Conn).Conn()}
		p.later.Queue("BEGIN")
		p.later.Queue(fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", writersKey))
		err := do(&work{ctx: ctx, tx: p})
		if err == nil {
			err = p.commit(ctx)
		}
		if err == nil {
			return nil
		}
		// A connection that cannot go back to its beginning is not used again.
		if _, undone := p.connection.Exec(ctx, "ROLLBACK"); undone != nil {
			again = !p.ending || pgconn.SafeToRetry(err)
			return errors.Join(err, driver.ErrBadConn)
		}
		return ofChange(err)
	})
	return again, err
}

// ofChange makes what the server says of a statement the error of a change: the
// transaction is undone for sure, and another one may do better.
func ofChange(err error) error {
	said := (*pgconn.PgError)(nil)
	changed := (*changeError)(nil)
	if errors.As(err, &said) && !errors.As(err, &changed) && !strings.HasPrefix(said.Code, "57") && !strings.HasPrefix(said.Code, "53") {
		return &changeError{err}
	}
	return err
}

// pipeline is a transaction whose statements wait for one that asks something, or
// for the end: the way to the server is made as seldom as can be.
type pipeline struct {
	connection *pgx.Conn
	later      pgx.Batch
	// ending tells that the end has been sent.
	ending bool
}

func (p *pipeline) exec(_ context.Context, statement string, arguments []any) error {
	p.later.Queue(statement, arguments...)
	return nil
}

func (p *pipeline) query(ctx context.Context, read func(scan func(...any) error) error, statement string, arguments []any) error {
	if err := p.ask(ctx, read, statement, arguments); err != nil {
		return err
	}
	return p.send(ctx)
}

func (p *pipeline) answers(ctx context.Context) error { return p.send(ctx) }

func (p *pipeline) ask(_ context.Context, read func(scan func(...any) error) error, statement string, arguments []any) error {
	p.later.Queue(statement, arguments...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			if err := read(rows.Scan); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	return nil
}

// send sends what waits, and reads the answers.
func (p *pipeline) send(ctx context.Context) error {
	batch := p.later
	p.later = pgx.Batch{}
	return p.connection.SendBatch(ctx, &batch).Close()
}

// commit ends the transaction. A server that could not has told why before.
func (p *pipeline) commit(ctx context.Context) error {
	ended := ""
	p.ending = true
	p.later.Queue("COMMIT").Exec(func(tag pgconn.CommandTag) error {
		ended = tag.String()
		return nil
	})
	if err := p.send(ctx); err != nil {
		return err
	}
	if ended != "COMMIT" {
		return fmt.Errorf("the server ended the transaction with %s", ended)
	}
	return nil
}
