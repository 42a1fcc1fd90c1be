package collector

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// What a page shows at once; the API has the rest.
const (
	eventsShown    = 200
	valuesShown    = 200
	mergesShown    = 300
	conflictsShown = 1000
	// historyEvents is of how many events the history of attributes is put
	// together: it is read out of all of them.
	historyEvents = 20_000
)

// profileView is the page of a customer, or of one user ID.
type profileView struct {
	chrome
	Profile
	// Own is the ID whose page it is, IsUser that it is one user ID's.
	Own    string
	IsUser bool
	// Address is the page's own, API that of the profile in JSON, HistoryAPI that
	// of its attributes' history.
	Address, API, HistoryAPI string

	Picture *picture
	Groups  []attributeGroup
	// NoHistory tells that there are too many events to put the history of the
	// attributes together.
	NoHistory bool
	Merges    []Merge
	MoreMerge int
	Conflicts []Conflict
	// MoreConflicts tells that not all conflicts have been looked through.
	MoreConflicts bool
	Days          []day
	// First tells that the timeline begins at its beginning, Next is the
	// address of its next part, if there is one.
	First bool
	Next  string
}

// attributeGroup is the attributes of one scope.
type attributeGroup struct {
	Name    string
	Current map[string]string
	// History is every value that was given, the newest first; Cut counts those
	// that are not shown.
	History []Attribute
	Cut     int
}

// material is what a profile's page is made of.
type material struct {
	profile    Profile
	events     EventList
	sessions   []Session
	attributes []Attribute
	merges     []Merge
	conflicts  ConflictList
}

func (d dashboard) profile(w http.ResponseWriter, r *http.Request) {
	p := strict(r, "portal_id", "after")
	owner, page := ownerOf(r, p), Page{After: p.after(), Limit: eventsShown}
	if p.err != nil {
		d.fail(w, http.StatusBadRequest, "The address is not right", p.err.Error())
		return
	}
	m, err := d.gather(r.Context(), owner, page)
	if err != nil {
		d.unreadable(w, err)
		return
	}
	d.show(w, http.StatusOK, "profile", viewOf(owner, page, m))
}

func (d dashboard) gather(ctx context.Context, owner Owner, page Page) (m material, err error) {
	if m.profile, err = profileOf(ctx, d.from, owner); err != nil {
		return m, err
	}
	owner.Portal = m.profile.Portal
	if m.events, err = d.from.Events(ctx, owner, page); err != nil {
		return m, err
	}
	sessions, err := d.from.Sessions(ctx, owner)
	if err != nil {
		return m, err
	}
	attributes := AttributeList{}
	if m.profile.Events <= historyEvents {
		if attributes, err = d.from.Attributes(ctx, owner); err != nil {
			return m, err
		}
	}
	merges, err := d.from.Merges(ctx, owner)
	if err != nil {
		return m, err
	}
	m.sessions, m.attributes, m.merges = sessions.Sessions, attributes.Attributes, merges.Merges
	m.conflicts, err = d.from.Conflicts(ctx, m.profile.Portal, Page{Limit: conflictsShown})
	return m, err
}

func viewOf(owner Owner, page Page, m material) profileView {
	v := profileView{Profile: m.profile, Own: owner.CID, IsUser: owner.UID != "", First: page.After == 0}
	word, folder := "Customer ", "/antsomi/customers/"
	if v.IsUser {
		v.Own, word, folder = owner.UID, "User ID ", "/antsomi/users/"
	}
	v.Title = word + short(v.Own)
	v.Address = pathOf(folder, m.profile.Portal, v.Own, "")
	v.API = "/api" + v.Address
	v.HistoryAPI = "/api" + pathOf(folder, m.profile.Portal, v.Own, "/attributes")
	v.Groups = groupsOf(m.profile.Attributes, m.attributes)
	v.NoHistory = m.profile.Events > historyEvents
	v.Merges, v.MoreMerge = m.merges, max(len(m.merges)-mergesShown, 0)
	v.Merges = v.Merges[:len(v.Merges)-v.MoreMerge]
	v.Conflicts, v.MoreConflicts = conflictsOf(m, v.IsUser), m.conflicts.Next != 0
	of := historiesOf(m, v.Conflicts)
	v.Picture = draw(m.profile.CID, of)
	v.Days = timeline(m.events.Events, of)
	if m.events.Next != 0 {
		v.Next = nextPart(v.Address, m.events.Next)
	}
	return v
}

// conflictsOf are the conflicts that concern a profile: those of its user IDs,
// and those in which its customer was claimed.
func conflictsOf(m material, user bool) []Conflict {
	return slices.DeleteFunc(slices.Clone(m.conflicts.Conflicts), func(c Conflict) bool {
		if slices.Contains(m.profile.UserIDs, c.UID) {
			return false
		}
		return user || c.CID != m.profile.CID
	})
}

// historiesOf joins, for each user ID, its visits, the merge that counts and its
// conflicts.
func historiesOf(m material, conflicts []Conflict) []history {
	of := make([]history, len(m.profile.UserIDs))
	index := make(map[string]*history, len(of))
	for i, uid := range m.profile.UserIDs {
		of[i].UID = uid
		index[uid] = &of[i]
	}
	for _, session := range m.sessions {
		if h := index[session.UID]; h != nil {
			h.Visits = append(h.Visits, session)
		}
	}
	for i := range m.merges {
		merge := &m.merges[i]
		// What moved away is no user ID of the customer any more; of several
		// rows of one that stayed the last counts.
		if h := index[merge.UID]; h != nil && merge.CID == m.profile.CID {
			h.Joined, h.JoinedAt = merge, merge.Evidence.IdentifyTime
			if h.JoinedAt.IsZero() {
				h.JoinedAt = merge.At
			}
		}
	}
	for _, conflict := range conflicts {
		if h := index[conflict.UID]; h != nil {
			h.Conflicts = append(h.Conflicts, conflict.Evidence.IdentifyTime)
		}
	}
	return of
}

// groupsOf sorts a history by scope, the newest value first.
func groupsOf(current Attributes, all []Attribute) []attributeGroup {
	groups := []attributeGroup{
		{Name: "Customer", Current: current.Customer},
		{Name: "System", Current: current.System},
		{Name: "Custom", Current: current.Custom},
	}
	for i, scope := range []string{"customer", "system", "custom"} {
		of := slices.DeleteFunc(slices.Clone(all), func(a Attribute) bool { return a.Scope != scope })
		slices.SortStableFunc(of, func(a, b Attribute) int { return b.At.Compare(a.At) })
		groups[i].Cut = max(len(of)-valuesShown, 0)
		groups[i].History = of[:len(of)-groups[i].Cut]
	}
	return groups
}

// day is one day of a timeline, UTC.
type day struct {
	Date   time.Time
	Visits []visit
}

// visit is one visit of a timeline.
type visit struct {
	Session
	// Known tells that the visitor was known when it began.
	Known bool
	// Shown are its events on this page; Cut tells that it has others.
	Shown []eventView
	Cut   bool
}
