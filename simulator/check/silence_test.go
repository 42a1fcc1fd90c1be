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

// refusedCourse is a visitor who has disagreed where nobody is counted who has not
// agreed, and who agrees in the end.
func refusedCourse() []scenario.Step {
	return []scenario.Step{
		{Name: "refused", Open: "home"}, {Name: "acting", Do: "act"}, {Name: "agreeing", Do: "agree-later"}, {Name: "agreed", Open: "home"},
	}
}

// withSettings lets the plan's pixel ask what the owners of two sites have set.
func withSettings(p *scenario.Plan) {
	p.Pixel.Stage.Settings, p.Pixel.Settings = "/consent/", map[string]string{"site": "1", "other-site": "2", "transport": "beacon"}
}

// quietly is what a right pixel does on that journey: it stores a choice, and
// speaks only once the visitor has agreed.
func quietly() map[string]func(*recorder) {
	return map[string]func(*recorder){
		"refused": func(r *recorder) {
			r.write("miCookieOptOut", "0", halfYear)
			r.send("settings", "https://cdn.vendor.test/consent/1.json")
		},
		"agreeing": func(r *recorder) { r.write("miCookieOptOut", "1", halfYear) },
		"agreed":   storing("wtstp_eid", firstID, "eid="+firstID),
	}
}

