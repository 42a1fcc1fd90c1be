package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func judgeCommand(io streams) *cobra.Command {
	var d data
	var r reports
	c := &cobra.Command{
		Use:   "judge EVIDENCE...",
		Short: "Judge stored evidence anew, without a browser",
		Long: `Judge stored evidence anew, without a browser, by the clauses and scenarios as
they are now. EVIDENCE is a file that run --out has kept, or a folder of them.`,
		Example: "  pixelwitness judge report/evidence",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("no evidence is named\nhint: pixelwitness judge report/evidence")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			stored, err := readEvidence(args)
			if err != nil {
				return err
			}
			if !c.Flags().Changed("pixel") {
				d.pixel = stored[0].Evidence.Pixel
			}
			lib, pixel, err := d.load()
			if err != nil {
				return err
			}
			if err := r.prepare(); err != nil {
				return err
			}
			result, err := suite.Judge(lib, pixel, tool(), stored)
			if err != nil {
				return err
			}
			if err := carry(r.out, stored, result); err != nil {
				return err
			}
			return r.write(io, result)
		},
	}
	d.addFolder(c)
	d.addPixel(c)
	r.add(c)
	return c
}

// carry copies the evidence and its pictures into the report's folder, and says
// in the result where they are. Without a folder, and for a picture that was not
// kept, the result names none.
func carry(out string, stored []suite.StoredEvidence, result *verdict.Result) error {
	for i := range result.Scenarios {
		s, from := &result.Scenarios[i], stored[i].Path
		s.Evidence = ""
		if out != "" {
			s.Evidence = "evidence/" + filepath.Base(from)
			if err := copyFile(filepath.Join(out, filepath.FromSlash(s.Evidence)), from); err != nil {
				return fmt.Errorf("keep the evidence: %w", err)
			}
		}
		for j := range s.Steps {
			picture := filepath.FromSlash(s.Steps[j].Screenshot)
			if picture == "" {
				continue
			}
			kept := filepath.Join(filepath.Dir(filepath.Dir(from)), picture)
			if out == "" || !filepath.IsLocal(picture) || copyFile(filepath.Join(out, picture), kept) != nil {
				s.Steps[j].Screenshot = ""
			}
		}
	}
	return nil
}

// copyFile copies a file, unless it is there already under the same name.
func copyFile(to, from string) error {
	if a, err := os.Stat(to); err == nil {
		if b, err := os.Stat(from); err == nil && os.SameFile(a, b) {
			return nil
		}
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}

// evidenceExt is what the name of an evidence file ends in.
const evidenceExt = ".ndjson"

// readEvidence reads the files named, and those in the folders named.
func readEvidence(paths []string) ([]suite.StoredEvidence, error) {
	var stored []suite.StoredEvidence
	for _, path := range paths {
		files, err := evidenceFiles(path)
		if err != nil {
			return nil, usage("%w\nhint: EVIDENCE is a file that run --out has kept, or a folder of them", err)
		}
		for _, file := range files {
			e, err := evidence.ReadFile(file)
			if err != nil {
				return nil, usage("%w", err)
			}
			stored = append(stored, suite.StoredEvidence{Path: file, Evidence: e})
		}
	}
	if len(stored) == 0 {
		return nil, usage("no evidence in %s\nhint: evidence files end in .ndjson", strings.Join(paths, ", "))
	}
	return stored, nil
}

// evidenceFiles lists the evidence in a folder in the order of the scenarios, as
// the run has told of it; a file is its own list.
func evidenceFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(file) == evidenceExt {
			files = append(files, file)
		}
		return err
	})
	// By name alone "opt-out-later" comes before "opt-out": a hyphen is less than a dot.
	slices.SortFunc(files, func(a, b string) int {
		return strings.Compare(strings.TrimSuffix(a, evidenceExt), strings.TrimSuffix(b, evidenceExt))
	})
	return files, err
}
