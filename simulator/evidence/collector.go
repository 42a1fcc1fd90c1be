package evidence

// Collector is the collector that a journey's hits went to, where it runs elsewhere.
type Collector struct {
	// URL is where it runs, without user name and password.
	URL string `json:"url"`
	// Clock is what time it goes by: [ClockSet], [ClockOfHits] or [ClockOwn].
	Clock string `json:"clock"`
	// Proxy tells whether it takes this machine's word for where a visitor comes from:
	// [ProxyTrusted] or [ProxyUntrusted]; empty where that was not tried or not seen.
	Proxy string `json:"proxy,omitempty"`
	// Kept lists the files and folders that were searched for what it keeps.
	Kept []string `json:"kept,omitempty"`
}

// What time a collector goes by: the journey's, to which its clock is set; that which
// the hits tell; or its own.
const (
	ClockSet    = "set"
	ClockOfHits = "hits"
	ClockOwn    = "own"
)

// Whether a collector believes what this machine says of a visitor's address.
const (
	ProxyTrusted   = "trusted"
	ProxyUntrusted = "untrusted"
)
