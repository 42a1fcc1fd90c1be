package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/reference/tracker"
	"github.com/pixelwitness/pixelwitness/simulator/coverage"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
)

// matrix is every fault and every way of delivery, by every scenario.
type matrix struct {
	lib      *scenario.Library
	launch   suite.Launch
	parallel int
	parts    map[string]*part // by document
	session  *suite.Session
}

// part is what belongs to one document.
type part struct {
	coverage.Reference
	pixel  *scenario.Pixel
	vendor string                               // of the reference tracker
	plans  map[string]map[string]*scenario.Plan // by way and scenario
	tried  map[string]*suite.Session            // by way for the unbroken, by fault otherwise
}

// batched is the way in which hits are collected and sent together.
const batched = "batched"

// transportSetting is the setting by which a pixel chooses among the ways of
// delivery that its reference tracker knows.
const transportSetting = "transport"

// waysOf lists the ways of delivery that a pixel offers, its own one first.
func waysOf(p *scenario.Pixel, vendor string) []string {
	ways := []string{"default"}
	if own, ok := p.Settings[transportSetting]; ok {
		ways = []string{own}
		for _, t := range tracker.Transports(vendor) {
			if t != own {
				ways = append(ways, t)
			}
		}
	}
	if slices.Contains(p.Features, scenario.FeatureBatching) {
		ways = append(ways, batched)
	}
	return ways
}

// bind finds the pixels that run a reference tracker, and binds every scenario to
// each in every way.
func (m *matrix) bind() error {
	for _, p := range m.lib.Pixels {
		vendor, isReference := strings.CutPrefix(p.Script, scenario.ReferenceScript)
		if !isReference || m.parts[p.Document] != nil && p.Name != p.Document {
			continue
		}
		of := &part{pixel: p, vendor: vendor, plans: map[string]map[string]*scenario.Plan{}, tried: map[string]*suite.Session{}}
		of.Document, of.Pixel, of.Ways = p.Document, p.Name, waysOf(p, vendor)
		for _, way := range of.Ways {
			if err := of.bind(m.lib, way); err != nil {
				return err
			}
		}
		for _, s := range m.lib.ScenariosOf(p.Document) {
			of.Scenarios = append(of.Scenarios, s.ID)
			if len(of.plans[of.Ways[0]][s.ID].Unsupported) > 0 {
				of.Unsupported = append(of.Unsupported, s.ID)
			}
		}
		m.parts[p.Document] = of
	}
	return nil
}

func (p *part) bind(lib *scenario.Library, way string) error {
	pixel := p.pixel
	if slices.Contains(tracker.Transports(p.vendor), way) {
		changed := *pixel
		changed.Settings = maps.Clone(pixel.Settings)
		changed.Settings[transportSetting] = way
		if !tracker.Redelivers(way) {
			changed.Features = slices.DeleteFunc(slices.Clone(pixel.Features), func(f string) bool { return f == scenario.FeatureRedelivery })
		}
		pixel = &changed
	}
	p.plans[way] = map[string]*scenario.Plan{}
	for _, s := range lib.ScenariosOf(p.Document) {
		if way == batched {
			changed := *s
			changed.Config.Delivery = scenario.DeliveryBatched
			s = &changed
		}
		plan, err := scenario.Bind(lib, s, pixel.For(s))
		if err != nil {
			return usageError{err}
		}
		p.plans[way][s.ID] = plan
	}
	return nil
}

func (m *matrix) references() []coverage.Reference {
	var all []coverage.Reference
	for _, document := range slices.Sorted(maps.Keys(m.parts)) {
		all = append(all, m.parts[document].Reference)
	}
	return all
}

// documentOf says which document a vendor's reference is held to.
func (m *matrix) documentOf(vendor string) string {
	for document, p := range m.parts {
		if p.vendor == vendor {
			return document
		}
	}
	return vendor
}

