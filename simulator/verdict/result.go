package verdict

import (
	"slices"
	"strings"
	"time"
)

// Schema names the form of Result as JSON. It changes when a reader of the
// older form could misread the newer.
const Schema = "pixelwitness/result/1"

// Result is a whole run: what ran, against what, and what was found. As JSON
// it is the machine-readable report.
type Result struct {
	Schema  string  `json:"schema"`
	Tool    Tool    `json:"tool"`
	Browser Browser `json:"browser"`
	Pixel   Pixel   `json:"pixel"`
	// Collector is the collector that was judged, where it runs elsewhere.
	Collector *Collector `json:"collector,omitempty"`
	// Started is when the run began (UTC).
	Started time.Time `json:"started"`
	// Outcome is the worst outcome of all verdicts and errors.
	Outcome Outcome `json:"outcome"`
	// Conformance is "conformant" (all passed), "partial" (something
	// unsupported, skipped or a declared deviation, nothing worse) or
	// "not-conformant".
	Conformance string     `json:"conformance"`
	Scenarios   []Scenario `json:"scenarios"`
	Clauses     []Clause   `json:"clauses"`
	Verdicts    []Verdict  `json:"verdicts"`
	// Errors lists what broke in the harness, apart from any verdict.
	Errors []string `json:"errors,omitempty"`
	// Warnings lists what the reader should know: the sandbox was off, a
	// visitor was run again, a declared deviation passed.
	Warnings []string `json:"warnings,omitempty"`
	Timings  Timings  `json:"timings"`
}

// Tool is the program that made the result.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Browser is the browser that the journeys ran in, as it described itself.
type Browser struct {
	// Product is the browser's own name and version, such as "Chrome/156.0.8078.79".
	Product string `json:"product"`
	// Kind is "shell" (chromium-headless-shell) or "full".
	Kind string `json:"kind"`
	// UserAgent is the user agent that pages and servers saw.
	UserAgent string `json:"userAgent"`
	// ThirdPartyCookies is "allowed" or "blocked", as the preflight found.
	ThirdPartyCookies string `json:"thirdPartyCookies,omitempty"`
	// Webdriver is navigator.webdriver as a page saw it.
	Webdriver bool `json:"webdriver"`
	// Channels lists the channels that the preflight proved to be witnessed.
	Channels []string `json:"channels,omitempty"`
}

// Pixel is the pixel that was judged.
type Pixel struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// Document is the short name of the vendor document that it is held to.
	Document string `json:"document"`
	// Script says where the tracker's code came from.
	Script string `json:"script"`
	// ScriptSHA256 is the hash of that code, in hex.
	ScriptSHA256 string `json:"scriptSHA256,omitempty"`
	// Readings says how the document was read where its wording can be understood in
	// more than one way, such as "temporary-cookie" as "after-it-was-set".
	Readings map[string]string `json:"readings,omitempty"`
}

// Collector is a collector that runs elsewhere.
type Collector struct {
	// URL is where it runs, without user name and password.
	URL string `json:"url"`
	// Clock is what time it goes by: "set" (the journey's), "hits" (that which the hits
	// tell) or "own".
	Clock string `json:"clock"`
	// Proxy is "trusted" where it takes this machine's word for where a visitor comes
	// from, "untrusted" where it does not; empty where nothing is known of it.
	Proxy string `json:"proxy,omitempty"`
	// Kept lists the files and folders that were searched for what it keeps.
	Kept []string `json:"kept,omitempty"`
}

// Scenario is one journey of the run.
type Scenario struct {
	ID       string  `json:"id"`
	Title    string  `json:"title"`
	Document string  `json:"document"`
	Outcome  Outcome `json:"outcome"`
	// Where is the scenario's file.
	Where string `json:"where"`
	Steps []Step `json:"steps"`
	// Evidence is the evidence file's path, relative to the report folder.
	Evidence string `json:"evidence,omitempty"`
	// Attempts counts how often the journey was run; more than 1 means that
	// the browser was lost and the visitor run again.
	Attempts int `json:"attempts"`
	// Error says what broke in the harness while the journey ran.
	Error string `json:"error,omitempty"`
	// Milliseconds is the journey's wall time.
	Milliseconds float64 `json:"ms"`
}

