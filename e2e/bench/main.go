// Command bench measures journeys per second and where their time goes, beside
// the same journey driven by playwright-core in the same browser, interleaved in
// one run. Compare within one run only: absolute figures are the machine's.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/tracker"
	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func main() {
	journeys := flag.Int("journeys", 24, "journeys a round")
	rounds := flag.Int("rounds", 5, "rounds at each parallelism")
	parallel := flag.String("parallel", "1,2,4,8", "how many journeys at once, separated by commas")
	kind := flag.String("browser", "shell", "shell or full")
	playwright := flag.String("playwright", "", "a folder in which playwright-core is installed; none: only ours")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := bench(ctx, *journeys, *rounds, *parallel, browser.Kind(*kind), *playwright); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, journeys, rounds int, parallel string, kind browser.Kind, playwright string) error {
	path, err := browser.Find("", kind)
	if err != nil {
		return err
	}
	o, closing, err := options(path)
	if err != nil {
		return err
	}
	defer closing()
	ours, err := newOurs(ctx, o)
	if err != nil {
		return err
	}
	defer ours.close()
	fmt.Printf("browser %s, cold start to the first verdict %.0f ms\n\n", path, ours.firstVerdict.Seconds()*1000)
	contenders := []contender{ours}
	if playwright != "" {
		theirs, err := newTheirs(ctx, playwright, path, o)
		if err != nil {
			return err
		}
		defer theirs.close()
		contenders = append(contenders, theirs)
	}
	for text := range strings.SplitSeq(parallel, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		if err := compare(ctx, contenders, n, journeys, rounds); err != nil {
			return err
		}
	}
	return nil
}

// contender is one way to drive the journey.
type contender interface {
	name() string
	// round drives the journeys, so many at once, and says how long it took.
	round(ctx context.Context, parallel, journeys int) (time.Duration, error)
	// cpu is the processor time spent so far, by the harness and by the browser.
	cpu() (harness, browser time.Duration)
}

// compare runs the contenders in turn and prints medians.
func compare(ctx context.Context, contenders []contender, parallel, journeys, rounds int) error {
	speeds := make([][]float64, len(contenders))
	harness := make([]time.Duration, len(contenders))
	inside := make([]time.Duration, len(contenders))
	elapsed := make([]time.Duration, len(contenders))
	for range rounds {
		for i, c := range contenders {
			h0, b0 := c.cpu()
			took, err := c.round(ctx, parallel, journeys)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name(), err)
			}
			h1, b1 := c.cpu()
			speeds[i] = append(speeds[i], float64(journeys)/took.Seconds())
			harness[i] += h1 - h0
			inside[i] += b1 - b0
			elapsed[i] += took
		}
	}
	total := time.Duration(journeys * rounds)
	fmt.Printf("parallel %d, %d rounds of %d journeys\n", parallel, rounds, journeys)
	for i, c := range contenders {
		busy := float64(harness[i]+inside[i]) / float64(elapsed[i]) / 2
		fmt.Printf("  %-12s %5.2f journeys/s (%.2f to %.2f)  CPU a journey: browser %4d ms, harness %3d ms (%2.0f %% of the browser's)  2 cores busy %3.0f %%\n",
			c.name(), median(speeds[i]), slices.Min(speeds[i]), slices.Max(speeds[i]),
			(inside[i] / total).Milliseconds(), (harness[i] / total).Milliseconds(),
			100*float64(harness[i])/float64(inside[i]), 100*busy)
	}
	if len(contenders) == 2 {
		var ratios []float64
		for r := range speeds[0] {
			ratios = append(ratios, speeds[0][r]/speeds[1][r])
		}
		fmt.Printf("  ratio        %5.2f (%.2f to %.2f)\n", median(ratios), slices.Min(ratios), slices.Max(ratios))
	}
	return nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// options are those of a run of the reference, without pictures.
func options(path string) (suite.Options, func(), error) {
	lib, err := scenario.Load(scenarios.FS, "scenarios")
	if err != nil {
		return suite.Options{}, nil, err
	}
	c, err := collector.New(collector.Options{})
	if err != nil {
		return suite.Options{}, nil, err
	}
	return suite.Options{
		Library: lib, Pixel: lib.Pixel("mapp"), Collector: suite.Fixed(c.Handler()),
		Launch: browser.Launcher(browser.Options{Path: path}),
		Reference: func(name string) (suite.Script, error) {
			s, err := tracker.Bundle(name, tracker.Options{})
			return suite.Script{Name: s.Name, Source: s.Source}, err
		},
		Selectors: []string{"mapp.opt-out"},
		Tool:      verdict.Tool{Name: "bench"},
	}, func() { _ = c.Close() }, nil
}

