package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// judged judges one expectation of a profile in a journey.
func judged(t *testing.T, p *scenario.Plan, sent map[string][]reported, edit func(*evidence.Evidence), e scenario.Expectation) verdict.Verdict {
	t.Helper()
	expecting(p, e)
	for i := range p.Scenario.Expect {
		p.Scenario.Expect[i].Clause = "antsomi.merges"
	}
	ev := walked(p, sent)
	if edit != nil {
		edit(ev)
	}
	return Judge(p, ev)[0]
}

func mustBe(t *testing.T, v verdict.Verdict, outcome verdict.Outcome, text string) {
	t.Helper()
	if v.Outcome != outcome || !strings.Contains(v.Observed+"; "+v.Reason, text) {
		t.Errorf("got %s: %s: %s; want %s: %s", v.Outcome, v.Observed, v.Reason, outcome, text)
	}
}

// lateCourse holds two hits back until the last step.
func lateCourse() []scenario.Step {
	return []scenario.Step{
		{Name: "arriving", Open: "home"},
		{Name: "held-up", Open: "products", Collector: "late"},
		{Name: "signing-in", Do: "sign-in"},
		{Name: "delivered", Open: "home", Collector: "well"},
	}
}

func lateHits() map[string][]reported {
	return map[string][]reported{
		"arriving":   {{uid: userA, did: deviceD, mid: idOf("a1"), name: "view"}},
		"held-up":    {{uid: userA, did: deviceD, mid: idOf("a2"), name: "view"}},
		"signing-in": {{uid: userA, did: deviceD, mid: idOf("a3"), name: "sign_in", who: "first"}},
		"delivered":  {{uid: userA, did: deviceD, mid: idOf("a4"), name: "view"}},
	}
}

func TestLateHitsAreDemandedOnceTheyHaveCome(t *testing.T) {
	t.Parallel()
	without := func(step string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			for i := range ev.Snapshot(step).Profiles {
				p := &ev.Snapshot(step).Profiles[i]
				p.Events = slices.DeleteFunc(p.Events, func(e evidence.ProfileEvent) bool { return e.ID == idOf("a2") })
			}
		}
	}
	tests := map[string]struct {
		e       scenario.Expectation
		edit    func(*evidence.Evidence)
		outcome verdict.Outcome
		text    string
	}{
		"not there yet":        {scenario.Expectation{At: "signing-in", Profile: "customer", Is: "present"}, nil, verdict.Inconclusive, "no identification is known to have been taken"},
		"not demanded yet":     {scenario.Expectation{At: "held-up", Profile: "visitor", Is: "complete"}, nil, verdict.Pass, "1 event"},
		"there":                {scenario.Expectation{At: "delivered", Profile: "customer", Is: "present"}, nil, verdict.Pass, "there"},
		"demanded":             {scenario.Expectation{At: "delivered", Profile: "customer", Is: "complete"}, nil, verdict.Pass, "4 events"},
		"demanded and missing": {scenario.Expectation{At: "delivered", Profile: "customer", Is: "complete"}, without("delivered"), verdict.Fail, "view a2000000… is missing, which the visitor aaaaaaaa… (step held-up) sent"},
		"joined and missing":   {scenario.Expectation{At: "delivered", Profile: "customer", Is: "joined", With: "held-up"}, without("delivered"), verdict.Fail, "is missing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustBe(t, judged(t, merging(t, lateCourse()...), lateHits(), test.edit, test.e), test.outcome, test.text)
		})
	}
}

