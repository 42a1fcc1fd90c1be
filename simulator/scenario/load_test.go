package scenario

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	. "github.com/onsi/gomega"
)

func loadTestLibrary(t testing.TB) *Library {
	t.Helper()
	lib, err := Load(libraryFiles(t), "scenarios")
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func loadShipped(t testing.TB) *Library {
	t.Helper()
	lib, err := Load(os.DirFS(shippedData), "scenarios")
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func TestShippedDataIsSound(t *testing.T) {
	t.Parallel()
	if problems := Lint(os.DirFS(shippedData), "scenarios"); len(problems) > 0 {
		t.Fatal(problems)
	}
	g := NewWithT(t)
	lib := loadShipped(t)
	g.Expect(lib.Catalogue("mapp").Clauses).To(HaveLen(26))
	g.Expect(lib.Scenario("mapp.opt-out")).NotTo(BeNil())
	g.Expect(lib.Pixel("mapp")).NotTo(BeNil())
	g.Expect(lib.Pixel("_template")).To(BeNil())
	for _, p := range lib.Pixels {
		g.Expect(p.Name).NotTo(HavePrefix("_"), "the skeleton is not listed")
	}
}

func TestLoadFillsPlacesAndDigests(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	lib := loadTestLibrary(t)
	sc := lib.Scenario("demo.opt-out")
	g.Expect(sc.File).To(Equal("scenarios/demo/opt-out.yaml"))
	g.Expect(sc.Where).To(Equal("scenarios/demo/opt-out.yaml:1"))
	g.Expect(sc.Journey[1].Where).To(Equal("scenarios/demo/opt-out.yaml:11"))
	g.Expect(sc.Expect[4].Where).To(Equal("scenarios/demo/opt-out.yaml:18"))
	g.Expect(sc.Expect[2].Lasts.Text).To(Equal("5y"))
	g.Expect(sc.Digest).To(Equal(hexSHA256(readText(t, "testdata/library/demo/opt-out.yaml"))))
	g.Expect(*sc.Config.Anonymity.Enabled).To(BeTrue())
	g.Expect(sc.Config.Anonymity.ByDefault).To(BeNil(), "what is unsaid stays unsaid")
	g.Expect(lib.Clause("demo.visitor-omitted").Where).To(Equal("scenarios/clauses/demo.yaml:7"))

	p := lib.Pixel("demo")
	g.Expect(p.Where).To(Equal("scenarios/pixels/demo/pixel.yaml:1"))
	g.Expect(p.Dir).To(Equal("scenarios/pixels/demo"))
	g.Expect(p.Digest).To(MatchRegexp("^[0-9a-f]{64}$"))
	g.Expect(p.Parameters).To(HaveKeyWithValue("visitor-id", Name{Name: "vid"}))
	g.Expect(p.Cookies).To(HaveKeyWithValue("choice", Name{Name: "pick", Set: "1", Setting: "anonymity.cookie"}))
}

func TestLoadSortsWhatItReads(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	lib := loadTestLibrary(t)
	g.Expect(lib.Documents()).To(Equal([]string{"demo", "other"}))
	g.Expect(scenarioIDs(lib.Scenarios)).To(Equal([]string{"demo.opt-out", "demo.stay"}))
	g.Expect(lib.Scenario("demo.none")).To(BeNil())
	g.Expect(lib.Clause("demo.none")).To(BeNil())
	g.Expect(lib.Catalogue("none")).To(BeNil())
}

func TestFileThatIsDroppedInAddsTheCase(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	files := libraryFiles(t)
	text := strings.Replace(string(readText(t, "testdata/library/demo/stay.yaml")), "demo.stay", "demo.stay-longer", 1)
	files["demo/stay-longer.yaml"] = &fstest.MapFile{Data: []byte(text)}
	lib, err := Load(files, "scenarios")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(scenarioIDs(lib.ScenariosOf("demo"))).To(Equal([]string{"demo.opt-out", "demo.stay", "demo.stay-longer"}))
}

// The document "all" has clauses without a text behind them, and scenarios
// that every pixel is held to.
func TestDocumentOfEveryPixel(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	files := libraryFiles(t)
	files["clauses/all.yaml"] = &fstest.MapFile{Data: []byte(`{document: all, title: Every pixel, vendor: any, clauses: [
  {id: all.canary, promise: No trace., level: must, seen-at: [request]}]}`)}
	text := strings.NewReplacer("demo.stay", "all.stay", "document: demo", "document: all", "demo.visitor-omitted", "all.canary").
		Replace(string(readText(t, "testdata/library/demo/stay.yaml")))
	files["all/stay.yaml"] = &fstest.MapFile{Data: []byte(text)}
	lib, err := Load(files, "scenarios")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(scenarioIDs(lib.ScenariosOf("demo"))).To(Equal([]string{"all.stay", "demo.opt-out", "demo.stay"}))
	plan, err := Bind(lib, lib.Scenario("all.stay"), lib.Pixel("demo"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(plan.Clauses).To(HaveKey("all.canary"))
}

func TestPixelFolderOnTheDisk(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	lib := loadTestLibrary(t)
	dir := filepath.Join(t.TempDir(), "elsewhere")
	g.Expect(os.CopyFS(dir, os.DirFS("testdata/library/pixels/demo"))).To(Succeed())
	p, err := lib.LoadPixelDir(dir)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.Name).To(Equal("demo"), "the name need not be the folder's")
	g.Expect(p.Digest).To(Equal(lib.Pixel("demo").Digest))
	g.Expect(lib.Pixels).To(HaveLen(1), "the library is as it was")

	g.Expect(os.WriteFile(filepath.Join(dir, "tracker.js"), []byte("// other\n"), 0o644)).To(Succeed())
	changed, err := lib.LoadPixelDir(dir)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(changed.Digest).NotTo(Equal(p.Digest), "the digest is over all files")

	g.Expect(os.Remove(filepath.Join(dir, pixelFile))).To(Succeed())
	_, err = lib.LoadPixelDir(dir)
	g.Expect(err).To(MatchError(filepath.ToSlash(dir) + "/pixel.yaml: cannot be read: no such file or directory"))
	_, err = lib.LoadPixelDir(filepath.Join(dir, "none"))
	g.Expect(err).To(MatchError(filepath.ToSlash(dir) + "/none: cannot be read: no such file or directory"))
	_, err = lib.LoadPixelDir(filepath.Join(dir, "tracker.js"))
	g.Expect(err).To(MatchError(ContainSubstring("not a pixel's folder\nhint: name the folder that holds pixel.yaml")))
}

func TestWindowsLineEndsAreRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	files := libraryFiles(t)
	for name, f := range files {
		if strings.HasSuffix(name, ".yaml") {
			f.Data = []byte(strings.ReplaceAll(string(f.Data), "\n", "\r\n"))
		}
	}
	lib, err := Load(files, "scenarios")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(lib.Scenario("demo.opt-out").Title).To(Equal("A visitor opts out"))
	g.Expect(lib.Scenario("demo.opt-out").Expect[4].Where).To(Equal("scenarios/demo/opt-out.yaml:18"))
}

func TestProblemsOfSeveralFilesComeTogether(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	files := libraryFiles(t)
	for _, name := range []string{"demo/opt-out.yaml", "demo/stay.yaml", "clauses/demo.yaml", "pixels/demo/pixel.yaml"} {
		files[name].Data = append(slices.Clone(files[name].Data), "\nsurplus: 1\n"...)
	}
	_, err := Load(files, "scenarios")
	problems := asProblems(err)
	g.Expect(problems).To(HaveLen(4))
	for i, file := range []string{"clauses/demo.yaml", "demo/opt-out.yaml", "demo/stay.yaml", "pixels/demo/pixel.yaml"} {
		g.Expect(problems[i].File).To(Equal("scenarios/" + file))
		g.Expect(problems[i].Message).To(Equal(`unknown key "surplus"`))
	}
	var first Problem
	g.Expect(err).To(BeAssignableToTypeOf(Problems{}))
	g.Expect(err.(Problems).Unwrap()[0]).To(BeAssignableToTypeOf(first))
}
