package e2e_test

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
)

//go:embed testdata/zoo.html
var zooPage string

// animal is one channel of the zoo: the path that it sends to, and what its
// request must carry. V stands for the visitor.
type animal struct {
	path   string
	method string
	body   string // the whole body; "~" before it: a part of it
	frames []string
}

// animals are the channels of one zoo page. The channels of a page's end are
// prefixed with the page's name.
func animals(page string) []animal {
	list := []animal{
		{path: "/z/image"}, {path: "/z/srcset"}, {path: "/z/script"}, {path: "/z/style"}, {path: "/z/font"}, {path: "/z/background"},
		{path: "/z/preload"}, {path: "/z/modulepreload"}, {path: "/z/prefetch"}, {path: "/z/import"}, {path: "/z/video"}, {path: "/z/object"},
		{path: "/z/fetch-get"},
		{path: "/z/fetch-post", method: "POST", body: "fetch-post-V"},
		{path: "/z/fetch-json", method: "POST", body: `{"v":"fetch-json-V"}`},
		{path: "/z/fetch-no-cors", method: "POST", body: "fetch-no-cors-V"},
		{path: "/z/fetch-binary", method: "POST", body: "\x00\xff\xfeW"},
		{path: "/z/fetch-large", method: "POST", body: "~" + strings.Repeat("x", 300000)},
		{path: "/z/xhr-async", method: "POST", body: "xhr-async-V"},
		{path: "/z/xhr-sync", method: "POST", body: "xhr-sync-V"},
		{path: "/z/beacon-string", method: "POST", body: "beacon-string-V"},
		{path: "/z/beacon-blob", method: "POST", body: "beacon-blob-V"},
		{path: "/z/beacon-formdata", method: "POST", body: "~beacon-formdata-V"},
		{path: "/z/beacon-params", method: "POST", body: "field=beacon-params-V"},
		{path: "/z/worker", method: "POST", body: "worker-V"},
		{path: "/z/worker-import"},
		{path: "/z/service-worker", method: "POST", body: "service-worker-V"},
		{path: "/z/same-site", method: "POST", body: "same-site-V"},
		{path: "/z/cross-site", method: "POST", body: "cross-site-V"},
		{path: "/z/nested", method: "POST", body: "nested-V"},
		{path: "/z/srcdoc", method: "POST", body: "srcdoc-V"},
		{path: "/z/websocket", frames: []string{"websocket-V", "\x01\x02\x03"}},
		{path: "/z/eventsource"},
		{path: "/z/form", method: "POST", body: "field=form-V"},
		{path: "/z/upload", method: "POST", body: "~upload-V"},
		{path: "/redirect/1"}, {path: "/redirect/2"}, {path: "/z/redirected"},
		{path: "/z/csp-report", method: "POST", body: `~"blocked-uri"`},
		{path: "/z/timer", method: "POST", body: "timer-V"},
	}
	for _, name := range []string{"pagehide-beacon", "pagehide-keepalive", "hidden-beacon", "unload-beacon", "fetch-later"} {
		list = append(list, animal{path: "/z/" + page + "-" + name, method: "POST", body: name + "-V"})
	}
	return list
}

// zooStage answers the zoo's pages, frames and workers for one visitor.
func zooStage(v string) gateway.Stage {
	text := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Cache-Control", "no-store")
			_, _ = w.Write([]byte(strings.ReplaceAll(body, "V", v)))
		}
	}
	post := func(name string) string {
		return fmt.Sprintf(`fetch("/z/%s?v=V", {method: "POST", body: "%[1]s-V"})`, name)
	}
	site := http.NewServeMux()
	for _, page := range []string{"first", "second"} {
		site.Handle("/"+page, text("text/html", strings.ReplaceAll(zooPage, "PAGE", page)))
	}
	site.Handle("/worker.js", text("text/javascript", post("worker")+`; importScripts("/z/worker-import?v=V")`))
	site.Handle("/shared-worker.js", text("text/javascript", post("shared-worker")))
	site.Handle("/service-worker.js", text("text/javascript", post("service-worker")))
	site.HandleFunc("/frame/csp", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "img-src 'none'; report-uri /z/csp-report?v="+v)
		text("text/html", `<img src="https://far.test/blocked?v=V">`)(w, r)
	})
	site.Handle("/redirect/1", http.RedirectHandler("https://far.test/redirect/2?v="+v, http.StatusFound))
	site.HandleFunc("/", gateway.Sink)
	far := http.NewServeMux()
	far.Handle("/frame/cross-site", text("text/html", "<script>"+post("cross-site")+"</script>"))
	far.Handle("/frame/outer", text("text/html", `<iframe src="https://www.zoo.test/frame/nested?v=V"></iframe>`))
	site.Handle("/frame/nested", text("text/html", "<script>"+post("nested")+"</script>"))
	far.Handle("/redirect/2", http.RedirectHandler("https://www.zoo.test/z/redirected?v="+v, http.StatusFound))
	far.HandleFunc("/", gateway.Sink)
	api := http.NewServeMux()
	api.Handle("/frame/same-site", text("text/html", "<script>"+post("same-site")+"</script>"))
	api.HandleFunc("/", gateway.Sink)
	return gateway.Stage{
		"www.zoo.test": {Purpose: "page", Handler: site},
		"api.zoo.test": {Purpose: "sink", Handler: api},
		"far.test":     {Purpose: "sink", Handler: far},
	}
}

