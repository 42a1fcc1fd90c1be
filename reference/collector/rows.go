package collector

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const insertHit = `INSERT INTO hits
	(received, made, dialect, track, page, visitor, anonymous, transport, parameters, refused)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const selectHits = `SELECT
	id, received, made, dialect, track, page, visitor, anonymous, transport, parameters, refused
	FROM hits`

// errNoHit is the error of an ID that no hit has.
var errNoHit = errors.New("no such hit")

// rowOf returns the columns of a hit in the order of insertHit.
func rowOf(hit Hit) ([]any, error) {
	parameters, err := json.Marshal(hit.Parameters)
	if err != nil {
		return nil, err
	}
	made := sql.NullInt64{Int64: hit.Made.UnixMicro(), Valid: !hit.Made.IsZero()}
	return []any{
		hit.Received.UnixMicro(), made, hit.Dialect, hit.Track, hit.Page, nullable(hit.Visitor),
		hit.Anonymous, hit.Transport, string(parameters), nullable(hit.Refused),
	}, nil
}

func nullable(text string) sql.NullString { return sql.NullString{String: text, Valid: text != ""} }

// hits returns what matches, in order of arrival.
func (s *store) hits(ctx context.Context, q Query) ([]Hit, error) {
	statement, arguments := selectHits+" WHERE id > ?", []any{q.After}
	if q.Track != "" {
		statement, arguments = statement+" AND track = ?", append(arguments, q.Track)
	}
	statement += " ORDER BY id"
	if q.Limit > 0 {
		statement, arguments = statement+" LIMIT ?", append(arguments, q.Limit)
	}
	rows, err := s.read.QueryContext(ctx, statement, arguments...)
	if err != nil {
		return nil, fmt.Errorf("read hits: %w", err)
	}
	defer rows.Close()
	found := []Hit{}
	for rows.Next() {
		hit, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read hits: %w", err)
		}
		found = append(found, hit)
	}
	return found, rows.Err()
}

// hit returns one hit; errNoHit when there is none of that ID.
func (s *store) hit(ctx context.Context, id int64) (Hit, error) {
	hit, err := scan(s.read.QueryRowContext(ctx, selectHits+" WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return Hit{}, errNoHit
	}
	return hit, err
}

func scan(row interface{ Scan(...any) error }) (Hit, error) {
	var hit Hit
	var received int64
	var made sql.NullInt64
	var visitor, refused sql.NullString
	var parameters string
	err := row.Scan(&hit.ID, &received, &made, &hit.Dialect, &hit.Track, &hit.Page, &visitor,
		&hit.Anonymous, &hit.Transport, &parameters, &refused)
	if err != nil {
		return Hit{}, err
	}
	hit.Received = time.UnixMicro(received).UTC()
	if made.Valid {
		hit.Made = time.UnixMicro(made.Int64).UTC()
	}
	hit.Visitor, hit.Refused = visitor.String, refused.String
	return hit, json.Unmarshal([]byte(parameters), &hit.Parameters)
}
