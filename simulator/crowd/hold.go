package crowd

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Breach is an equality that does not hold.
type Breach struct {
	Site string `json:"site"`
	// Day is like 2006-01-02; empty where it is about the whole span, "ever" where it is
	// about the report that was asked for without one.
	Day string `json:"day,omitempty"`
	// Share is "total", "identified" or "anonymous", or where the sessions came from.
	Share string `json:"share"`
	// Metric is what was counted; of a sample, what must not be seen in it.
	Metric string `json:"metric"`
	// Want is what follows from the truth, Found what the collector reports; times are
	// in milliseconds.
	Want  int64 `json:"want"`
	Found int64 `json:"found"`
}

// String is such as "2026-03-04, Shop: sessions of anonymous visitors are 12, and were
// 11".
func (b Breach) String() string {
	day := b.Day
	switch day {
	case "":
		day = "all days"
	case everyDay:
		day = "in the report without first and last day"
	}
	if b.Share == shareSample {
		return fmt.Sprintf("%s: of the newest sessions, %s %s", b.Site, number(b.Found), b.Metric)
	}
	of := map[string]string{
		"total": "in total", "identified": "of identified visitors", "anonymous": "of anonymous visitors",
	}[b.Share]
	if of == "" {
		of = "from " + b.Share
	}
	found, want := number(b.Found), number(b.Want)
	if b.Metric == metricTime {
		found, want = seconds(b.Found), seconds(b.Want)
	}
	return fmt.Sprintf("%s, %s: %s %s: the report says %s, the truth asks for %s", day, b.Site, b.Metric, of, found, want)
}

// shareSample is the share of the sessions that were looked at one by one.
const shareSample = "newest"

// The metrics.
const (
	metricSessions  = "sessions"
	metricViews     = "page views"
	metricEvents    = "events"
	metricTime      = "session time"
	metricNew       = "new visitors"
	metricReturning = "returning visitors"
)

// metrics are all, in the order of reports.
var metrics = []struct {
	name string
	of   func(Counts) int64
}{
	{metricSessions, func(c Counts) int64 { return c.Sessions }},
	{metricViews, func(c Counts) int64 { return c.PageViews }},
	{metricEvents, func(c Counts) int64 { return c.Events }},
	{metricTime, func(c Counts) int64 { return c.Milliseconds }},
	{metricNew, func(c Counts) int64 { return c.New }},
	{metricReturning, func(c Counts) int64 { return c.Returning }},
}

// Expected is what a right collector reports of the truth: sessions, page views,
// events and session time as they were; new visitors more, and returning ones fewer,
// by those whom nobody can know again.
func (t Truth) Expected() Shares {
	s := Shares{Identified: t.Identified, Anonymous: t.Anonymous}
	s.Identified.New += t.NewIDReturns
	s.Identified.Returning -= t.NewIDReturns
	s.Anonymous.New += t.AnonymousReturns
	s.Anonymous.Returning -= t.AnonymousReturns
	s.Total = s.Identified
	s.Total.add(s.Anonymous)
	return s
}

// Held is how many equalities were held, and which did not hold.
type Held struct {
	Equalities int      `json:"equalities"`
	Breaches   []Breach `json:"breaches"`
}

// Day is the day of the number.
func (o Options) Day(n int) string { return o.Start.AddDate(0, 0, n).Format(time.DateOnly) }

// Last is the last day on which a session can have begun.
func (o Options) Last() time.Time { return o.Start.AddDate(0, 0, o.Days) }

// hold holds a site's report against its truth, each day and all together.
func (o Options) hold(site int, truth SiteTruth, report SiteReport) Held {
	h := Held{Breaches: []Breach{}}
	name := o.Sites[site].Name
	known := map[string]bool{}
	var sum Truth
	for n, t := range truth.Days {
		day := o.Day(n)
		known[day] = true
		h.shares(Breach{Site: name, Day: day}, t.Expected(), report.Days[day])
		sum.add(t)
	}
	for _, day := range sorted(report.Days) {
		if !known[day] { // outside of what was asked for
			h.shares(Breach{Site: name, Day: day}, Shares{}, report.Days[day])
		}
	}
	h.shares(Breach{Site: name}, sum.Expected(), report.Sum)
	if len(o.Places) > 0 {
		h.places(name, o.places(truth), report.Places)
	}
	return h
}

