package collector

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// MaxBulk is the most bytes of a body with several hits of the dialect piwikpro, as sent.
const MaxBulk = 1 << 20

// visitArrival is one hit of the dialect piwikpro, and what it means; nil in one that is
// not well formed.
type visitArrival struct {
	hit   Hit
	visit *Visit
	// made is when the tracker says that it happened.
	made time.Time
	// same is the same for a hit and what is sent again of it; empty where nothing tells.
	same string
	// played is what an import says of the hit; nil when it is none.
	played *played
}

// played is what only an import may say of a hit.
type played struct {
	// address is the zero address where it is not given, arrived the zero time.
	address netip.Addr
	arrived time.Time
}

// rawVisit is what came to the place of the dialect piwikpro.
type rawVisit struct {
	// Query is the URL's query without its question mark.
	Query string
	// Post tells that there is a body, ContentType its media type as sent.
	Post        bool
	ContentType string
	Body        []byte
	// Broken tells that the body ended before its end.
	Broken bool
}

// piwikpro decodes what came in as one or more hits, and the token that came with them.
// There is at least one hit; of a body that is not well formed there is no more. The first
// thing that is wrong with one is its hit's Refused.
func piwikpro(raw rawVisit) (arrivals []visitArrival, token string) {
	transport := "query"
	if raw.Post {
		transport = raw.transport()
	}
	if transport == "json" || transport == "text" && strings.HasPrefix(strings.TrimLeft(string(raw.Body), " \t\r\n"), "{") {
		return raw.bulk(transport)
	}
	set, problem := rawHit{
		Query: raw.Query, Post: raw.Post, ContentType: raw.ContentType, Body: string(raw.Body), Broken: raw.Broken,
	}.parameters()
	return []visitArrival{arrivalOf(set.decoded, transport, problem, false)}, ""
}

// transport names the place of the parameters by the body's content type.
func (raw rawVisit) transport() string {
	if form := transportOf(raw.ContentType); form != "other" {
		return form
	}
	return jsonTransport(raw.ContentType)
}

// bulk decodes {"requests": ["?idsite=…", …], "token_auth": "…"}.
func (raw rawVisit) bulk(transport string) (arrivals []visitArrival, token string) {
	var several struct {
		Requests []string `json:"requests"`
		Token    string   `json:"token_auth"`
	}
	problem := raw.bulkProblem()
	if problem == "" && json.Unmarshal(raw.Body, &several, json.RejectUnknownMembers(true)) != nil {
		problem = `body must be {"requests": ["?idsite=…", …]} in UTF-8, with token_auth or without`
	}
	switch {
	case problem != "":
	case len(several.Requests) == 0:
		problem = "requests is empty"
	case len(several.Requests) > MaxHits:
		problem = fmt.Sprintf("more than %d hits", MaxHits)
	}
	if problem != "" {
		return []visitArrival{arrivalOf(map[string]string{}, transport, problem, true)}, ""
	}
	arrivals = make([]visitArrival, len(several.Requests))
	for i, one := range several.Requests {
		set, problem := rawHit{Query: strings.TrimPrefix(one, "?")}.parameters()
		arrivals[i] = arrivalOf(set.decoded, transport, problem, true)
	}
	return arrivals, several.Token
}

func (raw rawVisit) bulkProblem() string {
	switch {
	case raw.Query != "":
		return "a body with several hits takes no query"
	case len(raw.Body) > MaxBulk:
		return fmt.Sprintf("body is longer than %d bytes", MaxBulk)
	case raw.Broken:
		return "body is not whole"
	}
	return ""
}

// arrivalOf makes a hit, and what it means, of its parameters; problem is what has been found
// wrong with them so far. What it cannot make out stays empty.
func arrivalOf(given map[string]string, transport, problem string, several bool) visitArrival {
	a := visitArrival{hit: Hit{Dialect: "piwikpro", Transport: transport}}
	badImport := a.takeImport(given, several)
	a.hit.Refused = cmp.Or(problem, badImport, formOf(given), meaningOf(given))
	_, a.hit.Anonymous = given["uia"]
	if site := given["idsite"]; isUUID(site) {
		a.hit.Track = site
	}
	a.hit.Page = given["url"]
	a.made, _ = moment(given["ts"], "")
	a.hit.Made = a.made
	if a.hit.Refused == "" {
		v := visitIn(given)
		a.hit.Visitor, a.visit, a.same = v.Visitor, &v, sameness(given, a.made)
	}
	a.hit.Parameters = keepable(given, a.hit)
	return a
}

// visitIn reads a well-formed hit.
func visitIn(given map[string]string) Visit {
	v := Visit{Site: given["idsite"], Visitor: given["_id"]}
	_, v.Anonymous = given["uia"]
	_, action := given["e_c"]
	switch {
	case given["ping"] != "":
		v.Kind, v.Agreed = Agreement, []string{given["ses"]}
	case action:
		v.Kind = Action
	}
	if v.Anonymous {
		v.Temporary = given["ses"]
	}
	return v
}

// takeImport takes what only an import may say out of the parameters: an address must not
// stay among them, be it refused or not.
func (a *visitArrival) takeImport(given map[string]string, several bool) (problem string) {
	address, addressed := given["cip"]
	arrived, dated := given["cdt"]
	_, token := given["token_auth"]
	delete(given, "cip")
	delete(given, "cdt")
	delete(given, "token_auth")
	switch {
	case token:
		return "token_auth belongs beside the requests of a body with several hits"
	case !addressed && !dated:
		return ""
	}
	a.played = &played{}
	if !several {
		return "parameters cip and cdt belong into a body with several hits"
	}
	if addressed {
		if a.played.address = addressIn(address); !a.played.address.IsValid() {
			return "parameter cip must be an address"
		}
	}
	if dated {
		a.played.arrived, problem = moment(arrived, "parameter cdt")
	}
	return problem
}

// sameness is the same for two hits of a site that were made at the same time, on the same
// view of a page, with the same random number. It begins with the time.
func sameness(given map[string]string, made time.Time) string {
	if given["pv_id"] == "" || given["rand"] == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(given["idsite"] + " " + given["pv_id"] + " " + given["rand"]))
	return timePrefix(made) + hex.EncodeToString(sum[:8])
}

// timePrefix is a time in milliseconds, in order as a text.
func timePrefix(t time.Time) string { return fmt.Sprintf("%012x", max(t.UnixMilli(), 0)) }

// happened is when a hit counts: when the tracker says that it happened, within a day
// before it arrived, so that one that was sent again does not make a session longer than it
// was. A clock that is ahead, or behind by more, is not believed.
func happened(made, arrived time.Time) time.Time {
	if made.IsZero() || made.After(arrived) || arrived.Sub(made) > believable {
		made = arrived
	}
	return made.Truncate(time.Millisecond).UTC()
}

const believable = 24 * time.Hour

// isUUID tells whether text is a UUID in lower case.
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, r := range []byte(text) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if r != '-' {
				return false
			}
		} else if !isHexDigit(r) {
			return false
		}
	}
	return true
}

func isHexDigit(b byte) bool { return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' }

func isHex16(text string) bool {
	return len(text) == 16 && strings.Trim(text, "0123456789abcdef") == ""
}

// isNumber tells whether text is a decimal number.
func isNumber(text string) bool {
	n, err := strconv.ParseFloat(text, 64)
	return err == nil && n-n == 0 && strings.Trim(text, "0123456789.-+eE") == ""
}
