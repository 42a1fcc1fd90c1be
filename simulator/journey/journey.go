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
	// Element is how long an action waits for each element that comes only after its
	// first click, such as one on a page that has still to load; Action when zero.
	Element time.Duration
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
		Element:    10 * time.Second,
		Leave:      20 * time.Second,
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
	// Now gives the real time; time.Now when nil.
	Now func() time.Time
	// Moved, when not nil, is told how far the journey's time has moved ahead of
	// the real one, each time that it moves.
	Moved func(offset time.Duration)
	// Kept returns everything that the collector keeps by now: its files and logs. It
	// is asked at the end of each step from the first on that the plan wants it for;
	// nil when nobody can tell.
	Kept func(ctx context.Context) ([]evidence.Kept, error)
	// Before has what the collector keeps, and its sessions, looked at before the first
	// step as well, where the plan wants them later: for a collector that was there before
	// the journey.
	Before bool
}

// Opener opens a person's browser and his way to the world. The first person's
// name is empty, another's a device of the scenario's vocabulary. Whoever gives
// an Opener disposes of what it opened.
type Opener func(ctx context.Context, device string) (Visitor, Wire, error)

// Walked is what a journey brings back.
type Walked struct {
	Evidence *evidence.Evidence
	// Pictures holds a PNG for each step, by the step's name.
	Pictures map[string][]byte
}

