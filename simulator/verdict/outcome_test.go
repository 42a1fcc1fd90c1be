package verdict_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func TestOutcomesAreOrdered(t *testing.T) {
	t.Parallel()
	var names []string
	for i, o := range verdict.Outcomes() {
		if int(o) != i {
			t.Errorf("%s stands at %d and is worth %d", o, i, int(o))
		}
		names = append(names, o.String())
	}
	const want = "pass < skipped < unsupported < deviation < inconclusive < fail < error"
	if got := strings.Join(names, " < "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWorst(t *testing.T) {
	t.Parallel()
	if got := verdict.Worst(); got != verdict.Inconclusive {
		t.Errorf("of none: got %s, want inconclusive", got)
	}
	for _, a := range verdict.Outcomes() {
		if got := verdict.Worst(a); got != a {
			t.Errorf("of %s alone: got %s", a, got)
		}
		for _, b := range verdict.Outcomes() {
			got := verdict.Worst(a, b)
			if got < a || got < b || got != a && got != b {
				t.Errorf("of %s and %s: got %s", a, b, got)
			}
			if other := verdict.Worst(b, a); other != got {
				t.Errorf("of %s and %s: %s or %s, by order", a, b, got, other)
			}
		}
	}
	all := verdict.Outcomes()
	slices.Reverse(all)
	if got := verdict.Worst(all...); got != verdict.Error {
		t.Errorf("of all: got %s, want error", got)
	}
}

func TestOutcomeAsText(t *testing.T) {
	t.Parallel()
	for _, o := range verdict.Outcomes() {
		text, err := o.MarshalText()
		if err != nil {
			t.Errorf("%s: %v", o, err)
		}
		back := verdict.Outcome(-1)
		if err := back.UnmarshalText(text); err != nil || back != o {
			t.Errorf("%s: came back as %s, %v", o, back, err)
		}
	}
}

func TestOutcomeThatIsNone(t *testing.T) {
	t.Parallel()
	for _, o := range []verdict.Outcome{-1, 7} {
		if _, err := json.Marshal(o); err == nil || !strings.Contains(err.Error(), "no such outcome") {
			t.Errorf("%d: got %v", int(o), err)
		}
	}
	if got := verdict.Outcome(7).String(); got != "outcome(7)" {
		t.Errorf("got %s", got)
	}
	for _, text := range []string{"", "Pass", "passed", "pass ", "0"} {
		o := verdict.Fail
		err := o.UnmarshalText([]byte(text))
		if err == nil || !strings.Contains(err.Error(), "one of pass, skipped") {
			t.Errorf("%q: got %v", text, err)
		}
		if o != verdict.Fail {
			t.Errorf("%q: a refused text left %s behind", text, o)
		}
	}
}
