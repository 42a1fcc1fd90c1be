// Command pixelwitness proves, in a real browser, what a tracking pixel does
// with a visitor's choice.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
)

// The exit codes.
const (
	exitConformant = 0 // conformant, or partial without --strict
	exitBreach     = 1 // a fail or an inconclusive; partial with --strict
	exitUsage      = 2 // usage, a bad file, or nothing selected
	exitHarness    = 3 // the harness broke
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// The first Ctrl-C cleans up; a second one ends the program at once.
	go func() { <-ctx.Done(); stop() }()
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// streams are the program's standard streams.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// exitCode is an outcome that has been reported already; only the code is left
// to give.
type exitCode int

// Error is never shown.
func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// usageError is a mistake in the command line.
type usageError struct{ error }

// Unwrap returns the mistake.
func (u usageError) Unwrap() error { return u.error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run runs the command line and returns the exit code.
func run(ctx context.Context, args []string, io streams) int {
	root := rootCommand(io)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var code exitCode
	switch {
	case err == nil:
		return exitConformant
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(io.err, "pixelwitness: %s\n", strings.TrimSpace(err.Error()))
	if isUsage(err) {
		return exitUsage
	}
	return exitHarness
}

// isUsage tells a mistake of the user's from a failure of the harness.
func isUsage(err error) bool {
	var (
		flag     usageError
		request  *suite.UsageError
		problems scenario.Problems
		problem  scenario.Problem
		file     *evidence.FileError
	)
	return errors.Is(err, browser.ErrExecutable) || errors.As(err, &flag) || errors.As(err, &request) || errors.As(err, &problems) ||
		errors.As(err, &problem) || errors.As(err, &file)
}

func rootCommand(io streams) *cobra.Command {
	root := &cobra.Command{
		Use:     "pixelwitness",
		Version: tool().Version,
		Short:   "Prove, in a real browser, what a tracking pixel does with a visitor's choice",
		Long: `pixelwitness drives headless Chrome through scripted visitor journeys, records
everything that leaves the browser and everything that it keeps, and judges that
evidence, clause by clause, against what a vendor's document promises.

Exit codes: 0 conformant, or partial (something unsupported, a declared
deviation; --strict makes that 1) · 1 a fail or an inconclusive, or nothing was
judged · 2 usage, a bad file, or nothing selected · 3 the harness broke, or the run
was broken off.`,
		SilenceErrors: true, SilenceUsage: true,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknown(c, args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(io.in)
	root.SetOut(io.out)
	root.SetErr(io.err)
	root.SetFlagErrorFunc(flagMistake)
	root.AddCommand(runCommand(io), judgeCommand(io), listCommand(io), lintCommand(io), serveCommand(io), versionCommand(io),
		compareCommand(io), coverageCommand(io), exploreCommand(io), exportCommand(io), populationCommand(io))
	strictCompletion(root)
	return root
}

// strictCompletion makes cobra's own commands refuse unknown words as ours do.
func strictCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			for _, shell := range c.Commands() {
				shell.Args = none
			}
			c.Args = func(c *cobra.Command, args []string) error {
				if len(args) > 0 {
					return unknown(c, args[0])
				}
				return usage("completion for which shell?\nhint: see %s --help", c.CommandPath())
			}
			c.RunE = func(*cobra.Command, []string) error { return nil } // makes cobra look at the arguments
		case "help":
			c.Args = func(_ *cobra.Command, args []string) error {
				if found, rest, err := root.Find(args); err != nil || len(rest) > 0 {
					return unknown(found, args[len(args)-max(1, len(rest))])
				}
				return nil
			}
		}
	}
}

// unknown refuses a word that is none of the command's own commands.
func unknown(c *cobra.Command, word string) error {
	var words []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			words = append(words, sub.Name())
		}
	}
	return usage("unknown command %q\nhint: %s", word, near(word, words, "see "+c.CommandPath()+" --help"))
}

// flagMistake refuses a flag that is unknown, or has a value that is no good.
func flagMistake(c *cobra.Command, err error) error {
	hint := "see " + c.CommandPath() + " --help"
	var missing *pflag.NotExistError
	if errors.As(err, &missing) && missing.GetSpecifiedShortnames() == "" {
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		hint = near("--"+missing.GetSpecifiedName(), names, hint)
	}
	return usage("%w\nhint: %s", err, hint)
}

// near asks whether the word that is spelt most like it was meant, or says
// something else where there is none.
func near(word string, words []string, otherwise string) string {
	nearest, least := "", max(2, len(word)/3)+1
	for _, w := range words {
		if edits := levenshtein.ComputeDistance(word, w); edits < least {
			nearest, least = w, edits
		}
	}
	if nearest == "" {
		return otherwise
	}
	return fmt.Sprintf("did you mean %q?", nearest)
}
