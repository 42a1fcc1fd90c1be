package suite

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
)

//go:embed preflight.html
var preflightPage []byte

// channels are what the preflight page sends through, each once.
var channels = []string{
	"beacon", "cross-site-frame", "fetch", "frame", "image", "pagehide",
	"script", "service-worker", "style", "websocket", "worker", "xhr",
}

// preflightTimeout bounds the preflight; on an idle machine it takes a fraction
// of a second.
const preflightTimeout = 20 * time.Second

// preflight is what the run learnt of its own eyes before it judged: whether
// every channel is witnessed, and what the browser shows of itself.
type preflight struct {
	about evidence.Browser
	took  time.Duration
	err   error
}

// probe opens a page that sends through every channel, and requires the gateway
// to have seen each.
func probe(ctx context.Context, g *gateway.Gateway, b journey.Browser) preflight {
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, preflightTimeout, fmt.Errorf("not over within %v", preflightTimeout))
	defer cancel()
	about, err := probeWith(ctx, g, b)
	if err != nil {
		err = fmt.Errorf("preflight: %w", err)
	}
	return preflight{about: about, took: time.Since(began), err: err}
}

func probeWith(ctx context.Context, g *gateway.Gateway, b journey.Browser) (evidence.Browser, error) {
	about := b.Describe()
	wire, err := g.Visitor(preflightStage())
	if err != nil {
		return about, err
	}
	defer func() { _ = wire.Close() }()
	visitor, err := b.Visitor(ctx, wire.Address())
	if err != nil {
		return about, err
	}
	defer func() { <-visitor.Dispose() }()
	if err := visit(ctx, wire, visitor); err != nil {
		return about, fmt.Errorf("%w; seen were %s", err, cmp.Or(strings.Join(witnessed(wire.Requests()), ", "), "none"))
	}
	requests := wire.Requests()
	about.Channels = witnessed(requests)
	for _, channel := range channels {
		if !slices.Contains(about.Channels, channel) {
			return about, fmt.Errorf("the gateway did not see the channel %q", channel)
		}
	}
	return about, examine(&about, requests)
}

// visit opens the page, awaits what it sends, and closes it.
func visit(ctx context.Context, wire *gateway.Visitor, visitor journey.Visitor) error {
	began := time.Now()
	wire.Begin("preflight", began)
	visitor.Begin("preflight", began)
	if err := visitor.Open(ctx, "https://www.preflight.test/"); err != nil {
		return err
	}
	expected := []string{"/cookie/get", "/about"}
	for _, channel := range channels {
		if channel != "pagehide" {
			expected = append(expected, "/seen/"+channel)
		}
	}
	for _, path := range expected {
		if err := wire.Await(ctx, func(r *evidence.Request) bool { return pathOf(r) == path }); err != nil {
			return fmt.Errorf("await %s: %w", path, err)
		}
	}
	const token = "preflight"
	if err := visitor.Leave(ctx, "https://www.preflight.test"+wire.BlankPath()); err != nil {
		return err
	}
	if _, err := visitor.Settle(ctx, wire.FencePath(token), 0); err != nil {
		return err
	}
	if err := wire.AwaitFence(ctx, token); err != nil {
		return fmt.Errorf("await the page's end: %w", err)
	}
	return wire.AwaitQuiet(ctx)
}

// examine reads what the browser showed of itself.
func examine(about *evidence.Browser, requests []evidence.Request) error {
	about.ThirdPartyCookies = "blocked"
	for i := range requests {
		r := &requests[i]
		switch pathOf(r) {
		case "/cookie/get":
			if strings.Contains(r.HeaderValue("cookie"), "third=party") {
				about.ThirdPartyCookies = "allowed"
			}
		case "/about":
			if err := json.Unmarshal(r.Body, about); err != nil {
				return fmt.Errorf("read what the browser says of itself: %w", err)
			}
		}
		for _, name := range []string{"user-agent", "sec-ch-ua"} {
			if strings.Contains(r.HeaderValue(name), "Headless") {
				return fmt.Errorf("the header %s of %s shows automation: %s", name, r.URL, r.HeaderValue(name))
			}
		}
	}
	if about.Webdriver || strings.Contains(about.UserAgent, "Headless") {
		return fmt.Errorf("the browser shows automation: navigator.webdriver is %v, the user agent %q", about.Webdriver, about.UserAgent)
	}
	return nil
}

func witnessed(requests []evidence.Request) []string {
	var found []string
	for i := range requests {
		if channel, ok := strings.CutPrefix(pathOf(&requests[i]), "/seen/"); ok {
			found = append(found, channel)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func pathOf(r *evidence.Request) string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return ""
	}
	return u.Path
}

// preflightStage answers the preflight's site and the stranger that it embeds.
func preflightStage() gateway.Stage {
	site := http.NewServeMux()
	site.Handle("/{$}", content("text/html; charset=utf-8", preflightPage))
	site.Handle("/frame", content("text/html", []byte(`<script>fetch("/seen/frame")</script>`)))
	site.Handle("/worker.js", content("text/javascript", []byte(`fetch("/seen/worker")`)))
	site.Handle("/service-worker.js", content("text/javascript", []byte(`fetch("/seen/service-worker")`)))
	site.HandleFunc("/", gateway.Sink)
	stranger := http.NewServeMux()
	stranger.Handle("/frame", content("text/html", []byte(`<script>fetch("/seen/cross-site-frame")</script>`)))
	stranger.HandleFunc("/cookie/set", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "third=party; Path=/; Secure; SameSite=None")
		gateway.Sink(w, r)
	})
	stranger.HandleFunc("/", gateway.Sink)
	return gateway.Stage{
		"www.preflight.test": {Purpose: "page", Handler: site},
		"www.stranger.test":  {Purpose: "sink", Handler: stranger},
	}
}
