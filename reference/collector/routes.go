package collector

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

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
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.Path == "/" && readsPages(r) {
			w.Header().Set("Vary", "Accept")
			w.Header().Set("Cache-Control", "no-store")
			http.Redirect(w, r, menuPath, http.StatusFound)
			return
		}
		problem(w, http.StatusNotFound, "nothing is here; a hit goes to /<trackId>/wt, /event or /ppms.php")
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusMethodNotAllowed, "method "+r.Method+" does nothing here")
	})
	r.Group(func(r chi.Router) {
		r.Use(fromAnywhere)
		for _, path := range []string{"/{track}/wt", "/{track}/batch"} {
			r.Get(path, c.takeMapp)
			r.Post(path, c.takeMapp)
			r.Options(path, preflight)
		}
		r.Get("/event", c.takeAntsomi)
		r.Post("/event", c.takeAntsomi)
		r.Options("/event", preflight)
		r.Get("/ppms.php", c.takePiwikPro)
		r.Post("/ppms.php", c.takePiwikPro)
		r.Options("/ppms.php", preflight)
		r.Get("/consent/{site}.json", c.serveConsent)
		r.Options("/consent/{site}.json", preflight)
	})
	r.Get("/_/health", c.health)
	r.Get("/_/clock", c.now)
	r.Group(func(r chi.Router) {
		// On a stage, hits are read as the rest is that shows what is known of whom.
		r.Use(c.guard(byOwnName))
		r.Get("/_/hits", c.list)
		r.Get("/_/hits/{id}", c.one)
	})
	r.Group(func(r chi.Router) {
		r.Use(c.guard(byLoopback), fromNoOtherPage)
		r.Delete("/_/hits", c.forget)
		r.Delete("/_/all", c.forgetAll)
		r.Put("/_/clock", c.setClock)
	})
	r.With(c.guard(byAnyName)).Get("/api/mapp/visits", c.countVisits)
	c.routesOfProfiles(r)
	c.routesOfVisitors(r)
	c.routesOfConsole(r)
	return r
}

// readsPages tells whether who asks wants a page, as a browser does that is led here by
// its user.
func readsPages(r *http.Request) bool {
	for _, one := range strings.Split(strings.Join(r.Header["Accept"], ","), ",") {
		if kind, _, err := mime.ParseMediaType(one); err == nil && kind == "text/html" {
			return true
		}
	}
	return false
}

// preflight answers what a browser asks before it sends.
func preflight(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

// survive keeps a panic to the request that made it.
func (c *Collector) survive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch cause := recover(); cause {
			case nil:
			case http.ErrAbortHandler:
				panic(cause)
			default:
				c.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "panic", nameless(fmt.Sprint(cause)), "stack", callers())
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
	received := c.clock.now()
	if raw.Post {
		var body []byte
		body, raw.Broken = bodyOf(r)
		raw.Body = string(body)
	}
	var arrivals []arrival
	for _, hit := range batch(raw) {
		hit.Received = received
		if c.recognise != nil && hit.Refused == "" {
			hit.Visitor = c.recognise(r, hit)
		}
		arrivals = append(arrivals, arrival{hit: hit})
	}
	if c.keep(w, r, arrivals) {
		showPixel(w)
	}
}

// takeAntsomi takes one or more hits in Antsomi's form.
func (c *Collector) takeAntsomi(w http.ResponseWriter, r *http.Request) {
	raw := rawEvent{Query: r.URL.RawQuery, Post: r.Method == http.MethodPost, ContentType: r.Header.Get("Content-Type")}
	received := c.clock.now()
	if raw.Post {
		raw.Body, raw.Broken = bodyOf(r)
	}
	arrivals := antsomi(raw)
	for i := range arrivals {
		a := &arrivals[i]
		a.hit.Received = received
		if a.event == nil {
			continue
		}
		a.event.Received = received
		if a.hit.Refused = c.rules.Refuse(*a.event); a.hit.Refused != "" {
			a.hit.Visitor = ""
		} else if c.rules.Rewrite != nil {
			c.rules.Rewrite(r, a.event)
		}
	}
	switch {
	case !c.keep(w, r, arrivals):
	case raw.Post:
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
	default:
		showPixel(w)
	}
}

// bodyOf reads a body, and one byte too many of one that is too long, so that
// the decoder can tell. It tells whether the body broke off.
func bodyOf(r *http.Request) (body []byte, broken bool) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	return body, err != nil
}

// keep stores what has arrived, and says in the answer's header what was
// refused. When it cannot store, it answers itself and returns false.
func (c *Collector) keep(w http.ResponseWriter, r *http.Request, arrivals []arrival) bool {
	return c.answerFor(w, arrivals, c.store.add(r.Context(), arrivals...))
}

// answerFor says in the answer's header what was refused of what has been stored. When it
// could not be stored, it answers itself and returns false.
func (c *Collector) answerFor(w http.ResponseWriter, arrivals []arrival, err error) bool {
	track := arrivals[0].hit.Track
	if err != nil {
		c.log.Error("hits are lost", "track", track, "hits", len(arrivals), "error", nameless(err.Error()))
		problem(w, http.StatusServiceUnavailable, "the hit could not be stored")
		return false
	}
	if reason := refusal(arrivals); reason != "" {
		c.log.Info("hit refused", "track", track, "reason", reason)
		w.Header().Set(RefusedHeader, reason)
	}
	return true
}

// showPixel answers with the image.
func showPixel(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "image/gif")
	w.Header().Set("Content-Length", strconv.Itoa(len(pixel)))
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, pixel) // a client that is gone needs no answer
}
