package check

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestARightPixelPassesEverything(t *testing.T) {
	t.Parallel()
	for name, transport := range transports() {
		if name == "batch of lines" {
			continue // its first lines would be hits without anything
		}
		ev := record(conduct{})
		hits(ev, "", transport)
		verdicts := Judge(plan(t), ev)
		if len(verdicts) != 22 {
			t.Errorf("%s: %d verdicts", name, len(verdicts))
		}
		for _, v := range verdicts {
			if v.Outcome != verdict.Pass {
				t.Errorf("%s: %s", name, told([]verdict.Verdict{v}))
			}
		}
	}
}

func TestEachFaultTurnsItsClauseAlone(t *testing.T) {
	t.Parallel()
	for name, fault := range faults() {
		for transport, change := range transports() {
			if transport == "batch of lines" {
				continue
			}
			ev := record(fault.conduct)
			hits(ev, "", change)
			verdicts := Judge(plan(t), ev)
			for clause, outcome := range ofClause(verdicts) {
				if failed := outcome == verdict.Fail; failed != (clause == fault.clause) || outcome == verdict.Error {
					t.Errorf("%s by %s: %s is %s\n%s", name, transport, clause, outcome, told(verdicts))
				}
			}
		}
	}
}

func TestASilentPixelIsInconclusive(t *testing.T) {
	t.Parallel()
	for _, v := range Judge(plan(t), record(conduct{silent: true})) {
		if v.Outcome != verdict.Inconclusive || v.Reason != "the pixel sent nothing in this run" {
			t.Errorf("got %s", told([]verdict.Verdict{v}))
		}
	}
}

// TestFailureMessages compares what a failing pixel is told with the golden files.
func TestFailureMessages(t *testing.T) {
	t.Parallel()
	for name, fault := range faults() {
		failed := slices.DeleteFunc(Judge(plan(t), record(fault.conduct)), func(v verdict.Verdict) bool { return v.Outcome == verdict.Pass })
		path := filepath.Join("testdata", name+".golden")
		got := told(failed)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v; run the test with -update", err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestVerdictsSurviveTheFileAndRedaction(t *testing.T) {
	t.Parallel()
	all := []string{firstID, secondID, "User cat 5", "User cat 7", customer}
	if diff := cmp.Diff(all, Identities(plan(t), record(conduct{}))); diff != "" {
		t.Errorf("identities (-want +got):\n%s", diff)
	}
	conducts := map[string]conduct{"right": {}, "silent": {silent: true}}
	for name, fault := range faults() {
		conducts[name] = fault.conduct
	}
	for name, c := range conducts {
		for transport, change := range transports() {
			ev := record(c)
			hits(ev, "", change)
			values := Identities(plan(t), ev)
			want := outcomes(Judge(plan(t), ev))
			var file bytes.Buffer
			if err := evidence.Write(&file, evidence.Redact(ev, values, []byte("key"))); err != nil {
				t.Fatal(err)
			}
			for _, value := range append(all, "User%20cat") {
				if strings.Contains(file.String(), value) {
					t.Errorf("%s by %s: %q is still in the file", name, transport, value)
				}
			}
			redacted, err := evidence.Read(&file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, outcomes(Judge(plan(t), redacted))); diff != "" {
				t.Errorf("%s by %s (-plain +redacted):\n%s", name, transport, diff)
			}
		}
	}
}

// outcomes shows each verdict by what it judges.
func outcomes(verdicts []verdict.Verdict) []string {
	var list []string
	for _, v := range verdicts {
		list = append(list, v.Where+" "+v.Outcome.String())
	}
	return list
}

func TestGates(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		plan func(*scenario.Plan)
		// edit changes right evidence; nil evidence when it returns false.
		edit    func(*evidence.Evidence) bool
		outcome verdict.Outcome
		reason  string
	}{
		"faults":              {nil, func(ev *evidence.Evidence) bool { ev.Faults = []string{"a", "b"}; return true }, verdict.Error, "the harness broke during the journey: a; b"},
		"faults, unsupported": {func(p *scenario.Plan) { p.Unsupported = []string{"x"} }, func(ev *evidence.Evidence) bool { ev.Faults = []string{"a"}; return true }, verdict.Error, "the harness broke"},
		"unsupported":         {func(p *scenario.Plan) { p.Unsupported = []string{"x", "y"} }, nil, verdict.Unsupported, "the pixel declares no support for x, y"},
		"unsupported, not run": {func(p *scenario.Plan) { p.Unsupported = []string{"x"} }, func(*evidence.Evidence) bool { return false },
			verdict.Unsupported, "no support for x"},
		"not run":          {nil, func(*evidence.Evidence) bool { return false }, verdict.Inconclusive, "nothing was recorded"},
		"empty":            {nil, func(ev *evidence.Evidence) bool { *ev = evidence.Evidence{}; return true }, verdict.Inconclusive, "the pixel sent nothing in this run"},
		"another scenario": {nil, func(ev *evidence.Evidence) bool { ev.Scenario = "mapp.other"; return true }, verdict.Error, "the evidence is that of the scenario mapp.other"},
		"another pixel":    {nil, func(ev *evidence.Evidence) bool { ev.Pixel = "matomo"; return true }, verdict.Error, "the evidence is that of the pixel matomo"},
		"a step twice":     {nil, func(ev *evidence.Evidence) bool { ev.Steps[2].Name = "identified"; return true }, verdict.Error, "has the step identified twice"},
		"two snapshots":    {nil, func(ev *evidence.Evidence) bool { ev.Snapshots[2].Step = "identified"; return true }, verdict.Error, "has two snapshots"},
		"lost snapshot":    {nil, func(ev *evidence.Evidence) bool { ev.Snapshots[2].Step = "x"; return true }, verdict.Error, "a snapshot belongs to no step"},
		"lost request":     {nil, func(ev *evidence.Evidence) bool { ev.Requests[4].Step = ""; return true }, verdict.Error, "request 5 belongs to no step"},
		"lost message": {nil, func(ev *evidence.Evidence) bool {
			ev.Requests[4].Frames = []evidence.Frame{{Step: "x"}}
			return true
		}, verdict.Error, "a message of request 5 belongs to no step"},
		"lost write": {nil, func(ev *evidence.Evidence) bool { ev.Writes[0].Step = "x"; return true }, verdict.Error, "a write of the cookie wtstp_eid belongs to no step"},
		"no way to tell requests": {func(p *scenario.Plan) { p.Pixel.Requests.Path = "(" }, nil,
			verdict.Error, "the pixel's requests cannot be told from others"},
		"preflights only": {nil, func(ev *evidence.Evidence) bool {
			hits(ev, "", func(r *evidence.Request) { r.Method = "OPTIONS" })
			return true
		}, verdict.Inconclusive, "the pixel sent nothing in this run"},
	}
	for name, test := range tests {
		p, ev := plan(t), record(conduct{})
		if test.plan != nil {
			test.plan(p)
		}
		if test.edit != nil && !test.edit(ev) {
			ev = nil
		}
		verdicts := Judge(p, ev)
		if len(verdicts) != len(p.Scenario.Expect) {
			t.Errorf("%s: %d verdicts", name, len(verdicts))
		}
		for _, v := range verdicts {
			if v.Outcome != test.outcome || !strings.Contains(v.Reason, test.reason) {
				t.Errorf("%s: got %s: %s; want %s: %s", name, v.Outcome, v.Reason, test.outcome, test.reason)
				break
			}
		}
	}
}

