// Package scenario holds the words of the product: clauses (what a vendor's
// document promises), scenarios (a visitor's journey and what it must show) and
// pixels (what a vendor calls things). It loads them strictly, with the place of
// every mistake, and binds a scenario and a pixel into a plan.
package scenario

import "time"

// Level says how firmly a document promises a clause.
type Level string

// The levels.
const (
	// Must: the document states it.
	Must Level = "must"
	// Derived: it follows from an example, a converse or an instruction.
	Derived Level = "derived"
	// Unclear: the document is silent or contradicts itself; the tool reports
	// what it saw and never fails on it.
	Unclear Level = "unclear"
)

// Catalogue is one clause file: the promises of one vendor document.
type Catalogue struct {
	// Document is the document's short name, such as "mapp"; it is the first
	// part of every clause ID and the scenarios' `document`.
	Document string `yaml:"document" json:"document"`
	// Title is the document's own title.
	Title string `yaml:"title" json:"title"`
	// Vendor names the vendor system.
	Vendor string `yaml:"vendor" json:"vendor"`
	// SHA256 is the hash of the document's text in hex, so that a reader can
	// tell which edition was read. Only the document "all", which has no text,
	// leaves it out.
	SHA256 string `yaml:"sha256,omitempty" json:"sha256,omitempty"`
	// Clauses lists the promises in the document's order.
	Clauses []Clause `yaml:"clauses" json:"clauses"`
	// File is the catalogue's path.
	File string `yaml:"-" json:"-"`
}

// Clause is one observable promise of a vendor's document.
type Clause struct {
	// ID is a dot-name such as "mapp.nc-sent"; never a number, no slash.
	ID string `yaml:"id" json:"id"`
	// Promise is the clause in the catalogue's own words.
	Promise string `yaml:"promise" json:"promise"`
	// Sections lists the document's sections, such as "3.1". Like Quote it is
	// left out only by the document "all".
	Sections []string `yaml:"sections,omitempty" json:"sections,omitempty"`
	// Quote is a short quote of the document that the clause rests on; white
	// space is folded when it is compared.
	Quote string `yaml:"quote,omitempty" json:"quote,omitempty"`
	// Level says how firmly the document promises it.
	Level Level `yaml:"level" json:"level"`
	// SeenAt lists where the promise can be observed: browser, request,
	// collector, profile, page.
	SeenAt []string `yaml:"seen-at" json:"seen-at"`
	// Where is the clause's place, "file:line".
	Where string `yaml:"-" json:"-"`
}

// Scenario is one visitor's journey and what it must show.
type Scenario struct {
	// ID is a dot-name such as "mapp.opt-out".
	ID string `yaml:"id" json:"id"`
	// Title states a fact, in at most 80 characters.
	Title string `yaml:"title" json:"title"`
	// Document is the short name of the document that it exercises.
	Document string `yaml:"document" json:"document"`
	// Requires lists the features that a pixel must declare.
	Requires []string `yaml:"requires,omitempty" json:"requires,omitempty"`
	// Config is how the site owner has set the pixel up.
	Config Config `yaml:"config,omitempty" json:"config,omitzero"`
	// Journey lists what the visitor does, in order; the first step opens a page.
	Journey []Step `yaml:"journey" json:"journey"`
	// Expect lists what the evidence must show.
	Expect []Expectation `yaml:"expect" json:"expect"`
	// File is the scenario's path, Digest the SHA-256 of its text in hex.
	File   string `yaml:"-" json:"-"`
	Digest string `yaml:"-" json:"-"`
	// Where is the place of the ID, "file:line".
	Where string `yaml:"-" json:"-"`
}

// Config is a site owner's set-up of a pixel, in the product's words; the
// pixel's page template turns it into the vendor's.
type Config struct {
	// Anonymity is the set-up of anonymous tracking.
	Anonymity *Anonymity `yaml:"anonymity,omitempty" json:"anonymity,omitempty"`
	// Suppress lists the roles of the parameters that are suppressed while
	// the visitor is anonymous.
	Suppress []string `yaml:"suppress,omitempty" json:"suppress,omitempty"`
	// Customer gives what the site knows of the visitor, by role.
	Customer map[string]string `yaml:"customer,omitempty" json:"customer,omitempty"`
}

// Anonymity is the set-up of anonymous tracking. What is nil is left unsaid on
// the page, so that the pixel's own default applies.
type Anonymity struct {
	// Enabled lets the visitor switch between modes.
	Enabled *bool `yaml:"enabled,omitempty" json:"enabled,omitempty"`
	// ByDefault makes visitors anonymous until they opt in.
	ByDefault *bool `yaml:"by-default,omitempty" json:"by-default,omitempty"`
	// Cookie renames the cookie that holds the visitor's choice.
	Cookie string `yaml:"cookie,omitempty" json:"cookie,omitempty"`
}

// Step is one thing that the visitor does. Exactly one of Open and Do is set.
type Step struct {
	// Name is how expectations and reports speak of the step.
	Name string `yaml:"step" json:"step"`
	// Open names a page of the pixel's site.
	Open string `yaml:"open,omitempty" json:"open,omitempty"`
	// Do names an action of the pixel's page, such as opt-out.
	Do string `yaml:"do,omitempty" json:"do,omitempty"`
	// Where is the step's place, "file:line".
	Where string `yaml:"-" json:"-"`
}

// Expectation is one thing that the evidence must show. Exactly one of
// Parameter and Cookie is set, and exactly one of Is and Lasts.
type Expectation struct {
	// At names the step at which it is judged.
	At string `yaml:"at" json:"at"`
	// Parameter is the role of a parameter of the pixel's requests.
	Parameter string `yaml:"parameter,omitempty" json:"parameter,omitempty"`
	// Cookie is the role of a cookie.
	Cookie string `yaml:"cookie,omitempty" json:"cookie,omitempty"`
	// Among narrows a parameter's expectation to requests that are
	// "identifiable" (they carry the visitor ID) or "anonymous" (they do not).
	// When there is none, the verdict is inconclusive.
	Among string `yaml:"among,omitempty" json:"among,omitempty"`
	// Is is the state that is expected; see States.
	Is string `yaml:"is,omitempty" json:"is,omitempty"`
	// Lasts is the lifetime that a cookie must have been written with.
	Lasts Lifetime `yaml:"lasts,omitempty" json:"lasts,omitzero"`
	// Clause is the ID of the clause that is judged.
	Clause string `yaml:"clause" json:"clause"`
	// Where is the expectation's place, "file:line".
	Where string `yaml:"-" json:"-"`
}

// Lifetime is a span such as "5y", "13mo", "180d", "30m": a number and one of
// y (365 days, or 366 in a leap year), mo, d, h, m, s. See [ParseLifetime].
type Lifetime struct {
	// Text is the span as written.
	Text string
	// Min and Max bound what counts as that span: calendars differ.
	Min, Max time.Duration
}
