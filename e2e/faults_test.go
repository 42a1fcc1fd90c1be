package e2e_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/fault"
	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
	"github.com/pixelwitness/pixelwitness/simulator/verdict"
)

// impatient does not wait long for a pixel that is known to be silent.
func impatient(o *suite.Options) {
	o.Timeouts = journey.DefaultTimeouts()
	o.Timeouts.Pixel, o.Timeouts.PixelAgain = 500*time.Millisecond, 50*time.Millisecond
}

// problem says how the verdicts differ from those of a pixel that breaks one
// clause: that one fails with evidence, the others pass or cannot be told.
func problem(j judged, clause string) string {
	for id, outcome := range j.outcomes() {
		switch {
		case id == clause && outcome != verdict.Fail:
			return id + " should fail: " + outcome.String()
		case id != clause && outcome != verdict.Pass && outcome != verdict.Inconclusive:
			return id + " should not be touched: " + outcome.String()
		}
	}
	if !slices.ContainsFunc(j.verdicts, func(v verdict.Verdict) bool {
		return v.Clause == clause && v.Outcome == verdict.Fail && (v.Request != nil || v.Cookie != nil || v.Storage != nil || v.Profile != nil)
	}) {
		return clause + " fails without evidence"
	}
	return ""
}

// expectNothingProven expects every verdict to be inconclusive, with a reason.
func expectNothingProven(j judged, name string) {
	g.GinkgoHelper()
	Expect(j.verdicts).NotTo(BeEmpty())
	for _, v := range j.verdicts {
		Expect(v.Outcome).To(Equal(verdict.Inconclusive), "%s: %s at step %s", name, v.Clause, v.Step)
		Expect(v.Reason).NotTo(BeEmpty(), "%s: %s at step %s", name, v.Clause, v.Step)
	}
}

// ofTheOptOut are the faults that the journey of the opt-out alone can tell.
var ofTheOptOut = []string{
	"always-sends-nc", "delete-does-nothing", "keeps-eid-cookie", "keeps-eid-parameter",
	"never-identifies", "never-sends-nc", "never-suppresses", "one-year-choice",
}

var _ = g.Describe("a faulty tracker", func() {
	g.It("is caught by its clause alone, whatever the fault and the transport", func(ctx g.SpecContext) {
		all, clauses := map[string]suite.Options{}, map[string]string{}
		add := func(f fault.Fault, transport string) {
			name := f.Name + " by " + transport
			o := options(browser.Shell, f.Name)
			withTransport(&o, transport)
			all[name], clauses[name] = o, f.Clauses[0]
		}
		for _, f := range fault.All() {
			if slices.Contains(ofTheOptOut, f.Name) {
				add(f, "image")
			}
		}
		for _, name := range []string{"keeps-eid-parameter", "never-sends-nc", "never-suppresses"} {
			f, err := fault.Lookup(name)
			Expect(err).NotTo(HaveOccurred())
			add(f, "beacon")
			add(f, "form")
		}
		Expect(len(all)).To(BeNumerically(">=", 8+6))
		problems := map[string]string{}
		for name, j := range crowd(ctx, all) {
			_, transport, _ := strings.Cut(name, " by ")
			Expect(sentBy(j.evidence, transport)).To(HaveLen(4), name)
			if text := problem(j, clauses[name]); text != "" {
				problems[name] = text
			}
		}
		Expect(problems).To(BeEmpty())
	}, g.SpecTimeout(patience))

	g.It("is caught in full Chrome, by its cookies", func(ctx g.SpecContext) {
		visit := walk(ctx, options(browser.Full, "keeps-eid-cookie"))
		Expect(problem(judged{visit.Evidence, visit.Verdicts}, "mapp.opt-out-removes-eid")).To(BeEmpty())
	}, g.SpecTimeout(patience))

	g.It("with two faults fails both clauses", func(ctx g.SpecContext) {
		visit := walk(ctx, options(browser.Shell, "one-year-choice", "never-suppresses"))
		found := judged{visit.Evidence, visit.Verdicts}.outcomes()
		Expect(found).To(HaveKeyWithValue("mapp.opt-out-lasts-five-years", verdict.Fail))
		Expect(found).To(HaveKeyWithValue("mapp.suppressed-omitted", verdict.Fail))
	}, g.SpecTimeout(patience))
})

// broken is a tracker that does nothing by mistake, and what the page says of it.
type broken struct {
	source string
	level  string   // of the message; empty when the page has nothing to say
	parts  []string // of the message and its place
}

