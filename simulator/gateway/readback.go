package gateway

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
)

// maxExcerpt is how much of an unexpected answer an error shows, in bytes.
const maxExcerpt = 200

// Record asks the collector's host for the path (with its query), without a
// browser and without a trace in the evidence, whatever the collector's mode, and
// returns the body of its answer. A status other than 200 is a *[StatusError].
func (v *Visitor) Record(ctx context.Context, path string) ([]byte, error) {
	target, err := url.ParseRequestURI(path)
	if err != nil || target.IsAbs() {
		return nil, fmt.Errorf("read the collector's record at %q: it is not a path\nhint: a path begins with /", path)
	}
	host, collector := v.stage.collector(target.Path)
	if collector == nil {
		return nil, fmt.Errorf("read the collector's record at %s: no collector of the stage answers there", path)
	}
	target.Scheme, target.Host = "https", host
	r, err := http.NewRequestWithContext(context.WithValue(ctx, recordingKey{}, v), http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("read the collector's record at %s: %w", path, err)
	}
	// What a server finds in a request that came over the wire.
	r.RequestURI, r.RemoteAddr, r.TLS = path, "127.0.0.1:0", &tls.ConnectionState{ServerName: host, HandshakeComplete: true}
	given := newKept()
	if err := ask(collector, given, r); err != nil {
		return nil, fmt.Errorf("read the collector's record at https://%s%s: %w", host, path, err)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("read the collector's record at https://%s%s: %w", host, path, err)
	}
	if given.status != http.StatusOK {
		said := given.body.Bytes()
		return nil, &StatusError{URL: "https://" + host + path, Status: given.status, Excerpt: string(said[:min(len(said), maxExcerpt)])}
	}
	return given.body.Bytes(), nil
}

// StatusError is an answer of the collector's with a status other than 200.
type StatusError struct {
	// URL is what was asked for, Status the HTTP status, Excerpt how the answer's
	// body begins.
	URL     string
	Status  int
	Excerpt string
}

// Error names the URL, the status and how the answer begins.
func (e *StatusError) Error() string {
	return fmt.Sprintf("read the collector's record at %s: it answered %d: %q", e.URL, e.Status, e.Excerpt)
}

// HTTPStatus returns the status.
func (e *StatusError) HTTPStatus() int { return e.Status }

// ask has the handler answer. Its panic is an error, as it would be to a client.
func ask(h http.Handler, w *kept, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the collector broke: %v", p)
		}
	}()
	h.ServeHTTP(w, r)
	w.finish()
	return nil
}
