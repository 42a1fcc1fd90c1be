package check

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// changing is a journey in which a customer changes a value twice.
func changing() []scenario.Step {
	return []scenario.Step{
		{Name: "arriving", Open: "home"},
		{Name: "acting", Do: "act"},
		{Name: "signing-in", Do: "sign-in"},
		{Name: "changing", Do: "change"},
		{Name: "changing-again", Do: "change-again"},
	}
}

func changes() map[string][]reported {
	return map[string][]reported{
		"arriving":       {{uid: userA, did: deviceD, mid: idOf("a1"), name: "view"}},
		"acting":         {{uid: userA, did: deviceD, mid: idOf("a2"), name: "act", custom: map[string]string{"favourite": "shoes"}}},
		"signing-in":     {{uid: userA, did: deviceD, mid: idOf("a3"), name: "sign_in", who: "first"}},
		"changing":       {{uid: userA, did: deviceD, mid: idOf("a4"), name: "identify", who: "first", change: 1}},
		"changing-again": {{uid: userA, did: deviceD, mid: idOf("a5"), name: "identify", who: "first", change: 2}},
	}
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	value := func(step, value string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			held(ev, step, scenario.ProfileCustomer, "").CustomerAttributes["phone"] = value
		}
	}
	of := func(step string, edit func(*evidence.Profile)) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) { edit(held(ev, step, scenario.ProfileVisitor, userA)) }
	}
	failing := func(step string) func(map[string][]reported) {
		return func(sent map[string][]reported) { sent[step][0].status, sent[step][0].lost = 503, true }
	}
	tests := map[string]struct {
		at, attribute, is string
		before            func(map[string][]reported)
		edit              func(*evidence.Evidence)
		outcome           verdict.Outcome
		text              string
	}{
		"given":                      {"signing-in", "phone", "given", nil, nil, verdict.Pass, `"+4930555019876"`},
		"given, by another name":     {"signing-in", "name", "given", nil, nil, verdict.Pass, `"Ludmilla Quittenbaum"`},
		"given, another":             {"signing-in", "phone", "given", nil, value("signing-in", "1"), verdict.Fail, `"1", and not "+4930555019876"`},
		"given, none":                {"signing-in", "phone", "given", nil, value("signing-in", ""), verdict.Fail, "it has no phone"},
		"given, never delivered":     {"changing", "phone", "given", failing("changing"), value("changing", ""), verdict.Inconclusive, "what the site told in the step changing is not known to have been taken"},
		"given, no customer":         {"signing-in", "phone", "given", failing("signing-in"), nil, verdict.Inconclusive, "there is no profile of the customer"},
		"given, redacted":            {"signing-in", "phone", "given", nil, func(ev *evidence.Evidence) { ev.Redacted = true }, verdict.Inconclusive, "redacted"},
		"present":                    {"changing", "phone", "present", nil, nil, verdict.Pass, `"+4930555022222"`},
		"present, none":              {"changing", "phone", "present", nil, value("changing", ""), verdict.Fail, "it has no phone"},
		"newest":                     {"changing-again", "phone", "newest", nil, nil, verdict.Pass, `"+4930555033333"; in the step signing-in it was "+4930555019876"`},
		"newest, an older one":       {"changing-again", "phone", "newest", nil, value("changing-again", "+4930555022222"), verdict.Fail, "that was given in the step changing, before"},
		"newest, the first one":      {"changing-again", "phone", "newest", nil, value("changing-again", "+4930555019876"), verdict.Fail, "that was given in the step signing-in, before"},
		"newest, lost on the way":    {"changing-again", "phone", "newest", failing("changing-again"), nil, verdict.Inconclusive, "what the site told in the step changing-again"},
		"newest, older ones lost":    {"changing-again", "phone", "newest", func(s map[string][]reported) { failing("changing")(s); failing("signing-in")(s) }, nil, verdict.Inconclusive, "no other value is known to have been taken"},
		"system attributes":          {"arriving", "system-attributes", "present", nil, nil, verdict.Pass, "language of the visitor aaaaaaaa…"},
		"system attributes, none":    {"arriving", "system-attributes", "present", nil, of("arriving", func(p *evidence.Profile) { p.SystemAttributes = nil }), verdict.Fail, "has none"},
		"system attributes, empty":   {"arriving", "system-attributes", "present", nil, of("arriving", func(p *evidence.Profile) { p.SystemAttributes = map[string]string{"language": ""} }), verdict.Fail, "has none"},
		"custom attributes":          {"acting", "custom-attributes", "given", nil, nil, verdict.Pass, "favourite of the visitor"},
		"custom attributes, another": {"acting", "custom-attributes", "given", nil, of("acting", func(p *evidence.Profile) { p.CustomAttributes["favourite"] = "hats" }), verdict.Fail, `is "hats", and not "shoes"`},
		"custom attributes, lost":    {"acting", "custom-attributes", "given", func(s map[string][]reported) { s["acting"][0].status = 503 }, of("acting", func(p *evidence.Profile) { p.CustomAttributes = nil }), verdict.Inconclusive, "no hit of the step acting is known to have been taken"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := expecting(merging(t, changing()...), scenario.Expectation{At: test.at, Attribute: test.attribute, Is: test.is})
			p.Scenario.Expect[0].Clause = "antsomi.merges"
			sent := changes()
			if test.before != nil {
				test.before(sent)
			}
			ev := walked(p, sent)
			if test.edit != nil {
				test.edit(ev)
			}
			if v := Judge(p, ev)[0]; v.Outcome != test.outcome || !strings.Contains(v.Observed+"; "+v.Reason, test.text) {
				t.Errorf("got %s: %s: %s", v.Outcome, v.Observed, v.Reason)
			}
		})
	}
}

