package check

import (
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// works tells whether the pixel was seen to run on the page that the step ended
// on, though nothing of it arrived: it tried to reach its collector, or wrote a
// cookie of its own.
func (b *bench) works(v *view) bool {
	own := map[string]bool{}
	for role := range b.plan.Pixel.Cookies {
		own[b.plan.CookieName(role).Name] = true
	}
	for _, other := range b.views[:v.index+1] {
		if other.document != v.document {
			continue
		}
		if slices.ContainsFunc(other.sent, func(s *sent) bool {
			return s.Purpose == "unreachable" && strings.HasPrefix(s.URL, b.plan.Pixel.Stage.Collector+":")
		}) ||
			slices.ContainsFunc(other.writes, func(w *evidence.CookieWrite) bool { return own[w.Name] && !w.Deletes() }) {
			return true
		}
	}
	return false
}
