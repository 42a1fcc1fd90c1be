package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/report"
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
they are now. EVIDENCE is a file that run --out has kept, or a folder of them. Where
the run's result.json lies in that folder or beside it, scenarios of the run without
evidence are named, and the result is only partial.`,
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
			withoutEvidence(args, stored, result)
			return r.write(io, result)
		},
	}
	d.addFolder(c)
	d.addPixel(c)
	r.add(c)
	return c
}

// withoutEvidence warns of the scenarios that the run tells of in its result.json
// but of which there is no evidence: what nobody judged did not pass, so the result
// is partial at best. Evidence that is named file by file was chosen, and nothing
// is amiss.
func withoutEvidence(paths []string, stored []suite.StoredEvidence, result *verdict.Result) {
	for _, path := range paths {
		file := runResult(path)
		if file == "" {
			continue
		}
		ran, err := readResult(file)
		if err != nil {
			result.Warnings = append(result.Warnings, fmt.Sprintf("nothing is known of scenarios without evidence: %s: %v", file, err))
			continue
		}
		if ran.Pixel.Name != result.Pixel.Name {
			continue // another run's
		}
		missing(ran, stored, path, result)
	}
}

// missing adds to the result what is missing of a run in its folder of evidence.
func missing(ran *verdict.Result, stored []suite.StoredEvidence, path string, result *verdict.Result) {
	var unwalked, gone []string
	worst := verdict.Pass
	for _, s := range ran.Scenarios {
		worst = verdict.Worst(worst, s.Outcome)
		switch {
		case slices.ContainsFunc(stored, func(e suite.StoredEvidence) bool { return e.Evidence.Scenario == s.ID }):
		case s.Evidence == "" && len(s.Steps) == 0:
			unwalked = append(unwalked, s.ID)
		default:
			gone = append(gone, s.ID)
		}
	}
	warn := func(outcome verdict.Outcome, format string, args ...any) {
		result.Warnings = append(result.Warnings, fmt.Sprintf(format, args...))
		if result.Outcome = verdict.Worst(result.Outcome, outcome); result.Conformance == "conformant" {
			result.Conformance = "partial"
		}
	}
	if len(unwalked) > 0 {
		warn(verdict.Unsupported, "%s not walked, so there is no evidence to judge: %s", ofTheRun(unwalked), strings.Join(unwalked, ", "))
	}
	if len(gone) > 0 {
		warn(verdict.Skipped, "%s not judged, for want of evidence in %s: %s", ofTheRun(gone), path, strings.Join(gone, ", "))
	}
	if ran.Conformance == "partial" && worst == verdict.Pass {
		// The result of a judging tells no more of what its own evidence lacked.
		warn(ran.Outcome, "the evidence was judged as partial before, because scenarios of the run have none; run the journeys again to know which")
	}
}

// ofTheRun says how many scenarios are spoken of.
func ofTheRun(ids []string) string {
	if len(ids) == 1 {
		return "1 scenario of the run was"
	}
	return fmt.Sprintf("%d scenarios of the run were", len(ids))
}

// runResult is the path of the result of the run that a folder of evidence is of:
// in the folder or beside it; "" if there is none, or the path is no folder's.
func runResult(path string) string {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return ""
	}
	for _, file := range []string{filepath.Join(path, report.JSONFile), filepath.Join(path, "..", report.JSONFile)} {
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file
		}
	}
	return ""
}

func readResult(file string) (*verdict.Result, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	r, err := report.ReadJSON(f)
	return r, errors.Join(err, f.Close())
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
