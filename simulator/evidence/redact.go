package evidence

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

const (
	// MinRedacted is the shortest value that [Redact] replaces, in bytes: below
	// it, what merely looks like the value would be destroyed.
	MinRedacted = 4
	// MinTraceable is the shortest value that a judge looks for all over a
	// request, in bytes: a shorter one may stand there by chance.
	MinTraceable = 8

	tokenPrefix = "redacted-"
	shortSuffix = "-short"
)

// Traceable tells whether a value is long enough to be looked for all over a
// request. It tells the same of a value and of what [Redact] has put in its place.
func Traceable(value string) bool {
	return len(value) >= MinTraceable && !(strings.HasPrefix(value, tokenPrefix) && strings.HasSuffix(value, shortSuffix))
}

// structural lists the texts that the form of evidence itself is made of; all
// others may hold what a visitor is known by.
var structural = map[string]bool{
	"Header.Schema": true, "Header.Salt": true, "Header.Tool": true, "Header.Scenario": true, "Header.ScenarioDigest": true,
	"Header.Pixel": true, "Header.PixelDigest": true, "Header.ScriptSHA256": true, "Header.Visitor": true, "Header.Readings": true,
	"Browser.Product": true, "Browser.Kind": true, "Browser.ThirdPartyCookies": true, "Browser.Channels": true,
	"Step.Name": true, "Step.Action": true, "Step.Screenshot": true,
	"Request.Step": true, "Request.Protocol": true, "Request.Purpose": true,
	"Frame.Step": true, "CookieWrite.Step": true, "CookieWrite.By": true, "CookieWrite.SameSite": true,
	"Step.From": true, "Step.Address": true, "Snapshot.Step": true, "Snapshot.Records": true, "Profile.By": true, "Profile.Person": true, "Step.Person": true, "Kept.Name": true, "Cookie.SameSite": true, "Item.Store": true,
	"Message.Step": true, "Message.Level": true,
}

// Redact returns a deep copy of the evidence in which each of the values is
// replaced, wherever it stands and in every form that [FindValue] and [Canary]
// know of a text, by "redacted-" and twelve hex digits of its HMAC-SHA256 under
// the key (and "-short" where it is shorter than MinTraceable, "-short-digest"
// where the text holds but a hash of it). Of what is wrapped further, as in Base64
// or gzip, that which holds the value is replaced. One value has one token, so that
// judging redacted evidence gives the same verdicts. Values shorter than
// MinRedacted stay. Of what a collector keeps, every address is replaced that may be
// somebody's: not those of documentation ranges, from which a scenario's visitors
// come. What Authorization and Proxy-Authorization say is always
// replaced. A packed body that holds a value is kept unpacked.
func Redact(e *Evidence, values []string, key []byte) *Evidence {
	r := redactor{key: key, done: map[string]string{}}
	var needles []Needle
	for _, value := range values {
		if len(value) >= MinRedacted && !slices.Contains(r.values, value) {
			r.values = append(r.values, value)
			needles = append(needles, Needle{Value: value})
		}
	}
	r.canary = NewCanary(needles)
	// Longest first: one value may be part of another.
	slices.SortFunc(r.values, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b))
	})
	redacted := rewrite(*e, rewriter{
		text: func(field, value string) string {
			if structural[field] {
				return value
			}
			if field == "Session.Values" {
				return r.withoutAddresses(r.text(value))
			}
			return r.text(value)
		},
		bytes: func(field string, value []byte) []byte {
			if field == "Kept.Data" {
				return []byte(r.withoutAddresses(string(r.content(value))))
			}
			return r.content(value)
		},
	})
	for i := range redacted.Requests {
		r.request(&redacted.Requests[i], &e.Requests[i])
	}
	redacted.Redacted = true
	return &redacted
}

type redactor struct {
	values []string
	key    []byte
	canary *Canary
	// done keeps texts that have been redacted; most stand in many requests.
	done map[string]string
}

func (r *redactor) token(value string) string {
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(value))
	token := tokenPrefix + hex.EncodeToString(mac.Sum(nil))[:12]
	if len(value) < MinTraceable {
		token += shortSuffix
	}
	return token
}

