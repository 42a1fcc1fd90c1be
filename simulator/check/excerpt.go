package check

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

const (
	// longLine is what a line of an excerpt may have before it is cut, head how
	// much of its beginning is kept then, around how much beside a mark, and
	// longMark how much of a mark; all in bytes.
	longLine = 400
	head     = 120
	around   = 60
	longMark = 200
	// manyLines is how many lines of one part are shown; beyond that only
	// those with a mark.
	manyLines = 40
)

// lackExcerpt shows a request that lacks something: its line is marked.
func lackExcerpt(s *sent) *verdict.Excerpt {
	return excerpt(s, []evidence.Span{{Text: 0, From: 0, To: queryAt(s.URL)}})
}

// queryAt returns where the query begins, with its question mark.
func queryAt(url string) int {
	if i := strings.IndexByte(url, '?'); i >= 0 {
		return i
	}
	return len(url)
}

// excerpt shows a request: its line, one parameter a line, as sent, then what
// is marked of its header, and its body.
func excerpt(s *sent, marks []evidence.Span) *verdict.Excerpt {
	p := &page{marks: marks}
	address, query := s.URL, queryAt(s.URL)
	p.put(s.Method+" ", 0, address, 0, query)
	if query < len(address) {
		p.list("  ", 0, address, query, "&")
	}
	for i, text := range s.reading.Texts {
		switch {
		case strings.HasPrefix(text.Part, "header ") && p.marked(i, 0, len(text.Content)):
			p.put("", i, text.Content, 0, len(text.Content))
		case text.Part == "body":
			p.put("", -1, "body:", 0, len("body:"))
			separators := "&\n"
			if strings.HasPrefix(text.Content, "--") || strings.HasPrefix(strings.TrimSpace(text.Content), "{") || strings.HasPrefix(strings.TrimSpace(text.Content), "[") {
				separators = "\n"
			}
			p.list("  ", i, text.Content, 0, separators)
		case strings.HasPrefix(text.Part, "frame ") && p.marked(i, 0, len(text.Content)):
			p.put(text.Part+": ", i, text.Content, 0, len(text.Content))
		}
	}
	return p.excerpt()
}

// page is an excerpt in the making.
type page struct {
	text  strings.Builder
	marks []evidence.Span
	found []verdict.Mark
}

func (p *page) marked(text, from, to int) bool {
	return slices.ContainsFunc(p.marks, func(m evidence.Span) bool { return m.Text == text && m.From < to && m.To > from })
}

// list puts the content from a position on, split before each "&" or after each
// newline, one piece a line.
func (p *page) list(indent string, text int, content string, from int, separators string) {
	for lines := 0; from < len(content); lines++ {
		to, next := len(content), len(content)
		// The separator that begins the piece is part of it.
		if i := strings.IndexAny(content[from+1:], separators); i >= 0 {
			to = from + 1 + i
			next = to
			if content[to] == '\n' {
				next++
			}
		}
		if content[from] == '\n' {
			to, next = from, from+1
		}
		if lines < manyLines || p.marked(text, from, to) {
			p.put(indent, text, content, from, to)
		}
		from = next
	}
}

// put writes one line, cut where it is long and not marked, with its marks.
func (p *page) put(prefix string, text int, content string, from, to int) {
	to = from + len(strings.TrimRight(content[from:to], "\r\n"))
	p.text.WriteString(prefix)
	keep := [][2]int{{from, to}}
	if to-from > longLine {
		keep = [][2]int{{from, from + head}}
		for _, m := range p.marks {
			if m.Text == text && m.From < to && m.To > from {
				keep = append(keep, [2]int{max(from, m.From-around), min(to, min(m.To, m.From+longMark)+around)})
			}
		}
		keep = joined(keep)
	}
	for i, k := range keep {
		if i > 0 {
			p.text.WriteString("…")
		}
		p.piece(text, content, k[0], k[1])
	}
	if keep[len(keep)-1][1] < to {
		p.text.WriteString("…")
	}
	p.text.WriteByte('\n')
}

func (p *page) piece(text int, content string, from, to int) {
	at := p.text.Len()
	p.text.WriteString(printable(content[from:to]))
	for _, m := range p.marks {
		if m.Text == text && m.From < to && m.To > from {
			p.found = append(p.found, verdict.Mark{From: at + max(m.From, from) - from, To: at + min(m.To, to) - from})
		}
	}
}

func joined(ranges [][2]int) [][2]int {
	slices.SortFunc(ranges, func(a, b [2]int) int { return a[0] - b[0] })
	out := ranges[:1]
	for _, r := range ranges[1:] {
		if last := &out[len(out)-1]; r[0] <= last[1] {
			last[1] = max(last[1], r[1])
		} else {
			out = append(out, r)
		}
	}
	return out
}

