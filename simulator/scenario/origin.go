package scenario

import (
	"net/netip"
	"slices"
)

// Origin is a place from which a visitor comes: the address that his requests have,
// and where in the world that is.
type Origin struct {
	// Address is an IPv4 or IPv6 address, out of a range that is kept for
	// documentation (RFC 5737, RFC 3849).
	Address string `yaml:"address" json:"address"`
	// Country and City are where the address is, in English, as the collector's
	// geographical data has it; what is left out cannot be expected.
	Country string `yaml:"country,omitempty" json:"country,omitempty"`
	City    string `yaml:"city,omitempty" json:"city,omitempty"`
}

// documentation lists the ranges of addresses that belong to nobody.
var documentation = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/32"),
}

func (s *source) checkOrigins(origins map[string]Origin) {
	first := map[netip.Addr]string{}
	for _, name := range sortedKeys(origins) {
		s.checkKey("config.origins", "an origin", name)
		text := origins[name].Address
		if text == "" {
			continue
		}
		at := "config.origins." + name + ".address"
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			s.reject(at, "such as 192.0.2.10 or 2001:db8::10", "%s is no address", shown(text))
			continue
		}
		if !slices.ContainsFunc(documentation, func(p netip.Prefix) bool { return p.Contains(address) }) {
			s.reject(at, "one of 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 or 2001:db8::/32, which belong to nobody",
				"%s is not an address for documentation", shown(text))
		}
		if other, twice := first[address]; twice {
			s.reject(at, "", "the origins %s and %s have the same address", shown(other), shown(name))
		}
		first[address] = name
	}
}

// OriginAt returns the origin from which the device of the step at the index sends,
// and its name; the name is "" where no step so far has said one for that device.
func (sc *Scenario) OriginAt(index int) (name string, origin Origin) {
	device, _ := sc.Place(index)
	for i := min(index, len(sc.Journey)-1); i >= 0; i-- {
		if other, _ := sc.Place(i); other != device || sc.Journey[i].From == "" {
			continue
		}
		origin, ok := sc.Config.Origins[sc.Journey[i].From]
		if !ok {
			return "", Origin{}
		}
		return sc.Journey[i].From, origin
	}
	return "", Origin{}
}

// checkFrom wants a step's origin to be one of the config's.
func (s *source) checkFrom(sc *Scenario, step Step, path string) {
	if step.From == "" {
		return
	}
	if _, ok := sc.Config.Origins[step.From]; !ok {
		hint := suggest(step.From, sortedKeys(sc.Config.Origins))
		if hint == "" {
			hint = "give it under config, origins"
		}
		s.reject(join(path, "from"), hint, "unknown origin %s", shown(step.From))
	}
}
