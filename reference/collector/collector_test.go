package collector_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/gif"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"go.uber.org/goleak"

	"github.com/pixelwitness/pixelwitness/reference/collector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(untilServerEnds{m}) }

// untilServerEnds runs the tests, and then ends the server that they may have started.
type untilServerEnds struct{ tests *testing.M }

func (u untilServerEnds) Run() int {
	code := u.tests.Run()
	if err := collector.StopServer(); err != nil {
		fmt.Fprintln(os.Stderr, "end of the PostgreSQL server:", err)
		code = max(code, 1)
	}
	return code
}

const hitPath = "/111111111111111/wt?p=600,home,1,1920x1080,24,1,1750000000123,0,1280x720,0"

var noon = time.Date(2026, 3, 4, 12, 0, 0, 5000, time.UTC)

// start returns a collector whose clock stands at noon.
func start(t testing.TB, opts collector.Options) *collector.Collector {
	t.Helper()
	if opts.Clock == nil {
		opts.Clock = func() time.Time { return noon }
	}
	c, err := collector.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// ask sends a request from this machine.
func ask(c *collector.Collector, method, target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr, r.Host = "127.0.0.1:4000", "localhost:8080"
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	c.Handler().ServeHTTP(w, r)
	return w
}

func withBody(contentType, body string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", contentType)
		r.Body = io.NopCloser(strings.NewReader(body))
	}
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

type list struct {
	Hits []collector.Hit
	Next int64
}

func decode[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(w.Body.Bytes(), &value); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return value
}

func TestEveryHitGetsItsImage(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		c := on.start(t, collector.Options{})
		_, query, _ := strings.Cut(hitPath, "?")
		for _, tc := range []struct {
			name    string
			answer  *httptest.ResponseRecorder
			refused string
		}{
			{"image", ask(c, "GET", hitPath), ""},
			{"beacon", ask(c, "POST", "/111111111111111/wt", withBody("text/plain", query)), ""},
			{"form", ask(c, "POST", "/111111111111111/wt", withBody("application/x-www-form-urlencoded", query)), ""},
			{"refused", ask(c, "GET", hitPath+"&nc=2"), "parameter nc must be 1"},
			{"wrong track ID", ask(c, "GET", "/mine/wt"), "track ID must be 15 digits"},
			{"long body", ask(c, "POST", hitPath, withBody("text/plain", "cd="+strings.Repeat("x", 1<<20))), "body is longer than 65536 bytes"},
			{"broken body", ask(c, "POST", hitPath, func(r *http.Request) {
				r.Body = io.NopCloser(io.MultiReader(strings.NewReader("cd=1"), brokenReader{}))
			}), "body is not whole"},
		} {
			expect := NewWithT(t)
			expect.Expect(tc.answer.Code).To(Equal(http.StatusOK), tc.name)
			expect.Expect(tc.answer.Header()).To(And(
				HaveKeyWithValue("Content-Type", []string{"image/gif"}),
				HaveKeyWithValue("Cache-Control", []string{"no-store"}),
				Not(Or(HaveKey("Set-Cookie"), HaveKey("Etag"), HaveKey("Last-Modified"))),
			))
			expect.Expect(tc.answer.Header().Get(collector.RefusedHeader)).To(Equal(tc.refused), tc.name)
			picture, err := gif.Decode(tc.answer.Body)
			expect.Expect(err).NotTo(HaveOccurred())
			expect.Expect(picture.Bounds().Size().String()).To(Equal("(1,1)"))
		}
	})
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestHitsAreStampedByTheGivenClockAndReadBack(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		c := on.start(t, collector.Options{})
		ask(c, "GET", hitPath+"&eid=1234567890123456789")
		ask(c, "GET", hitPath+"&nc=1&eid=1234567890123456789")
		expect.Expect(decode[map[string]string](t, ask(c, "GET", "/_/clock"))).To(Equal(map[string]string{"now": "2026-03-04T12:00:00.000005Z"}))
		got := decode[list](t, ask(c, "GET", "/_/hits"))
		p := "600,home,1,1920x1080,24,1,1750000000123,0,1280x720,0"
		first := collector.Hit{
			ID: 1, Received: noon, Made: time.UnixMilli(1750000000123).UTC(), Dialect: "mapp", Track: "111111111111111", Page: "home",
			Visitor: "1234567890123456789", Transport: "query", Parameters: map[string]string{"p": p, "eid": "1234567890123456789"},
		}
		second := first
		second.ID, second.Visitor, second.Anonymous = 2, "", true
		second.Parameters = map[string]string{"p": p, "nc": "1"}
		second.Refused = "parameters nc and eid exclude each other"
		expect.Expect(got.Hits).To(Equal([]collector.Hit{first, second}))
		expect.Expect(got.Next).To(BeZero())
		expect.Expect(decode[collector.Hit](t, ask(c, "GET", "/_/hits/2"))).To(Equal(second))
		inGo, err := c.Hits(t.Context(), collector.Query{})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(inGo).To(Equal(got.Hits))
	})
}

