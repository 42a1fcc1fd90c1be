package report

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "report")
	r := samples()["fail"]
	for range 2 { // the second run writes over the first
		paths, err := Folder(dir, r)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range paths {
			names = append(names, filepath.Base(p))
			info, err := os.Stat(p)
			if err != nil {
				t.Fatal(err)
			}
			if info.Size() == 0 || info.Mode().Perm() != 0o644 {
				t.Errorf("%s: %d bytes, %v", p, info.Size(), info.Mode())
			}
		}
		if diff := cmp.Diff([]string{"index.html", "result.json", "junit.xml", "report.txt"}, names); diff != "" {
			t.Error(diff)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 4 {
		t.Errorf("the folder holds %v", left)
	}
	f, err := os.Open(filepath.Join(dir, JSONFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if back, err := ReadJSON(f); err != nil || back.Outcome != r.Outcome {
		t.Errorf("cannot read it back: %v", err)
	}
}

func TestFolderThatCannotBe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if paths, err := Folder(filepath.Join(file, "report"), sample()); err == nil || len(paths) > 0 {
		t.Errorf("got %v, %v", paths, err)
	}
}

// A file that cannot be put in place leaves nothing behind, and those before it stay.
func TestFolderStopsCleanly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, JSONFile, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	paths, err := Folder(dir, sample())
	if err == nil || len(paths) != 1 || filepath.Base(paths[0]) != PageFile {
		t.Errorf("got %v, %v", paths, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 2 {
		t.Errorf("the folder holds %v", left)
	}
}
