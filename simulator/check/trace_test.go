package check

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

const mail = "Jane.Doe@shop.test"

func hexSHA256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func inBase64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// knowing is the plan of a site that knows more of its customer, with one
// expectation more.
func knowing(t *testing.T, e scenario.Expectation) *scenario.Plan {
	p := plan(t)
	p.Pixel.Features = []string{scenario.FeatureSuppressedParameters}
	p.Pixel.Parameters["email"] = scenario.Name{Name: "em"}
	p.Scenario.Config.Suppress = []string{"customer-id", "category-5", "category-7", "email", "first-name"}
	p.Scenario.Config.Customer["email"] = mail
	p.Scenario.Config.Customer["first-name"] = "Jane"
	e.Clause = "all.canary"
	p.Scenario.Expect = []scenario.Expectation{e}
	return p
}

func bomb(t *testing.T) string {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(make([]byte, evidence.MaxUnpacked+1)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestUntracedIdentity(t *testing.T) {
	t.Parallel()
	elsewhere := func(edit func(*evidence.Request)) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			another(ev, "anonymous", func(r *evidence.Request) { r.URL, r.Purpose = "https://other.test/x", "sink"; edit(r) })
		}
	}
	says := func(query string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) { add(ev, "anonymous", query) }
	}
	tests := map[string]struct {
		edit    func(*evidence.Evidence)
		plan    func(*scenario.Plan)
		outcome verdict.Outcome
		says    string
	}{
		"no trace":      {nil, nil, verdict.Pass, "no trace in the requests of the step (3); it was there in the step identified"},
		"visitor ID":    {says("&x=" + firstID), nil, verdict.Fail, `its value "2135817235100012345", of the step identified, in request 6, query x`},
		"in Base64":     {says("&x=" + inBase64(`{"u":"`+firstID+`"}`)), nil, verdict.Fail, "query x → Base64 → JSON u"},
		"packed":        {elsewhere(body(zipped(`{"user":{"ref":"` + inBase64(firstID) + `"}}`))), nil, verdict.Fail, "in request 10, body → gzip → JSON user.ref → Base64"},
		"hashed":        {elsewhere(header("cookie", "a=b; x="+hexSHA256(strings.ToLower(mail)))), nil, verdict.Fail, "header cookie → pair x → SHA-256 (lower case) hex"},
		"short, hashed": {says("&x=" + hexSHA256("jane")), nil, verdict.Fail, `its value "Jane", that the site gave, in request 6, query x → SHA-256 (lower case) hex`},
		"short, plain":  {says("&x=Jane"), nil, verdict.Pass, ""},
		"a later value": {says("&x=" + secondID), nil, verdict.Pass, ""},
		"frame": {elsewhere(func(r *evidence.Request) {
			r.Frames = []evidence.Frame{{FromPage: true, Payload: evidence.Bytes(inBase64(mail))}}
		}), nil, verdict.Fail, "frame 1 → Base64"},
		"incomplete": {elsewhere(func(r *evidence.Request) { r.Incomplete = "cut" }), nil, verdict.Inconclusive, "request 10 is not known whole: cut"},
		"a bomb":     {elsewhere(body(base64.StdEncoding.EncodeToString([]byte(bomb(t))))), nil, verdict.Inconclusive, "request 10 cannot be searched whole: gzip in it unpacks to more"},
		"a bomb and a leak": {elsewhere(func(r *evidence.Request) {
			body(base64.StdEncoding.EncodeToString([]byte(bomb(t))))(r)
			header("x-ref", firstID)(r)
		}), nil, verdict.Fail, "header x-ref"},
		"unknown encoding": {elsewhere(func(r *evidence.Request) { body("\x00")(r); header("content-encoding", "dcb")(r) }), nil, verdict.Inconclusive, `content encoding "dcb"`},
		"unfenced":         {func(ev *evidence.Evidence) { ev.Steps[2].Fenced = false }, nil, verdict.Inconclusive, "not seen to come to rest"},
		"asleep":           {quiet("anonymous"), nil, verdict.Inconclusive, "the pixel sent nothing since the page"},
		"only planted": {func(ev *evidence.Evidence) {
			hits(ev, "identified", func(r *evidence.Request) { r.URL = address + "?nc=1" })
			hits(ev, "identified-again", func(r *evidence.Request) { r.URL = address + "?nc=1" })
		}, nil, verdict.Pass, "the site gave it to the pixel"},
		"seen later": {func(ev *evidence.Evidence) {
			hits(ev, "identified", func(r *evidence.Request) { r.URL = address + "?nc=1" })
		}, nil, verdict.Pass, "it was there in the step identified-again"},
		"permitted":        {says("&em=" + mail), func(p *scenario.Plan) { p.Scenario.Config.Suppress = nil }, verdict.Pass, ""},
		"permitted, hash":  {says("&em=" + hexSHA256(mail)), func(p *scenario.Plan) { p.Scenario.Config.Suppress = nil }, verdict.Pass, ""},
		"permitted, moved": {says("&y=" + mail), func(p *scenario.Plan) { p.Scenario.Config.Suppress = nil }, verdict.Fail, "query y"},
		"permitted, ID":    {says("&em=" + firstID), func(p *scenario.Plan) { p.Scenario.Config.Suppress = nil }, verdict.Fail, "query em"},
		"permitted, more": {says("&data=" + inBase64(`{"em":"`+mail+`","z":"`+mail+`"}`)), func(p *scenario.Plan) { p.Scenario.Config.Suppress = nil },
			verdict.Fail, "query data → Base64"},
		"permitted, elsewhere": {elsewhere(func(r *evidence.Request) { r.URL += "?em=" + mail }), func(p *scenario.Plan) { p.Scenario.Config.Suppress = nil }, verdict.Fail, "query em"},
		"suppressed":           {says("&em=" + mail), nil, verdict.Fail, "query em"},
		"another role's":       {says("&x=" + mail), func(p *scenario.Plan) { p.Scenario.Expect[0].Identity = "visitor-id" }, verdict.Pass, ""},
		"that role's":          {says("&x=" + firstID), func(p *scenario.Plan) { p.Scenario.Expect[0].Identity = "visitor-id" }, verdict.Fail, "query x"},
		"nothing known": {func(ev *evidence.Evidence) {
			ev.Writes = nil
			for i := range ev.Snapshots {
				ev.Snapshots[i].Cookies = nil
			}
			hits(ev, "identified", func(r *evidence.Request) { r.URL = address + "?nc=1" })
		}, func(p *scenario.Plan) { p.Scenario.Expect[0].Identity = "visitor-id" }, verdict.Inconclusive, "was known by nothing before the step"},
	}
	for name, test := range tests {
		p := knowing(t, scenario.Expectation{At: "anonymous", Identity: scenario.IdentityAny, Is: scenario.StateUntraced})
		if test.plan != nil {
			test.plan(p)
		}
		ev := record(conduct{})
		if test.edit != nil {
			test.edit(ev)
		}
		v := Judge(p, ev)[0]
		if v.Outcome != test.outcome || !contains(v, test.says) {
			t.Errorf("%s: want %s, saying %q; got\n%s", name, test.outcome, test.says, told([]verdict.Verdict{v}))
		}
		if v.Outcome == verdict.Fail && (v.Request == nil || len(v.Request.Marks) == 0) {
			t.Errorf("%s: nothing is marked", name)
		}
		if strings.HasPrefix(name, "a bomb") {
			continue // slow, and the same
		}
		redacted := Judge(p, evidence.Redact(ev, Identities(p, ev), []byte("key")))[0]
		if redacted.Outcome != v.Outcome && (v.Outcome == verdict.Fail && redacted.Outcome != verdict.Inconclusive || v.Outcome == verdict.Inconclusive) {
			t.Errorf("%s, redacted: was %s, is\n%s", name, v.Outcome, told([]verdict.Verdict{redacted}))
		}
	}
}

