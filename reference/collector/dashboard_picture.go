package collector

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The picture's measures, in pixels of its own.
const (
	pictureWidth = 960
	// gutter is where the lanes' names stand.
	gutter    = 108
	rightEdge = pictureWidth - 28
	axisY     = 18
	customerY = 52
	firstLane = 40
	// minVisit keeps a visit of a minute visible among weeks.
	minVisit = 7
	// labelRoom is how much of the right edge a label needs.
	labelRoom = 96
)

// Lanes are drawn with names up to namedLanes, as thin rows beyond,
// beyond denseLanes without room between; more than drawnLanes nobody could tell apart.
const (
	namedLanes = 24
	denseLanes = 80
	drawnLanes = 250
	// toldLanes bounds how many lanes the picture's description lists.
	toldLanes = 12
)

// history is what a picture is drawn from: one user ID's visits, and how it came
// to the customer.
type history struct {
	UID    string
	Visits []Session
	// Joined is the row of the merge history that counts; nil for an ID that
	// belongs to nobody.
	Joined *Merge
	// JoinedAt is the moment of the identification by the pixel's clock, as the
	// visits are.
	JoinedAt time.Time
	// Conflicts are the moments at which another customer was claimed.
	Conflicts []time.Time
}

// picture shows how user IDs joined into a customer over days: a lane an ID,
// its visits as bars on a time axis, and a line to the customer's lane where an
// identification joins them.
type picture struct {
	// Title and Desc say in words what is drawn.
	Title, Desc   string
	Width, Height int
	Bottom        int
	Ticks         []tick
	// Customer is nil for a user ID that belongs to nobody.
	Customer *customerLane
	Lanes    []lane
	// HasConflicts tells that a lane has crosses.
	HasConflicts bool
	// Dense tells that the lanes are thin and carry no names.
	Dense bool
	// Hidden counts the lanes that are not drawn.
	Hidden int
}

// customerLane is the line of the customer, from the first identification on.
type customerLane struct {
	Y, From, To int
	Name        string
	NameY       int
}

// lane is the line of one user ID.
type lane struct {
	Name     string
	NameY, Y int
	From     int
	// To is where the line ends: the last visit, or the join if that is later.
	To   int
	Bars []bar
	Join *join
	// Crosses are the paths of the marks where conflicts stand.
	Crosses []string
}

// bar is one visit, or several that touch.
type bar struct {
	X, Y, Width, Height int
	// Known tells that the visit lies behind the join: the visitor was known.
	Known bool
	Title string
}

// join is the line from a lane to the customer's.
type join struct {
	X, Y, Top int
	Kind      string
	// Class is the kind as a CSS class.
	Class string
	// LabelX, LabelY and Anchor place the kind's name beside the line.
	LabelX, LabelY int
	Anchor         string
	// Path is the line: from the last visit before the identification to the
	// customer's lane, with a round corner.
	Path string
}

// draw makes the picture; nil when there is nothing to be drawn. customer is the
// ID of the customer, empty where the one user ID belongs to nobody.
func draw(customer string, of []history) *picture {
	of = slices.DeleteFunc(slices.Clone(of), func(h history) bool { return len(h.Visits) == 0 })
	if len(of) == 0 {
		return nil
	}
	slices.SortFunc(of, func(a, b history) int {
		return cmp.Or(began(a).Compare(began(b)), cmp.Compare(a.UID, b.UID))
	})
	p := &picture{Width: pictureWidth, Dense: len(of) > namedLanes, Hidden: max(len(of)-drawnLanes, 0)}
	p.Title, p.Desc = words(customer, of)
	first, last := span(of)
	a := newAxis(first, last, gutter, rightEdge)
	p.Ticks = a.ticks()
	top, distance := axisY+10, 36
	switch {
	case len(of) > denseLanes:
		distance = 6
	case p.Dense:
		distance = 9
	}
	if customer != "" {
		top = customerY
		p.Customer = &customerLane{Y: customerY, To: rightEdge, From: rightEdge, NameY: customerY - 9, Name: "Customer " + short(customer)}
	}
	for i, h := range of[:len(of)-p.Hidden] {
		l := p.lane(a, h, top+firstLane+i*distance)
		p.Lanes = append(p.Lanes, l)
		p.HasConflicts = p.HasConflicts || len(l.Crosses) > 0
		if l.Join != nil && p.Customer != nil {
			p.Customer.From = min(p.Customer.From, l.Join.X)
		}
	}
	p.Height = p.Lanes[len(p.Lanes)-1].Y + 24
	p.Bottom = p.Height - 6
	return p
}

