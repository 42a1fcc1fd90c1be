package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/pixelwitness/pixelwitness/simulator/report"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// reports are the flags that say where results go.
type reports struct {
	out, json, junit string
	strict, verbose  bool
}

func (r *reports) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&r.out, "out", "", "write the whole report, with evidence and pictures, into this `folder`, in place of a former one")
	flags.StringVar(&r.json, "json", "", "write the result as JSON to this `file`; - is the standard output")
	flags.StringVar(&r.junit, "junit", "", "write the result as JUnit XML to this `file`")
	flags.BoolVar(&r.strict, "strict", false, "end with 1 when the result is only partial")
	flags.BoolVarP(&r.verbose, "verbose", "v", false, "show the clauses that passed in full, too")
	_ = c.MarkFlagDirname("out")
	_ = c.MarkFlagFilename("json", "json")
	_ = c.MarkFlagFilename("junit", "xml")
}

// prepare makes sure, before anything is run, that the report can be written.
func (r *reports) prepare() error {
	for flag, value := range map[string]string{"--out": r.out, "--junit": r.junit} {
		if value == "-" {
			return usage("%s -: only --json can go to the standard output", flag)
		}
	}
	if r.out != "" {
		if err := os.MkdirAll(r.out, 0o755); err != nil {
			return usage("--out: %w", err)
		}
	}
	for _, file := range []string{r.json, r.junit} {
		if file == "" || file == "-" {
			continue
		}
		if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
			return usage("cannot write %s: there is no folder %s", file, filepath.Dir(file))
		}
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			return usage("cannot write %s: it is a folder", file)
		}
	}
	return nil
}

// write writes every report that was asked for, and returns the exit code.
func (r *reports) write(s streams, result *verdict.Result) error {
	text := s.out
	if r.json == "-" {
		text = s.err // the standard output is the machine's
	}
	if err := report.Text(text, result, report.TextOptions{Color: colored(text), Width: width(text), Verbose: r.verbose}); err != nil {
		return err
	}
	if r.json == "-" {
		if err := report.JSON(s.out, result); err != nil {
			return err
		}
	} else if err := toFile(r.json, result, report.JSON); err != nil {
		return err
	}
	if err := toFile(r.junit, result, report.JUnit); err != nil {
		return err
	}
	if r.out != "" {
		if _, err := report.Folder(r.out, result); err != nil {
			return err
		}
		fmt.Fprintf(text, "report: %s\n", filepath.Join(r.out, "index.html"))
	} else if !judgedAny(result) {
		fmt.Fprintln(text, "nothing was judged")
	} else if result.Outcome >= verdict.Inconclusive {
		fmt.Fprintln(text, "hint: --out FOLDER keeps the evidence, the pictures and a report to browse")
	}
	return code(result, r.strict)
}

func toFile[V any](path string, result V, write func(io.Writer, V) error) error {
	if path == "" {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f, result); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

// terminal returns the file behind a writer when it is a terminal.
func terminal(w io.Writer) (*os.File, bool) {
	f, ok := w.(*os.File)
	return f, ok && isatty.IsTerminal(f.Fd())
}

// colored tells whether colours are welcome: on a terminal, unless NO_COLOR is
// set or the terminal is dumb.
func colored(w io.Writer) bool {
	_, is := terminal(w)
	return is && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// width is the terminal's width in columns, or 0 where there is none.
func width(w io.Writer) int {
	f, is := terminal(w)
	if !is {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}
