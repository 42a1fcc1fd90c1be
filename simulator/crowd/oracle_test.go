package crowd_test

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/crowd"
)

// oracle is a small collector: it keeps every hit, and counts by going through all of
// them each time it is asked. Its seams make it wrong in one way.
type oracle struct {
	places []crowd.Place

	mu    sync.Mutex
	sites map[string]crowd.Site
	hits  []hit
	seen  int // requests of hits

	// answer, when not nil, answers a request of hits instead; it returns false to let
	// it be taken.
	answer func(w http.ResponseWriter, r *http.Request, n int) bool
	// change changes a hit, or drops it.
	change func(h *hit) (drop bool)
	// count changes what is reported of a session.
	count func(s session, f *figures)
	// locate finds the place of an address instead.
	locate func(a netip.Addr, anonymous bool) crowd.Place
	// show changes a session as it is listed.
	show func(s *listed)
	// serve changes the setting that pages are told.
	serve func(site string, anonymous bool) bool
	// onDay says to which day a session belongs.
	onDay func(s session) time.Time
	// pause is the silence that ends a session; half an hour when zero.
	pause time.Duration
	// besides is how many sessions more each site has on a day of another year.
	besides int
	// keepsAll keeps what comes of who has not agreed at a site that is off.
	keepsAll bool
}

// within tells that the day of the session was asked for.
func (o *oracle) within(s session, q url.Values) bool {
	day := o.day(s)
	return (q.Get("from") == "" || day >= q.Get("from")) && (q.Get("to") == "" || day <= q.Get("to"))
}

// day is the day to which a session belongs.
func (o *oracle) day(s session) string {
	if o.onDay != nil {
		return o.onDay(s).Format(time.DateOnly)
	}
	return s.began.Format(time.DateOnly)
}

type hit struct {
	site, visitor, ses string
	anonymous, joins   bool
	event              bool
	at                 time.Time
	from               netip.Addr
}

type session struct {
	anonymous, fresh bool
	began, last      time.Time
	views, events    int64
	visitor          string
	from             netip.Addr
}

type figures struct {
	Sessions    int64   `json:"sessions"`
	PageViews   int64   `json:"page_views"`
	Events      int64   `json:"events"`
	SessionTime float64 `json:"session_time"`
	New         int64   `json:"new_visitors"`
	Returning   int64   `json:"returning_visitors"`
}

func (f *figures) add(o figures) {
	f.Sessions += o.Sessions
	f.PageViews += o.PageViews
	f.Events += o.Events
	f.SessionTime += o.SessionTime
	f.New += o.New
	f.Returning += o.Returning
}

type shares struct {
	Total      figures `json:"total"`
	Identified figures `json:"identified"`
	Anonymous  figures `json:"anonymous"`
}

func (s *shares) add(f figures, anonymous bool) {
	s.Total.add(f)
	if anonymous {
		s.Anonymous.add(f)
	} else {
		s.Identified.add(f)
	}
}

type listed struct {
	Anonymous bool   `json:"anonymous"`
	Visitor   string `json:"visitor,omitempty"`
	Address   string `json:"address"`
}

func newOracle(places ...crowd.Place) *oracle {
	return &oracle{places: places, sites: map[string]crowd.Site{}}
}

func (o *oracle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/api/piwikpro/")
	site := r.URL.Query().Get("site")
	switch {
	case r.URL.Path == "/ppms.php":
		o.seen++
		if o.answer == nil || !o.answer(w, r, o.seen) {
			o.take(w, r)
		}
	case strings.HasPrefix(path, "sites/"):
		var s crowd.Site
		_ = json.NewDecoder(r.Body).Decode(&s)
		o.sites[s.ID] = s
	case strings.HasPrefix(r.URL.Path, "/consent/"):
		id := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/consent/"), ".json")
		on := o.sites[id].Anonymous
		if o.serve != nil {
			on = o.serve(id, on)
		}
		o.say(w, map[string]any{"site": id, "anonymous_tracking": on})
	case path == "sessions":
		list := []listed{}
		for _, s := range o.sessions(site) {
			list = append(list, o.listed(s))
		}
		o.say(w, map[string]any{"sessions": list[max(0, len(list)-1000):]})
	case path == "report":
		o.report(w, site, r.URL.Query())
	case path == "report/days":
		o.days(w, site, r.URL.Query())
	default:
		http.NotFound(w, r)
	}
}

func (o *oracle) say(w http.ResponseWriter, what any) { _ = json.NewEncoder(w).Encode(what) }

func (o *oracle) listed(s session) listed {
	l := listed{Anonymous: s.anonymous, Visitor: s.visitor, Address: s.from.String()}
	if s.anonymous {
		l.Visitor, l.Address = "", "0.0.0.0"
		if s.from.Is6() {
			l.Address = "::"
		}
	}
	if o.show != nil {
		o.show(&l)
	}
	return l
}

