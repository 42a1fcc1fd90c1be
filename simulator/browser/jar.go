package browser

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// Cookies returns the whole jar, sorted. An expiry is given on the visitor's clock, as
// the pages would tell it: what is left of the cookie's life counts from Clock.
func (v *Visitor) Cookies(ctx context.Context) ([]evidence.Cookie, error) {
	jar, err := v.jar(ctx)
	if err != nil {
		return nil, err
	}
	ahead := v.ahead()
	found := make([]evidence.Cookie, 0, len(jar))
	for _, c := range jar {
		kept := cookie(c)
		if !kept.Expires.IsZero() {
			kept.Expires = kept.Expires.Add(ahead)
		}
		found = append(found, kept)
	}
	slices.SortFunc(found, func(a, b evidence.Cookie) int {
		return strings.Compare(a.Name+"\x00"+a.Domain+"\x00"+a.Path+"\x00"+a.Partition, b.Name+"\x00"+b.Domain+"\x00"+b.Path+"\x00"+b.Partition)
	})
	return found, nil
}

func (v *Visitor) jar(ctx context.Context) ([]*network.Cookie, error) {
	jar, err := cdp.Call(ctx, v.browser.chrome, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: v.id})
	if err != nil {
		return nil, fmt.Errorf("read the cookies: %w", err)
	}
	return jar.Cookies, nil
}

func cookie(c *network.Cookie) evidence.Cookie {
	kept := evidence.Cookie{
		Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path,
		HTTPOnly: c.HTTPOnly, Secure: c.Secure, SameSite: string(c.SameSite),
	}
	if !c.Session {
		kept.Expires = time.UnixMilli(int64(c.Expires * 1000)).UTC()
	}
	if c.PartitionKey != nil {
		kept.Partition = c.PartitionKey.TopLevelSite
	}
	return kept
}

// age makes every cookie that has an expiry older by the span. What would be over by
// then is over: the browser itself expires it.
func (v *Visitor) age(ctx context.Context, span time.Duration) error {
	return v.rewrite(ctx, func(c *network.Cookie) (float64, bool) {
		return c.Expires - span.Seconds(), !c.Session
	})
}

// endSession deletes the session cookies.
func (v *Visitor) endSession(ctx context.Context) error {
	return v.rewrite(ctx, func(c *network.Cookie) (float64, bool) { return longPast, c.Session })
}

// longPast is an expiry that is over, in seconds since 1970.
const longPast = 1

// rewrite gives cookies of the jar another expiry, all else being as it was, and
// proves it by reading them back: a cookie that cannot be changed is an error.
func (v *Visitor) rewrite(ctx context.Context, expiry func(*network.Cookie) (seconds float64, change bool)) error {
	before, err := v.jar(ctx)
	if err != nil {
		return err
	}
	var params []*network.CookieParam
	want := map[string]*network.Cookie{}
	now := float64(time.Now().UnixMilli()) / 1000
	for _, c := range before {
		expires, change := expiry(c)
		if !change {
			continue
		}
		changed := *c
		changed.Expires = max(expires, longPast)
		params = append(params, asParam(&changed))
		want[identify(c)] = &changed
	}
	if len(params) == 0 {
		return nil
	}
	if _, err := cdp.Call(ctx, v.browser.chrome, storage.SetCookies, storage.SetCookiesParams{Cookies: params, BrowserContextID: v.id}); err != nil {
		return fmt.Errorf("change the cookies: %w", err)
	}
	after, err := v.jar(ctx)
	if err != nil {
		return err
	}
	return unchanged(want, after, now)
}

// unchanged compares what the jar holds with what it should hold. A cookie whose life
// is over may be gone, one that had more left than the two readings took must be there.
func unchanged(want map[string]*network.Cookie, after []*network.Cookie, now float64) error {
	const grace = 10 // seconds; a cookie that is that close to its end may go meanwhile
	var problems []error
	for _, c := range after {
		w := want[identify(c)]
		if w == nil {
			continue
		}
		delete(want, identify(c))
		same := *c
		same.Expires, same.PartitionKey = w.Expires, w.PartitionKey
		switch {
		case w.Expires <= now:
			problems = append(problems, fmt.Errorf("the cookie %s of %s is still there after its end", c.Name, c.Domain))
		case same != *w || c.Expires < w.Expires-1 || c.Expires > w.Expires+1:
			problems = append(problems, fmt.Errorf("the cookie %s of %s could not be changed: it is %+v, not %+v", c.Name, c.Domain, *c, *w))
		}
	}
	for _, w := range want {
		if w.Expires > now+grace {
			problems = append(problems, fmt.Errorf("the cookie %s of %s was lost when it was changed", w.Name, w.Domain))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(problems...)
}

// identify tells a cookie from all others of the jar.
func identify(c *network.Cookie) string {
	partition := ""
	if c.PartitionKey != nil {
		partition = fmt.Sprintf("%s %t", c.PartitionKey.TopLevelSite, c.PartitionKey.HasCrossSiteAncestor)
	}
	return strings.Join([]string{c.Name, c.Domain, c.Path, partition}, "\x00")
}

// asParam is the cookie as it is set. One with a domain of its own (a leading dot)
// is set by it, a host's cookie by an address of the host.
func asParam(c *network.Cookie) *network.CookieParam {
	if c.Secure && c.SourceScheme == network.CookieSourceSchemeNonSecure {
		// Only a cookie store without TLS, on localhost, makes such a cookie; nobody
		// else is let. It counts as one of unknown source from now on.
		c.SourceScheme = network.CookieSourceSchemeUnset
	}
	p := &network.CookieParam{
		Name: c.Name, Value: c.Value, Path: c.Path, Secure: c.Secure, HTTPOnly: c.HTTPOnly, SameSite: c.SameSite,
		Expires: cdp.TimeSinceEpoch(c.Expires), Priority: c.Priority, SourceScheme: c.SourceScheme, SourcePort: c.SourcePort,
		PartitionKey: c.PartitionKey,
	}
	if strings.HasPrefix(c.Domain, ".") {
		p.Domain = c.Domain
		return p
	}
	// The scheme goes with the attribute, whatever the cookie's source was: an address
	// with https would make it secure.
	p.URL = "http://" + c.Domain + c.Path
	if c.Secure {
		p.URL = "https://" + c.Domain + c.Path
	}
	return p
}
