package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/pixelwitness/pixelwitness/scenarios"
)

func exportCommand(io streams) *cobra.Command {
	return &cobra.Command{
		Use:   "export FOLDER",
		Short: "Write the built-in clauses, scenarios and pixels into a folder",
		Long: `Write the built-in clauses, scenarios and pixels into a new folder, to be changed
and added to there: run, lint and the others take it with --scenarios FOLDER, and
one of its pixels with --pixel FOLDER/pixels/NAME. pixels/_template is the skeleton
of a pixel.`,
		Example: `  pixelwitness export data
  pixelwitness run --scenarios data my.scenario`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("export wants one folder, found %q\nhint: see %s --help", args, c.CommandPath())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			folder := args[0]
			if held, err := os.ReadDir(folder); err == nil && len(held) > 0 {
				return usage("export %s: there is something in it already\nhint: name a new folder", folder)
			}
			if err := os.CopyFS(folder, scenarios.FS); err != nil {
				return usage("export: %w", err)
			}
			_, err := fmt.Fprintf(io.out, "written to %s: clauses, scenarios and pixels\n", folder)
			return err
		},
	}
}
