package browser

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// newPage returns a visitor with his page, in a browser that the test plays. The
// page has not begun yet; the clock of the journey counts from now.
func newPage(t *testing.T) (*remote, *Visitor, *realm) {
	t.Helper()
	r := newRemote(t, nil)
	b := &Browser{pipe: r.pipe, hook: hook{name: "_name", binding: "$binding"}}
	v := newVisitor(b, "CONTEXT")
	v.Begin("first", time.Now())
	page := &realm{visitor: v, target: "T", kind: "page", contexts: map[string]frameContext{}}
	page.session = r.pipe.attach(nil, "S1", page.handle)
	v.main, v.tabs[""], v.realms[page] = page, page, struct{}{}
	return r, v, page
}

func TestATargetIsPreparedBeforeItRuns(t *testing.T) {
	t.Parallel()
	for kind, hooked := range map[string]string{"page": "Page.addScriptToEvaluateOnNewDocument", "iframe": "Page.addScriptToEvaluateOnNewDocument", "worker": "Debugger.setInstrumentationBreakpoint"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := newRemote(t, nil)
			b := &Browser{pipe: r.pipe, hook: newHook(), identity: identity("156.0.1.2")}
			v := newVisitor(b, "CONTEXT")
			adopted := async(func() error {
				v.adopt(nil, target.EventAttachedToTarget{SessionID: "S1", WaitingForDebugger: true, TargetInfo: &target.Info{TargetID: "T", Type: kind}})
				return nil
			})
			var sent []string
			for len(sent) == 0 || sent[len(sent)-1] != "Runtime.runIfWaitingForDebugger" {
				c := r.next()
				sent = append(sent, c.Method)
				switch c.Method {
				case hooked:
					if kind != "worker" && !strings.Contains(string(c.Params), b.hook.name) {
						t.Errorf("the hook is not in %.80s…", c.Params)
					}
				case "Target.setAutoAttach":
					if !strings.Contains(string(c.Params), `"waitForDebuggerOnStart":true`) {
						t.Errorf("children are not held: %s", c.Params)
					}
				case "Emulation.setUserAgentOverride":
					if !strings.Contains(string(c.Params), "Chrome/156.0.0.0") {
						t.Errorf("the user agent is %s", c.Params)
					}
				}
			}
			<-adopted
			for _, needed := range []string{"Runtime.addBinding", hooked, "Emulation.setUserAgentOverride", "Runtime.enable", "Target.setAutoAttach"} {
				if !slices.Contains(sent, needed) {
					t.Errorf("%s was not sent: %q", needed, sent)
				}
			}
			if slices.Index(sent, "Runtime.addBinding") > slices.Index(sent, hooked) {
				t.Errorf("the hook goes before its binding: %q", sent)
			}
			if len(v.realms) != 1 {
				t.Errorf("the visitor knows %d targets", len(v.realms))
			}
		})
	}
}

// A worker's global object is there only when it halts before its first script.
func TestAWorkerTakesTheHookWhenItHalts(t *testing.T) {
	t.Parallel()
	r, v, worker := newPage(t)
	worker.kind, v.offset = "worker", time.Hour
	halted := async(func() error {
		r.say(`{"method":"Debugger.paused","sessionId":"S1","params":{"callFrames":[],"reason":"instrumentation"}}`)
		return nil
	})
	put, released := r.next(), r.next()
	<-halted
	if put.Method != "Runtime.evaluate" || !strings.Contains(string(put.Params), `const NAME=\"_name\"`) || !strings.Contains(string(put.Params), "OFFSET=3600000") {
		t.Errorf("sent %s %.120s…", put.Method, put.Params)
	}
	if released.Method != "Debugger.disable" {
		t.Errorf("sent %s", released.Method)
	}
}

