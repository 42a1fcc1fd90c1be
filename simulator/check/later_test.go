package check

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func TestWhenAHitWasMade(t *testing.T) {
	t.Parallel()
	for value, test := range map[string]struct {
		made scenario.Made
		want string // RFC 3339 with milliseconds, "" for none
	}{
		"600,page,1,800x600,24,1,1772366400123,0": {scenario.Made{Separator: ",", Field: 7, Unit: "ms"}, "2026-03-01T12:00:00.123Z"},
		"1772366400123":     {scenario.Made{Unit: "ms"}, "2026-03-01T12:00:00.123Z"},
		"1772366400":        {scenario.Made{Unit: "s"}, "2026-03-01T12:00:00.000Z"},
		"1772366400.5":      {scenario.Made{Unit: "s"}, "2026-03-01T12:00:00.500Z"},
		"600,page":          {scenario.Made{Separator: ",", Field: 7, Unit: "ms"}, ""},
		"a,b,c":             {scenario.Made{Separator: ",", Field: 2, Unit: "ms"}, ""},
		"0":                 {scenario.Made{Unit: "ms"}, ""},
		"-5":                {scenario.Made{Unit: "ms"}, ""},
		"NaN":               {scenario.Made{Unit: "ms"}, ""},
		"Inf":               {scenario.Made{Unit: "s"}, ""},
		"99999999999999999": {scenario.Made{Unit: "ms"}, ""},
		"":                  {scenario.Made{Unit: "ms"}, ""},
	} {
		p := planOf(t, scenario.Step{Name: "first", Open: "home"})
		test.made.Parameter = "t"
		p.Pixel.Requests.Made = &test.made
		b := layOut(p, recordOf(p, map[string]func(*recorder){"first": sending("t=" + value)}))
		at, ok := b.made(b.views[0].hits[0])
		got := ""
		if ok {
			got = at.Format("2006-01-02T15:04:05.000Z07:00")
		}
		if got != test.want {
			t.Errorf("%q: made at %q, want %q", value, got, test.want)
		}
	}
	p := planOf(t, scenario.Step{Name: "first", Open: "home"})
	p.Pixel.Requests.Made = nil
	b := layOut(p, recordOf(p, map[string]func(*recorder){"first": sending("t=1")}))
	if _, ok := b.made(b.views[0].hits[0]); ok {
		t.Error("a pixel that says nothing of time has made a hit at some time")
	}
}

// TestWhatWasMadeEarlierOrLater: the visitor's choice begins two minutes in.
func TestWhatWasMadeEarlierOrLater(t *testing.T) {
	t.Parallel()
	choice := began.Add(2 * time.Minute)
	journey := []scenario.Step{
		{Name: "first", Open: "home"}, {Name: "waiting", Collector: "failing"}, {Name: "choosing", Do: "opt-out"}, {Name: "acting", Do: "act"},
	}
	at := func(when time.Time) func(*recorder) { return func(r *recorder) { r.hitAt(when, "eid="+firstID) } }
	for name, test := range map[string]struct {
		step  string
		hit   func(*recorder)
		unit  string
		later bool
	}{
		"long before, delivered late":          {"acting", at(began), "ms", false},
		"just before, delivered late":          {"acting", at(choice.Add(-2 * time.Millisecond)), "ms", false},
		"in the very millisecond":              {"acting", at(choice), "ms", true},
		"just after":                           {"acting", at(choice.Add(time.Millisecond)), "ms", true},
		"before the click, in the same step":   {"choosing", at(choice.Add(-time.Second)), "ms", false},
		"after the click, in the same step":    {"choosing", at(choice.Add(time.Second)), "ms", true},
		"without a time":                       {"acting", func(r *recorder) { r.send("collector", address+"?eid="+firstID) }, "ms", true},
		"without a time, in the choosing step": {"choosing", func(r *recorder) { r.send("collector", address+"?eid="+firstID) }, "ms", true},
		"before any choice":                    {"waiting", at(began), "ms", true},
		"in the same second, after":            {"acting", func(r *recorder) { r.send("collector", fmt.Sprintf("%s?p=,,,,,,%d&eid=1", address, choice.Unix())) }, "s", true},
		"in the second before":                 {"acting", func(r *recorder) { r.send("collector", fmt.Sprintf("%s?p=,,,,,,%d&eid=1", address, choice.Unix()-1)) }, "s", false},
	} {
		p := planOf(t, journey...)
		p.Pixel.Requests.Made.Unit = test.unit
		b := layOut(p, recordOf(p, map[string]func(*recorder){test.step: test.hit}))
		v := b.step(test.step)
		if got := b.madeLater(v, v.hits[0]); got != test.later {
			t.Errorf("%s: later is %v", name, got)
		}
		earlier, later := b.groups(v, v.hits[0].sent)
		if earlier == test.later || later != test.later {
			t.Errorf("%s: the request is earlier %v, later %v", name, earlier, later)
		}
	}
}

