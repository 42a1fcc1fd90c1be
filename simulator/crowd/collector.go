package crowd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Collector reads a collector's reports, and sets its sites.
type Collector struct {
	// To is its base URL, Token what it wants of who asks; Through carries the
	// requests, http.DefaultTransport when nil.
	To, Token string
	Through   http.RoundTripper
}

// api is where it answers.
const api = "/api/piwikpro"

// largestAnswer is the most that is read of an answer, in bytes.
const largestAnswer = 16 << 20

// AccessError is what a collector says to who may not ask, with a hint.
type AccessError struct{ text string }

// Error says what was asked for, and what to do.
func (e *AccessError) Error() string { return e.text }

// figures are the counts as a report has them.
type figures struct {
	Sessions    *int64   `json:"sessions"`
	PageViews   *int64   `json:"page_views"`
	Events      *int64   `json:"events"`
	SessionTime *float64 `json:"session_time"`
	New         *int64   `json:"new_visitors"`
	Returning   *int64   `json:"returning_visitors"`
}

// counts are the figures as numbers. One that is missing is an error: a report that
// says nothing is not one that says 0.
func (f figures) counts() (Counts, error) {
	var c Counts
	for _, n := range []struct {
		name string
		from *int64
		to   *int64
	}{
		{"sessions", f.Sessions, &c.Sessions}, {"page_views", f.PageViews, &c.PageViews}, {"events", f.Events, &c.Events},
		{"new_visitors", f.New, &c.New}, {"returning_visitors", f.Returning, &c.Returning},
	} {
		if n.from == nil {
			return c, fmt.Errorf("%s is missing", n.name)
		}
		*n.to = *n.from
	}
	if f.SessionTime == nil {
		return c, errors.New("session_time is missing")
	}
	c.Milliseconds = int64(math.Round(*f.SessionTime * 1000))
	return c, nil
}

// shares are a report's three columns.
type shares struct {
	Total      figures `json:"total"`
	Identified figures `json:"identified"`
	Anonymous  figures `json:"anonymous"`
}

// Shares are what a report says of all sessions, of those of visitors who agreed, and
// of the others.
type Shares struct {
	Total      Counts `json:"total"`
	Identified Counts `json:"identified"`
	Anonymous  Counts `json:"anonymous"`
}

func (s shares) counts() (Shares, error) {
	var out Shares
	for _, part := range []struct {
		name string
		from figures
		to   *Counts
	}{{"total", s.Total, &out.Total}, {"identified", s.Identified, &out.Identified}, {"anonymous", s.Anonymous, &out.Anonymous}} {
		c, err := part.from.counts()
		if err != nil {
			return out, fmt.Errorf("%s: %w", part.name, err)
		}
		*part.to = c
	}
	return out, nil
}

// PlaceVisits are the sessions that a report has from one place.
type PlaceVisits struct {
	Country string `json:"country"`
	City    string `json:"city"`
	Visits
}

// SiteReport is what a collector reports of one site.
type SiteReport struct {
	// Sum is the report of the whole span, and Days that of each of its days, those
	// of which it says nothing left out.
	Sum    Shares
	Days   map[string]Shares
	Places []PlaceVisits
}

// SetSite makes the site, or changes it.
func (c Collector) SetSite(ctx context.Context, s Site) error {
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return c.ask(ctx, http.MethodPut, api+"/sites/"+s.ID, nil, body, nil)
}

// Report reads the site's reports from the first day to the last, both included; of all
// days when the first is zero.
func (c Collector) Report(ctx context.Context, site string, first, last time.Time) (SiteReport, error) {
	query := url.Values{"site": {site}}
	if !first.IsZero() {
		query.Set("from", first.Format(time.DateOnly))
		query.Set("to", last.Format(time.DateOnly))
	}
	var sum struct {
		shares
		Places []PlaceVisits `json:"places"`
	}
	var daily struct {
		Days []struct {
			Day string `json:"day"`
			shares
		} `json:"days"`
	}
	if err := c.ask(ctx, http.MethodGet, api+"/report", query, nil, &sum); err != nil {
		return SiteReport{}, err
	}
	if err := c.ask(ctx, http.MethodGet, api+"/report/days", query, nil, &daily); err != nil {
		return SiteReport{}, err
	}
	r := SiteReport{Days: map[string]Shares{}, Places: sum.Places}
	var err error
	if r.Sum, err = sum.counts(); err != nil {
		return r, fmt.Errorf("the report of the site %s: %w", site, err)
	}
	for _, d := range daily.Days {
		if _, twice := r.Days[d.Day]; twice {
			return r, fmt.Errorf("the report of the site %s has the day %q twice", site, d.Day)
		}
		if r.Days[d.Day], err = d.counts(); err != nil {
			return r, fmt.Errorf("the report of the site %s: %q: %w", site, d.Day, err)
		}
	}
	return r, nil
}

