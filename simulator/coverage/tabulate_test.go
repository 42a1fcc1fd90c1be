package coverage

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func TestTablesAreShown(t *testing.T) {
	t.Parallel()
	for name, table := range samples(t) {
		var text, machine bytes.Buffer
		if err := errors.Join(Text(&text, table), JSON(&machine, table)); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", text.Bytes())
		golden(t, name+".json", machine.Bytes())
	}
}

func TestTheTableDoesNotDependOnTheOrderOfVisits(t *testing.T) {
	t.Parallel()
	for _, make := range []func(*testing.T) Input{measured, wrong} {
		in := make(t)
		want := Tabulate(in)
		for range 20 {
			rand.Shuffle(len(in.Visits), func(i, j int) { in.Visits[i], in.Visits[j] = in.Visits[j], in.Visits[i] })
			if diff := cmp.Diff(want, Tabulate(in)); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
		}
	}
}

// one returns the kinds of problems that a single change of a good matrix makes.
func kinds(table *Table) []Kind {
	var all []Kind
	for _, p := range table.Problems {
		all = append(all, p.Kind)
	}
	return all
}

func TestASingleFlawIsFound(t *testing.T) {
	t.Parallel()
	set := func(fault, way, scenario, clause string, o verdict.Outcome) func(*Input) {
		return func(in *Input) {
			hit := false
			for i := range in.Visits {
				if in.Visits[i].Job == (Job{Document: "shop", Way: way, Fault: fault, Scenario: scenario}) {
					in.Visits[i].Outcomes[clause], hit = o, true
				}
			}
			if !hit {
				panic("no such visit")
			}
		}
	}
	for _, c := range []struct {
		name  string
		flaw  func(*Input)
		state State // of the fault "leaks"
		kind  Kind
		text  string
		broke bool
	}{
		{"nothing", func(*Input) {}, Caught, "", "", false},
		{"a declared clause passes", set("leaks", "image", hunt, canary, verdict.Pass), Missed, NotCaught,
			"the fault leaks is not caught by all.canary: it is pass in all.hunt", false},
		{"a declared clause is inconclusive", set("leaks", "image", hunt, canary, verdict.Inconclusive), Missed, NotCaught,
			"the fault leaks is not caught by all.canary: it is inconclusive in all.hunt", false},
		{"a declared clause is an error", set("leaks", "image", hunt, canary, verdict.Error), Errored, Broke,
			"the harness broke with the fault leaks in all.hunt: a verdict is an error", true},
		{"an undeclared clause is red", set("leaks", "image", optIn, kept, verdict.Fail), Astray, Undeclared,
			"the fault leaks turns shop.kept red, which it does not declare, in shop.opt-in", false},
		{"an undeclared clause is inconclusive", set("leaks", "image", optIn, kept, verdict.Inconclusive), Caught, "", "", false},
		{"an undeclared unclear clause deviates", set("leaks", "image", optOut, odd, verdict.Deviation), Caught, "", "", false},
		{"the reference fails by beacon", set("", "beacon", optIn, kept, verdict.Fail), Caught, NotGreen,
			"the unbroken reference of shop by beacon is not green: shop.kept is fail in shop.opt-in", false},
		{"the reference is inconclusive", set("", "image", optIn, kept, verdict.Inconclusive), Caught, NotGreen,
			"the unbroken reference of shop by image is not green: shop.kept is inconclusive in shop.opt-in", false},
		{"the reference lacks a feature", set("", "image", optIn, kept, verdict.Unsupported), Caught, NotGreen,
			"the unbroken reference of shop by image is not green: shop.kept is unsupported in shop.opt-in", false},
		{"the reference deviates from an unclear clause", set("", "image", optOut, odd, verdict.Deviation), Caught, "", "", false},
		{"a fault that leaves nothing fails something", set("mute", "image", optIn, kept, verdict.Fail), Caught, Undeclared, "", false},
		{"a fault that leaves nothing passes something", set("mute", "image", optIn, kept, verdict.Pass), Caught, SaysSomething,
			"the fault mute leaves nothing to be seen, and yet shop.kept is pass in shop.opt-in", false},
		{"a visit is missing", func(in *Input) {
			for i, v := range in.Visits {
				if v.Fault == "leaks" && v.Scenario == optIn {
					in.Visits = append(in.Visits[:i:i], in.Visits[i+1:]...)
					return
				}
			}
		}, Unfinished, NotWalked, "the fault leaks was not tried to the end: 2 of 3 journeys were walked", true},
		{"a visit gives no verdict", func(in *Input) {
			for i, v := range in.Visits {
				if v.Fault == "" && v.Scenario == optIn {
					in.Visits[i].Outcomes = nil
					return
				}
			}
		}, Caught, NotGreen, "the unbroken reference of shop by image is not green: shop.opt-in gave no verdict", false},
		{"the harness breaks", func(in *Input) { in.Errors = []string{"broke"} }, Caught, "", "", true},
	} {
		in := measured(t)
		c.flaw(&in)
		table := Tabulate(in)
		if whole := c.kind == "" && !c.broke; table.Complete != whole || table.Broke() != c.broke {
			t.Errorf("%s: complete %v, broke %v", c.name, table.Complete, table.Broke())
		}
		if state := table.Faults[1].State; table.Faults[1].Name != "leaks" || state != c.state {
			t.Errorf("%s: leaks is %q, want %q", c.name, state, c.state)
		}
		if c.kind == "" {
			if len(table.Problems) > 0 {
				t.Errorf("%s: %v", c.name, table.Problems)
			}
			continue
		}
		if len(table.Problems) == 0 || table.Problems[0].Kind != c.kind || c.text != "" && table.Problems[0].Text != c.text {
			t.Errorf("%s: %+v, want %s %q", c.name, table.Problems, c.kind, c.text)
		}
	}
}

