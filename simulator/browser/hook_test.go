package browser

import (
	_ "embed"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"modernc.org/quickjs"
)

//go:embed testdata/page.js
var pageSource string

// noon is the page's clock when it opens, without any offset.
var noon = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// scope is a page in which the hook runs before the page's own script.
type scope struct {
	t    *testing.T
	vm   *quickjs.VM
	hook hook
}

func newScope(t *testing.T, offset time.Duration) *scope {
	t.Helper()
	vm, err := quickjs.NewVM()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := vm.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &scope{t, vm, hook{name: "_name", binding: "$binding"}}
	s.run(pageSource)
	s.run("globalThis.$binding = (text) => { world.reports.push(world.parse(text)); }")
	s.run(s.hook.source(offset))
	return s
}

// run runs a script of the page, and what it makes ready.
func (s *scope) run(source string) any {
	s.t.Helper()
	value, err := s.vm.Eval(source, quickjs.EvalGlobal)
	if err != nil {
		s.t.Fatalf("%v in\n%s", err, source)
	}
	if _, err := s.vm.ExecutePendingJobs(); err != nil {
		s.t.Fatal(err)
	}
	return value
}

// await runs an expression of the driver's and returns what it resolves to.
func (s *scope) await(expression string) report {
	s.t.Helper()
	s.run("world.result = undefined; (" + expression + ").then((r) => { world.result = r; }, (e) => { world.failed = String(e) + e.stack; })")
	if failed := valueOf[*string](s, "world.failed"); failed != nil {
		s.t.Fatalf("%s failed: %s", expression, *failed)
	}
	return valueOf[report](s, "world.result")
}

// settle ends a step after running page time forward by the budget.
func (s *scope) settle(budget time.Duration) report {
	s.t.Helper()
	now := time.UnixMilli(valueOf[int64](s, "Date.now()"))
	return s.await(s.hook.settle("/fence/t", now.Add(budget), nil))
}

// valueOf is an expression's value.
func valueOf[T any](s *scope, expression string) T {
	s.t.Helper()
	var value T
	text, ok := s.run("world.stringify(" + expression + ") ?? 'null'").(string)
	if !ok {
		s.t.Fatalf("%s gives no text", expression)
	}
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		s.t.Fatal(err)
	}
	return value
}

