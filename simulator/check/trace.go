package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// canary returns what looks for the values, whatever they are wrapped in. The
// same values are asked for again and again in one journey.
func (b *bench) canary(values []known) *evidence.Canary {
	var key strings.Builder
	needles := make([]evidence.Needle, len(values))
	for i, k := range values {
		needles[i] = evidence.Needle{Value: k.value, From: k.from}
		fmt.Fprintf(&key, "%q %q ", k.value, k.from)
	}
	if b.canaries == nil {
		b.canaries = map[string]*evidence.Canary{}
	}
	c, ok := b.canaries[key.String()]
	if !ok {
		c = evidence.NewCanary(needles)
		b.canaries[key.String()] = c
	}
	return c
}

// traced looks for the values in a request that was seen in the step. A trace
// counts only where counts says so; nil means everywhere. What could not be
// searched whole makes no finding; see unsearched.
func (b *bench) traced(v *view, s *sent, values []known, counts func(evidence.Trace) bool) *finding {
	looked := b.search(v, s, values)
	found := looked.found
	if counts != nil {
		found = slices.DeleteFunc(slices.Clone(found), func(t evidence.Trace) bool { return !counts(t) })
	}
	if len(found) == 0 {
		return nil
	}
	first := found[0]
	var spans []evidence.Span
	for _, t := range found {
		if t.Needle == first.Needle {
			spans = append(spans, t.Span)
		}
	}
	return &finding{
		outcome:  verdict.Fail,
		observed: fmt.Sprintf("its value %s, %s, in request %d, %s", show(first.Needle.Value), first.Needle.From, s.Seq, first.Way),
		request:  excerpt(&sent{Request: s.Request, reading: looked.reading}, spans),
	}
}

// looked is what a search of a request brought.
type looked struct {
	// reading is the one that the places are of.
	reading *evidence.Reading
	found   []evidence.Trace
	// unsearched says why there may be more.
	unsearched string
}

// search looks for the values in the request, once for all who ask.
func (b *bench) search(v *view, s *sent, values []known) looked {
	c := b.canary(values)
	if l, ok := s.looked[c]; ok {
		return l
	}
	l := looked{reading: s.reading}
	if !s.pixel {
		l.reading = b.withoutLeftovers(v, s)
	}
	l.found, l.unsearched = c.Search(l.reading)
	if s.looked == nil {
		s.looked = map[*evidence.Canary]looked{}
	}
	s.looked[c] = l
	return l
}

// unsearched says why the values may stand in the request though they were not
// found, or "".
func (b *bench) unsearched(v *view, s *sent, values []known) string {
	if s.Incomplete != "" {
		return fmt.Sprintf("request %d is not known whole: %s", s.Seq, s.Incomplete)
	}
	if s.pixel && s.reading.Unread != "" {
		return fmt.Sprintf("request %d cannot be read whole: %s", s.Seq, s.reading.Unread)
	}
	if reason := b.search(v, s, values).unsearched; reason != "" {
		return fmt.Sprintf("request %d cannot be searched whole: %s", s.Seq, reason)
	}
	return ""
}

// held returns a trace of one of the values in a text that is kept, such as a
// cookie's value, or nil.
func (b *bench) held(values []known, text string) *evidence.Trace {
	found, _ := b.canary(values).SearchText(text)
	if len(found) == 0 {
		return nil
	}
	return &found[0]
}

// as words the way of a trace in a kept text, such as " (Base64)".
func as(t *evidence.Trace) string {
	if t.Way == "" {
		return ""
	}
	return " (" + t.Way + ")"
}

// withoutLeftovers reads the request of a page, or of the tracker's own code,
// without the cookies that were in the jar before the step: the browser adds them
// by itself, before any script of the new page has run. That they are still there
// is judged by the expectations on cookies. What the page then asks for is read
// with them.
func (b *bench) withoutLeftovers(v *view, s *sent) *evidence.Reading {
	mode := s.HeaderValue("sec-fetch-mode")
	early := s.Purpose == "script" || s.Purpose == "page" && (mode == "navigate" || mode == "")
	before := b.before(v.index)
	if !early || before == nil || s.HeaderValue("cookie") == "" {
		return s.reading
	}
	request := *s.Request
	request.Header = slices.Clone(request.Header)
	for i, field := range request.Header {
		if field.Name != "cookie" {
			continue
		}
		var kept []string
		for pair := range strings.SplitSeq(field.Value, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			leftover := slices.ContainsFunc(before.snapshot.Named(name), func(c evidence.Cookie) bool { return c.Value == value })
			if !leftover {
				kept = append(kept, strings.TrimSpace(pair))
			}
		}
		request.Header[i].Value = strings.Join(kept, "; ")
	}
	return request.Read()
}
