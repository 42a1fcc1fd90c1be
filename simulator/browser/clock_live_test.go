package browser_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func init() {
	liveTests["travel ages the jar"] = travelAgesTheJar
	liveTests["travel runs timers as they become due"] = travelRunsTimers
	liveTests["travel moves every clock"] = travelMovesEveryClock
	liveTests["the clock never goes back"] = theClockNeverGoesBack
	liveTests["an expiry under the moved clock"] = anExpiryUnderTheMovedClock
}

func travelAgesTheJar(w *walker) {
	w.world.pages["/"] = func(rw http.ResponseWriter, r *http.Request) {
		for _, c := range []string{
			"answer=1; Max-Age=7200; Path=/deep; HttpOnly; Secure; SameSite=Strict", "wide=1; Domain=shop.localhost; Max-Age=7200; SameSite=Lax",
			"__Host-own=1; Path=/; Secure; Max-Age=7200", "part=1; Path=/; Secure; SameSite=None; Partitioned; Max-Age=7200", "answer-session=1",
		} {
			rw.Header().Add("Set-Cookie", c)
		}
		page(`document.cookie = 'short=1; Max-Age=1800'; document.cookie = 'session=1'; document.cookie = 'long=1; Max-Age=157680000';
			cookieStore.set({ name: 'store', value: '1', expires: Date.now() + 86400000 });`, `<iframe src="`+far+`/frame"></iframe>`)(rw, r)
	}
	w.world.pages["far.localhost/frame"] = func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Add("Set-Cookie", "far-part=1; Path=/; Secure; HttpOnly; SameSite=None; Partitioned; Max-Age=7200")
		page("", "")(rw, r)
	}
	w.open("/")
	before := w.jar(w)
	want := []string{
		"__Host-own www.shop.localhost / 2h0m0s false true  ",
		"answer www.shop.localhost /deep 2h0m0s true true Strict ",
		"answer-session www.shop.localhost / session false false  ",
		"far-part far.localhost / 2h0m0s true true None http://shop.localhost",
		"long www.shop.localhost / 9600h0m0s false false  ",
		"part www.shop.localhost / 2h0m0s false true None http://shop.localhost",
		"session www.shop.localhost / session false false  ",
		"short www.shop.localhost / 30m0s false false  ",
		"store www.shop.localhost / 24h0m0s false true Strict ",
		"wide .shop.localhost / 2h0m0s false false Lax ",
	}
	w.want("before", before, want...)
	aged := func(list []string, from, to string) (out []string) {
		for _, line := range list {
			out = append(out, strings.ReplaceAll(line, " "+from+" ", " "+to+" "))
		}
		return out
	}
	w.must(w.Travel(w.ctx, 29*time.Minute))
	for from, to := range map[string]string{"2h0m0s": "1h31m0s", "9600h0m0s": "9599h31m0s", "30m0s": "1m0s", "24h0m0s": "23h31m0s"} {
		want = aged(want, from, to)
	}
	w.want("after 29 minutes", w.jar(w), want...)
	w.must(w.Travel(w.ctx, 2*time.Minute))
	w.want("after 31 minutes", w.names(), "__Host-own", "answer", "answer-session", "far-part", "long", "part", "session", "store", "wide")
	w.must(w.Travel(w.ctx, 24*time.Hour))
	w.want("after a day", w.names(), "answer-session", "long", "session")
	w.must(w.Travel(w.ctx, 400*24*time.Hour))
	w.want("after 401 days", w.names(), "answer-session", "session")
}

