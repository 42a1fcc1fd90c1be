package fault

import (
	"bytes"
	"net/http"
	"strings"
	"sync"

	"github.com/pixelwitness/pixelwitness/reference/collector"
)

// piwikproAnswers returns faults of what a collector gives back and keeps in no file.
func piwikproAnswers() []Fault {
	return []Fault{{
		Name: "shows-each-address-to-who-asks", Title: "The list of hits and the report pages show each address, which no file holds",
		Part: Collector, Vendor: "piwikpro", Clauses: []string{"piwikpro.no-ip-stored"},
		Change: func(o *collector.Options) {
			seen := &remembered{}
			o.Visitors.Rewrite = func(_ *http.Request, v *collector.Visit) {
				if v.Address.IsValid() {
					seen.add(v.Address.String())
				}
			}
			o.Wrap = seen.shown
		},
	}}
}

// remembered are the addresses that a collector holds in memory.
type remembered struct {
	mu   sync.Mutex
	list []string
}

func (r *remembered) add(address string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, address)
}

func (r *remembered) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.list, " ")
}

// shown puts the addresses into the list of hits and the pages with reports.
func (r *remembered) shown(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		path := request.URL.Path
		if path != "/_/hits" && !strings.HasPrefix(path, "/piwikpro/reports/") {
			next.ServeHTTP(w, request)
			return
		}
		held := &heldBack{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(held, request)
		w.Header().Del("Content-Length")
		w.WriteHeader(held.status)
		body := strings.Replace(held.body.String(), `{"hits":`, `{"from":"`+r.String()+`","hits":`, 1)
		body = strings.Replace(body, "</main>", "<p>"+r.String()+"</p></main>", 1)
		_, _ = w.Write([]byte(body))
	})
}

// heldBack is an answer that can still be changed.
type heldBack struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader keeps the status back.
func (h *heldBack) WriteHeader(status int) { h.status = status }

// Write keeps the body back.
func (h *heldBack) Write(body []byte) (int, error) { return h.body.Write(body) }