func TestRedactedEvidenceIsStillJudged(t *testing.T) {
	t.Parallel()
	p := knowing(t, scenario.Expectation{At: "anonymous", Identity: scenario.IdentityAny, Is: scenario.StateUntraced})
	for query, want := range map[string]verdict.Outcome{
		"":                             verdict.Pass,
		"&x=" + inBase64(firstID):      verdict.Fail,
		"&x=" + hexSHA256(firstID):     verdict.Fail,
		"&x=" + inBase64(customer):     verdict.Fail,
		"&x=" + hexSHA256(mail):        verdict.Inconclusive, // what was there, nobody can tell any more
		"&x=" + inBase64("Jane "+mail): verdict.Inconclusive,
		"&x=" + hexSHA256("jane"):      verdict.Inconclusive,
	} {
		ev := record(conduct{})
		add(ev, "anonymous", query)
		ev = evidence.Redact(ev, Identities(p, ev), []byte("key"))
		if v := Judge(p, ev)[0]; v.Outcome != want {
			t.Errorf("%q: want %s, got %s", query, want, told([]verdict.Verdict{v}))
		}
	}
}

func TestAbsentValuesInDisguise(t *testing.T) {
	t.Parallel()
	try(t, "anonymous", "eid", "", map[string]example{
		"hashed":        {func(ev *evidence.Evidence) { add(ev, "anonymous", "&x="+hexSHA256(firstID)) }, verdict.Fail, "query x → SHA-256 hex"},
		"Base64 in hex": {func(ev *evidence.Evidence) { add(ev, "anonymous", "&x="+hex.EncodeToString([]byte(inBase64(firstID)))) }, verdict.Fail, "query x → hex → Base64"},
		"backwards":     {func(ev *evidence.Evidence) { add(ev, "anonymous", "&x=5432100015327185312") }, verdict.Fail, "query x → reversed"},
		"nothing's name is no value": {func(ev *evidence.Evidence) {
			another(ev, "identified", func(r *evidence.Request) { r.URL = address + "?eid=undefined" })
			add(ev, "anonymous", "&x=undefined")
		}, verdict.Pass, ""},
	})
}

