package gateway

import (
	"context"
	"net/http"
	"time"
)

// Shift moves the clock by which the stage answers: it is that much ahead of the
// gateway's own (behind, when negative). The times of the evidence do not move.
//
// The browser's own clock stands where it was, so whatever an answer dates must
// reach it as a span. Chrome takes every date of an answer relative to the
// answer's Date header: the Expires of a cookie is corrected by how far Date is
// from Chrome's own clock (seen in both builds, in both directions), and what is
// fresh in the cache is worked out as Expires minus Date and from Date minus
// Last-Modified. So the moved Date is what brings Expires back, and Expires and
// Last-Modified go out as written: to move them too would move them twice, and a
// changed Last-Modified would come back changed in If-Modified-Since. A page that
// reads Date sees the moved clock, which is its own.
//
// An answer that the browser keeps does not age with the clock: what max-age
// calls fresh stays fresh over the days of a journey.
func (v *Visitor) Shift(offset time.Duration) {
	v.mu.Lock()
	v.offset = offset
	v.mu.Unlock()
}

// now is the clock by which the stage answers.
func (v *Visitor) now() time.Time {
	v.mu.Lock()
	offset := v.offset
	v.mu.Unlock()
	return v.gateway.clock().Add(offset)
}

// date sets the Date of an answer that was made at the moment.
func date(header http.Header, at time.Time) {
	header.Set("Date", at.UTC().Format(http.TimeFormat))
}

// Person says whom the site knows on the pages that it answers from now on: "" is
// the first person of the journey. Handlers learn it from [PersonOf].
func (v *Visitor) Person(person string) {
	v.mu.Lock()
	v.person = person
	v.mu.Unlock()
}

// PersonOf returns, to a handler of the stage, whom the site knows, from its
// request's context; see Visitor.Person. Outside of a gateway it is "".
func PersonOf(ctx context.Context) string {
	v := visitorOf(ctx)
	if v == nil {
		return ""
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.person
}

type (
	recordingKey struct{}
	readingKey   struct{}
)

// Reading marks the context of a request with which the harness asks a handler of
// the stage what it has recorded, where there is no visitor to ask for him.
func Reading(ctx context.Context) context.Context {
	return context.WithValue(ctx, readingKey{}, true)
}

// ReadsBack tells a handler of the stage that the harness itself asks what the
// collector has recorded; see Visitor.Record and Reading.
func ReadsBack(ctx context.Context) bool {
	v, _ := ctx.Value(recordingKey{}).(*Visitor)
	return v != nil || ctx.Value(readingKey{}) != nil
}

// visitorOf is the visitor who asks, or for whom the harness asks; nil outside of a
// gateway.
func visitorOf(ctx context.Context) *Visitor {
	if l, _ := ctx.Value(visitorKey{}).(*line); l != nil {
		return l.visitor
	}
	v, _ := ctx.Value(recordingKey{}).(*Visitor)
	return v
}

// Now is the clock of a handler of the stage, from its request's context: the
// moved one of the visitor who asks (see Visitor.Shift). A handler that writes
// dates must take them from it. Outside of a gateway it is the machine's.
func Now(ctx context.Context) time.Time {
	if v := visitorOf(ctx); v != nil {
		return v.now()
	}
	return time.Now()
}
