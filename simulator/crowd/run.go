package crowd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Result is what was played, what the collector reports of it, and how that stands to
// the truth.
type Result struct {
	// Schema is the version of this form.
	Schema int          `json:"schema"`
	Crowd  Summary      `json:"crowd"`
	Played Figures      `json:"played"`
	Sites  []SiteResult `json:"sites"`
	// Held is over all sites, the sweep's among them.
	Held
	// Sweep is what other rates of consent come to; empty when it was not asked for.
	Sweep []Point `json:"sweep,omitempty"`
	// Swept is how much the sweep played.
	Swept *Figures `json:"swept,omitempty"`
}

// schema is the version of the form of a result.
const schema = 1

// Summary says who the crowd was.
type Summary struct {
	Visitors   int     `json:"visitors"`
	Days       int     `json:"days"`
	Start      string  `json:"start"`
	Seed       uint64  `json:"seed"`
	Reading    string  `json:"reading"`
	Agree      float64 `json:"agree"`
	Disagree   float64 `json:"disagree"`
	Return     float64 `json:"return"`
	Share      float64 `json:"share"`
	ChangeMind float64 `json:"change_mind"`
}

// Figures are how much was played, and how fast.
type Figures struct {
	Browsers     int64  `json:"browsers"`
	People       int64  `json:"people"`
	Requests     int64  `json:"requests"`
	Hits         int64  `json:"hits"`
	Refused      int64  `json:"refused"`
	FirstRefusal string `json:"first_refusal,omitempty"`
	// Strays are the hits of pages that did not know that their site is off, none of
	// which may be counted.
	Strays int64 `json:"strays,omitempty"`
	// Milliseconds is how long the collector took to take it all; PeakMemory is the
	// most that the process, with what runs in it, has held, in bytes; 0 where the
	// system does not tell.
	Milliseconds int64 `json:"milliseconds"`
	PeakMemory   int64 `json:"peak_memory,omitempty"`
	// Stopped tells that more would have come.
	Stopped bool `json:"stopped"`
}

// PerSecond is how many browsers were played in a second.
func (f Figures) PerSecond() float64 {
	return 1000 * float64(f.Browsers) / float64(max(f.Milliseconds, 1))
}

// SiteResult is one site.
type SiteResult struct {
	Site
	// Truth and Report are of the whole span.
	Truth  Truth       `json:"truth"`
	Report Shares      `json:"report"`
	Days   []DayResult `json:"days"`
	// Places are those of the truth and of the report, by name.
	Places   []PlaceResult `json:"places,omitempty"`
	Browsers int64         `json:"browsers"`
	People   int64         `json:"people"`
	// Sample is what the newest sessions show.
	Sample Sample `json:"sample"`
}

// DayResult is one day of a site.
type DayResult struct {
	Day    string `json:"day"`
	Truth  Truth  `json:"truth"`
	Report Shares `json:"report"`
}

// PlaceResult is one place of a site.
type PlaceResult struct {
	Place  string `json:"place"`
	Truth  Visits `json:"truth"`
	Report Visits `json:"report"`
}

// readingTimeout is how long the reports may take that are read at the end.
const readingTimeout = 5 * time.Minute

// Run plays the crowd and holds the reports against the truth. A crowd that is told to
// stop is held to what was played. Where the collector fails, the result is what was
// acknowledged, nothing is held, and there is an error. A collector that knows the
// crowd's sites and days already is an [*OptionError].
func Run(ctx context.Context, p Player) (*Result, error) {
	var err error
	if p.Options, err = p.Options.Complete(); err != nil {
		return nil, err
	}
	c := Collector{To: p.To, Token: p.Token, Through: p.Through}
	empty, err := p.prepare(ctx, c)
	if err != nil {
		return nil, err
	}
	ending, release := p.outlive(ctx)
	defer release()
	p.ending = ending
	played, failed := p.Play(ctx)
	r := &Result{Schema: schema, Crowd: p.Options.summary(), Played: played.figures(), Held: Held{Breaches: []Breach{}}}
	reading, cancel := context.WithTimeout(ending, readingTimeout)
	defer cancel()
	for i, site := range p.Options.Sites {
		said := p.read(reading, c, site, empty[i])
		failed = cmp.Or(context.Cause(ending), errors.Join(failed, said.err))
		truth := played.Truth.Sites[i]
		r.Sites = append(r.Sites, p.Options.siteResult(i, truth, said.report))
		r.Sites[i].Sample = said.sample
		if failed != nil {
			continue
		}
		r.also(p.Options.hold(i, truth, said.report))
		r.sample(site.Name, said.sample, r.Sites[i].Truth.Counted().Sessions)
		if said.ever != nil {
			r.also(p.Options.holdEver(i, truth, *said.ever))
		}
	}
	return r, failed
}

