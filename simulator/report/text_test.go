package report

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/rivo/uniseg"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func textOf(t *testing.T, r *verdict.Result, opts TextOptions) string {
	t.Helper()
	return rendered(t, func(b *bytes.Buffer) error { return Text(b, r, opts) })
}

func TestText(t *testing.T) {
	t.Parallel()
	for name, r := range samples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, "text/"+name+".txt", []byte(textOf(t, r, TextOptions{Width: 100})))
			golden(t, "text/"+name+".color.txt", []byte(textOf(t, r, TextOptions{Width: 100, Color: true})))
			golden(t, "text/"+name+".narrow.txt", []byte(textOf(t, r, TextOptions{Width: 48})))
			golden(t, "text/"+name+".verbose.txt", []byte(textOf(t, r, TextOptions{Verbose: true})))
		})
	}
}

func TestTextKeepsToItsWidth(t *testing.T) {
	t.Parallel()
	for name, r := range samples() {
		for _, width := range []int{1, 40, 41, 57, 72, 100} {
			for _, verbose := range []bool{false, true} {
				out := textOf(t, r, TextOptions{Width: width, Verbose: verbose})
				for line := range strings.Lines(out) {
					if line == summary(settled(r))+"\n" {
						continue // always one line, so that it can be searched for
					}
					if got := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); got > max(width, narrowest) {
						t.Errorf("%s: a line of %d columns where %d were asked for: %q", name, got, width, line)
					}
				}
			}
		}
	}
}

func TestTextHasNoTrailingSpace(t *testing.T) {
	t.Parallel()
	for name, r := range samples() {
		for line := range strings.Lines(textOf(t, r, TextOptions{Width: 60, Verbose: true})) {
			if strings.TrimRight(line, " \n") != strings.TrimSuffix(line, "\n") {
				t.Errorf("%s: %q", name, line)
			}
		}
	}
}

func TestTextWithoutColorHasNoTerminalCode(t *testing.T) {
	t.Parallel()
	for name, r := range samples() {
		out := textOf(t, r, TextOptions{Verbose: true})
		for _, c := range out {
			if c != '\n' && !unicode.IsGraphic(c) {
				t.Errorf("%s: the text holds %U", name, c)
			}
		}
	}
}

func TestTextWithColorSaysTheSame(t *testing.T) {
	t.Parallel()
	strip := strings.NewReplacer(string(strong), "", string(dim), "", string(good), "", string(warned), "",
		string(bad), "", string(marked), "", reset, "")
	for name, r := range samples() {
		out := textOf(t, r, TextOptions{Color: true})
		if !strings.Contains(out, reset) {
			t.Errorf("%s: no colour", name)
		}
		bare := strip.Replace(out)
		if strings.Contains(bare, "\x1b") {
			t.Errorf("%s: a terminal code that is not ours: %q", name, bare)
		}
		var want strings.Builder
		for line := range strings.Lines(textOf(t, r, TextOptions{})) {
			if underlined := strings.TrimSpace(strings.ReplaceAll(line, "|", "")); strings.Trim(underlined, "^ ") != "" || underlined == "" && !strings.Contains(line, "|") {
				want.WriteString(line)
			}
		}
		if bare != want.String() {
			t.Errorf("%s: with colour\n%s\nwithout\n%s", name, bare, want.String())
		}
	}
}

// A page under test must not be able to give orders to the CI system that shows the log.
func TestTextGivesNoOrders(t *testing.T) {
	t.Parallel()
	for _, width := range []int{0, 40, 57} {
		out := textOf(t, samples()["hostile"], TextOptions{Width: width})
		for line := range strings.Lines(out) {
			if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##vso[") {
				t.Errorf("width %d: %q", width, line)
			}
		}
		if !strings.Contains(out, `\x23#vso[`) || !strings.Contains(out, `\x1b[2J`) {
			t.Errorf("width %d: what the page said is not shown:\n%s", width, out)
		}
	}
}