// TestAMixedBatchIsBoth, and what is no hit was made when it arrived.
func TestAMixedBatchIsBoth(t *testing.T) {
	t.Parallel()
	p := planOf(t, scenario.Step{Name: "first", Open: "home"}, scenario.Step{Name: "choosing", Do: "opt-out"})
	b := layOut(p, recordOf(p, map[string]func(*recorder){"choosing": func(r *recorder) {
		r.send("collector", address)
		last := &r.Requests[len(r.Requests)-1]
		last.Method, last.Body = "POST", evidence.Bytes(fmt.Sprintf("p=,,,,,,%d&eid=1\np=,,,,,,%d&nc=1", began.UnixMilli(), began.Add(2*time.Minute).UnixMilli()))
		r.send("site", "https://www.shop.test/picture.png")
	}}))
	v := b.views[1]
	if earlier, later := b.groups(v, v.sent[0]); !earlier || !later || len(v.hits) != 2 {
		t.Errorf("the batch of %d hits is earlier %v, later %v", len(v.hits), earlier, later)
	}
	if earlier, later := b.groups(v, v.sent[1]); earlier || !later {
		t.Errorf("what is no hit is earlier %v, later %v", earlier, later)
	}
	for among, want := range map[string]string{"made-earlier": "eid", "made-later": "nc"} {
		q := parameter{bench: b, view: v, role: "visitor-id", name: scenario.Name{Name: "eid"}, among: among}
		hits := q.narrowed()
		if len(hits) != 1 || len(carries(hits[0], want).values) != 1 {
			t.Errorf("%s: %d hits", among, len(hits))
		}
	}
}

func TestExpectationsByTheTimeOfMaking(t *testing.T) {
	t.Parallel()
	choice := began.Add(time.Minute)
	journey := []scenario.Step{{Name: "first", Open: "home"}, {Name: "choosing", Do: "opt-out"}, {Name: "last", Open: "home"}}
	late := func(r *recorder) { r.hitAt(choice.Add(-time.Second), "eid="+firstID) }
	clean := func(r *recorder) { r.hitAt(choice.Add(time.Minute), "nc=1") }
	dirty := func(r *recorder) { r.hitAt(choice.Add(time.Minute), "nc=1", "eid="+firstID) }
	both := func(a, b func(*recorder)) func(*recorder) { return func(r *recorder) { a(r); b(r) } }
	for name, test := range map[string]struct {
		last           func(*recorder)
		earlier, later verdict.Outcome
		reason         string
	}{
		"delivered late":   {both(late, clean), verdict.Fail, verdict.Pass, ""},
		"made later":       {dirty, verdict.Inconclusive, verdict.Fail, "the pixel sent no request made before the choice in the step last"},
		"both":             {both(late, dirty), verdict.Fail, verdict.Fail, ""},
		"neither":          {clean, verdict.Inconclusive, verdict.Pass, "no request made before the choice"},
		"nothing but late": {late, verdict.Fail, verdict.Inconclusive, "the pixel sent no request made after the choice in the step last"},
	} {
		p := expecting(planOf(t, journey...),
			scenario.Expectation{At: "last", Parameter: "visitor-id", Is: "absent", Among: "made-earlier"},
			scenario.Expectation{At: "last", Parameter: "visitor-id", Is: "absent", Among: "made-later"})
		verdicts := Judge(p, recordOf(p, map[string]func(*recorder){"first": sending("eid=" + firstID), "last": test.last}))
		if verdicts[0].Outcome != test.earlier || verdicts[1].Outcome != test.later || !strings.Contains(verdicts[0].Reason+verdicts[1].Reason, test.reason) {
			t.Errorf("%s: want %s and %s, got\n%s", name, test.earlier, test.later, told(verdicts))
		}
	}
}

