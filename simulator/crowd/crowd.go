// Package crowd plays many visitors over many days at protocol level into a
// collector that counts sessions, keeps beside them what they truly did, and holds
// the collector's reports against it.
//
// One browser's whole life is made of the seed and the browser's number, acts in
// order of time, so that memory grows with the days and not with the visitors, and
// any life can be made again alone. Lives are played one after another, each in its
// own order; between browsers the collector sees no order of time. That decides
// nothing: what is a session, and who is new or returning, depends on one visitor ID
// or one temporary cookie, and neither is ever on two browsers.
//
// The truth is counted from what people do (they open pages, they agree), by rules of
// its own that never look at a hit. What a right collector must report follows from
// it: sessions, page views and session time as they were; new visitors more than there
// were, and returning ones fewer, by those who came back and were not recognised.
package crowd

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// The limits of a crowd. A choice lasts twelve months and a visitor ID thirteen: up
// to MaxDays neither ends by itself.
const (
	MaxVisitors = 10_000_000
	MaxDays     = 360
	MaxSites    = 16
)

// Site is a site that the crowd visits.
type Site struct {
	// ID is the site's at the collector; made of name, seed and start when empty.
	ID string `yaml:"id,omitempty" json:"id"`
	// Name is what people call it.
	Name string `yaml:"name" json:"name"`
	// Anonymous tells whether anonymous data tracking is on.
	Anonymous bool `yaml:"anonymous-tracking" json:"anonymous_tracking"`
}

// Place is where browsers are.
type Place struct {
	// Addresses are those that it has.
	Addresses netip.Prefix `json:"addresses"`
	// Country and City are what the collector's geography says of them.
	Country string `json:"country"`
	City    string `json:"city"`
}

// Options say who the crowd is and what it does. Rates are from 0 to 1. [Defaults]
// returns those that most would ask for.
type Options struct {
	// Visitors is the number of browsers, Days the number of days from Start on, a
	// midnight UTC, on which they come.
	Visitors, Days int
	Start          time.Time
	// Seed decides all that is drawn.
	Seed uint64
	// Agree and Disagree are the shares of people who do so when they are asked; the
	// others ignore the window, each time. A negative Disagree is 7 in 12 of those who do
	// not agree.
	Agree, Disagree float64
	// Return is how likely somebody comes back after a visit, Share how likely more
	// than one person uses a browser, ChangeMind how likely somebody changes his mind
	// in a visit.
	Return, Share, ChangeMind float64
	// Pages is the mean number of pages of a visit, Events that of what is reported on
	// a page beside its view.
	Pages, Events float64
	// LongStays is the share of visits that are much longer than half an hour, LongPauses
	// that of pages after which comes a pause of 29 or 31 minutes, or of half an hour
	// less or more a millisecond.
	LongStays, LongPauses float64
	// Refreshed is the reading by which a temporary cookie is refreshed by each hit.
	Refreshed bool
	Sites     []Site
	// Places is where people are; none leaves addresses out.
	Places []Place
}

// Defaults returns a small crowd of four weeks at one site, of which four in ten
// agree.
func Defaults() Options {
	return Options{
		Visitors: 10_000, Days: 28, Start: time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC), Seed: 1,
		Agree: 0.40, Disagree: -1, Return: 0.55, Share: 0.05, ChangeMind: 0.03,
		Pages: 3.5, Events: 0.4, LongStays: 0.04, LongPauses: 0.02,
		Sites: []Site{{Name: "Shop", Anonymous: true}},
	}
}

// Reading is the word for how the crowd's tracker reads the temporary cookie's end.
func (o Options) Reading() string {
	if o.Refreshed {
		return scenario.AfterTheLastEvent
	}
	return scenario.AfterItWasSet
}

// OptionError is what cannot be played: Option is its name, as a flag and in a file.
type OptionError struct {
	Option, Problem, Hint string
}

// Error names the option, and what is wrong with it.
func (e *OptionError) Error() string { return e.Option + ": " + e.Detail() }

// Detail is what is wrong, with the hint on a line of its own.
func (e *OptionError) Detail() string {
	if e.Hint == "" {
		return e.Problem
	}
	return e.Problem + "\nhint: " + e.Hint
}