func TestKeptValuesInDisguise(t *testing.T) {
	t.Parallel()
	keep := func(value string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			i := slices.IndexFunc(ev.Snapshots, func(s evidence.Snapshot) bool { return s.Step == "anonymous" })
			ev.Snapshots[i].Cookies = append(ev.Snapshots[i].Cookies, evidence.Cookie{Name: "kept", Value: value, Domain: ".shop.test", Path: "/"})
		}
	}
	write := func(value string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			ev.Writes = append(ev.Writes, evidence.CookieWrite{Step: "anonymous", By: "document.cookie", Name: "kept", Value: value, Session: true})
		}
	}
	try(t, "anonymous", "wtstp_eid", "no longer", map[string]example{
		"copied in Base64": {keep(inBase64(firstID)), verdict.Fail, `its value is still in the jar, under the name "kept" (Base64)`},
		"hashed":           {keep("v1." + hexSHA256(firstID)), verdict.Fail, "(SHA-256 hex)"},
		"another":          {keep(inBase64(secondID)), verdict.Pass, ""},
	})
	try(t, "anonymous", "wtstp_eid", "not stored", map[string]example{
		"written in Base64": {write(inBase64(firstID)), verdict.Fail, `was written under the name "kept" (Base64)`},
		"customer, hashed":  {write(hexSHA256(customer)), verdict.Fail, "(SHA-256 hex)"},
		"kept, reversed":    {keep("5432100015327185312"), verdict.Fail, `is new in the jar under the name "kept" (reversed)`},
		"a flag":            {write("1"), verdict.Pass, ""},
	})
}
