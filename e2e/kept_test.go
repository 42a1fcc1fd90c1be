package e2e_test

import (
	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// keptPageFaults are trackers that are wrong only on a page out of the back/forward
// cache, which the headless shell does not have.
var keptPageFaults = map[string][]tracker.Patch{
	"knows of no later choice": {
		{File: "mapp/visitor.js", Find: "this.held = null;\n  }", Replace: "this.held = null;\n    window.addEventListener(\"pageshow\", (shown) => { this.restored = shown.persisted; });\n  }"},
		{File: "mapp/visitor.js", Find: "if (!this.options.enableAnonymousFunction) {\n      return false;\n    }", Replace: "if (!this.options.enableAnonymousFunction || this.restored) {\n      return false;\n    }"},
	},
	"sends its last hit again": {
		{File: "core/outbox.js", Find: "this.underWay = true;", Replace: "this.underWay = true;\n    this.last = parcel[0].hit;"},
		{File: "core/outbox.js", Find: "this.timer = null;\n    window", Replace: "this.timer = null;\n    window.addEventListener(\"pageshow\", (shown) => { if (shown.persisted && this.last) { new Image().src = `${this.last.address}?${this.last.query}&again=1`; } });\n    window"},
	},
}

var _ = g.Describe("a page that the browser has kept", func() {
	back := func(ctx g.SpecContext, patches []tracker.Patch) *suite.Visit {
		g.GinkgoHelper()
		script, err := tracker.Bundle("mapp", tracker.Options{Patches: patches})
		Expect(err).NotTo(HaveOccurred())
		o := options(browser.Full)
		o.Script = &suite.Script{Name: script.Name, Source: script.Source}
		o.Selectors = []string{"all.back-and-forward"}
		visit := walk(ctx, o)
		Expect(visit.Evidence.Step("back").Restored).To(BeTrue(), "the page was loaded anew")
		return visit
	}

	g.It("keeps the opt-out that was made after it, with the reference", func(ctx g.SpecContext) {
		Expect(back(ctx, nil).Scenario.Outcome).To(Equal(verdict.Pass))
	}, g.SpecTimeout(patience))

	for name, patches := range keptPageFaults {
		g.It("is caught when it "+name, func(ctx g.SpecContext) {
			Expect(back(ctx, patches).Scenario.Outcome).To(Equal(verdict.Fail))
		}, g.SpecTimeout(patience))
	}
})
