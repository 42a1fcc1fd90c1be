package scenarios

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
)

// A file that the embedding pattern overlooks would be missing from the
// released binary alone.
func TestEveryFileOfDataIsEmbedded(t *testing.T) {
	t.Parallel()
	seen := 0
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Dir(name) == "." || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		seen++
		if _, err := fs.Stat(FS, name); err != nil {
			t.Errorf("%s is not embedded", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 8 {
		t.Errorf("only %d files were looked at", seen)
	}
}
