package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// The folders and files of a library, see the README beside the data.
const (
	clausesFolder = "clauses"
	pixelsFolder  = "pixels"
	schemaFolder  = "schema"
	// skeletonPixel is the pixel to copy: it is checked, and not listed.
	skeletonPixel = "_template"
	pixelFile     = "pixel.yaml"
	pageFile      = "page.html.tmpl"
	yamlSuffix    = ".yaml"
)

// Library is the data of the product: what is promised, the journeys that try
// it, and the pixels that they can be tried on. Its lists are sorted.
type Library struct {
	// Catalogues is sorted by document.
	Catalogues []*Catalogue
	// Scenarios is sorted by ID.
	Scenarios []*Scenario
	// Pixels is sorted by name; the skeleton to copy is not among them.
	Pixels []*Pixel

	clauses map[string]*Clause
	// unread holds the documents whose catalogue, and the IDs whose scenario
	// has problems of its own: nothing is said about references to them.
	unread map[string]bool
}

// Load reads the library that stands in fsys: clauses/*.yaml,
// DOCUMENT/*.yaml for each document, and pixels/NAME/. The name is what fsys is
// called in messages and places, such as "scenarios". What is wrong comes back
// as [Problems], all of it at once.
func Load(fsys fs.FS, name string) (*Library, error) {
	lib, problems := load(fsys, name)
	if err := problems.orNil(); err != nil {
		return nil, err
	}
	return lib, nil
}

// Lint returns everything that is wrong with the library in fsys: what Load
// finds, and then what shows only when each scenario is bound to each pixel of
// its document and its pages are rendered.
func Lint(fsys fs.FS, name string) Problems {
	lib, problems := load(fsys, name)
	if len(problems) > 0 {
		return problems.sorted()
	}
	for _, pixel := range lib.Pixels {
		problems = append(problems, lib.LintPixel(pixel)...)
	}
	return problems.sorted()
}

// LintPixel returns what is wrong with the pixel when the library's scenarios
// of its document are tried on it.
func (l *Library) LintPixel(pixel *Pixel) Problems {
	var problems Problems
	for _, s := range l.ScenariosOf(pixel.Document) {
		plan, err := Bind(l, s, pixel.For(s))
		if err != nil {
			problems = append(problems, asProblems(err)...)
			continue
		}
		if len(plan.Unsupported) > 0 {
			continue
		}
		for _, page := range sortedKeys(pixel.Pages) {
			if _, err := RenderPage(plan, page, PageData{}); err != nil {
				problems = append(problems, asProblems(err)...)
			}
		}
	}
	return problems.sorted()
}

func load(fsys fs.FS, name string) (*Library, Problems) {
	lib := &Library{clauses: map[string]*Clause{}, unread: map[string]bool{}}
	l := &loader{fsys: fsys, name: name, lib: lib}
	folders := l.folders()
	l.loadCatalogues()
	for _, folder := range folders {
		l.loadScenarios(folder)
	}
	slices.SortFunc(lib.Scenarios, func(a, b *Scenario) int { return strings.Compare(a.ID, b.ID) })
	l.loadPixels()
	return lib, l.problems
}

// loader is one reading of a library.
type loader struct {
	fsys     fs.FS
	name     string
	lib      *Library
	problems Problems
}

func (l *loader) shown(file string) string { return path.Join(l.name, file) }

func (l *loader) finish(s *source) { l.problems = append(l.problems, s.problems...) }

func (l *loader) reject(file, hint, format string, args ...any) {
	s := newSource(l.shown(file))
	s.report(place{}, hint, format, args...)
	l.finish(s)
}

// folders returns the folders of scenarios.
func (l *loader) folders() []string {
	var found []string
	for _, e := range l.list(".") {
		switch name := e.Name(); {
		case strings.HasPrefix(name, "."):
		case e.IsDir() && name != clausesFolder && name != pixelsFolder && name != schemaFolder:
			found = append(found, name)
		case !e.IsDir() && isYAML(name):
			l.reject(name, "scenarios stand in a folder of their document's short name", "a file of data in the wrong folder")
		}
	}
	return found
}

func (l *loader) list(folder string) []fs.DirEntry {
	list, err := fs.ReadDir(l.fsys, folder)
	if err != nil {
		l.reject(folder, "", "cannot be read: %v", cause(err))
	}
	return list
}

// files returns the YAML files of a folder by path. A folder within it, or a
// file that only looks like YAML, would be overlooked silently: it is refused.
func (l *loader) files(folder string) []string {
	var found []string
	for _, e := range l.list(folder) {
		name := path.Join(folder, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			l.reject(name, "", "a folder within %s is not read", folder)
		case strings.HasSuffix(name, yamlSuffix):
			found = append(found, name)
		case isYAML(name):
			l.reject(name, "name it "+strings.TrimSuffix(path.Base(name), path.Ext(name))+yamlSuffix, "the file's name must end in %s", yamlSuffix)
		}
	}
	return found
}