// TestAnotherBrowsersHitsInFlight: a page of the first browser goes on by itself while
// the second one is judged.
func TestAnotherBrowsersHitsInFlight(t *testing.T) {
	t.Parallel()
	journey := []scenario.Step{
		{Name: "arriving", Open: "home"},
		{Name: "signing-in", Do: "sign-in"},
		{Name: "elsewhere", Open: "home", Device: "second", Person: "first"},
		{Name: "elsewhere-signing-in", Do: "sign-in"},
		{Name: "back", Open: "home", Device: "first"},
	}
	sent := func() map[string][]reported {
		return map[string][]reported{
			"arriving": {{uid: userA, did: deviceD, mid: idOf("a1"), name: "view"}},
			"signing-in": {{uid: userA, did: deviceD, mid: idOf("a2"), name: "sign_in", who: "first"},
				{uid: userA, did: deviceD, mid: idOf("a3"), name: "ping", arrived: 3*time.Minute + 59*time.Second, lost: true}},
			"elsewhere":            {{uid: userB, did: deviceE, mid: idOf("b1"), name: "view"}},
			"elsewhere-signing-in": {{uid: userB, did: deviceE, mid: idOf("b2"), name: "sign_in", who: "first"}},
			"back":                 {{uid: userA, did: deviceD, mid: idOf("a4"), name: "view"}},
		}
	}
	v := judged(t, merging(t, journey...), sent(), nil, scenario.Expectation{At: "elsewhere-signing-in", Profile: "customer", Is: "complete"})
	mustBe(t, v, verdict.Pass, "4 events of 2 user IDs")
	v = judged(t, merging(t, journey...), sent(), nil, scenario.Expectation{At: "back", Profile: "customer", Is: "complete"})
	mustBe(t, v, verdict.Fail, "ping a3000000… is missing, which the visitor aaaaaaaa… (step signing-in) sent: the backend has it with nobody")
	// What the second browser sent is the same person's.
	lost := func(ev *evidence.Evidence) {
		p := held(ev, "back", "customer", "")
		p.Events = slices.DeleteFunc(p.Events, func(e evidence.ProfileEvent) bool { return e.ID == idOf("b1") })
	}
	v = judged(t, merging(t, journey...), sent(), lost, scenario.Expectation{At: "back", Profile: "customer", Is: "joined", With: "elsewhere"})
	mustBe(t, v, verdict.Fail, "view b1000000… is missing, which the visitor bbbbbbbb… (step elsewhere) sent: the backend has it with that visitor alone")
}

// TestEventsWithoutMessageIDsAreCounted: of each name under each user ID.
func TestEventsWithoutMessageIDsAreCounted(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edit    func(*evidence.Evidence)
		outcome verdict.Outcome
		text    string
	}{
		"right":   {nil, verdict.Pass, "4 events of 2 user IDs"},
		"missing": {func(ev *evidence.Evidence) { p := held(ev, "signing-up", "customer", ""); p.Events = p.Events[1:] }, verdict.Fail, `0 of 1 events "view" that the visitor aaaaaaaa… sent`},
		"twice": {func(ev *evidence.Evidence) {
			p := held(ev, "signing-up", "customer", "")
			p.Events = append(p.Events, p.Events[0])
		}, verdict.Fail, `2 events "view" of the visitor aaaaaaaa…, who sent 1`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := merging(t, signUpCourse()...)
			delete(p.Pixel.Parameters, "message-id")
			edit := func(ev *evidence.Evidence) {
				for i := range ev.Snapshots {
					for n := range ev.Snapshots[i].Profiles {
						for e := range ev.Snapshots[i].Profiles[n].Events {
							ev.Snapshots[i].Profiles[n].Events[e].ID = ""
						}
					}
				}
				if test.edit != nil {
					test.edit(ev)
				}
			}
			mustBe(t, judged(t, p, events(), edit, scenario.Expectation{At: "signing-up", Profile: "customer", Is: "complete"}), test.outcome, test.text)
		})
	}
}

