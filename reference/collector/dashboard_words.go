package collector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Of an ID longer than wholeID the pages show its first and last characters.
const (
	wholeID  = 14
	headOfID = 7
	tailOfID = 4
)

// short is an ID as it fits into a line. What cannot be seen, or would turn the
// text around it, is shown as �.
func short(id string) string {
	runes := []rune(visible(id))
	if len(runes) <= wholeID {
		return string(runes)
	}
	return string(runes[:headOfID]) + "…" + string(runes[len(runes)-tailOfID:])
}

func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// sentence is an error's text as a page says it: with a capital letter and a full stop.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.ContainsAny(text[len(text)-1:], ".?!") {
		text += "."
	}
	return text
}

// plural is "1 visit", "2 visits".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%s %ss", number(n), what)
}

// number groups thousands, with a thin space that does not break.
func number(n int) string {
	digits := fmt.Sprint(n)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "\u202f" + digits[at:]
	}
	return digits
}

// shortTime is a moment as text, UTC: "2 Mar 2026, 10:04".
func shortTime(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04") }

// machineTime is a moment as a time element's datetime.
func machineTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func sameDay(a, b time.Time) bool {
	return a.UTC().Format(time.DateOnly) == b.UTC().Format(time.DateOnly)
}

// kindName is how the pages call a kind of merge.
func kindName(kind string) string {
	switch kind {
	case MergeDirect:
		return "direct"
	case MergeDevice:
		return "by device"
	}
	return kind
}

// pretty is JSON over several lines, or as it is when it is none.
func pretty(text json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, text, "", "  ") != nil {
		return string(text)
	}
	return b.String()
}

// customerPath and userPath are where a profile's page is.
func customerPath(portal, cid string) string { return pathOf("/antsomi/customers/", portal, cid, "") }
func userPath(portal, uid string) string     { return pathOf("/antsomi/users/", portal, uid, "") }

// pathOf is the address of an ID's page or part, below a folder.
func pathOf(folder, portal, id, part string) string {
	path := folder + url.PathEscape(id) + part
	if portal != "" {
		path += "?" + url.Values{"portal_id": {portal}}.Encode()
	}
	return path
}
