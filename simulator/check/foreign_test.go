package check

import (
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// TestWhatAMergeMixesOrLoses: a backend whose lists are right, and what stands around
// them is not.
func TestWhatAMergeMixesOrLoses(t *testing.T) {
	t.Parallel()
	const customer, visitor = scenario.ProfileCustomer, scenario.ProfileVisitor
	of := func(step, by, id string, edit func(*evidence.Profile)) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) { edit(held(ev, step, by, id)) }
	}
	system := func(name, value string) func(*evidence.Profile) {
		return func(p *evidence.Profile) { p.SystemAttributes[name] = value }
	}
	both := func(edits ...func(*evidence.Evidence)) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			for _, edit := range edits {
				edit(ev)
			}
		}
	}
	emptied := func(p *evidence.Profile) { p.CustomAttributes = nil }
	for name, c := range map[string]profileCase{
		// Attributes from before the merge.
		"lost with the visitor's own": {"signing-up", customer, "joined", "acting", nil,
			both(of("signing-up", customer, "", emptied), of("signing-up", visitor, userB, emptied)), verdict.Fail,
			`the custom attribute "favourite" of the visitor bbbbbbbb… was "shoes" in the step acting, and is none with the customer 62e3f019…`},
		"another value": {"signing-up", customer, "joined", "acting", nil,
			of("signing-up", customer, "", func(p *evidence.Profile) { p.CustomAttributes["favourite"] = "hats" }), verdict.Fail, `was "shoes" in the step acting, and is "hats" with`},
		"a newer value": {"signing-up", customer, "joined", "acting", func(s map[string][]reported) {
			s["signing-up"][0].custom = map[string]string{"favourite": "hats"}
		}, nil, verdict.Pass, "bbbbbbbb…"},
		"a newer value of another visitor": {"signing-up", customer, "joined", "first-visit", func(s map[string][]reported) {
			s["first-visit"][0].custom = map[string]string{"favourite": "hats"}
		}, nil, verdict.Pass, "aaaaaaaa…"},
		"found out by the backend, and changed": {"signing-up", customer, "joined", "acting", nil,
			of("acting", visitor, userB, system("visits", "1")), verdict.Pass, "bbbbbbbb…"},
		"lost, redacted": {"signing-up", customer, "joined", "acting", nil, both(func(ev *evidence.Evidence) { ev.Redacted = true },
			of("signing-up", customer, "", func(p *evidence.Profile) { p.CustomAttributes["favourite"] = "hats" })), verdict.Pass, "bbbbbbbb…"},
		// A user ID in two profiles.
		"still anonymous": {"signing-up", customer, "joined", "first-visit", nil,
			of("signing-up", visitor, userA, func(p *evidence.Profile) { p.CustomerID, p.Marked = "", false }), verdict.Fail,
			"the visitor aaaaaaaa… is a user ID of the customer 62e3f019…, and the backend says of him that he still stands as an anonymous profile"},
		"still anonymous, complete": {"signing-up", customer, "complete", "", nil,
			of("signing-up", visitor, userA, func(p *evidence.Profile) { p.CustomerID, p.Marked = "", false }), verdict.Fail, "still stands as an anonymous profile"},
		"of another one by himself": {"signing-up", customer, "joined", "first-visit", nil,
			of("signing-up", visitor, userA, func(p *evidence.Profile) { p.CustomerID = userS }), verdict.Fail, "that he belongs to the customer 55555555…"},
		"unmarked": {"signing-up", customer, "joined", "first-visit", nil,
			of("signing-up", visitor, userA, func(p *evidence.Profile) { p.Marked = false }), verdict.Fail, "that he is not marked as a customer"},
		"marked as nobody's": {"signing-up", customer, "joined", "first-visit", nil,
			of("signing-up", visitor, userA, func(p *evidence.Profile) { p.CustomerID = "" }), verdict.Fail, "that he is marked as a customer, though of nobody"},
		"no profile of his own any more": {"signing-up", customer, "joined", "first-visit", nil,
			of("signing-up", visitor, userA, func(p *evidence.Profile) { *p = evidence.Profile{By: p.By, ID: p.ID} }), verdict.Pass, "aaaaaaaa…"},
		"still anonymous, the claim not acknowledged": {"signing-up", customer, "joined", "first-visit",
			func(s map[string][]reported) { s["signing-up"][0].status = 503 },
			of("signing-up", visitor, userA, func(p *evidence.Profile) { p.CustomerID, p.Marked = "", false }), verdict.Inconclusive, "no identification of that customer is known to have been taken"},
		// Values of other persons.
		"a stranger's address": {"browsing", customer, "complete", "", nil,
			of("browsing", customer, "", system("other_mail", "x "+strings.ToUpper(foreignEmail))), verdict.Fail, "other_mail of the customer 62e3f019… is"},
		"a stranger's number": {"browsing", customer, "joined", "first-visit", nil,
			of("browsing", customer, "", func(p *evidence.Profile) { p.CustomerAttributes["phone"] = "+5041666120987" }), verdict.Fail, "the site told that of another customer"},
		"a stranger's, apart": {"browsing", customer, "apart", "stranger", nil,
			of("browsing", customer, "", system("other_mail", foreignEmail)), verdict.Fail, "the site told that of another customer"},
		"a stranger's, said by the pixel itself": {"browsing", customer, "complete", "", func(s map[string][]reported) {
			s["browsing"][0].custom = map[string]string{"friend": foreignEmail}
		}, nil, verdict.Pass, "each once"},
		"his, with the stranger": {"browsing", customer, "apart", "stranger", nil,
			of("browsing", visitor, userS, system("mail", ludmilla)), verdict.Fail, "mail of the visitor 55555555… is"},
		"his own new number": {"browsing", customer, "complete", "", nil,
			of("browsing", customer, "", func(p *evidence.Profile) { p.CustomerAttributes["phone"] = "+4930555022222" }), verdict.Pass, "each once"},
		"the customer's on the anonymous profile": {"as-nobody", visitor, "anonymous", "", nil,
			of("as-nobody", visitor, userC, func(p *evidence.Profile) { p.CustomerAttributes = map[string]string{"email": ludmilla} }), verdict.Fail,
			"email of the visitor cccccccc… is \"" + ludmilla + "\": the site told that of a customer, and the visitor is nobody's"},
		"the customer's, said by the pixel itself": {"as-nobody", visitor, "anonymous", "", func(s map[string][]reported) {
			s["as-nobody"][0].custom = map[string]string{"mail": ludmilla}
		}, nil, verdict.Pass, "is nobody's"},
		"the customer's, redacted": {"as-nobody", visitor, "anonymous", "", nil, both(func(ev *evidence.Evidence) { ev.Redacted = true },
			of("as-nobody", visitor, userC, system("mail", ludmilla))), verdict.Pass, "is nobody's"},
		// A profile that does not speak by the pixel's IDs.
		"apart, by IDs of the backend's own": {"browsing", customer, "apart", "stranger", nil, of("browsing", customer, "", func(p *evidence.Profile) {
			p.UserIDs = []string{deviceD}
			for i := range p.Events {
				p.Events[i].VisitorID = deviceD
			}
		}), verdict.Inconclusive, "holds no user ID and event that a browser of the journey is known to have sent"},
		"apart, by message IDs of the backend's own": {"browsing", customer, "apart", "stranger", nil, of("browsing", customer, "", func(p *evidence.Profile) {
			for i := range p.Events {
				p.Events[i].ID = "00" + p.Events[i].ID
			}
		}), verdict.Inconclusive, "holds no user ID and event that a browser"},
		// Sessions.
		"a session for each event": {"acting", visitor, "complete", "", moments(119*time.Second, 2*time.Minute),
			of("acting", visitor, userB, func(p *evidence.Profile) { p.Sessions = 2 }), verdict.Fail, "2 sessions of the visitor bbbbbbbb…, whose events by the times at which they were made are 1 at most"},
		"two sessions after a pause": {"acting", visitor, "complete", "", moments(time.Minute, 12*time.Minute),
			of("acting", visitor, userB, func(p *evidence.Profile) { p.Sessions = 2 }), verdict.Pass, "each once"},
		"two sessions about a quarter": {"acting", visitor, "complete", "", moments(14*time.Minute+59*time.Second, 15*time.Minute),
			of("acting", visitor, userB, func(p *evidence.Profile) { p.Sessions = 2 }), verdict.Pass, "each once"},
		"unchanged but for the sessions": {"as-nobody", customer, "unchanged", "", nil,
			of("as-nobody", customer, "", func(p *evidence.Profile) { p.Sessions++ }), verdict.Fail, "its sessions have changed from 2 to 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if v := c.judge(t); v.Outcome != c.outcome || !strings.Contains(v.Observed+"; "+v.Reason, c.text) {
				t.Errorf("got %s: %s: %s", v.Outcome, v.Observed, v.Reason)
			}
		})
	}
}

// foreignEmail is what the site knows of the second person.
const foreignEmail = "mvenjmmb.rvjuufocbvn@example.org"

// moments has the two events of the second visit made so long after noon.
func moments(view, act time.Duration) func(map[string][]reported) {
	return func(s map[string][]reported) {
		const day = 2 * 24 * time.Hour
		s["second-visit"][0].made = day + view
		s["acting"][0].made = day + act
	}
}

func TestWhatIsTelling(t *testing.T) {
	t.Parallel()
	if telling("gender", "female") || telling("email", "a@b.c") || !telling("email", foreignEmail) || telling("birth-date", "1987-04-21") {
		t.Error("what may stand anywhere by chance is taken for a person's, or what is his is not")
	}
}
