package gateway

import (
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
)

// The purposes that conditions of the wire apply to; see evidence.Request.
const (
	collectorPurpose = "collector"
	scriptPurpose    = "script"
	sinkPurpose      = "sink"
	settingsPurpose  = "settings"
	// unreachablePurpose is that of a connection which did not come about.
	unreachablePurpose = "unreachable"
)

// Host answers one host of the stage.
type Host struct {
	// Purpose is what requests to the host are recorded as: "page", "script",
	// "collector", "settings", "console"; see evidence.Request. A slow or failing collector is all
	// requests recorded as "collector", a held script all recorded as "script".
	Purpose string
	// ByPath, when not nil, says it for each path of a host that serves several
	// purposes at once, such as a site that is its own collector. "" stands for
	// Purpose.
	ByPath  func(path string) string
	Handler http.Handler
}

// Stage maps host names (without port, in lower case) to what answers them.
// Every other host is answered by the sink.
type Stage map[string]Host

// find returns who answers a path of the host, which may have a port, and what
// the request is recorded as.
func (s Stage) find(host, path string) (http.Handler, string) {
	if h, ok := s[hostname(host)]; ok {
		return h.Handler, h.purpose(path)
	}
	return http.HandlerFunc(Sink), sinkPurpose
}

func (h Host) purpose(path string) string {
	if h.ByPath != nil {
		if purpose := h.ByPath(path); purpose != "" {
			return purpose
		}
	}
	return h.Purpose
}

// isCollector tells whether the host is a collector's and nobody else's.
func (s Stage) isCollector(host string) bool {
	h, ok := s[hostname(host)]
	return ok && h.Purpose == collectorPurpose && h.ByPath == nil
}

// collector returns the name of the host whose collector answers the path, and
// what answers there.
func (s Stage) collector(path string) (string, http.Handler) {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if s[name].purpose(path) == collectorPurpose {
			return name, s[name].Handler
		}
	}
	return "", nil
}

// hostname is the host in lower case, without a port.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(host)
}