func (s *scope) want(what, expression string, want ...string) {
	s.t.Helper()
	got := valueOf[[]string](s, expression)
	if len(want) == 0 && len(got) == 0 {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// clock lets the page note a word with its own time.
const clock = "var say = (word) => world.log.push(word + ' at ' + new Date().toISOString().slice(11, 19));"

func TestDeferredWorkIsRunForwardInOrder(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	s.run(clock + `
setTimeout(say, 60000, 'a minute');
setTimeout(say, 1000, 'a second');
setTimeout(() => { say('ten seconds'); setTimeout(say, 5000, 'five more'); }, 10000);
setTimeout(say, 60000, 'another minute');
setTimeout(say, 7200000, 'two hours');
setTimeout('say("a text")', 20000);
setTimeout(function (...args) { say(args.join('+') + (this === globalThis)); }, 30000, 1, 2);
Promise.resolve().then(() => setTimeout(say, 40000, 'later'));`)
	r := s.settle(5 * time.Minute)
	s.want("ran", "world.log",
		"a second at 12:00:01", "ten seconds at 12:00:10", "five more at 12:00:15", "a text at 12:00:20",
		"1+2true at 12:00:30", "later at 12:00:40", "a minute at 12:01:00", "another minute at 12:01:00")
	if r.Forward != 60000 || r.Fired != 8 || r.Page != "https://www.shop.test/page" {
		t.Errorf("the report is %+v", r)
	}
	if left := valueOf[int](s, "world.timers.size"); left != 1 {
		t.Errorf("%d timers are left, want that of two hours alone", left)
	}
	// What ran does not run again, and the clock stays where it is.
	if r := s.settle(30 * time.Second); r.Fired != 0 || r.Forward != 0 {
		t.Errorf("again: %+v", r)
	}
	if got := valueOf[string](s, "new Date().toISOString()"); got != "2026-03-01T12:01:00.000Z" {
		t.Errorf("the clock is at %s", got)
	}
}

func TestTheFenceComesAfterAllThatWasDeferred(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	s.run(`
setTimeout(() => fetch('/hit/1'), 1000);
let answered = false;
world.answer = (path) => { if (path === '/hit/1') setTimeout(() => fetch('/hit/2'), 1000); };
fetch = ((original) => (path) => original(path))(fetch); // as pages do that count their requests`)
	s.settle(time.Minute)
	fences := valueOf[[]string](s, "world.fences")
	if diff := cmp.Diff([]string{"/hit/1", "/hit/2"}, fences[:2]); diff != "" || fences[len(fences)-1] != "/fence/t" {
		t.Errorf("asked for %q", fences)
	}
}

// What an answer brings about, after the page's own timers have run, is waited for.
func TestATimerThatAnAnswerSetsIsRunToo(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	s.run(clock + `
setTimeout(say, 1000, 'first');
world.answer = (path) => { if (path === '/fence/t-0') setTimeout(say, 1000, 'upon the answer'); };`)
	s.settle(time.Minute)
	s.want("ran", "world.log", "first at 12:00:01", "upon the answer at 12:00:02")
}

// An answer that is being read has not come yet: what a page does when it has waited
// too long for it must not happen meanwhile.
func TestPageTimeStandsStillWhileAnAnswerIsRead(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	s.run(clock + `
world.json = () => new Promise((resolve) => { world.read = resolve; });
fetch('/setting').then((answer) => answer.json()).then((told) => { clearTimeout(over); say(told); });
const over = setTimeout(say, 60000, 'given up');`)
	s.run("world.result = undefined; (" + s.hook.settle("/fence/t", noon.Add(5*time.Minute), nil) + ").then((r) => { world.result = r; })")
	s.want("ran while it was read", "world.log")
	s.run("world.read('read')")
	s.want("ran", "world.log", "read at 12:00:00")
	if r := valueOf[*report](s, "world.result"); r == nil || r.Forward != 0 {
		t.Errorf("the report is %+v", r)
	}
}

// An answer that never comes is awaited for a while, once what the gateway has to answer
// is answered, and no more in that step.
func TestAnAnswerThatNeverComesIsGivenUp(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	s.run(clock + `
world.pending = (path) => path === '/never';
fetch('/never');
setTimeout(say, 60000, 'given up');`)
	settle := func(until time.Duration) {
		s.run("world.result = undefined; (" + s.hook.settle("/fence/t", noon.Add(until), nil) + ").then((r) => { world.result = r; })")
	}
	patience := func() {
		s.run("fire([...world.timers].find(([, timer]) => timer.delay >= 1000 && timer.delay < 60000)[0])")
	}
	settle(5 * time.Minute)
	s.want("asked for", "world.fences", "/never")
	patience()
	s.want("asked for, once the patience is over", "world.fences", "/never", "/fence/t-0")
	s.want("ran", "world.log")
	patience()
	if ran := valueOf[[]string](s, "world.log"); len(ran) != 1 {
		t.Errorf("ran: %q", ran)
	}
	if r := valueOf[*report](s, "world.result"); r == nil || r.Fired != 1 {
		t.Fatalf("the report is %+v", r)
	}
	settle(5 * time.Minute)
	if r := valueOf[*report](s, "world.result"); r == nil {
		t.Error("it is awaited again in the same step")
	}
	settle(6 * time.Minute)
	if r := valueOf[*report](s, "world.result"); r != nil {
		t.Error("it is not awaited in the next step")
	}
}

func TestADocumentTellsWhatItHasAskedFor(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	s.run("fetch('/hit?a=1#part'); navigator.sendBeacon('https://collect.vendor.test/hit', 'x')")
	for url, want := range map[string]bool{
		"https://www.shop.test/hit?a=1": true, "https://collect.vendor.test/hit": true, "https://www.shop.test/hit": false,
	} {
		if got := valueOf[bool](s, s.hook.sent(url)); got != want {
			t.Errorf("asked for %s: %t", url, got)
		}
	}
}

// What a page keeps in its tab is told where it holds something.
func TestWhatATabKeepsIsTold(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]string{
		"null": "", "undefined": "", "''": "", "{}": "", "[]": "",
		"{ id: 7 }": `{"id":7}`, "'id'": `"id"`, "0": "0", "new Map([['id', 7n]])": `[["id","7"]]`, "new Uint8Array([1, 2]).buffer": "[1,2]",
	} {
		s := newScope(t, 0)
		s.run("history.state = " + state + "; globalThis.name = 'id 7'")
		var got string
		named := false
		for _, item := range s.settle(0).Storage {
			switch item.Store {
			case "historyState":
				got = item.Value
				named = named || item.Name != "https://www.shop.test/page"
			case "windowName":
				named = named || item.Value != "id 7" || item.Name != "window.name"
			}
		}
		if got != want || named {
			t.Errorf("%s is told as %q, want %q (%t)", state, got, want, named)
		}
	}
	s := newScope(t, 0)
	s.run("history.state = { id: 7 }; globalThis.name = 'frame'; globalThis.top = {}")
	if r := s.settle(0); len(r.Storage) != 1 {
		t.Errorf("a frame tells of its page's tab: %+v", r.Storage)
	}
}

func TestARepeatingTimerIsRunForwardWithinBounds(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	s.run(clock + `
setInterval(say, 60000, 'tick');
let n = 0;
const id = setInterval(() => { say('twice'); if (++n === 2) clearInterval(id); }, 100000);`)
	s.settle(5 * time.Minute)
	s.want("ran", "world.log", "tick at 12:01:00", "twice at 12:01:40", "tick at 12:02:00", "tick at 12:03:00",
		"twice at 12:03:20", "tick at 12:04:00", "tick at 12:05:00")

	s = newScope(t, 0)
	s.run("let n = 0; setInterval(() => { n++; }, 0)")
	s.settle(5 * time.Minute)
	if n := valueOf[int](s, "n"); n != 1000 {
		t.Errorf("an interval without a pause ran %d times, want 1000", n)
	}
}

func TestATimerThatWasClearedOrFiredDoesNotRun(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	s.run(clock + `
const gone = setTimeout(say, 1000, 'cleared'); clearTimeout(gone); clearTimeout(undefined); clearTimeout('nonsense');
const again = setInterval(say, 1000, 'stopped'); clearInterval(String(again));
const first = setTimeout(say, 5000, 'fired');
const tick = setInterval(say, 60000, 'tick');
fire(first);
fire(tick);`)
	s.want("fired by themselves", "world.log", "fired at 12:00:05", "tick at 12:01:05")
	s.settle(90 * time.Second)
	s.want("ran", "world.log", "fired at 12:00:05", "tick at 12:01:05", "tick at 12:02:05")
}

func TestWorkThatThrowsHoldsUpNothing(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	s.run(clock + `setTimeout(() => { throw new Error('broken pixel'); }, 1000); setTimeout(say, 2000, 'after')`)
	s.settle(time.Minute)
	s.want("ran", "world.log", "after at 12:00:02")
	s.want("errors", "world.thrown", "Error: broken pixel")
}

func TestAnIdlePeriodComesAtOnce(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	s.run(clock + `
requestIdleCallback((deadline) => say('idle for ' + deadline.timeRemaining()));
cancelIdleCallback(requestIdleCallback(() => say('cancelled')));`)
	s.settle(0)
	if log := valueOf[[]string](s, "world.log"); len(log) == 0 || log[0] != "idle for 50 at 12:00:00" {
		t.Errorf("ran: %q", log)
	}
}

func TestThePagesClockIsMoved(t *testing.T) {
	t.Parallel()
	s := newScope(t, 3*24*time.Hour)
	for expression, want := range map[string]string{
		"new Date().toISOString()":                                   "2026-03-04T12:00:00.000Z",
		"new Date(Date.now()).toISOString()":                         "2026-03-04T12:00:00.000Z",
		"new Date(Date()).toISOString()":                             "2026-03-04T12:00:00.000Z",
		"new (new Date().constructor)().toISOString()":               "2026-03-04T12:00:00.000Z",
		"new (class extends Date {})().toISOString()":                "2026-03-04T12:00:00.000Z",
		"new Date(0).toISOString()":                                  "1970-01-01T00:00:00.000Z",
		"new Date(Date.UTC(2020, 1, 2)).toISOString()":               "2020-02-02T00:00:00.000Z",
		"new Date('2020-02-02').toISOString()":                       "2020-02-02T00:00:00.000Z",
		"String(new Date() instanceof Date)":                         "true",
		"String(class extends Date {}.now() === Date.now())":         "true",
		"String((new (class X extends Date {})()).constructor.name)": "X",
		"String(Date.length) + Date.name":                            "7Date",
		"String(performance.now())":                                  "5",
	} {
		if got := valueOf[string](s, expression); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
	s.run("setTimeout(() => {}, 10000)")
	s.settle(time.Minute)
	if got := valueOf[int](s, "performance.now()"); got != 10005 {
		t.Errorf("after ten seconds performance.now() is %d", got)
	}
}

// Time that passes runs what is due by then, and nothing else.
func TestTheClockIsBroughtForward(t *testing.T) {
	t.Parallel()
	s := newScope(t, time.Minute)
	s.run(clock + `
setTimeout(say, 600000, 'ten minutes');
setTimeout(say, 7200000, 'two hours');
setInterval(say, 1200000, 'tick');`)
	r := s.await(s.hook.travel(time.Hour+time.Minute, true))
	s.want("ran", "world.log", "ten minutes at 12:11:00", "tick at 12:21:00", "tick at 12:41:00", "tick at 13:01:00")
	if r.Offset != 3660000 || r.Fired != 4 || time.UnixMilli(int64(r.Next)).UTC() != noon.Add(81*time.Minute) {
		t.Errorf("the report is %+v", r)
	}
	if got := valueOf[string](s, "new Date().toISOString()"); got != "2026-03-01T13:01:00.000Z" {
		t.Errorf("the clock is at %s", got)
	}
	// It never goes back, and what a frozen page is told makes nothing run.
	s.run(s.hook.set(time.Minute))
	s.run(s.hook.set(2 * time.Hour))
	s.want("ran", "world.log.slice(4)")
	if got := valueOf[string](s, "new Date().toISOString()"); got != "2026-03-01T14:00:00.000Z" {
		t.Errorf("the clock is at %s", got)
	}
	// Ticks that were left out do not come later, one after another.
	if r := s.settle(0); r.Fired != 0 {
		t.Errorf("%d timers ran at once: %q", r.Fired, valueOf[[]string](s, "world.log"))
	}
}

// Bringing a frame up to the clock of others does not run its intervals on and on.
func TestAnIntervalIsNotRunAnewToBringItUp(t *testing.T) {
	t.Parallel()
	for anew, want := range map[bool]int{false: 1000, true: 2000} {
		s := newScope(t, 0)
		s.run("let n = 0; setInterval(() => { n++; }, 100)")
		s.settle(100 * time.Second)
		s.await(s.hook.travel(10*time.Minute, anew))
		if n := valueOf[int](s, "n"); n != want {
			t.Errorf("anew %t: it ran %d times, want %d", anew, n, want)
		}
	}
}

// Forward awaits nothing of the page's, asks for no fence and looks into no store.
func TestTimersAreRunWhileThePageIsLoading(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	s.run(clock + "document.readyState = 'loading'; setTimeout(say, 1000, 'retry')")
	r := s.await(s.hook.forward(noon.Add(time.Minute)))
	s.want("ran", "world.log", "retry at 12:00:01")
	s.want("asked for", "world.fences")
	if r.Fired != 1 || r.Forward != 1000 || len(r.Storage) > 0 {
		t.Errorf("the report is %+v", r)
	}
}

// Without a network there is no fence, but all else.
func TestAStepEndsWithoutAFence(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	s.run(clock + "setTimeout(say, 1000, 'work')")
	r := s.await(s.hook.settle("", noon.Add(time.Minute), nil))
	s.want("asked for", "world.fences")
	if r.Fired != 1 || len(r.Storage) != 1 {
		t.Errorf("the report is %+v", r)
	}
}

// A page out of the back/forward cache is told the clock by the name of a binding,
// before its own handlers, and sees no such name.
func TestARestoredPageIsToldTheClock(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	name := s.hook.clock(3 * time.Hour)
	s.run("globalThis[" + quoteJS(name) + "] = globalThis.$binding = () => {}; world.resume();")
	if got := valueOf[string](s, "new Date().toISOString()"); got != "2026-03-01T15:00:00.000Z" {
		t.Errorf("the clock is at %s", got)
	}
	s.want("strange globals", "Object.getOwnPropertyNames(globalThis).filter((n) => n.startsWith('$'))")
	s.run("globalThis[" + quoteJS(s.hook.clock(time.Hour)) + "] = () => {}; world.resume();")
	if got := valueOf[string](s, "new Date().toISOString()"); got != "2026-03-01T15:00:00.000Z" {
		t.Errorf("the clock went back to %s", got)
	}
}

func TestAFrozenPageCanBeLookedAt(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	s.run("world.looked = " + s.hook.look())
	if r := valueOf[report](s, "world.looked"); r.Page != "https://www.shop.test/page" || len(r.Storage) != 1 {
		t.Errorf("it shows %+v", r)
	}
}

func TestCookiesAreReportedAsAskedForAndKeptForTheSpan(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ written, kept string }{
		{"eid=1; Max-Age=60; Path=/", "eid=1; Max-Age=60; Path=/"},
		{"eid=1; Expires=Thu, 05 Mar 2026 12:00:00 GMT; Path=/", "eid=1; Expires=Mon, 02 Mar 2026 12:00:00 GMT; Path=/"},
		{"eid=1;expires = Thu, 05 Mar 2026 12:00:00 GMT", "eid=1;expires = Mon, 02 Mar 2026 12:00:00 GMT"},
		{"expires=never; path=/", "expires=never; path=/"},
		{"eid=1; expires=soon", "eid=1; expires=soon"},
		{"eid=; expires=Thu, 01 Jan 1970 00:00:00 GMT", "eid=; expires=Thu, 01 Jan 1970 00:00:00 GMT"},
		{"eid=; expires=Tue, 03 Mar 2026 12:00:00 GMT", "eid=; expires=Sat, 28 Feb 2026 12:00:00 GMT"}, // over already
	} {
		s := newScope(t, 3*24*time.Hour)
		s.run("document.cookie = " + quoteJS(test.written))
		s.want("kept of "+test.written, "world.jar", test.kept)
		type said struct {
			By, Raw, Frame string
			At             int64
		}
		want := []said{{"document.cookie", test.written, "https://www.shop.test/page", noon.Add(3 * 24 * time.Hour).UnixMilli()}}
		if diff := cmp.Diff(want, valueOf[[]said](s, "world.reports")); diff != "" {
			t.Errorf("reported (-want +got):\n%s", diff)
		}
	}
	s := newScope(t, 0)
	s.run("document.cookie = 'a=1; Expires=Thu, 05 Mar 2026 12:00:00 GMT'")
	s.want("without an offset", "world.jar", "a=1; Expires=Thu, 05 Mar 2026 12:00:00 GMT")
	if got := valueOf[string](s, "document.cookie"); got != "a=1" {
		t.Errorf("document.cookie reads %q", got)
	}
}

// Page time that was run forward counts like the offset that the page began with.
func TestACookieWrittenAfterRunningForwardIsKeptForTheSpan(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	s.run(`setTimeout(() => { document.cookie = 'a=1; expires=' + new Date(Date.now() + 60000).toUTCString(); }, 120000)`)
	s.settle(5 * time.Minute)
	s.want("kept", "world.jar", "a=1; expires=Sun, 01 Mar 2026 12:01:00 GMT")
}

func TestTheCookieStoreIsWatched(t *testing.T) {
	t.Parallel()
	s := newScope(t, 24*time.Hour)
	s.run(`
cookieStore.set('a', '1');
cookieStore.set({ name: 'b', value: '2', expires: Date.UTC(2026, 2, 3, 12), domain: 'shop.test', sameSite: 'none' });
cookieStore.delete('a');
cookieStore.delete({ name: 'b', path: '/x' });`)
	kept := valueOf[[]any](s, "world.jar")
	want := []any{
		[]any{"a", "1"},
		[]any{map[string]any{"name": "b", "value": "2", "expires": float64(noon.Add(24 * time.Hour).UnixMilli()), "domain": "shop.test", "sameSite": "none"}},
		[]any{"deleted", "a"},
		[]any{"deleted", map[string]any{"name": "b", "path": "/x"}},
	}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("asked of the browser (-want +got):\n%s", diff)
	}
	s.want("reported", "world.reports.map((r) => r.by + ' ' + r.raw + ' ' + JSON.stringify(r.extra))",
		`cookieStore a=1 {"expires":null}`,
		`cookieStore b=2 {"expires":1772539200000,"domain":"shop.test","sameSite":"none"}`,
		`cookieStore a= {"expires":0}`,
		`cookieStore b= {"expires":0,"path":"/x"}`)
}

