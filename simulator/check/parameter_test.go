package check

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// add appends to the query of the pixel's requests of the step.
func add(ev *evidence.Evidence, step, query string) {
	hits(ev, step, func(r *evidence.Request) { r.URL += query })
}

// swap replaces in the URL of the pixel's requests of the step.
func swap(ev *evidence.Evidence, step, old, with string) {
	hits(ev, step, func(r *evidence.Request) {
		if !strings.Contains(r.URL, old) {
			panic("no " + old + " in " + r.URL)
		}
		r.URL = strings.ReplaceAll(r.URL, old, with)
	})
}

// another copies the pixel's first request of the step, changed.
func another(ev *evidence.Evidence, step string, edit func(*evidence.Request)) {
	i := slices.IndexFunc(ev.Requests, func(r evidence.Request) bool { return r.Step == step && r.Purpose == "collector" })
	copied := ev.Requests[i]
	copied.Seq = len(ev.Requests) + 1
	copied.Header = slices.Clone(copied.Header)
	edit(&copied)
	ev.Requests = append(ev.Requests, copied)
}

func header(name, value string) func(*evidence.Request) {
	return func(r *evidence.Request) { r.Header = append(r.Header, evidence.Field{Name: name, Value: value}) }
}

func body(content string) func(*evidence.Request) {
	return func(r *evidence.Request) { r.Method, r.Body = "POST", evidence.Bytes(content) }
}

func zipped(content string) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write([]byte(content))
	_ = z.Close()
	return out.String()
}

type example struct {
	edit    func(*evidence.Evidence)
	outcome verdict.Outcome
	// says is part of what is observed or of the reason.
	says string
}

// try judges right evidence, changed, and looks at one verdict.
func try(t *testing.T, step, subject, expected string, examples map[string]example) {
	t.Helper()
	for name, x := range examples {
		ev := record(conduct{})
		if x.edit != nil {
			x.edit(ev)
		}
		v := at(t, Judge(plan(t), ev), step, subject, expected)
		if v.Outcome != x.outcome || !contains(v, x.says) {
			t.Errorf("%s: want %s, saying %q; got\n%s", name, x.outcome, x.says, told([]verdict.Verdict{v}))
		}
	}
}

func contains(v verdict.Verdict, text string) bool {
	return strings.Contains(v.Observed+" / "+v.Reason, text)
}

const eidText = "eid=" + firstID

