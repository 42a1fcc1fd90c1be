package browser_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/browser"
)

func init() {
	liveTests["back and forward"] = backAndForward
	liveTests["a restored page has the visitor's clock"] = aRestoredPageHasTheClock
	liveTests["a restored page is run forward with its frames and workers"] = aRestoredPageIsRunForward
	liveTests["a second tab"] = aSecondTab
	liveTests["a tab hidden and shown"] = aTabHiddenAndShown
	liveTests["a tab frozen and resumed"] = aTabFrozenAndResumed
	liveTests["a frozen tab beside another"] = aFrozenTabBesideAnother
	liveTests["offline and online"] = offlineAndOnline
	liveTests["what begins offline is offline"] = whatBeginsOffline
	liveTests["forward while an answer is held"] = forwardWhileHeld
	liveTests["leaving in any state"] = leavingInAnyState
}

// watching notes the events of a page's life, in a log.
const watching = saying + `
const log = [];
for (const kind of ['pageshow', 'pagehide', 'online', 'offline']) addEventListener(kind, (e) => log.push(kind + (e.persisted ? ' persisted' : '') + (e.isTrusted ? '' : ' untrusted')));
for (const kind of ['visibilitychange', 'freeze', 'resume']) document.addEventListener(kind, (e) => log.push(kind + ' ' + document.visibilityState + (e.isTrusted ? '' : ' untrusted')));
const globals = Object.getOwnPropertyNames(globalThis).filter((n) => n.startsWith('$'));
`

func backAndForward(w *walker) {
	w.world.pages["/a"] = page(watching+"let n = 0; addEventListener('pageshow', () => say('a', { log, value: ++n }))", "")
	w.world.pages["/b"] = page(saying+"addEventListener('pageshow', () => say('b'))", "")
	if _, err := w.Go(w.ctx, -1); err == nil || !strings.Contains(err.Error(), "the tab's history has no page at -1") {
		w.Errorf("from the very first page: %v", err)
	}
	w.open("/a?1")
	w.open("/b")
	restored, err := w.Go(w.ctx, -1)
	w.must(err)
	w.world.awaitMany(w, "/a", 3) // the page itself counts as one
	if s := w.settle(); s.Page != site+"/a?1" {
		w.Errorf("the page is %s", s.Page)
	}
	if want := w.kind == browser.Full; restored != want {
		w.Errorf("restored is %t, want %t", restored, want)
	}
	var told said
	told = lastOf(w, "/a")
	if restored {
		w.want("the page's life", told.Log, "pageshow", "pagehide persisted", "visibilitychange hidden", "freeze hidden",
			"resume hidden", "visibilitychange visible", "pageshow persisted")
	}
	_, err = w.Go(w.ctx, 1)
	w.must(err)
	if s := w.settle(); s.Page != site+"/b" {
		w.Errorf("the page is %s", s.Page)
	}
	if _, err := w.Go(w.ctx, 1); err == nil {
		w.Error("there is a page after the last")
	}
}

// lastOf is what the last request for the path said.
func lastOf(w *walker, path string) said {
	w.Helper()
	var s said
	w.ask(path, &s)
	return s
}

