package collector

import (
	"io"
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/go-chi/chi/v5"
)

// RefusedHeader names the header that says why a hit was refused.
const RefusedHeader = "X-Pixelwitness-Refused"

// pixel is a transparent GIF of 1×1 pixels.
const pixel = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00" +
	"!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

func (c *Collector) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(c.survive)
	r.NotFound(func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusNotFound, "nothing is here; a hit goes to /<trackId>/wt")
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusMethodNotAllowed, "method "+r.Method+" does nothing here")
	})
	r.Group(func(r chi.Router) {
		r.Use(fromAnywhere)
		for _, path := range []string{"/{track}/wt", "/{track}/batch"} {
			r.Get(path, c.takeMapp)
			r.Post(path, c.takeMapp)
			r.Options(path, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
		}
	})
	r.Get("/_/health", c.health)
	r.Get("/_/clock", c.now)
	r.Group(func(r chi.Router) {
		r.Use(fromHere)
		r.Get("/_/hits", c.list)
		r.Get("/_/hits/{id}", c.one)
		r.Delete("/_/hits", c.forget)
	})
	r.With(fromThisMachine).Get("/api/mapp/visits", c.countVisits)
	return r
}

// survive keeps a panic to the request that made it.
func (c *Collector) survive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch cause := recover(); cause {
			case nil:
			case http.ErrAbortHandler:
				panic(cause)
			default:
				c.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "panic", cause, "stack", string(debug.Stack()))
				problem(w, http.StatusInternalServerError, "the collector failed")
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// fromAnywhere lets pages of every origin send hits, with credentials.
func fromAnywhere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		if origin := r.Header.Get("Origin"); origin != "" {
			h := w.Header()
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Credentials", "true")
			h.Set("Access-Control-Expose-Headers", RefusedHeader)
			if r.Method == http.MethodOptions {
				h.Set("Access-Control-Allow-Methods", "GET, POST")
				h.Set("Access-Control-Allow-Headers", "Content-Type")
				h.Set("Access-Control-Max-Age", "600")
			}
		}
		next.ServeHTTP(w, r)
	})
}

// takeMapp takes one or more hits in Mapp's form.
func (c *Collector) takeMapp(w http.ResponseWriter, r *http.Request) {
	raw := rawHit{
		Track:       chi.URLParam(r, "track"),
		Query:       r.URL.RawQuery,
		Post:        r.Method == http.MethodPost,
		ContentType: r.Header.Get("Content-Type"),
	}
	received := c.clock().UTC()
	if raw.Post {
		// One byte too many, so that the decoder can tell.
		body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
		raw.Body, raw.Broken = string(body), err != nil
	}
	hits := batch(raw)
	for i := range hits {
		hits[i].Received = received
		if c.recognise != nil && hits[i].Refused == "" {
			hits[i].Visitor = c.recognise(r, hits[i])
		}
	}
	if err := c.store.add(r.Context(), hits...); err != nil {
		c.log.Error("hits are lost", "track", hits[0].Track, "hits", len(hits), "error", err)
		problem(w, http.StatusServiceUnavailable, "the hit could not be stored")
		return
	}
	if reason := refusal(hits); reason != "" {
		c.log.Info("hit refused", "track", hits[0].Track, "reason", reason)
		w.Header().Set(RefusedHeader, reason)
	}
	w.Header().Set("Content-Type", "image/gif")
	w.Header().Set("Content-Length", strconv.Itoa(len(pixel)))
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, pixel) // a client that is gone needs no answer
}
