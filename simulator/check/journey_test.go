package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

const (
	firstID  = "2135817235100012345"
	secondID = "2198001122334455667"
	customer = "user5684798169"
	address  = "https://collect.vendor.test/111111111111111/wt"
	halfYear = 180 * 24 * time.Hour
	fiveYear = 5 * 365 * 24 * time.Hour
)

// plan is the plan of the opt-out journey of Mapp's pixel.
func plan(t testing.TB) *scenario.Plan {
	t.Helper()
	five, err := scenario.ParseLifetime("5y")
	if err != nil {
		t.Fatal(err)
	}
	sc := &scenario.Scenario{
		ID: "mapp.opt-out", Document: "mapp", Title: "A visitor opts out, browses on, and returns",
		Config: scenario.Config{Customer: map[string]string{"customer-id": customer, "category-5": "User cat 5", "category-7": "User cat 7"}},
		Journey: []scenario.Step{
			{Name: "identified", Open: "home"}, {Name: "opting-out", Do: "opt-out"}, {Name: "anonymous", Open: "products"},
			{Name: "opting-back", Do: "opt-back"}, {Name: "identified-again", Open: "home"},
		},
	}
	expect := func(clause string, e scenario.Expectation) {
		e.Clause = "mapp." + clause
		e.Where = fmt.Sprintf("scenarios/mapp/opt-out.yaml:%d", 22+len(sc.Expect))
		sc.Expect = append(sc.Expect, e)
	}
	suppressed := []string{"customer-id", "category-5", "category-7"}
	expect("opt-in-off-by-default", scenario.Expectation{At: "identified", Parameter: "visitor-id", Is: "present"})
	expect("opt-in-off-by-default", scenario.Expectation{At: "identified", Cookie: "visitor-id", Is: "present"})
	for _, at := range []string{"identified", "identified-again"} {
		expect("nc-only-when-anonymous", scenario.Expectation{At: at, Parameter: "anonymous-flag", Among: "identifiable", Is: "absent"})
		for _, role := range suppressed {
			expect("suppressed-only-when-anonymous", scenario.Expectation{At: at, Parameter: role, Among: "identifiable", Is: "present"})
		}
	}
	expect("opt-out-sets-cookie", scenario.Expectation{At: "opting-out", Cookie: "choice", Is: "set"})
	expect("opt-out-lasts-five-years", scenario.Expectation{At: "opting-out", Cookie: "choice", Lasts: five})
	expect("nc-sent", scenario.Expectation{At: "anonymous", Parameter: "anonymous-flag", Is: "set"})
	expect("eid-omitted", scenario.Expectation{At: "anonymous", Parameter: "visitor-id", Is: "absent"})
	for _, role := range suppressed {
		expect("suppressed-omitted", scenario.Expectation{At: "anonymous", Parameter: role, Is: "absent"})
	}
	expect("opt-out-removes-eid", scenario.Expectation{At: "anonymous", Cookie: "visitor-id", Is: "gone"})
	expect("no-identifying-cookie", scenario.Expectation{At: "anonymous", Cookie: "visitor-id", Is: "not-stored"})
	expect("no-identifying-cookie", scenario.Expectation{At: "anonymous", Cookie: "session-id", Is: "not-stored"})
	expect("opt-back-in", scenario.Expectation{At: "opting-back", Cookie: "choice", Is: "gone"})
	expect("opt-back-in", scenario.Expectation{At: "identified-again", Parameter: "visitor-id", Is: "resumed"})
	clauses := map[string]*scenario.Clause{}
	for _, e := range sc.Expect {
		clauses[e.Clause] = &scenario.Clause{ID: e.Clause, Level: scenario.Must, Sections: []string{"4"}, Promise: "The promise of " + e.Clause + ".", Quote: "a quote"}
	}
	return &scenario.Plan{Scenario: sc, Clauses: clauses, Pixel: &scenario.Pixel{
		Name: "mapp", Document: "mapp",
		Stage:    scenario.Stage{Site: "www.shop.test", Collector: "collect.vendor.test", Scripts: "cdn.vendor.test", Path: "/js/smart-pixel.min.js"},
		Pages:    map[string]string{"home": "/", "products": "/products"},
		Requests: scenario.Requests{Path: "^/[0-9]{15}/wt$"},
		Parameters: map[string]scenario.Name{
			"visitor-id": {Name: "eid"}, "anonymous-flag": {Name: "nc", Set: "1"},
			"customer-id": {Name: "cd"}, "category-5": {Name: "uc5"}, "category-7": {Name: "uc7"},
		},
		Cookies: map[string]scenario.Name{
			"visitor-id": {Name: "wtstp_eid"}, "session-id": {Name: "wtstp_sid"},
			"choice": {Name: "miCookieOptOut", Set: "1", Setting: "anonymity.cookie"},
		},
	}}
}

