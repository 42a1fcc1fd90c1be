package suite_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// pageWith returns the library with a change in the page of the pixel for Mapp.
func pageWith(t *testing.T, old, replacement string) *scenario.Library {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range []string{"clauses/mapp.yaml", "clauses/all.yaml", "mapp/opt-out.yaml", "pixels/mapp/pixel.yaml", "pixels/mapp/page.html.tmpl"} {
		text, err := scenarios.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	page := files["pixels/mapp/page.html.tmpl"]
	if strings.Count(string(page.Data), old) == 0 {
		t.Fatalf("the page has no %q", old)
	}
	page.Data = []byte(strings.ReplaceAll(string(page.Data), old, replacement))
	lib, err := scenario.Load(files, "scenarios")
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func TestUnknownOptionsOfAPage(t *testing.T) {
	t.Parallel()
	for option, meant := range map[string]string{
		"anonymousOptIn":          "",
		"anononymousOptIn":        "anonymousOptIn",
		"supressParameter":        "suppressParameter",
		"enableAnonymusFunction":  "enableAnonymousFunction",
		"anonymousCookiename":     "anonymousCookieName",
		"somethingElseAltogether": "",
	} {
		lib := pageWith(t, "wtSmart.init.set({", "wtSmart.advanced.add({userIdentification: {"+option+": true}});\n      wtSmart.init.set({")
		p := lib.Pixel("mapp")
		plan, err := scenario.Bind(lib, lib.Scenario("mapp.opt-out"), p)
		if err != nil {
			t.Fatal(err)
		}
		html, err := scenario.RenderPage(plan, "home", scenario.PageData{})
		if err != nil {
			t.Fatal(err)
		}
		found := p.UnknownOptions(html)
		if meant == "" {
			if len(found) > 0 {
				t.Errorf("%s: %+v", option, found)
			}
			continue
		}
		line := 1 + strings.Count(string(html[:strings.Index(string(html), option)]), "\n")
		if len(found) != 1 || found[0] != (scenario.Mistaken{Name: option, Meant: meant, Line: line}) {
			t.Errorf("%s on line %d: %+v", option, line, found)
		}
	}
}
