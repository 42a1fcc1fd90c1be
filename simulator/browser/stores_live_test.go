package browser_test

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
)

func init() {
	liveTests["a reopened browser"] = aReopenedBrowser
	liveTests["a service worker ends with its browser"] = aServiceWorkerEndsWithItsBrowser
	liveTests["the HTTP cache is forgotten for one visitor alone"] = theHTTPCacheIsForgotten
	liveTests["session storage of a page that is not open"] = sessionStorageOfAClosedPage
	for _, store := range []string{"cookies", "local-storage", "session-storage", "indexed-db", "cache", "service-workers", "everything"} {
		liveTests["forget "+store] = func(w *walker) { forgetOne(w, store) }
	}
}

// filling fills every store of an origin and says so.
const filling = `(async () => {
	localStorage.setItem('local', 'l'); sessionStorage.setItem('session', 's');
	document.cookie = 'kept=1; Max-Age=7200; SameSite=None; Secure; Partitioned'; document.cookie = 'passing=1; SameSite=None; Secure; Partitioned';
	await new Promise((resolve) => {
		const opening = indexedDB.open('db', 1);
		opening.onupgradeneeded = () => opening.result.createObjectStore('t');
		opening.onsuccess = () => { const tx = opening.result.transaction('t', 'readwrite'); tx.objectStore('t').put('i', 'k'); tx.oncomplete = () => { opening.result.close(); resolve(); }; };
	});
	await (await caches.open('c')).put('/entry', new Response('e'));
	const folder = await navigator.storage.getDirectory();
	await folder.getFileHandle('file', { create: true });
	if (NAME === 'own') { await navigator.serviceWorker.register('/sw.js'); await navigator.serviceWorker.ready; }
	fetch('/filled/' + NAME, { method: 'POST', body: '{}', mode: 'no-cors' });
})();`

// stocked is a world whose page and cross-site frame fill every store.
func stocked(w *walker) {
	w.world.pages["/fill"] = page("const NAME = 'own';"+filling, `<iframe src="`+far+`/fill"></iframe>`)
	w.world.pages["far.localhost/fill"] = page("const NAME = 'far';"+filling, "")
	w.world.pages["/sw.js"] = script("")
	touch := "caches.open('c2').then(() => caches.delete('c2')); indexedDB.databases(); const r = indexedDB.open('x'); r.onsuccess = () => { r.result.close(); indexedDB.deleteDatabase('x'); }; navigator.storage.getDirectory();"
	w.world.pages["/see"] = page(touch, `<iframe src="`+far+`/see"></iframe>`)
	w.world.pages["far.localhost/see"] = page(touch, "")
	w.must(w.Open(w.ctx, site+"/fill"))
	w.world.await(w, "/filled/own")
	w.world.await(w, "/filled/far")
	w.settle()
}

// held lists what is held in a page that is opened now, by store and host.
func (w *walker) held() []string {
	w.Helper()
	settled := w.open("/see")
	list := lines(settled.Storage, func(i evidence.Item) string {
		return i.Store + " " + strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(i.Origin, "http://"), "www."), ".localhost")
	})
	cookies, err := w.Cookies(w.ctx)
	w.must(err)
	list = append(list, lines(cookies, func(c evidence.Cookie) string {
		return "cookie " + c.Name + " " + strings.TrimSuffix(strings.TrimPrefix(c.Domain, "www."), ".localhost")
	})...)
	slices.Sort(list)
	return slices.Compact(list)
}

var stock = []string{
	"cache far", "cache shop", "cookie kept far", "cookie kept shop", "cookie passing far", "cookie passing shop",
	"fileSystem far", "fileSystem shop", "indexedDB far", "indexedDB shop", "localStorage far", "localStorage shop",
	"serviceWorker shop", "sessionStorage far", "sessionStorage shop",
}

// without is the stock without what begins with one of the words.
func without(words ...string) []string {
	return slices.DeleteFunc(slices.Clone(stock), func(line string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(line, word) })
	})
}

func forgetOne(w *walker, store string) {
	gone := map[string][]string{
		"cookies": {"cookie "}, "local-storage": {"localStorage"}, "session-storage": {"sessionStorage"}, "indexed-db": {"indexedDB"},
		"cache": {"cache "}, "service-workers": {"serviceWorker"}, "everything": {""},
	}
	stocked(w)
	w.want("before", w.held(), stock...)
	w.must(w.Forget(w.ctx, []string{store}))
	w.want("after forgetting "+store, w.held(), without(gone[store]...)...)
	if err := w.Forget(w.ctx, []string{"memory"}); err == nil || !strings.Contains(err.Error(), "forget memory: there is no such store") {
		w.Errorf("an unknown store gives %v", err)
	}
}

