//go:build unix

package gateway

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// eachChrome runs the test in each of Chrome's builds that is installed: what is
// claimed of Chrome is seen in Chrome.
func eachChrome(t *testing.T, test func(t *testing.T, chrome string)) {
	t.Helper()
	found := false
	for _, name := range []string{"chromium-headless-shell", "chromium"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		found = true
		t.Run(name, func(t *testing.T) { test(t, path) })
	}
	if !found {
		t.Skip("no Chrome is installed")
	}
}

// browse has a Chrome open the URL as the visitor, until the test ends.
func browse(t *testing.T, v *Visitor, chrome, url string) {
	t.Helper()
	profile, err := os.MkdirTemp("", "pixelwitness-gateway-")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(chrome, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-dev-shm-usage", "--disable-breakpad", "--remote-debugging-port=0", "--user-data-dir="+profile,
		"--proxy-server="+v.Address(), "--proxy-bypass-list=<-loopback>",
		"--ignore-certificate-errors-spki-list="+v.gateway.SPKI(), url)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		for range 100 { // a child that is still dying may write a last file
			if err = os.RemoveAll(profile); err == nil {
				return
			}
		}
		t.Error(err)
	})
}

func scripted(source string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = io.WriteString(w, `<!doctype html><link rel="icon" href="data:,"><script type="module">`+source+`</script>`)
	}
}

// report awaits what the page reports of itself.
func report(t *testing.T, v *Visitor) string {
	t.Helper()
	await(t, v, "/report")
	for _, r := range v.Requests() {
		if pathIs("/report")(&r) {
			return string(r.Body)
		}
	}
	return ""
}

// site is a page that runs the script and may have the test do things by asking
// for "/do/NAME".
func site(script string, do map[string]func()) Host {
	return Host{Purpose: "page", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := do[strings.TrimPrefix(r.URL.Path, "/do/")]; f != nil {
			f()
			return
		}
		scripted(script)(w, r)
	})}
}

const attempts = `
const at = '` + collectorURL + `/';
const how = async (name, f) => { try { return name + ' ' + await f() } catch { return name + ' failed' } };
const post = (path, more) => fetch(at + path, { method: 'POST', mode: 'no-cors', body: path, ...more }).then((r) => r.type);
const image = (path) => new Promise((yes, no) => { const i = new Image(); i.onload = () => yes('loaded'); i.onerror = no; i.src = at + path; });
await post('warm');
await fetch('/do/begin');
const said = [
	await how('image', () => image('image')),
	await how('get', () => fetch(at + 'get', { mode: 'no-cors' }).then((r) => r.type)),
	await how('cors', () => fetch(at + 'cors').then((r) => r.status)),
	await how('own', () => fetch(at + 'own', { method: 'POST', headers: { 'x-own': '1' }, body: 'own' }).then((r) => r.status)),
	await how('post', () => post('post')),
	await how('keepalive', () => post('keepalive', { keepalive: true })),
];
await fetch('/do/end');
said.push(await how('again', () => post('again')));
await fetch('/report', { method: 'POST', body: said.join(', ') });
`

// What a page sees of a collector that is not well, and how often Chrome sends by
// itself: the claims of Visitor.Collector.
func TestWhatChromeMakesOfACollectorThatIsNotWell(t *testing.T) {
	const failed = "image failed, get failed, cors failed, own failed, post failed, keepalive failed, again opaque"
	connects := []string{"CONNECT", "CONNECT", "CONNECT", "CONNECT", "CONNECT", "CONNECT"}
	once := []string{"GET /image", "GET /get", "GET /cors", "OPTIONS /own", "POST /own", "POST /post", "POST /keepalive"}
	eachChrome(t, func(t *testing.T, chrome string) {
		for _, test := range []struct {
			mode, protocol, page string
			record               []string
		}{
			{scenario.CollectorFailing, "h2", "image failed, get opaque, cors 503, own 503, post opaque, keepalive opaque, again opaque", once},
			{scenario.CollectorResetting, "h2", failed, once},
			{scenario.CollectorResetting, "http/1.1", failed,
				[]string{"GET /image", "GET /get", "GET /get", "GET /cors", "OPTIONS /own", "POST /own", "POST /own", "POST /post", "POST /keepalive"}},
			{scenario.CollectorUnreachable, "h2", failed, connects},
			{scenario.CollectorUnreachable, "http/1.1", failed, connects},
		} {
			t.Run(test.mode+" over "+test.protocol, func(t *testing.T) {
				g := newGateway(t, Options{}, func(g *Gateway) { g.tls.NextProtos = []string{test.protocol} })
				stage := newTheatre().stage
				stage["collect.vendor.test"] = Host{Purpose: "collector", Handler: http.HandlerFunc(Sink)}
				v := newVisitor(t, g, stage)
				stage["www.shop.test"] = site(attempts, map[string]func(){
					"begin": func() { v.Collector(test.mode) },
					"end":   func() { v.Collector(scenario.CollectorWell) },
				})
				browse(t, v, chrome, siteURL+"/")
				if got := report(t, v); got != test.page {
					t.Errorf("the page saw\n%s, want\n%s", got, test.page)
				}
				quiet(t, v)
				var got []string
				for _, r := range v.Requests() {
					switch path := strings.TrimPrefix(r.URL, collectorURL); {
					case r.Purpose == "unreachable":
						got = append(got, r.Method)
					case r.Purpose == "collector" && path != "/warm" && path != "/again":
						got = append(got, r.Method+" "+path)
					}
				}
				if diff := cmp.Diff(test.record, got); diff != "" {
					t.Errorf("recorded (-want +got):\n%s", diff)
				}
			})
		}
	})
}