func TestPresentParameter(t *testing.T) {
	t.Parallel()
	drop := func(query string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) { swap(ev, "identified", query, "x=1") }
	}
	to := func(value string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) { swap(ev, "identified", eidText, "eid="+value) }
	}
	try(t, "identified", "eid", "", map[string]example{
		"present":        {nil, verdict.Pass, `"2135817235100012345" in request 3, the only one`},
		"absent":         {drop(eidText), verdict.Fail, "absent from request 3"},
		"empty":          {to(""), verdict.Fail, "present but empty in request 3"},
		"undefined":      {to("undefined"), verdict.Fail, `"undefined" stands for no value in request 3`},
		"null":           {to("null"), verdict.Fail, "stands for no value"},
		"encoded name":   {func(ev *evidence.Evidence) { swap(ev, "identified", "eid=", "%65id=") }, verdict.Pass, ""},
		"another's name": {func(ev *evidence.Evidence) { swap(ev, "identified", "eid=", "xeid=") }, verdict.Fail, "absent"},
		"upper case":     {func(ev *evidence.Evidence) { swap(ev, "identified", "eid=", "EID=") }, verdict.Fail, "absent"},
		"in one of two": {func(ev *evidence.Evidence) {
			another(ev, "identified", func(r *evidence.Request) { r.URL = address + "?p=1" })
		}, verdict.Fail, "absent from request 10 (one of 2)"},
		"in both":         {func(ev *evidence.Evidence) { another(ev, "identified", func(*evidence.Request) {}) }, verdict.Pass, "in all 2 requests"},
		"in the fragment": {func(ev *evidence.Evidence) { swap(ev, "identified", "&eid", "#&eid") }, verdict.Fail, "absent"},
		"no request": {func(ev *evidence.Evidence) {
			ev.Requests = slices.DeleteFunc(ev.Requests, func(r evidence.Request) bool { return r.Step == "identified" })
		}, verdict.Inconclusive, "the pixel sent nothing in the step identified"},
		"preflight besides": {func(ev *evidence.Evidence) {
			another(ev, "identified", func(r *evidence.Request) { r.Method, r.URL = "OPTIONS", address })
		}, verdict.Pass, ""},
		"preflight only": {func(ev *evidence.Evidence) {
			hits(ev, "identified", func(r *evidence.Request) { r.Method = "OPTIONS" })
		}, verdict.Inconclusive, "sent nothing"},
		"incomplete, absent":  {func(ev *evidence.Evidence) { drop(eidText)(ev); ev.Requests[2].Incomplete = "cut" }, verdict.Inconclusive, "request 3 is not known whole: cut"},
		"incomplete, present": {func(ev *evidence.Evidence) { ev.Requests[2].Incomplete = "cut" }, verdict.Inconclusive, "request 3 is not known whole: cut"},
		"incomplete, empty":   {func(ev *evidence.Evidence) { to("")(ev); ev.Requests[2].Incomplete = "cut" }, verdict.Inconclusive, "not known whole"},
		"a whole one without it": {func(ev *evidence.Evidence) {
			drop(eidText)(ev)
			another(ev, "identified", func(r *evidence.Request) { r.Incomplete = "cut" })
		}, verdict.Fail, "absent from request 3"},
		"unreadable body": {func(ev *evidence.Evidence) {
			drop(eidText)(ev)
			hits(ev, "identified", body("\xff\x00\x01"))
		}, verdict.Inconclusive, "the body is binary"},
		"a hit of a batch without": {func(ev *evidence.Evidence) {
			hits(ev, "identified", func(r *evidence.Request) { r.URL = address; body("wt?" + eidText + "&a=1\nwt?a=2")(r) })
		}, verdict.Fail, "absent from hit 2 of request 3 (one of 2)"},
		"a batch with": {func(ev *evidence.Evidence) {
			hits(ev, "identified", func(r *evidence.Request) { r.URL = address; body("wt?" + eidText + "&a=1\nwt?" + eidText)(r) })
		}, verdict.Pass, ""},
		"an empty hit": {func(ev *evidence.Evidence) {
			hits(ev, "identified", func(r *evidence.Request) { r.URL = address; body(`[{"eid":"1"},{}]`)(r) })
		}, verdict.Fail, "absent from hit 2"},
		"nested": {func(ev *evidence.Evidence) {
			hits(ev, "identified", func(r *evidence.Request) { r.URL = address; body(`{"m":{"eid":"1"}}`)(r) })
		}, verdict.Inconclusive, "only as m.eid"},
		"JSON null": {func(ev *evidence.Evidence) {
			hits(ev, "identified", func(r *evidence.Request) { r.URL = address; body(`{"eid":null}`)(r) })
		}, verdict.Fail, "present but empty"},
		"multipart": {func(ev *evidence.Evidence) {
			hits(ev, "identified", func(r *evidence.Request) {
				r.URL = address
				body("--X\r\nContent-Disposition: form-data; name=\"eid\"\r\n\r\n1\r\n--X--")(r)
			})
		}, verdict.Pass, ""},
		"on a strange host": {func(ev *evidence.Evidence) { swap(ev, "identified", "collect.vendor.test", "other.test") }, verdict.Pass, ""},
		"on a strange host and path": {func(ev *evidence.Evidence) {
			swap(ev, "identified", address, "https://other.test/x")
		}, verdict.Inconclusive, "sent nothing"},
		"unfenced": {func(ev *evidence.Evidence) { ev.Steps[0].Fenced = false }, verdict.Inconclusive, "not seen to come to rest"},
	})
}

