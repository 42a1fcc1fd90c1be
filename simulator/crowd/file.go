package crowd

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// file is the form of a file that describes a crowd. What it does not say stays as it
// was.
type file struct {
	Visitors   int         `yaml:"visitors,omitempty"`
	Days       int         `yaml:"days,omitempty"`
	Start      string      `yaml:"start,omitempty"`
	Seed       int         `yaml:"seed,omitempty"`
	Agree      float64     `yaml:"agree,omitempty"`
	Disagree   float64     `yaml:"disagree,omitempty"`
	Return     float64     `yaml:"return,omitempty"`
	Share      float64     `yaml:"share,omitempty"`
	ChangeMind float64     `yaml:"change-mind,omitempty"`
	Pages      float64     `yaml:"pages,omitempty"`
	Events     float64     `yaml:"events,omitempty"`
	LongStays  float64     `yaml:"long-stays,omitempty"`
	LongPauses float64     `yaml:"long-pauses,omitempty"`
	Reading    string      `yaml:"reading,omitempty"`
	Sites      []fileSite  `yaml:"sites,omitempty"`
	Places     []filePlace `yaml:"places,omitempty"`
}

type fileSite struct {
	Name      string `yaml:"name"`
	ID        string `yaml:"id,omitempty"`
	Anonymous bool   `yaml:"anonymous-tracking"`
}

// WordHint shows what a site looks like in a file.
func (fileSite) WordHint() string {
	return "sites are a list: [Shop, Old shop=off] or [{name: Shop, anonymous-tracking: true}]"
}

// FromWord reads a site in the form of a flag.
func (f *fileSite) FromWord(word string) error {
	site, err := ParseSite(word)
	f.Name, f.Anonymous = site.Name, site.Anonymous
	return err
}

// ParseSite reads a site: NAME, NAME=on or NAME=off.
func ParseSite(word string) (Site, error) {
	name, tracking, said := strings.Cut(word, "=")
	if said && tracking != "on" && tracking != "off" {
		return Site{}, fmt.Errorf("%q: anonymous data tracking is on or off", word)
	}
	return Site{Name: name, Anonymous: tracking != "off"}, nil
}

type filePlace struct {
	Addresses string `yaml:"addresses"`
	Country   string `yaml:"country,omitempty"`
	City      string `yaml:"city,omitempty"`
}

// ReadFile returns the options with what a file of YAML says in the place of what they
// said. What is wrong with the file is [scenario.Problems], with places.
func (o Options) ReadFile(name string) (Options, error) {
	f := file{
		Visitors: o.Visitors, Days: o.Days, Agree: o.Agree, Disagree: o.Disagree, Return: o.Return, Share: o.Share,
		ChangeMind: o.ChangeMind, Pages: o.Pages, Events: o.Events, LongStays: o.LongStays, LongPauses: o.LongPauses,
	}
	s, err := scenario.ReadStrict(name, &f)
	if err != nil {
		return o, err
	}
	o.Visitors, o.Days, o.Agree, o.Disagree, o.Return, o.Share = f.Visitors, f.Days, f.Agree, f.Disagree, f.Return, f.Share
	o.ChangeMind, o.Pages, o.Events, o.LongStays, o.LongPauses = f.ChangeMind, f.Pages, f.Events, f.LongStays, f.LongPauses
	if s.Has("seed") {
		o.Seed = uint64(f.Seed)
	}
	if s.Has("start") {
		if o.Start, err = ParseDay(f.Start); err != nil {
			s.Reject("start", dayHint, "%v", err)
		}
	}
	if s.Has("reading") {
		if o.Refreshed, err = ParseReading(f.Reading); err != nil {
			s.Reject("reading", scenario.Suggest(f.Reading, Readings()), "unknown reading %q", f.Reading)
		}
	}
	if s.Has("sites") {
		o.Sites = nil
		for _, site := range f.Sites {
			o.Sites = append(o.Sites, Site{ID: site.ID, Name: site.Name, Anonymous: site.Anonymous})
		}
	}
	if s.Has("places") {
		o.Places = places(s, f.Places)
	}
	if s.Err() == nil {
		rejectOptions(s, o)
	}
	return o, s.Err()
}

// places reads the places, and refuses what is none.
func places(s *scenario.Strict, listed []filePlace) []Place {
	var found []Place
	for i, p := range listed {
		prefix, err := netip.ParsePrefix(p.Addresses)
		switch {
		case err != nil:
			s.Reject(fmt.Sprintf("places[%d].addresses", i), "such as 192.0.2.8/29 or 2001:db8:1:10:8000::/65", "%q is no range of addresses", p.Addresses)
		case p.City != "" && p.Country == "":
			s.Reject(fmt.Sprintf("places[%d]", i), "", "a city without a country")
		}
		found = append(found, Place{prefix, p.Country, p.City})
	}
	return found
}

// rejectOptions refuses, at its place, what the file says and nobody can play.
func rejectOptions(s *scenario.Strict, o Options) {
	_, err := o.Complete()
	if wrong := (*OptionError)(nil); errors.As(err, &wrong) && s.Has(wrong.Option) {
		s.Reject(wrong.Option, wrong.Hint, "%s", wrong.Problem)
	}
}

const dayHint = "such as 2026-03-02"

// ParseDay reads a day such as 2026-03-02, UTC.
func ParseDay(text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, fmt.Errorf("%q is no day", text)
	}
	return day, nil
}

// Readings are the words for how "30 minutes later" can be read.
func Readings() []string { return []string{scenario.AfterItWasSet, scenario.AfterTheLastEvent} }

// ParseReading reads one of them: whether the cookie is refreshed.
func ParseReading(word string) (refreshed bool, err error) {
	if !slices.Contains(Readings(), word) {
		return false, fmt.Errorf("unknown reading %q", word)
	}
	return word == scenario.AfterTheLastEvent, nil
}