// TestAClaimForAnotherCustomerBelongsToNobodyForCertain: a backend may keep the event
// of a conflict or leave it out; but it may not do what the event says.
func TestAClaimForAnotherCustomerBelongsToNobodyForCertain(t *testing.T) {
	t.Parallel()
	journey := []scenario.Step{
		{Name: "arriving", Open: "home"},
		{Name: "signing-in", Do: "sign-in"},
		{Name: "handed-over", Open: "home", Person: "second"},
		{Name: "claimed", Do: "sign-in"},
		{Name: "handed-back", Open: "home", Person: "first"},
	}
	sent := func() map[string][]reported {
		return map[string][]reported{
			"arriving":    {{uid: userA, did: deviceD, mid: idOf("a1"), name: "view"}},
			"signing-in":  {{uid: userA, did: deviceD, mid: idOf("a2"), name: "sign_in", who: "first"}},
			"handed-over": {{uid: userA, did: deviceD, mid: idOf("a3"), name: "view"}},
			"claimed":     {{uid: userA, did: deviceD, mid: idOf("a4"), name: "sign_in", who: "second"}},
			"handed-back": {{uid: userA, did: deviceD, mid: idOf("a5"), name: "view"}},
		}
	}
	without := func(ev *evidence.Evidence) {
		for i := range ev.Snapshots {
			for n := range ev.Snapshots[i].Profiles {
				p := &ev.Snapshots[i].Profiles[n]
				p.Events = slices.DeleteFunc(p.Events, func(e evidence.ProfileEvent) bool { return e.ID == idOf("a4") })
			}
		}
	}
	complete := scenario.Expectation{At: "handed-back", Profile: "customer", Is: "complete"}
	mustBe(t, judged(t, merging(t, journey...), sent(), nil, complete), verdict.Pass, "5 events")
	mustBe(t, judged(t, merging(t, journey...), sent(), without, complete), verdict.Pass, "4 events")
	absent := scenario.Expectation{At: "claimed", Profile: "customer", Is: "absent"}
	mustBe(t, judged(t, merging(t, journey...), sent(), nil, absent), verdict.Pass, "there is none")
	swallowed := func(ev *evidence.Evidence) {
		held(ev, "handed-back", "visitor", userA).CustomerID = held(ev, "handed-back", "customer", "second").ID
	}
	marked := scenario.Expectation{At: "handed-back", Profile: "visitor", Is: "marked"}
	mustBe(t, judged(t, merging(t, journey...), sent(), swallowed, marked), verdict.Fail, "and not to")
}

// TestTheRawIdentityIsRefused: that there is no customer proves something where the
// collector said why.
func TestTheRawIdentityIsRefused(t *testing.T) {
	t.Parallel()
	journey := []scenario.Step{{Name: "arriving", Open: "home"}, {Name: "signing-in", Do: "sign-in"}}
	raw := func(t *testing.T) *scenario.Plan {
		p := merging(t, journey...)
		p.Scenario.Config.Identity = &scenario.Identification{By: scenario.IdentityRaw}
		return p
	}
	sent := func(refused string) map[string][]reported {
		return map[string][]reported{
			"arriving":   {{uid: userA, did: deviceD, mid: idOf("a1"), name: "view"}},
			"signing-in": {{uid: userA, did: deviceD, mid: idOf("a2"), name: "sign_in", who: "first", refused: refused, lost: refused == "silently"}},
		}
	}
	absent := scenario.Expectation{At: "signing-in", Profile: "raw-customer", Is: "absent"}
	anonymous := scenario.Expectation{At: "signing-in", Profile: "visitor", Is: "anonymous"}
	for _, e := range []scenario.Expectation{absent, anonymous} {
		mustBe(t, judged(t, raw(t), sent("it is an address"), nil, e), verdict.Pass, "the identification was refused: it is an address")
	}
	taken := sent("")
	taken["signing-in"][0].lost = true
	mustBe(t, judged(t, raw(t), taken, nil, absent), verdict.Inconclusive, "seen to tell of none")
	mustBe(t, judged(t, raw(t), taken, nil, anonymous), verdict.Inconclusive, "marks nobody")
	there := func(ev *evidence.Evidence) { held(ev, "signing-in", "raw-customer", "").Found = true }
	mustBe(t, judged(t, raw(t), sent(""), there, absent), verdict.Fail, "there is one")
	mustBe(t, judged(t, raw(t), sent(""), nil, anonymous), verdict.Fail, "belongs to the customer "+ludmilla)
}