// recorder makes evidence the way a journey would.
type recorder struct {
	evidence.Evidence
	jar []evidence.Cookie
	now string
}

func (r *recorder) begin(step, action, page string) {
	if r.now != "" {
		r.end()
	}
	r.now = step
	r.Steps = append(r.Steps, evidence.Step{Name: step, Action: action, Page: "https://www.shop.test" + page, Awaited: true, Seen: true, Fenced: true})
	if strings.HasPrefix(action, "open") {
		r.send("page", "https://www.shop.test"+page)
		r.send("script", "https://cdn.vendor.test/js/smart-pixel.min.js")
	}
}

func (r *recorder) end() {
	r.Snapshots = append(r.Snapshots, evidence.Snapshot{Step: r.now, Cookies: slices.Clone(r.jar)})
}

func (r *recorder) send(purpose, url string) {
	header := []evidence.Field{{Name: "accept", Value: "*/*"}}
	if place, _, _ := strings.Cut(url, "?"); strings.Contains(place, ".shop.test/") && len(r.jar) > 0 {
		var pairs []string
		for _, c := range r.jar {
			pairs = append(pairs, c.Name+"="+c.Value)
		}
		header = append(header, evidence.Field{Name: "cookie", Value: strings.Join(pairs, "; ")})
	}
	header = append(header, evidence.Field{Name: "referer", Value: "https://www.shop.test/"})
	r.Requests = append(r.Requests, evidence.Request{
		Seq: len(r.Requests) + 1, Step: r.now, Method: "GET", URL: url, Header: header, Protocol: "h2", Purpose: purpose, Status: 200,
	})
}

func (r *recorder) hit(page string, parameters ...string) {
	r.send("collector", address+"?p=600,www.shop.test"+page+",1,800x600,24,1,1772366400000,0,800x600,0&pf=64&"+strings.Join(parameters, "&")+
		"&la=en&pu=https%3A%2F%2Fwww.shop.test"+strings.ReplaceAll(page, "/", "%2F"))
}

// write writes a cookie for so long; 0 is a session, less deletes.
func (r *recorder) write(name, value string, lifetime time.Duration) {
	w := evidence.CookieWrite{Step: r.now, By: "document.cookie", Frame: "https://www.shop.test/", Name: name, Value: value,
		Path: "/", Domain: "shop.test", SameSite: "Lax", Session: lifetime == 0, Lifetime: max(lifetime, 0)}
	age := ""
	if lifetime != 0 {
		age = fmt.Sprintf("; Max-Age=%d", int(w.Lifetime.Seconds()))
	}
	w.Raw = name + "=" + value + age + "; Path=/; Domain=shop.test; SameSite=Lax"
	r.Writes = append(r.Writes, w)
	r.jar = slices.DeleteFunc(r.jar, func(c evidence.Cookie) bool { return c.Name == name })
	if lifetime >= 0 {
		c := evidence.Cookie{Name: name, Value: value, Domain: ".shop.test", Path: "/", SameSite: "Lax"}
		if lifetime > 0 {
			c.Expires = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
		}
		r.jar = append(r.jar, c)
	}
}

// conduct is what a pixel does; its zero value is what the document promises.
type conduct struct {
	silent, noNC, ncAlways, keepsParameter, keepsCookie, neverSuppresses, deleteDoesNothing, neverIdentifies bool
	choiceFor                                                                                                time.Duration
}

// record walks a pixel of that conduct through the journey.
func record(c conduct) *evidence.Evidence {
	r := &recorder{Evidence: evidence.Evidence{Header: evidence.Header{Schema: evidence.Schema, Scenario: "mapp.opt-out", Pixel: "mapp"}}}
	if c.choiceFor == 0 {
		c.choiceFor = fiveYear
	}
	r.begin("identified", "open home", "/")
	c.identified(r, firstID, "one=1")
	r.begin("opting-out", "do opt-out", "/")
	r.write("miCookieOptOut", "1", c.choiceFor)
	r.begin("anonymous", "open products", "/products")
	c.anonymous(r)
	r.begin("opting-back", "do opt-back", "/products")
	if !c.deleteDoesNothing {
		r.write("miCookieOptOut", "", -1)
	}
	r.begin("identified-again", "open home", "/")
	switch {
	case c.deleteDoesNothing:
		c.anonymous(r)
	case c.keepsCookie:
		c.identified(r, firstID, "fns=1")
	default:
		c.identified(r, secondID, "one=1")
	}
	r.end()
	return &r.Evidence
}

var customerData = []string{"cd=" + customer, "uc5=User%20cat%205", "uc7=User%20cat%207"}

