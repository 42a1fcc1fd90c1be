package e2e_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

var _ = g.Describe("a vendor's own tracker", func() {
	run := func(ctx g.SpecContext, code int, args ...string) *verdict.Result {
		g.GinkgoHelper()
		file := filepath.Join(g.GinkgoT().TempDir(), "result.json")
		pixelwitness(ctx, code, append([]string{"run", "--json", file}, args...)...)
		return readResult(file)
	}
	saved := func(source []byte) string {
		g.GinkgoHelper()
		path := filepath.Join(g.GinkgoT().TempDir(), "tracker.js")
		Expect(os.WriteFile(path, source, 0o644)).To(Succeed())
		return path
	}
	digest := func(source []byte) string {
		sum := sha256.Sum256(source)
		return hex.EncodeToString(sum[:])
	}

	g.It("is tried from a pixel folder on the disk", func(ctx g.SpecContext) {
		dir, source := pixelFolder(), faulty().Source
		Expect(os.WriteFile(filepath.Join(dir, "acme.js"), source, 0o644)).To(Succeed())
		file := filepath.Join(dir, "pixel.yaml")
		edit(file, "name: mapp\n", "name: acme\n")
		edit(file, "script: reference:mapp", "script: acme.js")
		edit(file, `"111111111111111"`, `"222222222222222"`)
		edit(file, "site: www.shop.test", "site: www.acme.test")
		edit(file, "collector: collect.vendor.test", "collector: track.acme.test")
		edit(file, "path: /js/smart-pixel.min.js", "path: /static/acme.js")
		edit(file, "products: /products", "products: /catalogue/shoes.html")

		result := run(ctx, 0, "--pixel", dir)
		Expect(result.Pixel.Name).To(Equal("acme"))
		Expect(result.Pixel.Script).To(Equal("acme.js"))
		Expect(result.Pixel.ScriptSHA256).To(Equal(digest(source)))
	}, g.SpecTimeout(patience))

	g.It("is refused with file and line when its description is wrong", func(ctx g.SpecContext) {
		dir := pixelFolder()
		edit(filepath.Join(dir, "pixel.yaml"), "visitor-id: eid", "visitor-di: eid")
		session := pixelwitness(ctx, 2, "run", "--pixel", dir)
		Expect(said(session)).To(MatchRegexp(`pixel\.yaml:\d+:\d+: .*visitor-di`))
		Expect(said(session)).To(ContainSubstring(`visitor-id`))
	}, g.SpecTimeout(patience))

	g.It("is tried from a file in place of the reference", func(ctx g.SpecContext) {
		clean, broken := faulty().Source, faulty("never-sends-nc").Source
		path := saved(clean)
		result := run(ctx, 0, optOut, "--script", path)
		Expect(result.Pixel.Script).To(Equal(path))
		Expect(result.Pixel.ScriptSHA256).To(Equal(digest(clean)))

		result = run(ctx, 1, optOut, "--script", saved(broken))
		Expect(result.Pixel.ScriptSHA256).To(Equal(digest(broken)))
		Expect(result.Outcome).To(Equal(verdict.Fail))
	}, g.SpecTimeout(patience))

	g.It("is tried from a URL in place of the reference", func(ctx g.SpecContext) {
		clean := faulty().Source
		mux := http.NewServeMux()
		mux.HandleFunc("/tracker.js", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(clean) })
		server := httptest.NewServer(mux)
		g.DeferCleanup(server.Close)
		result := run(ctx, 0, optOut, "--script", server.URL+"/tracker.js")
		Expect(result.Pixel.Script).To(Equal(server.URL + "/tracker.js"))
		Expect(result.Pixel.ScriptSHA256).To(Equal(digest(clean)))

		session := pixelwitness(ctx, 2, "run", "--script", server.URL+"/no-such-file.js")
		Expect(said(session)).To(ContainSubstring("404"))
	}, g.SpecTimeout(patience))
})
