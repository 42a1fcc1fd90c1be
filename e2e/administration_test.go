package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
)

// The sites of an empty collector that the specs are about: the administered one, and
// one that nobody touches.
var administered, untouched = collector.ExampleSites()[2], collector.ExampleSites()[0]

// office is a collector with sites, and what a tracker and a visitor see of it.
type office struct {
	*collector.Collector
	visits int
}

func newOffice() *office {
	g.GinkgoHelper()
	c, err := collector.New(collector.Options{})
	Expect(err).NotTo(HaveOccurred())
	g.DeferCleanup(c.Close)
	return &office{Collector: c}
}

// tells is the setting that a tracker is told.
func (o *office) tells(site string) bool {
	g.GinkgoHelper()
	w := httptest.NewRecorder()
	o.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/consent/"+site+".json", nil))
	Expect(w.Code).To(Equal(http.StatusOK), w.Body.String())
	var told struct {
		Site     string `json:"site"`
		Tracking *bool  `json:"anonymous_tracking"`
	}
	Expect(json.Unmarshal(w.Body.Bytes(), &told)).To(Succeed())
	Expect(told.Site).To(Equal(site))
	Expect(told.Tracking).NotTo(BeNil())
	return *told.Tracking
}

// takes lets a visitor who has not decided come to the site, and tells whether his hit
// was taken; the report must agree.
func (o *office) takes(ctx g.SpecContext, site string) bool {
	g.GinkgoHelper()
	o.visits++
	counted := func() int64 {
		report, err := o.Report(ctx, collector.ReportQuery{Site: site})
		Expect(err).NotTo(HaveOccurred())
		return report.Anonymous.Sessions
	}
	before := counted()
	r := httptest.NewRequest(http.MethodGet, "/ppms.php?"+url.Values{
		"idsite": {site}, "rec": {"1"}, "url": {"https://www.shop.test/"}, "action_name": {"Home"},
		"ts": {strconv.FormatInt(time.Now().UnixMilli(), 10)}, "pv_id": {fmt.Sprintf("%06x", o.visits)}, "rand": {fmt.Sprintf("%06d", o.visits)},
		"uia": {"1"}, "ses": {fmt.Sprintf("%016x", o.visits)},
	}.Encode(), nil)
	w := httptest.NewRecorder()
	o.Handler().ServeHTTP(w, r)
	taken := w.Header().Get(collector.RefusedHeader) == ""
	want := before
	if taken {
		want++
	}
	Expect(counted()).To(Equal(want), "anonymous sessions, once a hit was taken: %v", taken)
	return taken
}

var _ = g.Describe("the collector's administration", func() {
	g.It("switches anonymous data tracking off and on, as an administrator clicks", func(ctx g.SpecContext) {
		o := newOffice()
		s := setOut(ctx, browser.Shell, gateway.Stage{"app.vendor.test": gateway.Host{Purpose: "console", Handler: o.Handler()}})
		for _, on := range []bool{false, true, false} {
			Expect(o.tells(administered.ID)).To(Equal(!on), "before")
			s.open(ctx, fmt.Sprintf("switching to %v", on), "https://app.vendor.test/piwikpro/")
			box := map[bool]string{true: "#anonymous-tracking:not(:checked)", false: "#anonymous-tracking:checked"}[on]
			for _, next := range []string{"#administration", "#websites", "#site-" + administered.ID, "#configure", box, "#ok"} {
				Expect(s.visitor.ClickNext(ctx, next)).To(Succeed(), next)
			}
			Expect(s.visitor.AwaitSight(ctx, "#saved")).To(Succeed())
			Expect(o.tells(administered.ID)).To(Equal(on), "what trackers are told")
			Expect(o.takes(ctx, administered.ID)).To(Equal(on), "whether the next visit is collected")
			Expect(o.tells(untouched.ID)).To(BeTrue(), "the site beside")
			Expect(o.takes(ctx, untouched.ID)).To(BeTrue(), "the site beside")
		}
		// No page says anything but that the script with which the browser is watched
		// may not run in it.
		Expect(s.visitor.Messages()).NotTo(ContainElement(HaveField("Text", Not(HavePrefix("Blocked script execution")))))
	}, g.SpecTimeout(patience))

	g.It("can be used by keyboard alone, in a window as wide as a telephone", func(ctx g.SpecContext) {
		o := newOffice()
		server := httptest.NewServer(o.Handler())
		g.DeferCleanup(server.Close)
		k := newKeyboard(ctx)
		k.visit(server.URL + "/piwikpro/")
		for _, next := range []string{"administration", "websites", "site-" + administered.ID, "configure"} {
			k.to(next)
			k.leave(kb.Enter)
		}
		k.to("anonymous-tracking")
		k.press(" ")
		k.leave(kb.Enter) // a form is sent by Enter from any of its fields
		Expect(k.text("#saved")).To(MatchRegexp(`^Last saved: .+ UTC\. Anonymous data tracking is off\.$`))
		Expect(o.tells(administered.ID)).To(BeFalse())
		Expect(o.takes(ctx, administered.ID)).To(BeFalse())

		k.to("configure")
		k.leave(kb.Enter)
		k.to("anonymous-tracking")
		k.press(" ")
		k.to("ok")
		k.leave(" ") // a button is pressed by the space bar
		Expect(k.text("#saved")).To(MatchRegexp(`^Last saved: .+ UTC\. Anonymous data tracking is on\.$`))
		Expect(o.takes(ctx, administered.ID)).To(BeTrue())

		k.toSelector(".side summary")
		k.press(kb.Enter)
		k.to("new-name")
		k.press("App & <b>co</b>")
		k.to("add")
		k.leave(kb.Enter)
		Expect(k.text("h1")).To(Equal("App & <b>co</b>"))
		added := k.text("#website-id")
		Expect(o.tells(added)).To(BeFalse(), "a site that was added without a check in the box")
		Expect(o.takes(ctx, added)).To(BeFalse())

		k.visit(server.URL + "/piwikpro/reports/?site=" + untouched.ID)
		k.to("site")
		k.press(kb.ArrowDown)
		k.to("show")
		k.leave(kb.Enter)
		Expect(k.text("#totals-table thead th")).To(Equal("Of "+administered.Name), "the site after it in the list")
		Expect(k.text("#totals-table tbody td")).To(Equal("1"), "its sessions")
	}, g.SpecTimeout(patience))
})

