package collector

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

// hostile are names that try to get out of their place, or to push others out.
var hostile = map[string]string{
	"script":         `</script><script>alert(1)</script>`,
	"title":          `</title></svg></desc><img src=x onerror=alert(1)>`,
	"double quote":   `" onmouseover="alert(1)" x="`,
	"single quote":   `' autofocus onfocus='alert(1)`,
	"template":       `{{.Own}}{{template "failure"}}`,
	"address":        `javascript:alert(1)`,
	"right to left":  "\u202egnp.exe\u2066 مرحبا \u200f",
	"long":           strings.Repeat("0123456789abcdef", 256),
	"long and wide":  strings.Repeat("漢", 1365),
	"path":           `../../users/?portal_id=1#x`,
	"percent":        `%2e%2e%2f%00%zz`,
	"empty of sense": " \t\n\u0000\u200b",
	"broken UTF-8":   "a\xff\xfeb",
}

// named is a customer and a visitor all of whose names are one.
func named(name string) *fakeProfiles {
	f := threeVisits()
	for i := range f.events {
		e := &f.events[i]
		e.Category, e.Action, e.URL, e.Title, e.Device, e.MessageID = name, name, name, name, name, name
		text, err := json.Marshal(map[string]string{"name": name})
		if err != nil {
			panic(err)
		}
		e.Dims = text
	}
	for i := range f.attributes {
		f.attributes[i].Name, f.attributes[i].Value = name, name
	}
	for i := range f.merges {
		m := &f.merges[i]
		m.From, m.Evidence = name, Evidence{MessageID: name, Device: name, IdentifyTime: m.Evidence.IdentifyTime, IdentifyEvent: name}
		if m.CID == hex32(900) {
			m.CID = name
		}
	}
	for i := range f.conflicts {
		f.conflicts[i].ClaimedBy, f.conflicts[i].CID, f.conflicts[i].Evidence.IdentifyEvent = name, name, name
	}
	for i := range f.profiles {
		p := &f.profiles[i]
		p.Devices = []string{name}
		p.Attributes.Customer = map[string]string{"name": name, name: name}
		p.Attributes.Custom = map[string]string{name: name}
		if p.CID == hex32(900) {
			p.CID = name
		}
	}
	return f
}

// skeleton is a page without its texts and values: its elements, and the names
// of their attributes.
func skeleton(t *testing.T, page string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		line := node.Data
		for _, a := range node.Attr {
			line += " " + a.Key
		}
		found = append(found, line)
	}
	return found
}

func TestHostileNamesDoNotBreakThePages(t *testing.T) {
	t.Parallel()
	const harmless = "harmless"
	for what, name := range hostile {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			for _, page := range []func(string) string{
				func(string) string { return "/antsomi/" },
				func(name string) string { return "/antsomi/customers/" + url.PathEscape(name) },
				func(string) string { return "/antsomi/users/" + hex32(3) },
			} {
				want, got := get(pagesOf(t, named(harmless)), page(harmless)), get(pagesOf(t, named(name)), page(name))
				if !isText(name) && page(name) != page("") {
					want = get(pagesOf(t, threeVisits()), "/antsomi/?who=ada")
					if got.Code != http.StatusBadRequest {
						t.Errorf("%s: status %d", page(what), got.Code)
					}
				} else if got.Code != http.StatusOK {
					t.Errorf("%s: status %d", page(what), got.Code)
				}
				if diff := cmp.Diff(skeleton(t, want.Body.String()), skeleton(t, got.Body.String())); diff != "" {
					t.Errorf("%s: the page has another form than with a harmless name (-want +got):\n%s", page(what), diff)
				}
			}
			searched := get(pagesOf(t, threeVisits()), "/antsomi/?q="+url.QueryEscape(cut(name, maxText)))
			none := get(pagesOf(t, threeVisits()), "/antsomi/?q=harmless")
			if !isText(cut(name, maxText)) {
				none = get(pagesOf(t, threeVisits()), "/antsomi/?who=ada")
			}
			if diff := cmp.Diff(skeleton(t, none.Body.String()), skeleton(t, searched.Body.String())); diff != "" {
				t.Errorf("search: the page has another form than with a harmless name (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPagesHoldNothingThatRuns(t *testing.T) {
	t.Parallel()
	handler := pagesOf(t, named(hostile["double quote"]))
	for _, target := range []string{"/antsomi/", "/antsomi/users/" + hex32(3), "/antsomi/customers/nobody", "/antsomi/nowhere", "/antsomi/?x=1"} {
		w := get(handler, target)
		if got := w.Header().Get("Content-Security-Policy"); got != policy || strings.Contains(got, "unsafe") || strings.Contains(got, "script-src") {
			t.Errorf("%s: policy %q", target, got)
		}
		if got := w.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
			t.Errorf("%s: content type %q", target, got)
		}
		for _, bone := range skeleton(t, w.Body.String()) {
			for _, banned := range []string{"script", "iframe", "object", "embed", "base", "style", "img"} {
				if bone == banned || strings.HasPrefix(bone, banned+" ") {
					t.Errorf("%s: holds %s", target, bone)
				}
			}
			for attribute := range strings.FieldsSeq(bone) {
				if strings.HasPrefix(attribute, "on") || attribute == "style" {
					t.Errorf("%s: %s", target, bone)
				}
			}
		}
	}
}

func TestTextIsShownAsItIs(t *testing.T) {
	t.Parallel()
	name := hostile["script"]
	page := get(pagesOf(t, named(name)), "/antsomi/customers/"+url.PathEscape(name)).Body.String()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	shown, linked := 0, 0
	for node := range root.Descendants() {
		if node.Type == html.TextNode && node.Data == name {
			shown++
		}
		for _, a := range node.Attr {
			if a.Key != "href" || !strings.Contains(a.Val, "/customers/") {
				continue
			}
			address, err := url.Parse(a.Val)
			if err != nil {
				t.Fatal(err)
			}
			if address.Path == "/antsomi/customers/"+name {
				linked++
			}
		}
	}
	if shown < 10 || linked == 0 {
		t.Errorf("the name is shown %d times and linked %d times", shown, linked)
	}
}

func TestManyUserIDsStayReadable(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		uids, lanes, hidden int
		names               bool
	}{{24, 24, 0, true}, {25, 25, 0, false}, {200, 200, 0, false}, {400, drawnLanes, 400 - drawnLanes, false}} {
		w := get(pagesOf(t, manyUsers(tc.uids)), "/antsomi/customers/"+hex32(900))
		page := w.Body.String()
		if w.Code != http.StatusOK || len(page) > 700<<10 {
			t.Errorf("%d user IDs: status %d, %d bytes", tc.uids, w.Code, len(page))
		}
		if got := strings.Count(page, `class="row" x1`); got != tc.lanes {
			t.Errorf("%d user IDs: %d lanes, want %d", tc.uids, got, tc.lanes)
		}
		if got := strings.Contains(page, `<text class="name"`); got != tc.names {
			t.Errorf("%d user IDs: named lanes: %v", tc.uids, got)
		}
		if got := strings.Contains(page, fmt.Sprintf("%d user IDs more", tc.hidden)); got != (tc.hidden > 0) {
			t.Errorf("%d user IDs: tells of hidden ones: %v", tc.uids, got)
		}
		if !strings.Contains(page, plural(tc.uids, "user ID")) {
			t.Errorf("%d user IDs: the number is missing", tc.uids)
		}
	}
}
