package suite_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
)

// habits are what the tests' browsers, and the demo pixel in them, do otherwise.
type habits struct {
	// silent keeps the pixel from sending, headless and webdriver show
	// automation, mute is a channel of the preflight that is never used.
	silent, headless, webdriver bool
	mute                        string
	// late is a URL that is asked for while the visitor is being dropped.
	late string
	// before is called before a visitor does something; an error ends the call.
	before func(t *tab, does string) error
}

// machine is where browsers are launched.
type machine struct {
	habits

	mu       sync.Mutex
	browsers []*chrome
	visitors int // how many were opened on the shop, in all
}

func (m *machine) launch(context.Context, string) (journey.Browser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := &chrome{machine: m, number: len(m.browsers) + 1, lost: make(chan struct{})}
	m.browsers = append(m.browsers, b)
	return b, nil
}

func (m *machine) launched() []*chrome {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.browsers)
}

// opened counts the visitors of the shop.
func (m *machine) opened() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.visitors
}

// chrome is a browser without a browser: its visitors send what the demo pixel
// would, through the gateway.
type chrome struct {
	machine *machine
	number  int
	lost    chan struct{}
	dying   sync.Once
	closed  bool
}

var errDead = errors.New("the browser is dead")

// die ends the browser; who calls it then gets errDead.
func (b *chrome) die() { b.dying.Do(func() { close(b.lost) }) }

func (b *chrome) Describe() evidence.Browser {
	return evidence.Browser{Product: "Demo/1.2.3", Kind: "shell", UserAgent: "Demo"}
}
func (b *chrome) Lost() <-chan struct{} { return b.lost }
func (b *chrome) Close() error          { b.closed = true; return nil }

func (b *chrome) Visitor(_ context.Context, proxy string) (journey.Visitor, error) {
	t := &tab{browser: b, jar: map[string]string{}, transport: &http.Transport{
		Proxy:             http.ProxyURL(&url.URL{Scheme: "http", Host: proxy}),
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2: true,
	}}
	return t, t.asked("visitor")
}

// tab is one visitor of a browser. He does nothing that his journeys do not ask
// for.
type tab struct {
	journey.Visitor
	browser   *chrome
	transport *http.Transport
	step      string
	began     time.Time
	page      *url.URL
	jar       map[string]string
	writes    []evidence.CookieWrite
	customer  string
	counted   bool
}

// asked notes what the visitor is asked to do, and fails as the habits say.
func (t *tab) asked(does string) error {
	if before := t.browser.machine.before; before != nil {
		if err := before(t, does); err != nil {
			return err
		}
	}
	select {
	case <-t.browser.lost:
		return errDead
	default:
		return nil
	}
}

func (t *tab) Clock() time.Time { return time.Now() }

func (t *tab) Begin(step string, began time.Time) { t.step, t.began = step, began }

// get asks for something and returns the answer's body.
func (t *tab) get(ctx context.Context, address, body string, header ...string) (string, error) {
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	r.Header.Set("User-Agent", "Demo")
	if t.browser.machine.headless {
		r.Header.Set("User-Agent", "HeadlessDemo")
	}
	response, err := (&http.Client{Transport: t.transport}).Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 300 {
		err = fmt.Errorf("%s answered %s", address, response.Status)
	}
	return string(text), err
}

var (
	scriptPattern   = regexp.MustCompile(`<script src="([^"]*)"`)
	customerPattern = regexp.MustCompile(`data-customer="([^"]*)"`)
)

func (t *tab) Open(ctx context.Context, address string) error {
	if err := t.asked("open " + address); err != nil {
		return err
	}
	var err error
	if t.page, err = url.Parse(address); err != nil {
		return err
	}
	if t.page.Host != "www.preflight.test" && !t.counted {
		t.counted = true
		t.browser.machine.mu.Lock()
		t.browser.machine.visitors++
		t.browser.machine.mu.Unlock()
	}
	html, err := t.get(ctx, address, "")
	switch {
	case err != nil:
		return err
	case t.page.Host == "www.preflight.test":
		return t.preflight(ctx)
	}
	script := scriptPattern.FindStringSubmatch(html)
	if script == nil {
		return nil
	}
	t.customer = customerPattern.FindStringSubmatch(html)[1]
	if _, err := t.get(ctx, script[1], ""); err != nil {
		return nil // the page is there, its pixel is not
	}
	return t.track(ctx)
}