func TestListIsPagedAndNarrowed(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		c := on.start(t, collector.Options{})
		for i := range 7 {
			target := hitPath
			if i%2 == 1 {
				target = strings.Replace(hitPath, "111111111111111", "222222222222222", 1)
			}
			ask(c, "GET", target)
		}
		var ids []int64
		var pages int
		for after := int64(0); ; pages++ {
			page := decode[list](t, ask(c, "GET", fmt.Sprintf("/_/hits?limit=2&after=%d", after)))
			for _, h := range page.Hits {
				ids = append(ids, h.ID)
			}
			if page.Next == 0 {
				break
			}
			after = page.Next
		}
		expect.Expect(ids).To(Equal([]int64{1, 2, 3, 4, 5, 6, 7}))
		expect.Expect(pages).To(Equal(3))
		narrowed := decode[list](t, ask(c, "GET", "/_/hits?track=222222222222222&limit=3"))
		expect.Expect(narrowed.Hits).To(HaveLen(3))
		expect.Expect(narrowed.Hits[0].ID).To(BeEquivalentTo(2))
		expect.Expect(narrowed.Next).To(BeZero(), "nothing of that track ID follows")
		expect.Expect(ask(c, "GET", "/_/hits?track=none").Body.String()).To(Equal(`{"hits":[]}` + "\n"))
	})
}

func TestResetForgetsAndIdsAreNotUsedAgain(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		c := on.start(t, collector.Options{})
		ask(c, "GET", hitPath)
		expect.Expect(ask(c, "DELETE", "/_/hits").Code).To(Equal(http.StatusNoContent))
		expect.Expect(decode[list](t, ask(c, "GET", "/_/hits")).Hits).To(BeEmpty())
		ask(c, "GET", hitPath)
		expect.Expect(c.Reset(t.Context())).To(Succeed())
		ask(c, "GET", hitPath)
		expect.Expect(decode[list](t, ask(c, "GET", "/_/hits")).Hits[0].ID).To(BeEquivalentTo(3))
	})
}

func TestWrongRequestsAreToldWhy(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		c := on.start(t, collector.Options{})
		for _, tc := range []struct {
			method, target string
			status         int
			text           string
		}{
			{"GET", "/", 404, "nothing is here; a hit goes to /<trackId>/wt, /event or /ppms.php"},
			{"GET", "/111111111111111/other", 404, "nothing is here"},
			{"PUT", hitPath, 405, "method PUT does nothing here"},
			{"POST", "/_/hits", 405, "method POST does nothing here"},
			{"GET", "/_/hits/9", 404, "no such hit"},
			{"GET", "/_/hits/nine", 400, "a hit's id is a number"},
			{"GET", "/_/hits?limit=0", 400, "limit must be 1 to 1000"},
			{"GET", "/_/hits?limit=1001", 400, "limit must be 1 to 1000"},
			{"GET", "/_/hits?after=-1", 400, "after must be a hit's id"},
			{"GET", "/_/hits?trak=1", 400, "no such parameter: \\\"trak\\\""},
		} {
			answer := ask(c, tc.method, tc.target)
			NewWithT(t).Expect(answer.Code).To(Equal(tc.status), tc.target)
			NewWithT(t).Expect(answer.Body.String()).To(HavePrefix(`{"error":"` + tc.text))
		}
	})
}