// at returns the verdict at that step about that subject ("eid", "wtstp_eid
// gone", …: name and, where a step has two, the start of what is expected).
func at(t *testing.T, verdicts []verdict.Verdict, step, subject, expected string) verdict.Verdict {
	t.Helper()
	for _, v := range verdicts {
		if v.Step == step && strings.Contains(v.Subject, subject+" (") && strings.HasPrefix(v.Expected, expected) {
			return v
		}
	}
	t.Fatalf("no verdict at %s about %s, %s", step, subject, expected)
	return verdict.Verdict{}
}

func TestAStepThatWentWrongTellsNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edit   func(*evidence.Evidence)
		reason string
	}{
		"problem":      {func(ev *evidence.Evidence) { ev.Steps[2].Problem = "no such element" }, "the step anonymous went wrong: no such element"},
		"problem once": {func(ev *evidence.Evidence) { ev.Steps[1].Problem = "no such element" }, "the step opting-out went wrong"},
		"cut short": {func(ev *evidence.Evidence) {
			cut := func(step string) bool {
				return step == "anonymous" || step == "opting-back" || step == "identified-again"
			}
			ev.Steps = ev.Steps[:2]
			ev.Requests = slices.DeleteFunc(ev.Requests, func(r evidence.Request) bool { return cut(r.Step) })
			ev.Writes = slices.DeleteFunc(ev.Writes, func(w evidence.CookieWrite) bool { return cut(w.Step) })
			ev.Snapshots = ev.Snapshots[:2]
		}, "the journey did not reach the step anonymous"},
		"another action": {func(ev *evidence.Evidence) { ev.Steps[1].Action = "do nothing" }, `the step opting-out was another when it was recorded: "do nothing", now "do opt-out"`},
		"another order":  {func(ev *evidence.Evidence) { ev.Steps[0], ev.Steps[1] = ev.Steps[1], ev.Steps[0] }, "the evidence's steps are not the scenario's"},
		"not fenced":     {func(ev *evidence.Evidence) { ev.Steps[2].Fenced = false }, "the step anonymous was not seen to come to rest"},
	}
	for name, test := range tests {
		ev := record(conduct{})
		test.edit(ev)
		for _, v := range Judge(plan(t), ev) {
			if v.Step != "anonymous" {
				continue
			}
			if v.Outcome != verdict.Inconclusive || !strings.Contains(v.Reason, test.reason) {
				t.Errorf("%s: got %s", name, told([]verdict.Verdict{v}))
			}
		}
	}
}

