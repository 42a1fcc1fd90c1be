package gateway

import (
	"bytes"
	"maps"
	"net/http"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// RefusedHeader is how a collector says why it refused a hit.
const RefusedHeader = "X-Pixelwitness-Refused"

// answer is the way of an answer back: it notes the status, the collector's
// refusal and the cookies that it writes.
type answer struct {
	http.ResponseWriter
	visitor *Visitor
	record  *record
	status  int
	// made is the moment, by the stage's clock, at which the answer was made;
	// that of its head's writing when zero.
	made time.Time
}

// WriteHeader notes the status and the cookies before they leave. Informational
// answers come before the one that counts.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		a.status = status
		a.note()
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write answers with 200 when no status was written before.
func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) finish() {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
}

func (a *answer) note() {
	v, header := a.visitor, a.Header()
	if a.made.IsZero() {
		a.made = v.now()
	}
	date(header, a.made)
	if a.record.Purpose == consolePurpose {
		letFence(header)
	}
	writes := cookieWrites(header, a.made)
	v.update(func() {
		a.record.Status = a.status
		a.record.Refused = header.Get(RefusedHeader)
		at := v.gateway.clock().Sub(v.began)
		for _, w := range writes {
			w.Step, w.At, w.Frame = v.step, at, a.record.URL
			v.writes = append(v.writes, w)
		}
		if a.record.Purpose == collectorPurpose && v.collector == scenario.CollectorUnreachable {
			header.Set("Connection", "close") // the last answer on a connection that was in use
		}
	})
}

// cookieWrites reads the cookies that an answer sets. The lifetime is the one
// asked for, by the clock of the answer's maker.
func cookieWrites(header http.Header, made time.Time) []evidence.CookieWrite {
	var writes []evidence.CookieWrite
	for _, raw := range header.Values("Set-Cookie") {
		w := evidence.ParseWrite(raw, made)
		w.By = "set-cookie"
		writes = append(writes, w)
	}
	return writes
}

// kept is an answer that is made, and not yet given.
type kept struct {
	header http.Header
	sent   http.Header // the header as it was when the status was written
	status int
	body   bytes.Buffer
}

func newKept() *kept { return &kept{header: http.Header{}} }

// Header returns the answer's header.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader keeps the status and the header as they are now.
func (k *kept) WriteHeader(status int) {
	if k.status == 0 && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		k.status, k.sent = status, k.header.Clone()
	}
}

// Write keeps a part of the body.
func (k *kept) Write(p []byte) (int, error) {
	k.finish()
	return k.body.Write(p)
}

// finish answers with 200 when no status was written.
func (k *kept) finish() { k.WriteHeader(http.StatusOK) }

// give gives the answer.
func (k *kept) give(w http.ResponseWriter) {
	maps.Copy(w.Header(), k.sent)
	w.WriteHeader(k.status)
	if k.body.Len() > 0 {
		_, _ = w.Write(k.body.Bytes())
	}
}
