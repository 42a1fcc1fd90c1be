package suite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/check"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// maxAttempts is how often a visitor is walked when browsers keep dying.
const maxAttempts = 2

// Session is an open gateway and a running browser, in which plans are walked
// and judged. Its methods may be called concurrently.
type Session struct {
	options Options
	script  Script
	*engine
}

// tested is a browser with the preflight that is made in it.
type tested struct {
	journey.Browser
	proved    chan struct{} // closed when the preflight has ended
	preflight preflight     // valid after proved
}

// Visit is one walked and judged plan.
type Visit struct {
	Plan     *scenario.Plan
	Evidence *evidence.Evidence
	// Verdicts holds one verdict for each expectation that was judged.
	Verdicts []verdict.Verdict
	// Scenario tells how the journey went.
	Scenario verdict.Scenario

	judging time.Duration
}

// Open starts the gateway and the browser, and begins the preflight. Close ends
// them. A script that cannot be had is a *UsageError.
func Open(ctx context.Context, o Options) (*Session, error) {
	began := time.Now()
	script, err := o.script()
	if err != nil {
		return nil, &UsageError{err}
	}
	s := &Session{options: o, script: script, engine: &engine{}}
	if s.gateway, err = gateway.New(gateway.Options{}); err != nil {
		return nil, err
	}
	if s.browser, err = s.launch(ctx); err != nil {
		return nil, errors.Join(err, s.gateway.Close())
	}
	s.launched = time.Since(began)
	return s, nil
}

// launch starts a browser and begins its preflight.
func (s *Session) launch(ctx context.Context) (*tested, error) {
	b, err := s.options.Launch(ctx, s.gateway.SPKI())
	if err != nil {
		return nil, err
	}
	t := &tested{Browser: b, proved: make(chan struct{})}
	s.endings.Go(func() {
		defer close(t.proved)
		alive, stop := whileAlive(ctx, b)
		defer stop()
		t.preflight = probe(alive, s.gateway, b)
	})
	return t, nil
}

// errDied is the cause of whatever ends because the browser is gone.
var errDied = errors.New("the browser died")

// whileAlive derives a context that ends with the browser, so that nobody waits
// for what a dead one cannot do.
func whileAlive(ctx context.Context, b journey.Browser) (context.Context, context.CancelFunc) {
	alive, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-b.Lost():
			cancel(errDied)
		case <-alive.Done():
		}
	}()
	return alive, func() { cancel(nil) }
}

// Close ends the browser and the gateway.
func (s *Session) Close() error {
	s.settle()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.dead {
		_ = b.Close()
	}
	return errors.Join(s.browser.Close(), s.gateway.Close())
}

// settle waits for the preflight and for the visitors' ends.
func (s *Session) settle() { s.endings.Wait() }

// Visit walks a plan with a fresh visitor and judges what was seen. The verdicts
// await the preflight. Whatever goes wrong is in the visit; a cancelled context
// shows as a fault of the harness.
func (s *Session) Visit(ctx context.Context, plan *scenario.Plan) *Visit {
	began := time.Now()
	walked, browser, attempts := s.attempt(ctx, plan)
	e := walked.Evidence
	about := browser.preflight.about
	e.Browser.ThirdPartyCookies, e.Browser.Webdriver, e.Browser.Channels = about.ThirdPartyCookies, about.Webdriver, about.Channels
	if browser.preflight.err != nil {
		e.Faults = append(e.Faults, browser.preflight.err.Error())
	}
	if s.options.Redact {
		e = redact(plan, e)
	}
	v := judge(plan, e)
	v.Scenario.Attempts = attempts
	if err := s.keep(v, walked.Pictures); err != nil {
		s.note(nil, []string{err.Error()})
	}
	v.Scenario.Milliseconds = ms(time.Since(began))
	return v
}

// judge turns evidence into a visit with its verdicts.
func judge(plan *scenario.Plan, e *evidence.Evidence) *Visit {
	began := time.Now()
	v := &Visit{Plan: plan, Evidence: e, Verdicts: verdicts(plan, e, check.Judge), Scenario: describe(plan, e)}
	v.judging = time.Since(began)
	v.tally()
	return v
}

// verdicts judges evidence. A check that breaks is an error of the harness, and takes
// neither the evidence nor other visits with it.
func verdicts(plan *scenario.Plan, e *evidence.Evidence, judge func(*scenario.Plan, *evidence.Evidence) []verdict.Verdict) (found []verdict.Verdict) {
	defer func() {
		if problem := recover(); problem != nil {
			e.Faults = append(e.Faults, fmt.Sprintf("judging broke %s: %v\nhint: please report this, with the evidence file", brokenAt(), problem))
			found = judge(plan, e)
		}
	}()
	return judge(plan, e)
}

// brokenAt says where a panic that is being recovered came from: the first place that
// is not the runtime's.
func brokenAt() string {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	for frame, more := frames.Next(); more; frame, more = frames.Next() {
		if !strings.HasPrefix(frame.Function, "runtime.") {
			return fmt.Sprintf("in %s, line %d", frame.Function, frame.Line)
		}
	}
	return "at an unknown place"
}

