package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// TestWhatEveryPageAsksForTellsNothing: what differs from page to page, from one load
// to the next or from person to person tells of the visitor, wherever it stands.
func TestWhatEveryPageAsksForTellsNothing(t *testing.T) {
	t.Parallel()
	const code, setting = "https://cdn.vendor.test/js/smart-pixel.min.js", "https://cdn.vendor.test/consent/1.json"
	ask := func(url string, header ...string) func(*recorder, int) {
		return func(r *recorder, n int) {
			if strings.Contains(url, "%") {
				r.send("script", fmt.Sprintf(url, n))
			} else {
				r.send("script", url)
			}
			asked := &r.Requests[len(r.Requests)-1]
			asked.Header = append(asked.Header, evidence.Field{Name: "sec-fetch-mode", Value: "cors"})
			for i := 0; i+1 < len(header); i += 2 {
				value := header[i+1]
				if strings.Contains(value, "%") {
					value = fmt.Sprintf(value, n)
				}
				asked.Header = append(asked.Header, evidence.Field{Name: header[i], Value: value})
			}
		}
	}
	for name, test := range map[string]struct {
		each    func(r *recorder, n int)
		acting  func(r *recorder, n int)
		outcome verdict.Outcome
		text    string
	}{
		"nothing more":                      {nil, nil, verdict.Pass, "no request of the pixel"},
		"a second part of the code":         {ask("https://cdn.vendor.test/js/window.js"), nil, verdict.Pass, "no request of the pixel"},
		"a version":                         {ask(code + "?v=16.3"), nil, verdict.Pass, "no request of the pixel"},
		"a header that is always the same":  {ask(setting, "x-requested-with", "XMLHttpRequest"), nil, verdict.Pass, "no request of the pixel"},
		"a picture with an ID":              {ask("https://cdn.vendor.test/i/7be02f5a91d3c68%d/p.gif"), nil, verdict.Fail, "which differs from"},
		"a setting with an ID":              {ask("https://cdn.vendor.test/consent/1/7be02f5a91d3c68%d.json"), nil, verdict.Fail, "has the path"},
		"a setting with an ID in its query": {ask(setting + "?u=7be02f5a91d3c68%d"), nil, verdict.Fail, "has the query"},
		"the code with an ID":               {ask(code + "?v=7be02f5a91d3c68%d"), nil, verdict.Fail, "has the query"},
		"the code with a small number":      {ask(code + "?rand=12345%d"), nil, verdict.Inconclusive, "another number than in the step"},
		"an ID as a header":                 {ask(setting, "x-visitor", "7be02f5a91d3c68%d"), nil, verdict.Fail, "has the header x-visitor"},
		"an ID as what is accepted":         {ask(code, "accept", "text/7be02f5a91d3c68%d"), nil, verdict.Fail, "has the header accept"},
		"always the same ID":                {ask("https://cdn.vendor.test/i/7be02f5a91d3c684/p.gif"), nil, verdict.Inconclusive, "nobody else's browser was seen to send"},
		"a picture for each act":            {nil, ask("https://cdn.vendor.test/i/p.gif"), verdict.Fail, "though no page was loaded"},
		"the setting at each act":           {nil, ask(setting), verdict.Inconclusive, "asks for the site's setting, though no page was loaded"},
	} {
		at := "refused"
		if test.acting != nil {
			at = "acting"
		}
		course := []scenario.Step{{Name: "refused", Open: "home"}, {Name: "acting", Do: "act"}, {Name: "browsing", Open: "products"}, {Name: "agreed", Open: "home"}}
		p := expecting(planOf(t, course...), scenario.Expectation{At: at, Request: "any", Is: "absent"})
		withSettings(p)
		what, n := map[string]func(*recorder){}, 0
		for _, step := range course {
			do := test.each
			if step.Do == "act" {
				do = test.acting
			}
			what[step.Name] = func(r *recorder) {
				n++
				if do != nil {
					do(r, n)
				}
				if r.now == "agreed" {
					r.hit("/", "eid="+firstID)
				}
			}
		}
		if v := Judge(p, recordOf(p, what))[0]; v.Outcome != test.outcome || !strings.Contains(v.Observed+"; "+v.Reason, test.text) {
			t.Errorf("%s: want %s, got %s", name, test.outcome, told([]verdict.Verdict{v}))
		}
	}
}

// TestGoingBackIsALoad, though the browser may have kept the page and the code.
func TestGoingBackIsALoad(t *testing.T) {
	t.Parallel()
	course := []scenario.Step{{Name: "home", Open: "home"}, {Name: "products", Open: "products"}, {Name: "back", Go: scenario.GoBack}, {Name: "agreed", Open: "home"}}
	p := expecting(planOf(t, course...), scenario.Expectation{At: "back", Request: "any", Is: "absent"})
	withSettings(p)
	asking := func(r *recorder) { r.send("settings", "https://cdn.vendor.test/consent/1.json") }
	b, stop := newBench(p, recordOf(p, map[string]func(*recorder){"home": asking, "products": asking, "back": asking, "agreed": sending("eid=" + firstID)}))
	if stop != nil {
		t.Fatal(stop.reason)
	}
	v := b.step("back")
	for _, r := range v.sent {
		if what, _ := (silence{bench: b.of(v), view: v}).tells(r); what != "" {
			t.Errorf("%s: %s", r.URL, what)
		}
	}
}

