package collector

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

// siteKeeper is what the console needs of a collector.
type siteKeeper interface {
	Sites(ctx context.Context) ([]Site, error)
	Site(ctx context.Context, id string) (Site, error)
	SetSite(ctx context.Context, s Site) error
	Report(ctx context.Context, q ReportQuery) (Report, error)
	Days(ctx context.Context, q ReportQuery) ([]Day, error)
	VisitorSessions(ctx context.Context, q SessionQuery) (VisitorSessionList, error)
	Refusals(ctx context.Context, site string) (Refusals, error)
	Saved(ctx context.Context, site string) (time.Time, error)
}

// Where the console's pages are.
const (
	menuPath           = "/piwikpro/"
	reportsPath        = menuPath + "reports/"
	administrationPath = menuPath + "administration/"
	sitesPath          = administrationPath + "sites/"
)

// console shows reports and changes settings of sites, as pages.
type console struct {
	of  siteKeeper
	log *slog.Logger
	// now is the collector's clock.
	now func() time.Time
	// ids gives the random bytes of new sites' IDs.
	ids io.Reader
	// seal is the key of the tokens in forms.
	seal []byte
	// crossing refuses what other sites' pages send.
	crossing *http.CrossOriginProtection
}

// routesOfConsole adds the pages, for those who may.
func (c *Collector) routesOfConsole(r chi.Router) {
	var drawn [sha256.Size]byte
	_, _ = rand.Read(drawn[:]) // it never fails
	k := console{
		of: c, log: c.log, now: c.clock.now, ids: rand.Reader,
		seal: sealOf(c.token, drawn), crossing: http.NewCrossOriginProtection(),
	}
	r.Group(func(r chi.Router) {
		r.Use(c.guard(byOwnName))
		k.routes(r)
	})
}

// sealOf is the key of the tokens in forms. With a token, all collectors that share it
// take each other's forms; without one, each takes only its own, until it ends.
func sealOf(token string, drawn [sha256.Size]byte) []byte {
	if token != "" {
		drawn = sha256.Sum256([]byte("forms of the console, sealed with " + token))
	}
	return drawn[:]
}

func (k console) routes(r chi.Router) {
	r.Get("/piwikpro", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, menuPath, http.StatusMovedPermanently)
	})
	r.Get(menuPath, k.plain("menu", chrome{Title: "Menu", Section: menuSection}))
	r.Get(administrationPath, k.plain("administration", chrome{Title: "Administration", Section: administrationSection}))
	r.Get(reportsPath, k.report)
	r.Get(sitesPath, k.sites)
	r.Post(sitesPath, k.sealed(k.addSite))
	r.Get(sitesPath+"{id}", k.sites)
	r.Get(sitesPath+"{id}/consent-manager", k.consentManager)
	r.Post(sitesPath+"{id}/consent-manager", k.sealed(k.saveConsentManager))
	r.Get(menuPath+"*", func(w http.ResponseWriter, r *http.Request) {
		k.fail(w, r, http.StatusNotFound, "There is no such page", "")
	})
}

// plain is a page that shows nothing but itself.
func (k console) plain(name string, view chrome) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if p := strict(r); p.err != nil {
			k.fail(w, r, http.StatusBadRequest, "The address is not right", p.err.Error())
			return
		}
		k.show(w, http.StatusOK, name, view)
	}
}

func (k console) show(w http.ResponseWriter, status int, name string, view any) {
	showPage(w, k.log, status, name, view)
}

// fail says what is wrong, and leads to where it can be put right.
func (k console) fail(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	around, back := chrome{Title: title, Section: menuSection}, kindTab{Name: "Menu", Href: menuPath}
	switch path := r.URL.Path; {
	case r.Method == http.MethodPost:
		// A form's page has the address that it is sent to.
		around.Section, back = administrationSection, kindTab{Name: "Back to the form", Href: r.URL.EscapedPath()}
		if status == http.StatusNotFound {
			back = kindTab{Name: "Websites & apps", Href: sitesPath}
		}
	case strings.HasPrefix(path, reportsPath):
		around.Section, back = reportsSection, kindTab{Name: "Reports", Href: reportsPath}
	case strings.HasPrefix(path, sitesPath):
		around.Section, back = administrationSection, kindTab{Name: "Websites & apps", Href: sitesPath}
	case strings.HasPrefix(path, administrationPath):
		around.Section, back = administrationSection, kindTab{Name: "Administration", Href: administrationPath}
	}
	failPage(w, k.log, status, around, text, back)
}

// unreadable answers when a site, or what is known of it, cannot be had or kept.
func (k console) unreadable(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, ErrNoSite):
		k.fail(w, r, http.StatusNotFound, "There is no such website or app", "None has that ID.\nhint: pick one below Websites & apps.")
	case errors.Is(err, ErrBadSite):
		k.fail(w, r, http.StatusBadRequest, "The website or app is not right", err.Error())
	case errors.Is(err, errBadBefore):
		k.fail(w, r, http.StatusBadRequest, "The address is not right", err.Error())
	default:
		k.log.Error("store does not answer", "error", err)
		k.fail(w, r, http.StatusServiceUnavailable, "The store does not answer", "")
	}
}

// maxForm bounds a form, in bytes.
const maxForm = 16 << 10

// tokenField is the name of the field that holds a form's token.
const tokenField = "token"

// token is what a form that is sent to that path holds: whoever has not read the
// page cannot know it, and a form of another page holds another.
func (k console) token(path string) string {
	mac := hmac.New(sha256.New, k.seal)
	_, _ = mac.Write([]byte(path)) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil))
}

// sealed takes a form only from a page of the console itself: the browser must not
// say that it comes from elsewhere, and its token must be that of the page.
func (k console) sealed(take http.HandlerFunc) http.HandlerFunc {
	const title, hint = "The form is not taken", "\nhint: open the page anew and send its form."
	return func(w http.ResponseWriter, r *http.Request) {
		if err := k.crossing.Check(r); err != nil {
			k.fail(w, r, http.StatusForbidden, title, "It was sent by a page of another site."+hint)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			k.fail(w, r, http.StatusBadRequest, title, "It is too large, or not well formed."+hint)
			return
		}
		sent := r.PostForm[tokenField]
		if len(sent) != 1 || !hmac.Equal([]byte(sent[0]), []byte(k.token(r.URL.Path))) {
			k.fail(w, r, http.StatusForbidden, title, "Its token is missing or wrong: the collector was started anew, or the form is of another page."+hint)
			return
		}
		take(w, r)
	}
}