// keyboard is a browser as wide as a telephone that is used by its keys alone.
type keyboard struct{ tab context.Context }

func newKeyboard(ctx g.SpecContext) keyboard {
	g.GinkgoHelper()
	path, err := browser.Find("", browser.Shell)
	Expect(err).NotTo(HaveOccurred())
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	// The spec's context ends before its cleanup, and would take the browser with it.
	bounded, over := context.WithTimeout(context.WithoutCancel(ctx), patience)
	allocated, end := chromedp.NewExecAllocator(bounded, options...)
	tab, leave := chromedp.NewContext(allocated)
	g.DeferCleanup(func() {
		// Cancel waits until the browser has ended and its profile is removed.
		Expect(chromedp.Cancel(tab)).To(Succeed())
		leave()
		end()
		over()
	})
	k := keyboard{tab}
	k.do(chromedp.EmulateViewport(400, 800))
	return k
}

func (k keyboard) do(steps ...chromedp.Action[chromedp.Void]) {
	g.GinkgoHelper()
	Expect(chromedp.Do(k.tab, steps...)).To(Succeed())
}

// visit opens a page; nothing is focused then.
func (k keyboard) visit(url string) {
	g.GinkgoHelper()
	k.do(chromedp.Navigate(url))
	k.fits()
}

// fits expects that the page is no wider than the window.
func (k keyboard) fits() {
	g.GinkgoHelper()
	wider, err := chromedp.Run(k.tab, chromedp.Evaluate[int]("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
	Expect(err).NotTo(HaveOccurred())
	Expect(wider).To(BeNumerically("<=", 0), "the page is wider than the window")
}

func (k keyboard) press(keys string) {
	g.GinkgoHelper()
	k.do(chromedp.KeyEvent(keys))
}

// leave presses keys that lead to another page.
func (k keyboard) leave(keys string) {
	g.GinkgoHelper()
	_, err := chromedp.Run(k.tab, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.KeyEvent(keys)))
	Expect(err).NotTo(HaveOccurred())
	k.fits()
}

// to goes to the element with that ID.
func (k keyboard) to(id string) {
	g.GinkgoHelper()
	k.toSelector("[id='" + id + "']")
}

// toSelector presses Tab until the element is focused, and seen to be: its outline
// shows.
func (k keyboard) toSelector(selector string) {
	g.GinkgoHelper()
	const mostStops = 60
	for range mostStops {
		k.press(kb.Tab)
		at, err := chromedp.Run(k.tab, chromedp.Evaluate[struct {
			There, Shown bool
		}](fmt.Sprintf(`(() => {
			const at = document.activeElement;
			return { There: at.matches(%q), Shown: at.matches(':focus-visible') && getComputedStyle(at).outlineStyle !== 'none' };
		})()`, selector)))
		Expect(err).NotTo(HaveOccurred())
		if at.There {
			Expect(at.Shown).To(BeTrue(), "%s is focused, and nothing shows it", selector)
			return
		}
	}
	g.Fail(selector + " is not reached by the keyboard")
}

// text is what an element says.
func (k keyboard) text(selector string) string {
	g.GinkgoHelper()
	text, err := chromedp.Run(k.tab, chromedp.Text(chromedp.CSS(selector)))
	Expect(err).NotTo(HaveOccurred())
	return strings.TrimSpace(text)
}
