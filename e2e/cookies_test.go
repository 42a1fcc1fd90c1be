package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
)

// fiveYears is in seconds, as Max-Age wants it.
const fiveYears = "157680000"

// cookiePage writes cookies in every way that a document has.
const cookiePage = `
const later = new Date(Date.now() + ` + fiveYears + `000);
const write = (text) => { document.cookie = text; };
write('age=1; Max-Age=` + fiveYears + `; Path=/');
write('expires=1; Expires=' + later.toUTCString());
write('both=1; Max-Age=` + fiveYears + `; Expires=Thu, 01 Jan 1970 00:00:00 GMT');
write('session=1');
write('open=1; Secure; SameSite=None');
write('strict=1; SameSite=Strict; Path=/deep');
write('wide=1; Domain=shop.test');
write('stranger=1; Domain=elsewhere.test');
write('gone=1; Max-Age=60');
write('gone=; Max-Age=0');
write('away=1');
write('away=; Expires=Thu, 01 Jan 1970 00:00:00 GMT');
await cookieStore.set({ name: 'store', value: '1', expires: later.getTime(), sameSite: 'strict' });
await cookieStore.set('store-session', '1');
await cookieStore.set('store-gone', '1');
await cookieStore.delete('store-gone');
await navigator.serviceWorker.register('/service-worker.js');
fetch('/done/page');
`

// cookieStage is a shop whose page, frames, worker and answers write cookies.
func cookieStage() gateway.Stage {
	framed := func(name, more string) http.HandlerFunc {
		return html(`document.cookie = '`+name+`=1; Secure; SameSite=None; Max-Age=`+fiveYears+`';`+more+`
			fetch('/done/`+name+`');`, "")
	}
	page := html(cookiePage, `<iframe src="https://api.shop.test/same-site"></iframe><iframe src="https://far.test/cross-site"></iframe>`)
	return gateway.Stage{
		"www.shop.test": host(map[string]http.HandlerFunc{
			"/{$}": func(w http.ResponseWriter, r *http.Request) {
				w.Header().Add("Set-Cookie", "answer=1; Max-Age="+fiveYears+"; Path=/; HttpOnly; Secure; SameSite=Strict")
				w.Header().Add("Set-Cookie", "answer-session=1")
				w.Header().Add("Set-Cookie", "answer-gone=; Max-Age=0")
				page(w, r)
			},
			"/nested": framed("nested", ""),
			"/service-worker.js": javascript(`
				addEventListener('install', (event) => event.waitUntil((async () => {
					await cookieStore.set({ name: 'worker', value: '1', expires: Date.now() + ` + fiveYears + `000 });
					await fetch('/done/worker');
				})()));`),
		}),
		"api.shop.test": host(map[string]http.HandlerFunc{"/same-site": framed("same-site", "")}),
		"far.test": host(map[string]http.HandlerFunc{
			"/cross-site": func(w http.ResponseWriter, r *http.Request) {
				w.Header().Add("Set-Cookie", "__Host-part=1; Max-Age="+fiveYears+"; Path=/; HttpOnly; Secure; SameSite=None; Partitioned")
				framed("cross-site", `document.body.insertAdjacentHTML('beforeend', '<iframe src="https://www.shop.test/nested"></iframe>');`)(w, r)
			},
		}),
	}
}

// asked says what a write asked for, in one line: by whom, where, the pair, the
// lifetime and the attributes.
func asked(w evidence.CookieWrite) string {
	lifetime := "for " + w.Lifetime.Round(time.Minute).String() // the page works out an expiry a moment before it writes
	switch {
	case w.Session:
		lifetime = "for the session"
	case w.Deletes():
		lifetime = "deleted"
	}
	return strings.Join(append([]string{w.Step, w.By, w.Frame, w.Name + "=" + w.Value, lifetime},
		attributes(w.Domain, w.Path, w.Secure, w.HTTPOnly, w.SameSite, "")...), " ")
}

// kept says what the jar holds, in one line. An expiry is given as days from now.
func kept(c evidence.Cookie) string {
	lifetime := "for the session"
	if !c.Expires.IsZero() {
		lifetime = fmt.Sprintf("for %.0fd", time.Until(c.Expires).Hours()/24)
	}
	return strings.Join(append([]string{c.Name + "=" + c.Value, lifetime},
		attributes(c.Domain, c.Path, c.Secure, c.HTTPOnly, c.SameSite, c.Partition)...), " ")
}