func aRestoredPageHasTheClock(w *walker) {
	w.world.pages["/a"] = page(watching+`
		addEventListener('pageshow', () => say('clock/pageshow', { text: Object.getOwnPropertyNames(globalThis).filter((n) => n.startsWith('$')).join() }));
		document.addEventListener('resume', () => say('clock/resume'));
		addEventListener('resume', () => say('clock/early'), true);
		addEventListener('load', () => setTimeout(() => say('clock/timer'), 3000000));`, "")
	w.world.pages["/b"] = page(saying+`addEventListener('pageshow', () => say('b/clock', { text: Object.getOwnPropertyNames(globalThis).filter((n) => n.startsWith('$')).join() }))`, "")
	w.open("/a")
	began := w.Clock()
	w.open("/b")
	w.must(w.Travel(w.ctx, 2*time.Hour))
	if sent := w.world.sent("/clock/timer"); len(sent) > 0 {
		w.Error("a timer of a page that was left has run")
	}
	restored, err := w.Go(w.ctx, -1)
	w.must(err)
	w.world.awaitMany(w, "/clock/pageshow", 2)
	w.settle()
	paths := []string{"/clock/pageshow"}
	if restored {
		// What became due meanwhile comes now, on the new clock.
		paths = append(paths, "/clock/resume", "/clock/early", "/clock/timer")
	}
	for _, path := range paths {
		told := lastOf(w, path)
		if d := told.at().Sub(began); d < 2*time.Hour || told.Text != "" {
			w.Errorf("%s: the clock has moved by %v; strange globals: %q", path, d, told.Text)
		}
	}
	_, err = w.Go(w.ctx, 1)
	w.must(err)
	w.world.awaitMany(w, "/b/clock", 2)
	if told := lastOf(w, "/b/clock"); told.Text != "" {
		w.Errorf("strange globals: %q", told.Text)
	}
}

func aRestoredPageIsRunForward(w *walker) {
	late := func(name string) string {
		return `onmessage = () => setTimeout(() => fetch('/late/` + name + `', { method: 'POST', body: JSON.stringify({ now: Date.now() }) }), 60000);`
	}
	w.world.pages["/a"] = page(late("page")+`
		const worker = new Worker('/worker.js');
		addEventListener('pageshow', (e) => { if (!e.persisted) return; onmessage(); worker.postMessage(0); for (const f of document.querySelectorAll('iframe')) f.contentWindow.postMessage(0, '*'); });`,
		`<iframe src="/frame"></iframe><iframe src="`+far+`/frame"></iframe>`)
	w.world.pages["/frame"] = page(late("frame"), "")
	w.world.pages["far.localhost/frame"] = page(late("far"), "")
	w.world.pages["/worker.js"] = script(late("worker"))
	w.world.pages["/b"] = page("", "")
	first := w.open("/a")
	w.open("/b")
	w.must(w.Travel(w.ctx, time.Hour))
	restored, err := w.Go(w.ctx, -1)
	w.must(err)
	s := w.settle()
	if s.Others != first.Others || s.Unwatched != 0 {
		w.Errorf("%d frames and workers, %d unwatched; at first there were %d", s.Others, s.Unwatched, first.Others)
	}
	if !restored {
		return // the page was loaded anew
	}
	for _, name := range []string{"page", "frame", "far", "worker"} {
		// A frame of another site and a worker learn the clock only after the page.
		if told := lastOf(w, "/late/"+name); !near(told.at(), w.Clock()) && (name == "page" || name == "frame") {
			w.Errorf("%s: its clock is %v behind", name, w.Clock().Sub(told.at()))
		}
	}
}

func aSecondTab(w *walker) {
	w.world.pages["/a"] = page(watching+"document.cookie = 'from=a'; sessionStorage.setItem('tab', 'a'); document.addEventListener('visibilitychange', () => say('life/a', { log })); addEventListener('storage', () => setTimeout(() => say('deferred/a', { log }), 120000))", "")
	w.world.pages["/b"] = page(watching+"localStorage.setItem('from', 'b'); console.log('b is here'); say('told/b', { log }); setTimeout(() => say('deferred/b'), 60000)", "")
	w.open("/a")
	w.must(w.Tab(w.ctx, "second-tab"))
	s := w.open("/b")
	if s.Others != 1 || s.Page != site+"/b" {
		w.Errorf("settled %+v", s)
	}
	// The work that the first tab defers is done as well, though it is not the current one.
	told, a := lastOf(w, "/told/b"), lastOf(w, "/deferred/a")
	if told.Cookie != "from=a" {
		w.Errorf("the second tab has the cookies %q", told.Cookie)
	}
	w.want("the first tab's life", a.Log, "pageshow", "visibilitychange hidden")
	lastOf(w, "/deferred/b")
	stores := map[string]bool{}
	for _, item := range s.Storage {
		stores[item.Store+" "+item.Name] = true
	}
	if !stores["localStorage from"] || !stores["sessionStorage tab"] {
		w.Errorf("the stores of both tabs: %v", stores)
	}
	if m := w.Messages(); len(m) != 1 || m[0].Text != "b is here" {
		w.Errorf("messages %+v", m)
	}
	w.must(w.Tab(w.ctx, ""))
	if s := w.settle(); s.Page != site+"/a" {
		w.Errorf("back in the first tab the page is %s", s.Page)
	}
	w.world.awaitMany(w, "/life/a", 2)
	w.want("the first tab's life", lastOf(w, "/life/a").Log, "pageshow", "visibilitychange hidden", "visibilitychange visible")
}