func TestFresh(t *testing.T) {
	t.Parallel()
	journey := []scenario.Step{{Name: "first", Open: "home"}, {Name: "forgetting", Forget: []string{"everything"}}, {Name: "last", Open: "home"}}
	for name, test := range map[string]struct {
		first, last func(*recorder)
		outcome     verdict.Outcome
		text        string
	}{
		"new":                 {sending("eid=" + firstID), sending("eid=" + secondID), verdict.Pass, "in the step first it was"},
		"old":                 {sending("eid=" + firstID), sending("eid=" + firstID), verdict.Fail, "which it had in the step first"},
		"old in the cookie":   {storing("wtstp_eid", firstID), sending("eid=" + firstID), verdict.Fail, "which it had in the step first"},
		"old within":          {sending("eid=" + firstID), sending("eid=v2." + firstID), verdict.Fail, "which it had in the step first"},
		"a part of the old":   {sending("eid=v1." + firstID), sending("eid=" + firstID), verdict.Fail, "which it had in the step first"},
		"old in another case": {sending("eid=abcdef0123456789"), sending("eid=ABCDEF0123456789"), verdict.Fail, "which it had"},
		"old, escaped":        {storing("wtstp_eid", "%7Bab%7D"), sending("eid=%7Bab%7D"), verdict.Fail, "which it had"},
		"one old of two":      {sending("eid=" + firstID), func(r *recorder) { r.hit("/", "eid="+secondID); r.hit("/", "eid="+firstID) }, verdict.Fail, "one of 2"},
		"missing":             {sending("eid=" + firstID), sending("nc=1"), verdict.Fail, "absent"},
		"missing from one":    {sending("eid=" + firstID), func(r *recorder) { r.hit("/", "eid="+secondID); r.hit("/", "x=1") }, verdict.Fail, "absent"},
		"empty":               {sending("eid=" + firstID), sending("eid="), verdict.Fail, "present but empty"},
		"never there before":  {sending("x=1"), sending("eid=" + secondID), verdict.Inconclusive, "no value in an earlier step"},
		"empty before":        {sending("eid="), sending("eid=" + secondID), verdict.Inconclusive, "no value in an earlier step"},
		"nothing sent":        {sending("eid=" + firstID), nil, verdict.Inconclusive, "the pixel sent nothing in the step last"},
		"short and new":       {sending("eid=12"), sending("eid=123"), verdict.Pass, ""},
		"cut off": {sending("eid=" + firstID), func(r *recorder) {
			r.hit("/", "eid="+secondID)
			r.Requests[len(r.Requests)-1].Incomplete = "reset"
		}, verdict.Inconclusive, "not known whole"},
	} {
		p := expecting(planOf(t, journey...), scenario.Expectation{At: "last", Parameter: "visitor-id", Is: "fresh"})
		v := Judge(p, recordOf(p, map[string]func(*recorder){"first": test.first, "last": test.last}))[0]
		if v.Outcome != test.outcome || !strings.Contains(v.Observed+v.Reason, test.text) {
			t.Errorf("%s: want %s, got %s", name, test.outcome, told([]verdict.Verdict{v}))
		}
	}
}

