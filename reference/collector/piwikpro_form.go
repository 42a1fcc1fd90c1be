package collector

import (
	"fmt"
	"strings"
	"unicode"
)

// parameter is the form of one of the dialect's parameters.
type parameter struct {
	name string
	well func(value string) bool
	want string
	// must tells that no hit goes without it, who that it says who the visitor is.
	must, who bool
}

// visitParameters are those that the dialect knows, in the order in which they are
// checked.
var visitParameters = []parameter{
	{name: "idsite", well: isUUID, want: "a UUID in lower case", must: true},
	{name: "rec", well: func(v string) bool { return v == "1" }, want: "1", must: true},
	{name: "ts", well: func(v string) bool { return digits(v, 13) }, want: "milliseconds since 1970", must: true},
	{name: "uia", well: func(v string) bool { return v == "1" }, want: "1"},
	{name: "_id", well: isHex16, want: "16 hexadecimal digits in lower case", who: true},
	{name: "ses", well: isHex16, want: "16 hexadecimal digits in lower case", who: true},
	{name: "uid", well: isName, want: longName, who: true},
	{name: "ping", well: func(v string) bool { return v == "4" }, want: "4"},
	{name: "pv_id", well: func(v string) bool { return len(v) == 6 && !strings.ContainsFunc(v, notAlphanumeric) }, want: "6 letters and digits"},
	{name: "rand", well: func(v string) bool { return digits(v, 6) }, want: "6 digits"},
	{name: "res", well: isResolution, want: "like 1920x1080"},
	{name: "lang", well: func(v string) bool { return len(v) <= maxLanguage && !strings.ContainsFunc(v, notInLanguage) }, want: "a language's tag"},
	{name: "e_c", well: isName, want: longName},
	{name: "e_a", well: isName, want: longName},
	{name: "e_n", well: isName, want: longName},
	{name: "e_v", well: isNumber, want: "a number"},
	{name: "url", well: isText, want: "text"},
	{name: "urlref", well: isText, want: "text"},
	{name: "action_name", well: isText, want: "text"},
}

var longName = fmt.Sprintf("1 to %d bytes without control characters", maxName)

// maxLanguage is the most bytes of a language's tag (RFC 5646, section 4.4.1).
const maxLanguage = 35

func isName(text string) bool {
	return text != "" && len(text) <= maxName && isText(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

func notAlphanumeric(r rune) bool { return notWord(r) || strings.ContainsRune(".-_", r) }

func notInLanguage(r rune) bool { return r != '-' && notAlphanumeric(r) }

// maxPixels is the most digits of a screen's width and height.
const maxPixels = 5

func isResolution(text string) bool {
	width, height, _ := strings.Cut(text, "x")
	return len(width) <= maxPixels && len(height) <= maxPixels && digits(width, max(len(width), 1)) && digits(height, max(len(height), 1))
}

// formOf says what is wrong with the form of the parameters; empty when nothing is.
func formOf(given map[string]string) string {
	for _, p := range visitParameters {
		value, there := given[p.name]
		if !there && p.must {
			return "parameter " + p.name + " is missing"
		}
		if there && !p.well(value) {
			return "parameter " + p.name + " must be " + p.want
		}
	}
	return ""
}

// meaningOf says what is wrong with what the parameters say together; empty when nothing
// is.
func meaningOf(given map[string]string) string {
	has := func(name string) bool { _, there := given[name]; return there }
	switch {
	case has("uia") && (has("_id") || has("uid")):
		return "parameter uia excludes _id and uid"
	case has("uia") && has("ping"):
		return "parameter uia excludes ping"
	case has("uia") && !has("ses"):
		return "parameter ses is missing: an anonymous session has a temporary cookie"
	case !has("uia") && !has("_id"):
		return "parameters uia and _id are both missing: nobody says who it is"
	case has("ping") && !has("ses"):
		return "parameter ses is missing: ping is for an anonymous session"
	case !has("uia") && !has("ping") && has("ses"):
		return "parameter ses belongs to anonymous hits and to ping"
	case has("ping") && has("e_c"):
		return "parameters ping and e_c exclude each other"
	case has("e_c") != has("e_a") || !has("e_c") && (has("e_n") || has("e_v")):
		return "an event has both e_c and e_a"
	}
	return ""
}

// keepable is what a hit's record may hold of its parameters. Of an identified one that is
// all but ses, which would join it to anonymous ones. Of any other it is what the
// dialect knows, in its form, but for what says who the visitor is: what else stands there
// may tell of somebody who has not agreed.
func keepable(given map[string]string, hit Hit) map[string]string {
	if hit.Refused == "" && !hit.Anonymous {
		delete(given, "ses")
		return given
	}
	kept := map[string]string{}
	for _, p := range visitParameters {
		if value, there := given[p.name]; there && !p.who && p.well(value) {
			kept[p.name] = value
		}
	}
	return kept
}
