package gateway

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/coder/websocket"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// Pixel is a transparent GIF of one pixel: what a tracker that waits for an
// image wants to decode.
var Pixel = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

// Sink answers any request with what its sender can digest: an image where an
// image is wanted, an empty document, script or style sheet likewise, and
// empty JSON elsewhere. Cross-origin requests are allowed, with credentials.
func Sink(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	allow(h, r)
	switch {
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
	case strings.Contains(r.Header.Get("Accept"), "text/event-stream"):
		w.WriteHeader(http.StatusNoContent) // ends an EventSource for good
	default:
		kind, body := sinkBody(r)
		h.Set("Content-Type", kind)
		_, _ = w.Write(body)
	}
}

// allow lets a cross-origin page see the answer.
func allow(h http.Header, r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
	if wanted := r.Header.Get("Access-Control-Request-Headers"); wanted != "" {
		h.Set("Access-Control-Allow-Headers", wanted)
	}
}

func sinkBody(r *http.Request) (string, []byte) {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "image":
		return "image/gif", Pixel
	case "document", "iframe", "frame", "fencedframe":
		return "text/html; charset=utf-8", []byte("<!doctype html><title>sink</title>")
	case "script", "worker", "sharedworker", "serviceworker":
		return "text/javascript", nil
	case "style":
		return "text/css", nil
	case "font", "audio", "video":
		return "application/octet-stream", nil
	}
	if strings.Contains(r.Header.Get("Accept"), "image/") {
		return "image/gif", Pixel
	}
	return "application/json", []byte("{}")
}

// webSocket accepts the connection and keeps every message that the page sends.
func (v *Visitor) webSocket(w http.ResponseWriter, r *http.Request, rec *record) {
	date(w.Header(), v.now())
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionContextTakeover})
	if err != nil {
		v.update(func() { rec.Incomplete = "the WebSocket could not be accepted: " + err.Error() })
		return
	}
	conn.SetReadLimit(v.gateway.maxBody)
	v.update(func() { rec.Status = http.StatusSwitchingProtocols })
	// The request itself is answered; what follows are messages.
	v.update(func() { v.active-- })
	defer v.update(func() { v.active++ }) // for the end that is still to come
	for {
		// A message belongs to the step in which it begins, and the gateway has
		// not drained while one is under way.
		kind, reader, err := conn.Reader(r.Context())
		frame := evidence.Frame{FromPage: true, Text: kind == websocket.MessageText}
		v.update(func() {
			v.active++
			frame.Step, frame.Arrived = v.step, v.gateway.clock().Sub(v.began)
		})
		if err == nil {
			frame.Payload, err = io.ReadAll(reader)
		}
		var closed websocket.CloseError
		if errors.As(err, &closed) { // the reason is the page's to choose
			frame.Text, frame.Payload = true, []byte(closed.Reason)
		}
		v.update(func() {
			v.active--
			if err == nil || len(frame.Payload) > 0 {
				rec.Frames = append(rec.Frames, frame)
			}
			if err != nil && len(frame.Payload) > 0 && closed.Code == 0 {
				rec.Incomplete = "the last WebSocket message is not whole: " + err.Error()
			}
		})
		if err != nil {
			_ = conn.CloseNow()
			return
		}
	}
}