func TestInOrder(t *testing.T) {
	t.Parallel()
	at := func(ms int, parameters ...string) func(*recorder) {
		return func(r *recorder) { r.hitAt(began.Add(time.Duration(ms)*time.Millisecond), parameters...) }
	}
	send := func(list ...func(*recorder)) func(*recorder) {
		return func(r *recorder) {
			for _, f := range list {
				f(r)
			}
		}
	}
	for name, test := range map[string]struct {
		step    func(*recorder)
		outcome verdict.Outcome
		text    string
	}{
		"in order":                    {send(at(0), at(1, "ct=first"), at(2, "ct=second")), verdict.Pass, "first, second"},
		"in order by making":          {send(at(2, "ct=second"), at(1, "ct=first")), verdict.Pass, "first, second"},
		"at one time, by arrival":     {send(at(1, "ct=first"), at(1, "ct=second")), verdict.Pass, "first, second"},
		"out of order":                {send(at(1, "ct=second"), at(2, "ct=first")), verdict.Fail, "in this order: second, first"},
		"at one time, out of order":   {send(at(1, "ct=second"), at(1, "ct=first")), verdict.Fail, "in this order: second, first"},
		"one missing":                 {send(at(0), at(1, "ct=second")), verdict.Fail, "in this order: second"},
		"all missing":                 {send(at(0)), verdict.Fail, "in no request"},
		"one twice":                   {send(at(1, "ct=first"), at(2, "ct=first"), at(3, "ct=second")), verdict.Fail, "first, first, second"},
		"one too many":                {send(at(1, "ct=first"), at(2, "ct=second"), at(3, "ct=third")), verdict.Fail, "first, second, third"},
		"one unnamed":                 {send(at(1, "ct=first"), at(2, "ct="), at(3, "ct=second")), verdict.Fail, "first, , second"},
		"nothing":                     {nil, verdict.Inconclusive, "the pixel sent nothing in the step first"},
		"without times":               {send(func(r *recorder) { r.send("collector", address+"?ct=first") }, at(0, "ct=second")), verdict.Pass, ""},
		"without times, out of order": {send(at(9, "ct=second"), func(r *recorder) { r.send("collector", address+"?ct=first") }), verdict.Fail, "second, first"},
		"one in what was cut off": {send(at(1, "ct=first"), func(r *recorder) {
			r.hitAt(began, "x=1")
			r.Requests[len(r.Requests)-1].Incomplete = "reset"
		}), verdict.Inconclusive, "not known whole"},
	} {
		p := expecting(planOf(t, scenario.Step{Name: "first", Open: "home"}, scenario.Step{Name: "again", Open: "home"}),
			scenario.Expectation{At: "first", Parameter: "action-name", Is: "in-order"})
		p.Scenario.Config.Actions = &scenario.Reported{Queued: []string{"first", "second"}}
		ev := recordOf(p, map[string]func(*recorder){"first": test.step, "again": sending("x=1")})
		if v := Judge(p, ev)[0]; v.Outcome != test.outcome || !strings.Contains(v.Observed+v.Reason, test.text) {
			t.Errorf("%s: want %s, got %s", name, test.outcome, told([]verdict.Verdict{v}))
		}
		// What is missing from a step that has not come to rest may follow; what is
		// wrong stays wrong.
		ev.Steps[0].Fenced = false
		want := test.outcome
		if want == verdict.Pass || strings.Contains(name, "missing") {
			want = verdict.Inconclusive
		}
		if v := Judge(p, ev)[0]; v.Outcome != want {
			t.Errorf("%s, not at rest: want %s, got %s", name, want, told([]verdict.Verdict{v}))
		}
	}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	journey := []scenario.Step{{Name: "first", Open: "home"}, {Name: "again", Open: "home", Day: 2}, {Name: "anonymous", Open: "home", Day: 3}}
	for name, test := range map[string]struct {
		records          [3]string // "" is not read
		edit             func(*evidence.Evidence)
		grown, unchanged verdict.Outcome
		text             string
	}{
		"stays, after it grew":   {[3]string{"0", "1", "1"}, nil, verdict.Fail, verdict.Pass, "returning-visitors: 1, as at the end of the step again; it grew in the step again"},
		"grows":                  {[3]string{"0", "1", "2"}, nil, verdict.Pass, verdict.Fail, "returning-visitors: 2, after 1 at the end of the step again"},
		"shrinks":                {[3]string{"0", "2", "1"}, nil, verdict.Fail, verdict.Fail, "returning-visitors: 1, after 2 at the end of the step again"},
		"never grows":            {[3]string{"0", "0", "0"}, nil, verdict.Fail, verdict.Inconclusive, "it grew in no step"},
		"by number, not by text": {[3]string{"8", "9", "10"}, nil, verdict.Pass, verdict.Fail, ""},
		"large":                  {[3]string{"9007199254740992", "9007199254740993", "9007199254740993"}, nil, verdict.Fail, verdict.Pass, ""},
		"over a gap":             {[3]string{"0", "", "1"}, nil, verdict.Pass, verdict.Fail, "1, after 0 at the end of the step first"},
		"not before":             {[3]string{"", "", "1"}, nil, verdict.Inconclusive, verdict.Inconclusive, "at the end of no earlier step"},
		"not now":                {[3]string{"0", "1", ""}, nil, verdict.Inconclusive, verdict.Inconclusive, "returning-visitors was not read at the end of the step anonymous"},
		"no number":              {[3]string{"0", "1", "many"}, nil, verdict.Inconclusive, verdict.Inconclusive, `was no number: "many"`},
		"silent":                 {[3]string{"0", "1", "1"}, func(ev *evidence.Evidence) { ev.Requests = ev.Requests[:6] }, verdict.Inconclusive, verdict.Inconclusive, "the pixel sent nothing in the step anonymous"},
		"not at rest":            {[3]string{"0", "1", "1"}, func(ev *evidence.Evidence) { ev.Steps[2].Fenced = false }, verdict.Inconclusive, verdict.Inconclusive, "not seen to come to rest"},
		"no snapshot":            {[3]string{"0", "1", "1"}, func(ev *evidence.Evidence) { ev.Snapshots = ev.Snapshots[:2] }, verdict.Inconclusive, verdict.Inconclusive, "is not known"},
	} {
		p := expecting(planOf(t, journey...), scenario.Expectation{At: "anonymous", Record: "returning-visitors", Is: "grown"},
			scenario.Expectation{At: "anonymous", Record: "returning-visitors", Is: "unchanged"})
		hit := sending("eid=1")
		ev := recordOf(p, map[string]func(*recorder){"first": hit, "again": hit, "anonymous": hit})
		for i, text := range test.records {
			if text != "" {
				ev.Snapshots[i].Records = map[string]string{"returning-visitors": text}
			}
		}
		if test.edit != nil {
			test.edit(ev)
		}
		verdicts := Judge(p, ev)
		if verdicts[0].Outcome != test.grown || verdicts[1].Outcome != test.unchanged || !strings.Contains(verdicts[1].Observed+verdicts[1].Reason, test.text) {
			t.Errorf("%s: want %s and %s, got\n%s", name, test.grown, test.unchanged, told(verdicts))
		}
	}
}

