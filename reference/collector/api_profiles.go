package collector

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/go-chi/chi/v5"
)

// document describes what is read back, in OpenAPI 3.1.
//
//go:embed openapi.yaml
var document string

// profileReader is what API and dashboard need of a collector.
type profileReader interface {
	Customer(ctx context.Context, portal, cid string) (Profile, error)
	User(ctx context.Context, portal, uid string) (Profile, error)
	Profiles(ctx context.Context, q ProfileQuery) (ProfileList, error)
	Events(ctx context.Context, of Owner, page Page) (EventList, error)
	Sessions(ctx context.Context, of Owner) (SessionList, error)
	Attributes(ctx context.Context, of Owner) (AttributeList, error)
	Merges(ctx context.Context, of Owner) (MergeList, error)
	Conflicts(ctx context.Context, portal string, page Page) (ConflictList, error)
	Counts(ctx context.Context, portal string) (Counts, error)
}

// profileAPI answers with profiles in JSON.
type profileAPI struct {
	from profileReader
	log  *slog.Logger
}

// routesOfProfiles adds what reads profiles back, as JSON and as pages, for
// those who may.
func (c *Collector) routesOfProfiles(r chi.Router) {
	r.Group(func(r chi.Router) {
		r.Use(c.guard(byOwnName))
		mountProfiles(r, c, c.log)
	})
}

func mountProfiles(r chi.Router, from profileReader, log *slog.Logger) {
	api := profileAPI{from: from, log: log}
	pages := dashboard{from: from, log: log}
	r.Get("/api/openapi.yaml", serveDocument)
	r.Get("/api/antsomi/profiles", api.profiles)
	r.Get("/api/antsomi/conflicts", api.conflicts)
	r.Get("/api/antsomi/counts", api.counts)
	for _, path := range []string{"/api/antsomi/customers/{cid}", "/api/antsomi/users/{uid}"} {
		r.Get(path, api.profile)
		r.Get(path+"/events", api.events)
		r.Get(path+"/sessions", whole(api, api.from.Sessions))
		r.Get(path+"/attributes", whole(api, api.from.Attributes))
		r.Get(path+"/merges", whole(api, api.from.Merges))
	}
	pages.routes(r)
}

func serveDocument(w http.ResponseWriter, r *http.Request) {
	if p := strict(r); p.err != nil {
		problem(w, http.StatusBadRequest, p.err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, document) // a client that is gone needs no answer
}

func (a profileAPI) profiles(w http.ResponseWriter, r *http.Request) {
	p := strict(r, "portal_id", "q", "kind", "limit", "after")
	q := ProfileQuery{Portal: p.text("portal_id"), Text: p.search(), Kind: p.kind(), After: p.text("after"), Limit: p.limit()}
	answer(a, w, r, p, func(ctx context.Context) (ProfileList, error) { return a.from.Profiles(ctx, q) })
}

func (a profileAPI) conflicts(w http.ResponseWriter, r *http.Request) {
	p := strict(r, "portal_id", "limit", "after")
	page := Page{Limit: p.limit(), After: p.after()}
	answer(a, w, r, p, func(ctx context.Context) (ConflictList, error) {
		return a.from.Conflicts(ctx, p.text("portal_id"), page)
	})
}

func (a profileAPI) counts(w http.ResponseWriter, r *http.Request) {
	p := strict(r, "portal_id")
	answer(a, w, r, p, func(ctx context.Context) (Counts, error) { return a.from.Counts(ctx, p.text("portal_id")) })
}

func (a profileAPI) profile(w http.ResponseWriter, r *http.Request) {
	p := strict(r, "portal_id")
	owner := ownerOf(r, p)
	answer(a, w, r, p, func(ctx context.Context) (Profile, error) { return profileOf(ctx, a.from, owner) })
}

func profileOf(ctx context.Context, from profileReader, owner Owner) (Profile, error) {
	if owner.CID != "" {
		return from.Customer(ctx, owner.Portal, owner.CID)
	}
	return from.User(ctx, owner.Portal, owner.UID)
}

func (a profileAPI) events(w http.ResponseWriter, r *http.Request) {
	p := strict(r, "portal_id", "limit", "after")
	owner, page := ownerOf(r, p), Page{Limit: p.limit(), After: p.after()}
	answer(a, w, r, p, func(ctx context.Context) (EventList, error) { return a.from.Events(ctx, owner, page) })
}

// whole answers with a list that is not paged.
func whole[T any](a profileAPI, read func(context.Context, Owner) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := strict(r, "portal_id")
		owner := ownerOf(r, p)
		answer(a, w, r, p, func(ctx context.Context) (T, error) { return read(ctx, owner) })
	}
}

// answer reads and answers, unless the parameters are wrong.
func answer[T any](a profileAPI, w http.ResponseWriter, r *http.Request, p *asked, read func(context.Context) (T, error)) {
	if p.err != nil {
		problem(w, http.StatusBadRequest, p.err.Error())
		return
	}
	value, err := read(r.Context())
	if err != nil {
		status, text := statusOf(err)
		if status == http.StatusServiceUnavailable {
			a.log.Error("store does not answer", "error", err)
		}
		problem(w, status, text)
		return
	}
	respond(w, http.StatusOK, value)
}

// statusOf says how an error of reading is answered; what is wrong with the
// store is none of the reader's business.
func statusOf(err error) (status int, text string) {
	switch {
	case errors.Is(err, ErrNotFound):
		return http.StatusNotFound, err.Error()
	case errors.Is(err, errBadAfter):
		return http.StatusBadRequest, err.Error()
	case errors.Is(err, ErrAmbiguous):
		return http.StatusConflict, err.Error()
	default:
		return http.StatusServiceUnavailable, "the store does not answer"
	}
}
