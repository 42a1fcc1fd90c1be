package gateway

import (
	"bytes"
	"context"
	"io"
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
			date(w.Header(), v.now())
			blank(w)
		} else {
			v.fence(w, r, token)
		}
		return
	}
	ordinary(r.Header)
	host, purpose := v.stage.find(r.Host, r.URL.Path)
	r = v.placed(r, purpose)
	rec := v.begin(l, r, purpose)
	l.settle()
	defer v.end(l)

	body, err := io.ReadAll(io.LimitReader(r.Body, v.gateway.maxBody+1))
	treatment := v.complete(r, rec, host, body, err)
	r.Body = io.NopCloser(bytes.NewReader(body))
	v.respond(w, r, rec, host, body, treatment)
}

// respond answers a request that is there whole.
func (v *Visitor) respond(w http.ResponseWriter, r *http.Request, rec *record, host http.Handler, body []byte, t treatment) {
	a := &answer{ResponseWriter: w, visitor: v, record: rec}
	switch {
	case t.reset:
		panic(http.ErrAbortHandler)
	case t.failing:
		unavailable(a, r)
	case isWebSocket(r):
		if t.hold == nil || v.awaitGiven(r.Context(), t.hold) {
			v.webSocket(w, r, rec)
		}
	case t.late:
		Sink(a, r)
		a.finish()
	case t.hold != nil:
		v.respondLater(a, r, host, t.hold)
	default:
		host.ServeHTTP(a, r)
		a.finish()
		if t.twice {
			v.handOverAgain(keepHit(r, rec, host, body))
		}
	}
}

// respondLater has the answer made, and gives it when it may be given. Where
// nobody is left by then, the request has had no answer.
func (v *Visitor) respondLater(a *answer, r *http.Request, host http.Handler, h *hold) {
	later := newKept()
	defer func() { // a handler that panics holds nothing
		v.mu.Lock()
		v.unhold(h)
		v.mu.Unlock()
	}()
	host.ServeHTTP(later, r)
	later.finish()
	a.made = v.now()
	v.update(func() { a.record.Refused = later.sent.Get(RefusedHeader) })
	if v.awaitGiven(r.Context(), h) {
		later.give(a)
	}
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
const maxRounds = 20

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

// begin records that a request has arrived on the line.
func (v *Visitor) begin(l *line, r *http.Request, purpose string) *record {
	rec := &record{Request: evidence.Request{
		Protocol: protocol(r),
		Method:   r.Method,
		URL:      absoluteURL(r),
		Header:   fields(r),
		Purpose:  purpose,
	}}
	v.update(func() {
		l.requests++
		v.active++
		v.append(rec)
	})
	return rec
}

// append adds a record that arrives now. v.mu is held.
func (v *Visitor) append(rec *record) {
	rec.Seq = len(v.records) + 1
	rec.Step = v.step
	rec.Arrived = v.gateway.clock().Sub(v.began)
	v.records = append(v.records, rec)
}

// complete notes the body, and decides what becomes of the request.
func (v *Visitor) complete(r *http.Request, rec *record, host http.Handler, body []byte, err error) (t treatment) {
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
		if t = v.treat(r, rec.Purpose); t.late {
			v.postpone(r, rec, host, body)
		}
	})
	return t
}

func (v *Visitor) update(change func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	change()
	v.notify()
}

// end notes that a request of the line is dealt with.
func (v *Visitor) end(l *line) {
	v.update(func() {
		l.requests--
		v.active--
	})
}

// fence notes that a page asked for the fence, and answers once the gateway has
// drained, so that what the page does next comes after all that came before.
func (v *Visitor) fence(w http.ResponseWriter, r *http.Request, token string) {
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxBody))
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "no-store")
	date(w.Header(), v.now())
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	_ = v.AwaitQuiet(ctx)
	v.mu.Lock()
	v.fences[token] = true
	v.notify()
	v.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
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
