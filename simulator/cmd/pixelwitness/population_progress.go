package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/schollz/progressbar/v3"
)

// endings are the signals that end the program.
var endings = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}

// secondSignal returns what is closed when the program is told to end for the second
// time; the first is the context's matter, and a third ends it at once. Release it.
func secondSignal() (hurry <-chan struct{}, release func()) {
	told := make(chan os.Signal, len(endings))
	signal.Notify(told, endings...)
	done := make(chan struct{})
	stop := func() { signal.Stop(told) }
	return second(told, done, stop), func() { stop(); close(done) }
}

// second closes what it returns when something is told for the second time, after it has
// stopped that more is told.
func second(told <-chan os.Signal, done <-chan struct{}, stop func()) <-chan struct{} {
	hurry := make(chan struct{})
	go func() {
		for range 2 {
			select {
			case <-told:
			case <-done:
				return
			}
		}
		stop()
		close(hurry)
	}()
	return hurry
}

// crowdProgress shows how far a crowd has come: a bar on a terminal, a line for each
// tenth elsewhere.
type crowdProgress struct {
	to    io.Writer
	total int
	did   string // what is done with them, for the line of a tenth
	bar   *progressbar.ProgressBar
	lines chan int64
	ended chan struct{}
}

// newCrowdProgress shows how many of the total have been done: what they are, and what is
// done with them.
func newCrowdProgress(to io.Writer, total int, what, did string) *crowdProgress {
	p := &crowdProgress{to: to, total: total, did: did, lines: make(chan int64, 1), ended: make(chan struct{})}
	if _, tty := terminal(to); tty {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(to), progressbar.OptionClearOnFinish(), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
			progressbar.OptionSetItsString(what), progressbar.OptionSetDescription(did), progressbar.OptionSetWidth(20), progressbar.OptionThrottle(100*time.Millisecond))
	}
	go p.show()
	return p
}

// played may be called from any goroutine, and never waits.
func (p *crowdProgress) played(n int64) {
	select {
	case p.lines <- n:
	default: // the next will tell
	}
}

func (p *crowdProgress) show() {
	defer close(p.ended)
	tenth := int64(0)
	for n := range p.lines {
		if p.bar != nil {
			_ = p.bar.Set64(n)
		} else if now := 10 * n / int64(p.total); now > tenth && now < 10 {
			tenth = now
			fmt.Fprintf(p.to, "%d %% %s\n", 10*now, p.did)
		}
	}
}

// end removes the bar. Nothing may be told after it.
func (p *crowdProgress) end() {
	close(p.lines)
	<-p.ended
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