// Step is one step of a journey, as it went.
type Step struct {
	Name string `json:"name"`
	// Action says what was done, and under which conditions, such as "open home" or
	// "do opt-out, collector slow, second tab".
	Action string `json:"action"`
	// Requests counts the pixel's requests of the step, Others all further
	// requests that left the browser.
	Requests int `json:"requests"`
	Others   int `json:"others"`
	// Numbers lists the numbers of the pixel's requests, by which verdicts
	// speak of them; evidence has them as seq.
	Numbers []int `json:"numbers,omitempty"`
	// Notes says what went wrong on the page during the step.
	Notes []string `json:"notes,omitempty"`
	// Screenshot is the picture's path, relative to the report folder.
	Screenshot   string  `json:"screenshot,omitempty"`
	Milliseconds float64 `json:"ms"`
}

// Clause is what the run says of one clause.
type Clause struct {
	ID      string  `json:"id"`
	Level   string  `json:"level"`
	Outcome Outcome `json:"outcome"`
	// Scenarios lists the scenarios that judged it, sorted.
	Scenarios []string `json:"scenarios"`
}

// Timings says where the run's time went, in milliseconds of wall time; the
// journey figures are sums over all journeys, which overlap in a parallel run.
type Timings struct {
	Total     float64 `json:"totalMs"`
	Launch    float64 `json:"launchMs"`
	Preflight float64 `json:"preflightMs"`
	Journeys  float64 `json:"journeysMs"`
	Judging   float64 `json:"judgingMs"`
	// FirstVerdict is the time from the run's start to the first verdict.
	FirstVerdict float64 `json:"firstVerdictMs"`
	Parallel     int     `json:"parallel"`
}

// Tally fills in what follows from the verdicts: the clauses' outcomes, the
// scenarios' and the run's. A run without a verdict is inconclusive; a harness
// error makes it Error.
func (r *Result) Tally() {
	byClause := map[string]*Clause{}
	byScenario := map[string][]Outcome{}
	var all []Outcome
	for _, v := range r.Verdicts {
		byScenario[v.Scenario] = append(byScenario[v.Scenario], v.Outcome)
		all = append(all, v.Outcome)
		c := byClause[v.Clause]
		if c == nil {
			c = &Clause{ID: v.Clause, Level: v.Level, Outcome: v.Outcome}
			byClause[v.Clause] = c
		}
		c.Outcome = Worst(c.Outcome, v.Outcome)
		if !slices.Contains(c.Scenarios, v.Scenario) {
			c.Scenarios = append(c.Scenarios, v.Scenario)
		}
	}
	for i := range r.Scenarios {
		s := &r.Scenarios[i]
		s.Outcome = Worst(byScenario[s.ID]...)
		if s.Error != "" {
			s.Outcome = Error
		}
		all = append(all, s.Outcome)
	}
	r.Clauses = r.Clauses[:0]
	for _, c := range byClause {
		slices.Sort(c.Scenarios)
		r.Clauses = append(r.Clauses, *c)
	}
	slices.SortFunc(r.Clauses, func(a, b Clause) int { return strings.Compare(a.ID, b.ID) })
	if len(r.Errors) > 0 {
		all = append(all, Error)
	}
	r.Outcome = Worst(all...)
	switch {
	case r.Outcome == Pass:
		r.Conformance = "conformant"
	case r.Outcome <= Deviation:
		r.Conformance = "partial"
	default:
		r.Conformance = "not-conformant"
	}
}

// Counts returns how many verdicts have each outcome.
func (r *Result) Counts() map[Outcome]int {
	counts := map[Outcome]int{}
	for _, v := range r.Verdicts {
		counts[v.Outcome]++
	}
	return counts
}
