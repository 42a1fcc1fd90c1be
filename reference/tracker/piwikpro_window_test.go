package tracker_test

import (
	_ "embed"
	"net/url"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

//go:embed testdata/consent.js
var consentSource string

// The sites of the tests: one with anonymous data tracking on, one with it off.
const (
	shopOn  = "0b2f8f6e-6f0a-4b53-9c1d-2f6a5f0e9a01"
	shopOff = "0b2f8f6e-6f0a-4b53-9c1d-2f6a5f0e9a02"
	another = "0b2f8f6e-6f0a-4b53-9c1d-2f6a5f0e9a04"
)

// The cookies at shop.test, by the site they belong to.
func idCookie(site string) string      { return "_pk_id." + site + ".54ec" }
func sessionCookie(site string) string { return "_pk_ses." + site + ".54ec" }
func choiceCookie(site string) string  { return "ppms_privacy_" + site }

// What the cookie of a choice says, as it stands in the jar.
const (
	saysYes = "%7B%22v%22%3A1%2C%22analytics%22%3A1%7D"
	saysNo  = "%7B%22v%22%3A1%2C%22analytics%22%3A0%7D"
)

const someHex = `^[0-9a-f]{16}$`

// What a visitor does with the window.
const (
	agree    = `press("ppms_cm_agree-to-all");`
	disagree = `press("ppms_cm_reject-all");`
	reopen   = `ppms.cm.api("openConsentForm");`
	act      = `_paq.push(["trackEvent", "shop", "act"]);`
)

// openWebsite returns a window with the tracker for Piwik PRO. The first site has
// anonymous data tracking on, the second has not.
func openWebsite(t *testing.T, options tracker.Options) *window {
	t.Helper()
	w := openFor(t, "piwikpro", options)
	w.run(consentSource)
	w.run("world.settings = {'" + shopOn + "': true, '" + shopOff + "': false, '" + another + "': true}")
	return w
}

// ofSite is a page of a site, and the calls that follow its view.
func ofSite(site, calls string) string { return setUp(site, `_paq.push(["trackPageView"]);`+calls) }

// setUp is a page of a site with these calls.
func setUp(site, calls string) string {
	return `window._paq = window._paq || [];
window.ppms = window.ppms || {}; ppms.cm = ppms.cm || {};
ppms.cm.api = ppms.cm.api || function () { (ppms.cm.api.queue = ppms.cm.api.queue || []).push(arguments); };
_paq.push(["setTrackerUrl", "https://collect.vendor.test/ppms.php"]);
_paq.push(["setSiteId", "` + site + `"]);
` + calls
}

// tracked returns the parameters of all hits that were sent, in order, wherever
// they stood.
func (w *window) tracked() []url.Values {
	w.t.Helper()
	var all []url.Values
	for _, r := range w.requests() {
		all = append(all, r.tracked(w.t)...)
	}
	return all
}

func (r request) tracked(t *testing.T) []url.Values {
	t.Helper()
	address, query, inAddress := strings.Cut(r.URL, "?")
	if address != "https://collect.vendor.test/ppms.php" {
		t.Errorf("a request went to %s", r.URL)
	}
	queries := []string{query}
	if !inAddress {
		queries = []string{r.Body}
	}
	if !inAddress && strings.HasPrefix(r.Body, "{") {
		var bulk struct{ Requests []string }
		decode(t, r.Body, &bulk)
		queries = bulk.Requests
	}
	var hits []url.Values
	for _, query := range queries {
		values, err := url.ParseQuery(strings.TrimPrefix(query, "?"))
		if err != nil {
			t.Fatal(err)
		}
		hits = append(hits, values)
	}
	return hits
}

// forgetRequests lets a test look at what is sent from now on.
func (w *window) forgetRequests() { w.run("world.requests.length = 0") }

// kinds says in a word or two what each hit is: "anonymous view", "identified
// event", "ping".
func kinds(hits []url.Values) []string {
	list := []string{}
	for _, h := range hits {
		kind := "identified"
		if h.Get("uia") == "1" {
			kind = "anonymous"
		}
		switch {
		case h.Get("ping") == "4":
			kind = "ping"
		case h.Has("e_c"):
			kind += " event"
		default:
			kind += " view"
		}
		list = append(list, kind)
	}
	return list
}
