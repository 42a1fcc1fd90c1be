package evidence

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseWrite reads what a page assigns to document.cookie, or a response sends
// as Set-Cookie, the way a browser does (RFC 6265 §5.2): unknown attributes are
// passed over, the last of a kind wins, and Max-Age outranks Expires. now is the
// writer's clock, from which an absolute expiry becomes a lifetime. Step, At,
// By and Frame are the caller's to fill in.
func ParseWrite(raw string, now time.Time) CookieWrite {
	w := CookieWrite{Raw: raw, Session: true}
	pair, attributes, _ := strings.Cut(raw, ";")
	if name, value, ok := strings.Cut(pair, "="); ok {
		w.Name, w.Value = strings.TrimSpace(name), strings.TrimSpace(value)
	} else {
		w.Value = strings.TrimSpace(pair)
	}
	aged := false
	for attribute := range strings.SplitSeq(attributes, ";") {
		key, value, _ := strings.Cut(attribute, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "max-age":
			if age, ok := parseMaxAge(value); ok {
				w.Lifetime, w.Session, aged = age, false, true
			}
		case "expires":
			if at, ok := parseExpires(value); ok && !aged {
				w.Lifetime, w.Session = at.Sub(now), false
			}
		case "domain":
			w.Domain = strings.ToLower(strings.TrimPrefix(value, "."))
		case "path":
			w.Path = value
		case "secure":
			w.Secure = true
		case "httponly":
			w.HTTPOnly = true
		case "samesite":
			w.SameSite = canonicalSameSite(value)
		}
	}
	return w
}

func parseMaxAge(value string) (time.Duration, bool) {
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return 0, false
	}
	if seconds <= 0 {
		return 0, true
	}
	return time.Duration(min(seconds, math.MaxInt64/int64(time.Second))) * time.Second, true
}

// expiresLayouts are the forms of a cookie date that are met in practice:
// toUTCString and its older relatives.
var expiresLayouts = []string{
	"Mon, 2 Jan 2006 15:04:05 MST",
	"Mon, 2-Jan-2006 15:04:05 MST",
	"Mon, 2-Jan-06 15:04:05 MST",
	"Mon, 2 Jan 2006 15:04:05 -0700",
	"Monday, 2-Jan-06 15:04:05 MST",
	"Mon Jan 2 2006 15:04:05 GMT-0700",
	"Mon Jan _2 15:04:05 2006",
	"2 Jan 2006 15:04:05 MST",
	time.RFC3339Nano,
}

func parseExpires(value string) (time.Time, bool) {
	value, _, _ = strings.Cut(value, " (") // Date.toString names the zone in brackets
	for _, layout := range expiresLayouts {
		if at, err := time.Parse(layout, value); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

func canonicalSameSite(value string) string {
	for _, known := range []string{"Lax", "Strict", "None"} {
		if strings.EqualFold(value, known) {
			return known
		}
	}
	return ""
}
