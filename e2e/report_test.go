package e2e_test

import (
	"encoding/json"
	"net/http"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/report"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
)

// reader is a page that reads the report in a frame, as a person would: it brings
// every picture into view and awaits it.
const reader = `<!doctype html><html lang="en"><title>reader</title><link rel="icon" href="data:,">
<iframe src="/report/index.html" width="1200" height="700"></iframe>
<script>
document.querySelector('iframe').onload = async ({ target }) => {
	const report = target.contentDocument;
	const images = [];
	for (const image of report.images) {
		image.scrollIntoView();
		if (!image.complete) await new Promise((resolve) => { image.onload = image.onerror = resolve; });
		images.push(image.naturalWidth);
	}
	const links = [];
	for (const { href } of report.links) {
		if (new URL(href).pathname === report.location.pathname) continue;
		links.push([href, (await fetch(href)).status]);
	}
	const broken = [...report.querySelectorAll('a[href^="#"]')].filter(({ hash }) => !report.getElementById(decodeURIComponent(hash.slice(1))));
	const overflow = report.documentElement.scrollWidth - report.documentElement.clientWidth;
	await fetch('/read', { method: 'POST', body: JSON.stringify({
		title: report.title, stamp: report.querySelector('.stamp').innerText, text: report.body.innerText,
		images, links, broken: broken.map(String), overflow,
		marks: [...report.querySelectorAll('mark')].map((m) => m.innerText),
	}) });
};
</script>`

var _ = g.Describe("the report page", func() {
	g.DescribeTable("opens in a browser, with its pictures", func(ctx g.SpecContext, headline string, marks OmegaMatcher, faults ...string) {
		o := options(browser.Shell, faults...)
		o.Folder, o.Screenshots = g.GinkgoT().TempDir(), true
		result, err := suite.Run(ctx, o)
		Expect(err).NotTo(HaveOccurred())
		_, err = report.Folder(o.Folder, result)
		Expect(err).NotTo(HaveOccurred())

		s := setOut(ctx, browser.Shell, gateway.Stage{"reports.test": host(map[string]http.HandlerFunc{
			"/{$}":     content("text/html", reader),
			"/report/": http.StripPrefix("/report/", http.FileServer(http.Dir(o.Folder))).ServeHTTP,
		})})
		s.open(ctx, "reading", "https://reports.test/", "/read")
		var seen struct {
			Title, Stamp, Text string
			Images             []int
			Links              [][2]any
			Broken, Marks      []string
			Overflow           int
		}
		Expect(json.Unmarshal([]byte(s.bodies("/read")[0]), &seen)).To(Succeed())
		Expect(seen.Title).To(ContainSubstring("Mapp Intelligence Smart Pixel"))
		Expect(seen.Title).To(HavePrefix(headline + ": "))
		Expect(seen.Stamp).To(Equal(headline))
		Expect(seen.Text).To(ContainSubstring("mapp.eid-omitted"))
		Expect(seen.Images).To(HaveLen(len(result.Scenarios[0].Steps)))
		Expect(seen.Images).To(HaveEach(1280))
		Expect(seen.Marks).To(marks)
		Expect(seen.Links).NotTo(BeEmpty())
		for _, link := range seen.Links {
			Expect(link[1]).To(BeNumerically("==", http.StatusOK), "%v", link[0])
		}
		Expect(seen.Broken).To(BeEmpty(), "links to nowhere")
		Expect(seen.Overflow).To(BeNumerically("<=", 0), "it is wider than the window")
		Expect(s.visitor.Messages()).To(BeEmpty())
	},
		g.Entry("of a run that passed", "Conformant", BeEmpty(), g.SpecTimeout(patience)),
		g.Entry("of a run that failed", "Not conformant", ContainElement(MatchRegexp(`eid=\d{19}`)), "keeps-eid-parameter", g.SpecTimeout(patience)),
	)
})