// TestASignOutMakesAnotherVisitor: what he is known by since does not count as a trace
// of who he was, and what he was known by before does, on every later page.
func TestASignOutMakesAnotherVisitor(t *testing.T) {
	t.Parallel()
	journey := append(signUpCourse(), scenario.Step{Name: "still-nobody", Open: "products"})
	sent := func() map[string][]reported {
		s := events()
		s["still-nobody"] = []reported{{uid: userC, did: deviceE, mid: idOf("c2"), name: "view"}}
		return s
	}
	untraced := scenario.Expectation{At: "still-nobody", Identity: "any", Is: "untraced"}
	fresh := scenario.Expectation{At: "still-nobody", Parameter: "visitor-id", Is: "fresh"}
	for _, e := range []scenario.Expectation{untraced, fresh} {
		mustBe(t, judged(t, merging(t, journey...), sent(), nil, e), verdict.Pass, "")
		kept := sent()
		kept["still-nobody"][0].uid = userB
		mustBe(t, judged(t, merging(t, journey...), kept, nil, e), verdict.Fail, "bbbbbbbb")
	}
	key := sent()
	key["still-nobody"][0].did = deviceD
	mustBe(t, judged(t, merging(t, journey...), key, nil, untraced), verdict.Fail, "d0000000")
	mustBe(t, judged(t, merging(t, journey...), sent(), func(ev *evidence.Evidence) {
		r := &ev.Requests[len(ev.Requests)-1]
		r.URL += "&last=" + merging(t, journey...).CustomerID()
	}, untraced), verdict.Fail, "in request")
}

func TestWithoutAMappingProfilesAreUnsupported(t *testing.T) {
	t.Parallel()
	for _, e := range []scenario.Expectation{{Profile: "customer", Is: "present"}, {Profile: "visitor", Is: "complete"}, {Attribute: "phone", Is: "given"}} {
		e.At = "signing-up"
		p := merging(t, signUpCourse()...)
		p.Pixel.Profile = nil
		ev := walked(p, events())
		expecting(p, e)
		p.Scenario.Expect[0].Clause = "antsomi.merges"
		mustBe(t, Judge(p, ev)[0], verdict.Unsupported, "")
	}
}

// TestProfilesSurviveRedaction: what is judged of redacted evidence is what was judged
// of the evidence itself.
func TestProfilesSurviveRedaction(t *testing.T) {
	t.Parallel()
	for name, c := range profileCases() {
		p := expecting(merging(t, signUpCourse()...), scenario.Expectation{At: c.at, Profile: c.profile, Is: c.is, With: c.with})
		p.Scenario.Expect[0].Clause = "antsomi.merges"
		sent := events()
		if c.before != nil {
			c.before(sent)
		}
		ev := walked(p, sent)
		if c.edit != nil {
			c.edit(ev)
		}
		redacted := evidence.Redact(ev, Identities(p, ev), []byte("key"))
		if text := fmt.Sprint(redacted); strings.Contains(text, userA) || strings.Contains(text, ludmilla) {
			t.Errorf("%s: not redacted: %s", name, text)
		}
		if v := Judge(p, redacted)[0]; v.Outcome != c.outcome {
			t.Errorf("%s: got %s: %s: %s; want %s", name, v.Outcome, v.Observed, v.Reason, c.outcome)
		}
	}
}

