package journey

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// Timeouts bounds everything that a journey waits for. Each wait is for a
// condition; a bound is only reached when something is wrong.
type Timeouts struct {
	// Pixel is how long a step that opens a page waits for a request of the
	// pixel.
	Pixel time.Duration
	// PixelAgain is the same for later steps, once the pixel has failed to come.
	PixelAgain time.Duration
	// Action bounds opening a page or clicking, Fence the end of a step.
	Action time.Duration
	Fence  time.Duration
	// Leave bounds the end of the visit.
	Leave time.Duration
	// RunForward is how far page time is run forward at each step's end, so
	// that a request that the pixel defers is made to happen now.
	RunForward time.Duration
}

// DefaultTimeouts suits a loaded machine with two cores.
func DefaultTimeouts() Timeouts {
	return Timeouts{
		Pixel:      10 * time.Second,
		PixelAgain: time.Second,
		Action:     20 * time.Second,
		Fence:      20 * time.Second,
		Leave:      5 * time.Second,
		RunForward: 5 * time.Minute,
	}
}

// Options says how a journey is walked.
type Options struct {
	// Timeouts bounds the waits; DefaultTimeouts when zero.
	Timeouts Timeouts
	// Screenshots asks for a picture at the end of each step.
	Screenshots bool
	// Step, when not nil, is told of every step before it begins.
	Step func(index int, step scenario.Step)
}

// Walked is what a journey brings back.
type Walked struct {
	Evidence *evidence.Evidence
	// Pictures holds a PNG for each step, by the step's name.
	Pictures map[string][]byte
}

// Walk walks the visitor through the plan's journey and leaves. What goes wrong
// with the page or the pixel is evidence, kept with the step; what goes wrong
// with the harness is kept as a fault. Nothing that was recorded is lost.
func Walk(ctx context.Context, plan *scenario.Plan, v Visitor, w Wire, o Options) Walked {
	if o.Timeouts == (Timeouts{}) {
		o.Timeouts = DefaultTimeouts()
	}
	j := &walk{
		plan: plan, visitor: v, wire: w, options: o,
		hit: plan.Pixel.Hits(), token: strings.ToLower(rand.Text()[:10]),
		evidence: &evidence.Evidence{},
		pictures: map[string][]byte{},
	}
	for i, step := range plan.Scenario.Journey {
		if o.Step != nil {
			o.Step(i, step)
		}
		if !j.step(ctx, i, step) {
			break
		}
	}
	j.leave(ctx)
	j.collect()
	return Walked{Evidence: j.evidence, Pictures: j.pictures}
}

type walk struct {
	plan     *scenario.Plan
	visitor  Visitor
	wire     Wire
	options  Options
	hit      func(string) bool
	token    string
	silent   bool     // the pixel has failed to come once
	deferred []string // what the page has put off until its end
	evidence *evidence.Evidence
	pictures map[string][]byte
}

// step walks one step. It tells whether the journey can go on.
func (j *walk) step(ctx context.Context, index int, s scenario.Step) bool {
	j.wire.Begin(s.Name)
	began := j.wire.Began()
	j.visitor.Begin(s.Name, began)
	done := evidence.Step{Name: s.Name, Action: action(s), Began: time.Since(began)}
	err := j.act(ctx, s, &done)
	if err == nil {
		err = j.settle(ctx, index, &done)
	}
	var element *ElementError
	switch {
	case errors.As(err, &element):
		done.Problem = element.Error()
		// The page is as it was: it can still be fenced and looked at.
		err = j.settle(ctx, index, &done)
	case err != nil && ctx.Err() == nil:
		done.Problem = err.Error()
	}
	if err != nil {
		j.fault(fmt.Errorf("step %s: %w", s.Name, err))
	}
	done.Ended = time.Since(began)
	j.evidence.Steps = append(j.evidence.Steps, done)
	return err == nil
}

// act does what the step says, and after opening a page awaits the pixel.
func (j *walk) act(ctx context.Context, s scenario.Step, done *evidence.Step) error {
	if err := j.move(ctx, s); err != nil || s.Do != "" {
		return err
	}
	done.Awaited = true
	seen, err := j.awaitPixel(ctx)
	done.Seen = seen
	return err
}

// move opens the step's page, or clicks.
func (j *walk) move(ctx context.Context, s scenario.Step) error {
	ctx, cancel := context.WithTimeoutCause(ctx, j.options.Timeouts.Action,
		fmt.Errorf("nothing happened within %v", j.options.Timeouts.Action))
	defer cancel()
	if s.Do != "" {
		return j.visitor.Click(ctx, j.plan.Pixel.Actions[s.Do].Click)
	}
	return j.visitor.Open(ctx, j.page(s.Open))
}

// page is the URL of a page of the pixel's site.
func (j *walk) page(name string) string {
	return "https://" + j.plan.Pixel.Stage.Site + j.plan.Pixel.Pages[name]
}