// said is what a collector says of a site at the end.
type said struct {
	report SiteReport
	// ever is the report of all days; nil where others have been at the site.
	ever   *SiteReport
	sample Sample
	err    error
}

// read reads what a collector says of a site. Of one that does not answer any more
// nothing is asked.
func (p Player) read(ctx context.Context, c Collector, site Site, empty bool) (s said) {
	if ctx.Err() != nil {
		return s
	}
	if s.report, s.err = c.Report(ctx, site.ID, p.Options.Start, p.Options.Last()); s.err != nil {
		s.report = SiteReport{}
		return s
	}
	if empty {
		ever, err := c.Report(ctx, site.ID, time.Time{}, time.Time{})
		s.ever, s.err = &ever, err
	}
	if s.err == nil {
		s.sample, s.err = c.Sample(ctx, site.ID)
	}
	return s
}

// also adds what was held elsewhere.
func (h *Held) also(o Held) {
	h.Equalities += o.Equalities
	h.Breaches = append(h.Breaches, o.Breaches...)
}

// prepare makes the sites, and makes sure that nobody has been there on the crowd's
// days; it tells of which nobody has ever been. The settings are those that the collector
// tells pages of: that is what a tracker goes by.
func (p *Player) prepare(ctx context.Context, c Collector) (empty []bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, readingTimeout)
	defer cancel()
	for _, site := range p.Options.Sites {
		if err := c.SetSite(ctx, p.Options.atCollector(site)); err != nil {
			return nil, fmt.Errorf("make the site %s: %w", site.Name, err)
		}
		report, err := c.Report(ctx, site.ID, p.Options.Start, p.Options.Last())
		if err != nil {
			return nil, err
		}
		if n := report.Sum.Total.Sessions; n > 0 || len(report.Days) > 0 {
			return nil, &OptionError{
				"seed", fmt.Sprintf("the collector has %s sessions of the site %s in these days already", number(n), site.Name),
				"another --seed or --start makes another crowd, with sites of its own",
			}
		}
		ever, err := c.Report(ctx, site.ID, time.Time{}, time.Time{})
		if err != nil {
			return nil, err
		}
		empty = append(empty, ever.Sum.Total == Counts{} && len(ever.Days) == 0)
	}
	p.served = nil
	for _, site := range p.Options.Sites { // once all are made: one may spoil another
		anonymous, err := c.Setting(ctx, site.ID)
		if err != nil {
			return nil, err
		}
		p.served = append(p.served, anonymous)
	}
	return empty, nil
}

func (o Options) summary() Summary {
	return Summary{
		Visitors: o.Visitors, Days: o.Days, Start: o.Start.Format(time.DateOnly), Seed: o.Seed, Reading: o.Reading(),
		Agree: o.Agree, Disagree: o.Disagree, Return: o.Return, Share: o.Share, ChangeMind: o.ChangeMind,
	}
}

func (p Played) figures() Figures {
	f := Figures{
		Browsers: p.Browsers, Requests: p.Requests, Hits: p.Hits, Refused: p.Refused, FirstRefusal: p.FirstRefusal,
		Strays: p.Strays, Milliseconds: p.Took.Milliseconds(), PeakMemory: peakMemory(), Stopped: p.Stopped,
	}
	for _, s := range p.Truth.Sites {
		f.People += s.People
	}
	return f
}

