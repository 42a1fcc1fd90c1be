package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/gateway"
)

// backendTimeout bounds how long a collector that lives elsewhere may take to be
// reached, and to begin an answer.
const backendTimeout = 10 * time.Second

// Remote is a collector that is already running somewhere else.
type Remote struct {
	target    *url.URL // without user and password
	user      *url.Userinfo
	transport *http.Transport
	forward   http.Handler
}

// Elsewhere returns the collector that is already running at the URL, such as
// http://127.0.0.1:8080: what the stage's collector host is asked for is
// forwarded to it as the browser sent it, and answered as it answers. The scheme is
// http or https; a path is put before every path. A user name or password in the
// URL goes with what the harness itself asks, as Basic authentication, and with
// nothing of the browser's. A URL that cannot be used is a *UsageError.
//
// The collector is one for all journeys. Its clock is set to the journey's where the
// pixel's description says how; else it goes by one of its own, and days that a journey
// moves do not reach it. Where a scenario says from which address a visitor comes, each
// of his hits says so in X-Forwarded-For, as behind a proxy: the collector has to trust
// this machine. What one journey leaves there the next one finds: see
// Options.OwnCustomers.
func Elsewhere(address string) (*Remote, error) {
	target, err := url.Parse(address)
	if err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Host == "" || target.RawQuery != "" || target.Fragment != "" {
		return nil, &UsageError{fmt.Errorf("the collector %q is no URL of a server\nhint: such as http://127.0.0.1:8080, without query or fragment", unsigned(address))}
	}
	r := &Remote{target: target, user: target.User}
	target.User = nil
	target.Path = strings.TrimSuffix(target.Path, "/")
	r.transport = &http.Transport{ // no proxy of the environment's: a hit goes where it was meant to go
		ResponseHeaderTimeout: backendTimeout, MaxIdleConnsPerHost: 8, IdleConnTimeout: backendTimeout, DisableCompression: true,
	}
	r.forward = r.forwarding()
	return r, nil
}

// unsigned is an address without what stands before its "@": it may be a password.
func unsigned(address string) string {
	scheme, rest, found := strings.Cut(address, "://")
	at := strings.LastIndex(rest, "@")
	if !found || at < 0 {
		return address
	}
	return scheme + "://" + rest[at+1:]
}

// URL is where the collector runs, without user name and password.
func (e *Remote) URL() string { return e.target.String() }

// Collector is a Collector for whom this one answers for all journeys.
func (e *Remote) Collector(func() time.Time) (http.Handler, func() error, error) {
	return e.forward, func() error { e.transport.CloseIdleConnections(); return nil }, nil
}

// forwarding hands requests on.
func (e *Remote) forwarding() http.Handler {
	proxy := &httputil.ReverseProxy{
		Transport: e.transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(e.target)
			if gateway.ReadsBack(r.In.Context()) {
				e.sign(r.Out)
			}
			if from := gateway.AddressOf(r.In.Context()); from != "" {
				// As a proxy in front of a collector does it: what the page has sent stays
				// before it, for whoever believes that.
				r.Out.Header["X-Forwarded-For"] = append(slices.Clone(r.In.Header["X-Forwarded-For"]), from)
			}
		},
		ErrorLog: log.New(io.Discard, "", 0), // the browser's own end of a request is no mishap
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, fmt.Sprintf("the collector at %s cannot be reached: %v", e.target, err), http.StatusBadGateway)
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if !gateway.ReadsBack(ctx) {
			// What the browser has sent is on its way, whether its page is still there or not.
			ctx = context.WithoutCancel(ctx)
		}
		ctx, cancel := context.WithTimeout(ctx, 2*backendTimeout)
		defer cancel()
		proxy.ServeHTTP(w, r.WithContext(ctx))
	})
}

// sign adds the user name and the password, where there are any.
func (e *Remote) sign(r *http.Request) {
	if e.user != nil {
		password, _ := e.user.Password()
		r.SetBasicAuth(e.user.Username(), password)
	}
}

// Reach tells whether the collector answers at all, whatever it says; that it does not
// is a *UsageError.
func (e *Remote) Reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, backendTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, e.target.String()+"/", http.NoBody)
	if err != nil {
		return &UsageError{err}
	}
	answer, err := e.transport.RoundTrip(r)
	if err != nil {
		return &UsageError{fmt.Errorf("the collector at %s cannot be reached: %w\nhint: start it first, or leave --collector out", e.target, err)}
	}
	return answer.Body.Close()
}

// statusError is an answer that says that the clock was not set.
type statusError struct {
	url    string
	status int
}

// Error names the URL and the status.
func (e *statusError) Error() string {
	return fmt.Sprintf("set the collector's clock at %s: it answered %d", e.url, e.status)
}

// setClock sets the collector's clock at the path; nil sets it back to its own. What it
// answers instead of agreeing is a *statusError.
func (e *Remote) setClock(ctx context.Context, path string, now *time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, backendTimeout)
	defer cancel()
	body, err := json.Marshal(map[string]*time.Time{"now": now})
	if err != nil {
		return err
	}
	at := e.target.String() + path
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, at, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("set the collector's clock: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	e.sign(r)
	answer, err := e.transport.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("set the collector's clock at %s: %w", at, err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<16)) // so that the connection is used again
	if err := answer.Body.Close(); err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return &statusError{at, answer.StatusCode}
	}
	return nil
}
