package collector

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"
)

// routesOfVisitors adds what reads sites, reports and sessions of the dialect piwikpro
// back, for those who may.
func (c *Collector) routesOfVisitors(r chi.Router) {
	r.Group(func(r chi.Router) {
		r.Use(c.guard(byOwnName), fromNoOtherPage)
		r.Get("/api/piwikpro/sites", c.listSites)
		r.Get("/api/piwikpro/sites/{id}", c.showSite)
		r.Put("/api/piwikpro/sites/{id}", c.putSite)
		r.Get("/api/piwikpro/report", c.showReport)
		r.Get("/api/piwikpro/report/days", c.showDays)
		r.Get("/api/piwikpro/sessions", c.listVisitorSessions)
	})
}

// serveConsent tells a tracker its site's setting.
func (c *Collector) serveConsent(w http.ResponseWriter, r *http.Request) {
	site, err := c.Site(r.Context(), chi.URLParam(r, "site"))
	if err != nil {
		c.cannot(w, err)
		return
	}
	served := c.visitors.Serve(site)
	respond(w, http.StatusOK, map[string]any{"site": served.ID, "anonymous_tracking": served.AnonymousTracking})
}

func (c *Collector) listSites(w http.ResponseWriter, r *http.Request) {
	p := strict(r)
	answerVisitors(c, w, r, p, func(ctx context.Context) (map[string][]Site, error) {
		sites, err := c.Sites(ctx)
		return map[string][]Site{"sites": sites}, err
	})
}

func (c *Collector) showSite(w http.ResponseWriter, r *http.Request) {
	p := strict(r)
	id := fromPath(r, p, "id")
	answerVisitors(c, w, r, p, func(ctx context.Context) (Site, error) { return c.Site(ctx, id) })
}

// putSite keeps {"name": "Shop", "anonymous_tracking": true} as the site of the path. The
// name may be left out and stays as it is then; a new site needs one.
func (c *Collector) putSite(w http.ResponseWriter, r *http.Request) {
	if !saysJSON(r) {
		problem(w, http.StatusUnsupportedMediaType, "the body must say that it is JSON\nhint: send the header Content-Type: application/json")
		return
	}
	p := strict(r)
	id := fromPath(r, p, "id")
	given, err := givenSiteIn(r.Body, id)
	if err != nil {
		p.fail("%w", err)
	}
	answerVisitors(c, w, r, p, func(ctx context.Context) (Site, error) {
		site, err := c.Site(ctx, id)
		if err != nil && !errors.Is(err, ErrNoSite) {
			return Site{}, err
		}
		site.ID = id
		if err := c.SetSite(ctx, given.applied(site)); err != nil {
			return Site{}, err
		}
		return c.Site(ctx, id)
	})
}

func (c *Collector) showReport(w http.ResponseWriter, r *http.Request) {
	p := strict(r, "site", "from", "to")
	q := p.report()
	answerVisitors(c, w, r, p, func(ctx context.Context) (Report, error) { return c.Report(ctx, q) })
}

func (c *Collector) showDays(w http.ResponseWriter, r *http.Request) {
	p := strict(r, "site", "from", "to")
	q := p.report()
	answerVisitors(c, w, r, p, func(ctx context.Context) (map[string][]Day, error) {
		days, err := c.Days(ctx, q)
		return map[string][]Day{"days": days}, err
	})
}

func (c *Collector) listVisitorSessions(w http.ResponseWriter, r *http.Request) {
	p := strict(r, "site", "limit", "before")
	q := SessionQuery{Site: p.site(), Before: p.text("before"), Limit: p.limit()}
	answerVisitors(c, w, r, p, func(ctx context.Context) (VisitorSessionList, error) { return c.VisitorSessions(ctx, q) })
}

// report reads what a report is of.
func (p *asked) report() ReportQuery {
	q := ReportQuery{Site: p.site(), From: p.day("from"), To: p.day("to")}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		p.fail("the report ends before it begins")
	}
	return q
}

// site is the site's ID, which must be given.
func (p *asked) site() string {
	id := p.text("site")
	if id == "" {
		p.fail("site is missing: which site's?")
	}
	return id
}

// answerVisitors reads and answers, unless the parameters are wrong.
func answerVisitors[T any](c *Collector, w http.ResponseWriter, r *http.Request, p *asked, read func(context.Context) (T, error)) {
	if p.err != nil {
		problem(w, http.StatusBadRequest, p.err.Error())
		return
	}
	value, err := read(r.Context())
	if err != nil {
		c.cannot(w, err)
		return
	}
	respond(w, http.StatusOK, value)
}

// cannot answers with why something about a site cannot be done.
func (c *Collector) cannot(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, ErrNoSite):
		problem(w, http.StatusNotFound, ErrNoSite.Error())
	case errors.Is(err, ErrBadSite), errors.Is(err, errBadBefore):
		problem(w, http.StatusBadRequest, err.Error())
	default:
		c.unreadable(w, err)
	}
}