func (m *matrix) faults() []coverage.Fault {
	var all []coverage.Fault
	for _, f := range fault.All() {
		all = append(all, coverage.Fault{
			Name: f.Name, Title: f.Title, Part: string(f.Part), Document: m.documentOf(f.Vendor), Clauses: f.Clauses,
		})
	}
	return all
}

// walkAll walks the input's jobs in one browser, and adds to the input what was
// found. A context that ends leaves what there is.
func (m *matrix) walkAll(ctx context.Context, messages io.Writer, in *coverage.Input) error {
	began := time.Now()
	bar := &rows{to: newProgress(messages), declared: map[string][]string{}, owed: map[string][]string{}}
	for _, f := range in.Faults {
		bar.declared[f.Name], bar.owed[f.Name] = f.Clauses, in.Owed(f)
	}
	fmt.Fprintln(messages, "starting the browser")
	if err := m.open(ctx, in.Jobs); err != nil {
		return err
	}
	launched := time.Since(began)
	var product atomic.Value
	in.Visits = coverage.Runner{Parallel: m.parallel, Notify: bar.notify, Walk: func(ctx context.Context, job coverage.Job) coverage.Visit {
		p := m.parts[job.Document]
		v := p.tried[lineOf(job)].Visit(ctx, p.plans[job.Way][job.Scenario])
		product.Store(v.Evidence.Browser.Product)
		return coverage.Judged(job, v.Scenario, v.Verdicts)
	}}.Run(ctx, in.Jobs)
	bar.to.end()
	closing := m.session.Close()
	in.Browser, _ = product.Load().(string)
	if ctx.Err() != nil {
		// What a visit that was broken off left behind is not the harness's fault.
		in.Errors = append(in.Errors, fmt.Sprintf("the matrix was broken off with %d of %d journeys walked: %v", len(in.Visits), len(in.Jobs), context.Cause(ctx)))
	} else {
		in.Errors = append(in.Errors, m.session.Errors()...)
		if closing != nil {
			in.Errors = append(in.Errors, closing.Error())
		}
	}
	in.Timings = &coverage.Timings{
		Total: time.Since(began).Seconds() * 1000, Launch: launched.Seconds() * 1000,
		Journeys: len(in.Visits), Parallel: m.parallel,
	}
	return nil
}

// lineOf names what a job has in common with the others of its fault or way.
func lineOf(job coverage.Job) string {
	if job.Fault == "" {
		return "by " + job.Way
	}
	return job.Fault
}

// open bundles the trackers that the jobs need, starts the browser, and opens a
// session in it for each.
func (m *matrix) open(ctx context.Context, jobs []coverage.Job) error {
	for _, job := range jobs {
		p := m.parts[job.Document]
		if _, opened := p.tried[lineOf(job)]; opened {
			continue
		}
		o, err := m.options(p, job.Fault)
		if err != nil {
			return err
		}
		if m.session == nil {
			m.session, err = suite.Open(ctx, o)
			p.tried[lineOf(job)] = m.session
		} else {
			p.tried[lineOf(job)], err = m.session.With(o)
		}
		if err != nil {
			if m.session != nil {
				_ = m.session.Close()
			}
			return err
		}
	}
	return nil
}

// options are those of the unbroken reference of a document, or of one with a fault.
func (m *matrix) options(p *part, name string) (suite.Options, error) {
	o := suite.Options{Library: m.lib, Pixel: p.pixel, Launch: m.launch, Tool: tool()}
	var broken fault.Fault
	if name != "" {
		var err error
		if broken, err = fault.Lookup(name); err != nil {
			return o, err
		}
	}
	o.Collector, o.Filed = collectorWith(broken.Change), filedCollectorWith(broken.Change)
	bundled, err := tracker.Bundle(p.vendor, tracker.Options{Patches: broken.Patches})
	if err != nil {
		return o, fmt.Errorf("the fault %s: %w", name, err)
	}
	o.Script = &suite.Script{Name: p.pixel.Script, Source: bundled.Source}
	if name != "" {
		o.Script.Name += " with fault " + name
	}
	return o, nil
}
