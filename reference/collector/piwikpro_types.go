package collector

import (
	"context"
	"errors"
	"time"
)

// The errors of sites and their sessions.
var (
	// ErrNoSite is the error of an ID that no site has.
	ErrNoSite = errors.New("no such site")
	// ErrBadSite is the error of a site that cannot be kept as it is.
	ErrBadSite = errors.New("the site cannot be kept")
	// errBadBefore is the error of a place in a list that is none.
	errBadBefore = errors.New("before must be the next of the list before")
)

// Site is a website or app of the dialect piwikpro, with the setting that decides
// what is collected of visitors who have not agreed.
type Site struct {
	// ID is a UUID in lower case.
	ID string `json:"id"`
	// Name is 1 to 256 bytes.
	Name string `json:"name"`
	// AnonymousTracking is the setting "Anonymous data tracking": off, nothing is
	// collected of a visitor who has not agreed.
	AnonymousTracking bool `json:"anonymous_tracking"`
}

// ExampleSites are the sites that an empty store begins with.
func ExampleSites() []Site {
	return []Site{
		{ID: "0b2f8f6e-6f0a-4b53-9c1d-2f6a5f0e9a01", Name: "Shop", AnonymousTracking: true},
		{ID: "0b2f8f6e-6f0a-4b53-9c1d-2f6a5f0e9a02", Name: "Shop without anonymous tracking"},
		{ID: "0b2f8f6e-6f0a-4b53-9c1d-2f6a5f0e9a03", Name: "Shop under administration", AnonymousTracking: true},
		{ID: "0b2f8f6e-6f0a-4b53-9c1d-2f6a5f0e9a04", Name: "Another shop", AnonymousTracking: true},
	}
}

// Figures are what a report says of some sessions.
type Figures struct {
	Sessions  int64 `json:"sessions"`
	PageViews int64 `json:"page_views"`
	// Events are those that are no page views.
	Events int64 `json:"events"`
	// SessionTime is the sum of the times from the first event of a session, page
	// views among them, to its last: in seconds, to the millisecond.
	SessionTime float64 `json:"session_time"`
	// NewVisitors are the first sessions of identified visitors and all anonymous
	// ones, ReturningVisitors all others: together they are the sessions.
	NewVisitors       int64 `json:"new_visitors"`
	ReturningVisitors int64 `json:"returning_visitors"`
}

// Report is what a site's sessions come to.
type Report struct {
	Site string `json:"site"`
	Name string `json:"name"`
	// From and To are the first and the last day (2006-01-02, UTC); empty where the
	// report has no bound.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Total is the sum of the other two, Anonymous the share of the sessions whose
	// visitors have not agreed.
	Total      Figures `json:"total"`
	Identified Figures `json:"identified"`
	Anonymous  Figures `json:"anonymous"`
	// Places are where the sessions came from, most sessions first.
	Places []PlaceFigures `json:"places"`
}

// PlaceFigures are the sessions from one city, or from somewhere in a country; both
// names are empty where nobody knows.
type PlaceFigures struct {
	Country  string `json:"country"`
	City     string `json:"city"`
	Sessions int64  `json:"sessions"`
	// Anonymous are those of the sessions whose visitors have not agreed.
	Anonymous int64 `json:"anonymous"`
}

// Day is a report of one day. A session belongs to the day that it began on.
type Day struct {
	// Day is like 2006-01-02, UTC.
	Day        string  `json:"day"`
	Total      Figures `json:"total"`
	Identified Figures `json:"identified"`
	Anonymous  Figures `json:"anonymous"`
}

// ReportQuery says what a report is of.
type ReportQuery struct {
	// Site is the site's ID.
	Site string
	// From and To are the first and the last day: any time in it, UTC. The zero time
	// is no bound.
	From, To time.Time
}

// VisitorSession is one session of one visitor at one site.
type VisitorSession struct {
	// ID is not used again.
	ID int64 `json:"id"`
	// Began and Ended are the times of its first and its last event, to the
	// millisecond, UTC.
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended"`
	// Anonymous tells that its visitor has not agreed, nor did while it lasted.
	Anonymous bool `json:"anonymous"`
	// Visitor is the visitor's ID; empty when anonymous.
	Visitor string `json:"visitor,omitempty"`
	// New tells that it counts as the first of its visitor; each anonymous one does.
	New bool `json:"new"`
	// PageViews and Events are numbers; an event is no page view.
	PageViews int64 `json:"page_views"`
	Events    int64 `json:"events"`
	// Seconds is the time from Began to Ended.
	Seconds float64 `json:"seconds"`
	// Country and City are English names; empty where nobody knows.
	Country string `json:"country"`
	City    string `json:"city"`
	// Address is the visitor's; of an anonymous one 0.0.0.0 or ::, by its family.
	// Empty where there is none.
	Address string `json:"address"`
}

// VisitorSessionList is a page of a list of sessions, newest first.
type VisitorSessionList struct {
	Sessions []VisitorSession `json:"sessions"`
	// Next is the place that the list goes on from; empty at its end.
	Next string `json:"next,omitempty"`
}

// SessionQuery narrows and pages a list of sessions.
type SessionQuery struct {
	// Site is the site's ID.
	Site string
	// Before is the Next of the page before; empty begins with the newest.
	Before string
	// Limit is the most sessions that are returned; 0 means 100.
	Limit int
}

// Sites lists all sites by name.
func (c *Collector) Sites(ctx context.Context) ([]Site, error) { return c.store.sites(ctx) }

// Site returns one site; ErrNoSite when no site has the ID.
func (c *Collector) Site(ctx context.Context, id string) (Site, error) { return c.store.site(ctx, id) }

// SetSite keeps a site as given, a new one or one with other settings. It returns when
// that is durable. What cannot be kept is ErrBadSite.
func (c *Collector) SetSite(ctx context.Context, s Site) error {
	return c.store.setSite(ctx, c.visitors, s, c.clock.now())
}

// Report sums up a site's sessions; ErrNoSite when no site has the ID.
func (c *Collector) Report(ctx context.Context, q ReportQuery) (Report, error) {
	return c.store.report(ctx, q)
}

// Days sums up a site's sessions day by day, in order; days without a session are left
// out. ErrNoSite when no site has the ID.
func (c *Collector) Days(ctx context.Context, q ReportQuery) ([]Day, error) {
	return c.store.days(ctx, q)
}

// VisitorSessions lists a site's sessions, newest first; ErrNoSite when no site has the
// ID.
func (c *Collector) VisitorSessions(ctx context.Context, q SessionQuery) (VisitorSessionList, error) {
	return c.store.visitorSessions(ctx, q)
}
