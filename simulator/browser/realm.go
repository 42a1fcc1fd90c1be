package browser

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
)

// realm is one target of a visitor: a page, an out-of-process frame or a worker.
type realm struct {
	visitor *Visitor
	session *session
	parent  *realm // which it was attached through; nil for a page and a shared worker
	target  target.ID
	kind    string // as DevTools names it: "page", "iframe", "worker", …
	// contexts holds the JavaScript contexts of the frames within, by their
	// unique ID; the visitor's mutex guards it.
	contexts map[string]frameContext
	// hooked tells that a worker has its hook; the visitor's mutex guards it.
	hooked bool
	// hidden and frozen tell how a page's tab is, landing awaits the document that
	// a walk through the history leads to; the visitor's mutex guards them.
	hidden, frozen bool
	showAgain      bool // once it is resumed
	landing        chan landing
	// leaving is closed when a navigation that the page has begun has ended; nil
	// where none is under way.
	leaving chan struct{}
	// hook and ready are the commands that prepare a page; see prepared. script is
	// what hook answered, start the clock that it gives to new documents.
	hook   *pending
	ready  []*pending
	script page.ScriptIdentifier
	start  time.Duration
}

// frameContext is the JavaScript context of one frame.
type frameContext struct {
	id     runtime.ExecutionContextID
	main   bool // the target's own document
	origin string
}

// root is the page to which a frame or worker belongs.
func (r *realm) root() *realm {
	for r.parent != nil {
		r = r.parent
	}
	return r
}

// isFrozen tells whether nothing runs here. The visitor's mutex is held.
func (r *realm) isFrozen() bool { return r.root().frozen }

// isHidden tells whether the tab is hidden.
func (r *realm) isHidden() bool {
	r.visitor.mu.Lock()
	defer r.visitor.mu.Unlock()
	return r.hidden
}

// adopt prepares a target that waits for us: what is sent here is carried out,
// in order, before its first script. No answer is awaited; a page's answers are
// kept in ready, because a page must not navigate before they are in: a new
// process would not know of them.
func (v *Visitor) adopt(parent *session, event target.EventAttachedToTarget) {
	r := &realm{visitor: v, target: event.TargetInfo.TargetID, kind: event.TargetInfo.Type, contexts: map[string]frameContext{}}
	r.session = v.browser.pipe.attach(parent, event.SessionID, r.handle)
	v.mu.Lock()
	for p := range v.realms {
		if parent != nil && p.session == parent {
			r.parent = p
		}
	}
	offline := v.offline
	r.start = v.offset
	v.mu.Unlock()
	s, h := r.session, v.browser.hook
	r.ready = append(r.ready, send(s, runtime.AddBinding, runtime.AddBindingParams{Name: h.binding}))
	switch {
	case r.kind == "page", r.kind == "iframe":
		r.hook = send(s, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: h.source(r.start), RunImmediately: new(true),
		})
		r.ready = append(r.ready, send(s, page.Enable, page.EnableParams{}))
	case event.WaitingForDebugger:
		r.halt()
	default:
		// It comes back out of the back/forward cache with its page, hook and all.
		// The hook, told again, only takes its binding out of the page's sight.
		r.hooked = true
		r.send(h.source(r.start), 0)
	}
	if offline {
		cutOff(r, true)
		tellNetwork(r, true)
	}
	r.ready = append(r.ready,
		send(s, emulation.SetUserAgentOverride, v.browser.identity),
		send(s, runtime.Enable, cdp.Empty{}),
		send(s, log.Enable, cdp.Empty{}),
		send(s, target.SetAutoAttach, attachToChildren))
	s.resume()
	v.mu.Lock()
	v.realms[r] = struct{}{}
	v.births++
	if event.WaitingForDebugger && (r.kind == "worker" || r.kind == "shared_worker") {
		v.arrived++
	}
	v.mu.Unlock()
}

// attachToChildren shows a target's frames and workers, before they run.
var attachToChildren = target.SetAutoAttachParams{
	AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: new(true),
	Filter: target.Filter{{Type: "iframe"}, {Type: "worker"}, {Exclude: true}},
}

// halt makes a worker that waits halt before its first script: until then its global
// object is not built, and the hook cannot go in; see halted.
func (r *realm) halt() {
	send(r.session, debugger.Enable, debugger.EnableParams{})
	send(r.session, debugger.SetInstrumentationBreakpoint, debugger.SetInstrumentationBreakpointParams{
		Instrumentation: debugger.SetInstrumentationBreakpointInstrumentationBeforeScriptExecution,
	})
}

// asleep notes that a service worker was stopped; woken prepares it again, as it
// starts anew and waits for us once more.
func (r *realm) asleep() {
	r.visitor.mu.Lock()
	r.hooked = r.hooked && r.kind != "service_worker"
	r.visitor.mu.Unlock()
}

func (r *realm) woken() {
	if r.kind == "service_worker" {
		r.halt()
		r.session.resume()
	}
}

// halted puts the hook into a worker that has halted before a script, and lets it
// go on: without the debugger nothing halts it again. Until then nothing else may
// be evaluated in the worker: that would halt it before its global object is built.
func (r *realm) halted() {
	v := r.visitor
	send(r.session, runtime.Evaluate, runtime.EvaluateParams{
		Expression: v.browser.hook.source(v.ahead()), Silent: new(true), DisableBreaks: new(true),
	})
	send(r.session, debugger.Disable, cdp.Empty{})
	v.mu.Lock()
	r.hooked = true
	v.mu.Unlock()
}

