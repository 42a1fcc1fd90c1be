package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/reference/geo"
	"github.com/pixelwitness/pixelwitness/simulator/crowd"
	"github.com/pixelwitness/pixelwitness/simulator/population"
)

// crowding holds the flags of population.
type crowding struct {
	crowdFlags
	config, store, collector, fault string
	token                           serving // its flags for the token
	parallel                        int
	out, json                       string
	sweep                           bool
}

func populationCommand(io streams) *cobra.Command {
	var p crowding
	c := &cobra.Command{
		Use:   "population",
		Short: "Play many visitors into a collector and hold its reports against the truth",
		Long: `Play many visitors over many days, at protocol level, into the reference collector
for Piwik PRO or another one that speaks its dialect, keep beside them what they truly
did, and hold the collector's reports against it, each day and each site: sessions,
page views and session time are as they were; new visitors are overstated, and
returning ones understated, by exactly those who came back and could not be known
again, because they had not agreed.

Everything is drawn from the seed: the same flags play the same people. At a site that
is off, some pages do not know it and send what nobody may count; that an administrator
changes a setting while people are there is the scenarios' matter.

--config reads a file with these keys, each of which may be left out; flags come before
it:

` + indented(exampleCrowd) + `
Exit codes: 0 all equalities hold · 1 one does not · 2 usage or a bad file · 3 the
harness or the collector broke, or the run was broken off. Ctrl-C ends the visits that
have begun, and reports of what was played by then; a second one waits for nothing.`,
		Example: `  pixelwitness population
  pixelwitness population --visitors 100000 --agree 60% --out report
  pixelwitness population --site Shop --site 'Old shop=off' --sweep --out report
  pixelwitness population --fault counts-a-session-twice
  COLLECTOR_TOKEN=… pixelwitness population --collector https://collect.example --token-env COLLECTOR_TOKEN`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error { return p.run(c, io) },
	}
	p.crowdFlags.add(c)
	flags := c.Flags()
	flags.StringVar(&p.config, "config", "", "read what is not said by flags from this YAML `file`")
	flags.StringVar(&p.store, "store", "", "where the reference collector keeps: an SQLite `file`, postgres://…, or memory (default: a file that is removed)")
	flags.StringVar(&p.collector, "collector", "", "play into the collector that runs at this `URL`, instead of the reference in this process")
	flags.StringVar(&p.token.tokenEnv, "token-env", "", "the `name` of the environment variable that holds that collector's token")
	flags.StringVar(&p.token.tokenFile, "token-file", "", "the `file` that holds the token")
	flags.StringVar(&p.fault, "fault", "", "break the reference collector on purpose, to see an equality fail: a `name`; list names those that there are")
	flags.IntVar(&p.parallel, "parallel", 4, fmt.Sprintf("how many requests are under way at the same time, up to %d", crowd.MaxParallel))
	flags.BoolVar(&p.sweep, "sweep", false, "play small crowds for each rate of consent besides, for the overstatement that comes of it")
	flags.StringVar(&p.out, "out", "", "write report.json, table.txt and the plots (SVG and PNG) into this `folder`")
	flags.StringVar(&p.json, "json", "", "write the result as JSON to this `file`; - is the standard output")
	_ = c.MarkFlagDirname("out")
	_ = c.MarkFlagFilename("json", "json")
	_ = c.MarkFlagFilename("config", "yaml")
	_ = c.RegisterFlagCompletionFunc("fault", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return collectorFaults(), cobra.ShellCompDirectiveNoFileComp
	})
	return c
}