// visitZoo walks one visitor through two zoo pages and closes the last, and
// returns what the gateway recorded of him.
func visitZoo(ctx context.Context, gw *gateway.Gateway, b journey.Browser, v string, kind browser.Kind) []evidence.Request {
	g.GinkgoHelper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	wire, err := gw.Visitor(zooStage(v))
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = wire.Close() }()
	visitor, err := b.Visitor(ctx, wire.Address())
	Expect(err).NotTo(HaveOccurred())
	arrived := func(path string) {
		g.GinkgoHelper()
		bounded, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		err := wire.Await(bounded, func(r *evidence.Request) bool { return pathOf(r) == path })
		Expect(err).NotTo(HaveOccurred(), "%s: channel %s of visitor %s", kind, path, v)
	}
	var settled journey.Settled
	began := time.Now()
	for i, page := range []string{"first", "second"} {
		wire.Begin(page, began)
		visitor.Begin(page, began)
		Expect(visitor.Open(ctx, "https://www.zoo.test/"+page)).To(Succeed())
		token := fmt.Sprintf("zoo-%d", i)
		settled, err = visitor.Settle(ctx, wire.FencePath(token), time.Minute)
		Expect(err).NotTo(HaveOccurred())
		Expect(wire.AwaitFence(ctx, token)).To(Succeed())
		Expect(visitor.Click(ctx, "#ping")).To(Succeed())
		arrived("/z/ping")
		if i == 0 {
			for _, a := range animals("first") {
				if !strings.Contains(a.path, "first-") {
					arrived(a.path)
				}
			}
		}
	}
	Expect(visitor.Leave(ctx, "https://www.zoo.test"+wire.BlankPath())).To(Succeed())
	for _, url := range settled.Deferred {
		Expect(wire.Await(ctx, func(r *evidence.Request) bool { return r.URL == url })).To(Succeed(), url)
	}
	_, err = visitor.Settle(ctx, wire.FencePath("zoo-leave"), 0)
	Expect(err).NotTo(HaveOccurred())
	Expect(wire.AwaitFence(ctx, "zoo-leave")).To(Succeed())
	Expect(wire.AwaitQuiet(ctx)).To(Succeed())
	requests := wire.Requests()
	<-visitor.Dispose()
	var late []string
	for _, r := range wire.Requests()[len(requests):] {
		late = append(late, r.URL)
	}
	Expect(late).To(BeEmpty(), "requests after the visit's end")
	return requests
}

// missing says what of the visitor's channels was not recorded as it was sent.
func missing(requests []evidence.Request, v string) []string {
	var gone []string
	wanted := append(animals("first"), animals("second")...)
	for _, a := range wanted {
		if !slices.ContainsFunc(requests, func(r evidence.Request) bool { return a.is(&r, v) }) {
			gone = append(gone, a.path)
		}
	}
	return gone
}

// is tells whether a request is the animal's, whole.
func (a animal) is(r *evidence.Request, v string) bool {
	if pathOf(r) != a.path || a.method != "" && r.Method != a.method || r.Incomplete != "" {
		return false
	}
	body := strings.ReplaceAll(a.body, "V", v)
	if part, ok := strings.CutPrefix(body, "~"); ok {
		if !strings.Contains(string(r.Body), part) {
			return false
		}
	} else if body != "" && string(r.Body) != body {
		return false
	}
	var frames []string
	for _, f := range r.Frames {
		frames = append(frames, string(f.Payload))
	}
	for i, f := range a.frames {
		if i >= len(frames) || frames[i] != strings.ReplaceAll(f, "V", v) {
			return false
		}
	}
	return true
}

// strangers lists the requests that carry another visitor's number.
func strangers(requests []evidence.Request, v string) []string {
	var found []string
	for i := range requests {
		r := &requests[i]
		_, query, _ := strings.Cut(r.URL, "?v=")
		if query != "" && query != v {
			found = append(found, r.URL)
		}
	}
	return found
}

// zooRounds is how often eight visitors walk the zoo together; ZOO_ROUNDS asks
// for more.
func zooRounds() int {
	if n, err := strconv.Atoi(os.Getenv("ZOO_ROUNDS")); err == nil && n > 0 {
		return n
	}
	return 1
}

var _ = g.Describe("the recording gateway", func() {
	for _, kind := range kinds() {
		g.It("records every channel of a page, for each of eight visitors apart, in "+string(kind)+" Chrome", func(ctx g.SpecContext) {
			gw, b := openBrowser(ctx, kind)
			const crowd = 8
			seen := map[string]int{}
			var mu sync.Mutex
			for round := range zooRounds() {
				var walking sync.WaitGroup
				for n := range crowd {
					walking.Go(func() {
						defer g.GinkgoRecover()
						v := fmt.Sprintf("7%03d%d7", round, n)
						requests := visitZoo(ctx, gw, b, v, kind)
						Expect(missing(requests, v)).To(BeEmpty(), "channels that were not recorded whole")
						Expect(strangers(requests, v)).To(BeEmpty(), "requests of other visitors")
						mu.Lock()
						defer mu.Unlock()
						count(seen, requests)
					})
				}
				walking.Wait()
			}
			g.AddReportEntry("zoo in "+string(kind), table(seen))
		}, g.SpecTimeout(15*time.Minute))
	}
})

// count adds the requests to the table of channels.
func count(seen map[string]int, requests []evidence.Request) {
	for i := range requests {
		if name, ok := strings.CutPrefix(pathOf(&requests[i]), "/z/"); ok {
			seen[name]++
		} else if requests[i].Protocol == "tunnel" {
			seen["webrtc (tunnel)"]++
		}
	}
}

func table(seen map[string]int) string {
	var lines []string
	for name, n := range seen {
		lines = append(lines, fmt.Sprintf("%-28s %5d", name, n))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