// What is forgotten while no page of the place is open is gone as well.
func sessionStorageOfAClosedPage(w *walker) {
	stocked(w)
	w.world.pages["/quiet"] = page("", "")
	w.open("/quiet") // the frame of the other site is not open
	err := w.Forget(w.ctx, []string{"session-storage"})
	if err == nil || !strings.Contains(err.Error(), "no page of "+far+" is open") || !strings.Contains(err.Error(), "\nhint: ") {
		w.Errorf("got %v", err)
	}
	w.must(w.Forget(w.ctx, []string{"local-storage"}))
	// The browser cannot tell the two apart where no page is open.
	w.want("local storage", w.held(), without("localStorage", "sessionStorage")...)
}

func aReopenedBrowser(w *walker) {
	stocked(w)
	w.world.pages["/tagged"] = func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("ETag", `"known"`)
		content("text/plain", "x")(rw, r)
	}
	w.world.pages["/ask"] = page("fetch('/tagged').then(() => fetch('/asked', { method: 'POST', body: '{}' }))", "")
	w.open("/ask")
	w.must(w.Tab(w.ctx, "second"))
	w.open("/ask")
	w.world.awaitMany(w, "/asked", 2)
	w.must(w.Reopen(w.ctx))
	w.want("after reopening", w.held(), without("cookie passing", "sessionStorage")...)
	w.open("/ask")
	w.world.awaitMany(w, "/asked", 3)
	w.want("the HTTP cache", slices.DeleteFunc(w.world.all(), func(l string) bool { return !strings.HasPrefix(l, "GET /tagged") }),
		"GET /tagged", `GET /tagged unless "known"`, `GET /tagged unless "known"`)
	w.must(w.Tab(w.ctx, "second")) // it is a new one
	if s := w.open("/ask"); s.Others == 0 {
		w.Error("the first tab is not there beside the second")
	}
}

func aServiceWorkerEndsWithItsBrowser(w *walker) {
	w.world.pages["/sw.js"] = script("const born = Math.random(); onmessage = (e) => e.waitUntil(fetch('/told', { method: 'POST', body: JSON.stringify({ value: born, now: Date.now() }) }));")
	w.world.pages["/"] = page("navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then((r) => r.active.postMessage('who'))", "")
	told := func(n int) (s said) {
		w.must(w.Open(w.ctx, site+"/"))
		w.world.awaitMany(w, "/told", n)
		w.ask("/told", &s)
		return s
	}
	first, again := told(1), told(2)
	if first.Value != again.Value {
		w.Log("the service worker has been stopped in between by the browser itself")
	}
	w.must(w.Reopen(w.ctx))
	w.must(w.Travel(w.ctx, 48*time.Hour))
	third := told(3)
	if third.Value == again.Value {
		w.Error("a service worker has outlived its browser")
	}
	if !near(third.at(), w.Clock()) {
		w.Errorf("its clock is %v behind", w.Clock().Sub(third.at()))
	}
}

func theHTTPCacheIsForgotten(w *walker) {
	w.world.pages["/tagged"] = func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("ETag", `"known"`)
		content("text/plain", "x")(rw, r)
	}
	w.world.pages["/own"] = page("fetch('/tagged?own').then(() => fetch('/asked/own', { method: 'POST', body: '{}' }))", "")
	w.world.pages["/other"] = page("fetch('/tagged?other').then(() => fetch('/asked/other', { method: 'POST', body: '{}' }))", "")
	other := w.another()
	times := 0
	both := func() {
		times++
		for path, v := range map[string]journey.Visitor{"own": w.Visitor, "other": other} {
			w.must(v.Open(w.ctx, site+"/"+path))
			w.world.awaitMany(w, "/asked/"+path, times)
		}
	}
	both()
	both()
	w.must(w.Forget(w.ctx, []string{"http-cache"}))
	both()
	asked := func(who string) []string {
		return slices.DeleteFunc(w.world.all(), func(l string) bool { return !strings.HasPrefix(l, "GET /tagged?"+who) })
	}
	w.want("who forgot", asked("own"), "GET /tagged?own", `GET /tagged?own unless "known"`, "GET /tagged?own")
	w.want("the other", asked("other"), "GET /tagged?other", `GET /tagged?other unless "known"`, `GET /tagged?other unless "known"`)
}
