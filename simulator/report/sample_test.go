package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// samples are the results that the goldens show, by name. Each call makes new
// ones, so that tests can change theirs.
func samples() map[string]*verdict.Result {
	all := map[string]*verdict.Result{
		"pass":         sample(),
		"fail":         failing(),
		"cookie":       cookieFailing(),
		"inconclusive": silent(),
		"error":        broken(),
		"partial":      partial(),
		"empty":        {Schema: verdict.Schema},
		"hostile":      hostile(),
		"unwalked":     leavingOut(),
		"profile":      merging(),
	}
	for _, r := range all {
		r.Tally()
	}
	return all
}

// sample is a run in which everything passed.
func sample() *verdict.Result {
	r := &verdict.Result{
		Schema: verdict.Schema,
		Tool:   verdict.Tool{Name: "pixelwitness", Version: "0.1.0"},
		Browser: verdict.Browser{
			Product: "Chrome/156.0.8078.79", Kind: "shell", ThirdPartyCookies: "allowed",
			UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
			Channels:  []string{"beacon", "fetch", "image", "pagehide", "worker"},
		},
		Pixel: verdict.Pixel{
			Name: "mapp", Title: "Mapp Intelligence Smart Pixel", Document: "mapp", Script: "reference:mapp",
			ScriptSHA256: strings.Repeat("0123456789abcdef", 4),
		},
		Started: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC),
		Scenarios: []verdict.Scenario{{
			ID: "mapp.opt-out", Title: "A visitor opts out of identifiable tracking, browses on, and returns to it",
			Document: "mapp", Where: "scenarios/mapp/opt-out.yaml:1", Evidence: "evidence/mapp.opt-out.ndjson",
			Attempts: 1, Milliseconds: 1240,
			Steps: []verdict.Step{
				step("identified", "open home", 1, 0), step("opting-out", "do opt-out", 0, 0),
				step("anonymous", "open products", 1, 2), step("opting-back", "do opt-back", 0, 0),
				step("identified-again", "open home", 1, 0),
			},
		}},
		Verdicts: []verdict.Verdict{
			passed("identified", "mapp.opt-in-off-by-default", "derived", "parameter eid (visitor-id)", "present", "2123456789012345678"),
			passed("anonymous", "mapp.nc-sent", "must", "parameter nc (anonymous-flag)", "set to 1", "1"),
			passed("anonymous", "mapp.eid-omitted", "must", "parameter eid (visitor-id)", "absent", "absent"),
			passed("anonymous", "mapp.no-identifying-cookie", "must", "cookie wtstp_eid (visitor-id)", "absent", "absent"),
			passed("opting-back", "mapp.no-identifying-cookie", "must", "cookie wtstp_sid (session-id)", "absent", "absent"),
			passed("identified-again", "mapp.opt-back-in", "must", "parameter eid (visitor-id)", "present", "3123456789012345678"),
		},
		Timings: verdict.Timings{Total: 2960, Launch: 410, Preflight: 220, Journeys: 1240, Judging: 3, FirstVerdict: 1890, Parallel: 2},
	}
	for i, numbers := range [][]int{{3}, nil, {6}, nil, {9}} {
		r.Scenarios[0].Steps[i].Numbers = numbers
	}
	return r
}

func step(name, action string, requests, others int) verdict.Step {
	return verdict.Step{
		Name: name, Action: action, Requests: requests, Others: others, Milliseconds: 240,
		Screenshot: "screenshots/mapp.opt-out/" + name + ".png",
	}
}

func passed(at, clause, level, subject, expected, observed string) verdict.Verdict {
	return verdict.Verdict{
		Scenario: "mapp.opt-out", Step: at, Clause: clause, Level: level, Subject: subject,
		Expected: expected, Observed: observed, Where: "scenarios/mapp/opt-out.yaml:17",
		Document: verdict.Source{Document: "mapp", Sections: []string{"1", "4"}, Promise: "An anonymous request keeps the promise of " + clause},
	}
}

// marks returns an excerpt of text in which every «part» is marked.
func marks(text string) *verdict.Excerpt {
	var e verdict.Excerpt
	for {
		before, rest, found := strings.Cut(text, "«")
		e.Text += before
		if !found {
			return &e
		}
		part, after, _ := strings.Cut(rest, "»")
		e.Marks = append(e.Marks, verdict.Mark{From: len(e.Text), To: len(e.Text) + len(part)})
		e.Text += part
		text = after
	}
}

