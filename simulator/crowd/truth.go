package crowd

// Counts are what a report counts. Visitors are told by what the report can see.
type Counts struct {
	Sessions  int64 `json:"sessions"`
	PageViews int64 `json:"page_views"`
	Events    int64 `json:"events"`
	// Milliseconds is the time from each session's first event to its last.
	Milliseconds int64 `json:"milliseconds"`
	// New and Returning are the sessions of new visitors, and of returning ones.
	New       int64 `json:"new_visitors"`
	Returning int64 `json:"returning_visitors"`
}

// add adds other counts.
func (c *Counts) add(o Counts) {
	c.Sessions += o.Sessions
	c.PageViews += o.PageViews
	c.Events += o.Events
	c.Milliseconds += o.Milliseconds
	c.New += o.New
	c.Returning += o.Returning
}

// Truth is what people did in a day, or in several. A session belongs to the day on
// which it began. Its new visitors and returning ones are browsers: a session is new
// when the browser had none at that site before, whatever anybody could see of it.
type Truth struct {
	// Identified and Anonymous are the sessions that may be counted, by whether their
	// visitor had agreed by their end.
	Identified Counts `json:"identified"`
	Anonymous  Counts `json:"anonymous"`
	// Unseen are those of people who have not agreed, at a site that does not count
	// such people.
	Unseen Counts `json:"unseen"`
	// AnonymousReturns are the returning browsers' sessions of nobody, NewIDReturns
	// those under a visitor ID that was made in them: somebody agreed only later, or
	// again after a withdrawal. No report can know any of them again.
	AnonymousReturns int64 `json:"anonymous_returns"`
	NewIDReturns     int64 `json:"new_id_returns"`
	// NewPeople and ReturningPeople are the same sessions, and the unseen, by the
	// person who began them: of those who share a browser each is somebody.
	NewPeople       int64 `json:"new_people"`
	ReturningPeople int64 `json:"returning_people"`
}

// Counted are the sessions that may be counted.
func (t Truth) Counted() Counts {
	c := t.Identified
	c.add(t.Anonymous)
	return c
}

// Unrecognised are the returning sessions that no report can know again.
func (t Truth) Unrecognised() int64 { return t.AnonymousReturns + t.NewIDReturns }

// add adds another truth.
func (t *Truth) add(o Truth) {
	t.Identified.add(o.Identified)
	t.Anonymous.add(o.Anonymous)
	t.Unseen.add(o.Unseen)
	t.AnonymousReturns += o.AnonymousReturns
	t.NewIDReturns += o.NewIDReturns
	t.NewPeople += o.NewPeople
	t.ReturningPeople += o.ReturningPeople
}

// Visits are the sessions from one place.
type Visits struct {
	Sessions  int64 `json:"sessions"`
	Anonymous int64 `json:"anonymous"`
}

// SiteTruth is what people did at one site.
type SiteTruth struct {
	// Days has one more than the crowd's: who comes before midnight may stay.
	Days []Truth
	// Places are by the places' numbers.
	Places []Visits
	// Browsers and People are how many came.
	Browsers, People int64
}

// Tally is the truth of many lives. It grows with the days and the sites only.
type Tally struct {
	Sites []SiteTruth
}

// newTally returns a tally of nobody.
func newTally(o Options) *Tally {
	t := &Tally{Sites: make([]SiteTruth, len(o.Sites))}
	for i := range t.Sites {
		t.Sites[i] = SiteTruth{Days: make([]Truth, o.Days+1), Places: make([]Visits, len(o.Places))}
	}
	return t
}

// add adds another tally of the same crowd.
func (t *Tally) add(o *Tally) {
	for i := range t.Sites {
		to, from := &t.Sites[i], &o.Sites[i]
		for d := range to.Days {
			to.Days[d].add(from.Days[d])
		}
		for p := range to.Places {
			to.Places[p].Sessions += from.Places[p].Sessions
			to.Places[p].Anonymous += from.Places[p].Anonymous
		}
		to.Browsers += from.Browsers
		to.People += from.People
	}
}

// clear forgets all.
func (t *Tally) clear() {
	for i := range t.Sites {
		clear(t.Sites[i].Days)
		clear(t.Sites[i].Places)
		t.Sites[i].Browsers, t.Sites[i].People = 0, 0
	}
}

// sort is how a visit is counted.
type sort uint8

const (
	unseen sort = iota
	anonymous
	identified
)

// stay is a session, as the person at the browser would tell of it.
type stay struct {
	open        bool
	sort        sort
	began, last int64
	place       uint8
	counts      Counts
	returning   bool // the browser had been there
	firstOfID   bool // under this identity nobody had been there
	newPerson   bool
}

// silence is how long nothing happens before whatever comes is another session, and
// how old a temporary cookie gets.
const silence = 30 * minute

