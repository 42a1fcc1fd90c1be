package collector

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// sitesView is the page of websites and apps: all on the left, one of them beside.
type sitesView struct {
	chrome
	Sites []Site
	// Marks tell sites of the same name apart, by ID.
	Marks map[string]string
	// Site is the one that was picked; nil where none was.
	Site *Site
	// Saved is when its settings were last saved; the zero time when they never were.
	Saved time.Time
	// Token is that of the form that adds a site.
	Token string
}

func (k console) sites(w http.ResponseWriter, r *http.Request) {
	p := strict(r)
	id := fromPath(r, p, "id")
	if p.err != nil {
		k.fail(w, r, http.StatusBadRequest, "The address is not right", p.err.Error())
		return
	}
	all, err := k.of.Sites(r.Context())
	if err != nil {
		k.unreadable(w, r, err)
		return
	}
	view := sitesView{
		chrome: chrome{Title: "Websites & apps", Section: administrationSection},
		Sites:  all, Marks: marksOf(all), Token: k.token(sitesPath),
	}
	if id != "" {
		site, err := k.of.Site(r.Context(), id)
		if err != nil {
			k.unreadable(w, r, err)
			return
		}
		if view.Saved, err = k.of.Saved(r.Context(), id); err != nil {
			k.unreadable(w, r, err)
			return
		}
		view.Site, view.Title = &site, site.Name
	}
	k.show(w, http.StatusOK, "sites", view)
}

// consentView is the page with the settings of a site's Consent Manager.
type consentView struct {
	chrome
	Site Site
	// Mark tells it apart from others of its name; empty where there are none.
	Mark  string
	Token string
}

func (k console) consentManager(w http.ResponseWriter, r *http.Request) {
	p := strict(r)
	id := fromPath(r, p, "id")
	if p.err != nil {
		k.fail(w, r, http.StatusBadRequest, "The address is not right", p.err.Error())
		return
	}
	site, err := k.of.Site(r.Context(), id)
	if err != nil {
		k.unreadable(w, r, err)
		return
	}
	all, err := k.of.Sites(r.Context())
	if err != nil {
		k.unreadable(w, r, err)
		return
	}
	k.show(w, http.StatusOK, "consent-manager", consentView{
		chrome: chrome{Title: "Consent Manager", Section: administrationSection},
		Site:   site, Mark: marksOf(all)[id], Token: k.token(r.URL.Path),
	})
}

// saveConsentManager takes the form: a checkbox that is not checked is not sent.
func (k console) saveConsentManager(w http.ResponseWriter, r *http.Request) {
	p := &asked{values: r.PostForm}
	id, checked := fromPath(r, p, "id"), k.checkbox(p, "anonymous_tracking")
	if p.err != nil {
		k.fail(w, r, http.StatusBadRequest, "The form is not right", p.err.Error())
		return
	}
	site, err := k.of.Site(r.Context(), id)
	if err != nil {
		k.unreadable(w, r, err)
		return
	}
	site.AnonymousTracking = checked
	if err := k.of.SetSite(r.Context(), site); err != nil {
		k.unreadable(w, r, err)
		return
	}
	k.log.Info("site is set", "site", site.ID, "anonymous tracking", checked)
	http.Redirect(w, r, sitePath(site.ID), http.StatusSeeOther)
}

func (k console) checkbox(p *asked, name string) bool {
	values := p.values[name]
	if len(values) > 1 || len(values) == 1 && values[0] != "on" {
		p.fail("%s must be on, once, or left out", name)
	}
	return len(values) == 1
}

// addSite takes the form with which a website or app is added.
func (k console) addSite(w http.ResponseWriter, r *http.Request) {
	p := &asked{values: r.PostForm}
	name, tracking := strings.TrimSpace(p.text("name")), k.checkbox(p, "anonymous_tracking")
	if name == "" || !isText(name) {
		p.fail("the website or app needs a name")
	}
	if p.err != nil {
		k.fail(w, r, http.StatusBadRequest, "The form is not right", p.err.Error())
		return
	}
	id, err := newSiteID(k.ids)
	if err != nil {
		k.unreadable(w, r, err)
		return
	}
	if err := k.of.SetSite(r.Context(), Site{ID: id, Name: name, AnonymousTracking: tracking}); err != nil {
		k.unreadable(w, r, err)
		return
	}
	k.log.Info("site is added", "site", id, "anonymous tracking", tracking)
	http.Redirect(w, r, sitePath(id), http.StatusSeeOther)
}

// newSiteID makes a UUID of version 4 (RFC 9562, section 5.4) of random bytes.
func newSiteID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("make an ID of a site: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}
