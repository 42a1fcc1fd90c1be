package e2e_test

import (
	"context"
	"path/filepath"
	"sync"
	"syscall"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// murderer kills browsers that a suite has launched.
type murderer struct {
	mu       sync.Mutex
	launched []*browser.Browser
}

// watch lets the murderer know of every browser that the suite launches.
func (m *murderer) watch(o *suite.Options) {
	launch := o.Launch
	o.Launch = func(ctx context.Context, spki string) (journey.Browser, error) {
		b, err := launch(ctx, spki)
		if err == nil {
			m.mu.Lock()
			m.launched = append(m.launched, b.(*browser.Browser))
			m.mu.Unlock()
		}
		return b, err
	}
}

// kill kills the browser that was launched last: its main process alone, as a
// crash does, or the shell with all its children.
func (m *murderer) kill(kind browser.Kind) {
	m.mu.Lock()
	defer m.mu.Unlock()
	pid := m.launched[len(m.launched)-1].Pid()
	if kind == browser.Shell {
		pid = -pid
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		panic(err)
	}
}

var _ = g.Describe("a browser that dies", func() {
	for kind, steps := range map[browser.Kind][]string{browser.Shell: {"identified", "anonymous"}, browser.Full: {"anonymous"}} {
		for _, step := range steps {
			g.It("at step "+step+" in "+string(kind)+" Chrome costs a warning, and the visitor is run once more", func(ctx g.SpecContext) {
				o, m, killed := options(kind), murderer{}, false
				m.watch(&o)
				o.Folder = g.GinkgoT().TempDir()
				o.Notify = func(e suite.Event) {
					if e.Step == step && !killed {
						killed = true
						m.kill(kind)
					}
				}
				result, err := suite.Run(ctx, o)
				Expect(err).NotTo(HaveOccurred())
				Expect(result.Errors).To(BeEmpty())
				Expect(result.Outcome).To(Equal(verdict.Pass), "%+v", result.Scenarios)
				Expect(result.Scenarios[0].Attempts).To(Equal(2))
				Expect(result.Warnings).To(ContainElement(ContainSubstring("the browser died during mapp.opt-out")))
				Expect(m.launched).To(HaveLen(2))
				lost, err := evidence.ReadFile(filepath.Join(o.Folder, "lost", "mapp.opt-out.ndjson"))
				Expect(err).NotTo(HaveOccurred(), "what was recorded before is kept")
				Expect(lost.Faults).To(ContainElement(ContainSubstring("the browser died")))
			}, g.SpecTimeout(patience))
		}
	}

	g.It("every time is an error of the harness, and no verdict on the pixel", func(ctx g.SpecContext) {
		o, m := options(browser.Shell), murderer{}
		m.watch(&o)
		o.Notify = func(e suite.Event) {
			if e.Step == "anonymous" {
				m.kill(browser.Shell)
			}
		}
		result, err := suite.Run(ctx, o)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Outcome).To(Equal(verdict.Error))
		Expect(result.Scenarios[0].Error).To(HavePrefix("step anonymous: "))
		Expect(result.Scenarios[0].Attempts).To(Equal(2))
		Expect(m.launched).To(HaveLen(2))
		for _, v := range result.Verdicts {
			Expect(v.Outcome).To(Equal(verdict.Error), "%s at step %s", v.Clause, v.Step)
		}
	}, g.SpecTimeout(patience))
})
