package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pixelwitness/pixelwitness/reference/geo"
	"github.com/pixelwitness/pixelwitness/simulator/crowd"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// crowdFlags are the flags that say who the crowd is. They come before a file.
type crowdFlags struct {
	visitors, days                            int
	seed                                      uint64
	agree, disagree, again, share, changeMind shareValue
	start, reading                            string
	sites                                     []string
}

// shareValue is a flag that holds a share: 40% or 0.4.
type shareValue float64

// String implements pflag.Value.
func (s *shareValue) String() string {
	if *s < 0 {
		return ""
	}
	return strconv.FormatFloat(100*float64(*s), 'g', 4, 64) + "%"
}

// Set implements pflag.Value.
func (s *shareValue) Set(text string) error {
	number, err := scenario.ParseShare(text)
	if err == nil && number > 1 {
		meant := "40% or 0.4"
		if number <= 100 && !strings.Contains(text, "%") {
			meant = fmt.Sprintf("%g%% or %g", number, number/100)
		}
		err = fmt.Errorf("want a share from 0 to 100%%, found %q: write it as %s", text, meant)
	}
	*s = shareValue(number)
	return err
}

// Type implements pflag.Value.
func (s *shareValue) Type() string { return "share" }

func (f *crowdFlags) add(c *cobra.Command) {
	d := crowd.Defaults()
	f.agree, f.disagree, f.again = shareValue(d.Agree), shareValue(d.Disagree), shareValue(d.Return)
	f.share, f.changeMind = shareValue(d.Share), shareValue(d.ChangeMind)
	flags := c.Flags()
	flags.IntVar(&f.visitors, "visitors", d.Visitors, "how many browsers visit")
	flags.IntVar(&f.days, "days", d.Days, "on how many days")
	flags.Var(&f.agree, "agree", "how many people agree when they are asked")
	flags.Var(&f.disagree, "disagree", "how many disagree; the others ignore the question (default 7 in 12 of those who do not agree)")
	flags.Var(&f.again, "return", "how many come back after a visit")
	flags.Var(&f.share, "share", "how many browsers are used by several people")
	flags.Var(&f.changeMind, "change-mind", "in how many visits people change their minds")
	flags.Uint64Var(&f.seed, "seed", d.Seed, "what everything is drawn from")
	flags.StringVar(&f.start, "start", crowd.Defaults().Day(0), "the first `day`, UTC")
	flags.StringVar(&f.reading, "reading", d.Reading(), "when the temporary cookie is gone: `"+strings.Join(crowd.Readings(), " or ")+"`")
	flags.StringArrayVar(&f.sites, "site", nil, "a site that they visit, `NAME, NAME=on or NAME=off`; off: people who have not agreed are not counted there (default Shop)")
	_ = c.RegisterFlagCompletionFunc("reading", cobra.FixedCompletions(crowd.Readings(), cobra.ShellCompDirectiveNoFileComp))
}

// options are the crowd's: its defaults, what the file says, what the flags say.
func (f *crowdFlags) options(c *cobra.Command, file string) (crowd.Options, error) {
	o := crowd.Defaults()
	for _, r := range geo.ExampleRanges() {
		if !r.Decoy {
			o.Places = append(o.Places, crowd.Place{Addresses: r.Prefix, Country: r.Country, City: r.City})
		}
	}
	var err error
	if file != "" {
		if o, err = o.ReadFile(file); err != nil {
			return o, err
		}
	}
	if err := f.override(c, &o); err != nil {
		return o, err
	}
	if o, err = o.Complete(); err != nil {
		return o, asUsage(err)
	}
	return o, nil
}

// override puts what flags say in the place of what the options say.
func (f *crowdFlags) override(c *cobra.Command, o *crowd.Options) error {
	for _, flag := range []struct {
		name string
		set  func() error
		hint string
	}{
		{"visitors", func() error { o.Visitors = f.visitors; return nil }, ""},
		{"days", func() error { o.Days = f.days; return nil }, ""},
		{"agree", func() error { o.Agree = float64(f.agree); return nil }, ""},
		{"disagree", func() error { o.Disagree = float64(f.disagree); return nil }, ""},
		{"return", func() error { o.Return = float64(f.again); return nil }, ""},
		{"share", func() error { o.Share = float64(f.share); return nil }, ""},
		{"change-mind", func() error { o.ChangeMind = float64(f.changeMind); return nil }, ""},
		{"seed", func() error { o.Seed = f.seed; return nil }, ""},
		{"start", func() (err error) { o.Start, err = crowd.ParseDay(f.start); return err }, "such as 2026-03-02"},
		{"reading", func() (err error) { o.Refreshed, err = crowd.ParseReading(f.reading); return err },
			scenario.Suggest(f.reading, crowd.Readings())},
		{"site", func() (err error) { o.Sites, err = sitesOf(f.sites); return err }, "such as Shop, Shop=on or Shop=off"},
	} {
		if !c.Flags().Changed(flag.name) {
			continue
		}
		if err := flag.set(); err != nil {
			return usage("--%s: %w\nhint: %s", flag.name, err, flag.hint)
		}
	}
	return nil
}

// sitesOf reads sites: NAME, NAME=on, NAME=off.
func sitesOf(words []string) ([]crowd.Site, error) {
	var sites []crowd.Site
	for _, word := range words {
		site, err := crowd.ParseSite(word)
		if err != nil {
			return nil, err
		}
		sites = append(sites, site)
	}
	return sites, nil
}

// exampleCrowd is a file of a crowd with all keys.
const exampleCrowd = `visitors: 10000            # browsers
days: 28
start: 2026-03-02          # UTC
seed: 1
agree: 40%                 # of people who are asked; or 0.4
disagree: 35%              # the others ignore the question
return: 55%                # of visits after which somebody comes back
share: 5%                  # of browsers that several people use
change-mind: 3%            # of visits
pages: 3.5                 # of a visit, on average
events: 0.4                # on a page beside its view, on average
long-stays: 4%             # of visits
long-pauses: 2%            # of pages: just under half an hour, or just over it
reading: after-it-was-set  # or after-the-last-event: when the temporary cookie is gone
sites:
  - Shop                   # or Shop=on
  - Old shop=off           # people who have not agreed are not counted
  - {name: New shop, anonymous-tracking: true, id: 5f1c7a52-3d0e-4c6b-9a7e-2b4d6f8a0c1e}
places:                    # what the collector's geography says of addresses
  - {addresses: 192.0.2.8/29, country: Germany, city: Berlin}
`

// indented is the text with spaces before each line.
func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}
