package scenario

import (
	"net/url"
	"regexp"
	"strings"
)

// Hits returns a function that tells the pixel's own requests by their URL: they
// go to the stage's collector host, or their path matches Requests.Path on any
// host. Where the collector shares its host with the site or the scripts, only
// the path tells them from the stage's own files. A path that is no regular
// expression, which lint refuses, matches nothing. A URL need not be well-formed.
func (p *Pixel) Hits() func(rawURL string) bool {
	path, err := regexp.Compile(p.Requests.Path)
	if err != nil || p.Requests.Path == "" {
		path = nil
	}
	collector := strings.ToLower(p.Stage.Collector)
	shared := path != nil && (p.Stage.Collector == p.Stage.Site || p.Stage.Collector == p.Stage.Scripts)
	return func(rawURL string) bool {
		host, urlPath := hostAndPath(rawURL)
		return !shared && host != "" && host == collector || path != nil && path.MatchString(urlPath)
	}
}

// hostAndPath takes a URL apart that need not be well-formed. The host is in
// lower case, without a port; the path is decoded where it can be.
func hostAndPath(rawURL string) (host, path string) {
	if u, err := url.Parse(rawURL); err == nil {
		return strings.ToLower(u.Hostname()), u.Path
	}
	rawURL, _, _ = strings.Cut(rawURL, "?")
	_, rest, ok := strings.Cut(rawURL, "://")
	if !ok {
		return "", rawURL
	}
	host, path = rest, "/"
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return strings.ToLower(host), path
}