// Complete returns the options with what follows from them: the sites' IDs and the
// start at midnight UTC. What cannot be played is an [*OptionError].
func (o Options) Complete() (Options, error) {
	if o.Disagree < 0 {
		o.Disagree = max(0, 1-o.Agree) * 7 / 12
	}
	for name, rate := range o.rates() {
		if rate < 0 || rate > 1 || rate != rate {
			return o, &OptionError{name, fmt.Sprintf("want a share from 0 to 100%%, found %.4g, which is %.4g%%", rate, 100*rate), shareHint(rate)}
		}
	}
	for _, r := range []struct {
		is            bool
		name, problem string
		hint          string
	}{
		{o.Visitors < 1 || o.Visitors > MaxVisitors, "visitors", fmt.Sprintf("want 1 to %d, found %d", MaxVisitors, o.Visitors), ""},
		{o.Days < 1 || o.Days > MaxDays, "days", fmt.Sprintf("want 1 to %d, found %d", MaxDays, o.Days),
			"a choice lasts twelve months, so that beyond that everybody would be asked again"},
		{o.Start.IsZero(), "start", "no day is given", dayHint},
		{!o.Start.IsZero() && o.Start.Before(earliest), "start", fmt.Sprintf("want a day from %s on, found %s", earliest.Format(time.DateOnly), o.Start.Format(time.DateOnly)), clockHint},
		{o.Start.AddDate(0, 0, o.Days+1).After(latest), "start", fmt.Sprintf("the crowd would come until %s, and no later than on %s it can", o.Last().Format(time.DateOnly), latest.AddDate(0, 0, -2).Format(time.DateOnly)), clockHint},
		{o.Agree+o.Disagree > 1+1e-9, "disagree", fmt.Sprintf("%s agree and %s disagree, which is more than all", percent(o.Agree), percent(o.Disagree)), "the rest ignores the window"},
		{o.Return > 0.95, "return", fmt.Sprintf("want at most 95%%, found %s", percent(o.Return)), "nobody would ever stop"},
		{o.Pages < 1 || o.Pages > 50, "pages", fmt.Sprintf("want 1 to 50, found %g", o.Pages), ""},
		{o.Events < 0 || o.Events > 10, "events", fmt.Sprintf("want 0 to 10, found %g", o.Events), ""},
		{len(o.Sites) == 0 || len(o.Sites) > MaxSites, "sites", fmt.Sprintf("want 1 to %d sites, found %d", MaxSites, len(o.Sites)), ""},
	} {
		if r.is {
			return o, &OptionError{r.name, r.problem, r.hint}
		}
	}
	o.Start = o.Start.UTC().Truncate(24 * time.Hour)
	o.Sites = slices.Clone(o.Sites)
	for i := range o.Sites {
		if err := o.completeSite(i); err != nil {
			return o, err
		}
	}
	for _, p := range o.Places {
		if !p.Addresses.IsValid() {
			return o, &OptionError{"places", "a place has no addresses", "such as 192.0.2.8/29"}
		}
	}
	return o, nil
}

// rates are the options that are rates, by name.
func (o Options) rates() func(func(string, float64) bool) {
	return func(yield func(string, float64) bool) {
		for _, r := range []struct {
			name string
			rate float64
		}{
			{"agree", o.Agree}, {"disagree", o.Disagree}, {"return", o.Return}, {"share", o.Share},
			{"change-mind", o.ChangeMind}, {"long-stays", o.LongStays}, {"long-pauses", o.LongPauses},
		} {
			if !yield(r.name, r.rate) {
				return
			}
		}
	}
}

var siteID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// completeSite gives the site an ID, and refuses what is none, and twins.
func (o Options) completeSite(i int) error {
	s := &o.Sites[i]
	switch {
	case s.Name == "":
		return &OptionError{"sites", "a site has no name", ""}
	case s.ID == "":
		s.ID = o.siteID(s.Name)
	case !siteID.MatchString(s.ID):
		return &OptionError{"sites", fmt.Sprintf("the ID %q is no UUID in small letters", s.ID), ""}
	}
	for _, other := range o.Sites[:i] {
		if other.ID == s.ID || other.Name == s.Name {
			return &OptionError{"sites", fmt.Sprintf("the site %q stands twice", s.Name), "each has a name and an ID of its own"}
		}
	}
	return nil
}

// siteID makes the ID of a site that has none, of name, seed and start.
func (o Options) siteID(name string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "site %s %d %s", name, o.Seed, o.Start.Format(time.DateOnly)))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // a UUID of one's own making, version 8
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// longestName is how many bytes of a site's name a collector is given.
const longestName = 200

// atCollector is the site as the collector is to have it. One whose ID was made here is
// named with the seed and the start: the collector may have another of that name.
func (o Options) atCollector(s Site) Site {
	if s.ID == o.siteID(s.Name) {
		s.Name = fmt.Sprintf("%s, seed %d from %s", cut(s.Name, longestName), o.Seed, o.Start.Format(time.DateOnly))
	}
	return s
}

// cut is the text, or so much of its beginning as has no more bytes.
func cut(text string, most int) string {
	for len(text) > most {
		_, last := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-last]
	}
	return text
}

// Times travel as 13 digits, in milliseconds since 1970: earliest is the first day of
// which each has so many, latest when they have more.
var (
	earliest = time.Date(2001, time.September, 10, 0, 0, 0, 0, time.UTC)
	latest   = time.UnixMilli(10_000_000_000_000).UTC().Truncate(24 * time.Hour)
)

const clockHint = "a hit says when it was made in 13 digits, the milliseconds since 1970"

// shareHint is how a number above 1 may have been meant: 30 as 30%.
func shareHint(rate float64) string {
	if rate < 2 || rate > 100 {
		return "such as 40% or 0.4"
	}
	return fmt.Sprintf("write %g%% or %g", rate, rate/100)
}

// percent is a rate for people.
func percent(rate float64) string { return fmt.Sprintf("%.3g %%", 100*rate) }
