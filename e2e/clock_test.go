package e2e_test

import (
	"encoding/json"
	"net/http"
	"time"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// reporting is a script's function that tells how long something was put off, by
// the two clocks that a page has, and what time it is now.
const reporting = `
const began = [Date.now(), performance.now()];
const report = (name) => fetch('https://www.shop.test/late/' + name, { method: 'POST', mode: 'no-cors', body:
	JSON.stringify({ waited: Date.now() - began[0], elapsed: performance.now() - began[1], now: Date.now(), also: new Date().getTime() }) });
`

// deferring puts requests off in every way that a page has, and hands some on to
// others, who put them off again.
const deferring = reporting + `
setTimeout(report, 5000, 'seconds');
setTimeout(() => report('minutes'), 240000);
setTimeout(() => setTimeout(() => setTimeout(() => report('chain'), 60000), 3000), 2000);
setTimeout(async () => { await fetch('/answer'); setTimeout(() => report('after-answer'), 10000); }, 1000);
let beats = 0;
const beating = setInterval(() => { if (++beats === 3) { clearInterval(beating); report('interval'); } }, 30000);
const cancelled = setTimeout(() => report('cancelled'), 1000);
clearTimeout(cancelled);
setTimeout(() => report('beyond'), 24 * 3600 * 1000);
requestIdleCallback(() => report('idle'));
scheduler.postTask(() => report('task'), { delay: 10000 });
new Worker('/worker.js');
new SharedWorker('/shared-worker.js');
const echo = new Worker('/echo.js');
setTimeout(() => echo.postMessage('go'), 60000);
setTimeout(() => document.body.insertAdjacentHTML('beforeend', '<iframe src="https://www.shop.test/late-frame"></iframe>'), 2000);
report('at-once');
`

// deferred are the requests of deferring, with how long each is put off.
var deferred = map[string]time.Duration{
	"at-once": 0, "idle": 0, "seconds": 5 * time.Second, "minutes": 4 * time.Minute, "chain": 65 * time.Second,
	"after-answer": 11 * time.Second, "interval": 90 * time.Second, "task": 10 * time.Second,
	"worker": 2 * time.Minute, "shared-worker": 2 * time.Minute, "frame": 4*time.Minute + 30*time.Second, "cross-site": 3 * time.Minute,
	"frame-worker": 30 * time.Second, "echo": time.Minute, "late-frame": time.Minute,
}

func clockStage() gateway.Stage {
	after := func(name, milliseconds string) string {
		return reporting + "setTimeout(() => report('" + name + "'), " + milliseconds + ");"
	}
	return gateway.Stage{
		"www.shop.test": host(map[string]http.HandlerFunc{
			"/{$}":              html(deferring, `<iframe src="https://www.shop.test/frame"></iframe><iframe src="https://far.test/frame"></iframe>`),
			"/frame":            html(after("frame", "270000")+"new Worker('/frame-worker.js');", ""),
			"/frame-worker.js":  javascript(after("frame-worker", "30000")),
			"/late-frame":       html(after("late-frame", "60000"), ""),
			"/worker.js":        javascript(after("worker", "120000")),
			"/shared-worker.js": javascript(after("shared-worker", "120000")),
			"/echo.js":          javascript("onmessage = () => {" + after("echo", "60000") + "};"),
			"/next":             html(reporting+"report('next');", `<iframe src="https://www.shop.test/next-frame"></iframe><iframe src="https://far.test/next-frame"></iframe>`),
			"/next-frame":       html(reporting+"report('next-frame');new Worker('/next-worker.js');", ""),
			"/next-worker.js":   javascript(reporting + "report('next-worker');"),
		}),
		"far.test": host(map[string]http.HandlerFunc{
			"/frame":      html(after("cross-site", "180000"), ""),
			"/next-frame": html(reporting+"report('next-cross-site');", ""),
		}),
	}
}

// times is what a page said of its clocks, in milliseconds.
type times struct {
	Waited  float64 `json:"waited"`
	Elapsed float64 `json:"elapsed"`
	Now     float64 `json:"now"`
	Also    float64 `json:"also"`
}

// late returns what the one request of that name said, and its step.
func late(e *evidence.Evidence, name string) (times, string) {
	g.GinkgoHelper()
	var said []times
	var step string
	for _, r := range e.Requests {
		if pathOf(&r) == "/late/"+name {
			var t times
			Expect(json.Unmarshal(r.Body, &t)).To(Succeed())
			said, step = append(said, t), r.Step
		}
	}
	Expect(said).To(HaveLen(1), name)
	return said[0], step
}

var _ = g.Describe("a page's clock", func() {
	for _, kind := range kinds() {
		g.It("is run forward, so that what is put off happens in its step, in "+string(kind)+" Chrome", func(ctx g.SpecContext) {
			s := setOut(ctx, kind, clockStage())
			// The journey knows of one early request; it is to find out by itself
			// that others are still to come.
			walked := journey.Walk(ctx, &scenario.Plan{
				Scenario: &scenario.Scenario{Journey: []scenario.Step{{Name: "deferred", Open: "home"}, {Name: "next", Open: "next"}}},
				Pixel: &scenario.Pixel{
					Stage: scenario.Stage{Site: "www.shop.test"}, Pages: map[string]string{"home": "/", "next": "/next"},
					Requests: scenario.Requests{Path: "^/late/(at-once|next)$"},
				},
			}, alone(s.visitor, s.wire), journey.Options{})
			Expect(walked.Evidence.Faults).To(BeEmpty())
			for _, step := range walked.Evidence.Steps {
				Expect(step.Problem).To(BeEmpty(), step.Name)
				Expect(step.Seen && step.Fenced).To(BeTrue(), step.Name)
			}
			Expect(walked.Evidence.Step("deferred").RunForward).To(BeNumerically(">=", 4*time.Minute))
			latest := 0.0
			for name, delay := range deferred {
				said, step := late(walked.Evidence, name)
				Expect(step).To(Equal("deferred"), name)
				Expect(said.Waited).To(BeNumerically(">=", delay.Milliseconds()), name)
				// Chrome rounds this clock to a tenth of a millisecond.
				Expect(said.Elapsed).To(BeNumerically(">=", delay.Milliseconds()-1), name)
				Expect(said.Also).To(BeNumerically(">=", said.Now), name)
				latest = max(latest, said.Now)
			}
			Expect(s.bodies("/late/cancelled")).To(BeEmpty())
			Expect(s.bodies("/late/beyond")).To(BeEmpty())

			for _, name := range []string{"next", "next-frame", "next-cross-site", "next-worker"} {
				said, step := late(walked.Evidence, name)
				Expect(step).To(Equal("next"), name)
				Expect(said.Now).To(BeNumerically(">=", latest), "%s is behind the page before it", name)
			}
		}, g.SpecTimeout(patience))
	}
})
