package coverage

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

var update = flag.Bool("update", false, "rewrite the goldens and the published schema")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\nhint: go test ./simulator/coverage -update", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s\nhint: go test ./simulator/coverage -update", file, diff)
	}
}

// The clauses of the made-up document. "shop.odd" is unclear.
const (
	flagSent, idOmitted, kept, odd, canary = "shop.flag-sent", "shop.id-omitted", "shop.kept", "shop.odd", "all.canary"
	optOut, optIn, hunt                    = "shop.opt-out", "shop.opt-in", "all.hunt"
)

// library is made-up data: by default every clause has a scenario.
func library(t *testing.T, scenarios map[string][]string) *scenario.Library {
	t.Helper()
	clause := func(id, level string) string {
		return fmt.Sprintf("  - {id: %s, promise: Something is kept., sections: [\"1\"], quote: kept, level: %s, seen-at: [request]}\n", id, level)
	}
	files := fstest.MapFS{
		"clauses/shop.yaml": {Data: []byte("document: shop\ntitle: How the shop's pixel behaves\nvendor: Shop\nsha256: 5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f\nclauses:\n" +
			clause(flagSent, "must") + clause(idOmitted, "must") + clause(kept, "derived") + clause(odd, "unclear"))},
		"clauses/all.yaml": {Data: []byte("document: all\ntitle: What holds for every pixel\nvendor: All\nclauses:\n" + clause(canary, "must") + clause(ProvenBySilence, "must"))},
	}
	files["pixels"] = &fstest.MapFile{Mode: fs.ModeDir}
	for id, clauses := range scenarios {
		document, name, _ := strings.Cut(id, ".")
		text := fmt.Sprintf("id: %s\ntitle: A visitor opens a page\ndocument: %s\njourney:\n  - {step: only, open: home}\nexpect:\n", id, document)
		for _, c := range clauses {
			text += fmt.Sprintf("  - {at: only, parameter: visitor-id, is: present, clause: %s}\n", c)
		}
		files[document+"/"+name+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	lib, err := scenario.Load(files, "made-up")
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// exercised says what the scenarios of the made-up document expect.
var exercised = map[string][]string{
	optOut: {flagSent, idOmitted, odd},
	optIn:  {flagSent, kept},
	hunt:   {canary, ProvenBySilence},
}

var shop = Reference{Document: "shop", Pixel: "shop-pixel", Ways: []string{"image", "beacon"}, Scenarios: []string{hunt, optIn, optOut}}

func fault(name string, clauses ...string) Fault {
	return Fault{Name: name, Title: "It is wrong about " + name, Part: "tracker", Document: "shop", Clauses: clauses}
}

// good are faults that between them break every clause.
func good() []Fault {
	return []Fault{fault("forgets", kept), fault("leaks", idOmitted, canary), fault("mute"), fault("never-flags", flagSent)}
}

// found is what a fault led to: scenario, clause, outcome. What is not said passed.
type found map[string]map[string]verdict.Outcome

// visits walks every job: what is not found passes.
func visits(jobs []Job, by map[string]found) []Visit {
	var all []Visit
	for i, job := range jobs {
		v := Visit{Job: job, Outcomes: map[string]verdict.Outcome{}, Milliseconds: float64(100 + i)}
		name := job.Fault
		if name == "" {
			name = UnbrokenName + " " + job.Way
		}
		for _, c := range exercised[job.Scenario] {
			v.Outcomes[c] = by[name][job.Scenario][c]
			if name == "mute" && by[name] == nil {
				v.Outcomes[c] = verdict.Inconclusive
			}
		}
		all = append(all, v)
	}
	return all
}

// caught is what the good faults lead to.
func caught() map[string]found {
	return map[string]found{
		"forgets":     {optIn: {kept: verdict.Fail}},
		"leaks":       {optOut: {idOmitted: verdict.Fail, odd: verdict.Inconclusive}, hunt: {canary: verdict.Fail}},
		"never-flags": {optOut: {flagSent: verdict.Fail}, optIn: {flagSent: verdict.Fail}},
	}
}

// measured is an input in which all is well.
func measured(t *testing.T) Input {
	in := Input{
		Tool: verdict.Tool{Name: "pixelwitness", Version: "test"}, Browser: "Chrome/1.2.3.4",
		Library: library(t, exercised), References: []Reference{shop}, Faults: good(),
	}
	in.Jobs = Jobs(in.References, in.Faults, true)
	in.Visits = visits(in.Jobs, caught())
	in.Timings = &Timings{Total: 12345, Launch: 500, Journeys: len(in.Visits), Parallel: 2}
	return in
}

// wrong is an input in which every kind of thing is wrong.
func wrong(t *testing.T) Input {
	in := measured(t)
	in.Library = library(t, map[string][]string{optOut: exercised[optOut], optIn: {flagSent}, hunt: exercised[hunt]})
	in.Faults = []Fault{
		fault("astray", flagSent), fault("breaks-the-harness", flagSent), fault("elsewhere", flagSent), fault("half-missed", idOmitted, canary),
		fault("misspelt", "shop.flag-snt"), fault("missed", idOmitted), fault("mute"), fault("odd-one", odd), fault("unfinished", flagSent),
		{Name: "foreign", Title: "It is of another document", Part: "collector", Document: "park"},
	}
	in.Jobs = Jobs(in.References, in.Faults, true)
	in.Visits = visits(in.Jobs, map[string]found{
		"unbroken beacon":    {optOut: {idOmitted: verdict.Fail, odd: verdict.Deviation}, hunt: {canary: verdict.Inconclusive}},
		"astray":             {optOut: {flagSent: verdict.Fail, idOmitted: verdict.Fail}},
		"breaks-the-harness": {optOut: {flagSent: verdict.Error}},
		"elsewhere":          {optOut: {idOmitted: verdict.Fail, flagSent: verdict.Inconclusive}},
		"half-missed":        {optOut: {idOmitted: verdict.Fail}},
		"mute":               {optOut: {flagSent: verdict.Inconclusive, idOmitted: verdict.Fail, odd: verdict.Pass}, optIn: {flagSent: verdict.Inconclusive}, hunt: {canary: verdict.Inconclusive, ProvenBySilence: verdict.Inconclusive}},
		"odd-one":            {optOut: {odd: verdict.Deviation}},
		"unfinished":         {optOut: {flagSent: verdict.Fail}},
	})
	in.Visits = in.Visits[:len(in.Visits)-1]
	for i, v := range in.Visits {
		delete(v.Outcomes, kept)
		if v.Fault == "breaks-the-harness" && v.Scenario == hunt {
			in.Visits[i].Err, in.Visits[i].Outcomes = "the browser died\nand \x1b[31mmore", nil
		}
	}
	in.Errors = []string{"a request came too late"}
	return in
}

// samples are tables of every kind.
func samples(t *testing.T) map[string]*Table {
	static := measured(t)
	static.Jobs, static.Visits, static.Timings, static.Browser = nil, nil, nil, ""
	lacking := static
	lacking.Library = library(t, map[string][]string{optOut: {flagSent, kept}, hunt: {canary}})
	lacking.References = []Reference{{Document: "shop", Pixel: "shop-pixel", Ways: []string{"image"}, Scenarios: []string{hunt, optOut}, Unsupported: []string{hunt}}}
	lacking.Faults = append(good()[:1], good()[3])
	part := measured(t)
	part.Partial = true
	part.Jobs = Jobs(part.References, part.Faults[1:2], false)
	part.Visits = visits(part.Jobs, caught())
	narrow := measured(t)
	narrow.Partial, narrow.Lacking = true, []string{"all.away", "shop.gone"}
	narrow.Jobs = Jobs(narrow.References, narrow.Faults[1:2], false)
	results := caught()
	delete(results["leaks"], hunt)
	narrow.Visits = visits(narrow.Jobs, results)
	return map[string]*Table{
		"complete": Tabulate(measured(t)), "wrong": Tabulate(wrong(t)),
		"declared": Tabulate(static), "lacking": Tabulate(lacking), "part": Tabulate(part),
		"narrow": Tabulate(narrow),
	}
}
