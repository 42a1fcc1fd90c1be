package scenario

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	. "github.com/onsi/gomega"
	"golang.org/x/net/html"
)

// parsePageText takes a page apart as a browser would, and returns the texts of
// its inline scripts. It fails the test when a script is not JavaScript.
func parsePageText(t testing.TB, page []byte) (root *html.Node, scripts []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(string(page)))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "script" || n.FirstChild == nil {
			continue
		}
		text := n.FirstChild.Data
		if result := api.Transform(text, api.TransformOptions{}); len(result.Errors) > 0 {
			t.Fatalf("%s\n%s", result.Errors[0].Text, text)
		}
		scripts = append(scripts, text)
	}
	return root, scripts
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func element(root *html.Node, matches func(*html.Node) bool) *html.Node {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && matches(n) {
			return n
		}
	}
	return nil
}

func mappPlan(t testing.TB, config Config, settings map[string]string) *Plan {
	t.Helper()
	lib := loadShipped(t)
	sc, pixel := *lib.Scenario("mapp.opt-out"), *lib.Pixel("mapp")
	sc.Config = config
	if settings != nil {
		pixel.Settings = settings
	}
	return &Plan{Scenario: &sc, Pixel: &pixel}
}

// squeeze drops what is only layout.
func squeeze(text string) string { return strings.Join(strings.Fields(text), "") }

func TestMappPageFollowsTheScenario(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	lib := loadShipped(t)
	plan, err := Bind(lib, lib.Scenario("mapp.opt-out"), lib.Pixel("mapp"))
	g.Expect(err).NotTo(HaveOccurred())
	for name := range plan.Pixel.Pages {
		page, err := RenderPage(plan, name, PageData{})
		g.Expect(err).NotTo(HaveOccurred())
		root, scripts := parsePageText(t, page)
		g.Expect(scripts).To(HaveLen(1))
		g.Expect(squeeze(scripts[0])).To(Equal(squeeze(`
			window.wtSmart = window.wtSmart || [];
			window.wtSmart.push(function (wtSmart) {
				wtSmart.init.set({trackId: "111111111111111", trackDomain: "collect.vendor.test"});
				wtSmart.advanced.add({userIdentification: {
					enableAnonymousFunction: true, anonymousOptIn: false, suppressParameter: ["cd", "uc5", "uc7"],
				}});
				wtSmart.customer.data.add({id: "user5684798169", category: {5: "User cat 5", 7: "User cat 7",}});
				wtSmart.track();
			});`)))
		loader := element(root, func(n *html.Node) bool { return attribute(n, "src") != "" })
		g.Expect(attribute(loader, "src")).To(Equal("https://cdn.vendor.test/js/smart-pixel.min.js"))
		g.Expect(loader.Attr).To(ContainElement(html.Attribute{Key: "async"}))
		for selector, call := range map[string]string{"#opt-out": "setAnonymousCookie", "#opt-back": "deleteAnonymousCookie"} {
			link := element(root, func(n *html.Node) bool { return "#"+attribute(n, "id") == selector })
			g.Expect(link).NotTo(BeNil(), selector)
			g.Expect(attribute(link, "onclick")).To(Equal("wtSmart.utils.optout." + call + "(); return false;"))
			g.Expect(attribute(link, "href")).To(Equal("#"))
		}
		for _, path := range plan.Pixel.Pages {
			g.Expect(element(root, func(n *html.Node) bool { return n.Data == "a" && attribute(n, "href") == path })).NotTo(BeNil(), "a link to "+path)
		}
		icon := element(root, func(n *html.Node) bool { return attribute(n, "rel") == "icon" })
		g.Expect(attribute(icon, "href")).To(Equal("data:,"), "no request for an icon")
	}
}

func TestMappPageSaysOnlyWhatIsConfigured(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for _, c := range []struct {
		name     string
		config   Config
		settings map[string]string
		want     string
	}{
		{"nothing", Config{}, nil, ``},
		{"enabled alone", Config{Anonymity: &Anonymity{Enabled: &yes}}, nil,
			`wtSmart.advanced.add({userIdentification:{enableAnonymousFunction:true,}});`},
		{"disabled, said", Config{Anonymity: &Anonymity{Enabled: &no}}, nil,
			`wtSmart.advanced.add({userIdentification:{enableAnonymousFunction:false,}});`},
		{"by default, renamed", Config{Anonymity: &Anonymity{ByDefault: &yes, Cookie: "mine"}}, nil,
			`wtSmart.advanced.add({userIdentification:{anonymousCookieName:"mine",anonymousOptIn:true,}});`},
		{"suppress alone", Config{Suppress: []string{"category-7"}}, nil,
			`wtSmart.advanced.add({userIdentification:{suppressParameter:["uc7"],}});`},
		{"customer id alone", Config{Customer: map[string]string{"customer-id": "a"}}, nil,
			`wtSmart.customer.data.add({id:"a",});`},
		{"categories in order", Config{Customer: map[string]string{"category-10": "b", "category-9": "a"}}, nil,
			`wtSmart.customer.data.add({category:{9:"a",10:"b",}});`},
		{"beacon", Config{}, map[string]string{"track-id": "111111111111111", "transport": "beacon"},
			`wtSmart.advanced.add({transport:"beacon"});`},
		{"image is not said", Config{}, map[string]string{"track-id": "111111111111111", "transport": "image"}, ``},
		{"no transport", Config{}, map[string]string{"track-id": "111111111111111"}, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			page, err := RenderPage(mappPlan(t, c.config, c.settings), "home", PageData{})
			g.Expect(err).NotTo(HaveOccurred())
			_, scripts := parsePageText(t, page)
			between := regexp.MustCompile(`(?s)init\.set\(\{.*?\}\);(.*)wtSmart\.track\(\)`).FindStringSubmatch(scripts[0])
			g.Expect(between).NotTo(BeNil())
			g.Expect(squeeze(between[1])).To(Equal(c.want))
		})
	}
}