// take keeps the hits of a bulk.
func (o *oracle) take(w http.ResponseWriter, r *http.Request) {
	var bulk struct {
		Requests []string `json:"requests"`
	}
	body, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(body, &bulk); err != nil || len(bulk.Requests) == 0 || len(bulk.Requests) > crowd.Bulk {
		http.Error(w, "no bulk", http.StatusBadRequest)
		return
	}
	for _, request := range bulk.Requests {
		q, err := url.ParseQuery(strings.TrimPrefix(request, "?"))
		if err != nil {
			http.Error(w, "no query", http.StatusBadRequest)
			return
		}
		ms, _ := strconv.ParseInt(q.Get("cdt"), 10, 64)
		from, _ := netip.ParseAddr(q.Get("cip"))
		h := hit{
			site: q.Get("idsite"), visitor: q.Get("_id"), ses: q.Get("ses"), anonymous: q.Get("uia") == "1",
			joins: q.Get("ping") == "4", event: q.Has("e_c"), at: time.UnixMilli(ms).UTC(), from: from,
		}
		if h.anonymous && !o.sites[h.site].Anonymous && !o.keepsAll {
			w.Header().Set("X-Pixelwitness-Refused", "anonymous data tracking is off")
			continue
		}
		if o.change == nil || !o.change(&h) {
			o.hits = append(o.hits, h)
		}
	}
	w.WriteHeader(http.StatusAccepted)
}

// sessions makes sessions of the site's hits: first one list of hits for each temporary
// cookie and each visitor, those of a cookie that was joined with the visitor's.
func (o *oracle) sessions(site string) []session {
	owner := map[string]string{} // of a cookie
	for _, h := range o.hits {
		if h.site == site && h.joins {
			owner[h.ses] = h.visitor
		}
	}
	lists := map[string][]hit{}
	for _, h := range o.hits {
		if h.site != site || h.joins {
			continue
		}
		key := "visitor " + h.visitor
		if h.anonymous {
			key = "cookie " + h.ses
			if of := owner[h.ses]; of != "" {
				key = "visitor " + of
			}
		}
		lists[key] = append(lists[key], h)
	}
	var found []session
	for _, key := range slices.Sorted(maps.Keys(lists)) {
		list := lists[key]
		slices.SortStableFunc(list, func(a, b hit) int { return a.at.Compare(b.at) })
		visitor, _ := strings.CutPrefix(key, "visitor ")
		first := true
		for i, h := range list {
			if i == 0 || h.at.Sub(list[i-1].at) >= cmp.Or(o.pause, 30*time.Minute) {
				found = append(found, session{began: h.at, fresh: first, from: h.from, visitor: visitor, anonymous: strings.HasPrefix(key, "cookie ")})
				first = false
			}
			s := &found[len(found)-1]
			s.last = h.at
			if h.event {
				s.events++
			} else {
				s.views++
			}
		}
	}
	slices.SortStableFunc(found, func(a, b session) int { return a.began.Compare(b.began) })
	for range o.besides {
		if len(found) > 0 {
			found = append(found, session{began: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), last: time.Date(2020, 1, 1, 0, 0, 1, 0, time.UTC), anonymous: true})
		}
	}
	return found
}

func (o *oracle) figures(s session) figures {
	f := figures{Sessions: 1, PageViews: s.views, Events: s.events, SessionTime: s.last.Sub(s.began).Seconds()}
	if s.fresh || s.anonymous {
		f.New = 1
	} else {
		f.Returning = 1
	}
	if o.count != nil {
		o.count(s, &f)
	}
	return f
}

func (o *oracle) place(a netip.Addr, anonymous bool) crowd.Place {
	if o.locate != nil {
		return o.locate(a, anonymous)
	}
	return o.at(a)
}

func (o *oracle) at(a netip.Addr) crowd.Place {
	for _, p := range o.places {
		if p.Addresses.Contains(a) {
			return p
		}
	}
	return crowd.Place{}
}

func (o *oracle) report(w http.ResponseWriter, site string, q url.Values) {
	var sum shares
	type place struct {
		Country   string `json:"country"`
		City      string `json:"city"`
		Sessions  int64  `json:"sessions"`
		Anonymous int64  `json:"anonymous"`
	}
	places := map[[2]string]place{}
	for _, s := range o.sessions(site) {
		if !o.within(s, q) {
			continue
		}
		sum.add(o.figures(s), s.anonymous)
		at := o.place(s.from, s.anonymous)
		p := places[[2]string{at.Country, at.City}]
		p.Country, p.City = at.Country, at.City
		p.Sessions++
		if s.anonymous {
			p.Anonymous++
		}
		places[[2]string{at.Country, at.City}] = p
	}
	list := slices.SortedFunc(maps.Values(places), func(a, b place) int {
		return cmp.Or(strings.Compare(a.Country, b.Country), strings.Compare(a.City, b.City))
	})
	o.say(w, struct {
		shares
		Places []place `json:"places"`
	}{sum, list})
}

func (o *oracle) days(w http.ResponseWriter, site string, q url.Values) {
	days := map[string]shares{}
	for _, s := range o.sessions(site) {
		if !o.within(s, q) {
			continue
		}
		d := days[o.day(s)]
		d.add(o.figures(s), s.anonymous)
		days[o.day(s)] = d
	}
	type day struct {
		Day string `json:"day"`
		shares
	}
	list := []day{}
	for _, name := range slices.Sorted(maps.Keys(days)) {
		list = append(list, day{name, days[name]})
	}
	o.say(w, map[string]any{"days": list})
}