func TestIdentifications(t *testing.T) {
	t.Parallel()
	swap := func(from, to string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			r := sentIn(ev, "signing-in")
			if !strings.Contains(r.URL, from) {
				panic("no " + from + " in " + r.URL)
			}
			r.URL = strings.Replace(r.URL, "identify_id%22%3A%22"+from, "identify_id%22%3A%22"+to, 1)
		}
	}
	first, second := merging(t, changing()...), merging(t, changing()...).Person("second")
	id := first.CustomerID()
	at := began.Add(2*time.Minute + time.Second).UnixMilli()
	time := func(to string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			r := sentIn(ev, "signing-in")
			r.URL = strings.Replace(r.URL, fmt.Sprintf("identify_time%%22%%3A%d", at), "identify_time%22%3A"+to, 1)
		}
	}
	tests := map[string]struct {
		role, is string
		edit     func(*evidence.Evidence)
		outcome  verdict.Outcome
		text     string
	}{
		"hashed":               {"customer-id", "hashed", nil, verdict.Pass, `"` + id[:8] + `"… in request 3, the only one`},
		"SHA-256 of the phone": {"customer-id", "hashed", swap(id, first.HashedIDs()[3]), verdict.Pass, "in request 3"},
		"another person's":     {"customer-id", "hashed", swap(id, second.CustomerID()), verdict.Fail, "no MD5 or SHA-256 of the person's"},
		"raw":                  {"customer-id", "hashed", swap(id, ludmilla), verdict.Fail, `the email itself, "` + ludmilla + `",`},
		"in capitals":          {"customer-id", "hashed", swap(id, strings.ToUpper(id)), verdict.Fail, "in capital letters"},
		"empty":                {"customer-id", "hashed", swap(id, ""), verdict.Fail, "present but empty"},
		"no identification": {"customer-id", "hashed", func(ev *evidence.Evidence) {
			r := sentIn(ev, "signing-in")
			r.URL, _, _ = strings.Cut(r.URL, "&extra=")
		}, verdict.Fail, "absent from request 3"},
		"nothing sent": {"customer-id", "hashed", func(ev *evidence.Evidence) { sentIn(ev, "signing-in").Step = "arriving" }, verdict.Inconclusive, "sent nothing in the step signing-in"},
		"not whole":    {"customer-id", "hashed", func(ev *evidence.Evidence) { sentIn(ev, "signing-in").Incomplete = "cut" }, verdict.Inconclusive, "not known whole"},
		"redacted":     {"customer-id", "hashed", func(ev *evidence.Evidence) { ev.Redacted = true }, verdict.Inconclusive, "redacted"},
		"timely":       {"identify-time", "timely", nil, verdict.Pass, "in request 3"},
		"seconds":      {"identify-time", "timely", time(fmt.Sprint(at / 1000)), verdict.Fail, "too small for milliseconds"},
		"an hour ago":  {"identify-time", "timely", time(fmt.Sprint(at - 3600_000)), verdict.Fail, "59 minutes 59 seconds before the step began"},
		"tomorrow":     {"identify-time", "timely", time(fmt.Sprint(at + 86400_000)), verdict.Fail, "1 day after the step began"},
		"text":         {"identify-time", "timely", time("%22now%22"), verdict.Fail, "no whole number"},
		"a fraction":   {"identify-time", "timely", time(fmt.Sprint(at) + ".5"), verdict.Fail, "no whole number"},
		"no clock":     {"identify-time", "timely", func(ev *evidence.Evidence) { ev.Steps[2].Clock = evidence.Step{}.Clock }, verdict.Inconclusive, "clock is not known"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := expecting(merging(t, changing()...), scenario.Expectation{At: "signing-in", Parameter: test.role, Is: test.is})
			p.Scenario.Expect[0].Clause = "antsomi.merges"
			ev := walked(p, changes())
			if test.edit != nil {
				test.edit(ev)
			}
			if v := Judge(p, ev)[0]; v.Outcome != test.outcome || !strings.Contains(v.Observed+"; "+v.Reason, test.text) {
				t.Errorf("got %s: %s: %s", v.Outcome, v.Observed, v.Reason)
			}
		})
	}
}

// TestTheWordsOfProfiles holds what each form asks for.
func TestTheWordsOfProfiles(t *testing.T) {
	t.Parallel()
	p := merging(t, changing()...)
	list := []scenario.Expectation{
		{Profile: "customer", Is: "present"}, {Profile: "customer", Is: "absent"}, {Profile: "raw-customer", Is: "absent"},
		{Profile: "visitor", Is: "anonymous"}, {Profile: "visitor", Is: "marked"}, {Profile: "customer", Is: "marked"},
		{Profile: "customer", Is: "complete"}, {Profile: "customer", Is: "joined", With: "arriving"},
		{Profile: "customer", Is: "apart", With: "arriving"}, {Profile: "customer", Is: "unchanged"},
		{Attribute: "phone", Is: "given"}, {Attribute: "phone", Is: "newest"}, {Attribute: "name", Is: "present"},
		{Attribute: "custom-attributes", Is: "given"}, {Attribute: "system-attributes", Is: "present"},
		{Parameter: "customer-id", Is: "hashed"}, {Parameter: "identify-time", Is: "timely"},
		{Record: "conflicts", Is: "grown"},
	}
	var out strings.Builder
	for i := range list {
		list[i].At = "changing-again"
		fmt.Fprintf(&out, "%s: %s\n", subject(p, &list[i]), expected(p, &list[i]))
	}
	golden(t, "profile-words", out.String())
}
