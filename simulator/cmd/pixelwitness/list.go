package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

func listCommand(io streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "List scenarios, clauses or pixels",
		Args:  func(_ *cobra.Command, args []string) error { return listWhat(args) },
		RunE:  func(*cobra.Command, []string) error { return listWhat(nil) },
	}
	c.AddCommand(
		lister(io, "scenarios", "List the journeys", func(lib *scenario.Library) []row {
			var rows []row
			for _, s := range lib.Scenarios {
				rows = append(rows, row{s.ID, s.Title + readAsText(s.Reading), s})
			}
			return rows
		}),
		lister(io, "clauses", "List the promises of the vendors' documents", func(lib *scenario.Library) []row {
			var rows []row
			for _, catalogue := range lib.Catalogues {
				for _, clause := range catalogue.Clauses {
					tried := "untried"
					if n := len(lib.Exercising(clause.ID)); n > 0 {
						tried = count(n, "scenario")
					}
					rows = append(rows, row{clause.ID, string(clause.Level) + "\t" + tried + "\t" + clause.Promise, clause})
				}
			}
			return rows
		}),
		lister(io, "pixels", "List the pixels that scenarios can be run against", func(lib *scenario.Library) []row {
			var rows []row
			for _, p := range lib.Pixels {
				rows = append(rows, row{p.Name, p.Document + "\t" + p.Title + readAsText(p.Readings), p})
			}
			return rows
		}),
	)
	return c
}

func listWhat(args []string) error {
	if len(args) == 0 {
		return usage("list what?\nhint: pixelwitness list scenarios, clauses or pixels")
	}
	return usage("cannot list %q\nhint: %s", args[0], near(args[0], []string{"scenarios", "clauses", "pixels"}, "pixelwitness list scenarios, clauses or pixels"))
}

// row is one line of a list; whole is what --json shows.
type row struct {
	id, text string
	whole    any
}

func lister(io streams, name, short string, rows func(*scenario.Library) []row) *cobra.Command {
	var d data
	var asJSON bool
	c := &cobra.Command{
		Use: name + " [PATTERN...]", Short: short,
		Example: "  pixelwitness list " + name + "\n  pixelwitness list " + name + " 'piwikpro*'",
		RunE: func(_ *cobra.Command, patterns []string) error {
			lib, err := d.library()
			if err != nil {
				return err
			}
			list, err := matching(rows(lib), patterns)
			if err != nil {
				return err
			}
			if asJSON {
				whole := make([]any, len(list))
				for i, r := range list {
					whole[i] = r.whole
				}
				encoder := json.NewEncoder(io.out)
				encoder.SetIndent("", "  ")
				encoder.SetEscapeHTML(false)
				return encoder.Encode(whole)
			}
			table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
			for _, r := range list {
				fmt.Fprintf(table, "%s\t%s\n", r.id, r.text)
			}
			return table.Flush()
		},
	}
	d.addFolder(c)
	c.Flags().BoolVar(&asJSON, "json", false, "list as JSON")
	return c
}

// matching keeps the rows whose ID one of the patterns matches; without patterns all.
func matching(list []row, patterns []string) ([]row, error) {
	if len(patterns) == 0 {
		return list, nil
	}
	var ids []string
	for _, r := range list {
		ids = append(ids, r.id)
	}
	kept := map[string]bool{}
	for _, pattern := range patterns {
		found := false
		for _, id := range ids {
			fits, err := path.Match(pattern, id)
			if err != nil {
				return nil, usage("%q is no pattern: %w\nhint: such as 'piwikpro.*'", pattern, err)
			}
			kept[id] = kept[id] || fits
			found = found || fits
		}
		if !found {
			return nil, usage("nothing in the list is called %q\nhint: %s", pattern, near(pattern, ids, "without a pattern all are listed"))
		}
	}
	return slices.DeleteFunc(list, func(r row) bool { return !kept[r.id] }), nil
}

func none(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s takes no argument, got %q", c.CommandPath(), args[0])
	}
	return nil
}

func lintCommand(io streams) *cobra.Command {
	var documents string
	c := &cobra.Command{
		Use:   "lint [DIR]",
		Short: "Check clauses, scenarios and pixels, and say what is wrong and where",
		Long: `Check clauses, scenarios and pixels, and say what is wrong and where. DIR is a
folder of data, or one pixel's folder; without it, the built-in data is checked.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("%s takes one folder at most", c.CommandPath())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			d := data{}
			if len(args) == 1 {
				if _, err := os.Stat(args[0]); err != nil {
					return usage("%w\nhint: DIR is a folder of data, or one pixel's folder", err)
				}
				if _, err := os.Stat(filepath.Join(args[0], "pixel.yaml")); err == nil {
					return lintPixel(io, args[0])
				}
				d.folder = args[0]
			}
			return lint(io, d, documents)
		},
	}
	c.Flags().StringVar(&documents, "documents", "", "also find every clause's quote in the vendors' documents in this `folder`")
	_ = c.MarkFlagDirname("documents")
	return c
}

func lint(io streams, d data, documents string) error {
	fsys, name := d.files()
	if problems := scenario.Lint(fsys, name); len(problems) > 0 {
		return problems
	}
	lib, err := d.library()
	if err != nil {
		return err
	}
	if documents != "" {
		found, problems := scenario.CheckDocuments(lib, os.DirFS(documents))
		if len(problems) > 0 {
			return problems
		}
		if len(found) == 0 {
			return usage("no document of the catalogue is in %s\nhint: documents are known by their SHA-256, see the clause files", documents)
		}
		fmt.Fprintf(io.out, "quotes found in: %s\n", strings.Join(found, ", "))
	}
	clauses := 0
	for _, catalogue := range lib.Catalogues {
		clauses += len(catalogue.Clauses)
	}
	if clauses+len(lib.Scenarios)+len(lib.Pixels) == 0 {
		return usage("nothing to check in %s\nhint: a data folder holds clauses/, pixels/ and a folder of scenarios for each document", name)
	}
	fmt.Fprintf(io.out, "%s: %s, %s, %s: no problem\n", name, count(clauses, "clause"), count(len(lib.Scenarios), "scenario"), count(len(lib.Pixels), "pixel"))
	return nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func lintPixel(io streams, dir string) error {
	d := data{pixel: dir}
	lib, err := d.library()
	if err != nil {
		return err
	}
	p, err := lib.LoadPixelDir(dir)
	if err != nil {
		return err
	}
	if problems := lib.LintPixel(p); len(problems) > 0 {
		return problems
	}
	fmt.Fprintf(io.out, "%s: pixel %s, held to the document %s: no problem\n", dir, p.Name, p.Document)
	return nil
}
