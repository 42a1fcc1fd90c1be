package suite_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
)

// The parts of a stage may share a host, as where a vendor serves script and hits
// from one, or a site hosts its tracker itself.
func TestTheStagesPartsMayShareAHost(t *testing.T) {
	t.Parallel()
	for name, stage := range map[string]scenario.Stage{
		"script and collector": {Site: "www.shop.test", Scripts: "vendor.test", Collector: "vendor.test", Path: "/demo.js"},
		"script and site":      {Site: "www.shop.test", Scripts: "www.shop.test", Collector: "vendor.test", Path: "/demo.js"},
		"all":                  {Site: "www.shop.test", Scripts: "www.shop.test", Collector: "www.shop.test", Path: "/demo.js"},
		"none":                 {Site: "www.shop.test", Scripts: "cdn.test", Collector: "vendor.test", Path: "/demo.js"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t, &machine{}, "demo.stay")
			p := *o.Pixel
			p.Stage, p.Pages = stage, map[string]string{"home": "/", "shop": "/shop/", "products": "/products"}
			o.Pixel = &p
			o.Collector = suite.Fixed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("hit " + r.URL.Path)) }))
			plans, err := suite.Plan(o)
			if err != nil {
				t.Fatal(err)
			}
			hosts, err := suite.Stage(plans[0], o)
			if err != nil {
				t.Fatal(err)
			}
			for address, want := range map[string]string{
				"https://" + stage.Site + "/":           `src="https://` + stage.Scripts + `/demo.js"`,
				"https://" + stage.Site + "/shop/":      "<title>shop</title>",
				"https://" + stage.Site + "/products":   "<title>products</title>",
				"https://" + stage.Scripts + "/demo.js": "// The demo pixel.",
				"https://" + stage.Collector + "/hit":   "hit /hit",
			} {
				if got := ask(t, hosts, address); !strings.Contains(got, want) {
					t.Errorf("%s: got %q, want %q in it", address, got, want)
				}
			}
			if got := ask(t, hosts, "https://"+stage.Site+"/shop/below"); strings.Contains(got, "<title>") {
				t.Errorf("below a page there is %q", got)
			}
		})
	}
}

// The pages of one site know whom the journey says that they know.
func TestThePagesKnowThePerson(t *testing.T) {
	t.Parallel()
	o := options(t, &machine{}, "demo.return")
	plans, err := suite.Plan(o)
	if err != nil {
		t.Fatal(err)
	}
	sc := *plans[0].Scenario
	sc.Config.Customer = map[string]string{scenario.RoleCustomerID: "anna"}
	sc.Journey = slices.Clone(sc.Journey)
	sc.Journey[1].Person = scenario.PersonSecond
	plans[0].Scenario = &sc
	hosts, err := suite.Stage(plans[0], o)
	if err != nil {
		t.Fatal(err)
	}
	g, err := gateway.New(gateway.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	v, err := g.Visitor(hosts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	transport := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: v.Address()}), DisableKeepAlives: true}
	for _, person := range []struct{ word, want string }{{"", "anna"}, {scenario.PersonSecond, "boob"}, {"", "anna"}} {
		v.Person(person.word)
		response, err := (&http.Client{Transport: transport}).Get("http://www.shop.test/")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if want := `data-customer="` + person.want + `"`; err != nil || !strings.Contains(string(body), want) {
			t.Errorf("person %q: %v, %s", person.word, err, body)
		}
	}
	if got := ask(t, hosts, "https://www.shop.test/"); !strings.Contains(got, `data-customer="anna"`) {
		t.Errorf("outside of a gateway the page is %s", got)
	}
}

// ask asks the stage as the gateway does.
func ask(t *testing.T, hosts gateway.Stage, address string) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	var w answer
	hosts[r.URL.Host].Handler.ServeHTTP(&w, r)
	return w.String()
}

type answer struct {
	bytes.Buffer
	header http.Header
}

func (a *answer) WriteHeader(int) {}
func (a *answer) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}