func TestReadingBackIsForThisMachineOnly(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		c := on.start(t, collector.Options{})
		remote := func(a string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = a } }
		host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
		for _, tc := range []struct {
			name   string
			change func(*http.Request)
			status int
		}{
			{"here", remote("127.0.0.1:1"), 200},
			{"here, IPv6", remote("[::1]:1"), 200},
			{"here, by address", host("127.0.0.1"), 200},
			{"here, by IPv6 address", host("[::1]:8080"), 200},
			{"another machine", remote("192.0.2.1:1"), 403},
			{"no address", remote(""), 403},
			{"a page's own name", host("evil.test"), 403},
			{"a proxy", header("X-Forwarded-For", "127.0.0.1"), 403},
			{"another proxy", header("Forwarded", "for=127.0.0.1"), 403},
			{"a proxy that says its name", header("Via", "1.1 nearby"), 403},
			{"a proxy that says for whom", header("X-Real-IP", "192.0.2.7"), 403},
			{"a proxy that says of what host", header("X-Forwarded-Host", "collect.example"), 403},
			{"a proxy that says how", header("X-Forwarded-Proto", "https"), 403},
			{"a proxy that says it in an empty field", header("x-forwarded-server", ""), 403},
			{"a delivery network", header("CF-Connecting-IP", "192.0.2.7"), 403},
			{"another delivery network", header("True-Client-IP", "192.0.2.7"), 403},
			{"a proxy that speaks as of old", func(r *http.Request) { r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.0", 1, 0 }, 403},
		} {
			expect := NewWithT(t)
			expect.Expect(ask(c, "GET", "/_/hits", tc.change).Code).To(Equal(tc.status), tc.name)
			expect.Expect(ask(c, "DELETE", "/_/hits", tc.change).Code == 403).To(Equal(tc.status == 403), tc.name)
			expect.Expect(ask(c, "GET", hitPath, tc.change).Code).To(Equal(200), tc.name)
			expect.Expect(ask(c, "GET", "/_/health", tc.change).Code).To(Equal(200), tc.name)
		}
	})
}

func TestPagesOfAnyOriginMaySend(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		c := on.start(t, collector.Options{})
		origin := header("Origin", "https://www.shop.test")
		for _, answer := range []*httptest.ResponseRecorder{ask(c, "GET", hitPath, origin), ask(c, "OPTIONS", "/111111111111111/wt", origin)} {
			expect.Expect(answer.Header().Get("Access-Control-Allow-Origin")).To(Equal("https://www.shop.test"))
			expect.Expect(answer.Header().Get("Access-Control-Allow-Credentials")).To(Equal("true"))
			expect.Expect(answer.Header().Get("Vary")).To(Equal("Origin"))
		}
		expect.Expect(ask(c, "OPTIONS", "/111111111111111/wt", origin).Code).To(Equal(http.StatusNoContent))
		expect.Expect(ask(c, "GET", "/_/hits", origin).Header()).NotTo(HaveKey("Access-Control-Allow-Origin"))
	})
}

func TestAcknowledgedHitsOutliveACrash(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "hits ?#%.db")
	c := start(t, collector.Options{Store: file})
	for range 5 {
		ask(c, "GET", hitPath)
	}
	// What is on the disk now is what a crash would leave.
	left := t.TempDir()
	expect.Expect(os.CopyFS(left, os.DirFS(folder))).To(Succeed())
	after := start(t, collector.Options{Store: filepath.Join(left, "hits ?#%.db")})
	hits, err := after.Hits(t.Context(), collector.Query{})
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(hits).To(HaveLen(5))
}

func TestStoreIsOpenedAgain(t *testing.T) {
	t.Parallel()
	for _, on := range storeKinds[1:] {
		t.Run(on.name, func(t *testing.T) {
			t.Parallel()
			expect := NewWithT(t)
			file := on.place(t)
			c := start(t, collector.Options{Store: file})
			ask(c, "GET", hitPath)
			expect.Expect(c.Close()).To(Succeed())
			expect.Expect(c.Close()).To(Succeed())
			expect.Expect(ask(c, "GET", hitPath).Code).To(Equal(http.StatusServiceUnavailable))
			expect.Expect(ask(c, "GET", "/_/health").Code).To(Equal(http.StatusServiceUnavailable))
			again := start(t, collector.Options{Store: file})
			ask(again, "GET", hitPath)
			hits, err := again.Hits(t.Context(), collector.Query{})
			expect.Expect(err).NotTo(HaveOccurred())
			expect.Expect(hits).To(HaveLen(2))
			expect.Expect(hits[1].ID).To(BeEquivalentTo(2))
		})
	}
}