func aTabHiddenAndShown(w *walker) {
	w.world.pages["/"] = page(watching+`document.addEventListener('visibilitychange', () => { say('life', { log }); setTimeout(() => say('later/' + document.visibilityState), 30000); })`,
		`<button style="width:200px;height:200px" onclick="say('clicked')">x</button>`)
	w.open("/")
	for range 2 { // what is so already is no change
		w.must(w.Lifecycle(w.ctx, "hidden"))
	}
	w.settle()
	lastOf(w, "/later/hidden")
	if picture, err := w.Screenshot(w.ctx); err != nil || len(picture) > 0 {
		w.Errorf("a hidden tab gives a picture of %d bytes, %v", len(picture), err)
	}
	w.must(w.Click(w.ctx, "button"))
	lastOf(w, "/clicked")
	w.must(w.Lifecycle(w.ctx, "shown"))
	w.settle()
	lastOf(w, "/later/visible")
	w.want("its life", lastOf(w, "/life").Log, "pageshow", "visibilitychange hidden", "visibilitychange visible")
	if picture, err := w.Screenshot(w.ctx); err != nil || len(picture) == 0 {
		w.Errorf("a shown tab gives no picture: %v", err)
	}
	if err := w.Lifecycle(w.ctx, "asleep"); err == nil {
		w.Error("a tab is asleep")
	}
}

func aTabFrozenAndResumed(w *walker) {
	w.world.pages["/"] = page(watching+`localStorage.setItem('a', '1');
		document.addEventListener('freeze', () => { say('life', { log }); setTimeout(() => say('timer', { log }), 60000); });
		document.addEventListener('resume', () => { say('life', { log }); say('resumed'); });
		document.addEventListener('visibilitychange', () => say('life', { log }));
		const worker = new Worker('/worker.js');`, `<button>x</button>`)
	w.world.pages["/worker.js"] = script("setInterval(() => {}, 1000)")
	w.open("/")
	w.must(w.Lifecycle(w.ctx, "frozen"))
	w.world.awaitMany(w, "/life", 2)
	fence := fmt.Sprintf("/fence/%d", w.fences+1)
	s := w.settle()
	if !s.Frozen || s.Page != site+"/" || len(s.Storage) != 1 {
		w.Errorf("settled %+v", s)
	}
	if n := len(w.world.sent(fence)); n > 0 {
		w.Error("a frozen page has asked for a fence")
	}
	clock := w.Clock()
	w.must(w.Forward(w.ctx, 5*time.Minute))
	w.must(w.Travel(w.ctx, time.Hour))
	if sent := w.world.sent("/timer"); len(sent) > 0 {
		w.Error("a timer has run in a frozen page")
	}
	if err := w.Click(w.ctx, "button"); err == nil {
		w.Error("a frozen tab was clicked")
	}
	w.must(w.Lifecycle(w.ctx, "resumed"))
	w.world.awaitMany(w, "/timer", 1)
	for _, path := range []string{"/resumed", "/timer"} {
		if d := lastOf(w, path).at().Sub(clock); d < time.Hour {
			w.Errorf("%s: the clock has moved by %v", path, d)
		}
	}
	w.world.awaitMany(w, "/life", 4)
	w.want("its life", lastOf(w, "/life").Log, "pageshow", "visibilitychange hidden", "freeze hidden", "resume hidden", "visibilitychange visible")
	if s := w.settle(); s.Frozen {
		w.Error("it is still frozen")
	}
	// Hidden before, it stays hidden.
	w.must(w.Lifecycle(w.ctx, "hidden"))
	w.must(w.Lifecycle(w.ctx, "frozen"))
	w.must(w.Lifecycle(w.ctx, "resumed"))
	if picture, err := w.Screenshot(w.ctx); err != nil || len(picture) > 0 {
		w.Errorf("it is shown: %v", err)
	}
	// To be opened is to be looked at.
	w.must(w.Lifecycle(w.ctx, "frozen"))
	w.open("/")
}