func TestSetParameter(t *testing.T) {
	t.Parallel()
	to := func(with string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) { swap(ev, "anonymous", "&nc=1", with) }
	}
	try(t, "anonymous", "nc", "", map[string]example{
		"set":            {nil, verdict.Pass, `"1" in request 6`},
		"absent":         {to(""), verdict.Fail, "absent from request 6"},
		"empty":          {to("&nc="), verdict.Fail, `"" in request 6`},
		"other":          {to("&nc=0"), verdict.Fail, `"0" in request 6`},
		"longer":         {to("&nc=11"), verdict.Fail, `"11"`},
		"spaced":         {to("&nc=1+"), verdict.Fail, `"1 "`},
		"twice":          {to("&nc=1&nc=1"), verdict.Pass, `"1" and "1"`},
		"contradictory":  {to("&nc=1&nc=0"), verdict.Fail, `"1" and "0" in request 6`},
		"and empty":      {to("&nc=1&nc="), verdict.Fail, `"1" and ""`},
		"query and body": {func(ev *evidence.Evidence) { hits(ev, "anonymous", body("nc=0")) }, verdict.Fail, `"1" and "0"`},
		"one of two": {func(ev *evidence.Evidence) {
			another(ev, "anonymous", func(r *evidence.Request) { r.URL = address + "?p=1" })
		}, verdict.Fail, "absent from request 10 (one of 2)"},
		"batch, one hit without": {func(ev *evidence.Evidence) {
			hits(ev, "anonymous", func(r *evidence.Request) { r.URL = address; body("?nc=1&p=1\n?p=2\n?nc=1")(r) })
		}, verdict.Fail, "absent from hit 2 of request 6"},
		"batch, shared": {func(ev *evidence.Evidence) {
			hits(ev, "anonymous", func(r *evidence.Request) { r.URL = address + "?nc=1"; body("?p=1\n?p=2")(r) })
		}, verdict.Pass, ""},
		"JSON number": {func(ev *evidence.Evidence) {
			hits(ev, "anonymous", func(r *evidence.Request) { r.URL = address; body(`{"nc":1}`)(r) })
		}, verdict.Pass, ""},
		"JSON true": {func(ev *evidence.Evidence) {
			hits(ev, "anonymous", func(r *evidence.Request) { r.URL = address; body(`{"nc":true}`)(r) })
		}, verdict.Fail, `"true"`},
		"incomplete": {func(ev *evidence.Evidence) { ev.Requests[5].Incomplete = "cut" }, verdict.Inconclusive, "cut"},
		"other, incomplete": {func(ev *evidence.Evidence) {
			to("&nc=0")(ev)
			ev.Requests[5].Incomplete = "cut"
		}, verdict.Fail, `"0"`},
		"WebSocket": {func(ev *evidence.Evidence) {
			another(ev, "anonymous", func(r *evidence.Request) {
				r.URL, r.Frames = address, []evidence.Frame{{FromPage: true, Payload: evidence.Bytes("nc=1")}, {FromPage: true, Payload: evidence.Bytes("p=1")}}
			})
		}, verdict.Fail, "absent from hit 2 of request 10"},
	})
}

