package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// FiledCollector makes a Collector which keeps all that it keeps in files of the
// folder: its store and its logs. See Options.Filed.
type FiledCollector = func(folder string) Collector

// maxKept bounds all that is read of what a collector keeps, in bytes: it goes into
// the evidence, and is searched from end to end.
const maxKept = 256 << 20

// backend is the collector of one journey, and how all that it keeps is read.
type backend struct {
	handler http.Handler
	// kept is nil where nobody can tell.
	kept  func(ctx context.Context) ([]evidence.Kept, error)
	close func() error
}

// backend makes the collector of a plan. One whose files are to be searched has a
// folder of its own, which goes with it.
func (o Options) backend(plan *scenario.Plan, now func() time.Time) (*backend, error) {
	if len(plan.ReadsKept()) == 0 || o.Filed == nil {
		handler, closing, err := o.collector(now)
		if err != nil {
			return nil, err
		}
		b := &backend{handler: handler, close: closing}
		if len(o.Kept) > 0 {
			b.kept = func(ctx context.Context) ([]evidence.Kept, error) { return readKept(ctx, o.Kept, maxKept) }
		}
		return b, nil
	}
	folder, err := os.MkdirTemp("", "pixelwitness-collector-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for a collector's files: %w", err)
	}
	handler, closing, err := o.Filed(folder)(now)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return &backend{
		handler: handler,
		kept:    func(ctx context.Context) ([]evidence.Kept, error) { return readKept(ctx, []string{folder}, maxKept) },
		close:   func() error { return errors.Join(closing(), os.RemoveAll(folder)) },
	}, nil
}

// readKept reads all files, and those of all folders, in the order of their paths. A
// file of a folder that goes away meanwhile is none that is kept.
func readKept(ctx context.Context, paths []string, most int64) ([]evidence.Kept, error) {
	r := keptReader{ctx: ctx, left: most}
	for _, path := range paths {
		if err := r.path(path); err != nil {
			return nil, err
		}
	}
	if len(r.found) == 0 {
		return nil, &UsageError{fmt.Errorf("%s: no file is there in which a collector could keep anything\nhint: name the files of its store and of its logs, or their folders", strings.Join(paths, ", "))}
	}
	return r.found, nil
}

type keptReader struct {
	ctx   context.Context
	left  int64
	found []evidence.Kept
}

func (r *keptReader) path(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return r.file(path, filepath.Base(path))
	}
	return filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && file != path:
			return nil
		case err != nil:
			return err
		case r.ctx.Err() != nil:
			return context.Cause(r.ctx)
		case !d.Type().IsRegular():
			return nil
		}
		name, err := filepath.Rel(path, file)
		if err != nil {
			return err
		}
		if err := r.file(file, filepath.ToSlash(name)); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

func (r *keptReader) file(path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, r.left+1))
	if err != nil {
		return err
	}
	if r.left -= int64(len(data)); r.left < 0 {
		return fmt.Errorf("%s: the collector keeps more than %d MiB, which is too much to search\nhint: let it begin with an empty store and an empty log", path, maxKept>>20)
	}
	r.found = append(r.found, evidence.Kept{Name: name, Data: data})
	return nil
}