func (p *crowding) run(c *cobra.Command, io streams) (err error) {
	if p.fault == "list" {
		return listCollectorFaults(io.out)
	}
	o, err := p.options(c, p.config)
	if err != nil {
		return err
	}
	if err := p.prepare(); err != nil {
		return err
	}
	player, closing, err := p.player(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	hurry, release := secondSignal()
	defer release()
	player.Hurry = hurry
	bar := newCrowdProgress(io.err, o.Visitors, "browsers", "played")
	player.Progress = bar.played
	result, failed := crowd.Run(c.Context(), player)
	bar.end()
	if result == nil {
		return asUsage(failed)
	}
	if p.sweep && failed == nil && c.Context().Err() == nil {
		failed = p.sweeping(c.Context(), io, player, result)
	}
	if err := p.write(io, result); err != nil {
		return err
	}
	return verdictOf(c.Context(), result, failed)
}

// verdictOf is the exit code that the result stands for.
func verdictOf(ctx context.Context, result *crowd.Result, failed error) error {
	switch {
	case failed != nil:
		return fmt.Errorf("what is shown is what had been acknowledged; it was not held against the truth: %w", failed)
	case ctx.Err() != nil || result.Played.Stopped:
		return errors.New("the run was broken off: what is shown is of the visitors who had been played by then, whole lives of them")
	case len(result.Breaches) > 0:
		return exitCode(exitBreach)
	case result.Played.Browsers == 0:
		return errors.New("nobody was played")
	}
	return nil
}

// asUsage marks what the user can mend.
func asUsage(err error) error {
	var option *crowd.OptionError
	var access *crowd.AccessError
	if errors.As(err, &option) {
		flag := map[string]string{"sites": "site"}[option.Option]
		return usage("--%s: %s", cmp.Or(flag, option.Option), option.Detail())
	}
	if errors.As(err, &access) {
		return usageError{err}
	}
	return err
}

// prepare makes sure, before anything is played, that flags go together and the result
// can be written.
func (p *crowding) prepare() error {
	if p.parallel < 1 || p.parallel > crowd.MaxParallel {
		return usage("--parallel %d: from 1 to %d requests can be under way", p.parallel, crowd.MaxParallel)
	}
	if p.collector == "" && (p.token.tokenEnv != "" || p.token.tokenFile != "") {
		return usage("a token is for a collector elsewhere\nhint: --collector URL")
	}
	if p.collector != "" {
		for flag, value := range map[string]string{"store": p.store, "fault": p.fault} {
			if value != "" {
				return usage("--%s is about the reference collector in this process; it does not go with --collector", flag)
			}
		}
	}
	files := reports{out: p.out, json: p.json}
	return files.prepare()
}

// player returns what plays the crowd, and what closes the collector.
func (p *crowding) player(o crowd.Options) (crowd.Player, func() error, error) {
	player := crowd.Player{Options: o, Parallel: p.parallel}
	nothing := func() error { return nil }
	if p.collector != "" {
		base, err := url.Parse(p.collector)
		if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
			return player, nil, usage("--collector %s: want an absolute URL\nhint: such as https://collect.example", p.collector)
		}
		player.To = p.collector
		if player.Token, err = p.token.token(); err != nil {
			return player, nil, err
		}
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = p.parallel
		player.Through = transport
		return player, func() error { transport.CloseIdleConnections(); return nil }, nil
	}
	options, remove, err := p.collectorOptions()
	if err != nil {
		return player, nil, err
	}
	server, err := collector.New(options)
	if err != nil {
		return player, nil, errors.Join(usage("--store: %w", err), remove())
	}
	player.To, player.Through = "http://127.0.0.1", population.Handled(server.Handler())
	if remove == nil {
		remove = nothing
	}
	return player, func() error { return errors.Join(server.Close(), remove()) }, nil
}

// collectorOptions are those of the reference collector; remove removes its folder.
func (p *crowding) collectorOptions() (o collector.Options, remove func() error, err error) {
	remove = func() error { return nil }
	if o.Geo, err = geo.Example(); err != nil {
		return o, remove, err
	}
	var broken fault.Fault
	if p.fault != "" {
		if broken, err = collectorFault(p.fault); err != nil {
			return o, remove, err
		}
	}
	switch scheme, _, isAddress := strings.Cut(p.store, "://"); {
	case isAddress && scheme != "postgres" && scheme != "postgresql":
		return o, remove, usage("--store: there is no store of the kind %s\nhint: a file, memory, or postgres://…", scheme)
	case p.store == "":
		folder, err := os.MkdirTemp("", "pixelwitness-population-")
		if err != nil {
			return o, remove, err
		}
		remove = func() error { return os.RemoveAll(folder) }
		o.Store = filepath.Join(folder, "collector.db")
	case p.store != "memory":
		o.Store = p.store
	}
	if broken.Change != nil {
		broken.Change(&o)
	}
	return o, remove, nil
}

// sweepVisitors is how many browsers a crowd of the sweep has at most.
const sweepVisitors = 3000

// sweeping plays the sweep.
func (p *crowding) sweeping(ctx context.Context, io streams, player crowd.Player, result *crowd.Result) error {
	rates := crowd.SweepRates()
	bar := newCrowdProgress(io.err, len(rates), "rates", "of the sweep played")
	defer bar.end()
	player.Progress = nil
	player.Options.Visitors = min(player.Options.Visitors, sweepVisitors)
	return result.AddSweep(ctx, player, rates, func(done int) { bar.played(int64(done)) })
}

// reportFile is the result for machines in the folder of a report.
const reportFile = "report.json"

// write writes the result. Plots of the report that the folder held before, and that this
// one has not, are removed; whatever else lies there stays.
func (p *crowding) write(s streams, result *crowd.Result) error {
	text := s.out
	if p.json == "-" {
		text = s.err
	}
	if err := result.Text(text, crowd.TextOptions{Color: colored(text)}); err != nil {
		return err
	}
	if p.json == "-" {
		if err := crowd.JSON(s.out, result); err != nil {
			return err
		}
	} else if err := toFile(p.json, result, crowd.JSON); err != nil {
		return err
	}
	if p.out == "" {
		return nil
	}
	former := crowd.FormerPlots(filepath.Join(p.out, reportFile))
	plain := func(w io.Writer, r *crowd.Result) error { return r.Text(w, crowd.TextOptions{}) }
	if err := toFile(filepath.Join(p.out, reportFile), result, crowd.JSON); err != nil {
		return err
	}
	if err := toFile(filepath.Join(p.out, "table.txt"), result, plain); err != nil {
		return err
	}
	plots, err := result.WritePlots(p.out)
	if err != nil {
		return err
	}
	for _, name := range former {
		if slices.Contains(plots, name) {
			continue
		}
		if err := os.Remove(filepath.Join(p.out, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove what a former run has drawn: %w", err)
		}
	}
	fmt.Fprintf(text, "report: %s, with %s\n", filepath.Join(p.out, "table.txt"), strings.Join(append([]string{reportFile}, plots...), ", "))
	return nil
}
