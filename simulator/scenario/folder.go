package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	// maxFolderSize and maxFolderFiles bound what is hashed of a pixel's
	// folder: a tracker with its source map fits many times over.
	maxFolderSize  = 64 << 20
	maxFolderFiles = 1000
)

// ReferenceScript is what a pixel's script begins with when the reference
// provides the tracker's code.
const ReferenceScript = "reference:"

// GivenScript is a pixel's script where whoever runs it gives the tracker's code: it
// may be had, and not be passed on.
const GivenScript = "given"

// LoadPixelDir reads one pixel from a folder anywhere on the disk, checks it
// against the library's clauses and scenarios, and does not add it to the
// library. Its name need not be the folder's. What is wrong comes back as
// [Problems].
func (l *Library) LoadPixelDir(dir string) (*Pixel, error) {
	shown := filepath.ToSlash(dir)
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, Problems{{File: shown, Message: fmt.Sprintf("cannot be read: %v", cause(err))}}
	case !info.IsDir():
		return nil, Problems{{File: shown, Message: "not a pixel's folder", Hint: "name the folder that holds " + pixelFile}}
	}
	p, problems := l.loadPixel(os.DirFS(dir), shown, "")
	if err := problems.orNil(); err != nil {
		return nil, err
	}
	return p, nil
}

// FindPixel returns the library's pixel of that name, or reads the one in the
// folder of that name, as LoadPixelDir does. The error of a name that is neither
// lists the library's pixels.
func (l *Library) FindPixel(name string) (*Pixel, error) {
	if p := l.Pixel(name); p != nil {
		return p, nil
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return l.LoadPixelDir(name)
	}
	var names []string
	for _, p := range l.Pixels {
		names = append(names, p.Name)
	}
	return nil, fmt.Errorf("no pixel and no folder is called %q\nhint: pixels are %s", name, strings.Join(names, ", "))
}

// loadPixel reads a pixel's folder. The name is what the pixel must be called;
// empty when that is free.
func (l *Library) loadPixel(fsys fs.FS, dir, name string) (*Pixel, Problems) {
	s := newSource(path.Join(dir, pixelFile))
	text, ok := s.readFile(fsys, pixelFile)
	if !ok {
		return nil, s.problems
	}
	p := s.decodePixel(text, l)
	if p == nil {
		return nil, s.problems
	}
	if name != "" && p.Name != "" && p.Name != name {
		s.reject("name", "", "the pixel %s stands in the folder %s; the two names must agree", shown(p.Name), shown(name))
	}
	p.Dir, p.Files = dir, fsys
	if file, ref := strings.CutPrefix(p.Script, ReferenceScript); !ref && p.Script != "" && p.Script != GivenScript {
		s.checkScriptFile(fsys, file)
	}
	page := newSource(path.Join(dir, pageFile))
	if text, ok := page.readFile(fsys, pageFile); ok {
		if p.page = page.parsePage(text); p.page != nil && len(s.problems) == 0 {
			page.tryPage(p)
		}
	}
	digest, err := folderDigest(fsys)
	if err != nil {
		s.report(place{}, "keep a pixel's folder to its own files", "the folder cannot be hashed: %v", err)
	}
	p.Digest = digest
	return p, append(s.problems, page.problems...)
}

func (s *source) checkScriptFile(fsys fs.FS, file string) {
	if !fs.ValidPath(file) {
		s.reject("script", "a path within the pixel's folder, without \"..\"", "%s is no file of the folder", shown(file))
		return
	}
	if info, err := fs.Stat(fsys, file); err != nil {
		s.reject("script", fmt.Sprintf("a file of the folder, %sNAME, or %s", ReferenceScript, GivenScript), "the script %s cannot be read: %v", shown(file), cause(err))
	} else if !info.Mode().IsRegular() {
		s.reject("script", "", "the script %s is not a file", shown(file))
	}
}

// folderDigest returns the SHA-256 over the paths and contents of a folder's
// files, hidden ones left out, in hex.
func folderDigest(fsys fs.FS) (string, error) {
	sum := sha256.New()
	var size int64
	files := 0
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular():
			return nil
		}
		if files++; files > maxFolderFiles {
			return fmt.Errorf("more than %d files", maxFolderFiles)
		}
		content := sha256.New()
		n, err := copyFile(content, fsys, name, maxFolderSize-size+1)
		if err != nil {
			return err
		}
		if size += n; size > maxFolderSize {
			return fmt.Errorf("more than %d bytes", maxFolderSize)
		}
		fmt.Fprintf(sum, "%q %d %x\n", name, n, content.Sum(nil))
		return nil
	})
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func copyFile(to io.Writer, fsys fs.FS, name string, most int64) (int64, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return io.Copy(to, io.LimitReader(f, most))
}

