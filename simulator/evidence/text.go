package evidence

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
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

// Texts returns the parts of the request: the URL first, then each header field
// as "name: value", the body if there is one, each WebSocket message that the
// page sent, and the method if the page made it up.
func (r *Request) Texts() []Text {
	texts, _ := r.texts()
	return texts
}

// texts also says why the body could not be unpacked, if so.
func (r *Request) texts() (texts []Text, problem string) {
	texts = make([]Text, 0, 2+len(r.Header)+len(r.Frames))
	texts = append(texts, Text{"url", r.URL})
	for _, f := range r.Header {
		texts = append(texts, Text{"header " + f.Name, f.Name + ": " + f.Value})
	}
	if len(r.Body) > 0 {
		var content []byte
		content, problem = r.unpacked()
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
	return texts, problem
}

// methods are those of HTTP; WebSockets and tunnels have GET and CONNECT.
var methods = []string{"", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}

// unpacked returns the body without its content encodings, and without a gzip
// that no header speaks of. What cannot be unpacked is returned as it is, with
// the reason.
func (r *Request) unpacked() (content []byte, problem string) {
	content = r.Body
	codings := strings.Split(strings.ToLower(r.HeaderValue("content-encoding")), ",")
	for i := len(codings) - 1; i >= 0; i-- {
		coding := strings.TrimSpace(codings[i])
		var err error
		switch coding {
		case "", "identity":
			continue
		case "gzip", "x-gzip":
			content, err = gunzip(content)
		case "deflate":
			content, err = inflate(content)
		default:
			err = errors.New("this version cannot unpack it")
		}
		if err != nil {
			return r.Body, fmt.Sprintf("the body's content encoding %q cannot be read: %v", shorten(coding), err)
		}
	}
	for range 3 {
		if !isGzip(content) {
			return content, ""
		}
		inner, err := gunzip(content)
		if err != nil {
			return content, fmt.Sprintf("the body looks like gzip but cannot be read: %v", err)
		}
		content = inner
	}
	return content, "the body is packed more than three times"
}

func isGzip(b []byte) bool { return len(b) > 2 && b[0] == 0x1f && b[1] == 0x8b && b[2] == 8 }

func gunzip(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return readBounded(z)
}

// inflate reads what "deflate" means by RFC 9110 §8.4.1.2 (zlib), and the raw
// deflate that some senders take it for.
func inflate(b []byte) ([]byte, error) {
	if z, err := zlib.NewReader(bytes.NewReader(b)); err == nil {
		if content, err := readBounded(z); err == nil {
			return content, nil
		}
	}
	return readBounded(flate.NewReader(bytes.NewReader(b)))
}

func readBounded(r io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, MaxUnpacked+1))
	if err != nil {
		return nil, err
	}
	if len(content) > MaxUnpacked {
		return nil, fmt.Errorf("it unpacks to more than %d bytes", MaxUnpacked)
	}
	return content, nil
}
