// Package tracker holds the reference trackers: one small core in JavaScript
// and a thin façade for each vendor, bundled into one script when asked for.
//
// The trackers follow the vendors' documents and the requests that the
// vendors' own pixels make; reference/README.md says where the reference had to
// choose for itself.
package tracker

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

//go:embed js
var sources embed.FS

// ErrPatch is the error of a patch that does not fit the source.
var ErrPatch = errors.New("patch does not fit")

// Options say how a tracker is bundled. The zero value is the clean tracker,
// readable.
type Options struct {
	// Minify makes the script as short as it goes.
	Minify bool
	// Patches change the sources before they are bundled, in this order.
	Patches []Patch
}

// Patch changes one place of one source file.
type Patch struct {
	// File is the source's path below js, such as "mapp/hit.js".
	File string
	// Find is the text to be replaced; it stands in the file exactly once.
	Find string
	// Replace takes its place.
	Replace string
}

// Script is a tracker as a page loads it.
type Script struct {
	// Name is the script's file name, such as "mapp.js" or "mapp.min.js".
	Name   string
	Source []byte
	// SHA256 is the hash of Source, in hex.
	SHA256 string
}

// Vendors returns the vendors for which there is a tracker, sorted.
func Vendors() []string {
	names, err := fs.Glob(sources, "js/*.js")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for i, name := range names {
		names[i] = strings.TrimSuffix(path.Base(name), ".js")
	}
	slices.Sort(names)
	return names
}

// Bundle returns the vendor's tracker as one script. It needs neither network
// nor disk; the same options give the same bytes. An unknown vendor, a patch
// that does not fit (ErrPatch) and a source that is not JavaScript are errors.
func Bundle(vendor string, opts Options) (Script, error) {
	if !slices.Contains(Vendors(), vendor) {
		return Script{}, fmt.Errorf("no reference tracker for %q\nhint: there is one for %s", vendor, strings.Join(Vendors(), ", "))
	}
	if len(opts.Patches) > 0 {
		return bundle(vendor, opts)
	}
	key := cleanKey{vendor, opts.Minify}
	made, _ := clean.LoadOrStore(key, sync.OnceValues(func() (Script, error) { return bundle(vendor, opts) }))
	script, err := made.(func() (Script, error))()
	script.Source = bytes.Clone(script.Source)
	return script, err
}

// clean remembers the scripts without patches: there are two for each vendor,
// and they never change while the program runs.
var clean sync.Map

type cleanKey struct {
	vendor string
	minify bool
}

func bundle(vendor string, opts Options) (Script, error) {
	files, err := patched(opts.Patches)
	if err != nil {
		return Script{}, fmt.Errorf("bundle tracker %s: %w", vendor, err)
	}
	result := api.Build(api.BuildOptions{
		EntryPoints:       []string{vendor + ".js"},
		Bundle:            true,
		Format:            api.FormatIIFE,
		Platform:          api.PlatformBrowser,
		Target:            api.ES2017,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
		MinifyWhitespace:  opts.Minify,
		MinifyIdentifiers: opts.Minify,
		MinifySyntax:      opts.Minify,
		LogLevel:          api.LogLevelSilent,
		Write:             false,
		Outfile:           vendor + ".js",
		Plugins:           []api.Plugin{fromMemory(files)},
	})
	if len(result.Errors) > 0 {
		messages := api.FormatMessages(result.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage})
		return Script{}, fmt.Errorf("bundle tracker %s: %s", vendor, strings.TrimSpace(strings.Join(messages, "")))
	}
	source := result.OutputFiles[0].Contents
	sum := sha256.Sum256(source)
	name := vendor + ".js"
	if opts.Minify {
		name = vendor + ".min.js"
	}
	return Script{Name: name, Source: source, SHA256: hex.EncodeToString(sum[:])}, nil
}

// patched returns the sources by path, changed.
func patched(patches []Patch) (map[string]string, error) {
	files := map[string]string{}
	err := fs.WalkDir(sources, "js", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := sources.ReadFile(name)
		files[strings.TrimPrefix(name, "js/")] = string(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, p := range patches {
		text, found := files[p.File]
		if !found {
			return nil, fmt.Errorf("%w: no source %s", ErrPatch, p.File)
		}
		if n := strings.Count(text, p.Find); p.Find == "" || n != 1 {
			return nil, fmt.Errorf("%w: %s holds %q %d times, want once", ErrPatch, p.File, p.Find, n)
		}
		files[p.File] = strings.Replace(text, p.Find, p.Replace, 1)
	}
	return files, nil
}

// fromMemory lets esbuild read its sources from a map.
func fromMemory(files map[string]string) api.Plugin {
	const space = "tracker"
	return api.Plugin{Name: space, Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			name := path.Join(path.Dir(args.Importer), args.Path)
			if _, found := files[name]; !found {
				return api.OnResolveResult{}, fmt.Errorf("no source %s", name)
			}
			return api.OnResolveResult{Path: name, Namespace: space}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: space}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			text := files[args.Path]
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
		})
	}}
}
