package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

// block matches the code blocks of a Markdown file.
var block = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// blocks returns the README's code blocks in the language.
func blocks(language string) []string {
	g.GinkgoHelper()
	text, err := os.ReadFile("../README.md")
	Expect(err).NotTo(HaveOccurred())
	var found []string
	for _, m := range block.FindAllStringSubmatch(string(text), -1) {
		if m[1] == language {
			found = append(found, m[2])
		}
	}
	Expect(found).NotTo(BeEmpty())
	return found
}

var _ = g.Describe("the README", func() {
	g.It("shows commands that work, in this order, in an empty folder", func(ctx g.SpecContext) {
		folder := g.GinkgoT().TempDir()
		ran := 0
		for _, text := range blocks("sh") {
			for line := range strings.SplitSeq(text, "\n") {
				// The make targets are what runs this test.
				if !strings.HasPrefix(line, "pixelwitness ") {
					continue
				}
				ran++
				command := exec.CommandContext(ctx, "bash", "-c", line)
				command.Dir = folder
				command.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
				out, err := command.CombinedOutput()
				Expect(err).NotTo(HaveOccurred(), "%s\n%s", line, out)
			}
		}
		Expect(ran).To(BeNumerically(">=", 7))
	}, g.SpecTimeout(patience))

	g.It("shows a whole test file that passes for a vendor's own pixel", func(ctx g.SpecContext) {
		// Inside the module, where the go command finds its dependencies, but
		// out of the sight of ./...
		Expect(os.MkdirAll("testdata", 0o755)).To(Succeed())
		folder, err := os.MkdirTemp("testdata", "vendor-")
		Expect(err).NotTo(HaveOccurred())
		g.DeferCleanup(os.RemoveAll, folder)
		Expect(os.WriteFile(filepath.Join(folder, "pixel_test.go"), []byte(blocks("go")[0]), 0o644)).To(Succeed())
		vendorPixel(filepath.Join(folder, "pixel"))

		command := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout=4m", "-v", "./"+folder, "-ginkgo.no-color", "-ginkgo.label-filter=mapp.nc-sent || mapp.eid-omitted")
		out, err := command.CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(out))
		Expect(string(out)).To(MatchRegexp(`[1-9]\d* Passed`))
		Expect(string(out)).To(ContainSubstring("0 Failed"))
	}, g.SpecTimeout(patience))
})

// vendorPixel makes a pixel's folder as a vendor has it: his own name, page and
// script.
func vendorPixel(folder string) {
	g.GinkgoHelper()
	Expect(os.CopyFS(folder, os.DirFS(pixelFolder()))).To(Succeed())
	description := filepath.Join(folder, "pixel.yaml")
	edit(description, "script: reference:mapp", "script: tracker.js")
	edit(description, "name: mapp\n", "name: our-pixel\n")
	script, err := tracker.Bundle("mapp", tracker.Options{Minify: true})
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(filepath.Join(folder, "tracker.js"), script.Source, 0o644)).To(Succeed())
}