// A consequence is owed only where every scenario is there that may show it; the
// main clause always is, and nothing else may turn red either way.
func TestAConsequenceIsOwedOnlyWhereNoScenarioIsLacking(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		flaw    func(results map[string]found)
		state   State // of the fault "leaks", where a scenario is lacking
		excused bool
		kinds   []Kind
		whole   State // where none is
	}{
		{"all is red", func(map[string]found) {}, Caught, false, nil, Caught},
		{"the consequence passes", func(r map[string]found) { delete(r["leaks"], hunt) }, Caught, true, nil, Missed},
		{"the consequence is not judged", func(r map[string]found) { r["leaks"][hunt] = nil }, Caught, true, nil, Missed},
		{"the main clause passes", func(r map[string]found) { delete(r["leaks"], optOut) }, Missed, false, []Kind{NotCaught}, Missed},
		{"another clause is red", func(r map[string]found) {
			delete(r["leaks"], hunt)
			r["leaks"][optIn] = map[string]verdict.Outcome{kept: verdict.Fail}
		}, Astray, true, []Kind{Undeclared}, Missed},
		{"only another clause is red", func(r map[string]found) {
			r["leaks"] = found{optIn: {kept: verdict.Fail}}
		}, Elsewhere, true, []Kind{CaughtElsewhere, Undeclared}, Elsewhere},
	} {
		in := measured(t)
		results := caught()
		c.flaw(results)
		in.Visits = visits(in.Jobs, results)
		if judged, ok := results["leaks"][hunt]; ok && judged == nil {
			for _, v := range in.Visits {
				if v.Fault == "leaks" {
					delete(v.Outcomes, canary)
				}
			}
		}
		if f := Tabulate(in).Faults[1]; f.State != c.whole || f.Clauses[0].Excused || f.Clauses[1].Excused {
			t.Errorf("%s: with every scenario leaks is %q, want %q: %+v", c.name, f.State, c.whole, f.Clauses)
		}
		in.Lacking = []string{"shop.gone"}
		table := Tabulate(in)
		if f := table.Faults[1]; f.State != c.state || f.Clauses[0].Excused || f.Clauses[1].Excused != c.excused {
			t.Errorf("%s: leaks is %q, want %q: %+v", c.name, f.State, c.state, f.Clauses)
		}
		if diff := cmp.Diff(c.kinds, kinds(table)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestOnlyWhatItsReferenceIsHeldToIsLackingToAFault(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lacking, want string }{
		{"", idOmitted + " " + canary},
		{"park.gone", idOmitted + " " + canary},
		{"park.gone shop.gone", idOmitted},
		{"all.gone", idOmitted},
	} {
		in := Input{Lacking: strings.Fields(c.lacking)}
		if got := strings.Join(in.Owed(fault("leaks", idOmitted, canary)), " "); got != c.want {
			t.Errorf("without %q owes %q, want %q", c.lacking, got, c.want)
		}
	}
}

func TestAFaultWithoutClausesOwesNone(t *testing.T) {
	t.Parallel()
	for _, lacking := range [][]string{nil, {"shop.gone"}} {
		in := Input{Lacking: lacking}
		if owed := in.Owed(fault("mute")); len(owed) > 0 {
			t.Errorf("%q owes %q", lacking, owed)
		}
	}
}

// Only another clause turns red: that is not being caught.
func TestAFaultThatOnlyOthersCatchIsNotCaught(t *testing.T) {
	t.Parallel()
	in := measured(t)
	results := caught()
	results["forgets"] = found{optOut: {flagSent: verdict.Fail}}
	in.Visits = visits(in.Jobs, results)
	table := Tabulate(in)
	if diff := cmp.Diff([]Kind{CaughtElsewhere, Undeclared}, kinds(table)); diff != "" {
		t.Error(diff)
	}
	if f := table.Faults[0]; f.State != Elsewhere || table.Complete {
		t.Errorf("%+v", f)
	}
	const want = "the fault forgets is caught only by shop.flag-sent, and not by shop.kept, which is pass in shop.opt-in"
	if got := table.Problems[0].Text; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}

// A check that is red anyway proves nothing of a fault.
func TestARedThatTheUnbrokenReferenceSharesDoesNotCount(t *testing.T) {
	t.Parallel()
	in := measured(t)
	results := caught()
	results["unbroken image"] = found{optIn: {kept: verdict.Fail}}
	in.Visits = visits(in.Jobs, results)
	table := Tabulate(in)
	if diff := cmp.Diff([]Kind{NotGreen, NotCaught}, kinds(table)); diff != "" {
		t.Error(diff)
	}
	if f := table.Faults[0]; f.State != Missed || *f.Clauses[0].Outcome != verdict.Inconclusive {
		t.Errorf("%+v", f)
	}
	if in.Visits[len(in.Visits)-1].Outcomes == nil || caught()["forgets"][optIn][kept] != verdict.Fail {
		t.Error("the input was changed")
	}
}

func TestVerdictsOfAClauseAreJoined(t *testing.T) {
	t.Parallel()
	said := func(clause string, o verdict.Outcome) verdict.Verdict {
		return verdict.Verdict{Clause: clause, Outcome: o}
	}
	v := Judged(Job{Scenario: optOut}, verdict.Scenario{Error: "broke", Milliseconds: 7},
		[]verdict.Verdict{said(kept, verdict.Fail), said(kept, verdict.Pass), said(odd, verdict.Inconclusive)})
	want := Visit{Job: Job{Scenario: optOut}, Err: "broke", Milliseconds: 7,
		Outcomes: map[string]verdict.Outcome{kept: verdict.Fail, odd: verdict.Inconclusive}}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Error(diff)
	}
}

