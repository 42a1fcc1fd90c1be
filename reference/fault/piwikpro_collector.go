package fault

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/geo"
	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

// visitorFault is a fault of the collector's decisions about visitors. The rules are
// made anew for each collector, so that each remembers what is its own.
func visitorFault(name, title, clause string, rules func() collector.VisitorRules) Fault {
	return Fault{Name: name, Title: title, Part: Collector, Vendor: "piwikpro", Clauses: []string{clause},
		Change: func(o *collector.Options) { o.Visitors = rules() }}
}

// piwikproAddresses returns faults of what a collector does with addresses.
func piwikproAddresses() []Fault {
	const (
		stored = "piwikpro.no-ip-stored"
		masked = "piwikpro.ip-masked"
		place  = "piwikpro.geo-before-mask"
	)
	return []Fault{
		logging("logs-each-address", "The log has the full address of every hit",
			func(o collector.Options, v collector.Visit) {
				o.Logger.Info("hit", "site", v.Site, "address", v.Address.String())
			}),
		logging("names-the-address-in-a-warning", "A warning tells which address will not have a visitor ID",
			func(o collector.Options, v collector.Visit) {
				if v.Anonymous {
					o.Logger.Warn("no visitor ID from [" + netip.AddrFrom16(v.Address.As16()).String() + "]: take the temporary one")
				}
			}),
		visitorFault("stores-the-address-with-the-hit", "The record of an anonymous hit holds the full address", stored,
			noting(netip.Addr.String)),
		visitorFault("stores-the-address-hashed", "The record of an anonymous hit holds the hash of the address", stored,
			noting(func(address netip.Addr) string {
				sum := sha256.Sum256([]byte(address.String()))
				return hex.EncodeToString(sum[:])
			})),
		visitorFault("stores-the-address-as-a-number", "The record of an anonymous hit holds the address as a number", stored,
			noting(number128)),
		visitorFault("leaves-one-octet", "Of an anonymous visitor's address the first octet is left", masked,
			masking(func(address netip.Addr) string { return network(address, 8, 16) })),
		visitorFault("masks-the-last-octet-only", "Of an anonymous visitor's address only the last part is masked", masked,
			masking(func(address netip.Addr) string { return network(address, 24, 64) })),
		visitorFault("leaves-ipv6-whole", "An anonymous visitor's address is kept whole when it is one of IPv6", masked,
			masking(func(address netip.Addr) string {
				if address.Is4() {
					return collector.MaskAddress(address, true)
				}
				return address.String()
			})),
		visitorFault("leaves-mapped-addresses-whole", "An IPv4 address is taken in its IPv6 form, and not masked", masked,
			masking(func(address netip.Addr) string {
				if address.Is4() {
					return netip.AddrFrom16(address.As16()).String()
				}
				return collector.MaskAddress(address, true)
			})),
		visitorFault("masks-from-the-second-hit-on", "An address is masked only from its second hit on", masked, maskingLate),
		visitorFault("finds-the-place-by-the-masked-address", "Country and city are looked up after the address is masked", place,
			func() collector.VisitorRules {
				return collector.VisitorRules{Locate: func(db *geo.DB, _ netip.Addr, kept string) geo.Place {
					address, _ := netip.ParseAddr(kept) // the zero address is nowhere
					return db.Locate(address)
				}}
			}),
		visitorFault("finds-the-place-by-part-of-the-address", "Country and city are looked up without the address's last part", place,
			func() collector.VisitorRules {
				return collector.VisitorRules{Locate: func(db *geo.DB, full netip.Addr, _ string) geo.Place {
					address, _ := netip.ParseAddr(network(full.Unmap(), 24, 48))
					return db.Locate(address)
				}}
			}),
		visitorFault("knows-the-country-alone", "Of an anonymous visitor the country is kept, and not the city", place,
			func() collector.VisitorRules {
				return collector.VisitorRules{Locate: func(db *geo.DB, full netip.Addr, kept string) geo.Place {
					found := db.Locate(full)
					if kept != full.String() {
						found.City = ""
					}
					return found
				}}
			}),
	}
}

// logging tells the collector's log something of each hit, where it has one.
func logging(name, title string, tell func(collector.Options, collector.Visit)) Fault {
	return Fault{Name: name, Title: title, Part: Collector, Vendor: "piwikpro", Clauses: []string{"piwikpro.no-ip-stored"},
		Change: func(o *collector.Options) {
			o.Visitors.Rewrite = func(_ *http.Request, v *collector.Visit) {
				if o.Logger != nil && v.Address.IsValid() {
					tell(*o, *v)
				}
			}
		}}
}

// noting keeps with an anonymous hit what is made of its address.
func noting(form func(netip.Addr) string) func() collector.VisitorRules {
	return func() collector.VisitorRules {
		return collector.VisitorRules{Keep: func(v collector.Visit, hit *collector.Hit) {
			if v.Anonymous && v.Address.IsValid() {
				hit.Parameters["cip"] = form(v.Address)
			}
		}}
	}
}

// number128 is an address as a decimal number: one of IPv4 of 32 bits, one of IPv6 as
// the two halves that a database keeps.
func number128(address netip.Addr) string {
	if address = address.Unmap(); address.Is4() {
		return strconv.FormatUint(half(address.AsSlice()), 10)
	}
	b := address.As16()
	return strconv.FormatUint(half(b[:8]), 10) + " " + strconv.FormatUint(half(b[8:]), 10)
}

func half(bytes []byte) uint64 {
	var n uint64
	for _, b := range bytes {
		n = n<<8 | uint64(b)
	}
	return n
}

