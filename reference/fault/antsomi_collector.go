package fault

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pixelwitness/pixelwitness/reference/collector"
)

// antsomiCollectors returns faults of the collector's decisions about who is who.
func antsomiCollectors() []Fault {
	wrong := func(name, title, clause string, rules func() collector.Rules) Fault {
		return Fault{Name: name, Title: title, Part: Collector, Vendor: "antsomi",
			Clauses: append([]string{clause}, antsomiConsequences[name]...),
			Change:  func(o *collector.Options) { o.Rules = rules() }}
	}
	const (
		merges    = "antsomi.merges-anonymous"
		strangers = "antsomi.strangers-not-merged"
		fixed     = "antsomi.cid-immutable"
		hashed    = "antsomi.cid-hashed"
		behaviour = "antsomi.profile-holds-behaviour"
	)
	return []Fault{
		wrong("loses-an-event-at-the-merge", "Of each visit that joins a customer the latest event is lost", merges, afterJoin(
			`DELETE FROM events WHERE id = (SELECT max(id) FROM events WHERE portal = $1 AND uid = $2)`)),
		wrong("counts-twice-what-is-merged", "The events of a visit that joins a customer are there twice", merges, afterJoin(
			`INSERT INTO events (portal, mid, uid, did, category, action, made, received, url, ref, title, sys, dims, extra, items, identified)
			SELECT portal, mid, uid, did, category, action, made, received, url, ref, title, sys, dims, extra, items, identified
			FROM events WHERE portal = $1 AND uid = $2`)),
		wrong("counts-what-comes-again", "An event that is delivered again counts again", merges, func() collector.Rules {
			return collector.Rules{CountAgain: func(collector.Incoming) bool { return true }}
		}),
		wrong("begins-the-profile-at-the-sign-in", "What a visitor did before he was identified is gone then", "antsomi.history-attached",
			func() collector.Rules {
				return collector.Rules{AfterMerge: func(tx collector.Tx, portal string, m collector.Merge) error {
					if m.Kind != collector.MergeDirect {
						return nil
					}
					return tx.Exec("DELETE FROM events WHERE portal = $1 AND uid = $2 AND id <> $3", portal, m.UID, m.Event)
				}}
			}),
		wrong("joins-nothing", "No earlier visit joins the customer", merges, joining(func([]collector.User) []collector.User { return nil })),
		wrong("joins-the-first-visit-only", "Of several earlier visits only the first joins the customer", "antsomi.three-visits-one-profile",
			joining(func(users []collector.User) []collector.User { return users[:1] })),
		wrong("joins-only-what-follows", "Only visits that come later join the customer", merges,
			joining(func(users []collector.User) []collector.User {
				return chosen(users, func(u collector.User) bool { return u.Events == 0 })
			})),
		wrong("joins-by-address", "All that comes from one address and browser is taken for one device's", strangers, func() collector.Rules {
			return collector.Rules{Rewrite: func(r *http.Request, e *collector.Incoming) { e.Device = origin(r) }}
		}),
		wrong("merges-by-name", "Who gives a name that a customer has is taken for that customer", strangers, takenFor("name", whole)),
		wrong("merges-by-phone-number", "Who gives a telephone number that a customer has is taken for that customer", strangers, takenFor("phone", whole)),
		wrong("merges-by-email-domain", "Who has an e-mail address at a customer's domain is taken for that customer", strangers, takenFor("email", domain)),
		wrong("joins-whoever-is-anonymous", "Every anonymous visit of the portal joins the customer who is identified next", strangers,
			func() collector.Rules {
				return collector.Rules{AfterMerge: func(tx collector.Tx, portal string, m collector.Merge) error {
					return tx.Exec("UPDATE users SET cid = $2, claimed = $3 WHERE portal = $1 AND cid IS NULL", portal, m.CID, m.Evidence.IdentifyTime.UnixMilli())
				}}
			}),
		wrong("goes-on-after-the-logout", "What comes within minutes of a customer's last event is taken for his", "antsomi.reset-on-logout", stayingOn),
		wrong("renames-the-customer", "A second customer ID takes the visit away from the first", fixed, claiming(collector.Takes)),
		wrong("ignores-a-conflict", "What names a second customer ID counts as the first customer's event", fixed, claiming(collector.Ignored)),
		wrong("swallows-the-first-customer", "A second customer ID takes all that the first customer has", fixed, func() collector.Rules {
			return collector.Rules{
				Claim: func(collector.Incoming, collector.User) collector.Claim { return collector.Takes },
				AfterMerge: func(tx collector.Tx, portal string, m collector.Merge) error {
					return tx.Exec("UPDATE users SET cid = $2 WHERE portal = $1 AND cid = $3", portal, m.CID, m.From)
				},
			}
		}),
		wrong("takes-a-raw-email", "An e-mail address itself serves as customer ID", hashed, taking("e-mail")),
		wrong("takes-a-raw-phone-number", "A telephone number itself serves as customer ID", hashed, taking("telephone")),
		wrong("lets-the-last-arrival-win", "Of an attribute the value that arrives last is kept, however old", "antsomi.identify-time",
			newer(func(held, given collector.Statement) bool { return given.Event > held.Event })),
		wrong("keeps-the-first-value", "An attribute keeps the first value that it had", "antsomi.customer-attributes",
			newer(func(held, given collector.Statement) bool { return held.Scope != "customer" })),
		wrong("marks-nobody", "No profile is marked as a customer's", "antsomi.marked-customer", func() collector.Rules {
			return collector.Rules{Show: func(p *collector.Profile) { p.Customer = false }}
		}),
		wrong("ignores-the-sign-up", "Who signs up is not identified", "antsomi.cid-at-signup", deaf("user_sign_up")),
		wrong("ignores-the-sign-in", "Who signs in is not identified", "antsomi.cid-at-signin", deaf("user_sign_in")),
		wrong("ignores-the-identify", "Who is identified by a page is not", "antsomi.cid-when-known", deaf("user_identify")),
		wrong("identifies-anew-each-day", "Who is identified again on another day is another customer", "antsomi.identify-repeats", eachDay),
		wrong("cuts-the-customer-id", "Of a customer ID only the first half is kept", "antsomi.customer-profile-created", func() collector.Rules {
			return collector.Rules{Rewrite: func(_ *http.Request, e *collector.Incoming) {
				if i := e.Identify; i != nil {
					i.CID, i.CustomerID = i.CID[:(len(i.CID)+1)/2], i.CustomerID[:(len(i.CustomerID)+1)/2]
				}
			}}
		}),
		wrong("keeps-no-anonymous-profile", "Who has not been identified has no profile", "antsomi.anonymous-profile", func() collector.Rules {
			return collector.Rules{Rewrite: func(_ *http.Request, e *collector.Incoming) {
				if e.Identify == nil {
					e.UID = ""
				}
			}}
		}),
		wrong("forgets-custom-attributes", "What a site says of a visitor under names of its own is not kept", behaviour, func() collector.Rules {
			return collector.Rules{Rewrite: func(_ *http.Request, e *collector.Incoming) { e.CustomAttributes = nil }}
		}),
		wrong("forgets-system-attributes", "What the SDK says of the visitor's machine is not kept", behaviour, func() collector.Rules {
			return collector.Rules{Rewrite: func(_ *http.Request, e *collector.Incoming) { e.SystemAttributes = nil }}
		}),
		wrong("forgets-the-items", "The items of an event are not kept", behaviour, func() collector.Rules {
			return collector.Rules{Rewrite: func(_ *http.Request, e *collector.Incoming) { e.Items = nil }}
		}),
		wrong("drops-custom-events", "Of what a visitor does only page views and identifications are kept", behaviour, func() collector.Rules {
			return collector.Rules{Rewrite: func(_ *http.Request, e *collector.Incoming) {
				if e.Identify == nil && e.Category != "pageview" {
					e.UID = ""
				}
			}}
		}),
	}
}

