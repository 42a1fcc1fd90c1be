package evidence

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Text is one part of a request as text, the way it was sent; only a compressed
// body is unpacked.
type Text struct {
	// Part is "url", "header NAME", "body" or "frame N" (from 1).
	Part    string
	Content string
}

// Span is a half-open range of bytes of one of a request's texts.
type Span struct {
	// Text is the position in [Request.Texts].
	Text     int
	From, To int
}

// MaxUnpacked is how much a compressed body may unpack to, in bytes, before it
// is taken for a bomb.
const MaxUnpacked = 32 << 20

// packing says how the body was packed.
type packing struct {
	// codings lists what was undone, outermost first, such as "gzip".
	codings []string
	// problem says why the body, or what is in it, could not be unpacked.
	problem string
}

// Texts returns the parts of the request: the URL first, then each header field
// as "name: value", the body if there is one, each WebSocket message that the
// page sent, and the method if the page made it up.
func (r *Request) Texts() []Text {
	texts, _ := r.texts()
	return texts
}

// texts also says how the body was packed.
func (r *Request) texts() (texts []Text, how packing) {
	texts = make([]Text, 0, 2+len(r.Header)+len(r.Frames))
	texts = append(texts, Text{"url", r.URL})
	for _, f := range r.Header {
		texts = append(texts, Text{"header " + f.Name, f.Name + ": " + f.Value})
	}
	if len(r.Body) > 0 {
		var content []byte
		content, how = r.unpacked()
		texts = append(texts, Text{"body", string(content)})
	}
	for i, f := range r.Frames {
		if f.FromPage {
			texts = append(texts, Text{fmt.Sprintf("frame %d", i+1), string(f.Payload)})
		}
	}
	if !slices.Contains(methods, r.Method) { // a page may make up its own
		texts = append(texts, Text{"method", r.Method})
	}
	return texts, how
}

// methods are those of HTTP; WebSockets and tunnels have GET and CONNECT.
var methods = []string{"", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}

// unpacked returns the body without its content encodings, and without a gzip
// that no header speaks of. What cannot be unpacked is returned as it is, with
// the reason.
func (r *Request) unpacked() (content []byte, how packing) {
	content = r.Body
	codings := strings.Split(strings.ToLower(r.HeaderValue("content-encoding")), ",")
	for i := len(codings) - 1; i >= 0; i-- {
		coding := strings.TrimSpace(codings[i])
		if coding == "" || coding == "identity" {
			continue
		}
		unpack, known := contentCodings[coding]
		err := errors.New("this version cannot unpack it")
		if known {
			content, err = unpack(content)
		}
		if err != nil {
			return r.Body, packing{problem: fmt.Sprintf("the body's content encoding %q cannot be read: %v", shorten(coding), err)}
		}
		how.codings = append(how.codings, strings.TrimPrefix(coding, "x-"))
	}
	for range 3 {
		if !isGzip(content) {
			return content, how
		}
		inner, err := gunzip(content)
		if err != nil {
			how.problem = fmt.Sprintf("the body looks like gzip but cannot be read: %v", err)
			return content, how
		}
		content, how.codings = inner, append(how.codings, "gzip")
	}
	how.problem = "the body is packed more than three times"
	return content, how
}
