package collector_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector"
)

func TestEventsAreAnswered(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		site := on.start(t, collector.Options{})
		origin := header("Origin", "https://www.shop.test")
		image := ask(site, "GET", "/event?portal_id=1&ec=pageview&ea=view&t=1750000000123&title=a%00b", origin)
		expect.Expect([]any{image.Code, image.Header().Get("Content-Type"), image.Header().Get(collector.RefusedHeader)}).To(Equal([]any{200, "image/gif", ""}))
		bad := ask(site, "GET", "/event?portal_id=1", origin)
		expect.Expect([]any{bad.Code, bad.Header().Get("Content-Type"), bad.Header().Get(collector.RefusedHeader)}).
			To(Equal([]any{200, "image/gif", "parameter ec is missing"}))
		batch := ask(site, "POST", "/event", origin, withBody("application/json", `{"portal_id":"1","events":[`+
			`{"ec":"a","ea":"b","t":1750000000123,"uid":"`+id("a")+`"},{"ec":"a"}]}`))
		expect.Expect([]any{batch.Code, batch.Body.Len(), batch.Header().Get(collector.RefusedHeader)}).To(Equal([]any{204, 0, "hit 2: parameter ea is missing"}))
		before := ask(site, "OPTIONS", "/event", origin)
		expect.Expect([]any{before.Code, before.Header().Get("Access-Control-Allow-Headers")}).To(Equal([]any{204, "Content-Type"}))
		for _, answer := range []http.Header{image.Header(), batch.Header(), before.Header()} {
			expect.Expect(answer.Get("Access-Control-Allow-Origin")).To(Equal("https://www.shop.test"))
			expect.Expect(answer.Get("Access-Control-Allow-Credentials")).To(Equal("true"))
			expect.Expect(answer).NotTo(Or(HaveKey("Set-Cookie"), HaveKey("Etag")))
		}
		ask(site, "GET", hitPath)
		expect.Expect(decode[list](t, ask(site, "GET", "/_/hits?dialect=antsomi")).Hits).To(HaveLen(4))
		mapp := decode[list](t, ask(site, "GET", "/_/hits?dialect=mapp")).Hits
		expect.Expect(mapp).To(HaveLen(1))
		expect.Expect(mapp[0].Dialect).To(Equal("mapp"))
		visits, err := site.Visits(t.Context(), "")
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(visits.Visits).To(Equal(1), "the visits of another dialect are no business of mapp's")
		expect.Expect(uidsOf(t, site)).To(Equal("?: a (1)"))
	})
}

func TestLogNamesNoUser(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	site := start(t, collector.Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	ask(site, "POST", "/event", withBody("application/json", told{uid: "u", did: "d", mid: "m", who: "anna@shop.test", customer: `{"name":"anna"}`}.body()))
	NewWithT(t).Expect(log.String()).To(ContainSubstring("hit refused"))
	NewWithT(t).Expect(log.String()).NotTo(Or(ContainSubstring("anna"), ContainSubstring(id("u")), ContainSubstring(id("d")), ContainSubstring("127.0.0.1")))
}

func TestResetForgetsProfilesOnlyWhenAllIsMeant(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		site := on.start(t, collector.Options{})
		events := []told{{uid: "x", did: "d"}, {uid: "a", did: "d", mid: "1", who: "anna"}, {uid: "a", who: "ben", mid: "2"}}
		tell(t, site, events...)
		expect.Expect(ask(site, "DELETE", "/_/hits").Code).To(Equal(204))
		expect.Expect(uidsOf(t, site)).To(Equal("anna: a x (2)"))
		expect.Expect(ask(site, "DELETE", "/_/all").Code).To(Equal(204))
		expect.Expect(uidsOf(t, site)).To(BeEmpty())
		conflicts, err := site.Conflicts(t.Context(), "", collector.Page{})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(conflicts.Conflicts).To(BeEmpty())
		tell(t, site, events[1])
		expect.Expect(uidsOf(t, site)).To(Equal("anna: a (1)"), "neither message nor device is known any more")
		one, err := site.Events(t.Context(), collector.Owner{CID: "anna"}, collector.Page{})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(one.Events[0].ID).To(BeEquivalentTo(4), "ids are not used again")
	})
}