func (p *picture) lane(a axis, h history, y int) lane {
	height := 12
	if p.Dense {
		height = 5
	}
	l := lane{Name: short(h.UID), NameY: y + 4, Y: y, From: a.x(began(h)), Bars: p.bars(a, h, y-height/2, height)}
	end := l.Bars[len(l.Bars)-1]
	l.To = end.X + end.Width
	for _, at := range h.Conflicts {
		l.Crosses = append(l.Crosses, fmt.Sprintf("M%d,%d l9,9 m0,-9 l-9,9", a.x(at)-4, y-4))
	}
	if h.Joined == nil || p.Customer == nil {
		return l
	}
	x := a.x(h.JoinedAt)
	l.From, l.To = min(l.From, x), max(l.To, x)
	j := &join{
		X: x, Y: y, Top: p.Customer.Y, Kind: kindName(h.Joined.Kind), Class: h.Joined.Kind,
		LabelX: x + 9, LabelY: y - 10, Anchor: "start",
	}
	if x > rightEdge-labelRoom {
		j.LabelX, j.Anchor = x-9, "end"
	}
	start := x
	for _, b := range l.Bars {
		if !b.Known && b.X <= x {
			start = min(b.X+b.Width, x)
		}
	}
	const corner = 7
	bend := max(x-corner, start)
	j.Path = fmt.Sprintf("M%d,%d H%d Q%d,%d %d,%d V%d", start, y, bend, x, y, x, y-corner, j.Top)
	l.Join = j
	return l
}

// bars draws visits; those that would lie upon one another become one bar, so
// that their number is bounded by the picture's width.
func (p *picture) bars(a axis, h history, y, height int) []bar {
	var bars []bar
	var group []Session
	flush := func() {
		first, last := group[0], group[len(group)-1]
		one := bar{X: a.x(first.Began), Y: y, Height: height}
		one.Width = max(a.x(last.Ended)-one.X, minVisit)
		one.Known = h.Joined != nil && !first.Began.Before(h.JoinedAt)
		if !p.Dense {
			one.Title = visitTitle(group)
		}
		bars, group = append(bars, one), group[:0]
	}
	for _, visit := range h.Visits {
		if len(group) > 0 {
			start := a.x(group[0].Began)
			end := max(a.x(group[len(group)-1].Ended), start+minVisit)
			// A visit before the join and one behind it differ in colour.
			across := h.Joined != nil && group[0].Began.Before(h.JoinedAt) != visit.Began.Before(h.JoinedAt)
			if a.x(visit.Began) > end || across {
				flush()
			}
		}
		group = append(group, visit)
	}
	flush()
	return bars
}

func visitTitle(group []Session) string {
	events := 0
	for _, visit := range group {
		events += visit.Events
	}
	first, last := group[0].Began, group[len(group)-1].Ended
	what := plural(events, "event")
	if len(group) > 1 {
		what = plural(len(group), "visit") + ", " + what
	}
	until := last.UTC().Format("15:04")
	if !sameDay(first, last) {
		until = shortTime(last)
	}
	return shortTime(first) + " to " + until + " UTC: " + what
}

func began(h history) time.Time { return h.Visits[0].Began }

// span is from the first visit to the end of the last, and holds each
// identification, conflicting ones too, that does not lie further away than a
// week: a clock that is
// wrong by years must not press the visits into one dot.
func span(of []history) (first, last time.Time) {
	first, last = began(of[0]), began(of[0])
	for _, h := range of {
		for _, visit := range h.Visits {
			if visit.Ended.After(last) {
				last = visit.Ended
			}
		}
	}
	const near = 7 * 24 * time.Hour
	early, late := first, last
	for _, h := range of {
		moments := h.Conflicts
		if h.Joined != nil {
			moments = append(slices.Clone(moments), h.JoinedAt)
		}
		for _, at := range moments {
			if at.Before(early) && early.Sub(at) <= near {
				first = minTime(first, at)
			} else if at.After(late) && at.Sub(late) <= near {
				last = maxTime(last, at)
			}
		}
	}
	return first, last
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func maxTime(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// words tell what the picture shows to those who do not see it.
func words(customer string, of []history) (title, desc string) {
	if customer == "" {
		return "Visits of user ID " + short(of[0].UID), "It belongs to no customer. " + told(of)
	}
	title = fmt.Sprintf("How %s came to customer %s", plural(len(of), "user ID"), short(customer))
	return title, told(of)
}

func told(of []history) string {
	var b strings.Builder
	for _, h := range of[:min(len(of), toldLanes)] {
		fmt.Fprintf(&b, "User ID %s: %s since %s", short(h.UID), plural(len(h.Visits), "visit"), shortTime(began(h)))
		if h.Joined != nil {
			fmt.Fprintf(&b, "; %s on %s", joinedHow(h.Joined.Kind), shortTime(h.JoinedAt))
		}
		if n := len(h.Conflicts); n > 0 {
			fmt.Fprintf(&b, "; %s", plural(n, "conflict"))
		}
		b.WriteString(". ")
	}
	if more := len(of) - toldLanes; more > 0 {
		fmt.Fprintf(&b, "And %s more.", plural(more, "user ID"))
	}
	return strings.TrimSpace(b.String())
}

// joinedHow is a kind of merge as part of a sentence.
func joinedHow(kind string) string {
	switch kind {
	case MergeDirect:
		return "joined by its own identification"
	case MergeMoved:
		return "moved from another customer"
	}
	return "joined " + kindName(kind)
}
