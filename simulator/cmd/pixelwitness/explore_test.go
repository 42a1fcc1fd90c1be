package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/explore"
)

func TestExploreNamesMistakesBeforeABrowserIsLookedFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"everything"}, `takes no arguments, found "everything"`},
		{[]string{"--parallel", "0"}, "at least one visitor must walk"},
		{[]string{"--walks", "-1"}, "not negative"},
		{[]string{"--steps", "1"}, "a walk has at least two"},
		{[]string{"--walk", "3"}, "--walk wants the --seed"},
		{[]string{"--walk", "0", "--seed", "1"}, "walks are numbered from 1"},
		{[]string{"--walk", "3", "--seed", "1", "--walks", "5"}, "--walk takes one walk"},
		{[]string{"--walk", "3", "--seed", "1", "--for", "1m"}, "--walk takes one walk"},
		{[]string{"--seed", "one"}, `invalid argument "one"`},
		{[]string{"--paralel", "5"}, `did you mean "--parallel"?`},
		{[]string{"--fault", "keeps-eid-parametre"}, `did you mean "keeps-eid-parameter"?`},
		{[]string{"--fault", "silent", "--script", "x.js"}, "does not go with --script"},
		{[]string{"--pixel", "mpap"}, `pixels are antsomi, mapp`},
		{[]string{"--chrome", idle(t), "--json", filepath.Join(t.TempDir(), "gone", "x.json")}, "gone"},
		{onDemo("--chrome", idle(t)), `no model of the document "demo"`},
	} {
		if e := do(t, append([]string{"explore"}, test.args...)...).want(t, exitUsage); !strings.Contains(e.err, test.says) {
			t.Errorf("%v: %s", test.args, e.err)
		}
	}
}

func TestABrowserThatDoesNotStartIsAFaultOfTheHarness(t *testing.T) {
	t.Parallel()
	do(t, "explore", "--seed", "1", "--walks", "1", "--chrome", idle(t)).want(t, exitHarness)
}

// found is a result with one finding.
func found() *explore.Result {
	return &explore.Result{Walks: 3, Findings: []explore.Finding{{
		Clause: "mapp.nc-sent", ID: "mapp.found-nc-sent-home", File: "mapp/found-nc-sent-home.yaml", Text: "id: mapp.found-nc-sent-home\n",
	}}}
}

func TestWhatIsFoundIsWrittenAndDecidesTheExitCode(t *testing.T) {
	t.Parallel()
	none, broken, blind, interrupted := found(), found(), &explore.Result{Walks: 3, Blind: 3}, found()
	none.Findings = nil
	interrupted.Interrupted = true
	broken.Errors = []string{"walk 2: the browser died"}
	for _, test := range []struct {
		name   string
		result *explore.Result
		code   error
		says   string
	}{
		{"nothing", none, nil, "no failure found"},
		{"something", found(), exitCode(exitBreach), "found: 1 clause that the pixel breaks"},
		{"a broken harness", broken, exitCode(exitHarness), "walk 2: the browser died"},
		{"blind walks", blind, exitCode(exitBreach), "nothing could be judged"},
		{"no walk", &explore.Result{}, exitCode(exitHarness), "nothing was walked"},
		{"broken off", interrupted, exitCode(exitHarness), "broken off"},
	} {
		var out bytes.Buffer
		f := exploreFlags{}
		if err := f.print(streams{out: &out}, test.result); err != test.code || !strings.Contains(out.String(), test.says) {
			t.Errorf("%s: %v\n%s", test.name, err, out.String())
		}
	}
	folder := t.TempDir()
	f := exploreFlags{}
	f.out, f.json = filepath.Join(folder, "findings"), filepath.Join(folder, "result.json")
	if err := f.print(streams{out: &bytes.Buffer{}}, found()); err != exitCode(exitBreach) {
		t.Error(err)
	}
	if text, err := os.ReadFile(filepath.Join(f.out, "mapp", "found-nc-sent-home.yaml")); err != nil || string(text) != found().Findings[0].Text {
		t.Errorf("%v %q", err, text)
	}
	var read explore.Result
	if text, err := os.ReadFile(f.json); err != nil || json.Unmarshal(text, &read) != nil || len(read.Findings) != 1 {
		t.Errorf("%v %+v", err, read)
	}
}

func TestTheCommandToTakeAWalkAgainKeepsItsFlags(t *testing.T) {
	t.Parallel()
	f := exploreFlags{}
	f.pixel = defaultPixel
	if got := f.command("pixelwitness"); got != "pixelwitness explore" {
		t.Error(got)
	}
	f.fault, f.kind, f.pixel = "silent", "full", "./mine"
	if got := f.command("pixelwitness"); got != "pixelwitness explore --pixel ./mine --fault silent --browser full" {
		t.Error(got)
	}
}

func TestProgressIsToldNowAndThen(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &strides{to: &out, began: time.Now().Add(-time.Hour), every: time.Hour}
	s.notify(explore.Progress{Walks: 3, Of: 10, Failed: 1, Verdicts: 200, Inconclusive: 5})
	s.notify(explore.Progress{Walks: 4, Of: 10})
	s.notify(explore.Progress{Walks: 10, Of: 10, Shrinking: "mapp.nc-sent", Runs: 7})
	s.end()
	const want = "3 of 10 walks, 1 failed, 2.5 % inconclusive\nshrinking mapp.nc-sent: run 7\n"
	if out.String() != want {
		t.Errorf("%q", out.String())
	}
	out.Reset()
	quick := &strides{to: &out, began: time.Now(), every: time.Hour}
	quick.notify(explore.Progress{Walks: 1})
	if quick.end(); out.Len() > 0 {
		t.Errorf("what is over at once says nothing, said %q", out.String())
	}
}