func TestAbsentParameter(t *testing.T) {
	t.Parallel()
	elsewhere := func(edit func(*evidence.Request)) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			another(ev, "anonymous", func(r *evidence.Request) {
				r.URL, r.Purpose = "https://other.test/x", "sink"
				edit(r)
			})
		}
	}
	inPixel := func(edit func(*evidence.Request)) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) { hits(ev, "anonymous", edit) }
	}
	encoded := base64.RawURLEncoding.EncodeToString([]byte(`{"u":"` + firstID + `"}`))
	try(t, "anonymous", "eid", "", map[string]example{
		"absent":     {nil, verdict.Pass, "absent from request 6, the only one; it was there in the step identified"},
		"present":    {inPixel(func(r *evidence.Request) { r.URL += "&eid=9" }), verdict.Fail, `"9" in request 6`},
		"empty":      {inPixel(func(r *evidence.Request) { r.URL += "&eid=" }), verdict.Fail, "present but empty in request 6"},
		"bare name":  {inPixel(func(r *evidence.Request) { r.URL += "&eid" }), verdict.Fail, "present but empty"},
		"form body":  {inPixel(body("eid=9")), verdict.Fail, `"9"`},
		"beacon":     {inPixel(body("?p=1&eid=9")), verdict.Fail, `"9"`},
		"batch":      {inPixel(body("?p=1\n?eid=9&p=2")), verdict.Fail, `"9" in hit 2 of request 6`},
		"JSON":       {inPixel(body(`{"eid":9}`)), verdict.Fail, `"9"`},
		"nested":     {inPixel(body(`{"m":{"eid":9}}`)), verdict.Inconclusive, "m.eid, which may be it"},
		"packed":     {inPixel(body(zipped("eid=9"))), verdict.Fail, `"9"`},
		"data":       {inPixel(body("data=%7B%22eid%22%3A9%7D")), verdict.Fail, `"9"`},
		"unreadable": {inPixel(func(r *evidence.Request) { body("\x0b\x02\x80")(r); header("content-encoding", "br")(r) }), verdict.Inconclusive, `content encoding "br" cannot be read`},
		"preflight": {func(ev *evidence.Evidence) {
			another(ev, "anonymous", func(r *evidence.Request) { r.Method, r.URL = "OPTIONS", address+"?eid=9" })
		}, verdict.Fail, `"9" in the preflight request 10`},
		"by another name":            {inPixel(func(r *evidence.Request) { r.URL += "&x=" + firstID }), verdict.Fail, `its value "2135817235100012345", of the step identified, in request 6, query x`},
		"inside another value":       {inPixel(func(r *evidence.Request) { r.URL += "&x=a." + firstID + ".b" }), verdict.Fail, "query x"},
		"in the path":                {inPixel(func(r *evidence.Request) { r.URL = strings.Replace(r.URL, "/wt", "/"+firstID+"/wt", 1) }), verdict.Fail, "in request 6, path"},
		"in the collector's cookie":  {inPixel(header("cookie", "wtstp_eid="+firstID)), verdict.Fail, "header cookie"},
		"in a referer":               {inPixel(header("referer", "https://www.shop.test/?u="+firstID)), verdict.Fail, "header referer"},
		"in a header of its own":     {inPixel(header("x-visitor", firstID)), verdict.Fail, "header x-visitor"},
		"encoded twice":              {inPixel(func(r *evidence.Request) { r.URL += "&pu=a%253D" + strings.ReplaceAll(firstID, "2", "%2532") }), verdict.Fail, "query pu"},
		"in Base64":                  {inPixel(func(r *evidence.Request) { r.URL += "&b=" + encoded }), verdict.Fail, "query b → Base64 → JSON u"},
		"packed, by another name":    {inPixel(body(zipped(`{"x":"` + firstID + `"}`))), verdict.Fail, "in request 6, body"},
		"by another host":            {elsewhere(func(r *evidence.Request) { r.URL += "?u=" + firstID }), verdict.Fail, "in request 10, query u"},
		"by another host, host name": {elsewhere(func(r *evidence.Request) { r.URL = "https://" + firstID + ".other.test/" }), verdict.Fail, "host"},
		"by another host, body":      {elsewhere(body("hello " + firstID)), verdict.Fail, "body"},
		"by another host, preflight": {elsewhere(func(r *evidence.Request) { r.Method, r.URL = "OPTIONS", r.URL+"?u="+firstID }), verdict.Fail, "query u"},
		"by another host, WebSocket": {elsewhere(func(r *evidence.Request) {
			r.Frames = []evidence.Frame{{FromPage: true, Payload: evidence.Bytes(firstID)}}
		}), verdict.Fail, "frame 1"},
		"received only":               {elsewhere(func(r *evidence.Request) { r.Frames = []evidence.Frame{{Payload: evidence.Bytes(firstID)}} }), verdict.Pass, ""},
		"by another host, incomplete": {elsewhere(func(r *evidence.Request) { r.Incomplete = "cut" }), verdict.Inconclusive, "request 10 is not known whole: cut"},
		"the later value":             {inPixel(func(r *evidence.Request) { r.URL += "&x=" + secondID }), verdict.Fail, "of the step identified-again"},
		"a value that only the jar had": {func(ev *evidence.Evidence) {
			ev.Snapshots[1].Cookies = append(ev.Snapshots[1].Cookies, evidence.Cookie{Name: "wtstp_eid", Value: "7777777777777777777", Path: "/x"})
			add(ev, "anonymous", "&x=7777777777777777777")
		}, verdict.Fail, "of the step opting-out"},
		"a value that the jar has encoded": {func(ev *evidence.Evidence) {
			ev.Snapshots[0].Cookies = append(ev.Snapshots[0].Cookies, evidence.Cookie{Name: "wtstp_eid", Value: "jane%40shop.test", Path: "/x"})
			hits(ev, "anonymous", body(`{"mail":"jane@shop.test"}`))
		}, verdict.Fail, `its value "jane@shop.test", of the step identified, in request 6, body`},
		"a fresh value by another name": {func(ev *evidence.Evidence) {
			ev.Writes = append(ev.Writes, evidence.CookieWrite{Step: "anonymous", By: "document.cookie", Name: "wtstp_eid", Value: "8888888888888888888", Session: true})
			add(ev, "anonymous", "&x=8888888888888888888")
		}, verdict.Fail, "of the step anonymous"},
		"incomplete": {func(ev *evidence.Evidence) { ev.Requests[5].Incomplete = "cut" }, verdict.Inconclusive, "request 6 is not known whole: cut"},
		"present, incomplete": {func(ev *evidence.Evidence) {
			add(ev, "anonymous", "&eid=9")
			ev.Requests[5].Incomplete = "cut"
		}, verdict.Fail, `"9"`},
		"no contrast": {func(ev *evidence.Evidence) {
			swap(ev, "identified", "eid=", "x=")
			swap(ev, "identified-again", "eid=", "x=")
		}, verdict.Inconclusive, "it was present in no other step"},
		"empty contrast": {func(ev *evidence.Evidence) {
			swap(ev, "identified", firstID, "undefined")
			swap(ev, "identified-again", secondID, "")
		}, verdict.Inconclusive, "it was present in no other step"},
		"later contrast": {func(ev *evidence.Evidence) { swap(ev, "identified", "eid=", "x=") }, verdict.Pass, "it was there in the step identified-again"},
		"no request": {func(ev *evidence.Evidence) {
			ev.Requests = slices.DeleteFunc(ev.Requests, func(r evidence.Request) bool { return r.Step == "anonymous" && r.Purpose == "collector" })
		}, verdict.Inconclusive, "the pixel sent nothing in the step anonymous"},
		"no request, but a leak": {func(ev *evidence.Evidence) {
			elsewhere(func(r *evidence.Request) { r.URL += "?u=" + firstID })(ev)
			ev.Requests = slices.DeleteFunc(ev.Requests, func(r evidence.Request) bool { return r.Step == "anonymous" && r.Purpose == "collector" })
		}, verdict.Fail, "query u"},
		"unfenced leak": {func(ev *evidence.Evidence) {
			ev.Steps[2].Fenced = false
			add(ev, "anonymous", "&x="+firstID)
		}, verdict.Fail, "query x"},
		"a message in a later step": {func(ev *evidence.Evidence) {
			another(ev, "identified", func(r *evidence.Request) {
				r.Protocol, r.Frames = "websocket", []evidence.Frame{
					{Step: "identified", FromPage: true, Payload: evidence.Bytes(eidText)},
					{Step: "anonymous", FromPage: true, Payload: evidence.Bytes("nc=1&eid=9")},
				}
			})
		}, verdict.Fail, `"9" in request 10`},
		"only received on a connection from before": {func(ev *evidence.Evidence) {
			quiet("anonymous")(ev)
			another(ev, "identified", func(r *evidence.Request) {
				r.Protocol, r.Frames = "websocket", []evidence.Frame{{Step: "anonymous", Payload: evidence.Bytes("ok")}}
			})
		}, verdict.Inconclusive, "the pixel sent nothing in the step anonymous"},
		"a connection from before": {func(ev *evidence.Evidence) {
			another(ev, "identified", func(r *evidence.Request) {
				r.Protocol, r.Frames = "websocket", []evidence.Frame{
					{Step: "anonymous", FromPage: true, Payload: evidence.Bytes("nc=1")}, {Step: "opting-back", Payload: evidence.Bytes("ok")},
				}
			})
		}, verdict.Pass, "absent from all 2 requests"},
	})
}