// What a page does to its own globals does not reach the harness.
func TestAPageCannotStandInTheWay(t *testing.T) {
	t.Parallel()
	s := newScope(t, time.Hour)
	if got := valueOf[string](s, "typeof $binding"); got != "undefined" {
		t.Errorf("the page sees the binding as a %s", got)
	}
	s.run(`
let ran = 0;
setTimeout(() => { ran++; }, 1000);
setTimeout = fetch = MessageChannel = Date = JSON.stringify = undefined;
document.cookie = 'a=1; expires=Sun, 01 Mar 2026 15:00:00 GMT';`)
	s.want("kept", "world.jar", "a=1; expires=Sun, 01 Mar 2026 14:00:00 GMT")
	s.await(s.hook.settle("/fence/t", noon.Add(2*time.Hour), nil))
	s.want("asked for", "world.fences.slice(-1)", "/fence/t")
	if ran := valueOf[int](s, "ran"); ran != 1 {
		t.Errorf("the page's timer ran %d times", ran)
	}
}

func TestTheHookRunsOncePerScope(t *testing.T) {
	t.Parallel()
	s := newScope(t, time.Hour)
	s.run(s.hook.source(time.Hour))
	if got := valueOf[string](s, "new Date().toISOString()"); got != "2026-03-01T13:00:00.000Z" {
		t.Errorf("the clock was moved twice: %s", got)
	}
	s.run(s.hook.leave())
	if got := valueOf[int](s, "world.unloads"); got != 1 {
		t.Errorf("%d listeners for unload", got)
	}
}

