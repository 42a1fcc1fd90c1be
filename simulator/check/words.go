package check

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// show quotes a value, shortened if it is long.
func show(value string) string {
	const most, digest = 64, 32
	if len(value) >= digest && longHex.MatchString(value) {
		return strconv.Quote(value[:8]) + "…"
	}
	if len(value) > most {
		cut := most
		for cut > most-utf8.UTFMax && !utf8.RuneStart(value[cut]) {
			cut--
		}
		return strconv.Quote(value[:cut]) + "…"
	}
	return strconv.Quote(value)
}

func quoted(values []string) string {
	const most = 4
	shown := make([]string, 0, most)
	for i, v := range values {
		if i == most {
			return strings.Join(shown, " and ") + fmt.Sprintf(" and %d more", len(values)-most)
		}
		shown = append(shown, show(v))
	}
	return strings.Join(shown, " and ")
}

// place names a hit, and of how many it is one.
func place(h hit, of []hit) string {
	name := fmt.Sprintf("request %d", h.Seq)
	if h.reading.Hits > 1 {
		name = fmt.Sprintf("hit %d of %s", h.number+1, name)
	}
	if h.preflight {
		name = "the preflight " + name
	}
	if len(of) > 1 {
		name += fmt.Sprintf(" (one of %d)", len(of))
	}
	return name
}

func count(hits []hit) string {
	if len(hits) == 1 {
		return fmt.Sprintf("request %d, the only one", hits[0].Seq)
	}
	return fmt.Sprintf("all %d requests", len(hits))
}

// lifetime says what counts as the span, such as "5y (1825 to 1827 days)". The
// slack for rounding that Min and Max hold is not shown.
func lifetime(l scenario.Lifetime) string {
	low, high := span(l.Min.Round(time.Hour)), span(l.Max.Round(time.Hour))
	if l.Max < 2*time.Hour {
		low, high = span(l.Min), span(l.Max)
	}
	if low == high {
		return fmt.Sprintf("%s (%s)", l.Text, low)
	}
	lowNumber, lowUnit, _ := strings.Cut(low, " ")
	if _, highUnit, _ := strings.Cut(high, " "); lowUnit == highUnit {
		low = lowNumber
	}
	return fmt.Sprintf("%s (%s to %s)", l.Text, low, high)
}

// span writes a span of time in its two largest units, such as "365 days" or "29
// minutes 58 seconds".
func span(d time.Duration) string {
	if d < 0 {
		return "less than nothing"
	}
	d = d.Round(time.Second)
	if d >= time.Hour {
		d = d.Round(time.Minute) // a cookie's expiry is cut to the second
	}
	units := []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}}
	var parts []string
	for i, u := range units {
		n := d / u.size
		d -= n * u.size
		if n == 0 {
			if len(parts) > 0 {
				break
			}
			if i < len(units)-1 {
				continue
			}
		}
		name := u.name
		if n != 1 {
			name += "s"
		}
		parts = append(parts, fmt.Sprintf("%d %s", n, name))
		if len(parts) == 2 {
			break
		}
	}
	return strings.Join(parts, " ")
}