func (o Options) siteResult(i int, truth SiteTruth, report SiteReport) SiteResult {
	s := SiteResult{Site: o.Sites[i], Report: report.Sum, Browsers: truth.Browsers, People: truth.People, Days: []DayResult{}}
	for n, t := range truth.Days {
		s.Truth.add(t)
		s.Days = append(s.Days, DayResult{o.Day(n), t, report.Days[o.Day(n)]})
	}
	if len(o.Places) == 0 {
		return s
	}
	places := map[string]PlaceResult{}
	for name, v := range o.places(truth) {
		places[name] = PlaceResult{Place: name, Truth: v}
	}
	for _, p := range report.Places {
		name := placeName(p.Country, p.City)
		one := places[name]
		one.Place = name
		one.Report.Sessions += p.Sessions
		one.Report.Anonymous += p.Anonymous
		places[name] = one
	}
	for _, name := range sorted(places) {
		s.Places = append(s.Places, places[name])
	}
	return s
}

// Point is what one rate of consent comes to.
type Point struct {
	// Agree is the share of people who agree when asked.
	Agree    float64 `json:"agree"`
	Browsers int64   `json:"browsers"`
	Truth    Truth   `json:"truth"`
	Report   Shares  `json:"report"`
}

// Overstated is by how much the report has more new visitors than there were, as a
// share of those who were; Understated by how much it has fewer returning ones.
func (p Point) Overstated() float64 { return overstated(p.Truth, p.Report) }

// Understated is described at Overstated.
func (p Point) Understated() float64 { return understated(p.Truth, p.Report) }

func overstated(t Truth, r Shares) float64 {
	return share(r.Total.New-t.Counted().New, t.Counted().New)
}

func understated(t Truth, r Shares) float64 {
	return share(t.Counted().Returning-r.Total.Returning, t.Counted().Returning)
}

// share is a part of a whole; 0 of nothing.
func share(part, of int64) float64 {
	if of == 0 {
		return 0
	}
	return float64(part) / float64(of)
}

// SweepRates are the rates of consent of a sweep.
func SweepRates() []float64 { return []float64{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1} }

// AddSweep plays the crowd once for each rate of consent, each time with other people and
// at a site of its own that counts who has not agreed; those who do not agree refuse or
// ignore as the crowd's do. done, when not nil, is told how many rates are done. It
// adds to the result what it found; when the context ends, that of the rates by then.
func (r *Result) AddSweep(ctx context.Context, p Player, rates []float64, done func(int)) error {
	o := p.Options
	ignoring := 0.5
	if rest := 1 - o.Agree; rest > 0 {
		ignoring = 1 - o.Disagree/rest
	}
	for i, rate := range rates {
		if ctx.Err() != nil {
			return nil
		}
		p.Options = o
		p.Options.Seed = o.Seed + 1000 + uint64(i)
		p.Options.Agree, p.Options.Disagree = rate, (1-rate)*(1-ignoring)
		p.Options.Sites = []Site{{Name: fmt.Sprintf("Sweep: %s agree", percent(rate)), Anonymous: true}}
		one, err := Run(ctx, p)
		if one != nil {
			r.swept(one.Played)
		}
		if one != nil && err == nil {
			r.also(one.Held)
		}
		if err != nil {
			return fmt.Errorf("the sweep at %s: %w", percent(rate), err)
		}
		if one.Played.Stopped {
			return nil
		}
		s := one.Sites[0]
		r.Sweep = append(r.Sweep, Point{Agree: rate, Browsers: s.Browsers, Truth: s.Truth, Report: s.Report})
		if done != nil {
			done(i + 1)
		}
	}
	return nil
}

// swept adds what was played for one rate.
func (r *Result) swept(f Figures) {
	if r.Swept == nil {
		r.Swept = &Figures{}
	}
	r.Swept.Browsers += f.Browsers
	r.Swept.People += f.People
	r.Swept.Requests += f.Requests
	r.Swept.Hits += f.Hits
	r.Swept.Refused += f.Refused
	r.Swept.FirstRefusal = cmp.Or(r.Swept.FirstRefusal, f.FirstRefusal)
	r.Swept.Milliseconds += f.Milliseconds
	r.Swept.PeakMemory = max(r.Swept.PeakMemory, f.PeakMemory)
	r.Swept.Stopped = r.Swept.Stopped || f.Stopped
}

// sweptPeak is the most memory that was held until the end of the sweep, where there was one.
func (r *Result) sweptPeak() int64 {
	if r.Swept == nil {
		return 0
	}
	return r.Swept.PeakMemory
}

// JSON writes the result for machines.
func JSON(w io.Writer, r *Result) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
