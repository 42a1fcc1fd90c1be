package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"

	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/compare"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// repetitions is how often each script is walked through a journey: what differs
// between walks of one script is chance.
const repetitions = 2

// compareFlags are the flags of the compare command.
type compareFlags struct {
	walk    runFlags // where the data, the browser and the visitors come from
	scripts []string
	json    string
	verbose bool
}

func compareCommand(io streams) *cobra.Command {
	var f compareFlags
	c := &cobra.Command{
		Use:   "compare [SELECTOR...]",
		Short: "Walk two scripts through the same journeys and list where they differ",
		Long: `Walk two scripts, a and b, through the same journeys under the same description
of a pixel, and list where they differ: the clauses on which they come to another
outcome, and what they sent, kept and asked for, parameter by parameter and cookie
by cookie, with the steps. With one --script it is b, and a is the pixel's own
script, such as the reference.

Each script is walked twice. What varies between the walks of one script is
chance and is compared by its kind, such as <number of 19 digits>: a number of
another length differs, another number does not. Times near now are one kind, and
the order of parameters and of hits does not count. What a script did on one walk
only is set aside, and counted.

Exit codes, like those of diff: 0 no difference · 1 different, or nothing was
sent by either · 2 usage, a bad file, or nothing selected · 3 the harness broke,
or the comparison was broken off.`,
		Example: `  pixelwitness compare --script dist/smart-pixel.min.js
  pixelwitness compare mapp.opt-out --script old.js --script new.js --json differences.json`,
		ValidArgsFunction: f.walk.selectors,
		RunE: func(c *cobra.Command, args []string) error {
			return f.run(c.Context(), io, args)
		},
	}
	f.walk.addFolder(c)
	f.walk.addPixel(c)
	flags := c.Flags()
	flags.StringArrayVar(&f.scripts, "script", nil, "a tracker, a `file or URL`; given twice, the first is a and the second b")
	flags.StringVar(&f.json, "json", "", "write the comparison as JSON to this `file`; - is the standard output")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "list every step of a difference, and shorten no value")
	flags.StringVar(&f.walk.chrome, "chrome", "", "the browser's executable `file` (default $"+browser.EnvPath+", or what is installed)")
	flags.StringVar(&f.walk.kind, "browser", "", "which browser to look for: `shell` (headless shell, faster) or full")
	flags.IntVar(&f.walk.parallel, "parallel", 2, "how many visitors walk at the same time")
	_ = c.MarkFlagFilename("script", "js")
	_ = c.MarkFlagFilename("json", "json")
	_ = c.RegisterFlagCompletionFunc("browser", cobra.FixedCompletions([]string{"shell", "full"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (f *compareFlags) run(ctx context.Context, io streams, selectors []string) error {
	scripts, err := f.read(ctx)
	if err != nil {
		return err
	}
	lib, pixel, err := f.walk.load()
	if err != nil {
		return err
	}
	o := suite.Options{Library: lib, Pixel: pixel, Selectors: selectors, Tool: tool()}
	plans, err := suite.Plan(o)
	if err != nil {
		return err
	}
	if o.Reference, err = reference(""); err != nil {
		return err
	}
	launch, warnings, err := f.walk.browser()
	if err != nil {
		return err
	}
	o.Launch, o.Collector, o.Filed = launch, referenceCollector, filedCollectorWith(nil)
	bar := newProgress(io.err)
	pairs, err := walkBoth(ctx, o, scripts, plans, f.walk.parallel, bar)
	bar.end()
	if err != nil {
		return err
	}
	c := compare.Compare(pairs)
	c.Tool, c.Pixel, c.Repetitions, c.Warnings = o.Tool, pixel.Name, repetitions, warnings
	describe(c, pairs)
	return f.write(io, c)
}

// read checks the flags and reads the scripts; nil stands for the pixel's own.
func (f *compareFlags) read(ctx context.Context) ([2]*suite.Script, error) {
	var scripts [2]*suite.Script
	switch n := len(f.scripts); {
	case n == 0:
		return scripts, usage("nothing to compare with the pixel's own script\nhint: name another with --script FILE; two of them are compared with each other")
	case n > 2:
		return scripts, usage("%d scripts are named, and two can be compared", n)
	case f.walk.parallel < 1:
		return scripts, usage("--parallel %d: at least one visitor must walk", f.walk.parallel)
	}
	if f.json != "" && f.json != "-" {
		if info, err := os.Stat(filepath.Dir(f.json)); err != nil || !info.IsDir() {
			return scripts, usage("cannot write %s: there is no folder %s", f.json, filepath.Dir(f.json))
		}
	}
	for i, from := range f.scripts {
		script, err := readScript(ctx, from)
		if err != nil {
			return scripts, err
		}
		scripts[len(scripts)-len(f.scripts)+i] = script
	}
	return scripts, nil
}

// walkBoth walks both scripts through every plan in one browser, each as often.
func walkBoth(ctx context.Context, o suite.Options, scripts [2]*suite.Script, plans []*scenario.Plan, parallel int, bar *progress) ([]compare.Pair, error) {
	pairs := make([]compare.Pair, len(plans))
	var jobs []walkJob
	for i, p := range plans {
		pairs[i].Plan = p
		if len(p.Unsupported) > 0 {
			continue
		}
		for range repetitions {
			jobs = append(jobs, walkJob{p, 0, &pairs[i].A}, walkJob{p, 1, &pairs[i].B})
		}
	}
	if len(jobs) == 0 {
		return pairs, nil
	}
	tally := &walkTally{bar: bar, total: len(jobs)}
	o.Notify = tally.notify
	tally.notify(suite.Event{Phase: "launch"})
	var sessions [2]*suite.Session
	var err error
	o.Script = scripts[0]
	if sessions[0], err = suite.Open(ctx, o); err != nil {
		return nil, err
	}
	o.Script = scripts[1]
	if sessions[1], err = sessions[0].With(o); err == nil {
		walkAll(ctx, sessions, jobs, parallel, tally)
	}
	err = errors.Join(err, sessions[0].Close())
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the comparison was broken off: %w", context.Cause(ctx))
	}
	for _, broken := range sessions[0].Errors() {
		err = errors.Join(err, errors.New(broken))
	}
	return pairs, err
}

// walkJob is one walk of one script, and where it is kept.
type walkJob struct {
	plan *scenario.Plan
	side int
	to   *[]compare.Walk
}

// walkAll does the jobs, as many at once as asked for, and none once the context
// has ended.
func walkAll(ctx context.Context, sessions [2]*suite.Session, jobs []walkJob, parallel int, tally *walkTally) {
	next := make(chan walkJob)
	var mu sync.Mutex
	var walking sync.WaitGroup
	for range min(parallel, len(jobs)) {
		walking.Go(func() {
			for job := range next {
				v := sessions[job.side].Visit(ctx, job.plan)
				mu.Lock()
				*job.to = append(*job.to, compare.Walk{Evidence: v.Evidence, Verdicts: v.Verdicts})
				mu.Unlock()
				tally.notify(suite.Event{Scenario: v.Plan.Scenario, Ended: &v.Scenario})
			}
		})
	}
	for _, job := range jobs {
		if ctx.Err() != nil {
			break
		}
		next <- job
	}
	close(next)
	walking.Wait()
}

// walkTally counts the walks of both scripts for the progress.
type walkTally struct {
	mu          sync.Mutex
	bar         *progress
	total, done int
}

func (t *walkTally) notify(e suite.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.Ended != nil {
		t.done++
	}
	e.Total, e.Done = t.total, t.done
	t.bar.notify(e)
}

// describe says of the comparison what the evidence says of itself.
func describe(c *compare.Comparison, pairs []compare.Pair) {
	script := func(e *evidence.Evidence) compare.Script {
		c.Browser = verdict.Browser(e.Browser)
		return compare.Script{Name: e.Script, SHA256: e.ScriptSHA256}
	}
	for _, p := range pairs {
		if len(p.A) > 0 && len(p.B) > 0 {
			c.A, c.B = script(p.A[0].Evidence), script(p.B[0].Evidence)
		}
	}
}

// write writes the comparison and returns the exit code.
func (f *compareFlags) write(s streams, c *compare.Comparison) error {
	text := s.out
	if f.json == "-" {
		text = s.err // the standard output is the machine's
	}
	if err := compare.Text(text, c, compare.TextOptions{Color: colored(text), Width: width(text), Verbose: f.verbose}); err != nil {
		return err
	}
	if f.json == "-" {
		if err := compare.JSON(s.out, c); err != nil {
			return err
		}
	} else if err := toFile(f.json, c, compare.JSON); err != nil {
		return err
	}
	switch {
	case len(c.Errors) > 0:
		return exitCode(exitHarness)
	case !c.Same():
		return exitCode(exitBreach)
	}
	return nil
}