// prepared waits until the page has taken everything that adopt sent.
func (r *realm) prepared(ctx context.Context) error {
	if err := r.takeScript(ctx); err != nil {
		return err
	}
	for _, p := range r.ready {
		if err := p.wait(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// resume lets a target run that was paused for us.
func (s *session) resume() { send(s, runtime.RunIfWaitingForDebugger, cdp.Empty{}) }

// others returns the contexts in which deferred work may wait, other than the
// page's own document. Zero stands for a worker's only context. The visitor's
// mutex is held.
func (r *realm) others(isPage bool) []runtime.ExecutionContextID {
	if r.kind != "page" && r.kind != "iframe" {
		if r.kind == "service_worker" {
			return nil // it may be asleep, and its timers with it
		}
		return []runtime.ExecutionContextID{0}
	}
	var ids []runtime.ExecutionContextID
	for _, c := range r.contexts {
		if !c.main || !isPage {
			ids = append(ids, c.id)
		}
	}
	return ids
}

// send sends an expression for evaluation; value awaits its result.
func (r *realm) send(expression string, id runtime.ExecutionContextID) *pending {
	return send(r.session, runtime.Evaluate, evaluateParams(expression, id))
}

// evaluate evaluates an expression, awaits its promise and decodes its value.
func (r *realm) evaluate(ctx context.Context, expression string, id runtime.ExecutionContextID, result any) error {
	return value(ctx, r.send(expression, id), result)
}

// value awaits the result of an evaluation and decodes it; result may be nil.
func value(ctx context.Context, p *pending, result any) error {
	var out runtime.EvaluateResult
	if err := p.wait(ctx, &out); err != nil {
		return err
	}
	if out.ExceptionDetails != nil {
		return errors.New("the page's script failed: " + exceptionText(out.ExceptionDetails))
	}
	if result == nil || out.Result == nil || len(out.Result.Value) == 0 {
		return nil
	}
	return json.Unmarshal(out.Result.Value, result)
}

// handle takes the events of the target, in order.
func (r *realm) handle(method string, params jsonv2.Value) {
	switch method {
	case "Runtime.executionContextCreated":
		r.contextCreated(params)
	case "Runtime.executionContextDestroyed":
		if event, err := decode[runtime.EventExecutionContextDestroyed](params); err == nil {
			r.visitor.mu.Lock()
			delete(r.contexts, event.ExecutionContextUniqueID)
			r.visitor.mu.Unlock()
		}
	case "Runtime.executionContextsCleared":
		r.visitor.mu.Lock()
		clear(r.contexts)
		r.visitor.mu.Unlock()
	case "Runtime.bindingCalled":
		if event, err := decode[runtime.EventBindingCalled](params); err == nil && event.Name == r.visitor.browser.hook.binding {
			r.visitor.noteReport(event.Payload)
		}
	case "Runtime.consoleAPICalled":
		if event, err := decode[runtime.EventConsoleAPICalled](params); err == nil {
			r.visitor.noteMessage(string(event.Type), consoleText(event.Args), stackSource(event.StackTrace))
		}
	case "Runtime.exceptionThrown":
		if event, err := decode[runtime.EventExceptionThrown](params); err == nil && event.ExceptionDetails != nil {
			d := event.ExceptionDetails
			r.visitor.noteMessage("exception", exceptionText(d), source(d.URL, d.LineNumber, d.ColumnNumber))
		}
	case "Debugger.paused":
		r.halted()
	case "Inspector.targetCrashed":
		r.asleep()
	case "Inspector.targetReloadedAfterCrash":
		r.woken()
	case "Log.entryAdded":
		if event, err := decode[log.EventEntryAdded](params); err == nil && event.Entry != nil {
			e := event.Entry
			r.visitor.noteMessage(string(e.Level), e.Text, source(e.URL, e.LineNumber, 0))
		}
	case "Page.frameRequestedNavigation":
		if event, err := decode[page.EventFrameRequestedNavigation](params); err == nil && string(event.FrameID) == string(r.target) && event.Disposition == page.ClientNavigationDispositionCurrentTab {
			r.leaves()
		}
	case "Page.frameStoppedLoading":
		if event, err := decode[page.EventFrameStoppedLoading](params); err == nil && string(event.FrameID) == string(r.target) {
			r.stays()
		}
	case "Page.frameNavigated":
		if event, err := decode[page.EventFrameNavigated](params); err == nil && event.Frame != nil && event.Frame.ParentID == "" {
			r.stays()
			r.land(landing{restored: event.Type == page.NavigationTypeBackForwardCacheRestore, unreachable: event.Frame.UnreachableURL})
		}
	case "Page.navigatedWithinDocument":
		if event, err := decode[page.EventNavigatedWithinDocument](params); err == nil && string(event.FrameID) == string(r.target) {
			r.land(landing{})
		}
	case "Page.javascriptDialogOpening":
		send(r.session, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
	}
}

func (r *realm) contextCreated(params jsonv2.Value) {
	event, err := decode[runtime.EventExecutionContextCreated](params)
	if err != nil || event.Context == nil {
		return
	}
	var about struct {
		IsDefault bool   `json:"isDefault"`
		FrameID   string `json:"frameId"`
	}
	if json.Unmarshal(event.Context.AuxData, &about) != nil || !about.IsDefault {
		return
	}
	r.visitor.mu.Lock()
	r.visitor.births++
	r.contexts[event.Context.UniqueID] = frameContext{id: event.Context.ID, main: about.FrameID == string(r.target), origin: event.Context.Origin}
	r.visitor.visited(r, event.Context.Origin)
	r.visitor.mu.Unlock()
}
