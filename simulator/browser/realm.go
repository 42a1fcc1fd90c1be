package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// realm is one target of a visitor: a page, an out-of-process frame or a worker.
type realm struct {
	visitor *Visitor
	session *session
	target  target.ID
	kind    string // as DevTools names it: "page", "iframe", "worker", …
	// contexts holds the JavaScript contexts of the frames within, by their
	// unique ID; the visitor's mutex guards it.
	contexts map[string]frameContext
	// hooked tells that a worker has its hook; the visitor's mutex guards it.
	hooked bool
	// hook and ready are the commands that prepare a page; see prepared.
	hook  *pending
	ready []*pending
}

// frameContext is the JavaScript context of one frame.
type frameContext struct {
	id   runtime.ExecutionContextID
	main bool // the target's own document
}

// adopt prepares a target that waits for us: what is sent here is carried out,
// in order, before its first script. No answer is awaited; a page's answers are
// kept in ready, because a page must not navigate before they are in: a new
// process would not know of them.
func (v *Visitor) adopt(parent *session, event target.EventAttachedToTarget) {
	r := &realm{visitor: v, target: event.TargetInfo.TargetID, kind: event.TargetInfo.Type, contexts: map[string]frameContext{}}
	r.session = v.browser.pipe.attach(parent, event.SessionID, r.handle)
	s, h := r.session, v.browser.hook
	r.ready = append(r.ready, send(s, runtime.AddBinding, runtime.AddBindingParams{Name: h.binding}))
	switch r.kind {
	case "page", "iframe":
		r.hook = send(s, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: h.source(v.offset), RunImmediately: new(true),
		})
		r.ready = append(r.ready, send(s, page.Enable, page.EnableParams{}))
	default:
		// The global object of a worker that waits is not built yet. The hook goes
		// in when the worker halts before its first script; see halted.
		send(s, debugger.Enable, debugger.EnableParams{})
		send(s, debugger.SetInstrumentationBreakpoint, debugger.SetInstrumentationBreakpointParams{
			Instrumentation: debugger.SetInstrumentationBreakpointInstrumentationBeforeScriptExecution,
		})
	}
	r.ready = append(r.ready,
		send(s, emulation.SetUserAgentOverride, v.browser.identity),
		send(s, runtime.Enable, cdp.Empty{}),
		send(s, log.Enable, cdp.Empty{}),
		send(s, target.SetAutoAttach, target.SetAutoAttachParams{
			AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: new(true),
			Filter: target.Filter{{Type: "iframe"}, {Type: "worker"}, {Exclude: true}},
		}))
	s.resume()
	v.mu.Lock()
	v.realms[r] = struct{}{}
	v.births++
	if r.kind == "worker" || r.kind == "shared_worker" {
		v.arrived++
	}
	v.mu.Unlock()
}

// halted puts the hook into a worker that has halted before a script, and lets it
// go on: without the debugger nothing halts it again. Until then nothing else may
// be evaluated in the worker: that would halt it before its global object is built.
func (r *realm) halted() {
	v := r.visitor
	send(r.session, runtime.Evaluate, runtime.EvaluateParams{
		Expression: v.browser.hook.source(v.offset), Silent: new(true), DisableBreaks: new(true),
	})
	send(r.session, debugger.Disable, cdp.Empty{})
	v.mu.Lock()
	r.hooked = true
	v.mu.Unlock()
}

// prepared waits until the page has taken everything that adopt sent.
func (r *realm) prepared(ctx context.Context) error {
	var added page.AddScriptToEvaluateOnNewDocumentResult
	if err := r.hook.wait(ctx, &added); err != nil {
		return err
	}
	r.visitor.script = added.Identifier
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
	case "Log.entryAdded":
		if event, err := decode[log.EventEntryAdded](params); err == nil && event.Entry != nil {
			e := event.Entry
			r.visitor.noteMessage(string(e.Level), e.Text, source(e.URL, e.LineNumber, 0))
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
	r.contexts[event.Context.UniqueID] = frameContext{id: event.Context.ID, main: about.FrameID == string(r.target)}
	r.visitor.mu.Unlock()
}

// noteReport records what the hook reports: a cookie write, that a script has
// reached for a store, or that something did not load.
func (v *Visitor) noteReport(payload string) {
	var said struct {
		Touched string `json:"touched"`
		Failed  string `json:"failed"`
		// Worker is the shared worker's URL and name, empty for a dedicated one.
		Worker    *string `json:"worker"`
		Dedicated bool    `json:"dedicated"`

		By    string  `json:"by"`
		Raw   string  `json:"raw"`
		At    float64 `json:"at"` // the page's clock, in milliseconds since 1970
		Frame string  `json:"frame"`
		Extra *struct {
			Expires  *float64 `json:"expires"`
			Domain   string   `json:"domain"`
			Path     string   `json:"path"`
			SameSite string   `json:"sameSite"`
		} `json:"extra"`
	}
	if json.Unmarshal([]byte(payload), &said) != nil {
		return
	}
	if said.Touched != "" {
		v.mu.Lock()
		v.touched[said.Touched] = true
		v.mu.Unlock()
		return
	}
	if said.Worker != nil {
		v.mu.Lock()
		if said.Dedicated || !v.shared[*said.Worker] {
			v.expected++
		}
		v.shared[*said.Worker] = true
		v.mu.Unlock()
		return
	}
	if said.Failed != "" {
		v.noteMessage("error", "did not load: "+said.Failed, said.Frame)
		return
	}
	w := evidence.ParseWrite(said.Raw, time.UnixMilli(int64(said.At)))
	w.By, w.Frame = said.By, said.Frame
	if x := said.Extra; x != nil {
		w.Domain, w.Path, w.SameSite, w.Secure = x.Domain, x.Path, sameSite[x.SameSite], true
		if x.Expires != nil {
			w.Session, w.Lifetime = false, milliseconds(*x.Expires-said.At)
		}
	}
	v.mu.Lock()
	w.Step, w.At = v.step, time.Since(v.began)
	v.writes = append(v.writes, w)
	v.mu.Unlock()
}

// sameSite is what a cookie store's words are elsewhere.
var sameSite = map[string]string{"strict": "Strict", "lax": "Lax", "none": "None"}

func (v *Visitor) noteMessage(level, text, source string) {
	switch level {
	case "warn":
		level = "warning"
	case "verbose":
		level = "debug"
	}
	v.mu.Lock()
	v.messages = append(v.messages, evidence.Message{
		Step: v.step, At: time.Since(v.began), Level: level, Text: text, Source: source,
	})
	v.mu.Unlock()
}

func exceptionText(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

func consoleText(args []*runtime.RemoteObject) string {
	text := ""
	for i, a := range args {
		if i > 0 {
			text += " "
		}
		var plain string
		switch {
		case a.Type == "string" && json.Unmarshal(a.Value, &plain) == nil:
			text += plain
		case a.Description != "":
			text += a.Description
		case a.UnserializableValue != "":
			text += string(a.UnserializableValue)
		default:
			text += string(a.Value)
		}
	}
	return text
}

func stackSource(stack *runtime.StackTrace) string {
	if stack == nil || len(stack.CallFrames) == 0 {
		return ""
	}
	f := stack.CallFrames[0]
	return source(f.URL, f.LineNumber, f.ColumnNumber)
}

// source is a script's place as people count, from 1.
func source(url string, line, column int64) string {
	if url == "" {
		return ""
	}
	return fmt.Sprintf("%s:%s:%s", url, strconv.FormatInt(line+1, 10), strconv.FormatInt(column+1, 10))
}
