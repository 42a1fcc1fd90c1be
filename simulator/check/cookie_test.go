package check

import (
	"slices"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// jar changes the snapshot of the step.
func jar(step string, edit func(s *evidence.Snapshot)) func(*evidence.Evidence) {
	return func(ev *evidence.Evidence) { edit(ev.Snapshot(step)) }
}

func holds(step, name, value string) func(*evidence.Evidence) {
	return jar(step, func(s *evidence.Snapshot) {
		s.Cookies = append(s.Cookies, evidence.Cookie{Name: name, Value: value, Domain: ".shop.test", Path: "/"})
	})
}

func lacks(step, name string) func(*evidence.Evidence) {
	return jar(step, func(s *evidence.Snapshot) {
		s.Cookies = slices.DeleteFunc(s.Cookies, func(c evidence.Cookie) bool { return c.Name == name })
	})
}

func kept(step, name string, edit func(*evidence.Cookie)) func(*evidence.Evidence) {
	return jar(step, func(s *evidence.Snapshot) {
		for i := range s.Cookies {
			if s.Cookies[i].Name == name {
				edit(&s.Cookies[i])
			}
		}
	})
}

func wrote(step string, w evidence.CookieWrite) func(*evidence.Evidence) {
	return func(ev *evidence.Evidence) {
		w.Step = step
		if w.By == "" {
			w.By = "cookieStore"
		}
		ev.Writes = append(ev.Writes, w)
	}
}

func unseen(step string) func(*evidence.Evidence) {
	return func(ev *evidence.Evidence) {
		ev.Snapshots = slices.DeleteFunc(ev.Snapshots, func(s evidence.Snapshot) bool { return s.Step == step })
	}
}

func unfenced(step string) func(*evidence.Evidence) {
	return func(ev *evidence.Evidence) { ev.Step(step).Fenced = false }
}

func quiet(step string) func(*evidence.Evidence) {
	return func(ev *evidence.Evidence) {
		ev.Requests = slices.DeleteFunc(ev.Requests, func(r evidence.Request) bool { return r.Step == step && r.Purpose == "collector" })
	}
}

func unwritten(step, name string) func(*evidence.Evidence) {
	return func(ev *evidence.Evidence) {
		ev.Writes = slices.DeleteFunc(ev.Writes, func(w evidence.CookieWrite) bool { return w.Step == step && w.Name == name })
	}
}

// carrying makes a request carry those cookies, or none.
func carrying(r *evidence.Request, cookies string) {
	r.Header = slices.DeleteFunc(r.Header, func(f evidence.Field) bool { return f.Name == "cookie" })
	if cookies != "" {
		r.Header = append(r.Header, evidence.Field{Name: "cookie", Value: cookies})
	}
}

func all(edits ...func(*evidence.Evidence)) func(*evidence.Evidence) {
	return func(ev *evidence.Evidence) {
		for _, edit := range edits {
			edit(ev)
		}
	}
}

func TestPresentCookie(t *testing.T) {
	t.Parallel()
	domain := func(domain string) func(*evidence.Cookie) {
		return func(c *evidence.Cookie) { c.Domain = domain }
	}
	try(t, "identified", "wtstp_eid", "", map[string]example{
		"kept":               {nil, verdict.Pass, `"2135817235100012345" in the jar`},
		"missing":            {all(lacks("identified", "wtstp_eid"), unwritten("identified", "wtstp_eid")), verdict.Fail, "not in the jar"},
		"refused":            {lacks("identified", "wtstp_eid"), verdict.Fail, "written, but not kept by the browser"},
		"empty":              {kept("identified", "wtstp_eid", func(c *evidence.Cookie) { c.Value = "" }), verdict.Fail, "present but empty"},
		"of the collector":   {kept("identified", "wtstp_eid", domain("collect.vendor.test")), verdict.Pass, ""},
		"of a stranger":      {kept("identified", "wtstp_eid", domain(".stranger.test")), verdict.Fail, "for another site only: .stranger.test"},
		"of a namesake":      {kept("identified", "wtstp_eid", domain("myshop.test")), verdict.Fail, "for another site only"},
		"no snapshot":        {unseen("identified"), verdict.Inconclusive, "the cookies at the end of the step identified were not recorded"},
		"unfenced":           {unfenced("identified"), verdict.Inconclusive, "not seen to come to rest"},
		"missing, unfenced":  {all(lacks("identified", "wtstp_eid"), unfenced("identified")), verdict.Inconclusive, "not seen to come to rest"},
		"under another name": {kept("identified", "wtstp_eid", func(c *evidence.Cookie) { c.Name = "eid" }), verdict.Fail, ""},
	})
}

func TestSetCookie(t *testing.T) {
	t.Parallel()
	try(t, "opting-out", "miCookieOptOut", "kept", map[string]example{
		"set":           {nil, verdict.Pass, `"1" in the jar`},
		"missing":       {lacks("opting-out", "miCookieOptOut"), verdict.Fail, "written, but not kept"},
		"other value":   {kept("opting-out", "miCookieOptOut", func(c *evidence.Cookie) { c.Value = "true" }), verdict.Fail, `"true"`},
		"two values":    {holds("opting-out", "miCookieOptOut", "0"), verdict.Fail, `"1" and "0"`},
		"only written":  {unseen("opting-out"), verdict.Inconclusive, "not recorded"},
		"another case":  {kept("opting-out", "miCookieOptOut", func(c *evidence.Cookie) { c.Name = "micookieoptout" }), verdict.Fail, ""},
		"never written": {unwritten("opting-out", "miCookieOptOut"), verdict.Pass, ""},
	})
}

func TestRenamedCookie(t *testing.T) {
	t.Parallel()
	p := plan(t)
	p.Scenario.Config.Anonymity = &scenario.Anonymity{Cookie: "myChoice"}
	ev := record(conduct{})
	if v := at(t, Judge(p, ev), "opting-out", "myChoice", "kept"); v.Outcome != verdict.Fail {
		t.Errorf("the old name still counts: %s", told([]verdict.Verdict{v}))
	}
	for i := range ev.Snapshots {
		for j := range ev.Snapshots[i].Cookies {
			if c := &ev.Snapshots[i].Cookies[j]; c.Name == "miCookieOptOut" {
				c.Name = "myChoice"
			}
		}
	}
	if v := at(t, Judge(p, ev), "opting-out", "myChoice", "kept"); v.Outcome != verdict.Pass {
		t.Errorf("the new name does not count: %s", told([]verdict.Verdict{v}))
	}
}

func TestAbsentCookie(t *testing.T) {
	t.Parallel()
	p := plan(t)
	for i := range p.Scenario.Expect {
		if e := &p.Scenario.Expect[i]; e.Cookie == "session-id" {
			e.Is = scenario.StateAbsent
		}
	}
	for name, x := range map[string]example{
		"absent":           {nil, verdict.Pass, "not in the jar; it was in the step identified"},
		"there":            {holds("anonymous", "wtstp_sid", "1"), verdict.Fail, `"1" in the jar`},
		"there, unfenced":  {all(holds("anonymous", "wtstp_sid", "1"), unfenced("anonymous")), verdict.Inconclusive, "come to rest"},
		"empty":            {holds("anonymous", "wtstp_sid", ""), verdict.Fail, "present but empty"},
		"no snapshot":      {unseen("anonymous"), verdict.Inconclusive, "not recorded"},
		"the pixel asleep": {quiet("anonymous"), verdict.Inconclusive, "the pixel sent nothing since the page was opened"},
		"never there": {func(ev *evidence.Evidence) {
			for _, s := range ev.Steps {
				all(lacks(s.Name, "wtstp_sid"), unwritten(s.Name, "wtstp_sid"))(ev)
			}
		}, verdict.Inconclusive, "it was stored in no other step"},
		"only written": {func(ev *evidence.Evidence) {
			for _, s := range ev.Steps {
				lacks(s.Name, "wtstp_sid")(ev)
			}
		}, verdict.Pass, ""},
	} {
		ev := record(conduct{})
		if x.edit != nil {
			x.edit(ev)
		}
		v := at(t, Judge(p, ev), "anonymous", "wtstp_sid", "")
		if v.Outcome != x.outcome || !contains(v, x.says) {
			t.Errorf("%s: want %s, saying %q; got\n%s", name, x.outcome, x.says, told([]verdict.Verdict{v}))
		}
	}
}

func TestGoneCookie(t *testing.T) {
	t.Parallel()
	const noLonger = "no longer"
	try(t, "anonymous", "wtstp_eid", noLonger, map[string]example{
		"gone":           {nil, verdict.Pass, "gone; in the jar in the step identified"},
		"kept":           {holds("anonymous", "wtstp_eid", firstID), verdict.Fail, `"2135817235100012345" is still in the jar`},
		"kept, unfenced": {all(holds("anonymous", "wtstp_eid", firstID), unfenced("anonymous")), verdict.Inconclusive, "come to rest"},
		"on another path": {jar("anonymous", func(s *evidence.Snapshot) {
			s.Cookies = append(s.Cookies, evidence.Cookie{Name: "wtstp_eid", Value: firstID, Domain: "m.shop.test", Path: "/x"})
		}), verdict.Fail, "still in the jar"},
		"inside a new one": {holds("anonymous", "wtstp_eid", "v2."+firstID), verdict.Fail, "still in the jar"},
		"a new one":        {holds("anonymous", "wtstp_eid", secondID), verdict.Pass, `its earlier value is gone, "2198001122334455667" is there instead`},
		"emptied":          {holds("anonymous", "wtstp_eid", ""), verdict.Pass, "gone"},
		"copied":           {holds("anonymous", "kept", "a."+firstID), verdict.Fail, `its value is still in the jar, under the name "kept"`},
		"never there":      {all(lacks("identified", "wtstp_eid"), lacks("opting-out", "wtstp_eid")), verdict.Inconclusive, "it was in the jar in no earlier step"},
		"no snapshot":      {unseen("anonymous"), verdict.Inconclusive, "not recorded"},
		"not seen before":  {unseen("identified"), verdict.Inconclusive, "not in the jar right before the visitor's choice"},
		"gone at once":     {lacks("opting-out", "wtstp_eid"), verdict.Pass, ""},
	})
	try(t, "opting-back", "miCookieOptOut", noLonger, map[string]example{
		"gone":        {nil, verdict.Pass, "gone; in the jar in the step anonymous"},
		"kept":        {holds("opting-back", "miCookieOptOut", "1"), verdict.Fail, `"1" is still in the jar`},
		"set to 0":    {holds("opting-back", "miCookieOptOut", "0"), verdict.Fail, `"0" is still in the jar`},
		"emptied":     {holds("opting-back", "miCookieOptOut", ""), verdict.Fail, `"" is still in the jar`},
		"gone before": {lacks("anonymous", "miCookieOptOut"), verdict.Inconclusive, "not in the jar right before the visitor's choice"},
		"never there": {all(lacks("anonymous", "miCookieOptOut"), lacks("opting-out", "miCookieOptOut")), verdict.Inconclusive, "in no earlier step"},
	})
}

func TestNotStoredCookie(t *testing.T) {
	t.Parallel()
	const anew = "not stored"
	fresh := evidence.CookieWrite{Name: "wtstp_eid", Value: secondID, Session: true}
	try(t, "anonymous", "wtstp_eid", anew, map[string]example{
		"nothing":             {nil, verdict.Pass, "not stored; it was in the step identified"},
		"left over":           {holds("anonymous", "wtstp_eid", firstID), verdict.Pass, "left over from before the choice"},
		"written":             {wrote("anonymous", fresh), verdict.Fail, `"2198001122334455667" was written by cookieStore`},
		"written, unfenced":   {all(wrote("anonymous", fresh), unfenced("anonymous")), verdict.Fail, "was written"},
		"by the collector":    {wrote("anonymous", evidence.CookieWrite{Name: "wtstp_eid", Value: "x", By: "set-cookie", Lifetime: time.Hour}), verdict.Fail, "by set-cookie"},
		"written and deleted": {all(wrote("anonymous", fresh), wrote("anonymous", evidence.CookieWrite{Name: "wtstp_eid"})), verdict.Fail, "was written"},
		"refreshed":           {all(holds("anonymous", "wtstp_eid", firstID), wrote("anonymous", evidence.CookieWrite{Name: "wtstp_eid", Value: firstID, Lifetime: halfYear})), verdict.Fail, "was written"},
		"deleted":             {wrote("anonymous", evidence.CookieWrite{Name: "wtstp_eid", Value: "deleted"}), verdict.Pass, ""},
		"emptied":             {wrote("anonymous", evidence.CookieWrite{Name: "wtstp_eid", Session: true}), verdict.Pass, ""},
		"new in the jar":      {holds("anonymous", "wtstp_eid", secondID), verdict.Fail, "is new in the jar"},
		"on another domain": {jar("anonymous", func(s *evidence.Snapshot) {
			s.Cookies = append(s.Cookies, evidence.Cookie{Name: "wtstp_eid", Value: firstID, Domain: "www.shop.test", Path: "/"})
		}), verdict.Fail, "is new in the jar"},
		"written elsewhere":    {wrote("anonymous", evidence.CookieWrite{Name: "kept", Value: "v." + firstID, Session: true}), verdict.Fail, `was written under the name "kept"`},
		"kept elsewhere":       {holds("anonymous", "kept", firstID), verdict.Fail, `new in the jar under the name "kept"`},
		"kept elsewhere since": {all(holds("identified", "kept", firstID), holds("anonymous", "kept", firstID)), verdict.Pass, ""},
		"something else":       {all(holds("anonymous", "lang", "en"), wrote("anonymous", evidence.CookieWrite{Name: "lang", Value: "en", Session: true})), verdict.Pass, ""},
		"no snapshot":          {unseen("anonymous"), verdict.Inconclusive, "not recorded"},
		"no snapshot, written": {all(unseen("anonymous"), wrote("anonymous", fresh)), verdict.Fail, "was written"},
		"no snapshot before":   {unseen("identified"), verdict.Inconclusive, "the cookies before the visitor's choice were not recorded"},
		"the pixel asleep":     {quiet("anonymous"), verdict.Inconclusive, "the pixel sent nothing since the page was opened"},
		"unfenced":             {unfenced("anonymous"), verdict.Inconclusive, "come to rest"},
		"stored as the page was left": {func(ev *evidence.Evidence) {
			carrying(ev.During("anonymous")[0], "wtstp_eid=7777777777777777777")
		}, verdict.Fail, `carried it as "7777777777777777777"`},
		"carried from before the choice": {func(ev *evidence.Evidence) {
			carrying(ev.During("anonymous")[0], "a=b; wtstp_eid=2135817235100012345")
		}, verdict.Pass, ""},
		"never stored": {func(ev *evidence.Evidence) {
			for _, s := range ev.Steps {
				all(lacks(s.Name, "wtstp_eid"), unwritten(s.Name, "wtstp_eid"))(ev)
			}
			for i := range ev.Requests {
				carrying(&ev.Requests[i], "")
			}
		}, verdict.Inconclusive, "it was stored in no other step"},
	})
	try(t, "anonymous", "wtstp_sid", anew, map[string]example{
		"nothing":   {nil, verdict.Pass, ""},
		"left over": {holds("anonymous", "wtstp_sid", "1"), verdict.Pass, "left over"},
		"written":   {wrote("anonymous", evidence.CookieWrite{Name: "wtstp_sid", Value: "1", Session: true}), verdict.Fail, `"1" was written`},
	})
}

func TestLastingCookie(t *testing.T) {
	t.Parallel()
	choice := func(lifetime time.Duration) func(*evidence.Evidence) {
		return wrote("opting-out", evidence.CookieWrite{Name: "miCookieOptOut", Value: "1", Lifetime: lifetime})
	}
	none := unwritten("opting-out", "miCookieOptOut")
	day := 24 * time.Hour
	try(t, "opting-out", "miCookieOptOut", "written to last", map[string]example{
		"five years":         {nil, verdict.Pass, "written to last 1825 days"},
		"leap years":         {all(none, choice(1827*day)), verdict.Pass, "1827 days"},
		"a second less":      {all(none, choice(fiveYear-time.Second)), verdict.Pass, ""},
		"an hour less":       {all(none, choice(fiveYear-time.Hour)), verdict.Fail, "1824 days 23 hours"},
		"capped":             {all(none, choice(400*day)), verdict.Fail, "400 days"},
		"for ever":           {all(none, choice(100*365*day)), verdict.Fail, "36500 days"},
		"session":            {all(none, wrote("opting-out", evidence.CookieWrite{Name: "miCookieOptOut", Value: "1", Session: true})), verdict.Fail, "written for the session only"},
		"rewritten shorter":  {choice(365 * day), verdict.Fail, "365 days"},
		"not written":        {none, verdict.Inconclusive, "the cookie was not written in the step opting-out"},
		"written then":       {all(none, wrote("identified", evidence.CookieWrite{Name: "miCookieOptOut", Value: "1", Lifetime: fiveYear})), verdict.Inconclusive, "not written in the step"},
		"only deleted":       {all(none, choice(0)), verdict.Inconclusive, "no write of it among 1"},
		"deleted afterwards": {choice(-1), verdict.Pass, ""},
		"unfenced":           {unfenced("opting-out"), verdict.Inconclusive, "come to rest"},
		"short, unfenced":    {all(choice(365*day), unfenced("opting-out")), verdict.Fail, "365 days"},
	})
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		1800*24*time.Hour - 400*time.Millisecond: "1800 days",
		0:                                        "0 seconds", time.Second: "1 second", 90 * time.Second: "1 minute 30 seconds", time.Hour: "1 hour",
		30 * time.Minute: "30 minutes", 26 * time.Hour: "1 day 2 hours", 24*time.Hour + time.Second: "1 day",
		fiveYear - 300*time.Millisecond: "1825 days", -1: "less than nothing",
	} {
		if got := span(d); got != want {
			t.Errorf("%d: got %q, want %q", d, got, want)
		}
	}
	for text, want := range map[string]string{"5y": "5y (1825 to 1827 days)", "180d": "180d (180 days)", "30m": "30m (29 minutes 59 seconds to 30 minutes 1 second)", "2h": "2h (2 hours)"} {
		l, err := scenario.ParseLifetime(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := lifetime(l); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