func aFrozenTabBesideAnother(w *walker) {
	w.world.pages["/a"] = page(saying+"document.addEventListener('freeze', () => setTimeout(() => say('timer'), 1000))", `<iframe src="`+far+`/frame"></iframe>`)
	w.world.pages["far.localhost/frame"] = page("new Worker('/worker.js')", "")
	w.world.pages["/worker.js"] = script("setInterval(() => {}, 100)")
	w.world.pages["/b"] = page(saying+"setTimeout(() => say('told/b'), 200000)", "")
	w.open("/a")
	w.must(w.Lifecycle(w.ctx, "frozen"))
	w.must(w.Tab(w.ctx, "other"))
	if s := w.open("/b"); s.Frozen || s.Unwatched != 0 {
		w.Errorf("settled %+v", s)
	}
	b := lastOf(w, "/told/b")
	if sent := w.world.sent("/timer"); len(sent) > 0 {
		w.Error("a timer has run in a frozen page")
	}
	w.must(w.Tab(w.ctx, "")) // to come back to a frozen tab resumes it
	w.settle()
	if timer := lastOf(w, "/timer"); timer.at().Before(b.at()) {
		w.Errorf("the resumed tab's clock is %v behind the other's", b.at().Sub(timer.at()))
	}
}

const trying = `const attempt = (name) => { navigator.sendBeacon('/try/beacon' + name); new Image().src = '/try/image' + name; fetch('/try/fetch' + name).catch(() => {}); fetch('/try/keep' + name, { keepalive: true }).catch(() => {}); };`

func offlineAndOnline(w *walker) {
	w.world.pages["/"] = page(watching+trying+`
		addEventListener('offline', () => { attempt('-offline'); setTimeout(() => attempt('-late'), 60000); worker.postMessage('-offline'); });
		addEventListener('online', () => { say('life', { log, text: String(navigator.onLine) }); attempt('-online'); worker.postMessage('-online'); });
		const worker = new Worker('/worker.js');`, `<iframe src="`+far+`/frame"></iframe>`)
	w.world.pages["/worker.js"] = script(`onmessage = (e) => fetch('/try/worker' + e.data).catch(() => {});`)
	w.world.pages["far.localhost/frame"] = page(trying+"addEventListener('offline', () => attempt('-far'))", "")
	w.open("/")
	for range 2 {
		w.must(w.Offline(w.ctx, true))
	}
	s := w.settle()
	if s.Page != site+"/" {
		w.Errorf("settled %+v", s)
	}
	if err := w.Open(w.ctx, site+"/?again"); err == nil || !strings.Contains(err.Error(), "ERR_INTERNET_DISCONNECTED") {
		w.Errorf("a page opens offline: %v", err)
	}
	w.must(w.Offline(w.ctx, false))
	// The same without leaving the page in between.
	w.open("/")
	w.must(w.Offline(w.ctx, true))
	w.settle()
	w.must(w.Offline(w.ctx, false))
	for _, path := range []string{"/try/beacon-online", "/try/image-online", "/try/fetch-online", "/try/keep-online", "/try/worker-online"} {
		w.world.await(w, path)
	}
	life := lastOf(w, "/life")
	w.want("its life", life.Log, "pageshow", "offline", "online")
	if life.Text != "true" {
		w.Errorf("navigator.onLine is %s", life.Text)
	}
	for _, line := range w.world.all() {
		if strings.Contains(line, "/try/") && !strings.HasSuffix(line, "-online") {
			w.Errorf("left while offline: %s", line)
		}
	}
}