func attributes(domain, path string, secure, httpOnly bool, sameSite, partition string) []string {
	var list []string
	add := func(when bool, text string) {
		if when {
			list = append(list, text)
		}
	}
	add(domain != "", "domain:"+domain)
	add(path != "", "path:"+path)
	add(secure, "secure")
	add(httpOnly, "http-only")
	add(sameSite != "", sameSite)
	add(partition != "", "partition:"+partition)
	return list
}

// lines turns values into lines.
func lines[T any](values []T, line func(T) string) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = line(v)
	}
	return list
}

// askedInBrowser is what cookieStage's scripts ask for. An own expiry that the
// browser would cap, a cookie that it refuses and a deletion are there as well.
var askedInBrowser = []string{
	"cookies document.cookie https://www.shop.test/ age=1 for 43800h0m0s path:/",
	"cookies document.cookie https://www.shop.test/ expires=1 for 43800h0m0s",
	"cookies document.cookie https://www.shop.test/ both=1 for 43800h0m0s",
	"cookies document.cookie https://www.shop.test/ session=1 for the session",
	"cookies document.cookie https://www.shop.test/ open=1 for the session secure None",
	"cookies document.cookie https://www.shop.test/ strict=1 for the session path:/deep Strict",
	"cookies document.cookie https://www.shop.test/ wide=1 for the session domain:shop.test",
	"cookies document.cookie https://www.shop.test/ stranger=1 for the session domain:elsewhere.test",
	"cookies document.cookie https://www.shop.test/ gone=1 for 1m0s",
	"cookies document.cookie https://www.shop.test/ gone= deleted",
	"cookies document.cookie https://www.shop.test/ away=1 for the session",
	"cookies document.cookie https://www.shop.test/ away= deleted",
	"cookies cookieStore https://www.shop.test/ store=1 for 43800h0m0s secure Strict",
	"cookies cookieStore https://www.shop.test/ store-session=1 for the session secure",
	"cookies cookieStore https://www.shop.test/ store-gone=1 for the session secure",
	"cookies cookieStore https://www.shop.test/ store-gone= deleted secure",
	"cookies cookieStore https://www.shop.test/service-worker.js worker=1 for 43800h0m0s secure",
	"cookies document.cookie https://api.shop.test/same-site same-site=1 for 43800h0m0s secure None",
	"cookies document.cookie https://far.test/cross-site cross-site=1 for 43800h0m0s secure None",
	"cookies document.cookie https://www.shop.test/nested nested=1 for 43800h0m0s secure None",
}

// askedByAnswers is what its answers ask for.
var askedByAnswers = []string{
	"cookies set-cookie https://www.shop.test/ answer=1 for 43800h0m0s path:/ secure http-only Strict",
	"cookies set-cookie https://www.shop.test/ answer-session=1 for the session",
	"cookies set-cookie https://www.shop.test/ answer-gone= deleted",
	"cookies set-cookie https://far.test/cross-site __Host-part=1 for 43800h0m0s path:/ secure http-only None",
}

// jar is what Chrome makes of it. It keeps no cookie for more than 400 days.
var jar = []string{
	"__Host-part=1 for 400d domain:far.test path:/ secure http-only None partition:https://shop.test",
	"age=1 for 400d domain:www.shop.test path:/",
	"answer=1 for 400d domain:www.shop.test path:/ secure http-only Strict",
	"answer-session=1 for the session domain:www.shop.test path:/",
	"both=1 for 400d domain:www.shop.test path:/",
	"expires=1 for 400d domain:www.shop.test path:/",
	"open=1 for the session domain:www.shop.test path:/ secure None",
	"same-site=1 for 400d domain:api.shop.test path:/ secure None",
	"session=1 for the session domain:www.shop.test path:/",
	"store=1 for 400d domain:www.shop.test path:/ secure Strict",
	"store-session=1 for the session domain:www.shop.test path:/ secure Strict",
	"strict=1 for the session domain:www.shop.test path:/deep Strict",
	"wide=1 for the session domain:.shop.test path:/",
	"worker=1 for 400d domain:www.shop.test path:/ secure Strict",
}

