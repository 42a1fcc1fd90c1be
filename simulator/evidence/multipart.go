package evidence

import (
	"mime"
	"strings"
)

// boundary returns the boundary that the content type names, or "".
func (r *Request) boundary() string {
	kind, parameters, err := mime.ParseMediaType(r.HeaderValue("content-type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return ""
	}
	return parameters["boundary"]
}

// guessBoundary finds the boundary of a multipart body whose type is not told.
func guessBoundary(content string) string {
	if !strings.HasPrefix(content, "--") {
		return ""
	}
	first, rest, ok := strings.Cut(content[2:], "\r\n")
	if !ok || first == "" || len(first) > 200 || !strings.HasPrefix(strings.ToLower(rest), "content-disposition:") {
		return ""
	}
	return first
}

// multipart reads the parts of multipart/form-data (RFC 7578), tolerantly. It
// returns false when there is none.
func (d *decoder) multipart(all Span, boundary string) bool {
	content := d.at(all)
	delimiter := "--" + boundary
	if !strings.HasPrefix(content, delimiter) {
		return false
	}
	at := len(delimiter)
	for parts := 0; ; parts++ {
		rest := content[at:]
		if strings.HasPrefix(rest, "--") {
			return parts > 0
		}
		end := strings.Index(rest, "\r\n"+delimiter)
		if end < 0 {
			d.unread("the body's last part is missing")
			return true
		}
		if d.full() {
			d.unread("it holds more parameters than can be read")
			return true
		}
		d.part(Span{all.Text, all.From + at, all.From + at + end})
		at += end + len("\r\n") + len(delimiter)
	}
}

func (d *decoder) part(s Span) {
	content := strings.TrimPrefix(d.at(s), "\r\n")
	head, value, ok := strings.Cut(content, "\r\n\r\n")
	if !ok {
		d.unread("a part of the body has no content")
		return
	}
	name := ""
	for line := range strings.SplitSeq(head, "\r\n") {
		key, rest, _ := strings.Cut(line, ":")
		if !strings.EqualFold(key, "content-disposition") {
			continue
		}
		// Browsers escape quotes and newlines in names by percent signs.
		if _, parameters, err := mime.ParseMediaType(rest); err == nil {
			name = unescapeNames.Replace(parameters["name"])
		} else {
			d.unread("a part of the body has no name that can be read")
		}
	}
	s.From = s.To - len(content)
	if isGzip([]byte(value)) {
		if content := d.unpack([]byte(value)); content != nil {
			value = string(content)
		}
	}
	d.take(Placed{Parameter{name, value, "multipart", 0}, s}, 0)
}

var unescapeNames = strings.NewReplacer("%22", `"`, "%0D", "\r", "%0A", "\n", "%0d", "\r", "%0a", "\n")