// masking masks the addresses of anonymous visitors otherwise.
func masking(mask func(netip.Addr) string) func() collector.VisitorRules {
	return func() collector.VisitorRules {
		return collector.VisitorRules{Mask: func(address netip.Addr, anonymous bool) string {
			if address = address.Unmap(); !anonymous || !address.IsValid() {
				return collector.MaskAddress(address, anonymous)
			}
			return mask(address)
		}}
	}
}

// maskingLate keeps an address that has not been seen before as it is.
func maskingLate() collector.VisitorRules {
	var mu sync.Mutex
	seen := map[netip.Addr]bool{}
	return masking(func(address netip.Addr) string {
		mu.Lock()
		defer mu.Unlock()
		if !seen[address] {
			seen[address] = true
			return address.String()
		}
		return collector.MaskAddress(address, true)
	})()
}

// network leaves so many leading bits of an address, of IPv4 or of IPv6, and writes
// what is left; empty for no address.
func network(address netip.Addr, bits4, bits6 int) string {
	bits := bits6
	if address.Is4() {
		bits = bits4
	}
	left, err := address.Prefix(bits)
	if err != nil {
		return ""
	}
	return left.Addr().String()
}

// piwikproSettings returns faults of the setting of each site.
func piwikproSettings() []Fault {
	const (
		setting = "piwikpro.site-setting"
		off     = "piwikpro.off-collects-nothing"
	)
	return []Fault{
		visitorFault("takes-every-site-for-on", "Anonymous data tracking is on, whatever a site's setting says", off,
			func() collector.VisitorRules {
				return collector.VisitorRules{
					Collects: func(collector.Visit, collector.Site) bool { return true },
					Serve:    func(s collector.Site) collector.Site { s.AnonymousTracking = true; return s },
				}
			}),
		visitorFault("stores-what-comes-though-it-is-off", "What an open page still sends when the setting is off is stored", off,
			func() collector.VisitorRules {
				return collector.VisitorRules{Collects: func(collector.Visit, collector.Site) bool { return true }}
			}),
		visitorFault("applies-the-setting-of-the-first-site", "The setting of one site is applied to all", setting, ofTheFirst),
		visitorFault("saves-nothing", "OK leaves the setting as it was", setting, func() collector.VisitorRules {
			return collector.VisitorRules{Save: func(held, given collector.Site) collector.Site {
				if held.ID != "" {
					given.AnonymousTracking = held.AnonymousTracking
				}
				return given
			}}
		}),
		visitorFault("can-only-be-switched-on", "A setting that is on cannot be switched off", setting, func() collector.VisitorRules {
			return collector.VisitorRules{Save: func(held, given collector.Site) collector.Site {
				given.AnonymousTracking = given.AnonymousTracking || held.AnonymousTracking
				return given
			}}
		}),
		visitorFault("can-only-be-switched-off", "A setting that is off cannot be switched on again", setting, func() collector.VisitorRules {
			return collector.VisitorRules{Save: func(held, given collector.Site) collector.Site {
				given.AnonymousTracking = given.AnonymousTracking && (held.AnonymousTracking || held.ID == "")
				return given
			}}
		}),
		visitorFault("serves-the-setting-of-before", "A tracker is told the setting that it was told first", setting, servedFirst),
		{Name: "marks-browsers-by-the-setting", Title: "The answer with a site's setting has an ETag that tells who asks",
			Part: Collector, Vendor: "piwikpro", Clauses: []string{"all.no-hiding-place"},
			Change: func(o *collector.Options) { o.Wrap = marking },
			// The reference's own tracker lets no answer be kept.
			Patches: []tracker.Patch{{File: piwikproSite, Find: `, cache: "no-store"`, Replace: ""}}},
	}
}

// ofTheFirst applies the setting of the first site to every site.
func ofTheFirst() collector.VisitorRules {
	var mu sync.Mutex
	first := collector.ExampleSites()[0]
	setting := func(s collector.Site) collector.Site {
		mu.Lock()
		defer mu.Unlock()
		s.AnonymousTracking = first.AnonymousTracking
		return s
	}
	return collector.VisitorRules{
		Save: func(_, given collector.Site) collector.Site {
			mu.Lock()
			defer mu.Unlock()
			if given.ID == first.ID {
				first = given
			}
			return given
		},
		Serve:    setting,
		Collects: func(v collector.Visit, s collector.Site) bool { return collector.Collects(v, setting(s)) },
	}
}

// servedFirst tells trackers of each site what they were told first.
func servedFirst() collector.VisitorRules {
	var mu sync.Mutex
	told := map[string]bool{}
	return collector.VisitorRules{Serve: func(s collector.Site) collector.Site {
		mu.Lock()
		defer mu.Unlock()
		if on, asked := told[s.ID]; asked {
			s.AnonymousTracking = on
		}
		told[s.ID] = s.AnonymousTracking
		return s
	}}
}

// marking gives each browser a validator of its own with a site's setting, which the
// browser gives back when it asks again.
func marking(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/consent/") {
			tag := r.Header.Get("If-None-Match")
			if tag == "" {
				tag = `"` + number() + `"`
			}
			w = &marked{ResponseWriter: w, tag: tag}
		}
		next.ServeHTTP(w, r)
	})
}

// marked is an answer that a browser keeps, with a validator.
type marked struct {
	http.ResponseWriter
	tag string
}

// WriteHeader puts the validator before the answer.
func (m *marked) WriteHeader(status int) {
	m.Header().Set("ETag", m.tag)
	m.Header().Set("Cache-Control", "private, no-cache")
	m.ResponseWriter.WriteHeader(status)
}

// Write writes the answer, and its header before that.
func (m *marked) Write(body []byte) (int, error) {
	if m.Header().Get("ETag") == "" {
		m.WriteHeader(http.StatusOK)
	}
	return m.ResponseWriter.Write(body)
}