// preflight does what the preflight's page asks of a browser.
func (t *tab) preflight(ctx context.Context) error {
	const site, stranger = "https://www.preflight.test", "https://www.stranger.test"
	for _, channel := range []string{
		"beacon", "cross-site-frame", "fetch", "frame", "image", "script",
		"service-worker", "style", "websocket", "worker", "xhr",
	} {
		if channel == t.browser.machine.mute {
			continue
		}
		if _, err := t.get(ctx, site+"/seen/"+channel, ""); err != nil {
			return err
		}
	}
	about := fmt.Sprintf(`{"webdriver":%v,"userAgent":"Demo"}`, t.browser.machine.webdriver)
	if _, err := t.get(ctx, site+"/about", about); err != nil {
		return err
	}
	_, err := t.get(ctx, stranger+"/cookie/get", "", "Cookie", "third=party")
	return err
}

// track is the demo pixel.
func (t *tab) track(ctx context.Context) error {
	if t.browser.machine.silent {
		return nil
	}
	hit := "https://collect.vendor.test/hit?page=" + url.QueryEscape(t.page.Path)
	if t.jar["demo_choice"] == "1" {
		t.write("demo_vid=; Max-Age=0")
		hit += "&anon=1"
	} else {
		if t.jar["demo_vid"] == "" {
			t.write("demo_vid=visitor-0815-0815; Max-Age=15552000; Path=/")
		}
		hit += "&vid=" + t.jar["demo_vid"] + "&cust=" + url.QueryEscape(t.customer)
	}
	_, err := t.get(ctx, hit, "")
	return err
}

// write is document.cookie.
func (t *tab) write(raw string) {
	w := evidence.ParseWrite(raw, time.Now())
	w.By, w.Frame, w.Step, w.At = "document.cookie", t.page.String(), t.step, time.Since(t.began)
	t.writes = append(t.writes, w)
	t.jar[w.Name] = w.Value
	if w.Deletes() {
		delete(t.jar, w.Name)
	}
}

func (t *tab) Click(_ context.Context, selector string) error {
	if err := t.asked("click " + selector); err != nil {
		return err
	}
	if selector != "#opt-out" {
		return &journey.ElementError{Selector: selector, Page: t.page.String(), Problem: "not found"}
	}
	t.write("demo_choice=1; Max-Age=157680000; Path=/")
	return nil
}

func (t *tab) Settle(ctx context.Context, fence string, _ time.Duration) (journey.Settled, error) {
	if err := t.asked("settle " + t.step); err != nil {
		return journey.Settled{}, err
	}
	_, err := t.get(ctx, t.page.Scheme+"://"+t.page.Host+fence, "")
	return journey.Settled{Page: t.page.String()}, err
}

func (t *tab) Cookies(context.Context) ([]evidence.Cookie, error) {
	var jar []evidence.Cookie
	for name, value := range t.jar {
		jar = append(jar, evidence.Cookie{Name: name, Value: value, Domain: "www.shop.test", Path: "/"})
	}
	slices.SortFunc(jar, func(a, b evidence.Cookie) int { return strings.Compare(a.Name, b.Name) })
	return jar, t.asked("cookies")
}

func (t *tab) Screenshot(context.Context) ([]byte, error) { return []byte("\x89PNG " + t.step), nil }

func (t *tab) Leave(ctx context.Context, blank string) error {
	if err := t.asked("leave"); err != nil {
		return err
	}
	if t.page != nil && t.page.Host == "www.preflight.test" && t.browser.machine.mute != "pagehide" {
		if _, err := t.get(ctx, "https://www.preflight.test/seen/pagehide", ""); err != nil {
			return err
		}
	}
	return t.Open(ctx, blank)
}

func (t *tab) Messages() []evidence.Message {
	return []evidence.Message{{Step: t.step, Level: "log", Text: "I know " + t.customer}}
}
func (t *tab) Writes() []evidence.CookieWrite { return t.writes }

func (t *tab) Dispose() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if late := t.browser.machine.late; late != "" && t.page != nil && t.page.Host == "www.shop.test" {
			_, _ = t.get(context.Background(), late, "")
		}
		t.transport.CloseIdleConnections()
		_ = t.asked("dispose")
	}()
	return done
}
