package suite

import (
	"context"
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

// Elsewhere returns a Collector for a backend that is already running at the URL,
// such as http://127.0.0.1:8080: what the stage's collector host is asked for is
// forwarded to it as the browser sent it, and answered as it answers. The scheme is
// http or https; a path is put before every path. A user name or password in the
// URL goes with what the harness itself asks, as Basic authentication, and with
// nothing of the browser's. The other function tells whether the backend can be
// reached. A URL that cannot be used is a *UsageError.
//
// The backend is one for all journeys, and goes by a clock of its own: days that a
// journey moves do not reach it. Where a scenario says from which address a visitor
// comes, each of his hits says so in X-Forwarded-For, as behind a proxy: the backend has
// to trust this machine. What one journey leaves there the next one finds: see
// Options.OwnCustomers.
func Elsewhere(address string) (Collector, func(ctx context.Context) error, error) {
	target, err := url.Parse(address)
	if err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Host == "" || target.RawQuery != "" || target.Fragment != "" {
		return nil, nil, &UsageError{fmt.Errorf("the collector %q is no URL of a server\nhint: such as http://127.0.0.1:8080, without query or fragment", address)}
	}
	user := target.User
	target.User = nil
	target.Path = strings.TrimSuffix(target.Path, "/")
	transport := &http.Transport{ // no proxy of the environment's: a hit goes where it was meant to go
		ResponseHeaderTimeout: backendTimeout, MaxIdleConnsPerHost: 8, IdleConnTimeout: backendTimeout, DisableCompression: true,
	}
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			if user != nil && gateway.ReadsBack(r.In.Context()) {
				password, _ := user.Password()
				r.Out.SetBasicAuth(user.Username(), password)
			}
			if from := gateway.AddressOf(r.In.Context()); from != "" {
				// As a proxy in front of a collector does it: what the page has sent stays
				// before it, for whoever believes that.
				r.Out.Header["X-Forwarded-For"] = append(slices.Clone(r.In.Header["X-Forwarded-For"]), from)
			}
		},
		ErrorLog: log.New(io.Discard, "", 0), // the browser's own end of a request is no mishap
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, fmt.Sprintf("the collector at %s cannot be reached: %v", target, err), http.StatusBadGateway)
		},
	}
	forward := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if !gateway.ReadsBack(ctx) {
			// What the browser has sent is on its way, whether its page is still there or not.
			ctx = context.WithoutCancel(ctx)
		}
		ctx, cancel := context.WithTimeout(ctx, 2*backendTimeout)
		defer cancel()
		proxy.ServeHTTP(w, r.WithContext(ctx))
	})
	collector := func(func() time.Time) (http.Handler, func() error, error) {
		return forward, func() error { transport.CloseIdleConnections(); return nil }, nil
	}
	return collector, func(ctx context.Context) error { return reach(ctx, transport, target) }, nil
}

// reach tells whether the backend answers at all, whatever it says.
func reach(ctx context.Context, transport http.RoundTripper, target *url.URL) error {
	ctx, cancel := context.WithTimeout(ctx, backendTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, target.String()+"/", http.NoBody)
	if err != nil {
		return &UsageError{err}
	}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return &UsageError{fmt.Errorf("the collector at %s cannot be reached: %w\nhint: start it first, or leave --collector out", target, err)}
	}
	return answer.Body.Close()
}