// TestTheRecordIsOneForAll: the step before may be another person's.
func TestTheRecordIsOneForAll(t *testing.T) {
	t.Parallel()
	p := expecting(planOf(t, scenario.Step{Name: "theirs", Open: "home", Device: "second"}, scenario.Step{Name: "mine", Open: "home", Device: "first"}),
		scenario.Expectation{At: "mine", Record: "returning-visitors", Is: "grown"})
	ev := recordOf(p, map[string]func(*recorder){"theirs": sending("eid=1"), "mine": sending("eid=1")})
	ev.Snapshots[0].Records, ev.Snapshots[1].Records = map[string]string{"returning-visitors": "3"}, map[string]string{"returning-visitors": "4"}
	if v := Judge(p, ev)[0]; v.Outcome != verdict.Pass || !strings.Contains(v.Observed, "4, after 3 at the end of the step theirs") {
		t.Errorf("got %s", told([]verdict.Verdict{v}))
	}
}

// withPage gives the plan's pixel a page with that option.
func withPage(p *scenario.Plan, option string) *scenario.Plan {
	p.Pixel.Options = map[string]string{"by-default": "anonymousOptIn", "enabled": "enableAnonymousFunction"}
	p.Pixel.KnownOptions = []string{"suppressParameter"}
	p.Pixel.Dir = "scenarios/pixels/mapp"
	p.Pixel.Files = fstest.MapFS{"page.html.tmpl": {Data: []byte("<html>\n<script>\nwtSmart.advanced.add({\n  " + option + "\n});\n</script>\n</html>\n")}}
	return p
}

