package population

import (
	"slices"
	"strconv"
	"time"
)

// The tracker's numbers, in bytes of an identifier and in time.
const (
	piwikproID      = 8
	piwikproViewID  = 3
	piwikproRandom  = 3
	temporaryCookie = 30 * time.Minute
)

// Choice is what a visitor has said of being tracked.
type Choice string

// The choices. Who has not said anything is undecided.
const (
	Undecided Choice = ""
	Agreed    Choice = "agreed"
	Disagreed Choice = "disagreed"
)

// Tracker implements [Dialect]; it returns a *[PiwikproTracker].
func (Piwikpro) Tracker(m Means) Tracker { return NewPiwikproTracker(m) }

// NewPiwikproTracker returns the tracker of a browser that has never been on the
// site.
func NewPiwikproTracker(m Means) *PiwikproTracker { return &PiwikproTracker{means: m} }

// PiwikproTracker is what Piwik PRO's tracker keeps in one browser for one site: the
// choice, a visitor ID of whoever has agreed, an anonymous session's temporary cookie
// of whoever has not. How it tracks it decides anew before each hit.
type PiwikproTracker struct {
	means   Means
	choice  Choice
	visitor string
	user    string // the site's name for the customer
	// The temporary cookie, and when it is gone.
	session string
	until   time.Time
	// setting is what the page has learnt of the site's setting.
	setting bool
	view    string // of the page
	// held are the calls of the page that may not be sent as it stands.
	held []Hit
}

// piwikproMachine is what the tracker tells of the machine. Nobody writes to it.
var piwikproMachine = map[string]string{"res": "1280x720", "lang": "en-gb"}

// Choice is what the visitor has said so far.
func (t *PiwikproTracker) Choice() Choice { return t.choice }

// User names the customer in the hits of whoever has agreed; "" names nobody.
func (t *PiwikproTracker) User(id string) { t.user = id }

// View implements [Tracker]: the page learns of the site's setting, and tells that it
// was opened.
func (t *PiwikproTracker) View(page Page) Hit {
	t.setting = t.means.Setting != nil && t.means.Setting()
	t.held = t.held[:0]
	t.view = t.means.ID(piwikproViewID)
	h := t.hit(page)
	h.Category = pageView
	return t.sent(h)
}

// Track implements [Tracker].
func (t *PiwikproTracker) Track(e Event) Hit {
	h := t.hit(e.Page)
	h.Category, h.Action = e.Category, e.Action
	h.Name, h.Value = e.Custom["name"], e.Custom["value"]
	return t.sent(h)
}

// Agree is what the visitor says in the consent window: from now on he is known. A
// running anonymous session becomes his; without one, what the page has held back is
// sent. Who has agreed already has said nothing new.
func (t *PiwikproTracker) Agree() []Hit {
	if t.choice == Agreed {
		return nil
	}
	t.choice, t.visitor = Agreed, t.means.ID(piwikproID)
	now := t.means.Now()
	if t.running(now) {
		h := t.hit(Page{})
		h.Joins, h.Session = true, t.session
		t.session = ""
		return []Hit{t.sent(h)}
	}
	t.session, t.view = "", t.means.ID(piwikproViewID)
	held := slices.Clone(t.held)
	t.held = t.held[:0]
	for i := range held {
		held[i].Made, held[i].View = now, t.view // before he agreed nothing was
		held[i] = t.sent(held[i])
	}
	return held
}

// Disagree is what he says there, or a withdrawal: what identifies him is removed at
// once. An anonymous session goes on, where the site lets it. What is held back of what
// he has done is forgotten, but for the page itself.
func (t *PiwikproTracker) Disagree() {
	if t.choice == Agreed {
		t.view = t.means.ID(piwikproViewID) // the same would join the two halves
	}
	t.choice, t.visitor = Disagreed, ""
	t.held = slices.DeleteFunc(t.held, func(h Hit) bool { return h.Category != pageView })
}

// hit begins a hit.
func (t *PiwikproTracker) hit(page Page) Hit {
	return Hit{
		Made: t.means.Now(), Page: page, View: t.view, Random: t.random(), System: piwikproMachine,
	}
}

// random makes six digits, by which no cache takes one hit for another.
func (t *PiwikproTracker) random() string {
	n, err := strconv.ParseUint(t.means.ID(piwikproRandom), 16, 32)
	if err != nil {
		panic(err) // IDs are hexadecimal
	}
	digits := strconv.AppendUint(make([]byte, 0, 8), 1_000_000+n%1_000_000, 10)
	return string(digits[1:])
}

// sent marks the hit as its visitor's, or as an anonymous session's; what may not be
// sent is held back until the page ends, and there is no hit.
func (t *PiwikproTracker) sent(h Hit) Hit {
	now := t.means.Now()
	switch {
	case t.choice == Agreed:
		h.Visitor, h.Device, t.session = t.visitor, t.visitor, ""
		if t.user != "" {
			h.Identity = &Identity{ID: t.user}
		}
		return h
	case !t.setting:
		if t.choice == Undecided || h.Category == pageView {
			t.held = append(t.held, h)
		}
		return Hit{}
	}
	if !t.running(now) {
		if t.session != "" && h.Category != pageView {
			t.view = t.means.ID(piwikproViewID)
			h.View = t.view
		}
		t.session = t.means.ID(piwikproID)
		t.until = now.Add(temporaryCookie)
	} else if t.means.Refreshed {
		t.until = now.Add(temporaryCookie)
	}
	h.Anonymous, h.Session, h.Device = true, t.session, t.session
	return h
}

// running tells that an anonymous session's cookie is there.
func (t *PiwikproTracker) running(now time.Time) bool {
	return t.session != "" && now.Before(t.until)
}

// Reset implements [Tracker]: the customer has logged out.
func (t *PiwikproTracker) Reset() { t.user = "" }

// Forget implements [Tracker].
func (t *PiwikproTracker) Forget() {
	*t = PiwikproTracker{means: t.means, setting: t.setting, view: t.view, held: t.held[:0]}
}

// Visitor implements [Tracker].
func (t *PiwikproTracker) Visitor() string { return t.visitor }

// Device implements [Tracker]: nothing marks the browser, but the anonymous session
// while it lasts.
func (t *PiwikproTracker) Device() string {
	if t.choice != Agreed && t.running(t.means.Now()) {
		return t.session
	}
	return ""
}
