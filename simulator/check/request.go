package check

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// silence judges whether the pixel sent anything at all in one step.
type silence struct {
	*bench
	view *view
}

// kept: nothing left the browser in the step but what any page asks for: itself, the
// pixel's code, and files from the host that the code comes from. A preflight and
// a connection that the collector refused count as sent: the browser was asked to
// send. It is proven by another step of the same visitor, on the same page, in which
// the pixel was seen to send.
func (s silence) kept() finding {
	doubt := ""
	for _, r := range s.view.sent {
		what, unsure := s.tells(r)
		if what != "" && unsure {
			doubt = fmt.Sprintf("request %d %s, which may or may not tell of the visitor", r.Seq, what)
		} else if what != "" {
			return finding{outcome: verdict.Fail, observed: fmt.Sprintf("request %d %s", r.Seq, what), request: lackExcerpt(r)}
		}
	}
	const nothing = "no request of the pixel"
	if doubt != "" {
		return inconclusive("%s", doubt).seen(nothing)
	}
	contrast, reason := s.speaks(s.view)
	if contrast == nil {
		return inconclusive("%s", reason).seen(nothing)
	}
	return finding{outcome: verdict.Pass, observed: fmt.Sprintf("%s, of %s; it sent on this page in the step %s", nothing, plural(len(s.view.sent), "request"), contrast.step.Name)}
}

// broken: the pixel sent something in the step. Where it tried to, and the collector was
// not to be reached, it cannot be told.
func (s silence) broken() finding {
	if len(s.view.hits) > 0 {
		first := s.view.hits[0]
		return finding{outcome: verdict.Pass, observed: count(s.view.hits), request: excerpt(first.sent, nil)}
	}
	const nothing = "no request of the pixel"
	for _, r := range s.view.sent {
		if r.Purpose == unreachable || r.pixel {
			return inconclusive("request %d, to %s, came to nothing", r.Seq, r.URL).seen(nothing)
		}
	}
	return finding{outcome: verdict.Fail, state: true, observed: nothing}
}

// tells says how a request could tell of the visitor; "" for what any page asks
// for. Unsure is where that need not be so.
func (s silence) tells(r *sent) (what string, unsure bool) {
	named, unescaped := hostAndPath(r.URL)
	host, path, query := rawPlace(r.URL)
	stage := s.plan.Pixel.Stage
	var d suspicion
	switch {
	case r.pixel && r.preflight:
		return "asks the collector whether a hit may be sent", false
	case r.pixel:
		return "is a hit", false
	case r.Purpose == unreachable:
		return "tried to reach " + named, false
	case !s.plain(r):
		return "sends something to " + named, false
	case host == strings.ToLower(stage.Site) && query == "" && s.isPage(path):
		d = s.asPage(r, path)
	case host == strings.ToLower(stage.Scripts):
		d = s.asFile(r, path, query)
	default:
		return "goes to " + named + "/" + unescaped + ", where no page of the site stands", false
	}
	if worse := s.header(r); worse.worse(d) {
		d = worse
	}
	return d.what, d.unsure
}

// plain tells that the request only asks for something.
func (s silence) plain(r *sent) bool {
	return !r.pixel && r.Purpose != unreachable && r.Method == http.MethodGet && len(r.Body) == 0 && r.Protocol != "websocket"
}

// speaks returns another step of the same visitor, on the page that the step ended
// on, in which the pixel was seen to send; or why there is none.
func (b *bench) speaks(v *view) (contrast *view, reason string) {
	page := b.opened(v)
	for _, other := range b.views {
		if other != v && other.document != 0 && b.opened(other) == page && len(other.hits) > 0 {
			return other, ""
		}
	}
	if page == "" {
		return nil, "no page is open, so nothing could have been sent"
	}
	return nil, fmt.Sprintf("the pixel was seen to send on the page %s in no other step of this visitor, so its silence proves nothing", page)
}
