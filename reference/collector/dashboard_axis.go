package collector

import "time"

// axis lays a span of time over a number of pixels.
type axis struct {
	// from and to are seconds since 1970: a visitor's clock may tell any year,
	// and a [time.Duration] ends at 292.
	from, to int64
	// left and right are where from and to stand, in pixels.
	left, right int
}

// tick is a mark on an axis.
type tick struct {
	X     int
	Label string
	Time  time.Time
}

const (
	hourSeconds = 3600
	daySeconds  = 24 * hourSeconds
	// mostTicks keeps labels from running into one another.
	mostTicks = 9
)

// tickSteps are the distances that ticks may have, in seconds; whole days are
// added up from the last.
var tickSteps = []int64{
	600, 1800, hourSeconds, 3 * hourSeconds, 6 * hourSeconds,
	daySeconds, 2 * daySeconds, 7 * daySeconds, 14 * daySeconds, 30 * daySeconds, 91 * daySeconds, 365 * daySeconds,
}

// newAxis returns an axis that holds both times, in whole hours when they are
// within one, else in whole days, UTC.
func newAxis(first, last time.Time, left, right int) axis {
	a := axis{from: first.Unix(), to: last.Unix(), left: left, right: right}
	unit := int64(daySeconds)
	if floor(a.from, hourSeconds) == floor(a.to, hourSeconds) {
		unit = hourSeconds
	}
	a.from, a.to = floor(a.from, unit), floor(a.to, unit)+unit
	return a
}

// floor rounds down, before 1970 too.
func floor(n, unit int64) int64 {
	rest := n % unit
	if rest < 0 {
		rest += unit
	}
	return n - rest
}

// x is where a time stands; what is outside stands at the nearer end.
func (a axis) x(t time.Time) int {
	at := min(max(t.Unix(), a.from), a.to)
	return a.left + int(float64(at-a.from)/float64(a.to-a.from)*float64(a.right-a.left)+0.5)
}

// ticks returns at most mostTicks marks, from the axis' beginning on.
func (a axis) ticks() []tick {
	span := a.to - a.from
	step := tickSteps[len(tickSteps)-1]
	for _, s := range tickSteps {
		if span/s <= mostTicks {
			step = s
			break
		}
	}
	for span/step > mostTicks {
		step *= 2
	}
	var ticks []tick
	year := 0
	for at := a.from; at < a.to; at += step {
		t := time.Unix(at, 0).UTC()
		layout := "2 Jan"
		switch {
		case at%daySeconds != 0 && at == a.from:
			layout = "2 Jan, 15:04"
		case at%daySeconds != 0:
			layout = "15:04"
		case t.Year() != year:
			year, layout = t.Year(), "2 Jan 2006"
		}
		ticks = append(ticks, tick{X: a.x(t), Label: t.Format(layout), Time: t})
	}
	return ticks
}