func isYAML(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == yamlSuffix || ext == ".yml"
}

func (l *loader) loadCatalogues() {
	for _, file := range l.files(clausesFolder) {
		s := newSource(l.shown(file))
		if text, ok := s.readFile(l.fsys, file); ok {
			if c := s.decodeCatalogue(text, baseName(file)); c != nil {
				l.lib.Catalogues = append(l.lib.Catalogues, c)
				for i := range c.Clauses {
					l.lib.clauses[c.Clauses[i].ID] = &c.Clauses[i]
				}
			}
		}
		if len(s.problems) > 0 {
			l.lib.unread[baseName(file)] = true
		}
		l.finish(s)
	}
}

func (l *loader) loadScenarios(folder string) {
	files := l.files(folder)
	if known := append(l.lib.Documents(), AllDocument); !slices.Contains(known, folder) && !l.lib.unread[folder] {
		l.reject(folder, suggest(folder, known), "a folder of scenarios, but no document is called %s", shown(folder))
		return
	}
	for _, file := range files {
		s, id := newSource(l.shown(file)), folder+"."+baseName(file)
		if text, ok := s.readFile(l.fsys, file); ok {
			if sc := s.decodeScenario(text, id, l.lib); sc != nil {
				l.lib.Scenarios = append(l.lib.Scenarios, sc)
			}
		}
		if len(s.problems) > 0 {
			l.lib.unread[id] = true
		}
		l.finish(s)
	}
}

func (l *loader) loadPixels() {
	for _, e := range l.list(pixelsFolder) {
		dir := path.Join(pixelsFolder, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."):
			continue
		case !e.IsDir():
			l.reject(dir, "a pixel is a folder with "+pixelFile+" and "+pageFile, "not a pixel's folder")
			continue
		}
		sub, err := fs.Sub(l.fsys, dir)
		if err != nil {
			l.reject(dir, "", "cannot be read: %v", cause(err))
			continue
		}
		name := e.Name()
		if name == skeletonPixel {
			name = ""
		}
		p, problems := l.lib.loadPixel(sub, l.shown(dir), name)
		l.problems = append(l.problems, problems...)
		if p != nil && e.Name() != skeletonPixel {
			l.lib.Pixels = append(l.lib.Pixels, p)
		}
	}
}

// Documents returns the short names of the documents whose promises are
// catalogued, sorted.
func (l *Library) Documents() []string {
	list := make([]string, len(l.Catalogues))
	for i, c := range l.Catalogues {
		list[i] = c.Document
	}
	slices.Sort(list)
	return list
}

// Catalogue returns the clauses of a document, or nil.
func (l *Library) Catalogue(document string) *Catalogue {
	return byName(l.Catalogues, document, func(c *Catalogue) string { return c.Document })
}

// Clause returns the clause of that ID, or nil.
func (l *Library) Clause(id string) *Clause { return l.clauses[id] }

// Scenario returns the scenario of that ID, or nil.
func (l *Library) Scenario(id string) *Scenario {
	return byName(l.Scenarios, id, func(s *Scenario) string { return s.ID })
}

// ScenariosOf returns the scenarios that a pixel of that document is held to,
// sorted by ID: the document's own, and those of the document "all".
func (l *Library) ScenariosOf(document string) []*Scenario {
	var found []*Scenario
	for _, s := range l.Scenarios {
		if s.Document == document || s.Document == AllDocument {
			found = append(found, s)
		}
	}
	return found
}

// Exercising returns the IDs of the scenarios whose expectations name the clause,
// sorted.
func (l *Library) Exercising(clause string) []string {
	var ids []string
	for _, sc := range l.Scenarios {
		if slices.ContainsFunc(sc.Expect, func(e Expectation) bool { return e.Clause == clause }) {
			ids = append(ids, sc.ID)
		}
	}
	return ids
}

// Pixel returns the pixel of that name, or nil.
func (l *Library) Pixel(name string) *Pixel {
	return byName(l.Pixels, name, func(p *Pixel) string { return p.Name })
}

func byName[T any](list []*T, name string, nameOf func(*T) string) *T {
	i := slices.IndexFunc(list, func(e *T) bool { return nameOf(e) == name })
	if i < 0 {
		return nil
	}
	return list[i]
}

func baseName(file string) string { return strings.TrimSuffix(path.Base(file), yamlSuffix) }

func hexSHA256(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
