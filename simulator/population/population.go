// Package population plays visitors at protocol level: without a browser, it makes
// the hits that a tracker would make, and sends them to a collector that speaks the
// dialect. What it plays is the tracker's part, so nothing that it sends proves
// anything of a tracker; it is there for what only the collector decides: who is
// who, what belongs to whom, how often something is counted.
//
// A [Dialect] turns hits into requests, a [Tracker] is what a browser keeps for one
// visitor, a [Player] sends. [Stage] walks a scenario's journey with them.
package population

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Hit is one event as a tracker tells of it, in no vendor's words yet. What is
// empty is left out of what is sent.
type Hit struct {
	// Visitor, Device and Message are the IDs that the tracker gives: of the visit
	// or visitor, of the browser, and of this hit, the same when it is sent again.
	Visitor, Device, Message string
	// Category and Action name the event, such as "pageview" and "view".
	Category, Action string
	// Made is when it happened, by the page's clock.
	Made time.Time
	Page Page
	// Identity names the customer; nil when the hit names none.
	Identity *Identity
	// Customer, Custom and System are attributes of the customer, of the visitor as
	// the site knows him, and of his machine.
	Customer, Custom, System map[string]string
	// Items are the things that it is about.
	Items []Item

	// Site is the site that it belongs to, where that is not the account's property.
	Site string
	// Anonymous says that its visitor has not agreed to be known. Session marks the
	// anonymous session that it belongs to, and Joins says that the session is the
	// visitor's from now on.
	Anonymous, Joins bool
	Session          string
	// View marks one view of a page, Name and Value belong to an event, Random makes
	// the request one of its own.
	View, Name, Value, Random string
	// Arrived and From say, of a hit that is imported later, when it reached the
	// collector and from which address. Without Arrived it is no import.
	Arrived time.Time
	From    netip.Addr
}

// None tells that there is no hit: the tracker had nothing to send.
func (h Hit) None() bool { return h.Made.IsZero() }

// Item is a thing of the shop.
type Item struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// Price is that of one, in the shop's currency.
	Price    float64 `json:"price,omitempty"`
	Quantity int     `json:"quantity,omitempty"`
}

// Page is where a hit was made.
type Page struct {
	// URL and Referrer are absolute.
	URL, Referrer, Title string
}

// Identity is what a hit says of who the visitor is.
type Identity struct {
	// ID is the site's identifier of the customer.
	ID string
	// Time is when he was identified, as it is sent: milliseconds since 1970.
	// Empty leaves it out, as a site might that has read the documents badly.
	Time string
	// Event and Type are the vendor's words, such as "user_sign_in" and "exact".
	Event, Type string
}

// Account is whose hits they are, and where they go.
type Account struct {
	// Collector is the base URL of the collector, such as
	// "https://collect.vendor.test".
	Collector string
	// Portal and Property are the vendor's words for a customer's account and one
	// of his sites.
	Portal, Property string
	// Token allows to import hits, where the vendor asks for one.
	Token string
}

// Transport is how a hit travels.
type Transport string

// The transports. An image's parameters stand in the query, those of the two
// others in a body of JSON, which a beacon calls text.
const (
	Image  Transport = "image"
	JSON   Transport = "json"
	Beacon Transport = "beacon"
)

// Dialect is one vendor's way to speak.
type Dialect interface {
	// Name is the vendor's short name.
	Name() string
	// Request makes one request of the hits. More than one makes a batch, which
	// has a transport of its own; none is an error.
	Request(ctx context.Context, to Account, by Transport, hits ...Hit) (*http.Request, error)
	// Tracker returns the tracker of a browser that has never been on the site.
	Tracker(m Means) Tracker
	// Site returns the stage's site with the vendor's tracker on it, by the clock of
	// its pages.
	Site(now func() time.Time) Site
}

// Tracker is the state of a tracker in one browser. Its methods return what it
// sends, [Hit.None] where that is nothing; they are not for concurrent use.
type Tracker interface {
	// View opens a page.
	View(page Page) Hit
	// Track tells of an event on the page.
	Track(e Event) Hit
	// Reset is what the site calls when the customer logs out.
	Reset()
	// Forget is what is left once the visitor has emptied his cookie jar.
	Forget()
	// Visitor and Device are the IDs that the tracker holds now, for those who want
	// to know them without a hit; empty when it holds none.
	Visitor() string
	Device() string
}

// Event is what a site tells its tracker.
type Event struct {
	Category, Action string
	Page             Page
	// Customer and Custom are attributes; Identity names the customer.
	Customer, Custom map[string]string
	Identity         *Identity
	// Items are the things that it is about.
	Items []Item
}

// Means are what a tracker cannot make of its own.
type Means struct {
	// Now is the page's clock.
	Now func() time.Time
	// ID makes identifiers: n random bytes, in hex.
	ID func(n int) string
	// Setting tells whether the site has a visitor tracked who has not agreed, as far
	// as the page can learn it; nil means no. Only pixels that ask for consent want it.
	Setting func() bool
	// Refreshed takes the reading by which an anonymous session's cookie begins anew
	// with each hit; else it is gone 30 minutes after it was set.
	Refreshed bool
}

// Dialects returns the dialects, by name.
func Dialects() []Dialect { return []Dialect{Antsomi{}, Piwikpro{}} }

// Lookup returns the dialect of that name, which is that of the document that a
// pixel is held to.
func Lookup(name string) (Dialect, error) {
	var known []string
	for _, d := range Dialects() {
		if d.Name() == name {
			return d, nil
		}
		known = append(known, d.Name())
	}
	return nil, fmt.Errorf("nobody plays the tracker of %s without a browser, only that of %s", name, strings.Join(known, ", "))
}

// endpoint joins the collector's base URL and a path.
func (a Account) endpoint(path string) (*url.URL, error) {
	base, err := url.Parse(a.Collector)
	if err != nil || base.Scheme == "" || base.Host == "" {
		return nil, fmt.Errorf("the collector %q is not an absolute URL\nhint: such as https://collect.vendor.test", a.Collector)
	}
	return base.JoinPath(path), nil
}