func TestWhatThePageKeepsIsTold(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	r := s.settle(0)
	if len(r.Storage) != 1 || r.Storage[0].Store != "localStorage" || r.Storage[0].Origin != "https://www.shop.test" || r.Storage[0].Value != "v of k" {
		t.Errorf("told: %+v", r.Storage)
	}
}

// A frame or worker does its deferred work, and asks for no fence.
func TestAFrameRunsForwardWithoutAFence(t *testing.T) {
	t.Parallel()
	s := newScope(t, 0)
	s.run(clock + "setTimeout(say, 1000, 'framed')")
	r := s.await(s.hook.run(noon.Add(time.Minute), nil))
	s.want("ran", "world.log", "framed at 12:00:01")
	s.want("asked for", "world.fences")
	if r.Fired != 1 || r.Forward != 1000 {
		t.Errorf("told: %+v", r)
	}
}

func TestEachBrowsersHookHasNamesOfItsOwn(t *testing.T) {
	t.Parallel()
	a, b := newHook(), newHook()
	if a.name == b.name || a.binding == b.binding || !strings.HasPrefix(a.name, "_") || !strings.HasPrefix(a.binding, "$") {
		t.Errorf("the names are %+v and %+v", a, b)
	}
	if strings.Contains(strings.ToLower(a.name+a.binding), "pixelwitness") {
		t.Error("a name tells the page who is there")
	}
}

func quoteJS(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(quoted)
}