func TestCookiesThatTheBrowserAddsByItself(t *testing.T) {
	t.Parallel()
	page := func(cookie string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			for i := range ev.Requests {
				if r := &ev.Requests[i]; r.Step == "anonymous" && r.Purpose == "page" {
					r.Header = []evidence.Field{{Name: "cookie", Value: cookie}}
				}
			}
		}
	}
	try(t, "anonymous", "eid", "", map[string]example{
		"left over":          {page("miCookieOptOut=1; wtstp_eid=" + firstID), verdict.Pass, ""},
		"under another name": {page("kept=" + firstID), verdict.Fail, "header cookie"},
		"beside":             {page("wtstp_eid=" + firstID + "; kept=" + firstID), verdict.Fail, "header cookie"},
		"of later":           {page("wtstp_eid=" + secondID), verdict.Fail, "header cookie"},
		"no snapshot": {func(ev *evidence.Evidence) {
			page("wtstp_eid=" + firstID)(ev)
			ev.Snapshots = ev.Snapshots[2:]
		}, verdict.Fail, "header cookie"},
	})
}

func TestSuppressedParameter(t *testing.T) {
	t.Parallel()
	try(t, "anonymous", "uc5", "", map[string]example{
		"absent":          {nil, verdict.Pass, ""},
		"present":         {func(ev *evidence.Evidence) { add(ev, "anonymous", "&uc5=User%20cat%205") }, verdict.Fail, `"User cat 5" in request 6`},
		"by another name": {func(ev *evidence.Evidence) { add(ev, "anonymous", "&x=User+cat+5") }, verdict.Fail, "query x"},
		"what is like it": {func(ev *evidence.Evidence) { add(ev, "anonymous", "&uc55=a&x=User%20cat%206") }, verdict.Pass, ""},
		"only another has": {func(ev *evidence.Evidence) {
			swap(ev, "identified", "uc5=", "uc6=")
			swap(ev, "identified-again", "uc5=", "uc6=")
		}, verdict.Inconclusive, "in no other step"},
	})
	try(t, "anonymous", "cd", "", map[string]example{
		// The pixel hashes the ID, but the page's own one leaks.
		"given, hashed elsewhere": {func(ev *evidence.Evidence) {
			swap(ev, "identified", customer, "0123456789abcdef")
			swap(ev, "identified-again", customer, "0123456789abcdef")
			add(ev, "anonymous", "&x="+customer)
		}, verdict.Fail, "that the site gave, in request 6, query x"},
		"given, redacted": {func(ev *evidence.Evidence) {
			swap(ev, "identified", customer, "0123456789abcdef")
			swap(ev, "identified-again", customer, "0123456789abcdef")
			add(ev, "anonymous", "&x="+customer)
			*ev = *evidence.Redact(ev, []string{customer}, []byte("k"))
		}, verdict.Inconclusive, "the evidence is redacted"},
	})
}