func TestWhoMustNotBeCountedSendsNothing(t *testing.T) {
	t.Parallel()
	sent := func(purpose, url string, edit func(*evidence.Request)) func(*recorder) {
		return func(r *recorder) {
			r.send(purpose, url)
			if edit != nil {
				edit(&r.Requests[len(r.Requests)-1])
			}
		}
	}
	fields := func(pairs ...string) func(*evidence.Request) {
		return func(r *evidence.Request) {
			for i := 0; i < len(pairs); i += 2 {
				r.Header = slices.DeleteFunc(r.Header, func(f evidence.Field) bool { return f.Name == pairs[i] })
				r.Header = append(r.Header, evidence.Field{Name: pairs[i], Value: pairs[i+1]})
			}
		}
	}
	field := func(name, value string) func(*evidence.Request) { return fields(name, value) }
	posted := func(r *evidence.Request) { r.Method, r.Body = "POST", evidence.Bytes("x") }
	for name, test := range map[string]struct {
		refused func(*recorder)
		edit    func(map[string]func(*recorder))
		change  func(*evidence.Evidence)
		outcome verdict.Outcome
		text    string
	}{
		"nothing":                       {nil, nil, nil, verdict.Pass, "no request of the pixel, of 3 requests; it sent on this page in the step agreed"},
		"a hit":                         {sent("collector", address+"?nc=1", nil), nil, nil, verdict.Fail, "request 4 is a hit"},
		"a hit to another host":         {sent("sink", "https://other.test/111111111111111/wt?nc=1", nil), nil, nil, verdict.Fail, "request 4 is a hit"},
		"a preflight":                   {sent("collector", address, func(r *evidence.Request) { r.Method = "OPTIONS" }), nil, nil, verdict.Fail, "asks the collector whether a hit may be sent"},
		"a connection that was refused": {sent("unreachable", "collect.vendor.test:443", func(r *evidence.Request) { r.Method = "CONNECT" }), nil, nil, verdict.Fail, "tried to reach collect.vendor.test"},
		"a connection elsewhere":        {sent("unreachable", "else.vendor.test:443", func(r *evidence.Request) { r.Method = "CONNECT" }), nil, nil, verdict.Fail, "tried to reach else.vendor.test"},
		"an unforeseen host":            {sent("sink", "https://pixel.else.test/i.gif", nil), nil, nil, verdict.Fail, "goes to pixel.else.test/i.gif"},
		"a file of the site":            {sent("page", "https://www.shop.test/stats.gif", nil), nil, nil, verdict.Fail, "goes to www.shop.test/stats.gif, where no page of the site stands"},
		"a page with a query":           {sent("page", "https://www.shop.test/products?id=7", nil), nil, nil, verdict.Fail, "goes to www.shop.test/products"},
		"a page":                        {sent("page", "https://www.shop.test/products", nil), nil, nil, verdict.Pass, "no request of the pixel"},
		"a page that a script asks for": {sent("page", "https://www.shop.test/products", field("sec-fetch-mode", "cors")), nil, nil, verdict.Inconclusive, "asks for the page /products without going there"},
		"a page asked for ahead":        {sent("page", "https://www.shop.test/products", fields("sec-fetch-mode", "no-cors", "sec-purpose", "prefetch")), nil, nil, verdict.Pass, "no request of the pixel"},
		"a page of another port":        {sent("page", "https://www.shop.test:8443/products", nil), nil, nil, verdict.Fail, "goes to www.shop.test/products"},
		"a forged referrer":             {sent("page", "https://www.shop.test/", fields("sec-fetch-mode", "cors", "referer", "https://www.shop.test/?visitor=7be02f5a")), nil, nil, verdict.Fail, "says that it comes from https://www.shop.test/?visitor=7be02f5a"},
		"a header of its own":           {sent("settings", "https://cdn.vendor.test/consent/1.json", field("x-visitor", "7")), nil, nil, verdict.Inconclusive, "has the header x-visitor"},
		"another site's setting":        {sent("settings", "https://cdn.vendor.test/consent/2.json", nil), nil, nil, verdict.Pass, "no request of the pixel"},
		"a setting of no site":          {sent("settings", "https://cdn.vendor.test/consent/1/7be02f5a.json", nil), nil, nil, verdict.Inconclusive, "which no request has on another page"},
		"a setting and when it was":     {sent("settings", fmt.Sprintf("https://cdn.vendor.test/consent/1.json?_=%d", began.UnixMilli()), nil), nil, nil, verdict.Pass, "no request of the pixel"},
		"a setting and another time":    {sent("settings", fmt.Sprintf("https://cdn.vendor.test/consent/1.json?_=%d", began.UnixMilli()-5000), nil), nil, nil, verdict.Inconclusive, "has the query"},
		"a stream":                      {sent("script", "https://cdn.vendor.test/stream", field("accept", "text/event-stream")), nil, nil, verdict.Fail, "holds a stream of /stream open"},
		"a picture for the browser":     {sent("page", "https://www.shop.test/favicon.ico", nil), nil, nil, verdict.Pass, "no request of the pixel"},
		"posted to the site":            {sent("page", "https://www.shop.test/", posted), nil, nil, verdict.Fail, "sends something to www.shop.test"},
		"posted where the code is":      {sent("settings", "https://cdn.vendor.test/consent/1.json", posted), nil, nil, verdict.Fail, "sends something to cdn.vendor.test"},
		"a version of the code":         {sent("script", "https://cdn.vendor.test/js/smart-pixel.min.js?v=3", nil), nil, nil, verdict.Inconclusive, "has the query \"v=3\", which no request has on another page"},
		"a query where the code is":     {sent("settings", "https://cdn.vendor.test/consent/1.json?v=3", nil), nil, nil, verdict.Inconclusive, "request 4 has the query \"v=3\", which no request has on another page, which may or may not tell"},
		"a WebSocket":                   {sent("sink", "wss://www.shop.test/", func(r *evidence.Request) { r.Protocol = "websocket" }), nil, nil, verdict.Fail, "sends something to www.shop.test"},
		"nothing is ever sent there":    {nil, func(what map[string]func(*recorder)) { what["agreed"] = nil }, nil, verdict.Inconclusive, "the pixel sent nothing in this run"},
		"not at rest":                   {nil, nil, func(ev *evidence.Evidence) { ev.Steps[0].Fenced = false }, verdict.Inconclusive, "come to rest"},
		"not at rest, and a hit":        {sent("collector", address+"?nc=1", nil), nil, func(ev *evidence.Evidence) { ev.Steps[0].Fenced = false }, verdict.Fail, "is a hit"},
	} {
		p := expecting(planOf(t, refusedCourse()...), scenario.Expectation{At: "refused", Request: "any", Is: "absent"})
		withSettings(p)
		what := quietly()
		if test.refused != nil {
			was := what["refused"]
			what["refused"] = func(r *recorder) { was(r); test.refused(r) }
		}
		if test.edit != nil {
			test.edit(what)
		}
		ev := recordOf(p, what)
		if test.change != nil {
			test.change(ev)
		}
		if v := Judge(p, ev)[0]; v.Outcome != test.outcome || !strings.Contains(v.Observed+"; "+v.Reason, test.text) {
			t.Errorf("%s: want %s, got %s", name, test.outcome, told([]verdict.Verdict{v}))
		}
	}
}

