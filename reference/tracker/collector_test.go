package tracker_test

import (
	"cmp"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

// deliver hands what left the window to a collector and returns what it kept.
func deliver(t *testing.T, w *window) []collector.Hit {
	t.Helper()
	c, err := collector.New(collector.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, sent := range w.requests() {
		r := httptest.NewRequest("GET", sent.URL, nil)
		if sent.By != "image" && sent.Options.Method != "GET" {
			r = httptest.NewRequest("POST", sent.URL, strings.NewReader(sent.Body))
			r.Header.Set("Content-Type", cmp.Or(sent.Options.Headers["Content-Type"], "text/plain;charset=UTF-8"))
		}
		c.Handler().ServeHTTP(httptest.NewRecorder(), r)
	}
	hits, err := c.Hits(t.Context(), collector.Query{})
	if err != nil {
		t.Fatal(err)
	}
	return hits
}

func TestTheCollectorTakesWhatTheTrackerSends(t *testing.T) {
	t.Parallel()
	for transport, place := range map[string]string{"image": "query", "beacon": "text", "form": "form"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := open(t, tracker.Options{})
			w.visit(home+"products?a=1,2&b=ä", page("enableAnonymousFunction: true, suppressParameter: ['cd']",
				"wtSmart.advanced.add({transport: '"+transport+"'}); wtSmart.track();"))
			w.run("wtSmart.utils.optout.setAnonymousCookie(); wtSmart.track()")
			hits := deliver(t, w)
			expect.Expect(hits).To(HaveLen(2))
			for _, hit := range hits {
				expect.Expect(hit.Refused).To(BeEmpty())
				expect.Expect(hit.Transport).To(Equal(place))
				expect.Expect(hit.Page).To(Equal("www.shop.test/products"))
				expect.Expect(hit.Made.UnixMilli()).To(BeEquivalentTo(1750000000000))
				expect.Expect(hit.Parameters["pu"]).To(Equal(home + "products?a=1,2&b=ä"))
			}
			expect.Expect(hits[0].Visitor).To(MatchRegexp(`^\d{19}$`))
			expect.Expect(hits[0].Parameters["cd"]).To(Equal("user5684798169"))
			expect.Expect(hits[1].Anonymous).To(BeTrue())
			expect.Expect(hits[1].Visitor).To(BeEmpty())
			expect.Expect(hits[1].Parameters).NotTo(HaveKey("cd"))
		})
	}
}

func TestTheCollectorTakesBatches(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"image", "beacon", "form"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			w := open(t, tracker.Options{})
			w.visit(home, page("", batching+"wtSmart.advanced.add({transport: '"+transport+"'}); wtSmart.track(); wtSmart.track();"))
			w.pass(5 * time.Second)
			expect.Expect(w.requests()).To(HaveLen(1))
			hits := deliver(t, w)
			expect.Expect(hits).To(HaveLen(2))
			for _, hit := range hits {
				expect.Expect(hit.Refused).To(BeEmpty())
				expect.Expect(hit.Transport).To(Equal("text"))
				expect.Expect(hit.Visitor).To(MatchRegexp(`^\d{19}$`))
			}
		})
	}
}

func TestTheCollectorRefusesNcBesideEid(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"keeps-eid-parameter", "always-sends-nc"} {
		f, err := fault.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		w := open(t, tracker.Options{Patches: f.Patches})
		optOut(w)
		var refused []string
		for _, hit := range deliver(t, w) {
			if hit.Refused != "" {
				refused = append(refused, hit.Refused)
			}
		}
		NewWithT(t).Expect(refused).To(HaveEach("parameters nc and eid exclude each other"), name)
		NewWithT(t).Expect(refused).NotTo(BeEmpty(), name)
	}
}
