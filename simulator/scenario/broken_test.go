package scenario

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the goldens and the published schemas")

// libraryFiles returns the small library of the tests as files in memory, so
// that a test can put its own in place of one of them.
func libraryFiles(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	root := os.DirFS("testdata/library")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, name)
		files[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// brokenPlace says which file of the library a broken one takes the place of.
func brokenPlace(t testing.TB, fixture string) string {
	t.Helper()
	kind, _, _ := strings.Cut(filepath.Base(fixture), "-")
	name, ok := map[string]string{
		"scenario": "demo/opt-out.yaml",
		"clauses":  "clauses/demo.yaml",
		"pixel":    "pixels/demo/pixel.yaml",
		"page":     "pixels/demo/page.html.tmpl",
	}[kind]
	if !ok {
		t.Fatalf("%s: the name begins with no kind of file", fixture)
	}
	return name
}

func brokenFixtures(t testing.TB) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"testdata/broken/*.yaml", "testdata/broken/*.tmpl"} {
		list, err := filepath.Glob(pattern)
		if err != nil || len(list) == 0 {
			t.Fatalf("no fixtures: %v", err)
		}
		found = append(found, list...)
	}
	return found
}

func readText(t testing.TB, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestLibraryOfTheTestsIsSound(t *testing.T) {
	t.Parallel()
	if problems := Lint(libraryFiles(t), "scenarios"); len(problems) > 0 {
		t.Fatal(problems)
	}
}

func TestBrokenFilesAreRefused(t *testing.T) {
	t.Parallel()
	for _, fixture := range brokenFixtures(t) {
		t.Run(filepath.Base(fixture), func(t *testing.T) {
			t.Parallel()
			files := libraryFiles(t)
			files[brokenPlace(t, fixture)] = &fstest.MapFile{Data: readText(t, fixture)}
			problems := Lint(files, "scenarios")
			if len(problems) == 0 {
				t.Fatal("the broken file was accepted")
			}
			golden := strings.TrimSuffix(strings.TrimSuffix(fixture, ".yaml"), ".html.tmpl") + ".golden"
			got := problems.Error() + "\n"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(readText(t, golden)), got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryGoldenHasItsFile(t *testing.T) {
	t.Parallel()
	fixtures := map[string]bool{}
	for _, f := range brokenFixtures(t) {
		fixtures[strings.TrimSuffix(strings.TrimSuffix(f, ".yaml"), ".html.tmpl")] = true
	}
	goldens, err := filepath.Glob("testdata/broken/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range goldens {
		if !fixtures[strings.TrimSuffix(g, ".golden")] {
			t.Errorf("%s belongs to no file", g)
		}
	}
}

// What an editor cannot write into a fixture, and what is wrong with a folder.
func TestBrokenLibrariesAreRefused(t *testing.T) {
	t.Parallel()
	good := string(readText(t, "testdata/library/demo/opt-out.yaml"))
	for _, c := range []struct {
		name   string
		change func(fstest.MapFS)
		want   string
	}{
		{"not UTF-8", put("demo/opt-out.yaml", "id: demo.opt-out\ntitle: caf\xe9\n"),
			"scenarios/demo/opt-out.yaml:2:11: the byte 0xe9 is not valid UTF-8\nhint: save the file as UTF-8"},
		{"byte order mark", put("demo/opt-out.yaml", "\ufeff"+good),
			"scenarios/demo/opt-out.yaml:1:1: starts with a byte order mark\nhint: save the file as UTF-8 without it"},
		{"control character", put("demo/opt-out.yaml", "id: demo.opt-out\x00\n"),
			"scenarios/demo/opt-out.yaml:1:17: the control character U+0000 has no place here"},
		{"too large", put("demo/opt-out.yaml", good+"#"+strings.Repeat("x", maxFileSize)),
			"scenarios/demo/opt-out.yaml: has 66300 bytes, more than 65536\nhint: one journey, one pixel or one document's clauses make a file"},
		{"too deep in brackets", put("demo/opt-out.yaml", "id: "+strings.Repeat("[", 5000)),
			"scenarios/demo/opt-out.yaml:1:21: nests deeper than 16 lists and maps"},
		{"too deep in dashes", put("demo/opt-out.yaml", strings.Repeat("- ", 5000)),
			"scenarios/demo/opt-out.yaml:1:34: nests deeper than 16 lists and maps"},
		{"wrong ending", put("demo/stay.yml", good),
			"scenarios/demo/stay.yml: the file's name must end in .yaml\nhint: name it stay.yaml"},
		{"folder within a folder", put("demo/more/opt-out.yaml", good),
			"scenarios/demo/more: a folder within demo is not read"},
		{"folder of no document", put("dema/opt-out.yaml", good),
			"scenarios/dema: a folder of scenarios, but no document is called \"dema\"\nhint: did you mean \"demo\"?"},
		{"scenario beside the folders", put("opt-out.yaml", good),
			"scenarios/opt-out.yaml: a file of data in the wrong folder\nhint: scenarios stand in a folder of their document's short name"},
		{"pixel that is a file", put("pixels/mine.yaml", "name: mine"),
			"scenarios/pixels/mine.yaml: not a pixel's folder\nhint: a pixel is a folder with pixel.yaml and page.html.tmpl"},
		{"pixel without a page", func(files fstest.MapFS) { delete(files, "pixels/demo/page.html.tmpl") },
			"scenarios/pixels/demo/page.html.tmpl: cannot be read: file does not exist"},
		{"pixel without a description", func(files fstest.MapFS) { delete(files, "pixels/demo/pixel.yaml") },
			"scenarios/pixels/demo/pixel.yaml: cannot be read: file does not exist"},
		{"broken skeleton", put("pixels/_template/pixel.yaml", "# to come\n"),
			"scenarios/pixels/_template/pixel.yaml:1:1: the file is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := libraryFiles(t)
			c.change(files)
			_, err := Load(files, "scenarios")
			if err == nil {
				t.Fatal("the library was accepted")
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func put(name, text string) func(fstest.MapFS) {
	return func(files fstest.MapFS) { files[name] = &fstest.MapFile{Data: []byte(text)} }
}