func whatBeginsOffline(w *walker) {
	w.world.pages["/"] = page(trying+`new Worker(URL.createObjectURL(new Blob(["onmessage = (e) => fetch(e.data + '/try/blob').catch(() => {})"]))).postMessage(location.origin);`, "")
	w.world.pages["/start"] = page(trying+`addEventListener('offline', () => {
		new Worker(URL.createObjectURL(new Blob(["onmessage = (e) => fetch(e.data + '/try/blob').catch(() => {})"]))).postMessage(location.origin);
		document.body.append(Object.assign(document.createElement('iframe'), { srcdoc: '<script>navigator.sendBeacon("/try/frame")</scr' + 'ipt>' }));
	});`, "")
	w.open("/start")
	w.must(w.Offline(w.ctx, true))
	w.settle()
	w.must(w.Tab(w.ctx, "second"))
	if err := w.Open(w.ctx, site+"/"); err == nil {
		w.Error("a page opens in a tab that was opened offline")
	}
	w.must(w.Offline(w.ctx, false))
	w.must(w.Open(w.ctx, site+"/"))
	w.world.await(w, "/try/blob")
	w.settle()
	if n := len(w.world.sent("/try/blob")) + len(w.world.sent("/try/frame")); n != 1 {
		w.Errorf("requests:\n%s", strings.Join(w.world.all(), "\n"))
	}
}

func forwardWhileHeld(w *walker) {
	held := func(rw http.ResponseWriter, _ *http.Request) {
		<-w.world.held
		rw.WriteHeader(http.StatusNoContent)
	}
	w.world.pages["/slow"], w.world.pages["/slow/worker"] = held, held
	w.world.pages["/"] = page(saying+"new Image().src = '/slow'; setTimeout(() => say('retry'), 60000); new Worker('/worker.js')", "")
	w.world.pages["/worker.js"] = script("fetch('/slow/worker'); setTimeout(() => fetch('/retry/worker', { method: 'POST', body: '{}' }), 90000)")
	w.must(w.Open(w.ctx, site+"/"))
	w.world.await(w, "/slow")
	w.world.await(w, "/slow/worker")
	began := w.Clock()
	w.must(w.Forward(w.ctx, 5*time.Minute))
	w.world.await(w, "/retry/worker")
	if d := lastOf(w, "/retry").at().Sub(began); d < 50*time.Second || d > 70*time.Second {
		w.Errorf("the retry of a minute came after %v", d)
	}
	if d := w.Clock().Sub(began); d < 80*time.Second || d > 2*time.Minute {
		w.Errorf("the clock moved by %v", d)
	}
	w.world.release()
	w.settle()
}

func leavingInAnyState(w *walker) {
	w.world.pages["/"] = page(saying+"addEventListener('pagehide', () => say('hidden' + location.search.slice(1)))", "")
	w.world.pages["/blank"] = page("", "")
	w.open("/?1")
	w.must(w.Tab(w.ctx, "b"))
	w.open("/?2")
	w.must(w.Tab(w.ctx, "c"))
	w.open("/?3")
	w.must(w.Lifecycle(w.ctx, "frozen"))
	w.must(w.Tab(w.ctx, "d"))
	w.open("/?4")
	w.must(w.Offline(w.ctx, true))
	w.must(w.Leave(w.ctx, site+"/blank"))
	for _, path := range []string{"/hidden1", "/hidden2", "/hidden3", "/hidden4"} {
		w.world.await(w, path)
	}
	if s := w.settle(); s.Page != site+"/blank" || s.Others != 0 {
		w.Errorf("settled %+v", s)
	}
	// And without leaving.
	other := w.another()
	w.must(other.Open(w.ctx, site+"/?5"))
	w.must(other.Lifecycle(w.ctx, "frozen"))
	w.must(other.Offline(w.ctx, true))
	<-other.Dispose()
}