func failing() *verdict.Result {
	r := sample()
	v := &r.Verdicts[2]
	v.Outcome = verdict.Fail
	v.Observed = "present in 1 of 1 requests, as 2123456789012345678"
	v.Document = verdict.Source{
		Document: "mapp", Sections: []string{"4"},
		Promise: "An anonymous request carries no ever-id in any part of it",
		Quote:   "the request includes nc=1 and omits eid",
	}
	v.Request = marks("GET https://collect.vendor.test/111111111111111/wt\n" +
		"  p=600,home,1,1920x1080,24,1,1773480413000,https%3A%2F%2Fwww.shop.test%2Fproducts%2Fa-very-long-way-down-the-page%3Fcampaign%3Dspring,1903x969,0\n" +
		"  «eid=2123456789012345678»\n  nc=1\nReferer: https://www.shop.test/")
	v.Where = "scenarios/mapp/opt-out.yaml:19"
	return r
}

func cookieFailing() *verdict.Result {
	r := sample()
	v := &r.Verdicts[3]
	v.Outcome = verdict.Fail
	v.Observed = "present on .shop.test"
	v.Document.Promise = "While anonymous tracking is active the pixel stores no user-identifying cookie"
	v.Document.Quote = "Preventing the setting of user-identifiable cookies (e.g., eid, sid)"
	v.Cookie = marks("wtstp_eid=«2123456789012345678»; Domain=.shop.test; Path=/; Expires=Thu, 10 Sep 2026 09:26:53 GMT; Secure; SameSite=Lax")
	r.Warnings = []string{"the browser's sandbox was off\nhint: run as another user than root"}
	return r
}

func silent() *verdict.Result {
	r := sample()
	for i := range r.Verdicts {
		r.Verdicts[i].Outcome = verdict.Inconclusive
		r.Verdicts[i].Observed = "no request of the pixel"
		r.Verdicts[i].Reason = "the pixel was never seen to send, so nothing that is missing proves anything"
	}
	r.Verdicts[5].Storage = marks("localStorage https://www.shop.test\n  wt_queue=«[]»")
	for i := range r.Scenarios[0].Steps {
		r.Scenarios[0].Steps[i].Requests, r.Scenarios[0].Steps[i].Numbers = 0, nil
	}
	r.Scenarios[0].Steps[0].Notes = []string{
		"exception: Uncaught SyntaxError: Function statements require a function name at https://cdn.vendor.test/js/smart-pixel.min.js:1:1",
		"no request of the pixel came, and nothing left the browser but requests for pages and scripts; check that the script loads and runs",
	}
	r.Scenarios[0].Steps[2].Notes = []string{"the step did not come to rest"}
	return r
}

func broken() *verdict.Result {
	r := sample()
	r.Verdicts = nil
	r.Scenarios[0].Steps = r.Scenarios[0].Steps[:1]
	r.Scenarios[0].Attempts = 2
	r.Scenarios[0].Error = "step opting-out: the browser was lost twice\nhint: give it more memory, or try --parallel 1"
	r.Errors = []string{"a request was seen by DevTools but not by the gateway: https://collect.vendor.test/wt"}
	return r
}

func partial() *verdict.Result {
	r := sample()
	r.Verdicts[3].Outcome = verdict.Deviation
	r.Verdicts[3].Observed = "present until the next request"
	r.Verdicts[3].Reason = "the ever-id cookie goes with the next request, not with the click"
	r.Scenarios = append(r.Scenarios, verdict.Scenario{
		ID: "mapp.opt-out-duration", Title: "A visitor opts out for an hour", Document: "mapp",
		Where: "scenarios/mapp/opt-out-duration.yaml:1",
	})
	r.Verdicts = append(r.Verdicts,
		verdict.Verdict{
			Scenario: "mapp.opt-out-duration", Clause: "mapp.opt-out-duration", Level: "must", Outcome: verdict.Unsupported,
			Reason: "the pixel declares no opt-out-duration", Where: "scenarios/mapp/opt-out-duration.yaml:12",
			Document: verdict.Source{Document: "mapp", Sections: []string{"3.1"}, Promise: "The argument changes the duration, in minutes"},
		},
		verdict.Verdict{
			Scenario: "mapp.opt-out-duration", Clause: "mapp.opt-out-expires", Level: "derived", Outcome: verdict.Skipped,
			Reason: "deselected", Where: "scenarios/mapp/opt-out-duration.yaml:13",
		})
	return r
}

