package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// progress shows how a run goes: a bar on a terminal, a line for each scenario
// elsewhere.
type progress struct {
	to  io.Writer
	bar *progressbar.ProgressBar
	tty bool
	// unwalked counts the scenarios that are not for the pixel: a line for each
	// would only alarm.
	unwalked int
}

func newProgress(to io.Writer) *progress {
	_, tty := terminal(to)
	return &progress{to: to, tty: tty}
}

func (p *progress) notify(e suite.Event) {
	switch {
	case p.tty:
		p.draw(e)
	case e.Phase != "":
		fmt.Fprintf(p.to, "starting the browser\n")
	case e.Ended != nil && e.Ended.Outcome == verdict.Unsupported && e.Ended.Milliseconds == 0:
		p.unwalked++
	case e.Ended != nil:
		fmt.Fprintf(p.to, "%d/%d %s: %s (%.1f s)\n", e.Done, e.Total, e.Scenario.ID, e.Ended.Outcome, e.Ended.Milliseconds/1000)
	}
}

func (p *progress) draw(e suite.Event) {
	if p.bar == nil {
		p.bar = progressbar.NewOptions(e.Total,
			progressbar.OptionSetWriter(p.to), progressbar.OptionClearOnFinish(), progressbar.OptionShowCount(),
			progressbar.OptionSetWidth(20), progressbar.OptionThrottle(50*time.Millisecond))
	}
	switch {
	case e.Phase != "":
		p.bar.Describe("starting the browser")
	case e.Ended != nil:
		_ = p.bar.Set(e.Done)
	default:
		p.bar.Describe(e.Scenario.ID + ": " + e.Step)
	}
}

// end removes the bar, or says what no line was for.
func (p *progress) end() {
	if p.unwalked > 0 {
		fmt.Fprintf(p.to, "%s not walked: not for this pixel\n", count(p.unwalked, "scenario"))
	}
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
