// Package simulator_test keeps the module in its shape: which package may know of
// which, where the large libraries are let in, how long a file may grow.
package simulator_test

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/pixelwitness/pixelwitness/"

// mayImport is the table of the module's packages: what each, without its tests,
// may import of the others. The way of the data is one direction: a driver cannot
// see a check, a check cannot see a browser, a report cannot see evidence.
var mayImport = map[string][]string{
	"scenarios":          {},
	"simulator/verdict":  {},
	"simulator/scenario": {},
	"simulator/evidence": {},
	"simulator/journey":  {"simulator/scenario", "simulator/evidence"},
	"simulator/gateway":  {"simulator/scenario", "simulator/evidence"},
	"simulator/browser":  {"simulator/scenario", "simulator/evidence", "simulator/journey"},
	"simulator/check":    {"simulator/scenario", "simulator/evidence", "simulator/verdict"},
	"simulator/report":   {"simulator/verdict"},
	"simulator/coverage": {"simulator/scenario", "simulator/verdict"},
	"simulator/compare":  {"simulator/evidence", "simulator/report", "simulator/scenario", "simulator/verdict"},
	"simulator/suite": {
		"simulator/check", "simulator/evidence", "simulator/gateway",
		"simulator/journey", "simulator/scenario", "simulator/verdict",
	},
	"simulator/explore":    {"simulator/scenario", "simulator/suite", "simulator/verdict"},
	"simulator/population": {"simulator/scenario", "simulator/evidence", "simulator/journey"},
	"simulator/crowd":      {"simulator/population", "simulator/scenario"},
	"simulator/specs":      {"simulator/suite", "simulator/scenario", "simulator/verdict", "simulator/evidence"},
	"simulator/cmd/pixelwitness": {
		"scenarios", "reference/collector", "reference/fault", "reference/geo", "reference/tracker",
		"simulator/browser", "simulator/check", "simulator/compare", "simulator/coverage", "simulator/crowd", "simulator/evidence", "simulator/explore", "simulator/gateway",
		"simulator/journey", "simulator/population", "simulator/report", "simulator/scenario", "simulator/suite", "simulator/verdict",
	},
	"reference/collector":       {"reference/fault", "reference/geo", "reference/tracker"},
	"reference/fault":           {"reference/collector", "reference/geo", "reference/tracker"},
	"reference/geo":             {},
	"reference/tracker":         {},
	"reference/collector/model": {}, // a second opinion shares nothing with the first
}

// testsOnly are folders that exist to test the others: they may import all.
var testsOnly = []string{"e2e", "simulator"}

// letIn says which packages alone may import a library and what is below it.
// The longest prefix decides. What nobody may import is for tests.
var letIn = map[string][]string{
	"github.com/chromedp/":                {"simulator/browser"},
	"github.com/onsi/ginkgo/":             {"simulator/specs"},
	"github.com/onsi/ginkgo/v2/reporters": {"simulator/report", "simulator/specs"},
	"github.com/onsi/gomega":              {"simulator/specs"},
	"testing":                             {},
	"modernc.org/quickjs":                 {},
	"gonum.org/v1/plot":                   {"simulator/crowd"},
}

// nameless are package names that say nothing of what is inside.
var nameless = []string{"util", "utils", "common", "helper", "helpers", "misc", "base", "shared", "lib"}

// longest is the most lines of a file without tests; about 400 is meant.
const longest = 450

// long lists files that may be longer, each with the reason.
var long = map[string]string{}

// source is what these rules look at in one file.
type source struct {
	folder, file string
	lines        int
	imports      []string
	// name is the package's name.
	name string
}

