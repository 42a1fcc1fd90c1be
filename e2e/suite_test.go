// Package e2e_test runs the whole thing: real browsers, real TLS, real stores.
package e2e_test

import (
	"net/url"
	"testing"
	"time"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/reference/tracker"
	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func TestEndToEnd(t *testing.T) {
	RegisterFailHandler(g.Fail)
	SetDefaultEventuallyTimeout(20 * time.Second)
	g.RunSpecs(t, "pixelwitness, end to end")
}

// kinds are the browsers that capture and cookies are proven in.
func kinds() []browser.Kind { return []browser.Kind{browser.Shell, browser.Full} }

// openBrowser opens a gateway and a browser for one spec.
func openBrowser(ctx g.SpecContext, kind browser.Kind) (*gateway.Gateway, journey.Browser) {
	g.GinkgoHelper()
	gw, err := gateway.New(gateway.Options{})
	Expect(err).NotTo(HaveOccurred())
	g.DeferCleanup(gw.Close)
	path, err := browser.Find("", kind)
	Expect(err).NotTo(HaveOccurred())
	b, err := browser.Launcher(browser.Options{Path: path})(ctx, gw.SPKI())
	Expect(err).NotTo(HaveOccurred())
	g.DeferCleanup(b.Close)
	return gw, b
}

// options are those of a run of the reference, with faults if any are named.
func options(kind browser.Kind, faults ...string) suite.Options {
	g.GinkgoHelper()
	lib, err := scenario.Load(scenarios.FS, "scenarios")
	Expect(err).NotTo(HaveOccurred())
	path, err := browser.Find("", kind)
	Expect(err).NotTo(HaveOccurred())
	var patches []tracker.Patch
	for _, name := range faults {
		f, err := fault.Lookup(name)
		Expect(err).NotTo(HaveOccurred())
		patches = append(patches, f.Patches...)
	}
	return suite.Options{
		Library: lib, Pixel: lib.Pixel("mapp"),
		Launch: browser.Launcher(browser.Options{Path: path}),
		Reference: func(name string) (suite.Script, error) {
			s, err := tracker.Bundle(name, tracker.Options{Patches: patches})
			return suite.Script{Name: s.Name, Source: s.Source}, err
		},
		Tool: verdict.Tool{Name: "pixelwitness", Version: "test"},
	}
}

// withCollector adds the reference collector, and returns it.
func withCollector(o *suite.Options) *collector.Collector {
	g.GinkgoHelper()
	c, err := collector.New(collector.Options{})
	Expect(err).NotTo(HaveOccurred())
	g.DeferCleanup(c.Close)
	o.Collector = c.Handler()
	return c
}

func pathOf(r *evidence.Request) string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return ""
	}
	return u.Path
}
