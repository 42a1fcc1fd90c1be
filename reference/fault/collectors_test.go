package fault_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/fault"
)

const anonymous = "/111111111111111/wt?p=600,home,1,1920x1080,24,1,1750000000123,0,1280x720,0&la=en&nc=1"

// browser is what a browser keeps of a collector's answers.
type browser struct {
	t       *testing.T
	site    *collector.Collector
	cookies map[string]string
	etag    string
}

// visits returns a browser of a collector with the named fault.
func visits(t *testing.T, name string, clock func() time.Time) *browser {
	t.Helper()
	o := collector.Options{Clock: clock}
	if name != "" {
		f, err := fault.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Change(&o)
	}
	c, err := collector.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return &browser{t: t, site: c, cookies: map[string]string{}}
}

func (b *browser) get(target string) *http.Response {
	b.t.Helper()
	r := httptest.NewRequest("GET", target, nil)
	r.RemoteAddr = "127.0.0.1:4000"
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if b.etag != "" {
		r.Header.Set("If-None-Match", b.etag)
	}
	w := httptest.NewRecorder()
	b.site.Handler().ServeHTTP(w, r)
	answer := w.Result()
	for _, cookie := range answer.Cookies() {
		b.cookies[cookie.Name] = cookie.Value
	}
	if tag := answer.Header.Get("ETag"); tag != "" {
		b.etag = tag
	}
	return answer
}

func TestCollectorsThatJoinAnonymousVisits(t *testing.T) {
	t.Parallel()
	for name, returning := range map[string]int{
		"": 0, "joins-anonymous-visits-by-address": 1, "joins-anonymous-visits-by-cookie": 1,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
			b := visits(t, name, func() time.Time { return now })
			b.get(anonymous) // gets the cookie
			b.get(anonymous)
			now = now.Add(24 * time.Hour)
			b.get(anonymous)
			counted, err := b.site.Visits(t.Context(), "")
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			NewWithT(t).Expect(counted.Returning).To(Equal(returning))
		})
	}
}

func TestCollectorsThatMarkABrowser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, target  string
		first, second string // the store that is filled with the answer
	}{
		{"", anonymous, "", ""},
		{"sets-an-identifying-cookie", anonymous, "cookie", "cookie"},
		{"sets-a-cookie-with-the-second-hit", anonymous, "", "cookie"},
		{"knows-anonymous-visitors-by-etag", "/111111111111111/px/tag", "tag", "tag"},
		{"respawns-from-an-etag", "/111111111111111/px/tag", "tag", "tag"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			b, stranger := visits(t, c.name, nil), visits(t, c.name, nil)
			filled := func() string {
				switch {
				case len(b.cookies) > 0:
					return "cookie"
				case b.etag != "":
					return "tag"
				}
				return ""
			}
			first := b.get(c.target)
			expect.Expect(filled()).To(Equal(c.first))
			etag := b.etag
			second := b.get(c.target)
			expect.Expect(filled()).To(Equal(c.second))
			expect.Expect(b.etag).To(Equal(etag), "it stays the same")
			if c.second == "tag" {
				expect.Expect(first.StatusCode).To(Equal(http.StatusOK))
				expect.Expect(second.StatusCode).To(Equal(http.StatusNotModified))
			}
			if c.second != "" {
				stranger.get(c.target)
				stranger.get(c.target)
				expect.Expect([]any{stranger.cookies, stranger.etag}).NotTo(Equal([]any{b.cookies, b.etag}))
			}
		})
	}
}
