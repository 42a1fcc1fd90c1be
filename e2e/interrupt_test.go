package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"runtime"
	"syscall"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"
)

var _ = g.Describe("a run that is broken off", func() {
	g.BeforeEach(func() {
		if runtime.GOOS != "linux" {
			g.Skip("only Linux shows which process started which")
		}
	})

	for name, signal := range map[string]syscall.Signal{"Ctrl-C": syscall.SIGINT, "SIGTERM": syscall.SIGTERM} {
		g.It("by "+name+" cleans up and ends with 3", func(ctx g.SpecContext) {
			dir := g.GinkgoT().TempDir()
			// The silent pixel is waited for: there is time to break off.
			session, temporary := start("run", "--fault", "silent", "--out", dir)
			Eventually(ctx, func() []string { return below(session.Command.Process.Pid) }).
				Should(ContainElement(ContainSubstring("--type=renderer")), "a page is open")
			Expect(profiles(temporary)).To(HaveLen(1))
			session.Signal(signal)
			finish(ctx, session, temporary, 3)
			Expect(said(session)).To(ContainSubstring("the run was broken off"))
			Expect(readResult(filepath.Join(dir, "result.json")).Conformance).To(Equal("not-conformant"))
		}, g.SpecTimeout(patience))
	}

	g.It("while the browser starts leaves nothing either", func(ctx g.SpecContext) {
		session, temporary := start("run")
		Eventually(ctx, session.Err).Should(gbytes.Say("starting the browser"))
		session.Interrupt()
		finish(ctx, session, temporary, 3)
	}, g.SpecTimeout(patience))

	g.It("by force leaves no browser running", func(ctx g.SpecContext) {
		session, _ := start("run", "--fault", "silent")
		Eventually(ctx, func() []string { return below(session.Command.Process.Pid) }).
			Should(ContainElement(ContainSubstring("--type=renderer")), "a page is open")
		session.Kill()
		Eventually(ctx, session).Should(gexec.Exit())
		Eventually(ctx, descendants).Should(BeEmpty())
	}, g.SpecTimeout(patience))
})

var _ = g.Describe("pixelwitness serve", func() {
	// serve starts the collector and returns its address.
	serve := func(ctx g.SpecContext, store string) (*gexec.Session, string) {
		g.GinkgoHelper()
		session, _ := start("serve", "--listen", "127.0.0.1:0", "--store", store)
		Eventually(ctx, session.Out).Should(gbytes.Say(`collecting at `))
		Eventually(ctx, session.Out).Should(gbytes.Say(`, hits at`))
		var address string
		_, err := fmt.Sscanf(string(session.Out.Contents()), "collecting at %s", &address)
		Expect(err).NotTo(HaveOccurred())
		return session, address[:len(address)-len(",")]
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(ctx g.SpecContext, url string) []byte {
		g.GinkgoHelper()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		Expect(err).NotTo(HaveOccurred())
		response, err := client.Do(request)
		Expect(err).NotTo(HaveOccurred())
		body, err := io.ReadAll(response.Body)
		Expect(err).NotTo(HaveOccurred())
		Expect(response.Body.Close()).To(Succeed())
		Expect(response.StatusCode).To(Equal(http.StatusOK), "%s: %s", url, body)
		return body
	}

	g.It("collects, gives back, and keeps what it has when Ctrl-C ends it", func(ctx g.SpecContext) {
		store := filepath.Join(g.GinkgoT().TempDir(), "hits.db")
		const hit = "/111111111111111/wt?p=600,www.shop.test,1,1280x800,24,1,1795296596718,0,1280x800,0&eid=1234567890123456789&cd=user"
		session, address := serve(ctx, store)
		Expect(get(ctx, address+hit)).To(HavePrefix("GIF89a"))
		for range 2 {
			var kept struct {
				Hits []struct {
					Track, Visitor string
					Parameters     map[string]string
				}
			}
			Expect(json.Unmarshal(get(ctx, address+"/_/hits?track=111111111111111"), &kept)).To(Succeed())
			Expect(kept.Hits).To(HaveLen(1))
			Expect(kept.Hits[0].Visitor).To(Equal("1234567890123456789"))
			Expect(kept.Hits[0].Parameters).To(HaveKeyWithValue("cd", "user"))
			session.Interrupt()
			Eventually(ctx, session).Should(gexec.Exit(0))
			session, address = serve(ctx, store)
		}
		session.Interrupt()
		Eventually(ctx, session).Should(gexec.Exit(0))
	}, g.SpecTimeout(patience))
})