func travelRunsTimers(w *walker) {
	w.world.pages["/"] = page(saying+`document.cookie = 'half-hour=1; Max-Age=1800';
		addEventListener('load', () => {
			setTimeout(() => say('ten'), 600000);
			setTimeout(() => { document.cookie = 'made-on-the-way=1; Max-Age=3600'; say('forty'); }, 2400000);
			setTimeout(() => say('beyond'), 7200000);
			let ticks = 0;
			setInterval(() => { ticks++; }, 7000);
			setTimeout(() => say('ticks', { value: ticks }), 3590000);
		});`, "")
	w.must(w.Open(w.ctx, site+"/"))
	_, err := w.Settle(w.ctx, "/fence/a", 0)
	w.must(err)
	began := w.Clock()
	w.must(w.Travel(w.ctx, time.Hour))
	var ten, forty, ticks said
	w.ask("/ten", &ten)
	w.ask("/forty", &forty)
	w.ask("/ticks", &ticks)
	if !near(ten.at(), began.Add(10*time.Minute)) || ten.Cookie != "half-hour=1" {
		w.Errorf("at ten minutes it is %v, with the cookies %q", ten.at().Sub(began), ten.Cookie)
	}
	// The slices are of 36 seconds here, for the interval's sake.
	if d := forty.at().Sub(began); d < 39*time.Minute || d > 41*time.Minute || forty.Cookie != "made-on-the-way=1" {
		w.Errorf("at forty minutes it is %v, with the cookies %q", d, forty.Cookie)
	}
	if ticks.Value < 500 {
		w.Errorf("the interval ran %v times in an hour, want about 513", ticks.Value)
	}
	if got := w.Clock().Sub(began); got < time.Hour || got > time.Hour+time.Minute {
		w.Errorf("the clock moved by %v", got)
	}
	w.want("the jar", w.jar(w), "made-on-the-way www.shop.localhost / 40m0s false false  ")
	w.settle()
	if list := w.world.sent("/beyond"); len(list) > 0 {
		w.Error("a timer of two hours ran within one")
	}
}

func travelMovesEveryClock(w *walker) {
	telling := func(name string) string {
		return `const tell = (when) => fetch('/clock/` + name + `/' + when, { method: 'POST', body: JSON.stringify({ now: Date.now() }) });
			setTimeout(() => tell('waited'), 3600000);`
	}
	w.world.pages["/"] = page(telling("page")+"new Worker('/worker.js'); new SharedWorker('/shared.js');",
		`<iframe src="/frame"></iframe><iframe src="`+far+`/frame"></iframe>`)
	w.world.pages["/frame"] = page(telling("frame"), "")
	w.world.pages["far.localhost/frame"] = page(telling("far"), "")
	w.world.pages["/worker.js"] = script(telling("worker"))
	w.world.pages["/shared.js"] = script(telling("shared"))
	w.open("/")
	began := w.Clock()
	w.must(w.Travel(w.ctx, 48*time.Hour))
	for _, name := range []string{"page", "frame", "far", "worker", "shared"} {
		var told said
		w.ask("/clock/"+name+"/waited", &told)
		if d := told.at().Sub(began); d < time.Hour-time.Minute || d > time.Hour+time.Minute {
			w.Errorf("%s: its timer of an hour ran after %v", name, d)
		}
	}
	after := telling("again") + `
		const stamp = (name, now) => fetch('/stamp/' + name, { method: 'POST', body: JSON.stringify({ now: Math.round(now) }) });
		stamp('date', new Date().getTime());
		stamp('origin', performance.timeOrigin + performance.now());
		if (performance.timing) stamp('timing', performance.timing.navigationStart);
		if (globalThis.Temporal) { stamp('temporal', Temporal.Now.instant().epochMilliseconds); stamp('zoned', Temporal.Now.zonedDateTimeISO().epochMilliseconds); }`
	w.world.pages["/next"] = page(after+"new Worker('/next.js'); document.body.append(Object.assign(document.createElement('iframe'), { src: '/next-frame' }))", "")
	w.world.pages["/next.js"] = script(strings.ReplaceAll(after, "/stamp/", "/stamp/worker-"))
	w.world.pages["/next-frame"] = page(strings.ReplaceAll(after, "/stamp/", "/stamp/frame-"), "")
	w.open("/next")
	for _, name := range []string{"date", "origin", "timing", "worker-date", "worker-origin", "frame-date", "frame-origin"} {
		var told said
		w.ask("/stamp/"+name, &told)
		if !near(told.at(), w.Clock()) {
			w.Errorf("%s of a new document is %v behind the visitor's clock", name, w.Clock().Sub(told.at()))
		}
	}
	for _, name := range []string{"temporal", "zoned"} {
		for _, body := range w.world.sent("/stamp/" + name) {
			if !strings.Contains(body, fmt.Sprint(w.Clock().UnixMilli()/100000)) && !strings.Contains(body, fmt.Sprint(w.Clock().Add(-20*time.Second).UnixMilli()/100000)) {
				w.Errorf("%s is %s, the clock %d", name, body, w.Clock().UnixMilli())
			}
		}
	}
}