// TestWhoIsCountedIsHeardOf: nothing sent where something must be is a breach, as far
// as the pixel could have.
func TestWhoIsCountedIsHeardOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		acting  func(*recorder)
		edit    func(*evidence.Evidence)
		outcome verdict.Outcome
		text    string
	}{
		"a hit":       {sending("nc=1"), nil, verdict.Pass, "request 4, the only one"},
		"nothing":     {nil, nil, verdict.Fail, "no request of the pixel"},
		"a preflight": {func(r *recorder) { r.send("collector", address); r.Requests[len(r.Requests)-1].Method = "OPTIONS" }, nil, verdict.Inconclusive, "came to nothing"},
		"unreachable": {func(r *recorder) { r.send("unreachable", "collect.vendor.test:443") }, nil, verdict.Inconclusive, "request 4, to collect.vendor.test:443, came to nothing"},
		"not at rest": {nil, func(ev *evidence.Evidence) { ev.Steps[1].Fenced = false }, verdict.Inconclusive, "come to rest"},
	} {
		p := expecting(planOf(t, refusedCourse()...), scenario.Expectation{At: "acting", Request: "any", Is: "present"})
		what := quietly()
		what["acting"] = test.acting
		ev := recordOf(p, what)
		if test.edit != nil {
			test.edit(ev)
		}
		if v := Judge(p, ev)[0]; v.Outcome != test.outcome || !strings.Contains(v.Observed+"; "+v.Reason, test.text) {
			t.Errorf("%s: want %s, got %s", name, test.outcome, told([]verdict.Verdict{v}))
		}
	}
}

// TestSilenceIsProvenOnThePage, by the same visitor.
func TestSilenceIsProvenOnThePage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		last    scenario.Step
		outcome verdict.Outcome
	}{
		"the page":        {scenario.Step{Name: "agreed", Open: "home"}, verdict.Pass},
		"another page":    {scenario.Step{Name: "agreed", Open: "products"}, verdict.Inconclusive},
		"another visitor": {scenario.Step{Name: "agreed", Open: "home", Device: "second"}, verdict.Inconclusive},
		"on another day":  {scenario.Step{Name: "agreed", Open: "home", Day: 5}, verdict.Pass},
		"another tab":     {scenario.Step{Name: "agreed", Open: "home", In: "second-tab"}, verdict.Pass},
	} {
		for subject, e := range map[string]scenario.Expectation{"request": {At: "acting", Request: "any", Is: "absent"}, "cookie": {At: "acting", Cookie: "any", Is: "absent"}} {
			course := refusedCourse()
			course[3] = test.last
			p := expecting(planOf(t, course...), e)
			withSettings(p)
			v := Judge(p, recordOf(p, quietly()))[0]
			if v.Outcome != test.outcome || test.outcome != verdict.Pass && !strings.Contains(v.Reason, "was seen to send on the page home in no other step of this visitor") {
				t.Errorf("%s, %s: want %s, got %s", name, subject, test.outcome, told([]verdict.Verdict{v}))
			}
		}
	}
}

