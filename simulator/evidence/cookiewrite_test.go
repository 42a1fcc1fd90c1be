package evidence_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

func TestParseWrite(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	tests := map[string]evidence.CookieWrite{
		"a=b":                     {Name: "a", Value: "b", Session: true},
		"lonely":                  {Value: "lonely", Session: true},
		" a = b ; Path=/ ":        {Name: "a", Value: "b", Path: "/", Session: true},
		"a=b=c;domain=.Shop.test": {Name: "a", Value: "b=c", Domain: "shop.test", Session: true},
		"a=1; max-age=86400":      {Name: "a", Value: "1", Lifetime: day},
		"a=1; max-age=0":          {Name: "a", Value: "1"},
		"a=1; Max-Age=-5; Expires=Mon, 02 Mar 2026 12:00:00 GMT": {Name: "a", Value: "1"},
		"a=1; Expires=Mon, 02 Mar 2026 12:00:00 GMT; Max-Age=60": {Name: "a", Value: "1", Lifetime: time.Minute},
		"a=1; max-age=nonsense":                                  {Name: "a", Value: "1", Session: true},
		"a=1; max-age=99999999999999":                            {Name: "a", Value: "1", Lifetime: 9223372036 * time.Second},
		"a=1; expires=Mon, 02 Mar 2026 12:00:00 GMT":             {Name: "a", Value: "1", Lifetime: day},
		"a=1; expires=Mon, 02-Mar-2026 12:00:00 GMT":             {Name: "a", Value: "1", Lifetime: day},
		"a=1; expires=Mon Mar 02 2026 13:00:00 GMT+0100 (CET)":   {Name: "a", Value: "1", Lifetime: day},
		"a=; expires=Thu, 01-Jan-70 00:00:01 GMT":                {Name: "a", Lifetime: time.Unix(1, 0).Sub(now)},
		"a=; expires=Thu, 01 Jan 1970 00:00:00 GMT":              {Name: "a", Lifetime: time.Unix(0, 0).Sub(now)},
		"a=1; Secure; HttpOnly; SameSite=lax":                    {Name: "a", Value: "1", Session: true, Secure: true, HTTPOnly: true, SameSite: "Lax"},
	}
	for raw, want := range tests {
		want.Raw = raw
		if diff := cmp.Diff(want, evidence.ParseWrite(raw, now)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", raw, diff)
		}
	}
}

func TestDeletesNeedsALifetime(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	for raw, want := range map[string]bool{
		"a=1":            false,
		"a=1; max-age=1": false,
		"a=; max-age=0":  true,
		"a=; expires=Thu, 01 Jan 1970 00:00:00 GMT": true,
	} {
		w := evidence.ParseWrite(raw, now)
		if got := w.Deletes(); got != want {
			t.Errorf("%q deletes: got %v, want %v", raw, got, want)
		}
	}
}

func FuzzParseWrite(f *testing.F) {
	f.Add("a=b; expires=Mon, 02 Mar 2026 12:00:00 GMT; max-age=5")
	f.Fuzz(func(t *testing.T, raw string) {
		w := evidence.ParseWrite(raw, time.Unix(1_800_000_000, 0))
		if w.Raw != raw {
			t.Errorf("raw text lost: %q", w.Raw)
		}
	})
}
