package main

import (
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// addReading adds the flag that chooses how a document is read.
func addReading(c *cobra.Command, to *[]string) {
	c.Flags().StringArrayVar(to, "reading", nil, "read the document's wording otherwise, as `NAME=WAY`, such as "+
		scenario.ReadingTemporaryCookie+"="+scenario.AfterTheLastEvent+" (repeatable)")
	var ways []string
	for _, r := range scenario.Readings() {
		for _, way := range r.Ways {
			ways = append(ways, r.Name+"="+way.Name+"\t"+way.Meaning)
		}
	}
	_ = c.RegisterFlagCompletionFunc("reading", cobra.FixedCompletions(ways, cobra.ShellCompDirectiveNoFileComp))
}

// readAs is the pixel under the readings that the command line chooses.
func readAs(pixel *scenario.Pixel, readings []string) (*scenario.Pixel, error) {
	read, err := pixel.WithReadings(readings)
	if err != nil {
		return nil, usage("--reading: %w", err)
	}
	return read, nil
}

// readOtherwise names the scenarios that were asked for by name and not walked, since
// they are for another reading than the pixel's.
func readOtherwise(lib *scenario.Library, pixel *scenario.Pixel, selectors []string) []string {
	var left []string
	for _, s := range lib.Scenarios {
		if wants, ok := s.ReadAs(pixel); !ok && slices.Contains(selectors, s.ID) {
			left = append(left, s.ID+" was left out: it is for another reading; --reading "+wants+" takes it")
		}
	}
	return left
}

// readAsText says beside a name how a document is read; nothing where it is not said.
func readAsText(readings map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(readings)) {
		parts = append(parts, name+": "+readings[name])
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// checkKept refuses files of a collector that is not run elsewhere, or that are not
// there: a search that finds nothing in them would be taken for proof.
func (f *runFlags) checkKept() error {
	if len(f.kept) > 0 && f.collector == "" {
		return usage("--kept names the files of the collector that --collector names, and there is none\nhint: the reference's own are searched without it")
	}
	for _, path := range f.kept {
		if _, err := os.Stat(path); err != nil {
			return usage("--kept: %w\nhint: name the file of the collector's store, its log, or their folder", err)
		}
	}
	return nil
}