func TestWhoMustNotBeCountedKeepsNothing(t *testing.T) {
	t.Parallel()
	item := func(store, name string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			ev.Snapshots[0].Storage = append(ev.Snapshots[0].Storage, evidence.Item{Store: store, Origin: "https://www.shop.test", Name: name, Value: "7"})
		}
	}
	jar := func(c evidence.Cookie) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) { ev.Snapshots[0].Cookies = append(ev.Snapshots[0].Cookies, c) }
	}
	write := func(name string, lifetime time.Duration) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			ev.Writes = append(ev.Writes, evidence.CookieWrite{Step: "refused", By: "document.cookie", Name: name, Value: "7", Lifetime: lifetime})
		}
	}
	for name, test := range map[string]struct {
		edit    func(*evidence.Evidence)
		outcome verdict.Outcome
		text    string
	}{
		"nothing":                {nil, verdict.Pass, "nothing is kept but the choice; something was in the step agreed"},
		"a cookie":               {jar(evidence.Cookie{Name: "wtstp_eid", Value: firstID, Domain: ".shop.test"}), verdict.Fail, `the cookie "wtstp_eid" is in the jar`},
		"an HttpOnly one":        {jar(evidence.Cookie{Name: "x", Value: "7", Domain: "www.shop.test", HTTPOnly: true}), verdict.Fail, `the cookie "x" is in the jar`},
		"a third party's":        {jar(evidence.Cookie{Name: "tp", Value: "7", Domain: ".vendor.test"}), verdict.Fail, `the cookie "tp" is in the jar`},
		"an empty one":           {jar(evidence.Cookie{Name: "x", Domain: ".shop.test"}), verdict.Fail, `the cookie "x" is in the jar`},
		"a partitioned one":      {jar(evidence.Cookie{Name: "x", Value: "7", Domain: ".vendor.test", Partition: "https://shop.test"}), verdict.Fail, `the cookie "x" is in the jar`},
		"local storage":          {item("localStorage", "_pk"), verdict.Fail, `"_pk" is in the localStorage of https://www.shop.test`},
		"session storage":        {item("sessionStorage", "_pk"), verdict.Fail, `in the sessionStorage`},
		"a database":             {item("indexedDB", "db/s/k"), verdict.Fail, `in the indexedDB`},
		"a cache":                {item("cache", "c/u"), verdict.Fail, `in the cache`},
		"written and taken back": {write("wtstp_sid", time.Minute), verdict.Fail, `the cookie "wtstp_sid" was written by document.cookie`},
		"a deletion":             {write("wtstp_sid", 0), verdict.Pass, "nothing is kept"},
		"the choice again":       {write("miCookieOptOut", time.Minute), verdict.Pass, "nothing is kept"},
		"no snapshot":            {func(ev *evidence.Evidence) { ev.Snapshots = ev.Snapshots[1:] }, verdict.Inconclusive, "were not recorded"},
		"nothing is ever kept": {func(ev *evidence.Evidence) {
			ev.Writes = nil
			for i := range ev.Snapshots {
				ev.Snapshots[i].Cookies = nil
			}
		}, verdict.Inconclusive, "kept something in no other step"},
		"not at rest": {func(ev *evidence.Evidence) { ev.Steps[0].Fenced = false }, verdict.Inconclusive, "come to rest"},
		"kept, not at rest": {func(ev *evidence.Evidence) {
			ev.Steps[0].Fenced = false
			item("localStorage", "_pk")(ev)
		}, verdict.Inconclusive, "come to rest"}, // it may have been taken away again
		"written, not at rest": {func(ev *evidence.Evidence) {
			ev.Steps[0].Fenced = false
			write("wtstp_sid", time.Minute)(ev)
		}, verdict.Fail, "was written"},
	} {
		p := expecting(planOf(t, refusedCourse()...), scenario.Expectation{At: "refused", Cookie: "any", Is: "absent"})
		ev := recordOf(p, quietly())
		if test.edit != nil {
			test.edit(ev)
		}
		if v := Judge(p, ev)[0]; v.Outcome != test.outcome || !strings.Contains(v.Observed+"; "+v.Reason, test.text) {
			t.Errorf("%s: want %s, got %s", name, test.outcome, told([]verdict.Verdict{v}))
		}
	}
}

