package check

import (
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// What two persons have in common is no trace of the first when the second gives it;
// what only the first gave is.
func TestWhatTwoPersonsShareIsNoTrace(t *testing.T) {
	t.Parallel()
	journey := []scenario.Step{
		{Name: "arriving", Open: "home"},
		{Name: "signing-in", Do: "sign-in"},
		{Name: "signing-out", Do: "sign-out"},
		{Name: "namesake", Open: "home", Person: scenario.PersonSecond},
		{Name: "namesake-signing-in", Do: "sign-in"},
	}
	sent := map[string][]reported{
		"arriving":            {{uid: userA, did: deviceD, mid: idOf("a1"), name: "view"}},
		"signing-in":          {{uid: userA, did: deviceD, mid: idOf("a2"), name: "sign_in", who: "first"}},
		"namesake":            {{uid: userC, did: deviceE, mid: idOf("c1"), name: "view"}},
		"namesake-signing-in": {{uid: userC, did: deviceE, mid: idOf("c2"), name: "sign_in", who: "second"}},
	}
	untraced := scenario.Expectation{At: "namesake-signing-in", Identity: "any", Is: "untraced"}
	for _, c := range []struct {
		shares []string
		want   verdict.Outcome
		text   string
	}{
		{nil, verdict.Pass, ""},
		{[]string{"name", "phone"}, verdict.Pass, ""},
		{[]string{"email"}, verdict.Fail, "in request"}, // the identifier is made of it
	} {
		p := merging(t, journey...)
		p.Scenario.Config.Shares = c.shares
		mustBe(t, judged(t, p, sent, nil, untraced), c.want, c.text)
	}
}
