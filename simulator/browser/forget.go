package browser

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"golang.org/x/net/publicsuffix"
)

// place is an origin at which documents of the visitor have been, below a top-level
// page of another origin or of its own. The browser keeps the stores of each apart.
type place struct{ origin, top string }

// visited notes where a document is. The visitor's mutex is held.
func (v *Visitor) visited(r *realm, origin string) {
	if !strings.HasPrefix(origin, "http") {
		return
	}
	v.places[place{origin, r.top(origin)}] = struct{}{}
}

// top is the origin of the page in which the realm is; of a page that is only coming
// to be, the one given. The visitor's mutex is held.
func (r *realm) top(origin string) string {
	for _, c := range r.root().contexts {
		if c.main && strings.HasPrefix(c.origin, "http") {
			return c.origin
		}
	}
	return origin
}

// keys are the storage keys of a place, as the browser writes them: below another site
// the stores are kept apart by that site (^0); on its own site they are the origin's
// own, but apart where another site is in between (^3).
func (p place) keys() []string {
	if site := siteOf(p.top); site != siteOf(p.origin) {
		return []string{p.origin + "/^0" + site}
	}
	return []string{p.origin + "/", p.origin + "/^31"}
}

// siteOf is the scheme and registrable domain of an origin.
func siteOf(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return origin
	}
	host := u.Hostname()
	if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		host = domain
	}
	return u.Scheme + "://" + host
}

// storageTypes are the stores that the browser empties by storage key, by the words
// of scenarios.
var storageTypes = map[string][]storage.Type{
	"indexed-db":      {storage.TypeIndexeddb},
	"cache":           {storage.TypeCacheStorage},
	"service-workers": {storage.TypeServiceWorkers},
	"everything": {
		storage.TypeLocalStorage, storage.TypeIndexeddb, storage.TypeCacheStorage,
		storage.TypeServiceWorkers, storage.TypeFileSystems, storage.TypeStorageBuckets,
	},
}

// Forget empties stores; see journey.Visitor.
func (v *Visitor) Forget(ctx context.Context, stores []string) error {
	both := slices.Contains(stores, "local-storage") && slices.Contains(stores, "session-storage")
	all := both || slices.Contains(stores, "everything")
	for _, store := range stores {
		if err := v.forget(ctx, store, all); err != nil {
			return fmt.Errorf("forget %s: %w", store, err)
		}
	}
	return nil
}

func (v *Visitor) forget(ctx context.Context, store string, all bool) error {
	switch store {
	case "cookies":
		return v.forgetCookies(ctx)
	case "http-cache":
		return v.forgetHTTPCache(ctx)
	case "local-storage", "session-storage":
		return v.forgetWebStorage(ctx, store, all)
	case "everything":
		err := v.forgetWebStorage(ctx, "session-storage", true)
		return errors.Join(err, v.clear(ctx, storageTypes[store]), v.forgetCookies(ctx), v.forgetHTTPCache(ctx))
	}
	types, known := storageTypes[store]
	if !known {
		return errors.New("there is no such store")
	}
	return v.clear(ctx, types)
}

// clear empties stores at every place where the visitor's documents have been.
func (v *Visitor) clear(ctx context.Context, types []storage.Type) error {
	v.mu.Lock()
	places := slices.Collect(maps.Keys(v.places))
	v.mu.Unlock()
	return v.clearAt(ctx, places, types)
}

func (v *Visitor) clearAt(ctx context.Context, places []place, types []storage.Type) error {
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = string(t)
	}
	main, _, _ := v.current()
	var sent []*pending
	for _, p := range places {
		for _, key := range p.keys() {
			sent = append(sent, send(main.session, storage.ClearDataForStorageKey, storage.ClearDataForStorageKeyParams{
				StorageKey: key, StorageTypes: strings.Join(words, ","),
			}))
		}
	}
	var failed []error
	for _, p := range sent {
		failed = append(failed, p.wait(ctx, nil))
	}
	return errors.Join(failed...)
}

func (v *Visitor) forgetCookies(ctx context.Context) error {
	_, err := cdp.Call(ctx, v.browser.chrome, storage.ClearCookies, storage.ClearCookiesParams{BrowserContextID: v.id})
	return err
}

// forgetHTTPCache empties the cache of the visitor's own browser context, and no
// other's.
func (v *Visitor) forgetHTTPCache(ctx context.Context) error {
	main, _, _ := v.current()
	_, err := cdp.Call(ctx, main.session, network.ClearBrowserCache, cdp.Empty{})
	return err
}

// forgetWebStorage empties the local or the session storage. The browser itself only
// knows how to empty both at once, so it is done by script in every document that is
// open; at places where none is, both go, which for the session storage alone would
// be too much.
func (v *Visitor) forgetWebStorage(ctx context.Context, store string, all bool) error {
	name := map[string]string{"local-storage": "localStorage", "session-storage": "sessionStorage"}[store]
	open, err := v.wipe(ctx, name)
	if err != nil {
		return err
	}
	var closed []place
	var kept []string
	v.mu.Lock()
	for p := range v.places {
		if open[p] {
			continue
		}
		closed = append(closed, p)
		if v.inSession[p.origin] {
			kept = append(kept, p.origin)
		}
	}
	v.mu.Unlock()
	if store == "local-storage" || all {
		return v.clearAt(ctx, closed, []storage.Type{storage.TypeLocalStorage})
	}
	if len(kept) > 0 {
		slices.Sort(kept)
		return fmt.Errorf("no page of %s is open, so its session storage cannot be emptied apart\nhint: forget it while the page is open, or together with local-storage", strings.Join(kept, ", "))
	}
	return nil
}

// wipe empties a web storage in all open documents and returns where they are.
func (v *Visitor) wipe(ctx context.Context, name string) (map[place]bool, error) {
	open := map[place]bool{}
	var sent []*pending
	v.mu.Lock()
	for r := range v.realms {
		if r.hook == nil || r.session.isGone() {
			continue
		}
		for _, c := range r.contexts {
			sent = append(sent, r.send(v.browser.hook.wipe(name), c.id))
			open[place{c.origin, r.top(c.origin)}] = true
		}
	}
	v.mu.Unlock()
	for _, p := range sent {
		// A document that goes away meanwhile takes its context along.
		gone := "Cannot find context"
		if err := value(ctx, p, nil); err != nil && !p.session.isGone() && !strings.Contains(err.Error(), gone) {
			return nil, err
		}
	}
	return open, nil
}
