package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// defaultPixel is the pixel that is tried when none is named.
const defaultPixel = "mapp"

// data holds the flags that say which clauses, scenarios and pixels are meant.
type data struct {
	folder string
	pixel  string
	// named tells whether --pixel was given; nil where there is no such flag.
	named func() bool
}

func (d *data) addFolder(c *cobra.Command) {
	c.Flags().StringVar(&d.folder, "scenarios", "", "take clauses, scenarios and pixels from this `folder` instead of the built-in ones")
	_ = c.MarkFlagDirname("scenarios")
}

func (d *data) addPixel(c *cobra.Command) {
	d.named = func() bool { return c.Flags().Changed("pixel") }
	c.Flags().StringVar(&d.pixel, "pixel", defaultPixel, "the pixel: a `name` of pixelwitness list pixels, or a folder with pixel.yaml")
	_ = c.RegisterFlagCompletionFunc("pixel", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		lib, err := d.library()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var names []string
		for _, p := range lib.Pixels {
			names = append(names, p.Name+"\t"+p.Title)
		}
		return names, cobra.ShellCompDirectiveDefault
	})
}

// library loads the built-in data, or the folder's.
func (d *data) library() (*scenario.Library, error) {
	fsys, name := d.files()
	return scenario.Load(fsys, name)
}

func (d *data) files() (fs.FS, string) {
	if d.folder == "" {
		return scenarios.FS, "scenarios"
	}
	return os.DirFS(d.folder), filepath.ToSlash(d.folder)
}

// load loads the library and the pixel that is meant.
func (d *data) load() (*scenario.Library, *scenario.Pixel, error) {
	lib, err := d.library()
	if err != nil {
		return nil, nil, err
	}
	p, err := lib.FindPixel(d.pixel)
	if err != nil {
		return nil, nil, usageError{err}
	}
	return lib, p, nil
}

// loadFor is load for a run of selectors: without --pixel, the pixel is one of the
// document that the selectors speak of, if they speak of one; without selectors, the
// one that runs the reference tracker of the vendor, if one is named.
func (d *data) loadFor(selectors []string, vendor string) (*scenario.Library, *scenario.Pixel, error) {
	lib, err := d.library()
	if err != nil {
		return nil, nil, err
	}
	if d.named == nil || !d.named() {
		if p := pixelOf(lib, selectors); p != nil {
			return lib, p, nil
		}
		for _, p := range lib.Pixels {
			if len(selectors) == 0 && vendor != "" && p.Script == scenario.ReferenceScript+vendor {
				return lib, p, nil
			}
		}
	}
	return d.load()
}

// pixelOf returns a pixel of the one document that the selectors speak of: the
// default one where it is of that document, or else the one that is called as the
// document is, or the first by name. It is nil
// where they speak of none or of several.
func pixelOf(lib *scenario.Library, selectors []string) *scenario.Pixel {
	document := ""
	for _, selector := range selectors {
		named, _, _ := strings.Cut(selector, ".")
		switch {
		case lib.Catalogue(named) == nil || named == scenario.AllDocument:
		case document == "" || document == named:
			document = named
		default:
			return nil
		}
	}
	if p := lib.Pixel(defaultPixel); p != nil && p.Document == document {
		return p
	}
	if p := lib.Pixel(document); p != nil && p.Document == document {
		return p
	}
	for _, p := range lib.Pixels {
		if p.Document == document {
			return p
		}
	}
	return nil
}

// selectors completes scenario and clause IDs.
func (d *data) selectors(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	lib, err := d.library()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var ids []string
	for _, s := range lib.Scenarios {
		ids = append(ids, s.ID+"\t"+s.Title)
	}
	for _, c := range lib.Catalogues {
		for _, clause := range c.Clauses {
			ids = append(ids, clause.ID+"\t"+clause.Promise)
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// scriptTimeout bounds fetching a tracker from a URL.
const scriptTimeout = 30 * time.Second

// maxScript bounds a tracker's size, in bytes.
const maxScript = 16 << 20

// readScript reads a tracker's code from a file or a URL.
func readScript(ctx context.Context, from string) (*suite.Script, error) {
	var source []byte
	var err error
	if strings.HasPrefix(from, "http://") || strings.HasPrefix(from, "https://") {
		source, err = fetch(ctx, from)
	} else {
		source, err = os.ReadFile(from)
	}
	if err != nil {
		return nil, usage("read the script: %w\nhint: --script wants a file or an http(s) URL", err)
	}
	if len(source) == 0 {
		return nil, usage("the script %s is empty", from)
	}
	return &suite.Script{Name: from, Source: source}, nil
}

func fetch(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, scriptTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", url, response.Status)
	}
	source, err := io.ReadAll(io.LimitReader(response.Body, maxScript+1))
	if err == nil && len(source) > maxScript {
		err = errors.New("the script is larger than 16 MiB")
	}
	return source, err
}

// version is set by the linker for releases; otherwise the build's own record is
// used.
var version string

func tool() verdict.Tool {
	v := version
	if v == "" {
		v = "devel"
		if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
			v = info.Main.Version
		}
	}
	return verdict.Tool{Name: "pixelwitness", Version: v}
}