// TestProfileMessages compares what a failing backend is told with the golden file.
func TestProfileMessages(t *testing.T) {
	t.Parallel()
	var names []string
	cases := profileCases()
	for name, c := range cases {
		if c.outcome == verdict.Fail {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var text strings.Builder
	for _, name := range names {
		fmt.Fprintf(&text, "# %s\n%s\n", name, told([]verdict.Verdict{cases[name].judge(t)}))
	}
	golden(t, "profiles", text.String())
}

func TestIDsAreShortened(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, id := range []string{"", "user5684798169", userA, strings.Repeat("ab", 32), firstID, "redacted-0123456789ab", strings.Repeat("long ", 20)} {
		got[id] = short(id)
	}
	want := map[string]string{"": "", "user5684798169": "user5684798169", userA: "aaaaaaaa…", strings.Repeat("ab", 32): "abababab…",
		firstID: firstID, "redacted-0123456789ab": "redacted-0123456789ab", strings.Repeat("long ", 20): strings.Repeat("long ", 8) + "…"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestMessageIDsThatTellNothing: two events with one ID, and one event with two.
func TestMessageIDsThatTellNothing(t *testing.T) {
	t.Parallel()
	complete := scenario.Expectation{At: "signing-up", Profile: "customer", Is: "complete"}
	clash := events()
	clash["acting"][0].mid = idOf("b1")
	mustBe(t, judged(t, merging(t, signUpCourse()...), clash, nil, complete), verdict.Fail,
		"act b1000000… of the step acting cannot be kept: it has the message ID of another event, view")
	again := func(mid string, status int) map[string][]reported {
		sent := events()
		sent["acting"][0].made = 2*24*time.Hour + 2*time.Minute + time.Second
		repeated := sent["acting"][0]
		sent["acting"][0].status, sent["acting"][0].lost = status, status != 0
		repeated.mid = idOf(mid)
		sent["signing-up"] = append([]reported{repeated}, sent["signing-up"]...)
		return sent
	}
	mustBe(t, judged(t, merging(t, signUpCourse()...), again("b9", 0), nil, complete), verdict.Fail,
		"act b2000000… is in it again as act b9000000…: the pixel sent it again under another message ID")
	mustBe(t, judged(t, merging(t, signUpCourse()...), again("b2", 0), nil, complete), verdict.Pass, "4 events")
	mustBe(t, judged(t, merging(t, signUpCourse()...), again("b9", 503), nil, complete), verdict.Pass, "4 events")
}

// TestAHitThatWaitedBelongsToItsMaking: what is sent with the next step was made in the
// one before, and must have come under what the visitor was known by then.
func TestAHitThatWaitedBelongsToItsMaking(t *testing.T) {
	t.Parallel()
	journey := []scenario.Step{
		{Name: "arriving", Open: "home"},
		{Name: "signing-in", Do: "sign-in"},
		{Name: "acting", Do: "act", Ends: "at-once"},
		{Name: "signing-out", Do: "sign-out"},
		{Name: "as-nobody", Open: "home"},
	}
	sent := func(uid, did string) map[string][]reported {
		return map[string][]reported{
			"arriving":    {{uid: userA, did: deviceD, mid: idOf("a1"), name: "view"}},
			"signing-in":  {{uid: userA, did: deviceD, mid: idOf("a2"), name: "sign_in", who: "first"}},
			"signing-out": {{uid: uid, did: did, mid: idOf("a3"), name: "act", made: 2*time.Minute + time.Second}},
			"as-nobody":   {{uid: userC, did: deviceE, mid: idOf("c1"), name: "view"}},
		}
	}
	joined := scenario.Expectation{At: "signing-out", Profile: "customer", Is: "joined", With: "acting"}
	mustBe(t, judged(t, merging(t, journey...), sent(userA, deviceD), nil, joined), verdict.Pass, "the visitor aaaaaaaa… of the step acting is among its user IDs, with 1 event of the step")
	mustBe(t, judged(t, merging(t, journey...), sent(userC, deviceE), nil, joined), verdict.Fail, "the visitor cccccccc… (step acting) was not merged into the customer 62e3f019…: he is still nobody's")
	anonymous := scenario.Expectation{At: "as-nobody", Profile: "visitor", Is: "anonymous"}
	late := sent(userA, deviceD)
	late["as-nobody"] = append([]reported{{uid: userA, did: deviceD, mid: idOf("a4"), name: "leave", made: 3*time.Minute + time.Second}}, late["as-nobody"]...)
	mustBe(t, judged(t, merging(t, journey...), late, nil, anonymous), verdict.Pass, "the visitor cccccccc… is nobody's")
}

// TestASignInThatIsThrownAway: it was made in a step that ended at once, and its
// browser came to rest later without having sent it.
func TestASignInThatIsThrownAway(t *testing.T) {
	t.Parallel()
	journey := []scenario.Step{
		{Name: "arriving", Open: "home"},
		{Name: "signing-in", Do: "sign-in", Ends: "at-once"},
		{Name: "signing-out", Do: "sign-out"},
		{Name: "as-nobody", Open: "home"},
	}
	sent := map[string][]reported{
		"arriving":  {{uid: userA, did: deviceD, mid: idOf("a1"), name: "view"}},
		"as-nobody": {{uid: userC, did: deviceE, mid: idOf("c1"), name: "view"}},
	}
	present := scenario.Expectation{At: "as-nobody", Profile: "customer", Is: "present"}
	mustBe(t, judged(t, merging(t, journey...), sent, nil, present), verdict.Fail, "the pixel sent no identification in the step signing-in")
	journey[1].Collector = "failing"
	mustBe(t, judged(t, merging(t, journey...), sent, nil, present), verdict.Inconclusive, "left no way for one")
}