// ours is pixelwitness itself.
type ours struct {
	session      *suite.Session
	plan         *scenario.Plan
	browser      int // process ID
	firstVerdict time.Duration
}

func newOurs(ctx context.Context, o suite.Options) (*ours, error) {
	began := time.Now()
	plans, err := suite.Plan(o)
	if err != nil {
		return nil, err
	}
	u := &ours{plan: plans[0]}
	launch := o.Launch
	o.Launch = func(ctx context.Context, spki string) (journey.Browser, error) {
		b, err := launch(ctx, spki)
		if b, ok := b.(*browser.Browser); ok {
			u.browser = b.Pid()
		}
		return b, err
	}
	if u.session, err = suite.Open(ctx, o); err != nil {
		return nil, err
	}
	err = u.journey(ctx)
	u.firstVerdict = time.Since(began)
	return u, err
}

func (*ours) name() string { return "pixelwitness" }

func (u *ours) close() { _ = u.session.Close() }

func (u *ours) journey(ctx context.Context) error {
	visit := u.session.Visit(ctx, u.plan)
	if visit.Scenario.Outcome != verdict.Pass {
		return fmt.Errorf("the journey did not pass: %s %v", visit.Scenario.Outcome, visit.Evidence.Faults)
	}
	return nil
}

func (u *ours) round(ctx context.Context, parallel, journeys int) (time.Duration, error) {
	began := time.Now()
	var left atomic.Int64
	left.Store(int64(journeys))
	var walking sync.WaitGroup
	failures := make(chan error, journeys)
	for range parallel {
		walking.Go(func() {
			for left.Add(-1) >= 0 {
				if err := u.journey(ctx); err != nil {
					failures <- err
				}
			}
		})
	}
	walking.Wait()
	took := time.Since(began)
	select {
	case err := <-failures:
		return took, err
	default:
		return took, nil
	}
}

func (u *ours) cpu() (time.Duration, time.Duration) {
	return cpuOf(os.Getpid()), cpuOfTree(u.browser)
}

// theirs is playwright-core, in a process of its own.
type theirs struct {
	node    *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
	gateway *gateway.Gateway
}

func newTheirs(ctx context.Context, folder, path string, o suite.Options) (*theirs, error) {
	gw, err := gateway.New(gateway.Options{})
	if err != nil {
		return nil, err
	}
	plans, err := suite.Plan(o)
	if err != nil {
		return nil, err
	}
	stage, err := suite.Stage(plans[0], o)
	if err != nil {
		return nil, err
	}
	wire, err := gw.Visitor(stage)
	if err != nil {
		return nil, err
	}
	t := &theirs{gateway: gw, node: exec.CommandContext(ctx, "node", "e2e/bench/playwright.mjs", folder, path, "http://"+wire.Address())}
	t.node.Stderr = os.Stderr
	if t.in, err = t.node.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := t.node.StdoutPipe()
	if err != nil {
		return nil, err
	}
	t.out = bufio.NewScanner(out)
	if err := t.node.Start(); err != nil {
		return nil, err
	}
	_, err = t.round(ctx, 1, 1) // warm up
	return t, err
}

func (*theirs) name() string { return "playwright" }

func (t *theirs) close() {
	_ = t.in.Close()
	_ = t.node.Wait()
	_ = t.gateway.Close()
}

func (t *theirs) round(_ context.Context, parallel, journeys int) (time.Duration, error) {
	if _, err := fmt.Fprintf(t.in, "%d %d\n", parallel, journeys); err != nil {
		return 0, err
	}
	if !t.out.Scan() {
		return 0, fmt.Errorf("playwright ended: %v", t.out.Err())
	}
	var said struct{ Seconds float64 }
	err := json.Unmarshal(t.out.Bytes(), &said)
	return time.Duration(said.Seconds * float64(time.Second)), err
}

func (t *theirs) cpu() (time.Duration, time.Duration) {
	node := cpuOf(t.node.Process.Pid)
	return node, cpuOfTree(t.node.Process.Pid) - node
}