// TestExactGrowth: a number grows by so many, a time by that span and the real time
// that the visitor took.
func TestExactGrowth(t *testing.T) {
	t.Parallel()
	amount := func(text string) scenario.Amount {
		a, err := scenario.ParseAmount(text)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for name, test := range map[string]struct {
		record, by   string
		before, then string
		is           string
		silent       bool
		outcome      verdict.Outcome
		text         string
	}{
		"one more":                  {"sessions", "1", "3", "4", "grown", false, verdict.Pass, "sessions: 4, after 3"},
		"two more":                  {"sessions", "1", "3", "5", "grown", false, verdict.Fail, "sessions: 5, after 3 at the end of the step first: 2 more"},
		"none more":                 {"sessions", "1", "3", "3", "grown", false, verdict.Fail, "as at the end of the step first: 0 more"},
		"fewer":                     {"sessions", "1", "3", "2", "grown", false, verdict.Fail, "-1 more"},
		"by two":                    {"page-views", "2", "0", "2", "grown", false, verdict.Pass, "page-views: 2"},
		"a fraction":                {"page-views", "2", "0", "2.5", "grown", false, verdict.Fail, "2.5 more"},
		"silent":                    {"sessions", "1", "3", "4", "grown", true, verdict.Inconclusive, "sent nothing"},
		"the time":                  {"session-time", "630s", "5.25", "638.0", "grown", false, verdict.Pass, "632.8 seconds more"},
		"to the second":             {"session-time", "630s", "5", "634", "grown", false, verdict.Pass, "629.0 seconds more"},
		"with all real time":        {"session-time", "630s", "0", "640.9", "grown", false, verdict.Pass, "640.9 seconds more"},
		"too long":                  {"session-time", "630s", "0", "642", "grown", false, verdict.Fail, "642.0 seconds more, where the visitor took between 630.0 and 640.0"},
		"in whole minutes":          {"session-time", "630s", "0", "600", "grown", false, verdict.Fail, "600.0 seconds more, where"},
		"no time":                   {"session-time", "630s", "0", "0", "grown", false, verdict.Fail, "0.0 seconds more"},
		"with a pause of half an h": {"session-time", "630s", "0", "2430", "grown", false, verdict.Fail, "2430.0 seconds more"},
		"untouched":                 {"sessions", "", "3", "3", "untouched", true, verdict.Pass, "it grew in the step again"},
		"untouched, though it sent": {"sessions", "", "3", "3", "untouched", false, verdict.Pass, "it grew in the step again"},
		"touched":                   {"sessions", "", "3", "4", "untouched", true, verdict.Fail, "sessions: 4, after 3"},
	} {
		e := scenario.Expectation{At: "second", Record: test.record, Is: test.is}
		if test.by != "" {
			e.By = amount(test.by)
		}
		p := expecting(planOf(t, scenario.Step{Name: "first", Open: "home"}, scenario.Step{Name: "waiting", After: scenario.Lifetime{Text: "10m"}},
			scenario.Step{Name: "second", Open: "home"}, scenario.Step{Name: "again", Open: "home"}), e)
		what := map[string]func(*recorder){"first": sending("x=1"), "second": sending("x=1"), "again": sending("x=1")}
		if test.silent {
			what["second"] = nil
		}
		ev := recordOf(p, what)
		for i, text := range []string{test.before, test.before, test.then, "9999"} {
			if i != 1 {
				ev.Snapshots[i].Records = map[string]string{test.record: text}
			}
			ev.Steps[i].Began, ev.Steps[i].Ended = time.Duration(i)*3*time.Second, time.Duration(i)*3*time.Second+2*time.Second
		}
		ev.Steps[1].RunForward = 2 * time.Second
		if v := Judge(p, ev)[0]; v.Outcome != test.outcome || !strings.Contains(v.Observed+"; "+v.Reason, test.text) {
			t.Errorf("%s: want %s, got %s", name, test.outcome, told([]verdict.Verdict{v}))
		}
	}
}

// TestUntouchedIsProvenByGrowth: that a number stays the same means nothing where it
// always does.
func TestUntouchedIsProvenByGrowth(t *testing.T) {
	t.Parallel()
	p := expecting(planOf(t, refusedCourse()...), scenario.Expectation{At: "acting", Record: "sessions", Is: "untouched"})
	ev := recordOf(p, quietly())
	for i := range ev.Snapshots {
		ev.Snapshots[i].Records = map[string]string{"sessions": "3"}
	}
	if v := Judge(p, ev)[0]; v.Outcome != verdict.Inconclusive || !strings.Contains(v.Reason, "it grew in no step") {
		t.Errorf("got %s", told([]verdict.Verdict{v}))
	}
}

// TestWhatIsShownOfSilence compares with the golden file.
func TestWhatIsShownOfSilence(t *testing.T) {
	t.Parallel()
	p := expecting(planOf(t, refusedCourse()...), scenario.Expectation{At: "refused", Request: "any", Is: "absent"}, scenario.Expectation{At: "refused", Cookie: "any", Is: "absent"})
	withSettings(p)
	var out strings.Builder
	for _, do := range []func(*recorder){nil, sending("nc=1"), storing("wtstp_sid", "4711"), func(r *recorder) { r.send("sink", "https://else.test/i.gif?u=1") }} {
		what := quietly()
		if do != nil {
			what["refused"] = do
		}
		fmt.Fprintln(&out, told(Judge(p, recordOf(p, what))))
	}
	ev := recordOf(p, quietly())
	ev.Snapshots[0].Storage = []evidence.Item{{Store: "localStorage", Origin: "https://www.shop.test", Name: "_pk", Value: firstID}}
	out.WriteString(told(Judge(p, ev)))
	golden(t, "silence", out.String())
}
