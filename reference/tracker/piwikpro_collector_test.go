package tracker_test

import (
	"cmp"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

// collected hands what left the window to a collector, an hour after the first
// page was opened, and returns it. Nothing may be refused.
func collected(t *testing.T, w *window) *collector.Collector {
	t.Helper()
	c, err := collector.New(collector.Options{Clock: func() time.Time { return time.UnixMilli(1750003600000) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	for _, sent := range w.requests() {
		r := httptest.NewRequest(cmp.Or(sent.Options.Method, "POST"), sent.URL, strings.NewReader(sent.Body))
		if r.Method == "POST" {
			r.Header.Set("Content-Type", cmp.Or(sent.Options.Headers["Content-Type"], "text/plain;charset=UTF-8"))
		}
		answer := httptest.NewRecorder()
		c.Handler().ServeHTTP(answer, r)
		if answer.Code != 202 || answer.Header().Get("X-Pixelwitness-Refused") != "" {
			t.Errorf("%d %s: %s %s", answer.Code, answer.Header().Get("X-Pixelwitness-Refused"), sent.URL, sent.Body)
		}
	}
	return c
}

// TestTheCollectorMakesOneSessionOfAnAgreementInMidSession holds for each way of
// sending, and with what was sent twice.
func TestTheCollectorMakesOneSessionOfAnAgreementInMidSession(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]string{
		"get": "", "beacon": "['setRequestMethod', 'BEACON']", "together": "['setRequestQueueInterval', 1000]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := openWebsite(t, tracker.Options{})
			w.visit(home+"products?a=1&b=ä", setUp(shopOn, ""+map[bool]string{true: "", false: "_paq.push(" + options + ");"}[options == ""]+" _paq.push(['trackPageView', 'Schuhe & mehr']);"+walkUser))
			w.pass(10 * time.Minute)
			w.run(act)
			w.pass(time.Minute)
			w.run(agree)
			w.pass(time.Minute)
			w.visit(home, walkPage(shopOn))
			w.pass(time.Minute)
			w.run("world.requests.push(...world.requests.slice())")
			c := collected(t, w)
			report, err := c.Report(t.Context(), collector.ReportQuery{Site: shopOn})
			expect.Expect(err).NotTo(HaveOccurred())
			expect.Expect(report.Total).To(Equal(collector.Figures{Sessions: 1, PageViews: 2, Events: 1, SessionTime: 720, NewVisitors: 1}))
			expect.Expect(report.Anonymous).To(Equal(collector.Figures{}))
			list, err := c.VisitorSessions(t.Context(), collector.SessionQuery{Site: shopOn})
			expect.Expect(err).NotTo(HaveOccurred())
			expect.Expect(list.Sessions).To(HaveLen(1))
			expect.Expect(list.Sessions[0].Visitor).To(Equal(w.cookies()[idCookie(shopOn)]))
		})
	}
}

func TestTheCollectorTakesWhatAChangingVisitorSends(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	w := openWebsite(t, tracker.Options{})
	w.visit(home, ofSite(shopOn, act))
	w.pass(29 * time.Minute)
	w.run(act)
	w.pass(2 * time.Minute)
	w.run(act + disagree + act) // another session, by the reading that is the default
	w.run(reopen + agree + act)
	w.pass(time.Minute)
	w.run(reopen + disagree + act)
	c := collected(t, w)
	report, err := c.Report(t.Context(), collector.ReportQuery{Site: shopOn})
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(report.Anonymous).To(Equal(collector.Figures{Sessions: 2, PageViews: 1, Events: 3, SessionTime: 29 * 60, NewVisitors: 2}))
	expect.Expect(report.Identified).To(Equal(collector.Figures{Sessions: 1, Events: 3, NewVisitors: 1}))
	hits, err := c.Hits(t.Context(), collector.Query{})
	expect.Expect(err).NotTo(HaveOccurred())
	for _, hit := range hits {
		expect.Expect(hit.Refused).To(BeEmpty())
		expect.Expect(hit.Visitor == "").To(Equal(hit.Anonymous))
	}
}
