package collector

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
)

// maxText bounds what is searched for, in bytes.
const maxText = 256

// asked is a request's query, of which only known names are taken, each
// once.
type asked struct {
	values url.Values
	err    error
}

// strict reads the query. A name that is not known is an error, and so is one
// that occurs twice or is not well encoded: a typing error must not read as
// "everything".
func strict(r *http.Request, known ...string) *asked {
	values, err := url.ParseQuery(r.URL.RawQuery)
	p := &asked{values: values}
	if err != nil {
		p.err = fmt.Errorf("the query is not well formed: %w", err)
		return p
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case !slices.Contains(known, name):
			p.err = fmt.Errorf("no such parameter: %q (%s)", name, cmp.Or(strings.Join(known, ", "), "none is known here"))
		case len(values[name]) > 1:
			p.err = fmt.Errorf("parameter %s occurs %d times", name, len(values[name]))
		case !isText(values[name][0]):
			p.err = fmt.Errorf("parameter %s is no text in UTF-8", name)
		default:
			continue
		}
		return p
	}
	return p
}

func (p *asked) text(name string) string { return p.values.Get(name) }

// search is the text that is searched for.
func (p *asked) search() string {
	text := strings.TrimSpace(p.text("q"))
	if len(text) > maxText {
		p.fail("q is longer than %d bytes", maxText)
	}
	return text
}

// kind is "customer", "anonymous" or empty.
func (p *asked) kind() string {
	kind := p.text("kind")
	if kind != "" && kind != "customer" && kind != "anonymous" {
		p.fail("kind must be customer or anonymous, got %q", kind)
	}
	return kind
}

// limit is 1 to maxLimit, defaultLimit when it is left out.
func (p *asked) limit() int {
	value := p.text("limit")
	if value == "" && !p.values.Has("limit") {
		return defaultLimit
	}
	limit, err := strconv.Atoi(value)
	if err != nil || limit < 1 || limit > maxLimit {
		p.fail("limit must be 1 to %d, got %q", maxLimit, value)
	}
	return limit
}

// after is the number that a list goes on from, 0 when it is left out.
func (p *asked) after() int64 {
	value := p.text("after")
	if value == "" && !p.values.Has("after") {
		return 0
	}
	after, err := strconv.ParseInt(value, 10, 64)
	if err != nil || after < 0 {
		p.fail("after must be the next of the list before, got %q", value)
	}
	return after
}

// fail keeps the first thing that is wrong.
func (p *asked) fail(format string, arguments ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, arguments...)
	}
}

// ownerOf reads from path and query whose things are asked for.
func ownerOf(r *http.Request, p *asked) Owner {
	return Owner{Portal: p.text("portal_id"), CID: fromPath(r, p, "cid"), UID: fromPath(r, p, "uid")}
}

// fromPath is a part of the path, decoded. The router matches the path as it
// was sent when decoding has changed it, and decoded when not.
func fromPath(r *http.Request, p *asked, name string) string {
	value := chi.URLParam(r, name)
	if r.URL.RawPath != "" {
		decoded, err := url.PathUnescape(value)
		if err != nil {
			p.fail("the path is not well formed: %w", err)
		}
		value = decoded
	}
	if !isText(value) {
		p.fail("the path is no text in UTF-8")
	}
	return value
}

// isText tells whether every store takes it for text: PostgreSQL takes no NUL.
func isText(value string) bool { return utf8.ValidString(value) && !strings.ContainsRune(value, 0) }
