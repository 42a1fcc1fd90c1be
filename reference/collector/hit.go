package collector

import "time"

// Hit is one hit as it is kept and read back.
type Hit struct {
	// ID numbers the hits in order of arrival.
	ID int64 `json:"id"`
	// Received is when the hit arrived, by the collector's clock, Made when
	// the pixel says that it made it; both UTC, to the microsecond. Made is
	// the zero time when the hit does not tell.
	Received time.Time `json:"received"`
	Made     time.Time `json:"made,omitzero"`
	// Dialect is the vendor whose form the hit has: "mapp", "antsomi" or
	// "piwikpro".
	Dialect string `json:"dialect"`
	// Track is the track ID (antsomi: the portal's; piwikpro: the site's), Page the page's name as the
	// pixel gives it (antsomi, piwikpro: its address).
	Track string `json:"track"`
	Page  string `json:"page"`
	// Visitor is the visitor's ID; empty when the hit carries none, is
	// anonymous or was refused.
	Visitor string `json:"visitor,omitempty"`
	// Anonymous tells that the hit says so of itself.
	Anonymous bool `json:"anonymous"`
	// Transport says where the parameters stood: "query", "text" (a body of
	// plain text, as beacons send it), "form", "json", or "other" for a body
	// that is nothing that the dialect knows.
	Transport string `json:"transport"`
	// Parameters holds the parameters, decoded; of the dialect mapp, where
	// Visitor has to be empty, without the ID; of piwikpro, where it is, nothing but
	// what the dialect knows. What is no text stands in JSON.
	Parameters map[string]string `json:"parameters"`
	// Refused says why the hit is not well formed; empty when it is.
	Refused string `json:"refused,omitempty"`
}

// Query narrows and pages a list of hits.
type Query struct {
	// Track keeps to one track ID; empty means all.
	Track string
	// Dialect keeps to one vendor's form; empty means all.
	Dialect string
	// After is the ID after which the list begins.
	After int64
	// Limit is the most hits that are returned; 0 means all.
	Limit int
}
