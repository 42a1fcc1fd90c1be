package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/coverage"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// coverageFlags are the flags of the coverage command.
type coverageFlags struct {
	data
	static   bool
	brief    bool
	json     string
	chrome   string
	kind     string
	parallel int
}

func coverageCommand(io streams) *cobra.Command {
	var f coverageFlags
	c := &cobra.Command{
		Use:   "coverage [FAULT...]",
		Short: "Show which clauses have scenarios and faults, and whether each fault is caught",
		Long: `Show which clauses have scenarios and faults, and whether each fault is caught.

Every scenario is walked with the unbroken reference, in each way of delivery
that it offers, and with every fault. A fault is caught when each clause that it
declares fails, and no other does; with --scenarios and a folder that lacks
built-in scenarios, when the main one does, and none that it does not declare. That takes minutes; --static shows what is
declared and walks nothing.

A FAULT is the name of a fault, the ID of a clause that faults declare, or a
pattern over either, such as 'keeps-*' or mapp.eid-omitted; "unbroken" is the
unbroken reference. With one, only these are walked, and only they decide.

Exit codes: 0 complete · 1 a clause of level must or derived lacks a scenario or a
fault, a fault is not caught by its clauses alone, or the unbroken reference is not
green · 2 usage · 3 the harness broke, or the run was broken off.`,
		Example: `  pixelwitness coverage --static
  pixelwitness coverage --json coverage.json
  pixelwitness coverage 'keeps-*' never-sends-nc`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, f := range fault.All() {
				names = append(names, f.Name+"\t"+f.Title)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error { return f.run(c.Context(), io, args) },
	}
	f.addFolder(c)
	flags := c.Flags()
	flags.BoolVar(&f.static, "static", false, "show what is declared, and walk nothing")
	flags.BoolVar(&f.brief, "brief", false, "walk each fault through the scenarios of its clauses and a few that touch every clause, not through all")
	flags.StringVar(&f.json, "json", "", "write the table as JSON to this `file`; - is the standard output")
	flags.StringVar(&f.chrome, "chrome", "", "the browser's executable `file` (default $"+browser.EnvPath+", or what is installed)")
	flags.StringVar(&f.kind, "browser", "", "which browser to look for: `shell` (headless shell, faster) or full")
	flags.IntVar(&f.parallel, "parallel", 2, "how many visitors walk at the same time")
	_ = c.MarkFlagFilename("json", "json")
	_ = c.RegisterFlagCompletionFunc("browser", cobra.FixedCompletions([]string{"shell", "full"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (f *coverageFlags) run(ctx context.Context, io streams, patterns []string) error {
	switch {
	case f.parallel < 1:
		return usage("--parallel %d: at least one visitor must walk", f.parallel)
	case f.static && len(patterns) > 0:
		return usage("--static shows all that is declared; it does not go with the name of a fault")
	}
	if err := (&reports{json: f.json}).prepare(); err != nil {
		return err
	}
	lib, err := f.library()
	if err != nil {
		return err
	}
	m := &matrix{lib: lib, parallel: f.parallel, parts: map[string]*part{}}
	if err := m.bind(); err != nil {
		return err
	}
	in := coverage.Input{Tool: tool(), Library: lib, References: m.references(), Faults: m.faults(), Partial: len(patterns) > 0}
	if in.Lacking, err = lackingOf(lib); err != nil {
		return err
	}
	if !f.static {
		selected, unbroken, err := selectFaults(in.Faults, patterns)
		if err != nil {
			return err
		}
		in.Jobs = coverage.Jobs(in.References, selected, unbroken)
		if f.brief {
			in.Jobs = coverage.Brief(in.Jobs, lib, selected)
		}
		if len(in.Jobs) == 0 {
			return usage("nothing to walk: no pixel has a reference for its script\nhint: --static shows what is declared")
		}
		if m.launch, _, err = (&runFlags{chrome: f.chrome, kind: f.kind}).browser(); err != nil {
			return err
		}
		if err := m.walkAll(ctx, io.err, &in); err != nil {
			return err
		}
	}
	return f.write(io, coverage.Tabulate(in))
}

// lackingOf lists the built-in scenarios that the library lacks: it is on them that
// the faults declare what they break.
func lackingOf(lib *scenario.Library) ([]string, error) {
	builtIn, err := (&data{}).library()
	if err != nil {
		return nil, err
	}
	var lacking []string
	for _, s := range builtIn.Scenarios {
		if lib.Scenario(s.ID) == nil {
			lacking = append(lacking, s.ID)
		}
	}
	return lacking, nil
}

// selectFaults selects faults, with a hint where nothing is selected.
func selectFaults(all []coverage.Fault, patterns []string) ([]coverage.Fault, bool, error) {
	selected, unbroken, err := coverage.Select(all, patterns)
	var none *coverage.NoMatchError
	if errors.As(err, &none) {
		words := []string{coverage.UnbrokenName}
		for _, f := range all {
			words = append(append(words, f.Name), f.Clauses...)
		}
		err = fmt.Errorf("%w\nhint: %s", err, near(none.Pattern, words, "pixelwitness run --fault list names all"))
	}
	if err != nil {
		return nil, false, usageError{err}
	}
	return selected, unbroken, nil
}

// write writes the table, and returns the exit code.
func (f *coverageFlags) write(s streams, table *coverage.Table) error {
	text := s.out
	if f.json == "-" {
		text = s.err // the standard output is the machine's
		if err := coverage.JSON(s.out, table); err != nil {
			return err
		}
	} else if err := toFile(f.json, table, coverage.JSON); err != nil {
		return err
	}
	if err := coverage.Text(text, table); err != nil {
		return err
	}
	switch {
	case table.Broke():
		return exitCode(exitHarness)
	case !table.Complete:
		return exitCode(exitBreach)
	}
	return nil
}

// rows shows how the matrix goes: a bar on a terminal, a line for each fault
// elsewhere.
type rows struct {
	to             *progress
	declared, owed map[string][]string // clauses by fault; owed are those that must be red
}

func (r *rows) notify(p coverage.Progress) {
	if r.to.tty {
		if r.to.bar == nil {
			r.to.bar = progressbar.NewOptions(p.Planned, progressbar.OptionSetWriter(r.to.to), progressbar.OptionClearOnFinish(),
				progressbar.OptionShowCount(), progressbar.OptionSetWidth(20), progressbar.OptionThrottle(50*time.Millisecond))
		}
		r.to.bar.Describe(fmt.Sprintf("%d/%d %s", p.Done, p.Total, p.Name))
		_ = r.to.bar.Set(p.Walked)
		return
	}
	if !p.Ended {
		return
	}
	fmt.Fprintf(r.to.to, "%d/%d %s: %s (%s, %.1f s); %s left\n",
		p.Done, p.Total, p.Name, r.found(p), count(p.Journeys, "journey"), p.Walking.Seconds(), p.Left.Round(time.Second))
}

// found says in what the clauses that failed differ from those that are declared.
func (r *rows) found(p coverage.Progress) string {
	lacking := func(of, in []string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(of), func(c string) bool { return slices.Contains(in, c) }), ", ")
	}
	missed, astray := lacking(r.owed[p.Name], p.Red), lacking(p.Red, r.declared[p.Name])
	switch {
	case missed != "" && astray != "":
		return "NOT RED " + missed + ", RED UNDECLARED " + astray
	case missed != "":
		return "NOT RED " + missed
	case astray != "":
		return "RED UNDECLARED " + astray
	case len(p.Red) == 0:
		return "nothing red"
	}
	return "red as declared"
}