// witness watches one browser and counts. It knows what is done, and the rules of the
// documents; of trackers and hits it knows nothing.
type witness struct {
	tally     *SiteTruth
	tracked   bool // the site counts who has not agreed
	refreshed bool

	stay    stay
	agreed  bool
	refused bool
	known   bool // who agreed last has had a session since
	been    bool // somebody has been there on this browser
	persons [8]bool
	// views and does are what happened on the open page while nothing was counted, and
	// may be once somebody agrees: of who has refused, that the page was opened.
	views, does int64
}

// watch counts a life.
func (t *Tally) watch(o Options, l *Life) {
	site := &t.Sites[l.Site]
	site.Browsers++
	site.People += int64(l.People)
	w := witness{tally: site, tracked: o.Sites[l.Site].Anonymous, refreshed: o.Refreshed}
	for _, a := range l.Acts {
		w.see(a)
	}
	w.leave()
}

// see sees one act.
func (w *witness) see(a Act) {
	switch a.Kind {
	case Views:
		w.views, w.does = 0, 0
		w.happen(a, 1, 0)
	case Does:
		w.happen(a, 0, 1)
	case Agrees:
		w.agree(a)
	case Disagrees:
		if w.agreed {
			w.leave()
		}
		w.agreed, w.refused, w.does = false, true, 0
	}
}

// sort is how what happens now is counted.
func (w *witness) sort() sort {
	switch {
	case w.agreed:
		return identified
	case w.tracked:
		return anonymous
	}
	return unseen
}

// over tells that the session had ended when the act began.
func (w *witness) over(at int64) bool {
	s := w.stay
	return !s.open || at-s.last >= silence || s.sort == anonymous && !w.refreshed && at-s.began >= silence
}

// happen counts views and other events.
func (w *witness) happen(a Act, views, does int64) {
	if w.over(a.At) || w.stay.sort != w.sort() {
		w.enter(a)
	}
	w.stay.last = a.At
	w.stay.counts.PageViews += views
	w.stay.counts.Events += does
	if w.stay.sort == unseen {
		w.views += views
		if !w.refused {
			w.does += does
		}
	}
}

// agree is what happens when somebody says yes: a running session of nobody becomes
// his; at a site where there was none, what he sees begins it.
func (w *witness) agree(a Act) {
	if w.agreed {
		return
	}
	w.agreed, w.refused, w.known = true, false, false
	switch {
	case w.stay.sort == anonymous && !w.over(a.At):
		w.stay.sort, w.stay.firstOfID, w.known = identified, true, true
	case !w.tracked && w.views+w.does > 0:
		w.show(a)
	}
}

// show begins a session with what was unseen of the open page. It is the visit's: what
// the visit was before stays unseen, and is no session of its own.
func (w *witness) show(a Act) {
	before, views, does := w.stay, w.views, w.does
	before.counts.PageViews -= views
	before.counts.Events -= does
	rest := before.counts.PageViews + before.counts.Events
	if apart := w.over(a.At) && rest > 0; apart {
		w.stay = before
		w.happen(a, views, does)
	} else {
		w.stay = stay{}
		w.happen(a, views, does)
		w.stay.returning, w.stay.newPerson = before.returning, before.newPerson
		if rest > 0 {
			before.counts.Milliseconds = before.last - before.began
			w.tally.Days[before.began/day].Unseen.add(before.counts)
		}
	}
	w.views, w.does = 0, 0
}

// enter begins a session.
func (w *witness) enter(a Act) {
	w.leave()
	w.stay = stay{
		open: true, sort: w.sort(), began: a.At, place: a.Place,
		returning: w.been, firstOfID: !w.known, newPerson: !w.persons[a.Person],
	}
	w.been, w.persons[a.Person] = true, true
	if w.agreed {
		w.known = true
	}
}

// leave ends the session, and counts it.
func (w *witness) leave() {
	s := w.stay
	w.stay = stay{}
	if !s.open || s.counts.PageViews+s.counts.Events == 0 {
		return
	}
	s.counts.Sessions, s.counts.Milliseconds = 1, s.last-s.began
	today := &w.tally.Days[s.began/day]
	if s.returning {
		s.counts.Returning = 1
	} else {
		s.counts.New = 1
	}
	if s.newPerson {
		today.NewPeople++
	} else {
		today.ReturningPeople++
	}
	switch s.sort {
	case unseen:
		today.Unseen.add(s.counts)
		return
	case anonymous:
		today.Anonymous.add(s.counts)
		if s.returning {
			today.AnonymousReturns++
		}
	case identified:
		today.Identified.add(s.counts)
		if s.returning && s.firstOfID {
			today.NewIDReturns++
		}
	}
	if len(w.tally.Places) > 0 {
		from := &w.tally.Places[s.place]
		from.Sessions++
		if s.sort == anonymous {
			from.Anonymous++
		}
	}
}
