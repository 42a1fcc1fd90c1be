package report

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

func htmlOf(t *testing.T, r *verdict.Result) string {
	t.Helper()
	return rendered(t, func(b *bytes.Buffer) error { return HTML(b, r) })
}

func TestHTML(t *testing.T) {
	t.Parallel()
	for name, r := range samples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := htmlOf(t, r)
			golden(t, "html/"+name+".html", []byte(out))
			checkPage(t, out)
		})
	}
}

var voids = map[string]bool{"meta": true, "img": true, "br": true, "link": true, "!doctype": true}

// checkPage holds what is true of every page: elements nest, headings skip no
// level, IDs are unique and every link within the page has its target, header
// cells have a scope, pictures a description, and nothing is loaded or run.
func checkPage(t *testing.T, page string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(page))
	var open, links []string
	ids := map[string]bool{}
	level := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				t.Fatal(z.Err())
			}
			if len(open) > 0 {
				t.Errorf("not closed: %v", open)
			}
			for _, l := range links {
				if !ids[l] {
					t.Errorf("a link leads to #%s, which is not there", l)
				}
			}
			return
		case html.StartTagToken:
			token := z.Token()
			if !voids[token.Data] {
				open = append(open, token.Data)
			}
			links = append(links, checkElement(t, token, ids)...)
			if n, isHeading := headingLevel(token.Data); isHeading {
				if n > level+1 {
					t.Errorf("heading %d follows heading %d", n, level)
				}
				level = n
			}
		case html.EndTagToken:
			token := z.Token()
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("</%s> closes %v", token.Data, open)
			}
			open = open[:len(open)-1]
		}
	}
}

func headingLevel(tag string) (int, bool) {
	if len(tag) == 2 && tag[0] == 'h' && tag[1] >= '1' && tag[1] <= '6' {
		return int(tag[1] - '0'), true
	}
	return 0, false
}

func checkElement(t *testing.T, token html.Token, ids map[string]bool) (links []string) {
	t.Helper()
	attributes := map[string]string{}
	for _, a := range token.Attr {
		attributes[a.Key] = a.Val
		if strings.HasPrefix(a.Key, "on") {
			t.Errorf("an event handler: %s", token)
		}
	}
	if id := attributes["id"]; id != "" {
		if ids[id] {
			t.Errorf("id %s occurs twice", id)
		}
		ids[id] = true
	}
	if target, within := strings.CutPrefix(attributes["href"], "#"); within {
		links = append(links, target)
	}
	for _, key := range []string{"href", "src"} {
		if v := attributes[key]; !strings.HasPrefix(v, "./") && strings.Contains(v, ":") || strings.HasPrefix(v, "/") || strings.HasPrefix(v, "..") {
			t.Errorf("leads out of the folder: %s", token)
		}
	}
	switch token.Data {
	case "script", "iframe", "object", "link", "form":
		t.Errorf("the page holds %s", token)
	case "th":
		if attributes["scope"] == "" {
			t.Errorf("no scope: %s", token)
		}
	case "img":
		if attributes["alt"] == "" || attributes["loading"] != "lazy" {
			t.Errorf("no description, or not lazy: %s", token)
		}
	case "html":
		if attributes["lang"] == "" {
			t.Error("the page names no language")
		}
	}
	return links
}

func TestHTMLShowsTheProof(t *testing.T) {
	t.Parallel()
	out := htmlOf(t, samples()["fail"])
	for _, want := range []string{
		"<mark>eid=2123456789012345678</mark>", "Not conformant", "mapp, section 4", "scenarios/mapp/opt-out.yaml:19",
		`href="evidence/mapp.opt-out.ndjson"`, `src="screenshots/mapp.opt-out/anonymous.png"`, `href="result.json"`,
		"1 fail, 5 pass - fail", "Chrome/156.0.8078.79",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s", want)
		}
	}
	if out := htmlOf(t, samples()["partial"]); strings.Contains(out, ">Conformant<") || !strings.Contains(out, ">Partial<") {
		t.Error("a partial run is not called partial")
	}
}

