package collector

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"maps"
	"slices"
	"time"
)

// ledger is what one change of the dialect piwikpro reads, decides on and writes: hits that
// come together are looked up together, and each session, key and day is written once.
type ledger struct {
	*work
	engine engine
	rules  VisitorRules
	// now is the collector's time.
	now   time.Time
	sites map[string]*knownSite
	keys  map[string]*anonymousKey
	// visitors are sessions by whose they are: those that
	// can be near what happens, and the first.
	visitors map[visitorKey][]*heldSession
	// sessions are all that are looked at, in the order in which they were met.
	sessions []*heldSession
	byID     map[int64]*heldSession
	// counted are the hits that are not counted again.
	counted map[string]bool
}

// visitorKey is a visitor of one site, by its number.
type visitorKey struct {
	site    int64
	visitor string
}

// anonymousKey is what joins the hits of an anonymous session.
type anonymousKey struct {
	// session is nil when there is none yet, and once its visitor has agreed; then
	// visitor says who it is.
	session *heldSession
	visitor string
	drops   time.Time
	touched bool
}

// hashOf is what is kept of a temporary cookie's value while its session can live: nothing
// that anybody could find the value by. A value is one site's.
func hashOf(site, temporary string) string {
	sum := sha256.Sum256([]byte(site + " " + temporary))
	return hex.EncodeToString(sum[:16])
}

// open reads the sites, and what the hits are going to meet.
func (w *work) open(engine engine, rules VisitorRules, now time.Time, arrivals []visitArrival) (*ledger, error) {
	l := &ledger{
		work: w, engine: engine, rules: rules, now: now, sites: map[string]*knownSite{}, keys: map[string]*anonymousKey{},
		visitors: map[visitorKey][]*heldSession{}, byID: map[int64]*heldSession{}, counted: map[string]bool{},
	}
	var visits []*Visit
	var sites, same []string
	for _, a := range arrivals {
		sites = append(sites, a.hit.Track)
		if a.visit != nil {
			visits = append(visits, a.visit)
		}
		if a.countsOnce() {
			same = append(same, a.same)
		}
	}
	for _, id := range unique(sites) {
		sites = append(sites, rules.SettingOf(id))
	}
	// What is known to be needed is asked for at one go.
	if err := w.askSites(engine, unique(sites), l.sites); err != nil {
		return nil, err
	}
	if err := l.askCounted(same); err != nil {
		return nil, err
	}
	if err := l.askKeys(visits); err != nil {
		return nil, err
	}
	if err := l.askVisitors(visits); err != nil {
		return nil, err
	}
	if err := w.answers(); err != nil || !l.agreed(visits) {
		return l, err
	}
	if err := l.askVisitors(visits); err != nil {
		return nil, err
	}
	return l, w.answers()
}

// agreed tells whether the keys lead to more visitors, or further away, than the hits.
func (l *ledger) agreed(visits []*Visit) bool {
	for _, k := range l.keys {
		if k.visitor != "" {
			return true
		}
	}
	return slices.ContainsFunc(visits, func(v *Visit) bool { return len(v.Agreed) > 0 })
}

// countsOnce tells whether a hit may be one that is sent again. An import is what it is.
func (a *visitArrival) countsOnce() bool { return a.visit != nil && a.same != "" && !a.visit.Imported }

func (l *ledger) askCounted(same []string) error {
	if len(same) == 0 {
		return nil
	}
	return l.ask(func(scan func(...any) error) error {
		var hash string
		err := scan(&hash)
		l.counted[hash] = true
		return err
	}, l.engine.visits.counted, listed(same))
}

