package check

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// A page that collects nothing is still loaded: the browser asks for it, for the
// pixel's code and for what the site's owner has set. Each of these requests could say
// more in its path, its query and its header fields. What is the same whichever page
// was loaded, and whoever loaded it, says nothing; what differs tells of the visitor.

// suspicion is what is wrong with a request: what it does, and whether that need not tell
// of the visitor.
type suspicion struct {
	what   string
	unsure bool
}

func (d suspicion) worse(than suspicion) bool {
	return d.what != "" && (than.what == "" || than.unsure && !d.unsure)
}

// rawPlace takes a URL apart without undoing escapes, in which something could be
// said. A port that is not the usual one stays with the host.
func rawPlace(address string) (host, path, query string) {
	rest, ok := strings.CutPrefix(address, "https://")
	if !ok {
		return "", "", ""
	}
	rest, query, _ = strings.Cut(rest, "?")
	host, path, _ = strings.Cut(rest, "/")
	return strings.ToLower(strings.TrimSuffix(host, ":443")), "/" + path, query
}

func escapedPath(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// isPage tells that any site has such a file: a page of the pixel's, or the picture
// that a browser asks for by itself.
func (s silence) isPage(path string) bool {
	if path == "/favicon.ico" {
		return true
	}
	for _, page := range s.plan.Pixel.Pages {
		if escapedPath(page) == path {
			return true
		}
	}
	return false
}

// The files of the host of the code by what they are for.
const (
	codeFile     = "the pixel's code"
	settingsFile = "the site's setting"
	otherFile    = ""
)

// fileOf tells what a path on the host of the code is for: the code, what the owner of
// one of the sites has set, or something that the pixel alone knows of.
func (s silence) fileOf(path string) string {
	stage := s.plan.Pixel.Stage
	if path == escapedPath(stage.Path) {
		return codeFile
	}
	if rest, ok := strings.CutPrefix(path, stage.Settings); ok && stage.Settings != "" {
		site := strings.TrimSuffix(rest, ".json")
		for name, value := range s.plan.Pixel.Settings {
			kind, _, _ := strings.Cut(name, ".")
			if value != "" && value == site && (kind == "site" || strings.HasSuffix(kind, "-site")) {
				return settingsFile
			}
		}
	}
	return otherFile
}

// loads tells that the visitor's browser loaded a page of the site in the step, and
// the pixel with it. Of one to which he goes back it may have kept a copy.
func (s silence) loads(v *view) bool {
	return v.planned.Go != "" || slices.ContainsFunc(v.sent, s.navigates)
}

// pageOf is the address of the page that the step ended on, as far as it names the page.
func pageOf(v *view) string {
	address, _, _ := strings.Cut(v.step.Page, "#")
	address, _, _ = strings.Cut(address, "?")
	return address
}

func (s silence) navigates(r *sent) bool {
	host, path, _ := rawPlace(r.URL)
	mode, to := r.HeaderValue("sec-fetch-mode"), r.HeaderValue("sec-fetch-dest")
	return host == strings.ToLower(s.plan.Pixel.Stage.Site) && s.isPage(path) && path != "/favicon.ico" &&
		(mode == "" || mode == "navigate") && (to == "" || to == "document")
}

// asPage judges a request for a page of the site.
func (s silence) asPage(r *sent, path string) suspicion {
	prefetched := strings.HasPrefix(r.HeaderValue("sec-purpose")+r.HeaderValue("purpose"), "prefetch")
	if path == "/favicon.ico" || prefetched || s.navigates(r) {
		return suspicion{}
	}
	return suspicion{"asks for the page " + path + " without going there", true}
}

// asFile judges a request to the host of the code: where it goes, and its query.
func (s silence) asFile(r *sent, path, query string) suspicion {
	worst := suspicion{}
	add := func(d suspicion) {
		if d.worse(worst) {
			worst = d
		}
	}
	kind := s.fileOf(path)
	switch {
	case r.HeaderValue("accept") == "text/event-stream":
		return suspicion{fmt.Sprintf("holds a stream of %s open, which tells how long the visitor stays", path), false}
	case kind == otherFile:
		add(s.compared(sign{"path", "", path}, s.otherFiles))
		if !s.loads(s.view) {
			add(suspicion{fmt.Sprintf("asks the host of the pixel's code for %s, though no page was loaded", path), !s.reports()})
		}
	case !s.loads(s.view):
		add(suspicion{fmt.Sprintf("asks for %s, though no page was loaded", kind), true})
	}
	for pair := range strings.SplitSeq(query, "&") {
		if pair != "" && !s.instant(s.view, pair) {
			name, _, _ := strings.Cut(pair, "=")
			add(s.compared(sign{"query", name, pair}, func(v *view, r *sent) []string {
				if !s.alike(r, kind, path) {
					return nil
				}
				return s.pairs(v, r, name)
			}))
		}
	}
	return worst
}

// reports tells that the visitor did in the step what the pixel would report of him.
func (s silence) reports() bool { return s.view.planned.Do != "" && !s.view.planned.Chooses() }

// otherFiles is the path of a request to the host of the code that is neither the code
// nor a setting.
func (s silence) otherFiles(_ *view, r *sent) []string {
	host, path, _ := rawPlace(r.URL)
	if host != strings.ToLower(s.plan.Pixel.Stage.Scripts) || s.fileOf(path) != otherFile ||
		host == strings.ToLower(s.plan.Pixel.Stage.Site) && s.isPage(path) {
		return nil
	}
	return []string{path}
}

// alike tells that the request goes to the same file, or, for settings, to a file of
// that kind.
func (s silence) alike(r *sent, kind, path string) bool {
	host, other, _ := rawPlace(r.URL)
	return host == strings.ToLower(s.plan.Pixel.Stage.Scripts) && (other == path || kind != otherFile && s.fileOf(other) == kind)
}

// pairs are the parts of a query with that name which are no time of their step.
func (s silence) pairs(v *view, r *sent, name string) []string {
	_, _, query := rawPlace(r.URL)
	var list []string
	for pair := range strings.SplitSeq(query, "&") {
		if n, _, _ := strings.Cut(pair, "="); n == name && pair != "" && !s.instant(v, pair) {
			list = append(list, pair)
		}
	}
	return list
}

// instant tells that a part of a query is the time at which it was asked, which keeps
// a copy from being taken out of a cache.
func (s silence) instant(v *view, pair string) bool {
	_, value, ok := strings.Cut(pair, "=")
	if !ok {
		value = pair
	}
	return len(value) <= len("1772366400000") && v.during(value)
}

// sign is something about a request that could differ.
type sign struct{ part, name, value string }

func (t sign) String() string {
	switch t.part {
	case "path":
		return "the path " + show(t.value)
	case "query":
		return "the query " + show(t.value)
	}
	return fmt.Sprintf("the header %s: %s", t.name, show(t.value))
}

// compared judges a trait by the other times that somebody loaded a page: of returns
// the values that a request has of it.
func (s silence) compared(t sign, of func(*view, *sent) []string) suspicion {
	own := s.values(s.view, of)
	page, device := pageOf(s.view), s.view.step.Device
	paged, shared := false, false
	for _, v := range s.all {
		if v == s.view || !s.loads(v) {
			continue
		}
		values := s.values(v, of)
		switch {
		case slices.Contains(values, t.value):
			paged = paged || pageOf(v) != page
			shared = shared || v.step.Device != device
		case slices.ContainsFunc(values, func(value string) bool { return !slices.Contains(own, value) }) && (t.part != "path" || len(v.hits) == 0):
			if number(t) {
				return suspicion{fmt.Sprintf("has %s, another number than in the step %s", t, v.step.Name), true}
			}
			return suspicion{fmt.Sprintf("has %s, which differs from %s in the step %s", t, show(values[0]), v.step.Name), false}
		}
	}
	switch {
	case !paged:
		return suspicion{fmt.Sprintf("has %s, which no request has on another page", t), true}
	case !shared && s.bits(t.value) >= enough:
		return suspicion{fmt.Sprintf("has %s, which nobody else's browser was seen to send", t), true}
	}
	return suspicion{}
}

// values are what the requests of a step have of a trait.
func (s silence) values(v *view, of func(*view, *sent) []string) []string {
	var list []string
	for _, r := range v.sent {
		if s.plain(r) {
			list = append(list, of(v, r)...)
		}
	}
	return list
}

// number tells that the trait is a number too small to name anybody by, such as one
// drawn for each request so that no copy is taken out of a cache.
func number(t sign) bool {
	_, value, _ := strings.Cut(t.value, "=")
	return t.part == "query" && value != "" && strings.Trim(value, "0123456789.") == "" && bits(strings.ReplaceAll(value, ".", "")) < enough
}

// bits is how much a value tells beside words, and beside what the pixel's stage and
// settings are made of.
func (b *bench) bits(value string) float64 {
	p := b.plan.Pixel
	texts := []string{p.Name, p.Stage.Path, p.Stage.Settings, p.Stage.Site, p.Stage.Scripts}
	for _, setting := range p.Settings {
		texts = append(texts, setting)
	}
	known := runsOf(strings.ToLower(strings.Join(texts, " ")))
	sum := 0.0
	for _, run := range runsOf(unescaped(value)) {
		if !wordy(run) && !slices.Contains(known, strings.ToLower(run)) {
			sum += bits(run)
		}
	}
	return sum
}

// ordinaryValues are what browsers write into header fields that a page can write, too.
var ordinaryValues = map[string]*regexp.Regexp{
	"accept":                    regexp.MustCompile(`^(\*/\*|application/json|text/css,\*/\*;q=0\.1|(image/jxl,)?image/avif,image/webp,image/apng,image/svg\+xml,image/\*,\*/\*;q=0\.8)$`),
	"cache-control":             regexp.MustCompile(`^(no-cache|max-age=0)$`),
	"pragma":                    regexp.MustCompile(`^no-cache$`),
	"priority":                  regexp.MustCompile(`^(u=[0-7](, ?i)?|i)$`),
	"purpose":                   regexp.MustCompile(`^prefetch$`),
	"x-requested-with":          regexp.MustCompile(`^XMLHttpRequest$`),
	"upgrade-insecure-requests": regexp.MustCompile(`^1$`),
}

// browsersOwn are the header fields that no page can write, beside those that begin
// with sec-. The cookie and the referrer are looked at by themselves.
var browsersOwn = []string{"host", "connection", "content-length", "accept-encoding", "origin", "te", "dnt", "keep-alive", "cookie", "referer"}

// header judges the header fields of a request.
func (s silence) header(r *sent) suspicion {
	worst := s.referrer(r)
	if d := s.cookies(r); d.worse(worst) {
		worst = d
	}
	host, _, _ := rawPlace(r.URL)
	for _, f := range r.Header {
		if !s.written(f) {
			continue
		}
		d := s.compared(sign{"header", f.Name, f.Value}, func(_ *view, other *sent) []string {
			if at, _, _ := rawPlace(other.URL); at != host {
				return nil
			}
			var list []string
			for _, g := range other.Header {
				if g.Name == f.Name && s.written(g) {
					list = append(list, g.Value)
				}
			}
			return list
		})
		if slices.Contains(conditionalHeaders, f.Name) {
			d.unsure = true // it is the server that gave each browser its own
		}
		if d.worse(worst) {
			worst = d
		}
	}
	return worst
}

// written tells that a page may have written the header field: it is neither one that
// only browsers write, nor has it the value that they write by themselves.
func (s silence) written(f evidence.Field) bool {
	if strings.HasPrefix(f.Name, "sec-") || slices.Contains(browsersOwn, f.Name) {
		return false
	}
	if usual := ordinaryValues[f.Name]; usual != nil && usual.MatchString(f.Value) {
		return false
	}
	for _, v := range s.all {
		for _, r := range v.sent {
			if s.navigates(r) && r.HeaderValue(f.Name) == f.Value {
				return false
			}
		}
	}
	return true
}

// referrer: the page that a request is said to come from is one that the visitor was
// on, without anything beside its address.
func (s silence) referrer(r *sent) suspicion {
	from := r.HeaderValue("referer")
	stage := s.plan.Pixel.Stage
	if from == "" || from == "https://"+stage.Site+"/" || from == "https://"+stage.Scripts+escapedPath(stage.Path) {
		return suspicion{}
	}
	for _, v := range s.views[:s.view.index+1] {
		if page, ok := s.plan.Pixel.Pages[v.planned.Open]; ok && from == "https://"+stage.Site+escapedPath(page) {
			return suspicion{}
		}
	}
	return suspicion{fmt.Sprintf("says that it comes from %s, which is no page that the visitor was on", from), false}
}

// cookies: what the host of the code is sent was in the jar before the step.
func (s silence) cookies(r *sent) suspicion {
	if host, _, _ := rawPlace(r.URL); host != strings.ToLower(s.plan.Pixel.Stage.Scripts) || host == strings.ToLower(s.plan.Pixel.Stage.Site) {
		return suspicion{}
	}
	before := s.before(s.view.index)
	for pair := range strings.SplitSeq(r.HeaderValue("cookie"), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if value == "" || name == s.plan.CookieName(scenario.RoleChoice).Name || before != nil &&
			slices.ContainsFunc(before.snapshot.Named(name), func(c evidence.Cookie) bool { return c.Value == value }) {
			continue
		}
		return suspicion{"carries the cookie " + show(name), true}
	}
	return suspicion{}
}
