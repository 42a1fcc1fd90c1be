package collector

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// ask is a question to the database whose conditions are put together.
type ask struct {
	statement  string
	conditions []string
	grouping   string
	ending     string
	arguments  []any
}

func asking(statement string) *ask { return &ask{statement: statement} }

// and adds a condition without arguments: all must hold.
func (a *ask) and(condition string) *ask {
	a.conditions = append(a.conditions, condition)
	return a
}

// where adds a condition whose parts are text and arguments in turn.
func (a *ask) where(condition string, argument any, rest ...any) *ask {
	text := condition + a.place(argument)
	for i, part := range rest {
		if i%2 == 0 {
			text += part.(string)
		} else {
			text += a.place(part)
		}
	}
	return a.and(text)
}

func (a *ask) place(argument any) string {
	a.arguments = append(a.arguments, argument)
	return "$" + strconv.Itoa(len(a.arguments))
}

// group puts rows together that have the same in all of the columns.
func (a *ask) group(by string) *ask {
	a.grouping = " GROUP BY " + by
	return a
}

// order ends the question. A limit of 0 is none.
func (a *ask) order(by string, limit int) *ask {
	a.ending = " ORDER BY " + by
	if limit > 0 {
		a.ending += " LIMIT " + strconv.Itoa(limit)
	}
	return a
}

func (a *ask) text() string {
	if len(a.conditions) == 0 {
		return a.statement + a.grouping + a.ending
	}
	return a.statement + " WHERE " + strings.Join(a.conditions, " AND ") + a.grouping + a.ending
}

// all reads each row of the answer. The first error ends it.
func all[T any](ctx context.Context, db *sql.DB, what string, a *ask, read func(scan func(...any) error) (T, error)) ([]T, error) {
	rows, err := db.QueryContext(ctx, a.text(), a.arguments...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	defer rows.Close()
	found := []T{}
	for rows.Next() {
		one, err := read(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", what, err)
		}
		found = append(found, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return found, nil
}
