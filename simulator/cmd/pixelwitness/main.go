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

	"github.com/spf13/cobra"

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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
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
	return errors.As(err, &flag) || errors.As(err, &request) || errors.As(err, &problems) ||
		errors.As(err, &problem) || errors.As(err, &file)
}

func rootCommand(io streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "pixelwitness",
		Short: "Prove, in a real browser, what a tracking pixel does with a visitor's choice",
		Long: `pixelwitness drives headless Chrome through scripted visitor journeys, records
everything that leaves the browser and everything that it keeps, and judges that
evidence, clause by clause, against what a vendor's document promises.

Exit codes: 0 conformant, or partial (something unsupported, a declared
deviation; --strict makes that 1) · 1 a fail or an inconclusive · 2 usage, a bad
file, or nothing selected · 3 the harness broke.`,
		SilenceErrors: true, SilenceUsage: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("unknown command %q\nhint: see pixelwitness --help", args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(io.in)
	root.SetOut(io.out)
	root.SetErr(io.err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%w\nhint: see %s --help", err, c.CommandPath())
	})
	root.AddCommand(runCommand(io), judgeCommand(io), listCommand(io), lintCommand(io), serveCommand(io), versionCommand(io))
	return root
}
