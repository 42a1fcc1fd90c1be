package fault

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pixelwitness/pixelwitness/reference/collector"
)

// piwikproReports returns faults of what sessions add to the reports.
func piwikproReports() []Fault {
	const (
		sessions   = "piwikpro.sessions-accurate"
		views      = "piwikpro.pageviews-accurate"
		time30     = "piwikpro.session-time-accurate"
		overstated = "piwikpro.new-overstated"
		identifies = "piwikpro.agree-identifies"
	)
	return []Fault{
		visitorFault("counts-a-session-twice", "The report counts each session twice", sessions,
			counting(func(_ collector.VisitorSession, f *collector.Figures) { f.Sessions *= 2 })),
		visitorFault("counts-no-anonymous-session", "The report has the visits of anonymous sessions, and not the sessions", sessions,
			counting(func(s collector.VisitorSession, f *collector.Figures) {
				if s.Anonymous {
					f.Sessions = 0
				}
			})),
		visitorFault("counts-a-page-view-twice", "The report counts each page view twice", views,
			counting(func(_ collector.VisitorSession, f *collector.Figures) { f.PageViews *= 2 })),
		visitorFault("counts-events-as-page-views", "The report counts an event that a page reports as a page view, too", views,
			counting(func(_ collector.VisitorSession, f *collector.Figures) { f.PageViews += f.Events })),
		visitorFault("counts-one-page-view-a-session", "The report counts the first page view of a session, and no other", views,
			counting(func(_ collector.VisitorSession, f *collector.Figures) { f.PageViews = min(f.PageViews, 1) })),
		visitorFault("knows-no-time-of-anonymous-sessions", "The report has no session time of anonymous visitors", time30,
			counting(func(s collector.VisitorSession, f *collector.Figures) {
				if s.Anonymous {
					f.SessionTime = 0
				}
			})),
		visitorFault("rounds-session-time-up", "The report rounds the time of a session up to whole minutes", time30,
			counting(func(_ collector.VisitorSession, f *collector.Figures) {
				f.SessionTime = math.Ceil(f.SessionTime/60) * 60
			})),
		visitorFault("counts-the-pause-as-session-time", "The half hour that ends a session counts as session time", time30,
			counting(func(_ collector.VisitorSession, f *collector.Figures) { f.SessionTime += (30 * time.Minute).Seconds() })),
		visitorFault("hides-who-has-agreed", "Sessions of visitors who have agreed are not in the report", identifies,
			counting(func(s collector.VisitorSession, f *collector.Figures) {
				if !s.Anonymous {
					*f = collector.Figures{}
				}
			})),
		visitorFault("counts-returning-visitors-as-new", "Each session counts as a new visitor's, an identified one's too", overstated,
			func() collector.VisitorRules {
				return collector.VisitorRules{New: func(collector.VisitorSession, bool) bool { return true }}
			}),
		visitorFault("counts-anonymous-visitors-as-returning", "No anonymous session counts as a new visitor's", asNew,
			func() collector.VisitorRules {
				return collector.VisitorRules{New: func(s collector.VisitorSession, earlier bool) bool { return !s.Anonymous && !earlier }}
			}),
	}
}

// asNew is the clause that is about the new visitors of anonymous sessions.
const asNew = "piwikpro.anonymous-counts-as-new"

// piwikproSessions returns faults of whose a hit is, and to which session it belongs.
func piwikproSessions() []Fault {
	const (
		sessions  = "piwikpro.sessions-accurate"
		views     = "piwikpro.pageviews-accurate"
		anonymous = "piwikpro.disagree-anonymous"
		undecided = "piwikpro.undecided-anonymous"
		changed   = "piwikpro.change-of-mind"
	)
	pausing := func(pause time.Duration) func() collector.VisitorRules {
		return func() collector.VisitorRules { return collector.VisitorRules{Pause: pause} }
	}
	dropping := func(drop func(collector.Visit) bool) func() collector.VisitorRules {
		return func() collector.VisitorRules {
			return collector.VisitorRules{Collects: func(v collector.Visit, s collector.Site) bool {
				return !drop(v) && collector.Collects(v, s)
			}}
		}
	}
	return []Fault{
		visitorFault("ends-sessions-after-ten-minutes", "Ten minutes of silence end a session", sessions, pausing(10*time.Minute)),
		visitorFault("ends-sessions-after-a-day", "Only a day of silence ends an identified session", sessions, pausing(24*time.Hour)),
		visitorFault("drops-who-has-disagreed", "Nothing is recorded of visitors who have not agreed", anonymous,
			dropping(func(v collector.Visit) bool { return v.Anonymous })),
		visitorFault("drops-who-has-agreed", "Nothing is recorded of visitors who have agreed", "piwikpro.agree-identifies",
			dropping(func(v collector.Visit) bool { return !v.Anonymous })),
		visitorFault("joins-anonymous-sessions-by-address", "Who comes again from the same address and browser counts as returning", asNew,
			joiningAnonymous(func(r *http.Request, v collector.Visit) string { return v.Address.String() + " " + r.UserAgent() })),
		visitorFault("joins-anonymous-sessions-by-screen", "Who comes again with the same browser and language counts as returning", asNew,
			joiningAnonymous(func(r *http.Request, _ collector.Visit) string {
				return r.UserAgent() + " " + r.Header.Get("Accept-Language")
			})),
		visitorFault("makes-a-visitor-id-of-the-address", "An anonymous visitor gets a visitor ID made of address and browser", anonymous,
			rewriting(func(r *http.Request, v *collector.Visit) {
				if v.Anonymous && v.Kind != collector.Agreement {
					v.Visitor = idOf(v.Address.String() + " " + r.UserAgent())
				}
			})),
		visitorFault("takes-everybody-for-agreed", "Who has made no decision is recorded like one who has agreed", undecided,
			rewriting(func(_ *http.Request, v *collector.Visit) {
				if v.Anonymous {
					v.Anonymous, v.Visitor, v.Temporary = false, idOf(v.Temporary), ""
				}
			})),
		visitorFault("stays-anonymous-after-the-agreement", "An agreement leaves the running session anonymous", changed,
			func() collector.VisitorRules {
				return collector.VisitorRules{Agree: func(*collector.VisitorSession, collector.Visit) {}}
			}),
		visitorFault("drops-page-views-at-the-agreement", "An agreement takes the session's earlier page views away", views,
			func() collector.VisitorRules {
				return collector.VisitorRules{Agree: func(s *collector.VisitorSession, v collector.Visit) {
					s.Anonymous, s.Visitor, s.Address, s.PageViews = false, v.Visitor, v.Kept, 0
				}}
			}),
		visitorFault("counts-a-session-again-at-the-agreement", "A session whose visitor agrees counts once more", sessions, again),
		visitorFault("identifies-all-at-that-address", "An agreement is taken for all who come from that address", anonymous, everybodyThere),
		visitorFault("goes-on-after-the-withdrawal", "Who withdraws his agreement is known by his address for half an hour", changed, goingOn),
	}
}