// Walk walks the plan's visitors through its journey, and leaves. What goes wrong
// with the page or the pixel is evidence, kept with the step; what goes wrong
// with the harness is kept as a fault. Nothing that was recorded is lost.
func Walk(ctx context.Context, plan *scenario.Plan, open Opener, o Options) Walked {
	if o.Timeouts == (Timeouts{}) {
		o.Timeouts = DefaultTimeouts()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	j := &walk{
		plan: plan, open: open, options: o,
		hit: plan.Pixel.Hits(), token: strings.ToLower(rand.Text()[:10]),
		evidence: &evidence.Evidence{},
		pictures: map[string][]byte{},
		records:  asked(plan),
		kept:     plan.ReadsKept(),
	}
	var err error
	if j.sessions, err = newSessions(plan); err != nil {
		j.fault(err)
		return Walked{Evidence: j.evidence, Pictures: j.pictures}
	}
	if plan.ReadsProfiles() {
		if j.profiles, err = NewProfiles(plan); err != nil {
			j.fault(err)
			return Walked{Evidence: j.evidence, Pictures: j.pictures}
		}
	}
	j.keptBefore(ctx)
	for i, step := range plan.Scenario.Journey {
		if o.Step != nil {
			o.Step(i, step)
		}
		if !j.step(ctx, i, step) {
			break
		}
	}
	for _, d := range j.devices {
		j.leave(ctx, d)
	}
	j.collect()
	return Walked{Evidence: j.evidence, Pictures: j.pictures}
}

type walk struct {
	plan     *scenario.Plan
	open     Opener
	options  Options
	hit      func(string) bool
	token    string
	fences   int
	began    time.Time
	offset   time.Duration // that the journey's days and waits have come to
	moved    time.Duration // how far the collector's clock is ahead
	devices  []*device
	records  []string  // that the scenario asks for
	profiles *Profiles // nil when it asks for none
	sessions *sessions // nil when it asks for none
	looked   bool      // at what was there before the journey
	kept     []string  // the steps that want all that the collector keeps
	keeping  bool      // one of them has come
	evidence *evidence.Evidence
	pictures map[string][]byte
}

// device is one person's browser, and how the world around it is.
type device struct {
	Visitor
	wire     Wire
	name     string
	tab      string
	offset   time.Duration // how far it has travelled
	opened   bool          // a page was opened in this visit
	deferred []string      // what the page has put off until its end

	collector        string
	scriptHeld       bool
	offline, pending bool            // pending: the last step ended at once
	frozen           map[string]bool // by tab
	silent           bool            // the pixel has failed to come once
}

// device returns the device of that name, opened if need be.
func (j *walk) device(ctx context.Context, name string) (*device, error) {
	for _, d := range j.devices {
		if d.name == name {
			return d, nil
		}
	}
	v, w, err := j.open(ctx, name)
	if err != nil {
		return nil, err
	}
	d := &device{Visitor: v, wire: w, name: name, frozen: map[string]bool{}}
	j.devices = append(j.devices, d)
	return d, nil
}

// step walks one step. It tells whether the journey can go on.
func (j *walk) step(ctx context.Context, index int, s scenario.Step) bool {
	name, tab := j.plan.Scenario.Place(index)
	d, err := j.device(ctx, name)
	if err != nil {
		j.fault(fmt.Errorf("step %s: open a visitor: %w", s.Name, err))
		return false
	}
	if err := j.remember(ctx, d); err != nil {
		j.fault(fmt.Errorf("step %s: before the journey: %w", s.Name, err))
		return false
	}
	if s.Day > 0 {
		j.close(ctx, d)
	}
	if j.began.IsZero() {
		j.began = j.options.Now()
	}
	d.wire.Begin(s.Name, j.began)
	d.Begin(s.Name, j.began)
	done := evidence.Step{
		Name: s.Name, Action: s.Action(), Conditions: s.Conditions(), Device: name, Tab: tab,
		Person: j.plan.Scenario.PersonAt(index), Began: j.options.Now().Sub(j.began),
	}
	var origin scenario.Origin
	done.From, origin = j.plan.Scenario.OriginAt(index)
	done.Address = origin.Address
	d.wire.Person(done.Person)
	d.wire.From(done.Address)
	err = j.prepare(ctx, d, s, tab)
	done.Clock, done.Acting = d.Clock().UTC(), j.options.Now().Sub(j.began)
	if err == nil {
		err = j.act(ctx, d, s, &done)
	}
	if err == nil {
		err = j.end(ctx, d, s, &done)
	}
	var element *ElementError
	switch {
	case errors.As(err, &element):
		done.Problem = element.Error()
		// The page is as it was: it can still be fenced and looked at.
		err = j.end(ctx, d, s, &done)
	case err != nil && ctx.Err() == nil:
		done.Problem = problemOf(err)
	}
	if err != nil {
		j.fault(fmt.Errorf("step %s: %w", s.Name, err))
	}
	done.Ended = j.options.Now().Sub(j.began)
	j.evidence.Steps = append(j.evidence.Steps, done)
	return err == nil
}

// awaitDeferred waits for what the page that was left had put off until its end.
func (j *walk) awaitDeferred(ctx context.Context, d *device) error {
	for _, url := range d.deferred {
		if err := d.wire.Await(ctx, func(r *evidence.Request) bool { return r.URL == url }); err != nil {
			return fmt.Errorf("await the request that the page deferred until its end, %s: %w", url, err)
		}
	}
	d.deferred = nil
	return nil
}

// rest goes through rounds of fences until the page has come to rest: until some
// rounds in a row have found no work, and brought no request. What one round
// lets through may send more, and a chain of requests is quiet between its links.
func (j *walk) rest(ctx context.Context, d *device) (Settled, error) {
	token := fmt.Sprintf("%s-%d", j.token, j.fences)
	j.fences++
	var last Settled
	var forward time.Duration
	for round, still := 0, 0; ; round++ {
		before := d.wire.Traffic()
		fence := fmt.Sprintf("%s-%d", token, round)
		settled, err := d.Settle(ctx, d.wire.FencePath(fence), j.options.Timeouts.RunForward)
		if err != nil {
			return last, err
		}
		last = settled
		if err := d.wire.AwaitFence(ctx, fence); err != nil {
			return settled, err
		}
		if err := d.wire.AwaitQuiet(ctx); err != nil {
			return settled, err
		}
		forward += settled.Forward
		if still++; settled.Busy || d.wire.Traffic() != before {
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

// look keeps what the browser holds at the step's end, and what the collector
// has recorded.
func (j *walk) look(ctx context.Context, d *device, done *evidence.Step, settled Settled) error {
	cookies, err := d.Cookies(ctx)
	if err != nil {
		return err
	}
	said, err := j.hear(ctx, d)
	if err != nil {
		return err
	}
	kept, err := j.readKept(ctx, done.Name, said.answers, d.wire.Record)
	if err != nil {
		return err
	}
	j.evidence.Snapshots = append(j.evidence.Snapshots, evidence.Snapshot{
		Step: done.Name, Cookies: cookies, Storage: settled.Storage,
		Records: said.records, Profiles: said.profiles, ProfilesRead: said.at,
		Session: said.session, Kept: kept,
	})
	if !j.options.Screenshots {
		return nil
	}
	picture, err := d.Screenshot(ctx)
	if err != nil {
		return fmt.Errorf("take a picture: %w", err)
	}
	if picture != nil { // a hidden tab shows nothing
		j.pictures[done.Name] = picture
	}
	return nil
}

// leave ends the visit: the page ends, so that what a pixel sends at the very
// end is sent, and the gateway drains. The world is well again, for all that was
// held back is to come now.
func (j *walk) leave(ctx context.Context, d *device) {
	ctx, cancel := context.WithTimeoutCause(ctx, j.options.Timeouts.Leave,
		fmt.Errorf("the visit did not end within %v", j.options.Timeouts.Leave))
	defer cancel()
	if err := j.depart(ctx, d); err != nil && len(j.evidence.Faults) == 0 {
		j.fault(fmt.Errorf("leave the site: %w", err))
	}
}

func (j *walk) depart(ctx context.Context, d *device) error {
	if d.scriptHeld {
		d.scriptHeld = false
		d.wire.Script(false)
	}
	if d.collector != "" {
		d.collector = ""
		d.wire.Collector(scenario.CollectorWell)
	}
	d.wire.Release()
	if d.offline {
		d.offline = false
		if err := d.Offline(ctx, false); err != nil {
			return err
		}
	}
	d.pending = false
	clear(d.frozen)
	if err := d.Leave(ctx, "https://"+j.plan.Pixel.Stage.Site+d.wire.BlankPath()); err != nil {
		return err
	}
	if err := j.awaitDeferred(ctx, d); err != nil {
		return err
	}
	_, err := j.rest(ctx, d)
	return err
}

func (j *walk) fault(err error) {
	j.evidence.Faults = append(j.evidence.Faults, err.Error())
}

// collect gathers what the gateways and the browsers recorded. Requests of
// several devices are numbered anew, in order of arrival.
func (j *walk) collect() {
	e := j.evidence
	e.Began = j.began.UTC()
	for _, d := range j.devices {
		e.Requests = append(e.Requests, d.wire.Requests()...)
		e.Messages = append(e.Messages, d.Messages()...)
		e.Writes = append(append(e.Writes, d.Writes()...), d.wire.Writes()...)
	}
	slices.SortStableFunc(e.Writes, func(a, b evidence.CookieWrite) int { return cmp.Compare(a.At, b.At) })
	if len(j.devices) < 2 {
		return
	}
	slices.SortStableFunc(e.Messages, func(a, b evidence.Message) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(e.Requests, func(a, b evidence.Request) int { return cmp.Compare(a.Arrived, b.Arrived) })
	for i := range e.Requests {
		e.Requests[i].Seq = i + 1
	}
}
