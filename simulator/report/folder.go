package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// The files of a report folder.
const (
	PageFile  = "index.html"
	JSONFile  = "result.json"
	JUnitFile = "junit.xml"
	TextFile  = "report.txt"
)

// fileWidth is how many columns the text report takes in a file.
const fileWidth = 100

// Folder writes the result in every form into dir, which it makes if need be,
// and returns the paths in the order of the constants above. Each file appears
// whole or not at all: a reader never sees half of one, and a failure leaves
// what was there before. The paths are of the files that were written, even if
// a later one failed.
func Folder(dir string, r *verdict.Result) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("report folder: %w\nhint: name another place with --out", err)
	}
	forms := []struct {
		name  string
		write func(io.Writer) error
	}{
		{PageFile, func(w io.Writer) error { return HTML(w, r) }},
		{JSONFile, func(w io.Writer) error { return JSON(w, r) }},
		{JUnitFile, func(w io.Writer) error { return JUnit(w, r) }},
		{TextFile, func(w io.Writer) error { return Text(w, r, TextOptions{Width: fileWidth, Verbose: true}) }},
	}
	var written []string
	for _, form := range forms {
		path := filepath.Join(dir, form.name)
		if err := writeWhole(path, form.write); err != nil {
			return written, fmt.Errorf("report folder: %s: %w", form.name, err)
		}
		written = append(written, path)
	}
	return written, nil
}

// writeWhole writes a file beside its place and then moves it there.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	err = errors.Join(write(f), f.Chmod(0o644), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