// counting changes what a session adds to the report.
func counting(change func(s collector.VisitorSession, f *collector.Figures)) func() collector.VisitorRules {
	return func() collector.VisitorRules {
		return collector.VisitorRules{Count: func(s collector.VisitorSession) collector.Figures {
			f := collector.FiguresOf(s)
			change(s, &f)
			return f
		}}
	}
}

// rewriting changes what each hit means.
func rewriting(change func(*http.Request, *collector.Visit)) func() collector.VisitorRules {
	return func() collector.VisitorRules { return collector.VisitorRules{Rewrite: change} }
}

// idOf makes a visitor ID of something.
func idOf(of string) string {
	sum := sha256.Sum256([]byte(of))
	return hex.EncodeToString(sum[:8])
}

// joiningAnonymous counts an anonymous session as a returning visitor's when the same can
// be told of its visitor as of an earlier one's.
func joiningAnonymous(by func(*http.Request, collector.Visit) string) func() collector.VisitorRules {
	return func() collector.VisitorRules {
		var mu sync.Mutex
		whose := map[int64]string{}     // by the time of a hit, in milliseconds
		first := map[string]time.Time{} // when the earliest session began, by whose it is
		return collector.VisitorRules{
			Rewrite: func(r *http.Request, v *collector.Visit) {
				if v.Anonymous {
					mu.Lock()
					defer mu.Unlock()
					whose[v.At.UnixMilli()] = v.Site + " " + by(r, *v)
				}
			},
			New: func(s collector.VisitorSession, earlier bool) bool {
				mu.Lock()
				defer mu.Unlock()
				who, known := whose[s.Began.UnixMilli()]
				if !s.Anonymous || !known {
					return collector.IsNew(s, earlier)
				}
				if began, seen := first[who]; !seen || s.Began.Before(began) {
					first[who] = s.Began
				}
				return !s.Began.After(first[who])
			},
		}
	}
}

// again counts a session once more when its visitor agrees.
func again() collector.VisitorRules {
	type which struct { // a session may have no ID yet
		visitor string
		began   int64
	}
	agreed := map[which]bool{} // one goroutine at a time
	return collector.VisitorRules{
		Agree: func(s *collector.VisitorSession, v collector.Visit) {
			agreed[which{v.Visitor, s.Began.UnixMilli()}] = true
			s.Anonymous, s.Visitor, s.Address = false, v.Visitor, v.Kept
		},
		Count: func(s collector.VisitorSession) collector.Figures {
			f := collector.FiguresOf(s)
			if agreed[which{s.Visitor, s.Began.UnixMilli()}] && !s.Anonymous {
				f.Sessions++
			}
			return f
		},
	}
}

// everybodyThere makes an agreement one of all anonymous sessions from its address.
func everybodyThere() collector.VisitorRules {
	var mu sync.Mutex
	from := map[netip.Addr][]string{} // temporary cookies, by address
	return collector.VisitorRules{Rewrite: func(_ *http.Request, v *collector.Visit) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case v.Kind == collector.Agreement:
			for _, each := range from[v.Address] {
				if !slices.Contains(v.Agreed, each) {
					v.Agreed = append(v.Agreed, each)
				}
			}
		case v.Anonymous && !slices.Contains(from[v.Address], v.Temporary):
			from[v.Address] = append(from[v.Address], v.Temporary)
		}
	}}
}

// goingOn takes who comes without agreement from the address and browser of somebody who
// was identified there within half an hour for that one.
func goingOn() collector.VisitorRules {
	type seen struct {
		visitor string
		at      time.Time
	}
	var mu sync.Mutex
	last := map[string]seen{}
	return collector.VisitorRules{Rewrite: func(r *http.Request, v *collector.Visit) {
		mu.Lock()
		defer mu.Unlock()
		where := v.Site + " " + v.Address.String() + " " + r.UserAgent()
		known, ok := last[where]
		if v.Anonymous && ok && v.At.Sub(known.at) < 30*time.Minute {
			v.Anonymous, v.Visitor, v.Temporary = false, known.visitor, ""
		}
		if !v.Anonymous && v.Visitor != "" {
			last[where] = seen{v.Visitor, v.At}
		}
	}}
}