func TestUnknownOptions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option, role string
		hit          func(*recorder)
		outcome      verdict.Outcome
		text         string
	}{
		"misspelt, identified": {"anononymousOptIn: true", "by-default", sending("eid=" + firstID), verdict.Pass,
			"line 4 of the page home sets anononymousOptIn, which the pixel does not know; anonymousOptIn was probably meant; its visitors are tracked identifiably: eid in request 3"},
		"misspelt, and honoured": {"anononymousOptIn: true", "by-default", sending("nc=1"), verdict.Pass, "its visitors are tracked without eid in request 3, the only one"},
		"misspelt, silent":       {"anononymousOptIn: true", "by-default", nil, verdict.Pass, "for the pixel sent nothing"},
		"spelt well":             {"anonymousOptIn: true", "by-default", sending("nc=1"), verdict.Fail, "spells it as the pixel does"},
		"left out":               {"suppressParameter: []", "by-default", sending("nc=1"), verdict.Fail, "sets nothing that looks like it"},
		"another one misspelt":   {"enableAnonymousFunctoin: true", "by-default", sending("nc=1"), verdict.Fail, "sets nothing that looks like it"},
		"a role without a name":  {"x: 1", "cookie", sending("nc=1"), verdict.Error, "names no option for cookie"},
		"a page that breaks":     {"{{.Nothing}}", "by-default", sending("nc=1"), verdict.Error, "the page home cannot be looked at"},
	} {
		p := withPage(expecting(planOf(t, scenario.Step{Name: "first", Open: "home"}, scenario.Step{Name: "again", Open: "products"}),
			scenario.Expectation{At: "first", Option: test.role, Is: "unknown"}), test.option)
		v := Judge(p, recordOf(p, map[string]func(*recorder){"first": test.hit, "again": sending("nc=1")}))[0]
		if v.Outcome != test.outcome || !strings.Contains(v.Observed+v.Reason, test.text) {
			t.Errorf("%s: want %s, got %s", name, test.outcome, told([]verdict.Verdict{v}))
		}
	}
}

// TestTheWordsOfExpectations holds what each form asks for.
func TestTheWordsOfExpectations(t *testing.T) {
	t.Parallel()
	p := planOf(t, scenario.Step{Name: "first", Open: "home"})
	p.Scenario.Config.Actions = &scenario.Reported{Queued: []string{"first", "second"}}
	p.Pixel.Options = map[string]string{"by-default": "anonymousOptIn"}
	list := []scenario.Expectation{
		{Identity: "any", Is: "untraced"}, {Identity: "any", Is: "untraced", Among: "made-later"}, {Identity: "visitor-id", Is: "untraced", Among: "made-earlier"},
		{Identity: "email", Is: "untraced"}, {Identifier: "any", Is: "unlinked", With: "before", Unlike: "stranger"},
		{Record: "returning-visitors", Is: "grown"}, {Record: "returning-visitors", Is: "unchanged"}, {Option: "by-default", Is: "unknown"}, {Option: "cookie", Is: "unknown"},
		{Parameter: "visitor-id", Is: "fresh"}, {Parameter: "action-name", Is: "in-order"}, {Parameter: "customer-id", Is: "given"},
		{Parameter: "visitor-id", Is: "absent", Among: "made-later"}, {Parameter: "anonymous-flag", Is: "set", Among: "made-earlier"},
		{Parameter: "visitor-id", Is: "untraced"}, {Cookie: "choice", Is: "alone"}, {Cookie: "choice", Is: "gone"},
	}
	var out strings.Builder
	for i := range list {
		fmt.Fprintf(&out, "%s: %s\n", subject(p, &list[i]), expected(p, &list[i]))
	}
	golden(t, "words", out.String())
}
