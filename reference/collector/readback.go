package collector

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
)

// How many hits a list holds.
const (
	defaultLimit = 100
	maxLimit     = 1000
)

func (c *Collector) list(w http.ResponseWriter, r *http.Request) {
	q, err := queryOf(r)
	if err != nil {
		problem(w, http.StatusBadRequest, err.Error())
		return
	}
	limit := q.Limit
	q.Limit++ // one more tells whether more follow
	hits, err := c.store.hits(r.Context(), q)
	if err != nil {
		c.unreadable(w, err)
		return
	}
	answer := struct {
		Hits []Hit `json:"hits"`
		Next int64 `json:"next,omitempty"`
	}{Hits: hits}
	if len(hits) > limit {
		answer.Hits, answer.Next = hits[:limit], hits[limit-1].ID
	}
	respond(w, http.StatusOK, answer)
}

// queryOf reads a list's parameters. An unknown name is an error.
func queryOf(r *http.Request) (Query, error) {
	q := Query{Limit: defaultLimit}
	for name, values := range r.URL.Query() {
		value := values[0]
		switch name {
		case "track":
			q.Track = value
		case "dialect":
			q.Dialect = value
		case "after":
			after, err := strconv.ParseInt(value, 10, 64)
			if err != nil || after < 0 {
				return q, fmt.Errorf("after must be a hit's id, got %q", value)
			}
			q.After = after
		case "limit":
			limit, err := strconv.Atoi(value)
			if err != nil || limit < 1 || limit > maxLimit {
				return q, fmt.Errorf("limit must be 1 to %d, got %q", maxLimit, value)
			}
			q.Limit = limit
		default:
			return q, fmt.Errorf("no such parameter: %q (track, dialect, limit, after)", name)
		}
	}
	return q, nil
}

func (c *Collector) one(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil {
		problem(w, http.StatusBadRequest, "a hit's id is a number")
		return
	}
	hit, err := c.store.hit(r.Context(), id)
	switch {
	case errors.Is(err, errNoHit):
		problem(w, http.StatusNotFound, err.Error())
	case err != nil:
		c.unreadable(w, err)
	default:
		respond(w, http.StatusOK, hit)
	}
}

func (c *Collector) forget(w http.ResponseWriter, r *http.Request) {
	if err := c.store.reset(r.Context()); err != nil {
		c.unreadable(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (c *Collector) health(w http.ResponseWriter, r *http.Request) {
	if err := c.store.ping(r.Context()); err != nil {
		c.unreadable(w, err)
		return
	}
	respond(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (c *Collector) forgetAll(w http.ResponseWriter, r *http.Request) {
	if err := c.ResetAll(r.Context()); err != nil {
		c.unreadable(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (c *Collector) unreadable(w http.ResponseWriter, err error) {
	c.log.Error("store does not answer", "error", err)
	problem(w, http.StatusServiceUnavailable, "the store does not answer")
}

func problem(w http.ResponseWriter, status int, text string) {
	respond(w, status, map[string]string{"error": text})
}

func respond(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // a client that is gone needs no answer
}