// brokenTrackers are files that no tracker can run from.
var brokenTrackers = map[string]broken{
	"an empty file":                {"", "", nil},
	"a syntax error":               {"var wtSmart = ;\n", "exception", []string{"SyntaxError", cdnScript + ":1:15"}},
	"an error that is thrown":      {"\nthrow new TypeError('out of order');\n", "exception", []string{"TypeError: out of order", cdnScript + ":2:"}},
	"a promise that nobody takes":  {"Promise.reject(new Error('not today'));", "exception", []string{"not today"}},
	"an error that it tells of":    {"console.error('no', {consent: 1});", "error", []string{"no ", cdnScript + ":1:"}},
	"a page of HTML in its place":  {"<!doctype html><title>Not found</title>", "error", []string{"did not load: script " + cdnScript}},
	"a script of something else's": {"window.wtSmart = {push() {}};", "exception", []string{"TypeError"}},
}

const cdnScript = "https://cdn.vendor.test/js/smart-pixel.min.js"

var _ = g.Describe("a tracker that does nothing", func() {
	// complained expects a message at the journey's first click or before.
	complained := func(j judged, name, level string, parts ...string) {
		g.GinkgoHelper()
		Expect(slices.ContainsFunc(j.evidence.Messages, func(m evidence.Message) bool {
			said := m.Text + " at " + m.Source
			return m.Level == level && (m.Step == "identified" || m.Step == "opting-out") &&
				!slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(said, part) })
		})).To(BeTrue(), "%s: no %s with %s among the messages:\n%s", name, level, strings.Join(parts, " and "), shownMessages(j.evidence))
	}
	// edited are options for a pixel with a change in its page.
	edited := func(old, replacement string) suite.Options {
		g.GinkgoHelper()
		o, dir := options(browser.Shell), pixelFolder()
		impatient(&o)
		edit(filepath.Join(dir, "page.html.tmpl"), old, replacement)
		var err error
		o.Pixel, err = o.Library.LoadPixelDir(dir)
		Expect(err).NotTo(HaveOccurred())
		return o
	}

	g.It("proves nothing, and the page says why", func(ctx g.SpecContext) {
		const silent, missing, blocked = "silent on purpose", "a file that is not there", "a file that the page's policy blocks"
		all := map[string]suite.Options{
			silent:  options(browser.Shell, "silent"),
			missing: edited("{{.Script}}", "https://cdn.vendor.test/js/no-such-file.js"),
			blocked: edited(`<meta charset="utf-8">`,
				`<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="script-src 'unsafe-inline' https://www.shop.test">`),
		}
		for name, b := range brokenTrackers {
			o := options(browser.Shell)
			o.Script = &suite.Script{Name: "broken.js", Source: []byte(b.source)}
			all[name] = o
		}
		for name, o := range all {
			impatient(&o)
			all[name] = o
		}
		found := crowd(ctx, all)
		for name, j := range found {
			expectNothingProven(j, name)
			if b := brokenTrackers[name]; b.level != "" {
				complained(j, name, b.level, b.parts...)
			}
		}
		Expect(found[silent].evidence.Messages).To(BeEmpty())
		complained(found[missing], missing, "error", "did not load: script https://cdn.vendor.test/js/no-such-file.js")
		complained(found[blocked], blocked, "error", "Content Security Policy", cdnScript)
	}, g.SpecTimeout(patience))
})

func shownMessages(e *evidence.Evidence) string {
	var lines []string
	for _, m := range e.Messages {
		lines = append(lines, m.Step+" "+m.Level+" "+m.Text+" at "+m.Source)
	}
	return strings.Join(lines, "\n")
}

// pixelFolder copies the built-in pixel to the disk, as a vendor does who starts
// a description of his own.
func pixelFolder() string {
	g.GinkgoHelper()
	dir := g.GinkgoT().TempDir()
	for _, name := range []string{"pixel.yaml", "page.html.tmpl"} {
		content, err := scenarios.FS.ReadFile("pixels/mapp/" + name)
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(filepath.Join(dir, name), content, 0o644)).To(Succeed())
	}
	return dir
}

// edit replaces the one place of the text in a file.
func edit(path, old, replacement string) {
	g.GinkgoHelper()
	content, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	Expect(strings.Count(string(content), old)).To(Equal(1), "%s in %s", old, path)
	Expect(os.WriteFile(path, []byte(strings.Replace(string(content), old, replacement, 1)), 0o644)).To(Succeed())
}