// leavingOut is a run for a pixel that lacks what several scenarios need: they come
// first, as the documents' names are sorted, and were never walked.
func leavingOut() *verdict.Result {
	r := failing()
	walked := r.Scenarios
	r.Scenarios = nil
	for i, id := range []string{"all.batched", "all.canary", "all.queued", "all.slow-collector"} {
		r.Scenarios = append(r.Scenarios, verdict.Scenario{
			ID: id, Title: "An opt-out holds " + strings.Repeat("and holds ", i) + "for all that follows", Document: "all", Where: "scenarios/" + strings.ReplaceAll(id, ".", "/") + ".yaml:2",
		})
		lacks := "switchable-anonymity"
		if i != 1 {
			lacks = "suppressed-parameters, " + lacks
		}
		for _, clause := range []string{"all.opt-out-holds", "mapp.nc-sent", "all.no-late-delivery", "all.opt-out-holds"}[:2+i%3] {
			r.Verdicts = append(r.Verdicts, verdict.Verdict{
				Scenario: id, Step: "anonymous", Clause: clause, Level: "must", Outcome: verdict.Unsupported, Observed: "not run",
				Reason: "the pixel declares no support for " + lacks, Where: r.Scenarios[i].Where,
				Document: verdict.Source{Document: "all", Sections: []string{"promise"}, Promise: "What " + clause + " says holds"},
			})
		}
	}
	r.Scenarios = append(r.Scenarios, walked...)
	return r
}

// merging is a run in which a backend merged two people, shown by a profile whose
// lines are long and many.
func merging() *verdict.Result {
	r := sample()
	v := &r.Verdicts[2]
	v.Outcome, v.Subject = verdict.Fail, "profile customer"
	v.Expected, v.Observed = "without the step stranger", "126d0cc9… of the step stranger is a user ID of it"
	text := "the customer 62e3f019…, marked as a customer\n  user IDs: 10fed899…, «126d0cc9…», 57cf9c7a…, d4d2c706…\n  24 events in 4 sessions\n"
	for range 12 {
		text += "    view 05c81604… of 10fed899…\n"
	}
	text += "    sign_up d97b7d48… of «126d0cc9…»\n    and 11 more\n" +
		"  customer email: \"" + strings.Repeat("ludmilla.", 30) + "«quittenbaum»@example.org\"\n  system platform: \"Linux x86_64\""
	v.Profile = marks(text)
	return r
}

// hostile is a result in which a page under test says everything it can to
// mislead a reader, a terminal, a CI log or a browser.
func hostile() *verdict.Result {
	r := failing()
	evil := "\x1b[2J\x1b]0;owned\x07 \u009b31m <script>alert(1)</script> \u202egnp.exe\u202c \xff\xfe & ]]> \x00 ::error::no ##vso[task.complete result=Succeeded]"
	v := &r.Verdicts[2]
	v.Observed = evil
	v.Reason = "::set-output name=a::b\nPASS everything"
	v.Request = marks("GET https://x.test/?a=\x1b[31m\n::error file=a::b\n\teid=«" + evil + "»\r\n世界«界»x")
	v.Request.Marks = append(v.Request.Marks, verdict.Mark{From: -5, To: 2}, verdict.Mark{From: 9, To: 4}, verdict.Mark{From: 1 << 40, To: 1 << 41})
	s := &r.Scenarios[0]
	s.Title = evil
	s.Evidence = "javascript:alert(1)"
	s.Steps[0].Screenshot = "../../../etc/passwd"
	s.Steps[1].Screenshot = "shots/a b\"><img src=x onerror=alert(1)>.png"
	s.Steps[2].Name = evil
	s.Steps[2].Notes = []string{"error: " + evil}
	r.Pixel.Title = evil
	r.Warnings = []string{evil}
	return r
}

func rendered(t *testing.T, write func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