func TestWhatThePageSaysIsNoted(t *testing.T) {
	t.Parallel()
	_, v, page := newPage(t)
	for _, event := range []struct{ method, params string }{
		{"Runtime.consoleAPICalled", `{"type":"log","args":[{"type":"string","value":"a \"text\""},{"type":"number","value":4,"description":"4"},
			{"type":"number","unserializableValue":"NaN"},{"type":"object","description":"Object"},{"type":"undefined"},{"type":"boolean","value":true}],
			"executionContextId":1,"timestamp":1,"stackTrace":{"callFrames":[{"functionName":"f","scriptId":"1","url":"https://a.test/x.js","lineNumber":2,"columnNumber":4}]}}`},
		{"Runtime.consoleAPICalled", `{"type":"warning","args":[],"executionContextId":1,"timestamp":1}`},
		{"Runtime.exceptionThrown", `{"timestamp":1,"exceptionDetails":{"exceptionId":1,"text":"Uncaught","lineNumber":0,"columnNumber":0,"url":"https://a.test/",
			"exception":{"type":"object","description":"Error: broken\n    at https://a.test/:1:1"}}}`},
		{"Runtime.exceptionThrown", `{"timestamp":1,"exceptionDetails":{"exceptionId":1,"text":"Uncaught (in promise)","lineNumber":0,"columnNumber":0}}`},
		{"Log.entryAdded", `{"entry":{"source":"network","level":"error","text":"Failed to load resource","timestamp":1,"url":"https://a.test/gone.js","lineNumber":0}}`},
		{"Log.entryAdded", `{"entry":{"source":"other","level":"verbose","text":"a detail","timestamp":1}}`},
		{"Runtime.bindingCalled", string(called("$binding", `{"failed":"img https://a.test/gone.gif","frame":"https://a.test/"}`))},
		{"Runtime.consoleAPICalled", `no JSON`},
		{"Some.other", `{}`},
	} {
		page.handle(event.method, jsonv2.Value(event.params))
	}
	want := []evidence.Message{
		{Step: "first", Level: "log", Text: `a "text" 4 NaN Object  true`, Source: "https://a.test/x.js:3:5"},
		{Step: "first", Level: "warning"},
		{Step: "first", Level: "exception", Text: "Error: broken\n    at https://a.test/:1:1", Source: "https://a.test/:1:1"},
		{Step: "first", Level: "exception", Text: "Uncaught (in promise)"},
		{Step: "first", Level: "error", Text: "Failed to load resource", Source: "https://a.test/gone.js:1:1"},
		{Step: "first", Level: "debug", Text: "a detail"},
		{Step: "first", Level: "error", Text: "did not load: img https://a.test/gone.gif", Source: "https://a.test/"},
	}
	if diff := cmp.Diff(want, v.Messages(), cmpopts.IgnoreFields(evidence.Message{}, "At")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// called is the event by which the hook reports.
func called(binding, payload string) jsonv2.Value {
	text, err := json.Marshal(map[string]any{"name": binding, "payload": payload, "executionContextId": 1})
	if err != nil {
		panic(err)
	}
	return text
}

func TestCookieWritesAreNotedAsAskedFor(t *testing.T) {
	t.Parallel()
	_, v, page := newPage(t)
	say := func(binding, payload string) { page.handle("Runtime.bindingCalled", called(binding, payload)) }
	const at = `"at":1772366400000,"frame":"https://a.test/"` // noon
	say("$binding", `{"by":"document.cookie","raw":"eid=42; Max-Age=3600; Path=/; Secure; SameSite=Lax",`+at+`}`)
	v.Begin("second", v.began)
	say("$binding", `{"by":"document.cookie","raw":"eid=; expires=Thu, 01 Jan 1970 00:00:00 GMT",`+at+`}`)
	say("$binding", `{"by":"document.cookie","raw":"day=1; expires=Mon, 02 Mar 2026 12:00:00 GMT",`+at+`}`)
	say("$binding", `{"by":"cookieStore","raw":"a=1",`+at+`,"extra":{"expires":null,"domain":"a.test","path":"/x","sameSite":"none"}}`)
	say("$binding", `{"by":"cookieStore","raw":"b=1",`+at+`,"extra":{"expires":1772366460000}}`)
	say("$binding", `{"by":"cookieStore","raw":"b=",`+at+`,"extra":{"expires":0}}`)
	say("$other", `{"by":"document.cookie","raw":"not=ours",`+at+`}`)
	say("$binding", `no JSON`)
	type brief struct {
		Step, By, Frame, Cookie, Life, Attributes string
	}
	var got []brief
	for _, w := range v.Writes() {
		life := w.Lifetime.String()
		switch {
		case w.Session:
			life = "session"
		case w.Deletes():
			life = "deletes"
		}
		attributes := strings.TrimSpace(strings.Join([]string{w.Domain, w.Path, w.SameSite}, " "))
		got = append(got, brief{w.Step, w.By, w.Frame, w.Name + "=" + w.Value, life, attributes})
	}
	want := []brief{
		{"first", "document.cookie", "https://a.test/", "eid=42", "1h0m0s", "/ Lax"},
		{"second", "document.cookie", "https://a.test/", "eid=", "deletes", ""},
		{"second", "document.cookie", "https://a.test/", "day=1", "24h0m0s", ""},
		{"second", "cookieStore", "https://a.test/", "a=1", "session", "a.test /x None"},
		{"second", "cookieStore", "https://a.test/", "b=1", "1m0s", ""},
		{"second", "cookieStore", "https://a.test/", "b=", "deletes", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A store that a script has reached for is read at each step's end from then on.
func TestTheStoresInUseAreKnown(t *testing.T) {
	t.Parallel()
	_, v, page := newPage(t)
	if got := v.kindsInUse(); len(got) > 0 {
		t.Errorf("before any: %q", got)
	}
	for _, kind := range []string{"indexedDB", "cache", "indexedDB"} {
		page.handle("Runtime.bindingCalled", called("$binding", `{"touched":"`+kind+`"}`))
	}
	if diff := cmp.Diff([]string{"indexedDB", "cache"}, v.kindsInUse()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	v.realms[&realm{visitor: v, kind: "service_worker"}] = struct{}{}
	if diff := cmp.Diff(stores, v.kindsInUse()); diff != "" {
		t.Errorf("with a service worker (-want +got):\n%s", diff)
	}
	if len(v.Writes()) > 0 {
		t.Errorf("noted as a write: %+v", v.Writes())
	}
}

func TestTheContextsOfFramesAreKnown(t *testing.T) {
	t.Parallel()
	_, _, page := newPage(t)
	created := func(id, unique, frame string, isDefault string) {
		page.handle("Runtime.executionContextCreated", jsonv2.Value(`{"context":{"id":`+id+`,"origin":"","name":"","uniqueId":"`+unique+
			`","auxData":{"isDefault":`+isDefault+`,"frameId":"`+frame+`"}}}`))
	}
	others := func(isMain bool) []int64 {
		var ids []int64
		for _, id := range page.others(isMain) {
			ids = append(ids, int64(id))
		}
		slices.Sort(ids)
		return ids
	}
	created("1", "u1", "T", "true")
	created("2", "u2", "frame", "true")
	created("3", "u3", "frame", "false") // an extension's, not the page's
	created("4", "u4", "other frame", "true")
	if diff := cmp.Diff([]int64{2, 4}, others(true)); diff != "" {
		t.Errorf("beside the page itself (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{1, 2, 4}, others(false)); diff != "" {
		t.Errorf("of another page (-want +got):\n%s", diff)
	}
	page.handle("Runtime.executionContextDestroyed", jsonv2.Value(`{"executionContextId":2,"executionContextUniqueId":"u2"}`))
	if diff := cmp.Diff([]int64{4}, others(true)); diff != "" {
		t.Errorf("after one has gone (-want +got):\n%s", diff)
	}
	page.handle("Runtime.executionContextsCleared", jsonv2.Value(`{}`))
	if got := others(false); len(got) > 0 {
		t.Errorf("after all have gone: %v", got)
	}
	for kind, want := range map[string]int{"worker": 1, "shared_worker": 1, "service_worker": 0} {
		if got := (&realm{kind: kind}).others(false); len(got) != want {
			t.Errorf("a %s has %d contexts to run", kind, len(got))
		}
	}
}

func TestADialogIsAccepted(t *testing.T) {
	t.Parallel()
	r, _, _ := newPage(t)
	said := async(func() error {
		r.say(`{"method":"Page.javascriptDialogOpening","sessionId":"S1","params":{"url":"","frameId":"F","message":"sure?","type":"confirm","hasBrowserHandler":false,"defaultPrompt":""}}`)
		return nil
	})
	if c := r.next(); c.Method != "Page.handleJavaScriptDialog" || !strings.Contains(string(c.Params), `"accept":true`) {
		t.Errorf("sent %s %s", c.Method, c.Params)
	}
	<-said
}

func TestAnExpressionsValueComesBack(t *testing.T) {
	t.Parallel()
	r, _, page := newPage(t)
	var got struct{ A int }
	evaluated := async(func() error { return page.evaluate(within(t), "f()", 7, &got) })
	c := r.next()
	for _, part := range []string{`"expression":"f()"`, `"contextId":7`, `"awaitPromise":true`, `"returnByValue":true`} {
		if !strings.Contains(string(c.Params), part) {
			t.Errorf("%s is not in %s", part, c.Params)
		}
	}
	r.answer(c, `{"result":{"type":"object","value":{"a":1}}}`)
	if err := <-evaluated; err != nil || got.A != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	failed := async(func() error { return page.evaluate(within(t), "f()", 0, &got) })
	r.answer(r.next(), `{"result":{"type":"object"},"exceptionDetails":{"exceptionId":1,"text":"Uncaught","lineNumber":0,"columnNumber":0,"exception":{"type":"object","description":"TypeError: f is not a function"}}}`)
	if err := <-failed; err == nil || err.Error() != "the page's script failed: TypeError: f is not a function" {
		t.Errorf("got %v", err)
	}
	nothing := async(func() error { return page.evaluate(within(t), "void 0", 0, &got) })
	r.answer(r.next(), `{"result":{"type":"undefined"}}`)
	if err := <-nothing; err != nil {
		t.Error(err)
	}
}

func TestAPageIsPreparedOnceAllIsTaken(t *testing.T) {
	t.Parallel()
	r, _, page := newPage(t)
	prepare := async(func() error {
		page.hook = page.session.send("Page.addScriptToEvaluateOnNewDocument", nil)
		page.ready = []*pending{page.session.send("Page.enable", nil)}
		return page.prepared(within(t))
	})
	hooked, enabled := r.next(), r.next()
	r.answer(hooked, `{"identifier":"9"}`)
	r.say(`{"id":%d,"sessionId":"S1","error":{"code":1,"message":"no"}}`, enabled.ID)
	if err := <-prepare; err == nil || page.script != "9" {
		t.Errorf("got %v, script %q", err, page.script)
	}
}

func TestACookieOfTheJarKeepsItsAttributes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		jar  network.Cookie
		want evidence.Cookie
	}{
		{network.Cookie{Name: "sid", Value: "1", Domain: ".a.test", Path: "/", Expires: -1, Session: true},
			evidence.Cookie{Name: "sid", Value: "1", Domain: ".a.test", Path: "/"}},
		{network.Cookie{Name: "eid", Expires: 1772366400.5, HTTPOnly: true, Secure: true, SameSite: "None", PartitionKey: &network.CookiePartitionKey{TopLevelSite: "https://shop.test"}},
			evidence.Cookie{Name: "eid", Expires: noon.Add(500 * time.Millisecond), HTTPOnly: true, Secure: true, SameSite: "None", Partition: "https://shop.test"}},
	} {
		if diff := cmp.Diff(test.want, cookie(&test.jar)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestItemsAreSortedAndListedOnce(t *testing.T) {
	t.Parallel()
	item := func(store, origin, name string) evidence.Item {
		return evidence.Item{Store: store, Origin: origin, Name: name}
	}
	items := []evidence.Item{item("s", "b", "1"), item("l", "b", "2"), item("l", "a", "9"), item("l", "b", "2"), item("l", "b", "1")}
	sortItems(&items)
	want := []evidence.Item{item("l", "a", "9"), item("l", "b", "1"), item("l", "b", "2"), item("s", "b", "1")}
	if diff := cmp.Diff(want, items); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAGoneTargetFailsItsCalls(t *testing.T) {
	t.Parallel()
	r, _, page := newPage(t)
	evaluated := async(func() error { return page.evaluate(within(t), "1", runtime.ExecutionContextID(0), nil) })
	r.next()
	r.say(`{"method":"Target.detachedFromTarget","params":{"sessionId":"S1"}}`)
	if err := <-evaluated; !errors.Is(err, errGone) {
		t.Errorf("got %v", err)
	}
}
