package collector

import (
	"cmp"
	"fmt"
	"time"
)

// The chart's measures, in pixels of its own.
const (
	chartWidth  = 960
	chartHeight = 220
	chartLeft   = 64
	chartRight  = chartWidth - 12
	chartTop    = 14
	chartBottom = chartHeight - 30
	// mostBars bounds the bars: beyond, one bar stands for several days.
	mostBars = 120
	// levelsMeant is how many lines of numbers the chart has, about.
	levelsMeant = 4
	// widestBar keeps the bars of a few days from becoming blocks.
	widestBar = 56
)

// chart shows the sessions of each day as a bar of two parts.
type chart struct {
	// Title and Desc say in words what is drawn.
	Title, Desc   string
	Width, Height int
	// Left, Right and Bottom are the ends of the axes.
	Left, Right, Bottom int
	Levels              []level
	Ticks               []tick
	Bars                []dayBar
	// Each is how many days a bar stands for.
	Each int
}

// level is a line of equal numbers.
type level struct {
	Y, TextY int
	Label    string
}

// dayBar is the bar of one day, or of several: identified sessions below, anonymous
// ones upon them.
type dayBar struct {
	X, Width              int
	KnownY, KnownHeight   int
	MaskedY, MaskedHeight int
	Title                 string
}

// drawDays draws the days, which are in order and leave out those without a session;
// from and to are the first and the last day, zero where the first and the last with a
// session are meant. It is nil when there is nothing to be drawn.
func drawDays(days []Day, from, to time.Time) *chart {
	if len(days) == 0 {
		return nil
	}
	first, last := cmp.Or(from, beginningOf(days[0])), cmp.Or(to, beginningOf(days[len(days)-1]))
	count := daysFrom(first, last) + 1
	c := &chart{Width: chartWidth, Height: chartHeight, Left: chartLeft, Right: chartRight, Bottom: chartBottom, Each: (count-1)/mostBars + 1}
	bars := make([]Day, (count-1)/c.Each+1)
	for _, day := range days {
		if at := daysFrom(first, beginningOf(day)); at >= 0 && at < count {
			bar := &bars[at/c.Each]
			bar.Identified.Sessions += day.Identified.Sessions
			bar.Anonymous.Sessions += day.Anonymous.Sessions
		}
	}
	most, all, anonymous := int64(0), int64(0), int64(0)
	for _, bar := range bars {
		sum := bar.Identified.Sessions + bar.Anonymous.Sessions
		most, all, anonymous = max(most, sum), all+sum, anonymous+bar.Anonymous.Sessions
	}
	step := levelStep(most)
	top := max((most+step-1)/step, 1) * step
	y := func(sessions int64) int {
		return chartBottom - int(float64(sessions)/float64(top)*(chartBottom-chartTop)+0.5)
	}
	for at := int64(0); at <= top; at += step {
		c.Levels = append(c.Levels, level{Y: y(at), TextY: y(at) + 4, Label: number(int(at))})
	}
	c.place(bars, first, last, y)
	c.Title = "Sessions a day, identified and anonymous"
	c.Desc = fmt.Sprintf("From %s to %s: %s, %s of them anonymous. The most at once: %s. The table below has each day.",
		longDay(first), longDay(last), plural(int(all), "session"), number(int(anonymous)), number(int(most)))
	return c
}

// place sets out the bars along the axis, and names some of them.
func (c *chart) place(bars []Day, first, last time.Time, y func(int64) int) {
	slot := float64(chartRight-chartLeft) / float64(len(bars))
	named := (len(bars)-1)/mostTicks + 1
	for i, bar := range bars {
		begins := first.AddDate(0, 0, i*c.Each)
		ends := begins.AddDate(0, 0, c.Each-1)
		if ends.After(last) {
			ends = last
		}
		middle := chartLeft + int(slot*(float64(i)+0.5))
		if i%named == 0 {
			layout := "2 Jan"
			if i == 0 || begins.Year() != first.AddDate(0, 0, (i-named)*c.Each).Year() {
				layout = "2 Jan 2006"
			}
			c.Ticks = append(c.Ticks, tick{X: middle, Label: begins.Format(layout), Time: begins})
		}
		known, masked := bar.Identified.Sessions, bar.Anonymous.Sessions
		if known+masked == 0 {
			continue
		}
		width := min(max(int(slot*0.78), 2), widestBar)
		split, top := y(known), y(known+masked)
		when := longDay(begins)
		if !ends.Equal(begins) {
			when += " to " + longDay(ends)
		}
		c.Bars = append(c.Bars, dayBar{
			X: middle - width/2, Width: width, KnownY: split, KnownHeight: chartBottom - split, MaskedY: top, MaskedHeight: split - top,
			Title: fmt.Sprintf("%s: %s, %s identified, %s anonymous", when, plural(int(known+masked), "session"), number(int(known)), number(int(masked))),
		})
	}
}

// levelStep is 1, 2 or 5 times a power of ten, so that about levelsMeant of it reach
// the most.
func levelStep(most int64) int64 {
	for unit := int64(1); ; unit *= 10 {
		for _, step := range []int64{unit, 2 * unit, 5 * unit} {
			if most <= step*levelsMeant || unit > most {
				return step
			}
		}
	}
}

// beginningOf is a day's beginning, the zero time when it is none.
func beginningOf(d Day) time.Time {
	day, err := time.Parse(time.DateOnly, d.Day)
	if err != nil {
		return time.Time{}
	}
	return day
}

// daysFrom counts the days from one day to another.
func daysFrom(first, last time.Time) int {
	return int((floor(last.Unix(), daySeconds) - floor(first.Unix(), daySeconds)) / daySeconds)
}

// longDay is a day as it is read.
func longDay(day time.Time) string { return day.Format("2 January 2006") }