// thirdParty is what only the shell keeps.
var thirdParty = []string{
	"cross-site=1 for 400d domain:far.test path:/ secure None",
	"nested=1 for 400d domain:www.shop.test path:/ secure None",
}

var _ = g.Describe("cookies", func() {
	for _, kind := range kinds() {
		g.It("are recorded as they were asked for, and as they were kept, in "+string(kind)+" Chrome", func(ctx g.SpecContext) {
			s := setOut(ctx, kind, cookieStage())
			s.open(ctx, "cookies", "https://www.shop.test/", "/done/page", "/done/same-site", "/done/cross-site", "/done/nested", "/done/worker")
			// A service worker is not fenced: what it reports may take a moment.
			Eventually(ctx, func() []string { return lines(s.visitor.Writes(), asked) }).Should(ConsistOf(askedInBrowser))
			Expect(lines(s.wire.Writes(), asked)).To(ConsistOf(askedByAnswers))
			found, err := s.visitor.Cookies(ctx)
			Expect(err).NotTo(HaveOccurred())
			wanted := jar
			if kind == browser.Shell {
				wanted = append(slices.Clone(jar), thirdParty...)
			}
			Expect(lines(found, kept)).To(ConsistOf(wanted))
		}, g.SpecTimeout(patience))
	}
})

// storagePage keeps something in every store of the origin.
const storagePage = `
localStorage.setItem('local', 'l-1');
sessionStorage.setItem('session', 's-1');
const opening = indexedDB.open('shop', 1);
opening.onupgradeneeded = () => opening.result.createObjectStore('visitors');
await new Promise((resolve) => { opening.onsuccess = resolve; });
const transaction = opening.result.transaction('visitors', 'readwrite');
transaction.objectStore('visitors').put({ id: 'i-1' }, 'me');
await new Promise((resolve) => { transaction.oncomplete = resolve; });
opening.result.close();
await (await caches.open('kept')).put('/entry', new Response('c-1'));
`

// stored lists what storagePage has kept for the origin.
func stored(origin string) []any {
	item := func(store, name, value string) evidence.Item {
		return evidence.Item{Store: store, Origin: origin, Name: name, Value: value}
	}
	return []any{
		item("localStorage", "local", "l-1"), item("sessionStorage", "session", "s-1"),
		item("indexedDB", `shop/visitors/"me"`, `{"id":"i-1"}`), item("cache", "kept/"+origin+"/entry", "c-1"),
	}
}

var _ = g.Describe("stores", func() {
	for _, kind := range kinds() {
		g.It("are in the snapshot, those of frames too, in "+string(kind)+" Chrome", func(ctx g.SpecContext) {
			s := setOut(ctx, kind, gateway.Stage{
				"www.shop.test": host(map[string]http.HandlerFunc{
					"/{$}": html(storagePage+`
						await navigator.serviceWorker.register('/service-worker.js');
						await navigator.serviceWorker.ready;
						fetch('/done/page');`,
						`<iframe src="https://api.shop.test/frame"></iframe><iframe src="https://far.test/frame"></iframe>`),
					"/quiet":             html("", ""),
					"/service-worker.js": javascript(""),
				}),
				"api.shop.test": host(map[string]http.HandlerFunc{"/frame": html(storagePage+"fetch('/done/same-site');", "")}),
				"far.test":      host(map[string]http.HandlerFunc{"/frame": html(storagePage+"fetch('/done/cross-site');", "")}),
			})
			own := append(stored("https://www.shop.test"), evidence.Item{Store: "serviceWorker", Origin: "https://www.shop.test",
				Name: "https://www.shop.test/", Value: "https://www.shop.test/service-worker.js"})
			settled := s.open(ctx, "framed", "https://www.shop.test/", "/done/page", "/done/same-site", "/done/cross-site")
			all := append(append(stored("https://api.shop.test"), stored("https://far.test")...), own...)
			Expect(settled.Storage).To(ConsistOf(all...))

			settled = s.open(ctx, "alone", "https://www.shop.test/quiet")
			Expect(settled.Storage).To(ConsistOf(own...), "a page that touches no store")
		}, g.SpecTimeout(patience))
	}
})
