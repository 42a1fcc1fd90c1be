package collector

import (
	"cmp"
	"fmt"
	"mime"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// What a hit may measure.
const (
	// MaxQuery and MaxBody are in bytes, as sent.
	MaxQuery = 16 << 10
	MaxBody  = 64 << 10
	// MaxParameters counts the names in query and body together.
	MaxParameters = 256
	// MaxHits counts the hits of one request.
	MaxHits = 256
)

// maxReasons bounds how many hits of a batch get their reason told.
const maxReasons = 10

// maxTrack is how much is kept of a track ID that is none, in bytes.
const maxTrack = 32

// rawHit is a Mapp hit as it came in.
type rawHit struct {
	// Track is the path's first part.
	Track string
	// Query is the URL's query without its question mark.
	Query string
	// Post tells that there is a body, ContentType its media type as sent.
	Post        bool
	ContentType string
	Body        string
	// Broken tells that the body ended before its end.
	Broken bool
}

// batch decodes what came in as one or more hits: a body of text holds one hit
// a line. Each shares the query. There is at least one; of a body that is too
// long, not whole or holds too many there is no more.
func batch(raw rawHit) []Hit {
	if !raw.Post || transportOf(raw.ContentType) != "text" || raw.Broken || len(raw.Body) > MaxBody {
		return []Hit{mapp(raw)}
	}
	var hits []Hit
	for line := range strings.SplitSeq(raw.Body, "\n") {
		if line = strings.TrimSuffix(line, "\r"); line != "" {
			one := raw
			one.Body = line
			hits = append(hits, mapp(one))
		}
	}
	switch {
	case len(hits) == 0:
		raw.Body = ""
		return []Hit{mapp(raw)}
	case len(hits) > MaxHits:
		hits[0].Refused, hits[0].Visitor = fmt.Sprintf("more than %d hits", MaxHits), ""
		delete(hits[0].Parameters, "eid")
		return hits[:1]
	}
	return hits
}

// refusal says why hits were refused: of several, for each by its number,
// counted from 1. It is empty when all are well formed.
func refusal(arrivals []arrival) string {
	if len(arrivals) == 1 {
		return arrivals[0].hit.Refused
	}
	var reasons []string
	for i, a := range arrivals {
		if a.hit.Refused != "" && len(reasons) < maxReasons {
			reasons = append(reasons, fmt.Sprintf("hit %d: %s", i+1, a.hit.Refused))
		}
	}
	return strings.Join(reasons, "; ")
}

// mapp decodes a hit in Mapp's form. What it cannot make out stays empty; the
// first thing that is wrong is the hit's Refused.
func mapp(raw rawHit) Hit {
	hit := Hit{Dialect: "mapp", Track: raw.Track[:min(len(raw.Track), maxTrack)], Transport: "query"}
	if raw.Post {
		hit.Transport = transportOf(raw.ContentType)
	}
	set, badForm := raw.parameters()
	hit.Parameters = set.decoded
	_, hit.Anonymous = set.decoded["nc"]
	var badTrack, badPage string
	if !digits(raw.Track, 15) {
		badTrack = "track ID must be 15 digits"
	}
	hit.Page, hit.Made, badPage = pageParameter(set)
	hit.Refused = cmp.Or(badTrack, badForm, badPage, identityProblem(set.decoded))
	if hit.Anonymous || hit.Refused != "" {
		// An anonymous visitor leaves no identity here, and who sent a hit that
		// is not well formed may have been one.
		delete(set.decoded, "eid")
	}
	hit.Visitor = set.decoded["eid"]
	return hit
}

// parameters is a hit's parameters: decoded, and p as it was sent, because its
// commas mean something else than encoded ones.
type parameters struct {
	decoded map[string]string
	rawPage string
}

func (raw rawHit) parameters() (parameters, string) {
	set := parameters{decoded: map[string]string{}}
	if len(raw.Query) > MaxQuery {
		return set, fmt.Sprintf("query is longer than %d bytes", MaxQuery)
	}
	if problem := set.add(raw.Query); problem != "" {
		return set, problem
	}
	if !raw.Post {
		return set, ""
	}
	if len(raw.Body) > MaxBody {
		return set, fmt.Sprintf("body is longer than %d bytes", MaxBody)
	}
	if raw.Broken {
		return set, "body is not whole"
	}
	if transportOf(raw.ContentType) == "other" {
		return set, "content type must be text/plain or application/x-www-form-urlencoded"
	}
	return set, set.add(strings.TrimPrefix(raw.Body, "?"))
}

// add decodes name=value&… into the set. What is well formed before the first
// problem stays.
func (set *parameters) add(text string) string {
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil || !utf8.ValidString(name) {
			return "a parameter's name is not percent-encoded UTF-8"
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil || !utf8.ValidString(value) {
			return "a parameter's value is not percent-encoded UTF-8"
		}
		if _, twice := set.decoded[name]; twice {
			return "a parameter occurs twice"
		}
		if len(set.decoded) == MaxParameters {
			return fmt.Sprintf("more than %d parameters", MaxParameters)
		}
		set.decoded[name] = value
		if name == "p" {
			set.rawPage = rawValue
		}
	}
	return ""
}

// pageParameter reads p: the version, the page's name, four more parts, the
// time of making in milliseconds, and at least two more.
func pageParameter(set parameters) (page string, made time.Time, problem string) {
	value, there := set.decoded["p"]
	if !there {
		return "", made, "parameter p is missing"
	}
	parts := strings.Split(set.rawPage, ",")
	if len(parts) == 1 {
		// Form encoders escape the commas too.
		parts = strings.Split(value, ",")
	} else {
		for i, part := range parts {
			// It has been decoded before, as a part of the whole.
			parts[i], _ = url.QueryUnescape(part)
		}
	}
	if len(parts) < 9 {
		return "", made, "parameter p must have at least 9 parts"
	}
	if _, err := strconv.ParseUint(parts[0], 10, 16); err != nil {
		return parts[1], made, "parameter p must begin with its version"
	}
	// 13 digits are the years 2001 to 2286.
	milliseconds, err := strconv.ParseInt(parts[6], 10, 64)
	if err != nil || !digits(parts[6], 13) {
		return parts[1], made, "parameter p must have the time in milliseconds as its seventh part"
	}
	return parts[1], time.UnixMilli(milliseconds).UTC(), ""
}

// identityProblem checks who the hit says it is from.
func identityProblem(decoded map[string]string) string {
	eid, identified := decoded["eid"]
	nc, anonymous := decoded["nc"]
	switch {
	case identified && !digits(eid, 19):
		return "parameter eid must be 19 digits"
	case anonymous && nc != "1":
		return "parameter nc must be 1"
	case anonymous && identified:
		return "parameters nc and eid exclude each other"
	}
	return ""
}

// transportOf names the place of a body's parameters by its content type. A
// body without one is taken for text.
func transportOf(contentType string) string {
	media, _, err := mime.ParseMediaType(contentType)
	switch {
	case contentType == "" || err == nil && media == "text/plain":
		return "text"
	case err == nil && media == "application/x-www-form-urlencoded":
		return "form"
	}
	return "other"
}

// digits tells whether text is exactly n decimal digits.
func digits(text string, n int) bool {
	return len(text) == n && strings.Trim(text, "0123456789") == ""
}