// afterJoin does a statement for each user ID that joins a customer by its device;
// its parameters are the portal and the user ID.
func afterJoin(statement string) func() collector.Rules {
	return func() collector.Rules {
		return collector.Rules{AfterMerge: func(tx collector.Tx, portal string, m collector.Merge) error {
			if m.Kind != collector.MergeDevice {
				return nil
			}
			return tx.Exec(statement, portal, m.UID)
		}}
	}
}

// joining joins only those of the user IDs on a device whom choose leaves. There is
// at least one to choose from.
func joining(choose func([]collector.User) []collector.User) func() collector.Rules {
	return func() collector.Rules {
		return collector.Rules{Join: func(_ collector.Identification, users []collector.User) []collector.User { return choose(users) }}
	}
}

func chosen(users []collector.User, is func(collector.User) bool) []collector.User {
	var list []collector.User
	for _, u := range users {
		if is(u) {
			list = append(list, u)
		}
	}
	return list
}

// claiming decides conflicts otherwise.
func claiming(instead collector.Claim) func() collector.Rules {
	return func() collector.Rules {
		return collector.Rules{Claim: func(e collector.Incoming, user collector.User) collector.Claim {
			if collector.ClaimOf(e, user) == collector.Conflicts {
				return instead
			}
			return collector.Takes
		}}
	}
}