// request redacts what needs more than a look at one text.
func (r *redactor) request(out, in *Request) {
	for i, f := range out.Header {
		switch strings.ToLower(f.Name) {
		case "authorization", "proxy-authorization":
			out.Header[i].Value = r.token(in.Header[i].Value)
		}
	}
	if len(in.Body) == 0 {
		return
	}
	content, how := in.unpacked()
	if how.problem != "" || string(content) == string(in.Body) || !r.holds(string(content)) {
		return
	}
	out.Body = r.content(content)
	out.Header = slices.DeleteFunc(out.Header, func(f Field) bool { return f.Name == "content-encoding" })
}

func (r *redactor) holds(text string) bool {
	forms := formsOf(text)
	if slices.ContainsFunc(r.values, func(value string) bool { return len(spansIn(forms, value)) > 0 }) {
		return true
	}
	found, _ := r.canary.SearchText(text)
	return len(found) > 0
}

func (r *redactor) text(text string) string {
	if done, ok := r.done[text]; ok {
		return done
	}
	redacted := r.replace(text, replaceSpans)
	r.done[text] = redacted
	return redacted
}

// content redacts a body or message; JSON stays JSON.
func (r *redactor) content(content []byte) []byte {
	text := string(content)
	if startsJSON(text) {
		return []byte(r.replace(text, replaceInJSON))
	}
	return []byte(r.replace(text, replaceSpans))
}

// replace puts tokens for what stands in the text as it is, then for what holds a
// value in another way.
func (r *redactor) replace(text string, replace func(text string, spans [][2]int, token string) string) string {
	for _, value := range r.values {
		text = replace(text, spansOf(text, value), r.token(value))
	}
	found, _ := r.canary.SearchText(text)
	for i := len(found) - 1; i >= 0; {
		// What overlaps is replaced together.
		from, to := found[i].From, found[i].To
		var tokens []string
		for ; i >= 0 && found[i].To > from; i-- {
			from, to = min(from, found[i].From), max(to, found[i].To)
			token := r.token(found[i].Needle.Value)
			if strings.HasSuffix(token, shortSuffix) {
				token += shortDigest
			}
			if !slices.Contains(tokens, token) {
				tokens = append(tokens, token)
			}
		}
		text = replace(text, [][2]int{{from, to}}, strings.Join(tokens, "."))
	}
	return text
}

func replaceSpans(text string, spans [][2]int, token string) string {
	if len(spans) == 0 {
		return text
	}
	var out strings.Builder
	done := 0
	for _, s := range spans {
		out.WriteString(text[done:s[0]])
		out.WriteString(token)
		done = s[1]
	}
	out.WriteString(text[done:])
	return out.String()
}

func startsJSON(text string) bool {
	text = strings.TrimLeft(text, " \t\r\n\ufeff")
	if text == "" || text[0] != '{' && text[0] != '[' {
		return false
	}
	var first json.RawMessage
	return json.NewDecoder(strings.NewReader(text)).Decode(&first) == nil
}

// replaceInJSON replaces as replaceSpans does, and puts a number that it touches
// into quotes.
func replaceInJSON(text string, spans [][2]int, token string) string {
	var out strings.Builder
	done, inString, at := 0, false, 0
	for i := 0; i < len(spans); {
		from, to, quote := spans[i][0], spans[i][1], ""
		for ; at < from; at++ {
			switch {
			case text[at] == '\\' && inString:
				at++
			case text[at] == '"':
				inString = !inString
			}
		}
		if !inString && !strings.Contains(text[from:to], `"`) {
			from, to, quote = widen(text, from, done, to)
		}
		var inner [][2]int
		for ; i < len(spans) && spans[i][0] < to; i++ {
			inner = append(inner, [2]int{spans[i][0] - from, spans[i][1] - from})
		}
		to = max(to, from+inner[len(inner)-1][1])
		out.WriteString(text[done:from])
		out.WriteString(quote + replaceSpans(text[from:to], inner, token) + quote)
		done = to
	}
	out.WriteString(text[done:])
	return out.String()
}

// widen grows a range to the whole number that it is part of, and returns the
// quotes that it needs.
func widen(text string, from, least, to int) (wideFrom, wideTo int, quote string) {
	for from > least && isNumeric(text[from-1]) {
		from--
	}
	for to < len(text) && isNumeric(text[to]) {
		to++
	}
	return from, to, `"`
}

func isNumeric(c byte) bool { return c >= '0' && c <= '9' || strings.IndexByte("+-.eE", c) >= 0 }