// TestWhatEverybodyHasIsNoData: an entry of a store that every browser has from the
// first page on is said, and no more; what changes, comes later or could name somebody
// is data.
func TestWhatEverybodyHasIsNoData(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value   func(step string) string
		outcome verdict.Outcome
		text    string
	}{
		"a constant":          {func(string) string { return `{"version":3}` }, verdict.Pass, `and what everybody has: "kept" is in the localStorage`},
		"nobody else's":       {func(step string) string { return map[bool]string{true: "", false: "v3"}[step == "theirs"] }, verdict.Inconclusive, "nobody else's browser"},
		"an ID":               {func(string) string { return firstID }, verdict.Fail, `"kept" is in the localStorage`},
		"a counter":           {func(step string) string { return fmt.Sprint(len(step)) }, verdict.Fail, `"kept" is in the localStorage`},
		"another of theirs":   {func(step string) string { return map[bool]string{true: "v4", false: "v3"}[step == "theirs"] }, verdict.Fail, `"kept" is in the localStorage`},
		"later than at first": {func(step string) string { return map[bool]string{true: "", false: "v3"}[step == "arriving"] }, verdict.Fail, `"kept" is in the localStorage`},
	} {
		p := expecting(planOf(t, scenario.Step{Name: "arriving", Open: "home"}, scenario.Step{Name: "off", Open: "home"}, scenario.Step{Name: "theirs", Open: "home", Device: "second"}),
			scenario.Expectation{At: "off", Cookie: "any", Is: "absent"})
		ev := recordOf(p, map[string]func(*recorder){
			"arriving": sending("x=1"), "theirs": sending("x=1"),
		})
		for i := range ev.Snapshots {
			if value := test.value(ev.Snapshots[i].Step); value != "" {
				ev.Snapshots[i].Storage = []evidence.Item{{Store: "localStorage", Origin: "https://www.shop.test", Name: "kept", Value: value}}
			}
		}
		if v := Judge(p, ev)[0]; v.Outcome != test.outcome || !strings.Contains(v.Observed+"; "+v.Reason, test.text) {
			t.Errorf("%s: want %s, got %s", name, test.outcome, told([]verdict.Verdict{v}))
		}
	}
}

// TestACookieThatIsGoneLeavesNoCopy in any store, under whatever name.
func TestACookieThatIsGoneLeavesNoCopy(t *testing.T) {
	t.Parallel()
	for _, is := range []string{"gone", "absent"} {
		for name, test := range map[string]struct {
			edit    func(*evidence.Snapshot)
			outcome verdict.Outcome
			text    string
		}{
			"nothing": {func(*evidence.Snapshot) {}, verdict.Pass, ""},
			"a cookie": {func(s *evidence.Snapshot) {
				s.Cookies = append(s.Cookies, evidence.Cookie{Name: "copy", Value: firstID, Domain: ".shop.test"})
			}, verdict.Fail, `under the name "copy"`},
			"an entry": {func(s *evidence.Snapshot) {
				s.Storage = append(s.Storage, evidence.Item{Store: "localStorage", Origin: "https://www.shop.test", Name: "copy", Value: "x." + firstID})
			}, verdict.Fail, `in the localStorage of https://www.shop.test, as "copy"`},
			"a name": {func(s *evidence.Snapshot) {
				s.Storage = append(s.Storage, evidence.Item{Store: "indexedDB", Origin: "https://www.shop.test", Name: "db/" + firstID, Value: "1"})
			}, verdict.Fail, "in the indexedDB"},
			"another's": {func(s *evidence.Snapshot) {
				s.Storage = append(s.Storage, evidence.Item{Store: "localStorage", Origin: "https://www.shop.test", Name: "other", Value: secondID})
			}, verdict.Pass, ""},
		} {
			p := expecting(planOf(t, scenario.Step{Name: "set", Open: "home"}, scenario.Step{Name: "later", Open: "home"}), scenario.Expectation{At: "later", Cookie: "session-id", Is: is})
			ev := recordOf(p, map[string]func(*recorder){
				"set": storing("wtstp_sid", firstID), "later": func(r *recorder) { r.write("wtstp_sid", "", -1); r.hit("/", "x=1") },
			})
			test.edit(&ev.Snapshots[1])
			if v := Judge(p, ev)[0]; v.Outcome != test.outcome || !strings.Contains(v.Observed, test.text) {
				t.Errorf("%s, %s: want %s, got %s", is, name, test.outcome, told([]verdict.Verdict{v}))
			}
		}
	}
}
