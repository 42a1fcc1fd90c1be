package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/google/go-cmp/cmp"
)

// An aged cookie that is not what it should be is never passed over.
func TestAJarThatWasRewrittenIsProven(t *testing.T) {
	t.Parallel()
	const now = 1e9
	part := func(ancestor bool) *network.CookiePartitionKey {
		return &network.CookiePartitionKey{TopLevelSite: "https://shop.test", HasCrossSiteAncestor: ancestor}
	}
	plain := network.Cookie{Name: "eid", Value: "1", Domain: "www.shop.test", Path: "/", Expires: now + 600, Secure: true, PartitionKey: part(false)}
	changed := func(change func(*network.Cookie)) *network.Cookie {
		c := plain
		change(&c)
		return &c
	}
	over := changed(func(c *network.Cookie) { c.Expires = now - 5 })
	for name, test := range map[string]struct {
		want, after *network.Cookie
		problem     string
	}{
		"as it should be":       {&plain, changed(func(c *network.Cookie) { c.Expires += 0.4; c.PartitionKey = part(false) }), ""},
		"over and gone":         {over, nil, ""},
		"nearly over and gone":  {changed(func(c *network.Cookie) { c.Expires = now + 5 }), nil, ""},
		"over and still there":  {over, over, "is still there after its end"},
		"lost":                  {&plain, nil, "was lost when it was changed"},
		"in another partition":  {&plain, changed(func(c *network.Cookie) { c.PartitionKey = part(true) }), "was lost when it was changed"},
		"no longer secure":      {&plain, changed(func(c *network.Cookie) { c.Secure = false }), "could not be changed"},
		"with another value":    {&plain, changed(func(c *network.Cookie) { c.Value = "2" }), "could not be changed"},
		"as old as before":      {&plain, changed(func(c *network.Cookie) { c.Expires += 3600 }), "could not be changed"},
		"a session's, suddenly": {&plain, changed(func(c *network.Cookie) { c.Session, c.Expires = true, -1 }), "could not be changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := map[string]*network.Cookie{identify(test.want): test.want}
			after := []*network.Cookie{changed(func(c *network.Cookie) { c.Name = "another" })}
			if test.after != nil {
				after = append(after, test.after)
			}
			err := unchanged(want, after, now)
			if (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
				t.Errorf("got %v, want %q", err, test.problem)
			}
		})
	}
}

func TestACookieIsSetWhereItWas(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cookie      network.Cookie
		url, domain string
		source      network.CookieSourceScheme
	}{
		{network.Cookie{Domain: "www.shop.test", Path: "/a", Secure: true, SourceScheme: "Secure"}, "https://www.shop.test/a", "", "Secure"},
		{network.Cookie{Domain: "www.shop.test", Path: "/", SourceScheme: "Secure"}, "http://www.shop.test/", "", "Secure"},
		{network.Cookie{Domain: "www.shop.test", Path: "/", SourceScheme: "NonSecure"}, "http://www.shop.test/", "", "NonSecure"},
		{network.Cookie{Domain: ".shop.test", Path: "/", SourceScheme: "Secure"}, "", ".shop.test", "Secure"},
		{network.Cookie{Domain: "localhost", Path: "/", Secure: true, SourceScheme: "NonSecure"}, "https://localhost/", "", "Unset"},
	} {
		p := asParam(&test.cookie)
		if p.URL != test.url || p.Domain != test.domain || p.SourceScheme != test.source {
			t.Errorf("%+v is set at %q, %q, %q", test.cookie, p.URL, p.Domain, p.SourceScheme)
		}
	}
}

func TestStoresAreKeptApartBySite(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		place place
		keys  []string
	}{
		{place{"https://www.shop.test", "https://www.shop.test"}, []string{"https://www.shop.test/", "https://www.shop.test/^31"}},
		{place{"https://api.shop.test", "https://www.shop.test"}, []string{"https://api.shop.test/", "https://api.shop.test/^31"}},
		{place{"https://far.test", "https://www.shop.test"}, []string{"https://far.test/^0https://shop.test"}},
		{place{"http://www.shop.test", "https://www.shop.test"}, []string{"http://www.shop.test/^0https://shop.test"}},
		{place{"https://a.co.uk", "https://www.b.co.uk:8443"}, []string{"https://a.co.uk/^0https://b.co.uk"}},
		{place{"http://127.0.0.1:80", "http://127.0.0.1:80"}, []string{"http://127.0.0.1:80/", "http://127.0.0.1:80/^31"}},
	} {
		if diff := cmp.Diff(test.keys, test.place.keys()); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.place, diff)
		}
	}
}
