package gateway

import (
	"net/http"
	"slices"
	"strings"
)

// consolePurpose is that of the collector's own pages.
const consolePurpose = "console"

// policyHeader is how a page says what it lets itself do.
const policyHeader = "Content-Security-Policy"

// letFence lets a page ask its own host for the fence, whatever its content security
// policy says otherwise. It is for the collector's own pages alone: what a pixel may do
// on a visited page is not the harness's to widen.
func letFence(header http.Header) {
	for i, value := range header[policyHeader] {
		policies := strings.Split(value, ",")
		for j := range policies {
			policies[j] = withOwnHost(policies[j])
		}
		header[policyHeader][i] = strings.Join(policies, ",")
	}
}

// withOwnHost is the policy with its own host among what a script may connect to.
func withOwnHost(policy string) string {
	directives := strings.Split(policy, ";")
	var fallback []string
	restricted := false
	for i, directive := range directives {
		words := strings.Fields(directive)
		if len(words) == 0 {
			continue
		}
		switch strings.ToLower(words[0]) {
		case "connect-src":
			directives[i] = " " + strings.Join(append([]string{words[0]}, andSelf(words[1:])...), " ")
			return strings.TrimSpace(strings.Join(directives, ";"))
		case "default-src":
			fallback, restricted = words[1:], true
		}
	}
	if !restricted {
		return policy
	}
	return strings.TrimRight(policy, "; ") + "; connect-src " + strings.Join(andSelf(fallback), " ")
}

// andSelf adds the page's own host to sources.
func andSelf(sources []string) []string {
	const own = "'self'"
	sources = slices.DeleteFunc(slices.Clone(sources), func(s string) bool { return strings.EqualFold(s, "'none'") })
	if slices.Contains(sources, own) || slices.Contains(sources, "*") {
		return sources
	}
	return append(sources, own)
}
