package scenario

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

const day = 24 * time.Hour

var lifetimePattern = regexp.MustCompile(`^([1-9][0-9]{0,5})(y|mo|d|h|m|s)$`)

// ParseLifetime reads a span such as "5y", "13mo", "180d", "2h", "30m" or
// "45s". What counts as that span is bounded by Min and Max, both included:
//
//   - y: N times 365 days, up to as many days as N calendar years can have
//     ("5y" is 1825 to 1827 days);
//   - mo: N calendar months from any day on, and N times 30 days, which some
//     pixels count instead ("13mo" is 390 to 397 days);
//   - d, h, m, s: exactly.
//
// Both ends are widened for rounding, because a pixel may count in whole
// minutes or seconds and a moment passes between its reckoning and its write:
// by one minute, and by one second where the span is under an hour.
//
// An unknown form, zero, and more than 100 years are errors.
func ParseLifetime(text string) (Lifetime, error) {
	m := lifetimePattern.FindStringSubmatch(text)
	if m == nil {
		return Lifetime{}, fmt.Errorf("not a lifetime: %s", shown(text))
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return Lifetime{}, fmt.Errorf("not a lifetime: %s", shown(text))
	}
	if most := mostOfUnit[m[2]]; n > most {
		return Lifetime{}, fmt.Errorf("lifetime %s is longer than 100 years", shown(text))
	}
	l := Lifetime{Text: text}
	switch m[2] {
	case "y":
		l.Min, l.Max = days(n*365), days(n*365+(n+3)/4)
	case "mo":
		shortest, longest := months(n)
		l.Min, l.Max = days(min(shortest, n*30)), days(longest)
	case "d":
		l.Min, l.Max = days(n), days(n)
	default:
		span := time.Duration(n) * map[string]time.Duration{"h": time.Hour, "m": time.Minute, "s": time.Second}[m[2]]
		l.Min, l.Max = span, span
	}
	slack := time.Minute
	if l.Max < time.Hour {
		slack = time.Second
	}
	l.Min, l.Max = max(0, l.Min-slack), l.Max+slack
	return l, nil
}

// mostOfUnit is 100 years in each unit, or what the pattern's six digits hold.
var mostOfUnit = map[string]int{"y": 100, "mo": 1200, "d": 36525, "h": 876600, "m": 999999, "s": 999999}

func days(n int) time.Duration { return time.Duration(n) * day }

// months returns the fewest and the most days that n calendar months can have.
// The eight years from 1998 on show every run of months with and without a
// leap day.
func months(n int) (shortest, longest int) {
	for start := range 8 * 12 {
		from := time.Date(1998, time.January+time.Month(start), 1, 0, 0, 0, 0, time.UTC)
		length := int(from.AddDate(0, n, 0).Sub(from) / day)
		if start == 0 || length < shortest {
			shortest = length
		}
		longest = max(longest, length)
	}
	return shortest, longest
}

// Contains tells whether a cookie that was asked to live that long was asked
// to live for this span.
func (l Lifetime) Contains(d time.Duration) bool { return l.Min <= d && d <= l.Max }

// Span returns the span itself; a year has 365 days in it, a month 30.
func (l Lifetime) Span() time.Duration {
	m := lifetimePattern.FindStringSubmatch(l.Text)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return time.Duration(n) * map[string]time.Duration{
		"y": 365 * day, "mo": 30 * day, "d": day, "h": time.Hour, "m": time.Minute, "s": time.Second,
	}[m[2]]
}

// String returns the span as written.
func (l Lifetime) String() string { return l.Text }

// MarshalText writes the span as it was written.
func (l Lifetime) MarshalText() ([]byte, error) { return []byte(l.Text), nil }

// UnmarshalText reads a span; see [ParseLifetime]. Empty text is the zero Lifetime.
func (l *Lifetime) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*l = Lifetime{}
		return nil
	}
	parsed, err := ParseLifetime(string(text))
	if err != nil {
		return err
	}
	*l = parsed
	return nil
}