func TestCaretsStandUnderWhatIsMarked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"one", "a=1&«eid=2»&b", "| a=1&eid=2&b\n  |     ^^^^^\n"},
		{"wide characters", "世界=«世»", "| 世界=世\n  |      ^^\n"},
		{"combined characters", "e\u0301=«x»", "| e\u0301=x\n  |   ^\n"},
		{"over two lines", "a«b\nc»d", "| ab\n  |  ^\n  | cd\n  | ^\n"},
		{"two in a line", "«a»b«c»", "| abc\n  | ^ ^\n"},
		{"escaped", "a=«\x1b»!", "| a=\\x1b!\n  |   ^^^^\n"},
		{"none", "a=1", "| a=1\n"},
		{"nothing", "", "|\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLines(0, false)
			l.excerpt(2, *marks(c.text), false)
			if got := l.b.String(); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestMarksAreTidied(t *testing.T) {
	t.Parallel()
	const text = "aé世\nb"
	for _, c := range []struct {
		name string
		give []verdict.Mark
		want []verdict.Mark
	}{
		{"outside", []verdict.Mark{{From: -3, To: 1}, {From: 7, To: 99}}, []verdict.Mark{{From: 0, To: 1}, {From: 7, To: 8}}},
		{"within a character", []verdict.Mark{{From: 2, To: 4}}, []verdict.Mark{{From: 1, To: 6}}},
		{"out of order, overlapping", []verdict.Mark{{From: 1, To: 6}, {From: 0, To: 3}}, []verdict.Mark{{From: 0, To: 6}}},
		{"empty", []verdict.Mark{{From: 1, To: 1}}, []verdict.Mark{{From: 1, To: 3}}},
		{"empty at a line's end", []verdict.Mark{{From: 6, To: 6}}, []verdict.Mark{{From: 3, To: 6}}},
		{"reversed", []verdict.Mark{{From: 3, To: 0}}, []verdict.Mark{{From: 3, To: 6}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := tidy(text, c.give)
			if len(got) != len(c.want) {
				t.Fatalf("got %v, want %v", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("got %v, want %v", got, c.want)
				}
			}
		})
	}
}

func TestShorteningSparesWhatIsMarked(t *testing.T) {
	t.Parallel()
	e := marks(strings.Repeat("x", 500) + "«eid=2123456789012345678»" + strings.Repeat("y", 500))
	l := newLines(60, false)
	l.excerpt(4, *e, false)
	if out := l.b.String(); !strings.Contains(out, "eid=2123456789012345678") || strings.Count(out, "\n") > 4 || !strings.Contains(out, "...x") {
		t.Errorf("shortened to\n%s", out)
	}
	l = newLines(60, false)
	l.excerpt(4, *e, true)
	if out := l.b.String(); strings.Count(out, "x") != 500 || strings.Contains(out, "...") {
		t.Errorf("verbose is shortened:\n%s", out)
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	all := samples()
	for name, want := range map[string]string{
		"pass":         "mapp: 1 scenario, 5 clauses, 6 verdicts: 6 pass - pass",
		"fail":         "mapp: 1 scenario, 5 clauses, 6 verdicts: 1 fail, 5 pass - fail",
		"inconclusive": "mapp: 1 scenario, 5 clauses, 6 verdicts: 6 inconclusive - inconclusive",
		"error":        "mapp: 1 scenario, 0 clauses, 0 verdicts, 2 harness errors - error",
		"partial":      "mapp: 2 scenarios, 7 clauses, 8 verdicts: 1 deviation, 1 unsupported, 1 skipped, 5 pass - partial (deviation)",
		"empty":        "result: 0 scenarios, 0 clauses, 0 verdicts - inconclusive",
	} {
		if got := summary(all[name]); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		if out := textOf(t, all[name], TextOptions{}); !strings.HasSuffix(out, want+"\n") {
			t.Errorf("%s: the summary is not the last line", name)
		}
	}
}

// A result that nobody tallied has outcome 0, which is pass.
func TestUntalliedResultDoesNotPass(t *testing.T) {
	t.Parallel()
	r := failing()
	if out := textOf(t, r, TextOptions{}); !strings.HasSuffix(out, "- fail\n") {
		t.Error(out)
	}
	if r.Clauses != nil || r.Outcome != verdict.Pass {
		t.Error("the report changed the result")
	}
	r = sample()
	r.Tally()
	r.Outcome = verdict.Error
	if out := textOf(t, r, TextOptions{}); !strings.HasSuffix(out, "- error\n") {
		t.Error("a stated outcome that is worse was lost")
	}
}

func TestVerdictWithoutScenarioIsNotLost(t *testing.T) {
	t.Parallel()
	r := failing()
	r.Scenarios = nil
	r.Tally()
	if out := textOf(t, r, TextOptions{}); !strings.Contains(out, "FAIL  mapp.eid-omitted (must) at step anonymous") {
		t.Error(out)
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for ms, want := range map[float64]string{0: "0 ms", 340.4: "340 ms", 999.6: "1.00 s", 1240: "1.24 s", 59_999: "1 min 0 s", 125_000: "2 min 5 s"} {
		if got := duration(ms); got != want {
			t.Errorf("%v ms: got %q, want %q", ms, got, want)
		}
	}
}

func TestStepsNameTheirRequests(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]verdict.Step{
		"0 requests":                   {},
		"1 request, 1 other":           {Requests: 1, Others: 1},
		"1 request (no. 6), 2 others":  {Requests: 1, Numbers: []int{6}, Others: 2},
		"5 requests (no. 2-3, 5, 8-9)": {Requests: 5, Numbers: []int{2, 3, 5, 8, 9}},
		"3 requests (no. 7, 7, 4)":     {Requests: 3, Numbers: []int{7, 7, 4}},
	} {
		if got := sent(&s); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
