package scenario

import (
	"strings"
	"testing"
)

func TestClocksThatAreNone(t *testing.T) {
	t.Parallel()
	for want, clock := range map[string]*Clock{
		"":                         nil,
		"nothing says how":         {},
		"is not set":               {Path: "/_/clock", Of: ClockOfHits},
		`unknown clock "pages"`:    {Of: "pages"},
		`"_/clock" is no path`:     {Path: "_/clock"},
		`"/clock?now=" is no path`: {Path: "/clock?now="},
	} {
		s := newSource("pixel.yaml")
		s.checkClock(clock)
		if want == "" && len(s.problems) > 0 || want != "" && (len(s.problems) != 1 || !strings.Contains(s.problems[0].Message, want) || s.problems[0].Hint == "") {
			t.Errorf("%+v: %v, want %q", clock, s.problems, want)
		}
	}
	for _, good := range []*Clock{{Path: "/_/clock"}, {Of: ClockOfHits}} {
		s := newSource("pixel.yaml")
		if s.checkClock(good); len(s.problems) > 0 {
			t.Errorf("%+v: %v", good, s.problems)
		}
	}
}