// A document that ends while an answer is held takes its request back; what goes
// on without the document waits on.
func TestChromeEndsADocumentWhileAnAnswerIsHeld(t *testing.T) {
	eachChrome(t, func(t *testing.T, chrome string) {
		stage := newTheatre().stage
		v := newVisitor(t, newGateway(t, Options{}), stage)
		v.Collector(scenario.CollectorSlow)
		stage["www.shop.test"] = site(`
			if (location.pathname === '/frame') {
				fetch('`+collectorURL+`/hit', { method: 'POST', mode: 'no-cors', body: 'hit' }).catch(() => {});
				fetch('`+collectorURL+`/stays', { method: 'POST', mode: 'no-cors', keepalive: true, body: 'stays' }).catch(() => {});
			} else {
				const frame = document.createElement('iframe');
				frame.src = '/frame';
				document.documentElement.append(frame);
				await fetch('/do/await');
				frame.remove();
				await fetch('/report', { method: 'POST' });
			}`, map[string]func(){"await": func() { await(t, v, "/hit"); await(t, v, "/stays") }})
		browse(t, v, chrome, siteURL+"/")
		report(t, v)
		if err := v.wait(within(t), func() bool { return len(v.holds) == 1 }); err != nil {
			t.Errorf("%d answers are held, want that of the keepalive request alone", len(v.holds))
		}
		quiet(t, v)
		v.Release()
		quiet(t, v)
		for _, r := range v.Requests() {
			want := map[string]int{"/hit": 0, "/stays": http.StatusAccepted}
			path := strings.TrimPrefix(r.URL, collectorURL)
			if status, ok := want[path]; ok && (r.Status != status || string(r.Body) != path[1:] || r.Incomplete != "") {
				t.Errorf("recorded as %+v", r)
			}
		}
	})
}

const keeping = `
const dates = [];
for (const path of ['fresh', 'stale', 'validated']) for (let i = 0; i < 2; i++) dates.push((await fetch('/' + path)).headers.get('date'));
const jar = (await cookieStore.getAll()).map((c) => [c.name, c.expires === null ? null : Math.round((c.expires - Date.now()) / 60000)]);
await fetch('/report', { method: 'POST', body: JSON.stringify({ jar: Object.fromEntries(jar), date: dates[0] }) });
`

// The claims of Visitor.Shift: Chrome takes dates relative to Date.
func TestChromeTakesDatesRelativeToTheAnswersOwn(t *testing.T) {
	eachChrome(t, func(t *testing.T, chrome string) {
		for _, offset := range []time.Duration{400 * day, 0} {
			t.Run(offset.String(), func(t *testing.T) {
				var dated time.Time
				v := newVisitor(t, newGateway(t, Options{}), page(func(w http.ResponseWriter, r *http.Request) {
					now := Now(r.Context())
					at := func(d time.Duration) string { return now.Add(d).UTC().Format(http.TimeFormat) }
					h := w.Header()
					switch r.URL.Path {
					case "/":
						h.Add("Set-Cookie", "hour=1; Expires="+at(time.Hour))
						h.Add("Set-Cookie", "age=1; Max-Age=3600")
						h.Add("Set-Cookie", "gone=1; Expires="+at(-time.Hour))
						h.Add("Set-Cookie", "session=1")
						scripted(keeping)(w, r)
					case "/fresh":
						dated = now
						h.Set("Expires", at(time.Hour))
						_, _ = io.WriteString(w, "fresh")
					case "/stale":
						h.Set("Expires", at(-time.Hour))
						h.Set("ETag", `"stale"`)
						http.ServeContent(w, r, "", time.Time{}, strings.NewReader("stale"))
					case "/validated":
						etagged(w, r)
					}
				}))
				v.Shift(offset)
				browse(t, v, chrome, siteURL+"/")
				var said struct {
					Jar  map[string]*int
					Date string
				}
				if err := json.Unmarshal([]byte(report(t, v)), &said); err != nil {
					t.Fatal(err)
				}
				hour := 60
				if diff := cmp.Diff(map[string]*int{"hour": &hour, "age": &hour, "session": nil}, said.Jar); diff != "" {
					t.Errorf("the jar, in minutes (-want +got):\n%s", diff)
				}
				if at, err := http.ParseTime(said.Date); err != nil || at.Sub(dated).Abs() > time.Minute {
					t.Errorf("the page reads the date %q, want %v", said.Date, dated)
				}
				var asked []string
				for _, r := range v.Requests() {
					if path := strings.TrimPrefix(r.URL, siteURL); r.Purpose == "page" && path != "/" && path != "/report" {
						asked = append(asked, strings.TrimRight(path+" "+r.HeaderValue("if-none-match")+" "+r.HeaderValue("if-modified-since"), " "))
					}
				}
				want := []string{"/fresh", "/stale", `/stale "stale"`, "/validated", `/validated "visitor-42" Sun, 01 Mar 2026 11:00:00 GMT`}
				if diff := cmp.Diff(want, asked); diff != "" {
					t.Errorf("asked for (-want +got):\n%s", diff)
				}
			})
		}
	})
}
