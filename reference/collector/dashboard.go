package collector

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

//go:embed pages/*.html.tmpl
var pageFiles embed.FS

//go:embed pages/style.css
var stylesheet string

// policy lets a page load its stylesheet and send its form, and nothing else: no
// script, no picture from elsewhere, no frame around it.
const policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// pages are the templates; they are read when the program starts, so that one
// that is broken cannot get through a single test.
var pages = template.Must(template.New("pages").Funcs(template.FuncMap{
	"short": short, "visible": visible, "plural": plural, "number": number,
	"time": timeElement, "clock": clockElement, "kind": kindName, "pretty": pretty,
	"customer": customerPath, "user": userPath, "listed": listPath,
	"site": sitePath, "reported": reportPath, "older": olderPath, "query": reportQuery, "duration": duration, "share": share, "exact": exact,
	"place": placeName, "day": namedDay, "int": func(n int64) int { return int(n) }, "hits": hitsPath, "to_second": secondElement,
	"sum": func(n int64) string { return number(int(n)) }, "float": func(n int64) float64 { return float64(n) },
}).ParseFS(pageFiles, "pages/*.html.tmpl"))

// dashboard shows profiles as pages.
type dashboard struct {
	from profileReader
	log  *slog.Logger
}

func (d dashboard) routes(r chi.Router) {
	r.Get("/antsomi", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/antsomi/", http.StatusMovedPermanently)
	})
	r.Get("/antsomi/", d.list)
	r.Get("/antsomi/style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = io.WriteString(w, stylesheet) // a client that is gone needs no answer
	})
	r.Get("/antsomi/customers/{cid}", d.profile)
	r.Get("/antsomi/users/{uid}", d.profile)
	r.Get("/antsomi/*", func(w http.ResponseWriter, r *http.Request) {
		d.fail(w, http.StatusNotFound, "There is no such page", "")
	})
}

// The sections that the pages' menu leads to.
const (
	profilesSection       = ""
	menuSection           = "menu"
	reportsSection        = "reports"
	administrationSection = "administration"
)

// chrome is what stands around every page.
type chrome struct {
	// Title is the page's name, Search what the search field holds.
	Title, Search string
	// Section is where the page belongs in the menu; empty is among profiles.
	Section string
}

// Menu is the pages' menu.
func (c chrome) Menu() []kindTab {
	return []kindTab{
		{"Profiles", "/antsomi/", c.Section == profilesSection},
		{"Reports", reportsPath, c.Section == reportsSection},
		{"Administration", administrationPath, c.Section == administrationSection},
	}
}

// Timed tells that the page may show times.
func (c chrome) Timed() bool { return c.Section == profilesSection || c.Section == reportsSection }

// Searches tells that the page has the field that searches profiles.
func (c chrome) Searches() bool { return c.Section == profilesSection }

// listView is the page of the list.
type listView struct {
	chrome
	Query ProfileQuery
	List  ProfileList
	// Match is the profile of the user ID that was searched for, where it
	// belongs to a customer and has therefore no row of its own.
	Match *Profile
	Kinds []kindTab
}

// kindTab is a link that may be the current one: to one kind of the list, to a
// section of the menu.
type kindTab struct {
	Name, Href string
	Current    bool
}

// listSize is how many profiles a page of the list shows.
const listSize = 50

func (d dashboard) list(w http.ResponseWriter, r *http.Request) {
	p := strict(r, "q", "kind", "portal_id", "after")
	q := ProfileQuery{Portal: p.text("portal_id"), Text: p.search(), Kind: p.kind(), After: p.text("after"), Limit: listSize}
	if p.err != nil {
		d.fail(w, http.StatusBadRequest, "The address is not right", p.err.Error())
		return
	}
	list, err := d.from.Profiles(r.Context(), q)
	if err != nil {
		d.unreadable(w, err)
		return
	}
	view := listView{chrome: chrome{Title: "Profiles", Search: q.Text}, Query: q, List: list, Match: d.match(r.Context(), q)}
	for _, kind := range []struct{ kind, name string }{{"", "All"}, {"customer", "Customers"}, {"anonymous", "Anonymous"}} {
		of := q
		of.Kind, of.After = kind.kind, ""
		view.Kinds = append(view.Kinds, kindTab{Name: kind.name, Href: listPath(of, ""), Current: kind.kind == q.Kind})
	}
	d.show(w, http.StatusOK, "list", view)
}

// match finds the user ID that was searched for among those that customers have.
// That there is none is no error: most searches are for something else.
func (d dashboard) match(ctx context.Context, q ProfileQuery) *Profile {
	if q.Text == "" || q.Kind == "anonymous" {
		return nil
	}
	found, err := d.from.User(ctx, q.Portal, q.Text)
	if err != nil || !found.Customer {
		return nil
	}
	return &found
}

// listPath is the list's address, from after on.
func listPath(q ProfileQuery, after string) string {
	values := url.Values{}
	for name, value := range map[string]string{"q": q.Text, "kind": q.Kind, "portal_id": q.Portal, "after": after} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if len(values) == 0 {
		return "/antsomi/"
	}
	return "/antsomi/?" + values.Encode()
}

// failure is the page that says what is wrong.
type failure struct {
	chrome
	Said string
	Hint string
	// Back is where to go on from.
	Back kindTab
}

// Timed tells that the page shows no times.
func (failure) Timed() bool { return false }

func (d dashboard) fail(w http.ResponseWriter, status int, title, text string) {
	failPage(w, d.log, status, chrome{Title: title}, text, kindTab{Name: "All profiles", Href: "/antsomi/"})
}

func failPage(w http.ResponseWriter, log *slog.Logger, status int, around chrome, text string, back kindTab) {
	said, hint, _ := strings.Cut(text, "\nhint: ")
	showPage(w, log, status, "failure", failure{chrome: around, Said: sentence(said), Hint: sentence(hint), Back: back})
}

func (d dashboard) unreadable(w http.ResponseWriter, err error) {
	switch status, text := statusOf(err); status {
	case http.StatusBadRequest:
		d.fail(w, status, "The address is not right", text)
	case http.StatusNotFound:
		d.fail(w, status, "There is no such profile", "No event that the collector took belongs to it.\nhint: search by customer ID or user ID above.")
	case http.StatusConflict:
		d.fail(w, status, "Several portals hold this ID", "Which one is meant, the address does not say.\nhint: search for it above and open the one that is meant.")
	default:
		d.log.Error("store does not answer", "error", err)
		d.fail(w, status, "The profile cannot be read", text)
	}
}

func (d dashboard) show(w http.ResponseWriter, status int, name string, view any) {
	showPage(w, d.log, status, name, view)
}

// showPage writes a page, once it is whole.
func showPage(w http.ResponseWriter, log *slog.Logger, status int, name string, view any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, view); err != nil {
		log.Error("page is broken", "page", name, "error", err)
		problem(w, http.StatusInternalServerError, "the page could not be made")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // a client that is gone needs no answer
}

// timeElement is a moment with day and minute.
func timeElement(t time.Time) template.HTML { return element(t, "2 Jan 2006, 15:04") }

// clockElement is a moment of a day that is named nearby.
func clockElement(t time.Time) template.HTML { return element(t, "15:04:05") }

// secondElement is a moment with day and second.
func secondElement(t time.Time) template.HTML { return element(t, "2 Jan 2006, 15:04:05") }

// element holds nothing that was sent: a time prints as digits and letters.
func element(t time.Time, layout string) template.HTML {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s UTC">%s</time>`,
		machineTime(t), t.Format("Mon, 2 Jan 2006, 15:04:05.000"), t.Format(layout)))
}