func theClockNeverGoesBack(w *walker) {
	// The frame runs far ahead of its page; a click on the page comes after.
	w.world.pages["/"] = page(saying, `<button style="width:200px;height:200px" onclick="say('clicked')">x</button><iframe src="/frame"></iframe>`)
	w.world.pages["/frame"] = page(saying+"setTimeout(() => say('late'), 240000)", "")
	w.world.pages["/second"] = page(saying+"say('told/second')", "")
	w.open("/")
	var late, clicked, second, third said
	w.ask("/late", &late)
	clock := w.Clock()
	if clock.Before(late.at()) {
		w.Errorf("the visitor's clock is %v behind what a frame has reached", late.at().Sub(clock))
	}
	w.must(w.Click(w.ctx, "button"))
	w.ask("/clicked", &clicked)
	if clicked.at().Before(clock.Truncate(time.Millisecond)) {
		w.Errorf("a click is made %v before the clock of its step", clock.Sub(clicked.at()))
	}
	w.must(w.Tab(w.ctx, "other"))
	w.open("/second")
	w.ask("/told/second", &second)
	w.must(w.Tab(w.ctx, ""))
	w.must(w.Travel(w.ctx, time.Hour))
	clock = w.Clock()
	w.must(w.Tab(w.ctx, "other"))
	w.must(w.Open(w.ctx, site+"/second"))
	w.world.awaitMany(w, "/told/second", 2)
	w.ask("/told/second", &third)
	if second.at().Before(clicked.at()) || third.at().Before(clock.Truncate(time.Millisecond)) {
		w.Errorf("the clock goes back: %v, %v, %v", clicked.at(), second.at(), third.at())
	}
}

func anExpiryUnderTheMovedClock(w *walker) {
	w.world.pages["/"] = page("", "")
	w.world.pages["/write"] = page(`document.cookie = 'page=1; Expires=' + new Date(Date.now() + 1800000).toUTCString();
		cookieStore.set({ name: 'store', value: '1', expires: Date.now() + 1800000 });
		cookieStore.set({ name: 'age', value: '1', maxAge: 1800 }).catch(() => {});
		document.cookie = 'max-age=1; Max-Age=1800';`, "")
	w.open("/")
	w.must(w.Travel(w.ctx, 399*24*time.Hour))
	w.open("/write")
	list := w.jar(w)
	for _, name := range []string{"page", "store", "max-age"} {
		found := false
		for _, line := range list {
			found = found || strings.HasPrefix(line, name+" ") && strings.Contains(line, " 30m0s ")
		}
		if !found {
			w.Errorf("%s is not kept for half an hour: %q", name, list)
		}
	}
	for _, write := range w.Writes() {
		if d := write.Lifetime - 30*time.Minute; !write.Session && d.Abs() > 2*time.Second {
			w.Errorf("%s is recorded as written for %v", write.Name, write.Lifetime)
		}
	}
	w.must(w.Travel(w.ctx, 31*time.Minute))
	for _, name := range w.names() {
		if name != "age" {
			w.Errorf("%s is still there after 31 minutes", name)
		}
	}
}

var _ = testing.Short
