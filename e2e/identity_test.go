package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/gateway"
)

// places are where a script can ask who the browser is.
var places = []string{"page", "same-site-frame", "cross-site-frame", "srcdoc-frame", "worker", "frame-worker", "shared-worker", "service-worker"}

// confess sends all that a browser says of itself at that place.
func confess(place string) string {
	return `(async () => {
		const about = { userAgent: navigator.userAgent, appVersion: navigator.appVersion, platform: navigator.platform, webdriver: navigator.webdriver === true };
		if (navigator.userAgentData) {
			about.data = { ...navigator.userAgentData.toJSON(),
				...await navigator.userAgentData.getHighEntropyValues(['architecture', 'bitness', 'fullVersionList', 'model', 'platformVersion', 'uaFullVersion']) };
		}
		await fetch('https://www.shop.test/about/` + place + `', { method: 'POST', mode: 'no-cors', body: JSON.stringify(about) });
	})();`
}

// identityStage asks at every place, and asks servers' questions too.
func identityStage() gateway.Stage {
	asking := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Accept-CH", "Sec-CH-UA-Full-Version-List, Sec-CH-UA-Full-Version, Sec-CH-UA-Arch, Sec-CH-UA-Model, Sec-CH-UA-Platform-Version")
			next(w, r)
		}
	}
	srcdoc := strings.ReplaceAll(confess("srcdoc-frame"), `"`, "&quot;")
	return gateway.Stage{
		"www.shop.test": host(map[string]http.HandlerFunc{
			"/{$}": asking(html(confess("page")+`
				new Worker('/worker.js');
				new SharedWorker('/shared-worker.js');
				navigator.serviceWorker.register('/service-worker.js');`,
				`<iframe src="https://api.shop.test/frame"></iframe><iframe src="https://far.test/frame"></iframe>
				<iframe srcdoc="<script>`+srcdoc+`</script>"></iframe>`)),
			"/again":             asking(html(confess("page"), "")),
			"/worker.js":         javascript(confess("worker")),
			"/shared-worker.js":  javascript(confess("shared-worker")),
			"/service-worker.js": javascript(confess("service-worker")),
		}),
		"api.shop.test": host(map[string]http.HandlerFunc{
			"/frame":     html(confess("same-site-frame")+"new Worker('/worker.js');", ""),
			"/worker.js": javascript(confess("frame-worker")),
		}),
		"far.test": host(map[string]http.HandlerFunc{"/frame": html(confess("cross-site-frame"), "")}),
	}
}

var _ = g.Describe("the browser", func() {
	for _, kind := range kinds() {
		g.It("says everywhere that it is an ordinary Chrome, in "+string(kind)+" Chrome", func(ctx g.SpecContext) {
			s := setOut(ctx, kind, identityStage())
			paths := lines(places, func(place string) string { return "/about/" + place })
			s.open(ctx, "first", "https://www.shop.test/", paths...)
			s.open(ctx, "second", "https://www.shop.test/again", "/about/page")

			var page string
			for _, place := range places {
				said := s.bodies("/about/" + place)
				Expect(said).NotTo(BeEmpty())
				var about struct {
					UserAgent string `json:"userAgent"`
					Webdriver bool   `json:"webdriver"`
				}
				Expect(json.Unmarshal([]byte(said[0]), &about)).To(Succeed())
				Expect(about.Webdriver).To(BeFalse(), place)
				Expect(about.UserAgent).To(MatchRegexp(`^Mozilla/5\.0 \(.+\) AppleWebKit/537\.36 \(KHTML, like Gecko\) Chrome/\d+\.0\.0\.0 Safari/537\.36$`), place)
				Expect(said[0]).NotTo(ContainSubstring("Headless"), place)
				if page == "" {
					page = said[0]
				}
				Expect(said[0]).To(Equal(page), "the %s speaks of another browser than the page", place)
			}
			for _, r := range s.wire.Requests() {
				Expect(r.HeaderValue("user-agent")).To(Equal(userAgent(page)), r.URL)
				for _, f := range r.Header {
					Expect(f.Value).NotTo(ContainSubstring("Headless"), "%s of %s", f.Name, r.URL)
				}
				if brands := r.HeaderValue("sec-ch-ua"); brands != "" {
					Expect(brands).To(ContainSubstring(`"Google Chrome"`), r.URL)
				}
			}
		}, g.SpecTimeout(patience))
	}
})

func userAgent(said string) string {
	var about struct {
		UserAgent string `json:"userAgent"`
	}
	Expect(json.Unmarshal([]byte(said), &about)).To(Succeed())
	return about.UserAgent
}
