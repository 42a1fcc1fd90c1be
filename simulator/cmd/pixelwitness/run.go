package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/reference/tracker"
	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// runFlags are the flags of the run command.
type runFlags struct {
	data
	reports
	playing
	script        string
	collector     string
	kept          []string
	reading       []string
	fault         string
	faulty        bool // --fault was given
	chrome        string
	kind          string
	headed        bool
	parallel      int
	noScreenshots bool
	redact        bool
}

func runCommand(io streams) *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run [SELECTOR...]",
		Short: "Walk scenarios in a browser and judge what the pixel did",
		Long: `Walk scenarios in a browser and judge what the pixel did.

A SELECTOR is the ID of a scenario or of a clause, or a pattern over either, such
as mapp.opt-out, mapp.nc-sent or 'mapp.opt-*'. Without one, every scenario of the
pixel's document is run; without --pixel, the pixel is one of the selectors'
document.`,
		Example: `  pixelwitness run
  pixelwitness run mapp.nc-sent --out report
  pixelwitness run --pixel ./my-pixel --junit junit.xml
  pixelwitness run --script dist/smart-pixel.min.js`,
		ValidArgsFunction: f.selectors,
		RunE: func(c *cobra.Command, args []string) error {
			f.faulty = c.Flags().Changed("fault")
			if err := f.refuse(c); err != nil {
				return err
			}
			return f.run(c.Context(), io, args)
		},
	}
	f.addFolder(c)
	f.addPixel(c)
	f.reports.add(c)
	f.playing.add(c)
	flags := c.Flags()
	flags.StringVar(&f.script, "script", "", "put this tracker, a `file or URL`, in place of the pixel's own on the stage")
	flags.StringVar(&f.collector, "collector", "", "forward hits, and what is read back, to the collector that runs at this `URL`, instead of the reference")
	flags.StringArrayVar(&f.kept, "kept", nil, "search this `file or folder` for what --collector keeps: its store, its logs (repeatable)")
	addReading(c, &f.reading)
	flags.StringVar(&f.fault, "fault", "", "break the reference tracker on purpose, to see it caught: a `name`, or \"list\"")
	flags.StringVar(&f.chrome, "chrome", "", "the browser's executable `file` (default $"+browser.EnvPath+", or what is installed)")
	flags.StringVar(&f.kind, "browser", "", "which browser to look for: `shell` (headless shell, faster) or full")
	flags.BoolVar(&f.headed, "headed", false, "show the browser's window (needs a full browser and a display)")
	flags.IntVar(&f.parallel, "parallel", 2, "how many visitors walk at the same time")
	flags.BoolVar(&f.noScreenshots, "no-screenshots", false, "take no pictures for --out")
	flags.BoolVar(&f.redact, "redact", false, "replace personal values in evidence and reports by stable tokens")
	_ = c.RegisterFlagCompletionFunc("fault", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, f := range fault.All() {
			names = append(names, f.Name+"\t"+f.Title)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
	_ = c.RegisterFlagCompletionFunc("browser", cobra.FixedCompletions([]string{"shell", "full"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (f *runFlags) run(ctx context.Context, io streams, selectors []string) error {
	if f.fault == "list" {
		return listFaults(io)
	}
	if f.parallel < 1 {
		return usage("--parallel %d: at least one visitor must walk", f.parallel)
	}
	named, _ := fault.Lookup(f.fault) // a name that is none is refused below
	lib, pixel, err := f.loadFor(selectors, named.Vendor)
	if err != nil {
		return err
	}
	if pixel, err = readAs(pixel, f.reading); err != nil {
		return err
	}
	if err := f.checkKept(); err != nil {
		return err
	}
	o := suite.Options{
		Library: lib, Pixel: pixel, Selectors: selectors, Parallel: f.parallel,
		Folder: f.out, Screenshots: !f.noScreenshots, Redact: f.redact, Tool: tool(),
	}
	if _, err := suite.Plan(o); err != nil {
		return err // before a browser is looked for
	}
	broken, err := f.checkFault(pixel)
	if err != nil {
		return err
	}
	if o.Reference, err = reference(f.fault); err != nil {
		return err
	}
	if f.script != "" {
		if o.Script, err = readScript(ctx, f.script); err != nil {
			return err
		}
	}
	var warning []string
	if !f.withoutBrowser {
		if o.Launch, warning, err = f.browser(); err != nil {
			return err
		}
	}
	o.Collector, o.Filed = referenceCollector, filedCollectorWith(nil)
	if f.collector != "" {
		o.Filed, o.Kept = nil, f.kept
		if o.Elsewhere, err = suite.Elsewhere(f.collector); err != nil {
			return err
		}
		o.Collector, o.OwnCustomers = o.Elsewhere.Collector, true
	}
	if f.faulty {
		if err := f.refuseFault(broken); err != nil {
			return err
		}
		o.Collector, o.Filed = collectorWith(broken.Change), filedCollectorWith(broken.Change)
	}
	if err := f.prepare(); err != nil {
		return err
	}
	bar := newProgress(io.err)
	o.Notify = bar.notify
	result, err := f.walk(ctx, o)
	bar.end()
	if result == nil {
		return err
	}
	if len(selectors) == 0 {
		warning = append(warning, untried(lib, pixel.Document)...)
	}
	warning = append(warning, readOtherwise(lib, pixel, selectors)...)
	result.Warnings = append(warning, result.Warnings...)
	if err != nil {
		result.Errors = append(result.Errors, err.Error())
		result.Tally()
	}
	return f.write(io, result)
}

// untried says how many of the document's clauses no scenario tries yet: a pass
// says nothing of them.
func untried(lib *scenario.Library, document string) []string {
	clauses, missing := lib.Catalogue(document).Clauses, 0
	for _, clause := range clauses {
		if len(lib.Exercising(clause.ID)) == 0 {
			missing++
		}
	}
	if missing == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d of the %d clauses of %s are tried by no scenario yet, so nothing is said of them; see pixelwitness list clauses",
		missing, len(clauses), document)}
}

// checkFault returns the fault that is asked for; the zero one when none is. It refuses
// one that would break nothing: the run would pass, and
// be taken for proof.
func (f *runFlags) checkFault(pixel *scenario.Pixel) (fault.Fault, error) {
	var none fault.Fault
	switch {
	case !f.faulty:
		return none, nil
	case f.fault == "":
		return none, usage("--fault wants a name\nhint: --fault list names all")
	case f.script != "":
		return none, usage("--fault breaks the reference tracker; it does not go with --script")
	case f.collector != "":
		return none, usage("--fault breaks the reference; it does not go with --collector")
	case !strings.HasPrefix(pixel.Script, scenario.ReferenceScript):
		return none, usage("--fault breaks the reference tracker, and the pixel %s has a script of its own, %s", pixel.Name, pixel.Script)
	}
	broken, err := fault.Lookup(f.fault)
	if err != nil {
		return none, usageError{err}
	}
	if vendor := strings.TrimPrefix(pixel.Script, scenario.ReferenceScript); broken.Vendor != vendor {
		return none, usage("the fault %s is one of the reference for %s, and what is run is that for %s\nhint: --pixel %[2]s", f.fault, broken.Vendor, vendor)
	}
	return broken, nil
}

// browser finds the browser and says how to launch it.
func (f *runFlags) browser() (suite.Launch, []string, error) {
	kind := browser.Kind(f.kind)
	switch kind {
	case browser.Any, browser.Shell, browser.Full:
	default:
		return nil, nil, usage("--browser %q: want shell or full", f.kind)
	}
	if f.headed && kind == browser.Any && f.chrome == "" && os.Getenv(browser.EnvPath) == "" {
		kind = browser.Full // the shell has no window
	}
	path, err := browser.Find(f.chrome, kind)
	if err != nil {
		return nil, nil, usageError{err}
	}
	var warning []string
	if os.Geteuid() == 0 {
		warning = []string{"running as root: the browser's sandbox is off"}
	}
	return browser.Launcher(browser.Options{Path: path, Headed: f.headed}), warning, nil
}

// reference says where the code of reference trackers comes from: the clean
// ones, or one with a fault.
func reference(name string) (func(string) (suite.Script, error), error) {
	var o tracker.Options
	label := ""
	if name != "" {
		broken, err := fault.Lookup(name)
		if err != nil {
			return nil, usageError{err}
		}
		o.Patches, label = broken.Patches, " with fault "+broken.Name
	}
	return func(vendor string) (suite.Script, error) {
		bundled, err := tracker.Bundle(vendor, o)
		return suite.Script{Name: "reference:" + vendor + label, Source: bundled.Source}, err
	}, nil
}

func listFaults(io streams) error {
	vendor := ""
	for _, f := range fault.All() {
		if f.Vendor != vendor {
			vendor = f.Vendor
			fmt.Fprintf(io.out, "%s:\n", vendor)
		}
		fmt.Fprintf(io.out, "  %-48s %-9s  %s\n", f.Name, f.Part, f.Title)
	}
	return nil
}

// code is the exit code that a result stands for. A run in which nothing was judged
// is no success.
func code(result *verdict.Result, strict bool) error {
	switch {
	case result.Outcome == verdict.Error:
		return exitCode(exitHarness)
	case result.Outcome >= verdict.Inconclusive, strict && result.Outcome > verdict.Pass, !judgedAny(result):
		return exitCode(exitBreach)
	}
	return nil
}

// judgedAny tells whether there is a verdict that rests on evidence.
func judgedAny(result *verdict.Result) bool {
	return slices.ContainsFunc(result.Verdicts, func(v verdict.Verdict) bool {
		return v.Outcome != verdict.Unsupported && v.Outcome != verdict.Skipped
	})
}