// awaitPixel waits for a request of the pixel in this step. That none comes is
// no error: the step's evidence says so.
func (j *walk) awaitPixel(ctx context.Context) (bool, error) {
	patience := j.options.Timeouts.Pixel
	if j.silent {
		patience = j.options.Timeouts.PixelAgain
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := j.wire.Await(waiting, func(r *evidence.Request) bool { return r.Method != "OPTIONS" && j.hit(r.URL) })
	switch {
	case err == nil:
		return true, nil
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		j.silent = true
		return false, nil
	}
	return false, err
}

// awaitDeferred waits for what the page that was left had put off until its end.
func (j *walk) awaitDeferred(ctx context.Context) error {
	for _, url := range j.deferred {
		if err := j.wire.Await(ctx, func(r *evidence.Request) bool { return r.URL == url }); err != nil {
			return fmt.Errorf("await the request that the page deferred until its end, %s: %w", url, err)
		}
	}
	j.deferred = nil
	return nil
}

// settle ends the step with its fence and looks at what the browser keeps. A page
// that does not come to rest is no fault of the harness: the step is not fenced,
// and nothing counts as absent from it.
func (j *walk) settle(ctx context.Context, index int, done *evidence.Step) error {
	restless := fmt.Errorf("the page did not come to rest within %v", j.options.Timeouts.Fence)
	waiting, cancel := context.WithTimeoutCause(ctx, j.options.Timeouts.Fence, restless)
	defer cancel()
	settled, err := j.rest(waiting, fmt.Sprintf("%s-%d", j.token, index))
	done.Page, done.RunForward = settled.Page, settled.Forward
	j.deferred = settled.Deferred
	switch {
	case err == nil:
		// What is missing from a step with a worker whose timers cannot be run
		// forward proves nothing.
		done.Fenced = settled.Unwatched == 0
	case ctx.Err() == nil && errors.Is(err, restless) && settled.Page != "":
		done.Problem = restless.Error()
	default:
		return err
	}
	looking, stop := context.WithTimeoutCause(ctx, j.options.Timeouts.Action,
		fmt.Errorf("nothing happened within %v", j.options.Timeouts.Action))
	defer stop()
	return j.look(looking, done, settled)
}

// rest goes through rounds of fences until the page has come to rest: until some
// rounds in a row have found no work, and brought no request. What one round
// lets through may send more, and a chain of requests is quiet between its links.
func (j *walk) rest(ctx context.Context, token string) (Settled, error) {
	var last Settled
	var forward time.Duration
	for round, still := 0, 0; ; round++ {
		before := j.wire.Traffic()
		fence := fmt.Sprintf("%s-%d", token, round)
		settled, err := j.visitor.Settle(ctx, j.wire.FencePath(fence), j.options.Timeouts.RunForward)
		if err != nil {
			return last, err
		}
		last = settled
		if err := j.wire.AwaitFence(ctx, fence); err != nil {
			return settled, err
		}
		if err := j.wire.AwaitQuiet(ctx); err != nil {
			return settled, err
		}
		forward += settled.Forward
		if still++; settled.Busy || j.wire.Traffic() != before {
			still = 0
		}
		// Frames and workers have threads of their own, which no fence of the
		// page's follows.
		if still > 1 && (settled.Others == 0 || still > 3) {
			settled.Forward = forward
			return settled, nil
		}
	}
}

// look keeps what the browser holds at the step's end.
func (j *walk) look(ctx context.Context, done *evidence.Step, settled Settled) error {
	cookies, err := j.visitor.Cookies(ctx)
	if err != nil {
		return err
	}
	j.evidence.Snapshots = append(j.evidence.Snapshots, evidence.Snapshot{
		Step: done.Name, Cookies: cookies, Storage: settled.Storage,
	})
	if !j.options.Screenshots {
		return nil
	}
	picture, err := j.visitor.Screenshot(ctx)
	if err != nil {
		return fmt.Errorf("take a picture: %w", err)
	}
	j.pictures[done.Name] = picture
	return nil
}

// leave ends the visit: the page ends, so that what a pixel sends at the very
// end is sent, and the gateway drains.
func (j *walk) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeoutCause(ctx, j.options.Timeouts.Leave,
		fmt.Errorf("the visit did not end within %v", j.options.Timeouts.Leave))
	defer cancel()
	token := j.token + "-leave"
	err := j.visitor.Leave(ctx, "https://"+j.plan.Pixel.Stage.Site+j.wire.BlankPath())
	if err == nil {
		err = j.awaitDeferred(ctx)
	}
	if err == nil {
		_, err = j.rest(ctx, token)
	}
	if err != nil && len(j.evidence.Faults) == 0 {
		j.fault(fmt.Errorf("leave the site: %w", err))
	}
}

func (j *walk) fault(err error) {
	j.evidence.Faults = append(j.evidence.Faults, err.Error())
}

// collect gathers what the gateway and the browser recorded.
func (j *walk) collect() {
	e := j.evidence
	e.Began = j.wire.Began().UTC()
	e.Requests = j.wire.Requests()
	e.Messages = j.visitor.Messages()
	e.Writes = append(j.visitor.Writes(), j.wire.Writes()...)
	slices.SortStableFunc(e.Writes, func(a, b evidence.CookieWrite) int { return cmp.Compare(a.At, b.At) })
}

func action(s scenario.Step) string {
	if s.Do != "" {
		return "do " + s.Do
	}
	return "open " + s.Open
}