// again tells whether a hit has been counted before, and that it has been now.
func (l *ledger) again(a visitArrival) (bool, error) {
	if !a.countsOnce() {
		return false, nil
	}
	if l.counted[a.same] {
		return true, nil
	}
	l.counted[a.same] = true
	return false, l.exec(insertCountedHit, a.same)
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// keysOf are the hashes of the temporary cookies that a visit names.
func keysOf(v *Visit) []string {
	var hashes []string
	if v.Temporary != "" {
		hashes = append(hashes, hashOf(v.Site, v.Temporary))
	}
	for _, temporary := range v.Agreed {
		hashes = append(hashes, hashOf(v.Site, temporary))
	}
	return hashes
}

func (l *ledger) askKeys(visits []*Visit) error {
	for _, v := range visits {
		for _, hash := range keysOf(v) {
			l.keys[hash] = &anonymousKey{}
		}
	}
	if len(l.keys) == 0 {
		return nil
	}
	return l.ask(func(scan func(...any) error) error {
		var hash string
		var visitor sql.NullString
		var session, site sql.NullInt64
		var row sessionRow
		if err := scan(append([]any{&hash, &visitor, &session, &site}, row.columns()...)...); err != nil {
			return err
		}
		key := l.keys[hash]
		key.visitor = visitor.String
		if row.id.Valid {
			key.session = l.meet(row.held(site.Int64))
		}
		return nil
	}, l.engine.visits.keys, listed(slices.Sorted(maps.Keys(l.keys))), l.now.UnixMilli())
}

// meet is the one session of that ID that the change looks at.
func (l *ledger) meet(s *heldSession) *heldSession {
	if known := l.byID[s.ID]; known != nil {
		return known
	}
	l.byID[s.ID] = s
	l.sessions = append(l.sessions, s)
	return s
}

// wanted are the visitors that are named, or have agreed, and the time that the visits
// and their sessions cover.
func (l *ledger) wanted(visits []*Visit) (visitors [][2]string, from, to time.Time) {
	known := map[[2]string]bool{}
	want := func(site, visitor string) {
		if whose := [2]string{site, visitor}; visitor != "" && !known[whose] {
			known[whose] = true
			visitors = append(visitors, whose)
		}
	}
	cover := func(began, ended time.Time) {
		if from.IsZero() || began.Before(from) {
			from = began
		}
		if ended.After(to) {
			to = ended
		}
	}
	for _, v := range visits {
		cover(v.At, v.At)
		want(v.Site, v.Visitor)
		for _, hash := range keysOf(v) {
			key := l.keys[hash]
			want(v.Site, key.visitor)
			if key.session != nil {
				cover(key.session.Began, key.session.Ended)
			}
		}
	}
	return visitors, from, to
}

// askVisitors asks for the sessions of the visitors that are wanted: those that can be near
// anything that happens, and each one's first.
func (l *ledger) askVisitors(visits []*Visit) error {
	visitors, from, to := l.wanted(visits)
	if len(visitors) == 0 {
		return nil
	}
	read := func(scan func(...any) error) error {
		var site int64
		var row sessionRow
		if err := scan(append([]any{&site}, row.columns()...)...); err != nil {
			return err
		}
		if l.byID[row.id.Int64] != nil {
			return nil
		}
		s := l.meet(row.held(site))
		whose := visitorKey{site, s.Visitor}
		l.visitors[whose] = append(l.visitors[whose], s)
		return nil
	}
	return l.ask(read, l.engine.visits.sessions, listed(visitors), from.UnixMilli(), to.Add(l.rules.Pause).UnixMilli())
}

// takes tells why a visit is refused; empty when it is taken. A site that does not take it
// keeps nothing of it.
func (l *ledger) takes(v Visit) (refused string, nothing bool) {
	site := l.sites[v.Site]
	if site == nil {
		return "parameter idsite names no known site", false
	}
	setting := site.Site
	if of := l.sites[l.rules.SettingOf(v.Site)]; of != nil {
		setting.AnonymousTracking = of.AnonymousTracking
	}
	if !l.rules.Collects(v, setting) {
		return "anonymous data tracking is off at this site", true
	}
	return "", false
}

// take does what a visit means.
func (l *ledger) take(v Visit) {
	site := l.sites[v.Site].number
	if v.Kind == Agreement {
		for _, temporary := range v.Agreed {
			l.agree(site, v, l.keys[hashOf(v.Site, temporary)])
		}
		return
	}
	one := &heldSession{site: site, VisitorSession: VisitorSession{
		Began: v.At, Ended: v.At, Anonymous: v.Anonymous, Visitor: v.Visitor, Country: v.Place.Country, City: v.Place.City, Address: v.Kept,
	}}
	if v.Kind == PageView {
		one.PageViews = 1
	} else {
		one.Events = 1
	}
	var key *anonymousKey
	if v.Temporary != "" {
		key = l.keys[hashOf(v.Site, v.Temporary)]
		key.touch(l.now.Add(l.rules.Pause))
		if key.visitor != "" && one.Visitor == "" {
			// It was sent before its visitor agreed, and comes after that.
			one.Visitor, one.Anonymous = key.visitor, false
		}
	}
	l.sessions = append(l.sessions, one)
	if one.Visitor != "" {
		l.add(one)
		return
	}
	var before []*heldSession
	if key.session != nil {
		before = append(before, key.session)
	}
	after := joined(before, one, l.rules.Pause)
	key.session = after[len(after)-1]
	renew(after[len(after)-1:], l.rules)
}

func (k *anonymousKey) touch(drops time.Time) {
	k.touched = true
	if drops.After(k.drops) {
		k.drops = drops
	}
}

// add adds a session to its visitor's.
func (l *ledger) add(s *heldSession) {
	whose := visitorKey{s.site, s.Visitor}
	l.visitors[whose] = joined(l.visitors[whose], s, l.rules.Pause)
	renew(l.visitors[whose], l.rules)
}

// agree makes the anonymous session that a key leads to one of the visitor who has agreed,
// unless it has ended before. What of it comes later will be his too.
func (l *ledger) agree(site int64, v Visit, key *anonymousKey) {
	key.touch(l.now.Add(l.rules.Pause))
	if key.visitor != "" {
		return // it is said once
	}
	s := key.session
	if s == nil || distance(s, &heldSession{VisitorSession: VisitorSession{Began: v.At, Ended: v.At}}) >= l.rules.Pause {
		key.visitor, key.session = v.Visitor, nil
		return
	}
	l.rules.Agree(&s.VisitorSession, v)
	s.touched = true
	if s.Visitor == "" {
		return
	}
	key.visitor, key.session = s.Visitor, nil
	l.add(s)
}
