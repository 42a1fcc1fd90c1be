package e2e_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/specs"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// This is all that a vendor writes to have every scenario as specs.
var _ = specs.Register(underTest())

// envFault names a fault for the registered specs, so that a spec can see them
// fail.
const envFault = "PIXELWITNESS_E2E_FAULT"

func underTest() suite.Options {
	o := reference()
	if name := os.Getenv(envFault); name != "" {
		o.Script = faulty(name)
		if name == "silent" {
			impatient(&o)
		}
	}
	return o
}

var _ = g.Describe("registered specs", func() {
	// again runs this suite once more, with a faulty pixel.
	again := func(ctx context.Context, fault, filter string) *gexec.Session {
		self, err := os.Executable()
		Expect(err).NotTo(HaveOccurred())
		command := exec.CommandContext(ctx, self, "-ginkgo.label-filter="+filter, "-ginkgo.no-color", "-ginkgo.v")
		command.Env = append(os.Environ(), envFault+"="+fault, envCommand+"="+binary)
		session, err := gexec.Start(command, g.GinkgoWriter, g.GinkgoWriter)
		Expect(err).NotTo(HaveOccurred())
		Eventually(ctx, session).Should(gexec.Exit())
		return session
	}

	g.It("are selected by clause, and fail with what the document says", func(ctx g.SpecContext) {
		session := again(ctx, "keeps-eid-parameter", "mapp.opt-out && mapp.eid-omitted")
		Expect(session).To(gexec.Exit(1))
		Expect(session).To(gbytes.Say(`fail: mapp.eid-omitted at step anonymous of mapp.opt-out`))
		Expect(session).To(gbytes.Say(`document: mapp § 4: An anonymous request carries no ever-id in any part of it.`))
		Expect(session).To(gbytes.Say(`»eid=\d{19}«`))
		Expect(session).To(gbytes.Say(`where: +scenarios/mapp/opt-out.yaml:\d+`))
		Expect(session).To(gbytes.Say(`Ran 1 of `))
	}, g.SpecTimeout(patience))

	g.It("pass where another clause is broken", func(ctx g.SpecContext) {
		session := again(ctx, "keeps-eid-parameter", "mapp.opt-out && mapp.nc-sent")
		Expect(session).To(gexec.Exit(0))
		Expect(session).To(gbytes.Say(`1 Passed`))
	}, g.SpecTimeout(patience))

	g.It("fail where the pixel is silent", func(ctx g.SpecContext) {
		session := again(ctx, "silent", "mapp.opt-out && mapp.no-identifying-cookie")
		Expect(session).To(gexec.Exit(1))
		Expect(session).To(gbytes.Say(`inconclusive: mapp.no-identifying-cookie`))
	}, g.SpecTimeout(patience))
})