func TestUnusableStoreIsAnError(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	_, err := collector.New(collector.Options{Store: filepath.Join(t.TempDir(), "none", "hits.db")})
	expect.Expect(err).To(MatchError(And(ContainSubstring("open the collector's store"), ContainSubstring("hint: the folder must exist"))))
	text := filepath.Join(t.TempDir(), "text.db")
	expect.Expect(os.WriteFile(text, bytes.Repeat([]byte("not a database "), 100), 0o600)).To(Succeed())
	_, err = collector.New(collector.Options{Store: text})
	expect.Expect(err).To(MatchError(And(ContainSubstring(text), ContainSubstring("one that a collector has made"))))
}

func TestConcurrentHitsAreAllKept(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		c := on.start(t, collector.Options{})
		var all sync.WaitGroup
		for visitor := range 20 {
			all.Go(func() {
				for n := range 10 {
					answer := ask(c, "GET", fmt.Sprintf("%s&cd=%d-%d", hitPath, visitor, n))
					if answer.Code != 200 || answer.Header().Get(collector.RefusedHeader) != "" {
						t.Errorf("hit %d-%d: %d", visitor, n, answer.Code)
					}
					ask(c, "GET", "/_/hits?limit=1")
				}
			})
		}
		all.Wait()
		hits, err := c.Hits(t.Context(), collector.Query{})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(hits).To(HaveLen(200))
		seen := map[string]bool{}
		for _, h := range hits {
			seen[h.Parameters["cd"]] = true
		}
		expect.Expect(seen).To(HaveLen(200))
	})
}

func TestOnePanicEndsOneRequest(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	var log bytes.Buffer
	broken := true
	c := start(t, collector.Options{
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Clock: func() time.Time {
			if broken {
				panic("no clock")
			}
			return noon
		},
	})
	expect.Expect(ask(c, "GET", hitPath).Code).To(Equal(http.StatusInternalServerError))
	expect.Expect(log.String()).To(ContainSubstring("no clock"))
	broken = false
	expect.Expect(ask(c, "GET", hitPath).Code).To(Equal(http.StatusOK))
}

func TestLogNamesNobody(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		var log bytes.Buffer
		c := on.start(t, collector.Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		ask(c, "GET", hitPath+"&eid=1234567890123456789&cd=anna&nc=1", header("Cookie", "wtstp_eid=1234567890123456789"))
		NewWithT(t).Expect(log.String()).To(ContainSubstring("hit refused"))
		NewWithT(t).Expect(log.String()).NotTo(Or(ContainSubstring("anna"), ContainSubstring("123456789"), ContainSubstring("127.0.0.1")))
	})
}

func TestServeAnswersUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, on storeKind) {
		expect := NewWithT(t)
		c := on.start(t, collector.Options{})
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		expect.Expect(err).NotTo(HaveOccurred())
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- c.Serve(ctx, listener) }()
		client := &http.Client{Transport: &http.Transport{}}
		defer client.CloseIdleConnections()
		base := "http://" + listener.Addr().String()
		answer, err := client.Get(base + hitPath)
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(answer.Body.Close()).To(Succeed())
		answer, err = client.Get(base + "/_/hits")
		expect.Expect(err).NotTo(HaveOccurred())
		var got list
		expect.Expect(json.NewDecoder(answer.Body).Decode(&got)).To(Succeed())
		expect.Expect(answer.Body.Close()).To(Succeed())
		expect.Expect(got.Hits).To(HaveLen(1))
		cancel()
		expect.Expect(<-served).To(Succeed())
		_, err = client.Get(base + hitPath)
		expect.Expect(err).To(HaveOccurred())
		expect.Expect(c.Serve(t.Context(), listener)).To(MatchError(ContainSubstring("serve on 127.0.0.1:")), "the listener is closed")
	})
}