// One cause is said once, with a link to each clause that it concerns.
func TestHTMLSaysOneCauseOnce(t *testing.T) {
	t.Parallel()
	findings := func(r *verdict.Result) string {
		_, after, _ := strings.Cut(htmlOf(t, r), `<ul class="findings">`)
		list, _, _ := strings.Cut(after, "</ul>")
		return list
	}
	r := samples()["inconclusive"]
	r.Verdicts[1].Reason = "another cause"
	got := findings(r)
	for text, times := range map[string]int{
		"<li>": 2, "5 verdicts: the pixel was never seen to send": 1, "mapp.no-identifying-cookie": 1, `href="#scenario-1-verdict-4"`: 1,
		"anonymous: parameter nc (anonymous-flag): expected set to 1, observed no request of the pixel: another cause": 1,
	} {
		if n := strings.Count(got, text); n != times {
			t.Errorf("%q stands there %d times, want %d:\n%s", text, n, times, got)
		}
	}
	r = samples()["inconclusive"]
	for i := range r.Verdicts {
		r.Verdicts[i].Outcome, r.Verdicts[i].Clause = verdict.Inconclusive, "mapp.nc-sent"
	}
	r.Tally()
	if got := findings(r); strings.Count(got, "<a ") != 1 || !strings.Contains(got, "6 verdicts") {
		t.Errorf("verdicts of one clause:\n%s", got)
	}
	if got := findings(samples()["fail"]); !strings.Contains(got, "anonymous: parameter eid (visitor-id): expected absent, observed present in 1 of 1") {
		t.Errorf("a fail:\n%s", got)
	}
}

// A clause that fails must not be looked for among those that pass, and what was
// never tried comes last.
func TestHTMLPutsTheWorstClausesFirst(t *testing.T) {
	t.Parallel()
	r := &verdict.Result{Schema: verdict.Schema}
	for i, o := range verdict.Outcomes() {
		for _, name := range []string{"b", "a"} {
			r.Verdicts = append(r.Verdicts, verdict.Verdict{
				Scenario: "x.y", Clause: fmt.Sprintf("x.%s%d", name, i), Outcome: o, Expected: "e", Observed: "o", Reason: "r",
			})
		}
	}
	r.Tally()
	var got []string
	for _, row := range newPage(settled(r)).Clauses {
		got = append(got, row.Outcome.Word+" "+row.ID)
	}
	want := []string{
		"error x.a6", "error x.b6", "fail x.a5", "fail x.b5", "inconclusive x.a4", "inconclusive x.b4", "deviation x.a3", "deviation x.b3",
		"pass x.a0", "pass x.b0", "skipped x.a1", "skipped x.b1", "unsupported x.a2", "unsupported x.b2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !slices.IsSortedFunc(settled(r).Clauses, func(a, b verdict.Clause) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("the page changed the order of the result's clauses")
	}
}

func TestHTMLEscapes(t *testing.T) {
	t.Parallel()
	out := htmlOf(t, samples()["hostile"])
	if strings.Contains(out, "<script") || !strings.Contains(out, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("a script element came through")
	}
	if strings.Contains(out, `"javascript:`) || strings.Contains(out, `"../../../etc/passwd"`) {
		t.Error("a link leads out of the folder")
	}
	if strings.ContainsAny(out, "\x00\x1b\u202e\u009b") {
		t.Error("a control character came through")
	}
}

var (
	variable = regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`)
	pairs    = [][2]string{
		{"ink", "paper"}, {"ink", "panel"}, {"soft", "paper"}, {"soft", "panel"}, {"link", "paper"}, {"link", "panel"},
		{"pass", "pass-bg"}, {"skipped", "skipped-bg"}, {"unsupported", "unsupported-bg"}, {"deviation", "deviation-bg"},
		{"inconclusive", "inconclusive-bg"}, {"fail", "fail-bg"}, {"fail", "paper"}, {"error", "error-bg"}, {"mark-ink", "mark"},
	}
)

// WCAG 2.2, 1.4.3: text has a contrast of 4.5 to 1 with what is behind it.
func TestHTMLContrast(t *testing.T) {
	t.Parallel()
	light, dark, found := strings.Cut(pageSource, "prefers-color-scheme: dark")
	if !found {
		t.Fatal("the page has no dark colours")
	}
	for name, css := range map[string]string{"light": light, "dark": dark} {
		colors := map[string]string{}
		for _, m := range variable.FindAllStringSubmatch(css, -1) {
			colors[m[1]] = m[2]
		}
		for _, p := range pairs {
			if got := contrast(t, colors[p[0]], colors[p[1]]); got < 4.5 {
				t.Errorf("%s: %s on %s is only %.2f to 1", name, p[0], p[1], got)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

func luminance(t *testing.T, color string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 32)
	if err != nil {
		t.Fatal(fmt.Errorf("colour %q: %w", color, err))
	}
	sum := 0.0
	for i, weight := range []float64{.0722, .7152, .2126} {
		c := float64(n>>(8*i)&0xff) / 255
		if c <= .04045 {
			sum += weight * c / 12.92
		} else {
			sum += weight * math.Pow((c+.055)/1.055, 2.4)
		}
	}
	return sum
}