func TestShortValuesAreNotLookedFor(t *testing.T) {
	t.Parallel()
	p := plan(t)
	p.Scenario.Config.Customer["category-5"] = "male"
	ev := record(conduct{})
	swap(ev, "identified", "User%20cat%205", "male")
	swap(ev, "identified-again", "User%20cat%205", "male")
	add(ev, "anonymous", "&x=female")
	for name, e := range map[string]*evidence.Evidence{"plain": ev, "redacted": evidence.Redact(ev, []string{"male"}, []byte("k"))} {
		if v := at(t, Judge(p, e), "anonymous", "uc5", ""); v.Outcome != verdict.Pass {
			t.Errorf("%s: %s", name, told([]verdict.Verdict{v}))
		}
	}
}

func TestAmongIdentifiable(t *testing.T) {
	t.Parallel()
	try(t, "identified", "nc", "", map[string]example{
		"absent":  {nil, verdict.Pass, ""},
		"present": {func(ev *evidence.Evidence) { add(ev, "identified", "&nc=1") }, verdict.Fail, `"1"`},
		"in another": {func(ev *evidence.Evidence) {
			another(ev, "identified", func(r *evidence.Request) { r.URL = address + "?nc=1" })
		}, verdict.Pass, ""},
		"none such": {func(ev *evidence.Evidence) { swap(ev, "identified", firstID, "") }, verdict.Inconclusive, "no identifiable request"},
		"cannot be told": {func(ev *evidence.Evidence) {
			another(ev, "identified", func(r *evidence.Request) { r.URL, r.Incomplete = address, "cut" })
		}, verdict.Inconclusive, "not known whole: cut"},
		"no contrast": {func(ev *evidence.Evidence) { swap(ev, "anonymous", "&nc=1", "") }, verdict.Inconclusive, "in no other step"},
	})
}

