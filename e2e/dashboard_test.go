package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"time"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
)

// onlooker is a page that uses the dashboard in a frame in which no script runs,
// as wide as a telephone and as wide as a screen: it searches by user ID, follows
// the links and tells what it sees.
const onlooker = `<!doctype html><html lang="en"><title>onlooker</title><link rel="icon" href="data:,"><body>
<script>
const uid = new URLSearchParams(location.search).get('uid');
const loaded = (frame, act) => new Promise((resolve) => { frame.onload = () => resolve(frame.contentDocument); act(); });
const look = (page) => ({
	title: page.title, text: page.body.innerText, badge: page.querySelector('.badge')?.innerText,
	rounded: page.querySelector('.badge') && getComputedStyle(page.querySelector('.badge')).borderRadius !== '0px',
	overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth,
	lanes: page.querySelectorAll('.picture svg .row').length,
	drawn: page.querySelector('.picture svg')?.getBoundingClientRect().height,
	unnamed: [...page.querySelectorAll('a, button, input, summary, [tabindex]')]
		.filter((e) => !(e.textContent.trim() || e.ariaLabel || e.getAttribute('aria-labelledby'))).map((e) => e.outerHTML),
});
(async () => {
	const seen = [];
	for (const width of [400, 1280]) {
		const frame = document.createElement('iframe');
		frame.sandbox = 'allow-same-origin allow-forms';
		frame.style.width = width + 'px';
		document.body.append(frame);
		let page = await loaded(frame, () => { frame.src = '/antsomi/'; });
		const list = look(page);
		page.querySelector('input[name=q]').value = uid;
		page = await loaded(frame, () => page.querySelector('form button').click());
		const found = look(page);
		page = await loaded(frame, () => page.querySelector('tbody a').click());
		const customer = look(page);
		page.querySelector('details:not([open]) summary').click();
		const opened = page.querySelectorAll('details[open]').length;
		page = await loaded(frame, () => page.querySelector('.ids a').click());
		seen.push({ list, found, customer, user: look(page), opened });
	}
	await fetch('/seen', { method: 'POST', body: JSON.stringify(seen) });
})();
</script>`

// sight is what the onlooker tells of a page.
type sight struct {
	Title, Text, Badge string
	Rounded            bool
	Overflow, Drawn    float64
	Lanes              int
	Unnamed            []string
}

// signedUp is a collector that has seen somebody on days 1 and 3 and, on day 7, his
// sign-up.
func signedUp(uids [3]string, cid string) *collector.Collector {
	g.GinkgoHelper()
	c, err := collector.New(collector.Options{})
	Expect(err).NotTo(HaveOccurred())
	g.DeferCleanup(c.Close)
	first := time.Date(2026, 3, 2, 10, 4, 0, 0, time.UTC)
	for i, day := range []int{0, 2, 6} {
		made := first.AddDate(0, 0, day).UnixMilli()
		q := url.Values{
			"portal_id": {"33167"}, "prop_id": {"565"}, "ec": {"pageview"}, "ea": {"view"}, "uid": {uids[i]},
			"did": {strings.Repeat("d", 32)}, "t": {strconv.FormatInt(made, 10)}, "title": {"Shoes & <b>more</b>"},
		}
		if day == 6 {
			q.Set("ec", "user")
			q.Set("ea", "sign_up")
			q.Set("extra", fmt.Sprintf(`{"identify_id":%q,"identify_time":%d,"identify_event":"user_sign_up","identify_type":"exact"}`, cid, made))
			q.Set("dims", fmt.Sprintf(`{"customers":{"customer_id":%q,"name":"Ada </script>"}}`, cid))
		}
		w := httptest.NewRecorder()
		c.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/event?"+q.Encode(), nil))
		Expect(w.Header().Get(collector.RefusedHeader)).To(BeEmpty())
	}
	return c
}

var _ = g.Describe("the collector's dashboard", func() {
	g.It("shows how user IDs came to a customer, without a script", func(ctx g.SpecContext) {
		uids := [3]string{strings.Repeat("1", 32), strings.Repeat("2", 32), strings.Repeat("3", 32)}
		cid := strings.Repeat("c", 32)
		c := signedUp(uids, cid)
		s := setOut(ctx, browser.Shell, gateway.Stage{"collector.test": host(map[string]http.HandlerFunc{
			"/onlooker": content("text/html", onlooker),
			"/antsomi/": func(w http.ResponseWriter, r *http.Request) {
				answer := httptest.NewRecorder()
				c.Handler().ServeHTTP(answer, r)
				for name, values := range answer.Header() {
					// The onlooker alone may frame the page; all else of the policy stays.
					w.Header()[name] = []string{strings.Replace(values[0], "frame-ancestors 'none'", "frame-ancestors 'self'", 1)}
				}
				w.WriteHeader(answer.Code)
				_, _ = answer.Body.WriteTo(w)
			},
		})})
		s.open(ctx, "looking", "https://collector.test/onlooker?uid="+uids[0], "/seen")
		var seen []struct {
			List, Found, Customer, User sight
			Opened                      int
		}
		Expect(json.Unmarshal([]byte(s.bodies("/seen")[0]), &seen)).To(Succeed())
		Expect(seen).To(HaveLen(2), "widths")
		for _, at := range seen {
			Expect(at.List.Text).To(And(ContainSubstring("ccccccc…cccc"), Not(ContainSubstring("1111111…1111"))))
			Expect(at.Found.Text).To(ContainSubstring("User ID 1111111…1111 belongs to customer ccccccc…cccc."))
			Expect(at.Customer.Title).To(HavePrefix("Customer ccccccc…cccc"))
			Expect(at.Customer.Badge).To(Equal("Customer"))
			Expect(at.Customer.Lanes).To(Equal(3))
			Expect(at.Customer.Text).To(And(
				ContainSubstring("Ada </script>"), ContainSubstring("Monday, 2 March 2026"), ContainSubstring("Wednesday, 4 March 2026"),
				ContainSubstring("Sunday, 8 March 2026"), ContainSubstring("Shoes & <b>more</b>"), ContainSubstring("user · sign_up identifies"),
			))
			Expect(at.Opened).To(BeNumerically(">=", 2), "details that are open")
			Expect(at.User.Title).To(HavePrefix("User ID 1111111…1111"))
			Expect(at.User.Lanes).To(Equal(1))
			for _, page := range []sight{at.List, at.Found, at.Customer, at.User} {
				Expect(page.Rounded).To(BeTrue(), "%s has its stylesheet", page.Title)
				Expect(page.Overflow).To(BeNumerically("<=", 0), "%s is wider than the window", page.Title)
				Expect(page.Unnamed).To(BeEmpty(), "what can be reached and has no name")
			}
			for _, page := range []sight{at.Customer, at.User} {
				Expect(page.Drawn).To(BeNumerically(">", 50), "height of the picture")
			}
		}
		// No page says anything but that the script with which the browser is
		// watched may not run in it either.
		Expect(s.visitor.Messages()).To(HaveEach(HaveField("Text", HavePrefix("Blocked script execution"))))
	}, g.SpecTimeout(patience))
})