// sources reads every Go file of the module that is not a test.
func sources(t *testing.T) []source {
	t.Helper()
	var found []source
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(file string, d fs.DirEntry, err error) error {
		name := path.Base(file)
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if file != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules") {
				return fs.SkipDir
			}
			return nil
		case path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(root, file)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly)
		if err != nil {
			return err
		}
		s := source{folder: path.Dir(file), file: file, lines: bytes.Count(text, []byte("\n")), name: parsed.Name.Name}
		for _, i := range parsed.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, imported)
		}
		found = append(found, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// breaches lists what breaks the rules, sorted.
func breaches(files []source) []string {
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	there := map[string]bool{}
	for _, s := range files {
		there[s.folder] = true
		if s.lines > longest && long[s.file] == "" {
			add("%s has %d lines, more than %d: split it, or list it with the reason", s.file, s.lines, longest)
		}
		if slices.Contains(nameless, s.name) || slices.Contains(nameless, path.Base(s.folder)) {
			add("%s: the package's name says nothing of what is inside", s.file)
		}
		if isTests(s.folder) {
			continue
		}
		allowed, known := mayImport[s.folder]
		if !known {
			add("%s: the package is not in the table: add its row", s.folder)
			continue
		}
		for _, imported := range s.imports {
			if own, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(allowed, own) {
				add("%s must not import %s", s.file, own)
			}
			if only, guarded := guard(imported); guarded && !slices.Contains(only, s.folder) {
				add("%s must not import %s: only %v may", s.file, imported, only)
			}
		}
	}
	for folder := range mayImport {
		if !there[folder] {
			add("%s: the table has a row for it, and there is no such package", folder)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func isTests(folder string) bool {
	return slices.ContainsFunc(testsOnly, func(f string) bool {
		return folder == f || f == "e2e" && strings.HasPrefix(folder, "e2e/")
	})
}

// guard finds who alone may import a library.
func guard(imported string) (only []string, guarded bool) {
	longestPrefix := ""
	for prefix, who := range letIn {
		if strings.HasPrefix(imported, prefix) && len(prefix) > len(longestPrefix) {
			longestPrefix, only, guarded = prefix, who, true
		}
	}
	return only, guarded
}

func TestTheModuleKeepsItsShape(t *testing.T) {
	t.Parallel()
	for _, b := range breaches(sources(t)) {
		t.Error(b)
	}
}

// The rules themselves can fail.
func TestEachRuleCanBeBroken(t *testing.T) {
	t.Parallel()
	var whole []source
	for folder := range mayImport {
		whole = append(whole, source{folder: folder, file: folder + "/a.go", name: path.Base(folder)})
	}
	if got := breaches(whole); len(got) > 0 {
		t.Fatalf("a module that keeps the rules: %v", got)
	}
	for _, test := range []struct {
		name  string
		broke source
		want  string
	}{
		{"a driver that sees a check", source{folder: "simulator/browser", imports: []string{module + "simulator/check"}},
			"x.go must not import simulator/check"},
		{"a report that sees evidence", source{folder: "simulator/report", imports: []string{module + "simulator/evidence"}},
			"x.go must not import simulator/evidence"},
		{"a second importer of chromedp", source{folder: "simulator/suite", imports: []string{"github.com/chromedp/cdproto/page"}},
			"x.go must not import github.com/chromedp/cdproto/page: only [simulator/browser] may"},
		{"a second importer of ginkgo", source{folder: "simulator/suite", imports: []string{"github.com/onsi/ginkgo/v2"}},
			"x.go must not import github.com/onsi/ginkgo/v2: only [simulator/specs] may"},
		{"ginkgo itself in the reports", source{folder: "simulator/report", imports: []string{"github.com/onsi/ginkgo/v2"}},
			"x.go must not import github.com/onsi/ginkgo/v2: only [simulator/specs] may"},
		{"a package without a row", source{folder: "simulator/novelty"},
			"simulator/novelty: the package is not in the table: add its row"},
		{"a name that says nothing", source{folder: "e2e/helpers", name: "helpers"},
			"x.go: the package's name says nothing of what is inside"},
		{"a file without end", source{folder: "scenarios", lines: longest + 1},
			"x.go has 451 lines, more than 450: split it, or list it with the reason"},
	} {
		test.broke.file = "x.go"
		if diff := cmp.Diff([]string{test.want}, breaches(append(slices.Clone(whole), test.broke))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	if got := breaches(whole[1:]); len(got) != 1 || !strings.Contains(got[0], "there is no such package") {
		t.Errorf("a row without a package: %v", got)
	}
	reports := source{folder: "simulator/report", file: "x.go", imports: []string{"github.com/onsi/ginkgo/v2/reporters"}}
	if got := breaches(append(slices.Clone(whole), reports)); len(got) > 0 {
		t.Errorf("the reports may use ginkgo's types for JUnit: %v", got)
	}
}
