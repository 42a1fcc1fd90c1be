package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
)

// stroll is one visitor on a stage of the spec's own, walked by hand.
type stroll struct {
	wire    *gateway.Visitor
	visitor journey.Visitor
	began   time.Time
	rounds  int // of fences
}

// setOut opens a browser with one visitor in it, for one spec.
func setOut(ctx g.SpecContext, kind browser.Kind, stage gateway.Stage) *stroll {
	g.GinkgoHelper()
	gw, b := openBrowser(ctx, kind)
	wire, err := gw.Visitor(stage)
	Expect(err).NotTo(HaveOccurred())
	visitor, err := b.Visitor(ctx, wire.Address())
	Expect(err).NotTo(HaveOccurred())
	g.DeferCleanup(func() {
		<-visitor.Dispose()
		Expect(wire.Close()).To(Succeed())
	})
	return &stroll{wire: wire, visitor: visitor}
}

// open opens a page as a step, awaits requests for the paths, and settles it.
func (s *stroll) open(ctx g.SpecContext, step, url string, paths ...string) journey.Settled {
	g.GinkgoHelper()
	if s.began.IsZero() {
		s.began = time.Now()
	}
	s.wire.Begin(step, s.began)
	s.visitor.Begin(step, s.began)
	Expect(s.visitor.Open(ctx, url)).To(Succeed())
	for _, path := range paths {
		bounded, cancel := context.WithTimeout(ctx, time.Minute)
		err := s.wire.Await(bounded, func(r *evidence.Request) bool { return pathOf(r) == path })
		cancel()
		Expect(err).NotTo(HaveOccurred(), "await %s; the page said %v", path, s.visitor.Messages())
	}
	var settled journey.Settled
	for settled.Busy = true; settled.Busy; {
		s.rounds++
		token := fmt.Sprintf("stroll-%d", s.rounds)
		var err error
		settled, err = s.visitor.Settle(ctx, s.wire.FencePath(token), 5*time.Minute)
		Expect(err).NotTo(HaveOccurred())
		Expect(s.wire.AwaitFence(ctx, token)).To(Succeed())
		Expect(s.wire.AwaitQuiet(ctx)).To(Succeed())
	}
	return settled
}

// bodies returns the bodies of the requests for the path.
func (s *stroll) bodies(path string) []string {
	var found []string
	for _, r := range s.wire.Requests() {
		if pathOf(&r) == path {
			found = append(found, string(r.Body))
		}
	}
	return found
}

// html serves a page that runs the script, and then has the markup.
func html(script, markup string) http.HandlerFunc {
	return content("text/html; charset=utf-8",
		`<!doctype html><html lang="en"><title>page</title><link rel="icon" href="data:,"><body><script type="module">`+script+`</script>`+markup)
}

// javascript serves a script.
func javascript(source string) http.HandlerFunc { return content("text/javascript", source) }

func content(kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte(body))
	}
}

// host answers the paths given, and everything else from the sink.
func host(paths map[string]http.HandlerFunc) gateway.Host {
	mux := http.NewServeMux()
	for path, handler := range paths {
		mux.Handle(path, handler)
	}
	mux.HandleFunc("/", gateway.Sink)
	return gateway.Host{Purpose: "page", Handler: mux}
}