// everyDay stands for the day in what is about a report without first and last day.
const everyDay = "ever"

// holdEver holds a site's report of all days against the truth, at a site where nobody
// else has been: nothing may stand outside of the crowd's days.
func (o Options) holdEver(site int, truth SiteTruth, ever SiteReport) Held {
	h := Held{Breaches: []Breach{}}
	var sum Truth
	known := map[string]bool{}
	for n, t := range truth.Days {
		known[o.Day(n)] = true
		sum.add(t)
	}
	name := o.Sites[site].Name
	h.shares(Breach{Site: name, Day: everyDay}, sum.Expected(), ever.Sum)
	for _, day := range sorted(ever.Days) {
		if !known[day] {
			h.shares(Breach{Site: name, Day: day}, Shares{}, ever.Days[day])
		}
	}
	return h
}

// sample holds that no anonymous session shows whose it was, and that each of the
// others does.
func (h *Held) sample(site string, s Sample, anonymous int64) {
	if anonymous > 0 && s.Sessions == 0 {
		h.equal(Breach{Site: site, Share: shareSample, Metric: "can be read, though there were some", Want: 1})
	}
	for _, one := range []struct {
		metric string
		found  int64
	}{
		{"anonymous ones show more of an address than zeros", s.WithAddress},
		{"anonymous ones have a visitor ID", s.WithVisitor},
		{"identified ones have no visitor ID", s.WithoutVisitor},
	} {
		h.equal(Breach{Site: site, Share: shareSample, Metric: one.metric, Found: one.found})
	}
}

func (h *Held) shares(at Breach, want, found Shares) {
	for _, share := range []struct {
		name        string
		want, found Counts
	}{{"total", want.Total, found.Total}, {"identified", want.Identified, found.Identified}, {"anonymous", want.Anonymous, found.Anonymous}} {
		for _, m := range metrics {
			at.Share, at.Metric, at.Want, at.Found = share.name, m.name, m.of(share.want), m.of(share.found)
			h.equal(at)
		}
	}
}

func (h *Held) equal(b Breach) {
	h.Equalities++
	if b.Want != b.Found {
		h.Breaches = append(h.Breaches, b)
	}
}

// places are the sessions by country and city.
func (o Options) places(truth SiteTruth) map[string]Visits {
	where := map[string]Visits{}
	for i, v := range truth.Places {
		if v.Sessions == 0 {
			continue
		}
		name := placeName(o.Places[i].Country, o.Places[i].City)
		sum := where[name]
		where[name] = Visits{Sessions: sum.Sessions + v.Sessions, Anonymous: sum.Anonymous + v.Anonymous}
	}
	return where
}

func placeName(country, city string) string {
	switch {
	case country == "":
		return "nobody knows where"
	case city == "":
		return country
	}
	return city + ", " + country
}

func (h *Held) places(site string, want map[string]Visits, report []PlaceVisits) {
	found := map[string]Visits{}
	for _, p := range report {
		name := placeName(p.Country, p.City)
		sum := found[name]
		found[name] = Visits{Sessions: sum.Sessions + p.Sessions, Anonymous: sum.Anonymous + p.Anonymous}
	}
	names := sorted(want)
	for _, name := range sorted(found) {
		if _, known := want[name]; !known {
			names = append(names, name)
		}
	}
	for _, name := range names {
		h.equal(Breach{Site: site, Share: name, Metric: metricSessions, Want: want[name].Sessions, Found: found[name].Sessions})
		h.equal(Breach{Site: site, Share: name, Metric: "anonymous sessions", Want: want[name].Anonymous, Found: found[name].Anonymous})
	}
}

// sorted are the keys of a map, in order.
func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
