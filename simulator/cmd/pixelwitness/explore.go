package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/explore"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
)

// exploreFlags are the flags of the explore command.
type exploreFlags struct {
	runFlags
	seed   uint64
	seeded bool // --seed was given
	walks  int
	limit  time.Duration
	walk   int
	steps  int
	shrink int
	once   bool
}

func exploreCommand(io streams) *cobra.Command {
	var f exploreFlags
	c := &cobra.Command{
		Use:   "explore",
		Short: "Take random walks and judge them; shrink what fails to a scenario",
		Long: `Take random walks and judge them; shrink what fails to a scenario.

A walk is a random set-up of the site and a random journey: pages, choices, days
and times that pass, stores that are emptied, tabs that are hidden, a second tab, a
collector or a network that fails. A model of the document says what the visitor
should be to the pixel in each step, and so what may be sent and kept; the walk is
judged by that as every scenario is. What fails twice is shrunk to the shortest
walk that still fails the same clause, and printed as a scenario file that can be
added as it is.

All randomness comes from the seed: a seed and the number of a walk make that walk
again, with the same --steps.

Exit codes: 0 no failure found · 1 something was found, or nothing could be judged
· 2 usage · 3 the harness broke, nothing was walked, or the walking was broken off.
Ctrl-C breaks it off, shrinks no more, and prints what there is.`,
		Example: `  pixelwitness explore --seed 7 --walks 200
  pixelwitness explore --for 10m --out found
  pixelwitness explore --seed 7 --walk 12
  pixelwitness explore --fault keeps-eid-parameter --once`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("explore takes no arguments, found %q\nhint: see %s --help", args[0], c.CommandPath())
			}
			f.faulty, f.seeded = c.Flags().Changed("fault"), c.Flags().Changed("seed")
			if c.Flags().Changed("walk") && f.walk < 1 {
				return usage("--walk %d: walks are numbered from 1", f.walk)
			}
			return f.run(c.Context(), io, c.Root().Name())
		},
	}
	f.addFolder(c)
	f.addPixel(c)
	flags := c.Flags()
	flags.Uint64Var(&f.seed, "seed", 0, "the `number` that all randomness comes from (default a random one, which is printed)")
	flags.IntVar(&f.walks, "walks", 0, "how many walks to take (default 100, or as many as --for allows)")
	flags.DurationVar(&f.limit, "for", 0, "take walks for this `long`, such as 10m")
	flags.IntVar(&f.walk, "walk", 0, "take this walk alone: its `number`, from 1")
	flags.IntVar(&f.steps, "steps", 12, "the most steps of a walk, besides those that bring it to its end")
	flags.IntVar(&f.shrink, "shrink-runs", 60, "how often a failing walk is walked again, at most, to make it shorter")
	flags.BoolVar(&f.once, "once", false, "end with the first walk that fails")
	flags.StringVar(&f.script, "script", "", "put this tracker, a `file or URL`, in place of the pixel's own on the stage")
	flags.StringVar(&f.fault, "fault", "", "break the reference on purpose, to see it found: a `name`")
	flags.StringVar(&f.chrome, "chrome", "", "the browser's executable `file` (default $"+browser.EnvPath+", or what is installed)")
	flags.StringVar(&f.kind, "browser", "", "which browser to look for: `shell` (headless shell, faster) or full")
	flags.IntVar(&f.parallel, "parallel", 2, "how many visitors walk at the same time")
	flags.StringVar(&f.out, "out", "", "write each finding as a scenario file into this `folder`")
	flags.StringVar(&f.json, "json", "", "write the result as JSON to this `file`; - is the standard output")
	_ = c.MarkFlagFilename("json", "json")
	_ = c.MarkFlagDirname("out")
	_ = c.RegisterFlagCompletionFunc("browser", cobra.FixedCompletions([]string{"shell", "full"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (f *exploreFlags) run(ctx context.Context, io streams, program string) error {
	if err := f.check(); err != nil {
		return err
	}
	o, session, err := f.prepareWalks(ctx, program)
	if err != nil {
		return err
	}
	bar := &strides{to: io.err, began: time.Now(), every: 2 * time.Second}
	o.Notify = bar.notify
	result, err := explore.Explore(ctx, o)
	bar.end()
	closing := session.Close()
	if err != nil {
		return err
	}
	// Whoever breaks it off may have ended the browser, too.
	if !result.Interrupted {
		if closing != nil {
			result.Errors = append(result.Errors, closing.Error())
		}
		result.Errors = append(result.Errors, session.Errors()...)
	}
	return f.print(io, result)
}

// check refuses flags that do not go together.
func (f *exploreFlags) check() error {
	switch {
	case f.parallel < 1:
		return usage("--parallel %d: at least one visitor must walk", f.parallel)
	case f.walks < 0, f.limit < 0, f.shrink < 0:
		return usage("--walks, --for and --shrink-runs are not negative")
	case f.steps < 2:
		return usage("--steps %d: a walk has at least two", f.steps)
	case f.walk > 0 && !f.seeded:
		return usage("--walk wants the --seed that the walk is one of")
	case f.walk > 0 && (f.walks > 0 || f.limit > 0):
		return usage("--walk takes one walk; it goes with neither --walks nor --for")
	}
	return nil
}

// prepareWalks opens a session and says what is explored in it.
func (f *exploreFlags) prepareWalks(ctx context.Context, program string) (explore.Options, *suite.Session, error) {
	var none explore.Options
	if !f.seeded {
		f.seed = rand.Uint64N(1_000_000)
	}
	lib, pixel, err := f.load()
	if err != nil {
		return none, nil, err
	}
	broken, err := f.checkFault(pixel)
	if err != nil {
		return none, nil, err
	}
	s := suite.Options{Library: lib, Pixel: pixel, Tool: tool(), Collector: referenceCollector, Filed: filedCollectorWith(nil)}
	if s.Reference, err = reference(f.fault); err != nil {
		return none, nil, err
	}
	if f.faulty {
		s.Collector, s.Filed = collectorWith(broken.Change), filedCollectorWith(broken.Change)
	}
	script := pixel.Script
	if f.fault != "" {
		script += " with fault " + f.fault
	}
	if f.script != "" {
		if s.Script, err = readScript(ctx, f.script); err != nil {
			return none, nil, err
		}
		script = f.script
	}
	if s.Launch, _, err = f.browser(); err != nil {
		return none, nil, err
	}
	if err := f.prepareFiles(); err != nil {
		return none, nil, err
	}
	o := explore.Options{
		Library: lib, Pixel: pixel, Seed: f.seed, First: 1, Walks: f.walks, For: f.limit, Steps: f.steps,
		Parallel: f.parallel, ShrinkRuns: f.shrink, Once: f.once, Script: script, Command: f.command(program), Tool: tool(),
	}
	if f.walk > 0 {
		o.First, o.Walks = f.walk, 1
	}
	if err := explore.Check(o); err != nil {
		return none, nil, usageError{err}
	}
	session, err := suite.Open(ctx, s)
	if err != nil {
		return none, nil, err
	}
	o.Visit = session.Visit
	return o, session, nil
}

// command is the command line that explores the same pixel with the same script.
func (f *exploreFlags) command(program string) string {
	words := []string{program, "explore"}
	for _, flag := range []struct{ name, value, otherwise string }{
		{"scenarios", f.folder, ""}, {"pixel", f.pixel, defaultPixel}, {"script", f.script, ""}, {"fault", f.fault, ""}, {"browser", f.kind, ""},
	} {
		if flag.value != flag.otherwise {
			words = append(words, "--"+flag.name, flag.value)
		}
	}
	return strings.Join(words, " ")
}

// prepareFiles makes sure, before anything is walked, that what is found can be
// written.
func (f *exploreFlags) prepareFiles() error {
	if f.out != "" {
		if err := os.MkdirAll(f.out, 0o755); err != nil {
			return usage("cannot write to --out: %w", err)
		}
	}
	return (&reports{json: f.json}).prepare()
}

// print writes what was found, and gives the exit code.
func (f *exploreFlags) print(io streams, result *explore.Result) error {
	if f.out != "" {
		for _, found := range result.Findings {
			if err := writeFinding(f.out, found); err != nil {
				return err
			}
		}
	}
	if f.json != "" {
		if err := writeJSON(io, f.json, result); err != nil {
			return err
		}
	}
	if f.json != "-" {
		if err := result.WriteText(io.out); err != nil {
			return err
		}
	}
	switch {
	case len(result.Errors) > 0, result.Walks == 0, result.Interrupted:
		return exitCode(exitHarness)
	case len(result.Findings) > 0, !result.Judged():
		return exitCode(exitBreach)
	}
	return nil
}

// writeFinding writes the scenario of a finding to where a library would have it.
func writeFinding(folder string, found explore.Finding) error {
	file := filepath.Join(folder, filepath.FromSlash(found.File))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(found.Text), 0o644)
}

func writeJSON(io streams, file string, result *explore.Result) error {
	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if file == "-" {
		_, err = io.out.Write(text)
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

// strides tells now and then how far the exploring is.
type strides struct {
	to     io.Writer
	began  time.Time
	every  time.Duration
	last   time.Duration
	walked explore.Progress
}

func (s *strides) notify(p explore.Progress) {
	s.walked = p
	if now := time.Since(s.began); now-s.last >= s.every {
		s.last = now
		fmt.Fprintln(s.to, s.line())
	}
}

func (s *strides) line() string {
	p := s.walked
	if p.Shrinking != "" {
		return fmt.Sprintf("shrinking %s: run %d", p.Shrinking, p.Runs)
	}
	of := ""
	if p.Of > 0 {
		of = fmt.Sprintf(" of %d", p.Of)
	}
	share := 0.0
	if p.Verdicts > 0 {
		share = 100 * float64(p.Inconclusive) / float64(p.Verdicts)
	}
	return fmt.Sprintf("%d%s walks, %d failed, %.1f %% inconclusive", p.Walks, of, p.Failed, share)
}

// end tells the last of it, where anything was told before.
func (s *strides) end() {
	if s.last > 0 {
		fmt.Fprintln(s.to, s.line())
	}
}