// taking refuses all that is to be refused, but what is so for that reason.
func taking(reason string) func() collector.Rules {
	return func() collector.Rules {
		return collector.Rules{Refuse: func(e collector.Incoming) string {
			problem := collector.IdentityProblem(e)
			if strings.Contains(problem, reason) {
				return ""
			}
			return problem
		}}
	}
}

func newer(is func(held, given collector.Statement) bool) func() collector.Rules {
	return func() collector.Rules { return collector.Rules{Newer: is} }
}

// deaf makes events of that name identify nobody.
func deaf(name string) func() collector.Rules {
	return func() collector.Rules {
		return collector.Rules{Claim: func(e collector.Incoming, user collector.User) collector.Claim {
			if e.Identify.Name == name {
				return collector.Ignored
			}
			return collector.ClaimOf(e, user)
		}}
	}
}

// origin is what tells one browser from another without the help of a pixel.
func origin(r *http.Request) string {
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	return address + " " + r.UserAgent()
}

// stayingOn takes a new user ID for the one that was identified last, when it comes
// within minutes of that one's last event: a logout resets nothing.
func stayingOn() collector.Rules {
	var mu sync.Mutex
	var identified collector.Event // its UID and device, and when it was last heard of
	known := map[string][2]string{}
	return collector.Rules{Rewrite: func(_ *http.Request, e *collector.Incoming) {
		mu.Lock()
		defer mu.Unlock()
		as, seen := known[e.UID]
		if !seen {
			as = [2]string{e.UID, e.Device}
			if between := e.Made.Sub(identified.Made); identified.UID != "" && between >= 0 && between < 10*time.Minute {
				as = [2]string{identified.UID, identified.Device}
			}
			known[e.UID] = as
		}
		e.UID, e.Device = as[0], as[1]
		if e.Identify != nil || e.UID == identified.UID {
			identified = e.Event
		}
	}}
}

// takenFor takes whoever gives a value that a customer gave before, as far as the part
// of it goes, for that customer.
func takenFor(attribute string, part func(value string) string) func() collector.Rules {
	return func() collector.Rules {
		var mu sync.Mutex
		known := map[[2]string]string{} // the customer ID, by portal and value
		return collector.Rules{Rewrite: func(_ *http.Request, e *collector.Incoming) {
			i, value := e.Identify, part(e.CustomerAttributes[attribute])
			if i == nil || value == "" {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			key := [2]string{e.Portal, value}
			if cid, seen := known[key]; seen {
				i.CID, i.CustomerID = cid, cid
			} else {
				known[key] = i.CID
			}
		}}
	}
}

func whole(value string) string { return value }

func domain(address string) string {
	_, host, _ := strings.Cut(address, "@")
	return host
}

// eachDay gives a customer who is identified on another day than at first another
// customer ID.
func eachDay() collector.Rules {
	var mu sync.Mutex
	first := map[string]string{} // the day, by customer ID
	return collector.Rules{Rewrite: func(_ *http.Request, e *collector.Incoming) {
		i := e.Identify
		if i == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		day := i.Time.Format(time.DateOnly)
		if began, seen := first[i.CID]; !seen {
			first[i.CID] = day
		} else if began != day {
			i.CID += " " + day
			i.CustomerID = i.CID
		}
	}}
}
