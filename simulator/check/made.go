package check

import (
	"strconv"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// made returns when the pixel says that it made the hit, by the page's clock, and
// false when it does not say. The time is cut to the pixel's unit. Of several
// times the latest counts: a hit that was made anew carries its new time.
func (b *bench) made(h hit) (time.Time, bool) {
	m := b.plan.Pixel.Requests.Made
	if m == nil {
		return time.Time{}, false
	}
	var latest time.Time
	for _, p := range h.parameters {
		if p.Name != m.Parameter {
			continue
		}
		value := p.Value
		if m.Separator != "" {
			fields := strings.Split(value, m.Separator)
			if m.Field < 1 || m.Field > len(fields) {
				continue
			}
			value = fields[m.Field-1]
		}
		if at, ok := instant(value, m.Unit); ok && at.After(latest) {
			latest = at
		}
	}
	return latest, !latest.IsZero()
}

// instant reads a time that is counted in the unit since 1970; a fraction may
// follow, as where a script divides milliseconds. What is no time is refused: it
// says nothing of when a hit was made.
func instant(value, unit string) (time.Time, bool) {
	value = strings.TrimSpace(value)
	count, err := strconv.ParseFloat(value, 64)
	if err != nil || count <= 0 {
		return time.Time{}, false
	}
	ms := count
	if unit == "s" {
		ms *= 1000
	}
	if ms > 1e14 { // the year 5138
		return time.Time{}, false
	}
	return time.UnixMilli(int64(ms)).UTC(), true
}

// unit is how coarse the pixel's own times are.
func (b *bench) unit() time.Duration {
	if m := b.plan.Pixel.Requests.Made; m != nil && m.Unit == "s" {
		return time.Second
	}
	return time.Millisecond
}

// madeLater tells whether the hit, which was seen in the step, was made after the
// visitor's latest choice. A time is cut to its unit: a hit is earlier only when
// all of its unit had passed before the choice began. A hit that does not say when
// it was made was made when it arrived, so after a choice of the same step or an
// earlier one. Without any choice, and where the clock of the choice was not
// recorded, every hit counts as later.
func (b *bench) madeLater(v *view, h hit) bool {
	choice := b.chosen(v)
	if choice == nil || choice.step.Clock.IsZero() {
		return true
	}
	at, ok := b.made(h)
	return !ok || at.Add(b.unit()).After(choice.step.Clock)
}

// groups tells what the request, which was seen in the step, holds: hits that
// were made before the visitor's latest choice, hits that were made after it, or
// both. What is no hit was made when it arrived.
func (b *bench) groups(v *view, s *sent) (earlier, later bool) {
	if !s.pixel || s.preflight {
		choice := b.chosen(v)
		return false, choice != v || s.Arrived >= v.step.Acting
	}
	for _, h := range s.hits() {
		if b.madeLater(v, h) {
			later = true
		} else {
			earlier = true
		}
	}
	if choice := b.chosen(v); choice == v && s.Arrived < v.step.Acted {
		// It was there before the choice was: what is early cannot be late.
		earlier = false
		later = later && s.Arrived >= v.step.Acting
	}
	return earlier, later
}

// belongs tells whether a hit of the step is one of the group made-earlier or
// made-later.
func (b *bench) belongs(v *view, h hit, among string) bool {
	return b.madeLater(v, h) == (among == scenario.AmongMadeLater)
}

// byMaking tells that the group is one of those by time of making.
func byMaking(among string) bool {
	return among == scenario.AmongMadeEarlier || among == scenario.AmongMadeLater
}