func TestAmongAnonymous(t *testing.T) {
	t.Parallel()
	p := plan(t)
	for i := range p.Scenario.Expect {
		if e := &p.Scenario.Expect[i]; e.At == "anonymous" && e.Parameter == "customer-id" {
			e.Among = scenario.AmongAnonymous
		}
	}
	for query, want := range map[string]verdict.Outcome{"": verdict.Pass, "&cd=1": verdict.Fail, "&x=" + customer: verdict.Fail} {
		ev := record(conduct{})
		swap(ev, "anonymous", "nc=1", "nc=1"+query)
		another(ev, "anonymous", func(r *evidence.Request) { r.URL = address + "?" + eidText + "&cd=" + customer })
		if v := at(t, Judge(p, ev), "anonymous", "cd", ""); v.Outcome != want {
			t.Errorf("%q: want %s, got %s", query, want, told([]verdict.Verdict{v}))
		}
	}
}

func TestResumedParameter(t *testing.T) {
	t.Parallel()
	id := "eid=" + secondID
	try(t, "identified-again", "eid", "", map[string]example{
		"resumed":     {nil, verdict.Pass, "present in the step identified, absent in anonymous"},
		"not resumed": {func(ev *evidence.Evidence) { swap(ev, "identified-again", id, "x=1") }, verdict.Fail, "absent from request 9"},
		"empty":       {func(ev *evidence.Evidence) { swap(ev, "identified-again", id, "eid=") }, verdict.Fail, "present but empty"},
		"in one of two": {func(ev *evidence.Evidence) {
			another(ev, "identified-again", func(r *evidence.Request) { r.URL = address })
		}, verdict.Fail, "absent from request 10"},
		"never before":  {func(ev *evidence.Evidence) { swap(ev, "identified", "eid=", "x=") }, verdict.Inconclusive, "present in no earlier step"},
		"never away":    {func(ev *evidence.Evidence) { add(ev, "anonymous", "&"+eidText) }, verdict.Inconclusive, "no step after identified shows it absent"},
		"empty between": {func(ev *evidence.Evidence) { add(ev, "anonymous", "&eid=") }, verdict.Inconclusive, "no step after identified shows it absent"},
		"unfenced between": {func(ev *evidence.Evidence) { ev.Steps[2].Fenced = false }, verdict.Inconclusive,
			"no step after identified shows it absent"},
		"incomplete between": {func(ev *evidence.Evidence) { ev.Requests[5].Incomplete = "cut" }, verdict.Inconclusive, "no step after identified shows it absent"},
		"silent between": {func(ev *evidence.Evidence) {
			ev.Requests = slices.DeleteFunc(ev.Requests, func(r evidence.Request) bool { return r.Step == "anonymous" && r.Purpose == "collector" })
		}, verdict.Inconclusive, "no step after identified shows it absent"},
		"silent now": {func(ev *evidence.Evidence) {
			ev.Requests = slices.DeleteFunc(ev.Requests, func(r evidence.Request) bool { return r.Step == "identified-again" && r.Purpose == "collector" })
		}, verdict.Inconclusive, "the pixel sent nothing in the step identified-again"},
		"incomplete now": {func(ev *evidence.Evidence) { ev.Requests[8].Incomplete = "cut" }, verdict.Inconclusive, "not known whole"},
	})
}

func TestOneHostForSiteAndCollector(t *testing.T) {
	t.Parallel()
	p := plan(t)
	p.Pixel.Stage.Collector = "www.shop.test"
	ev := record(conduct{})
	hits(ev, "", func(r *evidence.Request) {
		r.URL = strings.Replace(r.URL, "collect.vendor.test", "www.shop.test", 1)
		r.Purpose = "page"
	})
	for _, v := range Judge(p, ev) {
		if v.Outcome != verdict.Pass {
			t.Error(told([]verdict.Verdict{v}))
		}
	}
}
