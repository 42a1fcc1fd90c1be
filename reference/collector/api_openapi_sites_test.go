package collector

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"
)

// view lets a browser show a page of a site, from an address, with what the tracker
// says of its visitor.
func view(t *testing.T, c *Collector, site, address string, at time.Time, who url.Values) {
	t.Helper()
	q := url.Values{
		"idsite": {site}, "rec": {"1"}, "url": {"https://www.shop.test/"}, "action_name": {"Home"},
		"ts": {strconv.FormatInt(at.UnixMilli(), 10)}, "pv_id": {fmt.Sprintf("%06x", at.Unix()%0xffffff)}, "rand": {fmt.Sprintf("%06d", at.UnixMilli()%1_000_000)},
		"res": {"1280x720"}, "lang": {"en"},
	}
	for name, values := range who {
		q[name] = values
	}
	w := get(c.Handler(), "/ppms.php?"+q.Encode(), func(r *http.Request) { r.RemoteAddr = address })
	if refused := w.Header().Get(RefusedHeader); w.Code != http.StatusAccepted || refused != "" {
		t.Fatalf("status %d, refused: %q", w.Code, refused)
	}
}

// identified and anonymous are what a tracker says of a visitor.
func identified(visitor int) url.Values {
	return url.Values{"_id": {fmt.Sprintf("%016x", visitor)}}
}

func anonymous(session int) url.Values {
	return url.Values{"uia": {"1"}, "ses": {fmt.Sprintf("%016x", session)}}
}

// sessionsOf lets visitors come to the first of the example's sites: identified ones,
// one of whom returns, and anonymous ones, of both families of addresses, on two days
// until now.
func sessionsOf(t *testing.T, c *Collector, now time.Time) string {
	t.Helper()
	site := ExampleSites()[0].ID
	for _, visit := range []struct {
		ago     time.Duration
		address string
		who     url.Values
	}{
		{23 * time.Hour, "192.0.2.10:4000", identified(1)},
		{23*time.Hour - 90*time.Second, "192.0.2.10:4000", identified(1)},
		{22 * time.Hour, "[2001:db8:1:10:8000::a]:4000", anonymous(7)},
		{3 * time.Hour, "203.0.113.20:4000", anonymous(8)},
		{3*time.Hour - 1500*time.Millisecond, "203.0.113.20:4000", anonymous(8)},
		{2 * time.Hour, "192.0.2.10:4000", identified(1)},
		{time.Hour, "[2001:db8:1:20:8000::a]:4000", identified(2)},
	} {
		view(t, c, site, visit.address, now.Add(-visit.ago), visit.who)
	}
	return site
}

// holdsSites asks all that there is about sites, in every way that is documented.
func (a answers) holdsSites(t *testing.T, open, guarded, closed *Collector) {
	t.Helper()
	site := sessionsOf(t, open, firstDay)
	sessionsOf(t, guarded, firstDay)
	one := "/api/piwikpro/sites/" + site
	for _, place := range []string{
		"/api/piwikpro/sites", one, "/api/piwikpro/report?site=" + site, "/api/piwikpro/report/days?site=" + site, "/api/piwikpro/sessions?site=" + site,
	} {
		a.holds(t, open, "GET", place, http.StatusOK)
		a.holds(t, open, "GET", place, http.StatusForbidden, elsewhere)
		a.holds(t, guarded, "GET", place, http.StatusUnauthorized)
		a.holds(t, guarded, "GET", place, http.StatusOK, elsewhere, with("Authorization", "Bearer secret"))
		a.holds(t, closed, "GET", place, http.StatusServiceUnavailable)
		if place != "/api/piwikpro/sites" {
			a.holds(t, open, "GET", place[:len(place)-1]+"9", http.StatusNotFound)
		}
	}
	for _, place := range []string{"/api/piwikpro/report", "/api/piwikpro/report/days"} {
		a.holds(t, open, "GET", place+"?site="+site+"&from=2026-03-01&to=2026-03-02", http.StatusOK)
		a.holds(t, open, "GET", place+"?site="+site+"&from=&to=", http.StatusOK)
		a.holds(t, open, "GET", place+"?site="+site+"&from=2026-03-02&to=2026-03-01", http.StatusBadRequest)
		a.holds(t, open, "GET", place+"?site="+site+"&from=noon", http.StatusBadRequest)
		a.holds(t, open, "GET", place, http.StatusBadRequest)
	}
	first := decoded[VisitorSessionList](t, a.holds(t, open, "GET", "/api/piwikpro/sessions?limit=2&site="+site, http.StatusOK))
	a.holds(t, open, "GET", "/api/piwikpro/sessions?limit=2&site="+site+"&before="+url.QueryEscape(first.Next), http.StatusOK)
	a.holds(t, open, "GET", "/api/piwikpro/sessions?before=x&site="+site, http.StatusBadRequest)
	a.holds(t, open, "GET", "/api/piwikpro/sites?x=1", http.StatusBadRequest)
	a.holds(t, open, "GET", one+"?x=1", http.StatusBadRequest)

	for body, status := range map[string]int{
		`{"name":"Shop","anonymous_tracking":false}`:                      http.StatusOK,
		`{"id":"` + site + `","name":"Shop","anonymous_tracking":true}`:   http.StatusOK,
		`{"anonymous_tracking":true}`:                                     http.StatusOK,
		`{"id":"` + site[1:] + `0","name":"x","anonymous_tracking":true}`: http.StatusBadRequest,
		`{"name":"","anonymous_tracking":true}`:                           http.StatusBadRequest,
		`{"name":"Shop","anonymous_tracking":"yes"}`:                      http.StatusBadRequest,
		`{"name":"Shop","anonymous_tracking":true,"retention":"P25M"}`:    http.StatusBadRequest,
		`<site>`: http.StatusBadRequest,
		`{}`:     http.StatusBadRequest,
	} {
		a.holds(t, open, "PUT", one, status, sending(body))
	}
	made := "/api/piwikpro/sites/" + site[:len(site)-2] + "77"
	a.holds(t, open, "PUT", made, http.StatusBadRequest, sending(`{"anonymous_tracking":true}`))
	a.holds(t, open, "PUT", made, http.StatusOK, sending(`{"name":"App","anonymous_tracking":true}`))
	a.holds(t, open, "GET", made, http.StatusOK)
	a.holds(t, open, "PUT", "/api/piwikpro/sites/shop", http.StatusBadRequest, sending(`{"name":"App","anonymous_tracking":true}`))
	a.holds(t, open, "PUT", one, http.StatusForbidden, elsewhere)
	a.holds(t, open, "PUT", one, http.StatusForbidden, sending(`{"anonymous_tracking":true}`), with("Sec-Fetch-Site", "cross-site"))
	a.holds(t, open, "PUT", one, http.StatusUnsupportedMediaType, sending(`{"anonymous_tracking":true}`), with("Content-Type", "text/plain"))
	a.holds(t, open, "GET", "/_/hits?dialect=piwikpro", http.StatusOK)
	a.holds(t, guarded, "PUT", one, http.StatusUnauthorized)
	a.holds(t, closed, "PUT", one, http.StatusServiceUnavailable, sending(`{"name":"Shop","anonymous_tracking":true}`))

	a.holds(t, guarded, "GET", "/consent/"+site+".json", http.StatusOK, elsewhere)
	a.holds(t, open, "GET", "/consent/"+site+"9.json", http.StatusNotFound)
	a.holds(t, closed, "GET", "/consent/"+site+".json", http.StatusServiceUnavailable)
}

func decoded[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(w.Body.Bytes(), &value); err != nil {
		t.Fatal(err)
	}
	return value
}
