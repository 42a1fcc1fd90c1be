package suite_test

import (
	"os"
	"path/filepath"
	"testing"
)

// Evidence of two runs side by side would be judged as one.
func TestARunReplacesWhatAFormerOneHasLeft(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	left := map[string]bool{ // whether it stays
		"evidence/demo.former.ndjson":        false,
		"lost/demo.former.ndjson":            false,
		"screenshots/demo.former-1-only.png": false,
		"evidence/notes.txt":                 true,
		"mine.ndjson":                        true,
	}
	for name := range left {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("former"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	o := patient(options(t, &machine{}, "demo.stay"))
	o.Folder = folder
	run(t, o)
	for name, stays := range left {
		if _, err := os.Stat(filepath.Join(folder, name)); (err == nil) != stays {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "evidence/demo.stay.ndjson")); err != nil {
		t.Error(err)
	}
}