// Setting is what the collector tells a page of the site: whether visitors are tracked
// who have not agreed.
func (c Collector) Setting(ctx context.Context, site string) (anonymous bool, err error) {
	var said struct {
		Anonymous *bool `json:"anonymous_tracking"`
	}
	if err := c.ask(ctx, http.MethodGet, "/consent/"+site+".json", nil, nil, &said); err != nil {
		return false, err
	}
	if said.Anonymous == nil {
		return false, fmt.Errorf("the setting of the site %s is missing", site)
	}
	return *said.Anonymous, nil
}

// sampled is how many of a site's newest sessions are looked at one by one.
const sampled = 1000

// Sample is what was found in a site's newest sessions.
type Sample struct {
	// Sessions are those that were looked at, Anonymous those of them whose visitors
	// had not agreed.
	Sessions  int64 `json:"sessions"`
	Anonymous int64 `json:"anonymous"`
	// WithAddress and WithVisitor are the anonymous ones that show more than zeros as
	// an address, or a visitor ID; WithoutVisitor are identified ones without.
	WithAddress    int64 `json:"with_address"`
	WithVisitor    int64 `json:"with_visitor"`
	WithoutVisitor int64 `json:"without_visitor"`
}

// Sample looks at the site's newest sessions.
func (c Collector) Sample(ctx context.Context, site string) (Sample, error) {
	var listed struct {
		Sessions []struct {
			Anonymous bool   `json:"anonymous"`
			Visitor   string `json:"visitor"`
			Address   string `json:"address"`
		} `json:"sessions"`
	}
	query := url.Values{"site": {site}, "limit": {strconv.Itoa(sampled)}}
	if err := c.ask(ctx, http.MethodGet, api+"/sessions", query, nil, &listed); err != nil {
		return Sample{}, err
	}
	var s Sample
	for _, one := range listed.Sessions {
		s.Sessions++
		switch {
		case !one.Anonymous && one.Visitor == "":
			s.WithoutVisitor++
		case one.Anonymous:
			s.Anonymous++
			if one.Visitor != "" {
				s.WithVisitor++
			}
			if strings.Trim(one.Address, "0.:") != "" {
				s.WithAddress++
			}
		}
	}
	return s, nil
}

// hinted is the error of a request, with a hint where nobody is there to answer.
func hinted(err error) error {
	var unknown *net.DNSError
	if errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &unknown) {
		return fmt.Errorf("%w\nhint: no collector answers there; is the address right, and the collector started (pixelwitness serve starts the reference)?", err)
	}
	return err
}

// ask asks the collector for something, and reads the answer into what is given.
func (c Collector) ask(ctx context.Context, method, path string, query url.Values, body []byte, into any) error {
	target := strings.TrimSuffix(c.To, "/") + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	through := c.Through
	if through == nil {
		through = http.DefaultTransport
	}
	response, err := through.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, hinted(err))
	}
	defer func() { _ = response.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(response.Body, largestAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	case response.StatusCode == http.StatusUnauthorized, response.StatusCode == http.StatusForbidden:
		return &AccessError{fmt.Sprintf("%s %s: the collector answered %d\nhint: --token-env or --token-file gives its token", method, path, response.StatusCode)}
	case response.StatusCode >= http.StatusMultipleChoices:
		return fmt.Errorf("%s %s: the collector answered %d: %.200q", method, path, response.StatusCode, said)
	case len(said) > largestAnswer:
		return fmt.Errorf("%s %s: the answer is longer than %d bytes", method, path, largestAnswer)
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(said, into); err != nil {
		return fmt.Errorf("%s %s: the answer is no report: %w", method, path, err)
	}
	return nil
}