func TestPageTakesScriptAndCollectorFromTheCaller(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	page, err := RenderPage(mappPlan(t, Config{}, nil), "home", PageData{Script: "https://cdn.vendor.test/own.js", Collector: "collect.vendor.test:8443"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(page)).To(ContainSubstring(`src="https://cdn.vendor.test/own.js"`))
	g.Expect(string(page)).To(ContainSubstring(`trackDomain: "collect.vendor.test:8443"`))
}

// Values come from files that anyone may write: none may end the script or the
// attribute that it stands in, and each must arrive as it was.
func TestHostileValuesStayValues(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{
		`</script><script>alert(1)</script>`, `"); alert(1); ("`, `'`, `\`, `\u0022`, "line\nbreak", "\u2028\u2029", `<!--<script>`, `]]>`, "`${alert(1)}`", `&quot;`, `{{.}}`, `" onload="alert(1)`,
	} {
		t.Run(fmt.Sprintf("%q", hostile), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			plan := mappPlan(t, Config{
				Anonymity: &Anonymity{Cookie: hostile},
				Customer:  map[string]string{"customer-id": hostile, "category-5": hostile},
			}, map[string]string{"track-id": hostile, "transport": hostile})
			page, err := RenderPage(plan, "home", PageData{Script: "https://cdn.vendor.test/" + hostile, Collector: hostile})
			g.Expect(err).NotTo(HaveOccurred())
			root, scripts := parsePageText(t, page)
			g.Expect(scripts).To(HaveLen(1), "no script ends early or begins anew")
			g.Expect(element(root, func(n *html.Node) bool { return attribute(n, "onload") != "" })).To(BeNil())
			var values []string
			for _, literal := range regexp.MustCompile(`: ("(?:[^"\\]|\\.)*")|transport: ("(?:[^"\\]|\\.)*")`).FindAllStringSubmatch(scripts[0], -1) {
				var value string
				g.Expect(json.Unmarshal([]byte(literal[1]+literal[2]), &value)).To(Succeed(), literal[0])
				values = append(values, value)
			}
			g.Expect(values).To(Equal([]string{hostile, hostile, hostile, hostile, hostile, hostile}))
		})
	}
}

func TestPageWithAHostileAddressLoadsNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	page, err := RenderPage(mappPlan(t, Config{}, nil), "home", PageData{Script: "javascript:alert(1)"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(page)).NotTo(ContainSubstring("javascript:"))
}

func TestPageThatIsNotThere(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, err := RenderPage(bindDemo(t, "demo.stay"), "hame", PageData{})
	g.Expect(err).To(MatchError("scenarios/pixels/demo/pixel.yaml: the pixel demo has no page \"hame\"\nhint: did you mean \"home\"?"))
}

func TestPixelMadeByHandRendersItsTemplate(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plan := bindDemo(t, "demo.opt-out")
	want, err := RenderPage(plan, "home", PageData{})
	g.Expect(err).NotTo(HaveOccurred())
	byHand := *plan.Pixel
	byHand.page, byHand.source, byHand.Files = nil, nil, os.DirFS("testdata/library/pixels/demo")
	got, err := RenderPage(&Plan{Scenario: plan.Scenario, Pixel: &byHand}, "home", PageData{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(got)).To(Equal(string(want)))
	g.Expect(string(got)).To(ContainSubstring(`"own-choice"`), "the cookie's name in this scenario")
}

// A template is parsed once and used by many visitors at a time.
func TestPagesAreRenderedAtTheSameTime(t *testing.T) {
	t.Parallel()
	plan := bindDemo(t, "demo.opt-out")
	want := must(RenderPage(plan, "home", PageData{}))
	same := make(chan bool)
	for range 16 {
		go func() {
			page, err := RenderPage(plan, "home", PageData{})
			same <- err == nil && string(page) == string(want)
		}()
	}
	for range 16 {
		if !<-same {
			t.Error("the page came out differently")
		}
	}
}
