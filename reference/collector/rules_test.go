package collector_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
)

// The journey of which each wrong rule makes something else: two visits and a
// sign-in, a stranger, a second customer ID, and a change that comes late.
var journey = []told{
	{uid: "a", did: "d", mid: "1", custom: `{"favourite":"shoes"}`},
	{uid: "b", did: "d", mid: "2", made: 24},
	{uid: "c", did: "d", mid: "3", made: 48, who: "anna", customer: `{"name":"Ng","phone":"2"}`},
	{uid: "c", did: "d", mid: "3", made: 48, who: "anna", customer: `{"name":"Ng","phone":"2"}`},
	{uid: "x", did: "e", mid: "4", made: 24, who: "ben", customer: `{"name":"Ng"}`},
	{uid: "c", did: "d", mid: "5", made: 49, who: "carl"},
	{uid: "c", did: "d", mid: "6", made: 48.1, at: 47, who: "anna", customer: `{"phone":"1"}`},
}

func TestRulesAreWhatMakesTheDifference(t *testing.T) {
	t.Parallel()
	const right = "anna: a b c (4), ben: x (1); phone 2, favourite shoes, sessions 3, conflicts 1, marked true"
	firstOnly := func(users []collector.User) []collector.User { return users[len(users)-1:] }
	cases := []struct {
		name  string
		rules collector.Rules
		want  string
	}{
		{"right", collector.Rules{}, right},
		{"by address", collector.Rules{Rewrite: func(r *http.Request, e *collector.Incoming) { e.Device = r.RemoteAddr }},
			"anna: c (2), ben: a b x (3); phone 2, favourite , sessions 1, conflicts 1, marked true"},
		{"by name", collector.Rules{Rewrite: func(_ *http.Request, e *collector.Incoming) {
			if name := e.CustomerAttributes["name"]; e.Identify != nil && name != "" {
				e.Identify.CID = name
			}
		}}, "Ng: a b c x (4); phone 2, favourite shoes, sessions 4, conflicts 2, marked true"},
		{"nobody is refused", collector.Rules{Refuse: func(collector.Incoming) string { return "" }}, right},
		{"counted each time", collector.Rules{CountAgain: func(collector.Incoming) bool { return true }},
			"anna: a b c (5), ben: x (1); phone 2, favourite shoes, sessions 3, conflicts 1, marked true"},
		{"the last ID counts", collector.Rules{Claim: func(collector.Incoming, collector.User) collector.Claim { return collector.Takes }},
			"anna: a b c (5), ben: x (1), carl:  (0); phone 2, favourite shoes, sessions 4, conflicts 0, marked true"},
		{"a second ID is not noticed", collector.Rules{Claim: func(e collector.Incoming, u collector.User) collector.Claim {
			if collector.ClaimOf(e, u) == collector.Conflicts {
				return collector.Ignored
			}
			return collector.Takes
		}}, "anna: a b c (5), ben: x (1); phone 2, favourite shoes, sessions 4, conflicts 0, marked true"},
		{"only who was known becomes a customer", collector.Rules{Claim: func(e collector.Incoming, u collector.User) collector.Claim {
			if u.Events == 0 {
				return collector.Ignored
			}
			return collector.ClaimOf(e, u)
		}}, "carl: a b c (4), ?: x (1)"},
		{"the latest profile alone", collector.Rules{Join: func(_ collector.Identification, u []collector.User) []collector.User { return firstOnly(u) }},
			"anna: b c (3), ben: x (1), ?: a (1); phone 2, favourite , sessions 2, conflicts 1, marked true"},
		{"itself alone", collector.Rules{Join: func(collector.Identification, []collector.User) []collector.User { return nil }},
			"anna: c (2), ben: x (1), ?: a (1), ?: b (1); phone 2, favourite , sessions 1, conflicts 1, marked true"},
		{"the last arrival holds", collector.Rules{Newer: func(held, given collector.Statement) bool { return given.Event > held.Event }},
			"anna: a b c (4), ben: x (1); phone 1, favourite shoes, sessions 3, conflicts 1, marked true"},
		{"each event a session", collector.Rules{Pause: time.Nanosecond},
			"anna: a b c (4), ben: x (1); phone 2, favourite shoes, sessions 4, conflicts 1, marked true"},
		{"what was given before is dropped", collector.Rules{AfterMerge: func(tx collector.Tx, portal string, m collector.Merge) error {
			return tx.Exec("UPDATE users SET custom = '{}' WHERE portal = $1 AND uid = $2", portal, m.UID)
		}}, "anna: a b c (4), ben: x (1); phone 2, favourite , sessions 3, conflicts 1, marked true"},
		{"no mark", collector.Rules{Show: func(p *collector.Profile) { p.Customer = false }},
			"?: a b c (4), ?: x (1); phone 2, favourite shoes, sessions 3, conflicts 1, marked false"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			site := start(t, collector.Options{Rules: c.rules})
			tell(t, site, journey...)
			NewWithT(t).Expect(summary(t, site)).To(Equal(c.want))
		})
	}
}

func summary(t *testing.T, site *collector.Collector) string {
	t.Helper()
	text := uidsOf(t, site)
	for _, cid := range []string{"anna", "Ng"} {
		p, err := site.Customer(t.Context(), "1", cid)
		if errors.Is(err, collector.ErrNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		conflicts, err := site.Conflicts(t.Context(), "", collector.Page{})
		if err != nil {
			t.Fatal(err)
		}
		return text + fmt.Sprintf("; phone %s, favourite %s, sessions %d, conflicts %d, marked %t", p.Attributes.Customer["phone"],
			p.Attributes.Custom["favourite"], p.Sessions, len(conflicts.Conflicts), p.Customer)
	}
	return text
}

// An error after a merge undoes the whole event: a merge is one transaction.
func TestAMergeIsDoneWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		merges := 0
		site := on.start(t, collector.Options{Rules: collector.Rules{AfterMerge: func(collector.Tx, string, collector.Merge) error {
			if merges++; merges == 3 {
				return errors.New("broken")
			}
			return nil
		}}})
		events := journey[:3]
		tell(t, site, events[:2]...)
		answer := ask(site, "POST", "/event", withBody("application/json", events[2].body()))
		expect.Expect(answer.Code).To(Equal(http.StatusServiceUnavailable))
		expect.Expect(uidsOf(t, site)).To(Equal("?: a (1), ?: b (1)"))
		_, err := site.Customer(t.Context(), "1", "anna")
		expect.Expect(err).To(MatchError(collector.ErrNotFound))
		hits, err := site.Hits(t.Context(), collector.Query{})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(hits).To(HaveLen(2))
		tell(t, site, events[2])
		expect.Expect(uidsOf(t, site)).To(Equal("anna: a b c (3)"), "sent again, all is well")
	})
}