func TestABreachSeenBeforeTheStepCameToRestIsABreach(t *testing.T) {
	t.Parallel()
	ev := record(conduct{keepsParameter: true, keepsCookie: true, noNC: true})
	ev.Steps[2].Fenced = false
	verdicts := Judge(plan(t), ev)
	for subject, want := range map[string]verdict.Outcome{
		"eid": verdict.Fail, "nc": verdict.Fail,
		// The cookie might have been removed a moment later.
		"wtstp_eid": verdict.Inconclusive, "cd": verdict.Inconclusive,
	} {
		if v := at(t, verdicts, "anonymous", subject, ""); v.Outcome != want {
			t.Errorf("%s: got %s, want %s", subject, v.Outcome, want)
		}
	}
}

func TestDeclaredDeviations(t *testing.T) {
	t.Parallel()
	declared := func(clause, in string) *scenario.Plan {
		p := plan(t)
		p.Pixel.Deviations = []scenario.Deviation{{Clause: clause, Scenario: in, Reason: "by agreement"}}
		return p
	}
	ev := record(conduct{noNC: true})
	for in, want := range map[string]verdict.Outcome{"": verdict.Deviation, "mapp.opt-out": verdict.Deviation, "mapp.other": verdict.Fail} {
		v := at(t, Judge(declared("mapp.nc-sent", in), ev), "anonymous", "nc", "")
		if v.Outcome != want || want == verdict.Deviation && v.Reason != "by agreement" {
			t.Errorf("declared for %q: got %s: %s, want %s", in, v.Outcome, v.Reason, want)
		}
	}
	v := at(t, Judge(declared("mapp.nc-sent", ""), record(conduct{})), "anonymous", "nc", "")
	if v.Outcome != verdict.Pass || v.Reason != "declared deviation did not occur: by agreement" {
		t.Errorf("got %s: %s", v.Outcome, v.Reason)
	}
	v = at(t, Judge(declared("mapp.nc-sent", ""), record(conduct{silent: true})), "anonymous", "nc", "")
	if v.Outcome != verdict.Inconclusive {
		t.Errorf("a deviation excuses what was not seen: got %s", v.Outcome)
	}
}

func TestUnclearClausesAreReportedNotJudged(t *testing.T) {
	t.Parallel()
	p := plan(t)
	p.Clauses["mapp.nc-sent"].Level = scenario.Unclear
	v := at(t, Judge(p, record(conduct{noNC: true})), "anonymous", "nc", "")
	if v.Outcome != verdict.Deviation || v.Reason != "the document is unclear here; reported, not judged" {
		t.Errorf("got %s: %s", v.Outcome, v.Reason)
	}
	if v := at(t, Judge(p, record(conduct{})), "anonymous", "nc", ""); v.Outcome != verdict.Pass || v.Reason != "" {
		t.Errorf("got %s: %s", v.Outcome, v.Reason)
	}
}

func TestOnlySelectedClausesAreJudged(t *testing.T) {
	t.Parallel()
	p := plan(t)
	p.Only = map[string]bool{"mapp.nc-sent": true, "mapp.opt-back-in": true}
	var clauses []string
	for _, v := range Judge(p, record(conduct{})) {
		clauses = append(clauses, v.Clause)
	}
	if want := []string{"mapp.nc-sent", "mapp.opt-back-in", "mapp.opt-back-in"}; !slices.Equal(clauses, want) {
		t.Errorf("got %v, want %v", clauses, want)
	}
	p.Only = map[string]bool{}
	if verdicts := Judge(p, record(conduct{})); len(verdicts) != 0 {
		t.Errorf("got %d verdicts of no clause", len(verdicts))
	}
}

func TestAVerdictSaysWhereItComesFrom(t *testing.T) {
	t.Parallel()
	v := at(t, Judge(plan(t), record(conduct{})), "anonymous", "nc", "")
	want := verdict.Source{Document: "mapp", Sections: []string{"4"}, Promise: "The promise of mapp.nc-sent.", Quote: "a quote"}
	if diff := cmp.Diff(want, v.Document); diff != "" {
		t.Error(diff)
	}
	if v.Scenario != "mapp.opt-out" || v.Level != "must" || !strings.HasPrefix(v.Where, "scenarios/mapp/opt-out.yaml:") || v.Subject != "parameter nc (anonymous-flag)" {
		t.Errorf("got %+v", v)
	}
}

func TestAPixelThatNamesNothingIsOurError(t *testing.T) {
	t.Parallel()
	p := plan(t)
	delete(p.Pixel.Parameters, "category-5")
	delete(p.Pixel.Cookies, "session-id")
	p.Pixel.Parameters["anonymous-flag"] = scenario.Name{Name: "nc"}
	p.Pixel.Cookies["choice"] = scenario.Name{Name: "miCookieOptOut"}
	verdicts := Judge(p, record(conduct{}))
	for _, v := range verdicts {
		wrong := strings.Contains(v.Subject, "category-5") || strings.Contains(v.Subject, "session-id") || strings.HasPrefix(v.Expected, `""`) || strings.Contains(v.Expected, `value ""`)
		if wrong != (v.Outcome == verdict.Error) || wrong && !strings.Contains(v.Reason, "\nhint: ") {
			t.Errorf("got %s", told([]verdict.Verdict{v}))
		}
	}
}