// attempt walks a plan, and once more when the browser died under it. It returns
// the browser of the last walk, whose preflight has ended, and how many there were.
func (s *Session) attempt(ctx context.Context, plan *scenario.Plan) (journey.Walked, *tested, int) {
	for n := 1; ; n++ {
		browser := s.browserNow()
		walked := s.walk(ctx, plan, browser)
		walked.Evidence.Header = s.header(plan, walked.Evidence, n)
		<-browser.proved
		if len(plan.Unsupported) > 0 || ctx.Err() != nil {
			return walked, browser, n
		}
		walked.Evidence.Browser = browser.Describe()
		select {
		case <-browser.Lost():
		default:
			return walked, browser, n
		}
		walked.Evidence.Faults = append(walked.Evidence.Faults, errDied.Error())
		if n == maxAttempts {
			return walked, browser, n
		}
		s.keepLost(plan, walked.Evidence)
		s.note([]string{fmt.Sprintf("the browser died during %s; the visitor was run once more on a new browser", plan.Scenario.ID)}, nil)
		if err := s.replace(ctx, browser); err != nil {
			walked.Evidence.Faults = append(walked.Evidence.Faults, err.Error())
			return walked, browser, n
		}
	}
}

// walk walks a plan with a fresh visitor. An unsupported plan is not walked.
func (s *Session) walk(ctx context.Context, plan *scenario.Plan, browser journey.Browser) journey.Walked {
	broken := func(err error) journey.Walked {
		return journey.Walked{Evidence: &evidence.Evidence{Faults: []string{err.Error()}}}
	}
	if len(plan.Unsupported) > 0 {
		return journey.Walked{Evidence: &evidence.Evidence{}}
	}
	asked := ctx
	ctx, stop := whileAlive(ctx, browser)
	defer stop()
	p, err := s.party(plan, browser)
	if err != nil {
		return broken(err)
	}
	clock := s.options.clock(ctx)
	walked := journey.Walk(ctx, plan, p.open, journey.Options{
		Timeouts:    s.options.Timeouts,
		Screenshots: s.options.Screenshots && s.options.Folder != "",
		Step: func(_ int, step scenario.Step) {
			s.notify(Event{Scenario: plan.Scenario, Step: step.Name})
		},
		Moved: func(span time.Duration) { p.move(span); clock.move(span) },
		Kept:  p.kept, Before: s.options.Elsewhere != nil,
	})
	walked.Evidence.Faults = append(walked.Evidence.Faults, clock.end()...)
	p.count()
	s.endings.Go(func() { s.dispose(asked, p) })
	return walked
}

// dispose drops a party's visitors in the background. A request that still comes
// then is in nobody's evidence, so it is reported as an error of the run.
func (s *Session) dispose(ctx context.Context, p *party) {
	for _, m := range p.members {
		<-m.visitor.Dispose()
		for _, late := range m.wire.Requests()[m.judged:] {
			if ctx.Err() != nil {
				break // the visit was broken off, and nothing of it is judged
			}
			if s.options.Redact { // nobody has looked yet for what is personal in it
				late.URL, _, _ = strings.Cut(late.URL, "?")
			}
			s.note(nil, []string{fmt.Sprintf("a request left the browser after the visit of %s had ended, and was not judged: %s %s", p.plan.Scenario.ID, late.Method, late.URL)})
		}
		_ = m.wire.Close()
	}
	if err := p.close(); err != nil {
		s.note(nil, []string{fmt.Sprintf("close the collector of %s: %v", p.plan.Scenario.ID, err)})
	}
}

func (s *Session) header(plan *scenario.Plan, e *evidence.Evidence, attempt int) evidence.Header {
	h := e.Header
	h.Schema = evidence.Schema
	h.Tool = s.options.Tool.Name + " " + s.options.Tool.Version
	h.Scenario, h.ScenarioDigest = plan.Scenario.ID, plan.Scenario.Digest
	h.Pixel, h.PixelDigest = plan.Pixel.Name, plan.Pixel.Digest
	h.Script, h.ScriptSHA256 = s.script.Name, s.script.digest()
	h.Visitor, h.Salt = plan.Scenario.ID, plan.Salt
	h.Readings = plan.Pixel.Readings
	h.Attempt = attempt
	h.Collector = s.options.met
	return h
}

func (s *Session) browserNow() *tested {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.browser
}

// replace puts a new browser in the place of one that died, unless another
// visitor has done so already.
func (s *Session) replace(ctx context.Context, dead *tested) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.browser != dead {
		return nil
	}
	fresh, err := s.launch(ctx)
	if err != nil {
		return fmt.Errorf("start another browser: %w", err)
	}
	s.dead = append(s.dead, dead) // its visitors still end; Close waits for them
	s.browser = fresh
	return nil
}

func (s *Session) note(warnings, errs []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warnings = append(s.warnings, warnings...)
	s.errors = append(s.errors, errs...)
}

// notify hands an event on, one at a time.
func (s *Session) notify(e Event) {
	if s.options.Notify == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Notify(e)
}

// Unwalked judges a plan that cannot be walked, because the pixel lacks a
// feature that it requires: every verdict is unsupported.
func Unwalked(plan *scenario.Plan) *Visit { return judge(plan, &evidence.Evidence{}) }

// Errors lists what broke in the harness apart from any visit; it is complete
// once the session is closed.
func (s *Session) Errors() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.errors)
}
