// Package e2e_test runs the whole thing: real browsers, real TLS, real stores.
package e2e_test

import (
	"maps"
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

// patience bounds what is waited for, in a spec and within one. It is only there to
// end what hangs: on a machine that is slow or busy nothing comes near it.
const patience = 5 * time.Minute

func TestEndToEnd(t *testing.T) {
	RegisterFailHandler(g.Fail)
	SetDefaultEventuallyTimeout(time.Minute)
	// Whatever the suite leaves on disk is left in here, so it can be told from
	// what others leave.
	t.Setenv("TMPDIR", t.TempDir())
	adopt()
	config, reporter := g.GinkgoConfiguration()
	config.RandomizeAllSpecs = true
	g.RunSpecs(t, "pixelwitness, end to end", config, reporter)
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

// reference is the clean reference tracker, on the browser that is installed.
func reference() suite.Options {
	lib, err := scenario.Load(scenarios.FS, "scenarios")
	if err != nil {
		panic(err) // the built-in data; there is no suite without it
	}
	return suite.Options{
		Library: lib, Pixel: lib.Pixel("mapp"),
		Launch: browser.Launcher(browser.Options{}),
		Reference: func(name string) (suite.Script, error) {
			s, err := tracker.Bundle(name, tracker.Options{})
			return suite.Script{Name: s.Name, Source: s.Source}, err
		},
		Tool: verdict.Tool{Name: "pixelwitness", Version: "test"},
	}
}

// optOut is the scenario that most specs walk: it is short, and what they ask about
// is there.
const optOut = "mapp.opt-out"

// options are those of a run of the reference through the opt-out journey, in a
// browser of that kind, with faults if any are named.
func options(kind browser.Kind, faults ...string) suite.Options {
	g.GinkgoHelper()
	path, err := browser.Find("", kind)
	Expect(err).NotTo(HaveOccurred())
	o := reference()
	o.Launch = browser.Launcher(browser.Options{Path: path})
	o.Selectors = []string{optOut}
	if len(faults) > 0 {
		o.Script = faulty(faults...)
	}
	return o
}

// faulty is the reference tracker with those faults. It is also called before
// there is a spec that could fail, so a mistake panics.
func faulty(names ...string) *suite.Script {
	var o tracker.Options
	for _, name := range names {
		f, err := fault.Lookup(name)
		if err != nil {
			panic(err)
		}
		o.Patches = append(o.Patches, f.Patches...)
	}
	s, err := tracker.Bundle("mapp", o)
	if err != nil {
		panic(err)
	}
	return &suite.Script{Name: s.Name, Source: s.Source}
}

// withTransport makes the reference tracker send by that transport.
func withTransport(o *suite.Options, transport string) {
	pixel := *o.Pixel
	pixel.Settings = maps.Clone(pixel.Settings)
	pixel.Settings["transport"] = transport
	o.Pixel = &pixel
}

// walk walks the one journey that the options select in a session of its own.
func walk(ctx g.SpecContext, o suite.Options) *suite.Visit {
	g.GinkgoHelper()
	plans, err := suite.Plan(o)
	Expect(err).NotTo(HaveOccurred())
	Expect(plans).To(HaveLen(1))
	session, err := suite.Open(ctx, o)
	Expect(err).NotTo(HaveOccurred())
	visit := session.Visit(ctx, plans[0])
	Expect(session.Close()).To(Succeed())
	Expect(session.Errors()).To(BeEmpty())
	Expect(visit.Evidence.Faults).To(BeEmpty())
	return visit
}

// withCollector adds the reference collector, and returns it.
func withCollector(o *suite.Options) *collector.Collector {
	g.GinkgoHelper()
	c, err := collector.New(collector.Options{})
	Expect(err).NotTo(HaveOccurred())
	g.DeferCleanup(c.Close)
	o.Collector = suite.Fixed(c.Handler())
	return c
}

func pathOf(r *evidence.Request) string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return ""
	}
	return u.Path
}
