package check

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// profileCase is one expectation, what is wrong with the evidence, and what must be
// found.
type profileCase struct {
	at, profile, is, with string
	// before changes what the pixel reports, edit the evidence that comes of it.
	before  func(map[string][]reported)
	edit    func(*evidence.Evidence)
	outcome verdict.Outcome
	text    string
}

func (c profileCase) judge(t *testing.T) verdict.Verdict {
	t.Helper()
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
	return Judge(p, ev)[0]
}

// profileCases is every state: where it holds, each way in which it does not, and
// what cannot be told.
func profileCases() map[string]profileCase {
	const customer, visitor, raw = scenario.ProfileCustomer, scenario.ProfileVisitor, scenario.ProfileRawCustomer
	signedUp := func(edit func(*evidence.Profile)) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) { edit(held(ev, "signing-up", customer, "")) }
	}
	gone := func(step, by, id string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			p := held(ev, step, by, id)
			*p = evidence.Profile{By: p.By, ID: p.ID, Person: p.Person}
		}
	}
	failing := func(step string) func(map[string][]reported) {
		return func(sent map[string][]reported) { sent[step][0].status, sent[step][0].lost = 503, true }
	}
	unread := func(step, by, id string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			s := ev.Snapshot(step)
			s.Profiles = slices.DeleteFunc(s.Profiles, func(p evidence.Profile) bool { return p.By == by && (p.ID == id || p.Person == id) })
		}
	}
	unmerged := func(of string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			held(ev, "signing-up", customer, "").UserIDs = []string{userB}
			p := held(ev, "signing-up", visitor, userA)
			p.CustomerID, p.Marked = of, of != ""
		}
	}
	lose := func(id string) func(*evidence.Profile) {
		return func(p *evidence.Profile) {
			p.Events = slices.DeleteFunc(p.Events, func(e evidence.ProfileEvent) bool { return e.ID == idOf(id) })
		}
	}
	return map[string]profileCase{
		"present":                      {"signing-up", customer, "present", "", nil, nil, verdict.Pass, "there"},
		"present, not there":           {"signing-up", customer, "present", "", nil, gone("signing-up", customer, ""), verdict.Fail, "there is no profile of the customer, though the identification of the step signing-up was taken"},
		"present, nothing sent":        {"signing-up", customer, "present", "", func(s map[string][]reported) { delete(s, "signing-up") }, nil, verdict.Fail, "and the pixel sent no identification in the step signing-up"},
		"present, refused":             {"signing-up", customer, "present", "", func(s map[string][]reported) { s["signing-up"][0].refused = "a raw address" }, nil, verdict.Fail, "was refused: a raw address"},
		"present, 503":                 {"signing-up", customer, "present", "", failing("signing-up"), nil, verdict.Inconclusive, "no identification is known to have been taken"},
		"present, not read":            {"signing-up", customer, "present", "", nil, unread("signing-up", customer, ""), verdict.Inconclusive, "the backend was not asked"},
		"present, before":              {"acting", customer, "present", "", nil, nil, verdict.Inconclusive, "the site has told nobody"},
		"present, no snapshot":         {"signing-up", customer, "present", "", nil, func(ev *evidence.Evidence) { ev.Snapshots = ev.Snapshots[:3] }, verdict.Inconclusive, "were not read"},
		"present, restless":            {"signing-up", customer, "present", "", nil, func(ev *evidence.Evidence) { ev.Steps[3].Fenced = false }, verdict.Inconclusive, "not seen to come to rest"},
		"present, visitor":             {"first-visit", visitor, "present", "", nil, nil, verdict.Pass, "there"},
		"present, no visitor":          {"first-visit", visitor, "present", "", nil, gone("first-visit", visitor, userA), verdict.Fail, "no profile of the visitor aaaaaaaa…"},
		"present, visitor's hit reset": {"first-visit", visitor, "present", "", func(s map[string][]reported) { s["first-visit"][0].status, s["first-visit"][0].lost = -1, true }, nil, verdict.Inconclusive, "no hit of the visitor"},
		"present, no visitor ID":       {"signing-out", visitor, "present", "", nil, nil, verdict.Inconclusive, "sent no visitor ID in the step signing-out"},
		"present, visitor not read":    {"first-visit", visitor, "present", "", nil, unread("first-visit", visitor, userA), verdict.Inconclusive, "not asked for the visitor aaaaaaaa…"},
		"present, another one named": {"signing-up", customer, "present", "", nil, func(ev *evidence.Evidence) {
			r := sentIn(ev, "signing-up")
			r.URL = strings.Replace(r.URL, "identify_id%22%3A%22"+held(ev, "signing-up", customer, "").ID, "identify_id%22%3A%22"+userS, 1)
			gone("signing-up", customer, "")(ev)
		}, verdict.Fail, "for the identification of the step signing-up named 55555555…"},
		"complete, another one named": {"signing-up", customer, "complete", "", nil, func(ev *evidence.Evidence) {
			r := sentIn(ev, "signing-up")
			r.URL = strings.Replace(r.URL, "identify_id%22%3A%22"+held(ev, "signing-up", customer, "").ID, "identify_id%22%3A%22"+userS, 1)
			gone("signing-up", customer, "")(ev)
		}, verdict.Inconclusive, "named 55555555…"},
		"marked visitor, another one named": {"signing-up", visitor, "marked", "", nil, func(ev *evidence.Evidence) {
			r := sentIn(ev, "signing-up")
			r.URL = strings.Replace(r.URL, "identify_id%22%3A%22"+held(ev, "signing-up", customer, "").ID, "identify_id%22%3A%22"+userS, 1)
			held(ev, "signing-up", visitor, userB).CustomerID = userS
		}, verdict.Inconclusive, "the pixel named 55555555… itself"},
		"complete, nothing sent":        {"signing-up", customer, "complete", "", func(s map[string][]reported) { delete(s, "signing-up") }, nil, verdict.Inconclusive, "the pixel sent no identification"},
		"absent before":                 {"acting", customer, "absent", "", nil, nil, verdict.Pass, "there is none; the customer"},
		"absent, but there":             {"signing-up", customer, "absent", "", nil, nil, verdict.Fail, "there is one"},
		"absent, none ever":             {"acting", customer, "absent", "", failing("signing-up"), nil, verdict.Inconclusive, "seen to tell of none"},
		"absent raw":                    {"signing-up", raw, "absent", "", nil, nil, verdict.Pass, "there is none"},
		"absent raw, nobody identified": {"acting", raw, "absent", "", nil, nil, verdict.Inconclusive, "identified nobody"},
		"absent raw, there":             {"signing-up", raw, "absent", "", nil, func(ev *evidence.Evidence) { held(ev, "signing-up", raw, "").Found = true }, verdict.Fail, "there is one"},
		"anonymous":                     {"acting", visitor, "anonymous", "", nil, nil, verdict.Pass, "was marked in the step signing-up"},
		"anonymous, of a customer":      {"signing-up", visitor, "anonymous", "", nil, nil, verdict.Fail, "belongs to the customer"},
		"anonymous, marked":             {"acting", visitor, "anonymous", "", nil, func(ev *evidence.Evidence) { held(ev, "acting", visitor, userB).Marked = true }, verdict.Fail, "is marked as a customer"},
		"anonymous, none marked":        {"acting", visitor, "anonymous", "", failing("signing-up"), nil, verdict.Inconclusive, "marks nobody"},
		"anonymous, not there":          {"acting", visitor, "anonymous", "", nil, gone("acting", visitor, userB), verdict.Fail, "no profile of the visitor"},
		"marked":                        {"signing-up", customer, "marked", "", nil, nil, verdict.Pass, "marked as a customer"},
		"marked, not":                   {"signing-up", customer, "marked", "", nil, signedUp(func(p *evidence.Profile) { p.Marked = false }), verdict.Fail, "not marked as a customer"},
		"marked, renamed":               {"signing-up", customer, "marked", "", nil, signedUp(func(p *evidence.Profile) { p.CustomerID = userS }), verdict.Fail, "calls itself 55555555…"},
		"marked visitor":                {"signing-up", visitor, "marked", "", nil, nil, verdict.Pass, "is the customer"},
		"marked visitor, of another":    {"signing-up", visitor, "marked", "", nil, func(ev *evidence.Evidence) { held(ev, "signing-up", visitor, userB).CustomerID = userS }, verdict.Fail, "belongs to the customer 55555555…, and not to"},
		"marked visitor, of nobody":     {"signing-up", visitor, "marked", "", nil, func(ev *evidence.Evidence) { held(ev, "signing-up", visitor, userB).CustomerID = "" }, verdict.Fail, "belongs to no customer"},
		"marked visitor, no mark":       {"signing-up", visitor, "marked", "", nil, func(ev *evidence.Evidence) { held(ev, "signing-up", visitor, userB).Marked = false }, verdict.Fail, "is not marked as a customer"},
		"marked visitor, not yet":       {"acting", visitor, "marked", "", nil, nil, verdict.Inconclusive, "no identification of that customer"},
		"complete":                      {"signing-up", customer, "complete", "", nil, nil, verdict.Pass, "4 events of 2 user IDs, each once"},
		"complete, visitor":             {"acting", visitor, "complete", "", nil, nil, verdict.Pass, "2 events of 1 user ID, each once"},
		"complete, one missing":         {"signing-up", customer, "complete", "", nil, signedUp(lose("a1")), verdict.Fail, "view a1000000… is missing, which the visitor aaaaaaaa… (step first-visit) sent: the backend has it with that visitor alone"},
		"complete, twice":               {"signing-up", customer, "complete", "", nil, signedUp(func(p *evidence.Profile) { p.Events = append(p.Events, p.Events[0]) }), verdict.Fail, "view a1000000… is in it twice"},
		"complete, unheard of":          {"signing-up", customer, "complete", "", nil, signedUp(func(p *evidence.Profile) { p.Events = append(p.Events, evidence.ProfileEvent{ID: idOf("99")}) }), verdict.Fail, "which no browser sent by then"},
		"complete, a stranger's": {"browsing", customer, "complete", "", nil, func(ev *evidence.Evidence) {
			p := held(ev, "browsing", customer, "")
			p.Events = append(p.Events, evidence.ProfileEvent{ID: idOf("51"), VisitorID: userS, Name: "view"})
		}, verdict.Fail, "which the visitor 55555555… (step stranger, another person) sent, who is not among its user IDs"},
		"complete, a later one":      {"signing-up", customer, "complete", "", nil, signedUp(func(p *evidence.Profile) { p.Events = append(p.Events, evidence.ProfileEvent{ID: idOf("b4")}) }), verdict.Fail, "which no browser sent by then"},
		"complete, under another ID": {"signing-up", customer, "complete", "", nil, signedUp(func(p *evidence.Profile) { p.Events[0].VisitorID = userS }), verdict.Fail, "under the visitor 55555555…"},
		"complete, renamed":          {"signing-up", customer, "complete", "", nil, signedUp(func(p *evidence.Profile) { p.Events[0].Name = "other" }), verdict.Fail, `as "other"`},
		"complete, refused one in it": {"signing-up", customer, "complete", "", func(s map[string][]reported) { s["acting"][0].refused = "too long" }, signedUp(func(p *evidence.Profile) {
			p.Events = append(p.Events, evidence.ProfileEvent{ID: idOf("b2"), VisitorID: userB, Name: "act"})
		}), verdict.Fail, "which was refused: too long"},
		"complete, refused one left out":    {"signing-up", customer, "complete", "", func(s map[string][]reported) { s["acting"][0].refused = "too long" }, nil, verdict.Pass, "3 events"},
		"complete, 503 left out":            {"signing-up", customer, "complete", "", failing("acting"), nil, verdict.Pass, "3 events"},
		"complete, 503 stored all the same": {"signing-up", customer, "complete", "", func(s map[string][]reported) { s["acting"][0].status = 503 }, nil, verdict.Pass, "4 events"},
		"complete, sent again after a 503": {"signing-up", customer, "complete", "", func(s map[string][]reported) {
			again := s["acting"][0]
			s["acting"][0].status = 503
			s["signing-up"] = append(s["signing-up"], again)
		}, nil, verdict.Pass, "4 events"},
		"complete, sent again and twice": {"signing-up", customer, "complete", "", func(s map[string][]reported) { s["acting"] = append(s["acting"], s["acting"][0]) }, signedUp(func(p *evidence.Profile) { p.Events = append(p.Events, p.Events[2]) }), verdict.Fail, "act b2000000… is in it twice"},
		"complete, sent again but lost": {"signing-up", customer, "complete", "", func(s map[string][]reported) {
			again := s["acting"][0]
			s["acting"][0].status = 503
			s["signing-up"] = append(s["signing-up"], again)
		}, signedUp(lose("b2")), verdict.Fail, "act b2000000… is missing, which the visitor bbbbbbbb… (step acting) sent"},
		"complete, after the snapshot": {"browsing", customer, "complete", "", func(s map[string][]reported) { s["browsing"][0].arrived = 6*time.Minute + time.Second }, nil, verdict.Pass, "4 events"},
		"complete, while it was read": {"browsing", customer, "complete", "", nil, func(ev *evidence.Evidence) {
			ev.Snapshot("browsing").ProfilesRead = 5*time.Minute + 30*time.Second - 1
			lose("b4")(held(ev, "browsing", customer, ""))
		}, verdict.Pass, "4 events"},
		"complete, no user IDs":      {"signing-up", customer, "complete", "", nil, signedUp(func(p *evidence.Profile) { p.UserIDs = nil }), verdict.Fail, "the customer 62e3f019… has no user ID"},
		"complete, a hit not whole":  {"signing-up", customer, "complete", "", nil, func(ev *evidence.Evidence) { sentIn(ev, "acting").Incomplete = "cut" }, verdict.Inconclusive, "not known whole: cut"},
		"complete, a hit without ID": {"signing-up", customer, "complete", "", func(s map[string][]reported) { s["acting"][0].mid = "" }, nil, verdict.Inconclusive, "carries no message ID"},
		"complete, sessions lost":    {"signing-up", customer, "complete", "", nil, signedUp(func(p *evidence.Profile) { p.Sessions = 1 }), verdict.Fail, "1 session, where its user IDs have 2 together"},
		"complete, no sessions":      {"signing-up", customer, "complete", "", nil, signedUp(func(p *evidence.Profile) { p.Sessions = 0 }), verdict.Fail, "it has no session"},
		"complete, not there":        {"signing-up", customer, "complete", "", nil, gone("signing-up", customer, ""), verdict.Fail, "there is no profile"},
		"complete, missing while restless": {"signing-up", customer, "complete", "", nil, func(ev *evidence.Evidence) {
			lose("a1")(held(ev, "signing-up", customer, ""))
			ev.Steps[3].Fenced = false
		}, verdict.Inconclusive, "not seen to come to rest"},
		"complete, twice while restless": {"signing-up", customer, "complete", "", nil, func(ev *evidence.Evidence) {
			p := held(ev, "signing-up", customer, "")
			p.Events = append(p.Events, p.Events[0])
			ev.Steps[3].Fenced = false
		}, verdict.Fail, "twice"},
		"complete, another's as well": {"signing-up", customer, "complete", "", nil, func(ev *evidence.Evidence) {
			s := ev.Snapshot("signing-up")
			s.Profiles = append(s.Profiles, evidence.Profile{By: customer, ID: userS, Person: "third", Found: true, UserIDs: []string{userA}})
		}, verdict.Fail, "the visitor aaaaaaaa… is a user ID of two: of the customer 62e3f019… and of the customer 55555555…"},
		"anonymous, but a customer's": {"as-nobody", visitor, "anonymous", "", nil, func(ev *evidence.Evidence) {
			p := held(ev, "as-nobody", customer, "")
			p.UserIDs = append(p.UserIDs, userC)
		}, verdict.Fail, "the visitor cccccccc… is a user ID of the customer"},
		"complete, nothing answered": {"acting", visitor, "complete", "", func(s map[string][]reported) { s["second-visit"][0].status, s["acting"][0].status = 503, 503 }, nil, verdict.Inconclusive, "no event of its user IDs is known to have been taken"},
		"joined":                     {"signing-up", customer, "joined", "first-visit", nil, nil, verdict.Pass, "the visitor aaaaaaaa… of the step first-visit is among its user IDs, with 1 event of the step"},
		"joined with itself":         {"signing-up", customer, "joined", "signing-up", nil, nil, verdict.Pass, "bbbbbbbb…"},
		"joined, ID missing":         {"signing-up", customer, "joined", "first-visit", nil, signedUp(func(p *evidence.Profile) { p.UserIDs = []string{userB} }), verdict.Fail, "was not merged into the customer 62e3f019…: he is not among its user IDs, though the backend says of him that he belongs to it"},
		"joined, still nobody's":     {"signing-up", customer, "joined", "first-visit", nil, unmerged(""), verdict.Fail, "the visitor aaaaaaaa… (step first-visit) was not merged into the customer 62e3f019…: he is still nobody's"},
		"joined, another's":          {"signing-up", customer, "joined", "first-visit", nil, unmerged(userS), verdict.Fail, "was not merged into the customer 62e3f019…: he belongs to the customer 55555555…"},
		"joined, on another's list": {"signing-up", customer, "joined", "first-visit", nil, func(ev *evidence.Evidence) {
			unmerged("")(ev)
			s := ev.Snapshot("signing-up")
			s.Profiles = append(s.Profiles, evidence.Profile{By: customer, ID: userS, Person: "third", Found: true, UserIDs: []string{userA}})
		}, verdict.Fail, "he is a user ID of the customer 55555555…"},
		"joined, marked as nobody's": {"signing-up", customer, "joined", "first-visit", nil, func(ev *evidence.Evidence) {
			unmerged("")(ev)
			held(ev, "signing-up", visitor, userA).Marked = true
		}, verdict.Fail, "he is marked as a customer, though of nobody"},
		"joined, visitor gone": {"signing-up", customer, "joined", "first-visit", nil, func(ev *evidence.Evidence) {
			unmerged("")(ev)
			gone("signing-up", visitor, userA)(ev)
		}, verdict.Fail, "the backend has no profile of him"},
		"joined, event with another": {"signing-up", customer, "joined", "first-visit", nil, func(ev *evidence.Evidence) {
			signedUp(lose("a1"))(ev)
			s := ev.Snapshot("signing-up")
			s.Profiles = append(s.Profiles, evidence.Profile{By: customer, ID: userS, Person: "third", Found: true, Events: []evidence.ProfileEvent{{ID: idOf("a1")}}})
		}, verdict.Fail, "the backend has it with the customer 55555555…"},
		"joined, event missing":   {"signing-up", customer, "joined", "first-visit", nil, signedUp(lose("a1")), verdict.Fail, "is missing"},
		"joined, event twice":     {"signing-up", customer, "joined", "first-visit", nil, signedUp(func(p *evidence.Profile) { p.Events = append(p.Events, p.Events[0]) }), verdict.Fail, "is in it 2 times"},
		"joined, attribute lost":  {"signing-up", customer, "joined", "acting", nil, signedUp(func(p *evidence.Profile) { p.CustomAttributes = nil }), verdict.Fail, `the custom attribute "favourite" of the visitor bbbbbbbb… is not among those of the customer 62e3f019…`},
		"joined, sessions lost":   {"signing-up", customer, "joined", "acting", nil, signedUp(func(p *evidence.Profile) { p.Sessions = 0 }), verdict.Fail, "0 sessions, where the visitor bbbbbbbb… alone has 1"},
		"joined, never delivered": {"signing-up", customer, "joined", "first-visit", failing("first-visit"), nil, verdict.Inconclusive, "no hit of the visitor aaaaaaaa… (step first-visit) is known"},
		"joined, nothing sent":    {"browsing", customer, "joined", "signing-out", nil, nil, verdict.Inconclusive, "sent no visitor ID in the step signing-out"},
		"apart":                   {"browsing", customer, "apart", "stranger", nil, nil, verdict.Pass, "nothing of the visitor 55555555… of the step stranger"},
		"apart, its ID": {"browsing", customer, "apart", "stranger", nil, func(ev *evidence.Evidence) {
			p := held(ev, "browsing", customer, "")
			p.UserIDs = append(p.UserIDs, userS)
		}, verdict.Fail, "the visitor 55555555… (step stranger, another person) was merged into the customer 62e3f019…: he is among its user IDs, though the backend says of him that he is nobody's"},
		"apart, its event":       {"browsing", customer, "apart", "stranger", nil, func(ev *evidence.Evidence) { held(ev, "browsing", customer, "").Events[0].ID = idOf("51") }, verdict.Fail, "view 51000000… is in it, which the visitor 55555555… (step stranger, another person) sent"},
		"apart, an event of its": {"browsing", customer, "apart", "stranger", nil, func(ev *evidence.Evidence) { held(ev, "browsing", customer, "").Events[0].VisitorID = userS }, verdict.Fail, "under the visitor 55555555… (step stranger, another person)"},
		"apart, claimed by it": {"browsing", customer, "apart", "stranger", nil, func(ev *evidence.Evidence) {
			p := held(ev, "browsing", visitor, userS)
			p.CustomerID = held(ev, "browsing", customer, "").ID
		}, verdict.Fail, "was merged into the customer 62e3f019…: it is what the backend says of him"},
		"apart, no stranger":          {"browsing", customer, "apart", "stranger", nil, gone("browsing", visitor, userS), verdict.Inconclusive, "has no profile of the visitor 55555555… (step stranger, another person)"},
		"apart, stranger not read":    {"browsing", customer, "apart", "stranger", nil, unread("browsing", visitor, userS), verdict.Inconclusive, "has no profile of the visitor 55555555… (step stranger, another person)"},
		"apart, stranger's hits lost": {"browsing", customer, "apart", "stranger", failing("stranger"), nil, verdict.Inconclusive, "has no profile of"},
		"apart, customer not there":   {"browsing", customer, "apart", "stranger", nil, gone("browsing", customer, ""), verdict.Fail, "there is no profile"},
		"apart, the same person":      {"browsing", customer, "apart", "first-visit", nil, nil, verdict.Fail, "the visitor aaaaaaaa… (step first-visit) was merged into the customer 62e3f019…: he is among its user IDs"},
		"apart, silent":               {"browsing", customer, "apart", "signing-out", nil, nil, verdict.Inconclusive, "sent no visitor ID"},
		"unchanged":                   {"as-nobody", customer, "unchanged", "", nil, nil, verdict.Pass, "as at the end of the step signing-out; it changed in the step signing-up"},
		"unchanged, an event":         {"browsing", customer, "unchanged", "", nil, nil, verdict.Fail, "it has got the event view b4000000…"},
		"unchanged, an event lost":    {"as-nobody", customer, "unchanged", "", nil, func(ev *evidence.Evidence) { lose("a1")(held(ev, "as-nobody", customer, "")) }, verdict.Fail, "it has lost the event view a1000000…"},
		"unchanged, a user ID": {"as-nobody", customer, "unchanged", "", nil, func(ev *evidence.Evidence) {
			p := held(ev, "as-nobody", customer, "")
			p.UserIDs = append(p.UserIDs, userC)
		}, verdict.Fail, "it has got the user ID cccccccc…"},
		"unchanged, a user ID lost":    {"as-nobody", customer, "unchanged", "", nil, func(ev *evidence.Evidence) { held(ev, "as-nobody", customer, "").UserIDs = []string{userB} }, verdict.Fail, "it has lost the user ID aaaaaaaa…"},
		"unchanged, renamed":           {"as-nobody", customer, "unchanged", "", nil, func(ev *evidence.Evidence) { held(ev, "as-nobody", customer, "").CustomerID = userC }, verdict.Fail, "its customer ID has changed from"},
		"unchanged, an attribute":      {"as-nobody", customer, "unchanged", "", nil, func(ev *evidence.Evidence) { held(ev, "as-nobody", customer, "").CustomerAttributes["phone"] = "1" }, verdict.Fail, `phone has changed from "+4930555019876" to "1"`},
		"unchanged, gone":              {"as-nobody", customer, "unchanged", "", nil, gone("as-nobody", customer, ""), verdict.Fail, "it is gone"},
		"unchanged, nothing sent":      {"signing-out", customer, "unchanged", "", nil, nil, verdict.Inconclusive, "nothing that could have changed it"},
		"unchanged, nothing delivered": {"as-nobody", customer, "unchanged", "", failing("as-nobody"), nil, verdict.Inconclusive, "nothing that could have changed it"},
		"unchanged, none":              {"acting", customer, "unchanged", "", nil, nil, verdict.Inconclusive, "there was none"},
		"unchanged, never read":        {"first-visit", customer, "unchanged", "", nil, nil, verdict.Inconclusive, "read at the end of no earlier step"},
		"unchanged, new":               {"signing-up", customer, "unchanged", "", nil, nil, verdict.Fail, "it is new since the step acting"},
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	for name, c := range profileCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if v := c.judge(t); v.Outcome != c.outcome || !strings.Contains(v.Observed+"; "+v.Reason, c.text) {
				t.Errorf("got %s: %s: %s", v.Outcome, v.Observed, v.Reason)
			}
		})
	}
}