// printable puts a dot for every byte that no log should be made to show, so
// that positions stay.
func printable(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		c, size := utf8.DecodeRuneInString(s[i:])
		if c == utf8.RuneError && size == 1 || !unicode.IsPrint(c) {
			out = append(out, strings.Repeat(".", size)...)
		} else {
			out = append(out, s[i:i+size]...)
		}
		i += size
	}
	return string(out)
}

func (p *page) excerpt() *verdict.Excerpt {
	var marks [][2]int
	for _, m := range p.found {
		if m.From < m.To {
			marks = append(marks, [2]int{m.From, m.To})
		}
	}
	e := &verdict.Excerpt{Text: strings.TrimSuffix(p.text.String(), "\n")}
	if len(marks) > 0 {
		for _, m := range joined(marks) {
			e.Marks = append(e.Marks, verdict.Mark{From: m[0], To: m[1]})
		}
	}
	return e
}

// writeExcerpt shows a write of a cookie; mark is "pair" or "lifetime".
func writeExcerpt(w *evidence.CookieWrite, mark string) *verdict.Excerpt {
	raw := w.Raw
	if raw == "" {
		raw = writtenOut(w)
	}
	p := &page{}
	from, to := attribute(raw, mark)
	if to > from {
		p.marks = []evidence.Span{{From: from, To: to}}
	}
	p.put("Set ", 0, raw, 0, len(raw))
	by := "by " + w.By
	if w.Frame != "" {
		by += " in " + w.Frame
	}
	p.put("", -1, by, 0, len(by))
	return p.excerpt()
}

// writtenOut words a write that had no text of its own.
func writtenOut(w *evidence.CookieWrite) string {
	raw := w.Name + "=" + w.Value
	if !w.Session {
		raw += fmt.Sprintf("; Max-Age=%d", int64(w.Lifetime/time.Second))
	}
	return raw + attributes(w.Domain, w.Path, w.HTTPOnly, w.Secure, w.SameSite)
}

func attributes(domain, path string, httpOnly, secure bool, sameSite string) string {
	text := ""
	if domain != "" {
		text += "; Domain=" + domain
	}
	if path != "" {
		text += "; Path=" + path
	}
	if httpOnly {
		text += "; HttpOnly"
	}
	if secure {
		text += "; Secure"
	}
	if sameSite != "" {
		text += "; SameSite=" + sameSite
	}
	return text
}

// attribute finds the part of a cookie's text that is to be marked: the
// name-value pair, or the attribute that gives the lifetime, of which Max-Age
// outranks Expires (RFC 6265 §5.3) and the last of a kind wins.
func attribute(raw, mark string) (from, to int) {
	pair := strings.IndexByte(raw, ';')
	if pair < 0 {
		pair = len(raw)
	}
	wanted := map[string][]string{"lifetime": {"max-age", "expires"}, "domain": {"domain"}}[mark]
	for _, name := range wanted {
		for at := pair; at < len(raw); {
			end := len(raw)
			if i := strings.IndexByte(raw[at+1:], ';'); i >= 0 {
				end = at + 1 + i
			}
			piece := raw[at+1 : end]
			key, _, _ := strings.Cut(piece, "=")
			if strings.EqualFold(strings.TrimSpace(key), name) {
				from = at + 1 + len(piece) - len(strings.TrimLeft(piece, " "))
				to = at + 1 + len(strings.TrimRight(piece, " "))
			}
			at = end
		}
		if to > from {
			return from, to
		}
	}
	if mark == "" {
		return 0, 0
	}
	return 0, pair
}

// jarExcerpt shows a cookie as the jar held it at the end of a step.
func jarExcerpt(c evidence.Cookie, step, mark string) *verdict.Excerpt {
	raw := c.Name + "=" + c.Value
	if !c.Expires.IsZero() {
		raw += "; Expires=" + c.Expires.UTC().Format(time.RFC1123)
	}
	raw += attributes(c.Domain, c.Path, c.HTTPOnly, c.Secure, c.SameSite)
	if c.Partition != "" {
		raw += "; Partitioned (" + c.Partition + ")"
	}
	p := &page{}
	from, to := attribute(raw, mark)
	p.marks = []evidence.Span{{From: from, To: to}}
	p.put("Set ", 0, raw, 0, len(raw))
	line := "in the jar at the end of the step " + step
	p.put("", -1, line, 0, len(line))
	return p.excerpt()
}

// shownLine is a line of an excerpt that is no request; mark is the part of it that is
// marked, if it stands there.
type shownLine struct{ indent, text, mark string }

// linesExcerpt shows lines.
func linesExcerpt(lines ...shownLine) *verdict.Excerpt {
	p := &page{}
	for i, line := range lines {
		text := strings.NewReplacer("\n", " ", "\r", " ").Replace(line.text)
		if at := strings.Index(text, line.mark); line.mark != "" && at >= 0 {
			p.marks = append(p.marks, evidence.Span{Text: i, From: at, To: at + len(line.mark)})
		}
		p.put(line.indent, i, text, 0, len(text))
	}
	return p.excerpt()
}
