package tracker

import "slices"

// transports lists the ways in which each tracker can send a hit, its default
// first.
var transports = map[string][]string{
	"antsomi":  {"image", "json", "beacon"},
	"mapp":     {"image", "beacon", "form"},
	"piwikpro": {"get", "beacon"},
}

// Transports returns the ways in which the vendor's tracker can send a hit, as
// the setting "transport" of a pixel names them, the default first; nil for an unknown vendor.
func Transports(vendor string) []string { return slices.Clone(transports[vendor]) }

// Redelivers tells whether a tracker learns, by that transport, that a hit was not
// taken, and sends it again. Nobody answers a beacon.
func Redelivers(transport string) bool { return transport != "beacon" }
