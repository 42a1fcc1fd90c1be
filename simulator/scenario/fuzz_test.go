package scenario

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// The loaders are fed with broken files. Whatever comes must be read or refused
// with its place in the file; what was accepted once is accepted again, and can
// be bound and rendered, or is refused with problems.

func seed(f *testing.F, kind, place string) {
	for _, fixture := range brokenFixtures(f) {
		if strings.HasPrefix(filepath.Base(fixture), kind+"-") {
			f.Add(readText(f, fixture))
		}
	}
	f.Add(readText(f, filepath.Join("testdata/library", place)))
}

func checkPlaces(t *testing.T, problems Problems) {
	t.Helper()
	for _, p := range problems {
		if p.File == "" || p.Message == "" || p.Line < 0 || p.Line > 0 && p.Column < 1 {
			t.Fatalf("a problem without its place: %+v", p)
		}
		if strings.Contains(p.Message, "\n") || strings.Contains(p.Hint, "\n") {
			t.Fatalf("a message of many lines: %q", p.Error())
		}
	}
}

func FuzzScenario(f *testing.F) {
	seed(f, "scenario", "demo/opt-out.yaml")
	f.Add([]byte(consentScenario))
	lib := loadTestLibrary(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		s, again := newSource("file"), newSource("file")
		sc := s.decodeScenario(text, "demo.opt-out", lib)
		again.decodeScenario(text, "demo.opt-out", lib)
		if len(s.problems) != len(again.problems) {
			t.Fatalf("read once: %v\nread again: %v", s.problems, again.problems)
		}
		checkPlaces(t, s.problems)
		if len(s.problems) > 0 {
			return
		}
		plan, err := Bind(lib, sc, lib.Pixel("demo"))
		if err != nil {
			checkPlaces(t, asProblems(err))
			return
		}
		if _, err := RenderPage(plan, "home", PageData{}); err != nil && len(plan.Unsupported) == 0 {
			t.Fatalf("bound, but not rendered: %v", err)
		}
	})
}

func FuzzClauses(f *testing.F) {
	seed(f, "clauses", "clauses/demo.yaml")
	f.Fuzz(func(t *testing.T, text []byte) {
		s := newSource("file")
		c := s.decodeCatalogue(text, "demo")
		checkPlaces(t, s.problems)
		if len(s.problems) == 0 && len(c.Clauses) == 0 {
			t.Fatal("accepted without a clause")
		}
	})
}

func FuzzPixel(f *testing.F) {
	seed(f, "pixel", "pixels/demo/pixel.yaml")
	f.Add([]byte(consentPixel))
	lib := loadTestLibrary(f)
	page := readText(f, "testdata/library/pixels/demo/page.html.tmpl")
	f.Fuzz(func(t *testing.T, text []byte) {
		p, problems := lib.loadPixel(fstest.MapFS{
			pixelFile: {Data: text}, pageFile: {Data: page}, "tracker.js": {Data: []byte("//")},
		}, "pixel", "demo")
		checkPlaces(t, problems)
		if len(problems) == 0 {
			checkPlaces(t, lib.LintPixel(p))
		}
	})
}

func FuzzPage(f *testing.F) {
	seed(f, "page", "pixels/demo/page.html.tmpl")
	pixel := *loadTestLibrary(f).Pixel("demo")
	f.Fuzz(func(t *testing.T, text []byte) {
		s, p := newSource("page"), pixel
		if p.page = s.parsePage(text); p.page != nil {
			s.tryPage(&p)
		}
		checkPlaces(t, s.problems)
	})
}

func FuzzAmount(f *testing.F) {
	for _, text := range []string{"1", "9999999", "10m", "0", "007", "1.5", "-1", "5y"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAmount(text)
		if err == nil && ((a.Count > 0) == (a.Span > 0) || a.String() != text) {
			t.Fatalf("%q: %+v", text, a)
		}
	})
}

func FuzzLifetime(f *testing.F) {
	for _, text := range []string{"5y", "13mo", "180d", "0s", "999999h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLifetime(text)
		if err == nil && (l.Min < 0 || l.Max < l.Min || l.String() != text) {
			t.Fatalf("%q: %+v", text, l)
		}
	})
}