// decodePixel reads a pixel's description and checks it by itself and against
// the library. It returns nil when the file holds no map.
func (s *source) decodePixel(text []byte, lib *Library) *Pixel {
	p := &Pixel{source: s}
	if !s.decode(text, p) {
		return nil
	}
	p.Where = s.where("name")
	s.checkName("name", "a pixel", p.Name)
	if known := lib.Documents(); p.Document != "" && !slices.Contains(known, p.Document) && !lib.unread[p.Document] {
		s.reject("document", suggest(p.Document, known), "unknown document %s", shown(p.Document))
	}
	for i, feature := range p.Features {
		s.checkWord(fmt.Sprintf("features[%d]", i), "feature", feature, Features())
	}
	s.refuseTwice("features", p.Features)
	if name, ref := strings.CutPrefix(p.Script, ReferenceScript); ref && !namePattern.MatchString(name) {
		s.reject("script", "such as reference:mapp", "%s names no tracker of the reference", shown(p.Script))
	}
	s.checkSettings(p.Settings)
	s.checkReadings("readings", p.Readings)
	s.checkStage(p.Stage)
	s.checkPages("pages", p.Pages)
	s.checkConsole(p)
	s.checkActions(p)
	if _, err := regexp.Compile(p.Requests.Path); err != nil {
		s.reject("requests.path", "", "not a regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	s.checkMade(p.Requests.Made)
	if p.Requests.Batch != "" && !valuePattern.MatchString(p.Requests.Batch) {
		s.reject("requests.batch", "names joined by dots, such as events", "%s leads to no list in a body", shown(p.Requests.Batch))
	}
	s.checkOptions(p)
	s.checkRecords(p)
	s.checkProfile(p)
	s.checkSessions(p)
	s.checkClock(p.Clock)
	s.checkKept(p)
	s.checkNames(p, "parameters", "parameter", p.Parameters, parameterWord)
	s.checkNames(p, "cookies", "cookie", p.Cookies, cookieWord)
	s.checkDeviations(p, lib)
	return p
}

func (s *source) checkKey(parent, what, name string) {
	if !namePattern.MatchString(name) {
		s.report(s.keys[parent+"."+name], nameHint, "%s is no name for %s", shown(name), what)
	}
}

var hostPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+test$`)

// checkStage wants hosts that exist nowhere else: RFC 6761 keeps .test free.
func (s *source) checkStage(stage Stage) {
	hosts := []struct{ path, host string }{{"stage.site", stage.Site}, {"stage.collector", stage.Collector}, {"stage.scripts", stage.Scripts}, {"stage.console", stage.Console}}
	for _, h := range hosts {
		if h.host != "" && (!hostPattern.MatchString(h.host) || len(h.host) > 253) {
			s.reject(h.path, "a host name in small letters such as www.shop.test, without port", "%s is no host under .test", shown(h.host))
		}
	}
	s.checkPath("stage.path", stage.Path)
	s.checkPath("stage.settings", stage.Settings)
	if stage.Settings != "" && (!strings.HasSuffix(stage.Settings, "/") || stage.Settings == "/") {
		s.reject("stage.settings", "such as /consent/", "%s is not the path of a folder", shown(stage.Settings))
	}
}

var pathPattern = regexp.MustCompile(`^/[A-Za-z0-9._~!$&'()*+,;=:@/-]*$`)

func (s *source) checkPath(at, p string) { s.checkFilledPath(at, p, p) }

// checkFilledPath checks a path in which something stands for settings.
func (s *source) checkFilledPath(at, p, written string) {
	if p != "" && (!pathPattern.MatchString(p) || strings.Contains(p, "//") || slices.Contains(strings.Split(p, "/"), "..")) {
		s.reject(at, "a path from the root such as /products, without query or fragment", "%s is no path of a page or file", shown(written))
	}
}

// checkPages checks the pages at a key, "pages" or "console".
func (s *source) checkPages(key string, pages map[string]string) {
	if len(pages) == 0 && s.has(key) {
		s.reject(key, "", "there are no pages")
	}
	first := map[string]string{}
	for _, name := range sortedKeys(pages) {
		s.checkKey(key, "a page", name)
		at := key + "." + name
		s.checkPath(at, pages[name])
		if other, twice := first[pages[name]]; twice {
			s.reject(at, "", "the pages %s and %s have the same path", shown(other), shown(name))
		}
		first[pages[name]] = name
	}
}

func (s *source) checkNames(p *Pixel, path, subject string, byRole map[string]Name, fits func(Word) bool) {
	for _, role := range sortedKeys(byRole) {
		at, name := join(path, role), byRole[role]
		s.checkRole(at, subject, role, fits)
		s.checkWord(join(at, "setting"), "setting", name.Setting, Settings())
		if name.Setting != "" && subject != "cookie" {
			s.reject(join(at, "setting"), "", "%s renames a cookie, not a %s", shown(name.Setting), subject)
		}
		filled := name.Name
		if subject == "cookie" {
			filled = s.filledIn(at, name.Name, p.Settings)
		}
		if subject == "cookie" && name.Name != "" && !cookieNamePattern.MatchString(filled) {
			s.reject(at, "letters, digits and any of !#$%&'*+-.^_`|~", "%s is no name for a cookie", shown(name.Name))
		}
	}
}

func (s *source) checkDeviations(p *Pixel, lib *Library) {
	if lib.Catalogue(p.Document) == nil {
		return
	}
	for i, d := range p.Deviations {
		at := fmt.Sprintf("deviations[%d]", i)
		s.checkReference(join(at, "clause"), d.Clause, p.Document, lib)
		if d.Scenario != "" && lib.Scenario(d.Scenario) == nil && !lib.unread[d.Scenario] {
			s.reject(join(at, "scenario"), suggest(d.Scenario, scenarioIDs(lib.Scenarios)), "unknown scenario %s", shown(d.Scenario))
		}
	}
}

func scenarioIDs(list []*Scenario) []string {
	ids := make([]string, len(list))
	for i, s := range list {
		ids[i] = s.ID
	}
	return ids
}
