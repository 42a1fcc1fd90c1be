package gateway

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// placing is a stage whose every host says from where it was asked.
func placing() Stage {
	said := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, port, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil || port == "" {
			host = "no address: " + r.RemoteAddr
		}
		_, _ = fmt.Fprint(w, host, " ", AddressOf(r.Context()), " ", r.Header.Get("X-Forwarded-For"))
	})
	return Stage{
		"collect.vendor.test": {Purpose: "collector", Handler: said},
		"cdn.vendor.test": {Purpose: "script", Handler: said, ByPath: func(path string) string {
			return map[bool]string{true: "settings"}[strings.HasPrefix(path, "/consent/")]
		}},
		"app.vendor.test": {Purpose: "console", Handler: said},
		"www.shop.test":   {Purpose: "page", Handler: said},
	}
}

func TestAVisitorComesFromHisAddress(t *testing.T) {
	t.Parallel()
	overEach(t, func(t *testing.T, h2 bool) {
		v := newVisitor(t, newGateway(t, Options{}), placing())
		c := client(t, v, h2)
		ask := func(url string) string {
			r, err := http.NewRequestWithContext(within(t), http.MethodGet, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Forwarded-For", "192.0.2.99") // a page that lies
			response, err := c.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(body)
		}
		for _, test := range []struct{ from, url, want string }{
			{"", "https://collect.vendor.test/hit", "127.0.0.1  192.0.2.99"},
			{"192.0.2.10", "https://collect.vendor.test/hit", "192.0.2.10 192.0.2.10 192.0.2.99"},
			{"192.0.2.10", "https://cdn.vendor.test/consent/site.json", "192.0.2.10 192.0.2.10 192.0.2.99"},
			{"192.0.2.10", "https://cdn.vendor.test/script.js", "127.0.0.1  192.0.2.99"},
			{"192.0.2.10", "https://app.vendor.test/", "127.0.0.1  192.0.2.99"},
			{"192.0.2.10", "https://www.shop.test/", "127.0.0.1  192.0.2.99"},
			{"2001:db8::10", "https://collect.vendor.test/hit", "2001:db8::10 2001:db8::10 192.0.2.99"},
			{"", "https://collect.vendor.test/hit", "127.0.0.1  192.0.2.99"},
		} {
			v.From(test.from)
			if got := ask(test.url); got != test.want {
				t.Errorf("from %q, %s: got %q, want %q", test.from, test.url, got, test.want)
			}
		}
		// The harness itself comes from this machine: only that may read back.
		v.From("192.0.2.10")
		got, err := v.Record(within(t), "/api")
		if want := "127.0.0.1  "; err != nil || string(got) != want {
			t.Errorf("read back: got %q, %v, want %q", got, err, want)
		}
	})
}

// A hit that comes late comes from where it was sent.
func TestALateHitComesFromWhereItWasSent(t *testing.T) {
	t.Parallel()
	var seen []string
	v := newVisitor(t, newGateway(t, Options{}), recording(func(_ http.ResponseWriter, r *http.Request) { seen = append(seen, AddressOf(r.Context())) }))
	c := client(t, v, true)
	v.Collector(scenario.CollectorLate)
	for _, from := range []string{"192.0.2.10", "192.0.2.20"} {
		v.From(from)
		send(t, c, "GET", collectorURL+"/hit", "")
	}
	v.From("192.0.2.30")
	v.Collector(scenario.CollectorWell)
	if diff := cmp.Diff([]string{"192.0.2.20", "192.0.2.10"}, seen); diff != "" {
		t.Errorf("the last first (-want +got):\n%s", diff)
	}
}

// What a collector answers under settings is neither held back nor broken with its
// hits or with the tracker's code.
func TestSettingsAreNeitherHitsNorCode(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, newGateway(t, Options{}), placing())
	c := client(t, v, true)
	v.Script(true)
	for _, mode := range []string{scenario.CollectorSlow, scenario.CollectorFailing, scenario.CollectorResetting, scenario.CollectorUnreachable, scenario.CollectorLate} {
		v.Collector(mode)
		if response, got := send(t, c, "GET", "https://cdn.vendor.test/consent/site.json", ""); response.StatusCode != http.StatusOK || !strings.Contains(got, "127.0.0.1") {
			t.Errorf("%s: %s %q", mode, response.Status, got)
		}
	}
	for _, r := range v.Requests() {
		if r.Purpose != "settings" {
			t.Errorf("%s is recorded as %q", r.URL, r.Purpose)
		}
	}
}

func TestOnlyAConsolesPageIsLetAskForItsFence(t *testing.T) {
	t.Parallel()
	const policy = "default-src 'none'; img-src 'self'"
	answering := func(purpose string) Host {
		return Host{Purpose: purpose, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(policyHeader, policy)
			_, _ = fmt.Fprint(w, "page")
		})}
	}
	v := newVisitor(t, newGateway(t, Options{}), Stage{"app.vendor.test": answering("console"), "www.shop.test": answering("page")})
	c := client(t, v, true)
	for url, want := range map[string]string{"https://app.vendor.test/": policy + "; connect-src 'self'", "https://www.shop.test/": policy} {
		if response, _ := send(t, c, "GET", url, ""); response.Header.Get(policyHeader) != want {
			t.Errorf("%s: got %q, want %q", url, response.Header.Get(policyHeader), want)
		}
	}
}

func TestAPolicyWithItsOwnHost(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]string{
		"":                                       "",
		"img-src 'none'":                         "img-src 'none'",
		"default-src 'none'":                     "default-src 'none'; connect-src 'self'",
		"default-src 'none'; ":                   "default-src 'none'; connect-src 'self'",
		"default-src https://a.test 'self'":      "default-src https://a.test 'self'; connect-src https://a.test 'self'",
		"default-src *":                          "default-src *; connect-src *",
		"connect-src 'none'; img-src *":          "connect-src 'self'; img-src *",
		"img-src *; Connect-Src https://a.test":  "img-src *; Connect-Src https://a.test 'self'",
		"default-src 'none'; connect-src 'self'": "default-src 'none'; connect-src 'self'",
	} {
		if got := withOwnHost(policy); got != want {
			t.Errorf("%q: got %q, want %q", policy, got, want)
		}
	}
}
