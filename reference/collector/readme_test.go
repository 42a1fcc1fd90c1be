package collector

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// curled is the request that a line of the README makes, to a collector that runs on its
// own; date stands for $(date +%s).
func curled(t *testing.T, line string, date time.Time) *http.Request {
	t.Helper()
	target := regexp.MustCompile(`"http://127\.0\.0\.1:8080(/[^"]+)"`).FindStringSubmatch(line)
	if target == nil {
		t.Fatalf("no address in: %s", line)
	}
	path := strings.ReplaceAll(target[1], "$(date +%s)", strconv.FormatInt(date.Unix(), 10))
	method, body := http.MethodGet, ""
	if sent := regexp.MustCompile(` -d '([^']+)'`).FindStringSubmatch(line); sent != nil {
		method, body = http.MethodPut, sent[1]
	}
	if strings.ContainsAny(path, " $()") || (method == http.MethodPut) != strings.Contains(line, " -X PUT ") {
		t.Fatalf("not understood: %s", line)
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr, r.Host = "127.0.0.1:4000", "127.0.0.1:8080"
	for _, field := range regexp.MustCompile(` -H "([^:]+): ([^"]+)"`).FindAllStringSubmatch(line, -1) {
		r.Header.Set(field[1], field[2])
	}
	return r
}

// The README's own lines do what it says of them, and of the hit's parameters none can be
// spared.
func TestTheREADMEsRequestsAreTaken(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if command := strings.TrimSpace(line); strings.HasPrefix(command, "curl ") {
			for _, place := range []string{"/ppms.php", "/api/piwikpro/sites/"} {
				if strings.Contains(command, place) {
					lines[place] = command
				}
			}
		}
	}
	if len(lines) != 2 {
		t.Fatalf("the README's requests: %q", lines)
	}
	c := begun(t, Options{})
	answered := func(r *http.Request) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		c.Handler().ServeHTTP(w, r)
		return w
	}
	site := ExampleSites()[0].ID
	sessions := func() int64 {
		r, err := c.Report(t.Context(), ReportQuery{Site: site, From: firstDay, To: firstDay})
		if err != nil {
			t.Fatal(err)
		}
		return r.Total.Sessions
	}
	hit := curled(t, lines["/ppms.php"], firstDay)
	w := answered(hit)
	if refused := w.Header().Get(RefusedHeader); w.Code != http.StatusAccepted || refused != "" || w.Body.Len() > 0 || sessions() != 1 {
		t.Errorf("status %d, refused: %q, %d sessions", w.Code, refused, sessions())
	}
	for name := range hit.URL.Query() {
		without := curled(t, lines["/ppms.php"], firstDay)
		q := without.URL.Query()
		q.Del(name)
		without.URL.RawQuery = q.Encode()
		if w := answered(without); w.Code != http.StatusAccepted || w.Header().Get(RefusedHeader) == "" {
			t.Errorf("without %s: status %d, and nothing is refused", name, w.Code)
		}
	}
	anonymous := curled(t, lines["/ppms.php"], firstDay)
	q := anonymous.URL.Query()
	q.Del("_id")
	anonymous.URL.RawQuery = q.Encode() + "&" + url.Values{"uia": {"1"}, "ses": {"0123456789abcdef"}}.Encode()
	if w := answered(anonymous); w.Header().Get(RefusedHeader) != "" || sessions() != 2 {
		t.Errorf("anonymous: refused: %q, %d sessions", w.Header().Get(RefusedHeader), sessions())
	}
	if w := answered(curled(t, lines["/api/piwikpro/sites/"], firstDay)); w.Code != http.StatusOK {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	if set, err := c.Site(t.Context(), site); err != nil || set.AnonymousTracking {
		t.Errorf("%+v, %v", set, err)
	}
}
