package collector

import (
	"flag"
	"fmt"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// golden compares with testdata/dashboard/name, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "dashboard", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\nhint: go test ./reference/collector -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s\nhint: go test ./reference/collector -update", file, diff)
	}
}

func TestPagesLookAsTheyDid(t *testing.T) {
	t.Parallel()
	three := pagesOf(t, threeVisits())
	for _, tc := range []struct {
		name    string
		handler http.Handler
		target  string
		status  int
	}{
		{"list.html", three, "/antsomi/", http.StatusOK},
		{"list-search.html", three, "/antsomi/?q=" + hex32(3) + "&kind=", http.StatusOK},
		{"list-none.html", three, "/antsomi/?q=nobody", http.StatusOK},
		{"list-empty.html", pagesOf(t, &fakeProfiles{}), "/antsomi/", http.StatusOK},
		{"customer.html", three, "/antsomi/customers/" + hex32(900), http.StatusOK},
		{"user-of-customer.html", three, "/antsomi/users/" + hex32(2), http.StatusOK},
		{"user-anonymous.html", three, "/antsomi/users/" + hex32(5), http.StatusOK},
		{"unknown.html", three, "/antsomi/customers/nobody", http.StatusNotFound},
		{"bad.html", three, "/antsomi/?who=ada", http.StatusBadRequest},
	} {
		got := get(tc.handler, tc.target)
		if got.Code != tc.status {
			t.Errorf("%s: status %d, want %d: %s", tc.name, got.Code, tc.status, got.Body)
		}
		golden(t, tc.name, got.Body.String())
	}
}

func TestATimelineIsReadToItsEndByItsLinks(t *testing.T) {
	t.Parallel()
	f := &fakeProfiles{}
	const visits = 150
	for i := range visits {
		f.visitAt(hex32(1), "", firstDay.Add(time.Duration(i)*time.Hour), fmt.Sprintf("a%03d", i), "b", "c")
	}
	f.own("554926", "", hex32(1))
	handler, next := pagesOf(t, f), regexp.MustCompile(`href="([^"]+)" rel="next"`)
	target, seen, parts := "/antsomi/users/"+hex32(1), "", 0
	for ; target != "" && parts < 10; parts++ {
		w := get(handler, target)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: status %d", target, w.Code)
		}
		page := w.Body.String()
		if back := strings.Contains(page, "From the beginning"); back != (parts > 0) {
			t.Errorf("part %d leads back: %v", parts, back)
		}
		seen, target = seen+page, ""
		if found := next.FindStringSubmatch(page); found != nil {
			target, _, _ = strings.Cut(html.UnescapeString(found[1]), "#")
		}
	}
	if want := (3*visits + eventsShown - 1) / eventsShown; parts != want {
		t.Errorf("%d parts, want %d", parts, want)
	}
	for i := range visits {
		if n := strings.Count(seen, fmt.Sprintf("<bdi>a%03d</bdi>", i)); n != 1 {
			t.Errorf("event a%03d is shown %d times", i, n)
		}
	}
}

func TestAPageSaysWhereWhatItLeavesOutIs(t *testing.T) {
	t.Parallel()
	f := threeVisits()
	f.profiles[4].Events = historyEvents + 1
	page := get(pagesOf(t, f), "/antsomi/customers/"+hex32(900)).Body.String()
	address := "/api/antsomi/customers/" + hex32(900) + "/attributes?portal_id=554926"
	if !strings.Contains(page, `<a href="`+address+`">history as JSON</a>`) || strings.Contains(page, ": history of") {
		t.Error("the page of many events does not lead to the history")
	}
	if w := get(pagesOf(t, f), address); w.Code != http.StatusOK {
		t.Errorf("%s: status %d", address, w.Code)
	}
}

func TestAddressesThatAreNotRightHaveAPageOfTheirOwn(t *testing.T) {
	t.Parallel()
	f := threeVisits()
	twin := f.profiles[4]
	twin.Portal = "554927"
	f.profiles = append(f.profiles, twin)
	for _, tc := range []struct {
		target string
		status int
		said   string
	}{
		{"/antsomi", http.StatusMovedPermanently, `<a href="/antsomi/">`},
		{"/antsomi/customers/" + hex32(900), http.StatusConflict, "<h1>Several portals hold this ID</h1>"},
		{"/antsomi/customers/" + hex32(900) + "?portal_id=554927", http.StatusOK, "of portal <code>554927</code>"},
		{"/antsomi/users/nobody", http.StatusNotFound, "<h1>There is no such profile</h1>"},
		{"/antsomi/nowhere", http.StatusNotFound, "<h1>There is no such page</h1>"},
		{"/antsomi/users/" + hex32(1) + "?after=x", http.StatusBadRequest, "After must be the next of the list before"},
	} {
		w := get(pagesOf(t, f), tc.target)
		if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.said) {
			t.Errorf("%s: status %d, want %d and %q: %s", tc.target, w.Code, tc.status, tc.said, w.Body)
		}
	}
}