var _ = g.Describe("an opt-out, in hand-written specs", func() {
	for _, kind := range kinds() {
		g.Context("in "+string(kind)+" Chrome", g.Ordered, func() {
			var visit specs.Walked
			g.BeforeAll(func(ctx g.SpecContext) {
				visit = specs.Visit(ctx, options(kind), optOut)
			}, g.NodeTimeout(patience))

			g.It("begins with a visitor who is identified", func() {
				Expect(visit.At("identified")).To(CarryVisitor())
				Expect(visit.At("identified")).NotTo(specs.BeAnonymous())
				Expect(visit.At("identified")).NotTo(specs.CarryParameter("anonymous-flag"))
				Expect(visit.At("identified")).To(specs.HaveCookie("visitor-id"))
				Expect(visit.At("identified")).NotTo(specs.HaveCookie("choice"))
				Expect(visit.At("identified")).To(specs.WriteCookieFor("wtstp_eid", "180d"))
			})

			g.It("stores the choice for five years", func() {
				Expect(visit.At("opting-out")).To(specs.HaveCookie("choice", "1"))
				Expect(visit.At("opting-out")).To(specs.HaveCookie("miCookieOptOut", "1"))
				Expect(visit.At("opting-out")).To(specs.WriteCookieFor("choice", "5y"))
				Expect(visit.At("opting-out")).NotTo(specs.WriteCookieFor("choice", "400d"), "which is what Chrome makes of it")
			})

			g.It("makes him anonymous", func() {
				Expect(visit.At("anonymous")).To(specs.BeAnonymous())
				Expect(visit.At("anonymous")).To(specs.CarryParameter("nc", "1"))
				Expect(visit.At("anonymous")).NotTo(specs.CarryParameter("customer-id"))
				Expect(visit.At("anonymous")).To(specs.HaveNoTraceOf("user5684798169"))
				Expect(visit.At("anonymous")).To(specs.HaveNoTraceOf("User cat 7"))
				Expect(visit.At("anonymous")).NotTo(specs.HaveCookie("visitor-id"))
				Expect(visit.At("anonymous")).NotTo(specs.HaveCookie("session-id"))
			})

			g.It("is undone by deleting the choice", func() {
				Expect(visit.At("opting-back")).NotTo(specs.HaveCookie("choice"))
				Expect(visit.At("identified-again")).To(CarryVisitor())
				Expect(visit.At("identified-again")).NotTo(specs.BeAnonymous())
				Expect(visit.At("identified-again")).NotTo(specs.HaveNoTraceOf("user5684798169"))
			})

			g.It("proves nothing where nothing was sent, either way", func() {
				for _, step := range []string{"opting-out", "nowhere"} {
					for _, matcher := range []OmegaMatcher{specs.BeAnonymous(), specs.CarryParameter("eid"), specs.HaveNoTraceOf("user5684798169")} {
						matched, err := matcher.Match(visit.At(step))
						Expect(err).To(HaveOccurred())
						Expect(matched).To(BeFalse())
					}
				}
			})
		})
	}
})

// CarryVisitor matches a step whose requests carry who the visitor is.
func CarryVisitor() OmegaMatcher {
	return And(specs.CarryParameter("visitor-id"), specs.CarryParameter("customer-id", "user5684798169"),
		specs.CarryParameter("category-5", "User cat 5"), specs.CarryParameter("category-7", "User cat 7"))
}

var _ = g.Describe("the reference tracker", func() {
	g.It("keeps every promise, whatever the transport", func(ctx g.SpecContext) {
		all, collectors := map[string]suite.Options{}, map[string]*collector.Collector{}
		for _, transport := range []string{"image", "beacon", "form"} {
			o := options(browser.Shell)
			withTransport(&o, transport)
			collectors[transport] = withCollector(&o)
			all[transport] = o
		}
		for transport, j := range crowd(ctx, all) {
			for _, v := range j.verdicts {
				Expect(v.Outcome).To(Equal(verdict.Pass), "%s: %s at step %s: %s", transport, v.Clause, v.Step, v.Observed)
			}
			hits := sentBy(j.evidence, transport)
			Expect(hits).To(HaveLen(4), transport)
			stored, err := collectors[transport].Hits(ctx, collector.Query{})
			Expect(err).NotTo(HaveOccurred())
			Expect(stored).To(HaveLen(4), transport)
			for i, hit := range hits {
				Expect(hit.Status).To(Equal(http.StatusOK))
				Expect(hit.Refused).To(BeEmpty())
				Expect(stored[i].Refused).To(BeEmpty())
			}
		}
	}, g.SpecTimeout(patience))
})

// sentBy lists the collector's requests that came by that transport.
func sentBy(e *evidence.Evidence, transport string) []*evidence.Request {
	var found []*evidence.Request
	for i := range e.Requests {
		r := &e.Requests[i]
		kind := r.HeaderValue("content-type")
		by := map[string]bool{
			"image":  r.Method == http.MethodGet && len(r.Body) == 0,
			"beacon": r.Method == http.MethodPost && kind == "text/plain;charset=UTF-8" && len(r.Body) > 0,
			"form":   r.Method == http.MethodPost && kind == "application/x-www-form-urlencoded" && len(r.Body) > 0,
		}
		if r.Purpose == "collector" && by[transport] {
			found = append(found, r)
		}
	}
	return found
}
