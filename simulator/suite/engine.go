package suite

import (
	"sync"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/gateway"
)

// engine is what sessions can share: the gateway and the browser, and what is
// noted of them.
type engine struct {
	gateway *gateway.Gateway

	launched time.Duration

	endings sync.WaitGroup // preflights and the visitors' ends

	mu       sync.Mutex
	browser  *tested
	dead     []*tested // browsers that died, and were replaced
	warnings []string
	errors   []string
}

// With returns a session that walks under other options in the same gateway and
// browser, so that many trackers or collectors are tried for the price of one
// browser. Of the options, Library and Launch must be those of the first session;
// that one is closed, and its errors are those of all. A script that cannot be had
// is a *UsageError.
func (s *Session) With(o Options) (*Session, error) {
	script, err := o.script()
	if err != nil {
		return nil, &UsageError{err}
	}
	return &Session{options: o, script: script, engine: s.engine}, nil
}
