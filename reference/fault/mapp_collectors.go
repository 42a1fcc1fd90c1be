package fault

import (
	"crypto/rand"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

// mappCollectors returns faults of the collector, with what the page does for
// some of them.
func mappCollectors() []Fault {
	wrong := func(name, title string, clause string, change func(*collector.Options), patches ...tracker.Patch) Fault {
		return Fault{Name: name, Title: title, Part: Collector, Vendor: "mapp", Clauses: []string{clause}, Change: change, Patches: patches}
	}
	const joined = "mapp.visits-not-joined"
	const hides = "all.no-hiding-place"
	tag := tracker.Patch{File: hit, Find: anonymousHit, Replace: anonymousHit + `
    fetch(` + elsewhere + ` + "/tag", { credentials: "include" }).catch(() => {});`}
	return []Fault{
		wrong("joins-anonymous-visits-by-address", "Anonymous visits from one address and browser are taken for one visitor's", joined,
			func(o *collector.Options) { o.Recognise = byAddress }),
		wrong("joins-anonymous-visits-by-cookie", "The collector knows anonymous visitors by a cookie of its own",
			"mapp.visits-not-joined",
			func(o *collector.Options) {
				o.Recognise = byCookie
				o.Wrap = answering(func(w http.ResponseWriter, r *http.Request) { setCookie(w, r, collectorCookie) })
			}),
		wrong("sets-an-identifying-cookie", "The collector's answer sets a lasting cookie, to anonymous visitors too", hides,
			func(o *collector.Options) {
				o.Wrap = answering(func(w http.ResponseWriter, r *http.Request) { setCookie(w, r, collectorCookie) })
			}),
		wrong("sets-a-cookie-with-the-second-hit", "The answer to the second hit sets a lasting cookie", hides,
			func(o *collector.Options) {
				var hits int
				var mu sync.Mutex
				o.Wrap = answering(func(w http.ResponseWriter, r *http.Request) {
					mu.Lock()
					defer mu.Unlock()
					if hits++; hits > 1 {
						setCookie(w, r, "second")
					}
				})
			}),
		wrong("knows-anonymous-visitors-by-etag", "An anonymous page asks for something whose ETag tells who asks", hides,
			func(o *collector.Options) { o.Wrap = tagging("ETag", "If-None-Match") }, tag),
		wrong("respawns-from-an-etag", "A deleted ever-id comes back from the HTTP cache",
			"all.no-respawn",
			func(o *collector.Options) { o.Wrap = tagging("ETag", "If-None-Match") },
			tracker.Patch{File: visitor, Find: "write(everIdCookie, id, everIdSeconds);", Replace: `write(everIdCookie, id, everIdSeconds);
    this.tagged();`},
			tracker.Patch{File: visitor, Find: "session() {", Replace: `// tagged takes the ever-id from what the browser has cached.
  tagged() {
    fetch("https://collect.vendor.test/111111111111111/px/tag").then((answer) => answer.text()).then((id) => {
      if (/^\d{19}$/.test(id) && !this.isAnonymous()) { write(everIdCookie, id, everIdSeconds); }
    }).catch(() => {});
  }

  session() {`}),
	}
}

// collectorCookie is the cookie by which a wrong collector knows a browser.
const collectorCookie = "wtcid"

// byAddress takes everybody behind one address and browser for one visitor.
func byAddress(r *http.Request, hit collector.Hit) string {
	if hit.Visitor != "" {
		return hit.Visitor
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return host + " " + r.UserAgent()
}

// byScreen takes everybody with one screen and language for one visitor.
func byScreen(_ *http.Request, hit collector.Hit) string {
	if hit.Visitor != "" {
		return hit.Visitor
	}
	parts := strings.Split(hit.Parameters["p"], ",")
	return parts[3] + " " + hit.Parameters["la"]
}

// byCookie takes everybody with the collector's cookie for its owner.
func byCookie(r *http.Request, hit collector.Hit) string {
	if cookie, err := r.Cookie(collectorCookie); err == nil && hit.Visitor == "" {
		return cookie.Value
	}
	return hit.Visitor
}

// answering adds to the answers of hits.
func answering(add func(http.ResponseWriter, *http.Request)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/wt") {
				add(w, r)
			}
			next.ServeHTTP(w, r)
		})
	}
}

// setCookie gives a browser a lasting cookie unless it has one.
func setCookie(w http.ResponseWriter, r *http.Request, name string) {
	if _, err := r.Cookie(name); err != nil {
		http.SetCookie(w, &http.Cookie{
			Name: name, Value: rand.Text(), Path: "/", MaxAge: 365 * 24 * 60 * 60,
			Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode,
		})
	}
}

// tagging answers /…/tag with an identifier, as a validator and as the body; a
// browser that validates its copy gives the identifier back.
func tagging(validator, condition string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/tag") {
				next.ServeHTTP(w, r)
				return
			}
			h := w.Header()
			h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
			h.Set("Access-Control-Allow-Credentials", "true")
			h.Set("Vary", "Origin")
			h.Set("Cache-Control", "private, max-age=0, must-revalidate")
			if known := r.Header.Get(condition); known != "" {
				h.Set(validator, known)
				w.WriteHeader(http.StatusNotModified)
				return
			}
			id := number()
			h.Set(validator, `"`+id+`"`)
			h.Set("Content-Type", "text/plain")
			_, _ = w.Write([]byte(id)) // a client that is gone needs no answer
		})
	}
}

// number returns 19 random digits, as an ever-id has them.
func number() string {
	digits := make([]byte, 19)
	_, _ = rand.Read(digits) // never fails
	for i, b := range digits {
		digits[i] = '1' + b%9
	}
	return string(digits)
}
