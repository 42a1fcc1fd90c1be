package collector

import (
	"cmp"
	"net/http"
	"net/netip"
	"time"

	"github.com/pixelwitness/pixelwitness/reference/geo"
)

// VisitorRules are the decisions about visitors of the dialect piwikpro. The zero value
// decides as the document asks; every other is there to show what a collector does
// that decides wrongly. Each function that is nil is the collector's own; those that
// another one wants to build on are exported: [MaskAddress], [Collects], [IsNew] and
// [FiguresOf].
//
// Address, Rewrite, Mask, Locate and Keep are called before a hit is stored, Serve when a
// setting is asked for: by many at once. The others are called within the transaction
// that the hit is stored in, by one goroutine; they may be called again for the same hit
// when the transaction is tried again.
type VisitorRules struct {
	// Address says where a request comes from; own is what the collector has found
	// out.
	Address func(r *http.Request, own netip.Addr) netip.Addr
	// Rewrite changes what a well-formed hit means, before anything else is decided:
	// whose it is, and which sessions an agreement is for.
	Rewrite func(r *http.Request, v *Visit)
	// Mask is what is kept of an address; empty when nothing is. The collector's own
	// is [MaskAddress].
	Mask func(address netip.Addr, anonymous bool) string
	// Locate says where a visitor is, by his full address; kept is what Mask made of
	// that. The database may be nil, and knows no place then. The collector's own asks
	// it for the full address.
	Locate func(db *geo.DB, full netip.Addr, kept string) geo.Place
	// Keep changes the record of a well-formed hit before it is stored. Its parameters
	// are without ses in an anonymous hit. The collector's own changes nothing.
	Keep func(v Visit, hit *Hit)
	// SettingOf names the site whose setting holds for a site, by their IDs. The
	// collector's own is the site itself.
	SettingOf func(site string) string
	// Collects tells whether a site takes a hit; of one that it does not take nothing
	// is kept. The collector's own is [Collects].
	Collects func(v Visit, s Site) bool
	// Save changes a site on its way into the store; held is what is there, the zero
	// Site when it is new. The collector's own is given.
	Save func(held, given Site) Site
	// Serve changes the setting that a tracker is told. The collector's own is the
	// site as it is stored.
	Serve func(s Site) Site
	// Agree makes an anonymous session one of the visitor who has agreed; the collector's
	// own sets Anonymous, Visitor and Address.
	Agree func(s *VisitorSession, v Visit)
	// New tells whether a session counts as a new visitor's; earlier tells that the
	// same visitor has had an earlier session at the site. The collector's own is
	// [IsNew].
	New func(s VisitorSession, earlier bool) bool
	// Count is what a session adds to the report of its day. The collector's own is
	// [FiguresOf].
	Count func(s VisitorSession) Figures
	// Pause is how long a visitor is silent before his next event begins another
	// session; 0 means 30 minutes.
	Pause time.Duration
}

// VisitKind says what a hit of the dialect piwikpro is.
type VisitKind int

// The kinds.
const (
	// PageView: a page was shown.
	PageView VisitKind = iota
	// Action: something else happened that the page reports.
	Action
	// Agreement: the visitor has agreed in the middle of an anonymous session. It
	// counts as no event, and neither begins a session nor lengthens one.
	Agreement
)

// Visit is what a hit of the dialect piwikpro means.
type Visit struct {
	// Site is the site's ID.
	Site string
	Kind VisitKind
	// At is when it happened: when the tracker says so, within reason (see the
	// package's documentation), or else Received, when the hit arrived.
	At, Received time.Time
	// Anonymous tells that the visitor has not agreed.
	Anonymous bool
	// Visitor is the visitor's ID; empty in an anonymous hit. One with both would be
	// an anonymous session that is found by the ID.
	Visitor string
	// Temporary is the value of the temporary cookie of an anonymous session; empty in
	// an identified hit.
	Temporary string
	// Agreed are the values of the temporary cookies of the sessions that an Agreement
	// is for: one.
	Agreed []string
	// Address is the visitor's, as Rewrite and Keep of the [VisitorRules] see it. The store
	// never gets to see it.
	Address netip.Addr
	// Kept is what is kept of the address, Place where it is.
	Kept  string
	Place geo.Place
	// Imported tells that it was played in from elsewhere, and leaves no record of a hit.
	Imported bool
}

// What is kept of an anonymous visitor's address: its family.
const (
	maskedIPv4 = "0.0.0.0"
	maskedIPv6 = "::"
)

// MaskAddress is the collector's own rule of what is kept of an address: of an anonymous
// visitor's nothing but its family, of an identified one's all. An IPv4 address in IPv6
// form is one of IPv4. There is nothing to keep of the zero address.
func MaskAddress(address netip.Addr, anonymous bool) string {
	switch address = bare(address); {
	case !address.IsValid():
		return ""
	case !anonymous:
		return address.String()
	case address.Is4():
		return maskedIPv4
	}
	return maskedIPv6
}

// Collects is the collector's own rule of what a site takes: everything, or with anonymous
// data tracking off nothing of visitors who have not agreed.
func Collects(v Visit, s Site) bool { return !v.Anonymous || s.AnonymousTracking }

// IsNew is the collector's own rule of new visitors: the first session of an identified
// visitor, and each anonymous one.
func IsNew(s VisitorSession, earlier bool) bool { return s.Anonymous || !earlier }

// FiguresOf is the collector's own rule of what a session adds to the report of its day.
func FiguresOf(s VisitorSession) Figures {
	f := Figures{Sessions: 1, PageViews: s.PageViews, Events: s.Events, SessionTime: s.Ended.Sub(s.Began).Seconds()}
	if s.New {
		f.NewVisitors = 1
	} else {
		f.ReturningVisitors = 1
	}
	return f
}

// complete fills in the collector's own decisions.
func (r VisitorRules) complete() VisitorRules {
	if r.Address == nil {
		r.Address = func(_ *http.Request, own netip.Addr) netip.Addr { return own }
	}
	if r.Rewrite == nil {
		r.Rewrite = func(*http.Request, *Visit) {}
	}
	if r.Mask == nil {
		r.Mask = MaskAddress
	}
	if r.Locate == nil {
		r.Locate = func(db *geo.DB, full netip.Addr, _ string) geo.Place { return db.Locate(full) }
	}
	if r.Keep == nil {
		r.Keep = func(Visit, *Hit) {}
	}
	if r.SettingOf == nil {
		r.SettingOf = func(site string) string { return site }
	}
	if r.Collects == nil {
		r.Collects = Collects
	}
	if r.Save == nil {
		r.Save = func(_, given Site) Site { return given }
	}
	if r.Serve == nil {
		r.Serve = func(s Site) Site { return s }
	}
	if r.Agree == nil {
		r.Agree = agree
	}
	if r.New == nil {
		r.New = IsNew
	}
	if r.Count == nil {
		r.Count = FiguresOf
	}
	r.Pause = cmp.Or(r.Pause, sessionPause)
	return r
}

// agree is the collector's own rule of what an agreement changes.
func agree(s *VisitorSession, v Visit) {
	s.Anonymous, s.Visitor, s.Address = false, v.Visitor, v.Kept
}
