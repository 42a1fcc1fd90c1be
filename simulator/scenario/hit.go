package scenario

import (
	"net/url"
	"regexp"
)

// Hits returns a function that tells the pixel's own requests by their URL: they
// go to the stage's collector host, or their path matches Requests.Path on any
// host. A path that is no regular expression, which lint refuses, matches nothing.
func (p *Pixel) Hits() func(rawURL string) bool {
	path, err := regexp.Compile(p.Requests.Path)
	if err != nil || p.Requests.Path == "" {
		path = nil
	}
	return func(rawURL string) bool {
		u, err := url.Parse(rawURL)
		if err != nil {
			return false
		}
		return u.Hostname() == p.Stage.Collector || path != nil && path.MatchString(u.Path)
	}
}