func TestFaultsAreSelected(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		patterns string
		want     string
		unbroken bool
	}{
		{"", "forgets leaks mute never-flags", true},
		{"leaks", "leaks", false},
		{"never-* forgets", "forgets never-flags", false},
		{"shop.id-omitted", "leaks", false},
		{"all.*", "leaks", false},
		{"unbroken", "", true},
		{"unbroken mute", "mute", true},
	} {
		selected, unbroken, err := Select(good(), strings.Fields(c.patterns))
		var names []string
		for _, f := range selected {
			names = append(names, f.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != c.want || unbroken != c.unbroken {
			t.Errorf("%q: %q, %v, %v", c.patterns, got, unbroken, err)
		}
	}
	var none *NoMatchError
	if _, _, err := Select(good(), []string{"leaks", "gone"}); !errors.As(err, &none) || none.Pattern != "gone" {
		t.Errorf("said %v", err)
	}
	if _, _, err := Select(good(), []string{"["}); err == nil || !strings.Contains(err.Error(), "hint: ") {
		t.Errorf("said %v", err)
	}
}

func TestUnsupportedScenariosAreNotWalked(t *testing.T) {
	t.Parallel()
	r := shop
	r.Unsupported = []string{optIn}
	for _, job := range Jobs([]Reference{r}, good(), true) {
		if job.Scenario == optIn {
			t.Errorf("%+v", job)
		}
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestErrorsOfWritersComeBack(t *testing.T) {
	t.Parallel()
	table := Tabulate(measured(t))
	if err := Text(brokenPipe{}, table); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	if err := JSON(brokenPipe{}, table); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}