func TestClockIsSetWhereThatIsAllowed(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	now := noon
	site := start(t, collector.Options{SettableClock: true, Clock: func() time.Time { return now }})
	set := func(body string) (int, string) {
		answer := ask(site, "PUT", "/_/clock", withBody("application/json", body))
		return answer.Code, strings.TrimSpace(answer.Body.String())
	}
	code, body := set(`{"now":"2030-01-01T01:00:00+01:00"}`)
	expect.Expect([]any{code, body}).To(Equal([]any{200, `{"now":"2030-01-01T00:00:00Z"}`}))
	now = now.Add(time.Minute)
	tell(t, site, told{uid: "a"})
	one, err := site.User(t.Context(), "", id("a"))
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(one.Created.String()).To(HavePrefix("2030-01-01 00:01:00"), "it goes on from there")
	code, body = set(`{"now":null}`)
	expect.Expect([]any{code, body}).To(Equal([]any{200, `{"now":"2026-03-04T12:01:00.000005Z"}`}))
	set(`{"now":"2030-01-01T00:00:00Z"}`)
	ask(site, "DELETE", "/_/all")
	expect.Expect(ask(site, "GET", "/_/clock").Body.String()).To(ContainSubstring("2026-03-04T12:01:00"))
	for _, bad := range []string{"", "now", `{"now":"noon"}`, `{"then":"2030-01-01T00:00:00Z"}`} {
		code, body = set(bad)
		expect.Expect(code).To(Equal(400), bad)
		expect.Expect(body).To(ContainSubstring("the time must be like"))
	}
	fixed := start(t, collector.Options{})
	answer := ask(fixed, "PUT", "/_/clock", withBody("application/json", `{"now":null}`))
	expect.Expect([]any{answer.Code, answer.Body.String()}).To(Equal([]any{403, "{\"error\":\"this collector's clock cannot be set\"}\n"}))
}

func TestWithATokenWhoeverReadsNeedsIt(t *testing.T) {
	t.Parallel()
	site := start(t, collector.Options{Token: "s3cret", SettableClock: true})
	elsewhere := func(r *http.Request) { r.RemoteAddr, r.Host = "192.0.2.1:1", "collect.example" }
	bearer := func(token string) func(*http.Request) { return header("Authorization", "Bearer "+token) }
	basic := func(password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth("anybody", password) }
	}
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		open   bool
	}{
		{"without", header("Accept", "*/*"), false}, {"bearer", bearer("s3cret"), true}, {"wrong bearer", bearer("s3cre"), false},
		{"empty bearer", bearer(""), false}, {"basic", basic("s3cret"), true}, {"wrong basic", basic("S3cret"), false},
		{"token as user", func(r *http.Request) { r.SetBasicAuth("s3cret", "") }, false},
	} {
		for _, place := range []string{"GET /_/hits", "GET /api/mapp/visits", "GET /api/antsomi/profiles", "DELETE /_/hits", "DELETE /_/all", "PUT /_/clock"} {
			method, path, _ := strings.Cut(place, " ")
			code := ask(site, method, path, elsewhere, c.change, withBody("", "{}")).Code
			NewWithT(t).Expect(code/100 == 2).To(Equal(c.open), "%s, %s: %d", c.name, place, code)
			if !c.open {
				NewWithT(t).Expect(code).To(Equal(http.StatusUnauthorized), "%s, %s", c.name, place)
			}
		}
	}
	NewWithT(t).Expect(ask(site, "GET", "/_/hits").Code).To(Equal(401), "a proxy on this machine may look like this machine")
	NewWithT(t).Expect(ask(site, "DELETE", "/_/all").Code).To(Equal(401))
	NewWithT(t).Expect(ask(site, "GET", "/_/hits", bearer("s3cret")).Code).To(Equal(200))
	NewWithT(t).Expect(ask(site, "GET", hitPath, elsewhere).Code).To(Equal(200), "hits need none")
	closed := start(t, collector.Options{})
	for _, change := range []func(*http.Request){bearer(""), basic(""), bearer("s3cret")} {
		NewWithT(t).Expect(ask(closed, "GET", "/_/hits", elsewhere, change).Code).To(Equal(http.StatusForbidden))
	}
}
