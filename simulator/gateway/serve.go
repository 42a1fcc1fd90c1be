package gateway

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// serve takes one request of a visitor: it records it whole, then answers it.
func serve(w http.ResponseWriter, r *http.Request) {
	l, _ := r.Context().Value(visitorKey{}).(*line)
	if l == nil {
		http.Error(w, "not a visitor's connection", http.StatusForbidden)
		return
	}
	v := l.visitor
	if token, ok := v.harness(r); ok {
		l.settle()
		if token == "" {
			blank(w)
		} else {
			v.fence(w, r, token)
		}
		return
	}
	ordinary(r.Header)
	rec := v.begin(r)
	l.settle()
	defer v.end()

	body, err := io.ReadAll(io.LimitReader(r.Body, v.gateway.maxBody+1))
	v.complete(rec, body, err)

	host, purpose := v.answerer(r)
	v.update(func() { rec.Purpose = purpose })
	if isWebSocket(r) {
		v.webSocket(w, r, rec)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := &answer{ResponseWriter: w, visitor: v, record: rec}
	host.ServeHTTP(answer, r)
	answer.finish()
}

// harness tells the harness's own requests, which are not recorded: a fence or a
// blank page that was announced, asked for as announced and for the first time.
// Anything else under these paths is the page's, and recorded: no pixel can hide
// behind them. The token is empty for the blank page.
func (v *Visitor) harness(r *http.Request) (token string, ok bool) {
	if r.Method != http.MethodGet || r.URL.RawQuery != "" || r.ContentLength > 0 {
		return "", false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if r.RequestURI == BlankPath && v.blanks > 0 {
		v.blanks--
		return "", true
	}
	token, ok = strings.CutPrefix(r.RequestURI, FencePath)
	if !ok {
		return "", false
	}
	// A page asks for a fence in rounds: token-0, token-1, …, token.
	announced := token
	if i := strings.LastIndexByte(token, '-'); i > 0 && !v.announced[token] {
		if n, err := strconv.Atoi(token[i+1:]); err == nil && n < maxRounds {
			announced = token[:i]
		}
	}
	if !v.announced[announced] || v.asked[token] {
		return "", false
	}
	v.asked[token] = true
	return token, true
}

// maxRounds is how often a page may ask for one fence.
const maxRounds = 10

// blank answers with the page with nothing in it.
func blank(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, `<!doctype html><html lang="en"><title>blank</title><link rel="icon" href="data:,">`)
}

// ordinary takes away the one sign of automation that the browser cannot be told
// to hide: a headless build names itself in the client hints of what outlives its
// page, such as a beacon at pagehide. Neither the pixel's server nor the record
// sees it.
func ordinary(header http.Header) {
	for _, name := range []string{"Sec-Ch-Ua", "Sec-Ch-Ua-Full-Version-List"} {
		for i, value := range header[name] {
			header[name][i] = strings.ReplaceAll(value, "HeadlessChrome", "Google Chrome")
		}
	}
}

// begin records that a request has arrived.
func (v *Visitor) begin(r *http.Request) *record {
	return v.add(&record{Request: evidence.Request{
		Protocol: protocol(r),
		Method:   r.Method,
		URL:      absoluteURL(r),
		Header:   fields(r),
	}})
}

// add adds a record, which counts as under way until end.
func (v *Visitor) add(rec *record) *record {
	v.mu.Lock()
	defer v.mu.Unlock()
	rec.Seq = len(v.records) + 1
	rec.Step = v.step
	rec.Arrived = v.gateway.clock().Sub(v.began)
	v.records = append(v.records, rec)
	v.active++
	v.notify()
	return rec
}

func (v *Visitor) complete(rec *record, body []byte, err error) {
	v.update(func() {
		rec.done = true
		rec.Body = body
		if err != nil {
			rec.Incomplete = "the connection broke while the body was sent: " + err.Error()
		}
		if most := v.gateway.maxBody; int64(len(body)) > most {
			rec.Body = body[:most]
			rec.Incomplete = "the body is larger than the gateway keeps"
		}
	})
}

func (v *Visitor) update(change func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	change()
	v.notify()
}

func (v *Visitor) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.active--
	v.notify()
}

// fence notes that a page asked for the fence, and answers once the gateway has
// drained, so that what the page does next comes after all that came before.
func (v *Visitor) fence(w http.ResponseWriter, r *http.Request, token string) {
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxBody))
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "no-store")
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	_ = v.AwaitQuiet(ctx)
	v.mu.Lock()
	v.fences[token] = true
	v.notify()
	v.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// answerer finds who answers the request, and what it is recorded as.
func (v *Visitor) answerer(r *http.Request) (http.Handler, string) {
	host := strings.ToLower(r.Host)
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if h, ok := v.stage[host]; ok {
		return h.Handler, h.Purpose
	}
	return http.HandlerFunc(Sink), "sink"
}

func protocol(r *http.Request) string {
	switch {
	case isWebSocket(r):
		return "websocket"
	case r.ProtoMajor == 2:
		return "h2"
	}
	return "http/1.1"
}

func isWebSocket(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// absoluteURL rebuilds the URL as the browser sent it, without decoding.
func absoluteURL(r *http.Request) string {
	target := r.RequestURI
	if strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://") {
		return target
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	if isWebSocket(r) {
		scheme = strings.Replace(scheme, "http", "ws", 1)
	}
	return scheme + "://" + r.Host + target
}

// fields lists the header fields, names in lower case, sorted by name; the
// values of one name keep their order.
func fields(r *http.Request) []evidence.Field {
	list := []evidence.Field{{Name: "host", Value: r.Host}}
	for name, values := range r.Header {
		for _, value := range values {
			list = append(list, evidence.Field{Name: strings.ToLower(name), Value: value})
		}
	}
	for name, values := range r.Trailer {
		for _, value := range values {
			list = append(list, evidence.Field{Name: strings.ToLower(name), Value: value})
		}
	}
	if r.ContentLength > 0 && r.Header.Get("Content-Length") == "" {
		list = append(list, evidence.Field{Name: "content-length", Value: strconv.FormatInt(r.ContentLength, 10)})
	}
	slices.SortStableFunc(list, func(a, b evidence.Field) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// answer is the way of an answer back: it notes the status, the collector's
// refusal and the cookies that it writes.
type answer struct {
	http.ResponseWriter
	visitor *Visitor
	record  *record
	status  int
}

// WriteHeader notes the status and the cookies before they leave.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
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

// RefusedHeader is how a collector says why it refused a hit.
const RefusedHeader = "X-Pixelwitness-Refused"

func (a *answer) note() {
	header := a.Header()
	now := a.visitor.gateway.clock()
	header.Set("Date", now.UTC().Format(http.TimeFormat))
	writes := cookieWrites(header, now)
	v := a.visitor
	v.update(func() {
		a.record.Status = a.status
		a.record.Refused = header.Get(RefusedHeader)
		for _, w := range writes {
			w.Step, w.At, w.Frame = v.step, now.Sub(v.began), a.record.URL
			v.writes = append(v.writes, w)
		}
	})
}

// cookieWrites reads the cookies that an answer sets.
func cookieWrites(header http.Header, now time.Time) []evidence.CookieWrite {
	var writes []evidence.CookieWrite
	for _, raw := range header.Values("Set-Cookie") {
		w := evidence.ParseWrite(raw, now)
		w.By = "set-cookie"
		writes = append(writes, w)
	}
	return writes
}