func (c conduct) identified(r *recorder, id, extra string) {
	var parameters []string
	if !c.neverIdentifies {
		r.write("wtstp_eid", id, halfYear)
		parameters = append(parameters, "eid="+id, extra)
	}
	r.write("wtstp_sid", "1", 0)
	parameters = append(parameters, customerData...)
	if c.ncAlways {
		parameters = append(parameters, "nc=1")
	}
	if !c.silent {
		r.hit("/", parameters...)
	}
}

func (c conduct) anonymous(r *recorder) {
	var parameters []string
	if c.keepsParameter {
		parameters = append(parameters, "eid="+firstID)
	}
	if !c.keepsCookie && slices.ContainsFunc(r.jar, func(k evidence.Cookie) bool { return k.Name == "wtstp_eid" }) {
		r.write("wtstp_eid", "", -1)
	}
	r.write("wtstp_sid", "", -1)
	if c.neverSuppresses {
		parameters = append(parameters, customerData...)
	}
	if !c.noNC {
		parameters = append(parameters, "nc=1")
	}
	if !c.silent {
		r.hit("/products", parameters...)
	}
}

// faults are the conducts that the scenario must catch, each by one clause.
func faults() map[string]struct {
	conduct
	clause string
} {
	return map[string]struct {
		conduct
		clause string
	}{
		"never-sends-nc":      {conduct{noNC: true}, "mapp.nc-sent"},
		"always-sends-nc":     {conduct{ncAlways: true}, "mapp.nc-only-when-anonymous"},
		"keeps-eid-parameter": {conduct{keepsParameter: true}, "mapp.eid-omitted"},
		"keeps-eid-cookie":    {conduct{keepsCookie: true}, "mapp.opt-out-removes-eid"},
		"never-suppresses":    {conduct{neverSuppresses: true}, "mapp.suppressed-omitted"},
		"one-year-choice":     {conduct{choiceFor: fiveYear / 5}, "mapp.opt-out-lasts-five-years"},
		"delete-does-nothing": {conduct{deleteDoesNothing: true}, "mapp.opt-back-in"},
		"never-identifies":    {conduct{neverIdentifies: true}, "mapp.opt-in-off-by-default"},
	}
}

// transports turn the image requests of the pixel into another kind.
func transports() map[string]func(*evidence.Request) {
	post := func(kind, prefix string) func(*evidence.Request) {
		return func(r *evidence.Request) {
			url, query, _ := strings.Cut(r.URL, "?")
			r.Method, r.URL, r.Body = "POST", url, evidence.Bytes(prefix+query)
			r.Header = append(r.Header, evidence.Field{Name: "content-type", Value: kind})
		}
	}
	return map[string]func(*evidence.Request){
		"image":          func(*evidence.Request) {},
		"form":           post("application/x-www-form-urlencoded", ""),
		"beacon":         post("text/plain;charset=UTF-8", ""),
		"beacon with ?":  post("text/plain;charset=UTF-8", "?"),
		"batch of lines": post("text/plain;charset=UTF-8", "wt?p=600,a&pf=1&"),
	}
}

// hits calls edit on every request of the pixel in the step; in all for "".
func hits(ev *evidence.Evidence, step string, edit func(*evidence.Request)) {
	for i := range ev.Requests {
		if r := &ev.Requests[i]; r.Purpose == "collector" && (step == "" || r.Step == step) {
			edit(r)
		}
	}
}

// ofClause returns the worst outcome of each clause.
func ofClause(verdicts []verdict.Verdict) map[string]verdict.Outcome {
	worst := map[string]verdict.Outcome{}
	for _, v := range verdicts {
		worst[v.Clause] = verdict.Worst(worst[v.Clause], v.Outcome)
	}
	return worst
}

// told shows verdicts for a message or a golden file, marks as »…«.
func told(verdicts []verdict.Verdict) string {
	var out strings.Builder
	for _, v := range verdicts {
		fmt.Fprintf(&out, "%s %s at %s, %s\n  where: %s\n  expected: %s\n  observed: %s\n", v.Outcome, v.Clause, v.Step, v.Subject, v.Where, v.Expected, v.Observed)
		if v.Reason != "" {
			fmt.Fprintf(&out, "  reason: %s\n", v.Reason)
		}
		for _, e := range []*verdict.Excerpt{v.Request, v.Cookie, v.Storage, v.Profile} {
			if e == nil {
				continue
			}
			for line := range strings.SplitSeq(withMarks(e), "\n") {
				fmt.Fprintf(&out, "  | %s\n", line)
			}
		}
	}
	return out.String()
}

func withMarks(e *verdict.Excerpt) string {
	var out strings.Builder
	done := 0
	for _, m := range e.Marks {
		out.WriteString(e.Text[done:m.From] + "»" + e.Text[m.From:m.To] + "«")
		done = m.To
	}
	return out.String() + e.Text[done:]
}
