package gateway

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// lateTimeout bounds how long a collector may take for one hit that comes late or
// once more.
const lateTimeout = 10 * time.Second

// lateHit is a request that a late collector is still to get.
type lateHit struct {
	request *http.Request
	body    []byte
	record  *record
	host    http.Handler
}

// postpone keeps a request that has come whole for the collector. v.mu is held.
func (v *Visitor) postpone(r *http.Request, rec *record, host http.Handler, body []byte) {
	v.late = append(v.late, keepHit(r, rec, host, body))
}

func keepHit(r *http.Request, rec *record, host http.Handler, body []byte) lateHit {
	return lateHit{request: r.Clone(context.WithoutCancel(r.Context())), body: body, record: rec, host: host}
}

// handOver hands requests to the collector, the last one first, and notes with each
// what the collector refuses. Nobody else sees its answers.
func (v *Visitor) handOver(hits ...lateHit) {
	for i := len(hits) - 1; i >= 0; i-- {
		refused := hits[i].handOver()
		v.update(func() {
			if refused != "" {
				hits[i].record.Refused = refused
			}
		})
	}
}

// handOverAgain hands a request to the collector that has answered it already. What
// was taken once stays taken, whatever the collector says to the copy: one that
// knows the hit may refuse it. What was refused is taken if the copy is.
func (v *Visitor) handOverAgain(hit lateHit) {
	if hit.handOver() == "" {
		v.update(func() { hit.record.Refused = "" })
	}
}

// handOver has the collector take the request, and returns why it does not, or "".
func (h lateHit) handOver() string {
	ctx, cancel := context.WithTimeout(h.request.Context(), lateTimeout)
	defer cancel()
	r := h.request.WithContext(ctx)
	r.Body = io.NopCloser(bytes.NewReader(h.body))
	given := newKept()
	if err := ask(h.host, given, r); err != nil {
		return err.Error()
	}
	if refused := given.sent.Get(RefusedHeader); refused != "" {
		return refused
	}
	if given.status >= http.StatusBadRequest {
		return fmt.Sprintf("it answered %d", given.status)
	}
	return ""
}
