package collector

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

const insertHit = `INSERT INTO hits
	(received, made, dialect, track, page, visitor, anonymous, transport, parameters, refused)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

const selectHits = `SELECT
	id, received, made, dialect, track, page, visitor, anonymous, transport, parameters, refused
	FROM hits`

// errNoHit is the error of an ID that no hit has.
var errNoHit = errors.New("no such hit")

// rowOf returns the columns of a hit in the order of insertHit.
func rowOf(hit Hit) ([]any, error) {
	parameters, err := json.Marshal(storableAll(hit.Parameters))
	if err != nil {
		return nil, err
	}
	made := sql.NullInt64{Int64: hit.Made.UnixMicro(), Valid: !hit.Made.IsZero()}
	return []any{
		hit.Received.UnixMicro(), made, hit.Dialect, storable(hit.Track), storable(hit.Page), nullable(storable(hit.Visitor)),
		hit.Anonymous, hit.Transport, string(parameters), nullable(hit.Refused),
	}, nil
}

// storable is text that every database takes: valid UTF-8 without the character
// zero, in whose place the one for what cannot be read stands.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// storableAll makes names and values storable; mostly they are.
func storableAll(parameters map[string]string) map[string]string {
	for name, value := range parameters {
		if name == storable(name) && value == storable(value) {
			continue
		}
		all := make(map[string]string, len(parameters))
		for name, value := range parameters {
			all[storable(name)] = storable(value)
		}
		return all
	}
	return parameters
}

func nullable(text string) sql.NullString { return sql.NullString{String: text, Valid: text != ""} }

// hits returns what matches, in order of arrival.
func (s *store) hits(ctx context.Context, q Query) ([]Hit, error) {
	ask := asking(selectHits).where("id > ", q.After)
	if q.Track != "" {
		ask.where("track = ", q.Track)
	}
	if q.Dialect != "" {
		ask.where("dialect = ", q.Dialect)
	}
	ask.order("id", q.Limit)
	rows, err := s.read.QueryContext(ctx, ask.text(), ask.arguments...)
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
	hit, err := scan(s.read.QueryRowContext(ctx, selectHits+" WHERE id = $1", id))
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
